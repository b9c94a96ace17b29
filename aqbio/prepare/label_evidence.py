"""Evidence that labels are on other markers: distances, the side of the body, and leaps.

A misfit counts by its square in standard deviations (chi-squared). The gain of an exchange is the
cost of the labels as recorded less their cost after the exchange; above 0, the exchange fits
better. The frames in which labels are exchanged follow from the most likely sequence of both states
(Viterbi 1967, IEEE Trans Inf Theory 13:260-269), with the smallest cost of frames and switches.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign
from typing import NamedTuple

import numpy as np

from aqbio.config import MarkerSet
from aqbio.io.recording import Recording
from aqbio.names import MEDIAN_OF_NORMAL
from aqbio.prepare.axes import label_mean, mean_vector, pelvis_paths
from aqbio.prepare.people import of_people
from aqbio.vectors import BoolArray, FloatArray, IntArray, finite_means, finite_medians

MAX_COST = 9.0
"""Cost (chi-squared) at which a misfit saturates: three standard deviations."""

GROUP_WEIGHT = 4.0
"""Errors of markers on one segment are correlated: all of a group count as four independent
ones."""

SWITCH_COST = 12.0
"""Cost of a change of labels between two frames, and of labels that are exchanged from the first
frame on (chi-squared): one in 400 at even odds."""

UNSEEN_SWITCH_COST = 4.0
"""The same where no marker is visible in both frames, as capture software labels markers anew after
a gap (chi-squared): one in 7 at even odds."""

SMOOTH_SWITCH_COST = 1e6
"""The same where visible markers do not leap: labels cannot be exchanged without."""

MIN_MARGIN = 6.0
"""Extra cost of the other state (chi-squared) from which the state of a frame is clear."""

MIN_FRAME_GAIN = 12.0
"""Gain of an exchange (chi-squared) in its median frame, at least."""

PATH_SD_M = 0.02
"""Distance of a marker from its extrapolated path due to noise, m."""

HALF_ACCELERATION_M_S2 = 300.0
"""Half the acceleration that moves a marker off its extrapolated path, m/s²."""

MAX_LEAP_RATIO = 0.8
"""Paths that switch leap by less than this share of the leap of paths that continue."""

MIN_LINK_SD_M = 0.010
"""Smallest standard deviation assumed of a distance between labels, m: soft-tissue artefact."""

MAX_LINK_SD_M = 0.050
"""A distance links two labels if its standard deviation is at most this, m."""

DISTINCT_RATIO = 2.0
"""Ratio of deviations from which one of two distances is the steadier one."""

MAX_LINKS_PER_LABEL = 3
"""Links of a label that count: those in which both states differ most, then the steadiest."""

SIDE_SD_M = {
    True: of_people("side beside the trunk").error,
    False: of_people("side of ends of limbs").error,
}
"""Sideways distance between a left and a right group that is one standard deviation, m."""

NO_SIDE_M = of_people("sideways without a side").error
"""Sideways distance that shows no side, m."""

MIN_FACING_SHARE = 0.5
"""Cosine of the angle, 60 degrees, beyond which a pelvis does not face where feet and travel do."""


def distances_to(
    positions: FloatArray, column: int, others: Sequence[int] | IntArray
) -> FloatArray:
    """Distances (T, K), m, of a label from others."""
    return np.asarray(np.linalg.norm(positions[:, [column]] - positions[:, others], axis=2))


class Links(NamedTuple):
    """Distances of a label that stay nearly constant on one of two markers."""

    sds: FloatArray
    """(K,), m; infinite where unknown."""
    misfits: FloatArray
    """(2, T, K), m. As recorded, and exchanged."""

    @property
    def strongest(self) -> FloatArray:
        """Misfits (2, T, k) in standard deviations of the links that count."""
        known = np.flatnonzero(self.sds <= MAX_LINK_SD_M)
        sizes = self.misfits[..., known] / self.sds[known]
        contrast = np.nan_to_num(finite_medians(np.abs(sizes[0] - sizes[1])))
        order = np.lexsort((self.sds[known], -np.minimum(contrast, np.sqrt(MAX_COST))))
        return np.asarray(sizes[..., order[:MAX_LINKS_PER_LABEL]])


def links(recorded: FloatArray, exchanged: FloatArray, standing: FloatArray) -> Links:
    """Links by distances (T, K), m, of a label on two markers from others.

    ``standing`` (K,), m: distances in the static trial, NaN where unknown. Where neither marker has
    them, their medians in the trial replace them; a distance that is as steady on both markers then
    shows nothing.
    """
    both = np.stack((recorded, exchanged))
    static, first, second = (
        _links_of_length(both, lengths)
        for lengths in (standing, finite_medians(recorded), finite_medians(exchanged))
    )
    if (static.sds <= MAX_LINK_SD_M).any():
        return static
    are_alike = np.maximum(first.sds, second.sds) < DISTINCT_RATIO * np.minimum(
        first.sds, second.sds
    )
    never_better = ~(first.misfits[1] < first.misfits[0]).any(axis=0)
    is_second = ~are_alike & (second.sds < first.sds)
    sds = np.where(are_alike & never_better, np.inf, np.where(is_second, second.sds, first.sds))
    return Links(sds, np.where(is_second, second.misfits, first.misfits))


def _links_of_length(distances: FloatArray, lengths: FloatArray) -> Links:
    """Links of lengths (K,), m, as steady as the distances (2, T, K) that fit them better."""
    misfits = np.abs(distances - lengths)
    typical = finite_medians(np.fmin(*misfits)) / MEDIAN_OF_NORMAL
    sds = np.where(np.isfinite(typical), np.maximum(typical, MIN_LINK_SD_M), np.inf)
    return Links(sds, misfits)


def link_gains(several: Sequence[Links]) -> FloatArray:
    """Gains (T,) by the links of labels; NaN where one of the states is not known."""
    sizes = np.concatenate([x.strongest for x in several], axis=2)
    costs = GROUP_WEIGHT * finite_means(np.minimum(sizes**2, MAX_COST), 2)
    return np.asarray(costs[0] - costs[1])


def lateral_positions(
    recording: Recording, marker_set: MarkerSet, facing_of_body: FloatArray | None
) -> FloatArray:
    """Distances (T, M), m, of markers to the right of the middle of the pelvis.

    ``facing_of_body`` (3,) replaces the way that the pelvis faces where both differ.
    """
    middle, facing = pelvis_paths(recording, marker_set)
    feet = (marker_set.feet.left, marker_set.feet.right)
    heels = label_mean(recording, [foot.heel for foot in feet])
    mean = mean_vector(facing)
    facing = np.where(np.isfinite(facing), facing, mean)
    if facing_of_body is not None:
        is_alike = mean @ facing_of_body > MIN_FACING_SHARE * np.linalg.norm(mean)
        facing = facing if is_alike else np.broadcast_to(facing_of_body, facing.shape)
    right = np.cross(facing, mean_vector(middle - heels))
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    return np.asarray(((recording.positions - middle[:, None]) * right[:, None]).sum(axis=2))


def side_gains(recorded: FloatArray, exchanged: FloatArray, *, beside_trunk: bool) -> FloatArray:
    """Gains (T,) by distances, m, beyond the middle on the side that labels name; NaN: unknown."""
    weight = GROUP_WEIGHT if beside_trunk else 1.0
    before, after = (
        np.maximum(-2.0 * np.nan_to_num(outward) - NO_SIDE_M, 0.0) / SIDE_SD_M[beside_trunk]
        for outward in (recorded, exchanged)
    )
    gains = np.minimum(before**2, MAX_COST) - np.minimum(after**2, MAX_COST)
    return np.asarray(weight * gains)


def switch_costs(first: FloatArray, second: FloatArray, rate: float) -> FloatArray:
    """Costs (T - 1,) of an exchange of paths (T, K, 3), m, less those of paths that go on.

    A path is extrapolated with its velocity before or after the step, or their mean; without a
    velocity, as it was visible for too short, it stays at its position.
    """
    stay = np.concatenate((_leaps(first, first), _leaps(second, second)), axis=1)
    switch = np.concatenate((_leaps(first, second), _leaps(second, first)), axis=1)
    sd = PATH_SD_M + HALF_ACCELERATION_M_S2 / rate**2
    stay_cost, switch_cost = (
        GROUP_WEIGHT * np.nan_to_num(finite_means(np.minimum((leaps / sd) ** 2, MAX_COST), 1))
        for leaps in (stay, switch)
    )
    stay_leap, switch_leap = finite_means(stay, 1), finite_means(switch, 1)
    is_unseen = np.isnan(stay_leap + switch_leap)
    costs = switch_cost - stay_cost + np.where(is_unseen, UNSEEN_SWITCH_COST, SWITCH_COST)
    return np.where(switch_leap >= MAX_LEAP_RATIO * stay_leap, SMOOTH_SWITCH_COST, costs)


def _leaps(path: FloatArray, target: FloatArray) -> FloatArray:
    """Leaps (T - 1, K), m, of paths (T, K, 3) that continue in ``target``; NaN if hidden."""
    before, after = np.full_like(path[1:], np.nan), np.full_like(path[1:], np.nan)
    before[1:], after[:-1] = np.diff(path, axis=0)[:-1], np.diff(target, axis=0)[1:]
    step = target[1:] - path[:-1]
    deviations = [step - before, step - after, step - 0.5 * (before + after)]
    shortest = np.fmin.reduce([np.linalg.norm(vector, axis=2) for vector in deviations])
    return np.asarray(np.where(np.isnan(shortest), np.linalg.norm(step, axis=2), shortest))


class States(NamedTuple):
    """Most likely state of labels in every frame."""

    exchanged: BoolArray
    """(T,)."""
    is_clear: BoolArray
    """(T,). False where the other state is nearly as likely."""


def most_likely_states(gains: FloatArray, switches: FloatArray) -> States:
    """States by gains (T,) of an exchange, and costs (T - 1,) of switches."""
    forward, backward = gains.tolist(), [0.0] * len(gains)
    costs = switches.tolist()
    for frame, cost in enumerate(costs, 1):
        forward[frame] += _limited_margin(forward[frame - 1], cost)
    for frame in range(len(costs) - 1, -1, -1):
        later = float(gains[frame + 1]) + backward[frame + 1]
        backward[frame] = _limited_margin(later, costs[frame])
    margins = np.add(forward, backward)
    return States(margins > 0.0, np.abs(margins) >= MIN_MARGIN)


def _limited_margin(margin: float, switch_cost: float) -> float:
    """Margin of one state over the other beyond a step: at most the cost of a switch."""
    limit = abs(switch_cost)
    return copysign(min(max(margin, -limit), limit), margin * switch_cost)
