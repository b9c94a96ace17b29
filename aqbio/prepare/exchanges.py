"""Exchanged labels, in a whole trial or in some of its frames: put back, or masked where unsure.

Groups on both sides of the body are examined from the trunk outwards, then pairs of labels whose
distances do not fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from aqbio.config import MarkerSet
from aqbio.errors import listed
from aqbio.io.recording import Recording
from aqbio.names import SIDES
from aqbio.prepare.axes import label_mean, mean_vector, pelvis_paths
from aqbio.prepare.exchanged_labels import ExchangedLabels, distances_words, note_labels
from aqbio.prepare.handedness import BodyLabels, Limbs, body_axes, partners
from aqbio.prepare.label_states import (
    MIN_LINK_SD_M,
    SWITCH_COST,
    Anchors,
    LoneLabels,
    Pairs,
    States,
    Steps,
    link_costs,
    may_be_exchanged,
    mean_told,
    most_likely_states,
    on_other_side,
    side_cost,
    side_costs,
    without_smooth_switches,
)
from aqbio.prepare.notes import Notes
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray, finite_means, finite_medians

MIN_FRAMES = 6
"""Frames of a recording in which exchanged labels are looked for."""


def with_restored_labels(
    recording: Recording,
    marker_set: MarkerSet,
    limbs: Limbs,
    static_positions: Mapping[str, FloatArray],
    notes: Notes,
) -> Recording:
    """Put back labels that are exchanged, in all frames or in some.

    ``static_positions`` (3,), m, by label: in the static trial. Where an exchange is uncertain, the
    labels are masked.
    """
    if len(recording.positions) < MIN_FRAMES:
        return recording
    body = BodyLabels.of_marker_set(marker_set, limbs)
    chains = _chains(recording, marker_set, body)
    restoration = _Restoration.of(recording, static_positions)
    sides = _Sides.of(recording, marker_set, body, chains)
    for chain in chains.values():
        _restore_chain(restoration, chain, sides)
    limb_chains = [chains[limb] for limb in limbs if limb in chains]
    neighbours = _neighbours(recording, marker_set, limb_chains)
    _restore_pairs(restoration, neighbours, sides)
    exchanges = list(_exchanges(restoration, chains, neighbours))
    lone = _without_lone(restoration, _lone_labels(recording, marker_set, body, chains, sides))
    note_labels(exchanges, lone, notes)
    changed = exchanges or lone
    return replace(recording, positions=restoration.positions) if changed else recording


@dataclass(frozen=True, eq=False)
class _Part:
    """Name of a part of the body and its columns, left and right."""

    name: str
    left: tuple[int, ...]
    right: tuple[int, ...]
    pairs: Pairs

    @property
    def limb(self) -> str:
        """Name of the limb, or of the part of the trunk."""
        return self.name.partition(" ")[0]

    @property
    def beside_trunk(self) -> bool:
        """Tell whether it belongs to the trunk or is the first of a limb: ends of limbs cross."""
        return self.name.partition(" ")[2] in ("", "0")

    @property
    def signs(self) -> list[tuple[int, float]]:
        """Columns with 1 on the right and -1 on the left."""
        return [*((column, -1.0) for column in self.left), *((x, 1.0) for x in self.right)]


@dataclass(frozen=True, eq=False)
class _Restoration:
    """Recording whose labels are being restored."""

    recording: Recording
    positions: FloatArray
    """(T, M, 3), m."""
    standing: FloatArray
    """(M, M), m."""
    sources: IntArray
    """(T, M). Recorded columns from which positions are taken."""
    masked: BoolArray
    """(T, M). Positions that are not used, as it is not sure whose they are."""
    gains: list[tuple[frozenset[int], float]] = field(default_factory=list)
    """Columns that were restored or masked together, and the logarithm of how much more probable
    that made the recording."""

    @classmethod
    def of(cls, recording: Recording, static_positions: Mapping[str, FloatArray]) -> _Restoration:
        frames, count = recording.positions.shape[:2]
        return cls(
            recording,
            recording.positions.copy(order="F"),
            _static_distances(recording, static_positions),
            np.tile(np.arange(count), (frames, 1)),
            np.zeros((frames, count), dtype=bool),
        )

    def apply(
        self, states: States, pairs: Pairs, unpaired: Sequence[int] = ()
    ) -> tuple[BoolArray, BoolArray]:
        """Frames (T,) in which pairs are restored, and in which they are masked.

        ``unpaired`` labels are masked in both.
        """
        columns = np.concatenate((pairs.first, pairs.second))
        self.gains.append((frozenset({*columns.tolist(), *unpaired}), states.log_odds))
        visible = _visible_in(self.positions[:, [*columns.tolist(), *unpaired]])
        unsure = _unsure_next_to_exchanges(states) & visible
        put_back = states.exchanged & ~unsure & visible
        frames = np.flatnonzero(put_back)[:, None]
        partner_columns = np.concatenate((pairs.second, pairs.first))
        for values in (self.positions, self.sources):
            values[frames, columns] = values[frames, partner_columns]
        hidden = np.array(unpaired, dtype=np.int64)
        for rows, of in ((unsure, columns), (put_back | unsure, hidden)):
            self.masked[np.flatnonzero(rows)[:, None], of] = True
        self.positions[self.masked] = np.nan
        return put_back, unsure


def _unsure_next_to_exchanges(states: States) -> BoolArray:
    """Uncertain frames in stretches that touch exchanged frames."""
    masked = np.zeros_like(states.exchanged)
    adjacent = states.exchanged.copy()
    adjacent[1:] |= states.exchanged[:-1]
    adjacent[:-1] |= states.exchanged[1:]
    for start, stop in runs(~states.sure):
        masked[start:stop] = adjacent[start:stop].any()
    return masked


def _static_distances(
    recording: Recording, static_positions: Mapping[str, FloatArray]
) -> FloatArray:
    """Distances (M, M), m, between labels in the static trial; NaN where unknown."""
    sites = [static_positions.get(label, np.full(3, np.nan)) for label in recording.labels]
    positions = np.reshape(sites, (-1, 3))
    return np.asarray(np.linalg.norm(positions[:, None] - positions, axis=2))


MIN_FACING_SHARE = 0.5
"""Cosine of the angle, 60 degrees, beyond which a pelvis does not face where feet and travel do."""


@dataclass(frozen=True, eq=False)
class _Sides:
    """Middle and right of the body, and the columns that belong on a side of it."""

    middle: FloatArray
    """(T, 3), m."""
    right: FloatArray
    """(T, 3). Unit vectors to the right of the pelvis; its mean direction where it is hidden, and
    that of the whole body where the labels of the pelvis face elsewhere."""
    signs: Mapping[int, float]
    """1 of columns that belong to the right, -1 of those to the left."""
    beside_trunk: frozenset[int]
    """Columns of the trunk and of the first parts of limbs."""

    @classmethod
    def of(
        cls,
        recording: Recording,
        marker_set: MarkerSet,
        body: BodyLabels,
        chains: Mapping[str, Sequence[_Part]],
    ) -> _Sides:
        path, facing = pelvis_paths(recording, marker_set)
        feet = (marker_set.feet.left, marker_set.feet.right)
        heels = label_mean(recording, [foot.heel for foot in feet])
        mean = mean_vector(facing)
        facing = np.where(np.isfinite(facing), facing, mean)
        axes = body_axes(recording, body)
        if axes is not None and not mean @ axes[0] > MIN_FACING_SHARE * np.linalg.norm(mean):
            facing = np.broadcast_to(axes[0], facing.shape)
        right = np.cross(facing, mean_vector(path - heels))
        right /= np.linalg.norm(right, axis=1, keepdims=True)
        parts = [part for chain in chains.values() for part in chain]
        signs = {column: sign for part in parts for column, sign in part.signs}
        near = {column for part in parts if part.beside_trunk for column, _ in part.signs}
        return cls(path, right, signs, frozenset(near))

    def cost(self, positions: FloatArray, column: int, at: int) -> FloatArray:
        """Cost (T,) of the side that a column's label is on at the marker of another column."""
        if column not in self.signs:
            return np.zeros(len(positions))
        lateral = ((positions[:, at] - self.middle) * self.right).sum(axis=1)
        sideways = 2.0 * self.signs[column] * lateral
        return side_cost(sideways, beside_trunk=column in self.beside_trunk)


def _chains(
    recording: Recording, marker_set: MarkerSet, body: BodyLabels
) -> dict[str, list[_Part]]:
    """Parts with markers on both sides, from the trunk outwards, by pelvis, trunk and limb."""
    feet = [getattr(marker_set.feet, side) for side in SIDES]
    whole_foot = {
        toe: body.sided[foot.heel].part
        for foot in feet
        for toe in foot.toe
        if foot.heel in body.sided
    }
    toes = {body.sided[toe].part: part for toe, part in whole_foot.items() if toe in body.sided}
    columns: dict[str, dict[str, list[int]]] = {}
    worn = [x for x in recording.labels if x in body.sided and x in marker_set.markers]
    partner_of = partners(worn, body)
    for column, label in enumerate(recording.labels):
        if label in worn:
            sided = body.sided[label]
            part = toes.get(sided.part, sided.part)
            columns.setdefault(part, {}).setdefault(sided.side, []).append(column)
    chains: dict[str, list[_Part]] = {}
    for part in sorted(columns):
        if len(columns[part]) < len(SIDES):
            continue
        left, right = (tuple(columns[part][side]) for side in SIDES)
        first = [column for column in left if recording.labels[column] in partner_of]
        second = [recording.labels.index(partner_of[recording.labels[column]]) for column in first]
        pairs = Pairs(np.array(first, dtype=np.int64), np.array(second, dtype=np.int64))
        chains.setdefault(part.split()[0], []).append(_Part(part, left, right, pairs))
    return chains


def _restore_chain(restoration: _Restoration, chain: Sequence[_Part], sides: _Sides) -> None:
    """Restore the parts of a limb, each from the one before it, and labels unlike their part."""
    before: _Part | None = None
    masked = np.zeros(len(restoration.positions), dtype=bool)
    for part in chain:
        positions = restoration.positions
        costs = _part_costs(restoration, part, before, sides)
        together = mean_told(costs)
        if before is None and _contradict(costs):
            together[:] = 0.0
        states = _states_of(restoration, part.pairs, together, exactly=bool(masked.any()))
        visible = _visible_in(positions[:, [*part.left, *part.right]])
        # beyond a masked part, left and right cannot be distinguished
        states = replace(states, exchanged=states.exchanged | masked, sure=states.sure & ~masked)
        if states.exchanged[visible].any():
            paired = {*part.pairs.first.tolist(), *part.pairs.second.tolist()}
            unpaired = [column for column in (*part.left, *part.right) if column not in paired]
            put_back, unsure = restoration.apply(states, part.pairs, unpaired)
            masked |= unsure
            costs[:, put_back] = costs[:, put_back, ::-1]
        costs[:, masked] = 0.0
        if part.name != part.limb:  # sides tell nothing of single labels of the trunk
            for pair, frames in zip(part.pairs.each(), costs, strict=True):
                _restore_site(restoration, pair, np.nan_to_num(frames))
        before = part


def _restore_site(restoration: _Restoration, pair: Pairs, frames: FloatArray) -> None:
    """Restore a site of both sides that is exchanged unlike its part, by costs (T, 2)."""
    saved = frames[:, 0] - frames[:, 1]
    if saved.clip(0.0).sum() < 2.0 * SWITCH_COST:
        return
    states = _states_of(restoration, pair, frames)
    columns = [int(pair.first[0]), int(pair.second[0])]
    exchanged = states.exchanged & _visible_in(restoration.positions[:, columns])
    if exchanged.any() and float(np.median(saved[exchanged])) > MIN_GAIN:
        restoration.apply(states, pair)


def _states_of(
    restoration: _Restoration, pairs: Pairs, costs: FloatArray, *, exactly: bool = False
) -> States:
    """Most likely states of pairs of labels by costs (T, 2), and by their steps.

    Unless they are wanted ``exactly``, those of what cannot be exchanged are all called sure.
    """
    positions, frames = restoration.positions, costs.copy()
    frames[0, 1] += SWITCH_COST
    steps = Steps.of(
        positions[:, pairs.first], positions[:, pairs.second], restoration.recording.rate
    )
    if not (exactly or may_be_exchanged(frames, steps.costs)):
        return States(np.zeros(len(frames), np.bool_), np.ones(len(frames), np.bool_))
    return without_smooth_switches(most_likely_states(frames, steps.costs), steps)


def _part_costs(
    restoration: _Restoration, part: _Part, before: _Part | None, sides: _Sides
) -> FloatArray:
    """Costs (K, T, 2) of the pairs of a part: by the part before it, or by their sides."""
    positions, pairs = restoration.positions, part.pairs
    if before is not None:
        anchors = Anchors(np.array(before.left), np.array(before.right))
        costs = link_costs(positions, pairs, anchors, restoration.standing)
        if np.nan_to_num(costs).any():
            return costs
    across = positions[:, pairs.second] - positions[:, pairs.first]
    sideways = (across * sides.right[:, None]).sum(axis=2).T
    return np.reshape(
        [side_costs(np.array(x), beside_trunk=part.beside_trunk) for x in sideways],
        (len(sideways), len(positions), 2),
    )


def _contradict(costs: FloatArray) -> bool:
    """Tell whether pairs, by costs (K, T, 2), speak for different states."""
    speaks = (costs[..., 0] - costs[..., 1]).mean(axis=1)
    return bool(speaks.min(initial=0.0) < -1.0 and speaks.max(initial=0.0) > 1.0)


def _visible_in(paths: FloatArray) -> BoolArray:
    """Frames (T,) in which one of the paths (T, K, 3) is visible."""
    seen = np.asarray(np.isfinite(paths).all(axis=2))
    return np.asarray(seen.any(axis=1))


MAX_PAIRS = 10
"""Exchanged pairs of single labels that a trial is searched for."""

MIN_GAIN = 12.0
"""Median cost (chi-squared) per frame that the exchange of two labels must save."""

MIN_LINKS = 3
"""Other labels required to show an exchange of two labels."""

TRIED_SD = 2.0
"""Labels are tried where a distance on their segment is off by more standard deviations."""


@dataclass(frozen=True, eq=False)
class _Neighbours:
    """Columns of labels on the same segment as a label, and of those to which it is linked."""

    rigid: Mapping[int, IntArray]
    linked: Mapping[int, IntArray]


def _neighbours(
    recording: Recording, marker_set: MarkerSet, limbs: Sequence[Sequence[_Part]]
) -> _Neighbours:
    """Neighbours of every label of the marker set; toes belong to their foot.

    Labels of the trunk are linked to each other and to the first parts of limbs.
    """
    sides = [[part.left for part in limb] for limb in limbs]
    sides += [[part.right for part in limb] for limb in limbs]
    rigid = [part for limb_side in sides for part in limb_side]
    of_limbs = {column for part in rigid for column in part}
    bodies: dict[str, tuple[int, ...]] = {}
    for column, label in enumerate(recording.labels):
        if label in marker_set.markers and column not in of_limbs:
            body = marker_set.markers[label].body
            bodies[body] = (*bodies.get(body, ()), column)
    rigid += bodies.values()
    trunk = tuple(column for columns in bodies.values() for column in columns)
    linked = [trunk, *((*trunk, *limb_side[0]) for limb_side in sides)]
    linked += [(*inner, *outer) for limb_side in sides for inner, outer in pairwise(limb_side)]

    def neighbours_of(column: int, groups: Sequence[tuple[int, ...]]) -> IntArray:
        others = {other for group in groups if column in group for other in group} - {column}
        return np.array(sorted(others), dtype=np.int64)

    columns = sorted({*of_limbs, *trunk})
    return _Neighbours(
        {column: neighbours_of(column, rigid) for column in columns},
        {column: neighbours_of(column, [*rigid, *linked]) for column in columns},
    )


def _restore_pairs(restoration: _Restoration, neighbours: _Neighbours, sides: _Sides) -> None:
    """Restore pairs of single labels, the one with the largest gain first."""
    for _ in range(MAX_PAIRS):
        misfits = _Misfits.of(restoration, neighbours)
        exchanges = [
            (misfits.saved(pair, states), states, pair)
            for pair in misfits.tried()
            if (states := _pair_states(restoration, pair, neighbours, sides)) is not None
        ]
        if not exchanges:
            return
        _, states, pair = max(exchanges, key=lambda exchange: exchange[0])
        restoration.apply(states, Pairs(np.array(pair[:1]), np.array(pair[1:])))


@dataclass(frozen=True, eq=False)
class _Misfits:
    """Deviations of distances on segments from those of the static trial, or of the whole trial."""

    positions: FloatArray
    """(T, M, 3), m."""
    neighbours: Mapping[int, IntArray]
    """Columns on the same segment."""
    lengths: Mapping[int, FloatArray]
    """Distances from them, m."""

    @classmethod
    def of(cls, restoration: _Restoration, neighbours: _Neighbours) -> _Misfits:
        positions, rigid = restoration.positions, neighbours.rigid
        lengths = {}
        for column, others in rigid.items():
            gaps = np.linalg.norm(positions[:, [column]] - positions[:, others], axis=2)
            standing = restoration.standing[column, others]
            lengths[column] = np.where(np.isfinite(standing), standing, finite_medians(gaps))
        return cls(positions, rigid, lengths)

    def sizes(self, column: int, at: int, frames: IntArray, hidden: tuple[int, int]) -> FloatArray:
        """Mean deviations of a label, m, at a marker in some frames, from what is not hidden."""
        neighbours = self.neighbours[column]
        shown = (neighbours != hidden[0]) & (neighbours != hidden[1])
        others = self.positions[frames[:, None], neighbours[shown]]
        distances = np.linalg.norm(self.positions[frames, at][:, None] - others, axis=2)
        return np.nan_to_num(finite_means(np.abs(distances - self.lengths[column][shown]), 1))

    def tried(self) -> Iterator[tuple[int, int]]:
        """Pairs of columns that fit each other's distances better, where their own are off."""
        off = {}
        for column in self.neighbours:
            gaps = self.positions[:, [column]] - self.positions[:, self.neighbours[column]]
            deviations = np.abs(np.linalg.norm(gaps, axis=2) - self.lengths[column])
            is_off = np.asarray((deviations > TRIED_SD * MIN_LINK_SD_M).any(axis=1))
            if is_off.any():
                off[column] = is_off
        for pair in combinations(sorted(off), 2):
            both = np.flatnonzero(off[pair[0]] & off[pair[1]])
            if len(both):
                own, exchanged = self.both(pair, both)
                if (own - exchanged > MIN_LINK_SD_M).any():
                    yield pair

    def both(self, pair: tuple[int, int], frames: IntArray) -> tuple[FloatArray, FloatArray]:
        """Deviations of a pair in some frames, m, as labelled and exchanged."""
        first, second = pair
        own, exchanged = (
            self.sizes(first, ats[0], frames, pair) + self.sizes(second, ats[1], frames, pair)
            for ats in (pair, pair[::-1])
        )
        return own, exchanged

    def saved(self, pair: tuple[int, int], states: States) -> float:
        """Deviations that the exchange of two labels saves, m times frames."""
        own, exchanged = self.both(pair, np.flatnonzero(states.exchanged))
        return float((own - exchanged).sum())


def _pair_states(
    restoration: _Restoration, pair: tuple[int, int], neighbours: _Neighbours, sides: _Sides
) -> States | None:
    """Frames in which two labels are exchanged; None without evidence."""
    first, second = pair
    anchors = Anchors(neighbours.linked[first], neighbours.linked[second])
    if len({*anchors.first.tolist(), *anchors.second.tolist()} - {first, second}) < MIN_LINKS:
        return None
    positions, pairs = restoration.positions, Pairs(np.array([first]), np.array([second]))
    frames = mean_told(link_costs(positions, pairs, anchors, restoration.standing))
    if (frames[:, 0] - frames[:, 1]).clip(0.0).sum() < 2.0 * SWITCH_COST:
        return None
    for state, ats in enumerate((pair, pair[::-1])):
        for column, at in zip(pair, ats, strict=True):
            frames[:, state] += sides.cost(positions, column, at)
    states = _states_of(restoration, pairs, frames)
    exchanged = states.exchanged & _visible_in(positions[:, [first, second]])
    gains = (frames[:, 0] - frames[:, 1])[exchanged]
    return states if len(gains) and float(np.median(gains)) > MIN_GAIN else None


def _exchanges(
    restoration: _Restoration, chains: Mapping[str, Sequence[_Part]], neighbours: _Neighbours
) -> Iterator[ExchangedLabels]:
    """What was restored and masked in the end; of a limb together where frames are the same."""
    moved = restoration.sources != np.arange(restoration.sources.shape[1])
    touched = moved | restoration.masked
    parts = [(limb, part) for limb, chain in chains.items() for part in chain]
    limb_of = {column: limb for limb, part in parts for column, _ in part.signs}
    opposite = {pair for _, part in parts for pair in part.pairs.both_ways}
    paths = restoration.recording.positions, restoration.positions
    groups: dict[tuple[Any, bytes], list[int]] = {}
    for column in np.flatnonzero(touched.any(axis=0)).tolist():
        others = {*restoration.sources[moved[:, column], column].tolist()}
        of_limb = all((column, other) in opposite for other in others)
        kin = limb_of.get(column) if of_limb else frozenset({column, *others})
        groups.setdefault((kin, touched[:, column].tobytes()), []).append(column)
    for (kin, _), columns in groups.items():
        chain = chains[kin] if isinstance(kin, str) else ()
        labels = tuple(restoration.recording.labels[column] for column in columns)
        yield ExchangedLabels(
            _description(chain, columns, labels),
            labels,
            np.any(moved[:, columns], axis=1),
            np.any(restoration.masked[:, columns], axis=1),
            _visible_in(restoration.recording.positions[:, columns]),
            sum(gain * len(of & {*columns}) / len(of) for of, gain in restoration.gains),
            distances_words(*paths, moved, columns, neighbours.linked),
        )


def _lone_labels(
    recording: Recording,
    marker_set: MarkerSet,
    body: BodyLabels,
    chains: Mapping[str, Sequence[_Part]],
    sides: _Sides,
) -> Iterator[LoneLabels]:
    """Labels of parts of limbs of which one side alone has some."""
    parts: dict[str, list[tuple[int, str]]] = {}
    for column, label in enumerate(recording.labels):
        if label in body.sided and label in marker_set.markers:
            parts.setdefault(body.sided[label].part, []).append((column, body.sided[label].side))
    trunk = [part for chain in chains.values() for part in chain if part.name == part.limb]
    for name, members in parts.items():
        limb = name.partition(" ")[0]
        inner = [part.pairs for part in chains.get(limb, ()) if part.name < name][-1:]
        if name == f"{limb} 0":
            inner = [part.pairs for part in trunk]
        if len({side for _, side in members}) == 1 and inner:
            left, right = (np.concatenate(x) for x in zip(*map(astuple, inner), strict=True))
            own = (left, right) if members[0][1] == SIDES[0] else (right, left)
            columns = tuple(column for column, _ in members)
            outward = None
            if name == f"{limb} 0":
                away = recording.positions[:, columns] - sides.middle[:, None]
                way = -1.0 if members[0][1] == SIDES[0] else 1.0
                outward = way * (away * np.asarray(sides.right)[:, None]).sum(axis=2)
            yield LoneLabels(columns, *own, outward)


def _without_lone(restoration: _Restoration, parts: Iterator[LoneLabels]) -> list[ExchangedLabels]:
    """Mask labels of one side that lie on the other; what was masked."""
    positions = restoration.positions
    masked = []
    for columns, saved in on_other_side(positions, parts, MIN_GAIN):
        visible = _visible_in(positions[:, columns])
        labels = tuple(restoration.recording.labels[column] for column in columns)
        odds = 0.5 * (saved * float(visible.sum()) - SWITCH_COST)
        words = f"label{'s' if len(labels) > 1 else ''} {listed(labels)}"
        nowhere = np.zeros_like(visible)
        masked.append(ExchangedLabels(words, labels, nowhere, visible, visible, odds))
        positions[:, columns] = np.nan
    return masked


def _description(chain: Sequence[_Part], columns: Sequence[int], labels: Sequence[str]) -> str:
    """Words for labels that are exchanged together: a limb, its end, some of its labels, or two."""
    if not chain:
        return f"labels {' and '.join(labels)}"
    ends = [chain[start:] for start in range(len(chain))]
    whole = [{column for part in end for column, _ in part.signs} for end in ends]
    limb = chain[0].limb
    if {*columns} in whole:
        return f"left and right {'' if {*columns} == whole[0] else 'end of the '}{limb}"
    if len(labels) == len(SIDES):
        return f"labels {' and '.join(labels)}"
    return f"{len(labels)} labels of left and right {limb}"
