"""Draws of a study: the stance means of every step in every world, from the files of its stages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.gait.step_files import CURVES, MODELS, participant_rows, step_file
from aqbio.intervals.second_model import model_factors
from aqbio.intervals.sources import CONTACT, EVENTS, MODEL, MOTION, SOURCES
from aqbio.intervals.step_uncertainty import KEYS, NAMES, VERTICAL, Key, stance_statistics
from aqbio.intervals.worlds import (
    LABORATORY,
    PERSON,
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
from aqbio.names import AXES, ROLE_GROUPS, SIDES
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

LEVELS = ("A", "joint", "B", "force", "H1", "H2")
"""Levels that are drawn unless others are named: all but level C, six times as many numbers."""

STEP_COORDINATES = (
    "participant_id", "person", "session", "trial_id", "number", "side", "condition", "speed_mps",
)  # fmt: skip
"""Coordinates of a step."""

DRAWN_VARIABLES = (
    "state_deviation", "state_source", *(f"outcome_{name}" for name in NAMES),
    "motion_deviation", "stance_touchdown", *(f"motion_outcome_{name}" for name in NAMES),
)  # fmt: skip

Arrays = dict[str, Any]
"""Arrays of a trial's file by name."""


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
        Levels of the outcomes, as in the rows of contributions; "H1" and "H2" are the statistics of
        a stance behind these hypotheses, at "C (C2)" what joint moments cause.
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
    import xarray as xr

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
    has_indices = with_values and levels & {"H1", "H2"}
    indices = _statistics(study, participant_id) if has_indices else {}
    models = _model_deviations(study, participant_id, levels)
    for trial_id, trial_steps in steps.groupby("trial_id", sort=False, observed=True):
        path = study.folder(participant_id, "contributions") / f"{trial_id}.nc"
        data = _arrays(path, file_state(path))
        if "state_deviation" not in data:
            continue
        chosen = {
            key: n
            for n, key in enumerate(_keys(data))
            if key[0] in levels and (not statistics or key[3] in statistics)
        }
        outcomes = tuple(chosen)
        trial_rows = rows[rows["trial_id"] == trial_id]
        others = models.get(str(trial_id), models.get("", []))
        unknown = np.full(len(AXES), np.nan)
        model = [[by_key.get(key, unknown) for key in outcomes] for by_key in others]
        draw = partial(_drawn, seed=study.settings.random.seed, scopes=scopes)
        of_foot: dict[str, FloatArray] = {}
        draws = []
        for number, side, touchdown in zip(
            *(trial_steps[name].tolist() for name in ("step", "side", "touchdown_fitted_s")),
            strict=True,
        ):
            bearers = {
                LABORATORY: f"{person.laboratory or ''}\t{person.session or ''}",
                PERSON: str(person.person or participant_id),
                SESSION: participant_id,
                TRIAL: f"{participant_id}\t{trial_id}",
                STEP: f"{participant_id}\t{trial_id}\t{number}",
            }
            states = _step_states(data, side, touchdown, list(chosen.values()))
            by_step = {source: states.pop(source) for source in BY_STEP if source in states}
            if side not in of_foot:
                of_foot[side] = draw(states | ({MODEL: np.array(model)} if model else {}), bearers)
            draws.append(of_foot[side] + draw(by_step, bearers))
        yield DrawnSteps(
            trial_steps[list(STEP_COORDINATES)],
            outcomes,
            _values(trial_rows, trial_steps, outcomes, str(trial_id), indices),
            np.stack(draws, axis=1),
        )


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


def _step_states(
    data: Arrays, side: str, touchdown: float, chosen: Sequence[int]
) -> dict[str, FloatArray]:
    """Deviations (J, O, 3) of the chosen outcomes of a step in the states of every source."""
    values = data["state_deviation"][:, SIDES.index(side)][:, list(chosen)].astype(float)
    labels = data["state_source"]
    states = {source: values[labels == source] for source in SOURCES if (labels == source).any()}
    if "motion_deviation" in data:
        states[MOTION] = _motion_states(data, touchdown, chosen, states.get(MOTION))
    return states


def _keys(data: Arrays, prefix: str = "") -> list[Key]:
    """Outcomes of a trial's file."""
    columns = (data[f"{prefix}outcome_{name}"].tolist() for name in NAMES)
    return list(zip(*columns, strict=True))


def _motion_states(
    data: Arrays, touchdown: float, chosen: Sequence[int], of_foot: FloatArray | None
) -> FloatArray:
    """Deviations (J, O, 3) of a step's outcomes in samples of its motion.

    Of outcomes that are not sampled at every contact, those of one contact of the foot; 0 without
    any, NaN for a step without samples.
    """
    keys, sampled = _keys(data), _keys(data, "motion_")
    samples, touchdowns = data["motion_deviation"], data["stance_touchdown"]
    stance = int(np.abs(touchdowns - touchdown).argmin())
    is_sampled = abs(touchdowns[stance] - touchdown) < SAME_INSTANT_S
    states = np.zeros((samples.shape[1], len(chosen), len(AXES)))
    if of_foot is not None:
        states[:] = np.nan
        states[: len(of_foot)] = of_foot
    for column, number in enumerate(chosen):
        if keys[number] in sampled:
            values = samples[stance][:, sampled.index(keys[number])]
            states[:, column] = values if is_sampled else np.nan
    return states


SAME_INSTANT_S = 1e-6
"""Difference below which two instants are the same, s: files hold one in single precision."""


def _deviation(
    source: str, states: FloatArray, seed: int, bearers: Mapping[str, str], scopes: Collection[str]
) -> FloatArray:
    """Deviations (K, O, 3) in every world from states (J, O, 3) of one source.

    A number that was computed in the first n states only (level C) has the first n weights.
    """
    count = len(states)
    weights = source_weights(source, count, seed, bearers, scopes)
    finite = np.isfinite(states)
    number = finite.sum(axis=0)
    scale = np.sqrt(count / np.maximum(number, 1))
    filled = np.where(finite, states, 0.0).reshape(count, -1)
    deviation: FloatArray = (weights @ filled).reshape(WORLDS, *states.shape[1:]) * scale
    return deviation if source in PARTIAL_SOURCES else np.where(number > 0, deviation, np.nan)


PARTIAL_SOURCES = frozenset({CONTACT, EVENTS, MODEL})
"""Sources that affect some outcomes only: others do not change."""


def _values(
    rows: pd.DataFrame,
    steps: pd.DataFrame,
    outcomes: Sequence[Key],
    trial_id: str,
    statistics: dict[tuple[str, int], FloatArray],
) -> FloatArray:
    """Values (N, O, 3) of a trial's steps; NaN without a row."""
    numbers = {number: index for index, number in enumerate(steps["step"].tolist())}
    places = {key: index for index, key in enumerate(outcomes)}
    values = np.full((len(numbers), len(outcomes), len(AXES)), np.nan)
    names = zip(*(rows[name].astype(str) for name in NAMES), strict=True)
    cells = zip(rows["axis"], rows["step"], rows["value"], strict=True)
    for key, (axis, step, value) in zip(names, cells, strict=True):
        if key in places and step in numbers:
            values[numbers[step], places[key], AXES.index(axis)] = value
    for number, index in numbers.items():
        by_name = statistics.get((trial_id, int(number)))
        if by_name is not None:
            for key, statistic in zip(KEYS.values(), by_name.tolist(), strict=True):
                if key in places:
                    values[index, places[key]] = [0.0, statistic, 0.0]
    return values


def _statistics(study: Study, participant_id: str) -> dict[tuple[str, int], FloatArray]:
    """Statistics of every stance (`KEYS`), by trial and step; empty without all of the roles."""
    curves = read_some(step_file(study, participant_id, CURVES), ["angular_momentum"])
    if not set(ROLE_GROUPS) <= set(curves["group"].values.tolist()):
        return {}
    vertical = curves["angular_momentum"].sel(
        phase="stance", axis=VERTICAL, group=list(ROLE_GROUPS)
    ).transpose("step", "percent", "group").values  # fmt: skip
    steps = zip(curves["trial_id"].values.tolist(), curves["number"].values.tolist(), strict=True)
    return {
        (str(trial), int(number)): statistics
        for (trial, number), statistics in zip(steps, stance_statistics(vertical), strict=True)
    }


def _model_deviations(
    study: Study, participant_id: str, levels: Collection[str]
) -> dict[str, list[dict[Key, FloatArray]]]:
    """Deviations (3,) by outcome of each other model, by trial; for others ("") their mean."""
    table = participant_rows(study, participant_id, MODELS)
    table = table[table["level"].isin(levels)]
    table = table.assign(difference=table["difference"] * _factors(table))
    deviations: dict[str, list[dict[Key, FloatArray]]] = {}
    names = table["model"].astype(str).unique().tolist()
    if not names:
        return {}
    for trial in ("", *table["trial_id"].astype(str).unique().tolist()):
        trial_rows = table if not trial else table[table["trial_id"] == trial]
        deviations[trial] = [_by_outcome(trial_rows[trial_rows["model"] == name]) for name in names]
    return deviations


def _factors(table: pd.DataFrame) -> FloatArray:
    return model_factors(*(table[name].astype(str).tolist() for name in ("model", "level")))


def _by_outcome(rows: pd.DataFrame) -> dict[Key, FloatArray]:
    """Mean deviations over trials, (3,) by outcome."""
    means = rows.groupby([*NAMES, "axis"], observed=True)["difference"].mean().reset_index()
    by_outcome: dict[Key, FloatArray] = {}
    for row in means.to_dict("records"):
        deviations = by_outcome.setdefault(
            tuple(str(row[name]) for name in NAMES), np.zeros(len(AXES))
        )
        deviations[AXES.index(row["axis"])] = row["difference"]
    return by_outcome
