"""What a calibrated body says: lengths, how sure they are, and how much the recordings told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.body import BodyMarkers, MarkerDerivatives
from aqbio.body.fit import BodyFit
from aqbio.body.fitted_parts import ENDS, Parts, part_kind
from aqbio.body.priors import LANDMARK_SD, SKIN_SD
from aqbio.body.scales import with_postures
from aqbio.body.shape import MarkerPlaces, Template
from aqbio.multibody.poses import dependent_filled
from aqbio.observed.mask import POINTS, point_masses
from aqbio.vectors import FloatArray, IntArray

UNKNOWN_SD, UNKNOWN_TOLD = 0.04, 0.3
"""A length is unknown when its standard deviation exceeds this share of it and the recordings tell
less than this share of the belief's variance."""

IMPROBABLE = 3.0
"""Standard deviations beyond which a length is improbable, by belief, recordings and"""

CENTRES_SD = 0.06
"""what joint centres of models are elsewhere than the landmarks of the survey, share of the length:
four people's lengths differ by 7.5 % (RMS) from what is expected, for 4.6 % that are believed."""


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
    oddness: float = 1.0
    """By which the recordings multiply ``expected_sd``."""
    measured: bool = True
    """Whether the parts at both ends carry markers."""

    @property
    def told(self) -> float:
        """Share of the variance among people as odd as this one that the recordings took away."""
        return max(0.0, 1.0 - (self.sd / (self.oddness * self.expected_sd)) ** 2)

    @property
    def unknown(self) -> bool:
        """Whether the recordings hardly tell it."""
        return self.sd > UNKNOWN_SD * self.length and self.told < UNKNOWN_TOLD

    @property
    def distance(self) -> float:
        """How far from what was expected, in standard deviations of the difference."""
        sds = (self.expected_sd, self.sd, CENTRES_SD * self.expected)
        return (self.length - self.expected) / float(np.linalg.norm(sds))

    @property
    def improbable(self) -> bool:
        """Whether it was measured and nobody of this stature has it."""
        return self.measured and abs(self.distance) > IMPROBABLE

    @property
    def words(self) -> str:
        """Which length it is: ``the left upper arm``."""
        kind = part_kind(self.name)
        side = self.name.removeprefix(kind).strip("_")
        return f"the {side} {kind}".replace("  ", " ").replace("_", " ")


def lengths(fit: BodyFit) -> Iterator[LengthEstimate]:
    """Lengths of a calibrated body with their standard deviations."""
    template, size = fit.problem.template, fit.problem.shape_size
    prior = np.asarray(np.linalg.inv(fit.problem.priors.precision), dtype=np.float64)
    learnt = np.asarray(np.linalg.inv(fit.problem.prior[:size, :size]), dtype=np.float64)
    now, before = fit.state.theta[:size], fit.problem.priors.mean
    found, slope = _with_slopes(template, now)
    expected, earlier = _with_slopes(template, before)
    carriers = template.markers.body[fit.problem.visible.any(axis=0)]
    marked, ends = set(template.parts.of_body[carriers].tolist()), length_ends(template.parts)
    for name, gradient in slope.items():
        sd, usual = _sd(gradient, fit.shape_covariance), _sd(earlier[name], prior)
        odd = _sd(earlier[name], learnt) / usual
        shown = marked >= set(ends[name])
        yield LengthEstimate(name, found[name], sd, expected[name], usual, odd, shown)


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
    places = MarkerPlaces(parts.names, parts.first, template.inner[parts.first])
    points = replace(template, markers=places, sliding=template.sliding[:0])
    shape = template.shape(vector)
    own = replace(points.shape(), log_factor=shape.log_factor, tilt=shape.tilt)
    q = dependent_filled(skeleton, skeleton.coordinate_default[None])
    found, sizes = BodyMarkers(points).derivatives(own, q), template.sizes[0]
    lengths, slopes = {}, {}
    for name, (one, other) in length_ends(parts).items():
        apart = found.position[0, one] - found.position[0, other]
        moved = found.by_body[0, one, :, :sizes] - found.by_body[0, other, :, :sizes]
        lengths[name] = float(np.linalg.norm(apart))
        slopes[name] = np.pad(apart @ moved / lengths[name], (0, len(vector) - sizes))
    return lengths, slopes


def displacements(fit: BodyFit) -> FloatArray:
    """(B,) m: how far each segment's mass may be from its place, by the posterior.

    Root mean square over the segment's mass, the posterior and the fitted moving frames: size
    and what all postures are off together, not the noise of single frames.
    """
    found, frames = _moved(fit, _mass_places(fit))
    border = _stretching(fit.problem.template)
    rows = np.concatenate(
        [found.by_pose[..., fit.problem.free], found.by_body[..., : len(border)]], axis=3
    )
    spread = with_postures(fit.covariance, fit.by_theta[frames], border)
    rows = rows.reshape(len(rows), -1, rows.shape[3])
    squares = ((rows @ spread) * rows).sum(axis=(0, 2)) / len(rows)
    return np.asarray(np.sqrt(squares.reshape(-1, 3 * POINTS).sum(axis=1) / POINTS))


def mass_slopes(fit: BodyFit) -> FloatArray:
    """(F, POINTS B, 3, P + C) array: how points that stand for the segments' mass move."""
    return point_slopes(fit, _mass_places(fit))[0]


def _mass_places(fit: BodyFit) -> MarkerPlaces:
    skeleton = fit.problem.template.skeleton
    bodies = np.repeat(np.arange(len(skeleton.bodies)), POINTS)
    return MarkerPlaces(tuple(map(str, range(len(bodies)))), bodies, point_masses(skeleton))


def point_slopes(fit: BodyFit, places: MarkerPlaces) -> tuple[FloatArray, FloatArray]:
    """(F, M, 3, P + C) derivatives of M points by shape and mean posture, and rotations.

    ``δx = (∂x/∂θ + ∂x/∂q dq/dθ) δθ`` in the moving frames; in the still ones, if none moves.
    """
    found, frames = _moved(fit, places)
    border = _stretching(fit.problem.template)
    slopes = found.by_pose[..., fit.problem.free] @ fit.by_theta[frames][:, None]
    slopes[..., border] += found.by_body[..., : len(border)]
    return np.asarray(slopes), found.by_offset


def _moved(fit: BodyFit, places: MarkerPlaces) -> tuple[MarkerDerivatives, IntArray]:
    """How points fixed in the segments move, and in which frames: moving ones, if any."""
    problem, template = fit.problem, fit.problem.template
    points = replace(template, markers=places, sliding=template.sliding[:0])
    shape = template.shape(fit.state.theta[: problem.shape_size])
    own = replace(points.shape(), log_factor=shape.log_factor, tilt=shape.tilt)
    moving = np.flatnonzero(~problem.frames.still)
    frames = moving if len(moving) else np.arange(len(problem.frames.still))
    return BodyMarkers(points).derivatives(own, problem.full(fit.state.q[frames])), frames


def _stretching(template: Template) -> IntArray:
    """Places of sizes and tilts among the unknowns: what moves a segment's points."""
    sizes, _, tilts, _ = template.sizes
    return template.common[: sizes + tilts]


def moving_flexion(fit: BodyFit) -> FloatArray:
    """(S,) array, rad: mean flexion in movement of the joint that moves each part's skin."""
    problem, template = fit.problem, fit.problem.template
    moving = ~problem.frames.still
    q = problem.full(fit.state.q)[moving if moving.any() else ~moving]
    flexion: FloatArray = (template.sliding[:, 2] * q[:, template.sliding[:, 1]]).mean(axis=0)
    return flexion


def offset_sds(fit: BodyFit) -> FloatArray:
    """(C,) rad or m: standard deviation of a coordinate's offset that all moving frames share.

    ``δq = dq/dθ δθ``: neither a filter nor more frames remove its mean. Without moving frames, over
    the still ones.
    """
    moving = ~fit.problem.frames.still
    mean = fit.by_theta[moving if moving.any() else ~moving].mean(axis=0)
    return np.asarray(np.sqrt(((mean @ fit.covariance) * mean).sum(axis=1)))


def length_ends(parts: Parts) -> dict[str, tuple[int, int]]:
    """Parts at whose beginnings each length has its ends."""
    following = {name: _next_part(name) for name in parts.names}
    found = {name: (name, end) for name, end in following.items() if end in parts.names}
    for name, part in (("hip_width", "thigh"), ("shoulder_width", "upper_arm")):
        if {f"{part}_left", f"{part}_right"} <= set(parts.names):
            found[name] = (f"{part}_left", f"{part}_right")
    return {name: (parts.index(one), parts.index(end)) for name, (one, end) in found.items()}


def _next_part(name: str) -> str:
    """Part beyond, on the same side; empty at the end of a limb."""
    kind = part_kind(name)
    following = {"thigh": "shank", "shank": "foot", "foot": "toes", "upper_arm": "forearm"}
    return f"{following[kind]}{name.removeprefix(kind)}" if kind in ENDS else ""


def told_shares(fit: BodyFit, places: MarkerPlaces, wanted: FloatArray) -> FloatArray:
    """(M,): share of the variance of some quantities that one more marker would remove.

    ``wanted`` (N, P + C) are their derivatives by shape and mean posture, variances added. The
    marker is at ``x = S δθ + R d + e``, with palpation error d and soft-tissue error e. With the
    covariance P the variance of ``G δθ`` falls by ``G P Sᵀ (S P Sᵀ + R D Rᵀ + E)⁻¹ S P Gᵀ``.
    """
    slopes, turned = point_slopes(fit, places)
    template, problem = fit.problem.template, fit.problem
    moving = ~problem.frames.still
    worth = problem.frames.worth[moving if moving.any() else ~moving]
    before = float(((wanted @ fit.covariance) * wanted).sum())
    shares = []
    for marker, body in enumerate(places.body):
        kind = part_kind(template.parts.names[template.parts.of_body[body]])
        seen = slopes[:, marker].reshape(-1, slopes.shape[-1])
        palpated = turned[:, marker].reshape(-1, 3)
        spread = seen @ fit.covariance @ seen.T + LANDMARK_SD**2 * palpated @ palpated.T
        spread += np.diag(np.repeat(SKIN_SD[kind] ** 2 / worth, 3))
        across = seen @ fit.covariance @ wanted.T
        shares.append(float((across * np.linalg.solve(spread, across)).sum()) / before)
    return np.array(shares)
