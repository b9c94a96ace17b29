"""Statements of sheets, settings and files, compared with measurements; among them body mass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np

from aqbio.errors import AqbioError, Finding, Severity
from aqbio.io.study import Study

Verdict = Literal["agrees", "doubtful", "refuted"]


MAX_SHEET_MASS_SHARE = 0.08
"""Relative difference of a sheet's or a model's mass from that on plates that is reported: 20
people of one laboratory differ by -0.3 to 6.7 % (median 2.5 %), one each of two others by 0.1 and
-0.7 % (whole strides and standing)."""

MAX_TRIAL_MASS_SHARE = 0.05
"""The same between the plates of one trial and of a person's others: 3.4 % at most in 33 people of
four laboratories, whose belts speed up there, 1.4 % elsewhere."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """An independent measurement of a stated quantity."""

    value: float
    """In the unit of the statement."""
    error: float
    """Largest difference of a true statement from the measurement, in the same unit."""
    source: str
    """The source, in words."""
    decisive: bool = False
    """True if it refutes a statement by itself, because only the statement can be wrong."""

    def contradicts(self, value: float) -> bool:
        """Tell whether a value differs from the measurement by more than its error."""
        return abs(value - self.value) > self.error


def contradictions(value: float, measured: Sequence[Measurement]) -> tuple[Measurement, ...]:
    """The measurements that a statement contradicts."""
    return tuple(measurement for measurement in measured if measurement.contradicts(value))


def verdict(value: float, measured: Sequence[Measurement]) -> Verdict:
    """Judge a statement by independent measurements: "agrees", "doubtful" or "refuted".

    A single measurement that contradicts a statement leaves open which of the two is wrong:
    doubtful. Two that contradict it in the same direction and agree with each other refute it, and
    so does a decisive one.
    """
    against = contradictions(value, measured)
    if not against:
        return "agrees"
    agreeing = any(
        (first.value - value) * (second.value - value) > 0.0
        and not first.contradicts(second.value)
        and not second.contradicts(first.value)
        for first, second in combinations(against, 2)
    )
    return (
        "refuted"
        if agreeing or any(measurement.decisive for measurement in against)
        else "doubtful"
    )


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a sheet, a setting or a file about a recording."""

    rule: str
    """Name of the finding if it is contradicted."""
    wording: str
    """Text that precedes the value: "the sheet says a body mass of"."""
    value: float
    unit: str = ""
    """As it is printed."""
    digits: int = 2
    """Decimals that are printed."""
    file: str = ""
    where: str = ""
    fix: str = ""
    """file, where, fix: As in a finding."""

    def formatted(self, value: float) -> str:
        """A value in words, with its unit."""
        return f"{value:.{self.digits}f} {self.unit}".strip()


def contradiction(
    statement: Statement,
    measured: Sequence[Measurement],
    consequence: str,
    *,
    confirmed: bool = False,
) -> Finding | None:
    """Report a statement that measurements contradict; as an error if they refute it.

    A ``confirmed`` statement is used whatever the measurements, and the finding says so.
    """
    judgement = verdict(statement.value, measured)
    if judgement == "agrees":
        return None
    against = contradictions(statement.value, measured)
    refuted = judgement == "refuted" and not confirmed
    severity: Severity = "error" if refuted else "warning"
    disagreements = " and ".join(
        f"{statement.formatted(measurement.value)} by {measurement.source}"
        for measurement in against
    )
    nearest = max(against, key=lambda measurement: measurement.error)
    return Finding(
        rule=statement.rule,
        severity="info" if confirmed else severity,
        what=f"{statement.wording} {statement.formatted(statement.value)}, but it is "
        f"{disagreements}, more than {statement.formatted(nearest.error)} apart."
        + (f" {consequence}" if refuted and consequence else "")
        + (" The sheet confirms the statement." if confirmed else ""),
        number=against[0].value,
        limit=statement.value,
        unit=statement.unit,
        file=statement.file,
        where=statement.where,
        fix="" if confirmed else statement.fix,
    )


def as_error(finding: Finding) -> AqbioError:
    """Turn a finding into the error that stops a trial or a participant."""
    return AqbioError(
        finding.what, file=finding.file, where=finding.where, fix=finding.fix, rule=finding.rule
    )


SOURCES = {
    "sheet": "the sheet",
    "static": "the static trial's plates",
    "strides": "the mean force of whole strides",
}
"""Sources of a body mass, the best first."""


MASS_UNKNOWN = "mass-unknown"


def body_masses(sheet_mass: float | None, trials: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The body mass (kg) by source, the best source first: sheet, static trial, strides."""
    masses = {} if sheet_mass is None else {"sheet": sheet_mass}
    standing = [trial["standing_mass_kg"] for trial in trials if trial.get("standing_mass_kg")]
    strides = [mass for trial in trials for mass in trial.get("stride_masses_kg", [])]
    if standing:
        masses["static"] = float(standing[0])
    if strides:
        masses["strides"] = float(np.median(strides))
    return masses


def blocking_failure(
    study: Study, participant_id: str, trials: Sequence[Mapping[str, Any]], *, weighed: bool
) -> str:
    """Reason of the first trial whose failure blocks a participant, or "".

    All moving trials failed, or the static one without which the mass is unknown (``weighed``).
    """
    failed = {trial["trial_id"]: str(trial["reason"]) for trial in trials if trial["reason"]}
    moving = {trial.trial_id for trial in study.moving_of(participant_id)}
    static = study.participant(participant_id).static_trial
    blocked = moving <= failed.keys() or (not weighed and static in failed)
    return next(iter(failed.values()), "") if blocked else ""


def measured_masses(masses: Mapping[str, float], allowed: float) -> list[Measurement]:
    """Masses by source as measurements that a statement may differ from by a share."""
    return [
        Measurement(value, allowed * value, SOURCES[source]) for source, value in masses.items()
    ]


def unknown_mass(participant_id: str, sheet: str) -> Finding:
    """Finding that nothing says the body mass of a participant."""
    error = AqbioError(
        "the body mass is unknown: the sheet, the static trial's plates and whole strides on "
        "plates say nothing.",
        file=sheet,
        where=f"participant {participant_id}, column mass_kg",
        fix="write the body mass into the sheet.",
        rule=MASS_UNKNOWN,
    )
    return error.finding(participant=participant_id)
