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
    """Body whose joint each coordinate moves by itself.

    Returns
    -------
    (C,) int array
        Index of the body; -1 for a coordinate that moves no joint. A coordinate of several joints
        belongs to the one nearest to the ground.
    """
    owner = np.full(len(skeleton.coordinates), -1, dtype=np.int64)
    for axis in np.flatnonzero(skeleton.axes.coordinate != FIXED)[::-1]:
        owner[skeleton.axes.coordinate[axis]] = skeleton.axes.body[axis]
    return owner


def coordinate_sources(
    skeleton: Skeleton, joints: Mapping[str, str], root: str, root_name: str
) -> dict[str, IntArray]:
    """Coordinates behind every joint that is reported.

    Parameters
    ----------
    joints : mapping
        Reported name, for example ``hip_left``, to the joint's name in the model.
    root : str
        The model's joint to the ground.
    root_name : str
        What the root's coordinates are reported as.

    Returns
    -------
    dict of int arrays
        Every independent coordinate exactly once: the reported joints in order, then ``"other"``
        (all further joints), then the root. The moment of a coordinate that others depend on
        includes theirs.
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
    """Power of a joint: what its moment and force do on the motion of its segments.

    Parameters
    ----------
    forces, speeds : (T, C) arrays
        Generalised forces and the coordinates' speeds.
    coordinates : int array
        Coordinates of the joint.

    Returns
    -------
    (T,) array, W
        Positive where the joint adds mechanical energy.

    Notes
    -----
    ``P = Σ τ_c u_c``, the same as ``n · ω_rel + f · v_rel`` at the joint centre.

    Examples
    --------
    10 N m on a joint that turns at 2 rad/s:

    >>> joint_power(np.array([[10.0]]), np.array([[2.0]]), np.array([0]))
    array([20.])
    """
    power: FloatArray = (forces[:, coordinates] * speeds[:, coordinates]).sum(axis=1)
    return power


def energy_rate(
    motion: SegmentMotion, kinematics: SegmentKinematics, gravity: FloatArray
) -> FloatArray:
    """Rate of each segment's mechanical energy, analytic.

    Parameters
    ----------
    gravity : (3,) array, m/s²

    Returns
    -------
    (T, B) array, W
        Of kinetic energy and of potential energy in the field of gravity.

    Notes
    -----
    ``dE/dt = m v · (a − g) + ω · d(I ω)/dt``; exact because ``ω · (ω × I ω) = 0``.
    """
    pull = motion.mass[:, None] * (motion.acceleration - gravity)
    rate: FloatArray = dot(motion.velocity, pull) + dot(
        kinematics.angular_velocity, motion.spin_rate
    )
    return rate
