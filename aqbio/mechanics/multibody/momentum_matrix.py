"""Momentum that each coordinate's speed gives to each group of segments."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.multibody.inertia import point_masses
from aqbio.mechanics.multibody.jacobians import velocity_fields
from aqbio.mechanics.multibody.poses import SegmentPoses
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray, compose, cross, rotate, transpose


def momentum_matrix(
    skeleton: Skeleton, poses: SegmentPoses, groups: FloatArray, about: FloatArray
) -> FloatArray:
    """Derivative of each group's momentum by the speeds.

    Parameters
    ----------
    groups : (G, B) array
        Sums segments into groups.
    about : (T, 3) array, m, ground
        Point of the angular momentum.

    Returns
    -------
    (T, G, 6, C) array
        Rows: angular momentum about the point x, y, z (kg m²/s per unit of speed), then linear
        momentum x, y, z. Zero columns for dependent coordinates.

    Notes
    -----
    A coordinate's field ``v(p) = s + t × (p − o)`` gives the segments of group G beyond its joint
    the momentum ``P = m s + t × f`` and ``L = f × s + J t``, with their mass m, first moment f and
    inertia J about o.

    References
    ----------
    Orin DE, Goswami A, Lee SH (2013), Autonomous Robots 35, 161-176.
    """
    fields = velocity_fields(skeleton, poses, about)
    parts = _inertial_parts(skeleton, poses, about)
    beyond = skeleton.lineage[:, fields.body].astype(float)
    chosen = groups[:, :, None] * beyond
    frames, bodies = parts.shape[:2]
    flat = chosen.transpose(1, 0, 2).reshape(bodies, -1)
    carried = (parts.reshape(frames, bodies, -1).transpose(0, 2, 1) @ flat).transpose(0, 2, 1)
    carried = carried.reshape(frames, len(groups), len(fields.body), -1)
    mass, first = carried[..., 0], carried[..., 1:4]
    tensor = carried[..., 4:].reshape(*mass.shape, 3, 3)
    turn, shift = fields.turn[:, None], fields.shift[:, None]
    momentum = np.concatenate(
        [cross(first, shift) + rotate(tensor, turn), mass[..., None] * shift + cross(turn, first)],
        axis=-1,
    )
    matrix = np.zeros((frames, len(groups), 6, len(skeleton.coordinates)))
    for place, coordinate in enumerate(fields.coordinate):
        matrix[..., coordinate] += momentum[:, :, place]
    return matrix


def _inertial_parts(skeleton: Skeleton, poses: SegmentPoses, about: FloatArray) -> FloatArray:
    """(T, B, 13): mass, first moment and inertia tensor of every segment about a point."""
    arm = poses.origin + rotate(poses.rotation, skeleton.com) - about[:, None]
    points = point_masses(np.broadcast_to(skeleton.mass, arm.shape[:2]), arm)
    own = compose(compose(poses.rotation, skeleton.inertia), transpose(poses.rotation))
    tensor = own + points[..., [4, 7, 8, 7, 5, 9, 8, 9, 6]].reshape(*arm.shape[:2], 3, 3)
    return np.concatenate([points[..., :4], tensor.reshape(*arm.shape[:2], 9)], axis=-1)
