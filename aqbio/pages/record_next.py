"""Advice on doubtful trials and on the next recording, from findings, gates and verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from aqbio.errors import SEVERITIES, Cause, Finding, causes
from aqbio.labels.against_names import AGAINST_NAMES
from aqbio.names import DOUBTFUL
from aqbio.observed.invalidated import OUTCOMES, joined_outcomes, outcomes_of_cell
from aqbio.pages.address import cell, holds, where
from aqbio.pages.filters import capital, closed, counted, missing, quoted, rows
from aqbio.pages.narrowing import Narrowing
from aqbio.pages.summary import doubt_words, invalidated_words
from aqbio.pages.verdicts import VerdictOnPage
from aqbio.pages.words import (
    ANALYSIS,
    DOUBTS,
    FAILED_GATES,
    FIX_KINDS,
    GATE_ADVICE,
    RECORDING,
    REPAIR,
    fix_kind,
)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Advice:
    """One recommendation."""

    action: str
    """Sentence that says what to do."""
    why: str
    """Finding, gate or verdict behind it, with its number."""
    concerns: str
    """Athletes, trials or hypotheses."""
    severity: str = ""
    """{"error", "warning", ""}."""
    kind: str = RECORDING
    """Where it acts, one of `FIX_KINDS`."""
    steps: int = 0
    """Steps that do not count because of it, wholly or in part."""


STAND = "Record a static posture on a plate: standing still for some seconds."


EXCLUDING_RULES = {
    "labels_against_names": AGAINST_NAMES,
    "hidden_motion": "markers-low-passed",
    "hidden_rates": "markers-low-passed",
}
"""Rule of the finding behind each measure that can exclude steps, besides findings themselves."""


def steps_lost_to(same_fix: Iterable[Finding], trials: pd.DataFrame) -> int:
    """Contacts that do not count because of findings, each trial counted once.

    Kept steps of a doubtful trial are lost to the findings that `trials` name against its use, and
    to those of the measures outside their limits; rejected contacts to errors of their trial.
    """
    findings, lost = list(same_fix), 0
    for row in rows(trials):
        own = [
            finding
            for finding in findings
            if finding.participant in ("", str(row["participant_id"]))
            and finding.trial in ("", str(row["trial_id"]))
        ]
        against = "" if missing(row["against"]) else str(row["against"])
        outside = () if missing(row["outside"]) else str(row["outside"]).split(", ")
        rules = {EXCLUDING_RULES.get(measure) for measure in outside}
        excluded = any(f.what in against or f.rule in rules for f in own)
        if excluded and row["state"] == DOUBTFUL:
            lost += int(row["steps_ok"])
        if any(f.severity == "error" and f.trial for f in own) and not missing(
            row["steps_rejected"]
        ):
            lost += int(row["steps_rejected"])
    return lost


def finding_advice(
    every_cause: Iterable[Cause], postures: int | None, trials: pd.DataFrame | None = None
) -> list[Advice]:
    """Advice from errors and warnings, those first to which most steps are lost.

    ``postures``: still ones on a plate, None without a fit; ``trials``: rows of ``trials.tsv``.
    """
    by_fix: dict[str, list[Cause]] = {}
    for cause in every_cause:
        if cause.first.severity != "info" and cause.first.fix:
            by_fix.setdefault(cause.first.fix, []).append(cause)
    advice = [_finding_advice(fix, group, trials) for fix, group in by_fix.items()]
    severities = [*SEVERITIES, ""]
    advice.sort(key=lambda item: (-item.steps, severities.index(item.severity)))
    if postures == 0:
        why = "No posture was held still on a plate, so that the centre of mass is not checked."
        advice.append(Advice(STAND, why, ""))
    return advice


MOST_NAMED = 3
"""Trials of one athlete that advice names."""


def _concerns(cause: Cause) -> str:
    """Athletes and trials of a cause, in words."""
    if len(cause.trials) > 1:
        return quoted(cause.concerns, "causes", "concerns")
    [(person, trials)] = cause.trials.items()
    names = [person, *trials[:MOST_NAMED], "others" if len(trials) > MOST_NAMED else ""]
    return ", ".join(filter(None, names)) or "the study"


def _finding_advice(fix: str, same_fix: Sequence[Cause], trials: pd.DataFrame | None) -> Advice:
    first = same_fix[0].first
    others = "; and others like it" if len(same_fix) > 1 or len(same_fix[0].members) > 1 else ""
    concerns = "; ".join(dict.fromkeys(map(_concerns, same_fix)))
    what = quoted(closed(capital(first.what)).removesuffix("."), "findings", "what")
    members = [finding for cause in same_fix for finding in cause.members]
    return Advice(
        quoted(closed(capital(fix)), "findings", "fix"),
        f"{what}{others}.",
        concerns,
        first.severity,
        fix_kind(first.rule),
        0 if trials is None else steps_lost_to(members, trials),
    )


NOTHING = "Nothing to change in the recordings."


def budget_advice(budget: pd.DataFrame, postures: int | None) -> Iterator[Advice]:
    """What narrows the interval of the whole body's angular momentum most, and by how much.

    ``budget``: rows of ``uncertainty.tsv``; ``postures``: None without a fit.
    """
    narrowing = Narrowing.of(budget)
    if postures is None or narrowing is None or not narrowing.shares:
        return
    remedy, sources = narrowing.best_remedy()
    if remedy:
        yield Advice(remedy, narrowing.words(sources), "")
    else:
        yield Advice(NOTHING, narrowing.nothing_words, "")


def advice_by_kind(advice: Iterable[Advice]) -> dict[str, list[Advice]]:
    """Advice under the words of its kind; kinds without any are left out."""
    by_kind: dict[str, list[Advice]] = {kind: [] for kind in FIX_KINDS}
    for item in advice:
        by_kind[item.kind].append(item)
    return {FIX_KINDS[kind]: items for kind, items in by_kind.items() if items}


# doubtful trials ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DoubtfulTrials:
    """Doubtful trials with the same doubts and remedies, and what can be done about them."""

    participant_id: str
    trial_ids: tuple[str, ...]
    seems: str
    """What is wrong, in a coach's words."""
    technical: str
    """Measures outside their limits, by their names."""
    invalidated: str
    """Numbers that do not count."""
    steps: int
    """Steps of these trials."""
    remedies: Mapping[str, tuple[str, ...]]
    """Sentences under the words of their kind."""
    named: bool
    """True if findings name a cause; otherwise remedies are where to look."""
    size: int
    """Steps times kinds of numbers that do not count."""

    @property
    def counted_steps(self) -> str:
        """Number of its steps, in words."""
        key = where(participant_id=self.participant_id, trial_id=list(self.trial_ids))
        return counted(self.steps, "step", "trials", key, "steps_ok", by="sum")

    @property
    def returned(self) -> str:
        """State what a repair returns, and what counts without one."""
        if self.invalidated == invalidated_words({"invalidated": joined_outcomes(OUTCOMES)}):
            return f"A repair returns all numbers of {self.counted_steps}."
        invalidated = self.invalidated or "numbers"
        return f"A repair returns {invalidated} of {self.counted_steps}; the others count."


LEAVE_OUT = "Otherwise leave it out: include = no in trials.tsv."


def doubtful_trials(trials: pd.DataFrame, findings: Iterable[Finding]) -> list[DoubtfulTrials]:
    """Doubtful trials of an athlete, those first of which most numbers of most steps are lost."""
    by_trial: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.severity != "info" and finding.fix:
            by_trial.setdefault(finding.trial, []).append(finding)
    groups: dict[tuple[object, ...], DoubtfulTrials] = {}
    for row in rows(trials[trials["state"] == DOUBTFUL]):
        name, steps = str(row["trial_id"]), int(row["steps_ok"])
        own_findings = by_trial.get(name, [])
        remedies = _remedies(row, own_findings)
        size = steps * len(outcomes_of_cell(row.get("invalidated")))
        doubts, invalidated = doubt_words(row), invalidated_words(row)
        trial = DoubtfulTrials(
            str(row["participant_id"]),
            (name,),
            *doubts,
            invalidated,
            steps,
            remedies,
            bool(own_findings),
            size,
        )
        key = (*doubts, invalidated, tuple(remedies.items()))
        groups[key] = _joined(groups[key], trial) if key in groups else trial
    return sorted(groups.values(), key=lambda group: -group.size)


def _joined(first: DoubtfulTrials, second: DoubtfulTrials) -> DoubtfulTrials:
    return replace(
        first,
        trial_ids=(*first.trial_ids, *second.trial_ids),
        steps=first.steps + second.steps,
        size=first.size + second.size,
    )


def _remedies(row: Row, findings: Sequence[Finding]) -> dict[str, tuple[str, ...]]:
    """Sentences by kind: fixes of the trial's findings, or where to look where there are none."""
    by_kind: dict[str, list[str]] = {kind: [] for kind in FIX_KINDS}
    for cause in causes(findings):
        by_kind[fix_kind(cause.first.rule)].append(
            quoted(closed(capital(cause.first.fix)), "findings", "fix")
        )
    measures = [] if missing(row["outside"]) else str(row["outside"]).split(", ")
    for measure in measures if not findings else ():
        if measure in DOUBTS:
            by_kind[REPAIR].append(DOUBTS[measure].repair)
            by_kind[RECORDING].append(DOUBTS[measure].recording)
    if outcomes_of_cell(row.get("invalidated")) >= set(OUTCOMES):
        by_kind[ANALYSIS].append(LEAVE_OUT)
    return {
        FIX_KINDS[kind]: tuple(dict.fromkeys(filter(None, sentences)))
        for kind, sentences in by_kind.items()
        if any(sentences)
    }


# verdicts -----------------------------------------------------------------------------------------


def verdict_advice(verdicts: Sequence[VerdictOnPage]) -> Iterator[Advice]:
    """Advice on making hypotheses testable and inconclusive ones decided."""
    for verdict in verdicts:
        if str(verdict.row["verdict"]) == "not_testable":
            why = cell(
                "verdicts", verdict.row, "reason", closed(capital(str(verdict.row["reason"])))
            )
            yield Advice(f"Test {verdict.hypothesis.id}: {verdict.hypothesis.title}.", why, "")
    failed: dict[str, list[VerdictOnPage]] = {}
    for verdict in verdicts:
        for gate in str(verdict.row["gates"]).split(", "):
            if gate in FAILED_GATES:
                failed.setdefault(gate, []).append(verdict)
    for gate, open_ones in failed.items():
        names = ", ".join(verdict.hypothesis.id for verdict in open_ones)
        number = counted(len(open_ones), "statistic", "verdicts", where(gates=holds(gate)))
        why = f"{capital(FAILED_GATES[gate])} for {number}."
        yield Advice(GATE_ADVICE[gate], why, names)
