"""Statistics of body sizes that come with the package."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np

from aqbio.body.people import SizeStatistics


@lru_cache(maxsize=1)
def body_sizes() -> MappingProxyType[str, SizeStatistics]:
    """Logarithms of body sizes by sex, from ANSUR II (`scripts/body_sizes.py`)."""
    content = json.loads(
        files("aqbio.body").joinpath("body_sizes.json").read_text(encoding="utf-8")
    )
    return MappingProxyType(
        {
            sex: SizeStatistics(
                tuple(content["sizes"]),
                np.array(content[sex]["mean"]),
                np.array(content[sex]["covariance"]),
            )
            for sex in ("female", "male")
        }
    )
