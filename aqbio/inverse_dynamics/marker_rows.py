"""Marker errors: frequency bands, and weights with an error shared within each segment.

Soft-tissue artefact repeats from stride to stride: errors of successive steps are correlated, so
that averaging over steps does not reduce them while differences between steps do.

The markers of a segment with n visible ones have, in each direction, the covariance
``a 1 1ᵀ + b I``: a is the shared variance. Its inverse is ``(I − κ 1 1ᵀ) / b`` with
``κ = a / (b + n a)``. In the normal matrix the second part is a negative weight ``κ n² / b`` at
the mean of the segment's visible markers, so that the matrix has the form of the mass matrix of
``inverse_kinematics.marker_fit``, and no Jacobian is formed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.fft import dct, idct

from aqbio.inverse_dynamics.observations import Observations
from aqbio.inverse_dynamics.parameters import SENSOR_SD, Runner, Weights
from aqbio.inverse_kinematics.marker_fit import Tracking
from aqbio.multibody.jacobians import (
    VelocityFields,
    axis_products,
    by_coordinate,
    momenta,
    point_masses,
    sum_beyond,
    velocity_fields,
)
from aqbio.multibody.poses import SegmentPoses, station_positions
from aqbio.vectors import BoolArray, FloatArray, IntArray, combined, cross, dot, sums_of_runs

MAX_HARMONIC_HZ = 20.0
"""Highest resolved harmonic of the stride, Hz: soft tissue oscillates at 8 to 20 Hz after
touchdown (Pain and Challis 2006)."""

MIN_STRIDES = 2.0
"""Strides needed to separate repeating errors from others."""

MAX_SLOW_HZ = 10.0
"""Upper frequency of the slow band of errors that do not repeat, Hz."""


@dataclass(frozen=True, eq=False)
class ErrorBands:
    """Bands of errors: constant, stride harmonics (given enough strides), slow and fast."""

    waves: FloatArray
    """(T, W) array. Constant, and cosine and sine of every harmonic."""
    band: IntArray
    """(W,) int array. The harmonic of each, 0 for the constant."""
    rate: float
    """Frames per second, Hz."""

    @classmethod
    def over(cls, time: FloatArray, cycles: FloatArray | None) -> ErrorBands:
        """Bands of a trial with frames (T,), s, and strides (T,) from :func:`stride_cycles`."""
        rate, harmonics = (len(time) - 1) / (time[-1] - time[0]), 0
        if cycles is not None and cycles[-1] - cycles[0] >= MIN_STRIDES:
            stride = (time[-1] - time[0]) / (cycles[-1] - cycles[0])
            harmonics = int(MAX_HARMONIC_HZ * stride)
        band = np.repeat(np.arange(harmonics + 1), 2)[1:]
        turns = 2.0 * np.pi * (np.zeros_like(time) if cycles is None else cycles)[:, None] * band
        sine = np.diff(band, prepend=-1) == 0
        return cls(np.where(sine, np.sin(turns), np.cos(turns)), band, rate)

    @property
    def harmonics(self) -> int:
        """Number of harmonics of the stride."""
        return int(self.band[-1])

    @property
    def count(self) -> int:
        """Number of bands: constant, harmonics, slow and fast."""
        return self.harmonics + 3

    @cached_property
    def inverse(self) -> FloatArray:
        """(W, T) array: from values in all frames to amplitudes, by least squares."""
        return np.asarray(np.linalg.pinv(self.waves))

    @cached_property
    def slow(self) -> IntArray:
        """(T,) int array: band of each cosine over the trial, 1 slow, 2 fast, 0 the constant."""
        frequency = 0.5 * self.rate * np.arange(len(self.waves)) / len(self.waves)
        kind: IntArray = np.where(frequency < min(MAX_SLOW_HZ, 0.2 * self.rate), 1, 2)
        kind[0] = 0
        return kind

    def draw_errors(
        self,
        own_sd: FloatArray,
        shared_sd: FloatArray,
        table: FloatArray,
        random: np.random.Generator,
    ) -> FloatArray:
        """Errors of K markers on S segments along three axes, (T, K, 3).

        Standard deviations of each marker's own errors (bands, K) and of those common to a segment
        (bands, S), the last band 0; `table` (K, S) of zeros and ones assigns markers to segments.
        """

        def amplitudes(band: IntArray, sd: FloatArray) -> FloatArray:
            values = random.standard_normal((len(band), sd.shape[1], 3)) * sd[band][..., None]
            return np.asarray(values)

        errors = amplitudes(self.band, own_sd) + table @ amplitudes(self.band, shared_sd)
        errors = np.tensordot(self.waves, errors, axes=1)
        slow_count = int((self.slow < 2).sum())
        scale = np.sqrt(len(self.slow) / np.maximum(np.bincount(self.slow, minlength=3), 1))
        own_scale = scale[:, None] * np.stack([np.zeros_like(own_sd[0]), *own_sd[-2:]])
        cosines = amplitudes(self.slow, own_scale)
        common = scale[1] * np.stack([np.zeros_like(shared_sd[0]), shared_sd[-2]])
        cosines[:slow_count] += table @ amplitudes(self.slow[:slow_count], common)
        errors += idct(cosines, axis=0, norm="ortho")
        return np.asarray(errors)

    def power(self, values: FloatArray) -> FloatArray:
        """Mean square by band, (bands, M), of values (T, M): :meth:`draw_errors`'s variances."""
        amplitudes = self.inverse @ values
        cosines = dct(values - self.waves @ amplitudes, axis=0, norm="ortho") ** 2 / len(values)
        power = np.zeros((self.count, values.shape[1]))
        np.add.at(power, self.band, amplitudes**2)
        power[1:-2] *= 0.5
        power[-2], power[-1] = (cosines[self.slow == kind].sum(axis=0) for kind in (1, 2))
        return power


def stride_cycles(time: FloatArray, touchdown: FloatArray, left: BoolArray) -> FloatArray | None:
    """Strides since an arbitrary instant, (T,), linear between touchdowns; None without two.

    Touchdowns (N,), s, ascending, NaN where not detected; undetected ones may lie in between.
    """
    finite = np.isfinite(touchdown)
    touchdown, left = touchdown[finite], left[finite]
    if len(touchdown) < 2:
        return None
    interval, min_steps = np.diff(touchdown), np.where(np.diff(left.astype(int)) != 0, 1, 2)
    step = float((interval / min_steps).min())
    unseen_strides = np.maximum(np.round(0.5 * (interval / step - min_steps)), 0.0)
    number = 0.5 * np.concatenate([[0.0], np.cumsum(min_steps + 2.0 * unseen_strides)])
    pace = number[-1] / (touchdown[-1] - touchdown[0])
    cycles = np.interp(time, touchdown, number)
    cycles += pace * (np.minimum(time - touchdown[0], 0.0) + np.maximum(time - touchdown[-1], 0.0))
    return np.asarray(cycles)


@dataclass(frozen=True, eq=False)
class MarkerRows:
    """Markers of one trial and their weights."""

    tracking: Tracking
    """Marker positions on the skeleton and the fitted coordinates."""
    target: FloatArray
    """(T, K, 3) array, m. 0 where a marker is missing."""
    visible: BoolArray
    """(T, K) bool array."""
    segment: FloatArray
    """(K, S) array of zeros and ones. Which of the S segments with markers each marker is on."""
    shared_variance: FloatArray
    own_variance: FloatArray
    """shared_variance, own_variance: (S,) arrays, m². Variance shared by
    the markers of a segment, and of each marker alone."""

    @classmethod
    def of(
        cls, runner: Runner, observations: Observations, weights: Weights, tracking: Tracking
    ) -> MarkerRows:
        """Rows of a trial; `tracking` follows all markers recorded on the body."""
        bodies, segment = np.unique(tracking.body, return_inverse=True)
        tissue = np.array([weights.tissue_sd_m[runner.tissue[body]] for body in bodies]) ** 2
        followed = observations.on_body
        target = observations.markers[:, followed]
        visible = observations.visible[:, followed]
        return cls(
            tracking=tracking,
            target=np.asfortranarray(np.where(visible[..., None], target, 0.0)),
            visible=np.asfortranarray(visible),
            segment=np.eye(len(bodies))[segment],
            shared_variance=weights.correlation * tissue,
            own_variance=(1.0 - weights.correlation) * tissue + SENSOR_SD**2,
        )

    @cached_property
    def visible_markers(self) -> FloatArray:
        """(T, S) array: visible markers of each segment."""
        number: FloatArray = self.visible @ self.segment
        return number

    @cached_property
    def kappa(self) -> FloatArray:
        """(T, S) array: factor of the sum over a segment's markers in the inverse covariance."""
        share: FloatArray = self.shared_variance / (
            self.own_variance + self.visible_markers * self.shared_variance
        )
        return share

    @cached_property
    def weight(self) -> FloatArray:
        """(T, K) array, 1/m²: inverse of each marker's own variance; 0 where it is missing."""
        return np.asfortranarray(self.visible / (self.segment @ self.own_variance))

    def errors(
        self, poses: SegmentPoses, displacement: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Positions, errors (0 if missing) and weighted errors of markers, (T, K, 3) each.

        `displacement` (T, K, 3), m: of the markers from their positions on the bone.
        """
        position = station_positions(poses, self.tracking.body, self.tracking.station)
        error = (position + displacement - self.target) * self.visible[..., None]
        return position, error, self.weighted(error)

    def weighted(self, error: FloatArray) -> FloatArray:
        """Inverse of the marker covariance times errors (T, K, 3), or S sets (T, K, S, 3)."""
        total = _over_markers(error, self.segment)
        shared_part = _over_markers((self.kappa.T * total.T).T, self.segment.T)
        weighted: FloatArray = ((error - shared_part).T * self.weight.T).T
        return weighted

    def levers(
        self, poses: SegmentPoses, position: FloatArray
    ) -> tuple[VelocityFields, FloatArray]:
        """Velocity fields of the coordinates, and positions (T, K, 3) from their reference."""
        about = position.mean(axis=1)
        field = velocity_fields(self.tracking.skeleton, poses, about, self.tracking.axes)
        return field, np.asfortranarray(position - about[:, None])

    def pull(self, field: VelocityFields, arm: FloatArray, force: FloatArray) -> FloatArray:
        """Work (T, N) of weighted errors (T, K, 3); (T, N, S) of several (T, K, S, 3)."""
        if force.ndim > arm.ndim:
            arm = arm[:, :, None]
        parts = np.concatenate([cross(arm, force), force], axis=-1)
        beyond = sum_beyond(self.tracking.skeleton, field, parts, self.tracking.body)
        return _by_coordinate(field, beyond)

    def moved(self, field: VelocityFields, arm: FloatArray, change: FloatArray) -> FloatArray:
        """Displacements (T, K, S, 3) of the markers by small changes (T, N, S) of coordinates."""
        skeleton, segment_of_marker = self.tracking.skeleton, self.segment.argmax(axis=1)
        column = np.unique(field.coordinate, return_inverse=True)[1]
        axes = np.concatenate([field.turn, field.shift], axis=2)[:, :, None]
        axes = np.asfortranarray(axes * change[:, column, :, None])
        carriers = self.tracking.body[np.argmax(self.segment, axis=0)]
        table = skeleton.lineage[np.ix_(carriers, field.body)].astype(float)
        turn, shift = np.split(_over_markers(axes, table.T), 2, axis=-1)
        displacement: FloatArray = shift[:, segment_of_marker] + cross(
            turn[:, segment_of_marker], arm[:, :, None]
        )
        return displacement

    def normal_matrix(self, poses: SegmentPoses, position: FloatArray) -> FloatArray:
        """Gauss-Newton's matrix (T, N, N) of half the markers' cost."""
        skeleton, body = self.tracking.skeleton, self.tracking.body
        field, arm = self.levers(poses, position)
        beyond = sum_beyond(skeleton, field, point_masses(self.weight, arm), body)
        middle = _over_markers(arm * self.visible[..., None], self.segment)
        middle = np.asfortranarray(middle / np.maximum(self.visible_markers, 1.0)[..., None])
        shared_masses = point_masses(
            np.asfortranarray(-self.kappa * self.visible_markers**2 / self.own_variance), middle
        )
        beyond += sum_beyond(skeleton, field, shared_masses, body[np.argmax(self.segment, axis=0)])
        return by_coordinate(field, axis_products(skeleton, field, momenta(field, beyond)))


def _by_coordinate(field: VelocityFields, wrench: FloatArray) -> FloatArray:
    """Work (T, N) of moments and forces (T, axes, 6); (T, N, S) of (T, axes, S, 6)."""
    turn, shift = field.turn, field.shift
    if wrench.ndim > turn.ndim:
        turn, shift = turn[:, :, None], shift[:, :, None]
    work = dot(turn, wrench[..., :3]) + dot(shift, wrench[..., 3:])
    return sums_of_runs(work, field.first, 1)


def _over_markers(values: FloatArray, table: FloatArray) -> FloatArray:
    """Sum (T, K, ...) values by a (K, S) table, (T, S, ...)."""
    return combined(table.T, values)
