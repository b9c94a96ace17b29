"""What markers ask of the motion when the skin under a segment's markers moves together.

The markers of a segment with n visible ones have, in each direction, the covariance
``a 1 1ᵀ + b I``: a is what they share. Its inverse is ``(I − κ 1 1ᵀ) / b`` with
``κ = a / (b + n a)``. In the normal matrix the second part is a negative weight ``κ n² / b`` at
the mean of the segment's visible markers, so that the matrix is the mass matrix in disguise of
``inverse_kinematics.marker_fit`` again, and no Jacobian is formed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aqbio.consistency.observations import Observations
from aqbio.consistency.runner import Runner
from aqbio.consistency.weights import REFERENCE_MARKER_SD, SENSOR_SD, Weights
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
from aqbio.vectors import BoolArray, FloatArray, combined, cross, dot, sums_of_runs


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
        scale = weights.sigma_marker_m / REFERENCE_MARKER_SD
        spread = [scale * weights.tissue_sd_m[runner.tissue[body]] for body in bodies]
        tissue = np.array(spread) ** 2
        followed = observations.carried
        target = observations.markers[:, followed]
        visible = observations.visible[:, followed]
        return cls(
            tracking=tracking,
            target=np.asfortranarray(np.where(visible[..., None], target, 0.0)),
            visible=np.asfortranarray(visible),
            segment=np.eye(len(bodies))[segment],
            shared=weights.correlation * tissue,
            own=(1.0 - weights.correlation) * tissue + (scale * SENSOR_SD) ** 2,
        )

    @cached_property
    def seen(self) -> FloatArray:
        """(T, S) array: visible markers of each segment."""
        number: FloatArray = self.visible @ self.segment
        return number

    @cached_property
    def kappa(self) -> FloatArray:
        """(T, S) array: what the sum over a segment's markers takes from each."""
        less: FloatArray = self.shared / (self.own + self.seen * self.shared)
        return less

    @cached_property
    def weight(self) -> FloatArray:
        """(T, K) array, 1/m²: inverse of each marker's own variance; 0 where it is missing."""
        return np.asfortranarray(self.visible / (self.segment @ self.own))

    def errors(self, poses: SegmentPoses) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Positions, errors and weighted errors of the markers, (T, K, 3) each.

        Errors are 0 where a marker is missing; the sum of error times weighted error is the cost.
        """
        position = self.places(poses)
        error = (position - self.target) * self.visible[..., None]
        return position, error, self.weighed(error)

    def places(self, poses: SegmentPoses) -> FloatArray:
        """(T, K, 3) array, m: where the markers are, ground."""
        return station_positions(poses, self.tracking.body, self.tracking.station)

    def weighed(self, error: FloatArray) -> FloatArray:
        """The inverse of the markers' covariance times errors (T, K, 3), or S (T, K, S, 3)."""
        total = _over_markers(error, self.segment)
        less = _over_markers((self.kappa.T * total.T).T, self.segment.T)
        weighed: FloatArray = ((error - less).T * self.weight.T).T
        return weighed

    def expected(self, error: FloatArray) -> FloatArray:
        """(T, K, 3) array: what markers err with their segment, as far as errors (T, K, 3) tell.

        Of markers that are not seen, too; 0 where none of the segment is.
        """
        total = _over_markers(error * self.visible[..., None], self.segment)
        return _over_markers(self.kappa[..., None] * total, self.segment.T)

    def levers(
        self, poses: SegmentPoses, position: FloatArray
    ) -> tuple[VelocityFields, FloatArray]:
        """How the coordinates move the markers at positions (T, K, 3), and these from its point."""
        about = position.mean(axis=1)
        field = velocity_fields(self.tracking.skeleton, poses, about, self.tracking.axes)
        return field, np.asfortranarray(position - about[:, None])

    def pull(self, field: VelocityFields, arm: FloatArray, force: FloatArray) -> FloatArray:
        """Work (T, N) on the coordinates of weighted errors (T, K, 3), with their levers.

        Of several, (T, K, S, 3), it is (T, N, S).
        """
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

    def normal_equations(
        self, poses: SegmentPoses, position: FloatArray, force: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Half the gradient (T, N) of the markers' cost and Gauss-Newton's matrix (T, N, N).

        Parameters
        ----------
        position, force : (T, K, 3) arrays
            Positions and weighted errors of the markers.
        """
        skeleton, body = self.tracking.skeleton, self.tracking.body
        field, arm = self.levers(poses, position)
        parts = np.empty((*arm.shape[:2], 16), order="F")
        parts[..., :10] = point_masses(self.weight, arm)
        parts[..., 10:13], parts[..., 13:] = cross(arm, force), force
        beyond = sum_beyond(skeleton, field, parts, body)
        middle = _over_markers(arm * self.visible[..., None], self.segment)
        middle = np.asfortranarray(middle / np.maximum(self.seen, 1.0)[..., None])
        less = point_masses(np.asfortranarray(-self.kappa * self.seen**2 / self.own), middle)
        carriers = body[np.argmax(self.segment, axis=0)]
        beyond[..., :10] += sum_beyond(skeleton, field, less, carriers)
        matrix = axis_products(skeleton, field, momenta(field, beyond[..., :10]))
        return _by_coordinate(field, beyond[..., 10:]), by_coordinate(field, matrix)


def _by_coordinate(field: VelocityFields, wrench: FloatArray) -> FloatArray:
    """Work (T, N) of moments and forces (T, axes, 6) on the coordinates that drive axes.

    Of several, (T, axes, S, 6), it is (T, N, S).
    """
    turn, shift = field.turn, field.shift
    if wrench.ndim > turn.ndim:
        turn, shift = turn[:, :, None], shift[:, :, None]
    work = dot(turn, wrench[..., :3]) + dot(shift, wrench[..., 3:])
    return sums_of_runs(work, field.first, 1)


def _over_markers(values: FloatArray, table: FloatArray) -> FloatArray:
    """Sum (T, K, ...) values by a (K, S) table, (T, S, ...)."""
    return combined(table.T, values)
