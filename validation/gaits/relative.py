"""The body seen from its pelvis: what joint motion alone does to inertia and angular momentum.

With joint angles given, the angular momentum about the centre of mass depends on the pelvis's
orientation and its rate only: ``H = R (I ω + h)``, where the inertia I of the whole body, the
angular momentum h of the joints' motion and the pelvis's angular velocity ω are in pelvis axes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, angular_momentum_rate, centre_of_mass
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray
from aqbio.virtual.gait import ROOT


@dataclass(frozen=True, eq=False)
class RelativeMotion:
    """Motion of the body in the axes of its pelvis, with the pelvis held still."""

    com: FloatArray
    velocity: FloatArray
    acceleration: FloatArray
    """com, velocity, acceleration: (T, 3) arrays, m, m/s, m/s². Of the centre of mass, from the
    pelvis's origin."""
    inertia: FloatArray
    inertia_rate: FloatArray
    """inertia, inertia_rate: (T, 3, 3) arrays, kg m² and kg m²/s. Of the whole body about its
    centre of mass."""
    momentum: FloatArray
    momentum_rate: FloatArray
    """momentum, momentum_rate: (T, 3) arrays, kg m²/s and N m. Angular momentum about the centre of
    mass."""

    def part(self, rows: slice, shape: tuple[int, ...]) -> RelativeMotion:
        """Some of the instants, their axis reshaped."""
        chosen = {
            f.name: (value := getattr(self, f.name))[rows].reshape(*shape, *value.shape[1:])
            for f in fields(self)
        }
        return RelativeMotion(**chosen)


def relative_motion(
    skeleton: Skeleton, q: FloatArray, u: FloatArray, udot: FloatArray
) -> RelativeMotion:
    """Motion of the body in pelvis axes.

    ``dI/dt = Σ ([ω]× I_i - I_i [ω]×) + m (2 d·d' 1 - d' dᵀ - d d'ᵀ)`` with d from the whole body's
    centre of mass to the segment's.
    """
    without_root = [values.copy() for values in (q, u, udot)]
    for values in without_root:
        values[:, :ROOT] = 0.0
    kinematics = segment_kinematics(skeleton, *without_root)
    motion = segment_motion(skeleton, kinematics)
    com, velocity, acceleration = centre_of_mass(motion)
    arm, drift = motion.com - com[:, None], motion.velocity - velocity[:, None]
    inertia = kinematics.rotation @ skeleton.inertia @ np.swapaxes(kinematics.rotation, -1, -2)
    spin = _skew(kinematics.angular_velocity)
    mass = skeleton.mass[:, None, None]
    identity = np.eye(3)
    square = np.einsum("tbi,tbi->tb", arm, arm)[..., None, None]
    growth = np.einsum("tbi,tbi->tb", arm, drift)[..., None, None]
    outer = arm[..., :, None] * arm[..., None, :]
    cross = drift[..., :, None] * arm[..., None, :]
    return RelativeMotion(
        com=com,
        velocity=velocity,
        acceleration=acceleration,
        inertia=(inertia + mass * (square * identity - outer)).sum(axis=1),
        inertia_rate=(
            spin @ inertia
            - inertia @ spin
            + mass * (2.0 * growth * identity - cross - np.swapaxes(cross, -1, -2))
        ).sum(axis=1),
        momentum=angular_momentum(motion, com, velocity).sum(axis=1),
        momentum_rate=angular_momentum_rate(motion, com, acceleration).sum(axis=1),
    )


def _skew(vector: FloatArray) -> FloatArray:
    matrix = np.zeros((*vector.shape, 3))
    matrix[..., 0, 1], matrix[..., 0, 2] = -vector[..., 2], vector[..., 1]
    matrix[..., 1, 0], matrix[..., 1, 2] = vector[..., 2], -vector[..., 0]
    matrix[..., 2, 0], matrix[..., 2, 1] = -vector[..., 1], vector[..., 0]
    return matrix
