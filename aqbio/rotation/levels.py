"""Levels A, B and C of one motion, with every identity that they must obey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from aqbio.gait.roles import group_sum, membership
from aqbio.multibody.dynamics import (
    RESIDUAL,
    ExternalLoad,
    JointWrenches,
    generalised_forces,
    joint_wrenches,
    newton_euler,
    pelvis_hub,
    torso_hub,
)
from aqbio.multibody.kinematics import SegmentKinematics, SegmentMotion, segment_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.rotation.hub import (
    ChainBalance,
    HubKinetics,
    chain_balance,
    coordinate_sources,
    hub_kinetics,
    joint_power,
)
from aqbio.rotation.induced import (
    CONTACT_ROWS,
    HINDFOOT,
    MIN_CONTACT_FORCE_N,
    FootConstraint,
    InducedAccelerations,
    MovingBody,
    equations_of_motion,
    foot_contact,
    induced_accelerations,
)
from aqbio.rotation.level_a import ForceShares, LevelA, force_shares, level_a
from aqbio.vectors import BoolArray, FloatArray, IntArray, cross

PRIMARY = "C2"
"""Contact model whose accelerations of single coordinates are kept."""

NO_ACTUATORS: Mapping[str, FloatArray] = MappingProxyType({})

FRAMES_PER_BLOCK = 250
"""Frames whose equations of motion are held at once: about 80 kB each."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Anatomical names of the segments and joints of a skeleton."""

    groups: Mapping[str, Sequence[str]]
    """Segments of each anatomical group: a partition."""
    joints: Mapping[str, str]
    """Reported name, for example ``hip_left``, to the joint's name in the skeleton."""
    root: str
    """The joint between ground and pelvis."""


@dataclass(frozen=True, slots=True)
class Mechanics:
    """A trial's motion and all that acts on it, with joint wrenches and level A."""

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


@dataclass(frozen=True, slots=True)
class Levels:
    """Rotational contributions of one motion, by anatomical side."""

    mechanics: Mechanics
    """The motion, all that acts on it, joint wrenches and level A."""
    groups: tuple[str, ...]
    """tuple of G names."""
    group_rate: FloatArray
    """(T, G, 3) array, N m. Rate of each group's angular momentum about the whole body's centre of
    mass."""
    hubs: tuple[tuple[HubKinetics, ChainBalance], ...]
    """tuple of (HubKinetics, ChainBalance). Level B at the pelvis, and at the torso where the model
    has one."""
    joints: tuple[str, ...]
    """tuple of J names. The reported joints, ``"other"`` and ``"residual"``."""
    power: FloatArray
    """(T, J) array, W."""
    shares: ForceShares
    """Of the ground reaction force, relative to the pelvis's centre of mass."""
    feet: tuple[FootConstraint, ...]
    induced: Mapping[str, InducedAccelerations]
    """Level C by contact model."""
    closure: float
    """Largest relative error of two identities, round-off of correct code: the residual moment of
    level A is that of inverse dynamics, and rates of groups by source add up to level A."""


def levels(
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    loads: Sequence[ExternalLoad],
    touching: BoolArray,
    anatomy: Anatomy,
    *,
    minimum_force: float = MIN_CONTACT_FORCE_N,
    surface_height: float = 0.0,
    actuators: Mapping[str, FloatArray] = NO_ACTUATORS,
) -> Levels:
    """Contributions to the rotation of the body, levels A to C.

    Parameters
    ----------
    loads : sequence of F ExternalLoad
        Ground reaction of each foot.
    touching : (T, F) bool array
        Frames between touchdown and toe-off of each foot.
    minimum_force : float
        A foot under less vertical force is not held by the ground, N.
    surface_height : float
        Of the ground that the feet touch, m: where centres of pressure are, and level C holds feet.
    actuators : mapping of str to (T, C) array, N m or N
        Generalised forces of muscles: sources of level C of their own. The moment of a joint is
        then what they leave of it.

    Returns
    -------
    Levels
        By anatomical side.

    Raises
    ------
    ValueError
        The pelvis is not the root, or a group's segments are not connected.
    """
    mechanics = compute_mechanics(skeleton, kinematics, loads, surface_height)
    groups = membership(anatomy.groups, skeleton.bodies)
    group_rate = group_sum(mechanics.balance.rate, groups)
    hubs = _hubs(mechanics, anatomy)
    coordinates = coordinate_sources(skeleton, anatomy.joints, anatomy.root, RESIDUAL)
    shares = force_shares(
        mechanics.motion, groups, _hub_acceleration(mechanics, hubs[0][0]), skeleton.gravity
    )
    feet = tuple(
        foot_contact(load, in_contact, surface_height=surface_height, minimum_force=minimum_force)
        for load, in_contact in zip(loads, touching.T, strict=True)
    )
    root = hubs[0][0].hub.root
    induced = _level_c(mechanics, coordinates, feet, groups, root, actuators)
    power = [
        joint_power(mechanics.forces, kinematics.u, indices) for indices in coordinates.values()
    ]
    return Levels(
        mechanics=mechanics,
        groups=tuple(anatomy.groups),
        group_rate=group_rate,
        hubs=hubs,
        joints=tuple(coordinates),
        power=np.stack(power, axis=1),
        shares=shares,
        feet=feet,
        induced=induced,
        closure=_closure(mechanics, root, group_rate, induced),
    )


def compute_mechanics(
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    loads: Sequence[ExternalLoad],
    surface_height: float,
) -> Mechanics:
    """Joint forces and moments, and the balance of level A, of one motion under these loads."""
    motion = segment_motion(skeleton, kinematics)
    wrenches = joint_wrenches(skeleton, kinematics, loads)
    return Mechanics(
        skeleton=skeleton,
        kinematics=kinematics,
        motion=motion,
        loads=tuple(loads),
        wrenches=wrenches,
        forces=generalised_forces(skeleton, kinematics, wrenches),
        balance=level_a(motion, loads, gravity=skeleton.gravity, surface_height=surface_height),
        surface_height=surface_height,
    )


def _hubs(mechanics: Mechanics, anatomy: Anatomy) -> tuple[tuple[HubKinetics, ChainBalance], ...]:
    skeleton = mechanics.skeleton
    cut = (pelvis_hub(skeleton, anatomy.groups), torso_hub(skeleton, anatomy.groups))
    hubs = []
    for hub in cut:
        if hub is not None:
            kinetics = hub_kinetics(hub, mechanics.kinematics, mechanics.motion, mechanics.wrenches)
            balance = chain_balance(
                kinetics, mechanics.motion, mechanics.balance, mechanics.loads, skeleton.gravity
            )
            hubs.append((kinetics, balance))
    return tuple(hubs)


def _hub_acceleration(mechanics: Mechanics, kinetics: HubKinetics) -> FloatArray:
    """Acceleration of the hub's centre of mass."""
    members = list(kinetics.hub.members)
    share = mechanics.motion.mass[members] / mechanics.motion.mass[members].sum()
    acceleration: FloatArray = np.einsum(
        "b,tbi->ti", share, mechanics.motion.acceleration[:, members]
    )
    return acceleration


def _level_c(
    mechanics: Mechanics,
    coordinates: Mapping[str, IntArray],
    feet: Sequence[FootConstraint],
    groups: FloatArray,
    pelvis: int,
    actuators: Mapping[str, FloatArray],
) -> Mapping[str, InducedAccelerations]:
    skeleton, kinematics = mechanics.skeleton, mechanics.kinematics
    blocks: dict[str, list[InducedAccelerations]] = {model: [] for model in CONTACT_ROWS}
    for first in range(0, len(kinematics.q), FRAMES_PER_BLOCK):
        block = slice(first, first + FRAMES_PER_BLOCK)
        feet_of_block = [foot.frames(block) for foot in feet]
        caused = causes(
            MovingBody(skeleton, kinematics.frames(block), groups, pelvis),
            mechanics.forces[block],
            coordinates,
            feet_of_block,
            {name: forces[block] for name, forces in actuators.items()},
        )
        for model, results in blocks.items():
            results.append(caused[model])
    return MappingProxyType({model: _joined(results) for model, results in blocks.items()})


def _closure(
    mechanics: Mechanics,
    root: int,
    group_rate: FloatArray,
    induced: Mapping[str, InducedAccelerations],
) -> float:
    """Largest error of the identities of `Levels.closure`, relative to the sum of their terms."""
    balance, wrenches = mechanics.balance, mechanics.wrenches
    arm = mechanics.kinematics.joint_centre[:, root] - balance.com
    moment = wrenches.moment[:, root] + cross(arm, wrenches.force[:, root])
    identities = [(balance.residual_moment - moment, balance.rate)]
    identities += [
        (model.group_rate.sum(axis=1) - group_rate, model.group_rate) for model in induced.values()
    ]
    return float(np.max([_relative_errors(off, terms).max() for off, terms in identities]))


def closure_errors(computed: Levels) -> dict[str, FloatArray]:
    """Errors (T,) of every level's identity, relative to the largest sum of the absolute terms.

    ``A``: the residual moment is that of Newton and Euler at the root. ``B``: what acts on a hub is
    the rate of its angular momentum. ``C``, by contact model: accelerations of the coordinates, of
    the centre of mass, ground reactions and rates of groups by source add up to the measured ones.
    """
    mechanics, balance = computed.mechanics, computed.mechanics.balance
    root = computed.hubs[0][0].hub.root
    arm = mechanics.kinematics.joint_centre[:, root] - balance.com
    wrenches = mechanics.wrenches
    moment = wrenches.moment[:, root] + cross(arm, wrenches.force[:, root])
    errors = {"A": _relative_errors(balance.residual_moment - moment, balance.rate)}
    for kinetics, _ in computed.hubs:
        off = kinetics.wrench.sum(axis=1) - kinetics.rate
        errors[f"B {kinetics.hub.name}"] = _relative_errors(off, kinetics.wrench)
    udot = mechanics.kinematics.udot[:, mechanics.skeleton.free]
    for name, induced in computed.induced.items():
        for words, by_source, measured in (
            ("accelerations", induced.udot, udot),
            ("centre of mass", induced.com_acceleration, balance.com_acceleration),
            ("ground reaction", induced.force, balance.force),
            ("angular momentum", induced.group_rate, computed.group_rate),
        ):
            off = by_source.sum(axis=1) - measured
            errors[f"C {words} ({name})"] = _relative_errors(off, by_source)
    return errors


def _relative_errors(difference: FloatArray, terms: FloatArray) -> FloatArray:
    """Differences (T,) over the largest sum of absolute terms along the second axis."""
    largest = np.abs(terms).sum(axis=1).max() or 1.0
    errors: FloatArray = np.abs(difference).reshape(len(difference), -1).max(axis=1) / largest
    return errors


def causes(
    body: MovingBody,
    forces: FloatArray,
    coordinates: Mapping[str, IntArray],
    feet: Sequence[FootConstraint],
    actuators: Mapping[str, FloatArray] = NO_ACTUATORS,
) -> dict[str, InducedAccelerations]:
    """Level C under every contact model.

    `forces` (T, C) of inverse dynamics; coordinates by source; `actuators` as in `levels`. If the
    toes bear a share of a load, `HINDFOOT` has its own joint moments, with hardly any at the joint
    of the toes; otherwise it equals the primary model.
    """
    equations = equations_of_motion(body, forces, coordinates, feet, actuators)
    results = {
        model: induced_accelerations(equations, model)
        for model in CONTACT_ROWS
        if model != HINDFOOT
    }
    if all(foot.load.share is None for foot in feet):
        return results | {HINDFOOT: replace(results[PRIMARY], contact_model=HINDFOOT)}
    hindfeet = [foot.on_the_hindfoot for foot in feet]
    tau = newton_euler(body.skeleton, body.kinematics, [foot.load for foot in hindfeet])
    hindfoot_equations = equations_of_motion(body, tau, coordinates, hindfeet, actuators)
    return results | {HINDFOOT: induced_accelerations(hindfoot_equations, HINDFOOT)}


def _joined(blocks: list[InducedAccelerations]) -> InducedAccelerations:
    """Concatenate consecutive blocks of frames into one trial."""
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(block, name) for block in blocks])
        for name in (
            "udot",
            "force",
            "moment",
            "com_acceleration",
            "pelvis_acceleration",
            "group_rate",
        )
    }
    return replace(blocks[0], **arrays)
