"""Most likely arrangement of labels on markers, in a whole trial or in some of its frames.

Groups on both sides of the body are examined from the trunk outwards, then pairs of labels whose
distances do not fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np

from aqbio.config import MarkerSet
from aqbio.io.recording import Recording
from aqbio.names import SIDES
from aqbio.prepare.axes import label_mean, mean_vector, pelvis_paths
from aqbio.prepare.handedness import BodyLabels, Limbs, body_axes, partners
from aqbio.prepare.label_states import (
    MIN_LINK_SD_M,
    SWITCH_COST,
    Anchors,
    Pairs,
    States,
    Steps,
    link_costs,
    may_be_exchanged,
    mean_told,
    most_likely_states,
    side_cost,
    side_costs,
    without_smooth_switches,
)
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray, finite_means, finite_medians


@dataclass(frozen=True, eq=False)
class Part:
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
class Arrangement:
    """Most likely arrangement of a recording's labels, as far as it is inferred."""

    recording: Recording
    positions: FloatArray
    """(T, M, 3), m. Every label on its own marker."""
    standing: FloatArray
    """(M, M), m."""
    sources: IntArray
    """(T, M). Recorded columns that hold the labels' own markers."""
    masked: BoolArray
    """(T, M). Positions of which it is not sure whose they are."""

    @classmethod
    def of(cls, recording: Recording, static_positions: Mapping[str, FloatArray]) -> Arrangement:
        """The recording as it is labelled."""
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
        """Frames (T,) in which pairs are exchanged, and in which that is unsure.

        ``unpaired`` labels are masked in both.
        """
        columns = np.concatenate((pairs.first, pairs.second))
        visible = visible_in(self.positions[:, [*columns.tolist(), *unpaired]])
        unsure = _unsure_next_to_exchanges(states) & visible
        exchanged = states.exchanged & ~unsure & visible
        frames = np.flatnonzero(states.exchanged)[:, None]
        partner_columns = np.concatenate((pairs.second, pairs.first))
        for values in (self.positions, self.sources):
            values[frames, columns] = values[frames, partner_columns]
        hidden = np.array(unpaired, dtype=np.int64)
        for rows, of in ((unsure, columns), (exchanged | unsure, hidden)):
            self.masked[np.flatnonzero(rows)[:, None], of] = True
        self.positions[self.masked] = np.nan
        return exchanged, unsure


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
class Sides:
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
        chains: Mapping[str, Sequence[Part]],
    ) -> Sides:
        """Sides by pelvis, feet and travel."""
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


def _chains(recording: Recording, marker_set: MarkerSet, body: BodyLabels) -> dict[str, list[Part]]:
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
    chains: dict[str, list[Part]] = {}
    for part in sorted(columns):
        if len(columns[part]) < len(SIDES):
            continue
        left, right = (tuple(columns[part][side]) for side in SIDES)
        first = [column for column in left if recording.labels[column] in partner_of]
        second = [recording.labels.index(partner_of[recording.labels[column]]) for column in first]
        pairs = Pairs(np.array(first, dtype=np.int64), np.array(second, dtype=np.int64))
        chains.setdefault(part.split()[0], []).append(Part(part, left, right, pairs))
    return chains


def _arrange_chain(arrangement: Arrangement, chain: Sequence[Part], sides: Sides) -> None:
    """Arrange the parts of a limb, each by the one before it, and labels unlike their part."""
    before: Part | None = None
    masked = np.zeros(len(arrangement.positions), dtype=bool)
    for part in chain:
        positions = arrangement.positions
        costs = _part_costs(arrangement, part, before, sides)
        together = mean_told(costs)
        if before is None and _contradict(costs):
            together[:] = 0.0
        states = _states_of(arrangement, part.pairs, together, exactly=bool(masked.any()))
        visible = visible_in(positions[:, [*part.left, *part.right]])
        # beyond a masked part, left and right cannot be distinguished
        states = replace(states, exchanged=states.exchanged | masked, sure=states.sure & ~masked)
        if states.exchanged[visible].any():
            paired = {*part.pairs.first.tolist(), *part.pairs.second.tolist()}
            unpaired = [column for column in (*part.left, *part.right) if column not in paired]
            exchanged, unsure = arrangement.apply(states, part.pairs, unpaired)
            masked |= unsure
            costs[:, exchanged] = costs[:, exchanged, ::-1]
        costs[:, masked] = 0.0
        if part.name != part.limb:  # sides tell nothing of single labels of the trunk
            for pair, frames in zip(part.pairs.each(), costs, strict=True):
                _arrange_site(arrangement, pair, np.nan_to_num(frames))
        before = part


def _arrange_site(arrangement: Arrangement, pair: Pairs, frames: FloatArray) -> None:
    """Arrange a site of both sides that is exchanged unlike its part, by costs (T, 2)."""
    saved = frames[:, 0] - frames[:, 1]
    if saved.clip(0.0).sum() < 2.0 * SWITCH_COST:
        return
    states = _states_of(arrangement, pair, frames)
    columns = [int(pair.first[0]), int(pair.second[0])]
    exchanged = states.exchanged & visible_in(arrangement.positions[:, columns])
    if exchanged.any() and float(np.median(saved[exchanged])) > MIN_GAIN:
        arrangement.apply(states, pair)


def _states_of(
    arrangement: Arrangement, pairs: Pairs, costs: FloatArray, *, exactly: bool = False
) -> States:
    """Most likely states of pairs of labels by costs (T, 2), and by their steps.

    Unless they are wanted ``exactly``, those of what cannot be exchanged are all called sure.
    """
    positions, frames = arrangement.positions, costs.copy()
    frames[0, 1] += SWITCH_COST
    steps = Steps.of(
        positions[:, pairs.first], positions[:, pairs.second], arrangement.recording.rate
    )
    if not (exactly or may_be_exchanged(frames, steps.costs)):
        return States(np.zeros(len(frames), np.bool_), np.ones(len(frames), np.bool_))
    return without_smooth_switches(most_likely_states(frames, steps.costs), steps)


def _part_costs(
    arrangement: Arrangement, part: Part, before: Part | None, sides: Sides
) -> FloatArray:
    """Costs (K, T, 2) of the pairs of a part: by the part before it, or by their sides."""
    positions, pairs = arrangement.positions, part.pairs
    if before is not None:
        anchors = Anchors(np.array(before.left), np.array(before.right))
        costs = link_costs(positions, pairs, anchors, arrangement.standing)
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


def visible_in(paths: FloatArray) -> BoolArray:
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
class Neighbours:
    """Columns of labels on the same segment as a label, and of those to which it is linked."""

    rigid: Mapping[int, IntArray]
    linked: Mapping[int, IntArray]


def _neighbours(
    recording: Recording, marker_set: MarkerSet, limbs: Sequence[Sequence[Part]]
) -> Neighbours:
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
    return Neighbours(
        {column: neighbours_of(column, rigid) for column in columns},
        {column: neighbours_of(column, [*rigid, *linked]) for column in columns},
    )


def _arrange_pairs(arrangement: Arrangement, neighbours: Neighbours, sides: Sides) -> None:
    """Arrange pairs of single labels, the one with the largest gain first."""
    for _ in range(MAX_PAIRS):
        misfits = _Misfits.of(arrangement, neighbours)
        exchanges = [
            (misfits.saved(pair, states), states, pair)
            for pair in misfits.tried()
            if (states := _pair_states(arrangement, pair, neighbours, sides)) is not None
        ]
        if not exchanges:
            return
        _, states, pair = max(exchanges, key=lambda exchange: exchange[0])
        arrangement.apply(states, Pairs(np.array(pair[:1]), np.array(pair[1:])))


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
    def of(cls, arrangement: Arrangement, neighbours: Neighbours) -> _Misfits:
        positions, rigid = arrangement.positions, neighbours.rigid
        lengths = {}
        for column, others in rigid.items():
            gaps = np.linalg.norm(positions[:, [column]] - positions[:, others], axis=2)
            standing = arrangement.standing[column, others]
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
    arrangement: Arrangement, pair: tuple[int, int], neighbours: Neighbours, sides: Sides
) -> States | None:
    """Frames in which two labels are exchanged; None without evidence."""
    first, second = pair
    anchors = Anchors(neighbours.linked[first], neighbours.linked[second])
    if len({*anchors.first.tolist(), *anchors.second.tolist()} - {first, second}) < MIN_LINKS:
        return None
    positions, pairs = arrangement.positions, Pairs(np.array([first]), np.array([second]))
    frames = mean_told(link_costs(positions, pairs, anchors, arrangement.standing))
    if (frames[:, 0] - frames[:, 1]).clip(0.0).sum() < 2.0 * SWITCH_COST:
        return None
    for state, ats in enumerate((pair, pair[::-1])):
        for column, at in zip(pair, ats, strict=True):
            frames[:, state] += sides.cost(positions, column, at)
    states = _states_of(arrangement, pairs, frames)
    exchanged = states.exchanged & visible_in(positions[:, [first, second]])
    gains = (frames[:, 0] - frames[:, 1])[exchanged]
    return states if len(gains) and float(np.median(gains)) > MIN_GAIN else None


@dataclass(frozen=True, eq=False)
class Inferred:
    """Most likely arrangement of the labels of a recording, and what it was inferred from."""

    arrangement: Arrangement
    chains: Mapping[str, Sequence[Part]]
    """Parts with markers on both sides, by limb and part of the trunk."""
    neighbours: Neighbours
    sides: Sides
    of_limbs: frozenset[int]
    """Columns on both sides of limbs."""


def infer_arrangement(
    recording: Recording,
    marker_set: MarkerSet,
    body: BodyLabels,
    limbs: Limbs,
    static_positions: Mapping[str, FloatArray],
) -> Inferred:
    """Infer on which marker every label is, from the trunk outwards, then pair by pair.

    ``static_positions`` (3,), m, by label: in the static trial.
    """
    chains = _chains(recording, marker_set, body)
    arrangement = Arrangement.of(recording, static_positions)
    sides = Sides.of(recording, marker_set, body, chains)
    for chain in chains.values():
        _arrange_chain(arrangement, chain, sides)
    limb_chains = [chains[limb] for limb in limbs if limb in chains]
    neighbours = _neighbours(recording, marker_set, limb_chains)
    _arrange_pairs(arrangement, neighbours, sides)
    parts = [part for chain in limb_chains for part in chain]
    of_limbs = frozenset(column for part in parts for column, _ in part.signs)
    return Inferred(arrangement, chains, neighbours, sides, of_limbs)
