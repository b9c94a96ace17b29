"""Labels that change places in stretches of frames: found, put back, or masked where unsure.

Two groups of labels are exchanged in a frame, or they are not. What tells: how far a group is from
markers that it keeps its distance to, on which side of the pelvis it is, and that no marker leaps.
The most likely sequence of both states (Viterbi 1967, IEEE Trans Inf Theory 13:260-269) has the
least sum of the misfits of every frame and of every step between frames; a frame is sure where the
best sequence through the other state costs more by a margin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.config import MarkerSet
from aqbio.errors import listed
from aqbio.io.recording import Recording
from aqbio.names import SIDES
from aqbio.recordings.axes import label_mean, mean_vector, pelvis_paths
from aqbio.recordings.handedness import BodyLabels, Limbs, partners
from aqbio.recordings.notes import Notes
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray

RESTORED = "labels-restored"
"""Rule of labels that were exchanged in stretches of frames, and were put back there."""

LARGEST_COST = 9.0
"""A misfit of three standard deviations or more counts alike (chi-squared)."""

WEIGHT = 4.0
"""Markers on one segment err together: all links of a group, and all its paths, count as four."""

SWITCH_COST, UNSEEN_SWITCH_COST = 12.0, 4.0
"""Cost of a change of labels between two frames (chi-squared): one in 400 at even odds; one in 7
where no marker is seen in both, as capture software names what comes back after a gap anew."""

CERTAIN_COST = 6.0
"""A frame whose other state costs less than this more is masked beside an exchange."""

PATH_SD_M, PATH_ACCELERATION = 0.02, 300.0
"""How far a marker is from its path: noise, m, and half of what it is accelerated by, m/s²."""

SMALLEST_LINK_SD_M, LARGEST_LINK_SD_M = 0.010, 0.050
"""A distance between two labels is a link if it varies by less, m; it is never taken to vary by
less than skin does."""

LINKS_PER_LABEL = 3

SIDE_SD_M = {True: 0.06, False: 0.30}
"""Sideways distance between a left and a right group that is one standard deviation, m: of trunk,
thighs and upper arms, which keep to their sides (in no frame of 57 recordings of twelve people is
the pelvis narrower than 12 cm, are thighs nearer than 21, shoulders than 25, upper arms than 39),
and of ends of limbs, which cross."""

WHOLE_SHARE = 0.95
"""Exchanged in more than this share of the frames, a trial is labelled wrongly as a whole: that is
not decided here."""

FEWEST_SOUND = 3
"""Frames before or after it, in which labels are right, that an exchange in a stretch needs."""


@dataclass(frozen=True, eq=False)
class States:
    """Most likely state of two groups of labels in every frame."""

    exchanged: BoolArray
    """(T,)."""
    sure: BoolArray
    """(T,). Whether the other state is clearly worse."""


def most_likely_states(frames: FloatArray, steps: FloatArray) -> States:
    """States from costs (T, 2) of every frame and (T - 1, 2) of every step: kept, and changed."""
    forward, backward = frames.copy(), np.zeros_like(frames)
    for t in range(1, len(frames)):
        kept, changed = steps[t - 1]
        before = forward[t - 1]
        forward[t] += np.minimum(before + kept, before[::-1] + changed)
    for t in range(len(frames) - 2, -1, -1):
        kept, changed = steps[t]
        after = backward[t + 1] + frames[t + 1]
        backward[t] = np.minimum(after + kept, after[::-1] + changed)
    total = forward + backward
    margin = total[:, 0] - total[:, 1]
    return States(margin > 0.0, np.abs(margin) >= CERTAIN_COST)


@dataclass(frozen=True, eq=False)
class Steps:
    """Steps between frames of two groups of paths that go on, and that change over to each other.

    A path goes on where its velocity before or after the step, or their mean, takes it; where it is
    not seen long enough to have one, where it is.
    """

    costs: FloatArray
    """(T - 1, 2)."""
    leaps: FloatArray
    """(T - 1, 2) array, m. Mean distance that the paths leap; NaN where none is seen."""

    @classmethod
    def of(cls, first: FloatArray, second: FloatArray, rate: float) -> Steps:
        """Steps of paths (T, K, 3), m, at a rate in Hz."""
        costs = np.zeros((max(len(first) - 1, 0), 2))
        leaps = costs.copy()
        sd = PATH_SD_M + PATH_ACCELERATION / rate**2
        kept = np.concatenate((_leaps(first, first), _leaps(second, second)), axis=1)
        changed = np.concatenate((_leaps(first, second), _leaps(second, first)), axis=1)
        unknown = np.isfinite(kept) & np.isnan(changed)
        changed = np.where(unknown, HALFWAY * np.tile(_median_distance(first, second), 2), changed)
        for state, gaps in enumerate((kept, changed)):
            costs[:, state] = _mean_cost(gaps / sd)
            seen = np.isfinite(gaps)
            total, count = np.where(seen, gaps, 0.0).sum(axis=1), seen.sum(axis=1)
            leaps[:, state] = np.where(count > 0, total, np.nan) / np.maximum(count, 1)
        unseen = np.isnan(leaps).any(axis=1)
        costs[:, 1] += np.where(unseen, UNSEEN_SWITCH_COST, SWITCH_COST)
        return cls(costs, leaps)


HALFWAY = 0.5
"""A path that goes on cannot have changed over to one that is not seen: it would have leapt by the
distance between them; half of it decides."""


def _median_distance(first: FloatArray, second: FloatArray) -> FloatArray:
    """Median distance (K,), m, of paths (T, K, 3) from each other; NaN of those never seen."""
    apart = np.linalg.norm(first - second, axis=2)
    known = np.isfinite(apart).any(axis=0)
    found = np.full(apart.shape[1], np.nan)
    found[known] = np.nanmedian(apart[:, known], axis=0)
    return found


LEAP_RATIO = 0.8
"""Paths that change over leap by less than this share of those that go on."""


def with_leaps(states: States, steps: Steps) -> States:
    """States without stretches at whose ends markers that are seen do not leap.

    Labels cannot change places without a leap of both paths.
    """
    exchanged = states.exchanged.copy()
    kept, changed = steps.leaps.T
    smooth = changed >= LEAP_RATIO * kept
    for start, stop in runs(states.exchanged):
        ends = [end for end in (start - 1, stop - 1) if 0 <= end < len(smooth)]
        exchanged[start:stop] &= not smooth[ends].any()
    return States(exchanged, states.sure)


def _leaps(path: FloatArray, onto: FloatArray) -> FloatArray:
    """How far paths (T, K, 3) leap in each step if they go on in others, (T - 1, K), m; or NaN."""
    passed, coming = np.full_like(path[1:], np.nan), np.full_like(path[1:], np.nan)
    passed[1:], coming[:-1] = np.diff(path, axis=0)[:-1], np.diff(onto, axis=0)[1:]
    step = onto[1:] - path[:-1]
    away = [step - passed, step - coming, step - 0.5 * (passed + coming)]
    least = np.fmin.reduce([np.linalg.norm(one, axis=2) for one in away])
    return np.asarray(np.where(np.isnan(least), np.linalg.norm(step, axis=2), least))


def _mean_cost(misfits: FloatArray) -> FloatArray:
    """Cost (T,) of misfits (T, K) in standard deviations; 0 where none is known."""
    seen = np.isfinite(misfits)
    cost = np.minimum(np.where(seen, misfits, 0.0) ** 2, LARGEST_COST)
    return np.asarray(WEIGHT * cost.sum(axis=1) / np.maximum(seen.sum(axis=1), 1))


@dataclass(frozen=True, eq=False)
class Pairs:
    """Labels that may be exchanged, by column: each of the first with that of the second."""

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
    """Costs (T, 2) of distances of labels from their anchors, as labelled and exchanged.

    ``standing`` (M, M), m: distances in the static trial, NaN where unknown. They count where one
    of the two states fits them, otherwise the median distance in the trial.
    """
    misfits: tuple[list[FloatArray], list[FloatArray]] = ([], [])
    for own, others, anchor in (
        (pairs.first, pairs.second, anchors.first),
        (pairs.second, pairs.first, anchors.second),
    ):
        for label, other in zip(own.tolist(), others.tolist(), strict=True):
            links = [
                link
                for column in anchor.tolist()
                if column not in (label, other)
                and (link := _link(positions, (label, other, column), standing[label, column]))
            ]
            for sd, kept, changed in sorted(links, key=lambda one: one[0])[:LINKS_PER_LABEL]:
                misfits[0].append(kept / sd)
                misfits[1].append(changed / sd)
    if not misfits[0]:
        return np.zeros((len(positions), 2))
    return np.stack([_mean_cost(np.stack(one, axis=1)) for one in misfits], axis=1)


def _link(
    positions: FloatArray, columns: tuple[int, int, int], standing: float
) -> tuple[float, FloatArray, FloatArray] | None:
    """SD of a distance from an anchor, and misfits (T,) as labelled and exchanged, m."""
    label, other, anchor = columns
    own, theirs = (
        np.linalg.norm(positions[:, one] - positions[:, anchor], axis=1) for one in (label, other)
    )
    if not np.isfinite(own).any():
        return None
    found = []
    for length in (standing, float(np.nanmedian(own))):
        kept, changed = np.abs(own - length), np.abs(theirs - length)
        best = np.fmin(kept, changed)
        if np.isfinite(length) and np.isfinite(best).any():
            sd = max(1.4826 * float(np.nanmedian(best)), SMALLEST_LINK_SD_M)
            found.append((sd, kept, changed))
    best_link = min(found, key=lambda one: one[0], default=None)
    return best_link if best_link and best_link[0] <= LARGEST_LINK_SD_M else None


def side_costs(sideways: FloatArray, *, beside_trunk: bool) -> FloatArray:
    """Costs (T, 2) of how far the right is to the right of the left, m."""
    away = np.nan_to_num(sideways) / SIDE_SD_M[beside_trunk]
    size = np.minimum(away**2, LARGEST_COST) * (WEIGHT if beside_trunk else 1.0)
    return np.stack((np.where(away < 0.0, size, 0.0), np.where(away > 0.0, size, 0.0)), axis=1)


@dataclass(frozen=True, slots=True)
class Stretches:
    """Labels that are exchanged with those of their partners in some frames."""

    what: str
    """In words."""
    labels: tuple[str, ...]
    exchanged: BoolArray
    """(T,). Frames in which they were exchanged, and are put back."""
    masked: BoolArray
    """(T,). Frames in which it is not sure, and they are not used."""

    @property
    def where(self) -> str:
        """The frames, counted from 1."""
        return _frames(self.exchanged | self.masked)


def _frames(mask: BoolArray) -> str:
    spans = [f"from {start + 1} to {stop}" for start, stop in runs(mask)]
    listed_spans = " and ".join(filter(None, (", ".join(spans[:-1]), *spans[-1:])))
    return listed_spans.replace("from", "from frame", 1)


def with_stretches_restored(
    recording: Recording,
    marker_set: MarkerSet,
    limbs: Limbs,
    places: Mapping[str, FloatArray],
    notes: Notes,
) -> Recording:
    """The recording with labels put back where they are exchanged in some of the frames.

    ``places`` (3,), m, by label: in the static trial. Groups on both sides of the body are looked
    at from the trunk outwards, then pairs of labels. What is exchanged throughout stays as it is.
    """
    if len(recording.positions) < 2 * FEWEST_SOUND:
        return recording
    body = BodyLabels.of_marker_set(marker_set, limbs)
    chains = _chains(recording, marker_set, body)
    looked_at = _Restored(recording, recording.positions.copy(), _standing(recording, places), [])
    right = _to_the_right(recording, marker_set)
    for chain in chains.values():
        _restore_chain(looked_at, chain, right)
    _restore_pairs(looked_at, chains)
    for found in _merged(looked_at.stretches, chains):
        _note(found, notes)
    return replace(recording, positions=looked_at.positions) if looked_at.stretches else recording


@dataclass(frozen=True, eq=False)
class _Part:
    """Columns of a part of the body, left and right, by what it is called."""

    name: str
    left: tuple[int, ...]
    right: tuple[int, ...]
    pairs: Pairs


@dataclass(frozen=True, eq=False)
class _Restored:
    """A recording while its labels are put back."""

    recording: Recording
    positions: FloatArray
    standing: FloatArray
    stretches: list[Stretches]

    def apply(self, states: States, pairs: Pairs, unpaired: Sequence[int], what: str) -> Stretches:
        """Put pairs back in sure frames, mask them in others, and ``unpaired`` labels in both."""
        masked = _unsure_beside(states)
        put_back = states.exchanged & ~masked
        frames = np.flatnonzero(put_back)[:, None]
        both = np.concatenate((pairs.first, pairs.second))
        other = np.concatenate((pairs.second, pairs.first))
        self.positions[frames, both] = self.positions[frames, other]
        self.positions[np.flatnonzero(masked)[:, None], both] = np.nan
        columns = np.array(unpaired, dtype=np.int64)
        self.positions[np.flatnonzero(put_back | masked)[:, None], columns] = np.nan
        names = tuple(self.recording.labels[one] for one in (*both.tolist(), *unpaired))
        found = Stretches(what, names, put_back, masked)
        self.stretches.append(found)
        return found


def _unsure_beside(states: States) -> BoolArray:
    """Frames that are not sure in one stretch with frames that are exchanged."""
    masked = np.zeros_like(states.exchanged)
    beside = states.exchanged.copy()
    beside[1:] |= states.exchanged[:-1]
    beside[:-1] |= states.exchanged[1:]
    for start, stop in runs(~states.sure):
        masked[start:stop] = beside[start:stop].any()
    return masked


def _standing(recording: Recording, places: Mapping[str, FloatArray]) -> FloatArray:
    """Distances (M, M), m, between labels in the static trial; NaN where unknown."""
    nowhere = np.full(3, np.nan)
    at = np.array([places.get(label, nowhere) for label in recording.labels]).reshape(-1, 3)
    return np.asarray(np.linalg.norm(at[:, None] - at, axis=2))


def _to_the_right(recording: Recording, marker_set: MarkerSet) -> FloatArray:
    """Unit vectors (T, 3) to the right of the pelvis; its mean direction where it is not seen."""
    path, facing = pelvis_paths(recording, marker_set)
    feet = (marker_set.feet.left, marker_set.feet.right)
    heels = label_mean(recording, [foot.heel for foot in feet])
    facing = np.where(np.isfinite(facing), facing, mean_vector(facing))
    right = np.cross(facing, mean_vector(path - heels))
    return np.asarray(right / np.linalg.norm(right, axis=1, keepdims=True))


def _chains(
    recording: Recording, marker_set: MarkerSet, body: BodyLabels
) -> dict[str, list[_Part]]:
    """Parts that are marked on both sides, from the trunk outwards, by pelvis, trunk and limb."""
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
            own = body.sided[label]
            part = toes.get(own.part, own.part)
            columns.setdefault(part, {}).setdefault(own.side, []).append(column)
    chains: dict[str, list[_Part]] = {}
    for part in sorted(columns):
        if len(columns[part]) < len(SIDES):
            continue
        left, right = (tuple(columns[part][side]) for side in SIDES)
        worn = [recording.labels[one] for one in (*left, *right)]
        other = partners(worn, body)
        first = [one for one in left if recording.labels[one] in other]
        second = [recording.labels.index(other[recording.labels[one]]) for one in first]
        pairs = Pairs(np.array(first, dtype=np.int64), np.array(second, dtype=np.int64))
        chains.setdefault(part.split()[0], []).append(_Part(part, left, right, pairs))
    return chains


def _restore_chain(looked_at: _Restored, chain: Sequence[_Part], right: FloatArray) -> None:
    """Put back the parts of a limb, each beside the part before it; stop where that is wrong."""
    rate = looked_at.recording.rate
    before: _Part | None = None
    masked = np.zeros(len(looked_at.positions), dtype=bool)
    for part in chain:
        at = looked_at.positions
        frames = np.zeros((len(at), 2))
        if before is not None:
            anchors = Anchors(np.array(before.left), np.array(before.right))
            frames += link_costs(at, part.pairs, anchors, looked_at.standing)
        if before is None or not frames.any():
            means = [_mean_seen(at[:, list(one)]) for one in (part.left, part.right)]
            sideways = ((means[1] - means[0]) * right).sum(axis=1)
            frames += side_costs(sideways, beside_trunk=before is None)
        steps = Steps.of(at[:, part.pairs.first], at[:, part.pairs.second], rate)
        states = with_leaps(most_likely_states(frames, steps.costs), steps)
        worn = _visible(at[:, [*part.left, *part.right]])
        seen = np.asarray(worn.any(axis=1))
        # beyond a part that is masked nothing tells what is whose
        states = States(states.exchanged | (masked & seen), states.sure & ~masked)
        if states.exchanged[seen].any():
            if not _in_stretches(states, seen):
                return
            paired = {*part.pairs.first.tolist(), *part.pairs.second.tolist()}
            unpaired = [one for one in (*part.left, *part.right) if one not in paired]
            found = looked_at.apply(_seen_states(states, seen), part.pairs, unpaired, part.name)
            masked |= found.masked
        before = part


def _in_stretches(states: States, visible: BoolArray) -> bool:
    """Whether labels are right in some of the frames in which they are seen."""
    sound = ~states.exchanged & states.sure & visible
    return bool(sound.sum() >= FEWEST_SOUND and states.exchanged[visible].mean() < WHOLE_SHARE)


def _seen_states(states: States, visible: BoolArray) -> States:
    """States without exchanges in frames in which nothing is seen."""
    return States(states.exchanged & visible, states.sure)


def _visible(paths: FloatArray) -> BoolArray:
    """Which markers (T, K) of paths (T, K, 3) are seen."""
    return np.asarray(np.isfinite(paths).all(axis=2))


def _mean_seen(paths: FloatArray) -> FloatArray:
    """Mean (T, 3) of the markers (T, K, 3) that are seen; NaN where none is."""
    seen = np.isfinite(paths)
    total, count = np.where(seen, paths, 0.0).sum(axis=1), seen.sum(axis=1)
    return np.asarray(np.where(count > 0, total, np.nan) / np.maximum(count, 1))


MOST_PAIRS = 10
"""Exchanged pairs of single labels that are looked for in a trial."""

CLEAR_GAIN = 12.0
"""Cost of a frame that the exchange of two labels saves, in the middle of the stretch."""

FEWEST_LINKS = 3
"""Labels besides the two that must be there to show an exchange within a segment."""


def _restore_pairs(looked_at: _Restored, chains: Mapping[str, Sequence[_Part]]) -> None:
    """Put back pairs of single labels of one segment, or of the same place on both sides."""
    for _ in range(MOST_PAIRS):
        best: tuple[float, States, Pairs] | None = None
        for chain in chains.values():
            for number, part in enumerate(chain):
                near = chain[max(number - 1, 0) : number + 2]
                for pairs, anchors in _single_pairs(part, near):
                    found = _pair_states(looked_at, pairs, anchors)
                    if found and (best is None or found[0] > best[0]):
                        best = *found, pairs
        if best is None:
            return
        _, states, pairs = best
        names = [looked_at.recording.labels[int(one[0])] for one in (pairs.first, pairs.second)]
        looked_at.apply(states, pairs, (), " and ".join(names))


def _single_pairs(part: _Part, near: Sequence[_Part]) -> list[tuple[Pairs, Anchors]]:
    """Pairs of labels of a part and what they keep their distances to."""
    left, right = (
        np.array([column for one in near for column in getattr(one, side)]) for side in SIDES
    )
    found = []
    for own, anchor in ((part.left, left), (part.right, right)):
        for number, one in enumerate(own):
            for other in own[:number]:
                pair = Pairs(np.array([one]), np.array([other]))
                found.append((pair, Anchors(anchor, anchor)))
    for one, other in zip(part.pairs.first, part.pairs.second, strict=True):
        found.append((Pairs(np.array([one]), np.array([other])), Anchors(left, right)))
    return found


def _pair_states(
    looked_at: _Restored, pairs: Pairs, anchors: Anchors
) -> tuple[float, States] | None:
    """How much an exchange of two labels in stretches explains, and where; None if nothing."""
    one, other = int(pairs.first[0]), int(pairs.second[0])
    if len({*anchors.first.tolist(), *anchors.second.tolist()} - {one, other}) < FEWEST_LINKS:
        return None
    at = looked_at.positions
    frames = link_costs(at, pairs, anchors, looked_at.standing)
    if (frames[:, 0] - frames[:, 1]).clip(0.0).sum() < 2.0 * SWITCH_COST:
        return None
    steps = Steps.of(at[:, pairs.first], at[:, pairs.second], looked_at.recording.rate)
    states = with_leaps(most_likely_states(frames, steps.costs), steps)
    seen = np.asarray(_visible(at[:, [one, other]]).any(axis=1))
    if not states.exchanged[seen].any() or not _in_stretches(states, seen):
        return None
    gains = (frames[:, 0] - frames[:, 1])[states.exchanged & seen]
    if not float(np.median(gains)) > CLEAR_GAIN:
        return None
    return float(gains.sum()), _seen_states(states, seen)


def _merged(
    stretches: Sequence[Stretches], chains: Mapping[str, Sequence[_Part]]
) -> list[Stretches]:
    """Parts of a limb that are exchanged in the same frames as one."""
    merged: list[Stretches] = []
    for name, chain in chains.items():
        own = [one for one in stretches if one.what in {part.name for part in chain}]
        groups: dict[str, list[Stretches]] = {}
        for one in own:
            groups.setdefault(one.where, []).append(one)
        for same in groups.values():
            end = "" if len(same) == len(chain) else "end of the "
            labels = tuple(label for one in same for label in one.labels)
            exchanged = np.any([one.exchanged for one in same], axis=0)
            masked = np.any([one.masked for one in same], axis=0)
            merged.append(Stretches(f"left and right {end}{name}", labels, exchanged, masked))
    parts = {part.name for chain in chains.values() for part in chain}
    return merged + [
        replace(one, what=f"labels {one.what}") for one in stretches if one.what not in parts
    ]


def _note(one: Stretches, notes: Notes) -> None:
    put_back = " They are put back." if one.exchanged.any() else ""
    if one.masked.any():
        unsure = _frames(one.masked)
        put_back += f" {unsure[0].upper()}{unsure[1:]} it is not sure, and they are not used."
    notes.add(
        RESTORED,
        "warning",
        f"{one.what} are exchanged {one.where} ({listed(one.labels)}).{put_back}",
        number=int((one.exchanged | one.masked).sum()),
        where=one.where,
        fix="look at these frames in the capture software, and correct the labels there.",
        label=", ".join(one.labels),
    )
