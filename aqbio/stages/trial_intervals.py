"""Intervals of one trial: how far stance means may be off, drawn for one contact of each foot.

Body, plates and the places of markers are wrong in the same way in all contacts of a foot in a
trial. How far that moves a stance mean is therefore drawn once for each foot and told as
deviations from the mean; stage steps adds them to the means of all steps of that foot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.mechanics.gait.steps import Contact, Step
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, SIDES
from aqbio.stages.cause_intervals import cause_rows
from aqbio.stages.level_intervals import TrialDraws, interval_rows

if TYPE_CHECKING:
    import xarray as xr

FRAMES = 8
"""Frames of a stance that are drawn."""

MOTIONS = 24
"""Motions recomputed for misplaced markers."""

NAMES = ("level", "source", "target", "statistic", "unit")
Key = tuple[str, str, str, str]
Deviations = dict[Key, dict[str, tuple[float, float]]]


def intervals_dataset(draws: TrialDraws, contacts: Sequence[Contact]) -> xr.Dataset:
    """95 % intervals of levels A, B and C for one contact of each foot, as deviations.

    Parameters
    ----------
    draws : TrialDraws
    contacts : sequence of Contact

    Returns
    -------
    xarray.Dataset
        interval_low, interval_high (stance_foot, outcome, axis), in roles and in the canonical
        frame; NaN for a foot without a whole contact. Without any, an empty dataset.
    """
    import xarray as xr

    steps = list(drawn_steps(contacts, draws.time))
    if not steps:
        return xr.Dataset()
    tables = {step.side: list(_rows(draws, step)) for step in steps}
    outcomes = sorted({_outcome(row) for rows in tables.values() for row in rows})
    place = {outcome: number for number, outcome in enumerate(outcomes)}
    bounds = {
        name: np.full((len(SIDES), len(outcomes), len(AXES)), np.nan) for name in ("low", "high")
    }
    for side, rows in tables.items():
        for row in rows:
            at = (SIDES.index(side), place[_outcome(row)], AXES.index(row["axis"]))
            for name, values in bounds.items():
                values[at] = row[name] - row["value"]
    dimensions = ("stance_foot", "outcome", "axis")
    words = "95 % interval of a stance mean, less the mean"
    return xr.Dataset(
        {
            f"interval_{name}": (
                dimensions,
                values,
                {"units": "that of the outcome", "long_name": words},
            )
            for name, values in bounds.items()
        },
        coords={
            "stance_foot": list(SIDES),
            "axis": list(AXES),
            **{
                f"outcome_{name}": ("outcome", [outcome[column] for outcome in outcomes])
                for column, name in enumerate(NAMES)
            },
        },
    )


def _outcome(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in NAMES)


def drawn_steps(contacts: Sequence[Contact], time: FloatArray) -> Iterator[Step]:
    """Give the whole contact of each foot that is nearest to the middle of the motion."""
    middle = 0.5 * (time[0] + time[-1])
    for side in SIDES:
        whole = [
            one
            for one in contacts
            if one.side == side
            and one.complete
            and one.touchdown >= time[0]
            and one.toe_off <= time[-1]
        ]
        if whole:
            one = min(whole, key=lambda x: abs(0.5 * (x.touchdown + x.toe_off) - middle))
            yield Step(0, one.side, one.touchdown, one.toe_off, np.nan, "incomplete", "")


def _rows(draws: TrialDraws, step: Step) -> Iterator[dict[str, Any]]:
    yield from interval_rows(draws, step)
    yield from cause_rows(draws, step)


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
        (level, source, target, statistic) to axis to (low, high); empty without intervals.
    """
    if "interval_low" not in trial:
        return {}
    own = trial.sel(stance_foot=side)
    low, high = own["interval_low"].values, own["interval_high"].values
    if not np.isfinite(low).all():
        return {}
    names = zip(*(own[f"outcome_{name}"].values.tolist() for name in NAMES[:4]), strict=True)
    return {
        (str(level), str(source), str(target), str(statistic)): {
            axis: (float(low[row, place]), float(high[row, place]))
            for place, axis in enumerate(AXES)
        }
        for row, (level, source, target, statistic) in enumerate(names)
    }
