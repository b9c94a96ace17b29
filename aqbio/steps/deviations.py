"""Intervals of stance means as deviations from them, by outcome and axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aqbio.names import AXES

if TYPE_CHECKING:
    import xarray as xr

NAMES = ("level", "source", "target", "statistic", "unit")

Key = tuple[str, str, str, str]

Deviations = dict[Key, dict[str, tuple[float, float]]]


def deviations(trial: xr.Dataset, side: str) -> Deviations:
    """Give what to add to a stance mean for its interval, by outcome and axis.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    side : {"left", "right"}
        The stance foot.

    Returns
    -------
    dict
        (level, source, target, statistic) to axis to (low, high); empty without intervals. An
        outcome that was not drawn for this foot is left out, whatever the others are.
    """
    if "interval_low" not in trial:
        return {}
    outcomes = [f"outcome_{name}" for name in NAMES[:4]]
    own = trial[["interval_low", "interval_high", *outcomes]].sel(stance_foot=side)
    low, high = own["interval_low"].values, own["interval_high"].values
    names = zip(*(own[name].values.tolist() for name in outcomes), strict=True)
    return {
        (str(level), str(source), str(target), str(statistic)): {
            axis: (float(low[row, place]), float(high[row, place]))
            for place, axis in enumerate(AXES)
        }
        for row, (level, source, target, statistic) in enumerate(names)
        if np.isfinite(low[row]).all() and np.isfinite(high[row]).all()
    }
