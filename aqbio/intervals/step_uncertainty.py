"""How sure stance means are, by source: what stage contributions drew for a foot of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from aqbio.contributions.levels import PRIMARY
from aqbio.gait.labels import picked
from aqbio.names import AXES, NORMAL_95
from aqbio.vectors import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

NAMES = ("level", "source", "target", "statistic", "unit")
"""What names an outcome."""

KEY = [*NAMES, "axis"]
"""Columns that name a row of a budget."""

ROUND_OFF = 1e-12
"""A standard deviation below this part of the foot's largest is none: what mechanics forces to be
zero, as draws round it."""

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
    own = picked(trial, "interval_sd", stance_foot=side)
    dimensions = [one for one in trial["interval_sd"].dims if one != "stance_foot"]
    order = [dimensions.index(one) for one in ("outcome", "uncertainty_source", "axis")]
    sds = own.transpose(order)
    names = zip(*(trial[f"outcome_{name}"].values.tolist() for name in NAMES[:4]), strict=True)
    known: BoolArray = np.asarray(np.isfinite(sds).all(axis=(1, 2)))
    return {key: sd for key, sd, good in zip(names, sds, known, strict=True) if good}


def half_widths(sds: Mapping[Key, FloatArray]) -> dict[Key, dict[str, float]]:
    """Half of the 95 % interval by outcome and axis: independent sources add their variances."""
    if not sds:
        return {}
    half = NORMAL_95 * np.sqrt((np.stack(list(sds.values())) ** 2).sum(axis=1))
    axes = (dict(zip(AXES, one, strict=True)) for one in half.tolist())
    return dict(zip(sds, axes, strict=True))


def trial_budget(trial: xr.Dataset, steps: Mapping[str, int]) -> pd.DataFrame:
    """Standard deviation and shares of its variance by source, of one step of each foot.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    steps : mapping
        How many steps the left and the right foot have.

    Returns
    -------
    DataFrame
        A row for every foot, outcome and axis that anything moves, without level C of the contact
        models that are not primary: level, source, target, statistic, unit, axis, steps, sd,
        ``share_<source of uncertainty>``.
    """
    import pandas as pd

    parts = []
    if "interval_sd" in trial:
        shares = [f"share_{one}" for one in trial["uncertainty_source"].values]
        names = [trial[f"outcome_{name}"].values.astype(str) for name in NAMES]
        primary = ~np.char.startswith(names[0], "C") | (names[0] == f"C ({PRIMARY})")
        for side, count in steps.items():
            sd = trial["interval_sd"].sel(stance_foot=side)
            variance = sd.transpose("outcome", "axis", "uncertainty_source").values ** 2
            told = variance.sum(axis=2)
            moved = told > ROUND_OFF**2 * np.nanmax(told, initial=0.0)
            outcome, axis = np.nonzero(moved & primary[:, None])
            own = variance[outcome, axis]
            whole = own.sum(axis=1)
            rows = pd.DataFrame(
                {name: one[outcome] for name, one in zip(NAMES, names, strict=True)}
            )
            rows["axis"] = np.array(AXES)[axis]
            rows["steps"], rows["sd"] = count, np.sqrt(whole)
            rows[shares] = own / whole[:, None]
            parts.append(rows)
    return pd.concat(parts) if parts else pd.DataFrame(columns=[*KEY, "steps", "sd"])


def uncertainty_budget(trials: pd.DataFrame) -> pd.DataFrame:
    """Standard deviation and shares of its variance by source, as means over steps.

    Parameters
    ----------
    trials : DataFrame
        Rows of `trial_budget`, of any number of trials.

    Returns
    -------
    DataFrame
        A row for every outcome and axis, with the columns that were told. Errors that are alike
        in all steps do not average out: sd is the mean over steps, and shares are of the mean
        variance.
    """
    if trials.empty:
        return trials
    told = [str(name) for name in trials if str(name).startswith("share_")]
    shares = [name for name in told if trials[name].notna().any()]
    sums = trials[KEY].assign(steps=trials["steps"], sd=trials["steps"] * trials["sd"])
    sums[shares] = trials[shares].mul(trials["steps"] * trials["sd"] ** 2, axis=0)
    table = sums.groupby(KEY, sort=False, observed=True).sum().reset_index()
    table["sd"] /= table["steps"]
    table[shares] = table[shares].div(table[shares].sum(axis=1), axis=0)
    return table
