"""Surface and direction of a run: the feet in contact move with the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.body.statements import Measurement, Statement, as_error, contradiction
from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory
from aqbio.errors import AqbioError, Finding
from aqbio.io.recording import Recording
from aqbio.names import SIDES
from aqbio.prepare.axes import (
    MIN_TRAVEL_M,
    displacement,
    heading,
    label_mean,
    mean_vector,
    pelvis_paths,
)
from aqbio.prepare.belt import MIDDLE_SHARES, Belt, Stance, belt_of_feet, stated_belt, with_stated
from aqbio.prepare.contacts import FeetLoads
from aqbio.prepare.notes import Notes
from aqbio.prepare.people import of_people
from aqbio.prepare.prepared import MIN_RUNNING_SPEED_M_S
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray

MAX_STANDING_HEIGHT_M = 0.015
"""Without forces a forefoot this near to its lowest level counts as standing, m."""

MAX_LEVEL_DIFFERENCE_M = 0.03
"""Forefoot markers of two standing feet are at the same height within this, m."""


def low_frames(forefeet: FloatArray) -> BoolArray:
    """Frames (T, 2) in which forefeet (T, 2, 3) are lowest: contacts without forces."""
    height = forefeet[..., 1]
    finite = [heights[np.isfinite(heights)] for heights in height.T]
    # the lowest level of a foot is where it is for a twentieth of the time
    level = np.array(
        [np.percentile(heights, 5.0) if len(heights) else np.nan for heights in finite]
    )
    floor = level <= np.nanmin([*level, np.inf]) + MAX_LEVEL_DIFFERENCE_M
    return np.asarray((height <= level + MAX_STANDING_HEIGHT_M) & floor)


def ground_velocity(forefeet: FloatArray, standing: BoolArray, rate: float) -> FloatArray:
    """Median horizontal velocity (3,) m/s of the ``standing`` forefeet (T, 2, 3); NaN if none."""
    if len(forefeet) < 2:
        return np.full(3, np.nan)
    velocity = np.gradient(forefeet, 1.0 / rate, axis=0)
    standing = standing & np.isfinite(velocity).all(axis=2)
    if not standing.any():
        return np.full(3, np.nan)
    median = np.median(velocity[standing], axis=0)
    return np.array([median[0], 0.0, median[2]])


def running_velocity(ground: FloatArray, pelvis: FloatArray) -> FloatArray:
    """Horizontal velocity of the runner over the ground, whichever of the two moves; (3,) m/s."""
    return np.asarray((pelvis - ground) * [1.0, 0.0, 1.0])


def belt_share(ground: FloatArray, pelvis: FloatArray) -> float:
    """Share of the running that the ground does: 0 overground, 1 on a treadmill, NaN unknown."""
    velocity = running_velocity(ground, pelvis)
    speed = float(np.linalg.norm(velocity))
    return float(-ground @ velocity) / speed**2 if speed >= MIN_RUNNING_SPEED_M_S else float("nan")


DOUBTFUL_SHARE = (0.25, 0.75)
"""Between these the surface is uncertain; real shares are -0.21 to 0.03 overground, and
0.99 to 1.02 on treadmills."""

MAX_FACING_ANGLE_DEG = of_people("facing off the run").error
"""Runners face less far from where they run, degrees."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Surface, speed and direction of a run."""

    surface: str
    """{"overground", "treadmill"}."""
    belt: Belt
    """Speed of the ground, contact by contact; 0 overground."""
    heading: float
    """Direction of running about +y from +x, rad."""

    @property
    def belt_speed(self) -> float:
        """Mean speed of the belt, m/s; 0 overground."""
        return self.belt.mean

    def velocity(self, time: FloatArray) -> FloatArray:
        """Velocity of the ground (T, 3), m/s, at instants (T,), s."""
        return np.asarray(-self.belt.at(time)[:, None] * self.directions[0])

    @property
    def directions(self) -> FloatArray:
        """(2, 3) array: unit vectors along the run and to its right."""
        ahead, aside = np.cos(self.heading), np.sin(self.heading)
        return np.array([[ahead, 0.0, -aside], [aside, 0.0, ahead]])


def standing_ground(recording: Recording, marker_set: MarkerSet) -> Ground:
    """The floor under a static trial; the heading is where the pelvis faces."""
    _, facing = pelvis_paths(recording, marker_set)
    return Ground("overground", stated_belt(0.0), _heading_or_zero(mean_vector(facing)))


def running_ground(
    recording: Recording,
    loads: FeetLoads | None,
    trial: Trial,
    marker_set: MarkerSet,
    laboratory: Laboratory,
    notes: Notes,
) -> Ground:
    """Distinguish treadmill from runway, against what is stated, and find the heading."""
    observed = _observed(recording, loads, marker_set)
    stated_surface = laboratory.surface if laboratory.surface != "auto" else ""
    stated_surface = stated_surface or ("treadmill" if trial.belt_speed_mps else "")
    if stated_surface:
        _test_surface(stated_surface, observed, trial, laboratory)
    share = belt_share(observed.ground, observed.pelvis)
    if not stated_surface and DOUBTFUL_SHARE[0] < share < DOUBTFUL_SHARE[1]:
        still, pelvis = (float(np.hypot(v[0], v[2])) for v in (observed.ground, observed.pelvis))
        notes.report("surface-doubt", number=still, pelvis=pelvis)
    if (stated_surface or ("treadmill" if share > 0.5 else "overground")) == "overground":
        return Ground("overground", stated_belt(0.0), _heading(observed.pelvis, observed, notes))
    belt = _belt(recording, loads, trial, marker_set, observed, notes)
    return Ground("treadmill", belt, _heading(-observed.ground, observed, notes))


@dataclass(frozen=True, slots=True)
class _Observed:
    """Velocities of ground and runner from markers, (3,), m/s; NaN where unknown.

    ``feet`` is the velocity of each foot in stance, (2, 3), ``ground`` that of both, ``facing``
    points from the back of the pelvis to its front; ``elapsed`` s of the pelvis were observed.
    ``forefeet`` are paths, (T, 2, 3), m.
    """

    forefeet: FloatArray
    feet: FloatArray
    ground: FloatArray
    pelvis: FloatArray
    facing: FloatArray
    elapsed: float

    @property
    def running(self) -> float:
        """Speed over the ground, m/s."""
        velocity = running_velocity(self.ground, self.pelvis)
        return float(np.linalg.norm(velocity))

    def feet_speeds(self) -> list[tuple[str, float]]:
        """Names and speeds (m/s) of the feet observed in stance."""
        speeds = np.hypot(self.feet[:, 0], self.feet[:, 2])
        return [
            (f"the {side} foot in stance", float(speed))
            for side, speed in zip(SIDES, speeds, strict=True)
            if np.isfinite(speed)
        ]


def foot_markers(labels: Sequence[str], positions: FloatArray, marker_set: MarkerSet) -> FloatArray:
    """The markers of both feet (T, 2, K, 3), left first, heel first; NaN where absent.

    `positions` (T, M, 3) of the markers with these `labels`.
    """
    names = [(foot.heel, *foot.toe) for foot in (getattr(marker_set.feet, side) for side in SIDES)]
    feet = np.full((len(positions), 2, max(map(len, names)), 3), np.nan)
    for foot, side in enumerate(names):
        for index, label in enumerate(side):
            if label in labels:
                feet[:, foot, index] = positions[:, labels.index(label)]
    return feet


def _observed(recording: Recording, loads: FeetLoads | None, marker_set: MarkerSet) -> _Observed:
    sides = (marker_set.feet.left, marker_set.feet.right)
    forefeet = np.stack([label_mean(recording, side.toe) for side in sides], axis=1)
    standing = _standing_frames(forefeet, recording.rate, loads)
    feet = [
        ground_velocity(forefeet[:, [foot]], standing[:, [foot]], recording.rate)
        for foot in range(len(SIDES))
    ]
    path, facing = pelvis_paths(recording, marker_set)
    finite = np.flatnonzero(np.isfinite(path).all(axis=1))
    elapsed = (finite[-1] - finite[0]) / recording.rate if len(finite) > 1 else np.nan
    return _Observed(
        forefeet=forefeet,
        feet=np.array(feet),
        ground=ground_velocity(forefeet, standing, recording.rate),
        pelvis=displacement(path) / elapsed,
        facing=mean_vector(facing),
        elapsed=elapsed,
    )


def _test_surface(
    stated_surface: str, observed: _Observed, trial: Trial, laboratory: Laboratory
) -> None:
    """Stop a trial whose feet show that the ground is another one than stated."""
    if not observed.running >= MIN_RUNNING_SPEED_M_S:
        return
    by_setting = laboratory.surface != "auto"
    treadmill = stated_surface == "treadmill"
    speed = observed.running if treadmill else 0.0
    source = (
        f"laboratory.surface is {stated_surface}" if by_setting else "belt_speed_mps says treadmill"
    )
    statement = Statement(
        "surface",
        f"{source}: the ground would move at",
        speed,
        "m/s",
        file="study.yaml" if by_setting else "trials.tsv",
        where="laboratory.surface" if by_setting else f"trial {trial.trial_id}, belt_speed_mps",
        fix="write auto into laboratory.surface, or correct it; belt_speed_mps is for treadmills.",
    )
    measured = [
        Measurement(value, 0.5 * observed.running, source, decisive=True)
        for source, value in observed.feet_speeds()
    ]
    disagreement = contradiction(
        statement, measured, "Speed and direction would be wrong: the trial is left out."
    )
    if disagreement is not None:
        raise as_error(disagreement)


def _standing_frames(forefeet: FloatArray, rate: float, loads: FeetLoads | None) -> BoolArray:
    """Frames (T, 2) in which each foot moves with the ground: the middle of its contacts."""
    if loads is None or not loads.contacts:
        return low_frames(forefeet)
    time, standing = np.arange(len(forefeet)) / rate, np.zeros((len(forefeet), 2), dtype=np.bool_)
    for contact in loads.contacts:
        duration = contact.toe_off - contact.touchdown
        low, high = (contact.touchdown + share * duration for share in MIDDLE_SHARES)
        standing[:, contact.foot] |= (time >= low) & (time <= high)
    return standing


def _belt(
    recording: Recording,
    loads: FeetLoads | None,
    trial: Trial,
    marker_set: MarkerSet,
    observed: _Observed,
    notes: Notes,
) -> Belt:
    """Belt that the feet show, with what is stated as a prior; a note where they disagree."""
    stated_speed = trial.belt_speed_mps
    if np.isnan(observed.ground).any():
        if stated_speed:
            return stated_belt(stated_speed)
        raise AqbioError(
            "the belt speed is not stated and no stance foot is seen to estimate it.",
            file=notes.file,
            fix="write belt_speed_mps into trials.tsv.",
            rule="belt-speed",
        )
    stances = _stances(observed.forefeet, recording.rate, loads)
    toes = foot_markers(recording.labels, recording.positions, marker_set)[:, :, 1:]
    belt = belt_of_feet([*toes.swapaxes(0, 1)], stances, recording.rate, observed.ground)
    if not belt.keeps_speed:
        notes.report("belt-changes", number=float(np.ptp(belt.speed)), speeds=belt.words())
    if not stated_speed:
        return belt
    combined, probability = with_stated(belt, stated_speed)
    if probability < 0.5:
        _ask_which(stated_speed, belt, observed, trial, notes)
    return combined


def _stances(forefeet: FloatArray, rate: float, loads: FeetLoads | None) -> list[Stance]:
    """Contacts of the feet, those that were recorded whole if there are any."""
    if loads is not None and loads.contacts:
        whole = [contact for contact in loads.contacts if contact.complete]
        return [Stance(x.foot, x.touchdown, x.toe_off) for x in whole or loads.contacts]
    low = low_frames(forefeet)
    spans = [(foot, *span) for foot in range(len(SIDES)) for span in runs(low[:, foot])]
    chosen = [span for span in spans if span[1] > 0 and span[2] < len(low)] or spans
    shortest = 0.5 * float(np.median([stop - start for _, start, stop in chosen] or [0.0]))
    return [
        Stance(foot, start / rate, (stop - 1) / rate)
        for foot, start, stop in chosen
        if stop - start >= shortest
    ]


def _ask_which(
    stated_speed: float, belt: Belt, observed: _Observed, trial: Trial, notes: Notes
) -> None:
    """Ask which speed is right, where the stated one is hardly this belt's."""
    feet = " and ".join(f"{value:.2f} by {source}" for source, value in observed.feet_speeds())
    converted = stated_speed / 3.6
    hours = with_stated(belt, converted)[1] > 0.5
    question = Finding(
        rule="belt-speed",
        severity="warning",
        what=f"which belt speed is right? Stated are {stated_speed:.2f} m/s, and it is {feet}; "
        f"{belt.words()} m/s are used.",
        number=belt.mean,
        limit=stated_speed,
        unit="m/s",
        file="trials.tsv",
        where=f"trial {trial.trial_id}, belt_speed_mps",
        fix="look at the treadmill's display; correct belt_speed_mps where it is not the mean over "
        "whole strides"
        + (f"; in km/h it would be {converted:.2f} m/s: write that." if hours else "."),
    )
    notes.adopt((question,))


def _heading(direction: FloatArray, observed: _Observed, notes: Notes) -> float:
    """Direction of running about +y; without running, the direction that the pelvis faces."""
    stationary = (
        observed.running < MIN_RUNNING_SPEED_M_S
        and observed.running * observed.elapsed < MIN_TRAVEL_M
    )
    if stationary or np.isnan(direction).any():
        notes.report("heading-unknown")
        return _heading_or_zero(observed.facing)
    angle = heading(direction)
    difference = float(np.degrees(abs(np.angle(np.exp(1j * (angle - heading(observed.facing)))))))
    if difference > MAX_FACING_ANGLE_DEG:
        notes.report("heading-doubt", number=difference, limit=MAX_FACING_ANGLE_DEG)
    return angle


def _heading_or_zero(direction: FloatArray) -> float:
    return 0.0 if np.isnan(direction).any() else heading(direction)
