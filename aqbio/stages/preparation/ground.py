"""What a runner runs on, and where to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory
from aqbio.errors import AqbioError
from aqbio.io.recording import Recording
from aqbio.mechanics.recordings import surface
from aqbio.mechanics.recordings.axes import displacement, heading
from aqbio.mechanics.recordings.foot_contacts import FeetLoads
from aqbio.mechanics.vectors import BoolArray, FloatArray
from aqbio.names import SIDES
from aqbio.stages.preparation.axes import label_mean, mean_vector
from aqbio.stages.preparation.notes import Notes

BELT_DISAGREEMENT = 0.05
"""Relative difference between stated and estimated belt speed that is noted."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the runner runs on, and where to.

    Attributes
    ----------
    surface : {"overground", "treadmill"}
    belt_speed : float
        m/s; 0 overground.
    heading : float
        Direction of running about +y from +x, rad.
    """

    surface: str
    belt_speed: float
    heading: float


def standing_ground(recording: Recording, marker_set: MarkerSet) -> Ground:
    """Give the floor under a static trial; the heading is where the pelvis faces."""
    front = label_mean(recording, marker_set.pelvis.front)
    facing = mean_vector(front - label_mean(recording, marker_set.pelvis.back))
    return Ground("overground", 0.0, _known_heading(facing))


def running_ground(
    recording: Recording,
    loads: FeetLoads | None,
    trial: Trial,
    marker_set: MarkerSet,
    laboratory: Laboratory,
    notes: Notes,
) -> Ground:
    """Tell a treadmill from a runway, and where the runner heads.

    Raises
    ------
    AqbioError
        When a treadmill's speed is neither stated nor to be seen.
    """
    forefeet = np.stack(
        [label_mean(recording, getattr(marker_set.feet, side).toe) for side in SIDES], axis=1
    )
    standing = _standing_frames(forefeet, recording.rate, loads)
    velocity = surface.ground_velocity(forefeet, standing, recording.rate)
    front = label_mean(recording, marker_set.pelvis.front)
    travel = displacement(0.5 * (front + label_mean(recording, marker_set.pelvis.back)))
    seen = surface.is_treadmill(velocity, travel, (len(forefeet) - 1) / recording.rate)
    treadmill = seen or bool(trial.belt_speed_mps)
    if laboratory.surface != "auto":
        treadmill = laboratory.surface == "treadmill"
    if not treadmill:
        return Ground("overground", 0.0, _known_heading(travel))
    return Ground("treadmill", _belt_speed(trial, velocity, notes), _known_heading(-velocity))


def _standing_frames(forefeet: FloatArray, rate: float, loads: FeetLoads | None) -> BoolArray:
    """Frames (T, 2) in which each foot moves with the ground: the middle of its contacts."""
    if loads is None or not loads.contacts:
        return np.stack([surface.low_frames(forefeet[:, foot]) for foot in (0, 1)], axis=1)
    time = np.arange(len(forefeet)) / rate
    spans = [
        [(one.touchdown, one.toe_off) for one in loads.contacts if one.foot == foot]
        for foot in (0, 1)
    ]
    masks = [surface.middle_of_contacts(time, *np.reshape(span, (-1, 2)).T) for span in spans]
    return np.stack(masks, axis=1)


def _belt_speed(trial: Trial, velocity: FloatArray, notes: Notes) -> float:
    """Stated speed of the belt, or that of the stance feet."""
    estimate = float(np.hypot(velocity[0], velocity[2]))
    stated = trial.belt_speed_mps
    if not stated and np.isnan(estimate):
        raise AqbioError(
            "the belt speed is not stated and no stance foot is seen to estimate it.",
            file=notes.file,
            fix="write belt_speed_mps into trials.tsv.",
            rule="belt-speed",
        )
    if not stated:
        return estimate
    if abs(stated - estimate) > BELT_DISAGREEMENT * stated:
        notes.add(
            "belt-speed",
            "warning",
            f"the belt speed is stated as {stated:.2f} m/s, the stance feet move at "
            f"{estimate:.2f} m/s.",
            number=estimate,
            limit=stated,
            unit="m/s",
            fix="check belt_speed_mps in trials.tsv.",
        )
    return stated


def _known_heading(direction: FloatArray) -> float:
    return 0.0 if np.isnan(direction).any() else heading(direction)
