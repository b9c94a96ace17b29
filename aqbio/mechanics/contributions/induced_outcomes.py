"""What accelerations of the coordinates mean for the whole body, the pelvis and the groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.multibody.jacobians import angular_jacobian
from aqbio.mechanics.multibody.kinematics import SegmentKinematics, segment_motion
from aqbio.mechanics.multibody.momentum import angular_momentum_rate, centre_of_mass
from aqbio.mechanics.multibody.momentum_jacobians import momentum_matrix
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What accelerations mean for the whole body: matrices, and what the speeds add."""

    com: FloatArray
    """(T, 3) array, m, ground. The whole body's centre of mass."""
    com_matrix: FloatArray
    """(T, 3, N) array. Of its acceleration."""
    pelvis: FloatArray
    """(T, 3, N) array. Of the pelvis's angular velocity."""
    momentum: FloatArray
    """(T, G, 3, N) array. Of the groups' angular momentum about the centre of mass, held in
    place."""
    first_moment: FloatArray
    """(T, G, 3) array, kg m. Of the groups about the centre of mass."""
    still_com: FloatArray
    still_pelvis: FloatArray
    """still_com, still_pelvis: (T, 3) arrays. Accelerations at ``udot = 0``."""
    still_momentum: FloatArray
    """(T, G, 3) array, N m. Rate at ``udot = 0`` about the centre of mass, held in place."""


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
    """
    kinematics, still = motions
    free = skeleton.free
    motion = segment_motion(skeleton, still)
    com, _, acceleration = centre_of_mass(motion)
    momentum = momentum_matrix(skeleton, kinematics, groups, com)[..., free]
    arm = motion.mass[..., None] * (motion.com - com[:, None])
    rate = angular_momentum_rate(motion, com, np.zeros_like(com))
    return Outcomes(
        com=com,
        com_matrix=momentum[:, :, 3:].sum(axis=1) / motion.mass.sum(axis=-1)[..., None, None],
        pelvis=angular_jacobian(skeleton, kinematics, pelvis)[..., free],
        momentum=momentum[:, :, :3],
        first_moment=np.einsum("gb,tbi->tgi", groups, arm),
        still_com=acceleration,
        still_pelvis=still.angular_acceleration[:, pelvis],
        still_momentum=np.einsum("gb,tbi->tgi", groups, rate),
    )
