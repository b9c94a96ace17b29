"""Uncertainty of momentum, joint moments and hub wrenches: draws of masses, plates and motions.

Masses and plates enter exactly, as linear maps of one motion; body shape and soft-tissue artefact
by recomputing the motion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np

from aqbio.body.draws import InertiaSpread
from aqbio.intervals.sources import (
    DrawnLoads,
    LoadErrors,
    States,
    drawn_loads,
    drawn_momentum,
    drawn_wrenches,
    no_load_errors,
)
from aqbio.inverse_dynamics.parameters import LoadSpread
from aqbio.multibody.dynamics import ExternalLoad, Hub
from aqbio.multibody.kinematics import SegmentKinematics, segment_motion
from aqbio.multibody.momentum import GroupMomenta, group_momenta, momentum_regressor, motion_momenta
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray, cross


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations of the uncertain inputs."""

    inertia: InertiaSpread = field(default_factory=InertiaSpread)
    loads: LoadSpread = field(default_factory=LoadSpread)
    centres: FloatArray | None = None
    """(3 B, 3 B) array, m². Covariance of the segments' centres of mass, segment axes, after a fit
    of motion and forces; it replaces their spread of inertia and of the body."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of the body whose outcomes are drawn."""

    groups: FloatArray
    """(G, B) array. Sums segments into the groups of level A."""
    hub: Hub
    """Of level B: the pelvis."""
    joints: IntArray
    """(J,) int array. Bodies whose joints' moments are drawn."""
    twin: IntArray
    """(B,) int array. Each segment's twin on the other side."""


@dataclass(frozen=True, slots=True)
class DrawnOutcomes:
    """Draws of levels A and B; K draws of T frames."""

    momentum: FloatArray
    rate: FloatArray
    """momentum, rate: (K, T, G, 3) arrays, kg m²/s and N m. Of the groups about the whole body's
    centre of mass."""
    joint_moment: FloatArray
    """(K, T, J, 3) array, N m. Exerted by the proximal on the distal segment, at the joint
    centre."""
    hub_moment: FloatArray
    """(K, T, chains, 3) array, N m. Of each chain on the hub about the hub's centre of mass, both
    parts together."""
    residual_moment: FloatArray
    """(K, T, 3) array, N m. About the whole body's centre of mass."""
    inertial_force: FloatArray
    relative_force: FloatArray
    """inertial_force, relative_force: (K, T, G, 3) arrays, N. Shares of the ground reaction force
    by group: with gravity, and relative to the acceleration of the hub's centre of mass."""
    ground_force: FloatArray
    """(K, T, 3) array, N. Of all loads together."""


def body_outcomes(
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    loads: Sequence[ExternalLoad],
    parts: Parts,
    parameters: FloatArray,
    errors: LoadErrors | None = None,
) -> DrawnOutcomes:
    """Outcomes of one motion with inertial parameters (K, B, 10) and plate errors."""
    feet, about = len(loads), kinematics.origin[:, parts.hub.root]
    measured = drawn_loads(loads, about, errors or no_load_errors(feet))
    rows = _rows(skeleton, parts)
    regressor = momentum_regressor(kinematics, about)
    momenta = group_momenta(regressor, parameters, np.concatenate(list(rows.values())))
    centres = kinematics.joint_centre[:, parts.joints] - about[:, None]
    return _outcomes(skeleton, parts, _split_momenta(momenta, rows), measured, centres)


def state_outcomes(states: States, parts: Parts) -> DrawnOutcomes:
    """Outcomes of states, one draw each."""
    kinematics, feet = states.kinematics, len(states.loads)
    about, rows = kinematics.origin[:, parts.hub.root], _rows(states.skeleton, parts)
    motion = segment_motion(states.skeleton, kinematics)
    momenta = motion_momenta(motion, about, np.concatenate(list(rows.values())))
    loads = drawn_loads(states.loads, about, no_load_errors(feet))
    moments_by_state = [
        states.by_state(getattr(momenta, moment.name)[0]) for moment in fields(GroupMomenta)[1:]
    ]
    frames = moments_by_state[0].shape[:2]
    mass = np.broadcast_to(momenta.mass, (frames[0] * frames[1], momenta.mass.shape[1]))
    measured = replace(
        loads,
        share=states.by_state(loads.share),
        force=states.by_state(loads.force[0]),
        moment=states.by_state(loads.moment[0]),
    )
    centres = states.by_state(kinematics.joint_centre[:, parts.joints] - about[:, None])
    cut = _split_momenta(GroupMomenta(states.by_state(mass)[:, 0], *moments_by_state), rows)
    return _outcomes(states.skeleton, parts, cut, measured, centres)


def _rows(skeleton: Skeleton, parts: Parts) -> dict[str, FloatArray]:
    """Matrices (G, B) of the parts whose momenta are needed, by name."""
    bodies = len(skeleton.bodies)
    hub_row = np.zeros((1, bodies))
    hub_row[0, list(parts.hub.members)] = 1.0
    return {
        "groups": parts.groups,
        "joints": skeleton.lineage[:, parts.joints].T.astype(float),
        "chains": parts.hub.chain_matrix(bodies),
        "hub": hub_row,
        "whole": np.ones((1, bodies)),
    }


def _split_momenta(
    momenta: GroupMomenta, rows: Mapping[str, FloatArray]
) -> dict[str, GroupMomenta]:
    ends = np.cumsum([len(matrix) for matrix in rows.values()])
    return {
        name: momenta.parts(slice(end - len(matrix), end))
        for (name, matrix), end in zip(rows.items(), ends, strict=True)
    }


def _outcomes(
    skeleton: Skeleton,
    parts: Parts,
    momenta: Mapping[str, GroupMomenta],
    loads: DrawnLoads,
    centres: FloatArray,
) -> DrawnOutcomes:
    """Outcomes of the momenta of :func:`_rows`; joint centres (T, J, 3) or (K, T, J, 3)."""
    groups, hub, rows = momenta["groups"], momenta["hub"], _rows(skeleton, parts)
    momentum, rate = drawn_momentum(groups, momenta["whole"])
    _, joint = drawn_wrenches(
        momenta["joints"], loads, _names(skeleton, rows["joints"]), centres, skeleton.gravity
    )
    hub_com = hub.first / hub.mass[:, None, :, None]
    _, chain = drawn_wrenches(
        momenta["chains"], loads, _names(skeleton, rows["chains"]), hub_com, skeleton.gravity
    )
    group_mass, push = groups.mass[:, None, :, None], groups.linear_rate
    hub_pull = hub.linear_rate / hub.mass[:, None, :, None]
    return DrawnOutcomes(
        momentum=momentum,
        rate=rate,
        joint_moment=-joint,
        hub_moment=chain,
        residual_moment=_residual(momenta["whole"], loads, rate),
        inertial_force=push - group_mass * skeleton.gravity,
        relative_force=push - group_mass * hub_pull,
        ground_force=np.broadcast_to(loads.force.sum(axis=2), (len(rate), *rate.shape[1::2])),
    )


def joined_outcomes(outcomes: Sequence[DrawnOutcomes], axis: int = 0) -> DrawnOutcomes:
    """Concatenate outcomes along their draws (axis 0) or frames (1)."""
    return DrawnOutcomes(
        *(
            np.concatenate([getattr(part, outcome.name) for part in outcomes], axis=axis)
            for outcome in fields(DrawnOutcomes)
        )
    )


def _residual(whole_body: GroupMomenta, loads: DrawnLoads, rate: FloatArray) -> FloatArray:
    """Rate of angular momentum about the centre of mass that the loads leave unexplained."""
    com = (whole_body.first / whole_body.mass[:, None, :, None])[:, :, 0]
    force = loads.force.sum(axis=2)
    external = loads.moment.sum(axis=2) - cross(com, force)
    missing: FloatArray = rate.sum(axis=2) - external
    return missing


def _names(skeleton: Skeleton, matrix: FloatArray) -> list[list[str]]:
    return [[skeleton.bodies[body] for body in np.flatnonzero(row)] for row in matrix]
