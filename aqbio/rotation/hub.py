"""Level B: action of each chain of the body on the pelvis, and of each arm on the torso.

The chains of a hub are cut at their joints. Each exerts a moment at its joint and a force, which
has a moment too, because joints lie off the hub's centre of mass. Joint power is computed here
too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.multibody.dynamics import ExternalLoad, Hub, JointWrenches
from aqbio.multibody.kinematics import SegmentKinematics, SegmentMotion
from aqbio.multibody.skeleton import FIXED, Skeleton
from aqbio.rotation.level_a import LevelA
from aqbio.vectors import FloatArray, IntArray, cross

OTHER_JOINTS = "other"
"""All joints that the model map does not name."""


def joint_of_coordinate(skeleton: Skeleton) -> IntArray:
    """Body (C,) whose joint a coordinate moves: the one nearest to the ground; -1 for none."""
    owner = np.full(len(skeleton.coordinates), -1, dtype=np.int64)
    for axis in np.flatnonzero(skeleton.axes.coordinate != FIXED)[::-1]:
        owner[skeleton.axes.coordinate[axis]] = skeleton.axes.body[axis]
    return owner


def coordinate_sources(
    skeleton: Skeleton, joints: Mapping[str, str], root: str, root_name: str
) -> dict[str, IntArray]:
    """Independent coordinates by reported joint, then of ``"other"`` joints, then the root.

    The moment of a coordinate that others depend on includes theirs. Joints of a foot that are not
    reported (subtalar) count to the ankle, whose joint is both in other models.
    """
    owner = joint_of_coordinate(skeleton)
    independent = np.ones(len(owner), dtype=bool)
    independent[skeleton.couplers.dependent] = False
    joint_names = {**joints, root_name: root}
    bodies = {name: skeleton.joints.index(joint) for name, joint in joint_names.items()}
    for ankle in (body for name, body in bodies.items() if name.startswith("ankle")):
        foot = np.setdiff1d(np.flatnonzero(skeleton.lineage[:, ankle]), list(bodies.values()))
        owner[np.isin(owner, foot)] = ankle
    sources = {name: np.flatnonzero(independent & (owner == body)) for name, body in bodies.items()}
    rest = np.flatnonzero(independent & ~np.isin(owner, list(bodies.values())))
    base = sources.pop(root_name)
    return {**sources, OTHER_JOINTS: rest, root_name: base}


def joint_power(forces: FloatArray, speeds: FloatArray, coordinates: IntArray) -> FloatArray:
    """Power of a joint, (T,), W, positive where it adds mechanical energy.

    ``P = Σ τ_c u_c`` over its coordinates, the same as ``n · ω_rel + f · v_rel`` at the joint
    centre.
    """
    power: FloatArray = (forces[:, coordinates] * speeds[:, coordinates]).sum(axis=1)
    return power


@dataclass(frozen=True, slots=True)
class HubKinetics:
    """Forces and moments on a hub, about its own centre of mass."""

    hub: Hub
    com: FloatArray
    """(T, 3) array, m, ground. The hub's centre of mass."""
    force: FloatArray
    """(T, K, 3) array, N. Force that each source exerts on the hub; sources are ``hub.sources``."""
    moment: FloatArray
    """(T, K, 3) array, N m. Joint-moment part: the moment that each source exerts at its joint."""
    force_moment: FloatArray
    """(T, K, 3) array, N m. Joint-force part: the moment of each source's force about the hub's
    centre of mass."""
    rate: FloatArray
    """(T, 3) array, N m. Rate of the hub's angular momentum about its own centre of mass."""

    @property
    def wrench(self) -> FloatArray:
        """(T, K, 3), N m: both parts of each source's moment on the hub."""
        return self.moment + self.force_moment


@dataclass(frozen=True, slots=True)
class ChainBalance:
    """Terms that change a chain's angular momentum about the whole body's centre of mass.

    ``rate = external - moment_on_hub + apparent_weight`` for every chain, and
    ``rate = Σ moment_on_hub + apparent_weight + external + residual`` for the hub.
    """

    parts: tuple[str, ...]
    """tuple of P names. The chains, then the hub."""
    rate: FloatArray
    """(T, P, 3) array, N m. Of each part's angular momentum about the whole body's centre of mass,
    as in level A."""
    moment_on_hub: FloatArray
    """(T, P, 3) array, N m. Moment of each chain's wrench on the hub about the whole body's centre
    of mass; for the hub what its chains and its base exert on it together."""
    external: FloatArray
    """(T, P, 3) array, N m. Moment of the external loads on each part."""
    apparent_weight: FloatArray
    """(T, P, 3) array, N m. ``m_k (c_k - c) × (g - a)``."""


def hub_kinetics(
    hub: Hub, kinematics: SegmentKinematics, motion: SegmentMotion, wrenches: JointWrenches
) -> HubKinetics:
    """Moments and forces of the chains and the base on a hub.

    With the chain's joint centre h and the hub's centre of mass c_p, ``W_k = n_k + (h_k − c_p) ×
    f_k``, and Euler's equation of the hub is ``I_p α_p + ω_p × I_p ω_p = Σ_k W_k`` with the base
    (at the pelvis: the residual) among the sources. About the hub's own centre of mass its weight
    has no moment. Sado N, Yoshioka S, Fukashiro S (2017), Sports Biomechanics 16, 258-271: the same
    split.
    """
    members = list(hub.members)
    share = motion.mass[members] / motion.mass[members].sum()
    com = np.einsum("b,tbi->ti", share, motion.com[:, members])
    centre = kinematics.joint_centre
    force, moment, force_moment = [], [], []
    for roots, sign in [*((chain.roots, -1.0) for chain in hub.chains), ((hub.root,), 1.0)]:
        joints = list(roots)
        pull = sign * wrenches.force[:, joints]
        force.append(pull.sum(axis=1))
        moment.append(sign * wrenches.moment[:, joints].sum(axis=1))
        force_moment.append(cross(centre[:, joints] - com[:, None], pull).sum(axis=1))
    return HubKinetics(
        hub=hub,
        com=com,
        force=np.stack(force, axis=1),
        moment=np.stack(moment, axis=1),
        force_moment=np.stack(force_moment, axis=1),
        rate=_own_rate(motion, members, com),
    )


def chain_balance(
    kinetics: HubKinetics,
    motion: SegmentMotion,
    balance: LevelA,
    loads: Sequence[ExternalLoad],
    gravity: FloatArray,
) -> ChainBalance:
    """Level B about the whole body's centre of mass: the link between levels A and B.

    ``dH_k/dt = −W_k + M_ext,k + G_k`` with ``G_k = m_k (c_k − c) × (g − a)``: a chain whose centre
    of mass is not the body's feels its apparent weight. G vanishes in flight, and summed over the
    body always. `gravity` (3,), m/s².
    """
    hub = kinetics.hub
    hub_row = np.zeros((1, len(motion.segments)))
    hub_row[0, list(hub.members)] = 1.0
    matrix = np.concatenate([hub.chain_matrix(len(motion.segments)), hub_row])
    to_com = kinetics.com - balance.com
    moment = kinetics.wrench + cross(to_com[:, None], kinetics.force)
    on_hub = np.concatenate([moment[:, :-1], moment.sum(axis=1, keepdims=True)], axis=1)
    first = np.einsum("kb,b,tbi->tki", matrix, motion.mass, motion.com - balance.com[:, None])
    return ChainBalance(
        parts=(*hub.sources[:-1], hub.name),
        rate=np.einsum("kb,tbi->tki", matrix, balance.rate),
        moment_on_hub=on_hub,
        external=_external(matrix, motion.segments, loads, balance.com),
        apparent_weight=cross(first, (gravity - balance.com_acceleration)[:, None]),
    )


def _own_rate(motion: SegmentMotion, members: list[int], com: FloatArray) -> FloatArray:
    """Rate of angular momentum of some segments about their own centre of mass."""
    pull = motion.mass[members, None] * motion.acceleration[:, members]
    rate = motion.spin_rate[:, members] + cross(motion.com[:, members] - com[:, None], pull)
    total: FloatArray = rate.sum(axis=1)
    return total


def _external(
    matrix: FloatArray, segments: tuple[str, ...], loads: Sequence[ExternalLoad], about: FloatArray
) -> FloatArray:
    """(T, P, 3) moment of the loads on each part about a point."""
    moment = np.zeros((len(about), len(matrix), 3))
    for load in loads:
        moment_on_body = load.moment + cross(load.point - about, load.force)
        moment += matrix[:, segments.index(load.body)][:, None] * moment_on_body[:, None]
    return moment
