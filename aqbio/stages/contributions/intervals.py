"""Intervals of a step's outcomes: draws of masses, plates and bodies, reduced as the step is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.mechanics.gait.mirror import rotation_about_vertical
from aqbio.mechanics.gait.roles import RoleScheme
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.intervals.drawn_causes import DrawnCauses
from aqbio.mechanics.intervals.uncertainty import DrawnOutcomes, interval
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES
from aqbio.stages.contributions.cause_intervals import drawn_stances
from aqbio.stages.contributions.drawn import caused_dataset, drawn_dataset
from aqbio.stages.contributions.trial_draws import TrialDraws, frame_outcomes
from aqbio.steps.outcomes import (
    LEVEL_A,
    LEVEL_B,
    SHARE,
    Outcome,
    caused,
    level_parts,
    without_idle,
)
from aqbio.steps.signals import by_anatomy, in_roles, signs

if TYPE_CHECKING:
    import xarray as xr

Row = dict[str, Any]

NORMAL_95 = 1.959964
"""Standard deviations on both sides of the mean that hold 95 % of a normal distribution."""

CAUSED = ("induced_ground_force", "induced_momentum_rate", "induced_pelvis_acceleration")


def interval_rows(
    draws: TrialDraws, step: Step, outcomes: tuple[DrawnOutcomes, DrawnOutcomes] | None = None
) -> Iterator[Row]:
    """95 % intervals of stance means of levels A and B and of the force shares of one step.

    Parameters
    ----------
    draws : TrialDraws
    step : Step
    outcomes : pair of DrawnOutcomes, optional
        Of the stance's frames, from `frame_outcomes`, where they are known already.

    Yields
    ------
    dict
        level, source, target, axis, phase, statistic, unit as in
        `aqbio.steps.rows`, and
        value (undisturbed, of the same frames), low, high, sd.
    """
    frames = draws.frames(step)
    told = (*LEVEL_A, *LEVEL_B, SHARE)
    names = {one.signal for one in told} | {"ground_force"}
    found, base = (
        stance_means(drawn_dataset(draws, one, frames), step, draws.roles, sorted(names))
        for one in outcomes or frame_outcomes(draws, frames)
    )
    found, base = (
        one.assign({SHARE.signal: one[SHARE.signal] / _ground_force(draws, step, one)})
        for one in (found, base)
    )
    for key, values, own in _means(told, found, base):
        yield from _rows(key, own, interval(values), values.std(axis=0))


def cause_rows(
    draws: TrialDraws, step: Step, drawn: Mapping[str, DrawnCauses] | None = None
) -> Iterator[Row]:
    """95 % intervals of stance means of level C of one step, under every contact model.

    Parameters
    ----------
    draws : TrialDraws
    step : Step
    drawn : mapping, optional
        Of the step, from `drawn_stances`, where they are known already.

    Yields
    ------
    dict
        As from :func:`interval_rows`; low and high are 1.96 standard deviations from the
        undisturbed value.
    """
    causes = drawn or drawn_stances(draws, [step])[step]
    frames = draws.frames(step)
    induced = {model: draws.found.induced[model] for model in causes}
    own = {
        model: DrawnCauses(
            sources=one.sources,
            ground_force=one.force[None, frames].sum(axis=3),
            group_rate=one.group_rate[None, frames],
            pelvis_acceleration=one.pelvis_acceleration[None, frames],
        )
        for model, one in induced.items()
    }
    found, base = (
        stance_means(without_idle(caused_dataset(draws, one, frames)), step, draws.roles, CAUSED)
        for one in (causes, own)
    )
    for key, values, value in _means(tuple(caused(found)), found, base):
        spread = values.std(axis=0, ddof=1)
        yield from _rows(
            key, value, (value - NORMAL_95 * spread, value + NORMAL_95 * spread), spread
        )


def stance_means(
    data: xr.Dataset, step: Step, scheme: RoleScheme, names: Sequence[str]
) -> xr.Dataset:
    """Means over time of the frames of a stance, in the roles of its step and canonical.

    Parameters
    ----------
    data : xarray.Dataset
        Of these frames, ground axes along the travel.
    step : Step
    scheme : RoleScheme
    names : sequence of str
        Signals; those that the data lack are left out.

    Notes
    -----
    By the trapezoidal rule: few frames of a stance know what draws change about its mean, the mean
    itself they do not (`aqbio.stages.contributions.trial_draws.Sampling`).
    """
    import xarray as xr

    parts, time = level_parts(data, scheme), data["time"].values
    means: dict[str, tuple[tuple[str, ...], FloatArray]] = {}
    for name in names:
        if (signal := by_anatomy(data, name)) is None:
            continue
        dimensions, values = in_roles(signal, parts, step.side, step.side)
        mean = time_mean(values, time, dimensions.index("time"))
        kept = tuple(one for one in dimensions if one != "time")
        means[name] = (kept, mean * signs(name) if step.side == "left" else mean)
    used = {dimension for kept, _ in means.values() for dimension in kept}
    labels = {name: own.values for name, own in data.coords.items()}
    labels |= {name: np.array(own) for _, (name, own, _) in parts.items()}
    return xr.Dataset(means, coords={n: v for n, v in labels.items() if n in used})


def time_mean(values: FloatArray, time: FloatArray, axis: int) -> FloatArray:
    """Mean along an axis by the trapezoidal rule."""
    mean: FloatArray = np.trapezoid(values, time, axis=axis) / (time[-1] - time[0])
    return mean


Key = tuple[str, str, str, str, str]
"""Level, source, target, statistic and unit of a row."""


def _means(
    outcomes: Sequence[Outcome], found: xr.Dataset, base: xr.Dataset
) -> Iterator[tuple[Key, FloatArray, FloatArray]]:
    """Draws (K, 3) and undisturbed value (3,) of every outcome."""
    for one in outcomes:
        (sources, drawn), (_, own) = one.values(found), one.values(base)
        for place, source in enumerate(sources):
            key = (one.level, source, one.target, one.name(one.stance[0]), one.unit)
            yield key, drawn[:, place], own[0, place]


def _ground_force(draws: TrialDraws, step: Step, means: xr.Dataset) -> xr.DataArray:
    """(draw, axis) stance mean of the ground force: measured over all frames, times drawn gains.

    Its fore-aft mean is a small difference of braking and propulsion, which few frames miss.
    """
    import xarray as xr

    force, inside = draws.found.mechanics.balance.force.sum(axis=1), draws.frames(step)
    whole = slice(inside.start, inside.stop)
    few, every = (time_mean(force[one], draws.time[one], 0) for one in (inside, whole))
    along = rotation_about_vertical(-draws.heading) @ every
    canonical = along * signs("ground_force") if step.side == "left" else along
    gain = np.sqrt((means["ground_force"] ** 2).sum("axis")) / np.linalg.norm(few)
    mean: xr.DataArray = gain * xr.DataArray(canonical, dims="axis")
    return mean


def _rows(
    key: Key, value: FloatArray, bounds: tuple[FloatArray, FloatArray], sd: FloatArray
) -> Iterator[Row]:
    """Give the rows of one outcome, one an axis; every array (3,)."""
    level, source, target, statistic, unit = key
    for axis, name in enumerate(AXES):
        yield {
            "level": level,
            "source": source,
            "target": target,
            "axis": name,
            "phase": "stance",
            "statistic": statistic,
            "unit": unit,
            "value": float(value[axis]),
            "low": float(bounds[0][axis]),
            "high": float(bounds[1][axis]),
            "sd": float(sd[axis]),
        }
