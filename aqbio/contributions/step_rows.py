"""Rows of contributions with their intervals, from the curves of the steps of a trial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.config import Trial
from aqbio.contributions.step_outcomes import (
    BOTH_FEET,
    GROUND,
    INDETERMINATE_LEVEL,
    INERTIAL,
    LEVEL_A,
    LEVEL_B,
    LEVEL_SIGNALS,
    POWER,
    SHARE,
    WHOLE_BODY,
    Outcome,
    Statistic,
    caused,
    level_parts,
    without_idle,
)
from aqbio.contributions.without_plates import ESTIMATED, ESTIMATES
from aqbio.gait.curves import step_dataset
from aqbio.gait.roles import RoleScheme
from aqbio.gait.signals import labels, select_labels
from aqbio.gait.steps import PERCENT, PHASES, Side, Step, interval_mean, propulsion_start
from aqbio.intervals.step_uncertainty import Key
from aqbio.inverse_dynamics.files import MISREAD_CONTACTS
from aqbio.io.dictionary import Columns, columns
from aqbio.names import AXES, NORMAL_95
from aqbio.rotation.level_a import stance_share
from aqbio.vectors import BoolArray, FloatArray, IntArray

# rows of steps ------------------------------------------------------------------------------------


NAME_COLUMNS = ("level", "source", "target", "axis", "phase", "statistic", "unit")
"""Columns that identify a row."""

Name = tuple[str, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class RowTable:
    """R rows of S steps."""

    names: tuple[Name, ...]
    """Tuple of R tuples of `NAME_COLUMNS`."""
    present: BoolArray
    """(S, R) bool array. True for the rows that a step has."""
    numbers: Mapping[str, FloatArray]
    """Mapping. (S, R) arrays by the name of their column."""

    def select(self, chosen: Sequence[int]) -> RowTable:
        """Select rows by index."""
        names = tuple(self.names[index] for index in chosen)
        numbers = {name: values[:, chosen] for name, values in self.numbers.items()}
        return RowTable(names, self.present[:, chosen], numbers)

    def of_step(self, index: int) -> Iterator[dict[str, Any]]:
        """Yield the rows of the step with an index, one by one."""
        numbers_of_step = {name: values[index].tolist() for name, values in self.numbers.items()}
        for row in np.flatnonzero(self.present[index]).tolist():
            texts: dict[str, Any] = dict(zip(NAME_COLUMNS, self.names[row], strict=True))
            yield texts | {name: values[row] for name, values in numbers_of_step.items()}

    def frame(self, steps: Sequence[int]) -> pd.DataFrame:
        """Rows as a data frame, step by step, texts as categories."""
        rows = self.select(np.flatnonzero(self.present.any(axis=0)).tolist())
        step, row = np.nonzero(rows.present)
        columns: dict[str, Any] = {"step": np.array(steps, dtype=int)[step]}
        for position, name in enumerate(NAME_COLUMNS):
            texts = pd.Categorical([row_name[position] for row_name in rows.names])
            columns[name] = pd.Categorical.from_codes(texts.codes[row], dtype=texts.dtype)
        columns |= {name: values[step, row] for name, values in rows.numbers.items()}
        return pd.DataFrame(columns)


def joined_rows(tables: Iterable[RowTable], steps: int) -> RowTable:
    """Concatenate the rows of several tables of the same steps; ``steps`` is their number."""
    all_tables = [RowTable((), np.zeros((steps, 0), dtype=bool), {}), *tables]
    columns = dict.fromkeys(name for table in all_tables for name in table.numbers)
    return RowTable(
        tuple(name for table in all_tables for name in table.names),
        np.concatenate([table.present for table in all_tables], axis=1),
        {
            name: np.concatenate([t.numbers[name] for t in all_tables[1:]], axis=1)
            for name in columns
        },
    )


Row = dict[str, Any]


# levels A, B and C --------------------------------------------------------------------------------


def level_curves(trial: xr.Dataset, steps: Sequence[Step], scheme: RoleScheme) -> xr.Dataset:
    """Levels B and C and the force shares over the steps of a trial, in roles and canonical."""
    active = without_idle(trial)
    return step_dataset(active, steps, None, scheme, LEVEL_SIGNALS, level_parts(active, scheme))


def level_rows(trial: xr.Dataset, step: Step, scheme: RoleScheme | None = None) -> Iterator[Row]:
    """Rows of level B, force shares and level C of one step, in roles, canonical."""
    curves = level_curves(trial, [step], scheme or RoleScheme())
    yield from rows_of_levels(curves, [step]).of_step(0)


def rows_of_level_a(curves: xr.Dataset, steps: Sequence[Step], time: FloatArray) -> RowTable:
    """Rows of level A and of the joint moments of every step, from the step curves.

    With the instants of the frames of which they are curves, (T,) s.
    """
    return joined_rows(_outcome_rows(curves, steps, LEVEL_A, time), len(steps))


def rows_of_levels(curves: xr.Dataset, steps: Sequence[Step]) -> RowTable:
    """Rows of every step, from :func:`level_curves`."""
    levels = _outcome_rows(curves, steps, (*LEVEL_B, *caused(curves)), np.zeros(0))
    parts = (*levels, *_work(curves, steps), _shares(curves, steps))
    return joined_rows(parts, len(steps))


def _outcome_rows(
    curves: xr.Dataset, steps: Sequence[Step], outcomes: Sequence[Outcome], time: FloatArray
) -> Iterator[RowTable]:
    for outcome in outcomes:
        for phase in PHASES:
            if statistics := outcome.statistics(phase):
                sources, values = outcome.values(curves, phase=phase)
                if sources:
                    durations, free = _durations(steps, phase), _free_of_loads(steps, phase, time)
                    statistic_values = [
                        _statistic(statistic, values, durations, free) for statistic in statistics
                    ]
                    names = [_words(outcome, phase, statistic) for statistic in statistics]
                    present = _reported(outcome, values) & np.isfinite(durations)[:, None]
                    yield _rows(
                        outcome, sources, names, np.stack(statistic_values, axis=2), present
                    )
    yield from _impulses(curves, steps, [outcome for outcome in outcomes if outcome.impulse])


def _durations(steps: Sequence[Step], phase: str) -> FloatArray:
    """(S,) durations of a phase, s; NaN of a flight that was not recorded."""
    ends = np.array([step.phase(phase) for step in steps]).reshape(-1, 2)
    return np.asarray(ends[:, 1] - ends[:, 0])


def _free_of_loads(steps: Sequence[Step], phase: str, time: FloatArray) -> BoolArray:
    """(S, 101) bool: samples that are, of a flight, a frame and more from the steps around it.

    Nearer a curve lies between a frame of the flight and one in which the ground pushes.
    """
    free = np.ones((len(steps), len(PERCENT)), dtype=bool)
    if phase == "flight" and len(time) > 1:
        from_end = np.minimum(PERCENT, 1.0 - PERCENT) * _durations(steps, phase)[:, None]
        free = from_end >= time[1] - time[0]
    return free


def _statistic(
    statistic: Statistic, values: FloatArray, durations: FloatArray, free: BoolArray
) -> FloatArray:
    """(step, source, axis) of one phase, from (step, percent, source, axis).

    Extremes are those of samples (step, percent) that are ``free``, NaN without one.
    """
    if statistic in ("min", "max"):
        sign = 1.0 if statistic == "min" else -1.0
        least = np.where(free[..., None, None], sign * values, np.inf).min(axis=1)
        return np.where(np.isinf(least), np.nan, sign * least)
    means = np.asarray(np.trapezoid(values, PERCENT, axis=1))
    return means * durations[:, None, None] if statistic == "impulse" else means


def _reported(outcome: Outcome, values: FloatArray) -> BoolArray:
    """(step, source) bool: signals observed in enough of a phase to be reported."""
    finite = np.isfinite(values)
    if outcome.present_in == "somewhere":  # else not in the model, or merged by the scheme
        return np.asarray(finite.any(axis=(1, 3)))
    if outcome.present_in == "throughout":
        return np.asarray(finite.all(axis=(1, 3)))
    return np.ones((len(values), values.shape[2]), dtype=bool)


def _impulses(
    curves: xr.Dataset, steps: Sequence[Step], outcomes: Sequence[Outcome]
) -> Iterator[RowTable]:
    """Impulses before and after the fore-aft force changes sign."""
    turns: list[float] = []
    for outcome in outcomes:
        sources, values = outcome.values(curves, phase="stance")
        chosen = [n for n, source in enumerate(sources) if source in (outcome.pushing or sources)]
        if not chosen:
            continue
        if not turns:
            forward = select_labels(curves, "ground_force", phase="stance", axis="x")
            turns = [
                propulsion_start(force) if np.isfinite(force).all() else np.nan for force in forward
            ]
        present, pushing = np.ones((len(steps), len(chosen)), dtype=bool), values[:, :, chosen]
        for part in ("braking", "propulsion"):
            impulses = np.full((len(steps), len(chosen), 1, len(AXES)), np.nan)
            for index, (step, turn) in enumerate(zip(steps, turns, strict=True)):
                if np.isnan(turn):  # no fore-aft force was measured
                    continue
                start, end = (0.0, turn) if part == "braking" else (turn, 1.0)
                mean = interval_mean(pushing[index], start, end)
                impulses[index, :, 0] = mean * (end - start) * step.contact
            names = [_words(outcome, part, "impulse")]
            chosen_sources = [sources[n] for n in chosen]
            yield _rows(outcome, chosen_sources, names, impulses, present, outcome.impulse)


def _shares(curves: xr.Dataset, steps: Sequence[Step]) -> RowTable:
    """Shares of the stance impulse of the ground reaction force."""
    sources, values = SHARE.values(curves, phase="stance")
    total = select_labels(curves, BOTH_FEET, phase="stance")
    shares = np.empty((len(steps), len(sources), 1, len(AXES)))
    for index in range(len(steps)):
        shares[index, :, 0] = stance_share(values[index], total[index])
    present = np.ones((len(steps), len(sources)), dtype=bool)
    return _rows(SHARE, sources, [_words(SHARE, "stance", "share")], shares, present)


def _work(curves: xr.Dataset, steps: Sequence[Step]) -> Iterator[RowTable]:
    """Positive and negative work of every joint in a phase."""
    joints = labels(curves, "joint")
    for phase in PHASES:
        power, durations = select_labels(curves, POWER, phase=phase), _durations(steps, phase)
        present = np.repeat(np.isfinite(durations)[:, None], len(joints), axis=1)
        for sign, part in (("positive", np.maximum), ("negative", np.minimum)):
            work = np.trapezoid(part(power, 0.0), PERCENT, axis=1) * durations[:, None]
            words = (phase, f"work_{sign}", "J")
            names = tuple(("B", joint, WHOLE_BODY, "all", *words) for joint in joints)
            yield RowTable(names, present, {"value": work})


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
    present: BoolArray,
    axes: str = "",
) -> RowTable:
    """Rows of (step, source, words, axis) values, where (step, source) are present."""
    chosen = [axis for axis in AXES if axis in (axes or outcome.axes)]
    names = tuple(
        (outcome.level, source, outcome.target, axis, *phase_words)
        for source in sources
        for phase_words in words
        for axis in chosen
    )
    count = len(words) * len(chosen)
    flat_values = values[..., [AXES.index(axis) for axis in chosen]].reshape(
        len(values), len(names)
    )
    return RowTable(names, np.repeat(present, count, axis=1), {"value": flat_values})


# contributions with their intervals ---------------------------------------------------------------


Widths = Mapping[Side, Mapping[Key, Mapping[str, float]]]
"""By stance foot, from `aqbio.intervals.step_uncertainty.half_widths`."""


def contribution_table(
    trial: xr.Dataset, steps: Sequence[Step], curves: xr.Dataset, scheme: RoleScheme, half: Widths
) -> pd.DataFrame:
    """Rows of all steps of a trial whose motion is known, with the number of their step."""
    levels = rows_of_levels(level_curves(trial, steps, scheme), steps)
    rows = joined_rows([rows_of_level_a(curves, steps, trial["time"].values), levels], len(steps))
    misread = sum(float(trial.attrs.get(name, 0.0)) for name in MISREAD_CONTACTS)
    rows = span_contact_models(with_intervals(rows, steps, half, misread))
    if "estimated_force" in trial:
        rows = joined_rows([rows, estimated_rows(trial, steps)], len(steps))
    sds = {"sd_posterior": _posterior(rows, curves)}
    table = RowTable(rows.names, rows.present, {**rows.numbers, **sds})
    return table.frame([step.number for step in steps])


def estimated_rows(trial: xr.Dataset, steps: Sequence[Step]) -> RowTable:
    """Mean force and impulses of a trial without plates, with their intervals."""
    touchdowns = trial["contact_touchdown"].values
    contact_index = [int(np.nanargmin(np.abs(touchdowns - step.touchdown))) for step in steps]
    value = trial["estimated_force"].values[contact_index]
    off = NORMAL_95 * trial["estimated_force_sd"].values[contact_index]
    names = tuple(
        (ESTIMATED, "ground", WHOLE_BODY, axis, phase, statistic, unit)
        for axis, phase, statistic, unit in ESTIMATES.values()
    )
    numbers = {"value": value, "low": value - off, "high": value + off}
    return RowTable(names, np.isfinite(value), numbers)


def with_intervals(
    rows: RowTable, steps: Sequence[Step], half: Widths, misread: float = 0.0
) -> RowTable:
    """Rows with low and high: stance means, and stance impulses, which are means times contact.

    Contacts that look longer or shorter than they are by ``misread``, s, have other means, and the
    same impulses and shares.
    """
    impulse = np.array([name[5].endswith("_impulse") for name in rows.names], dtype=bool)
    is_mean = np.array([name[5].endswith("_mean") for name in rows.names], dtype=bool)
    keys = [(*name[:3], name[5].replace("_impulse", "_mean")) for name in rows.names]
    width = {
        side: np.array(
            [
                widths.get(key, {}).get(name[3], np.nan) if name[4] == "stance" else np.nan
                for name, key in zip(rows.names, keys, strict=True)
            ]
        )
        for side, widths in half.items()
    }
    value = rows.numbers["value"]
    contact = np.array([step.contact for step in steps])[:, None]
    off = np.array([width[step.side] for step in steps]).reshape(value.shape)
    value, off = _with_shares(rows.names, value, np.where(impulse, contact, 1.0) * off)
    off = np.hypot(off, np.where(is_mean, misread / contact, 0.0) * value)
    numbers = {**rows.numbers, "value": value, "low": value - off, "high": value + off}
    return RowTable(rows.names, rows.present, numbers)


def _with_shares(
    names: Sequence[Name], value: FloatArray, off: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Values and half intervals (S, R), of shares NaN where the whole force may be zero.

    A part p over the whole f to first order, ``(dp - p / f df) / f``; plates err in f alone, all
    other sources in p alone. Where the 95 % interval of f holds 0, that of the share is unbounded
    (Fieller 1954).
    """
    rows = {name[:6]: row for row, name in enumerate(names)}
    shares = [name for name in rows if name[5] == SHARE.name("share")]
    share = [rows[name] for name in shares]
    part = [rows[(*name[:5], INERTIAL.name("mean"))] for name in shares]
    whole = [
        rows[(GROUND.level, GROUND.signal, GROUND.target, *name[3:5], GROUND.name("mean"))]
        for name in shares
    ]
    value, off = value.copy(), off.copy()
    ratio, force = value[:, share], np.abs(value[:, whole])
    off[:, share] = np.hypot(off[:, part], ratio * off[:, whole]) / force
    value[:, share] = np.where(force <= off[:, whole], np.nan, ratio)
    return value, off


def span_contact_models(rows: RowTable) -> RowTable:
    """Replace separate rows of ankle and toes per contact model by intervals over all models.

    These rows of level C have no ``value``: low and high span the values and intervals of all
    models.
    """
    rows_by_outcome: dict[tuple[str, ...], list[int]] = {}
    for row, name in enumerate(rows.names):
        if name[0].startswith(INDETERMINATE_LEVEL):
            rows_by_outcome.setdefault(name[1:6], []).append(row)
    if not rows_by_outcome:
        return rows
    contact_model_rows = {index for indices in rows_by_outcome.values() for index in indices}
    other_rows = rows.select(
        [index for index in range(len(rows.names)) if index not in contact_model_rows]
    )
    first = rows.select([indices[0] for indices in rows_by_outcome.values()])
    by_column = [
        np.stack([values[:, indices] for indices in rows_by_outcome.values()], axis=1)
        for values in rows.numbers.values()
    ]
    bounds = np.concatenate(by_column, axis=2)
    finite = np.isfinite(bounds)
    numbers = {
        "value": np.full(first.present.shape, np.nan),
        "low": np.where(finite, bounds, np.inf).min(axis=2),
        "high": np.where(finite, bounds, -np.inf).max(axis=2),
    }
    unknown = ~finite.any(axis=2)
    numbers["low"][unknown] = numbers["high"][unknown] = np.nan
    names = tuple(("C", *name[1:]) for name in first.names)
    return joined_rows([other_rows, RowTable(names, first.present, numbers)], len(rows.present))


def _posterior(rows: RowTable, curves: xr.Dataset) -> FloatArray:
    """(S, R) posterior standard deviation of stance means of momentum and its rate; else NaN."""
    items = curves["group"].values.tolist()
    by_statistic = {
        "momentum_mean": curves["stance_momentum_sd"].values,
        "moment_mean": curves["stance_rate_sd"].values,
    }
    sds = np.full(rows.present.shape, np.nan)
    for row, (level, source, _, axis, phase, statistic, _) in enumerate(rows.names):
        if (level, phase) == ("A", "stance") and source in items and statistic in by_statistic:
            sds[:, row] = by_statistic[statistic][:, items.index(source), AXES.index(axis)]
    return sds


# columns ------------------------------------------------------------------------------------------


def step_table(items: Sequence[str]) -> Columns:
    """Columns of the table of steps for groups, sides and total of a `RoleScheme`."""
    return columns("steps", group=items)


STEPS = step_table(RoleScheme().items)
"""Columns under the declared roles."""

CONTRIBUTIONS = columns("contributions")
QUALITY = columns("quality")
UNCERTAINTY = {"trial_id": CONTRIBUTIONS["trial_id"]} | {
    name: words
    for name, words in columns("uncertainty").items()
    if name not in ("participant_id", "phase")
}
"""Of a participant's stance means, by trial and foot."""

FINDINGS = columns("findings")
TRIALS = columns("trials")


# a trial cut into steps ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TrialSteps:
    """Steps of one trial."""

    participant_id: str
    trial: Trial
    data: xr.Dataset
    marker_error: xr.DataArray
    steps: tuple[Step, ...]
    """All of them."""
    curves: xr.Dataset
    """From `aqbio.gait.curves.step_dataset`, with spreads, of those whose motion is known."""
    rows: pd.DataFrame
    """Of contributions, of every step of the curves."""
    half: Widths
    source: Path
    contributions_entry: Mapping[str, Any]
    """Measures of stage contributions: closure, agreement with OpenSim."""
    clock_offset: float = 0.0
    """Delay of the plates' clock relative to the markers' clock, which steps and data use, s."""
    postures: Mapping[str, FloatArray] = field(default_factory=dict)
    """Measures of posture and their standard deviations, (S,), of the steps of the curves."""

    @property
    def tracked(self) -> bool:
        """True if markers were compared with the model; false for trials given as joint angles."""
        return not self.trial.coordinates_file

    @property
    def numbers(self) -> list[int]:
        """Numbers of the steps that have curves."""
        return [int(number) for number in self.curves["number"].values]

    def curve_indices(self, *statuses: str) -> IntArray:
        """Indices into the curves of steps whose contacts have one of these statuses."""
        numbers = [step.number for step in self.steps if step.status in statuses]
        return np.flatnonzero(np.isin(self.numbers, numbers))
