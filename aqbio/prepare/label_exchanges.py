"""Most likely arrangement of labels on markers, in a whole trial or in some of its frames.

Exchanges are tried from the trunk outwards, left with right of every part of the body, then pair by
pair where distances on a segment do not fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from aqbio.config import MarkerSet
from aqbio.io.recording import Recording
from aqbio.prepare.body_labels import BodyLabels, Limbs, Pair, Part, body_axes, chains_of, parts_of
from aqbio.prepare.label_evidence import (
    MIN_FRAME_GAIN,
    MIN_LINK_SD_M,
    SWITCH_COST,
    States,
    distances_to,
    lateral_positions,
    link_gains,
    links,
    most_likely_states,
    side_gains,
    switch_costs,
)
from aqbio.signals import runs
from aqbio.vectors import (
    BoolArray,
    FloatArray,
    IntArray,
    finite_means,
    finite_median,
    finite_medians,
)

MAX_PAIRS = 10
"""Exchanged pairs of single labels that a trial is searched for."""

TRIED_M = 0.020
"""Labels are tried where a distance on their segment deviates by more, m."""


def neighbours_of(
    labels: Sequence[str], marker_set: MarkerSet, limbs: Sequence[Sequence[Part]]
) -> tuple[dict[int, IntArray], dict[int, IntArray]]:
    """Columns of labels on the same segment as a label, and of those to which it is linked.

    Labels of the trunk are linked to each other and to the first parts of limbs.
    """
    limb_sides = [[x.left for x in limb] for limb in limbs]
    limb_sides += [[x.right for x in limb] for limb in limbs]
    segments = [part for limb_side in limb_sides for part in limb_side]
    of_limbs = {column for part in segments for column in part}
    bodies: dict[str, tuple[int, ...]] = {}
    for column, label in enumerate(labels):
        if label in marker_set.markers and column not in of_limbs:
            body = marker_set.markers[label].body
            bodies[body] = (*bodies.get(body, ()), column)
    trunk = tuple(column for columns in bodies.values() for column in columns)
    segments += bodies.values()
    joined = [trunk, *((*trunk, *limb_side[0]) for limb_side in limb_sides)]
    joined += [(*inner, *outer) for parts in limb_sides for inner, outer in pairwise(parts)]
    columns = sorted({*of_limbs, *trunk})
    rigid = {column: _others(column, segments) for column in columns}
    return rigid, {column: _others(column, [*segments, *joined]) for column in columns}


def _others(column: int, groups: Sequence[tuple[int, ...]]) -> IntArray:
    """Further columns of the groups of a column."""
    others = {other for group in groups if column in group for other in group} - {column}
    return np.array(sorted(others), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Most likely arrangement of a recording's labels on its markers."""

    recording: Recording
    positions: FloatArray
    """(T, M, 3), m. Every label on its own marker."""
    sources: IntArray
    """(T, M). Recorded columns that hold the labels' own markers."""
    unclear: BoolArray
    """(T, M). Positions of which it is not clear whose they are."""
    standing: FloatArray
    """(M, M), m. Distances in the static trial; NaN where unknown."""
    parts: Sequence[Part]
    rigid: Mapping[int, IntArray]
    """Columns of labels on the same segment as a label."""
    linked: Mapping[int, IntArray]
    """Columns of labels on the same segment and the next ones."""
    signs: FloatArray
    """(M,). 1 of labels that belong to the right, -1 to the left; NaN of further ones."""
    lateral: FloatArray
    """(T, M), m. Of recorded positions, to the right of the middle of the pelvis."""

    @classmethod
    def of(
        cls,
        recording: Recording,
        marker_set: MarkerSet,
        body: BodyLabels,
        limbs: Limbs,
        static_positions: Mapping[str, FloatArray],
    ) -> Arrangement:
        """Infer the arrangement; ``static_positions`` (3,), m, by label: in the static trial."""
        frames, count = recording.positions.shape[:2]
        sites = [static_positions.get(label, np.full(3, np.nan)) for label in recording.labels]
        apart = np.reshape(sites, (-1, 1, 3)) - np.reshape(sites, (1, -1, 3))
        parts, signs = parts_of(recording, marker_set, body), np.full(count, np.nan)
        for part in parts:
            signs[[*part.left]], signs[[*part.right]] = -1.0, 1.0
        axes = body_axes(recording, body)
        arrangement = cls(
            recording,
            recording.positions.copy(),
            np.tile(np.arange(count), (frames, 1)),
            np.zeros((frames, count), np.bool_),
            np.asarray(np.linalg.norm(apart, axis=2)),
            parts,
            *neighbours_of(recording.labels, marker_set, [*chains_of(parts, limbs).values()]),
            signs,
            lateral_positions(recording, marker_set, None if axes is None else axes[0]),
        )
        arrangement._infer()
        return arrangement

    @property
    def chains(self) -> Mapping[str, Sequence[Part]]:
        """Parts with labels on both sides, by limb and part of the trunk."""
        return chains_of(self.parts, {part.limb for part in self.parts})

    def inner_pairs(self, part: Part) -> Sequence[Pair]:
        """Pairs of the part of a limb before another one, or of the trunk."""
        if part.is_beside_trunk:
            return [pair for x in self.parts if x.name == x.limb for pair in x.pairs]
        before = [x.pairs for x in self.parts if x.limb == part.limb and x.name < part.name]
        return next(filter(None, reversed(before)), ())

    @property
    def moved(self) -> BoolArray:
        """Tell where a label is on another marker (T, M)."""
        return np.asarray(self.sources != np.arange(self.sources.shape[1]))

    @property
    def changed(self) -> BoolArray:
        """Tell where a label is, or may be, on another marker (T, M)."""
        return self.moved | self.unclear

    @property
    def beside_trunk(self) -> frozenset[int]:
        """Columns of the trunk and of first parts of limbs: ends of limbs cross."""
        parts = (part.columns for part in self.parts if part.is_beside_trunk)
        return frozenset[int]().union(*parts)

    @property
    def outward(self) -> FloatArray:
        """Distances (T, M), m, of recorded positions beyond the middle on their labels' side."""
        return self.signs * self.lateral

    def _infer(self) -> None:
        """Arrange parts from the trunk outwards, then pairs, the largest gain first."""
        for chain in self.chains.values():
            for number, part in enumerate(chain):
                if part.pairs:
                    self._arrange_ends(chain[number:], chain[number - 1] if number else None)
        for _ in range(MAX_PAIRS):
            exchange = self._likeliest_pair()
            if exchange is None:
                return
            self._apply(*exchange)

    def _arrange_ends(self, ends: Sequence[Part], inner: Part | None) -> None:
        """Exchange a part and all beyond it where it does not fit, and sites unlike their part.

        By distances from the part before it, or where there are none, by the side of the body.
        """
        part = ends[0]
        gains = np.array([self._side_gains(pair) for pair in part.pairs])
        if inner is not None:
            anchors = (inner.left, inner.right)
            by_links = np.array([self._link_gains(pair, anchors) for pair in part.pairs])
            gains = by_links if np.nan_to_num(by_links).any() else gains
        of_part = np.nan_to_num(finite_means(gains, 0))
        is_undecided = inner is None and np.ptp(np.sign(gains.mean(axis=1).round())) > 1.0
        states = None if is_undecided else self._states(part.pairs, of_part, -np.inf)
        if states is not None:
            every = tuple(pair for part in ends for pair in part.pairs)
            paired = {column for pair in every for column in pair}
            lone = {column for part in ends for column in part.columns} - paired
            unclear = self._apply(every, states, sorted(lone))
            gains = np.where(unclear, 0.0, np.where(states.exchanged, -gains, gains))
        for pair, of_site in zip(part.pairs, np.nan_to_num(gains), strict=True):
            states = self._states((pair,), of_site) if part.name != part.limb else None
            if states is not None:
                self._apply((pair,), states)

    def _pair_states(self, pair: Pair) -> States | None:
        """Frames in which two labels are exchanged; None without evidence."""
        linked = [self.linked[column] for column in pair]
        gains = np.nan_to_num(self._link_gains(pair, linked))
        return self._states((pair,), gains + self._side_gains(pair))

    def _link_gains(self, pair: Pair, anchors: Sequence[Sequence[int] | IntArray]) -> FloatArray:
        """Gains (T,) by distances of two labels from anchors of the first and of the second."""
        both = []
        for label, partner, others in zip(pair, pair[::-1], anchors, strict=True):
            columns = np.array([x for x in others if x not in pair], np.int64)
            distances = [distances_to(self.positions, x, columns) for x in (label, partner)]
            both.append(links(distances[0], distances[1], self.standing[label, columns]))
        return link_gains(both)

    def _side_gains(self, pair: Pair) -> FloatArray:
        """Gains (T,) of an exchange of two labels by the side of the body that they are on."""
        signs, near = self.signs[[*pair]], self.beside_trunk
        recorded, exchanged = (
            finite_means(signs * np.take_along_axis(self.lateral, self.sources[:, columns], 1), 1)
            for columns in ([*pair], [*pair[::-1]])
        )
        is_near = all(x in near for x, sign in zip(pair, signs, strict=True) if np.isfinite(sign))
        return side_gains(recorded, exchanged, beside_trunk=is_near)

    def _states(
        self, pairs: Sequence[Pair], gains: FloatArray, least_gain: float = MIN_FRAME_GAIN
    ) -> States | None:
        """Most likely states of pairs of labels by gains (T,); None if they stay as they are.

        ``least_gain``: of the median frame.
        """
        if gains.clip(0.0).sum() < 2.0 * SWITCH_COST:
            return None
        first, second = (self.positions[:, list(columns)] for columns in zip(*pairs, strict=True))
        later = np.append(gains[0] - SWITCH_COST, gains[1:])
        states = most_likely_states(later, switch_costs(first, second, self.recording.rate))
        exchanged = states.exchanged & visible_in(np.append(first, second, axis=1))
        return states if finite_median(gains[exchanged]) > least_gain else None

    def _apply(self, pairs: Sequence[Pair], states: States, lone: Sequence[int] = ()) -> BoolArray:
        """Exchange pairs, and return the frames (T,) next to it in which that is not clear.

        Positions are hidden there; those of ``lone`` labels without a partner are in both.
        """
        columns, partner_columns = _both_ways(pairs)
        frames = np.flatnonzero(states.exchanged)[:, None]
        for values in (self.positions, self.sources):
            values[frames, columns] = values[frames, partner_columns]
        unclear = _unclear_ends(states)
        self.unclear[np.flatnonzero(unclear)[:, None], columns] = True
        self.unclear[np.flatnonzero(states.exchanged | unclear)[:, None], list(lone)] = True
        self.positions[self.unclear] = np.nan
        return unclear

    def _likeliest_pair(self) -> tuple[tuple[Pair], States] | None:
        """Pair of labels whose exchange makes distances on their segments fit best, if any."""
        lengths, doubtful = dict[int, FloatArray](), dict[int, BoolArray]()
        for column, others in self.rigid.items():
            distances = distances_to(self.positions, column, others)
            static = self.standing[column, others]
            lengths[column] = np.where(np.isfinite(static), static, finite_medians(distances))
            deviations = np.abs(distances - lengths[column])
            doubtful[column] = np.asarray(np.any(deviations > TRIED_M, axis=1))
        best, largest = None, 0.0
        for pair in combinations([x for x in sorted(doubtful) if doubtful[x].any()], 2):
            frames = np.flatnonzero(doubtful[pair[0]] & doubtful[pair[1]])
            is_tried = np.any(self._savings(pair, frames, lengths) > MIN_LINK_SD_M)
            states = self._pair_states(pair) if is_tried else None
            if states is not None:
                saved = self._savings(pair, np.flatnonzero(states.exchanged), lengths).sum()
                if saved > largest:
                    best, largest = ((pair,), states), saved
        return best

    def _savings(
        self, pair: Pair, frames: IntArray, lengths: Mapping[int, FloatArray]
    ) -> FloatArray:
        """Deviations of distances on segments, m, that an exchange saves in some frames (F,)."""
        saved = np.zeros(len(frames))
        for column, partner in (pair, pair[::-1]):
            is_further = ~np.isin(self.rigid[column], pair)
            further = self.positions[frames[:, None], self.rigid[column][is_further]]
            for sign, marker in ((1.0, column), (-1.0, partner)):
                apart = self.positions[frames, marker][:, None] - further
                distances = np.linalg.norm(apart, axis=2)
                deviations = np.abs(distances - lengths[column][is_further])
                saved += sign * np.nan_to_num(finite_means(deviations, 1))
        return saved


def visible_in(paths: FloatArray) -> BoolArray:
    """Frames (T,) in which one of the paths (T, K, 3) is visible."""
    seen = np.asarray(np.isfinite(paths).all(axis=2))
    return np.asarray(seen.any(axis=1))


def _both_ways(pairs: Sequence[Pair]) -> tuple[IntArray, IntArray]:
    """Columns (2K,) of pairs, and those of their partners."""
    first, second = np.transpose(pairs)
    return np.append(first, second), np.append(second, first)


def _unclear_ends(states: States) -> BoolArray:
    """Unclear stretches that touch exchanged frames."""
    adjacent = states.exchanged.copy()
    adjacent[1:] |= states.exchanged[:-1]
    adjacent[:-1] |= states.exchanged[1:]
    unclear = np.zeros_like(adjacent)
    for start, stop in runs(~states.is_clear):
        unclear[start:stop] = adjacent[start:stop].any()
    return unclear
