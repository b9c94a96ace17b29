"""Force plates of one trial in ground axes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.force_plates.forces import PlateWrench, offset, unloaded
from aqbio.signals.filters import low_pass
from aqbio.signals.runs import shrunk
from aqbio.vectors import BoolArray, FloatArray, IntArray

LOADED = 100.0
"""Vertical force that shows a plate's sign, N."""

LOAD_BAND, LOAD_BAND_RATE = 20.0, 100.0
"""A person's load is found below this frequency; slower recordings cannot show noise, Hz."""

QUIET, QUIET_S = 30.0, 0.1
"""Below this nobody stands on a plate, N; noise is told from at least so long, s."""

LOADED_S = 0.020
"""Time above it that shows a plate's sign, s."""


@dataclass(frozen=True, slots=True)
class Plates:
    """Force plates in ground axes."""

    wrench: PlateWrench
    """On the runner; S samples, P plates."""
    corners: FloatArray
    """(P, 4, 3) array, m. NaN where unknown."""
    rate: float
    """Hz."""
    start: float
    """Instant of the first sample on the clock of the markers, s."""
    numbers: tuple[int, ...]
    """tuple of P int. From 1."""
    feet: tuple[int, ...]
    """tuple of P int. 0 left, 1 right where the file names the foot, otherwise -1."""

    def __post_init__(self) -> None:
        """Refuse plates that are not described completely."""
        count = len(self.wrench.point)
        if not len(self.corners) == len(self.numbers) == len(self.feet) == count:
            raise ValueError(f"corners, numbers and feet do not describe {count} plates.")

    @property
    def time(self) -> FloatArray:
        """Instants of the samples on the clock of the markers, s."""
        return self.start + np.arange(len(self.wrench.force)) / self.rate

    @property
    def vertical(self) -> FloatArray:
        """Vertical forces (S, P), N."""
        return self.wrench.force[:, :, 1]

    @property
    def surface(self) -> FloatArray:
        """Height (P,) of each plate's surface, m: of its corners, or of the point of its loads."""
        height = self.corners[:, :, 1].mean(axis=1)
        return np.where(np.isnan(height), self.wrench.point[:, 1], height)

    def samples_of(self, time: FloatArray) -> IntArray:
        """Sample nearest to each instant; -1 where forces were not recorded."""
        samples = np.rint((time - self.start) * self.rate).astype(np.int64)
        return np.where((samples >= 0) & (samples < len(self.wrench.force)), samples, -1)


def noise_level(force: FloatArray, rate: float) -> float:
    """Noise of a plate that nobody loads.

    Parameters
    ----------
    force : (S, 3) array, N
        Of one plate, any axes.
    rate : float
        Hz.

    Returns
    -------
    float
        Largest root mean square of a channel above 20 Hz, N; 0 where the force below, the band of
        a person's load, exceeds 100 N.

    Examples
    --------
    >>> hum = 110.0 * np.sin(2.0 * np.pi * 200.0 * np.arange(1000.0) / 1000.0)
    >>> round(noise_level(np.outer(hum, [0.0, 0.0, 1.0]), 1000.0))
    78
    """
    about = force - np.median(force, axis=0)
    ends = round(rate / LOAD_BAND)  # a filter leans on the very first and last samples
    if rate <= LOAD_BAND_RATE or len(about) <= 4 * ends:
        return 0.0
    slow = low_pass(about, rate, LOAD_BAND)
    if np.abs(slow[ends:-ends]).max() > LOADED:
        return 0.0
    return float(np.sqrt(((about - slow)[ends:-ends] ** 2).mean(axis=0)).max())


def quiet_noise(force: FloatArray, rate: float) -> float:
    """Noise of a plate while nobody stands on it, whoever loads it at other times.

    Parameters
    ----------
    force : (S, 3) array, N
        Of one plate, any axes.
    rate : float
        Hz.

    Returns
    -------
    float
        Largest root mean square of a channel above 20 Hz, N, over the samples at least 50 ms from
        any load; 0 with less than 0.1 s of those.

    Examples
    --------
    >>> hum = 20.0 * np.sin(2.0 * np.pi * 200.0 * np.arange(1000.0) / 1000.0)
    >>> step = np.where(np.arange(1000) > 700, 800.0, 0.0)
    >>> round(quiet_noise(np.outer(hum + step, [0.0, 0.0, 1.0]), 1000.0))
    14
    """
    ends = round(rate / LOAD_BAND)
    if rate <= LOAD_BAND_RATE or len(force) <= 4 * ends:
        return 0.0
    about = force - np.median(force, axis=0)
    slow = low_pass(about, rate, LOAD_BAND)
    quiet = shrunk(np.asarray((slow**2).sum(axis=1) < QUIET**2), ends)
    quiet[:ends] = quiet[-ends:] = False
    if quiet.sum() < QUIET_S * rate:
        return 0.0
    return float(np.sqrt(((about - slow)[quiet] ** 2).mean(axis=0)).max())


def reversed_plates(vertical: FloatArray, rate: float) -> BoolArray:
    """Plates that report the force on the plate instead of the force on the runner.

    Parameters
    ----------
    vertical : (S, P) array, N
        As recorded.
    rate : float
        Hz.

    Returns
    -------
    (P,) array of bool
        The ground never pulls: true where more than 20 ms pull with over 100 N, and more than push.

    Examples
    --------
    >>> vertical = np.column_stack((np.full(100, 700.0), np.full(100, -700.0)))
    >>> reversed_plates(vertical, 1000.0)
    array([False,  True])
    """
    up = (vertical > LOADED).sum(axis=0)
    down = (vertical < -LOADED).sum(axis=0)
    pulled: BoolArray = (down > up) & (down > LOADED_S * rate)
    return pulled


def pulls_and_pushes(vertical: FloatArray, rate: float, largest: float) -> bool:
    """Whether a plate without a known offset is loaded both ways: its level is not zero.

    Parameters
    ----------
    vertical : (S,) array, N
    rate : float
        Hz.
    largest : float
        A level farther from zero than this is no offset that may be removed, N.

    Examples
    --------
    A plate that reads -258 N and on which a runner steps, and one that is only reversed:

    >>> step = np.where(np.arange(1000) < 200, 1500.0, 0.0)
    >>> pulls_and_pushes(step - 258.0, 1000.0, 250.0), pulls_and_pushes(-step, 1000.0, 250.0)
    (True, False)
    """
    if unloaded(vertical, rate, largest).any():
        return False
    both = min(int((vertical > LOADED).sum()), int((vertical < -LOADED).sum()))
    return both > LOADED_S * rate


def turned_over(plates: Plates, which: BoolArray) -> Plates:
    """Plates with all channels of some of them, ``which`` (P,), reversed."""
    sign = np.where(which, -1.0, 1.0)[None, :, None]
    wrench = plates.wrench
    return replace(
        plates, wrench=PlateWrench(sign * wrench.force, sign * wrench.moment, wrench.point)
    )


def without_offsets(plates: Plates, largest: float) -> tuple[Plates, list[FloatArray | None]]:
    """Remove the offset of every plate.

    Parameters
    ----------
    largest : float
        A plate that is never nearer to zero than this is loaded all the time, N.

    Returns
    -------
    plates : Plates
    removed : list of P arrays (S, 6) or None
        Offsets of force and moment; None where a plate is never unloaded and keeps its own.
    """
    channels = np.concatenate((plates.wrench.force, plates.wrench.moment), axis=2)
    removed: list[FloatArray | None] = []
    for plate in range(len(plates.numbers)):
        level = offset(channels[:, plate], plates.vertical[:, plate], plates.rate, largest)
        removed.append(level)
        if level is not None:
            channels[:, plate] -= level
    wrench = PlateWrench(channels[..., :3], channels[..., 3:], plates.wrench.point)
    return replace(plates, wrench=wrench), removed
