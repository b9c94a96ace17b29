"""Identities of levels A, B and C, each by two routes that share no line of code."""

from __future__ import annotations

import numpy as np

from aqbio.multibody.dynamics import RESIDUAL
from aqbio.multibody.jacobians import axis_fields, velocity_fields
from aqbio.rotation.induced import GRAVITY_SOURCE, InducedAccelerations
from aqbio.rotation.levels import Levels, Mechanics
from aqbio.vectors import cross, dot

TOLERANCES = {"C-2": 1e-6, "C-5": 1e-6}
"""Where they differ from 1e-8: reactions, differences of large numbers where the foot is light."""


def broken(errors: dict[str, float]) -> set[str]:
    """Names of identities that do not hold, NaN included."""
    return {name for name, error in errors.items() if not error <= TOLERANCES.get(name, 1e-8)}


def relative(difference: np.ndarray, terms: np.ndarray) -> float:
    """Largest difference (T, 3) over the largest sum of absolute terms (T, K, 3)."""
    scale = np.abs(terms).sum(axis=1).max()
    return float(np.abs(difference).max() / (scale if scale > 0 else 1.0))


def identities(levels: Levels) -> dict[str, float]:
    """Those of levels B and C and of the shares, by name."""
    mechanics, balance, shares = levels.mechanics, levels.mechanics.balance, levels.shares
    total = balance.force.sum(axis=1) + balance.residual_force
    of_hub = np.concatenate([shares.relative, shares.as_the_hub[:, None]], axis=1)
    return {
        **level_b_identities(mechanics, levels.hubs),
        "S1": relative(shares.inertial.sum(axis=1) - total, shares.inertial),
        "S2": relative(of_hub.sum(axis=1) - total, of_hub),
        **level_c_identities(levels),
    }


def level_b_identities(mechanics: Mechanics, hubs) -> dict[str, float]:
    """Virtual power, Euler's equation of each hub, each chain's rate, and power."""
    errors = {"B0": _projection(mechanics), "B4": _energy(mechanics)}
    for kinetics, balance in hubs:
        suffix = "" if kinetics.hub.name == "pelvis" else f"_{kinetics.hub.name}"
        errors[f"B1{suffix}"] = _hub_equation(mechanics, kinetics)
        errors[f"B2{suffix}"] = _chain_equation(kinetics, balance)
    return errors


def _projection(mechanics):
    """Joint wrenches projected on each coordinate = its moment = virtual power."""
    power, scale = virtual_power(mechanics)
    differences = [mechanics.forces - power, projected_wrenches(mechanics) - power]
    absolute = np.abs(np.stack(differences, axis=1))
    largest = np.broadcast_to(scale.max(axis=0), absolute.shape)
    return (absolute / np.where(largest > 0, largest, np.inf)).max()


def virtual_power(mechanics):
    """Generalised forces (T, C) without any recursion, and the sums of their absolute terms.

    A coordinate's velocity field ``v(p) = s + t × (p − o)`` moves all segments beyond its joint:
    ``τ = t · Σ [d(I ω)/dt + (c_i − o) × m_i (a_i − g) − M − (p − o) × F] + s · Σ [m_i (a_i − g) −
    F]``.
    """
    skeleton, motion = mechanics.skeleton, mechanics.motion
    about = mechanics.balance.com
    force = motion.mass[:, None] * (motion.acceleration - skeleton.gravity)
    moment = motion.spin_rate + cross(motion.com - about[:, None], force)
    for load in mechanics.loads:
        for name, part in load.shares_by_segment():
            body = skeleton.bodies.index(name)
            force[:, body] -= part * load.force
            moment[:, body] -= part * (load.moment + cross(load.point - about, load.force))
    fields = axis_fields(skeleton, mechanics.kinematics, about)
    beyond = skeleton.lineage[:, fields.body].astype(float)

    def work(moments, forces, turn, shift):
        turning = dot(turn, np.einsum("tbi,bn->tni", moments, beyond))
        shifting = dot(shift, np.einsum("tbi,bn->tni", forces, beyond))
        return _by_coordinate(turning + shifting, fields.coordinate, mechanics.forces.shape)

    return (
        work(moment, force, fields.turn, fields.shift),
        work(np.abs(moment), np.abs(force), np.abs(fields.turn), np.abs(fields.shift)),
    )


def projected_wrenches(mechanics):
    """``τ_j = (∂ω_rel/∂u_j) · n + (∂v_rel/∂u_j) · f`` at the joint centres, (T, C)."""
    fields = velocity_fields(mechanics.skeleton, mechanics.kinematics, mechanics.balance.com)
    centre = mechanics.kinematics.joint_centre[:, fields.body]
    shift = fields.shift + cross(fields.turn, centre - fields.about[:, None])
    work = dot(fields.turn, mechanics.wrenches.moment[:, fields.body])
    work += dot(shift, mechanics.wrenches.force[:, fields.body])
    return _by_coordinate(work, fields.coordinate, mechanics.forces.shape)


def _by_coordinate(values, coordinate, shape):
    total = np.zeros(shape)
    for column, index in enumerate(coordinate):
        total[:, index] += values[:, column]
    return total


def _hub_equation(mechanics, kinetics):
    """Euler's equation of the hub; the pelvis's residual is level A's, not the recursion's."""
    hub, balance = kinetics.hub, mechanics.balance
    terms = kinetics.wrench.copy()
    if hub.base == RESIDUAL:
        arm = balance.com - kinetics.com
        terms[:, -1] = balance.residual_moment + cross(arm, balance.residual_force)
    for load in mechanics.loads:
        if mechanics.skeleton.bodies.index(load.body) in hub.members:
            load_moment = load.moment + cross(load.point - kinetics.com, load.force)
            terms = np.concatenate([terms, load_moment[:, None]], axis=1)
    return relative(kinetics.rate - terms.sum(axis=1), terms)


def _chain_equation(kinetics, balance):
    """``dH_k/dt = −W_k + M_ext,k + G_k`` of every chain, the hub's own sum, and ``Σ G = 0``."""
    sign = np.full(len(balance.parts), -1.0)
    sign[-1] = 1.0
    terms = np.stack(
        [sign[:, None] * balance.moment_on_hub, balance.external, balance.apparent_weight], axis=2
    )
    errors = [
        relative(balance.rate[:, k] - terms[:, k].sum(axis=1), terms[:, k])
        for k in range(len(balance.parts))
    ]
    if kinetics.hub.base == RESIDUAL:
        weight = balance.apparent_weight
        scale = np.concatenate([weight, balance.moment_on_hub], axis=1)
        errors.append(relative(weight.sum(axis=1), scale))
    return np.max(errors)


def _energy(mechanics):
    """Power of joints, loads and residual = rate of mechanical energy."""
    kinematics, skeleton, motion = mechanics.kinematics, mechanics.skeleton, mechanics.motion
    joints = mechanics.forces * kinematics.u
    power = joints.sum(axis=1)
    for load in mechanics.loads:
        for name, part in load.shares_by_segment():
            body = skeleton.bodies.index(name)
            omega = kinematics.angular_velocity[:, body]
            arm = load.point - kinematics.origin[:, body]
            velocity = kinematics.velocity[:, body] + cross(omega, arm)
            power = power + dot(part * load.force, velocity) + dot(part * load.moment, omega)
    pull = motion.mass[:, None] * (motion.acceleration - skeleton.gravity)
    rate = dot(motion.velocity, pull) + dot(kinematics.angular_velocity, motion.spin_rate)
    terms = np.concatenate([rate, joints], axis=1)[..., None]
    return relative((rate.sum(axis=1) - power)[:, None], terms)


def level_c_identities(levels: Levels) -> dict[str, float]:
    """Sources add up to the measured motion, and each obeys Newton and Euler by itself."""
    errors = [_of_sources(levels, induced) for induced in levels.induced.values()]
    return {name: max(of_model[name] for of_model in errors) for name in errors[0]}


def _of_sources(levels: Levels, induced: InducedAccelerations) -> dict[str, float]:
    mechanics, balance = levels.mechanics, levels.mechanics.balance
    scale = np.abs(induced.udot).sum(axis=1).max(axis=0)
    off = np.abs(induced.udot.sum(axis=1) - mechanics.kinematics.udot[:, mechanics.skeleton.free])
    reactions = (
        (induced.force, balance.force),
        (induced.moment, balance.moment_of_force + balance.free_moment),
    )
    return {
        "C-1": (off[:, scale > 0] / scale[scale > 0]).max(),
        "C-2": np.max([
            np.abs(caused.sum(axis=1) - measured).max() / max(np.abs(caused).sum(axis=1).max(), 1.0)
            for caused, measured in reactions
        ]),
        "C-3": relative(
            induced.com_acceleration.sum(axis=1) - balance.com_acceleration,
            induced.com_acceleration,
        ),
        "C-4": np.max([
            relative(
                (induced.group_rate.sum(axis=1) - levels.group_rate)[:, group],
                induced.group_rate[:, :, group],
            )
            for group in range(levels.group_rate.shape[1])
        ]),
        "C-5": _each_source(mechanics, induced),
    }  # fmt: skip


def _each_source(mechanics: Mechanics, induced: InducedAccelerations) -> float:
    """Difference between a source's effect on the body's momentum and on the ground's wrench.

    Gravity adds the weight, the residual its own wrench.
    """
    mass, balance = mechanics.skeleton.mass.sum(), mechanics.balance
    force, moment = induced.force.sum(axis=2), induced.moment.sum(axis=2)
    force[:, induced.sources.index(GRAVITY_SOURCE)] += mass * mechanics.skeleton.gravity
    if RESIDUAL in induced.sources:
        residual = induced.sources.index(RESIDUAL)
        force[:, residual] += balance.residual_force
        moment[:, residual] += balance.residual_moment
    return max(
        relative((body_rate - caused).reshape(-1, 3), body_rate)
        for body_rate, caused in (
            (mass * induced.com_acceleration, force),
            (induced.momentum_rate, moment),
        )
    )
