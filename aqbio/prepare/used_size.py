"""Mass and stature of a participant that every stage uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from aqbio.body.statements import Measurement
from aqbio.io.study import Study
from aqbio.prepare.people import of_people

PELVIS_SHARE, PELVIS_ERROR = of_people("pelvis height")
"""Height of the pelvis as a share of stature."""

STANCE_SHARE, STANCE_ERROR = of_people("stance height")
"""That above the foot in stance as a share of it, and the error of stature from it."""


def measured_stature(trials: Iterable[Mapping[str, Any]]) -> Measurement | None:
    """Estimate stature from the leg length of the trials, static ones first; None without one."""
    trials = list(trials)
    standing = [scalars["pelvis_height_m"] for scalars in trials if scalars.get("pelvis_height_m")]
    running = [scalars["stance_height_m"] for scalars in trials if scalars.get("stance_height_m")]
    if standing:
        pelvis, error = standing[0], PELVIS_ERROR
        source = f"the pelvis, which stands {pelvis:.2f} m above the feet"
    elif running:
        pelvis, error = float(np.median(running)), STANCE_ERROR
        source = f"the pelvis, {pelvis:.2f} m above the foot in stance"
    else:
        return None
    stature = pelvis / PELVIS_SHARE
    return Measurement(stature, error * stature, source)


def used_stature(study: Study, participant_id: str) -> float:
    """Stature as stated, else estimated from the height of the pelvis, m; NaN: not known."""
    stated_m = study.participant(participant_id).height_m
    if stated_m:
        return float(stated_m)
    measured = measured_stature(study.read_manifest(participant_id, "prepare")["trials"])
    return measured.value if measured else float("nan")


def body_scale(study: Study, participant_id: str) -> float:
    """Mass times stature, kg m; NaN where one is not known."""
    return (used_mass(study, participant_id) or float("nan")) * used_stature(study, participant_id)


def used_mass(study: Study, participant_id: str) -> float | None:
    """Body mass on which the results rest, kg; None: not known."""
    mass: float | None = study.read_manifest(participant_id, "prepare").get("mass_kg")
    return mass
