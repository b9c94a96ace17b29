"""Disturbances of recordings: noise, soft tissue, clock offset, gaps and exchanged labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from aqbio.filters import low_pass
from aqbio.vectors import BoolArray, FloatArray, rotate
from aqbio.virtual.athlete import coarse_segment
from aqbio.virtual.recording import VirtualRecording

SOFT_TISSUE_RATIO: Mapping[str, float] = {
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
MARKERS_ON_BONE = ("RFHD", "LFHD", "RBHD", "LBHD")
"""Markers on bone: no soft tissue."""
FREE_MOTION_CUTOFF_HZ = 8.0
"""Low-pass cut-off of soft-tissue motion that is not locked to the gait."""


@dataclass(frozen=True, slots=True)
class Skin:
    """Parameters of soft-tissue motion."""

    thigh_m: float = 0.016
    """Root mean square motion of the thigh's markers; other segments in proportion."""
    harmonics: tuple[float, ...] = (1.0, 2.0, 3.0)
    """Frequencies that are locked to the gait, multiples of the step frequency."""
    amplitudes: tuple[float, ...] = (1.0, 0.5, 0.25)
    """Of the harmonics, relative."""
    common: float = 0.7
    """Share of the motion common to all markers of a segment; shares add up as
    squares."""
    free: float = 0.0
    """Share of the motion that is not locked to the gait: noise below ``FREE_MOTION_CUTOFF_HZ``."""

    def __post_init__(self) -> None:
        """Refuse shares outside 0 to 1."""
        if not (0.0 <= self.common <= 1.0 and 0.0 <= self.free <= 1.0):
            raise ValueError(f"common {self.common} and free {self.free} are not both shares.")
        if len(self.harmonics) != len(self.amplitudes):
            raise ValueError("harmonics and amplitudes differ in length.")


STRIDE_LOCKED_SKIN = Skin(
    harmonics=(0.5, 1.0, 1.5, 2.0, 2.5),
    amplitudes=(1.0, 0.5, 0.33, 0.25, 0.2),
    common=0.6,
    free=0.5,
)
"""Soft tissue locked to the stride instead of the step, with a quarter of its variance free."""


def skin_motion(recording: VirtualRecording, skin: Skin, random: np.random.Generator) -> FloatArray:
    """Displacement of every marker against its bone, (T, M, 3), m, ground axes."""
    return tissue_motion(recording, skin, random)[0]


def tissue_motion(
    recording: VirtualRecording, skin: Skin, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Displacement of markers (T, M, 3) and its part common to a segment (T, B, 3), m, ground."""
    soft = [body for body in recording.bodies if _segment(body) in SOFT_TISSUE_RATIO]
    softness = np.array([SOFT_TISSUE_RATIO[_segment(body)] for body in soft])
    carriers = np.array([_carrier(body, soft) for body in recording.bodies])
    carrier_of_marker = carriers[recording.marker_body]
    share = np.array([skin.common, np.sqrt(1.0 - skin.common**2)])
    amplitude = np.array(skin.amplitudes)
    amplitude = amplitude / np.sqrt((amplitude**2).sum() / 2.0 * 3.0)
    shape = (len(amplitude), 3)
    common = random.uniform(0.0, 2.0 * np.pi, (len(soft), *shape))
    independent = random.uniform(0.0, 2.0 * np.pi, (len(carrier_of_marker), *shape))
    angle = 2.0 * np.multiply.outer(recording.phase, np.array(skin.harmonics))[:, None, :, None]
    locked = np.sqrt(1.0 - skin.free**2)
    parts = [
        locked * part * np.einsum("h,tmhd->tmd", amplitude, np.sin(angle + turns))
        for part, turns in zip(share, (common, independent), strict=True)
    ]
    if skin.free:
        counts = (len(soft), len(carrier_of_marker))
        for part, noise in zip(parts, _free_motion(recording, counts, share, random), strict=True):
            part += skin.free * noise
    on_bone = np.array([label in MARKERS_ON_BONE for label in recording.labels])
    markers = skin.thigh_m * np.where(on_bone, 0.0, softness[carrier_of_marker])[:, None]
    segments = np.zeros((len(recording.phase), len(recording.bodies), 3))
    soft_index = [recording.bodies.index(body) for body in soft]
    segments[:, soft_index] = skin.thigh_m * softness[:, None] * parts[0]
    return (
        rotate(
            recording.rotation[:, recording.marker_body],
            markers * (parts[0][:, carrier_of_marker] + parts[1]),
        ),
        rotate(recording.rotation, segments),
    )


def _carrier(body: str, soft: list[str]) -> int:
    """Index, among segments with soft tissue, of the segment that carries a body's markers."""
    name = coarse_segment(body)
    side = body[-2:]
    return soft.index(name if name in soft else name + side)


def _segment(body: str) -> str:
    return body.rsplit("_", 1)[0]


def _free_motion(
    recording: VirtualRecording,
    counts: tuple[int, int],
    share: FloatArray,
    random: np.random.Generator,
) -> list[FloatArray]:
    """Low-passed noise, common (T, S, 3) and per marker (T, M, 3), with a total RMS of 1."""
    frames = len(recording.phase)
    parts = []
    for part, count in zip(share, counts, strict=True):
        noise = low_pass(
            random.standard_normal((frames, count, 3)), recording.marker_rate, FREE_MOTION_CUTOFF_HZ
        )
        parts.append(part * noise / np.sqrt((noise**2).mean(axis=0)) / np.sqrt(3.0))
    return parts


@dataclass(frozen=True, slots=True)
class Disturbances:
    """Sizes of a recording's disturbances; 0 switches each of them off."""

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
    """Delay of the forces."""
    cop_bias_m: float = 0.0
    """Distance of the plates ahead of where the file places them."""
    gaps: int = 0
    """Number of gaps, in markers drawn at random."""
    gap_frames: int = 8
    """Their maximum length."""
    swaps: int = 0
    """Pairs of markers of one segment whose labels are exchanged over the whole trial."""

    def __post_init__(self) -> None:
        """Refuse negative sizes; only the clock may be early."""
        for name, value in asdict(self).items():
            if name not in ("clock_offset_s", "cop_bias_m") and value < 0:
                raise ValueError(f"{name} is {value}: it must not be negative.")


def disturbed(
    recording: VirtualRecording, disturbances: Disturbances, random: np.random.Generator
) -> VirtualRecording:
    """Disturb a recording as in a real laboratory."""
    markers = recording.markers.copy()
    markers += skin_motion(recording, Skin(thigh_m=disturbances.soft_tissue_m), random)
    markers += disturbances.marker_noise_m * random.standard_normal(markers.shape)
    gaps = _gaps(recording, disturbances, random)
    for label, first, frames in gaps:
        markers[first : first + frames, recording.labels.index(label)] = np.nan
    swaps = _swaps(recording, disturbances.swaps, random)
    for first_label, second_label in swaps:
        pair = [recording.labels.index(first_label), recording.labels.index(second_label)]
        markers[:, pair] = markers[:, pair[::-1]]
    force, moment = recording.force.copy(), recording.moment.copy()
    offset = disturbances.plate_offset_n * random.standard_normal(force.shape[1:])
    force += offset + disturbances.force_noise_n * random.standard_normal(force.shape)
    moment += disturbances.moment_noise_nm * random.standard_normal(moment.shape)
    return recording.changed(markers=markers, force=force, moment=moment)


def _gaps(
    recording: VirtualRecording, disturbances: Disturbances, random: np.random.Generator
) -> list[tuple[str, int, int]]:
    gaps = []
    for _ in range(disturbances.gaps):
        label = str(random.choice(recording.labels))
        frames = int(random.integers(1, disturbances.gap_frames + 1))
        first = int(random.integers(1, len(recording.markers) - frames))
        gaps.append((label, first, frames))
    return gaps


def _swaps(
    recording: VirtualRecording, count: int, random: np.random.Generator
) -> list[tuple[str, str]]:
    """Draw pairs of labels on the same segment."""
    pairs: list[tuple[str, str]] = []
    free: BoolArray = np.ones(len(recording.labels), dtype=bool)
    while len(pairs) < count:
        marker = int(random.choice(np.flatnonzero(free)))
        partners = np.flatnonzero(free & (recording.marker_body == recording.marker_body[marker]))
        partners = partners[partners != marker]
        free[marker] = False
        if len(partners):
            partner = int(random.choice(partners))
            free[partner] = False
            pairs.append((recording.labels[marker], recording.labels[partner]))
    return pairs
