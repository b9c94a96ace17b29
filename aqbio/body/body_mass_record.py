"""The body mass: what the sheet says, held against plates and strides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aqbio.body.statements import Measured
from aqbio.body.statements_record import Statement, contradiction
from aqbio.config import Participant
from aqbio.errors import AqbioError, Finding
from aqbio.io.study import Study

SOURCES = {
    "sheet": "the sheet",
    "static": "the static trial's plates",
    "strides": "the mean force of whole strides",
}
"""Where a body mass comes from, the best source first."""

CONSEQUENCE = (
    "The participant is stopped, because momentum and joint moments are as wrong as the mass."
)


MASS_UNKNOWN = "mass-unknown"


def body_masses(stated: float | None, trials: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The body mass (kg) by source, the best source first: sheet, static trial, strides."""
    masses = {} if stated is None else {"sheet": stated}
    standing = [done["standing_mass_kg"] for done in trials if done.get("standing_mass_kg")]
    strides = [mass for done in trials for mass in done.get("stride_masses_kg", [])]
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
    failed = {one["trial_id"]: str(one["reason"]) for one in trials if one["reason"]}
    moving = {one.trial_id for one in study.moving_of(participant_id)}
    static = study.participant(participant_id).static_trial
    blocked = moving <= failed.keys() or (not weighed and static in failed)
    return next(iter(failed.values()), "") if blocked else ""


def measured_masses(masses: Mapping[str, float], allowed: float) -> list[Measured]:
    """Masses by source as measurements that a statement may differ from by a share."""
    return [Measured(value, allowed * value, SOURCES[source]) for source, value in masses.items()]


def mass_findings(
    person: Participant, masses: Mapping[str, float], allowed: float, sheet: str
) -> list[Finding]:
    """Findings where body masses (kg, by source) contradict each other, or are missing."""
    name = person.participant_id
    where = f"participant {name}, column mass_kg"
    if not masses:
        return [] if person.model_file else [_unknown(name, sheet, where)]
    (source, mass), *others = masses.items()
    statement = Statement(
        "mass-disagreement",
        f"the body mass by {SOURCES[source]} is",
        mass,
        "kg",
        digits=1,
        file=sheet,
        where=where,
        fix="check the sheet and the plates; where the sheet is right and the plates are not, "
        "write yes into its column mass_confirmed.",
    )
    confirmed = source == "sheet" and person.mass_confirmed == "yes"
    measured = measured_masses(dict(others), allowed)
    found = contradiction(statement, measured, CONSEQUENCE, confirmed=confirmed)
    return [replace(found, participant=name)] if found else []


def _unknown(name: str, sheet: str, where: str) -> Finding:
    error = AqbioError(
        "the body mass is unknown: the sheet, the static trial's plates and whole strides on "
        "plates say nothing.",
        file=sheet,
        where=where,
        fix="write the body mass into the sheet.",
        rule=MASS_UNKNOWN,
    )
    return error.finding(participant=name)
