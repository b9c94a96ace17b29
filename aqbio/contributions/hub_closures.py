"""Closures of level B: every identity by two routes that share no line of code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aqbio.contributions.hub import ChainBalance, HubKinetics
from aqbio.contributions.joint_power import energy_rate
from aqbio.contributions.level_a import Closure, LevelA, closure
from aqbio.multibody.dynamics import RESIDUAL, ExternalLoad, JointWrenches
from aqbio.multibody.jacobians import axis_fields, velocity_fields
from aqbio.multibody.kinematics import SegmentKinematics, SegmentMotion
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray, cross, dot

SAME_MOTION = 1e-8
"""Tolerance of identities between numbers of one and the same motion: they differ by round-off."""

VERTICAL = 1


@dataclass(frozen=True, slots=True)
class Mechanics:
    """A trial's motion and all that acts on it: what closures are computed from."""

    skeleton: Skeleton
    kinematics: SegmentKinematics
    motion: SegmentMotion
    loads: tuple[ExternalLoad, ...]
    wrenches: JointWrenches
    forces: FloatArray
    """(T, C) array, N m or N. Generalised forces of inverse dynamics."""
    balance: LevelA
    surface_height: float = 0.0
    """Of the ground that the feet touch, m."""


def virtual_power(mechanics: Mechanics) -> tuple[FloatArray, FloatArray]:
    """Generalised forces by the principle of virtual power, without any recursion.

    Returns
    -------
    forces : (T, C) array, N m or N
    scale : (T, C) array
        Sum of the absolute terms: what round-off is relative to, also where they cancel.

    Notes
    -----
    A coordinate's velocity field ``v(p) = s + t × (p − o)`` moves all segments beyond its joint:
    ``τ = t · Σ [d(I ω)/dt + (c_i − o) × m_i (a_i − g) − M − (p − o) × F] + s · Σ [m_i (a_i − g) −
    F]``.
    """
    skeleton, motion = mechanics.skeleton, mechanics.motion
    about = mechanics.balance.com
    force = motion.mass[:, None] * (motion.acceleration - skeleton.gravity)
    moment = motion.spin_rate + cross(motion.com - about[:, None], force)
    for load in mechanics.loads:
        for name, part in load.borne():
            body = skeleton.bodies.index(name)
            force[:, body] -= part * load.force
            moment[:, body] -= part * (load.moment + cross(load.point - about, load.force))
    fields = axis_fields(skeleton, mechanics.kinematics, about)
    beyond = skeleton.lineage[:, fields.body].astype(float)

    def felt(moments: FloatArray, forces: FloatArray, turn: FloatArray, shift: FloatArray) -> Any:
        turning = dot(turn, np.einsum("tbi,bn->tni", moments, beyond))
        shifting = dot(shift, np.einsum("tbi,bn->tni", forces, beyond))
        return _by_coordinate(turning + shifting, fields.coordinate, mechanics.forces.shape)

    return (
        felt(moment, force, fields.turn, fields.shift),
        felt(np.abs(moment), np.abs(force), np.abs(fields.turn), np.abs(fields.shift)),
    )


def projected_wrenches(mechanics: Mechanics) -> FloatArray:
    """Joint wrenches projected on the relative motion that each coordinate allows.

    Returns
    -------
    (T, C) array, N m or N

    Notes
    -----
    ``τ_j = (∂ω_rel/∂u_j) · n + (∂v_rel/∂u_j) · f``, with the relative velocity at the joint
    centre, summed over the joints that a coordinate moves.
    """
    fields = velocity_fields(mechanics.skeleton, mechanics.kinematics, mechanics.balance.com)
    centre = mechanics.kinematics.joint_centre[:, fields.body]
    shift = fields.shift + cross(fields.turn, centre - fields.about[:, None])
    work = dot(fields.turn, mechanics.wrenches.moment[:, fields.body])
    work += dot(shift, mechanics.wrenches.force[:, fields.body])
    return _by_coordinate(work, fields.coordinate, mechanics.forces.shape)


def hub_closures(
    mechanics: Mechanics,
    hubs: Sequence[tuple[HubKinetics, ChainBalance]],
    tolerance: float = SAME_MOTION,
) -> list[Closure]:
    """Closures B0 to B4 of level B.

    Parameters
    ----------
    hubs : sequence of (HubKinetics, ChainBalance)
        The pelvis first, then further hubs.

    Returns
    -------
    list of Closure
        B3 is a number to report, not an identity: how small the pelvis's own inertia is beside
        what turns it.
    """
    found = [_projection(mechanics, tolerance)]
    for kinetics, balance in hubs:
        suffix = "" if kinetics.hub.name == "pelvis" else f"_{kinetics.hub.name}"
        found.append(_hub_equation(mechanics, kinetics, f"B1{suffix}", tolerance))
        found.append(_chain_equation(kinetics, balance, f"B2{suffix}", tolerance))
    return [*found, _hub_inertia(hubs[0][0]), _energy(mechanics, tolerance)]


def _projection(mechanics: Mechanics, tolerance: float) -> Closure:
    power, scale = virtual_power(mechanics)
    differences = [mechanics.forces - power, projected_wrenches(mechanics) - power]
    absolute = np.abs(np.stack(differences, axis=1))
    largest = np.broadcast_to(scale.max(axis=0), absolute.shape)
    relative = np.divide(absolute, largest, out=np.zeros_like(absolute), where=largest > 0)
    return Closure(
        "B0",
        "joint wrenches projected on each coordinate = its moment = virtual power",
        float(relative.max()),
        float(np.sqrt((relative**2).mean())),
        tolerance,
    )


def _hub_equation(
    mechanics: Mechanics, kinetics: HubKinetics, name: str, tolerance: float
) -> Closure:
    """Euler's equation of the hub; the pelvis's residual is level A's, not the recursion's."""
    hub, balance = kinetics.hub, mechanics.balance
    terms = kinetics.wrench.copy()
    if hub.base == RESIDUAL:
        arm = balance.com - kinetics.com
        terms[:, -1] = balance.residual_moment + cross(arm, balance.residual_force)
    for load in mechanics.loads:
        if mechanics.skeleton.bodies.index(load.body) in hub.members:
            own = load.moment + cross(load.point - kinetics.com, load.force)
            terms = np.concatenate([terms, own[:, None]], axis=1)
    identity = f"rate of the {hub.name}'s own angular momentum = sum of the moments on it"
    return closure(name, identity, kinetics.rate - terms.sum(axis=1), terms, tolerance)


def _chain_equation(
    kinetics: HubKinetics, balance: ChainBalance, name: str, tolerance: float
) -> Closure:
    """``dH_k/dt = −W_k + M_ext,k + G_k`` of every chain, the hub's own sum, and ``Σ G = 0``."""
    sign = np.full(len(balance.parts), -1.0)
    sign[-1] = 1.0
    terms = np.stack(
        [sign[:, None] * balance.moment_on_hub, balance.external, balance.apparent_weight], axis=2
    )
    checks = [
        closure(name, "", balance.rate[:, k] - terms[:, k].sum(axis=1), terms[:, k], tolerance)
        for k in range(len(balance.parts))
    ]
    if kinetics.hub.base == RESIDUAL:
        weight = balance.apparent_weight
        beside = np.concatenate([weight, balance.moment_on_hub], axis=1)
        checks.append(closure(name, "", weight.sum(axis=1), beside, tolerance))
    worst = max(checks, key=lambda check: check.value)
    identity = (
        "rate of each chain's H = - its moment on the hub + external moment + apparent weight"
    )
    return Closure(name, identity, worst.value, worst.rms, tolerance)


def _hub_inertia(kinetics: HubKinetics) -> Closure:
    vertical = np.abs(kinetics.wrench[..., VERTICAL]).sum(axis=1)
    share = np.abs(kinetics.rate[:, VERTICAL]) / vertical.max()
    identity = "(reported) yaw inertia of the pelvis / sum of the moments on it: they must cancel"
    return Closure("B3", identity, float(share.max()), float(np.sqrt((share**2).mean())), 1.0)


def _energy(mechanics: Mechanics, tolerance: float) -> Closure:
    """Power of all joints, loads and the residual = rate of energy."""
    kinematics, skeleton = mechanics.kinematics, mechanics.skeleton
    joints = mechanics.forces * kinematics.u
    power = joints.sum(axis=1)
    for load in mechanics.loads:
        for name, part in load.borne():
            body = skeleton.bodies.index(name)
            omega = kinematics.angular_velocity[:, body]
            arm = load.point - kinematics.origin[:, body]
            velocity = kinematics.velocity[:, body] + cross(omega, arm)
            power = power + dot(part * load.force, velocity) + dot(part * load.moment, omega)
    terms = energy_rate(mechanics.motion, kinematics, skeleton.gravity)
    both = np.concatenate([terms, joints], axis=1)[..., None]
    identity = "power of joints, loads and residual = rate of mechanical energy"
    return closure("B4", identity, (terms.sum(axis=1) - power)[:, None], both, tolerance)


def _by_coordinate(values: FloatArray, coordinate: IntArray, shape: tuple[int, ...]) -> FloatArray:
    """Add up the values of every coordinate's fields."""
    total = np.zeros(shape)
    for place, index in enumerate(coordinate):
        total[:, index] += values[:, place]
    return total
