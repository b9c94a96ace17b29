"""Errors of markers: bands of frequency, and weights with an error common to each segment.

Soft tissue swings with the stride and repeats from stride to stride: errors of steps are alike,
their difference is smaller than each, and their mean is not.

The markers of a segment with n visible ones have, in each direction, the covariance
``a 1 1ᵀ + b I``: a is what they share. Its inverse is ``(I − κ 1 1ᵀ) / b`` with
``κ = a / (b + n a)``. In the normal matrix the second part is a negative weight ``κ n² / b`` at
the mean of the segment's visible markers, so that the matrix is the mass matrix in disguise of
``inverse_kinematics.marker_fit``, and no Jacobian is formed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.fft import dct, idct

from aqbio.consistency.observations import Observations
from aqbio.consistency.parameters import SENSOR_SD, Runner, Weights
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

HIGHEST = 20.0
"""Harmonics of the stride are distinguished up to here, Hz: soft tissue swings at 8 to 20 Hz after
touchdown (Pain and Challis 2006)."""

STRIDES = 2.0
"""Strides from which repeated errors are distinguished from others."""

SLOW = 10.0
"""Errors that do not repeat are slow below this, Hz."""


@dataclass(frozen=True, eq=False)
class ErrorBands:
    """Constant; harmonics of the stride, if there are strides enough; slow; and fast errors."""

    waves: FloatArray
    """(T, W) array. Constant, and cosine and sine of every harmonic."""
    band: IntArray
    """(W,) int array. The harmonic of each, 0 for the constant."""
    rate: float
    """Frames per second, Hz."""

    @classmethod
    def over(cls, time: FloatArray, cycles: FloatArray | None) -> ErrorBands:
        """The bands of a trial with frames (T,), s, and strides (T,) from :func:`stride_cycles`."""
        rate, harmonics = (len(time) - 1) / (time[-1] - time[0]), 0
        if cycles is not None and cycles[-1] - cycles[0] >= STRIDES:
            stride = (time[-1] - time[0]) / (cycles[-1] - cycles[0])
            harmonics = int(HIGHEST * stride)
        band = np.repeat(np.arange(harmonics + 1), 2)[1:]
        turns = 2.0 * np.pi * (np.zeros_like(time) if cycles is None else cycles)[:, None] * band
        sine = np.diff(band, prepend=-1) == 0
        return cls(np.where(sine, np.sin(turns), np.cos(turns)), band, rate)

    @property
    def harmonics(self) -> int:
        """How many harmonics of the stride there are."""
        return int(self.band[-1])

    @property
    def count(self) -> int:
        """Bands: the constant, the harmonics, slow and fast."""
        return self.harmonics + 3

    @cached_property
    def inverse(self) -> FloatArray:
        """(W, T) array: from values in all frames to amplitudes, by least squares."""
        return np.asarray(np.linalg.pinv(self.waves))

    @cached_property
    def slow(self) -> IntArray:
        """(T,) int array: of every cosine over the trial whether it is slow, 1, or fast, 2."""
        frequency = 0.5 * self.rate * np.arange(len(self.waves)) / len(self.waves)
        found: IntArray = np.where(frequency < min(SLOW, 0.2 * self.rate), 1, 2)
        found[0] = 0
        return found

    def drawn(
        self, own: FloatArray, shared: FloatArray, table: FloatArray, random: np.random.Generator
    ) -> FloatArray:
        """Errors of K markers on S segments along three axes, (T, K, 3).

        Standard deviations of each marker's own errors (bands, K) and of those common to a segment
        (bands, S), the last band 0; `table` (K, S) of zeros and ones assigns markers to segments.
        """

        def amplitudes(band: IntArray, sd: FloatArray) -> FloatArray:
            drawn = random.standard_normal((len(band), sd.shape[1], 3)) * sd[band][..., None]
            return np.asarray(drawn)

        found = amplitudes(self.band, own) + table @ amplitudes(self.band, shared)
        found = np.tensordot(self.waves, found, axes=1)
        few = int((self.slow < 2).sum())
        each = np.sqrt(len(self.slow) / np.maximum(np.bincount(self.slow, minlength=3), 1))
        lasting = each[:, None] * np.stack([np.zeros_like(own[0]), *own[-2:]])
        cosines = amplitudes(self.slow, lasting)
        common = each[1] * np.stack([np.zeros_like(shared[0]), shared[-2]])
        cosines[:few] += table @ amplitudes(self.slow[:few], common)
        found += idct(cosines, axis=0, norm="ortho")
        return np.asarray(found)

    def power(self, values: FloatArray) -> FloatArray:
        """Mean square by band, (bands, M), of values (T, M): :func:`drawn`'s variances."""
        amplitudes = self.inverse @ values
        cosines = dct(values - self.waves @ amplitudes, axis=0, norm="ortho") ** 2 / len(values)
        found = np.zeros((self.count, values.shape[1]))
        np.add.at(found, self.band, amplitudes**2)
        found[1:-2] *= 0.5
        found[-2], found[-1] = (cosines[self.slow == kind].sum(axis=0) for kind in (1, 2))
        return found


def stride_cycles(time: FloatArray, touchdown: FloatArray, left: BoolArray) -> FloatArray | None:
    """Strides since some instant, (T,), linear between touchdowns; None without two.

    Touchdowns (N,), s, ascending, NaN where not found; others may lie between: left, right and,
    after an unseen right one, right again.
    """
    known = np.isfinite(touchdown)
    touchdown, left = touchdown[known], left[known]
    if len(touchdown) < 2:
        return None
    apart, least = np.diff(touchdown), np.where(np.diff(left.astype(int)) != 0, 1, 2)
    step = float((apart / least).min())
    more = np.maximum(np.round(0.5 * (apart / step - least)), 0.0)
    number = 0.5 * np.concatenate([[0.0], np.cumsum(least + 2.0 * more)])
    pace = number[-1] / (touchdown[-1] - touchdown[0])
    found = np.interp(time, touchdown, number)
    found += pace * (np.minimum(time - touchdown[0], 0.0) + np.maximum(time - touchdown[-1], 0.0))
    return np.asarray(found)


@dataclass(frozen=True, eq=False)
class MarkerRows:
    """Markers of one trial, and how they weigh."""

    tracking: Tracking
    """The markers' places on the skeleton and the coordinates that are fitted."""
    target: FloatArray
    """(T, K, 3) array, m. 0 where a marker is missing."""
    visible: BoolArray
    """(T, K) bool array."""
    segment: FloatArray
    """(K, S) array of zeros and ones. Which of the S segments with markers each marker is on."""
    shared: FloatArray
    own: FloatArray
    """shared, own: (S,) arrays, m². Variance that the markers of a segment have in common, and each
    marker's own."""

    @classmethod
    def of(
        cls, runner: Runner, observations: Observations, weights: Weights, tracking: Tracking
    ) -> MarkerRows:
        """The rows of a trial; the tracking follows all markers that were on the body."""
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
            shared=weights.correlation * tissue,
            own=(1.0 - weights.correlation) * tissue + SENSOR_SD**2,
        )

    @cached_property
    def visible_markers(self) -> FloatArray:
        """(T, S) array: visible markers of each segment."""
        number: FloatArray = self.visible @ self.segment
        return number

    @cached_property
    def kappa(self) -> FloatArray:
        """(T, S) array: what the sum over a segment's markers takes from each."""
        less: FloatArray = self.shared / (self.own + self.visible_markers * self.shared)
        return less

    @cached_property
    def weight(self) -> FloatArray:
        """(T, K) array, 1/m²: inverse of each marker's own variance; 0 where it is missing."""
        return np.asfortranarray(self.visible / (self.segment @ self.own))

    def errors(self, poses: SegmentPoses) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Positions, errors (0 if missing) and weighted errors of markers, (T, K, 3) each."""
        position = station_positions(poses, self.tracking.body, self.tracking.station)
        error = (position - self.target) * self.visible[..., None]
        return position, error, self.weighed(error)

    def weighed(self, error: FloatArray) -> FloatArray:
        """The inverse of the markers' covariance times errors (T, K, 3), or S (T, K, S, 3)."""
        total = _over_markers(error, self.segment)
        less = _over_markers((self.kappa.T * total.T).T, self.segment.T)
        weighed: FloatArray = ((error - less).T * self.weight.T).T
        return weighed

    def levers(
        self, poses: SegmentPoses, position: FloatArray
    ) -> tuple[VelocityFields, FloatArray]:
        """How the coordinates move the markers at positions (T, K, 3), and these from its point."""
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
        skeleton, own = self.tracking.skeleton, self.segment.argmax(axis=1)
        which = np.unique(field.coordinate, return_inverse=True)[1]
        axes = np.concatenate([field.turn, field.shift], axis=2)[:, :, None]
        axes = np.asfortranarray(axes * change[:, which, :, None])
        carriers = self.tracking.body[np.argmax(self.segment, axis=0)]
        table = skeleton.lineage[np.ix_(carriers, field.body)].astype(float)
        turn, shift = np.split(_over_markers(axes, table.T), 2, axis=-1)
        found: FloatArray = shift[:, own] + cross(turn[:, own], arm[:, :, None])
        return found

    def normal_matrix(self, poses: SegmentPoses, position: FloatArray) -> FloatArray:
        """Gauss-Newton's matrix (T, N, N) of half the markers' cost."""
        skeleton, body = self.tracking.skeleton, self.tracking.body
        field, arm = self.levers(poses, position)
        beyond = sum_beyond(skeleton, field, point_masses(self.weight, arm), body)
        middle = _over_markers(arm * self.visible[..., None], self.segment)
        middle = np.asfortranarray(middle / np.maximum(self.visible_markers, 1.0)[..., None])
        less = point_masses(
            np.asfortranarray(-self.kappa * self.visible_markers**2 / self.own), middle
        )
        beyond += sum_beyond(skeleton, field, less, body[np.argmax(self.segment, axis=0)])
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
