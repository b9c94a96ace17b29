"""Rivals without files: one frame after another through Simbody and Pinocchio from Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.multibody.motion import Motion
from aqbio.multibody.poses import axis_amounts
from aqbio.multibody.skeleton import FIXED, GROUND, Skeleton
from aqbio.opensim.session import array_from_vec3, initialised, load_model, opensim
from aqbio.vectors import FloatArray


@dataclass(frozen=True)
class SimbodyLoop:
    """A model without muscles, unlocked, and a motion as vectors in Simbody's order.

    Attributes
    ----------
    model, state : opensim.Model and SimTK.State
    slots : (C,) int array
        Place of every coordinate in Simbody's vectors.
    q, u, udot : lists of T SimTK.Vector
        Made before the loop: the time is Simbody's.
    """

    model: Any
    state: Any
    slots: np.ndarray
    q: list[Any]
    u: list[Any]
    udot: list[Any]

    @classmethod
    def of(cls, path: Path, skeleton: Skeleton, motion: Motion) -> SimbodyLoop:
        """Load a model and order a motion."""
        model = load_model(path)
        coordinates = model.updCoordinateSet()
        for index in range(coordinates.getSize()):
            coordinates.get(index).setDefaultLocked(False)
        state = initialised(model, file=path)
        for index, name in enumerate(skeleton.coordinates):
            coordinates.get(name).setSpeedValue(state, float(index + 1))
        slots = np.argsort(state.getU().to_numpy())
        ordered = []
        for values in (motion.q, motion.u, motion.udot):
            table = np.empty_like(values, order="C")
            table[:, slots] = values
            ordered.append([opensim.Vector.createFromMat(row) for row in table])
        return cls(model, state, slots, *ordered)

    def generalised_forces(self) -> FloatArray:
        """Inverse dynamics without loads by OpenSim's solver, (T, C) N m or N."""
        solver = opensim.InverseDynamicsSolver(self.model)
        rows = []
        for q, u, udot in zip(self.q, self.u, self.udot, strict=True):
            self.state.setQ(q)
            self.state.setU(u)
            rows.append(solver.solve(self.state, udot).to_numpy())
        return np.array(rows)[:, self.slots]

    def angular_momentum(self) -> FloatArray:
        """Of the whole body about its centre of mass, (T, 3) kg m²/s."""
        found = np.empty((len(self.q), 3))
        for frame, (q, u) in enumerate(zip(self.q, self.u, strict=True)):
            self.state.setQ(q)
            self.state.setU(u)
            self.model.realizeVelocity(self.state)
            found[frame] = array_from_vec3(self.model.calcAngularMomentum(self.state))
        return found


@dataclass(frozen=True)
class PinocchioLoop:
    """A skeleton in Pinocchio: a joint of its own for every axis, tied together by the chain rule.

    Attributes
    ----------
    model, data : pinocchio.Model and pinocchio.Data
    axes : (N,) int array
        The skeleton's axis behind each joint.
    """

    skeleton: Skeleton
    model: Any
    data: Any
    axes: np.ndarray

    @classmethod
    def of(cls, skeleton: Skeleton) -> PinocchioLoop:
        """Build the model."""
        import pinocchio as pin

        model = pin.Model()
        model.gravity.linear = skeleton.gravity
        carrier: dict[int, int] = {}
        place: dict[int, Any] = {}
        order: list[int] = []
        for body, parent in enumerate(skeleton.parent):
            frame = pin.SE3(skeleton.parent_rotation[body], skeleton.parent_position[body])
            joint = 0
            if parent != GROUND:
                joint, frame = carrier[parent], place[parent] * frame
            for axis in (*skeleton.translations[body], *skeleton.rotations[body]):
                turns = skeleton.axes.is_rotation[axis]
                kind = (
                    pin.JointModelRevoluteUnaligned if turns else pin.JointModelPrismaticUnaligned
                )
                direction = skeleton.axes.direction[axis]
                joint = model.addJoint(joint, kind(direction), frame, f"{body}.{axis}")
                frame = pin.SE3.Identity()
                order.append(axis)
            child = pin.SE3(skeleton.child_rotation[body], skeleton.child_position[body])
            carrier[body], place[body] = joint, frame * child
            own = pin.Inertia(skeleton.mass[body], skeleton.com[body], skeleton.inertia[body])
            model.appendBodyToJoint(joint, own, place[body])
        return cls(skeleton, model, model.createData(), np.array(order))

    def generalised_forces(self, motion: Motion) -> FloatArray:
        """Inverse dynamics without loads, (T, C) N m or N.

        With ``x = f(q)``: ``x' = f' u``, ``x'' = f' udot + f'' u²`` and ``τ = Σ f' τ_x``.
        """
        import pinocchio as pin

        driver = self.skeleton.driver[self.axes]
        x, slope, curvature = (a[:, self.axes] for a in axis_amounts(self.skeleton, motion.q))
        moves = driver != FIXED
        u = np.where(moves, motion.u[:, driver], 0.0)
        v = slope * u
        a = slope * np.where(moves, motion.udot[:, driver], 0.0) + curvature * u**2
        tau = np.zeros_like(motion.q)
        rows = (np.ascontiguousarray(values) for values in (x, v, a))
        frames = zip(*rows, strict=True)
        by_axis = slope * np.array([pin.rnea(self.model, self.data, *state) for state in frames])
        for column in np.flatnonzero(moves):
            tau[:, driver[column]] += by_axis[:, column]
        return tau
