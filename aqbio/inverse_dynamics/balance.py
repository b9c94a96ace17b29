"""Newton's and Euler's equations of the whole body; body and loads adjusted by parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from aqbio.force_plates.alignment import ALIGNMENT, Alignment
from aqbio.force_plates.single_plates import (
    plate_error,
    plates_under_feet,
    plates_with_errors,
    with_errors,
)
from aqbio.inverse_dynamics.observations import GroundWrench
from aqbio.inverse_dynamics.parameters import (
    CENTRES,
    CLOCK,
    DRAG,
    MASS,
    SOFT_TISSUE,
    ParameterEstimate,
    Runner,
    centre_direction,
)
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import SegmentKinematics, segment_motion
from aqbio.multibody.momentum import MomentumJacobians, angular_momentum_rate, centre_of_mass
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, combined, cross, rotate

MIN_SPLINE_FRAMES = 6
"""Fewest consecutive frames of measured forces between which they are interpolated."""

AIR_DENSITY = 1.2
"""Of air at 20 °C and sea level, kg/m³."""


def mass_shares(runner: Runner, part: BoolArray) -> FloatArray:
    """Relative change of each segment's mass, (B,), when a part gains mass from the torso."""
    mass = runner.skeleton.mass
    torso_loss = mass[part].sum() / mass[runner.torso].sum()
    shares: FloatArray = part.astype(float) - runner.torso * torso_loss
    return shares


def centre_shifts(runner: Runner, values: Mapping[str, float | FloatArray]) -> FloatArray:
    """Displacements of the segments' centres of mass by parameters, (B, 3), m, segment axes.

    (S, B, 3) for S values (S,) of each of them.
    """
    along = {centre_direction(name): x for name, x in values.items() if name.startswith(CENTRES)}
    if not along:
        return np.zeros_like(runner.skeleton.com)
    amounts = np.stack(np.broadcast_arrays(*along.values()), axis=-1)
    shift: FloatArray = np.tensordot(amounts, runner.centres[list(along)], axes=1)
    return shift


def centre_estimates(
    runner: Runner, estimates: Sequence[ParameterEstimate], covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Convert fitted parameters to shifts (B, 3), m, of centres of mass, segment axes.

    With their covariance after the forces, (3 B, 3 B), from that of the parameters that are on,
    (P, P). Displacements are ``Vᵀ z + ε`` with the fitted directions V and a small rest ε that no
    fit touches: ``Σ' = Vᵀ S V + (Σ − Vᵀ V)`` with the covariance S of z.
    """
    on = [estimate.name for estimate in estimates if estimate.parameter.on]
    rows = [row for row, name in enumerate(on) if name.startswith(CENTRES)]
    directions = runner.centres.reshape(len(runner.centres), -1)
    directions = directions[[centre_direction(on[row]) for row in rows]]
    learnt = np.eye(len(rows)) - covariance[np.ix_(rows, rows)]
    values = {estimate.name: estimate.estimate for estimate in estimates}
    after = runner.centre_covariance - directions.T @ learnt @ directions
    return centre_shifts(runner, values), after


def adjusted_inertia(
    runner: Runner, values: Mapping[str, float | FloatArray]
) -> dict[str, FloatArray]:
    """Masses (B,), centres of mass (B, 3) and inertia (B, 3, 3) changed by the parameters.

    By the names of a skeleton's fields; with a first dimension of S for S values (S,) of each.
    """
    skeleton, com = runner.skeleton, runner.skeleton.com + centre_shifts(runner, values)
    factor = np.ones(com.shape[:-1])
    for name, part in runner.parts.items():
        if name in values:
            factor = factor + np.multiply.outer(values[name], mass_shares(runner, part))
    factor = factor * (1.0 + np.asarray(values.get(MASS, 0.0)))[..., None]
    com = np.broadcast_to(com, (*factor.shape, 3))
    inertia = skeleton.inertia * factor[..., None, None]
    return {"mass": skeleton.mass * factor, "inertia": inertia, "com": com}


def adjusted_skeleton(runner: Runner, values: Mapping[str, float]) -> Skeleton:
    """Skeleton with masses and centres of mass changed by the parameters, in the cameras' frame.

    Plates lie level: gravity turns with them into that frame.
    """
    gravity = Alignment.of(values).rotation @ runner.skeleton.gravity
    return runner.skeleton.of_size(**adjusted_inertia(runner, values), gravity=gravity)


def laboratory_skeleton(runner: Runner, values: Mapping[str, float]) -> Skeleton:
    """Adjusted skeleton in the laboratory's frame: one level ground, gravity along -y.

    Coordinates stay those of the cameras' frame, which the joint to the ground places: the same
    ``q`` gives the pose over the level ground.
    """
    skeleton, alignment = adjusted_skeleton(runner, values), Alignment.of(values)
    root = skeleton.parent == GROUND
    rotation, position = skeleton.parent_rotation.copy(), skeleton.parent_position.copy()
    rotation[root] = alignment.rotation.T @ rotation[root]
    position[root] = alignment.levelled(position[root])
    return skeleton.of_size(
        parent_rotation=rotation, parent_position=position, gravity=runner.skeleton.gravity
    )


def loads_on_plates(
    loads: Sequence[ExternalLoad],
    prepared: Mapping[Any, Any],
    time: FloatArray,
    values: Mapping[str, float],
) -> tuple[ExternalLoad, ...]:
    """Loads of both feet about the origin, with every plate where the parameters say it lies.

    On the plates' clock, as recorded: before `adjusted_loads`.
    """
    if not (plates := plates_with_errors(values)):
        return tuple(loads)
    under, moved = plates_under_feet(prepared, time), []
    for load, on_foot in zip(loads, under.T, strict=True):
        force, moment = (
            load.force.copy(),
            load.moment + cross(np.broadcast_to(load.point, load.force.shape), load.force),
        )
        for plate in plates:
            on = on_foot == plate
            force[on], moment[on] = with_errors(values, plate, force[on], moment[on])
        moved.append(replace(load, force=force, moment=moment, point=np.zeros(3)))
    return tuple(moved)


def adjusted_loads(
    loads: Sequence[ExternalLoad], time: FloatArray, values: Mapping[str, float]
) -> tuple[ExternalLoad, ...]:
    """Measured loads on the cameras' clock, in the laboratory's frame, about its origin.

    Those of ``t + τ``, with distances as the cameras see them; they belong to a
    `laboratory_skeleton`. NaN where one of the loads was not measured then: beyond the ends of what
    was measured a foot that bore nothing goes on to bear nothing, and one that bore a load is
    unknown.
    """
    measured_frames = np.all(
        [np.isfinite(load.force + load.moment).all(axis=1) for load in loads], axis=0
    )
    clock, alignment, adjusted = values.get(CLOCK, 0.0), Alignment.of(values), []
    for load in loads:
        point = np.broadcast_to(load.point, load.force.shape)
        about_origin = load.moment + cross(point, load.force)
        force, moment = np.full((2, len(time), 3), np.nan)
        for start, stop in runs(measured_frames):
            frames = slice(start, stop)
            recorded = load.force[frames], about_origin[frames]
            if not clock:
                force[frames], moment[frames] = recorded[0], alignment.spaced(*recorded)
                continue
            if stop - start < MIN_SPLINE_FRAMES:
                continue
            measured = GroundWrench(time[frames], *recorded)
            force[frames], turned = measured.at(time[frames] + clock)
            moment[frames] = alignment.spaced(force[frames], turned)
            force[frames][measured.unknown(time[frames] + clock)] = np.nan
        adjusted.append(ExternalLoad(load.body, force, moment, np.zeros(3)))
    is_measured = np.all([np.isfinite(load.force).all(axis=1) for load in adjusted], axis=0)
    for load in adjusted:
        load.force[~is_measured] = load.moment[~is_measured] = np.nan
    return tuple(adjusted)


def drag(velocity: FloatArray, area: float) -> FloatArray:
    """Force of the runner on the air, ``ρ/2 A |v| v``, (T, 3), N; v in m/s, drag area A in m²."""
    speed = np.linalg.norm(velocity, axis=1, keepdims=True)
    force: FloatArray = 0.5 * AIR_DENSITY * area * speed * velocity
    return force


@dataclass(frozen=True, slots=True)
class Residual:
    """Force and moment that ground reaction and drag leave unexplained."""

    force: FloatArray
    """(T, 3) array, N, ground. ``m (a − g) − F + drag``."""
    moment: FloatArray
    """(T, 3) array, N m, ground. About the centre of mass: ``dH/dt − [M − c × F]``."""

    @property
    def rows(self) -> FloatArray:
        """(T, 6) array: force, then moment."""
        return np.concatenate([self.force, self.moment], axis=1)


class Balance:
    """Whole-body equations of motion over a set of frames, at given parameter values."""

    def __init__(
        self,
        runner: Runner,
        values: Mapping[str, float],
        kinematics: SegmentKinematics,
        wrench: GroundWrench,
        time: FloatArray,
        *,
        drags: bool,
    ) -> None:
        """Take the unadjusted runner, the ground wrench and the times (T,) of frames, s.

        `drags`: air resistance acts.
        """
        self.runner, self.values, self.kinematics, self.drags = runner, values, kinematics, drags
        self.skeleton = adjusted_skeleton(runner, values)
        self.motion = segment_motion(self.skeleton, kinematics)
        # of the whole body's centre of mass, (T, 3)
        self.com, self.velocity, self.acceleration = centre_of_mass(self.motion)
        # of the ground at the shifted times in the cameras' frame, moment about the ground origin
        alignment = Alignment.of(values)
        self.wrench, self.later = wrench, time + values.get(CLOCK, 0.0)
        placed = wrench.placed(values)
        self.force, self.moment, self.force_rate, self.moment_rate = (
            np.asfortranarray(part)
            for order in (0, 1)
            for part in alignment.applied(*placed.at(self.later, order))
        )

    @property
    def residual(self) -> Residual:
        """Residual of the equations of motion."""
        mass, area = self.skeleton.mass.sum(), self.values.get(DRAG, 0.0)
        linear = mass * (self.acceleration - self.skeleton.gravity) - self.force
        if self.drags:
            linear = linear + drag(self.velocity, area)
        angular = self._rates.sum(axis=1) - self.moment + cross(self.com, self.force)
        return Residual(linear, angular)

    @cached_property
    def _rates(self) -> FloatArray:
        """Rate of every segment's angular momentum about the centre of mass, (T, B, 3)."""
        return angular_momentum_rate(self.motion, self.com, self.acceleration)

    @cached_property
    def _resistance(self) -> FloatArray:
        """Derivative of the drag by the velocity of the centre of mass, (T, 3, 3)."""
        area = self.values.get(DRAG, 0.0) * self.drags
        v = self.velocity
        speed = np.maximum(np.linalg.norm(v, axis=1), 1e-9)[:, None, None]
        slope = speed * np.eye(3) + v[:, :, None] * v[:, None, :] / speed
        return np.asfortranarray(0.5 * AIR_DENSITY * area * slope)

    def by_parameter(self, name: str) -> FloatArray:
        """Derivative of the residual's rows by a parameter, (T, 6)."""
        if name == CLOCK:
            turned = cross(self.com, self.force_rate) - self.moment_rate
            return np.concatenate([-self.force_rate, turned], axis=1)
        if name == DRAG:
            unit = drag(self.velocity, 1.0) * self.drags
            return np.concatenate([unit, np.zeros_like(unit)], axis=1)
        if name in ALIGNMENT:
            alignment = Alignment.of(self.values)
            force, moment = alignment.by_parameter(name, self.force, self.moment)
            weight = self.skeleton.mass.sum() * alignment.turned_by(name, self.skeleton.gravity)
            return np.concatenate([-force - weight, cross(self.com, force) - moment], axis=1)
        if name.startswith(CENTRES):
            rows: FloatArray = self._by_centres[:, centre_direction(name)]
            return rows
        if plate_error(name)[1]:
            moved = self.wrench.by_plate_error(name, self.later, self.values)
            force, moment = Alignment.of(self.values).applied(*moved)
            return np.concatenate([-force, cross(self.com, force) - moment], axis=1)
        if name in SOFT_TISSUE:
            return np.zeros((len(self.com), 6))
        return self._by_masses(name)

    def _by_masses(self, name: str) -> FloatArray:
        """Derivative by a parameter that scales segment masses, (T, 6)."""
        mass, scale = self.skeleton.mass, 1.0 + self.values.get(MASS, 0.0)
        if name == MASS:
            gain = mass / scale
        else:
            shares = mass_shares(self.runner, self.runner.parts[name])
            gain = scale * shares * self.runner.skeleton.mass
        share = np.divide(gain, mass, out=np.zeros_like(mass), where=mass > 0.0)
        com, velocity, acceleration = (
            combined(gain[None], values)[:, 0]
            for values in (self.motion.com, self.motion.velocity, self.motion.acceleration)
        )
        total, gained = mass.sum(), gain.sum()
        faster = (velocity - gained * self.velocity) / total
        linear = acceleration - gained * self.skeleton.gravity + rotate(self._resistance, faster)
        arm = (com - gained * self.com) / total
        angular = combined(share[None], self._rates)[:, 0] + cross(arm, self.force)
        return np.concatenate([linear, angular], axis=1)

    @cached_property
    def _by_centres(self) -> FloatArray:
        """Derivatives by displacements of the segments' centres of mass, (T, D, 6)."""
        kinematics, motion, mass = self.kinematics, self.motion, self.skeleton.mass
        axes = kinematics.rotation.swapaxes(2, 3)  # of every segment: (T, B, axis, 3)
        weight, omega = mass[:, None, None], kinematics.angular_velocity[:, :, None]
        faster = cross(weight * omega, axes)
        pushed = cross(weight * kinematics.angular_acceleration[:, :, None], axes)
        pushed += cross(omega, faster)
        arm = (motion.com - self.com[:, None])[:, :, None]
        relative = (motion.acceleration - self.acceleration[:, None])[:, :, None]
        load = weight * (relative + self.force[:, None, None] / mass.sum())
        angular = cross(axes, load) + cross(arm, pushed)
        parts = np.concatenate([pushed.T, angular.T, faster.T])  # (9, axis, B, T)
        directions = self.runner.centres.transpose(0, 2, 1).reshape(len(self.runner.centres), -1)
        rows = combined(directions, parts.reshape(9, -1, len(axes)).T)
        rows[..., :3] += rotate(self._resistance[:, None], rows[..., 6:]) / mass.sum()
        return rows[..., :6]

    def by_motion(
        self, jacobians: MomentumJacobians, rates: MomentumJacobians
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Derivatives (T, 6, N) of the residual's rows by coordinates, speeds and accelerations.

        ``∂r/∂u' = A``, ``∂r/∂u = A' + B``, ``∂r/∂q = B' + [0; (∂c/∂q) × F]``, and of the drag ``k
        |v| v`` with ``k = ρ A / 2``: ``k (|v| 1 + v vᵀ / |v|)`` times ∂v/∂u and ∂v/∂q.
        """
        mass = self.skeleton.mass.sum()
        by_u = rates.by_speed + jacobians.by_coordinate
        by_q = rates.by_coordinate.copy()
        shift = jacobians.by_speed[:, :3] / mass
        by_q[:, 3:] += cross(shift.transpose(0, 2, 1), self.force[:, None]).transpose(0, 2, 1)
        by_u[:, :3] += self._resistance @ jacobians.by_speed[:, :3] / mass
        by_q[:, :3] += self._resistance @ jacobians.by_coordinate[:, :3] / mass
        return by_q, by_u, jacobians.by_speed


def rates_over_frames(
    jacobians: MomentumJacobians, frames: BoolArray, step: float
) -> MomentumJacobians:
    """Differentiate Jacobians along the motion by central differences.

    Within 1 % (speeds) and 5 % (coordinates) of exact: enough for Gauss-Newton steps, whose
    solution they do not change.
    """
    number = np.cumsum(frames) - 1
    rates = [np.empty_like(jacobians.by_speed), np.empty_like(jacobians.by_coordinate)]
    for start, stop in runs(frames):
        part = slice(number[start], number[stop - 1] + 1)
        for rate, values in zip(rates, (jacobians.by_speed, jacobians.by_coordinate), strict=True):
            rate[part] = np.gradient(values[part], step, axis=0, edge_order=2)
    return MomentumJacobians(*rates)
