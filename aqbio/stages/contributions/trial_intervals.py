"""Intervals of one trial: how far stance means may be off, drawn for one contact of each foot.

Masses, plates and the body's shape are wrong in the same way in all contacts of a foot in a trial.
 How far that moves a stance mean is therefore drawn once for each foot and told as
deviations from the mean; stage steps adds them to the means of all steps of that foot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.mechanics.gait.steps import Contact, Status, Step
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, SIDES
from aqbio.stages.contributions.cause_intervals import drawn_stances
from aqbio.stages.contributions.curve_intervals import curves_sd_dataset, phase_frames
from aqbio.stages.contributions.intervals import cause_rows, interval_rows
from aqbio.stages.contributions.trial_draws import SPLINE_REACH, TrialDraws, outcomes_of
from aqbio.steps.deviations import NAMES

if TYPE_CHECKING:
    import xarray as xr

FRAMES = 8
"""Frames of a stance that are drawn."""

MOTIONS = 24
"""Motions recomputed on other bodies."""


def intervals_dataset(
    draws: TrialDraws, contacts: Sequence[Contact], maximum_flight: float
) -> xr.Dataset:
    """95 % intervals of levels A, B and C for one contact of each foot, as deviations.

    Parameters
    ----------
    draws : TrialDraws
    contacts : sequence of Contact
    maximum_flight : float
        A longer time between two contacts, s, has one between them that was not measured.

    Returns
    -------
    xarray.Dataset
        interval_low, interval_high (stance_foot, outcome, axis), in roles and in the canonical
        frame; NaN for a foot without a whole contact. Without any, an empty dataset. And the
        variables of `aqbio.stages.contributions.curve_intervals.curves_sd_dataset`.
    """
    import xarray as xr

    steps = list(drawn_steps(contacts, draws.time, maximum_flight))
    if not steps:
        return xr.Dataset()
    phases = {step: phase_frames(draws, step) for step in steps}
    every = iter(outcomes_of(draws, [frames for some in phases.values() for frames in some]))
    drawn = {step: [(frames, next(every)) for frames in some] for step, some in phases.items()}
    causes = drawn_stances(draws, steps)
    tables = {
        step.side: [*interval_rows(draws, step, stance), *cause_rows(draws, step, causes[step])]
        for step, ((_, stance), *_) in drawn.items()
    }
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
    means = xr.Dataset(
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
    curves = curves_sd_dataset(
        draws,
        {step: [(frames, found) for frames, (found, _) in some] for step, some in drawn.items()},
    )
    return means.merge(curves, join="exact")


def _outcome(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in NAMES)


def drawn_steps(
    contacts: Sequence[Contact], time: FloatArray, maximum_flight: float
) -> Iterator[Step]:
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
            following = _next_touchdown(one, contacts, maximum_flight)
            status: Status = "ok" if np.isfinite(following) else "incomplete"
            yield Step(0, one.side, one.touchdown, one.toe_off, following, status, "")


def drawn_window(contacts: Sequence[Contact], time: FloatArray, maximum_flight: float) -> slice:
    """Frames of the contacts that are drawn and their flights, with room for splines.

    Parameters
    ----------
    contacts : sequence of Contact
    time : (T,) array, s
    maximum_flight : float, s
    """
    steps = list(drawn_steps(contacts, time, maximum_flight))
    if not steps:
        return slice(0, len(time))
    ends = [np.nanmax([step.toe_off, step.next_touchdown]) for step in steps]
    first = int(np.searchsorted(time, min(step.touchdown for step in steps)))
    last = int(np.searchsorted(time, max(ends))) + 1
    return slice(max(first - SPLINE_REACH, 0), min(last + SPLINE_REACH, len(time)))


def _next_touchdown(contact: Contact, contacts: Sequence[Contact], maximum_flight: float) -> float:
    """Next touchdown of the other foot; NaN where it was not measured."""
    later = [one for one in contacts if one.touchdown >= contact.toe_off]
    following = min(later, key=lambda one: one.touchdown, default=None)
    if following is None or following.side == contact.side:
        return float("nan")
    flight = following.touchdown - contact.toe_off
    return following.touchdown if flight <= maximum_flight else float("nan")
