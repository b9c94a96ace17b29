"""How sure stance means are, by source: what stage contributions drew for a foot of a trial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.contributions.levels import PRIMARY
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, NORMAL_95

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

NAMES = ("level", "source", "target", "statistic", "unit")
"""What names an outcome."""

Key = tuple[str, ...]
"""Level, source, target and statistic of an outcome, and where it is told its unit."""


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


def uncertainty_budget(trials: Iterable[tuple[xr.Dataset, Mapping[str, int]]]) -> pd.DataFrame:
    """Standard deviation and shares of its variance by source, as means over steps.

    Parameters
    ----------
    trials : iterable of (Dataset, mapping)
        Outputs of stage contributions, and of each how many steps the left and the right foot have.

    Returns
    -------
    DataFrame
        A row for every outcome and axis that anything moves, without level C of the contact models
        that are not primary: level, source, target, statistic, unit, axis, steps, sd,
        ``share_<source of uncertainty>``. Errors that are alike in all steps do not average out:
        sd is the mean over steps, and shares are of the mean variance.
    """
    import pandas as pd

    key, parts, shares = [*NAMES, "axis"], [], []
    for trial, steps in trials:
        if "interval_sd" not in trial:
            continue
        shares = [f"share_{one}" for one in trial["uncertainty_source"].values]
        outcomes = np.stack([trial[f"outcome_{name}"].values.astype(str) for name in NAMES], axis=1)
        for side, count in steps.items():
            sd = trial["interval_sd"].sel(stance_foot=side)
            variance = sd.transpose("outcome", "axis", "uncertainty_source").values ** 2
            rows = pd.DataFrame(np.repeat(outcomes, len(AXES), axis=0), columns=list(NAMES))
            rows["axis"] = np.tile(list(AXES), len(outcomes))
            rows["steps"], rows["sd"] = count, count * np.sqrt(variance.sum(axis=2)).ravel()
            rows[shares] = count * variance.reshape(len(rows), -1)
            other = rows["level"].str.startswith("C") & (rows["level"] != f"C ({PRIMARY})")
            parts.append(rows[rows["sd"].gt(0.0) & ~other])
    if not parts:
        return pd.DataFrame(columns=[*key, "steps", "sd"])
    table = pd.concat(parts).groupby(key, sort=False).sum().reset_index()
    table["sd"] /= table["steps"]
    table[shares] = table[shares].div(table[shares].sum(axis=1), axis=0)
    return table
