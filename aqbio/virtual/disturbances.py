"""What separates a recording from the truth: noise, soft tissue, clocks, gaps and mix-ups."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from aqbio.vectors import BoolArray, FloatArray
from aqbio.virtual.recording import VirtualRecording
from aqbio.virtual.skin import Skin, skin_motion


@dataclass(frozen=True, slots=True)
class Disturbances:
    """What a recording suffers from; 0 switches each of them off."""

    marker_noise_m: float = 0.0
    """Standard deviation of every marker coordinate."""
    soft_tissue_m: float = 0.0
    """Root mean square motion of the thigh's markers against the bone, at the step frequency and
    its harmonics; other segments in proportion."""
    force_noise_n: float = 0.0
    moment_noise_nm: float = 0.0
    """force_noise_n, moment_noise_nm: Standard deviation of every channel of the plates."""
    plate_offset_n: float = 0.0
    """Standard deviation of the constant offset of the force channels."""
    clock_offset_s: float = 0.0
    """The forces are this much late."""
    cop_bias_m: float = 0.0
    """The plates are this far ahead of where the file says."""
    gaps: int = 0
    """Number of gaps, in markers drawn at random."""
    gap_frames: int = 8
    """Their longest length."""
    swaps: int = 0
    """Pairs of markers of one segment whose labels are exchanged over the whole trial."""

    def __post_init__(self) -> None:
        """Refuse negative sizes; only the clock may be early."""
        for name, value in asdict(self).items():
            if name not in ("clock_offset_s", "cop_bias_m") and value < 0:
                raise ValueError(f"{name} is {value}: it must not be negative.")


@dataclass(frozen=True, eq=False)
class DisturbanceTruth:
    """What was done to a recording."""

    soft_tissue: FloatArray
    """(T, M, 3) array, m. Displacement of the markers on the skin against the bone, ground."""
    plate_offset: FloatArray
    """(P, 3) array, N."""
    gaps: list[tuple[str, int, int]]
    """list of (label, first frame, frames)."""
    swaps: list[tuple[str, str]]
    """list of label pairs."""


def disturbed(
    recording: VirtualRecording,
    disturbances: Disturbances,
    random: np.random.Generator,
) -> tuple[VirtualRecording, DisturbanceTruth]:
    """The recording that a real laboratory would have made."""
    markers = recording.markers.copy()
    tissue = skin_motion(recording, Skin(thigh_m=disturbances.soft_tissue_m), random)
    markers += tissue
    markers += disturbances.marker_noise_m * random.standard_normal(markers.shape)
    gaps = _gaps(recording, disturbances, random)
    for label, first, frames in gaps:
        markers[first : first + frames, recording.labels.index(label)] = np.nan
    swaps = _swaps(recording, disturbances.swaps, random)
    for one, other in swaps:
        pair = [recording.labels.index(one), recording.labels.index(other)]
        markers[:, pair] = markers[:, pair[::-1]]
    force, moment = recording.force.copy(), recording.moment.copy()
    offset = disturbances.plate_offset_n * random.standard_normal(force.shape[1:])
    force += offset + disturbances.force_noise_n * random.standard_normal(force.shape)
    moment += disturbances.moment_noise_nm * random.standard_normal(moment.shape)
    made = recording.changed(markers=markers, force=force, moment=moment)
    return made, DisturbanceTruth(tissue, offset, gaps, swaps)


def _gaps(
    recording: VirtualRecording, disturbances: Disturbances, random: np.random.Generator
) -> list[tuple[str, int, int]]:
    found = []
    for _ in range(disturbances.gaps):
        label = str(random.choice(recording.labels))
        frames = int(random.integers(1, disturbances.gap_frames + 1))
        first = int(random.integers(1, len(recording.markers) - frames))
        found.append((label, first, frames))
    return found


def _swaps(
    recording: VirtualRecording, count: int, random: np.random.Generator
) -> list[tuple[str, str]]:
    """Pairs of labels on one segment."""
    found: list[tuple[str, str]] = []
    free: BoolArray = np.ones(len(recording.labels), dtype=bool)
    while len(found) < count:
        one = int(random.choice(np.flatnonzero(free)))
        others = np.flatnonzero(free & (recording.marker_body == recording.marker_body[one]))
        others = others[others != one]
        free[one] = False
        if len(others):
            other = int(random.choice(others))
            free[other] = False
            found.append((recording.labels[one], recording.labels[other]))
    return found
