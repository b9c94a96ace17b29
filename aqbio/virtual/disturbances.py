"""What separates a recording from the truth: noise, soft tissue, clocks, gaps and mix-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from aqbio.mechanics.vectors import BoolArray, FloatArray, rotate
from aqbio.virtual.recording import VirtualRecording

SOFTNESS: Mapping[str, float] = {
    "pelvis": 0.5,
    "torso": 0.4,
    "femur": 1.0,
    "tibia": 0.5,
    "foot": 0.15,
    "toes": 0.15,
    "humerus": 0.5,
    "radius": 0.25,
}
"""Motion of markers on soft tissue relative to that on the thigh, by segment."""
COMMON = 0.7
"""Share of the soft tissue motion that all markers of a segment have in common."""
HARMONICS = np.array([1.0, 0.5, 0.25])
"""Amplitudes of the harmonics of the step frequency."""
HEAD = ("RFHD", "LFHD", "RBHD", "LBHD")
"""Markers on bone: no soft tissue."""


@dataclass(frozen=True, slots=True)
class Disturbances:
    """What a recording suffers from; 0 switches each of them off.

    Attributes
    ----------
    marker_noise_m : float
        Standard deviation of every marker coordinate.
    soft_tissue_m : float
        Root mean square motion of the thigh's markers against the bone, at the step frequency
        and its harmonics; other segments in proportion.
    force_noise_n, moment_noise_nm : float
        Standard deviation of every channel of the plates.
    plate_offset_n : float
        Standard deviation of the constant offset of the force channels.
    clock_offset_s : float
        The forces are this much late.
    cop_bias_m : float
        The plates are this far ahead of where the file says.
    gaps : int
        Number of gaps, in markers drawn at random.
    gap_frames : int
        Their longest length.
    swaps : int
        Pairs of markers of one segment whose labels are exchanged over the whole trial.
    """

    marker_noise_m: float = 0.0
    soft_tissue_m: float = 0.0
    force_noise_n: float = 0.0
    moment_noise_nm: float = 0.0
    plate_offset_n: float = 0.0
    clock_offset_s: float = 0.0
    cop_bias_m: float = 0.0
    gaps: int = 0
    gap_frames: int = 8
    swaps: int = 0

    def __post_init__(self) -> None:
        """Refuse negative sizes; only the clock may be early."""
        for name, value in asdict(self).items():
            if name not in ("clock_offset_s", "cop_bias_m") and value < 0:
                raise ValueError(f"{name} is {value}: it must not be negative.")


@dataclass(frozen=True, eq=False)
class DisturbanceTruth:
    """What was done to a recording.

    Attributes
    ----------
    soft_tissue : (T, M, 3) array, m
        Displacement of the markers on the skin against the bone, ground.
    plate_offset : (P, 3) array, N
    gaps : list of (label, first frame, frames)
    swaps : list of label pairs
    """

    soft_tissue: FloatArray
    plate_offset: FloatArray
    gaps: list[tuple[str, int, int]]
    swaps: list[tuple[str, str]]


def disturbed(
    recording: VirtualRecording,
    disturbances: Disturbances,
    random: np.random.Generator,
) -> tuple[VirtualRecording, DisturbanceTruth]:
    """Give the recording that a real laboratory would have made.

    The clock offset and the bias of the plates are part of how a recording is made
    (`aqbio.virtual.recording`): they need the truth between the samples.
    """
    markers = recording.markers.copy()
    tissue = _soft_tissue(recording, disturbances.soft_tissue_m, random)
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


def _soft_tissue(
    recording: VirtualRecording, size: float, random: np.random.Generator
) -> FloatArray:
    """Displacements in segment axes, locked to the gait phase, turned to ground axes."""
    bodies = recording.marker_body
    names = recording.bodies
    phase = recording.phase
    order = np.arange(1, len(HARMONICS) + 1)
    norm = np.sqrt((HARMONICS**2).sum() / 2.0 * 3.0)
    shape = (len(HARMONICS), 3)
    common = random.uniform(0.0, 2.0 * np.pi, (len(names), *shape))
    own = random.uniform(0.0, 2.0 * np.pi, (len(bodies), *shape))
    share = np.array([COMMON, np.sqrt(1.0 - COMMON**2)])
    waves = np.zeros((len(phase), len(bodies), 3))
    for part, turns in zip(share, (common[bodies], own), strict=True):
        angle = 2.0 * np.multiply.outer(phase, order)[:, None, :, None] + turns
        waves += part * np.einsum("h,tmhd->tmd", HARMONICS / norm, np.sin(angle))
    soft = np.array(
        [
            0.0 if label in HEAD else SOFTNESS[names[body].rsplit("_", 1)[0]]
            for label, body in zip(recording.labels, bodies, strict=True)
        ]
    )
    return rotate(recording.rotation[:, bodies], size * soft[:, None] * waves)


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
