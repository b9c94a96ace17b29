"""What the landmarks of a posture determine of the body: its sizes, and where its segments stand.

Cluster markers get their places on the model from the posture that it was scaled to. Where the
landmarks leave that posture or a segment's size open, these places are arbitrary, and so is every
later pose, however well the clusters fit.
"""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.multibody.jacobians import velocity_fields
from aqbio.mechanics.multibody.poses import SegmentPoses, segment_poses, station_positions
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.observed.determined import MARKER_SD, range_sd
from aqbio.mechanics.vectors import FloatArray, IntArray

SIZE_SD = 0.08
"""How far a segment's size is from the generic model's before anything is measured, relative.

Limb lengths of adults vary by 5 to 6 % within a sex, which differ by 8 to 10 % (Gordon CC et al.
1989, Anthropometric survey of U.S. Army personnel, TR-89/044)."""

POINTS = 6
"""Equal masses that stand for a segment: its centre of mass and its inertia."""


def body_displacement(
    skeleton: Skeleton, q: FloatArray, landmark: IntArray, *, size_sd: float = SIZE_SD
) -> FloatArray:
    """How far each segment's mass may be from its place, for what landmarks say of size and pose.

    Parameters
    ----------
    skeleton : Skeleton
        The scaled model.
    q : (C,) array, rad or m
        The posture that it was scaled to.
    landmark : (K,) int array
        The skeleton's markers that were seen there and sit at a known place of their segment.
    size_sd : float
        What is known of every segment's size without landmarks, relative.

    Returns
    -------
    (B,) array, m
        Root mean square over the segment's mass and the posterior, to be held against the limit of
        :func:`~aqbio.mechanics.observed.determined.determined`. Up to 21 mm in three laboratories
        with landmarks at every joint; 49 to 73 mm on thighs and shanks with clusters alone.

    Notes
    -----
    The posterior of :func:`~aqbio.mechanics.observed.determined.coordinate_covariance` in one
    frame, with the size of every segment as one more unknown. A segment grows about the joint that
    moves it and carries along all that hangs on it.
    """
    poses = segment_poses(skeleton, q[None])
    bodies = np.arange(len(skeleton.bodies))
    sd = np.concatenate([range_sd(skeleton), np.full(len(bodies), size_sd)])
    own = (skeleton.marker_body[landmark], skeleton.marker_position[landmark])
    seen = (_moves(skeleton, poses, *own) * sd).reshape(-1, len(sd))
    inverse = np.linalg.inv(seen.T @ seen / MARKER_SD**2 + np.eye(len(sd)))
    covariance = sd[:, None] * inverse * sd
    moves = _moves(skeleton, poses, np.repeat(bodies, POINTS), point_masses(skeleton))
    squares = ((moves @ covariance) * moves).sum(axis=(1, 2))
    return np.asarray(np.sqrt(squares.reshape(len(bodies), POINTS).mean(axis=1)))


def _moves(
    skeleton: Skeleton, poses: SegmentPoses, body: IntArray, station: FloatArray
) -> FloatArray:
    """Displacement of points per unit of every coordinate and size, (P, 3, C + B)."""
    place = station_positions(poses, body, station)[0]
    field = velocity_fields(skeleton, poses, np.zeros((1, 3)))
    by_axis = field.shift[0] + np.cross(field.turn[0], place[:, None])
    by_axis = by_axis * skeleton.lineage[body][:, field.body, None]
    moves = np.zeros((len(body), 3, len(skeleton.coordinates) + len(skeleton.bodies)))
    np.add.at(moves.transpose(2, 0, 1), field.coordinate, by_axis.transpose(1, 0, 2))
    joint = poses.joint_centre[0]
    for row, carrier in enumerate(body):
        end = place[row]
        while carrier >= 0:
            moves[row, :, len(skeleton.coordinates) + carrier] = end - joint[carrier]
            end, carrier = joint[carrier], skeleton.parent[carrier]
    return moves


def point_masses(skeleton: Skeleton) -> FloatArray:
    """Points of every segment, in its frame, with its centre of mass and inertia, (POINTS B, 3)."""
    mass = np.where(skeleton.mass > 0.0, skeleton.mass, np.inf)[:, None, None]
    trace = np.trace(skeleton.inertia, axis1=1, axis2=2)[:, None, None]
    second = (trace / 2 * np.eye(3) - skeleton.inertia) / mass
    size, axes = np.linalg.eigh(second)
    arms = np.sqrt(np.maximum(3 * size, 0.0))[:, :, None] * np.swapaxes(axes, 1, 2)
    points: FloatArray = skeleton.com[:, None] + np.concatenate([arms, -arms], axis=1)
    return points.reshape(-1, 3)
