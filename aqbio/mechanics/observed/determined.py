"""How well markers determine a pose, and how far each segment's mass may be from where it is said.

The posterior of Bayes' rule, linear about the pose: markers that are seen, each with its noise, and
a weak prior on every coordinate. A coordinate matters by the mass that it moves: the spin of a
straight arm about its own axis moves hardly any, an elbow that no marker shows moves a forearm.
"""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.multibody.inertia import (
    by_coordinate,
    carried,
    felt_by_axes,
    momenta,
    point_masses,
)
from aqbio.mechanics.multibody.jacobians import velocity_fields
from aqbio.mechanics.multibody.poses import (
    SegmentPoses,
    chunks,
    segment_poses,
    station_positions,
)
from aqbio.mechanics.multibody.skeleton import GROUND, Skeleton
from aqbio.mechanics.vectors import BoolArray, FloatArray, IntArray, cross, rotate

MARKER_SD = 0.01
"""Noise of a marker with the skin under it, standard deviation along each axis, m.

Skin moves over the thigh by up to 30 mm, elsewhere by less than 15 mm (Leardini A et al. 2005, Gait
Posture 21:212-225)."""

ANYWHERE = 10.0
"""Standard deviation of the place of a body that hangs on the ground, m: no knowledge."""

WHOLE_TURN = 2.0 * np.pi
"""No angle is known worse than anywhere on the circle, rad."""

LARGEST_DISPLACEMENT = 0.03
"""A segment is determined while its mass is known to within this, root mean square, m.

Three times the noise of a marker. Markers hidden one after another in five recordings (sprint and
jog on two models, treadmill run on a third): segments with markers of their own 6 to 16 mm, legs
without markers on thigh and shank, the foot's and the pelvis's being seen, 11 to 20 mm (to 39 mm
with a straight knee), arms with one marker on each of two segments 14 to 32 mm, a foot that nobody
sees 35 to 53 mm, an arm with a single marker 49 to 170 mm, a forearm that nobody sees 115 to
340 mm, an arm or leg that nobody sees 270 mm and more."""

NEGLIGIBLE = 4e-4
"""Nor is it lost while its displacement moves the body's centre of mass by less than this, m.

Toes and hands that no marker shows: 0.1 to 0.2 mm and 0.1 to 0.3 mm; a foot 0.5 to 0.6 mm, one of
the two bones of a forearm 0.5 to 3.7 mm."""


def range_sd(skeleton: Skeleton) -> FloatArray:
    """What is known of every coordinate before any marker: that it is within its range.

    Parameters
    ----------
    skeleton : Skeleton

    Returns
    -------
    (C,) array, rad or m
        Standard deviation of a uniform distribution over the model's range, of an angle at most
        over a whole turn; ``ANYWHERE`` and a whole turn for coordinates of a body that hangs on
        the ground; 0 for locked and dependent coordinates, which are known.
    """
    low, high = skeleton.coordinate_range.T
    width = np.where(np.isfinite(high - low), high - low, np.inf)
    turns = np.zeros(len(skeleton.coordinates), dtype=bool)
    rotation = skeleton.axes.is_rotation & (skeleton.driver >= 0)
    turns[skeleton.driver[rotation]] = True
    root = skeleton.parent[skeleton.axes.body] == GROUND
    width[np.setdiff1d(skeleton.driver[root], [-1])] = np.inf
    known = np.where(turns, WHOLE_TURN, ANYWHERE * np.sqrt(12.0))
    sd = np.zeros(len(skeleton.coordinates))
    sd[skeleton.free] = (np.minimum(width, known) / np.sqrt(12.0))[skeleton.free]
    return sd


def coordinate_covariance(
    skeleton: Skeleton,
    q: FloatArray,
    marker_index: IntArray,
    visible: BoolArray,
    prior_sd: FloatArray,
    *,
    marker_sd: float = MARKER_SD,
) -> FloatArray:
    """Posterior covariance of the coordinates, given the markers that are seen.

    Parameters
    ----------
    skeleton : Skeleton
    q : (T, C) array, rad or m
        The pose.
    marker_index : (K,) int array
        Which of the skeleton's markers each recorded one is.
    visible : (T, K) bool array
        Whether the marker is seen, and followed.
    prior_sd : (C,) or (T, C) array, rad or m
        What is known of the coordinates without markers (:func:`range_sd`); 0 where a coordinate
        is known, for example from a file of joint angles.
    marker_sd : float, m

    Returns
    -------
    (T, C, C) array
        Zero rows and columns for locked and dependent coordinates; NaN where the pose is.

    Notes
    -----
    ``(Jᵀ J / σ² + P⁻¹)⁻¹``, computed as ``D (D Jᵀ J D / σ² + 1)⁻¹ D`` with ``D = P^½``, which
    exists whatever is seen. ``Jᵀ J`` is the mass matrix of a skeleton whose only masses are the
    markers.
    """
    sd = np.broadcast_to(prior_sd, q.shape)
    body = skeleton.marker_body[marker_index]
    station = skeleton.marker_position[marker_index]
    covariance = np.zeros((len(q), len(skeleton.coordinates), len(skeleton.coordinates)))
    for part in chunks(len(q)):
        poses = segment_poses(skeleton, q[part])
        position = station_positions(poses, body, station)
        weight = visible[part] / marker_sd**2
        chosen, stiffness = _stiffness(skeleton, poses, position, weight, body)
        own = sd[part][:, chosen]
        both = own[:, :, None] * own[:, None, :]
        inverse = np.linalg.inv(both * stiffness + np.eye(len(chosen)))
        covariance[part, chosen[:, None], chosen] = both * inverse
    return covariance


def _stiffness(
    skeleton: Skeleton,
    poses: SegmentPoses,
    position: FloatArray,
    weight: FloatArray,
    body: IntArray,
) -> tuple[IntArray, FloatArray]:
    """Coordinates that move anything, (n,), and ``Jᵀ W J`` of the markers by them, (T, n, n)."""
    axes = np.flatnonzero(np.isin(skeleton.driver, skeleton.free))
    about = poses.origin.mean(axis=1)
    field = velocity_fields(skeleton, poses, about, axes)
    parts = point_masses(weight, position - about[:, None])
    beyond = carried(skeleton, field, parts, body)
    felt = felt_by_axes(skeleton, field, momenta(field, beyond))
    return np.unique(field.coordinate), by_coordinate(field, felt)


def mass_displacement(skeleton: Skeleton, q: FloatArray, covariance: FloatArray) -> FloatArray:
    """How far the mass of every segment may be from where the pose has it.

    Parameters
    ----------
    skeleton : Skeleton
    q : (T, C) array, rad or m
    covariance : (T, C, C) array
        Of the coordinates (:func:`coordinate_covariance`).

    Returns
    -------
    (T, B) array, m
        Root mean square over the segment's mass and the posterior; of a segment without mass, of
        its centre; NaN where the pose is.

    Notes
    -----
    ``√(E ∫ |δx|² dm / m)``. With ``δx = δc + δθ × r`` about the centre of mass it is
    ``√(tr Σ_c + tr(I Σ_θ) / m)``.
    """
    displacement = np.empty((len(q), len(skeleton.bodies)))
    gyration = _gyration_axes(skeleton)
    for part in chunks(len(q)):
        poses = segment_poses(skeleton, q[part])
        field = velocity_fields(skeleton, poses, poses.origin.mean(axis=1))
        for body, axes in enumerate(gyration):
            beyond = np.flatnonzero(skeleton.lineage[body, field.body])
            com = poses.origin[:, body] + rotate(poses.rotation[:, body], skeleton.com[body])
            turn = field.turn[:, beyond]
            moved = field.shift[:, beyond] + cross(turn, (com - field.about)[:, None])
            turned = turn @ (poses.rotation[:, body] @ axes)
            motion = np.concatenate([moved, turned], axis=2)
            coordinate = field.coordinate[beyond]
            spread = covariance[part][:, coordinate[:, None], coordinate] @ motion
            displacement[part, body] = np.sqrt((motion * spread).sum(axis=(1, 2)))
    return displacement


def _gyration_axes(skeleton: Skeleton) -> FloatArray:
    """Square roots G of ``I / m`` of every segment, (B, 3, 3) m: ``G Gᵀ = I / m``, 0 without mass.

    About the centre of mass, in axes of the segment.
    """
    mass = np.where(skeleton.mass > 0.0, skeleton.mass, np.inf)
    moments, axes = np.linalg.eigh(skeleton.inertia / mass[:, None, None])
    root: FloatArray = axes * np.sqrt(np.maximum(moments, 0.0))[:, None, :]
    return root


def determined(skeleton: Skeleton, displacement: FloatArray) -> BoolArray:
    """Whether the place of every segment's mass is known well enough to compute with it.

    Parameters
    ----------
    skeleton : Skeleton
    displacement : (T, B) array, m
        See :func:`mass_displacement`.

    Returns
    -------
    (T, B) bool array
        False where the displacement is NaN.
    """
    share = skeleton.mass / skeleton.mass.sum()
    near, light = displacement <= LARGEST_DISPLACEMENT, displacement * share <= NEGLIGIBLE
    return np.asarray(near | light)
