"""Rows of the long table of contributions: all levels of every step, with their intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.mechanics.gait.roles import RoleScheme
from aqbio.mechanics.gait.steps import Step, phase_mean
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES
from aqbio.stages.levels.rows import level_rows
from aqbio.stages.levels.signals import side_signals
from aqbio.stages.levels.trial_intervals import Deviations, deviations
from aqbio.stages.stepping.curves import StepCurves
from aqbio.stages.stepping.role_signals import JOINT_ROLES

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Row = dict[str, Any]

COLUMNS = (
    "level", "source", "target", "axis", "phase", "statistic", "value", "unit", "low", "high",
    "sd_posterior",
)  # fmt: skip
UNKNOWN = (float("nan"), float("nan"))


def contribution_tables(
    trial: xr.Dataset,
    steps: Sequence[Step],
    curves: Sequence[StepCurves | None],
    scheme: RoleScheme,
) -> Iterator[pd.DataFrame | None]:
    """Give the rows of every step of a trial; None where its motion is not known.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    steps : sequence of Step
    curves : sequence of StepCurves or None
        Of every step.
    scheme : RoleScheme
        That of the curves.
    """
    import pandas as pd

    sides = {step.side for step, own in zip(steps, curves, strict=True) if own is not None}
    signals = {side: side_signals(trial, side, scheme) for side in sides}
    off = {side: deviations(trial, side) for side in sides}
    for step, own in zip(steps, curves, strict=True):
        if own is None:
            yield None
            continue
        rows = [
            *_level_a_rows(own, scheme.items),
            *level_rows(trial, step, scheme, signals[step.side]),
        ]
        told = with_intervals(rows, off[step.side], step.contact)
        told = _with_posterior(told, own.stance_sd, scheme.items)
        yield pd.DataFrame(list(told), columns=list(COLUMNS))


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


def _with_posterior(
    rows: Iterable[Row], known: Mapping[str, FloatArray], items: Sequence[str]
) -> Iterator[Row]:
    """Add the posterior standard deviation of stance means of momentum and its rate."""
    statistics = {"momentum_mean": "momentum", "moment_mean": "rate"}
    for row in rows:
        sd = known.get(statistics.get(row["statistic"], ""))
        own = row["level"] == "A" and row["phase"] == "stance" and row["source"] in items
        row["sd_posterior"] = float("nan")
        if sd is not None and own:
            row["sd_posterior"] = float(sd[items.index(row["source"]), AXES.index(row["axis"])])
        yield row


def _level_a_rows(curves: StepCurves, items: Sequence[str]) -> Iterator[Row]:
    """Long rows of level A and of the joint moments of one step."""
    for phase in range(2):
        if phase == 1 and not np.isfinite(curves.step.flight):
            continue
        vectors = {name: values[phase] for name, values in curves.vectors.items()}
        for index, role in enumerate(items):
            h, rate = (vectors[n][:, index] for n in ("angular_momentum", "angular_momentum_rate"))
            if np.isnan(h).all():  # The model lacks the group, or the scheme merges it.
                continue
            yield from _told(("A", role, "whole_body"), curves.step, phase, h, "momentum")
            yield from _told(("A", role, "whole_body"), curves.step, phase, rate, "moment")
        for source in ("moment_of_force", "free_moment", "residual_moment"):
            moment = vectors[source][:, 0]
            yield from _told(("A", source, "whole_body"), curves.step, phase, moment, "moment")
        for index, role in enumerate(JOINT_ROLES):
            moment = vectors["joint_moment"][:, index]
            if np.isfinite(moment).all():
                key = ("joint", role, "distal_segment")
                yield from _told(key, curves.step, phase, moment, "moment")


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
