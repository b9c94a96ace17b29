"""The gait library: tuned parameters, and solved gaits of the demo study's athletes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import aqbio
from aqbio.virtual.parameters import GaitParameters, read_presets

DATA = Path(aqbio.__file__).parents[1] / "data" / "virtual_sprinters"
"""The demo study."""


@lru_cache(maxsize=2)
def presets(condition: str = "normal") -> dict[float, GaitParameters]:
    """Tuned parameters by speed of the reference body, m/s.

    Parameters
    ----------
    condition : {"normal", "restricted_arms"}
    """
    return read_presets((DATA / f"presets_{condition}.json").read_text(encoding="utf-8"))
