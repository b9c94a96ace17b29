"""Trials that are cut-outs of each other, whatever their files are called."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.config import MarkerSet, Trial
from aqbio.errors import Finding
from aqbio.io.recording import Recording
from aqbio.mechanics.recordings.shared_frames import EQUAL, SHARED_FRAMES, shared_frames
from aqbio.mechanics.vectors import FloatArray


@dataclass(frozen=True, slots=True)
class Gait:
    """What tells the movement of a trial from any other."""

    trial: Trial
    line: int
    """Of the sheet."""
    distances: FloatArray
    """(T, K) array, m. Between landmarks of pelvis and feet."""


def landmark_distances(recording: Recording, marker_set: MarkerSet) -> FloatArray:
    """Distances (T, K) between landmarks of pelvis and feet, m; NaN where one is not seen."""
    pelvis, left, right = marker_set.pelvis, marker_set.feet.left, marker_set.feet.right
    pairs = (
        (left.heel, right.heel),
        (left.toe[0], right.heel),
        (right.toe[0], left.heel),
        (left.heel, pelvis.front[0]),
        (right.heel, pelvis.front[-1]),
        (left.heel, pelvis.back[0]),
    )
    place = {label: index for index, label in enumerate(recording.labels)}
    nowhere = np.full((len(recording.positions), 3), np.nan)
    ends = [
        [recording.positions[:, place[label]] if label in place else nowhere for label in pair]
        for pair in pairs
    ]
    return np.stack([np.linalg.norm(one - other, axis=1) for one, other in ends], axis=1)


def repeated_frames(sheet: Path, gaits: Sequence[Gait], told: Collection[str]) -> Iterator[Finding]:
    """Trials that show the same movement, or a part of it, though their files differ.

    Parameters
    ----------
    sheet : Path
        Of the trials.
    told : collection of str
        Lines of which it is known already.
    """
    for shared in shared_frames([gait.distances for gait in gaits]):
        first, second = gaits[shared.first], gaits[shared.second]
        one, other = first.trial, second.trial
        where = f"lines {first.line} and {second.line}"
        if where in told:
            continue
        yield Finding(
            rule="recording-twice",
            severity="error",
            what=f"trials {one.trial_id} of {one.participant_id} and {other.trial_id} of "
            f"{other.participant_id} show the same movement: {shared.frames} frames, from frame "
            f"{shared.start + 1} of the one and {shared.other_start + 1} of the other, agree to "
            f"{1e3 * EQUAL:g} mm.",
            trial=other.trial_id,
            participant=other.participant_id,
            number=shared.frames,
            limit=SHARED_FRAMES,
            unit="frames",
            file=str(sheet),
            where=where,
            fix="keep one of them; set include = no for the other.",
        )
