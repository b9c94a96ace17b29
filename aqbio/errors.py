"""Errors and findings that the person at the computer can act on."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Invalidated = Literal["", "moments", "forces", "trial", "times"]
"""Results that a finding forbids to use: none; joint moments, residuals and contributions, where
plates lie elsewhere, or where the forces do not belong to the motion; or any number of the trial
without that word, until a fit explains it, or also after a fit where its clock is wrong."""

Severity = Literal["info", "warning", "error"]
"""``info`` explains, ``warning`` needs a look, ``error`` means that something was left out."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation about the data that a reviewer would want to know."""

    rule: str
    """Short name of the rule, ``kebab-case``, the same in every study."""
    severity: Severity
    """{"info", "warning", "error"}."""
    what: str
    """One sentence that contains the number and the rule it breaks."""
    trial: str = ""
    """Trial identifier; empty when it concerns a whole participant or study."""
    participant: str = ""
    """Participant identifier; empty when it concerns a whole study."""
    number: float | None = None
    limit: float | None = None
    """number, limit: The measured value and the limit that it was held against, in ``unit``."""
    unit: str = ""
    """Unit of ``number`` and ``limit``."""
    file: str = ""
    """File that holds the cause."""
    where: str = ""
    """Line, column, frame or channel in that file."""
    fix: str = ""
    """Action that removes the cause."""
    label: str = ""
    """The marker, body, coordinate or plate that ``what`` is about, by the name that the
    laboratory gave it; several with commas. Findings that differ in it have one cause."""
    invalidates: Invalidated = ""
    """Results that must not be used because of it, of its trial or of all trials of its
    participant: the stages mask or mark them, so that no sentence has to ask for that."""
    proposal: str = ""
    """Statement for column fix that undoes the cause; empty without one."""

    def as_dict(self) -> dict[str, str | float | None]:
        """The finding as a plain dictionary, ready for JSON."""
        return asdict(self)

    @property
    def excess(self) -> float:
        """Distance of the number from its limit, relative to the limit; 0 without a limit."""
        if self.number is None or not self.limit:
            return 0.0
        return abs(self.number - self.limit) / abs(self.limit)

    @property
    def cause(self) -> tuple[str, str, str]:
        """Severity, rule, and the text without numbers and labels: the same for one cause."""
        sentence = self.what
        for name in sorted({*self.label.split(", ")} - {""}, key=len, reverse=True):
            sentence = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "*", sentence)
        return self.severity, self.rule, re.sub(_NUMBERS, "#", re.sub(_LISTS, "*", sentence))

    def __str__(self) -> str:
        return message(self.what, self.trial or self.participant, self.file, self.where, self.fix)


def group_of(finding: Finding) -> str:
    """Short name of the cause of a finding, the same for all findings of that cause."""
    digest = hashlib.sha256("\n".join(finding.cause).encode()).hexdigest()
    return f"{finding.rule}-{digest[:4]}"


SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""The most severe first."""

MAX_NAMED_TRIALS = 6
"""Most trials of several participants that are named one by one."""

MAX_LISTED_NAMES = 8
"""Most names that are listed one by one."""

_NUMBERS = r"[-+−]?\d+(?:[.,:]\d+)*(?:e[-+]?\d+)?"
_LISTS = r"\*(?:, \*)+"


@dataclass(frozen=True, slots=True)
class Cause:
    """Findings of one cause: they differ only in trials, labels and numbers."""

    members: tuple[Finding, ...]
    """The one farthest beyond its limit first."""

    @property
    def first(self) -> Finding:
        """The finding that represents all."""
        return self.members[0]

    @property
    def trials(self) -> Mapping[str, tuple[str, ...]]:
        """Trials by participant; none where it concerns the participant as a whole."""
        people = dict.fromkeys(finding.participant for finding in self.members)
        return {
            person: _names(
                finding.trial for finding in self.members if finding.participant == person
            )
            for person in people
        }

    @property
    def labels(self) -> tuple[str, ...]:
        """Markers, bodies, coordinates or plates."""
        return _names(label for finding in self.members for label in finding.label.split(", "))

    @property
    def concerns(self) -> str:
        """Participants and trials that it concerns: by name where they are few, else counted."""
        people = self.trials.items()
        if len(people) > 1 and sum(max(len(trials), 1) for _, trials in people) > MAX_NAMED_TRIALS:
            counts = (
                f"{person or 'the study'} ({len(trials)})" if trials else person or "the study"
                for person, trials in people
            )
            return listed(tuple(counts))
        descriptions = (filter(None, (person, listed(trials))) for person, trials in people)
        return "; ".join(map(", ".join, descriptions))

    @property
    def alike(self) -> str:
        """Number of findings, the example, and labels; empty for a single finding."""
        if len(self.members) == 1:
            return ""
        example = f"{self.first.participant} {self.first.trial}".strip()
        parts = [f"{len(self.members)} such findings", f"example: {example}" if example else ""]
        parts.append(f"labels: {listed(self.labels)}" if len(self.labels) > 1 else "")
        return "; ".join(part for part in parts if part)

    def __str__(self) -> str:
        example, alike = self.first, f" ({self.alike})" if self.alike else ""
        file = example.file if {finding.file for finding in self.members} == {example.file} else ""
        where = example.where
        if alike:
            is_sheet = file and all(finding.where.startswith("line ") for finding in self.members)
            lines = _names(finding.where.removeprefix("line ") for finding in self.members)
            where = f"line {listed(lines)}" if is_sheet else ""
        return message(example.what + alike, self.concerns, file, where, example.fix)


def causes(findings: Iterable[Finding]) -> tuple[Cause, ...]:
    """Group findings by their cause, the most severe first."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.cause, []).append(finding)
    grouped_causes = [
        Cause(tuple(sorted(members, key=lambda x: -x.excess))) for members in groups.values()
    ]
    return tuple(sorted(grouped_causes, key=lambda x: SEVERITIES.index(x.first.severity)))


def listed(names: Sequence[str]) -> str:
    """Some names with commas, and the number of the others."""
    remainder = (
        f" and {len(names) - MAX_LISTED_NAMES} more" if len(names) > MAX_LISTED_NAMES else ""
    )
    return ", ".join(names[:MAX_LISTED_NAMES]) + remainder


def counted(problems: Sequence[Cause]) -> str:
    """Numbers of causes of each severity, in words."""
    count = Counter(problem.first.severity for problem in problems)
    words = {"error": "error", "warning": "warning", "info": "remark"}
    parts = [f"{count[s]} {words[s]}{'s' * (count[s] != 1)}" for s in SEVERITIES if count[s]]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


class AqbioError(Exception):
    """Problem that stops a trial, a participant or a study, and its remedy.

    ``what`` is one sentence with the number and the rule it breaks; ``rule`` a kebab-case name.
    """

    def __init__(
        self,
        what: str,
        *,
        trial: str = "",
        file: str = "",
        where: str = "",
        fix: str = "",
        rule: str = "error",
        proposal: str = "",
    ) -> None:
        super().__init__(what)
        self.what = what
        self.trial = trial
        self.file = file
        self.where = where
        self.fix = fix
        self.rule = rule
        self.proposal = proposal

    def __str__(self) -> str:
        return message(self.what, self.trial, self.file, self.where, self.fix)

    def finding(self, *, trial: str = "", participant: str = "") -> Finding:
        """The error as a finding, to be recorded while other trials go on."""
        return Finding(
            rule=self.rule,
            severity="error",
            what=self.what,
            trial=self.trial or trial,
            participant=participant,
            file=self.file,
            where=self.where,
            fix=self.fix,
            proposal=self.proposal,
        )


def distinct(value: float, limit: float, digits: int = 0) -> str:
    """A value with enough digits to differ from its limit, and at least ``digits``."""
    while digits < 9 and f"{value:.{digits}f}" == f"{limit:.{digits}f}" and value != limit:
        digits += 1
    return f"{value:.{digits}f}"


def percent_and_limit(share: float, limit: float) -> tuple[str, str]:
    """A share and its limit in per cent, with enough digits to differ."""
    value, of_limit = 100.0 * share, 100.0 * limit
    return f"{distinct(value, of_limit)}%", f"{distinct(of_limit, value)}%"


def message(what: str, subject: str, file: str, where: str, fix: str) -> str:
    """A sentence, the file that it is about and what to do, each on a line."""
    lines = [f"{subject}: {what}" if subject else what]
    if file:
        lines.append(f"  File: {file}" + (f" ({where})" if where else ""))
    elif where:
        lines.append(f"  Where: {where}")
    if fix:
        lines.append(f"  Fix: {fix}")
    return "\n".join(lines)
