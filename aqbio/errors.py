"""What goes wrong, said so that the person at the computer can act on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]
"""``info`` explains, ``warning`` needs a look, ``error`` means that something was left out."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation about the data that a reviewer would want to know.

    Attributes
    ----------
    rule : str
        Short name of the rule, ``kebab-case``, the same in every study.
    severity : {"info", "warning", "error"}
    what : str
        One sentence that contains the number and the rule it breaks.
    trial : str
        Trial identifier; empty when it concerns a whole participant or study.
    participant : str
        Participant identifier; empty when it concerns a whole study.
    number, limit : float or None
        The measured value and the limit that it was held against, in ``unit``.
    unit : str
        Unit of ``number`` and ``limit``.
    file : str
        File that holds the cause.
    where : str
        Line, column, frame or channel in that file.
    fix : str
        What a person can do about it.
    """

    rule: str
    severity: Severity
    what: str
    trial: str = ""
    participant: str = ""
    number: float | None = None
    limit: float | None = None
    unit: str = ""
    file: str = ""
    where: str = ""
    fix: str = ""

    def as_dict(self) -> dict[str, str | float | None]:
        """Give the finding as a plain dictionary, ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return _message(self.what, self.trial or self.participant, self.file, self.where, self.fix)


class AqbioError(Exception):
    """Something that stops a trial, a participant or a study, and what to do about it.

    Parameters
    ----------
    what : str
        One sentence with the number and the rule it breaks.
    trial : str
        Trial identifier, when one trial is concerned.
    file, where : str
        File and the line, column, frame or channel in it.
    fix : str
        What a person can do about it.
    rule : str
        Short ``kebab-case`` name of the rule.

    Examples
    --------
    >>> print(AqbioError("body mass 7.6 kg is below 20 kg.", trial="JA1", fix="give kilograms."))
    JA1: body mass 7.6 kg is below 20 kg.
      Fix: give kilograms.
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
    ) -> None:
        super().__init__(what)
        self.what = what
        self.trial = trial
        self.file = file
        self.where = where
        self.fix = fix
        self.rule = rule

    def __str__(self) -> str:
        return _message(self.what, self.trial, self.file, self.where, self.fix)

    def finding(self, *, trial: str = "", participant: str = "") -> Finding:
        """Give the error as a finding, to be recorded while other trials go on."""
        return Finding(
            rule=self.rule,
            severity="error",
            what=self.what,
            trial=self.trial or trial,
            participant=participant,
            file=self.file,
            where=self.where,
            fix=self.fix,
        )


def _message(what: str, subject: str, file: str, where: str, fix: str) -> str:
    lines = [f"{subject}: {what}" if subject else what]
    if file:
        lines.append(f"  File: {file}" + (f" ({where})" if where else ""))
    elif where:
        lines.append(f"  Where: {where}")
    if fix:
        lines.append(f"  Fix: {fix}")
    return "\n".join(lines)
