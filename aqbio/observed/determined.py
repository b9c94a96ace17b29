"""Precision with which markers determine a pose, the segments' masses and angular momenta.

Bayesian posterior, linearised about the pose: visible markers, each with its noise, and a weak
prior on every coordinate. The weight of a coordinate is the mass that it moves: the spin of a
straight arm about its long axis moves hardly any, an elbow without markers moves a forearm.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from aqbio.multibody.jacobians import velocity_fields
from aqbio.multibody.poses import (
    chunks,
    dependent_filled,
    segment_coms,
    segment_poses,
    station_positions,
    whole_body_com,
)
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray, cross

MARKER_SD = 0.01
"""Noise of a marker, soft tissue included, standard deviation along each axis, m.

Skin moves over the thigh by up to 30 mm, elsewhere by less than 15 mm (Leardini A et al. 2005, Gait
Posture 21:212-225)."""

ROOT_SD_M = 10.0
"""Prior standard deviation of the model's position in the ground frame, m: uninformative."""

FULL_TURN_RAD = 2.0 * np.pi
"""Largest range of an angle, rad."""

MAX_DISPLACEMENT_M = 0.03
"""A segment is determined if the RMS uncertainty of its mass's position is at most this, m, ...

Three times the noise of a marker. Markers hidden one after another in five recordings (sprint and
jog on two models, treadmill run on a third): segments with markers of their own 6 to 16 mm, legs
without markers on thigh and shank, the foot's and the pelvis's being seen, 11 to 20 mm (to 39 mm
with a straight knee), arms with one marker on each of two segments 14 to 32 mm, an unmarked
foot 35 to 53 mm, an arm with a single marker 49 to 170 mm, an unmarked forearm 115 to
340 mm, an unmarked arm or leg 270 mm and more."""

MAX_COORDINATE_SD = 0.35
"""A coordinate is observed in a frame if its standard deviation is at most this, rad or m (20
degrees) ..."""

MAX_PRIOR_SD_SHARE = 0.5
"""... and at most this share of its prior standard deviation: markers determine three quarters of
its variance."""

MAX_MOMENTUM_SD_M2PS = 1.5e-2
"""... and its angular momentum, about every axis, to within this times the body's mass, m²/s.

That is the size of a trunk's, 1.1 kg m²/s of 76 kg in a sprint: beyond it the trunk's momentum is
undetermined. Errors of the pose swing with the strides. Trunks of six sound recordings 3e-3 to
5e-3, with one marker and the shoulders' 10e-3. Markers removed from a sprint and a jog: without all
three on the trunk 11e-3, also without the shoulders' 20e-3, with one of them 7e-3 to 13e-3. All
other segments with markers of their own less than 3e-3."""

STRIDE_RATE_HZ = 2.0
"""Strides per second: limbs of a runner swing 1.3 (jog) to 2.4 times (sprint), Hz."""

NEGLIGIBLE_COM_SHIFT_M = 4e-4
"""A segment also counts as determined if its displacement moves the body's centre of mass by less
than this, m.

Toes and hands without markers: 0.1 to 0.2 mm and 0.1 to 0.3 mm; a foot 0.5 to 0.6 mm, one of
the two bones of a forearm 0.5 to 3.7 mm."""

CHUNK_FRAMES = 128
"""Number of frames whose marker derivatives are in memory at once: fits the processor's cache."""


def range_sd(skeleton: Skeleton) -> FloatArray:
    """(C,) rad or m: SD of a uniform distribution over each coordinate's range, 0 if fixed.

    At most a full turn; ``ROOT_SD_M`` and a full turn for coordinates of the joints between ground
    and model.
    """
    low, high = skeleton.coordinate_range.T
    width = np.where(np.isfinite(high - low), high - low, np.inf)
    turns = np.zeros(len(skeleton.coordinates), dtype=bool)
    rotation = skeleton.axes.is_rotation & (skeleton.driver >= 0)
    turns[skeleton.driver[rotation]] = True
    root = skeleton.parent[skeleton.axes.body] == GROUND
    width[np.setdiff1d(skeleton.driver[root], [-1])] = np.inf
    widest = np.where(turns, FULL_TURN_RAD, ROOT_SD_M * np.sqrt(12.0))
    sd = np.zeros(len(skeleton.coordinates))
    sd[skeleton.free] = (np.minimum(width, widest) / np.sqrt(12.0))[skeleton.free]
    return sd


@dataclass(frozen=True, eq=False)
class MarkerNoise:
    """Errors of recorded markers relative to the bone."""

    sd: FloatArray
    """(K,) array, m. Of each marker, along each axis."""
    part: IntArray
    """(K,) int array. Part of the body that carries each."""
    common: float
    """Share of the variance that is common to the markers of a part."""

    @classmethod
    def uniform(cls, markers: int, sd: float = MARKER_SD) -> MarkerNoise:
        """Independent noise of the same SD for markers on unknown parts."""
        return cls(np.full(markers, sd), np.arange(markers), 0.0)


def coordinate_covariance(
    skeleton: Skeleton,
    q: FloatArray,
    marker_index: IntArray,
    weight: FloatArray,
    prior_sd: FloatArray,
    noise: MarkerNoise,
) -> FloatArray:
    """(T, C, C): posterior covariance of the coordinates, given the visible markers.

    Of the estimate that follows markers by their weights (T, K), whatever their true noise V: ``H⁻¹
    (Jᵀ W V W J + P⁻¹) H⁻¹`` with ``H = Jᵀ W J + P⁻¹`` and W the weights by the square of
    ``MARKER_SD``; ``H⁻¹`` where the noise is that. With ``D = P^½`` it is ``D A⁻¹ B A⁻¹ D`` with
    ``A = D H D``, which exists whatever is visible. Prior SD 0 where a coordinate is known; zero
    for locked and dependent coordinates, NaN where the pose is.
    """
    sd = np.broadcast_to(prior_sd, q.shape)
    covariance = np.zeros((len(q), len(skeleton.coordinates), len(skeleton.coordinates)))
    for part in chunks(len(q), CHUNK_FRAMES):
        chosen, moved = marker_motion(skeleton, q[part], marker_index)
        scale = sd[part][:, chosen]
        moved *= scale[:, None, None]
        pulled, identity = (
            (weight[part] / MARKER_SD**2)[..., None, None] * moved,
            np.eye(len(chosen)),
        )
        inverse = np.linalg.inv(_product(moved, pulled) + identity)
        spread = _spread(pulled, noise) + identity
        scaled = scale[:, :, None] * inverse
        covariance[part, chosen[:, None], chosen] = scaled @ spread @ np.swapaxes(scaled, 1, 2)
    return covariance


def usual_covariance(
    skeleton: Skeleton, q: FloatArray, marker_index: IntArray, markers: FloatArray
) -> FloatArray:
    """(T, C, C): covariance of the coordinates from the markers (T, K, 3) and uniform priors."""
    weight = np.isfinite(markers).all(axis=2).astype(float)
    noise = MarkerNoise.uniform(len(marker_index))
    return coordinate_covariance(skeleton, q, marker_index, weight, range_sd(skeleton), noise)


def marker_motion(
    skeleton: Skeleton, q: FloatArray, marker_index: IntArray
) -> tuple[IntArray, FloatArray]:
    """Free coordinates with axes, (n,), and derivatives of markers by them, (T, K, 3, n)."""
    axes = np.flatnonzero(np.isin(skeleton.driver, skeleton.free))
    poses = segment_poses(skeleton, q)
    field = velocity_fields(skeleton, poses, poses.origin.mean(axis=1), axes)
    body, chosen = skeleton.marker_body[marker_index], np.unique(field.coordinate)
    position = station_positions(poses, body, skeleton.marker_position[marker_index])
    arm = (position - field.about[:, None])[:, :, None]
    moved = np.zeros((len(q), len(body), 3, len(chosen)))
    for segment in np.unique(body):
        markers_of_segment = np.flatnonzero(body == segment)
        beyond = np.flatnonzero(skeleton.lineage[segment, field.body])
        by_axis = field.shift[:, None, beyond] + cross(
            field.turn[:, None, beyond], arm[:, markers_of_segment]
        )
        coordinate, first = np.unique(field.coordinate[beyond], return_index=True)
        index = (
            markers_of_segment[:, None, None],
            np.arange(3)[:, None],
            np.searchsorted(chosen, coordinate),
        )
        moved[:, *index] = np.swapaxes(np.add.reduceat(by_axis, first, axis=2), 2, 3)
    return chosen, moved


def _product(left: FloatArray, right: FloatArray) -> FloatArray:
    """``Jᵀ K``, (T, n, n), of (T, K, 3, n) arrays."""
    shape = len(left), prod(left.shape[1:3]), left.shape[-1]
    return np.asarray(np.swapaxes(left.reshape(shape), 1, 2) @ right.reshape(shape))


def _spread(pulled: FloatArray, noise: MarkerNoise) -> FloatArray:
    """``Jᵀ W V W J``, (T, n, n): independent noise of the markers and noise common to parts."""
    pulled *= noise.sd[:, None, None]
    independent = _product(pulled, pulled)
    if noise.common == 0.0:
        return independent
    parts = (np.unique(noise.part)[:, None] == noise.part).astype(float)
    part_sums = parts @ pulled.reshape(*pulled.shape[:2], prod(pulled.shape[2:]))
    part_sums = part_sums.reshape(*part_sums.shape[:2], *pulled.shape[2:])
    return (1.0 - noise.common) * independent + noise.common * _product(part_sums, part_sums)


def with_joints_freed(skeleton: Skeleton, lockable: Iterable[str], markers: IntArray) -> Skeleton:
    """Free the joints that a model locks although people move them.

    Joints that carry limbs, on a segment that carries several, as shoulders do on the trunk: a
    trunk measured through them may rotate as far as they do.
    """
    children = (skeleton.parent == np.arange(len(skeleton.parent))[:, None]).sum(axis=1)
    beyond = skeleton.lineage[skeleton.marker_body[markers]].any(axis=0)
    between = beyond & (children > 0) & (children[skeleton.parent] > 1)
    lockable_axes = np.isin(
        skeleton.driver, [skeleton.coordinates.index(name) for name in lockable]
    )
    locked = skeleton.coordinate_locked.copy()
    locked[skeleton.driver[lockable_axes & between[skeleton.axes.body]]] = False
    return replace(skeleton, coordinate_locked=locked)


def segment_sds(
    skeleton: Skeleton, q: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """SDs (T, B) of every segment's mass, m, and of its angular momentum about the centre of mass.

    ``√(E ∫ |δx|² dm / m)``. With ``δx = δc + δθ × r`` about the centre of mass it is
    ``√(tr Σ_c + tr(I Σ_θ) / m)``. Errors that swing with strides have the speeds ``ω δc`` and
    ``ω δθ``, with ``ω = 2π STRIDE_RATE_HZ``: ``δH = ω (m (c − com) × δc + I δθ)``, about the least
    certain axis, kg m²/s. NaN where the pose is.
    """
    displacement = np.empty((len(q), len(skeleton.bodies)))
    momentum, gyration = np.empty_like(displacement), _gyration_axes(skeleton)
    for part in chunks(len(q)):
        poses = segment_poses(skeleton, q[part])
        field = velocity_fields(skeleton, poses, poses.origin.mean(axis=1))
        coms = segment_coms(skeleton, poses)
        middle = whole_body_com(skeleton, poses)
        for body, axes in enumerate(gyration):
            beyond = np.flatnonzero(skeleton.lineage[body, field.body])
            com, mass = coms[:, body], skeleton.mass[body]
            turn = field.turn[:, beyond]
            moved = field.shift[:, beyond] + cross(turn, (com - field.about)[:, None])
            root = poses.rotation[:, body] @ axes
            turned = turn @ root
            swung = cross((com - middle)[:, None], moved) + turned @ np.swapaxes(root, 1, 2)
            motion = np.concatenate([moved, turned, mass * swung], axis=2)
            coordinate = field.coordinate[beyond]
            spread = covariance[part][:, coordinate[:, None], coordinate] @ motion
            squares = (motion * spread).sum(axis=1)
            displacement[part, body] = np.sqrt(squares[:, :6].sum(axis=1))
            momentum[part, body] = (
                2.0 * np.pi * STRIDE_RATE_HZ * np.sqrt(squares[:, 6:].max(axis=1))
            )
    return displacement, momentum


def _gyration_axes(skeleton: Skeleton) -> FloatArray:
    """Square roots G of ``I / m`` of every segment, (B, 3, 3) m: ``G Gᵀ = I / m``."""
    mass = np.where(skeleton.mass > 0.0, skeleton.mass, np.inf)
    moments, axes = np.linalg.eigh(skeleton.inertia / mass[:, None, None])
    root: FloatArray = axes * np.sqrt(np.maximum(moments, 0.0))[:, None, :]
    return root


def determined(
    skeleton: Skeleton, displacement: FloatArray, momentum: FloatArray | None = None
) -> BoolArray:
    """(T, B) bool: position and angular momentum of a segment are determined."""
    share = skeleton.mass / skeleton.mass.sum()
    near, light = displacement <= MAX_DISPLACEMENT_M, displacement * share <= NEGLIGIBLE_COM_SHIFT_M
    if momentum is not None:
        near &= momentum <= MAX_MOMENTUM_SD_M2PS * skeleton.mass.sum()
    return np.asarray(near | light)


def frame_sd(covariance: FloatArray) -> FloatArray:
    """(T, C) array, rad or m: standard deviations of the coordinates."""
    return np.asarray(np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)))


def coordinates_observed(sd: FloatArray, prior_sd: FloatArray) -> BoolArray:
    """(T, C) bool: a coordinate's SD is well below its prior's; true if it is not estimated."""
    return np.asarray(sd <= np.minimum(MAX_COORDINATE_SD, MAX_PRIOR_SD_SHARE * prior_sd))


def variance_shares(
    skeleton: Skeleton,
    q: FloatArray,
    covariance: FloatArray,
    marker_index: IntArray,
    coordinates: IntArray,
) -> FloatArray:
    """(M,): share of the variance of some coordinates that each of M markers alone would remove.

    The variance of c falls by ``P_c Jᵀ (J P Jᵀ + σ²)⁻¹ J P_c``.
    """
    chosen, moved = marker_motion(skeleton, q, marker_index)
    prior_covariance = covariance[:, chosen[:, None], chosen]
    across = moved @ prior_covariance[:, None]
    spread = across @ np.swapaxes(moved, 2, 3) + MARKER_SD**2 * np.eye(3)
    target = across[..., np.isin(chosen, coordinates)]
    removed = (target * np.linalg.solve(spread, target)).sum(axis=(0, 2, 3))
    before = np.einsum("tcc->tc", covariance)[:, coordinates].sum()
    return np.asarray(removed / before)


def determined_by_file(skeleton: Skeleton, q: FloatArray, recorded: BoolArray) -> BoolArray:
    """(T, S) bool: segments that a file of joint angles determines, by its coordinates (T, C)."""
    no_marker = MarkerNoise.uniform(0)
    prior_sd = np.where(recorded, 0.0, range_sd(skeleton))
    unseen = np.zeros(0, dtype=int), np.zeros((len(q), 0))
    covariance = coordinate_covariance(skeleton, q, *unseen, prior_sd, no_marker)
    return determined(skeleton, *segment_sds(skeleton, q, covariance))


def interpolate_lost_joints(skeleton: Skeleton, q: FloatArray, finite: BoolArray) -> FloatArray:
    """Interpolate joints linearly while their segment is lost; ``finite`` (T, S): it is observed.

    Inverse kinematics draws undetermined coordinates to the default pose: a jump, which the
    low-pass filter would spread into neighbouring frames.
    """
    led, frames = q.copy(), np.arange(len(q))
    for body, parent in enumerate(skeleton.parent):
        # a joint with any observed segment distal to it keeps that segment at its markers
        observed = finite[:, skeleton.lineage[:, body]].any(axis=1)
        if observed.all() or not observed.any() or parent == GROUND:
            continue
        joint_coordinates = skeleton.driver[(skeleton.axes.body == body) & (skeleton.driver >= 0)]
        for column in set(joint_coordinates.tolist()):
            led[:, column] = np.interp(frames, frames[observed], q[observed, column])
    return dependent_filled(skeleton, led)


def filled_coordinates(skeleton: Skeleton, q: FloatArray) -> FloatArray:
    """Fill missing values of a file: linearly between finite frames, else by the default."""
    filled, frames = q.copy(), np.arange(len(q))
    for index, column in enumerate(filled.T):
        finite = np.isfinite(column)
        if not finite.any():
            column[:] = skeleton.coordinate_default[index]
        elif not finite.all():
            column[:] = np.interp(frames, frames[finite], column[finite])
    return dependent_filled(skeleton, filled)
