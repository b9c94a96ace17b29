"""What accelerations of the coordinates mean for the whole body, the pelvis and the groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.multibody.jacobians import angular_jacobian
from aqbio.multibody.kinematics import SegmentKinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum_rate, centre_of_mass, momentum_matrix
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, cross


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What accelerations of the coordinates mean: a matrix, and what the speeds add.

    Rows, x, y, z each: acceleration of the whole body's centre of mass, angular acceleration of the
    pelvis, and rate of each group's angular momentum about that centre; R = 6 + 3 G.
    """

    com: FloatArray
    """(T, 3) array, m, ground. The whole body's centre of mass."""
    mass: FloatArray
    """() or (T,) array, kg. Of the whole body."""
    matrix: FloatArray
    """(T, R, N) array."""
    still: FloatArray
    """(T, R) array. At ``udot = 0``."""


def body_outcomes(
    skeleton: Skeleton,
    motions: tuple[SegmentKinematics, SegmentKinematics],
    groups: FloatArray,
    pelvis: int,
) -> Outcomes:
    """Matrix from accelerations of the free coordinates to what they mean.

    Parameters
    ----------
    motions : (SegmentKinematics, SegmentKinematics)
        The measured motion, and the same with the free coordinates' accelerations taken away.
    groups : (G, B) array
        Sums segments into groups.
    pelvis : int
        Index of the segment whose angular acceleration is asked for.
    """
    kinematics, still = motions
    free = skeleton.free
    motion = segment_motion(skeleton, still)
    com, _, acceleration = centre_of_mass(motion)
    mass = motion.mass.sum(axis=-1)
    arm = motion.mass[..., None] * (motion.com - com[:, None])
    first_moment = np.einsum("gb,tbi->tgi", groups, arm, order="F")
    by_speed = momentum_matrix(skeleton, kinematics, groups, com).swapaxes(2, 3)
    pulled = by_speed[..., 3:].sum(axis=1) / mass[..., None, None]
    turned = by_speed[..., :3] - cross(first_moment[:, :, None], pulled[:, None])
    matrix = np.empty((len(com), 6 + 3 * len(groups), len(free)))
    matrix[:, :3] = pulled[:, free].swapaxes(1, 2)
    matrix[:, 3:6] = angular_jacobian(skeleton, kinematics, pelvis)[..., free]
    by_group = matrix[:, 6:].reshape(len(com), len(groups), 3, len(free))
    by_group[...] = turned[:, :, free].swapaxes(2, 3)
    rate = angular_momentum_rate(motion, com, acceleration)
    turning = np.einsum("gb,tbi->tgi", groups, rate).reshape(len(com), -1)
    rows = (acceleration, still.angular_acceleration[:, pelvis], turning)
    return Outcomes(com, mass, matrix, np.concatenate(rows, axis=1))
