"""A few frames of every trial, computed again by OpenSim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.motion import Motion, folded_forces
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim import inverse
from aqbio.opensim.moved import MovedModel
from aqbio.opensim.session import array_from_vec3
from aqbio.vectors import FloatArray

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
    """Of the whole body's angular momentum, relative to the segments' absolute sum."""
    forces: float
    """Of any generalised force with Simbody's defect reproduced, relative to the largest."""
    defect: float
    """Of any generalised force, right against Simbody's, relative to the largest: what the walker
    knee's defect changes; zero in models without such joints."""


def reference_differences(
    path: Path, skeleton: Skeleton, motion: Motion, loads: Sequence[ExternalLoad]
) -> ReferenceDifferences:
    """Compare positions, angular momentum and inverse dynamics with OpenSim."""
    chosen = np.unique(np.linspace(0, len(motion.q) - 1, FRAMES).round().astype(int))
    few = Motion(motion.q[chosen], motion.u[chosen], motion.udot[chosen])
    few_loads = [load.frames(chosen) for load in loads]
    kinematics = segment_kinematics(skeleton, few.q, few.u, few.udot)
    segments = segment_motion(skeleton, kinematics)
    com, velocity, _ = centre_of_mass(segments)
    momentum = angular_momentum(segments, com, velocity)
    moved = MovedModel.read(path, skeleton.coordinates)
    origins, whole = _positions_and_momentum(moved, skeleton.bodies, few)
    theirs = folded_forces(skeleton, few.q, inverse.inverse_dynamics(moved, few, few_loads))
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
    moved: MovedModel, names: Sequence[str], motion: Motion
) -> tuple[FloatArray, FloatArray]:
    """Origins (T, B, 3) and the whole body's angular momentum (T, 3) by OpenSim."""
    model, state = moved.model, moved.state
    bodies = [model.getBodySet().get(name) for name in names]
    origins = np.empty((len(motion.q), len(bodies), 3))
    momentum = np.empty((len(motion.q), 3))
    for frame in range(len(motion.q)):
        moved.move(motion, frame)
        origins[frame] = [array_from_vec3(body.getPositionInGround(state)) for body in bodies]
        momentum[frame] = array_from_vec3(model.calcAngularMomentum(state))
    return origins, momentum
