"""Labels that are not where they were: masked, and named with the statements that correct them.

The most likely arrangement of the labels is inferred and not used: positions whose label is clearly
on another marker are masked, and findings hold the statements of column fix that put labels back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from aqbio.config import MarkerSet
from aqbio.errors import listed
from aqbio.io.movement import MAX_MARKER_ACCELERATION_M_S2, MIN_EXCURSION_M
from aqbio.io.recording import Recording
from aqbio.io.trial_files import STATIC_MOVES
from aqbio.names import MILLIMETRES, SIDES
from aqbio.prepare.body_labels import BodyLabels, Limbs, Part, partners
from aqbio.prepare.label_evidence import MAX_LINKS_PER_LABEL, MIN_LINK_SD_M, NO_SIDE_M, distances_to
from aqbio.prepare.label_exchanges import Arrangement, visible_in
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_labels import LABELS_AS_RECORDED, swap_statements
from aqbio.signals import runs
from aqbio.vectors import (
    BoolArray,
    FloatArray,
    IntArray,
    finite_means,
    finite_median,
    finite_medians,
)

LABELS_EXCHANGED = "labels-exchanged"
"""Rule of labels that are exchanged with others."""

OTHER_SIDE = "labels-other-side"
"""Rule of labels of one side that lie on the other, where that has none."""

LABELS_MOVED = "labels-moved"
"""Rule of a label that is elsewhere on its segment than in the static trial."""

FRAME_CORRUPT = "frame-corrupt"
"""Rule of frames in which many labels leap at once."""

MASKING = frozenset({LABELS_EXCHANGED, OTHER_SIDE, LABELS_MOVED, FRAME_CORRUPT})
"""Rules of findings whose positions are not used."""

IN_ALL_FRAMES = "in all frames"

AS_RECORDED_FIX = f"write “{LABELS_AS_RECORDED}” into column fix of this trial in trials.tsv"

MIN_FRAMES = 6
"""Frames of a recording in which exchanged labels are looked for, and that show a distance."""

MAX_STEADY_M = 0.015
"""Median deviation of a distance that shows where a label is, m: one on a segment, or over a
joint near its axis."""

MIN_NEARER_M = 0.050
"""Mean distance by which a label is nearer to labels of one side that shows its side, m."""

MIN_MOVED_M = 0.030
"""Change of a distance on a segment from which a label is on another place, m."""

MIN_MOVED_TRUNK_M = 0.060
"""The same on pelvis and torso, m: shoulders move on it when arms are raised."""

MIN_LEAPING_SHARE = 1.0 / 3.0
"""Share of the visible labels that leap at once from which a frame is corrupt."""

MIN_LEAPING = 6
"""Labels that leap at once in a corrupt frame."""


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
    whole = _without_corrupt_frames(recording, body, notes)
    arrangement = Arrangement.of(whole, marker_set, body, limbs, static_positions)
    positions = whole.positions.copy()
    _mask_exchanged(positions, arrangement, stated, notes)
    for part in arrangement.parts:
        for columns in (part.left, part.right) if part.limb in limbs else ():
            _mask_on_other_side(positions, part, columns, arrangement, notes)
    _mask_moved(positions, arrangement, notes)
    is_same = np.array_equal(positions, recording.positions, equal_nan=True)
    return recording if is_same else replace(recording, positions=positions)


def frame_words(mask: BoolArray, visible: BoolArray) -> str:
    """Frames of a mask (T,), counted from 1."""
    if mask[visible].all():
        return IN_ALL_FRAMES
    spans = [
        f"from {start + 1} to {stop}" if stop > start + 1 else f"in {stop}"
        for start, stop in runs(mask)
    ]
    words = " and ".join(filter(None, (", ".join(spans[:-1]), *spans[-1:])))
    return re.sub("^(from|in)", r"\1 frame", words)


def _without_corrupt_frames(recording: Recording, body: BodyLabels, notes: Notes) -> Recording:
    """Mask frames into which and out of which many labels leap, beyond what exchanges explain."""
    labels, positions = recording.labels, recording.positions
    partner_of = partners([x for x in labels if x in body.sided], body)
    mates = np.array([labels.index(partner_of.get(label, label)) for label in labels])
    limit = MIN_EXCURSION_M + MAX_MARKER_ACCELERATION_M_S2 / recording.rate**2
    into, out_of = (_are_leaping(path, mates, limit) for path in (positions, positions[::-1]))
    leaping, visible = into & out_of[::-1], np.isfinite(positions).all(axis=2)
    counts, seen = leaping.sum(axis=1), visible.sum(axis=1)
    corrupt = np.asarray(counts >= np.maximum(MIN_LEAPING, MIN_LEAPING_SHARE * seen))
    if not corrupt.any():
        return recording
    worst = int(np.argmax(np.where(corrupt, counts, 0)))
    frames, count = frame_words(corrupt, np.ones_like(corrupt)), int(corrupt.sum())
    notes.add(
        FRAME_CORRUPT,
        "warning",
        f"{counts[worst]} of {seen[worst]} labels leap away {frames}: "
        f"{'this frame is' if count == 1 else 'these frames are'} corrupt and not used.",
        number=count,
        unit="frames",
        where=frames,
        fix="look at these frames in the capture software, or leave them out with start_s or end_s "
        "in trials.tsv.",
    )
    return replace(recording, positions=np.where(corrupt[:, None, None], np.nan, positions))


def _are_leaping(positions: FloatArray, mates: IntArray, limit: float) -> BoolArray:
    """Tell where labels (T, M) leap farther than a limit, m, off the path of both frames before.

    True in the first two frames, which have none; False where a label goes on with the path of its
    mate on the other side, or of which that is not known.
    """
    path = 2.0 * positions[1:-1] - positions[:-2]
    off_path, off_mate = (
        np.linalg.norm(positions[2:] - target, axis=2) for target in (path, path[:, mates])
    )
    leaping = np.ones(positions.shape[:2], np.bool_)
    leaping[2:] = (off_path > limit) & (off_mate > limit)
    return leaping


def _mask_exchanged(
    positions: FloatArray, arrangement: Arrangement, stated: Collection[str], notes: Notes
) -> None:
    """Mask labels that are clearly exchanged, and report those of a limb together."""
    recorded = arrangement.recording
    proposed: set[str] = set()
    for limb, columns in _exchanged_together(arrangement):
        evidence = _evidence(arrangement, columns)
        if evidence is None:
            continue
        visible = visible_in(recorded.positions[:, columns])
        statements = [x for x in _statements(arrangement, columns, visible) if x not in proposed]
        proposed.update(statements)
        masked = arrangement.changed[:, columns].any(axis=1) & visible
        positions[np.flatnonzero(masked)[:, None], columns] = np.nan
        labels = [recorded.labels[column] for column in columns]
        subject = _subject(arrangement.chains.get(limb, ()), columns, labels)
        where = frame_words(masked, visible)
        note_exchange(subject, labels, where, evidence, statements, stated, notes)


def _exchanged_together(arrangement: Arrangement) -> Iterator[tuple[str, list[int]]]:
    """Limbs, empty within a side, and columns that are exchanged in the same frames."""
    limb_of = {x: part.limb for part in arrangement.parts for x in part.columns}
    mates = {pair for part in arrangement.parts for pair in part.pairs}
    groups: dict[tuple[str, frozenset[int], bytes], list[int]] = {}
    visible = np.isfinite(arrangement.recording.positions).all(axis=2)
    for column in np.flatnonzero((arrangement.changed & visible).any(axis=0)).tolist():
        sources = {*arrangement.sources[:, column].tolist()} - {column}
        if all(mates & {(column, x), (x, column)} for x in sources):
            kin = (limb_of.get(column, ""), frozenset[int]())
        else:
            kin = ("", frozenset({column, *sources}))
        groups.setdefault((*kin, arrangement.changed[:, column].tobytes()), []).append(column)
    for (limb, _, _), columns in groups.items():
        yield limb, columns


def _evidence(arrangement: Arrangement, columns: Sequence[int]) -> tuple[str, float] | None:
    """Words and size, m, of the evidence that columns are exchanged; None where it is not clear.

    Distances from labels that are not exchanged with them decide where they change, else the side
    of the body.
    """
    exchanged = [column for column in columns if arrangement.moved[:, column].any()]
    misfits = [_misfits(arrangement, column, columns) for column in exchanged]
    recorded, arranged = finite_means(np.concatenate([*misfits, np.zeros((2, 0))], axis=1), 1)
    if recorded - arranged > MIN_LINK_SD_M:
        off, left = (f"{MILLIMETRES * size:.0f} mm" for size in (recorded, arranged))
        words = f"distances from other labels are off by {off}, and by {left} if they are put back"
        return words, float(recorded)
    near = [x for x in exchanged if x in arrangement.beside_trunk] or exchanged
    outward = np.where(arrangement.moved, arrangement.outward, np.nan)[:, near]
    across = -float(finite_means(finite_medians(outward), 0))
    if not across > NO_SIDE_M:
        return None
    return f"they lie {MILLIMETRES * across:.0f} mm on the other side of the body", across


def _misfits(arrangement: Arrangement, column: int, group: Sequence[int]) -> FloatArray:
    """Median misfits (2, K), m, of the steadiest distances of a column, as recorded and arranged.

    From those of the static trial, else of the remaining frames; where there are none, from the
    median of each: the steadier one is right.
    """
    frames = arrangement.moved[:, column]
    others = [x for x in arrangement.linked.get(column, ()) if x not in group]
    arranged = distances_to(arrangement.positions, column, others)
    recorded = arrangement.positions[frames]
    recorded[:, column] = arrangement.recording.positions[frames, column]
    static, spreads = arrangement.standing[column, others], _spreads(arranged)
    lengths = np.where(np.isfinite(static), static, finite_medians(arranged[~frames]))
    both = (distances_to(recorded, column, others), arranged[frames])
    misfits = np.array([finite_medians(np.abs(x - lengths)) for x in both])
    misfits = np.where(np.isfinite(lengths), misfits, [_spreads(x) for x in both])
    steadiest = np.argsort(spreads)[:MAX_LINKS_PER_LABEL]
    return misfits[:, steadiest[spreads[steadiest] < MAX_STEADY_M]]


def _spreads(distances: FloatArray) -> FloatArray:
    """Median deviations (K,) of distances (T, K) from their medians."""
    return finite_medians(np.abs(distances - finite_medians(distances)))


def _statements(
    arrangement: Arrangement, columns: Sequence[int], visible: BoolArray
) -> Iterator[str]:
    """Statements of column fix that put columns back."""
    frames = np.any(arrangement.moved[:, columns], axis=1)
    changes = np.any(np.diff(arrangement.sources[:, columns], axis=0) != 0, axis=1)
    cuts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(frames)]
    for start, stop in pairwise(cuts):
        if not (frames[start] and visible[start:stop].any()):
            continue
        sources = {column: int(arrangement.sources[start, column]) for column in columns}
        while further := {*sources.values()} - sources.keys():
            sources |= {column: int(arrangement.sources[start, column]) for column in further}
        is_whole = not visible[:start].any() and not visible[stop:].any()
        if not is_whole and any(x.rule == STATIC_MOVES for x in arrangement.recording.findings):
            continue  # frames of the file are not those of the part that stands
        labels, span = arrangement.recording.labels, None if is_whole else (start, stop)
        yield from swap_statements(labels, sources, span)


def _subject(chain: Sequence[Part], columns: Sequence[int], labels: Sequence[str]) -> str:
    """Words for labels that are exchanged together: a limb, its end, some of its labels, or two."""
    ends = [chain[start:] for start in range(len(chain))]
    whole = [frozenset().union(*(part.columns for part in end)) for end in ends]
    if {*columns} in whole:
        return f"left and right {'' if {*columns} == whole[0] else 'end of the '}{chain[0].limb}"
    if len(labels) == len(SIDES) or not chain:
        return f"labels {' and '.join(labels)}"
    return f"{len(labels)} labels of left and right {chain[0].limb}"


def note_exchange(
    subject: str,
    labels: Sequence[str],
    where: str,
    evidence: tuple[str, float],
    statements: Sequence[str],
    stated: Collection[str],
    notes: Notes,
) -> None:
    """Report labels that are exchanged, by evidence in words and m, and how to put them back.

    ``stated``: statements of column fix; where these made the exchange, they are to be taken out.
    """
    wrong = [words for words in statements if words.casefold() in stated]
    proposal = "" if wrong else "; ".join(statements)
    fix = f"correct these labels in the capture software; if they are right, {AS_RECORDED_FIX}."
    if wrong:
        fix = f"take “{'; '.join(wrong)}” out of column fix of this trial in trials.tsv."
    elif proposal:
        fix = f"write “{proposal}” into column fix of this trial in trials.tsv, which puts them "
        fix += f"back; if the labels are right, write “{LABELS_AS_RECORDED}” there."
    words, size = evidence
    notes.add(
        LABELS_EXCHANGED,
        "warning",
        f"{subject} are exchanged {where} ({listed(labels)}): {words}. These positions are not "
        "used.",
        number=size,
        unit="m",
        where=where,
        fix=fix,
        label=", ".join(labels),
        proposal=proposal,
    )


def _mask_on_other_side(
    positions: FloatArray,
    part: Part,
    of_side: Sequence[int],
    arrangement: Arrangement,
    notes: Notes,
) -> None:
    """Mask labels of one side of a part that are nearer to the other, which has none there.

    They are judged together, then each by itself.
    """
    paired = {column for pair in part.pairs for column in pair}
    columns = [column for column in of_side if column not in paired]
    pairs = (*part.pairs, *arrangement.inner_pairs(part))
    if not (columns and pairs):
        return
    left, right = ([*next_columns] for next_columns in zip(*pairs, strict=True))
    sides = (left, right) if of_side is part.left else (right, left)
    from_own, from_other = (
        np.array([finite_medians(distances_to(arrangement.positions, x, side)) for x in columns])
        for side in sides
    )
    nearer = finite_means(from_own - from_other, 1)
    if part.is_beside_trunk:  # the trunk's labels are too far away from knees
        nearer = -2.0 * finite_medians(arrangement.outward[:, columns])
    is_on_other = (nearer > MIN_NEARER_M) | (finite_means(nearer, 0) > MIN_NEARER_M)
    if not is_on_other.any():
        return
    misplaced = np.array(columns)[is_on_other]
    positions[:, misplaced] = np.nan
    labels = [arrangement.recording.labels[column] for column in misplaced]
    own, other = (finite_median(side[is_on_other].ravel()) for side in (from_own, from_other))
    notes.add(
        OTHER_SIDE,
        "warning",
        f"on the other side of the body, which has no label there: {listed(labels)}, "
        f"{MILLIMETRES * own:.0f} mm from the next labels of their own side, "
        f"{MILLIMETRES * other:.0f} mm from those of the other one. Not used.",
        number=own,
        unit="m",
        where=IN_ALL_FRAMES,
        fix="give the markers labels of the side that they are on; if they are right, "
        f"{AS_RECORDED_FIX}.",
        label=", ".join(labels),
    )


def _mask_moved(positions: FloatArray, arrangement: Arrangement, notes: Notes) -> None:
    """Mask labels whose distances on their segment are steady and not those of the static trial.

    The remaining labels of the segment must have kept theirs. The label that moved farthest is
    masked first.
    """
    standing, labels = arrangement.standing, arrangement.recording.labels
    limb_parts = [part for part in arrangement.parts if part.name != part.limb]
    of_limbs = {column for part in limb_parts for column in part.columns}
    lengths, changes = np.full_like(standing, np.nan), np.full_like(standing, np.nan)
    for column, others in arrangement.rigid.items():
        distances = distances_to(positions, column, others)
        lengths[column, others] = finite_medians(distances)
        change = np.abs(lengths[column, others] - standing[column, others])
        is_steady = _spreads(distances) < MIN_LINK_SD_M
        changes[column, others] = np.where(is_steady, change, np.nan)
    for column in np.argsort(-np.nansum(changes, axis=1), kind="stable").tolist():
        others = np.flatnonzero(np.isfinite(changes[column]))
        rest = changes[np.ix_(others, others)]
        is_rest_kept = np.isfinite(rest).any() and not (rest > MIN_LINK_SD_M).any()
        least = MIN_MOVED_M if column in of_limbs else MIN_MOVED_TRUNK_M
        if not is_rest_kept or not changes[column, others].max() > least:
            continue
        here, static = (
            "/".join(f"{MILLIMETRES * length:.0f}" for length in matrix[column, others])
            for matrix in (lengths, standing)
        )
        notes.add(
            LABELS_MOVED,
            "warning",
            f"label {labels[column]} is not where it was in the static trial: its distances from "
            f"{listed([labels[other] for other in others])} are {here} mm, in the static trial "
            f"{static} mm. It is not used.",
            number=float(changes[column, others].max()),
            unit="m",
            where=IN_ALL_FRAMES,
            fix="look at this label in the capture software: another marker may have its name. If "
            f"the marker was put on again, {AS_RECORDED_FIX}.",
            label=labels[column],
        )
        positions[:, column] = changes[column] = changes[:, column] = np.nan
