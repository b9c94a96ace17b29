"""Power of joint moments and forces, and the joint that every coordinate belongs to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aqbio.multibody.kinematics import SegmentKinematics, SegmentMotion
from aqbio.multibody.skeleton import FIXED, Skeleton
from aqbio.vectors import FloatArray, IntArray, dot

OTHER = "other"
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

    The moment of a coordinate that others depend on includes theirs.
    """
    owner = joint_of_coordinate(skeleton)
    independent = np.ones(len(owner), dtype=bool)
    independent[skeleton.couplers.dependent] = False
    named = {**joints, root_name: root}
    bodies = {name: skeleton.joints.index(joint) for name, joint in named.items()}
    sources = {name: np.flatnonzero(independent & (owner == body)) for name, body in bodies.items()}
    rest = np.flatnonzero(independent & ~np.isin(owner, list(bodies.values())))
    base = sources.pop(root_name)
    return {**sources, OTHER: rest, root_name: base}


def joint_power(forces: FloatArray, speeds: FloatArray, coordinates: IntArray) -> FloatArray:
    """Power of a joint, (T,), W, positive where it adds mechanical energy.

    ``P = Σ τ_c u_c`` over its coordinates, the same as ``n · ω_rel + f · v_rel`` at the joint
    centre.
    """
    power: FloatArray = (forces[:, coordinates] * speeds[:, coordinates]).sum(axis=1)
    return power


def energy_rate(
    motion: SegmentMotion, kinematics: SegmentKinematics, gravity: FloatArray
) -> FloatArray:
    """Rate of each segment's mechanical energy in the field of gravity, (T, B), W.

    ``dE/dt = m v · (a − g) + ω · d(I ω)/dt``; exact because ``ω · (ω × I ω) = 0``.
    """
    pull = motion.mass[:, None] * (motion.acceleration - gravity)
    rate: FloatArray = dot(motion.velocity, pull) + dot(
        kinematics.angular_velocity, motion.spin_rate
    )
    return rate
