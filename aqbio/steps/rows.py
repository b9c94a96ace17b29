"""Rows of contributions, from the curves of the steps of a trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.mechanics.contributions.shares import stance_share
from aqbio.mechanics.gait.roles import RoleScheme
from aqbio.mechanics.gait.stance import interval_mean, propulsion_start
from aqbio.mechanics.gait.steps import PERCENT, PHASES, Step, phase_mean
from aqbio.mechanics.vectors import BoolArray, FloatArray
from aqbio.names import AXES
from aqbio.steps.curves import step_dataset
from aqbio.steps.labels import picked
from aqbio.steps.outcomes import (
    BOTH_FEET,
    LEVEL_A,
    LEVEL_B,
    LEVEL_SIGNALS,
    POWER,
    SHARE,
    Outcome,
    Statistic,
    caused,
    level_parts,
    without_idle,
)

if TYPE_CHECKING:
    import xarray as xr

Row = dict[str, Any]


def level_curves(trial: xr.Dataset, steps: Sequence[Step], scheme: RoleScheme) -> xr.Dataset:
    """Levels B and C and the force shares over the steps of a trial, in roles and canonical.

    Parameters
    ----------
    trial : xarray.Dataset
        With the variables of `aqbio.stages.contributions.b_and_c.levels_dataset` and
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
    yield from rows_of_levels(curves, [step])[0]


def rows_of_level_a(curves: xr.Dataset, steps: Sequence[Step]) -> list[list[Row]]:
    """Rows of level A and of the joint moments of every step, from the step curves."""
    return _every(curves, steps, LEVEL_A)


def rows_of_levels(curves: xr.Dataset, steps: Sequence[Step]) -> list[list[Row]]:
    """Rows of every step, from :func:`level_curves`."""
    rows = _every(curves, steps, (*LEVEL_B, *caused(curves)))
    for own, work, shares in zip(rows, _work(curves, steps), _shares(curves, steps), strict=True):
        own += [*work, *shares]
    return rows


def _every(
    curves: xr.Dataset, steps: Sequence[Step], outcomes: Sequence[Outcome]
) -> list[list[Row]]:
    rows: list[list[Row]] = [[] for _ in steps]
    for outcome in outcomes:
        sources, values = outcome.values(curves)
        if not len(sources):
            continue
        statistics = _statistics(outcome, values, steps)
        reported = _reported(outcome, values)
        for index, step in enumerate(steps):
            for phase, name in enumerate(PHASES[: 1 + bool(np.isfinite(step.flight))]):
                for number, source in enumerate(sources):
                    if not reported[index, phase, number]:
                        continue
                    for statistic in outcome.flight if phase else outcome.stance:
                        unit = f"{outcome.unit} s" if statistic == "impulse" else outcome.unit
                        words = (name, outcome.name(statistic), unit)
                        known = statistics[statistic][index, phase, number].tolist()
                        rows[index] += _rows(outcome, source, words, known)
    for outcome in [one for one in outcomes if one.impulse]:
        _add_impulses(rows, outcome, curves, steps)
    return rows


def _statistics(
    outcome: Outcome, values: FloatArray, steps: Sequence[Step]
) -> dict[Statistic, FloatArray]:
    """(step, phase, source, axis) by statistic, from (step, phase, percent, source, axis)."""
    means = np.asarray(np.trapezoid(values, PERCENT, axis=2))
    durations = np.array([(step.contact, step.flight) for step in steps])
    found: dict[Statistic, FloatArray] = {
        "mean": means,
        "impulse": means * durations[:, :, None, None],
    }
    if {"min", "max"} & {*outcome.stance, *outcome.flight}:
        found |= {"min": values.min(axis=2), "max": values.max(axis=2)}
    return found


def _reported(outcome: Outcome, values: FloatArray) -> BoolArray:
    """(step, phase, source): what is known enough to be reported."""
    known = np.isfinite(values)
    if outcome.known == "somewhere":  # else not in the model, or merged by the scheme
        return np.asarray(known.any(axis=(2, 4)))
    if outcome.known == "throughout":
        return np.asarray(known.all(axis=(2, 4)))
    return np.ones((*values.shape[:2], values.shape[3]), dtype=bool)


def _add_impulses(
    rows: list[list[Row]], outcome: Outcome, curves: xr.Dataset, steps: Sequence[Step]
) -> None:
    """Impulses before and after the fore-aft force turns."""
    sources, values = outcome.values(curves)
    if not len(sources):
        return
    forward = picked(curves, "ground_force", phase="stance", axis="x")
    chosen = [n for n, one in enumerate(sources) if one in (outcome.pushing or sources)]
    for index, step in enumerate(steps):
        turn = propulsion_start(forward[index])
        stance = values[index, 0][:, chosen]
        for part, start, end in (("braking", 0.0, turn), ("propulsion", turn, 1.0)):
            impulses = interval_mean(stance, start, end) * (end - start) * step.contact
            words = (part, outcome.name("impulse"), f"{outcome.unit} s")
            for number, impulse in zip(chosen, impulses.tolist(), strict=True):
                rows[index] += _rows(outcome, sources[number], words, impulse, outcome.impulse)


def _shares(curves: xr.Dataset, steps: Sequence[Step]) -> Iterator[list[Row]]:
    """Shares of the stance impulse of the ground reaction force."""
    sources, values = SHARE.values(curves)
    whole = picked(curves, BOTH_FEET, phase="stance")
    words = ("stance", SHARE.name("share"), SHARE.unit)
    for index in range(len(steps)):
        shares = stance_share(values[index, 0], whole[index]).tolist()
        rows = zip(sources, shares, strict=True)
        yield [row for source, share in rows for row in _rows(SHARE, source, words, share)]


def _work(curves: xr.Dataset, steps: Sequence[Step]) -> Iterator[list[Row]]:
    """Work of every joint in a phase: what it adds, and what it takes away."""
    joints, power = [str(one) for one in curves["joint"].values], curves[POWER].values
    for index, step in enumerate(steps):
        rows = []
        for phase, name in enumerate(PHASES[: 1 + bool(np.isfinite(step.flight))]):
            duration = step.flight if phase else step.contact
            for sign, part in (("positive", np.maximum), ("negative", np.minimum)):
                work = phase_mean(part(power[index, phase], 0.0)) * duration
                rows += [
                    _row("B", joint, "whole_body", "all", (name, f"work_{sign}", "J"), value)
                    for joint, value in zip(joints, work.tolist(), strict=True)
                ]
        yield rows


Words = tuple[str, str, str]
"""Phase, statistic and unit."""


def _rows(
    outcome: Outcome, source: str, words: Words, values: Sequence[float], axes: str = ""
) -> Iterator[Row]:
    for axis, value in zip(AXES, values, strict=True):
        if axis in (axes or outcome.axes):
            yield _row(outcome.level, source, outcome.target, axis, words, value)


def _row(level: str, source: str, target: str, axis: str, words: Words, value: float) -> Row:
    phase, statistic, unit = words
    return {
        "level": level,
        "source": source,
        "target": target,
        "axis": axis,
        "phase": phase,
        "statistic": statistic,
        "value": value,
        "unit": unit,
    }
