"""How sure stance means are, by source: what stage contributions drew for a foot of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES

if TYPE_CHECKING:
    import xarray as xr

NAMES = ("level", "source", "target", "statistic", "unit")
"""What names an outcome."""

NORMAL_95 = 1.959964
"""Standard deviations on both sides of the mean that hold 95 % of a normal distribution."""

Key = tuple[str, ...]
"""Level, source, target and statistic."""


def stance_sds(trial: xr.Dataset, side: str) -> dict[Key, FloatArray]:
    """Standard deviations of the stance means of one foot, by source of uncertainty.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    side : {"left", "right"}
        The stance foot.

    Returns
    -------
    dict
        (level, source, target, statistic) to the (S, 3) array, in the unit of the outcome; sources
        in the file's order. Empty without draws. An outcome that was not drawn for this foot is
        left out, whatever the others are.
    """
    if "interval_sd" not in trial:
        return {}
    own = trial["interval_sd"].sel(stance_foot=side)
    sds = own.transpose("outcome", "uncertainty_source", "axis").values
    names = zip(*(trial[f"outcome_{name}"].values.tolist() for name in NAMES[:4]), strict=True)
    known = np.isfinite(sds).all(axis=(1, 2))
    return {key: sd for key, sd, good in zip(names, sds, known, strict=True) if good}


def half_widths(sds: Mapping[Key, FloatArray]) -> dict[Key, dict[str, float]]:
    """Half of the 95 % interval by outcome and axis: independent sources add their variances."""
    half = {key: NORMAL_95 * np.sqrt((sd**2).sum(axis=0)) for key, sd in sds.items()}
    return {key: dict(zip(AXES, one.tolist(), strict=True)) for key, one in half.items()}
