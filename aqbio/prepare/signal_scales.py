"""What single signals of sound recordings look like (`scripts/signal_scales.py`)."""

from __future__ import annotations

import json
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
