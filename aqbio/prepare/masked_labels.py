"""Labels that are not where they were: masked and reported, with the cell that corrects them.

The most likely arrangement of the labels is inferred and not used: positions whose label is clearly
on another marker are masked, and findings hold the statements of column fix that put labels back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from itertools import pairwise
from typing import Any

import numpy as np

from aqbio.config import MarkerSet
from aqbio.io.recording import Recording
from aqbio.io.trial_files import STATIC_MOVES
from aqbio.names import MILLIMETRES, SIDES
from aqbio.prepare.exchanged_labels import ExchangedLabels, note_exchange, note_other_side
from aqbio.prepare.exchanges import (
    MIN_GAIN,
    Arrangement,
    Inferred,
    Part,
    infer_arrangement,
    visible_in,
)
from aqbio.prepare.handedness import BodyLabels, Limbs
from aqbio.prepare.label_states import (
    MAX_LINKS_PER_LABEL,
    MIN_LINK_SD_M,
    NO_SIDE_M,
    LoneLabels,
    distances_to,
    on_other_side,
)
from aqbio.prepare.moved_labels import mask_moved, without_corrupt_frames
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_labels import swap_statements
from aqbio.vectors import BoolArray, FloatArray, finite_median, finite_medians

MIN_FRAMES = 6
"""Frames of a recording in which exchanged labels are looked for, and that show a distance."""


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
    inferred = infer_arrangement(whole, marker_set, body, limbs, static_positions)
    standing, rigid = inferred.arrangement.standing, inferred.neighbours.rigid
    positions = whole.positions.copy()
    statements: set[str] = set()
    for columns, exchange in _exchanges(inferred, statements):
        positions[np.flatnonzero(exchange.masked)[:, None], columns] = np.nan
        note_exchange(exchange, stated, notes)
    _mask_lone(positions, whole, _lone_labels(whole, marker_set, body, inferred), notes)
    mask_moved(positions, whole.labels, rigid, inferred.of_limbs, standing, notes)
    is_same = np.array_equal(positions, recording.positions, equal_nan=True)
    return recording if is_same else replace(recording, positions=positions)


def _exchanges(
    inferred: Inferred, statements: set[str]
) -> Iterator[tuple[list[int], ExchangedLabels]]:
    """Columns that are exchanged clearly, those of a limb together where frames are the same.

    Adds their statements to ``statements``; each is made once.
    """
    arrangement, chains = inferred.arrangement, inferred.chains
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
        evidence = _evidence(inferred, moved, columns)
        if evidence is None:
            continue
        words, size = evidence
        chain = chains[kin] if isinstance(kin, str) else ()
        labels = tuple(arrangement.recording.labels[column] for column in columns)
        seen = visible_in(recorded[:, columns])
        made = [x for x in _statements(arrangement, moved, columns, seen) if x not in statements]
        statements.update(made)
        masked = np.any(touched[:, columns], axis=1)
        description = _description(chain, columns, labels)
        yield columns, ExchangedLabels(description, labels, masked, seen, words, size, tuple(made))


MAX_STEADY_M = 0.015
"""Median deviation of a distance that shows where a label is, m: one on a segment, or over a
joint near its axis."""


def _evidence(
    inferred: Inferred, moved: BoolArray, columns: Sequence[int]
) -> tuple[str, float] | None:
    """Words and size, m, of the evidence that columns are exchanged; None where it is not clear.

    Distances from labels that are not exchanged with them decide where they change, else the side
    of the body.
    """
    misfits = [
        misfit
        for column in columns
        if moved[:, column].any()
        for misfit in _misfits(inferred, moved, column, columns)
    ]
    recorded, arranged = np.mean(misfits, axis=0) if misfits else (0.0, 0.0)
    if recorded - arranged > MIN_LINK_SD_M:
        sizes = (f"{MILLIMETRES * size:.0f} mm" for size in (recorded, arranged))
        words = "distances from other labels are off by {}, and by {} if they are put back"
        return words.format(*sizes), float(recorded)
    away = [_beyond_middle(inferred, moved, column) for column in columns]
    across = float(np.mean([x for x in away if x is not None] or [0.0]))
    if arranged - recorded > MIN_LINK_SD_M or not across > NO_SIDE_M:
        return None
    return f"they lie {MILLIMETRES * across:.0f} mm on the other side of the body", across


def _misfits(
    inferred: Inferred, moved: BoolArray, column: int, columns: Sequence[int]
) -> list[tuple[float, float]]:
    """Median misfits, m, of the steady distances of a column: as recorded, and arranged.

    From the static trial, else from the remaining frames; where there are none, from the median of
    each: the steadier one is right.
    """
    arrangement, frames = inferred.arrangement, moved[:, column]
    others = [x for x in inferred.neighbours.linked.get(column, ()) if x not in columns]
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


def _beyond_middle(inferred: Inferred, moved: BoolArray, column: int) -> float | None:
    """Median distance, m, of an exchanged column beyond the middle; None without a side."""
    frames, sides = moved[:, column], inferred.sides
    if column not in sides.signs or not frames.any():
        return None
    away = (inferred.arrangement.recording.positions[:, column] - sides.middle) * sides.right
    return -sides.signs[column] * finite_median(away.sum(axis=1)[frames])


def _statements(
    arrangement: Arrangement, moved: BoolArray, columns: Sequence[int], visible: BoolArray
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
    recording: Recording, marker_set: MarkerSet, body: BodyLabels, inferred: Inferred
) -> Iterator[LoneLabels]:
    """Labels of parts of limbs of which one side alone has some."""
    chains, sides = inferred.chains, inferred.sides
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


def _description(chain: Sequence[Part], columns: Sequence[int], labels: Sequence[str]) -> str:
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
