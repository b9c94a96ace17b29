"""A trial under another specification, from its cached kinematics and raw forces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.body.dumas import dumas_limbs
from aqbio.body.sprint_body import sprint_bodies
from aqbio.contributions.shares import force_shares
from aqbio.errors import AqbioError
from aqbio.gait.contacts import trial_steps
from aqbio.gait.groups import group_sum, membership
from aqbio.gait.mirror import rotation_about_vertical
from aqbio.gait.steps import Step
from aqbio.io.study import Study
from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import (
    SegmentKinematics,
    segment_kinematics,
    segment_motion,
)
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.skeleton import Skeleton
from aqbio.multiverse.cached import CachedTrial, MotionSource, motion_key, motion_source
from aqbio.multiverse.loads import SpecifiedLoads, specified_loads
from aqbio.multiverse.specifications import BodyTable, Specification
from aqbio.names import AXES, SIDES
from aqbio.observed.parts import ObservedParts
from aqbio.observed.record import read_observed
from aqbio.recordings.prepared import NO_FREE_MOMENT, loads_with_toes
from aqbio.vectors import FloatArray, cross

if TYPE_CHECKING:
    import xarray as xr


def specified_trial(
    study: Study, participant_id: str, cached: CachedTrial, specification: Specification
) -> tuple[xr.Dataset, tuple[Step, ...]]:
    """Compute one trial under one specification.

    Returns
    -------
    trial : xarray.Dataset
        The variables of stage contributions that evidence is told of, along the heading.
    steps : tuple of Step

    Raises
    ------
    AqbioError
        When the specification does not exist for this trial.
    """
    source = motion_source(cached, specification)
    skeleton = body_of(study, participant_id, source.skeleton, specification.body)
    kinematics = cached.once(  # masses do not matter to it
        ("kinematics", motion_key(cached, specification)), lambda: _kinematics(source)
    )
    moved = cached.once(
        ("moved", motion_key(cached, specification), specification.body),
        lambda: _moved(study, cached, skeleton, kinematics),
    )
    loads = specified_loads(study, cached, specification, source.parameters)
    steps = trial_steps(study, loads.contacts, cached.time)
    return _dataset(study, cached, (skeleton, kinematics, moved), loads), steps


def _kinematics(source: MotionSource) -> SegmentKinematics:
    motion = source.motion
    return segment_kinematics(source.skeleton, motion.q, motion.u, motion.udot)


def own_kinematics(cached: CachedTrial) -> SegmentKinematics:
    """How the segments move under the study's own settings."""
    return _kinematics(MotionSource(cached.own_motion, cached.final))


def observed_parts(study: Study, cached: CachedTrial) -> ObservedParts:
    """What was observed of the body, under whichever specification."""
    return cached.once(
        "observed",
        lambda: ObservedParts(read_observed(cached.solved), cached.final, study.model_map),
    )


def body_of(study: Study, participant_id: str, skeleton: Skeleton, table: BodyTable) -> Skeleton:
    """A participant's skeleton with the segment inertia of a table.

    Raises
    ------
    AqbioError
        When the table is not made for the study's model, or sex or stature are unknown.
    """
    if table == "model":
        return skeleton
    person = study.participant(participant_id)
    if study.settings.model.file != "sprint" or person.sex is None or person.height_m is None:
        raise AqbioError(
            f"body table {table} needs our sprint model and the participant's sex and stature.",
            rule="specification-unavailable",
            fix="fill in sex and height_m in participants.tsv, or leave the table out of "
            "multiverse.bodies.",
        )
    sex, stature = person.sex, person.height_m
    if table == "dumas":
        return dumas_limbs(skeleton, sex, stature)
    bodies = {
        b.name: b for b in sprint_bodies(sex, mass=float(skeleton.mass.sum()), stature=stature)
    }
    own = [bodies[name] for name in skeleton.bodies]
    return replace(
        skeleton,
        mass=np.array([body.mass for body in own]),
        com=np.array([body.com for body in own]),
        inertia=np.array([body.inertia for body in own]),
    )


@dataclass(frozen=True, slots=True)
class MovedBody:
    """What a moving body's own numbers are, whatever acts on it."""

    com: FloatArray
    """(T, 3) array, m, ground. The whole body's centre of mass."""
    vectors: Mapping[str, tuple[str, FloatArray]]
    """Mapping. Dimension beside time and axis, and values along the heading, by variable."""


def _moved(
    study: Study, cached: CachedTrial, skeleton: Skeleton, kinematics: SegmentKinematics
) -> MovedBody:
    """Momentum and forces relative to the pelvis, NaN for what nobody observed."""
    motion = segment_motion(skeleton, kinematics)
    com, velocity, _ = centre_of_mass(motion)
    matrix = membership(study.model_map.groups, skeleton.bodies)
    pelvis = matrix[tuple(study.model_map.groups).index("pelvis")] * motion.mass
    hub = np.einsum("b,tbi->ti", pelvis / pelvis.sum(), motion.acceleration)
    shares = force_shares(motion, matrix, hub, skeleton.gravity)
    momentum = group_sum(angular_momentum(motion, com, velocity), matrix)
    turn, parts = _turn(cached), observed_parts(study, cached)
    by_group = parts.along("group", tuple(study.model_map.groups))[..., None]
    seen = parts.centre[:, None]
    return MovedBody(
        com,
        {
            "group_angular_momentum": ("group", np.where(by_group, momentum @ turn, np.nan)),
            "relative_force": ("group", np.where(by_group, shares.relative @ turn, np.nan)),
            "com": ("", np.where(seen, com @ turn, np.nan)),
            "com_velocity": ("", np.where(seen, velocity @ turn, np.nan)),
        },
    )


def _dataset(
    study: Study,
    cached: CachedTrial,
    body: tuple[Skeleton, SegmentKinematics, MovedBody],
    loads: SpecifiedLoads,
) -> xr.Dataset:
    """Momentum, forces and moments, NaN for what nobody observed."""
    import xarray as xr

    (skeleton, kinematics, moved), force, moment = body, loads.force, loads.moment
    height = float(cached.prepared.attrs["surface_height"])
    feet = _feet(study, force, moment)
    borne = loads_with_toes(study.model_map, skeleton, kinematics, feet, height)
    forces = inverse_dynamics(skeleton, kinematics, borne)
    external = (moment - cross(moved.com[:, None], force)).sum(axis=1)
    if cached.prepared.attrs["free_moment"] == NO_FREE_MOMENT:
        external[:, 1] = np.nan
    turn, parts = _turn(cached), observed_parts(study, cached)
    moments = np.where(parts.along("coordinate", skeleton.coordinates), forces, np.nan)
    vectors = {
        **moved.vectors,
        "ground_force": ("foot", force @ turn),
        "external_moment": ("", np.where(parts.whole[:, None], external @ turn, np.nan)),
    }
    return xr.Dataset(
        {
            name: (("time", *dimension.split(), "axis"), values)
            for name, (dimension, values) in vectors.items()
        }
        | {"joint_moment_coordinate": (("time", "coordinate"), moments)},
        coords={
            "time": cached.time,
            "group": list(study.model_map.groups),
            "coordinate": list(skeleton.coordinates),
            "foot": list(SIDES),
            "axis": list(AXES),
        },
        attrs={"belt_speed": float(cached.prepared.attrs["belt_speed"])},
    )


def _turn(cached: CachedTrial) -> FloatArray:
    """From ground axes to those along the heading, behind a vector."""
    return rotation_about_vertical(-float(cached.contributions.attrs["heading"])).T


def _feet(study: Study, force: FloatArray, moment: FloatArray) -> tuple[ExternalLoad, ...]:
    """Loads of both feet about the ground origin."""
    feet = study.model_map.feet
    return tuple(
        ExternalLoad(getattr(feet, side), force[:, foot], moment[:, foot], np.zeros(3))
        for foot, side in enumerate(SIDES)
    )
