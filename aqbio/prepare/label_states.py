"""Likely frames in which two groups of labels are exchanged.

In each frame, two groups of labels are exchanged or not. The evidence: distances from markers of
the same or adjacent segments, the side of the pelvis, and that no marker leaps between frames.
The most likely sequence of both states (Viterbi 1967, IEEE Trans Inf Theory 13:260-269) has the
smallest sum of the misfits of all frames and of all steps between frames; a frame is certain where
the best sequence through the other state costs more by a margin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from aqbio.names import MEDIAN_OF_NORMAL
from aqbio.prepare.people import of_people
from aqbio.signals import runs
from aqbio.vectors import (
    BoolArray,
    FloatArray,
    IntArray,
    finite_means,
    finite_median,
    finite_medians,
)

MAX_COST = 9.0
"""Cost (chi-squared) at which a misfit saturates: three standard deviations."""

GROUP_WEIGHT = 4.0
"""Errors of markers on one segment are correlated: all links of a group, and all its paths,
count as four independent ones."""

SWITCH_COST = 12.0
"""Cost of a change of labels between two frames, and of labels that are exchanged from the first
frame on (chi-squared): one in 400 at even odds."""

UNSEEN_SWITCH_COST = 4.0
"""The same where no marker is visible in both frames, as capture software labels markers anew after
a gap (chi-squared): one in 7 at even odds."""

MIN_COST_MARGIN = 6.0
"""Extra cost of the other state below which a frame next to an exchange is masked."""

PATH_SD_M = 0.02
"""Distance of a marker from its extrapolated path due to noise, m."""

HALF_ACCELERATION_M_S2 = 300.0
"""Half the acceleration that moves a marker off its extrapolated path, m/s²."""

MIN_LINK_SD_M = 0.010
"""Smallest standard deviation assumed of a link, m: soft-tissue artefact."""

MAX_LINK_SD_M = 0.050
"""A distance between two labels is a link if its standard deviation is at most this, m."""

SHORTER_RATIO = 2.0
"""Ratio of deviations from which one of two lengths of a link is told to be the right one."""

MAX_LINKS_PER_LABEL = 3
"""Links of a label that count, those first in which the states differ most, and of
those the least variable."""

SIDE_SD_M = {
    True: of_people("side beside the trunk").error,
    False: of_people("side of ends of limbs").error,
}
"""Sideways distance between a left and a right group that is one standard deviation, m."""

NO_SIDE_M = of_people("sideways without a side").error
"""Sideways distance that shows no side, m."""


@dataclass(frozen=True, eq=False)
class States:
    """Most likely state of two groups of labels in every frame."""

    exchanged: BoolArray
    """(T,)."""
    sure: BoolArray
    """(T,). True where the other state is clearly worse."""


def most_likely_states(frames: FloatArray, steps: FloatArray) -> States:
    """Infer states from costs (T, 2) of frames and (T - 1, 2) of steps: stay, and switch."""
    costs, stays, switches = frames.tolist(), steps[:, 0].tolist(), steps[:, 1].tolist()
    forward, backward = frames.tolist(), np.zeros_like(frames).tolist()
    for t in range(1, len(costs)):  # numbers of Python: an array of two costs ten times as much
        first, second = forward[t - 1]
        stay, switch = stays[t - 1], switches[t - 1]
        forward[t][0] += min(first + stay, second + switch)
        forward[t][1] += min(second + stay, first + switch)
    for t in range(len(costs) - 2, -1, -1):
        first, second = backward[t + 1][0] + costs[t + 1][0], backward[t + 1][1] + costs[t + 1][1]
        stay, switch = stays[t], switches[t]
        backward[t] = [min(first + stay, second + switch), min(second + stay, first + switch)]
    total = np.reshape(forward, (-1, 2)) + np.reshape(backward, (-1, 2))
    margin = total[:, 0] - total[:, 1]
    return States(margin > 0.0, np.abs(margin) >= MIN_COST_MARGIN)


def may_be_exchanged(frames: FloatArray, steps: FloatArray) -> bool:
    """Tell whether any sequence of states may cost less than none exchanged (arrays as above).

    No frame saves more in a stretch than all that save together, and each stretch begins with a
    switch or in the first frame.
    """
    saved = frames[:, 0] - frames[:, 1]
    later = float(saved[1:].clip(0.0).sum())
    cheapest = float((steps[:, 1] - steps[:, 0]).min(initial=np.inf))
    return later >= cheapest or float(saved[0]) + later >= 0.0


@dataclass(frozen=True, eq=False)
class Steps:
    """Steps between frames of two groups of paths that continue, or that switch to each other.

    A path is extrapolated with its velocity before or after the step, or their mean; without a
    velocity, as it was visible for too short, it stays at its position.
    """

    costs: FloatArray
    """(T - 1, 2). Stay, and switch."""
    leaps: FloatArray
    """(T - 1, 2) array, m. Mean leap of the paths; NaN where none is visible."""

    @classmethod
    def of(cls, first: FloatArray, second: FloatArray, rate: float) -> Steps:
        """Compute the steps of paths (T, K, 3), m, at a rate in Hz."""
        costs = np.zeros((max(len(first) - 1, 0), 2))
        leaps = costs.copy()
        sd = PATH_SD_M + HALF_ACCELERATION_M_S2 / rate**2
        stay = np.concatenate((_leaps(first, first), _leaps(second, second)), axis=1)
        switch = np.concatenate((_leaps(first, second), _leaps(second, first)), axis=1)
        unknown = np.isfinite(stay) & np.isnan(switch)
        apart = finite_medians(np.linalg.norm(first - second, axis=2))
        switch = np.where(unknown, UNSEEN_LEAP_SHARE * np.tile(apart, 2), switch)
        for state, leap_lengths in enumerate((stay, switch)):
            costs[:, state] = np.nan_to_num(mean_costs(leap_lengths / sd))
            leaps[:, state] = finite_means(leap_lengths, 1)
        unseen = np.isnan(leaps).any(axis=1)
        costs[:, 1] += np.where(unseen, UNSEEN_SWITCH_COST, SWITCH_COST)
        return cls(costs, leaps)


UNSEEN_LEAP_SHARE = 0.5
"""A path that continues cannot have switched to one that is hidden: it would have leapt by the
distance between them; this share of it is the leap assumed."""


MAX_LEAP_RATIO = 0.8
"""Paths that switch leap by less than this share of the leap of paths that continue."""


def without_smooth_switches(states: States, steps: Steps) -> States:
    """Drop stretches at whose ends visible markers do not leap.

    Labels cannot be exchanged without a leap of both paths.
    """
    exchanged = states.exchanged.copy()
    stay_leaps, switch_leaps = steps.leaps.T
    smooth = switch_leaps >= MAX_LEAP_RATIO * stay_leaps
    for start, stop in runs(states.exchanged):
        ends = [end for end in (start - 1, stop - 1) if 0 <= end < len(smooth)]
        exchanged[start:stop] &= not smooth[ends].any()
    return replace(states, exchanged=exchanged)


def _leaps(path: FloatArray, target: FloatArray) -> FloatArray:
    """Leap lengths (T - 1, K), m, of paths (T, K, 3) that continue in ``target``; NaN if hidden."""
    before, after = np.full_like(path[1:], np.nan), np.full_like(path[1:], np.nan)
    before[1:], after[:-1] = np.diff(path, axis=0)[:-1], np.diff(target, axis=0)[1:]
    step = target[1:] - path[:-1]
    deviations = [step - before, step - after, step - 0.5 * (before + after)]
    shortest = np.fmin.reduce([np.linalg.norm(vector, axis=2) for vector in deviations])
    return np.asarray(np.where(np.isnan(shortest), np.linalg.norm(step, axis=2), shortest))


def mean_costs(misfits: FloatArray) -> FloatArray:
    """Costs (T,) of misfits (T, K) in standard deviations; NaN where none is known."""
    return GROUP_WEIGHT * finite_means(np.minimum(misfits**2, MAX_COST), 1)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Columns of labels that may be exchanged: each of the first with that of the second."""

    first: IntArray
    second: IntArray

    def each(self) -> list[Pairs]:
        """Every pair alone."""
        alone = [slice(k, k + 1) for k in range(len(self.first))]
        return [Pairs(self.first[k], self.second[k]) for k in alone]

    @property
    def both_ways(self) -> list[tuple[int, int]]:
        """Columns of every pair, the first before the second and the other way round."""
        pairs = [*zip(self.first.tolist(), self.second.tolist(), strict=True)]
        return [*pairs, *(pair[::-1] for pair in pairs)]


@dataclass(frozen=True, eq=False)
class Anchors:
    """Columns to which the labels of two groups keep their distances."""

    first: IntArray
    second: IntArray


def link_costs(
    positions: FloatArray, pairs: Pairs, anchors: Anchors, standing: FloatArray
) -> FloatArray:
    """Costs (K, T, 2) of the distances of K pairs of labels from their anchors.

    As labelled and exchanged; NaN where no distance is known in one of the states: a hidden state
    is not a better one. ``standing`` (M, M), m: distances in the static trial, NaN where unknown.
    Where neither state fits them, median distances in the trial replace them; a link that keeps its
    length in both states then tells nothing.
    """
    costs = np.full((len(pairs.first), len(positions), 2), np.nan)
    paths = np.ascontiguousarray(positions.T)
    for number, pair in enumerate(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)):
        misfits: tuple[list[FloatArray], list[FloatArray]] = ([], [])
        for label, partner, anchor in (
            (*pair, anchors.first), (*pair[::-1], anchors.second)
        ):  # fmt: skip
            columns = anchor[(anchor != label) & (anchor != partner)]
            links = _links(paths, label, partner, columns, standing[label, columns])
            order = np.lexsort((links.sds, -_contrasts(links)))
            for link in order[:MAX_LINKS_PER_LABEL]:
                if links.sds[link] <= MAX_LINK_SD_M:
                    misfits[0].append(links.labelled[link] / links.sds[link])
                    misfits[1].append(links.exchanged[link] / links.sds[link])
        if misfits[0]:
            both = np.stack([mean_costs(np.stack(x, axis=1)) for x in misfits], axis=1)
            costs[number] = np.where(np.isfinite(both).all(axis=1, keepdims=True), both, np.nan)
    return costs


def distances_to(
    positions: FloatArray, column: int, others: Sequence[int] | IntArray
) -> FloatArray:
    """Distances (T, K), m, of a label from others."""
    return np.asarray(np.linalg.norm(positions[:, [column]] - positions[:, others], axis=2))


def mean_told(costs: FloatArray) -> FloatArray:
    """Mean (T, 2) of costs (K, T, 2) over the pairs that tell something; 0 where none does."""
    return np.nan_to_num(finite_means(costs, 0))


class _Links(NamedTuple):
    """Standard deviations (A,) and misfits (A, T), m, of distances; infinite where unknown."""

    sds: FloatArray
    labelled: FloatArray
    exchanged: FloatArray


def _links(
    paths: FloatArray, label: int, partner: int, anchors: IntArray, standing: FloatArray
) -> _Links:
    """Links of a label to anchors, of paths (3, M, T); ``standing`` (A,), m: static distances."""
    gaps = [paths[:, [column]] - paths[:, anchors] for column in (label, partner)]
    distance, partner_distance = (np.sqrt((gap**2).sum(axis=0)) for gap in gaps)
    static, own, other = (
        _links_of_length(distance, partner_distance, lengths)
        for lengths in (standing, finite_medians(distance.T), finite_medians(partner_distance.T))
    )
    if (static.sds <= MAX_LINK_SD_M).any():
        return static
    keeps_both = np.maximum(own.sds, other.sds) < SHORTER_RATIO * np.minimum(own.sds, other.sds)
    never = ~(own.exchanged < own.labelled).any(axis=1)
    own.sds[keeps_both & never] = np.inf
    is_other = ~keeps_both & (other.sds < own.sds)
    for values, better in zip(own, other, strict=True):
        values[is_other] = better[is_other]
    return own


def _contrasts(links: _Links) -> FloatArray:
    """Median differences (A,) between the misfits of both states, in deviations that count."""
    differences = np.nan_to_num(
        finite_medians(np.abs(links.labelled - links.exchanged).T) / links.sds
    )
    counted = np.minimum(differences, np.sqrt(MAX_COST))
    return np.asarray(np.where(links.sds <= MAX_LINK_SD_M, counted, -1.0))


def _links_of_length(
    distance: FloatArray, partner_distance: FloatArray, lengths: FloatArray
) -> _Links:
    """Links (A,) of lengths, m, whose deviation is that of the state that fits them better."""
    labelled, exchanged = (
        np.abs(values - lengths[:, None]) for values in (distance, partner_distance)
    )
    typical = finite_medians(np.fmin(labelled, exchanged).T) / MEDIAN_OF_NORMAL
    sds = np.where(np.isfinite(typical), np.maximum(typical, MIN_LINK_SD_M), np.inf)
    return _Links(sds, labelled, exchanged)


def side_cost(sideways: FloatArray, *, beside_trunk: bool) -> FloatArray:
    """Cost (T,) of the distance, m, by which the right is to the right of the left."""
    away = np.maximum(-np.nan_to_num(sideways) - NO_SIDE_M, 0.0) / SIDE_SD_M[beside_trunk]
    weight = GROUP_WEIGHT if beside_trunk else 1.0
    return np.asarray(weight * np.minimum(away**2, MAX_COST))


def side_costs(sideways: FloatArray, *, beside_trunk: bool) -> FloatArray:
    """Costs (T, 2) of such a distance as labelled, and exchanged."""
    return np.stack(
        [side_cost(way * sideways, beside_trunk=beside_trunk) for way in (1.0, -1.0)], axis=1
    )


# labels of one side alone that lie on the other: no partner with which they could be exchanged


@dataclass(frozen=True, slots=True)
class LoneLabels:
    """Columns of a part of which the other side has no label, and where they belong."""

    columns: tuple[int, ...]
    own: IntArray
    """(K,). Columns of the next part inwards, of the side that the labels name."""
    other: IntArray
    """(K,). Their partners on the other side."""
    outward: FloatArray | None = None
    """(T, N), m: from the middle of the pelvis to the side that the labels name; None of ends of
    limbs, which cross."""


def on_other_side(
    positions: FloatArray, parts: Iterable[LoneLabels], least: float
) -> list[tuple[tuple[int, ...], tuple[float, float]]]:
    """Labels that lie on the other side, by part, and distances from the next part on both sides.

    Median distances, m, from that of their side and of the other one. A part is judged as a whole,
    and label by label where it is not on the other side.
    """
    misplaced = []
    for lone in parts:
        saved = _gains(positions, lone)
        known = saved[np.isfinite(saved)]
        columns = lone.columns
        if not (len(known) and known.mean() > least):
            columns = tuple(x for x, gain in zip(columns, saved, strict=True) if gain > least)
        if columns:
            own, other = (
                finite_median(np.ravel([distances_to(positions, x, side) for x in columns]))
                for side in (lone.own, lone.other)
            )
            misplaced.append((columns, (own, other)))
    return misplaced


def _gains(positions: FloatArray, lone: LoneLabels) -> FloatArray:
    """What the other side saves in the mean over frames, by label (chi-squared); NaN: not told.

    A label keeps its distances to the next part of its side; thighs and upper arms keep to their
    sides. Of a person who stands all distances are kept: the side that is nearer decides.
    """
    saved = np.full(len(lone.columns), np.nan)
    for number, column in enumerate(lone.columns):
        own, other = (distances_to(positions, column, side) for side in (lone.own, lone.other))
        apart = [np.abs(x - finite_medians(x)) for x in (own, other)]
        spread = [finite_medians(x) / MEDIAN_OF_NORMAL for x in apart]
        sds = np.maximum(np.fmin(*spread), MIN_LINK_SD_M)
        differ = np.fmax(*spread) > SHORTER_RATIO * sds
        told = differ & (sds <= MAX_LINK_SD_M)
        if told.any():
            costs = [mean_costs((x / sds)[:, told]) for x in apart]
        elif lone.outward is not None:
            ways = (way * 2.0 * lone.outward[:, number] for way in (1.0, -1.0))
            costs = [side_cost(sideways, beside_trunk=True) for sideways in ways]
        elif np.all(np.fmax(*spread) < MAX_LINK_SD_M):
            farther = finite_medians(other - own)[None]
            away = [np.maximum(way * farther - NO_SIDE_M, 0.0) for way in (-1.0, 1.0)]
            costs = [mean_costs(x / (np.sqrt(2.0) * MIN_LINK_SD_M)) for x in away]
        else:
            continue
        saved[number] = float(np.nanmean(costs[0] - costs[1]))
    return saved
