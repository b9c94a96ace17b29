"""A few frames of every trial, computed again by OpenSim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.mechanics.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.mechanics.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.mechanics.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.mechanics.multibody.motion import Motion, folded_forces
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray
from aqbio.osim import inverse
from aqbio.osim.session import array_from_vec3, free_model

FRAMES = 7
"""Frames of a trial that OpenSim computes again."""


@dataclass(frozen=True, slots=True)
class ReferenceDifferences:
    """Largest differences between our engine and OpenSim over a few frames."""

    frames: int
    """Frames compared."""
    position_m: float
    """Of any segment's origin, m."""
    momentum: float
    """Of the whole body's angular momentum (closure A0), relative to the segments' absolute sum."""
    forces: float
    """Of any generalised force with Simbody's defect reproduced, relative to the largest."""
    defect: float
    """Of any generalised force, right against Simbody's, relative to the largest: what the walker
    knee's defect changes; zero in models without such joints."""


def reference_differences(
    path: Path, skeleton: Skeleton, motion: Motion, loads: Sequence[ExternalLoad]
) -> ReferenceDifferences:
    """Compare positions, angular momentum and inverse dynamics with OpenSim.

    Parameters
    ----------
    path : Path
        The model that ``skeleton`` was read from.
    loads : sequence of ExternalLoad
        With a fixed point each.
    """
    chosen = np.unique(np.linspace(0, len(motion.q) - 1, FRAMES).round().astype(int))
    few = Motion(motion.q[chosen], motion.u[chosen], motion.udot[chosen])
    few_loads = [load.frames(chosen) for load in loads]
    kinematics = segment_kinematics(skeleton, few.q, few.u, few.udot)
    segments = segment_motion(skeleton, kinematics)
    com, velocity, _ = centre_of_mass(segments)
    momentum = angular_momentum(segments, com, velocity)
    model, state = free_model(path)
    origins, whole = _positions_and_momentum(model, state, skeleton, few)
    forces = inverse.forces_in(model, state, skeleton.coordinates, few, few_loads)
    theirs = folded_forces(skeleton, few.q, forces)
    right = inverse_dynamics(skeleton, kinematics, few_loads)
    compatible = inverse_dynamics(skeleton, kinematics, few_loads, simbody_compat=True)
    largest = np.abs(right).max()
    return ReferenceDifferences(
        frames=len(chosen),
        position_m=float(np.abs(kinematics.origin - origins).max()),
        momentum=float(
            np.abs(momentum.sum(axis=1) - whole).max() / np.abs(momentum).sum(axis=1).max()
        ),
        forces=float(np.abs(compatible - theirs).max() / largest),
        defect=float(np.abs(right - theirs).max() / largest),
    )


def _positions_and_momentum(
    model: Any, state: Any, skeleton: Skeleton, motion: Motion
) -> tuple[FloatArray, FloatArray]:
    """Origins (T, B, 3) and the whole body's angular momentum (T, 3) by OpenSim."""
    coordinate_set = model.updCoordinateSet()
    bodies = [model.getBodySet().get(name) for name in skeleton.bodies]
    handles: list[Any] = [coordinate_set.get(name) for name in skeleton.coordinates]
    origins = np.empty((len(motion.q), len(bodies), 3))
    momentum = np.empty((len(motion.q), 3))
    for frame in range(len(motion.q)):
        for index, handle in enumerate(handles):
            handle.setValue(state, float(motion.q[frame, index]), False)
            handle.setSpeedValue(state, float(motion.u[frame, index]))
        model.realizeVelocity(state)
        origins[frame] = [array_from_vec3(body.getPositionInGround(state)) for body in bodies]
        momentum[frame] = array_from_vec3(model.calcAngularMomentum(state))
    return origins, momentum
