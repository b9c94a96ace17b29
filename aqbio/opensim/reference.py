"""Comparison of a few frames of every trial with OpenSim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.multibody.dynamics import ExternalLoad, newton_euler
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.motion import Motion, folded_forces
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.session import array_from_vec3, initialised, load_model, opensim, vec3
from aqbio.vectors import FloatArray, cross


@dataclass(frozen=True, eq=False)
class MovedModel:
    """A model with its system, whose coordinates take any value."""

    model: Any
    state: Any
    coordinates: tuple[Any, ...]
    """Handles of all coordinates, in the order of motions."""

    @classmethod
    def read(cls, path: Path, coordinates: Sequence[str], *, muscles: bool = False) -> MovedModel:
        """Read a participant's model; all of its coordinates are named."""
        model = load_model(path, muscles=muscles)
        for index in range(model.getForceSet().getSize()):
            _raise_control(model.updForceSet().get(index))
        coordinate_set = model.updCoordinateSet()
        for index in range(coordinate_set.getSize()):
            coordinate_set.get(index).setDefaultLocked(False)
            coordinate_set.get(index).setDefaultClamped(False)
        state = initialised(model, file=path)
        return cls(model, state, tuple(coordinate_set.get(name) for name in coordinates))

    def move(self, motion: Motion, frame: int) -> None:
        """Set the pose and the speeds of a frame."""
        for index, handle in enumerate(self.coordinates):
            handle.setValue(self.state, float(motion.q[frame, index]), False)
            handle.setSpeedValue(self.state, float(motion.u[frame, index]))
        self.model.realizeVelocity(self.state)


MIN_CONTROL = 0.01
"""Least control of muscles: with less, Thelen's of older models do not initialise."""


def _raise_control(force: Any) -> None:
    """Raise the least control of a muscle to what OpenSim 4.6 asks for."""
    muscle = opensim.Muscle.safeDownCast(force)
    if muscle is not None and muscle.getMinControl() < MIN_CONTROL:
        muscle.setMinControl(MIN_CONTROL)


def opensim_inverse_dynamics(
    moved: MovedModel, motion: Motion, loads: Sequence[ExternalLoad]
) -> FloatArray:
    """(T, C): generalised forces by Simbody's recursive Newton-Euler operator.

    Each coordinate's on its own, as OpenSim's tool reports it: a coupled coordinate's is not folded
    into the independent one.
    """
    model, state = moved.model, moved.state
    matter = model.getMatterSubsystem()
    slots = mobility_slots(state, moved.coordinates)
    bodies = [model.getBodySet().get(index) for index in range(model.getBodySet().getSize())]
    tau = np.empty_like(motion.q)
    udot, none = opensim.Vector(len(slots), 0.0), opensim.Vector(len(slots), 0.0)
    for frame in range(len(tau)):
        for slot, acceleration in zip(slots, motion.udot[frame], strict=True):
            udot.set(slot, float(acceleration))
        moved.move(motion, frame)
        wrenches = _body_wrenches(model, state, bodies, loads, frame)
        residual = opensim.Vector()
        matter.calcResidualForceIgnoringConstraints(state, none, wrenches, udot, residual)
        tau[frame] = [residual.get(slot) for slot in slots]
    return tau


def mobility_slots(state: Any, handles: Sequence[Any]) -> list[int]:
    """Index of each coordinate in Simbody's vector of speeds."""
    slots = []
    for handle in handles:
        before = state.getU().to_numpy()
        handle.setSpeedValue(state, 1.0 + float(before.max(initial=0.0)))
        after = state.getU().to_numpy()
        slots.append(int(np.flatnonzero(before != after)[0]))
    return slots


def _body_wrenches(
    model: Any, state: Any, bodies: Sequence[Any], loads: Sequence[ExternalLoad], frame: int
) -> Any:
    """Moment about and force at every body's origin from weight and external loads, in ground."""
    gravity = array_from_vec3(model.getGravity())
    wrenches = opensim.VectorOfSpatialVec(len(bodies) + 1, opensim.SpatialVec())
    for body in bodies:
        origin = array_from_vec3(body.getPositionInGround(state))
        weight = body.getMass() * gravity
        centre = array_from_vec3(body.findStationLocationInGround(state, body.getMassCenter()))
        moment, force = cross(centre - origin, weight), weight
        for load in loads:
            for part in (p for name, p in load.shares_by_segment() if name == body.getName()):
                point = load.point if load.point.ndim == 1 else load.point[frame]
                pushed = (part if isinstance(part, float) else part[frame]) * load.force[frame]
                turned = (part if isinstance(part, float) else part[frame]) * load.moment[frame]
                force = force + pushed
                moment = moment + turned + cross(point - origin, pushed)
        wrench = opensim.SpatialVec(vec3(moment), vec3(force))
        wrenches.set(int(body.getMobilizedBodyIndex()), wrench)
    return wrenches


COMPARED_FRAMES = 7
"""Number of frames of a trial that OpenSim recomputes."""


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
    """Compare positions, angular momentum and inverse dynamics with OpenSim."""
    chosen = np.unique(np.linspace(0, len(motion.q) - 1, COMPARED_FRAMES).round().astype(int))
    chosen_motion = Motion(motion.q[chosen], motion.u[chosen], motion.udot[chosen])
    chosen_loads = [load.frames(chosen) for load in loads]
    kinematics = segment_kinematics(skeleton, chosen_motion.q, chosen_motion.u, chosen_motion.udot)
    segments = segment_motion(skeleton, kinematics)
    com, velocity, _ = centre_of_mass(segments)
    momentum = angular_momentum(segments, com, velocity)
    moved = MovedModel.read(path, skeleton.coordinates)
    origins, opensim_momentum = _positions_and_momentum(moved, skeleton.bodies, chosen_motion)
    opensim_forces = folded_forces(
        skeleton, chosen_motion.q, opensim_inverse_dynamics(moved, chosen_motion, chosen_loads)
    )
    right = newton_euler(skeleton, kinematics, chosen_loads)
    compatible = newton_euler(skeleton, kinematics, chosen_loads, simbody_compat=True)
    largest = np.abs(right).max()
    return ReferenceDifferences(
        frames=len(chosen),
        position_m=float(np.abs(kinematics.origin - origins).max()),
        momentum=float(
            np.abs(momentum.sum(axis=1) - opensim_momentum).max()
            / np.abs(momentum).sum(axis=1).max()
        ),
        forces=float(np.abs(compatible - opensim_forces).max() / largest),
        defect=float(np.abs(right - opensim_forces).max() / largest),
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
