"""The cost of a body and its postures, and the blocks of its normal equations.

    cost = Σ_f w_f { Σ_s e' V⁻¹ e + |(q − μ)/sd|² + |beyond its range / 4°|² }
           + (θ − θ₀)' P (θ − θ₀) + (μ − μ₀)' M⁻¹ (μ − μ₀) + g' H⁻¹ g
    V = ρ σ² 1 1' + (1 − ρ) σ² diag(1 / t)      of the markers of one part

θ is the shape, g what hip centres are off a regression, μ the person's mean posture, q the posture
of a frame, t Student's weights. Frames of one run are no independent witnesses of the body: w says
what each is worth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aqbio.body.body import BodyMarkers, MarkerDerivatives
from aqbio.body.hips import HipObservation
from aqbio.body.normal import PartColumns, add_part, add_poses
from aqbio.body.priors import BEYOND_SD, STILL_SD, Priors
from aqbio.body.shape import Template
from aqbio.body.unknowns import Blocks, ChosenFrames, State
from aqbio.vectors import BoolArray, FloatArray, IntArray

FREEDOM = 4.0
"""Degrees of freedom of Student's distribution: a few labels in a hundred are elsewhere."""

WEIGHT_PASSES = 3


@dataclass(frozen=True, eq=False)
class Problem:
    """A session's frames on a template, with what is believed."""

    template: Template
    frames: ChosenFrames
    priors: Priors
    hips: HipObservation | None = None
    """What regressions tell of the hip centres."""
    loose: bool = False
    """Markers are not yet where this person has them: the doubt of their places is added to the
    skin's, to find first poses."""

    @cached_property
    def markers(self) -> BodyMarkers:
        """Positions and derivatives."""
        return BodyMarkers(self.template)

    @cached_property
    def free(self) -> IntArray:
        """Coordinates that are sought."""
        return self.template.skeleton.free

    @cached_property
    def angles(self) -> BoolArray:
        """(C,) bool: which of these turn."""
        return self.template.skeleton.coordinate_is_rotation[self.free]

    @property
    def shape_size(self) -> int:
        """How many unknowns the shape has."""
        return sum(self.template.sizes)

    @property
    def sizes(self) -> int:
        """How many of these are sizes, the first ones."""
        return self.template.sizes[0]

    @cached_property
    def visible(self) -> BoolArray:
        """(F, K) bool."""
        return self.frames.visible

    @cached_property
    def recorded(self) -> FloatArray:
        """(F, K, 3) array, m, zero where nothing is seen."""
        return np.nan_to_num(self.frames.position)

    @cached_property
    def start(self) -> FloatArray:
        """(P + C,) array: what is believed of shape and mean posture."""
        return np.concatenate([self.priors.mean, self.priors.postures.mean[self.free]])

    @cached_property
    def prior(self) -> FloatArray:
        """(P + C, P + C) array: precision of these."""
        count, postures = self.shape_size, self.priors.postures
        precision = np.zeros((len(self.start), len(self.start)))
        precision[:count, :count] = self.priors.precision
        odd = np.ones(self.sizes) * self.priors.oddness
        precision[: self.sizes, : self.sizes] /= np.outer(odd, odd)
        known = np.isfinite(postures.mean_sd[self.free])
        own = self.free[known]
        place = count + np.flatnonzero(known)
        covariance = postures.mean_covariance[np.ix_(own, own)]
        precision[np.ix_(place, place)] = np.linalg.inv(covariance)
        unknown = count + np.flatnonzero(~known)
        precision[unknown, unknown] = 1.0  # of no consequence: no frame hangs on it
        return precision

    @cached_property
    def seen_parts(self) -> IntArray:
        """(S,) array: parts that have markers."""
        return np.unique(self.template.parts.of_body[self.template.markers.body])

    @cached_property
    def parts(self) -> tuple[IntArray, ...]:
        """Markers of each of these."""
        part = self.template.parts.of_body[self.template.markers.body]
        return tuple(np.flatnonzero(part == one) for one in self.seen_parts)

    @cached_property
    def variances(self) -> tuple[FloatArray, FloatArray]:
        """Variance of each marker by itself (F, K), and in common with its part (F, S), m²."""
        still = self.frames.still[:, None]
        variance = np.where(still, STILL_SD, self.priors.learned_skin_sd) ** 2
        share = np.where(still, 0.0, self.priors.common)
        own = (1.0 - share) * variance
        if self.loose:
            own = own + self._place_variance
        first = [markers[0] for markers in self.parts]
        return own, share * variance[:, first]

    @cached_property
    def _place_variance(self) -> FloatArray:
        """(K,) array, m²: mean over the axes of how far a marker may be from its place."""
        first = self.template.sizes[0]
        precision = np.diagonal(self.priors.precision)[first : first + self.template.sizes[1]]
        return np.asarray((1.0 / precision).reshape(-1, 3).mean(axis=1))

    @cached_property
    def _pose_priors(self) -> tuple[FloatArray, FloatArray]:
        """Precision of every coordinate of every frame, and its mean in still frames, (F, C)."""
        postures, still = self.priors.postures, self.frames.still[:, None]
        sd = np.where(still, postures.standing_sd[self.free], postures.frame_sd[self.free])
        return 1.0 / sd**2, np.where(still, postures.standing[self.free], 0.0)

    @cached_property
    def _moving(self) -> BoolArray:
        return ~self.frames.still[:, None]

    def full(self, q: FloatArray) -> FloatArray:
        """(F, all coordinates) array from the free ones."""
        whole = np.tile(self.template.skeleton.coordinate_default, (len(q), 1))
        whole[:, self.free] = q
        return whole

    def errors(self, state: State) -> FloatArray:
        """(F, K, 3) array, m: recorded less model, zero where nothing is seen."""
        shape = self.template.shape(state.theta[: self.shape_size])
        return self._off(self.markers.positions(shape, self.full(state.q)))

    def _off(self, position: FloatArray) -> FloatArray:
        return np.where(self.visible[..., None], self.recorded - position, 0.0)

    def weights(self, error: FloatArray) -> FloatArray:
        """(F, K): Student's weights, 1 for a marker where it should be.

        ``t = (ν + 3) / (ν + r²)`` with r² the squared error in units of its variance, without what
        the markers of a part have in common.
        """
        own, _ = self.variances
        weights = np.ones(own.shape)
        for _ in range(WEIGHT_PASSES):
            left = error - self.common_part(error, weights)
            weights = (FREEDOM + 3.0) / (FREEDOM + (left**2).sum(axis=2) / own)
        return weights

    def _inverse(self, weights: FloatArray) -> FloatArray:
        return np.where(self.visible, weights / self.variances[0], 0.0)

    def _shrinkage(self, inverse: FloatArray, part: int) -> FloatArray:
        """(F,) array: Woodbury's factor of one part's common variance."""
        common = self.variances[1][:, part]
        return np.asarray(common / (1.0 + common * inverse[:, self.parts[part]].sum(axis=1)))

    def common_part(self, error: FloatArray, weights: FloatArray) -> FloatArray:
        """(F, K, 3) array, m: what the markers of a part are off together."""
        together, inverse = np.zeros_like(error), self._inverse(weights)
        for part, markers in enumerate(self.parts):
            pulled = (inverse[:, markers, None] * error[:, markers]).sum(axis=1)
            together[:, markers] = (self._shrinkage(inverse, part)[:, None] * pulled)[:, None]
        return together

    def frame_costs(self, state: State, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(F,) array of costs of the frames, and the errors of the markers."""
        error = self.errors(state)
        return self.costs_of(error, state, weights), error

    def costs_of(self, error: FloatArray, state: State, weights: FloatArray) -> FloatArray:
        """(F,) array of costs of the frames for errors that are known."""
        inverse = self._inverse(weights)
        cost: FloatArray = (inverse[..., None] * error**2).sum(axis=(1, 2))
        for part, markers in enumerate(self.parts):
            pulled = (inverse[:, markers, None] * error[:, markers]).sum(axis=1)
            cost -= self._shrinkage(inverse, part) * (pulled**2).sum(axis=1)
        precision, _ = self._pose_priors
        cost += (precision * self._from_mean(state) ** 2).sum(axis=1)
        cost += (self._beyond(state.q) ** 2).sum(axis=1) / BEYOND_SD**2
        return cost

    def cost(self, state: State, weights: FloatArray) -> tuple[float, FloatArray]:
        """Whole cost, and the errors of the markers."""
        error = self.errors(state)
        return self.cost_of(error, state, weights), error

    def cost_of(self, error: FloatArray, state: State, weights: FloatArray) -> float:
        """Whole cost for errors that are known."""
        gap = state.theta - self.start
        value = self.frames.worth @ self.costs_of(error, state, weights) + gap @ self.prior @ gap
        if self.hips is not None:
            hips = self.hips.gap(state.theta)
            value += hips @ self.hips_precision @ hips
        return float(value)

    @cached_property
    def hips_precision(self) -> FloatArray:
        """(6, 6) array, 1/m²: of the hip centres that regressions expect."""
        if self.hips is None:
            return np.zeros((6, 6))
        return self.hips.precision(self.hips.slope(self.start))

    def _from_mean(self, state: State) -> FloatArray:
        """(F, C) array: the belief's mean less the posture."""
        _, standing = self._pose_priors
        mean = np.where(self._moving, state.theta[self.shape_size :], standing)
        return np.where(np.isfinite(mean), mean - state.q, 0.0)

    def _beyond(self, q: FloatArray) -> FloatArray:
        """(F, C) array: what would bring a coordinate back into its range."""
        postures = self.priors.postures
        low, high = postures.low[self.free], postures.high[self.free]
        return np.maximum(low - q, 0.0) - np.maximum(q - high, 0.0)

    def pose_blocks(self, state: State, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Hessian (F, C, C) and downhill gradient (F, C) of each frame, the border held."""
        shape = self.template.shape(state.theta[: self.shape_size])
        position, by_coordinate = self.markers.by_coordinate(shape, self.full(state.q))
        error, (frames, count) = self._off(position), state.q.shape
        hessian, gradient = np.zeros((frames, count, count)), np.zeros((frames, count))
        for part, own in enumerate(self.columns):
            precision = self.part_precision(weights, part)
            add_poses(hessian, gradient, by_coordinate, error, precision, own)
        self._add_posture(hessian, gradient, state)
        return hessian, gradient

    def derivatives(self, state: State) -> tuple[MarkerDerivatives, FloatArray]:
        """How markers move with everything, and their errors (F, K, 3)."""
        shape = self.template.shape(state.theta[: self.shape_size])
        found = self.markers.derivatives(shape, self.full(state.q))
        return found, self._off(found.position)

    @cached_property
    def columns(self) -> tuple[PartColumns, ...]:
        """What moves the markers of each part."""
        (by_pose, by_body), places = self.markers.hangs, np.arange(3)
        found = []
        for own in self.parts:
            shared = np.flatnonzero(by_body[own].any(axis=0))
            moving = np.flatnonzero(by_pose[np.ix_(own, self.free)].any(axis=0))
            offsets = (self.sizes + 3 * own[:, None] + places).ravel()
            common = self.template.common[shared]
            found.append(PartColumns(own, moving, self.free[moving], shared, common, offsets))
        return tuple(found)

    def part_precision(self, weights: FloatArray, part: int) -> FloatArray:
        """(F, N, N) array, 1/m²: inverse covariance of the skin of a part's N markers."""
        inverse = self._inverse(weights)
        own = inverse[:, self.parts[part]]
        together = self._shrinkage(inverse, part)[:, None, None] * own[:, :, None] * own[:, None]
        return np.asarray(own[:, :, None] * np.eye(own.shape[1]) - together)

    def blocks(self, state: State, weights: FloatArray) -> Blocks:
        """Blocks of the normal equations of everything."""
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
        worth = self.frames.worth[:, None, None]
        blocks.poses[:] *= worth
        blocks.pose_gradient[:] *= worth[..., 0]
        found, error = self.derivatives(state)
        found = replace(found, by_pose=found.by_pose[..., self.free])
        for part, own in enumerate(self.columns):
            add_part(blocks, found, error, worth * self.part_precision(weights, part), own)
        return blocks

    def _border(self, state: State) -> tuple[FloatArray, FloatArray]:
        """Precision and downhill gradient of what is known of the body without the frames."""
        downhill = -self.prior @ (state.theta - self.start)
        if self.hips is None:
            return self.prior, downhill
        slope = self.hips.slope(state.theta)
        pull = slope.T @ self.hips_precision
        return self.prior + pull @ slope, downhill - pull @ self.hips.gap(state.theta)

    def _add_posture(self, hessian: FloatArray, gradient: FloatArray, state: State) -> None:
        """Add what is believed of the postures of single frames."""
        own = np.arange(len(self.free))
        precision, _ = self._pose_priors
        beyond = self._beyond(state.q)
        hessian[:, own, own] += precision + (beyond != 0.0) / BEYOND_SD**2
        gradient[:, own] += precision * self._from_mean(state) + beyond / BEYOND_SD**2

    def _add_mean(self, blocks: Blocks, state: State) -> None:
        """Add what postures say of the person's mean."""
        own = np.arange(len(self.free))
        mean = self.shape_size + own
        worth = self.frames.worth[:, None]
        precision = worth * np.where(self._moving, self._pose_priors[0], 0.0)
        blocks.across[:, own, mean] -= precision
        blocks.border[mean, mean] += precision.sum(axis=0)
        blocks.border_gradient[mean] -= (precision * self._from_mean(state)).sum(axis=0)
