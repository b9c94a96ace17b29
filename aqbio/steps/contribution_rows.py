"""Rows of the long table of contributions: all levels of every step, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.contributions.step_outcomes import INDETERMINATE_LEVEL
from aqbio.gait.roles import RoleScheme
from aqbio.gait.row_table import RowTable, joined_rows
from aqbio.gait.steps import Side, Step
from aqbio.intervals.step_uncertainty import Key
from aqbio.names import AXES
from aqbio.steps.rows import level_curves, rows_of_level_a, rows_of_levels
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Widths = Mapping[Side, Mapping[Key, Mapping[str, float]]]
"""By stance foot, from `aqbio.intervals.step_uncertainty.half_widths`."""


def contribution_table(
    trial: xr.Dataset,
    steps: Sequence[Step],
    curves: xr.Dataset,
    scheme: RoleScheme,
    half: Widths,
) -> pd.DataFrame:
    """Rows of all steps of a trial, with the number of their step.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    steps : sequence of Step
        Whose motion is known.
    curves : xarray.Dataset
        Of these steps, from `aqbio.gait.curves.step_dataset`, with spreads.
    scheme : RoleScheme
        That of the curves.
    """
    levels = rows_of_levels(level_curves(trial, steps, scheme), steps)
    rows = joined_rows([rows_of_level_a(curves, steps), levels], len(steps))
    rows = told_apart(with_intervals(rows, steps, half))
    sds = {"sd_posterior": _posterior(rows, curves)}
    whole = RowTable(rows.names, rows.told, {**rows.numbers, **sds})
    return whole.frame([step.number for step in steps])


def with_intervals(rows: RowTable, steps: Sequence[Step], half: Widths) -> RowTable:
    """Rows with low and high: stance means, and stance impulses, which are means times contact.

    Examples
    --------
    >>> name = ("B", "leg_push", "pelvis", "y", "stance", "moment_impulse", "N m s")
    >>> rows = RowTable((name,), np.array([[True]]), {"value": np.array([[3.0]])})
    >>> half = {"right": {("B", "leg_push", "pelvis", "moment_mean"): {"y": 10.0}}}
    >>> step = Step(1, "right", 0.0, 0.1, 0.3, "ok", "")
    >>> with_intervals(rows, [step], half).numbers["high"].tolist()
    [[4.0]]
    """
    impulse = np.array([name[5].endswith("_impulse") for name in rows.names], dtype=bool)
    keys = [(*name[:3], name[5].replace("_impulse", "_mean")) for name in rows.names]
    width = {
        side: np.array(
            [
                known.get(key, {}).get(name[3], np.nan) if name[4] == "stance" else np.nan
                for name, key in zip(rows.names, keys, strict=True)
            ]
        )
        for side, known in half.items()
    }
    value = rows.numbers["value"]
    off = np.empty_like(value)
    for place, step in enumerate(steps):
        off[place] = np.where(impulse, step.contact, 1.0) * width[step.side]
    numbers = {**rows.numbers, "low": value - off, "high": value + off}
    return RowTable(rows.names, rows.told, numbers)


def told_apart(rows: RowTable) -> RowTable:
    """Rows with intervals over contact models in place of ankle and toes alone under each.

    Parameters
    ----------
    rows : RowTable
        With low and high, NaN where nothing was drawn.

    Returns
    -------
    RowTable
        At its end rows of level C whose ``value`` is NaN: low and high hold the value and the
        interval under every model.

    Examples
    --------
    >>> name = ("mtp_push", "ground", "y", "stance", "force_mean", "N")
    >>> names = tuple((f"C alone ({model})", *name) for model in ("C2", "C4"))
    >>> numbers = {"value": [[5.0, 1.0]], "low": [[3.0, np.nan]], "high": [[7.0, np.nan]]}
    >>> every = {column: np.array(own) for column, own in numbers.items()}
    >>> told = told_apart(RowTable(names, np.ones((1, 2), dtype=bool), every))
    >>> told.names[0][0], [told.numbers[one].item() for one in numbers]
    ('C', [nan, 1.0, 7.0])
    """
    alike: dict[tuple[str, ...], list[int]] = {}
    for place, name in enumerate(rows.names):
        if name[0].startswith(INDETERMINATE_LEVEL):
            alike.setdefault(name[1:6], []).append(place)
    if not alike:
        return rows
    apart = {place for places in alike.values() for place in places}
    kept = rows.some([place for place in range(len(rows.names)) if place not in apart])
    first = rows.some([places[0] for places in alike.values()])
    ends = [np.stack([own[:, p] for p in alike.values()], axis=1) for own in rows.numbers.values()]
    every = np.concatenate(ends, axis=2)
    known = np.isfinite(every)
    numbers = {
        "value": np.full(first.told.shape, np.nan),
        "low": np.where(known, every, np.inf).min(axis=2),
        "high": np.where(known, every, -np.inf).max(axis=2),
    }
    unknown = ~known.any(axis=2)
    numbers["low"][unknown] = numbers["high"][unknown] = np.nan
    names = tuple(("C", *name[1:]) for name in first.names)
    return joined_rows([kept, RowTable(names, first.told, numbers)], len(rows.told))


def _posterior(rows: RowTable, curves: xr.Dataset) -> FloatArray:
    """(S, R) posterior standard deviation of stance means of momentum and its rate; else NaN."""
    items = curves["group"].values.tolist()
    known = {
        "momentum_mean": curves["stance_momentum_sd"].values,
        "moment_mean": curves["stance_rate_sd"].values,
    }
    found = np.full(rows.told.shape, np.nan)
    for place, (level, source, _, axis, phase, statistic, _) in enumerate(rows.names):
        if (level, phase) == ("A", "stance") and source in items and statistic in known:
            found[:, place] = known[statistic][:, items.index(source), AXES.index(axis)]
    return found
