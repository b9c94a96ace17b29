"""What single signals of sound recordings look like (`scripts/signal_scales.py`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from aqbio.force_plates.offsets import LevelScales

MAX_CHANGE_RATIO = 50.0
"""A plate that drifts does so by up to this times what sound plates do."""


@lru_cache(maxsize=1)
def _content() -> Any:
    text = files("aqbio.prepare").joinpath("signal_scales.json").read_text(encoding="utf-8")
    return json.loads(text)


@lru_cache(maxsize=1)
def level_scales() -> LevelScales:
    """Changes of the unloaded level of sound plates; none of them drifts."""
    scales = _content()["plate_levels"]
    upward, level = scales["vertical_sd_n"], scales["horizontal_sd_n"]
    sds = np.array([level, upward, level, *(3 * [scales["moment_sd_nm"]])])
    return LevelScales(sds, float(np.log((1 + scales["plates"]) * MAX_CHANGE_RATIO)))


def usual_noise(rate: float) -> float:
    """Largest scatter of sound markers from frame to frame, m, at a rate, Hz.

    Of the cameras, and of motion that slow ones do not resolve.
    """
    scales = _content()["marker_noise"]
    return float(np.hypot(scales["largest_m"], scales["motion_m_s2"] / rate**2))


MAX_SOUND_SHARE = 1e-3
"""Share of sound recordings that may look filtered."""


CHANCE_IMPROVEMENT = 1.0
"""Logarithm by which two parameters, cut-off and order, improve a fit by chance."""


@dataclass(frozen=True, slots=True)
class SpectrumScales:
    """How the spectra of sound recordings differ from what is expected of them."""

    band_sd: float
    """Standard deviation of the logarithm of a band's power."""
    level_sd: float
    """Standard deviation of the logarithm of the power in all bands."""
    tilt_mean: float
    tilt_sd: float
    """tilt_mean, tilt_sd: of the power of the frequency by which the two differ."""
    improvement_mean: float
    """Mean logarithm of how many times better a filter explains sound recordings."""
    improvement_largest: float
    """The largest of them."""
    orders: tuple[int, ...]
    """Orders of Butterworth filters that run forth and back, as laboratories use them."""

    @property
    def improvement_needed(self) -> float:
        """Improvement from which a filter counts: beyond what was seen, rarer than a share."""
        exponential = -float(np.log(MAX_SOUND_SHARE)) * max(
            self.improvement_mean, CHANCE_IMPROVEMENT
        )
        return max(exponential, self.improvement_largest)


@lru_cache(maxsize=2)
def spectrum_scales(signal: str) -> SpectrumScales:
    """Scales of spectra of ``forces`` or of accelerations of ``markers``."""
    scales = _content()[f"{signal}_spectrum"]
    return SpectrumScales(**{x.name: scales[x.name] for x in fields(SpectrumScales)})
