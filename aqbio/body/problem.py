"""The cost of a body and its postures, and the blocks of its normal equations.

    cost = Σ_f w_f { Σ_s e' V⁻¹ e + |(q − μ)/sd|² + |beyond its range / 4°|² }
           + (θ − θ₀)' P (θ − θ₀) + (μ − μ₀)' M⁻¹ (μ − μ₀) + g' H⁻¹ g
    V = ρ σ² 1 1' + (1 − ρ) σ² diag(1 / t)      of the markers of one part

θ is the shape, g the distance of hip centres from a regression, μ the person's mean posture, q the
posture of a frame, t Student's weights, w the weight of a frame: the frames of one run are not
independent observations of the body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aqbio.body.derivatives import BodyMarkers, MarkerDerivatives, PartColumns, add_part, add_poses
from aqbio.body.priors import RANGE_EXCESS_SD, Label, Priors
from aqbio.body.shape import Blocks, ChosenFrames, State, Template
from aqbio.vectors import BoolArray, FloatArray, IntArray, cross

DEPTH_SLOPE, DEPTH_OFFSET = -0.24, -0.0099
HEIGHT_SLOPE, HEIGHT_OFFSET = -0.30, -0.0109
SIDE_SLOPE, SIDE_OFFSET = 0.33, 0.0073
"""Slopes and offsets (m) of the three components (Harrington et al. 2007)."""


def hip_centres(
    right_front: FloatArray, left_front: FloatArray, middle_back: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Right and left hip centre (..., 3), m, from the iliac spines.

    In the pelvic plane with its origin between the anterior spines, x forward, y up, z right:
    ``x = -0.24 PD - 9.9 mm``, ``y = -0.30 PW - 10.9 mm``, ``z = ±(0.33 PW + 7.3 mm)``, where PW is
    the distance of the anterior spines and PD that of their middle to the posterior one.
    Source: Harrington ME et al. (2007), J Biomech 40:595-602.
    """
    middle = (right_front + left_front) / 2
    across, forward = right_front - left_front, middle - middle_back
    width = np.linalg.norm(across, axis=-1, keepdims=True)
    depth = np.linalg.norm(forward, axis=-1, keepdims=True)
    z = across / width
    x = forward - (forward * z).sum(axis=-1, keepdims=True) * z
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    y = cross(z, x)
    centre = middle + (DEPTH_SLOPE * depth + DEPTH_OFFSET) * x
    centre += (HEIGHT_SLOPE * width + HEIGHT_OFFSET) * y
    side = (SIDE_SLOPE * width + SIDE_OFFSET) * z
    return centre + side, centre - side


REGRESSION_SD = 0.0079
"""Hip centres by regression about those in CT, each axis, m: Harrington's equations were off by
12.3 ± 5.9 mm in 67 people (Mantovani G et al. 2016, Gait Posture 44:48-54)."""

BONE_SHARE = 0.5
"""Share of the variance of a palpated marker's offset that is the shape of the pelvis. The rest is
palpation and skin, whose thickness alone differs by 7 mm in front and 11 mm behind (the same)."""

STEP = 1e-6
"""Change of an unknown by which derivatives are taken, m or logarithm: errors of 1e-10 m."""


@dataclass(frozen=True, eq=False)
class HipObservation:
    """Hip centres of a template by regression on the iliac spines."""

    template: Template
    spines: IntArray
    """(M,) int array. Markers on the right and left anterior spine, then one or more behind."""
    hips: IntArray
    """(2,) int array. Bodies that the right and left hip move."""
    unknowns: IntArray
    """(N,) int array. Unknowns on which it depends: size of the pelvis, offsets of the spines'
    markers."""
    offset_sd: FloatArray
    """(M, 3) array, m."""

    @classmethod
    def of(
        cls,
        template: Template,
        labels: Mapping[str, Label],
        spines: tuple[Sequence[str], Sequence[str]],
        offset_sd: FloatArray,
    ) -> HipObservation | None:
        """The regression, if both anterior (right, left) and the posterior spines are palpated."""
        parts, names = template.parts, [*spines[0], *spines[1]]
        legs = ("thigh_right", "thigh_left")
        palpated = all(name in labels and labels[name].palpated for name in names)
        if not palpated or len(spines[0]) != len(legs) or not set(legs) <= set(parts.names):
            return None
        pelvis = 3 * parts.index("pelvis")
        hips = parts.first[[parts.index(leg) for leg in legs]]
        rows = np.array([template.markers.labels.index(name) for name in names])
        positions, right = (
            template.markers.position[rows[:2]],
            template.skeleton.parent_position[hips[0]],
        )
        rows[:2] = rows[:2][np.argsort(np.linalg.norm(positions - right, axis=1))]
        offsets = template.sizes[0] + 3 * rows[:, None] + np.arange(3)
        unknowns = np.concatenate([pelvis + np.arange(3), offsets.ravel()])
        return cls(template, rows, hips, unknowns, offset_sd[rows])

    def gap(self, vector: FloatArray) -> FloatArray:
        """(6,) array, m: hip centres less those of the regression, right and left, pelvis axes."""
        return self._gaps(vector[self.unknowns])

    def _gaps(self, values: FloatArray) -> FloatArray:
        """(..., 6) array, m: the gap at values (..., N) of its unknowns."""
        template, factors = self.template, np.exp(values[..., None, :3])
        offsets = values[..., 3:].reshape(*values.shape[:-1], -1, 3)
        bone = factors * template.markers.position[self.spines] + BONE_SHARE * offsets
        expected = hip_centres(bone[..., 0, :], bone[..., 1, :], bone[..., 2:, :].mean(axis=-2))
        gaps = factors * template.skeleton.parent_position[self.hips] - np.stack(expected, axis=-2)
        return np.asarray(gaps.reshape(*values.shape[:-1], 6))

    def slope(self, vector: FloatArray) -> FloatArray:
        """(6, P) array: derivatives of the gap by all unknowns."""
        slope, values = np.zeros((6, len(vector))), vector[self.unknowns]
        step = STEP * np.eye(len(values))
        slope[:, self.unknowns] = (self._gaps(values + step) - self._gaps(values - step)).T
        return slope / (2.0 * STEP)

    def precision(self, slope: FloatArray) -> FloatArray:
        """(6, 6) 1/m²: inverse covariance of the gaps, with offsets adding ``G P G'``.

        The errors of a person's two sides are taken to be the same, so that both count as one.
        """
        by_offset = slope[:, self.unknowns[3:]] / BONE_SHARE
        variance = BONE_SHARE * (1.0 - BONE_SHARE) * self.offset_sd.ravel() ** 2
        spread = (by_offset * variance) @ by_offset.T
        spread[np.diag_indices(6)] += 2.0 * REGRESSION_SD**2
        return np.asarray(np.linalg.inv(spread))


STUDENT_FREEDOM = 4.0
"""Degrees of freedom of Student's distribution: a few labels in a hundred are misplaced."""

WEIGHT_PASSES = 3


@dataclass(frozen=True, eq=False)
class Problem:
    """Frames of a session, a template, and priors."""

    template: Template
    frames: ChosenFrames
    priors: Priors
    hips: HipObservation | None = None
    """Hip centres by regression."""
    loose: bool = False
    """True for the search of initial poses, before the markers' positions are fitted: adds the
    prior variance of the positions to that of the soft tissue."""

    @cached_property
    def markers(self) -> BodyMarkers:
        """Positions and derivatives."""
        return BodyMarkers(self.template)

    @cached_property
    def free(self) -> IntArray:
        """The free coordinates."""
        return self.template.skeleton.free

    @cached_property
    def angles(self) -> BoolArray:
        """(C,) bool: true where a free coordinate is an angle."""
        return self.template.skeleton.coordinate_is_rotation[self.free]

    @property
    def shape_size(self) -> int:
        """Number of unknowns of the shape."""
        return sum(self.template.sizes)

    @property
    def sizes(self) -> int:
        """Number of sizes, the first of these."""
        return self.template.sizes[0]

    @cached_property
    def visible(self) -> BoolArray:
        """(F, K) bool."""
        return self.frames.visible

    @cached_property
    def recorded(self) -> FloatArray:
        """(F, K, 3) array, m, zero where a marker is not visible."""
        return np.nan_to_num(self.frames.position)

    @cached_property
    def start(self) -> FloatArray:
        """(P + C,) array: prior mean of shape and mean posture."""
        return np.concatenate([self.priors.mean, self.priors.postures.mean[self.free]])

    @cached_property
    def prior(self) -> FloatArray:
        """(P + C, P + C) array: precision of these."""
        count, postures = self.shape_size, self.priors.postures
        precision = np.zeros((len(self.start), len(self.start)))
        precision[:count, :count] = self.priors.precision
        scale = np.ones(self.sizes) * self.priors.size_scale
        precision[: self.sizes, : self.sizes] /= np.outer(scale, scale)
        has_prior = np.isfinite(postures.mean_sd[self.free])
        coordinates = self.free[has_prior]
        rows = count + np.flatnonzero(has_prior)
        covariance = postures.mean_covariance[np.ix_(coordinates, coordinates)]
        precision[np.ix_(rows, rows)] = np.linalg.inv(covariance)
        without = count + np.flatnonzero(~has_prior)
        precision[without, without] = 1.0  # any value: no frame depends on these
        return precision

    @cached_property
    def marked_parts(self) -> IntArray:
        """(S,) array: parts that have markers."""
        return np.unique(self.template.parts.of_body[self.template.markers.body])

    @cached_property
    def parts(self) -> tuple[IntArray, ...]:
        """Markers of each of these."""
        part = self.template.parts.of_body[self.template.markers.body]
        return tuple(np.flatnonzero(part == number) for number in self.marked_parts)

    @cached_property
    def variances(self) -> tuple[FloatArray, FloatArray]:
        """Independent variance of each marker (F, K), and that common to its part (F, S), m²."""
        is_static = self.frames.is_static[:, None]
        variance = np.where(is_static, self.priors.still_sd, self.priors.soft_tissue_sd) ** 2
        share = np.where(is_static, 0.0, self.priors.common)
        marker_variance = (1.0 - share) * variance
        if self.loose:
            marker_variance = marker_variance + self._position_variance
        first = [markers[0] for markers in self.parts]
        return marker_variance, share * variance[:, first]

    @cached_property
    def _position_variance(self) -> FloatArray:
        """(K,) array, m²: prior variance of a marker's position, mean over the axes."""
        first = self.template.sizes[0]
        sd = self.priors.sd[first : first + self.template.sizes[1]]
        return np.asarray((sd**2).reshape(-1, 3).mean(axis=1))

    @cached_property
    def _pose_priors(self) -> tuple[FloatArray, FloatArray]:
        """Precision of every coordinate of every frame, and its mean in static frames, (F, C)."""
        postures, is_static = self.priors.postures, self.frames.is_static[:, None]
        sd = np.where(is_static, postures.standing_sd[self.free], postures.frame_sd[self.free])
        return 1.0 / sd**2, np.where(is_static, postures.standing[self.free], 0.0)

    @cached_property
    def _moving(self) -> BoolArray:
        return ~self.frames.is_static[:, None]

    def full(self, q: FloatArray) -> FloatArray:
        """(F, all coordinates) array from the free ones."""
        coordinates = np.tile(self.template.skeleton.coordinate_default, (len(q), 1))
        coordinates[:, self.free] = q
        return coordinates

    def errors(self, state: State) -> FloatArray:
        """(F, K, 3) array, m: recorded less model, zero where a marker is not visible."""
        shape = self.template.shape(state.theta[: self.shape_size])
        return self._off(self.markers.positions(shape, self.full(state.q)))

    def _off(self, position: FloatArray) -> FloatArray:
        return np.where(self.visible[..., None], self.recorded - position, 0.0)

    def weights(self, error: FloatArray) -> FloatArray:
        """(F, K): Student's weights ``t = (ν + 3) / (ν + r²)``.

        r² is the squared error over its variance, without the error common to a part's markers.
        """
        marker_variance, _ = self.variances
        weights = np.ones(marker_variance.shape)
        for _ in range(WEIGHT_PASSES):
            left = error - self.common_part(error, weights)
            weights = (STUDENT_FREEDOM + 3.0) / (
                STUDENT_FREEDOM + (left**2).sum(axis=2) / marker_variance
            )
        return weights

    def _inverse(self, weights: FloatArray) -> FloatArray:
        return np.where(self.visible, weights / self.variances[0], 0.0)

    def _shrinkage(self, inverse: FloatArray, part: int) -> FloatArray:
        """(F,) array: Woodbury's factor of one part's common variance."""
        common = self.variances[1][:, part]
        return np.asarray(common / (1.0 + common * inverse[:, self.parts[part]].sum(axis=1)))

    def common_part(self, error: FloatArray, weights: FloatArray) -> FloatArray:
        """(F, K, 3) array, m: the error common to the markers of a part."""
        common, inverse = np.zeros_like(error), self._inverse(weights)
        for part, markers in enumerate(self.parts):
            pulled = (inverse[:, markers, None] * error[:, markers]).sum(axis=1)
            common[:, markers] = (self._shrinkage(inverse, part)[:, None] * pulled)[:, None]
        return common

    def frame_costs(self, state: State, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(F,) array of costs of the frames, and the errors of the markers."""
        error = self.errors(state)
        return self.costs_of(error, state, weights), error

    def costs_of(self, error: FloatArray, state: State, weights: FloatArray) -> FloatArray:
        """(F,) array of costs of the frames for given errors."""
        inverse = self._inverse(weights)
        cost: FloatArray = (inverse[..., None] * error**2).sum(axis=(1, 2))
        for part, markers in enumerate(self.parts):
            pulled = (inverse[:, markers, None] * error[:, markers]).sum(axis=1)
            cost -= self._shrinkage(inverse, part) * (pulled**2).sum(axis=1)
        precision, _ = self._pose_priors
        cost += (precision * self._from_mean(state) ** 2).sum(axis=1)
        cost += (self._beyond(state.q) ** 2).sum(axis=1) / RANGE_EXCESS_SD**2
        return cost

    def cost(self, state: State, weights: FloatArray) -> tuple[float, FloatArray]:
        """Total cost, and the errors of the markers."""
        error = self.errors(state)
        return self.cost_of(error, state, weights), error

    def cost_of(self, error: FloatArray, state: State, weights: FloatArray) -> float:
        """Total cost for given errors."""
        gap = state.theta - self.start
        value = self.frames.weight @ self.costs_of(error, state, weights) + gap @ self.prior @ gap
        if self.hips is not None:
            hips = self.hips.gap(state.theta)
            value += hips @ self.hips_precision @ hips
        return float(value)

    @cached_property
    def hips_precision(self) -> FloatArray:
        """(6, 6) array, 1/m²: of the hip centres by regression."""
        if self.hips is None:
            return np.zeros((6, 6))
        return self.hips.precision(self.hips.slope(self.start))

    def _from_mean(self, state: State) -> FloatArray:
        """(F, C) array: the prior mean less the posture."""
        _, standing = self._pose_priors
        mean = np.where(self._moving, state.theta[self.shape_size :], standing)
        return np.where(np.isfinite(mean), mean - state.q, 0.0)

    def _beyond(self, q: FloatArray) -> FloatArray:
        """(F, C) array: the change that brings a coordinate back into its range, 0 inside."""
        postures = self.priors.postures
        low, high = postures.low[self.free], postures.high[self.free]
        return np.maximum(low - q, 0.0) - np.maximum(q - high, 0.0)

    def pose_blocks(self, state: State, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Hessian (F, C, C) and downhill gradient (F, C) of each frame for a fixed body."""
        shape = self.template.shape(state.theta[: self.shape_size])
        position, by_coordinate = self.markers.by_coordinate(shape, self.full(state.q))
        error, (frames, count) = self._off(position), state.q.shape
        hessian, gradient = np.zeros((frames, count, count)), np.zeros((frames, count))
        for part, columns in enumerate(self.columns):
            precision = self.part_precision(weights, part)
            add_poses(hessian, gradient, by_coordinate, error, precision, columns)
        self._add_posture(hessian, gradient, state)
        return hessian, gradient

    def derivatives(self, state: State) -> tuple[MarkerDerivatives, FloatArray]:
        """Derivatives of the markers by all unknowns, and their errors (F, K, 3)."""
        shape = self.template.shape(state.theta[: self.shape_size])
        derivatives = self.markers.derivatives(shape, self.full(state.q))
        return derivatives, self._off(derivatives.position)

    @cached_property
    def columns(self) -> tuple[PartColumns, ...]:
        """The unknowns that move the markers of each part."""
        (by_pose, by_body), axes = self.markers.dependence, np.arange(3)
        columns = []
        for markers in self.parts:
            shared = np.flatnonzero(by_body[markers].any(axis=0))
            moving = np.flatnonzero(by_pose[np.ix_(markers, self.free)].any(axis=0))
            offsets = (self.sizes + 3 * markers[:, None] + axes).ravel()
            common = self.template.common[shared]
            columns.append(PartColumns(markers, moving, self.free[moving], shared, common, offsets))
        return tuple(columns)

    def part_precision(self, weights: FloatArray, part: int) -> FloatArray:
        """(F, N, N) array, 1/m²: inverse covariance of soft-tissue errors of a part's N markers."""
        inverse = self._inverse(weights)
        part_weights = inverse[:, self.parts[part]]
        common = (
            self._shrinkage(inverse, part)[:, None, None]
            * part_weights[:, :, None]
            * part_weights[:, None]
        )
        return np.asarray(part_weights[:, :, None] * np.eye(part_weights.shape[1]) - common)

    def blocks(self, state: State, weights: FloatArray) -> Blocks:
        """Blocks of the normal equations of all unknowns."""
        (frames, count), (prior, pull) = state.q.shape, self._border(state)
        blocks = Blocks(
            np.zeros((frames, count, count)),
            np.zeros((frames, count, len(pull))),
            prior.copy(),
            np.zeros((frames, count)),
            pull,
        )
        self._add_posture(blocks.poses, blocks.pose_gradient, state)
        self._add_mean(blocks, state)
        weight = self.frames.weight[:, None, None]
        blocks.poses[:] *= weight
        blocks.pose_gradient[:] *= weight[..., 0]
        derivatives, error = self.derivatives(state)
        derivatives = replace(derivatives, by_pose=derivatives.by_pose[..., self.free])
        for part, columns in enumerate(self.columns):
            add_part(
                blocks, derivatives, error, weight * self.part_precision(weights, part), columns
            )
        return blocks

    def _border(self, state: State) -> tuple[FloatArray, FloatArray]:
        """Precision and downhill gradient of the priors of the body."""
        downhill = -self.prior @ (state.theta - self.start)
        if self.hips is None:
            return self.prior, downhill
        slope = self.hips.slope(state.theta)
        pull = slope.T @ self.hips_precision
        return self.prior + pull @ slope, downhill - pull @ self.hips.gap(state.theta)

    def _add_posture(self, hessian: FloatArray, gradient: FloatArray, state: State) -> None:
        """Add the priors of the frames' postures."""
        coordinates = np.arange(len(self.free))
        precision, _ = self._pose_priors
        beyond = self._beyond(state.q)
        hessian[:, coordinates, coordinates] += precision + (beyond != 0.0) / RANGE_EXCESS_SD**2
        gradient[:, coordinates] += precision * self._from_mean(state) + beyond / RANGE_EXCESS_SD**2

    def _add_mean(self, blocks: Blocks, state: State) -> None:
        """Add the terms that tie the person's mean posture to the frames'."""
        coordinates = np.arange(len(self.free))
        mean = self.shape_size + coordinates
        weight = self.frames.weight[:, None]
        precision = weight * np.where(self._moving, self._pose_priors[0], 0.0)
        blocks.across[:, coordinates, mean] -= precision
        blocks.border[mean, mean] += precision.sum(axis=0)
        blocks.border_gradient[mean] -= (precision * self._from_mean(state)).sum(axis=0)
