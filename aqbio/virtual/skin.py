"""Soft tissue: how markers move against the bone while someone runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.recordings.filters import low_pass
from aqbio.mechanics.vectors import FloatArray, rotate
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
HEAD = ("RFHD", "LFHD", "RBHD", "LBHD")
"""Markers on bone: no soft tissue."""
BAND = 8.0
"""Low-pass of the part that is not locked to the gait, Hz."""


@dataclass(frozen=True, slots=True)
class Skin:
    """How soft tissue moves.

    Attributes
    ----------
    thigh_m : float
        Root mean square motion of the thigh's markers; other segments in proportion.
    harmonics : tuple of float
        Frequencies that are locked to the gait, multiples of the step frequency.
    amplitudes : tuple of float
        Of the harmonics, relative.
    common : float
        Share of the motion that all markers of a segment have in common; shares add up as squares.
    free : float
        Share of the motion that is not locked to the gait: noise below ``BAND``.
    """

    thigh_m: float = 0.016
    harmonics: tuple[float, ...] = (1.0, 2.0, 3.0)
    amplitudes: tuple[float, ...] = (1.0, 0.5, 0.25)
    common: float = 0.7
    free: float = 0.0

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        if not (0.0 <= self.common <= 1.0 and 0.0 <= self.free <= 1.0):
            raise ValueError(f"common {self.common} and free {self.free} are not both shares.")
        if len(self.harmonics) != len(self.amplitudes):
            raise ValueError("harmonics and amplitudes differ in length.")


LOOSE = Skin(
    harmonics=(0.5, 1.0, 1.5, 2.0, 2.5),
    amplitudes=(1.0, 0.5, 0.33, 0.25, 0.2),
    common=0.6,
    free=0.5,
)
"""Another kind of skin: locked to the stride, not the step, and a quarter of it to nothing."""


def skin_motion(recording: VirtualRecording, skin: Skin, random: np.random.Generator) -> FloatArray:
    """Displacement of every marker against its bone.

    Parameters
    ----------
    recording : VirtualRecording
    skin : Skin
    random : Generator

    Returns
    -------
    (T, M, 3) array, m, ground axes
        Waves of random phase in segment axes, turned with the segments.
    """
    bodies = recording.marker_body
    share = np.array([skin.common, np.sqrt(1.0 - skin.common**2)])
    amplitude = np.array(skin.amplitudes)
    amplitude = amplitude / np.sqrt((amplitude**2).sum() / 2.0 * 3.0)
    shape = (len(amplitude), 3)
    common = random.uniform(0.0, 2.0 * np.pi, (len(recording.bodies), *shape))
    own = random.uniform(0.0, 2.0 * np.pi, (len(bodies), *shape))
    angle = 2.0 * np.multiply.outer(recording.phase, np.array(skin.harmonics))[:, None, :, None]
    waves = np.zeros((len(recording.phase), len(bodies), 3))
    for part, turns in zip(share, (common[bodies], own), strict=True):
        waves += part * np.einsum("h,tmhd->tmd", amplitude, np.sin(angle + turns))
    if skin.free:
        noise = _free_motion(recording, share, random)
        waves = np.sqrt(1.0 - skin.free**2) * waves + skin.free * noise
    soft = np.array(
        [
            0.0 if label in HEAD else SOFTNESS[recording.bodies[body].rsplit("_", 1)[0]]
            for label, body in zip(recording.labels, bodies, strict=True)
        ]
    )
    return rotate(recording.rotation[:, bodies], skin.thigh_m * soft[:, None] * waves)


def _free_motion(
    recording: VirtualRecording, share: FloatArray, random: np.random.Generator
) -> FloatArray:
    """Low-passed noise of root mean square 1, (T, M, 3): a common part and an own one."""
    frames, bodies = len(recording.phase), recording.marker_body
    parts = []
    for count in (len(recording.bodies), len(bodies)):
        noise = low_pass(random.standard_normal((frames, count, 3)), recording.marker_rate, BAND)
        parts.append(noise / np.sqrt((noise**2).mean(axis=0)) / np.sqrt(3.0))
    mixed: FloatArray = share[0] * parts[0][:, bodies] + share[1] * parts[1]
    return mixed
