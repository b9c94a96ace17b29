"""Generalised forces as a linear function of the segments' inertia: ``τ = Y p − τ_loads``.

References
----------
Atkeson CG, An CH, Hollerbach JM (1986) Int J Robotics Res 5(3):101-119.
"""

from __future__ import annotations

import numpy as np

from aqbio.multibody.jacobians import ENTRIES, velocity_fields
from aqbio.multibody.kinematics import SegmentKinematics
from aqbio.multibody.momentum import PARAMETERS
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, cross, rotate, transpose

BLOCK = 100
"""Frames worked on at once."""


def moment_regressor(skeleton: Skeleton, kinematics: SegmentKinematics) -> FloatArray:
    """Derivative of the generalised forces by the inertial parameters.

    Returns (T, C, B, 10) ``Y``: summed over segments and parameters with
    their inertial parameters, the generalised forces of :func:`inverse_dynamics` without loads.
    About 80 kB a frame for a full-body model: take the frames that are needed. A parameter's wrench
    on its segment, felt by every axis that carries the segment.
    """
    frames, bodies = kinematics.origin.shape[:2]
    regressor = np.zeros((frames, len(skeleton.coordinates), bodies, len(PARAMETERS)))
    for first in range(0, frames, BLOCK):
        block = slice(first, first + BLOCK)
        _fill(skeleton, kinematics.frames(block), regressor[block])
    return regressor


def _fill(skeleton: Skeleton, kinematics: SegmentKinematics, regressor: FloatArray) -> None:
    """Add what every axis feels to the row of its coordinate."""
    about = kinematics.origin.mean(axis=1)
    fields = velocity_fields(skeleton, kinematics, about)
    field = np.concatenate([fields.turn, fields.shift], axis=-1)
    wrench = _wrenches(skeleton, kinematics, about)
    felt = np.ascontiguousarray(field) @ wrench.reshape(len(wrench), 6, -1)
    felt = felt.reshape(*field.shape[:2], *regressor.shape[2:])
    carries = skeleton.lineage[:, fields.body].T
    for row, coordinate in enumerate(fields.coordinate):
        regressor[:, coordinate] += felt[:, row] * carries[row, :, None]


def _wrenches(skeleton: Skeleton, kinematics: SegmentKinematics, about: FloatArray) -> FloatArray:
    """Moment about a point and force of each parameter's unit, (T, 6, B, 10).

    A mass needs the force ``a − g`` at the body origin; a first moment along e the force
    ``α × e + ω × (ω × e)`` and the moment ``e × (a − g)``; an inertia E the moment
    ``E α + ω × E ω``.
    """
    rotation, omega = kinematics.rotation, kinematics.angular_velocity
    alpha, pull = kinematics.angular_acceleration, kinematics.acceleration - skeleton.gravity
    force = np.zeros((*omega.shape[:2], len(PARAMETERS), 3))
    moment = np.zeros_like(force)
    force[:, :, 0] = pull
    for axis in range(3):
        direction = rotation[..., axis]
        force[:, :, 1 + axis] = cross(alpha, direction) + cross(omega, cross(omega, direction))
        moment[:, :, 1 + axis] = cross(direction, pull)
    own_omega = rotate(transpose(rotation), omega)
    own_alpha = rotate(transpose(rotation), alpha)
    for place, (row, column) in enumerate(ENTRIES):
        unit = np.zeros((3, 3))
        unit[row, column] = unit[column, row] = 1.0
        spin = rotate(unit, own_omega)
        moment[:, :, 4 + place] = rotate(rotation, rotate(unit, own_alpha) + cross(own_omega, spin))
    arm = (kinematics.origin - about[:, None])[:, :, None]
    moment += cross(arm, force)
    return np.concatenate([moment, force], axis=-1).transpose(0, 3, 1, 2)
