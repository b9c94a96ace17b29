"""What a calibrated body says: lengths, how sure they are, and how much the recordings told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from aqbio.mechanics.calibration.body import BodyMarkers
from aqbio.mechanics.calibration.fit import BodyFit
from aqbio.mechanics.calibration.parts import ENDS, Parts, part_kind
from aqbio.mechanics.calibration.shape import MarkerPlaces, Shape, Template
from aqbio.mechanics.multibody.poses import dependent_filled, segment_poses
from aqbio.mechanics.observed.placed import POINTS, point_masses
from aqbio.mechanics.vectors import FloatArray

STEP = 1e-5
"""Change of a log factor by which derivatives of lengths are taken; errors of 1e-10."""

UNKNOWN_SD, UNKNOWN_TOLD = 0.04, 0.3
"""A length is unknown when its standard deviation exceeds this share of it and the recordings tell
less than this share of the belief's variance."""

IMPROBABLE = 3.0
"""Standard deviations of the belief beyond which a length is improbable."""


@dataclass(frozen=True, slots=True)
class LengthBelief:
    """A length of the body, from joint to joint.

    Attributes
    ----------
    name : str
        ``thigh_right``, ``hip_width``, …
    length, sd : float, m
    expected, expected_sd : float, m
        Before the recordings.
    """

    name: str
    length: float
    sd: float
    expected: float
    expected_sd: float

    @property
    def told(self) -> float:
        """Share of the belief's variance that the recordings took away."""
        return max(0.0, 1.0 - (self.sd / self.expected_sd) ** 2)

    @property
    def unknown(self) -> bool:
        """Whether the recordings hardly tell it."""
        return self.sd > UNKNOWN_SD * self.length and self.told < UNKNOWN_TOLD

    @property
    def distance(self) -> float:
        """How far from what was expected, in the belief's standard deviations."""
        return (self.length - self.expected) / self.expected_sd

    @property
    def improbable(self) -> bool:
        """Whether nobody of this stature has it."""
        return abs(self.distance) > IMPROBABLE

    @property
    def words(self) -> str:
        """Say which length it is.

        Examples
        --------
        >>> LengthBelief("upper_arm_left", 0.3, 0.01, 0.3, 0.02).words
        'the left upper arm'
        """
        kind = part_kind(self.name)
        side = self.name.removeprefix(kind).strip("_")
        return f"the {side} {kind}".replace("  ", " ").replace("_", " ")


def lengths(fit: BodyFit) -> Iterator[LengthBelief]:
    """Lengths of a calibrated body with their standard deviations."""
    template, size = fit.problem.template, fit.problem.shape_size
    prior = np.asarray(np.linalg.inv(fit.problem.beliefs.precision), dtype=np.float64)
    now, before = fit.state.theta[:size], fit.problem.beliefs.mean
    found, slope = _with_slopes(template, now)
    expected, earlier = _with_slopes(template, before)
    for name, gradient in slope.items():
        yield LengthBelief(
            name,
            found[name],
            _sd(gradient, fit.shape_covariance),
            expected[name],
            _sd(earlier[name], prior),
        )


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
    """Lengths of a shape, and their derivatives by its unknowns."""
    base = joint_distances(template, template.shape(vector))
    slopes = {name: np.zeros(len(vector)) for name in base}
    for index in range(template.sizes[0]):
        more = vector.copy()
        more[index] += STEP
        for name, value in joint_distances(template, template.shape(more)).items():
            slopes[name][index] = (value - base[name]) / STEP
    return base, slopes


def displacements(fit: BodyFit) -> FloatArray:
    """How far each segment's mass may be from its place, for what the body leaves open.

    Returns
    -------
    (B,) array, m
        Root mean square over the segment's mass, the posterior and the fitted moving frames: size
        and what all postures are off together, not the noise of single frames.

    Notes
    -----
    Points that stand for the segments' mass move with the body (:func:`point_slopes`).
    """
    slopes = mass_slopes(fit)
    variance = ((slopes @ fit.covariance) * slopes).sum(axis=(0, 2, 3)) / len(slopes)
    return np.asarray(np.sqrt(variance.reshape(-1, POINTS).mean(axis=1)))


def mass_slopes(fit: BodyFit) -> FloatArray:
    """(F, POINTS B, 3, P + C) array: how points that stand for the segments' mass move."""
    skeleton = fit.problem.template.skeleton
    bodies = np.repeat(np.arange(len(skeleton.bodies)), POINTS)
    names = tuple(map(str, range(len(bodies))))
    return point_slopes(fit, MarkerPlaces(names, bodies, point_masses(skeleton)))[0]


def point_slopes(fit: BodyFit, places: MarkerPlaces) -> tuple[FloatArray, FloatArray]:
    """How points of the template's segments move with shape and mean posture.

    Parameters
    ----------
    fit : BodyFit
    places : MarkerPlaces
        M points.

    Returns
    -------
    (F, M, 3, P + C) array
        In the moving frames; in the still ones, if none moves.
    (F, M, 3, 3) array
        Rotations of their segments.

    Notes
    -----
    Points move with the shape, and with the postures that follow it:
    ``δx = (∂x/∂θ + ∂x/∂q dq/dθ) δθ``.
    """
    problem, template = fit.problem, fit.problem.template
    points = replace(template, markers=places, sliding=template.sliding[:0])
    shape = template.shape(fit.state.theta[: problem.shape_size])
    own = replace(points.shape(), log_factor=shape.log_factor, tilt=shape.tilt)
    moving = np.flatnonzero(~problem.frames.still)
    frames = moving if len(moving) else np.arange(len(problem.frames.still))
    found = BodyMarkers(points).derivatives(own, problem.full(fit.state.q[frames]))
    slopes = found.by_pose[..., problem.free] @ fit.by_theta[frames][:, None]
    sizes, tilts = template.sizes[0], template.sizes[2]
    tilted = sum(template.sizes[:2]) + np.arange(tilts)
    slopes[..., :sizes] += found.by_shape[..., :sizes]
    slopes[..., tilted] += found.by_shape[..., -tilts:] if tilts else 0.0
    offsets = found.by_shape[..., sizes : sizes + 3 * len(places.labels)]
    every = np.arange(len(places.labels))
    turned = offsets.reshape(*offsets.shape[:3], -1, 3)[:, every, :, every]
    return np.asarray(slopes), np.swapaxes(turned, 0, 1)


def moving_flexion(fit: BodyFit) -> FloatArray:
    """(S,) array, rad: mean flexion in movement of the joint that moves each part's skin."""
    problem, template = fit.problem, fit.problem.template
    moving = ~problem.frames.still
    q = problem.full(fit.state.q)[moving if moving.any() else ~moving]
    flexion: FloatArray = (template.sliding[:, 2] * q[:, template.sliding[:, 1]]).mean(axis=0)
    return flexion


def offset_sds(fit: BodyFit) -> FloatArray:
    """(C,) array, rad or m: deviation of what a coordinate is off in all moving frames together.

    Notes
    -----
    ``q`` follows the body along the valley, ``δq = dq/dθ δθ``: neither a filter nor more frames
    remove its mean. Without moving frames, over the still ones.
    """
    moving = ~fit.problem.frames.still
    mean = fit.by_theta[moving if moving.any() else ~moving].mean(axis=0)
    return np.asarray(np.sqrt(((mean @ fit.covariance) * mean).sum(axis=1)))


def joint_distances(template: Template, shape: Shape) -> dict[str, float]:
    """Distances between joint centres in the default pose, m: each part, hips and shoulders."""
    skeleton, parts = template.skeleton_of(shape), template.parts
    q = dependent_filled(skeleton, skeleton.coordinate_default[None])
    centres = segment_poses(skeleton, q).joint_centre[0]
    found = {}
    for name in parts.names:
        end = _next_part(name)
        if end in parts.names:
            found[name] = _distance(centres, parts, name, end)
    for name, part in (("hip_width", "thigh"), ("shoulder_width", "upper_arm")):
        if {f"{part}_left", f"{part}_right"} <= set(parts.names):
            found[name] = _distance(centres, parts, f"{part}_left", f"{part}_right")
    return found


def _next_part(name: str) -> str:
    """Part beyond, on the same side; empty at the end of a limb."""
    kind = part_kind(name)
    following = {"thigh": "shank", "shank": "foot", "foot": "toes", "upper_arm": "forearm"}
    return f"{following[kind]}{name.removeprefix(kind)}" if kind in ENDS else ""


def _distance(centres: FloatArray, parts: Parts, one: str, other: str) -> float:
    first, second = (centres[parts.first[parts.index(name)]] for name in (one, other))
    return float(np.linalg.norm(first - second))
