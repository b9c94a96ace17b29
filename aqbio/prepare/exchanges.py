"""Labels that are not where they were, in a whole trial or in some of its frames: masked.

Groups on both sides of the body are examined from the trunk outwards, then pairs of labels whose
distances do not fit, then single labels. The most likely arrangement of the labels is inferred and
not used: positions whose label is on another marker are masked, and the findings hold the
statements of column fix that would put the labels back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from aqbio.config import MarkerSet
from aqbio.io.recording import Recording
from aqbio.io.trial_files import STATIC_MOVES
from aqbio.names import MILLIMETRES, SIDES
from aqbio.prepare.axes import label_mean, mean_vector, pelvis_paths
from aqbio.prepare.exchanged_labels import ExchangedLabels, note_exchange, note_other_side
from aqbio.prepare.handedness import BodyLabels, Limbs, body_axes, partners
from aqbio.prepare.label_states import (
    MAX_LINKS_PER_LABEL,
    MIN_LINK_SD_M,
    NO_SIDE_M,
    SWITCH_COST,
    Anchors,
    LoneLabels,
    Pairs,
    States,
    Steps,
    distances_to,
    link_costs,
    may_be_exchanged,
    mean_told,
    most_likely_states,
    on_other_side,
    side_cost,
    side_costs,
    without_smooth_switches,
)
from aqbio.prepare.moved_labels import mask_moved, without_corrupt_frames
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_labels import swap_statements
from aqbio.signals import runs
from aqbio.vectors import (
    BoolArray,
    FloatArray,
    IntArray,
    finite_means,
    finite_median,
    finite_medians,
)

MIN_FRAMES = 6
"""Frames of a recording in which exchanged labels are looked for."""


def with_masked_labels(
    recording: Recording,
    marker_set: MarkerSet,
    limbs: Limbs,
    static_positions: Mapping[str, FloatArray],
    notes: Notes,
    stated: Collection[str] = (),
) -> Recording:
    """Mask positions at which a label is clearly not where it was, and report them.

    ``static_positions`` (3,), m, by label: in the static trial. ``stated``: column fix. What is not
    clear is used as recorded.
    """
    if len(recording.positions) < MIN_FRAMES:
        return recording
    body = BodyLabels.of_marker_set(marker_set, limbs)
    whole = without_corrupt_frames(recording, body, notes)
    chains = _chains(whole, marker_set, body)
    arrangement = _Arrangement.of(whole, static_positions)
    sides = _Sides.of(whole, marker_set, body, chains)
    for chain in chains.values():
        _arrange_chain(arrangement, chain, sides)
    limb_chains = [chains[limb] for limb in limbs if limb in chains]
    neighbours = _neighbours(whole, marker_set, limb_chains)
    _arrange_pairs(arrangement, neighbours, sides)
    positions = whole.positions.copy()
    statements: set[str] = set()
    for columns, exchange in _exchanges(arrangement, chains, neighbours, sides, statements):
        positions[np.flatnonzero(exchange.masked)[:, None], columns] = np.nan
        note_exchange(exchange, stated, notes)
    _mask_lone(positions, whole, _lone_labels(whole, marker_set, body, chains, sides), notes)
    of_limbs = [x for chain in limb_chains for part in chain for x, _ in part.signs]
    mask_moved(positions, whole.labels, neighbours.rigid, of_limbs, arrangement.standing, notes)
    is_same = np.array_equal(positions, recording.positions, equal_nan=True)
    return recording if is_same else replace(recording, positions=positions)


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
class _Arrangement:
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
    def of(cls, recording: Recording, static_positions: Mapping[str, FloatArray]) -> _Arrangement:
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
        visible = _visible_in(self.positions[:, [*columns.tolist(), *unpaired]])
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


def _arrange_chain(arrangement: _Arrangement, chain: Sequence[_Part], sides: _Sides) -> None:
    """Arrange the parts of a limb, each by the one before it, and labels unlike their part."""
    before: _Part | None = None
    masked = np.zeros(len(arrangement.positions), dtype=bool)
    for part in chain:
        positions = arrangement.positions
        costs = _part_costs(arrangement, part, before, sides)
        together = mean_told(costs)
        if before is None and _contradict(costs):
            together[:] = 0.0
        states = _states_of(arrangement, part.pairs, together, exactly=bool(masked.any()))
        visible = _visible_in(positions[:, [*part.left, *part.right]])
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


def _arrange_site(arrangement: _Arrangement, pair: Pairs, frames: FloatArray) -> None:
    """Arrange a site of both sides that is exchanged unlike its part, by costs (T, 2)."""
    saved = frames[:, 0] - frames[:, 1]
    if saved.clip(0.0).sum() < 2.0 * SWITCH_COST:
        return
    states = _states_of(arrangement, pair, frames)
    columns = [int(pair.first[0]), int(pair.second[0])]
    exchanged = states.exchanged & _visible_in(arrangement.positions[:, columns])
    if exchanged.any() and float(np.median(saved[exchanged])) > MIN_GAIN:
        arrangement.apply(states, pair)


def _states_of(
    arrangement: _Arrangement, pairs: Pairs, costs: FloatArray, *, exactly: bool = False
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
    arrangement: _Arrangement, part: _Part, before: _Part | None, sides: _Sides
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


def _arrange_pairs(arrangement: _Arrangement, neighbours: _Neighbours, sides: _Sides) -> None:
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
    def of(cls, arrangement: _Arrangement, neighbours: _Neighbours) -> _Misfits:
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
    arrangement: _Arrangement, pair: tuple[int, int], neighbours: _Neighbours, sides: _Sides
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
    exchanged = states.exchanged & _visible_in(positions[:, [first, second]])
    gains = (frames[:, 0] - frames[:, 1])[exchanged]
    return states if len(gains) and float(np.median(gains)) > MIN_GAIN else None


def _exchanges(
    arrangement: _Arrangement,
    chains: Mapping[str, Sequence[_Part]],
    neighbours: _Neighbours,
    sides: _Sides,
    statements: set[str],
) -> Iterator[tuple[list[int], ExchangedLabels]]:
    """Columns that are exchanged clearly, those of a limb together where frames are the same.

    Adds their statements to ``statements``; each is made once.
    """
    moved = arrangement.sources != np.arange(arrangement.sources.shape[1])
    recorded = arrangement.recording.positions
    parts = [(limb, part) for limb, chain in chains.items() for part in chain]
    limb_of = {column: limb for limb, part in parts for column, _ in part.signs}
    opposite = {pair for _, part in parts for pair in part.pairs.both_ways}
    visible = np.isfinite(recorded).all(axis=2)
    touched = (moved | arrangement.masked) & visible
    groups: dict[tuple[Any, bytes], list[int]] = {}
    for column in np.flatnonzero(touched.any(axis=0)).tolist():
        others = {*arrangement.sources[moved[:, column], column].tolist()}
        of_limb = all((column, other) in opposite for other in others)
        kin = limb_of.get(column) if of_limb else frozenset({column, *others})
        frames = moved[:, column] | arrangement.masked[:, column]
        groups.setdefault((kin, frames.tobytes()), []).append(column)
    for (kin, _), columns in groups.items():
        evidence = _evidence(arrangement, moved, columns, neighbours, sides)
        if evidence is None:
            continue
        words, size = evidence
        chain = chains[kin] if isinstance(kin, str) else ()
        labels = tuple(arrangement.recording.labels[column] for column in columns)
        seen = _visible_in(recorded[:, columns])
        made = [x for x in _statements(arrangement, moved, columns, seen) if x not in statements]
        statements.update(made)
        masked = np.any(touched[:, columns], axis=1)
        description = _description(chain, columns, labels)
        yield columns, ExchangedLabels(description, labels, masked, seen, words, size, tuple(made))


MAX_STEADY_M = 0.015
"""Median deviation of a distance that shows where a label is, m: one on a segment, or over a
joint near its axis."""


def _evidence(
    arrangement: _Arrangement,
    moved: BoolArray,
    columns: Sequence[int],
    neighbours: _Neighbours,
    sides: _Sides,
) -> tuple[str, float] | None:
    """Words and size, m, of the evidence that columns are exchanged; None where it is not clear.

    Distances from labels that are not exchanged with them decide where they change, else the side
    of the body.
    """
    misfits = [
        misfit
        for column in columns
        if moved[:, column].any()
        for misfit in _misfits(arrangement, moved, column, columns, neighbours)
    ]
    recorded, arranged = np.mean(misfits, axis=0) if misfits else (0.0, 0.0)
    if recorded - arranged > MIN_LINK_SD_M:
        sizes = (f"{MILLIMETRES * size:.0f} mm" for size in (recorded, arranged))
        words = "distances from other labels are off by {}, and by {} if they are put back"
        return words.format(*sizes), float(recorded)
    away = [_beyond_middle(arrangement, moved, column, sides) for column in columns]
    across = float(np.mean([x for x in away if x is not None] or [0.0]))
    if arranged - recorded > MIN_LINK_SD_M or not across > NO_SIDE_M:
        return None
    return f"they lie {MILLIMETRES * across:.0f} mm on the other side of the body", across


def _misfits(
    arrangement: _Arrangement,
    moved: BoolArray,
    column: int,
    columns: Sequence[int],
    neighbours: _Neighbours,
) -> list[tuple[float, float]]:
    """Median misfits, m, of the steady distances of a column: as recorded, and arranged.

    From the static trial, else from the remaining frames; where there are none, from the median of
    each: the steadier one is right.
    """
    frames = moved[:, column]
    others = [x for x in neighbours.linked.get(column, ()) if x not in columns]
    rest = distances_to(arrangement.positions[~frames], column, others)
    is_known = np.isfinite(rest).sum(axis=0) >= MIN_FRAMES
    usual = np.where(is_known, finite_medians(rest), np.nan)
    spreads = finite_medians(np.abs(rest - usual))
    lengths = arrangement.standing[column, others]
    lengths = np.where(np.isfinite(lengths), lengths, usual)
    around = arrangement.positions[frames].copy()
    both = []
    for positions in (arrangement.recording.positions, arrangement.positions):
        around[:, column] = positions[frames, column]
        distances = distances_to(around, column, others)
        middle = finite_medians(distances)
        both.append(
            finite_medians(np.abs(distances - np.where(np.isfinite(lengths), lengths, middle)))
        )
        spreads = np.where(
            is_known, spreads, np.fmin(spreads, finite_medians(np.abs(distances - middle)))
        )
    steady = np.flatnonzero(spreads < MAX_STEADY_M)
    steadiest = steady[np.argsort(spreads[steady])][:MAX_LINKS_PER_LABEL]
    pairs = np.transpose(both)[steadiest]
    return [(float(a), float(b)) for a, b in pairs if np.isfinite(a + b)]


def _beyond_middle(
    arrangement: _Arrangement, moved: BoolArray, column: int, sides: _Sides
) -> float | None:
    """Median distance, m, of an exchanged column beyond the middle; None without a side."""
    frames = moved[:, column]
    if column not in sides.signs or not frames.any():
        return None
    away = (arrangement.recording.positions[:, column] - sides.middle) * sides.right
    return -sides.signs[column] * finite_median(away.sum(axis=1)[frames])


def _statements(
    arrangement: _Arrangement, moved: BoolArray, columns: Sequence[int], visible: BoolArray
) -> Iterator[str]:
    """Statements of column fix that put columns back."""
    frames = np.any(moved[:, columns], axis=1)
    changes = np.any(np.diff(arrangement.sources[:, columns], axis=0) != 0, axis=1)
    cuts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(frames)]
    spans = [span for span in pairwise(cuts) if frames[span[0]] and visible[slice(*span)].any()]
    for span in spans:
        sources: dict[int, int] = {}
        waiting = [*columns]
        while waiting:
            column = waiting.pop(0)
            if column not in sources:
                sources[column] = int(arrangement.sources[span[0], column])
                waiting.append(sources[column])
        is_whole = not visible[: span[0]].any() and not visible[span[1] :].any()
        if not is_whole and any(x.rule == STATIC_MOVES for x in arrangement.recording.findings):
            continue  # frames of the file are not those of the part that stands
        yield from swap_statements(
            arrangement.recording.labels, sources, None if is_whole else span
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


def _mask_lone(
    positions: FloatArray, recording: Recording, parts: Iterator[LoneLabels], notes: Notes
) -> None:
    """Mask labels of one side that lie on the other, which has none there."""
    for columns, distances in on_other_side(recording.positions, parts, MIN_GAIN):
        note_other_side([recording.labels[column] for column in columns], distances, notes)
        positions[:, columns] = np.nan


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
