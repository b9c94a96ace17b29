"""What one marker recording shows while it is open which label is what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aqbio.io.movement import stands_still
from aqbio.io.trial_files import read_recording
from aqbio.labels.geometry import computed_points
from aqbio.recordings.segment_lengths import Lengths
from aqbio.recordings.shared_frames import Movement


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
    movement: Movement = field(default_factory=Movement, compare=False)
    """What tells the recording from others, and copies of it."""
    lengths: Lengths = field(default_factory=Lengths, compare=False)
    """What tells the person from others."""
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
        movement=Movement.of(recording.labels, recording.positions, recording.rate),
        lengths=Lengths.of(recording.labels, recording.positions),
        computed=frozenset(recording.labels[index] for index in computed),
    )


def _axes(labels: Sequence[str]) -> set[frozenset[int]]:
    """Labels that differ only in a last X, Y and Z."""
    places = {label.upper(): index for index, label in enumerate(labels)}
    ends = ([name[:-1] + axis for axis in "XYZ"] for name in places if name[-1:] == "X")
    return {frozenset(map(places.__getitem__, one)) for one in ends if places.keys() >= set(one)}
