"""How sure momentum, joint moments and hub wrenches are: draws of masses, plates and bodies.

Masses and plates enter exactly, as linear maps of one motion; bodies of other shape by recomputing
a few motions and adding what they change (draws of the three causes are independent, so that their
products are of second order).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from aqbio.mechanics.contributions.chains import Hub
from aqbio.mechanics.intervals.drawn_levels import (
    DrawnLoads,
    LoadSpread,
    drawn_loads,
    drawn_momentum,
    drawn_wrenches,
)
from aqbio.mechanics.intervals.inertia_draws import InertiaSpread, inertia_draws
from aqbio.mechanics.multibody.dynamics import ExternalLoad
from aqbio.mechanics.multibody.kinematics import SegmentKinematics, segment_kinematics
from aqbio.mechanics.multibody.momentum_regressor import (
    GroupMomenta,
    group_momenta,
    momentum_regressor,
)
from aqbio.mechanics.multibody.regressor import inertial_parameters
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray, IntArray

BLOCK = 64
"""Frames worked on at once: the draws of a few frames fit the processor's cache."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What is uncertain, as standard deviations.

    Attributes
    ----------
    inertia : InertiaSpread
    loads : LoadSpread
    centres : (3 B, 3 B) array, m², optional
        Covariance of the segments' centres of mass, segment axes, after a fit of motion and forces;
        it stands for the inertia's own spread of them and for the body's.
    """

    inertia: InertiaSpread = field(default_factory=InertiaSpread)
    loads: LoadSpread = field(default_factory=LoadSpread)
    centres: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of the body whose numbers are drawn.

    Attributes
    ----------
    groups : (G, B) array
        Sums segments into the groups of level A.
    hub : Hub
        Of level B: the pelvis.
    joints : (J,) int array
        Bodies whose joints' moments are drawn.
    twin : (B,) int array
        Each segment's twin on the other side.
    """

    groups: FloatArray
    hub: Hub
    joints: IntArray
    twin: IntArray


@dataclass(frozen=True, slots=True)
class Motions:
    """Several motions of the same trial, each of a body of its own.

    Attributes
    ----------
    skeletons : tuple of D Skeleton
    q, u, udot : (D, T, C) arrays, rad or m, per s, per s²
    """

    skeletons: tuple[Skeleton, ...]
    q: FloatArray
    u: FloatArray
    udot: FloatArray

    def frames(self, chosen: slice | IntArray) -> Motions:
        """Give the same for some of the frames."""
        motion = (self.q[:, chosen], self.u[:, chosen], self.udot[:, chosen])
        return Motions(self.skeletons, *motion)


@dataclass(frozen=True, slots=True)
class DrawnOutcomes:
    """Draws of levels A and B; K draws of T frames.

    Attributes
    ----------
    momentum, rate : (K, T, G, 3) arrays, kg m²/s and N m
        Of the groups about the whole body's centre of mass.
    joint_moment : (K, T, J, 3) array, N m
        Exerted by the proximal on the distal segment, at the joint centre.
    hub_moment : (K, T, chains, 3) array, N m
        Of each chain on the hub about the hub's centre of mass, both parts together.
    residual_moment : (K, T, 3) array, N m
        About the whole body's centre of mass.
    inertial_force, relative_force : (K, T, G, 3) arrays, N
        Shares of the ground reaction force by group: with gravity, and beside the acceleration of
        the hub's centre of mass.
    ground_force : (K, T, 3) array, N
        Of all loads together.
    """

    momentum: FloatArray
    rate: FloatArray
    joint_moment: FloatArray
    hub_moment: FloatArray
    residual_moment: FloatArray
    inertial_force: FloatArray
    relative_force: FloatArray
    ground_force: FloatArray

    def frames(self, chosen: slice) -> DrawnOutcomes:
        """Give the same for some of the frames (views)."""
        return DrawnOutcomes(*(getattr(self, one.name)[:, chosen] for one in fields(self)))

    def changed_by(
        self, other: DrawnOutcomes, base: DrawnOutcomes, draw: IntArray
    ) -> DrawnOutcomes:
        """Give the same with another cause added: draws ``draw`` of other less its base."""
        return DrawnOutcomes(
            *(
                getattr(self, one.name) + (getattr(other, one.name) - getattr(base, one.name))[draw]
                for one in fields(self)
            )
        )


def drawn_outcomes(
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    loads: Sequence[ExternalLoad],
    parts: Parts,
    spread: Spread,
    count: int,
    generator: np.random.Generator,
) -> DrawnOutcomes:
    """Draw bodies and plates for one motion.

    Parameters
    ----------
    skeleton : Skeleton
    kinematics : SegmentKinematics
        Of the frames that are needed: about 0.1 MB a frame for 500 draws.
    loads : sequence of ExternalLoad
    parts : Parts
    spread : Spread
    count : int
        Number of draws.
    generator : numpy.random.Generator
    """
    about = kinematics.origin[:, parts.hub.root]
    parameters = inertia_draws(
        skeleton, spread.inertia, parts.twin, count, generator, spread.centres
    )
    drawn = drawn_loads(loads, about, spread.loads, count, generator)
    frames = range(0, len(about), BLOCK)
    blocks = [slice(first, first + BLOCK) for first in frames]
    return _joined(
        [
            _outcomes(skeleton, kinematics.frames(block), parts, parameters, drawn.frames(block))
            for block in blocks
        ],
        axis=1,
    )


def body_outcomes(motions: Motions, loads: Sequence[ExternalLoad], parts: Parts) -> DrawnOutcomes:
    """Outcomes of several bodies in motions of their own under the same loads, one draw each."""
    exact, nothing = LoadSpread(0.0, 0.0), np.random.default_rng(0)
    every = []
    for skeleton, *motion in zip(
        motions.skeletons, motions.q, motions.u, motions.udot, strict=True
    ):
        kinematics = segment_kinematics(skeleton, *motion)
        drawn = drawn_loads(loads, kinematics.origin[:, parts.hub.root], exact, 1, nothing)
        own = inertial_parameters(skeleton)[None]
        every.append(_outcomes(skeleton, kinematics, parts, own, drawn))
    return _joined(every, axis=0)


def interval(draws: FloatArray, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Central interval over the first axis.

    Parameters
    ----------
    draws : (K, ...) array
    level : float
        Share of the draws inside.

    Returns
    -------
    low, high : (...) arrays
        In the draws' unit.

    Examples
    --------
    >>> low, high = interval(np.arange(101.0), 0.9)
    >>> round(float(low), 9), round(float(high), 9)
    (5.0, 95.0)
    """
    tail = 0.5 * (1.0 - level)
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    return low, high


def _outcomes(
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    parts: Parts,
    parameters: FloatArray,
    loads: DrawnLoads,
) -> DrawnOutcomes:
    about = kinematics.origin[:, parts.hub.root]
    regressor = momentum_regressor(kinematics, about)
    bodies = len(skeleton.bodies)
    subtrees = skeleton.lineage[:, parts.joints].T.astype(float)
    own = np.zeros((1, bodies))
    own[0, list(parts.hub.members)] = 1.0
    rows: Mapping[str, FloatArray] = {
        "groups": parts.groups,
        "joints": subtrees,
        "chains": parts.hub.chain_matrix(bodies),
        "hub": own,
        "whole": np.ones((1, bodies)),
    }
    every = group_momenta(regressor, parameters, np.concatenate(list(rows.values())))
    ends = np.cumsum([len(matrix) for matrix in rows.values()])
    cut = {
        name: every.parts(slice(end - len(matrix), end))
        for (name, matrix), end in zip(rows.items(), ends, strict=True)
    }
    momentum, rate = drawn_momentum(cut["groups"], cut["whole"])
    centres = kinematics.joint_centre[:, parts.joints] - about[:, None]
    _, joint = drawn_wrenches(
        cut["joints"], loads, _names(skeleton, subtrees), centres, skeleton.gravity
    )
    hub_com = cut["hub"].first / cut["hub"].mass[:, None, :, None]
    _, chain = drawn_wrenches(
        cut["chains"], loads, _names(skeleton, rows["chains"]), hub_com, skeleton.gravity
    )
    group_mass, push = cut["groups"].mass[:, None, :, None], cut["groups"].linear_rate
    hub_pull = cut["hub"].linear_rate / cut["hub"].mass[:, None, :, None]
    return DrawnOutcomes(
        momentum=momentum,
        rate=rate,
        joint_moment=-joint,
        hub_moment=chain,
        residual_moment=_residual(cut["whole"], loads, rate),
        inertial_force=push - group_mass * skeleton.gravity,
        relative_force=push - group_mass * hub_pull,
        ground_force=loads.force.sum(axis=2),
    )


def _joined(every: Sequence[DrawnOutcomes], axis: int) -> DrawnOutcomes:
    """Put draws (axis 0) or blocks of frames (1) together."""
    return DrawnOutcomes(
        *(
            np.concatenate([getattr(one, name.name) for one in every], axis=axis)
            for name in fields(DrawnOutcomes)
        )
    )


def _residual(whole: GroupMomenta, loads: DrawnLoads, rate: FloatArray) -> FloatArray:
    """What the loads do not explain of the rate of angular momentum, about the centre of mass."""
    com = (whole.first / whole.mass[:, None, :, None])[:, :, 0]
    force = loads.force.sum(axis=2)
    external = loads.moment.sum(axis=2) - np.cross(com, force)
    missing: FloatArray = rate.sum(axis=2) - external
    return missing


def _names(skeleton: Skeleton, matrix: FloatArray) -> list[list[str]]:
    return [[skeleton.bodies[body] for body in np.flatnonzero(row)] for row in matrix]
