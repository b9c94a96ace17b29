"""Loads of force plates by frequency: low-passed loads, and the noise of unloaded plates."""

from __future__ import annotations

import numpy as np

from aqbio.filters import low_pass
from aqbio.force_plates.forces import LOADED_PLATE_N, PlateWrench
from aqbio.signals import shrunk
from aqbio.vectors import BoolArray, FloatArray

LOAD_BAND_HZ = 20.0
"""A person's load is below this frequency, Hz."""

MIN_NOISE_RATE_HZ = 100.0
"""Noise is computed in recordings with a higher sampling rate than this, Hz."""

MAX_UNLOADED_FORCE_N = 30.0
"""Largest force of an unloaded plate, N."""

MIN_QUIET_S = 0.1
"""Shortest time from which noise is computed, s."""


def noise_level(force: FloatArray, rate: float) -> float:
    """Largest RMS (N) of an unloaded plate's channel above 20 Hz; 0 if it is loaded."""
    slow, fast, inner = _bands(force, rate)
    if not inner.any() or np.abs(slow[inner]).max() > LOADED_PLATE_N:
        return 0.0
    return float(np.sqrt((fast[inner] ** 2).mean(axis=0)).max())


def quiet_noise(force: FloatArray, rate: float) -> float:
    """Largest RMS (N) of a channel above 20 Hz, at least 50 ms from any load; 0 in under 0.1 s."""
    slow, fast, inner = _bands(force, rate)
    quiet = (
        shrunk(
            np.asarray((slow**2).sum(axis=1) < MAX_UNLOADED_FORCE_N**2), round(rate / LOAD_BAND_HZ)
        )
        & inner
    )
    if not quiet.any() or quiet.sum() < MIN_QUIET_S * rate:
        return 0.0
    return float(np.sqrt((fast[quiet] ** 2).mean(axis=0)).max())


def _bands(force: FloatArray, rate: float) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Force (S, 3) about its median below and above 20 Hz, and the samples not near an end."""
    ends = round(rate / LOAD_BAND_HZ)  # a filter is unreliable at the first and last samples
    inner = np.zeros(len(force), dtype=np.bool_)
    about = force - np.median(force, axis=0)
    if rate <= MIN_NOISE_RATE_HZ or len(force) <= 4 * ends:
        return about, np.zeros_like(about), inner
    inner[ends:-ends] = True
    slow = low_pass(about, rate, LOAD_BAND_HZ)
    return slow, about - slow, inner


def low_passed(wrench: PlateWrench, rate: float, cutoff: float) -> PlateWrench:
    """The loads low-passed; a filter is linear, so force and moment stay one wrench."""
    channels = low_pass(np.concatenate((wrench.force, wrench.moment), axis=2), rate, cutoff)
    return PlateWrench(channels[..., :3], channels[..., 3:], wrench.point)
