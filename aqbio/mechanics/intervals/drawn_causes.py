"""How sure level C is: induced accelerations of other bodies on other plates."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.contributions.chains import RESIDUAL
from aqbio.mechanics.contributions.contact_models import POINT_YAW, foot_contact
from aqbio.mechanics.contributions.induced import (
    InducedAccelerations,
    equations_of_motion,
    induced_accelerations,
    still_kinematics,
)
from aqbio.mechanics.contributions.joint_power import coordinate_sources
from aqbio.mechanics.contributions.levels import Anatomy
from aqbio.mechanics.gait.groups import membership
from aqbio.mechanics.intervals.drawn_levels import drawn_loads
from aqbio.mechanics.intervals.inertia_draws import drawn_skeleton, inertia_draws, twins
from aqbio.mechanics.intervals.uncertainty import Motions, Spread
from aqbio.mechanics.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.mechanics.multibody.kinematics import SegmentKinematics, segment_kinematics
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Run:
    """One motion and what was measured with it.

    The arguments of `aqbio.mechanics.contributions.levels.levels`.

    Attributes
    ----------
    skeleton : Skeleton
    kinematics : SegmentKinematics
    loads : sequence of F ExternalLoad
    touching : (T, F) bool array
    anatomy : Anatomy
    surface_height : float
        m.
    """

    skeleton: Skeleton
    kinematics: SegmentKinematics
    loads: Sequence[ExternalLoad]
    touching: BoolArray
    anatomy: Anatomy
    surface_height: float = 0.0


@dataclass(frozen=True, slots=True)
class DrawnCauses:
    """Draws of level C under one contact model.

    Attributes
    ----------
    sources : tuple of S names
    ground_force : (K, T, S, 3) array, N
        Of both feet together.
    group_rate : (K, T, S, G, 3) array, N m
        Rate of each group's angular momentum about the whole body's centre of mass.
    pelvis_acceleration : (K, T, S, 3) array, rad/s²
        Angular acceleration of the pelvis.
    """

    sources: tuple[str, ...]
    ground_force: FloatArray
    group_rate: FloatArray
    pelvis_acceleration: FloatArray


def drawn_causes(
    run: Run,
    spread: Spread,
    count: int,
    generator: np.random.Generator,
    contact_models: Sequence[str] = (POINT_YAW,),
    moved: Motions | None = None,
) -> dict[str, DrawnCauses]:
    """Level C for draws of masses, plates and, where they are given, bodies with their motions.

    Parameters
    ----------
    run : Run
        Of the frames that are needed.
    spread : Spread
    count : int
        Number of draws; each solves the equations of motion anew, about 0.2 ms a frame.
    generator : numpy.random.Generator
    contact_models : sequence of {"C1", "C2", "C3"}
        All from the same draws.
    moved : Motions, optional
        Of other bodies, for one draw after the other in turn; without them the run's own.

    Returns
    -------
    dict of DrawnCauses
        By contact model.
    """
    skeleton, anatomy = run.skeleton, run.anatomy
    origin = np.zeros_like(run.kinematics.origin[:, 0])
    twin = twins(skeleton.bodies, anatomy.groups)
    bodies = _bodies(run, moved)
    same = [*(deepcopy(generator) for _ in bodies[1:]), generator]
    parameters = [
        inertia_draws(body, spread.inertia, twin, count, one, spread.centres)
        for (body, _, _), one in zip(bodies, same, strict=True)
    ]
    loads = drawn_loads(run.loads, origin, spread.loads, count, generator)
    coordinates = coordinate_sources(skeleton, anatomy.joints, anatomy.root, RESIDUAL)
    groups = membership(anatomy.groups, skeleton.bodies)
    pelvis = skeleton.bodies.index(anatomy.groups["pelvis"][0])
    found: dict[str, list[InducedAccelerations]] = {model: [] for model in contact_models}
    for draw in range(count):
        shaped, kinematics, still = bodies[draw % len(bodies)]
        body = drawn_skeleton(shaped, parameters[draw % len(bodies)][draw])
        own = [
            ExternalLoad(name, loads.force[draw, :, foot], loads.moment[draw, :, foot], np.zeros(3))
            for foot, name in enumerate(loads.bodies)
        ]
        feet = [
            foot_contact(x, held, surface_height=run.surface_height)
            for x, held in zip(own, run.touching.T, strict=True)
        ]
        tau = inverse_dynamics(body, kinematics, own)
        forces = {
            source: np.where(np.isin(np.arange(tau.shape[1]), chosen), tau, 0.0)
            for source, chosen in coordinates.items()
        }
        equations = equations_of_motion(body, kinematics, forces, feet, groups, pelvis, still)
        for model, drawn in found.items():
            drawn.append(induced_accelerations(equations, model))
    return {
        model: DrawnCauses(
            sources=drawn[0].sources,
            ground_force=np.stack([one.force.sum(axis=2) for one in drawn]),
            group_rate=np.stack([one.group_rate for one in drawn]),
            pelvis_acceleration=np.stack([one.pelvis_acceleration for one in drawn]),
        )
        for model, drawn in found.items()
    }


def _bodies(
    run: Run, moved: Motions | None
) -> list[tuple[Skeleton, SegmentKinematics, SegmentKinematics]]:
    """Bodies with their motions, and these without the free coordinates' accelerations."""
    if moved is None:
        moves = [(run.skeleton, run.kinematics)]
    else:
        motions = zip(moved.skeletons, moved.q, moved.u, moved.udot, strict=True)
        moves = [(body, segment_kinematics(body, *motion)) for body, *motion in motions]
    return [(body, motion, still_kinematics(body, motion)) for body, motion in moves]
