"""Draws of a study: the stance means of every step in every world, from the files of its stages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.config import Participant
from aqbio.gait.step_files import CURVES, MODELS, participant_rows, step_file
from aqbio.intervals.sources import EVENTS, MODEL, MOTION
from aqbio.intervals.step_states import (
    DRAWN_VARIABLES,
    PARTIAL_SOURCES,
    Arrays,
    foot_states,
    model_states,
    outcome_keys,
    sampled_outcomes,
    with_step_motion,
)
from aqbio.intervals.step_uncertainty import KEYS, NAMES, VERTICAL, Key, stance_statistics
from aqbio.intervals.worlds import (
    LABORATORY,
    PERSON,
    SCOPE_SHARES,
    SCOPES,
    SESSION,
    STEP,
    TRIAL,
    WORLDS,
    source_weights,
)
from aqbio.io.atomic import file_state
from aqbio.io.netcdf import read_arrays, read_some
from aqbio.io.study import Study
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.vectors import FloatArray

LEVELS = ("A", "joint", "B", "force", "H1")
"""Levels that are drawn unless others are named: all but level C, six times as many numbers."""

STEP_COORDINATES = (
    "participant_id", "person", "session", "trial_id", "number", "side", "condition", "speed_mps",
)  # fmt: skip
"""Coordinates of a step."""


@lru_cache(maxsize=32)
def _arrays(path: Path, _state: tuple[int, ...]) -> Arrays:
    """Draws of a trial, read once while its file is in this state."""
    return read_arrays(path, DRAWN_VARIABLES)


def study_draws(
    study: Study,
    participants: Sequence[str] | None = None,
    levels: Collection[str] = LEVELS,
    scopes: Collection[str] = SCOPES,
    statistics: Collection[str] = (),
    *,
    with_values: bool = True,
) -> xr.Dataset:
    """Stance means of all kept steps, and their deviations in every world.

    World k is the same in every trial and participant: the same error of the tables, of a person's
    body, of a session's markers and plates. A difference, slope or index of numbers in world k is
    that of their values ``value + deviation`` in world k; `aqbio.intervals.worlds.interval` has its
    interval.

    Parameters
    ----------
    study : Study
        Whose stages contributions and multiverse are finished.
    participants : sequence of str, optional
        All by default.
    levels : collection of str
        Levels of the outcomes, as in the rows of contributions; "H1" is the number of a
        stance behind that hypothesis, at "C (C2)" what joint moments cause.
    scopes : collection of str
        Errors that vary over worlds (`aqbio.intervals.worlds.SCOPES`); others are 0. `SYSTEMATIC`
        ones, without those of steps, which are in their scatter, for `mean_over_steps`.
    statistics : collection of str
        Statistics of the outcomes, all for none.
    with_values : bool
        False leaves ``value`` NaN and reads deviations only.

    Returns
    -------
    Dataset
        ``value`` (step, outcome, axis), ``deviation`` (draw, step, outcome, axis), of mean 0 over
        draws, in roles and in the canonical frame; NaN where a number is missing or was not drawn.
        Coordinates of step: `STEP_COORDINATES`; of outcome: level, source, target, statistic, unit.
    """
    names = participants or [participant.participant_id for participant in study.participants]
    parts = [
        part
        for name in names
        for part in _participant_draws(
            study,
            name,
            frozenset(levels),
            frozenset(scopes),
            frozenset(statistics),
            with_values=with_values,
        )
    ]
    outcomes = sorted({key for part in parts for key in part.outcomes})
    steps: dict[str, list[Any]] = {name: [] for name in STEP_COORDINATES}
    count = sum(len(part.steps) for part in parts)
    value = np.full((count, len(outcomes), len(AXES)), np.nan)
    deviation = np.full((WORLDS, *value.shape), np.nan, dtype=np.float32)
    first = 0
    for part in parts:
        rows = slice(first, first + len(part.steps))
        columns = [outcomes.index(key) for key in part.outcomes]
        value[rows, columns] = part.value
        deviation[:, rows, columns] = part.deviation
        for name, values in steps.items():
            values += part.steps[name].tolist()
        first = rows.stop
    dimensions = ("step", "outcome", "axis")
    return xr.Dataset(
        {"value": (dimensions, value), "deviation": (("draw", *dimensions), deviation)},
        coords={
            **{name: ("step", values) for name, values in steps.items()},
            **{name: ("outcome", [key[n] for key in outcomes]) for n, name in enumerate(NAMES)},
            "axis": list(AXES),
        },
    )


@dataclass(frozen=True, slots=True)
class DrawnSteps:
    """Draws of the N steps of one trial."""

    steps: pd.DataFrame
    """Rows of `STEP_COORDINATES`."""
    outcomes: tuple[Key, ...]
    """Tuple of O tuples of `aqbio.intervals.step_uncertainty.NAMES`."""
    value: FloatArray
    """(N, O, 3) array."""
    deviation: FloatArray
    """(K, N, O, 3) array."""


def _participant_draws(
    study: Study,
    participant_id: str,
    levels: frozenset[str],
    scopes: frozenset[str],
    statistics: frozenset[str],
    *,
    with_values: bool,
) -> Iterator[DrawnSteps]:
    """Yield the draws of every trial of a participant that has kept steps with draws."""
    rows = participant_rows(study, participant_id, "contributions")
    rows = rows[rows["level"].isin(levels if with_values else ()) & (rows["phase"] == "stance")]
    steps = participant_rows(study, participant_id, "steps")
    steps = steps[steps["status"] != "rejected"]
    person = study.participant(participant_id)
    steps = steps.assign(
        person=person.person or participant_id, session=person.session or "", number=steps["step"]
    )
    has_indices = with_values and "H1" in levels
    indices = _statistics(study, participant_id) if has_indices else {}
    table = participant_rows(study, participant_id, MODELS)
    models = model_states(table[table["level"].isin(levels)], statistics)
    for trial_id, trial_steps in steps.groupby("trial_id", sort=False, observed=True):
        path = study.folder(participant_id, "contributions") / f"{trial_id}.nc"
        data = _arrays(path, file_state(path))
        if "state_deviation" not in data:
            continue
        chosen = {
            key: n
            for n, key in enumerate(outcome_keys(data))
            if key[0] in levels and (not statistics or key[3] in statistics)
        }
        if not chosen:
            continue
        outcomes = tuple(chosen)
        trial_rows = rows[rows["trial_id"] == trial_id]
        missing = np.full(len(AXES), np.nan)
        trial_models = {
            side: [[deviations.get(key, missing) for key in outcomes] for deviations in by_model]
            for side, by_model in models.get(str(trial_id), models.get("", {})).items()
        }
        draw = partial(_drawn, seed=study.settings.random.seed, scopes=scopes)
        columns = list(chosen.values())
        sampled, feet = sampled_outcomes(data, columns), dict[str, dict[str, FloatArray]]()
        foot_draws: dict[str, FloatArray] = {}
        draws = []
        for number, side, touchdown in zip(
            *(trial_steps[name].tolist() for name in ("step", "side", "touchdown_fitted_s")),
            strict=True,
        ):
            bearers = error_bearers(person, str(trial_id), number)
            if side not in feet:
                feet[side] = foot_states(data, side, columns)
            states = with_step_motion(feet[side], data, touchdown, sampled)
            by_step = {source: states.pop(source) for source in BY_STEP if source in states}
            if side not in foot_draws:
                if side in trial_models:
                    states[MODEL] = np.array(trial_models[side])
                foot_draws[side] = draw(states, bearers)
            draws.append(foot_draws[side] + draw(by_step, bearers))
        yield DrawnSteps(
            trial_steps[list(STEP_COORDINATES)],
            outcomes,
            _values(trial_rows, trial_steps, outcomes, str(trial_id), indices),
            np.stack(draws, axis=1),
        )


def error_bearers(
    participant: Participant, trial_id: str, step: int | None = None
) -> dict[str, str]:
    """Name of the bearer of each scope of errors of a trial or of one of its steps."""
    name = participant.participant_id
    bearers = {
        LABORATORY: f"{participant.laboratory or ''}\t{participant.session or ''}",
        PERSON: str(participant.person or name),
        SESSION: name,
        TRIAL: f"{name}\t{trial_id}",
    }
    return bearers if step is None else bearers | {STEP: f"{name}\t{trial_id}\t{step}"}


BY_STEP = (MOTION, EVENTS)
"""Sources whose deviations differ between the steps of a foot."""


def _drawn(
    states: Mapping[str, FloatArray],
    bearers: Mapping[str, str],
    *,
    seed: int,
    scopes: Collection[str],
) -> FloatArray:
    """Deviations (K, O, 3) in every world from states of several sources."""
    parts = (
        _deviation(source, deviations, seed, bearers, scopes)
        for source, deviations in states.items()
    )
    total: FloatArray = np.asarray(sum(parts, start=np.zeros(1)))
    return total


def _deviation(
    source: str, states: FloatArray, seed: int, bearers: Mapping[str, str], scopes: Collection[str]
) -> FloatArray:
    """Deviations (K, O, 3) in every world from states (J, O, 3) of one source.

    A number that was computed in the first n states only (level C) has the first n weights.
    """
    count = len(states)
    finite = np.isfinite(states)
    number = finite.sum(axis=0)
    if not set(SCOPE_SHARES[source]) & set(scopes):
        still = 0.0 if source in PARTIAL_SOURCES else np.where(number > 0, 0.0, np.nan)
        return np.broadcast_to(still, (WORLDS, *states.shape[1:]))
    weights = source_weights(source, count, seed, bearers, scopes)
    scale = np.sqrt(count / np.maximum(number, 1))
    filled = np.where(finite, states, 0.0).reshape(count, -1)
    deviation: FloatArray = (weights @ filled).reshape(WORLDS, *states.shape[1:]) * scale
    return deviation if source in PARTIAL_SOURCES else np.where(number > 0, deviation, np.nan)


def _values(
    rows: pd.DataFrame,
    steps: pd.DataFrame,
    outcomes: Sequence[Key],
    trial_id: str,
    statistics: dict[tuple[str, int], FloatArray],
) -> FloatArray:
    """Values (N, O, 3) of a trial's steps; NaN without a row."""
    numbers = {number: index for index, number in enumerate(steps["step"].tolist())}
    outcome_index = {key: index for index, key in enumerate(outcomes)}
    values = np.full((len(numbers), len(outcomes), len(AXES)), np.nan)
    names = zip(*(rows[name].astype(str).tolist() for name in NAMES), strict=True)
    cells = zip(*(rows[name].tolist() for name in ("axis", "step", "value")), strict=True)
    for key, (axis, step, value) in zip(names, cells, strict=True):
        if key in outcome_index and step in numbers:
            values[numbers[step], outcome_index[key], AXES.index(axis)] = value
    for number, index in numbers.items():
        by_name = statistics.get((trial_id, int(number)))
        if by_name is not None:
            for key, statistic in zip(KEYS.values(), by_name.tolist(), strict=True):
                if key in outcome_index:
                    values[index, outcome_index[key]] = [0.0, statistic, 0.0]
    return values


def _statistics(study: Study, participant_id: str) -> dict[tuple[str, int], FloatArray]:
    """Statistics of every stance (`KEYS`), by trial and step; empty without all of the roles."""
    path = step_file(study, participant_id, CURVES)
    curves = read_some(path, ["angular_momentum"], axis=VERTICAL, phase="stance")
    if not set(ROLE_GROUPS) <= set(curves["group"].values.tolist()):
        return {}
    vertical = curves["angular_momentum"].sel(group=list(ROLE_GROUPS)).values
    steps = zip(curves["trial_id"].values.tolist(), curves["number"].values.tolist(), strict=True)
    return {
        (str(trial), int(number)): statistics
        for (trial, number), statistics in zip(steps, stance_statistics(vertical), strict=True)
    }
