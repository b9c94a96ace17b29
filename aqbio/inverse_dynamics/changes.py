"""Changes by a fit, as table rows: body, momentum, joint moments and markers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aqbio.force_plates.alignment import Alignment
from aqbio.gait.roles import group_sum, membership
from aqbio.inverse_dynamics.balance import adjusted_loads, loads_on_plates
from aqbio.inverse_dynamics.fit import TrialFit
from aqbio.inverse_dynamics.misfit import segment_displacements
from aqbio.inverse_dynamics.session import Session
from aqbio.inverse_dynamics.stances import Standing, StaticStance, com_from_cop
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import Study
from aqbio.multibody.dynamics import newton_euler
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES
from aqbio.prepare.prepared import foot_loads, loads_with_toes
from aqbio.vectors import FloatArray

WHOLE_BODY = "whole body"


@dataclass(frozen=True, slots=True)
class Change:
    """One quantity before and after the fit."""

    quantity: str
    part: str
    axis: str
    statistic: str
    before: float
    """NaN where it does not exist."""
    after: float
    unit: str


def leg_shares(
    before: Skeleton, after: Skeleton, legs: Mapping[str, Sequence[str]]
) -> Iterator[Change]:
    """Share of the body's mass of each leg, by its segments."""
    for name, members in legs.items():
        chosen = np.isin(before.bodies, members)
        old, new = (
            float(skeleton.mass[chosen].sum() / skeleton.mass.sum()) for skeleton in (before, after)
        )
        yield Change("mass", name, "", "share", old, new, "1")


def standing_changes(
    before: Skeleton,
    after: Skeleton,
    stance: StaticStance,
    standing: Standing,
    stature: float | None,
) -> Iterator[Change]:
    """Centre-of-mass position of both bodies in the same static posture; stature in m.

    Over the level ground, on which the fit found the body after it.
    """
    rotation, position = after.parent_rotation, after.parent_position
    placed = before.of_size(parent_rotation=rotation, parent_position=position)
    for axis, unfitted, left_out in zip("xz", standing.given, standing.left_out, strict=True):
        yield Change(
            "standing", WHOLE_BODY, axis, "left_out", float(unfitted), float(left_out), "m"
        )
    old, new = (float(com_from_cop(body, stance)[1]) for body in (placed, after))
    yield Change("standing", WHOLE_BODY, "y", "height", old, new, "m")
    if stature:
        yield Change("standing", WHOLE_BODY, "y", "share", old / stature, new / stature, "1")


def trial_changes(study: Study, trial: SolvedTrial, fit: TrialFit) -> Iterator[Change]:
    """Changes by the fit of one trial, over its contacts and the flights between them.

    Angular momentum along the laboratory's axes, before as after.
    """
    groups, height = study.model_map.groups, float(trial.prepared.attrs["surface_height"])
    alignment = Alignment.of(fit.values)
    plain = foot_loads(study.model_map, trial.prepared)
    momenta, forces = [], []
    frames = fit.observations.contact_window & fit.observations.measured
    placed = loads_on_plates(plain, trial.prepared, trial.time, fit.values)
    adjusted = adjusted_loads(placed, trial.time, fit.values)
    for skeleton, motion, loads, surface, axes in (
        (fit.runner.skeleton, fit.observations.plain, plain, height, alignment.rotation),
        (fit.skeleton, fit.motion, adjusted, alignment.surface(height), np.eye(3)),
    ):
        frames &= np.all([np.isfinite(x.force + x.moment).all(axis=1) for x in loads], axis=0)
        moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
        feet = loads_with_toes(study.model_map, skeleton, moves, loads, surface)
        forces.append(newton_euler(skeleton, moves, feet))
        segments = segment_motion(skeleton, moves)
        com, velocity, _ = centre_of_mass(segments)
        segment_momentum = angular_momentum(segments, com, velocity) @ axes
        group_momentum = group_sum(segment_momentum, membership(groups, skeleton.bodies))
        momenta.append(
            np.concatenate([group_momentum, segment_momentum.sum(axis=1, keepdims=True)], axis=1)
        )
    if frames.sum() < 3:
        return
    yield from momentum_changes([*groups, WHOLE_BODY], *(momentum[frames] for momentum in momenta))
    yield from moment_changes(fit.skeleton, *(force[frames] for force in forces))
    for segment, moved in segment_displacements(fit, frames).items():
        yield Change("marker_displacement", segment, "", "rms_change", np.nan, moved, "m")


def momentum_changes(
    parts: Sequence[str], before: FloatArray, after: FloatArray
) -> Iterator[Change]:
    """Changes of the angular momentum of parts of the body, (T, G, 3)."""
    for number, part in enumerate(parts):
        for axis_index, axis in enumerate(AXES):
            old, new = (momentum[:, number, axis_index] for momentum in (before, after))
            rms_change, unit = float(np.sqrt(((new - old) ** 2).mean())), "kg m2/s"
            means = float(old.mean()), float(new.mean())
            yield Change("angular_momentum", part, axis, "mean", *means, unit)
            yield Change("angular_momentum", part, axis, "rms_change", np.nan, rms_change, unit)


def moment_changes(skeleton: Skeleton, before: FloatArray, after: FloatArray) -> Iterator[Change]:
    """Changes of generalised forces (T, C)."""
    for index in skeleton.free:
        old, new, name = before[:, index], after[:, index], skeleton.coordinates[index]
        unit = "N m" if skeleton.coordinate_is_rotation[index] else "N"
        peaks = float(np.abs(old).max()), float(np.abs(new).max())
        yield Change("joint_moment", name, "", "peak", *peaks, unit)
        correlation = (
            float(np.corrcoef(old, new)[0, 1]) if np.ptp(old) * np.ptp(new) > 0.0 else np.nan
        )
        yield Change("joint_moment", name, "", "correlation", np.nan, correlation, "1")


def legs_of(study: Study) -> dict[str, tuple[str, ...]]:
    """Segments of each leg that the model has."""
    groups = study.model_map.groups
    return {name: tuple(groups[name]) for name in ("leg_left", "leg_right") if name in groups}


def change_rows(
    study: Study, participant_id: str, trials: Mapping[str, SolvedTrial], fitted: Session
) -> Iterator[dict[str, Any]]:
    """Rows of the table ``fit_changes``: of the body, and of every trial whose fit is accepted."""
    if not fitted.accepted:
        return
    bodies = fitted.runner.skeleton, fitted.fits[fitted.accepted[0]].skeleton
    changes: list[tuple[str | None, Iterator[Change]]]
    changes = [(None, leg_shares(*bodies, legs_of(study)))]
    stature = study.participant(participant_id).height_m
    changes += [
        (name, standing_changes(*bodies, stance, fitted.standing[name], stature))
        for name, stance in fitted.postures.items()
    ]
    changes += [
        (name, trial_changes(study, trials[name], fitted.fits[name])) for name in fitted.accepted
    ]
    for trial_id, trial_rows in changes:
        for change in trial_rows:
            yield {"trial_id": trial_id, **asdict(change)}
