"""What a fit changed: body, motion, moments and markers, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aqbio.consistency.balance import adjusted_loads
from aqbio.consistency.delivered import segment_displacements
from aqbio.consistency.fit import TrialFit
from aqbio.consistency.session import Session
from aqbio.consistency.stances import Standing, StaticStance, com_from_cop
from aqbio.gait.roles import group_sum, membership
from aqbio.gait.step_files import trial_contacts
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import Study
from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES
from aqbio.recordings.prepared import foot_loads, loads_with_toes
from aqbio.vectors import BoolArray, FloatArray

WHOLE = "whole body"


@dataclass(frozen=True, slots=True)
class Change:
    """One number before and after."""

    quantity: str
    part: str
    axis: str
    statistic: str
    before: float
    """NaN where there is none."""
    after: float
    unit: str


@dataclass(frozen=True, slots=True)
class Way:
    """A body, how it moves and what pushes it: one of both."""

    skeleton: Skeleton
    moves: SegmentKinematics
    """Of all frames."""
    loads: tuple[ExternalLoad, ...]
    """Of the feet, NaN where not measured."""


def body_changes(before: Skeleton, after: Skeleton) -> Iterator[Change]:
    """Masses of the segments, kg, and their centres of mass in their own axes, m."""
    for part, old, new in zip(before.bodies, before.mass, after.mass, strict=True):
        yield Change("mass", part, "", "value", float(old), float(new), "kg")
    whole = float(before.mass.sum()), float(after.mass.sum())
    yield Change("mass", WHOLE, "", "value", *whole, "kg")
    for part, one, other in zip(before.bodies, before.com, after.com, strict=True):
        for axis, old, new in zip(AXES, one, other, strict=True):
            yield Change("centre_in_segment", part, axis, "value", float(old), float(new), "m")


def leg_shares(
    before: Skeleton, after: Skeleton, legs: Mapping[str, Sequence[str]]
) -> Iterator[Change]:
    """Share of the body's mass of each leg, by its segments."""
    for name, members in legs.items():
        chosen = np.isin(before.bodies, members)
        old, new = (float(one.mass[chosen].sum() / one.mass.sum()) for one in (before, after))
        yield Change("mass", name, "", "share", old, new, "1")


def standing_changes(
    before: Skeleton,
    after: Skeleton,
    stance: StaticStance,
    standing: Standing,
    stature: float | None,
) -> Iterator[Change]:
    """Place of the centre of mass of both bodies in the same static posture; stature in m."""
    away = [com_from_cop(body, stance) for body in (before, after)]
    for number, axis in enumerate(("x", "z")):
        given = float(standing.given[number])
        for statistic, one in (("less_cop", standing.fitted), ("left_out", standing.left_out)):
            yield Change("standing", WHOLE, axis, statistic, given, float(one[number]), "m")
    yield Change("standing", WHOLE, "y", "height", away[0][1], away[1][1], "m")
    if stature:
        share = [float(one[1]) / stature for one in away]
        yield Change("standing", WHOLE, "y", "share", share[0], share[1], "1")


def motion_changes(
    before: Way, after: Way, groups: Mapping[str, Sequence[str]], frames: BoolArray
) -> Iterator[Change]:
    """Centres of mass, joint angles and moments, and momentum over frames with forces."""
    ways = before, after
    segments = [segment_motion(way.skeleton, way.moves) for way in ways]
    whole = [centre_of_mass(motion) for motion in segments]
    yield from _vectors("centre_of_mass", WHOLE, (whole[0][0], whole[1][0]), frames, "m")
    for number, part in enumerate(before.skeleton.bodies):
        places = (segments[0].com[:, number], segments[1].com[:, number])
        apart = np.linalg.norm(places[1] - places[0], axis=1)[frames]
        yield Change("centre_of_mass", part, "", "rms_change", np.nan, _rms(apart), "m")
    yield from _coordinates(before.skeleton, ways, frames)
    forces = [inverse_dynamics(way.skeleton, way.moves, way.loads) for way in ways]
    yield from _moments(before.skeleton, forces, frames)
    matrix = membership(groups, before.skeleton.bodies)
    momenta = [
        group_sum(angular_momentum(motion, com, velocity), matrix)
        for motion, (com, velocity, _) in zip(segments, whole, strict=True)
    ]
    for number, group in enumerate(groups):
        both = (momenta[0][:, number], momenta[1][:, number])
        yield from _vectors("angular_momentum", group, both, frames, "kg m2/s")
    total = (momenta[0].sum(axis=1), momenta[1].sum(axis=1))
    yield from _vectors("angular_momentum", WHOLE, total, frames, "kg m2/s")


def _vectors(
    quantity: str, part: str, both: tuple[FloatArray, FloatArray], frames: BoolArray, unit: str
) -> Iterator[Change]:
    for number, axis in enumerate(AXES):
        old, new = (one[frames, number] for one in both)
        means = float(old.mean()), float(new.mean())
        yield Change(quantity, part, axis, "mean", *means, unit)
        yield Change(quantity, part, axis, "rms_change", np.nan, _rms(new - old), unit)


def _coordinates(skeleton: Skeleton, ways: tuple[Way, Way], frames: BoolArray) -> Iterator[Change]:
    old, new = (way.moves.q[frames] for way in ways)
    for index in skeleton.free:
        name, apart = skeleton.coordinates[index], _rms((new - old)[:, index])
        turns = bool(skeleton.coordinate_is_rotation[index])
        value, unit = (float(np.degrees(apart)), "degrees") if turns else (apart, "m")
        yield Change("joint_angle", name, "", "rms_change", np.nan, value, unit)


def _moments(
    skeleton: Skeleton, forces: Sequence[FloatArray], frames: BoolArray
) -> Iterator[Change]:
    for index in skeleton.free:
        old, new = (one[frames, index] for one in forces)
        name = skeleton.coordinates[index]
        unit = "N m" if skeleton.coordinate_is_rotation[index] else "N"
        peaks = float(np.abs(old).max()), float(np.abs(new).max())
        yield Change("joint_moment", name, "", "peak", *peaks, unit)
        alike = float(np.corrcoef(old, new)[0, 1]) if np.ptp(old) * np.ptp(new) > 0.0 else np.nan
        yield Change("joint_moment", name, "", "correlation", np.nan, alike, "1")


def marker_changes(fit: TrialFit, frames: BoolArray) -> Iterator[Change]:
    """Distance of measured from model markers by segment, m, RMS: inverse kinematics and fit."""
    skeleton, index = fit.runner.skeleton, fit.observations.marker_index
    errors = fit.marker_error_before, fit.marker_error_after
    for body in np.unique(skeleton.marker_body[index]):
        own = skeleton.marker_body[index] == body
        both = [_rms(one[frames][:, own]) for one in errors]
        yield Change("marker_error", skeleton.bodies[body], "", "rms", both[0], both[1], "m")


def displacement_changes(fit: TrialFit, frames: BoolArray) -> Iterator[Change]:
    """Distance of the model's markers, fitted from inverse kinematics, by segment, m, RMS."""
    for segment, moved in segment_displacements(fit, frames).items():
        yield Change("marker_displacement", segment, "", "rms_change", np.nan, moved, "m")


def _rms(values: FloatArray) -> float:
    """Of the values that are not missing; NaN where all are."""
    known = values[np.isfinite(values)]
    return float(np.sqrt((known**2).mean())) if len(known) else float("nan")


LEGS = ("leg_left", "leg_right")


def legs_of(study: Study) -> dict[str, tuple[str, ...]]:
    """Segments of each leg that the model has."""
    groups = study.model_map.groups
    return {name: tuple(groups[name]) for name in LEGS if name in groups}


def change_rows(
    study: Study,
    participant_id: str,
    trials: Mapping[str, SolvedTrial],
    fitted: Session,
) -> Iterator[dict[str, Any]]:
    """Rows of the table ``fit_changes``: of the body, and of every trial whose fit is accepted."""
    accepted = fitted.accepted
    if accepted:
        fit = fitted.fits[accepted[0]]
        bodies = fit.runner.skeleton, fit.skeleton
        yield from _rows(None, body_changes(*bodies))
        yield from _rows(None, leg_shares(*bodies, legs_of(study)))
        stature = study.participant(participant_id).height_m
        for name, stance in fitted.still.items():
            standing = standing_changes(*bodies, stance, fitted.standing[name], stature)
            yield from _rows(name, standing)
    for name in accepted:
        yield from _rows(name, trial_changes(study, trials[name], fitted.fits[name]))


def _rows(trial_id: str | None, changes: Iterator[Change]) -> Iterator[dict[str, Any]]:
    for one in changes:
        yield {"trial_id": trial_id, **asdict(one)}


def contact_window(trial: SolvedTrial) -> BoolArray:
    """(T,) bool: frames from the first touchdown to the last toe-off."""
    contacts = list(trial_contacts(trial.prepared))
    first = min(one.touchdown for one in contacts)
    last = max(one.toe_off for one in contacts)
    return np.asarray((trial.time >= first) & (trial.time <= last))


def trial_changes(study: Study, trial: SolvedTrial, fit: TrialFit) -> Iterator[Change]:
    """What the fit changed of one trial, over its contacts and the flights between them."""
    height = float(trial.prepared.attrs["surface_height"])
    plain = foot_loads(study, trial.prepared)
    loads = plain, adjusted_loads(plain, trial.time, fit.values)
    before, after = (
        _way(study, skeleton, motion, own, height)
        for skeleton, motion, own in (
            (fit.runner.skeleton, fit.observations.plain, loads[0]),
            (fit.skeleton, fit.motion, loads[1]),
        )
    )
    frames = contact_window(trial) & fit.observations.measured & _recorded((*loads[0], *loads[1]))
    if frames.sum() < 3:
        return
    yield from motion_changes(before, after, study.model_map.groups, frames)
    yield from marker_changes(fit, frames)
    yield from displacement_changes(fit, frames)


def _recorded(loads: Sequence[ExternalLoad]) -> BoolArray:
    known = [np.isfinite(one.force + one.moment).all(axis=1) for one in loads]
    return np.asarray(np.all(known, axis=0))


def _way(
    study: Study,
    skeleton: Skeleton,
    motion: Motion,
    loads: Sequence[ExternalLoad],
    height: float,
) -> Way:
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    return Way(skeleton, moves, loads_with_toes(study.model_map, skeleton, moves, loads, height))
