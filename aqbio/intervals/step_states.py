"""Deviations of the stance means of single steps in every state of every source of error."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.gait.steps import Step
from aqbio.intervals.second_model import model_factors
from aqbio.intervals.sources import CONTACT, EVENTS, MODEL, MOTION, SOURCES
from aqbio.intervals.step_uncertainty import KEYS, NAMES, VERTICAL, Key, is_kinematic
from aqbio.intervals.worlds import SCOPE_SHARES, STEP
from aqbio.names import AXES, SIDES
from aqbio.vectors import FloatArray

DRAWN_VARIABLES = (
    "state_deviation", "state_source", *(f"outcome_{name}" for name in NAMES),
    "motion_deviation", "stance_touchdown", *(f"motion_outcome_{name}" for name in NAMES),
)  # fmt: skip
"""Variables of a trial's file of contributions that hold its states."""

PARTIAL_SOURCES = frozenset({CONTACT, EVENTS, MODEL})
"""Sources that affect some outcomes only: others do not change."""

Arrays = Mapping[str, Any]
"""Arrays of a trial's file of contributions by name."""

States = Mapping[str, FloatArray]
"""Deviations (J, O, 3) of O outcomes of a step in the J states of each source."""

ModelStates = Mapping[str, Sequence[Mapping[Key, FloatArray]]]
"""Deviations (3,) by outcome on each other model, by stance foot."""

SIDE = "side"
"""Column of the table of models: the stance foot."""

SAME_INSTANT_S = 1e-6
"""Difference below which two instants are the same, s: files hold them in single precision."""


def outcome_keys(data: Arrays, prefix: str = "") -> list[Key]:
    """Outcomes of a trial's states; prefix ``motion_``: those sampled at every contact."""
    columns = (data[f"{prefix}outcome_{name}"].tolist() for name in NAMES)
    return list(zip(*columns, strict=True))


def step_states(
    data: Arrays, side: str, touchdown: float, chosen: Sequence[int]
) -> dict[str, FloatArray]:
    """Deviations (J, O, 3) of the chosen outcomes of a step in the states of every source."""
    sampled = sampled_outcomes(data, chosen)
    return with_step_motion(foot_states(data, side, chosen), data, touchdown, sampled)


def foot_states(data: Arrays, side: str, chosen: Sequence[int]) -> dict[str, FloatArray]:
    """Deviations (J, O, 3) of the chosen outcomes of a foot in the states of every source."""
    values = data["state_deviation"][:, SIDES.index(side)][:, list(chosen)].astype(float)
    labels = data["state_source"]
    return {source: values[labels == source] for source in SOURCES if (labels == source).any()}


def sampled_outcomes(data: Arrays, chosen: Sequence[int]) -> tuple[int, ...] | None:
    """Place of each chosen outcome among those sampled at every contact; -1 for none.

    None of a file without samples.
    """
    if "motion_deviation" not in data:
        return None
    keys, places = outcome_keys(data), dict[Key, int]()
    for place, key in enumerate(outcome_keys(data, "motion_")):
        places.setdefault(key, place)
    return tuple(places.get(keys[number], -1) for number in chosen)


def with_step_motion(
    of_foot: States, data: Arrays, touchdown: float, sampled: Sequence[int] | None
) -> dict[str, FloatArray]:
    """States of a foot with those of the motion of one step.

    Outcomes that are not sampled at every contact have those of one contact of the foot; 0 without
    any, NaN for a step without samples.
    """
    if sampled is None:
        return dict(of_foot)
    samples, touchdowns = data["motion_deviation"], data["stance_touchdown"]
    stance = int(np.abs(touchdowns - touchdown).argmin())
    is_sampled = abs(touchdowns[stance] - touchdown) < SAME_INSTANT_S
    states = np.zeros((samples.shape[1], len(sampled), len(AXES)))
    if MOTION in of_foot:
        states[:] = np.nan
        states[: len(of_foot[MOTION])] = of_foot[MOTION]
    columns = [column for column, place in enumerate(sampled) if place >= 0]
    places = [sampled[column] for column in columns]
    states[:, columns] = samples[stance][:, places] if is_sampled else np.nan
    return {**of_foot, MOTION: states}


def model_states(
    differences: pd.DataFrame, statistics: Collection[str] = ()
) -> dict[str, ModelStates]:
    """Deviations by foot on each other model, by trial; for other trials ("") the mean of these.

    From the rows of the table of models, of one participant. A foot that no other model has in a
    trial deviates as in the others. `statistics`: of the outcomes, all for none.
    """
    names = differences["model"].astype(str).unique().tolist()
    if not names:
        return {}
    states: dict[str, dict[str, list[dict[Key, FloatArray]]]] = {"": {}}
    feet = differences[["trial_id", SIDE]].drop_duplicates().astype(str)
    for trial, side in feet.itertuples(index=False):
        for by_side in (states[""], states.setdefault(trial, {})):
            by_side[side] = [{} for _ in names]
    chosen = differences["statistic"].isin(statistics) if statistics else slice(None)
    rows = differences[chosen]
    factors = model_factors(*(rows[name].astype(str).tolist() for name in ("model", "level")))
    rows = rows.assign(difference=rows["difference"] * factors)
    key = ["model", SIDE, *NAMES, "axis"]
    for rows_of in (rows.assign(trial_id=rows["trial_id"].astype(str)), rows.assign(trial_id="")):
        means = rows_of.groupby(["trial_id", *key], observed=True)["difference"].mean()
        for labels, mean in zip(means.index.tolist(), means.tolist(), strict=True):
            trial, model, side, *outcome, axis = map(str, labels)
            by_outcome = states[trial][side][names.index(model)]
            deviations = by_outcome.setdefault(tuple(outcome), np.zeros(len(AXES)))
            deviations[AXES.index(axis)] = mean
    return {trial: states[""] | by_side for trial, by_side in states.items()}


def mean_sds(steps: Sequence[States]) -> FloatArray:
    """Standard deviations (O, 3) over worlds of means over steps of one trial.

    Without the sampling error of worlds: the weights of a source are orthogonal, so that its
    variance is the mean square over its states; those of different sources, and of different steps
    of a source that each step has anew, are drawn independently.
    """
    variance = np.zeros(1)
    for source in steps[0]:
        states = np.stack([step[source] for step in steps])
        if STEP in SCOPE_SHARES[source]:
            part = (states**2).mean(axis=1).sum(axis=0) / len(steps) ** 2
        else:
            part = (states.mean(axis=0) ** 2).mean(axis=0)
        variance = variance + part
    sds: FloatArray = np.sqrt(variance)
    return sds


def statistic_sds(
    trial: xr.Dataset, steps: Iterable[Step], models: ModelStates | None = None
) -> dict[str, float]:
    """Standard deviation over worlds of the trial's mean of every statistic (`STATISTICS`).

    `models`: deviations by foot and outcome on other models (`model_states`).
    Empty where a fit is possible but missing, and without draws, a stance or an arm.
    """
    is_fitted = "group_momentum_sample" in trial
    if "state_deviation" not in trial or not (is_fitted or is_kinematic(trial)):
        return {}
    data = {name: trial[name].values for name in DRAWN_VARIABLES if name in trial.variables}
    keys = outcome_keys(data)
    chosen = [keys.index(key) for key in KEYS.values() if key in keys]
    names = [name for name, key in KEYS.items() if key in keys]
    none = np.zeros(len(AXES))
    other = {
        side: np.array([[model.get(keys[n], none) for n in chosen] for model in by_model])
        for side, by_model in (models or {}).items()
    }
    known = []
    for step in steps:
        if step.status == "rejected" or not chosen:
            continue
        states = step_states(data, step.side, step.touchdown, chosen)
        for source in states.keys() & PARTIAL_SOURCES:
            states[source] = np.nan_to_num(states[source])
        if all(np.isfinite(values).all() for values in states.values()):
            if other:
                states[MODEL] = other.get(step.side, 0.0 * next(iter(other.values())))
            known.append(states)
    if not known:
        return {}
    return dict(zip(names, mean_sds(known)[:, AXES.index(VERTICAL)].tolist(), strict=True))
