"""How far steps on another model differ from those on the study's own: a source of uncertainty.

A model is one choice of joints, segments and tables among several that a laboratory could have
made. How far it moves a number is the root of the mean square deviation of the other models'
numbers from the study's own, as for every other source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.gait.roles import RoleScheme
from aqbio.gait.row_table import TEXTS, joined_rows
from aqbio.gait.spreads import SPREADS
from aqbio.gait.steps import Step
from aqbio.intervals.step_uncertainty import KEY, NAMES, Key
from aqbio.io.tables import with_texts
from aqbio.names import AXES
from aqbio.steps.rows import level_curves, rows_of_level_a, rows_of_levels
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

MODEL = "model"
"""Source of uncertainty beside those that contributions draw."""


def same_steps(own: Iterable[Step], other: Sequence[Step]) -> list[tuple[Step, Step]]:
    """Steps of one foot that begin at about the same time on two models.

    Each model's fit has a clock of its own: steps belong together that begin within half a contact.
    """
    pairs = []
    for step in own:
        alike = [one for one in other if one.side == step.side]
        near = min(alike, key=lambda one: abs(one.touchdown - step.touchdown), default=None)
        if near and abs(near.touchdown - step.touchdown) < 0.5 * step.contact:
            pairs.append((step, near))
    return pairs


def stance_outcomes(
    trial: xr.Dataset, steps: Sequence[Step], curves: xr.Dataset, scheme: RoleScheme
) -> pd.DataFrame:
    """Stance means of every step: the outcomes that have intervals.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    curves : xarray.Dataset
        Of these steps, from `aqbio.gait.curves.step_dataset`.

    Returns
    -------
    DataFrame
        step (0 for the first of the steps), the outcome's names, axis and value.
    """
    levels = rows_of_levels(level_curves(trial, steps, scheme), steps)
    rows = joined_rows([rows_of_level_a(curves, steps), levels], len(steps))
    phase, statistic = TEXTS.index("phase"), TEXTS.index("statistic")
    means = [
        place
        for place, name in enumerate(rows.names)
        if name[phase] == "stance" and name[statistic].endswith(("_mean", "_share"))
    ]
    table = with_texts(rows.some(means).frame(range(len(steps))))
    return table[["step", *KEY, "value"]]


def outcome_differences(own: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Differences between two models over the steps that both have.

    Parameters
    ----------
    own, other : DataFrame
        From :func:`stance_outcomes`, with the same numbers of steps.

    Returns
    -------
    DataFrame
        A row per outcome and axis that both models have: how many ``steps``, means of ``own`` and
        ``other``, ``difference`` of the means (other less own), and ``rms`` of the differences.
    """
    both = own.merge(other, on=["step", *KEY], suffixes=("", "_other"), validate="1:1")
    both = both[np.isfinite(both["value"]) & np.isfinite(both["value_other"])]
    both["square"] = (both["value_other"] - both["value"]) ** 2
    groups = both.groupby(KEY, sort=False, observed=True)
    found: pd.DataFrame = groups.agg(
        steps=("value", "size"), own=("value", "mean"), other=("value_other", "mean"),
        rms=("square", "mean"),
    ).reset_index()  # fmt: skip
    found["difference"] = found["other"] - found["own"]
    found["rms"] = np.sqrt(found["rms"])
    return found


def model_sds(differences: pd.DataFrame) -> dict[Key, FloatArray]:
    """Standard deviation that the choice of the model makes, (3,) by outcome.

    Parameters
    ----------
    differences : DataFrame
        Of a participant, from :func:`outcome_differences`, of all models and trials.

    Returns
    -------
    dict
        (level, source, target, statistic) to the root mean square over models and steps; 0 on an
        axis that has no row.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"level": "A", "source": "arms", "target": "whole_body", "axis": "y",
    ...        "statistic": "momentum_mean", "unit": "kg m2/s"}
    >>> table = pd.DataFrame([row | {"steps": 3, "rms": 1.0}, row | {"steps": 1, "rms": 3.0}])
    >>> model_sds(table)["A", "arms", "whole_body", "momentum_mean"].round(3).tolist()
    [0.0, 1.732, 0.0]
    """
    if differences.empty:
        return {}
    squares = differences.assign(square=differences["steps"] * differences["rms"] ** 2)
    groups = squares.groupby([*NAMES[:4], "axis"], observed=True, sort=False)
    sums = groups[["square", "steps"]].sum().reset_index()
    found: dict[Key, FloatArray] = {}
    for row in sums.to_dict("records"):
        sd = found.setdefault(tuple(str(row[name]) for name in NAMES[:4]), np.zeros(len(AXES)))
        sd[AXES.index(row["axis"])] = np.sqrt(row["square"] / row["steps"])
    return found


def with_model(trial: xr.Dataset, sds: Mapping[Key, FloatArray]) -> xr.Dataset:
    """A trial's contributions with the choice of the model as one more source.

    Parameters
    ----------
    trial : xarray.Dataset
        With ``interval_sd``; without it, and without differences, it stays as it is.
    sds : mapping
        From :func:`model_sds`; an outcome that another model does not have gets 0.
    """
    if not sds or "interval_sd" not in trial:
        return trial
    drawn = trial["interval_sd"]
    keys = zip(*(trial[f"outcome_{name}"].values.tolist() for name in NAMES[:4]), strict=True)
    own = np.array([sds.get(key, np.zeros(len(AXES))) for key in keys])
    dimensions = ("uncertainty_source", "stance_foot", "outcome", "axis")
    known = drawn.transpose(*dimensions).values
    model = np.where(np.isnan(known[:1]), np.nan, own)  # unknown where nothing was drawn
    sources = [*drawn["uncertainty_source"].values.tolist(), MODEL]
    both = (dimensions, np.concatenate([known, model]), drawn.attrs)
    rest = trial.drop_dims("uncertainty_source").assign_coords(uncertainty_source=sources)
    return rest.assign(interval_sd=both)


def curve_sds(pairs: Iterable[tuple[xr.Dataset, xr.Dataset]]) -> dict[str, FloatArray]:
    """Root mean square differences of curves over steps and models, at every percent.

    Parameters
    ----------
    pairs : iterable of pairs of Dataset
        Curves of the same steps on the study's model and on another, from
        `aqbio.gait.curves.step_dataset`.

    Returns
    -------
    dict
        Curves of `aqbio.gait.spreads.SPREADS` to (phase, percent, item, axis), or without item;
        NaN where no two models know the curve. Empty without pairs.
    """
    squares: dict[str, list[FloatArray]] = {name: [] for name in SPREADS}
    for own, other in pairs:
        for name, kept in squares.items():
            kept.append((other[name].values - own[name].values) ** 2)
    sds = {}
    for name, kept in squares.items():
        if kept:
            every = np.concatenate(kept)
            count = np.isfinite(every).sum(axis=0)
            total = np.where(count > 0, np.nansum(every, axis=0), np.nan)
            sds[name] = np.sqrt(total / np.maximum(count, 1))
    return sds
