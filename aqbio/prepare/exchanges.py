"""Labels exchanged in stretches of frames: detection, restoration, and masking where uncertain.

In each frame, two groups of labels are exchanged or not. The evidence: distances from markers of
the same or adjacent segments, the side of the pelvis, and that no marker leaps between frames.
The most likely sequence of both states (Viterbi 1967, IEEE Trans Inf Theory 13:260-269) has the
smallest sum of the misfits of all frames and of all steps between frames; a frame is certain where
the best sequence through the other state costs more by a margin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from aqbio.config import MarkerSet
from aqbio.errors import listed
from aqbio.io.recording import Recording
from aqbio.names import SIDES
from aqbio.prepare.axes import label_mean, mean_vector, pelvis_paths
from aqbio.prepare.handedness import BodyLabels, Limbs, partners
from aqbio.prepare.notes import Notes
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray

LABELS_RESTORED = "labels-restored"
"""Rule of labels that were exchanged in stretches of frames and were restored there."""

MAX_COST = 9.0
"""Cost (chi-squared) at which a misfit saturates: three standard deviations."""

GROUP_WEIGHT = 4.0
"""Errors of markers on one segment are correlated: all links of a group, and all its paths,
count as four independent ones."""

SWITCH_COST = 12.0
"""Cost of a change of labels between two frames (chi-squared): one in 400 at even odds."""

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

MAX_LINKS_PER_LABEL = 3
"""Links of a label that count, the least variable first."""

SIDE_SD_M = {True: 0.06, False: 0.30}
"""Sideways distance between a left and a right group that is one standard deviation, m: of trunk,
thighs and upper arms, which keep to their sides (in no frame of 57 recordings of twelve people is
the pelvis narrower than 12 cm, are thighs nearer than 21, shoulders than 25, upper arms than 39),
and of ends of limbs, which cross."""

MAX_EXCHANGED_SHARE = 0.95
"""Share of exchanged frames above which a trial is labelled wrongly throughout: `label_check` and
`handedness` decide on those."""

MIN_SOUND_FRAMES = 3
"""Correctly labelled frames outside a stretch that an exchange in the stretch requires."""


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
        switch = np.where(
            unknown, UNSEEN_LEAP_SHARE * np.tile(_median_distance(first, second), 2), switch
        )
        for state, leap_lengths in enumerate((stay, switch)):
            costs[:, state] = _mean_cost(leap_lengths / sd)
            finite = np.isfinite(leap_lengths)
            total, count = np.where(finite, leap_lengths, 0.0).sum(axis=1), finite.sum(axis=1)
            leaps[:, state] = np.where(count > 0, total, np.nan) / np.maximum(count, 1)
        unseen = np.isnan(leaps).any(axis=1)
        costs[:, 1] += np.where(unseen, UNSEEN_SWITCH_COST, SWITCH_COST)
        return cls(costs, leaps)


UNSEEN_LEAP_SHARE = 0.5
"""A path that continues cannot have switched to one that is hidden: it would have leapt by the
distance between them; this share of it is the leap assumed."""


def _median_distance(first: FloatArray, second: FloatArray) -> FloatArray:
    """Median distance (K,), m, between paths (T, K, 3); NaN of those never visible together."""
    distances = np.linalg.norm(first - second, axis=2)
    ever_seen = np.isfinite(distances).any(axis=0)
    medians = np.full(distances.shape[1], np.nan)
    medians[ever_seen] = np.nanmedian(distances[:, ever_seen], axis=0)
    return medians


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
    return States(exchanged, states.sure)


def _leaps(path: FloatArray, target: FloatArray) -> FloatArray:
    """Leap lengths (T - 1, K), m, of paths (T, K, 3) that continue in ``target``; NaN if hidden."""
    before, after = np.full_like(path[1:], np.nan), np.full_like(path[1:], np.nan)
    before[1:], after[:-1] = np.diff(path, axis=0)[:-1], np.diff(target, axis=0)[1:]
    step = target[1:] - path[:-1]
    deviations = [step - before, step - after, step - 0.5 * (before + after)]
    shortest = np.fmin.reduce([np.linalg.norm(vector, axis=2) for vector in deviations])
    return np.asarray(np.where(np.isnan(shortest), np.linalg.norm(step, axis=2), shortest))


def _mean_cost(misfits: FloatArray) -> FloatArray:
    """Cost (T,) of misfits (T, K) in standard deviations; 0 where all are NaN."""
    finite = np.isfinite(misfits)
    cost = np.minimum(np.where(finite, misfits, 0.0) ** 2, MAX_COST)
    return np.asarray(GROUP_WEIGHT * cost.sum(axis=1) / np.maximum(finite.sum(axis=1), 1))


@dataclass(frozen=True, eq=False)
class Pairs:
    """Columns of labels that may be exchanged: each of the first with that of the second."""

    first: IntArray
    second: IntArray


@dataclass(frozen=True, eq=False)
class Anchors:
    """Columns to which the labels of two groups keep their distances."""

    first: IntArray
    second: IntArray


def link_costs(
    positions: FloatArray, pairs: Pairs, anchors: Anchors, standing: FloatArray
) -> FloatArray:
    """Costs (T, 2) of the distances of labels from their anchors, as labelled and exchanged.

    ``standing`` (M, M), m: distances in the static trial, NaN where unknown. They are used where
    one of the two states fits them, otherwise the median distance in the trial.
    """
    misfits: tuple[list[FloatArray], list[FloatArray]] = ([], [])
    paths = np.ascontiguousarray(positions.T)
    for labels, partner_labels, anchor in (
        (pairs.first, pairs.second, anchors.first),
        (pairs.second, pairs.first, anchors.second),
    ):
        for label, partner in zip(labels.tolist(), partner_labels.tolist(), strict=True):
            columns = anchor[(anchor != label) & (anchor != partner)]
            links = _links(paths, label, partner, columns, standing[label, columns])
            for link in np.argsort(links.sds, kind="stable")[:MAX_LINKS_PER_LABEL]:
                if links.sds[link] <= MAX_LINK_SD_M:
                    misfits[0].append(links.labelled[link] / links.sds[link])
                    misfits[1].append(links.exchanged[link] / links.sds[link])
    if not misfits[0]:
        return np.zeros((len(positions), 2))
    return np.stack([_mean_cost(np.stack(columns, axis=1)) for columns in misfits], axis=1)


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
    chosen = _Links(np.full(len(anchors), np.inf), distance.copy(), partner_distance.copy())
    for lengths in (standing, _medians(distance)):
        labelled, exchanged = (
            np.abs(values - lengths[:, None]) for values in (distance, partner_distance)
        )
        typical = 1.4826 * _medians(np.fmin(labelled, exchanged))
        sds = np.where(np.isfinite(typical), np.maximum(typical, MIN_LINK_SD_M), np.inf)
        is_better = sds < chosen.sds
        for values, better in zip(chosen, (sds, labelled, exchanged), strict=True):
            values[is_better] = better[is_better]
    return chosen


def _medians(rows: FloatArray) -> FloatArray:
    """Median of the finite numbers of every row (A, T); NaN where there is none."""
    ordered = np.sort(rows, axis=1)  # NaN last
    count, row = np.isfinite(rows).sum(axis=1), np.arange(len(rows))
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, rows.shape[1] - 1)
    return np.asarray(0.5 * (ordered[row, low] + ordered[row, high]))


def side_costs(sideways: FloatArray, *, beside_trunk: bool) -> FloatArray:
    """Costs (T, 2) of the distance, m, by which the right group is to the right of the left."""
    away = np.nan_to_num(sideways) / SIDE_SD_M[beside_trunk]
    size = np.minimum(away**2, MAX_COST) * (GROUP_WEIGHT if beside_trunk else 1.0)
    return np.stack((np.where(away < 0.0, size, 0.0), np.where(away > 0.0, size, 0.0)), axis=1)


@dataclass(frozen=True, slots=True)
class ExchangedLabels:
    """Labels that are exchanged with those of their partners in some frames."""

    description: str
    """Part of the body or labels, in words."""
    labels: tuple[str, ...]
    exchanged: BoolArray
    """(T,). Frames in which they were exchanged and are restored."""
    masked: BoolArray
    """(T,). Frames in which the exchange is uncertain: they are not used."""

    @property
    def frame_list(self) -> str:
        """Text listing the frames, counted from 1."""
        return _frames(self.exchanged | self.masked)


def _frames(mask: BoolArray) -> str:
    spans = [f"from {start + 1} to {stop}" for start, stop in runs(mask)]
    listed_spans = " and ".join(filter(None, (", ".join(spans[:-1]), *spans[-1:])))
    return listed_spans.replace("from", "from frame", 1)


def restore_exchanged_stretches(
    recording: Recording,
    marker_set: MarkerSet,
    limbs: Limbs,
    static_positions: Mapping[str, FloatArray],
    notes: Notes,
) -> Recording:
    """Restore labels that are exchanged in some of the frames.

    ``static_positions`` (3,), m, by label: in the static trial. Groups on both sides of the body
    are examined from the trunk outwards, then pairs of labels. Labels exchanged in all frames stay
    as they are.
    """
    if len(recording.positions) < 2 * MIN_SOUND_FRAMES:
        return recording
    body = BodyLabels.of_marker_set(marker_set, limbs)
    chains = _chains(recording, marker_set, body)
    restoration = _Restoration(
        recording,
        recording.positions.copy(order="F"),
        _static_distances(recording, static_positions),
        [],
    )
    right = _rightward_vectors(recording, marker_set)
    for chain in chains.values():
        _restore_chain(restoration, chain, right)
    _restore_pairs(restoration, chains)
    for exchange in _merge_limbs(restoration.exchanges, chains):
        _note_stretches(exchange, notes)
    return (
        replace(recording, positions=restoration.positions) if restoration.exchanges else recording
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """Name of a part of the body and its columns, left and right."""

    name: str
    left: tuple[int, ...]
    right: tuple[int, ...]
    pairs: Pairs


@dataclass(frozen=True, eq=False)
class _Restoration:
    """Recording whose labels are being restored."""

    recording: Recording
    positions: FloatArray
    standing: FloatArray
    exchanges: list[ExchangedLabels]

    def apply(
        self, states: States, pairs: Pairs, unpaired: Sequence[int], description: str
    ) -> ExchangedLabels:
        """Restore pairs in certain frames, mask them in others, and ``unpaired`` labels in both."""
        masked = _unsure_next_to_exchanges(states)
        put_back = states.exchanged & ~masked
        frames = np.flatnonzero(put_back)[:, None]
        columns = np.concatenate((pairs.first, pairs.second))
        partner_columns = np.concatenate((pairs.second, pairs.first))
        self.positions[frames, columns] = self.positions[frames, partner_columns]
        self.positions[np.flatnonzero(masked)[:, None], columns] = np.nan
        unpaired_columns = np.array(unpaired, dtype=np.int64)
        self.positions[np.flatnonzero(put_back | masked)[:, None], unpaired_columns] = np.nan
        names = tuple(self.recording.labels[column] for column in (*columns.tolist(), *unpaired))
        exchange = ExchangedLabels(description, names, put_back, masked)
        self.exchanges.append(exchange)
        return exchange


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


def _rightward_vectors(recording: Recording, marker_set: MarkerSet) -> FloatArray:
    """Unit vectors (T, 3) to the right of the pelvis; its mean direction where it is hidden."""
    path, facing = pelvis_paths(recording, marker_set)
    feet = (marker_set.feet.left, marker_set.feet.right)
    heels = label_mean(recording, [foot.heel for foot in feet])
    facing = np.where(np.isfinite(facing), facing, mean_vector(facing))
    right = np.cross(facing, mean_vector(path - heels))
    return np.asarray(right / np.linalg.norm(right, axis=1, keepdims=True))


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
    for column, label in enumerate(recording.labels):
        if label in body.sided and label in marker_set.markers:
            sided = body.sided[label]
            part = toes.get(sided.part, sided.part)
            columns.setdefault(part, {}).setdefault(sided.side, []).append(column)
    chains: dict[str, list[_Part]] = {}
    for part in sorted(columns):
        if len(columns[part]) < len(SIDES):
            continue
        left, right = (tuple(columns[part][side]) for side in SIDES)
        worn = [recording.labels[column] for column in (*left, *right)]
        partner_of = partners(worn, body)
        first = [column for column in left if recording.labels[column] in partner_of]
        second = [recording.labels.index(partner_of[recording.labels[column]]) for column in first]
        pairs = Pairs(np.array(first, dtype=np.int64), np.array(second, dtype=np.int64))
        chains.setdefault(part.split()[0], []).append(_Part(part, left, right, pairs))
    return chains


def _restore_chain(restoration: _Restoration, chain: Sequence[_Part], right: FloatArray) -> None:
    """Restore the parts of a limb, each from the one before it; stop if exchanged throughout."""
    rate = restoration.recording.rate
    before: _Part | None = None
    masked = np.zeros(len(restoration.positions), dtype=bool)
    for part in chain:
        positions = restoration.positions
        frames = np.zeros((len(positions), 2))
        if before is not None:
            anchors = Anchors(np.array(before.left), np.array(before.right))
            frames += link_costs(positions, part.pairs, anchors, restoration.standing)
        if before is None or not frames.any():
            left_mean, right_mean = (
                _mean_of_visible(positions[:, list(side)]) for side in (part.left, part.right)
            )
            sideways = ((right_mean - left_mean) * right).sum(axis=1)
            frames += side_costs(sideways, beside_trunk=before is None)
        steps = Steps.of(positions[:, part.pairs.first], positions[:, part.pairs.second], rate)
        states = without_smooth_switches(most_likely_states(frames, steps.costs), steps)
        visible = _visible_markers(positions[:, [*part.left, *part.right]])
        visible_frames = np.asarray(visible.any(axis=1))
        # beyond a masked part, left and right cannot be distinguished
        states = States(states.exchanged | (masked & visible_frames), states.sure & ~masked)
        if states.exchanged[visible_frames].any():
            if not _is_partly_exchanged(states, visible_frames):
                return
            paired = {*part.pairs.first.tolist(), *part.pairs.second.tolist()}
            unpaired = [column for column in (*part.left, *part.right) if column not in paired]
            exchange = restoration.apply(
                _visible_states(states, visible_frames), part.pairs, unpaired, part.name
            )
            masked |= exchange.masked
        before = part


def _is_partly_exchanged(states: States, visible: BoolArray) -> bool:
    """Tell whether labels are correct in some of the frames in which they are visible."""
    sound = ~states.exchanged & states.sure & visible
    return bool(
        sound.sum() >= MIN_SOUND_FRAMES and states.exchanged[visible].mean() < MAX_EXCHANGED_SHARE
    )


def _visible_states(states: States, visible: BoolArray) -> States:
    """States without exchanges in frames in which no marker is visible."""
    return States(states.exchanged & visible, states.sure)


def _visible_markers(paths: FloatArray) -> BoolArray:
    """Mask (T, K) of visible markers of paths (T, K, 3)."""
    return np.asarray(np.isfinite(paths).all(axis=2))


def _mean_of_visible(paths: FloatArray) -> FloatArray:
    """Mean (T, 3) of the visible markers (T, K, 3); NaN where none is."""
    finite = np.isfinite(paths)
    total, count = np.where(finite, paths, 0.0).sum(axis=1), finite.sum(axis=1)
    return np.asarray(np.where(count > 0, total, np.nan) / np.maximum(count, 1))


MAX_PAIRS = 10
"""Exchanged pairs of single labels that a trial is searched for."""

MIN_GAIN = 12.0
"""Median cost (chi-squared) per frame that the exchange of two labels must save in a stretch."""

MIN_LINKS = 3
"""Other labels required to show an exchange of two labels within a segment."""


def _restore_pairs(restoration: _Restoration, chains: Mapping[str, Sequence[_Part]]) -> None:
    """Restore pairs of single labels of one segment, or of the same site on both sides."""
    for _ in range(MAX_PAIRS):
        best: tuple[float, States, Pairs] | None = None
        for chain in chains.values():
            for number, part in enumerate(chain):
                near = chain[max(number - 1, 0) : number + 2]
                for pairs, anchors in _candidate_pairs(part, near):
                    candidate = _pair_states(restoration, pairs, anchors)
                    if candidate and (best is None or candidate[0] > best[0]):
                        best = *candidate, pairs
        if best is None:
            return
        _, states, pairs = best
        labels = restoration.recording.labels
        names = [labels[int(columns[0])] for columns in (pairs.first, pairs.second)]
        restoration.apply(states, pairs, (), " and ".join(names))


def _candidate_pairs(part: _Part, near: Sequence[_Part]) -> list[tuple[Pairs, Anchors]]:
    """Pairs of labels of a part and the columns to which they keep their distances."""
    left, right = (
        np.array([column for neighbour in near for column in getattr(neighbour, side)])
        for side in SIDES
    )
    candidates = []
    for columns, anchor in ((part.left, left), (part.right, right)):
        for index, first in enumerate(columns):
            for second in columns[:index]:
                pair = Pairs(np.array([first]), np.array([second]))
                candidates.append((pair, Anchors(anchor, anchor)))
    for first, second in zip(part.pairs.first, part.pairs.second, strict=True):
        candidates.append((Pairs(np.array([first]), np.array([second])), Anchors(left, right)))
    return candidates


def _pair_states(
    restoration: _Restoration, pairs: Pairs, anchors: Anchors
) -> tuple[float, States] | None:
    """Cost saved by exchanging two labels in stretches, and the states; None without evidence."""
    first, second = int(pairs.first[0]), int(pairs.second[0])
    if len({*anchors.first.tolist(), *anchors.second.tolist()} - {first, second}) < MIN_LINKS:
        return None
    positions = restoration.positions
    frames = link_costs(positions, pairs, anchors, restoration.standing)
    if (frames[:, 0] - frames[:, 1]).clip(0.0).sum() < 2.0 * SWITCH_COST:
        return None
    steps = Steps.of(
        positions[:, pairs.first], positions[:, pairs.second], restoration.recording.rate
    )
    states = without_smooth_switches(most_likely_states(frames, steps.costs), steps)
    visible = np.asarray(_visible_markers(positions[:, [first, second]]).any(axis=1))
    if not states.exchanged[visible].any() or not _is_partly_exchanged(states, visible):
        return None
    gains = (frames[:, 0] - frames[:, 1])[states.exchanged & visible]
    if not float(np.median(gains)) > MIN_GAIN:
        return None
    return float(gains.sum()), _visible_states(states, visible)


def _merge_limbs(
    exchanges: Sequence[ExchangedLabels], chains: Mapping[str, Sequence[_Part]]
) -> list[ExchangedLabels]:
    """Merge parts of a limb that are exchanged in the same frames."""
    merged: list[ExchangedLabels] = []
    for limb, chain in chains.items():
        names = {part.name for part in chain}
        of_chain = [exchange for exchange in exchanges if exchange.description in names]
        groups: dict[str, list[ExchangedLabels]] = {}
        for exchange in of_chain:
            groups.setdefault(exchange.frame_list, []).append(exchange)
        for group in groups.values():
            end = "" if len(group) == len(chain) else "end of the "
            labels = tuple(label for exchange in group for label in exchange.labels)
            exchanged = np.any([exchange.exchanged for exchange in group], axis=0)
            masked = np.any([exchange.masked for exchange in group], axis=0)
            merged.append(ExchangedLabels(f"left and right {end}{limb}", labels, exchanged, masked))
    parts = {part.name for chain in chains.values() for part in chain}
    return merged + [
        replace(exchange, description=f"labels {exchange.description}")
        for exchange in exchanges
        if exchange.description not in parts
    ]


def _note_stretches(exchange: ExchangedLabels, notes: Notes) -> None:
    put_back = " They are put back." if exchange.exchanged.any() else ""
    if exchange.masked.any():
        unsure = _frames(exchange.masked)
        put_back += f" {unsure[0].upper()}{unsure[1:]} it is not sure, and they are not used."
    notes.add(
        LABELS_RESTORED,
        "warning",
        f"{exchange.description} are exchanged {exchange.frame_list} "
        f"({listed(exchange.labels)}).{put_back}",
        number=int((exchange.exchanged | exchange.masked).sum()),
        where=exchange.frame_list,
        fix="look at these frames in the capture software, and correct the labels there.",
        label=", ".join(exchange.labels),
    )
