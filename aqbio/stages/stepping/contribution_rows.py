"""Rows of the long table of contributions: all levels of every step, with their intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.mechanics.gait.roles import RoleScheme
from aqbio.mechanics.gait.steps import Step, phase_mean
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES
from aqbio.stages.levels.rows import level_rows
from aqbio.stages.levels.signals import side_signals
from aqbio.stages.levels.trial_intervals import Deviations, deviations

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Row = dict[str, Any]

COLUMNS = (
    "level", "source", "target", "axis", "phase", "statistic", "value", "unit", "low", "high",
    "sd_posterior",
)  # fmt: skip
TEXTS = ("level", "source", "target", "axis", "phase", "statistic", "unit")
UNKNOWN = (float("nan"), float("nan"))


def contribution_tables(
    trial: xr.Dataset, steps: Sequence[Step], curves: xr.Dataset, scheme: RoleScheme
) -> Iterator[pd.DataFrame]:
    """Give the rows of every step of a trial.

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

    sides = {step.side for step in steps}
    signals = {side: side_signals(trial, side, scheme) for side in sides}
    off = {side: deviations(trial, side) for side in sides}
    for place, step in enumerate(steps):
        own = curves.isel(step=place)
        rows = [*_level_a_rows(own, step), *level_rows(trial, step, scheme, signals[step.side])]
        told = with_intervals(rows, off[step.side], step.contact)
        found = pd.DataFrame(list(_with_posterior(told, own)), columns=list(COLUMNS))
        yield found.astype(dict.fromkeys(TEXTS, "category"))  # few words, many times


def with_intervals(rows: Iterable[Row], off: Deviations, contact: float) -> Iterator[Row]:
    """Add low and high to rows: stance means, and stance impulses, which are means times contact.

    Parameters
    ----------
    rows : iterable of dict
    off : Deviations
        Of the stance foot.
    contact : float
        Contact time, s.

    Examples
    --------
    >>> row = {"level": "B", "source": "leg_push", "target": "pelvis", "axis": "y",
    ...        "phase": "stance", "statistic": "moment_impulse", "value": 3.0}
    >>> off = {("B", "leg_push", "pelvis", "moment_mean"): {"y": (-5.0, 10.0)}}
    >>> next(with_intervals([row], off, 0.1))["high"]
    4.0
    """
    for row in rows:
        statistic, factor = row["statistic"], 1.0
        if statistic.endswith("_impulse"):
            statistic, factor = statistic.removesuffix("_impulse") + "_mean", contact
        key = (row["level"], row["source"], row["target"], statistic)
        known = row["phase"] == "stance" and key in off
        low, high = off[key][row["axis"]] if known else UNKNOWN
        row["low"], row["high"] = row["value"] + factor * low, row["value"] + factor * high
        yield row


def _with_posterior(rows: Iterable[Row], curves: xr.Dataset) -> Iterator[Row]:
    """Add the posterior standard deviation of stance means of momentum and its rate."""
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


def _level_a_rows(curves: xr.Dataset, step: Step) -> Iterator[Row]:
    """Long rows of level A and of the joint moments of one step."""
    for phase in range(2):
        if phase == 1 and not np.isfinite(step.flight):
            continue
        own = curves.isel(phase=phase)
        momentum, rate = own["angular_momentum"].values, own["angular_momentum_rate"].values
        for index, role in enumerate(curves["group"].values.tolist()):
            if np.isnan(momentum[:, index]).all():  # not in the model, or merged by the scheme
                continue
            key = ("A", role, "whole_body")
            yield from _told(key, step, phase, momentum[:, index], "momentum")
            yield from _told(key, step, phase, rate[:, index], "moment")
        for source in ("moment_of_force", "free_moment", "residual_moment"):
            yield from _told(("A", source, "whole_body"), step, phase, own[source].values, "moment")
        joint_moment = own["joint_moment"].values
        for index, role in enumerate(curves["joint"].values.tolist()):
            moment = joint_moment[:, index]
            if np.isfinite(moment).all():
                yield from _told(("joint", role, "distal_segment"), step, phase, moment, "moment")


def _told(
    key: tuple[str, str, str], step: Step, phase: int, values: FloatArray, quantity: str
) -> Iterator[Row]:
    duration = step.contact if phase == 0 else step.flight
    statistics = {"mean": phase_mean(values), "min": values.min(0), "max": values.max(0)}
    unit = "kg m2/s" if quantity == "momentum" else "N m"
    if quantity == "moment":
        statistics["impulse"] = phase_mean(values) * duration
    level, source, target = key
    if level == "A" and phase == 1:  # What one group gains the others lose: the mean will do.
        statistics = {"mean": statistics["mean"]}
    for statistic, by_axis in statistics.items():
        for axis, value in zip(AXES, by_axis.tolist(), strict=True):
            yield {
                "level": level,
                "source": source,
                "target": target,
                "axis": axis,
                "phase": ("stance", "flight")[phase],
                "statistic": f"{quantity}_{statistic}",
                "value": value,
                "unit": "N m s" if statistic == "impulse" else unit,
            }
