"""Level C: which acceleration, and which ground reaction force, every cause brings about.

The equations of motion are linear in their causes: joint moments, gravity, the speeds, the measured
acceleration of the feet, and what the measurement leaves unexplained. Each cause alone, with the
foot held by the ground as the contact model says, gives accelerations and a ground reaction force;
their sums are the measured ones. A contribution is instantaneous, with all other moments held: it
does not say what would happen if a moment were different for a while.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aqbio.mechanics.contributions.contact_models import CONTACT_ROWS, FootConstraint
from aqbio.mechanics.contributions.induced_outcomes import Outcomes, body_outcomes
from aqbio.mechanics.multibody.dynamics import inverse_dynamics
from aqbio.mechanics.multibody.inertia import mass_matrix
from aqbio.mechanics.multibody.jacobians import contact_jacobian, velocity_fields
from aqbio.mechanics.multibody.kinematics import SegmentKinematics
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import BoolArray, FloatArray, IntArray, combined, cross, transpose

GRAVITY_SOURCE, VELOCITY, CONTACT, REMAINDER = "gravity", "velocity", "contact", "remainder"
FURTHER_SOURCES = (GRAVITY_SOURCE, VELOCITY, CONTACT, REMAINDER)
"""Causes besides the generalised forces: weight, speeds (centripetal and Coriolis terms), measured
acceleration of the feet, and the measured wrench that the contact model cannot exert."""


@dataclass(frozen=True, slots=True)
class EquationsOfMotion:
    """A trial's equations of motion, solved for every cause, before the ground answers."""

    sources: tuple[str, ...]
    """tuple of S names. Joints, then ``FURTHER_SOURCES``."""
    free: IntArray
    """(N,) int array. Coordinates that move by themselves."""
    udot: FloatArray
    """(T, N, S) array. Accelerations by source without any contact."""
    reply: FloatArray
    """(T, F, N, 6) array. Accelerations per unit of moment and force at each foot's contact
    point."""
    jacobian: FloatArray
    """(T, F, 6, N) array. Motion of each foot at its contact point per unit of speed."""
    demand: FloatArray
    """(T, F, 6, S) array. Acceleration that the contact asks of each foot, by source."""
    feet: tuple[FootConstraint, ...]
    """tuple of F FootConstraint."""
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class InducedAccelerations:
    """What every source brings about, under one contact model."""

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
    """A body in motion: what its equations of motion hold, whatever the sources and the feet."""

    skeleton: Skeleton
    kinematics: SegmentKinematics
    """The measured motion."""
    groups: FloatArray
    """(G, B) array. Sums segments into groups."""
    pelvis: int
    """Index of the segment whose angular acceleration is asked for."""

    @cached_property
    def still(self) -> SegmentKinematics:
        """The same motion with the free coordinates' accelerations taken away."""
        return still_kinematics(self.skeleton, self.kinematics)

    @cached_property
    def velocity(self) -> FloatArray:
        """(T, N) array: generalised forces of the speeds on the free coordinates."""
        weightless = self.skeleton.of_size(gravity=np.zeros(3))
        return np.asarray(-inverse_dynamics(weightless, self.still)[:, self.skeleton.free])

    @cached_property
    def gravity(self) -> FloatArray:
        """(T, N) array: generalised forces of the weight on the free coordinates."""
        by_com, weight = self.outcomes.matrix[:, 0], self.skeleton.mass.sum(axis=-1)
        return np.asarray(weight[..., None] * (self.skeleton.gravity @ by_com))

    @cached_property
    def mass(self) -> FloatArray:
        """(T, N, N) array: mass matrix of the free coordinates."""
        return mass_matrix(self.skeleton, self.kinematics, self.skeleton.free)

    @cached_property
    def outcomes(self) -> Outcomes:
        """What accelerations of the free coordinates mean."""
        motions = self.kinematics, self.still
        return body_outcomes(self.skeleton, motions, self.groups, self.pelvis)


def equations_of_motion(
    body: MovingBody, forces: Mapping[str, FloatArray], feet: Sequence[FootConstraint]
) -> EquationsOfMotion:
    """Equations of motion of all frames, with one right-hand side per source.

    Parameters
    ----------
    forces : mapping
        Generalised forces (T, C) by source; together those of inverse dynamics, root included.

    Notes
    -----
    ``M u̇ = Σ τ_s + τ_gravity − C + Σ_f J_fᵀ w_f``. Couplers are substituted and locked coordinates
    follow what is given for them (their share is among the velocity terms), so that M is that of
    the free coordinates and positive definite.
    """
    skeleton, kinematics = body.skeleton, body.kinematics
    free, nothing = skeleton.free, np.zeros_like(body.gravity)
    own = [force[:, free] for force in forces.values()]
    columns = [*own, body.gravity, body.velocity, nothing, nothing]
    jacobian = np.stack([_jacobian(skeleton, kinematics, foot)[:, :, free] for foot in feet], 1)
    by_wrench = transpose(jacobian.reshape(len(jacobian), -1, len(free)))
    sides = np.concatenate([np.stack(columns, axis=-1), by_wrench], axis=-1)
    solved = np.linalg.solve(body.mass, sides)
    reply = solved[:, :, len(columns) :].reshape(*solved.shape[:2], len(feet), 6)
    sources = (*forces, *FURTHER_SOURCES)
    demand = np.zeros((len(solved), len(feet), 6, len(sources)))
    for place, foot in enumerate(feet):
        measured, speeds = (_acceleration(skeleton, one, foot) for one in (kinematics, body.still))
        demand[:, place, :, sources.index(CONTACT)] = measured
        demand[:, place, :, sources.index(VELOCITY)] = -speeds
    return EquationsOfMotion(
        sources=sources,
        free=free,
        udot=solved[:, :, : len(columns)],
        reply=reply.transpose(0, 2, 1, 3),
        jacobian=jacobian,
        demand=demand,
        feet=tuple(feet),
        outcomes=body.outcomes,
    )


def induced_accelerations(equations: EquationsOfMotion, contact_model: str) -> InducedAccelerations:
    """Accelerations and ground reactions by source, with the feet held by the ground.

    Parameters
    ----------
    contact_model : {"C1", "C2", "C3"}
        Key of `aqbio.mechanics.contributions.contact_models.CONTACT_ROWS`.

    Notes
    -----
    With the rows A of all feet on the ground, ``A u̇_s = d_s`` (the contact's demand) and
    ``u̇_s = u̇⁰_s + M⁻¹ Aᵀ λ_s``: ``λ_s = (A M⁻¹ Aᵀ)⁻¹ (d_s − A u̇⁰_s)``. Frames are solved together
    by which feet touch; in flight nothing is held.

    References
    ----------
    Zajac FE, Gordon ME (1989), Exercise and Sport Sciences Reviews 17, 187-230; Hamner SR, Seth A,
    Delp SL (2010), J Biomech 43, 2709-2716.
    """
    rows = CONTACT_ROWS[contact_model]
    touching = np.stack([foot.touching for foot in equations.feet], axis=1)
    measured = np.stack([foot.wrench for foot in equations.feet], axis=1)
    free = measured - np.where(touching[..., None], measured @ (rows.T @ rows), 0.0)
    udot = equations.udot.copy()
    remainder = equations.sources.index(REMAINDER)
    reply = equations.reply.transpose(0, 2, 1, 3).reshape(*udot.shape[:2], -1)
    udot[..., remainder] = (reply @ free.reshape(len(free), -1, 1))[..., 0]
    wrench = np.zeros((*measured.shape, len(equations.sources)))
    for pattern in np.unique(touching, axis=0):
        if pattern.any():
            frames = np.flatnonzero((touching == pattern).all(axis=1))
            wrench[frames] = _ground_reply(equations, rows, pattern, frames, udot[frames])
    udot += reply @ wrench.reshape(len(wrench), -1, wrench.shape[-1])
    wrench[..., remainder] += free
    return _induced(equations, contact_model, udot, wrench)


def _ground_reply(
    equations: EquationsOfMotion,
    rows: FloatArray,
    pattern: BoolArray,
    frames: IntArray,
    udot: FloatArray,
) -> FloatArray:
    """(frames, F, 6, S) wrenches that hold the touching feet."""
    held = np.flatnonzero(pattern)
    jacobian = rows @ equations.jacobian[frames][:, held]
    count = jacobian.shape[1] * jacobian.shape[2]
    stacked = jacobian.reshape(len(frames), count, -1)
    answer = equations.reply[frames][:, held] @ rows.T
    answer = answer.transpose(0, 2, 1, 3).reshape(len(frames), -1, count)
    demand = (rows @ equations.demand[frames][:, held]).reshape(len(frames), count, -1)
    force = np.linalg.solve(stacked @ answer, demand - stacked @ udot)
    wrench = np.zeros((len(frames), len(pattern), 6, force.shape[-1]))
    wrench[:, held] = rows.T @ force.reshape(len(frames), len(held), len(rows), -1)
    return wrench


def _induced(
    equations: EquationsOfMotion, contact_model: str, udot: FloatArray, wrench: FloatArray
) -> InducedAccelerations:
    outcomes = equations.outcomes
    frames, rows, _, count = outcomes.matrix.shape
    found = (outcomes.matrix.reshape(frames, -1, count) @ udot).reshape(frames, rows, 3, -1)
    found[..., equations.sources.index(VELOCITY)] += outcomes.still
    found = found.transpose(0, 3, 1, 2)
    points = np.stack([foot.point for foot in equations.feet], axis=1)
    force = wrench[:, :, 3:].transpose(0, 3, 1, 2)
    lever = cross((points - outcomes.com[:, None])[:, None], force)
    return InducedAccelerations(
        contact_model=contact_model,
        sources=equations.sources,
        udot=np.swapaxes(udot, 1, 2),
        force=force,
        moment=wrench[:, :, :3].transpose(0, 3, 1, 2) + lever,
        com_acceleration=found[:, :, 0],
        pelvis_acceleration=found[:, :, 1],
        group_rate=found[:, :, 2:],
    )


def still_kinematics(skeleton: Skeleton, kinematics: SegmentKinematics) -> SegmentKinematics:
    """The same motion with the free coordinates' accelerations taken away.

    Notes
    -----
    These turn and shift all that lies beyond their axes: ``α − Σ t θ''`` and
    ``a − Σ (s + t × (p − o)) θ''`` with the axes' fields t and s.
    """
    udot = kinematics.udot.copy()
    udot[:, skeleton.free] = 0.0
    about = kinematics.origin.mean(axis=1)
    fields = velocity_fields(skeleton, kinematics, about)
    taken = (kinematics.udot - udot)[:, fields.coordinate, None]
    beyond = skeleton.lineage[:, fields.body].astype(float)
    turn, shift = (combined(beyond, taken * one) for one in (fields.turn, fields.shift))
    linear = shift + cross(turn, kinematics.origin - about[:, None])
    return replace(
        kinematics,
        udot=udot,
        acceleration=kinematics.acceleration - linear,
        angular_acceleration=kinematics.angular_acceleration - turn,
    )


def _jacobian(
    skeleton: Skeleton, kinematics: SegmentKinematics, foot: FootConstraint
) -> FloatArray:
    """(T, 6, C) motion at its contact point, per unit of speed, of what bears a foot's load."""
    parts = [
        np.reshape(part, (-1, 1, 1))
        * contact_jacobian(skeleton, kinematics, skeleton.bodies.index(body), foot.point)
        for body, part in foot.load.borne()
    ]
    return np.asarray(sum(parts[1:], start=parts[0]))


def contact_velocity(
    skeleton: Skeleton, kinematics: SegmentKinematics, foot: FootConstraint
) -> FloatArray:
    """Velocity at its contact point of what bears a foot's load, (T, 3), m/s.

    Of a part that rolls on the ground it is zero: the ground's point is another one from instant to
    instant.
    """
    parts = []
    for name, part in foot.load.borne():
        body = skeleton.bodies.index(name)
        arm = foot.point - kinematics.origin[:, body]
        turning = cross(kinematics.angular_velocity[:, body], arm)
        parts.append(part * (kinematics.velocity[:, body] + turning))
    return np.asarray(sum(parts[1:], start=parts[0]))


def _acceleration(
    skeleton: Skeleton, kinematics: SegmentKinematics, foot: FootConstraint
) -> FloatArray:
    """(T, 6) acceleration at its contact point of what bears a foot's load."""
    parts = [
        part * _contact_acceleration(kinematics, skeleton.bodies.index(body), foot.point)
        for body, part in foot.load.borne()
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
