"""What one marker recording shows before anybody says which label is what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording
from aqbio.mechanics.recordings.label_geometry import computed_points
from aqbio.mechanics.recordings.movement import stands_still

SAME = 1e-4
"""Distances between markers that agree to this come from one recording: files round to 0.01 mm or
more finely, and no two trials of a person agree to this in all of them, m."""

COMPARED = 12
"""Pairs of markers whose distances tell recordings apart."""


@dataclass(frozen=True, slots=True)
class MarkerFacts:
    """A marker recording."""

    file: Path
    """Relative to the folder."""
    labels: tuple[str, ...]
    frames: int
    rate: float
    """Hz."""
    first_time: float
    """On the file's own clock, s."""
    still: bool
    """Whether the person stands still."""
    plates: int
    """Force plates that the file itself holds."""
    distances: dict[tuple[str, str], tuple[float, float]]
    """Mean and standard deviation of distances between neighbours in the alphabet, m."""
    computed: frozenset[str] = frozenset()
    """Labels of points that other software computed."""

    @property
    def seconds(self) -> float:
        """Length of the recording, s."""
        return (self.frames - 1) / self.rate


def marker_facts(path: Path, file: Path) -> MarkerFacts:
    """Read a C3D or TRC file and keep what is needed to sort it.

    Raises
    ------
    AqbioError
        When the file cannot be read.
    """
    recording = read_recording(path)
    computed = computed_points(recording.positions, _axes(recording.labels))
    return MarkerFacts(
        file=file,
        labels=recording.labels,
        frames=len(recording.positions),
        rate=recording.rate,
        first_time=recording.first_time,
        still=stands_still(recording.positions),
        plates=0 if recording.forces is None else len(recording.forces.numbers),
        distances=_distances(recording),
        computed=frozenset(recording.labels[index] for index in computed),
    )


def _axes(labels: Sequence[str]) -> set[frozenset[int]]:
    """Labels that differ only in a last X, Y and Z."""
    places = {label.upper(): index for index, label in enumerate(labels)}
    ends = ([name[:-1] + axis for axis in "XYZ"] for name in places if name[-1:] == "X")
    return {frozenset(map(places.__getitem__, one)) for one in ends if places.keys() >= set(one)}


def same_recording(first: MarkerFacts, second: MarkerFacts) -> bool:
    """Whether two files are exports of one recording; a frame more or less does not count."""
    if abs(first.frames - second.frames) > 2 or abs(first.rate - second.rate) > 0.01 * first.rate:
        return False
    shared = first.distances.keys() & second.distances.keys()
    apart = [
        abs(one - two)
        for pair in shared
        for one, two in zip(first.distances[pair], second.distances[pair], strict=True)
    ]
    return len(shared) >= COMPARED // 2 and max(apart) < SAME


def _distances(recording: Recording) -> dict[tuple[str, str], tuple[float, float]]:
    seen = np.asarray(np.isfinite(recording.positions).all(axis=(0, 2)))
    labels = sorted(
        label for label, whole in zip(recording.labels, seen.tolist(), strict=True) if whole
    )
    found = {}
    for one, two in list(pairwise(labels))[:COMPARED]:
        ends = [recording.positions[:, recording.labels.index(label)] for label in (one, two)]
        distance = np.linalg.norm(ends[0] - ends[1], axis=1)
        found[one, two] = (float(distance.mean()), float(distance.std()))
    return found
