"""Estimates from a calibrated body: lengths with intervals, and joints that markers identify.

The joints of neck, shoulder girdle and forearm are free only if a participant's markers identify
them. Without markers on the head its posture would be the prior's; with them, a locked neck would
attribute the head's motion to the trunk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.derivatives import BodyMarkers, MarkerDerivatives
from aqbio.body.fit import BodyFit, with_postures
from aqbio.body.priors import LANDMARK_SD, SKIN_SD
from aqbio.body.shape import Parts, Template, TemplateMarkers, part_kind
from aqbio.multibody.poses import dependent_filled
from aqbio.multibody.skeleton import Skeleton
from aqbio.observed.determined import MAX_PRIOR_SD_SHARE
from aqbio.observed.mask import POINTS, point_masses
from aqbio.vectors import FloatArray, IntArray

MAX_RELATIVE_SD = 0.04
"""A length is unknown when its standard deviation exceeds this share of it ..."""

MIN_DETERMINED_SHARE = 0.3
"""... and the recordings determine less than this share of the prior's variance."""

MAX_LENGTH_SDS = 3.0
"""A length is improbable beyond this number of standard deviations (prior, recordings and
`CENTRES_SD` combined)."""

CENTRES_SD = 0.06
"""Joint centres of models against the landmarks of the survey, share of the length: lengths of four
people differ from the expected ones by 7.5 % (RMS), where the prior has 4.6 %."""


@dataclass(frozen=True, slots=True)
class LengthEstimate:
    """A length of the body, from joint to joint."""

    name: str
    """``thigh_right``, ``hip_width``, …"""
    length: float
    sd: float
    """length, sd: float, m."""
    expected: float
    expected_sd: float
    """expected, expected_sd: Before the recordings, m."""
    size_scale: float = 1.0
    """Factor by which the recordings multiply ``expected_sd``."""
    measured: bool = True
    """True if the parts at both ends carry markers."""

    @property
    def determined_share(self) -> float:
        """Share of the scaled prior variance that the recordings removed."""
        return max(0.0, 1.0 - (self.sd / (self.size_scale * self.expected_sd)) ** 2)

    @property
    def unknown(self) -> bool:
        """True if the recordings hardly determine it."""
        return (
            self.sd > MAX_RELATIVE_SD * self.length and self.determined_share < MIN_DETERMINED_SHARE
        )

    @property
    def distance(self) -> float:
        """Difference from the expected length, in standard deviations of the difference."""
        sds = (self.expected_sd, self.sd, CENTRES_SD * self.expected)
        return (self.length - self.expected) / float(np.linalg.norm(sds))

    @property
    def improbable(self) -> bool:
        """True if it was measured and is improbable for this stature."""
        return self.measured and abs(self.distance) > MAX_LENGTH_SDS

    @property
    def words(self) -> str:
        """Name of the length in words: ``the left upper arm``."""
        kind = part_kind(self.name)
        side = self.name.removeprefix(kind).strip("_")
        return f"the {side} {kind}".replace("  ", " ").replace("_", " ")


def lengths(fit: BodyFit) -> Iterator[LengthEstimate]:
    """Lengths of a calibrated body with their standard deviations."""
    template, size = fit.problem.template, fit.problem.shape_size
    prior = np.asarray(np.linalg.inv(fit.problem.priors.precision), dtype=np.float64)
    scaled_prior = np.asarray(np.linalg.inv(fit.problem.prior[:size, :size]), dtype=np.float64)
    now, before = fit.state.theta[:size], fit.problem.priors.mean
    fitted, slope = _with_slopes(template, now)
    expected, earlier = _with_slopes(template, before)
    carriers = template.markers.body[fit.problem.visible.any(axis=0)]
    marked, ends = set(template.parts.of_body[carriers].tolist()), length_ends(template.parts)
    for name, gradient in slope.items():
        sd, usual = _sd(gradient, fit.shape_covariance), _sd(earlier[name], prior)
        scale = _sd(earlier[name], scaled_prior) / usual
        measured = marked >= set(ends[name])
        yield LengthEstimate(name, fitted[name], sd, expected[name], usual, scale, measured)


def length_slopes(fit: BodyFit) -> dict[str, FloatArray]:
    """(P + C,) arrays by length: derivatives by shape and mean posture."""
    size, count = fit.problem.shape_size, len(fit.covariance)
    _, slopes = _with_slopes(fit.problem.template, fit.state.theta[:size])
    return {name: np.pad(slope, (0, count - size)) for name, slope in slopes.items()}


def _sd(gradient: FloatArray, covariance: FloatArray) -> float:
    return float(np.sqrt(gradient @ covariance @ gradient))


def _with_slopes(
    template: Template, vector: FloatArray
) -> tuple[dict[str, float], dict[str, FloatArray]]:
    """Lengths of a shape, and their derivatives by its sizes."""
    parts, skeleton = template.parts, template.skeleton
    joint_centres = TemplateMarkers(parts.names, parts.first, template.inner[parts.first])
    points = replace(template, markers=joint_centres, sliding=template.sliding[:0])
    shape = template.shape(vector)
    point_shape = replace(points.shape(), log_factor=shape.log_factor, tilt=shape.tilt)
    q = dependent_filled(skeleton, skeleton.coordinate_default[None])
    derivatives, sizes = BodyMarkers(points).derivatives(point_shape, q), template.sizes[0]
    lengths, slopes = {}, {}
    for name, (first, second) in length_ends(parts).items():
        difference = derivatives.position[0, first] - derivatives.position[0, second]
        moved = derivatives.by_body[0, first, :, :sizes] - derivatives.by_body[0, second, :, :sizes]
        lengths[name] = float(np.linalg.norm(difference))
        slopes[name] = np.pad(difference @ moved / lengths[name], (0, len(vector) - sizes))
    return lengths, slopes


def displacements(fit: BodyFit) -> FloatArray:
    """(B,) m: posterior standard deviation of the position of each segment's mass.

    Root mean square over the segment's mass and the fitted moving frames: errors of size and those
    common to all postures, without the noise of single frames.
    """
    derivatives, frames = _point_derivatives(fit, _mass_points(fit))
    border = _stretching(fit.problem.template)
    rows = np.concatenate(
        [derivatives.by_pose[..., fit.problem.free], derivatives.by_body[..., : len(border)]],
        axis=3,
    )
    spread = with_postures(fit.covariance, fit.by_theta[frames], border)
    rows = rows.reshape(len(rows), -1, rows.shape[3])
    squares = ((rows @ spread) * rows).sum(axis=(0, 2)) / len(rows)
    return np.asarray(np.sqrt(squares.reshape(-1, 3 * POINTS).sum(axis=1) / POINTS))


def mass_slopes(fit: BodyFit) -> FloatArray:
    """(F, POINTS B, 3, P + C) derivatives of the points that represent the segments' masses."""
    return point_slopes(fit, _mass_points(fit))[0]


def _mass_points(fit: BodyFit) -> TemplateMarkers:
    skeleton = fit.problem.template.skeleton
    bodies = np.repeat(np.arange(len(skeleton.bodies)), POINTS)
    return TemplateMarkers(tuple(map(str, range(len(bodies)))), bodies, point_masses(skeleton))


def point_slopes(fit: BodyFit, points: TemplateMarkers) -> tuple[FloatArray, FloatArray]:
    """(F, M, 3, P + C) derivatives of M points by shape and mean posture, and rotations.

    ``δx = (∂x/∂θ + ∂x/∂q dq/dθ) δθ`` in the moving frames; in the static ones, if none moves.
    """
    derivatives, frames = _point_derivatives(fit, points)
    border = _stretching(fit.problem.template)
    slopes = derivatives.by_pose[..., fit.problem.free] @ fit.by_theta[frames][:, None]
    slopes[..., border] += derivatives.by_body[..., : len(border)]
    return np.asarray(slopes), derivatives.by_offset


def _point_derivatives(
    fit: BodyFit, markers: TemplateMarkers
) -> tuple[MarkerDerivatives, IntArray]:
    """Derivatives of points fixed in the segments, and their frames: moving ones, if any."""
    problem, template = fit.problem, fit.problem.template
    points = replace(template, markers=markers, sliding=template.sliding[:0])
    shape = template.shape(fit.state.theta[: problem.shape_size])
    point_shape = replace(points.shape(), log_factor=shape.log_factor, tilt=shape.tilt)
    moving = np.flatnonzero(~problem.frames.is_static)
    frames = moving if len(moving) else np.arange(len(problem.frames.is_static))
    return BodyMarkers(points).derivatives(point_shape, problem.full(fit.state.q[frames])), frames


def _stretching(template: Template) -> IntArray:
    """Indices of sizes and tilts among the unknowns: those that move a segment's points."""
    sizes, _, tilts, _ = template.sizes
    return template.common[: sizes + tilts]


def moving_flexion(fit: BodyFit) -> FloatArray:
    """(S,) array, rad: mean flexion in movement of the joint that moves each part's skin."""
    problem, template = fit.problem, fit.problem.template
    moving = ~problem.frames.is_static
    q = problem.full(fit.state.q)[moving if moving.any() else ~moving]
    flexion: FloatArray = (template.sliding[:, 2] * q[:, template.sliding[:, 1]]).mean(axis=0)
    return flexion


def offset_sds(fit: BodyFit) -> FloatArray:
    """(C,) rad or m: standard deviation of a coordinate's offset that all moving frames share.

    ``δq = dq/dθ δθ``: neither a filter nor more frames remove its mean. Without moving frames, over
    the static ones.
    """
    moving = ~fit.problem.frames.is_static
    mean = fit.by_theta[moving if moving.any() else ~moving].mean(axis=0)
    return np.asarray(np.sqrt(((mean @ fit.covariance) * mean).sum(axis=1)))


def length_ends(parts: Parts) -> dict[str, tuple[int, int]]:
    """The two parts whose proximal joints bound each length."""
    following = {"thigh": "shank", "shank": "foot", "foot": "toes", "upper_arm": "forearm"}
    ends = {}
    for name in parts.names:
        kind = part_kind(name)
        end = f"{following.get(kind, '')}{name.removeprefix(kind)}"
        if end in parts.names:
            ends[name] = (name, end)
    for name, part in (("hip_width", "thigh"), ("shoulder_width", "upper_arm")):
        if {f"{part}_left", f"{part}_right"} <= set(parts.names):
            ends[name] = (f"{part}_left", f"{part}_right")
    return {name: (parts.index(start), parts.index(end)) for name, (start, end) in ends.items()}


def variance_reductions(
    fit: BodyFit, candidates: TemplateMarkers, target_slopes: FloatArray
) -> FloatArray:
    """(M,): share of the variance of N quantities that each of M additional markers would remove.

    ``target_slopes`` (N, P + C) are the quantities' derivatives by shape and mean posture; their
    variances are added. A marker is at ``x = S δθ + R d + e``, with palpation error d and
    soft-tissue error e. With the covariance P the variance of ``G δθ`` falls by
    ``G P Sᵀ (S P Sᵀ + R D Rᵀ + E)⁻¹ S P Gᵀ``.
    """
    slopes, turned = point_slopes(fit, candidates)
    template, problem = fit.problem.template, fit.problem
    moving = ~problem.frames.is_static
    weight = problem.frames.weight[moving if moving.any() else ~moving]
    before = float(((target_slopes @ fit.covariance) * target_slopes).sum())
    shares = []
    for marker, body in enumerate(candidates.body):
        kind = part_kind(template.parts.names[template.parts.of_body[body]])
        marker_slopes = slopes[:, marker].reshape(-1, slopes.shape[-1])
        palpated = turned[:, marker].reshape(-1, 3)
        spread = (
            marker_slopes @ fit.covariance @ marker_slopes.T
            + LANDMARK_SD**2 * palpated @ palpated.T
        )
        spread += np.diag(np.repeat(SKIN_SD[kind] ** 2 / weight, 3))
        across = marker_slopes @ fit.covariance @ target_slopes.T
        shares.append(float((across * np.linalg.solve(spread, across)).sum()) / before)
    return np.array(shares)


def fit_with_identified_joints(
    fit_of: Callable[[Skeleton], BodyFit],
    skeleton: Skeleton,
    locked: Iterable[str],
    carriers: IntArray,
) -> BodyFit:
    """Fit a body, freeing those of the locked coordinates that the markers identify.

    A coordinate is identified if its standard deviation in the fitted moving frames is at most
    ``MAX_PRIOR_SD_SHARE`` of its prior's. Left and right are decided together, because a model
    with unlike arms would make athletes asymmetric. A joint whose body carries no marker stays
    locked; if others are not identified, they are locked at their defaults and the body is fitted
    again.
    """
    moved = np.isin(skeleton.axes.body, carriers)
    tried = {skeleton.coordinates.index(name) for name in locked} & set(skeleton.driver[moved])
    fit = fit_of(with_lock(skeleton, tried, locked=False))
    unidentified = _unidentified(fit, tried)
    if not unidentified:
        return fit
    return fit_of(with_lock(skeleton, tried - unidentified, locked=False))


def freed_coordinates(fit: BodyFit, locked: Iterable[str]) -> Iterator[str]:
    """The coordinates, locked in the model, that a fit freed."""
    skeleton = fit.problem.template.skeleton
    for name in locked:
        if not skeleton.coordinate_locked[skeleton.coordinates.index(name)]:
            yield name


def with_lock(skeleton: Skeleton, coordinates: Iterable[int], *, locked: bool) -> Skeleton:
    """A skeleton with some coordinates locked or free."""
    now = skeleton.coordinate_locked.copy()
    now[list(coordinates)] = locked
    return replace(skeleton, coordinate_locked=now)


def _unidentified(fit: BodyFit, tried: set[int]) -> set[int]:
    """The tried coordinates of joints that the markers do not identify."""
    skeleton = fit.problem.template.skeleton
    names = {
        coordinate: skeleton.coordinates[coordinate].removesuffix("_r").removesuffix("_l")
        for coordinate in tried
    }
    postures, free = fit.problem.priors.postures, fit.problem.free
    before = postures.frame_sd[free] ** 2 + postures.mean_sd[free] ** 2
    open_share = dict(zip(free.tolist(), frame_sd(fit) ** 2 / before, strict=True))
    unidentified = set()
    for name in set(names.values()):
        paired = [coordinate for coordinate in tried if names[coordinate] == name]
        if np.mean([open_share[coordinate] for coordinate in paired]) > MAX_PRIOR_SD_SHARE**2:
            unidentified |= set(paired)
    driven = np.isin(skeleton.driver, list(unidentified))
    joints = np.isin(skeleton.axes.body, skeleton.axes.body[driven])
    return {int(coordinate) for coordinate in skeleton.driver[joints]} & tried


def frame_sd(fit: BodyFit) -> FloatArray:
    """(C,) rad or m: standard deviation of the free coordinates in the fitted frames of movement.

    Root mean square over the frames of the error from the markers of a frame and that from the
    body, ``dq/dθ Cov(θ) dq/dθ'``.
    """
    problem = fit.problem
    moving = ~problem.frames.is_static
    chosen = moving if moving.any() else ~moving
    hessian, _ = problem.pose_blocks(fit.state, fit.weights)
    marker_variance = np.diagonal(np.linalg.inv(hessian[chosen]), axis1=1, axis2=2)
    by_theta = fit.by_theta[chosen]
    common = ((by_theta @ fit.covariance) * by_theta).sum(axis=2)
    return np.asarray(np.sqrt((marker_variance + common).mean(axis=0)))
