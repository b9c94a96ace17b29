"""Frames in which many labels leap, and single labels that are not where they were: masked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.io.movement import MAX_MARKER_ACCELERATION_M_S2, MIN_EXCURSION_M
from aqbio.io.recording import Recording
from aqbio.prepare.exchanged_labels import note_corrupt, note_moved
from aqbio.prepare.handedness import BodyLabels, partners
from aqbio.prepare.label_states import MIN_LINK_SD_M, distances_to
from aqbio.prepare.notes import Notes
from aqbio.vectors import BoolArray, FloatArray, IntArray, finite_medians

MAX_LEAPING_SHARE = 1.0 / 3.0
"""Share of the visible labels that leap at once from which a frame is corrupt."""

MIN_LEAPING = 6
"""Labels that leap at once in a corrupt frame."""


def without_corrupt_frames(recording: Recording, body: BodyLabels, notes: Notes) -> Recording:
    """Mask frames into which and out of which many labels leap, beyond what exchanges explain."""
    labels, positions = recording.labels, recording.positions
    partner_of = partners([x for x in labels if x in body.sided], body)
    mates = np.array([labels.index(partner_of.get(label, label)) for label in labels])
    limit = MIN_EXCURSION_M + MAX_MARKER_ACCELERATION_M_S2 / recording.rate**2
    leaps = [_unexplained_leaps(path, mates, limit) for path in (positions, positions[::-1])]
    leaping = leaps[0] & leaps[1][::-1]
    visible = np.isfinite(positions).all(axis=2)
    counts, seen = leaping.sum(axis=1), visible.sum(axis=1)
    corrupt = np.asarray(counts >= np.maximum(MIN_LEAPING, MAX_LEAPING_SHARE * seen))
    if not corrupt.any():
        return recording
    worst = int(np.argmax(np.where(corrupt, counts, 0)))
    note_corrupt(corrupt, int(counts[worst]), int(seen[worst]), notes)
    return replace(recording, positions=np.where(corrupt[:, None, None], np.nan, positions))


def _unexplained_leaps(positions: FloatArray, mates: IntArray, limit: float) -> BoolArray:
    """Leaps (T, M), longer than a limit, m, off the path of both frames before.

    True in the first two frames, which have none; False where a label goes on with the path of its
    mate on the other side, or of which that is not known.
    """
    path = 2.0 * positions[1:-1] - positions[:-2]
    away, from_mate = (
        np.linalg.norm(positions[2:] - target, axis=2) for target in (path, path[:, mates])
    )
    leaps = np.ones(positions.shape[:2], np.bool_)
    leaps[2:] = (away > limit) & (from_mate > limit)
    return leaps


MIN_MOVED_M = 0.030
"""Change of a distance on a segment from which a label is on another place, m."""

MIN_MOVED_TRUNK_M = 0.060
"""The same on pelvis and torso, m: shoulders move on it when arms are raised."""


def mask_moved(
    positions: FloatArray,
    labels: Sequence[str],
    rigid: Mapping[int, IntArray],
    of_limbs: Collection[int],
    standing: FloatArray,
    notes: Notes,
) -> None:
    """Mask labels whose distances on their segment are steady and not those of the static trial.

    The other labels of the segment (columns in ``rigid``) must have kept theirs. ``standing``
    (M, M), m: distances in the static trial. The label that moved farthest is masked first.
    """
    lengths, spreads = np.full_like(standing, np.nan), np.full_like(standing, np.nan)
    for column, others in rigid.items():
        distances = distances_to(positions, column, others)
        lengths[column, others] = finite_medians(distances)
        spreads[column, others] = finite_medians(np.abs(distances - lengths[column, others]))
    changes = np.where(spreads < MIN_LINK_SD_M, np.abs(lengths - standing), np.nan)
    for column in np.argsort(-np.nansum(changes, axis=1), kind="stable").tolist():
        others = np.flatnonzero(np.isfinite(changes[column]))
        rest = changes[np.ix_(others, others)]
        is_rest_kept = np.isfinite(rest).any() and not (rest > MIN_LINK_SD_M).any()
        least = MIN_MOVED_M if column in of_limbs else MIN_MOVED_TRUNK_M
        if is_rest_kept and changes[column, others].max() > least:
            pairs = [*zip(lengths[column, others], standing[column, others], strict=True)]
            note_moved(labels[column], [labels[other] for other in others.tolist()], pairs, notes)
            positions[:, column] = changes[column] = changes[:, column] = np.nan
