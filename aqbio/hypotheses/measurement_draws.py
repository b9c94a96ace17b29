"""Joint draws of errors behind the evidence: of trials' numbers, and of what athletes share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.contributions.without_plates import STATED_ERROR_SDS
from aqbio.hypotheses.contact_models import AMPLIFYING, CONTACT_MODELS
from aqbio.intervals.sources import MODEL
from aqbio.intervals.study_draws import error_bearers, study_draws
from aqbio.intervals.worlds import (
    COMMON,
    LABORATORY,
    SCOPE_SHARES,
    TRIAL,
    WORLDS,
    source_weights,
    weights,
)
from aqbio.io.study import Study
from aqbio.multiverse.step_rows import FRAMES
from aqbio.names import AXES, ROLE_SIDES
from aqbio.stats.claim_columns import JOINT
from aqbio.stats.evidence import CAUSED
from aqbio.stats.evidence import TRIAL as TRIAL_COLUMNS
from aqbio.stats.measurement import DRAWN
from aqbio.vectors import BoolArray, FloatArray

SHARED = (COMMON, LABORATORY)
"""Scopes of errors that athletes share."""

VERTICAL = "y"

OFFSET = "push_leg_offset"

Deviations = dict[tuple[str, str], FloatArray]
"""(K,) deviations of a trial's number by participant and trial."""


def trial_draws(
    study: Study, steps: pd.DataFrame, entries: Mapping[tuple[str, str], Mapping[str, Any]]
) -> dict[str, pd.DataFrame]:
    """Deviations of trials' numbers in every world from errors that athletes share.

    By `aqbio.stats.measurement.DRAWN`. `entries`: of stage multiverse, by participant and trial.
    """
    by_name: dict[str, Deviations] = {"lag": lag_draws(study, entries, SHARED)}
    for participant_id in steps["participant_id"].astype(str).unique():
        rows = steps[steps["participant_id"].astype(str) == participant_id]
        counted = set(zip(rows["trial_id"].astype(str), rows["step"].astype(int), strict=True))
        for name, deviations in _participant(study, participant_id, counted).items():
            by_name.setdefault(name, {}).update(deviations)
    return {name: _table(by_name.get(name, {})) for name in DRAWN}


def _table(deviations: Deviations) -> pd.DataFrame:
    """Rows by trial, worlds as columns."""
    keys = pd.MultiIndex.from_tuples(list(deviations), names=TRIAL_COLUMNS)
    return pd.DataFrame(np.reshape(list(deviations.values()), (-1, WORLDS)), index=keys)


def _participant(
    study: Study, participant_id: str, counted: set[tuple[str, int]]
) -> dict[str, Deviations]:
    """Deviations of the numbers of one participant's trials, over the steps that count."""
    levels = {model: f"C ({model})" for model in CONTACT_MODELS}
    read = partial(study_draws, study, [participant_id])
    forces = read([*levels.values()], SHARED, ["force_mean"])
    indices = read(("H1",), SHARED, with_values=False)
    caused = {
        f"{CAUSED}{model}": _trial_means(forces, caused_draws(forces, level), counted)
        for model, level in levels.items()
    }
    return {OFFSET: _trial_means(indices, _outcome(indices, OFFSET), counted), **caused}


def _outcome(data: xr.Dataset, source: str) -> FloatArray:
    """Deviations (K, N) of a vertical number; NaN where it was not drawn."""
    chosen = np.flatnonzero(data["source"].values == source)
    if not len(chosen):
        return np.full((WORLDS, data.sizes["step"]), np.nan)
    deviations: FloatArray = data["deviation"].values[:, :, chosen[0], AXES.index(VERTICAL)]
    return deviations


def caused_draws(data: xr.Dataset, level: str) -> FloatArray:
    """Deviations (K, N) of the share of the vertical force that the rest of the body causes."""
    source = data["source"].values
    single = (data["level"].values == level) & ~np.isin(source, list(ROLE_SIDES))
    axis = AXES.index(VERTICAL)
    value = data["value"].values[:, single, axis]
    moved = value + data["deviation"].values[:, :, single, axis]
    part = np.isin(source[single], AMPLIFYING)

    def share(force: FloatArray) -> FloatArray:
        is_finite = np.isfinite(force).any(axis=-1)
        total = np.where(is_finite, np.nansum(force, axis=-1), np.nan)
        return np.asarray(np.nansum(force[..., part], axis=-1) / total)

    return share(moved) - share(value)


def _trial_means(
    data: xr.Dataset, deviations: FloatArray, counted: set[tuple[str, int]]
) -> Deviations:
    """Mean deviation (K,) of each trial over its steps that count."""
    trials, numbers = data["trial_id"].values.tolist(), data["number"].values.tolist()
    people = data["participant_id"].values.tolist()
    is_finite: BoolArray = np.asarray(np.isfinite(deviations).all(axis=0))
    members: dict[tuple[str, str], list[int]] = {}
    for index, (person, trial, number) in enumerate(zip(people, trials, numbers, strict=True)):
        if is_finite[index] and (trial, int(number)) in counted:
            members.setdefault((person, trial), []).append(index)
    return {key: deviations[:, steps].mean(axis=1) for key, steps in members.items()}


def lag_draws(
    study: Study, entries: Mapping[tuple[str, str], Mapping[str, Any]], scopes: Sequence[str]
) -> Deviations:
    """Deviations (K,) of the mean lag of trials in every world."""
    seed, deviations = study.settings.random.seed, Deviations()
    for (participant_id, trial_id), entry in entries.items():
        states = dict(entry.get("lag_states") or {})
        if not states:
            continue
        bearers = error_bearers(study.participant(participant_id), trial_id)
        models = [models["lag"] for models in entry.get("model_deviations", ()) if "lag" in models]
        total = np.zeros(WORLDS)
        if TRIAL in scopes:
            draw = weights(1, seed, FRAMES, TRIAL, bearers[TRIAL])
            total += draw @ np.array(states[FRAMES])
        for source, values in (states | {MODEL: models}).items():
            if source in SCOPE_SHARES and values:
                draw = source_weights(source, len(values), seed, bearers, scopes)
                total += draw @ np.array(values)
        deviations[participant_id, trial_id] = total
    return deviations


# errors that athletes share, of the outcomes of contrasts -----------------------------------------


MOMENTUM = re.compile(r"H_(?P<source>\w+)_(?P<axis>[xyz])_stance_mean_kgm2ps")
"""Columns of steps with the mean of an angular momentum."""

EVENT_OUTCOMES = {"contact_s": 1.0, "flight_s": -1.0}
"""Outcomes that an error of contact times moves, and its sign."""


def shared_draws(
    study: Study, outcomes: Sequence[str], steps: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Deviations of trials' means in every world from errors that athletes share, by outcome.

    `steps`: rows of steps.tsv, of all conditions and sessions.
    """
    draws_by_outcome: dict[str, pd.DataFrame] = {}
    for outcome in outcomes:
        if outcome in EVENT_OUTCOMES:
            draws_by_outcome[outcome] = _event_draws(study, steps, EVENT_OUTCOMES[outcome])
        elif match := MOMENTUM.fullmatch(outcome):
            draws_by_outcome[outcome] = _stance_draws(
                study, "A", "momentum_mean", match["source"], match["axis"]
            )
        elif match := JOINT.fullmatch(outcome):
            draws_by_outcome[outcome] = _stance_draws(
                study, "joint", match["statistic"], match["source"], match["axis"]
            )
    return draws_by_outcome


def _event_draws(study: Study, steps: pd.DataFrame, sign: float) -> pd.DataFrame:
    """Errors of events: one for all trials of a session whose events are found in the same way."""
    seed, deviations = study.settings.random.seed, Deviations()
    for (participant_id, trial_id), rows in steps.groupby(TRIAL_COLUMNS, observed=True):
        sd = float(rows["contact_error_s"].astype(float).mean()) / STATED_ERROR_SDS
        person = study.participant(str(participant_id))
        laboratory = error_bearers(person, str(trial_id))[LABORATORY]
        bearer = f"{laboratory}\t{rows['events'].iloc[0]}"
        if np.isfinite(sd):
            draw = weights(1, seed, "events", LABORATORY, bearer)[:, 0]
            deviations[str(participant_id), str(trial_id)] = sign * sd * draw
    return _table(deviations)


def _stance_draws(study: Study, level: str, statistic: str, source: str, axis: str) -> pd.DataFrame:
    """Errors that athletes share, of a number of stance."""
    deviations = Deviations()
    for participant in study.participants:
        data = study_draws(study, [participant.participant_id], (level,), SHARED, [statistic])
        chosen = np.flatnonzero(data["source"].values == source)
        if len(chosen):
            values = data["deviation"].values[:, :, chosen[0], AXES.index(axis)]
            counted = set(
                zip(data["trial_id"].values.tolist(), data["number"].values.tolist(), strict=True)
            )
            deviations |= _trial_means(data, values, counted)
    return _table(deviations)
