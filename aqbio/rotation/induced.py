"""Level C: acceleration and ground reaction force induced by every source.

The equations of motion are linear in their sources: joint moments, gravity, the speeds, the
measured acceleration of the feet, and what the measurement leaves unexplained. Each source by
itself, with the foot held by the ground as the contact model says, gives accelerations and a ground
reaction force; their sums are the measured ones. A contribution is instantaneous, with all other
moments held constant; it does not predict the effect of changing a moment over time.

A contact model is a set of rows of the six motions of a foot at its contact point (three of
translation, three of rotation, ground axes). The ground answers along the same rows: with force
along the translations and with moment along the rotations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from aqbio.force_plates.forces import centre_of_pressure
from aqbio.multibody.dynamics import ExternalLoad, newton_euler
from aqbio.multibody.jacobians import (
    angular_jacobian,
    contact_jacobian,
    mass_matrix,
    velocity_fields,
)
from aqbio.multibody.kinematics import SegmentKinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum_rate, centre_of_mass, momentum_matrix
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray, combined, cross

POINT = "C1"
"""Contact model: a point that cannot move."""

POINT_YAW = "C2"
"""Contact model: as C1, and no rotation about the vertical."""

WELD = "C3"
"""Contact model: no motion at all."""

HINDFOOT = "C4"
"""Contact model: as C2, with the whole load on the foot and none on the toes."""

CONTACT_ROWS: Mapping[str, FloatArray] = MappingProxyType(
    {
        POINT: np.eye(6)[[3, 4, 5]],
        POINT_YAW: np.eye(6)[[3, 4, 5, 1]],
        WELD: np.eye(6)[[3, 4, 5, 0, 1, 2]],
        HINDFOOT: np.eye(6)[[3, 4, 5, 1]],
    }
)
"""Rows by contact model; columns are rotation x, y, z, then translation x, y, z.

C1: the centre of pressure cannot move. C2 (primary): nor can the foot twist about the vertical;
its rows answer with every wrench that a flat ground can exert. C3: the foot cannot turn at all.
What cannot move is what bears the force: the mean of foot and toes, weighted as they bear it. C4:
as C2, with a foot that bears all of it and toes that bear nothing.
"""

MIN_MOBILITY_SHARE = 0.01
"""A foot that resists a motion like more than a hundred times the body's mass (at 1 m) cannot make
it: the pelvis of the model is not free to. A free body resists at most like 1 + h² of its masses, h
its height over the foot, m."""

FREE_ROOT = 6
"""Coordinates of a pelvis that moves and turns along all axes."""

MIN_CONTACT_FORCE_N = 20.0
"""Vertical force below which a foot has no defined centre of pressure, N."""


@dataclass(frozen=True, slots=True)
class FootConstraint:
    """One foot and the ground."""

    load: ExternalLoad
    """The measured load on the foot."""
    touching: BoolArray
    """(T,) bool array. Frames in which the foot is held by the ground."""
    point: FloatArray
    """(T, 3) array, m, ground. Contact point; anything finite where the foot is not held."""

    def frames(self, chosen: slice) -> FootConstraint:
        """Select a range of frames."""
        return FootConstraint(self.load.frames(chosen), self.touching[chosen], self.point[chosen])

    @property
    def on_the_hindfoot(self) -> FootConstraint:
        """Constraint with the whole load on the foot and none on the toes."""
        return replace(self, load=self.load.on_first_segment)

    @property
    def wrench(self) -> FloatArray:
        """(T, 6) measured moment about the contact point and force, N m and N."""
        arm = self.load.point - self.point
        moment = self.load.moment + cross(arm, self.load.force)
        return np.concatenate([moment, self.load.force], axis=1)


def foot_contact(
    load: ExternalLoad,
    contacts: BoolArray,
    *,
    surface_height: float = 0.0,
    minimum_force: float = MIN_CONTACT_FORCE_N,
) -> FootConstraint:
    """A foot's contact at its centre of pressure; `contacts` (T,) bool.

    A foot under less than the minimum vertical force, N, is not held: what it feels then, and all
    that a filter leaks into flight, is an external force without a constraint.
    """
    touching = contacts & (load.force[:, 1] >= minimum_force)
    about = np.broadcast_to(load.point, load.force.shape)
    pressure, _ = centre_of_pressure(load.force, load.moment, about, surface_height, minimum_force)
    return FootConstraint(load, touching, np.where(touching[:, None], pressure, 0.0))


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Linear map from accelerations of the coordinates to outcomes, and its velocity terms.

    Rows, x, y, z each: acceleration of the whole body's centre of mass, angular acceleration of the
    pelvis, and rate of each group's angular momentum about that centre; R = 6 + 3 G.
    """

    com: FloatArray
    """(T, 3) array, m, ground. The whole body's centre of mass."""
    mass: FloatArray
    """() or (T,) array, kg. Of the whole body."""
    matrix: FloatArray
    """(T, R, N) array."""
    at_zero_acceleration: FloatArray
    """(T, R) array. Outcomes at ``udot = 0``."""


def body_outcomes(
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    unaccelerated: SegmentKinematics,
    groups: FloatArray,
    pelvis: int,
) -> Outcomes:
    """Linear map from accelerations of the free coordinates to the outcomes of the body.

    `kinematics` is the measured motion, `unaccelerated` the same without accelerations of the free
    coordinates; `groups` (G, B) sums segments; `pelvis` is the segment whose angular acceleration
    is an outcome.
    """
    free = skeleton.free
    motion = segment_motion(skeleton, unaccelerated)
    com, _, acceleration = centre_of_mass(motion)
    mass = motion.mass.sum(axis=-1)
    arm = motion.mass[..., None] * (motion.com - com[:, None])
    first_moment = np.einsum("gb,tbi->tgi", groups, arm, order="F")
    by_speed = momentum_matrix(skeleton, kinematics, groups, com).swapaxes(2, 3)
    pulled = by_speed[..., 3:].sum(axis=1) / mass[..., None, None]
    turned = by_speed[..., :3] - cross(first_moment[:, :, None], pulled[:, None])
    matrix = np.empty((len(com), 6 + 3 * len(groups), len(free)))
    matrix[:, :3] = pulled[:, free].swapaxes(1, 2)
    matrix[:, 3:6] = angular_jacobian(skeleton, kinematics, pelvis)[..., free]
    by_group = matrix[:, 6:].reshape(len(com), len(groups), 3, len(free))
    by_group[...] = turned[:, :, free].swapaxes(2, 3)
    rate = angular_momentum_rate(motion, com, acceleration)
    turning = np.einsum("gb,tbi->tgi", groups, rate).reshape(len(com), -1)
    rows = (acceleration, unaccelerated.angular_acceleration[:, pelvis], turning)
    return Outcomes(com, mass, matrix, np.concatenate(rows, axis=1))


GRAVITY_SOURCE = "gravity"
VELOCITY = "velocity"
CONTACT = "contact"
REMAINDER = "remainder"
FURTHER_SOURCES = (GRAVITY_SOURCE, VELOCITY, CONTACT, REMAINDER)
"""Sources other than the generalised forces: weight, speeds (centripetal and Coriolis terms),
measured acceleration of the feet, and the measured wrench that the contact model cannot exert."""


@dataclass(frozen=True, slots=True)
class EquationsOfMotion:
    """A trial's equations of motion, solved for every cause, before the ground answers.

    Motions and wrenches of F feet lie one behind the other, six numbers each.
    """

    sources: tuple[str, ...]
    """tuple of S names. Joints, actuators, then ``FURTHER_SOURCES``."""
    udot: FloatArray
    """(T, N, S) array. Accelerations of the free coordinates by source without any contact."""
    reply: FloatArray
    """(T, N, 6 F) array. Accelerations per unit of moment and force at each foot's contact
    point."""
    compliance: FloatArray
    """(T, 6 F, 6 F) array. Of the feet at their contact points: acceleration per unit of wrench."""
    demand: FloatArray
    """(T, 6 F, S) array. Acceleration that the contact asks of the feet by source, beyond that
    which they have without it."""
    feet: tuple[FootConstraint, ...]
    """tuple of F FootConstraint."""
    outcomes: Outcomes
    is_free: bool = True
    """True if the pelvis moves and turns along all axes; in a planar model it does not."""


@dataclass(frozen=True, slots=True)
class InducedAccelerations:
    """Accelerations and ground reactions induced by every source under one contact model."""

    contact_model: str
    sources: tuple[str, ...]
    """tuple of S names."""
    udot: FloatArray
    """(T, S, N) array, rad/s² or m/s². Of the free coordinates."""
    force: FloatArray
    """(T, S, F, 3) array, N. Of the ground on each foot. The remainder's includes the measured
    force that it stands for."""
    moment: FloatArray
    """(T, S, F, 3) array, N m. Of the ground on each foot, about the whole body's centre of mass:
    lever arm and free moment."""
    com_acceleration: FloatArray
    """(T, S, 3) array, m/s²."""
    pelvis_acceleration: FloatArray
    """(T, S, 3) array, rad/s². Angular acceleration of the pelvis."""
    group_rate: FloatArray
    """(T, S, G, 3) array, N m. Rate of each group's angular momentum about the whole body's centre
    of mass."""

    @property
    def momentum_rate(self) -> FloatArray:
        """(T, S, 3), N m: rate of the whole body's angular momentum."""
        total: FloatArray = self.group_rate.sum(axis=2)
        return total


@dataclass(frozen=True, eq=False)
class MovingBody:
    """Body in motion: terms of its equations of motion that sources and feet do not change."""

    skeleton: Skeleton
    kinematics: SegmentKinematics
    """The measured motion."""
    groups: FloatArray
    """(G, B) array. Sums segments into groups."""
    pelvis: int
    """Index of the segment whose angular acceleration is an outcome."""

    @cached_property
    def unaccelerated(self) -> SegmentKinematics:
        """Kinematics with the accelerations of the free coordinates set to zero."""
        return unaccelerated_kinematics(self.skeleton, self.kinematics)

    @cached_property
    def velocity(self) -> FloatArray:
        """(T, C) array: generalised forces of the speeds."""
        weightless = self.skeleton.of_size(gravity=np.zeros(3))
        return np.asarray(-newton_euler(weightless, self.unaccelerated))

    @cached_property
    def gravity(self) -> FloatArray:
        """(T, N) array: generalised forces of the weight on the free coordinates."""
        weight = self.outcomes.mass[..., None, None] * self.skeleton.gravity[:, None]
        felt: FloatArray = (self.outcomes.matrix[:, :3] * weight).sum(axis=1)
        return felt

    @cached_property
    def mobility(self) -> FloatArray:
        """(T, N, N) array: inverse of the mass matrix of the free coordinates."""
        matrix = mass_matrix(self.skeleton, self.kinematics, self.skeleton.free)
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)

    @cached_property
    def outcomes(self) -> Outcomes:
        """Outcomes as a linear function of accelerations of the free coordinates."""
        return body_outcomes(
            self.skeleton, self.kinematics, self.unaccelerated, self.groups, self.pelvis
        )


def equations_of_motion(
    body: MovingBody,
    forces: FloatArray,
    coordinates: Mapping[str, IntArray],
    feet: Sequence[FootConstraint],
    actuators: Mapping[str, FloatArray] = MappingProxyType({}),
) -> EquationsOfMotion:
    """Equations of motion of all frames, with one right-hand side per source.

    `forces` (T, C) of inverse dynamics, root included; by source its coordinates, each in one only.
    `actuators`: generalised forces (T, C) of muscles, each a source of its own; a joint then keeps
    what they leave of its moment.

    ``M u̇ = Σ τ_s + τ_gravity − C + Σ_f J_fᵀ w_f``. Couplers are substituted and locked coordinates
    follow what is given for them (their share is among the velocity terms), so that M is that of
    the free coordinates and positive definite.
    """
    skeleton, free = body.skeleton, body.skeleton.free
    sources = (*coordinates, *actuators, *FURTHER_SOURCES)
    gravity, velocity, contact = (sources.index(source) for source in FURTHER_SOURCES[:3])
    belongs = np.zeros((len(free), len(sources)))
    for index, chosen in enumerate(coordinates.values()):
        belongs[:, index] = np.isin(free, chosen)
    pushed = forces[:, free, None] * belongs
    for name, drive in actuators.items():
        pushed -= drive[:, free, None] * belongs
        pushed[..., sources.index(name)] = drive[:, free]
    pushed[..., gravity], pushed[..., velocity] = body.gravity, body.velocity[:, free]
    udot = body.mobility @ pushed
    jacobian = np.concatenate([_jacobian(body, foot) for foot in feet], axis=1)
    reply = body.mobility @ np.swapaxes(jacobian, 1, 2)
    demand = -(jacobian @ udot)
    for index, foot in enumerate(feet):
        demand_of_foot = demand[:, 6 * index : 6 * index + 6]
        demand_of_foot[..., contact] += _acceleration(skeleton, body.kinematics, foot)
        demand_of_foot[..., velocity] -= _acceleration(skeleton, body.unaccelerated, foot)
    return EquationsOfMotion(
        sources=sources,
        udot=udot,
        reply=reply,
        compliance=jacobian @ reply,
        demand=demand,
        feet=tuple(feet),
        outcomes=body.outcomes,
        is_free=len(root_coordinates(skeleton)) >= FREE_ROOT,
    )


def root_coordinates(skeleton: Skeleton) -> IntArray:
    """Free coordinates (N,) of the joint between ground and body."""
    of_root = skeleton.driver[skeleton.parent[skeleton.axes.body] == GROUND]
    return np.intersect1d(skeleton.free, of_root)


def induced_accelerations(equations: EquationsOfMotion, contact_model: str) -> InducedAccelerations:
    """Accelerations and ground reactions by source, with the feet held as a contact model says.

    With the rows A of all feet on the ground, ``A u̇_s = d_s`` (the contact's demand) and ``u̇_s =
    u̇⁰_s + M⁻¹ Aᵀ λ_s``: ``λ_s = (A M⁻¹ Aᵀ)⁻¹ (d_s − A u̇⁰_s)``. Frames are solved together by
    which feet touch; in flight nothing is held. Zajac FE, Gordon ME (1989), Exercise and Sport
    Sciences Reviews 17, 187-230; Hamner SR, Seth A, Delp SL (2010), J Biomech 43, 2709-2716.

    A planar model has no motion along some rows: there the ground answers nothing (``P`` in place
    of the identity, `_movable_rows`), and what was measured along them is the remainder's.
    """
    rows = CONTACT_ROWS[contact_model]
    movable = None if equations.is_free else _movable_rows(equations, rows)
    touching = np.stack([foot.touching for foot in equations.feet], axis=1)
    measured = np.stack([foot.wrench for foot in equations.feet], axis=1)
    held = rows.T @ rows if movable is None else rows.T @ movable @ rows
    answered = (measured[..., None, :] @ held)[..., 0, :]
    free = measured - np.where(touching[..., None], answered, 0.0)
    wrench = np.zeros(equations.demand.shape)
    wrench[..., equations.sources.index(REMAINDER)] = free.reshape(len(free), -1)
    demand = equations.demand - equations.compliance @ wrench
    for pattern in np.unique(touching, axis=0):
        constraints = np.kron(np.eye(len(pattern))[pattern], rows)
        frames = np.flatnonzero((touching == pattern).all(axis=1))
        inertia = constraints @ equations.compliance[frames] @ constraints.T
        asked = constraints @ demand[frames]
        if movable is not None:
            projection = _block_diagonal(movable[frames][:, pattern])
            rest = np.eye(projection.shape[1]) - projection
            inertia = projection @ inertia @ projection + rest
            asked = projection @ asked
        wrench[frames] += constraints.T @ np.linalg.solve(inertia, asked)
    return _induced(equations, contact_model, wrench)


def _movable_rows(equations: EquationsOfMotion, rows: FloatArray) -> FloatArray:
    """(T, F, K, K): projections of K rows onto the motions that the model lets each foot make."""
    starts = 6 * np.arange(len(equations.feet))
    blocks = [equations.compliance[:, at : at + 6, at : at + 6] for at in starts]
    mobility, axes = np.linalg.eigh(rows @ np.stack(blocks, axis=1) @ rows.T)
    least = MIN_MOBILITY_SHARE / np.broadcast_to(equations.outcomes.mass, len(mobility))
    is_movable = mobility > least[:, None, None]
    return np.asarray((axes * is_movable[..., None, :]) @ np.swapaxes(axes, -1, -2))


def _block_diagonal(blocks: FloatArray) -> FloatArray:
    """(T, F K, F K) array of blocks (T, F, K, K) along its diagonal."""
    frames, feet, rows, _ = blocks.shape
    diagonal = np.zeros((frames, feet, rows, feet, rows))
    for foot in range(feet):
        diagonal[:, foot, :, foot] = blocks[:, foot]
    return diagonal.reshape(frames, feet * rows, feet * rows)


def _induced(
    equations: EquationsOfMotion, contact_model: str, wrench: FloatArray
) -> InducedAccelerations:
    """Motion and force induced by the sources, given (T, 6 F, S) wrenches of the ground."""
    outcomes, frames = equations.outcomes, len(wrench)
    udot = equations.udot + equations.reply @ wrench
    outcome_values = outcomes.matrix @ udot
    outcome_values[..., equations.sources.index(VELOCITY)] += outcomes.at_zero_acceleration
    by_source = np.swapaxes(outcome_values, 1, 2)
    wrenches = np.swapaxes(wrench, 1, 2).reshape(frames, len(equations.sources), -1, 6)
    arms = np.stack([foot.point for foot in equations.feet], axis=1) - outcomes.com[:, None]
    force = wrenches[..., 3:]
    return InducedAccelerations(
        contact_model=contact_model,
        sources=equations.sources,
        udot=np.swapaxes(udot, 1, 2),
        force=force,
        moment=wrenches[..., :3] + cross(arms[:, None], force),
        com_acceleration=by_source[..., :3],
        pelvis_acceleration=by_source[..., 3:6],
        group_rate=by_source[..., 6:].reshape(frames, len(equations.sources), -1, 3),
    )


def unaccelerated_kinematics(
    skeleton: Skeleton, kinematics: SegmentKinematics
) -> SegmentKinematics:
    """Kinematics with the accelerations of the free coordinates set to zero.

    These turn and shift all that lies beyond their axes: ``α − Σ t θ''`` and ``a − Σ (s + t × (p −
    o)) θ''`` with the axes' fields t and s.
    """
    udot = kinematics.udot.copy()
    udot[:, skeleton.free] = 0.0
    about = kinematics.origin.mean(axis=1)
    fields = velocity_fields(skeleton, kinematics, about)
    removed_acceleration = (kinematics.udot - udot)[:, fields.coordinate, None]
    beyond = skeleton.lineage[:, fields.body].astype(float)
    turn, shift = (
        combined(beyond, removed_acceleration * field) for field in (fields.turn, fields.shift)
    )
    linear = shift + cross(turn, kinematics.origin - about[:, None])
    return replace(
        kinematics,
        udot=udot,
        acceleration=kinematics.acceleration - linear,
        angular_acceleration=kinematics.angular_acceleration - turn,
    )


def _jacobian(body: MovingBody, foot: FootConstraint) -> FloatArray:
    """(T, 6, N) motion at its contact point, per unit of speed, of what bears a foot's load."""
    skeleton, free = body.skeleton, body.skeleton.free
    parts = [
        np.reshape(part, (-1, 1, 1))
        * contact_jacobian(skeleton, body.kinematics, skeleton.bodies.index(name), foot.point)
        for name, part in foot.load.shares_by_segment()
    ]
    return np.asarray(sum(parts[1:], start=parts[0])[:, :, free])


def _acceleration(
    skeleton: Skeleton, kinematics: SegmentKinematics, foot: FootConstraint
) -> FloatArray:
    """(T, 6) acceleration at its contact point of what bears a foot's load."""
    parts = [
        part * _contact_acceleration(kinematics, skeleton.bodies.index(body), foot.point)
        for body, part in foot.load.shares_by_segment()
    ]
    return np.asarray(sum(parts[1:], start=parts[0]))


def _contact_acceleration(
    kinematics: SegmentKinematics, body: int, point: FloatArray
) -> FloatArray:
    """(T, 6) angular acceleration of a segment and acceleration of a point that it carries."""
    omega, alpha = kinematics.angular_velocity[:, body], kinematics.angular_acceleration[:, body]
    arm = point - kinematics.origin[:, body]
    linear = kinematics.acceleration[:, body] + cross(alpha, arm)
    return np.concatenate([alpha, linear + cross(omega, cross(omega, arm))], axis=1)
