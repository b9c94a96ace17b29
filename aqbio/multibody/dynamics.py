"""Joint wrenches and generalised forces by recursive Newton-Euler, and the tree cut into chains.

From the outermost segments inwards, a parent exerts on a segment: the rate of its momentum, less
external loads, plus the wrenches that it exerts on the segments distal to it.
Source: Luh JYS, Walker MW, Paul RPC (1980) J Dyn Syst Meas Control 102:69-76.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.multibody.poses import SegmentPoses, chunks, join_frames
from aqbio.multibody.skeleton import FIXED, GROUND, Skeleton
from aqbio.vectors import FloatArray, IntArray, cross, dot, of_parts, sums_of_runs


@dataclass(frozen=True, eq=False)
class ExternalLoad:
    """External force and moment on a segment of the runner."""

    body: str
    """Name of the segment."""
    force: FloatArray
    """(T, 3) array, N, ground."""
    moment: FloatArray
    """(T, 3) array, N m, ground. About ``point``."""
    point: FloatArray
    """(3,) or (T, 3) array, m, ground."""
    toes: str = ""
    """Name of a second segment that bears a share; empty where the first bears all."""
    share: FloatArray | None = None
    """(T,) array, 0 to 1. Of force and moment on that segment."""
    ahead: FloatArray | None = None
    """(T,) array, m. By which its centre of pressure lies ahead of that segment's joint; NaN where
    it is not known."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the same frames."""
        frames = (len(self.force), 3)
        if self.force.shape != frames or self.moment.shape != frames:
            raise ValueError(
                f"force {self.force.shape} and moment {self.moment.shape} are not (frames, 3)."
            )
        if self.point.shape not in ((3,), frames):
            raise ValueError(f"point has shape {self.point.shape}, expected (3,) or {frames}.")
        if self.share is not None and self.share.shape != frames[:1]:
            raise ValueError(f"share has shape {self.share.shape}, expected {frames[:1]}.")

    def frames(self, chosen: slice | IntArray) -> ExternalLoad:
        """Select frames."""
        point = self.point if self.point.ndim == 1 else self.point[chosen]
        share, ahead = (None if x is None else x[chosen] for x in (self.share, self.ahead))
        return replace(
            self, force=self.force[chosen], moment=self.moment[chosen], point=point, share=share,
            ahead=ahead,
        )  # fmt: skip

    def shares_by_segment(self) -> Iterator[tuple[str, FloatArray | float]]:
        """Segments that bear the load, and the share of each, (T, 1) or 1."""
        if self.share is None:
            yield self.body, 1.0
        else:
            yield self.body, 1.0 - self.share[:, None]
            yield self.toes, self.share[:, None]

    @property
    def on_first_segment(self) -> ExternalLoad:
        """The same load, borne entirely by the first segment."""
        return replace(self, toes="", share=None, ahead=None)


@dataclass(frozen=True, eq=False)
class JointWrenches:
    """Moment and force of the parent on each segment through its joint."""

    moment: FloatArray
    """(T, B, 3) array, N m, ground. About the joint centre (``SegmentPoses.joint_centre``)."""
    force: FloatArray
    """(T, B, 3) array, N, ground."""


def joint_wrenches(
    skeleton: Skeleton, kinematics: SegmentKinematics, loads: Sequence[ExternalLoad] = ()
) -> JointWrenches:
    """Force and moment that each segment's parent exerts on it; at a root, the residual.

    With the joint centre h of segment i and of its children k:
    ``f_i = m_i (a_i − g) − Σ F + Σ f_k`` and
    ``n_i = I_i α_i + ω_i × I_i ω_i + (c_i − h_i) × m_i (a_i − g) − Σ [M + (p − h_i) × F]
    + Σ [n_k + (h_k − h_i) × f_k]``. Several loads may act on one segment.
    """
    frames = len(kinematics.origin)
    for load in loads:
        for body, _ in load.shares_by_segment():
            if body not in skeleton.bodies:
                raise ValueError(f"a load acts on {body}, which the skeleton does not have.")
        if len(load.force) != frames:
            raise ValueError(f"the load on {load.body} has {len(load.force)} of {frames} frames.")
    return join_frames(
        [
            _wrenches(
                skeleton.in_frames(chunk),
                kinematics.frames(chunk),
                [load.frames(chunk) for load in loads],
            )
            for chunk in chunks(frames)
        ]
    )


def generalised_forces(
    skeleton: Skeleton, poses: SegmentPoses, wrenches: JointWrenches
) -> FloatArray:
    """(T, C) N m or N: generalised forces that do the same work as joint wrenches.

    Virtual work: ``τ_c = Σ (∂θ/∂q_c) e · n`` over the rotation axes plus ``Σ (∂θ/∂q_c) e · f`` over
    the translation axes that coordinate c drives. Zero for dependent coordinates: their work is
    attributed to the coordinate that they depend on.
    """
    axes = np.argsort(skeleton.driver, kind="stable")
    axes = axes[skeleton.driver[axes] != FIXED]
    coordinate, body = skeleton.driver[axes], skeleton.axes.body[axes]
    load, shifts = of_parts(wrenches.moment, body), np.flatnonzero(~skeleton.axes.is_rotation[axes])
    load[:, shifts] = wrenches.force[:, body[shifts]]
    work = poses.axis_gradient[:, axes] * dot(of_parts(poses.axis_direction, axes), load)
    tau = np.zeros((len(work), len(skeleton.coordinates)), order="F")
    driving, first = np.unique(coordinate, return_index=True)
    tau[:, driving] = sums_of_runs(work, first, 1)
    return tau


def newton_euler(
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    loads: Sequence[ExternalLoad] = (),
    *,
    simbody_compat: bool = False,
) -> FloatArray:
    """Generalised forces that explain a motion under external loads.

    Parameters
    ----------
    simbody_compat : bool
        Reproduce Simbody's accelerations (see :func:`segment_kinematics`).

    Returns
    -------
    (T, C) array, N m or N
        Work-conjugate to ``u``; zero for dependent coordinates. Locked coordinates are included.
    """
    if simbody_compat:
        motion = (kinematics.q, kinematics.u, kinematics.udot)
        kinematics = segment_kinematics(skeleton, *motion, simbody_compat=True)
    return generalised_forces(skeleton, kinematics, joint_wrenches(skeleton, kinematics, loads))


def _wrenches(
    skeleton: Skeleton, kinematics: SegmentKinematics, loads: Sequence[ExternalLoad]
) -> JointWrenches:
    motion = segment_motion(skeleton, kinematics)
    centre = kinematics.joint_centre
    force = motion.mass[..., None] * (motion.acceleration - skeleton.gravity)
    moment = motion.spin_rate + cross(motion.com - centre, force)
    for load in loads:
        for name, part in load.shares_by_segment():
            body = skeleton.bodies.index(name)
            arm = load.point - centre[:, body]
            force[:, body] -= part * load.force
            moment[:, body] -= part * (load.moment + cross(arm, load.force))
    for body in range(len(skeleton.bodies) - 1, -1, -1):
        parent = skeleton.parent[body]
        if parent != GROUND:
            arm = centre[:, body] - centre[:, parent]
            force[:, parent] += force[:, body]
            moment[:, parent] += moment[:, body] + cross(arm, force[:, body])
    return JointWrenches(moment, force)


UPPER_BODY = "upper_body"
"""Name of the chain that carries torso and arms."""

RESIDUAL = "residual"
"""Wrench on the root that the recorded loads do not explain."""

LOWER_BODY = "lower_body"
"""Pelvis and legs, acting on the torso through the lumbar joint."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A part of the body attached to a hub."""

    name: str
    roots: tuple[int, ...]
    """Bodies whose joints connect it with the hub; usually one."""
    members: tuple[int, ...]
    """All its bodies."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A connected part of the body on which chains exert wrenches."""

    name: str
    members: tuple[int, ...]
    root: int
    """The member nearest to the ground: its joint leads to ``base``."""
    base: str
    """Source beyond the root's joint: ``"residual"`` for the pelvis, ``"lower_body"`` for the
    torso."""
    chains: tuple[Chain, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of all sources of wrenches on the hub: its chains, then its base."""
        return (*(chain.name for chain in self.chains), self.base)

    def chain_matrix(self, bodies: int) -> FloatArray:
        """Matrix that sums segments into chains, (chains, bodies) of zeros and ones."""
        matrix = np.zeros((len(self.chains), bodies))
        for row, chain in enumerate(self.chains):
            matrix[row, list(chain.members)] = 1.0
        return matrix


def pelvis_hub(skeleton: Skeleton, groups: Mapping[str, Sequence[str]]) -> Hub:
    """Cut a skeleton at its root, the pelvis: legs, upper body, and the residual at the root."""
    hub = _hub(skeleton, groups, "pelvis", RESIDUAL)
    if skeleton.parent[hub.root] != GROUND:
        raise ValueError(f"the pelvis hangs on {skeleton.bodies[skeleton.parent[hub.root]]}.")
    attached = {body for chain in hub.chains for body in chain.members} | set(hub.members)
    if len(attached) < len(skeleton.bodies):
        detached = [name for body, name in enumerate(skeleton.bodies) if body not in attached]
        raise ValueError(f"segments {detached} do not hang on the pelvis.")
    return hub


def torso_hub(skeleton: Skeleton, groups: Mapping[str, Sequence[str]]) -> Hub | None:
    """Cut a skeleton at its torso: the arms, and the lower body through the lumbar joint."""
    if not groups.get("torso"):
        return None
    hub = _hub(skeleton, groups, "torso", LOWER_BODY)
    return None if skeleton.parent[hub.root] == GROUND else hub


def _hub(skeleton: Skeleton, groups: Mapping[str, Sequence[str]], name: str, base: str) -> Hub:
    members = tuple(skeleton.bodies.index(body) for body in groups[name])
    roots = [body for body in members if skeleton.parent[body] not in members]
    if len(roots) != 1:
        names = [skeleton.bodies[body] for body in roots]
        raise ValueError(f"the segments of group {name} are not connected: {names}.")
    group_of = {body: group for group, bodies in groups.items() for body in bodies}
    chains: dict[str, list[int]] = {_chain_name(group): [] for group in groups}
    for body, parent in enumerate(skeleton.parent):
        if parent in members and body not in members:
            chains[_chain_name(group_of[skeleton.bodies[body]])].append(body)
    return Hub(
        name,
        members,
        roots[0],
        base,
        tuple(
            Chain(
                chain, tuple(first), tuple(np.flatnonzero(skeleton.lineage[:, first].any(axis=1)))
            )
            for chain, first in chains.items()
            if first
        ),
    )


def _chain_name(group: str) -> str:
    return UPPER_BODY if group == "torso" else group
