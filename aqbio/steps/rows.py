"""Rows of contributions, from the curves of the steps of a trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.contributions.level_a import stance_share
from aqbio.contributions.step_outcomes import (
    BOTH_FEET,
    LEVEL_A,
    LEVEL_B,
    LEVEL_SIGNALS,
    POWER,
    SHARE,
    WHOLE,
    Outcome,
    Statistic,
    caused,
    level_parts,
    without_idle,
)
from aqbio.gait.curves import step_dataset
from aqbio.gait.labels import labels, picked
from aqbio.gait.roles import RoleScheme
from aqbio.gait.row_table import RowTable, joined_rows
from aqbio.gait.stance import interval_mean, propulsion_start
from aqbio.gait.steps import PERCENT, PHASES, Step
from aqbio.names import AXES
from aqbio.vectors import BoolArray, FloatArray

if TYPE_CHECKING:
    import xarray as xr

Row = dict[str, Any]


def level_curves(trial: xr.Dataset, steps: Sequence[Step], scheme: RoleScheme) -> xr.Dataset:
    """Levels B and C and the force shares over the steps of a trial, in roles and canonical.

    Parameters
    ----------
    trial : xarray.Dataset
        With the variables of `aqbio.contributions.dataset.levels_dataset` and
        ``ground_force``.
    """
    active = without_idle(trial)
    return step_dataset(active, steps, None, scheme, LEVEL_SIGNALS, level_parts(active, scheme))


def level_rows(trial: xr.Dataset, step: Step, scheme: RoleScheme | None = None) -> Iterator[Row]:
    """Level B, force shares and level C of one step, in roles and in the canonical frame.

    Parameters
    ----------
    trial : xarray.Dataset
        As of :func:`level_curves`.
    scheme : RoleScheme, optional
        Without it the declared roles.

    Yields
    ------
    dict
        level, source, target, axis, phase, statistic, value, unit. Phases: stance and flight
        (means; level C in stance only), braking and propulsion (impulses).
    """
    curves = level_curves(trial, [step], scheme or RoleScheme())
    yield from rows_of_levels(curves, [step]).of_step(0)


def rows_of_level_a(curves: xr.Dataset, steps: Sequence[Step]) -> RowTable:
    """Rows of level A and of the joint moments of every step, from the step curves."""
    return joined_rows(_every(curves, steps, LEVEL_A), len(steps))


def rows_of_levels(curves: xr.Dataset, steps: Sequence[Step]) -> RowTable:
    """Rows of every step, from :func:`level_curves`."""
    levels = _every(curves, steps, (*LEVEL_B, *caused(curves)))
    parts = (*levels, *_work(curves, steps), _shares(curves, steps))
    return joined_rows(parts, len(steps))


def _every(
    curves: xr.Dataset, steps: Sequence[Step], outcomes: Sequence[Outcome]
) -> Iterator[RowTable]:
    for outcome in outcomes:
        for phase in PHASES:
            if statistics := outcome.statistics(phase):
                sources, values = outcome.values(curves, phase=phase)
                if sources:
                    durations = _durations(steps, phase)
                    found = [_statistic(one, values, durations) for one in statistics]
                    names = [_words(outcome, phase, one) for one in statistics]
                    told = _reported(outcome, values) & np.isfinite(durations)[:, None]
                    yield _rows(outcome, sources, names, np.stack(found, axis=2), told)
    yield from _impulses(curves, steps, [one for one in outcomes if one.impulse])


def _durations(steps: Sequence[Step], phase: str) -> FloatArray:
    """(S,) durations of a phase, s; NaN of a flight that was not recorded."""
    ends = np.array([step.phase(phase) for step in steps]).reshape(-1, 2)
    return np.asarray(ends[:, 1] - ends[:, 0])


def _statistic(statistic: Statistic, values: FloatArray, durations: FloatArray) -> FloatArray:
    """(step, source, axis) of one phase, from (step, percent, source, axis)."""
    if statistic == "min":
        return np.asarray(values.min(axis=1))
    if statistic == "max":
        return np.asarray(values.max(axis=1))
    means = np.asarray(np.trapezoid(values, PERCENT, axis=1))
    return means * durations[:, None, None] if statistic == "impulse" else means


def _reported(outcome: Outcome, values: FloatArray) -> BoolArray:
    """(step, source): what is known enough in a phase to be reported."""
    known = np.isfinite(values)
    if outcome.known == "somewhere":  # else not in the model, or merged by the scheme
        return np.asarray(known.any(axis=(1, 3)))
    if outcome.known == "throughout":
        return np.asarray(known.all(axis=(1, 3)))
    return np.ones((len(values), values.shape[2]), dtype=bool)


def _impulses(
    curves: xr.Dataset, steps: Sequence[Step], outcomes: Sequence[Outcome]
) -> Iterator[RowTable]:
    """Impulses before and after the fore-aft force turns."""
    turns: list[float] = []
    for outcome in outcomes:
        sources, values = outcome.values(curves, phase="stance")
        chosen = [n for n, one in enumerate(sources) if one in (outcome.pushing or sources)]
        if not chosen:
            continue
        if not turns:
            forward = picked(curves, "ground_force", phase="stance", axis="x")
            turns = [propulsion_start(one) for one in forward]
        told, pushing = np.ones((len(steps), len(chosen)), dtype=bool), values[:, :, chosen]
        for part in ("braking", "propulsion"):
            found = np.empty((len(steps), len(chosen), 1, len(AXES)))
            for index, (step, turn) in enumerate(zip(steps, turns, strict=True)):
                start, end = (0.0, turn) if part == "braking" else (turn, 1.0)
                mean = interval_mean(pushing[index], start, end)
                found[index, :, 0] = mean * (end - start) * step.contact
            names = [_words(outcome, part, "impulse")]
            own = [sources[one] for one in chosen]
            yield _rows(outcome, own, names, found, told, outcome.impulse)


def _shares(curves: xr.Dataset, steps: Sequence[Step]) -> RowTable:
    """Shares of the stance impulse of the ground reaction force."""
    sources, values = SHARE.values(curves, phase="stance")
    whole = picked(curves, BOTH_FEET, phase="stance")
    shares = np.empty((len(steps), len(sources), 1, len(AXES)))
    for index in range(len(steps)):
        shares[index, :, 0] = stance_share(values[index], whole[index])
    told = np.ones((len(steps), len(sources)), dtype=bool)
    return _rows(SHARE, sources, [_words(SHARE, "stance", "share")], shares, told)


def _work(curves: xr.Dataset, steps: Sequence[Step]) -> Iterator[RowTable]:
    """Work of every joint in a phase: what it adds, and what it takes away."""
    joints = labels(curves, "joint")
    for phase in PHASES:
        power, durations = picked(curves, POWER, phase=phase), _durations(steps, phase)
        told = np.repeat(np.isfinite(durations)[:, None], len(joints), axis=1)
        for sign, part in (("positive", np.maximum), ("negative", np.minimum)):
            work = np.trapezoid(part(power, 0.0), PERCENT, axis=1) * durations[:, None]
            words = (phase, f"work_{sign}", "J")
            names = tuple(("B", joint, WHOLE, "all", *words) for joint in joints)
            yield RowTable(names, told, {"value": work})


Words = tuple[str, str, str]
"""Phase, statistic and unit."""


def _words(outcome: Outcome, phase: str, statistic: Statistic) -> Words:
    unit = f"{outcome.unit} s" if statistic == "impulse" else outcome.unit
    return phase, outcome.name(statistic), unit


def _rows(
    outcome: Outcome,
    sources: Sequence[str],
    words: Sequence[Words],
    values: FloatArray,
    told: BoolArray,
    axes: str = "",
) -> RowTable:
    """Rows of (step, source, words, axis) values, where (step, source) are told."""
    chosen = [axis for axis in AXES if axis in (axes or outcome.axes)]
    names = tuple(
        (outcome.level, source, outcome.target, axis, *own)
        for source in sources
        for own in words
        for axis in chosen
    )
    count = len(words) * len(chosen)
    own = values[..., [AXES.index(axis) for axis in chosen]].reshape(len(values), len(names))
    return RowTable(names, np.repeat(told, count, axis=1), {"value": own})
