"""What misplaced markers do to the coordinates that inverse kinematics finds."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.multibody.jacobians import velocity_fields
from aqbio.mechanics.multibody.poses import SegmentPoses, station_positions
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray, IntArray, cross, rotate

UNOBSERVED = 1e-6
"""Weight of a coordinate's own value beside the markers': it holds what no marker sees."""


def marker_jacobian(skeleton: Skeleton, poses: SegmentPoses, marker: IntArray) -> FloatArray:
    """Derivative of marker positions by the free coordinates.

    Parameters
    ----------
    skeleton : Skeleton
    poses : SegmentPoses
    marker : (K,) int array
        Markers of the skeleton.

    Returns
    -------
    (T, 3 K, N) array, m per unit of coordinate
    """
    body = skeleton.marker_body[marker]
    points = station_positions(poses, body, skeleton.marker_position[marker])
    about = points.mean(axis=1)
    fields = velocity_fields(skeleton, poses, about)
    arm = points - about[:, None]
    moves = skeleton.lineage[body][:, fields.body]
    free = list(skeleton.free)
    jacobian = np.zeros((len(points), len(marker), 3, len(free)))
    for place, coordinate in enumerate(fields.coordinate):
        if coordinate in free:
            velocity = fields.shift[:, None, place] + cross(fields.turn[:, None, place], arm)
            jacobian[..., free.index(coordinate)] += velocity * moves[:, place, None]
    return jacobian.reshape(len(points), -1, len(free))


def misplaced(
    skeleton: Skeleton,
    poses: SegmentPoses,
    marker: IntArray,
    weight: FloatArray,
    offset: FloatArray,
) -> FloatArray:
    """Change of the coordinates if markers sit elsewhere on the model than on the runner.

    Parameters
    ----------
    skeleton : Skeleton
    poses : SegmentPoses
        Of the solved motion.
    marker : (K,) int array
        Markers that inverse kinematics followed.
    weight : (K,) array
    offset : (D, K, 3) array, m
        Displacements of the model's markers in their segments' frames, one set per draw.

    Returns
    -------
    (D, T, C) array, rad or m
        Zero for coordinates that are not free.

    Notes
    -----
    The weighted least squares of inverse kinematics, linearised at its solution:
    ``δq = −(Jᵀ W J + ε)⁻¹ Jᵀ W R δ``.
    """
    jacobian = marker_jacobian(skeleton, poses, marker)
    frames, _, count = jacobian.shape
    weighted = jacobian * np.repeat(weight, 3)[:, None]
    normal = np.swapaxes(weighted, 1, 2) @ jacobian
    largest = np.trace(normal, axis1=1, axis2=2)[:, None, None] / count
    normal = normal + UNOBSERVED * largest * np.eye(count)
    rotation = poses.rotation[:, skeleton.marker_body[marker]]
    moved = rotate(
        rotation, np.broadcast_to(offset[:, None], (len(offset), frames, *offset.shape[1:]))
    )
    right = (
        np.swapaxes(weighted, 1, 2)
        @ moved.reshape(len(offset), frames, -1, 1).transpose(1, 2, 0, 3)[..., 0]
    )
    change = np.zeros((len(offset), frames, len(skeleton.coordinates)))
    change[..., skeleton.free] = -np.linalg.solve(normal, right).transpose(2, 0, 1)
    return change
