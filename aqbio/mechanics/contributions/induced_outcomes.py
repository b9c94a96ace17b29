"""What accelerations of the coordinates mean for the whole body, the pelvis and the groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.multibody.jacobians import angular_jacobian
from aqbio.mechanics.multibody.kinematics import SegmentKinematics, segment_motion
from aqbio.mechanics.multibody.momentum import angular_momentum_rate, centre_of_mass
from aqbio.mechanics.multibody.momentum_jacobians import momentum_matrix
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray, combined, cross, transpose


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What accelerations mean for the whole body: matrices, and what the speeds add."""

    com: FloatArray
    """(T, 3) array, m, ground. The whole body's centre of mass."""
    matrix: FloatArray
    """(T, 2 + G, 3, N) array. Of its acceleration, of the pelvis's angular acceleration, and of the
    rate of each group's angular momentum about it."""
    still: FloatArray
    """(T, 2 + G, 3) array. The same at ``udot = 0``, from the speeds: m/s², rad/s² and N m."""


def body_outcomes(
    skeleton: Skeleton,
    motions: tuple[SegmentKinematics, SegmentKinematics],
    groups: FloatArray,
    pelvis: int,
) -> Outcomes:
    """Matrices from accelerations of the free coordinates to what they mean.

    Parameters
    ----------
    motions : (SegmentKinematics, SegmentKinematics)
        The measured motion, and the same with the free coordinates' accelerations taken away.
    groups : (G, B) array
        Sums segments into groups.
    pelvis : int
        Index of the segment whose angular acceleration is asked for.

    Notes
    -----
    About the moving centre of mass, the rate of a group with the first moment f about it is the
    rate about the point where it is, less ``f × a`` with its acceleration a.
    """
    kinematics, still = motions
    free = skeleton.free
    motion = segment_motion(skeleton, still)
    com, _, acceleration = centre_of_mass(motion)
    momentum = momentum_matrix(skeleton, kinematics, groups, com)[..., free]
    first = combined(groups, motion.mass[..., None] * (motion.com - com[:, None]))
    by_com = momentum[:, :, 3:].sum(axis=1) / motion.mass.sum(axis=-1)[..., None, None]
    by_pelvis = angular_jacobian(skeleton, kinematics, pelvis)[..., free]
    carried = cross(first[:, :, None], transpose(by_com)[:, None])
    held = combined(groups, angular_momentum_rate(motion, com, np.zeros_like(com)))
    own = (acceleration, still.angular_acceleration[:, pelvis])
    return Outcomes(
        com=com,
        matrix=np.concatenate(
            [by_com[:, None], by_pelvis[:, None], momentum[:, :, :3] - transpose(carried)], axis=1
        ),
        still=np.concatenate(
            [np.stack(own, axis=1), held - cross(first, acceleration[:, None])], axis=1
        ),
    )
