"""Mass and stature of a participant that every stage uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from aqbio.body.statements import Measurement
from aqbio.io.study import Study

PELVIS_SHARE = 0.555
"""Height of the pelvis markers above those of the feet as a share of stature: 0.570 of subject01 of
Rajagopal et al. (2016), 0.538 and 0.571 of the sprint models."""

PELVIS_ERROR = 0.08
"""Bound on the deviation of leg length from its share of stature: iliac crests over stature vary by
2.2 % (standard deviation of 6,068 people, ANSUR II, Gordon et al. 2014), three of which make 6.6 %
in addition to the 3 % of markers placed differently."""

STANCE_SHARE = 0.94
"""Distance from pelvis to foot, median of a contact, over its height while standing: 0.914 to 0.972
in 142 virtual sprints and 7 real runs at 2 to 9.5 m/s."""

STANCE_ERROR = 0.09
"""Error of stature from that distance as a share of stature, with the spread of leg lengths."""


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
