"""Rows of the long table of contributions: all levels of every step, with their intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aqbio.mechanics.gait.roles import RoleScheme
from aqbio.mechanics.gait.steps import Step
from aqbio.names import AXES
from aqbio.steps.outcomes import told_apart
from aqbio.steps.rows import level_curves, rows_of_level_a, rows_of_levels
from aqbio.steps.uncertainty import Key, half_widths, stance_sds

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Row = dict[str, Any]

COLUMNS = (
    "level", "source", "target", "axis", "phase", "statistic", "value", "unit", "low", "high",
    "sd_posterior",
)  # fmt: skip
TEXTS = ("level", "source", "target", "axis", "phase", "statistic", "unit")


def contribution_table(
    trial: xr.Dataset, steps: Sequence[Step], curves: xr.Dataset, scheme: RoleScheme
) -> pd.DataFrame:
    """Rows of all steps of a trial, with the number of their step.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    steps : sequence of Step
        Whose motion is known.
    curves : xarray.Dataset
        Of these steps, from `aqbio.steps.curves.step_dataset`, with spreads.
    scheme : RoleScheme
        That of the curves.
    """
    import pandas as pd

    half = {side: half_widths(stance_sds(trial, side)) for side in {step.side for step in steps}}
    first = rows_of_level_a(curves, steps)
    levels = rows_of_levels(level_curves(trial, steps, scheme), steps)
    found: list[Row] = []
    for number, step in enumerate(steps):
        rows = with_intervals([*first[number], *levels[number]], half[step.side], step.contact)
        rows = _with_posterior(told_apart(rows), curves.isel(step=number))
        found += (row | {"step": step.number} for row in rows)
    table = pd.DataFrame({name: [row[name] for row in found] for name in ("step", *COLUMNS)})
    return table.astype(dict.fromkeys(TEXTS, "category"))  # few words, many times


def with_intervals(
    rows: Iterable[Row], half: Mapping[Key, Mapping[str, float]], contact: float
) -> Iterator[Row]:
    """Rows with low and high: stance means, and stance impulses, which are means times contact.

    Parameters
    ----------
    half : mapping
        Of the stance foot, from `aqbio.steps.uncertainty.half_widths`.
    contact : float
        Contact time, s.

    Examples
    --------
    >>> row = {"level": "B", "source": "leg_push", "target": "pelvis", "axis": "y",
    ...        "phase": "stance", "statistic": "moment_impulse", "value": 3.0}
    >>> half = {("B", "leg_push", "pelvis", "moment_mean"): {"y": 10.0}}
    >>> next(with_intervals([row], half, 0.1))["high"]
    4.0
    """
    for row in rows:
        statistic, factor = row["statistic"], 1.0
        if statistic.endswith("_impulse"):
            statistic, factor = statistic.removesuffix("_impulse") + "_mean", contact
        key = (row["level"], row["source"], row["target"], statistic)
        known = row["phase"] == "stance" and key in half
        off = factor * half[key][row["axis"]] if known else float("nan")
        row["low"], row["high"] = row["value"] - off, row["value"] + off
        yield row


def _with_posterior(rows: Iterable[Row], curves: xr.Dataset) -> Iterator[Row]:
    """Rows with the posterior standard deviation of stance means of momentum and its rate."""
    items = curves["group"].values.tolist()
    known = {
        "momentum_mean": curves["stance_momentum_sd"].values,
        "moment_mean": curves["stance_rate_sd"].values,
    }
    for row in rows:
        sd = known.get(row["statistic"])
        own = row["level"] == "A" and row["phase"] == "stance" and row["source"] in items
        row["sd_posterior"] = float("nan")
        if sd is not None and own:
            row["sd_posterior"] = float(sd[items.index(row["source"]), AXES.index(row["axis"])])
        yield row
