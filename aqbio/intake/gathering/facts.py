"""What one marker recording shows while it is open which label is what."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from aqbio.io.trial_files import read_recording
from aqbio.mechanics.recordings.movement import stands_still
from aqbio.mechanics.recordings.segment_lengths import Lengths
from aqbio.mechanics.recordings.shared_frames import Movement


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
    return MarkerFacts(
        file=file,
        labels=recording.labels,
        frames=len(recording.positions),
        rate=recording.rate,
        first_time=_first_time(path),
        still=stands_still(recording.positions),
        plates=0 if recording.forces is None else len(recording.forces.numbers),
        movement=Movement.of(recording.labels, recording.positions, recording.rate),
        lengths=Lengths.of(recording.labels, recording.positions),
    )


def _first_time(path: Path) -> float:
    """First instant of a TRC file; C3D files count from their first frame."""
    if path.suffix.lower() != ".trc":
        return 0.0
    from aqbio.io.trc import read_trc

    return read_trc(path).first_time
