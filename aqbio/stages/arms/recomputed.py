"""A trial under another arm of the multiverse, from its cached kinematics and raw forces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.errors import AqbioError
from aqbio.io.study import Study
from aqbio.mechanics.anthropometry.dumas import dumas_limbs
from aqbio.mechanics.anthropometry.sprint_body import sprint_bodies
from aqbio.mechanics.contributions.shares import force_shares
from aqbio.mechanics.force_plates.forces import PlateWrench
from aqbio.mechanics.force_plates.plates import Plates
from aqbio.mechanics.gait.groups import group_sum, membership
from aqbio.mechanics.gait.mirror import rotation_about_vertical
from aqbio.mechanics.gait.steps import Contact
from aqbio.mechanics.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.mechanics.multibody.kinematics import (
    SegmentKinematics,
    segment_kinematics,
    segment_motion,
)
from aqbio.mechanics.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.mechanics.multibody.motion import Motion, spline_motion
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.recordings.feet import NOBODY
from aqbio.mechanics.recordings.filters import low_pass
from aqbio.mechanics.recordings.foot_contacts import (
    EventRules,
    FeetLoads,
    feet_loads,
    loads_on_frames,
)
from aqbio.mechanics.vectors import FloatArray, cross
from aqbio.names import SIDES
from aqbio.stages.arms.choices import Arm, BodyTable
from aqbio.stages.arms.trial_state import TrialState, sagittal_moments, trial_steps

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class CachedTrial:
    """Files of one trial that all arms start from.

    Attributes
    ----------
    prepared, solved, contributions : xarray.Dataset
    skeleton : Skeleton
    """

    prepared: xr.Dataset
    solved: xr.Dataset
    contributions: xr.Dataset
    skeleton: Skeleton

    @property
    def time(self) -> FloatArray:
        """Clock of the solved motion, s."""
        time: FloatArray = self.solved["time"].values
        return time


def arm_state(study: Study, participant_id: str, cached: CachedTrial, arm: Arm) -> TrialState:
    """Compute one trial under one arm.

    Raises
    ------
    AqbioError
        When the arm does not exist for this study.
    """
    skeleton = body_of(study, participant_id, cached.skeleton, arm.body)
    motion = _motion(cached, arm)
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    loads = arm_loads(study, cached, arm)
    return _state(study, cached, (skeleton, kinematics), loads, arm.cutoff_hz)


def foot_velocities(study: Study, cached: CachedTrial) -> FloatArray:
    """Forward velocity of both feet relative to the pelvis, (T, 2), m/s, along the heading."""
    solved = cached.solved
    kinematics = segment_kinematics(
        cached.skeleton, *(solved[name].values for name in ("q", "u", "udot"))
    )
    bodies = list(cached.skeleton.bodies)
    feet = [bodies.index(getattr(study.model_map.feet, side)) for side in SIDES]
    pelvis = bodies.index(study.model_map.pelvis.body)
    relative = kinematics.velocity[:, feet] - kinematics.velocity[:, [pelvis]]
    turn = rotation_about_vertical(-float(cached.contributions.attrs["heading"])).T
    forward: FloatArray = (relative @ turn)[..., 0]
    return forward


def _motion(cached: CachedTrial, arm: Arm) -> Motion:
    """Coordinates at the arm's cut-off, from the unfiltered ones of inverse kinematics."""
    rate = float(cached.prepared.attrs["marker_rate"])
    smooth = low_pass(cached.solved["q_unfiltered"].values, rate, arm.cutoff_hz)
    return spline_motion(cached.skeleton, cached.time, smooth)


def body_of(study: Study, participant_id: str, skeleton: Skeleton, table: BodyTable) -> Skeleton:
    """Give a participant's skeleton with the segment inertia of a table.

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
            rule="arm-unavailable",
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


def arm_loads(study: Study, cached: CachedTrial, arm: Arm) -> tuple[FeetLoads, Plates]:
    """Loads and contacts of both feet at the arm's threshold and cut-off."""
    prepared, settings = cached.prepared, study.settings.prepare
    plates = recorded_plates(prepared)
    labels = [
        (foot.heel, *foot.toe) for foot in (study.marker_set.feet.left, study.marker_set.feet.right)
    ]
    feet = np.full((prepared.sizes["time"], 2, max(map(len, labels)), 3), np.nan)
    known = [str(name) for name in prepared["marker"].values]
    for foot, names in enumerate(labels):
        for place, label in enumerate(names):
            if label in known:
                feet[:, foot, place] = prepared["marker_raw"].values[:, known.index(label)]
    rules = EventRules(
        threshold=arm.threshold_n or float(prepared.attrs["event_threshold"]),
        minimum_s=settings.event_minimum_s,
        event_cutoff=settings.event_cutoff_hz,
        cutoff=arm.cutoff_hz,
        cop_threshold=settings.cop_threshold_n,
    )
    return feet_loads(plates, feet, prepared["time"].values, rules), plates


def recorded_plates(prepared: xr.Dataset) -> Plates:
    """Give the plates of a prepared trial, offsets removed, as stage prepare used them."""
    numbers = tuple(int(number) for number in prepared["plate"].values)
    time = prepared["force_time"].values
    return Plates(
        wrench=PlateWrench(
            prepared["plate_force_raw"].values,
            prepared["plate_moment_raw"].values,
            prepared["plate_point"].values,
        ),
        corners=prepared["plate_corner"].values,
        rate=float(prepared.attrs["force_rate"]),
        start=float(time[0]),
        numbers=numbers,
        feet=tuple(_foot_of(prepared, number) for number in numbers),
    )


def _foot_of(prepared: xr.Dataset, number: int) -> int:
    """The foot of a plate that only one foot used: stands in where no foot marker is seen."""
    feet = {
        str(foot)
        for foot, plates in zip(
            prepared["contact_foot"].values, prepared["contact_plates"].values, strict=True
        )
        if str(number) in str(plates).split(",")
    }
    return SIDES.index(feet.pop()) if len(feet) == 1 else NOBODY


def _state(
    study: Study,
    cached: CachedTrial,
    body: tuple[Skeleton, SegmentKinematics],
    feet: tuple[FeetLoads, Plates],
    cutoff: float,
) -> TrialState:
    """Momentum, forces and steps in heading-aligned axes."""
    skeleton, kinematics = body
    loads, plates = feet
    motion = segment_motion(skeleton, kinematics)
    com, velocity, _ = centre_of_mass(motion)
    matrix = membership(study.model_map.groups, skeleton.bodies)
    pelvis = matrix[tuple(study.model_map.groups).index("pelvis")] * motion.mass
    hub = np.einsum("b,tbi->ti", pelvis / pelvis.sum(), motion.acceleration)
    shares = force_shares(motion, matrix, hub, skeleton.gravity)
    momentum = group_sum(angular_momentum(motion, com, velocity), matrix)
    frames = cached.prepared["time"].values
    force, moment = loads_on_frames(loads, plates, frames, cutoff)
    solved = np.isin(frames, cached.time)
    force, moment = force[solved], moment[solved]
    forces = inverse_dynamics(skeleton, kinematics, _feet(study, force, moment))
    external = (moment - cross(com[:, None], force)).sum(axis=1)
    turn = rotation_about_vertical(-float(cached.contributions.attrs["heading"])).T
    belt = np.array([float(cached.prepared.attrs["belt_speed"]), 0.0, 0.0])
    return TrialState(
        time=cached.time,
        groups=tuple(study.model_map.groups),
        momentum=momentum @ turn,
        relative_force=shares.relative @ turn,
        force=force @ turn,
        external_moment=external @ turn,
        position=com @ turn,
        velocity=velocity @ turn + belt,
        sagittal=sagittal_moments(study, skeleton.coordinates, forces),
        mass=float(skeleton.mass.sum()),
        steps=trial_steps(study, list(_contacts(loads)), cached.time),
    )


def _feet(study: Study, force: FloatArray, moment: FloatArray) -> tuple[ExternalLoad, ...]:
    """Loads of both feet about the ground origin."""
    feet = study.model_map.feet
    return tuple(
        ExternalLoad(getattr(feet, side), force[:, foot], moment[:, foot], np.zeros(3))
        for foot, side in enumerate(SIDES)
    )


def _contacts(loads: FeetLoads) -> list[Contact]:
    return [
        Contact(
            side="left" if one.foot == 0 else "right",
            touchdown=one.touchdown,
            toe_off=one.toe_off,
            complete=one.complete,
            edge_distance=one.edge_distance,
        )
        for one in loads.contacts
        if one.foot != NOBODY
    ]
