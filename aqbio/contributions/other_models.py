"""Differences between steps on the study's model and on other models: a source of uncertainty.

A model is one choice of joints, segments and tables among several that a laboratory could have
made. Its contribution to the uncertainty is the root mean square deviation of the other models'
numbers from those of the study's own model, as for every other source. The other models are those
that the study names, on which every stage is worked through, or else the second model, on which
one contact of each foot is drawn (`aqbio.intervals.second_model`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.config import Trial
from aqbio.contributions.files import failed_contributions, stored_contributions
from aqbio.contributions.step_rows import (
    NAME_COLUMNS,
    joined_rows,
    level_curves,
    rows_of_level_a,
    rows_of_levels,
)
from aqbio.errors import Finding
from aqbio.faults import RunStoppedError
from aqbio.gait.curves import DIMENSIONS, SPREADS, role_scheme, step_dataset
from aqbio.gait.roles import RoleScheme
from aqbio.gait.signals import select_labels
from aqbio.gait.step_files import trial_contacts, trial_steps
from aqbio.gait.steps import Step
from aqbio.intervals.second_model import SECOND_MODEL
from aqbio.intervals.sources import MODEL
from aqbio.intervals.step_states import SIDE, ModelStates
from aqbio.intervals.step_uncertainty import (
    KEY,
    KEYS,
    NAMES,
    STATISTICS,
    VERTICAL,
    stance_statistics,
)
from aqbio.io.dictionary import columns
from aqbio.io.netcdf import read_some
from aqbio.io.study import Study, compared_studies
from aqbio.io.tables import joined, with_texts
from aqbio.names import AXES, ROLE_GROUPS, SIDES
from aqbio.vectors import FloatArray


def same_steps(steps: Iterable[Step], other_steps: Sequence[Step]) -> list[tuple[Step, Step]]:
    """Steps of one foot that begin within half a contact of each other on two models.

    The clock offset is fitted separately on each model.
    """
    pairs = []
    for step in steps:
        same_foot = [candidate for candidate in other_steps if candidate.side == step.side]
        nearest = min(
            same_foot, key=lambda candidate: abs(candidate.touchdown - step.touchdown), default=None
        )
        if nearest and abs(nearest.touchdown - step.touchdown) < 0.5 * step.contact:
            pairs.append((step, nearest))
    return pairs


def stance_outcomes(
    trial: xr.Dataset, steps: Sequence[Step], curves: xr.Dataset, scheme: RoleScheme
) -> pd.DataFrame:
    """Stance means of every step (0 for the first) and its side: outcomes that have intervals."""
    levels = rows_of_levels(level_curves(trial, steps, scheme), steps)
    rows = joined_rows([rows_of_level_a(curves, steps, trial["time"].values), levels], len(steps))
    phase, statistic = NAME_COLUMNS.index("phase"), NAME_COLUMNS.index("statistic")
    means = [
        index
        for index, name in enumerate(rows.names)
        if name[phase] == "stance" and name[statistic].endswith("_mean")
    ]
    table = with_texts(rows.select(means).frame(range(len(steps))))
    return _with_sides(table, steps)[["step", SIDE, *KEY, "value"]]


def _with_sides(rows: pd.DataFrame, steps: Sequence[Step]) -> pd.DataFrame:
    """Add the stance foot to rows of steps (0 for the first)."""
    return rows.assign(**{SIDE: [steps[int(number)].side for number in rows["step"]]})


def outcome_differences(outcomes: pd.DataFrame, other_outcomes: pd.DataFrame) -> pd.DataFrame:
    """Mean and RMS differences between two models: a row per foot, outcome and axis of both."""
    merged = outcomes.merge(
        other_outcomes, on=["step", SIDE, *KEY], suffixes=("", "_other"), validate="1:1"
    )
    merged = merged[np.isfinite(merged["value"]) & np.isfinite(merged["value_other"])]
    merged["square"] = (merged["value_other"] - merged["value"]) ** 2
    groups = merged.groupby([SIDE, *KEY], sort=False, observed=True)
    differences: pd.DataFrame = groups.agg(
        steps=("value", "size"), own=("value", "mean"), other=("value_other", "mean"),
        rms=("square", "mean"),
    ).reset_index()  # fmt: skip
    differences["difference"] = differences["other"] - differences["own"]
    differences["rms"] = np.sqrt(differences["rms"])
    return differences


def drawn_outcomes(trial: xr.Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stance means of the contacts that were drawn, on the study's own and on the second model.

    As :func:`stance_outcomes`, a step for each foot; without rows where no such model was drawn.
    """
    if "second_model" not in trial:
        empty = pd.DataFrame(columns=["step", SIDE, *KEY, "value"]).astype({"value": float})
        return empty, empty
    feet, outcomes = trial.sizes["stance_foot"], trial.sizes["outcome"]
    names = {name: trial[f"outcome_{name}"].values.astype(str) for name in NAMES}
    rows = pd.DataFrame(
        {"step": np.repeat(np.arange(feet), outcomes * len(AXES))}
        | {SIDE: np.repeat(SIDES[:feet], outcomes * len(AXES))}
        | {name: np.tile(np.repeat(values, len(AXES)), feet) for name, values in names.items()}
        | {"axis": np.tile(AXES, feet * outcomes)}
    )
    both = trial["second_model"].transpose("model_side", "stance_foot", "outcome", "axis")
    by_model = (rows.assign(value=values.ravel()) for values in both.values.astype(float))
    on_study_model, on_second_model = by_model
    return on_study_model, on_second_model


def drawn_deviations(trial: xr.Dataset) -> dict[str, float]:
    """Deviation of a trial's statistics (`STATISTICS`) on the second model, mean over the feet."""
    on_study_model, on_second_model = drawn_outcomes(trial)
    is_vertical = on_study_model["axis"].eq(VERTICAL)
    statistics = on_study_model["level"].isin(STATISTICS.values()) & is_vertical
    deviation = (on_second_model["value"] - on_study_model["value"])[statistics]
    means = deviation.groupby(on_study_model["source"][statistics]).mean().dropna()
    return {str(name): float(value) for name, value in means.items()}


def with_model(trial: xr.Dataset, states: ModelStates) -> xr.Dataset:
    """Add the choice of the model to the sources of uncertainty of a trial's contributions.

    Root mean square over the states of each foot, one for each other model
    (`aqbio.intervals.step_states.model_states`); 0 for outcomes that these do not have.
    """
    if not any(states.values()) or "interval_sd" not in trial:
        return trial
    interval_sd = trial["interval_sd"]
    keys = list(zip(*(trial[f"outcome_{name}"].values.tolist() for name in NAMES), strict=True))
    none, count = np.zeros(len(AXES)), max(map(len, states.values()))
    deviations = np.array(
        [
            [[state.get(key, none) for key in keys] for state in states.get(side, ({},) * count)]
            for side in map(str, trial["stance_foot"].values)
        ]
    )
    dimensions = ("uncertainty_source", "stance_foot", "outcome", "axis")
    drawn_sd = interval_sd.transpose(*dimensions).values
    model_sd = np.sqrt((deviations**2).mean(axis=1))
    model = np.where(np.isnan(drawn_sd[:1]), np.nan, model_sd)  # NaN where no draws exist
    sources = [*interval_sd["uncertainty_source"].values.tolist(), MODEL]
    variable = (dimensions, np.concatenate([drawn_sd, model]), interval_sd.attrs)
    rest = trial.drop_dims("uncertainty_source").assign_coords(uncertainty_source=sources)
    return rest.assign(interval_sd=variable)


def curve_sds(pairs: Iterable[tuple[xr.Dataset, xr.Dataset]]) -> dict[str, FloatArray]:
    """RMS differences of curves over steps and pairs of models, (phase, percent, ..., axis)."""
    squares: dict[str, list[FloatArray]] = {name: [] for name in SPREADS}
    for curves, other_curves in pairs:
        for name, curve_squares in squares.items():
            curve_squares.append((other_curves[name].values - curves[name].values) ** 2)
    sds = {}
    for name, curve_squares in squares.items():
        if curve_squares:
            stacked = np.concatenate(curve_squares)
            count = np.isfinite(stacked).sum(axis=0)
            total = np.where(count > 0, np.nansum(stacked, axis=0), np.nan)
            sds[name] = np.sqrt(total / np.maximum(count, 1))
    return sds


# a participant on the other models ----------------------------------------------------------------


COLUMNS = columns("model_differences")


@dataclass(frozen=True, slots=True)
class ComparedModels:
    """A participant on the other models."""

    table: pd.DataFrame
    """Rows of `COLUMNS`."""
    curves: Mapping[str, FloatArray] = field(default_factory=dict)
    """From `aqbio.contributions.other_models.curve_sds`."""
    findings: tuple[Finding, ...] = ()


def compared_models(study: Study, participant_id: str, trials: Container[str]) -> ComparedModels:
    """Compare steps found both on the study's model and on another one, in the given trials."""
    if not study.settings.other_models.models:
        return _second_model(study, participant_id, trials)
    tables, pairs, findings = [], [], []
    for other_study in compared_studies(study, participant_id):
        name = other_study.within.rpartition("/")[2]
        for trial in other_study.moving_of(participant_id):
            if trial.trial_id not in trials:
                continue
            if why := failed_contributions(other_study, participant_id, trial.trial_id):
                findings.append(_missing(trial.trial_id, name, why))
                continue
            (outcomes, curves), (other_outcomes, other_curves), _ = both_models(
                study, other_study, trial
            )
            differences = outcome_differences(outcomes, other_outcomes)
            key_columns = {
                "participant_id": participant_id,
                "trial_id": trial.trial_id,
                "model": name,
            }
            tables.append(differences.assign(**key_columns))
            pairs.append((curves, other_curves))
    table = joined(tables, list(COLUMNS))
    return ComparedModels(table, curve_sds(pairs), tuple(findings))


def _second_model(study: Study, participant_id: str, trials: Container[str]) -> ComparedModels:
    """Compare the drawn contacts of the given trials of a person on the second model."""
    tables = []
    for trial in study.moving_of(participant_id):
        if trial.trial_id in trials:
            try:
                file = study.folder(participant_id, "contributions") / f"{trial.trial_id}.nc"
                data = read_some(file, ("second_model", *(f"outcome_{name}" for name in NAMES)))
            except RunStoppedError:  # the trial itself reports what is damaged
                continue
            key_columns = {
                "participant_id": participant_id,
                "trial_id": trial.trial_id,
                "model": SECOND_MODEL,
            }
            tables.append(outcome_differences(*drawn_outcomes(data)).assign(**key_columns))
    return ComparedModels(joined(tables, list(COLUMNS)))


Compared = tuple["pd.DataFrame", "xr.Dataset"]
"""Stance outcomes and curves of the same steps."""


def both_models(
    study: Study, other_study: Study, trial: Trial
) -> tuple[Compared, Compared, list[Step]]:
    """Read a trial on the study's own and on another model, with the steps found on both."""
    data, other_data = (
        stored_contributions(model_study, trial.participant_id, trial.trial_id)[0]
        for model_study in (study, other_study)
    )
    pairs = same_steps(
        *(
            steps_in_motion(
                dataset, trial_steps(list(trial_contacts(dataset)), dataset["time"].values)
            )
            for dataset in (data, other_data)
        )
    )
    steps, other_steps = ([pair[side] for pair in pairs] for side in (0, 1))
    return _compared(study, data, steps), _compared(other_study, other_data, other_steps), steps


def steps_in_motion(data: xr.Dataset, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps of a trial whose motion is known."""
    first, last = float(data["time"][0]), float(data["time"][-1])
    return tuple(step for step in steps if step.touchdown >= first and step.toe_off <= last)


def _compared(study: Study, data: xr.Dataset, steps: Sequence[Step]) -> Compared:
    scheme = role_scheme(study)
    names = tuple(dict.fromkeys((*DIMENSIONS, *SPREADS)))
    curves = step_dataset(data, steps, study.model_map, scheme, names)
    outcomes = stance_outcomes(data, steps, curves, scheme)
    statistics = _with_sides(_statistics(study, data, steps), steps)
    return joined([outcomes, statistics], list(map(str, outcomes))), curves


def _statistics(study: Study, data: xr.Dataset, steps: Sequence[Step]) -> pd.DataFrame:
    """Return the statistics behind the verdicts for every step, as rows like its stance means."""
    curves = step_dataset(data, steps, study.model_map, RoleScheme(), ("angular_momentum",))
    vertical = select_labels(
        curves, "angular_momentum", phase="stance", axis=VERTICAL, group=ROLE_GROUPS
    )
    return pd.DataFrame(
        [
            dict(zip(NAMES, key, strict=True)) | {"step": number, "axis": VERTICAL, "value": value}
            for number, statistics in enumerate(stance_statistics(vertical).tolist())
            for key, value in zip(KEYS.values(), statistics, strict=True)
        ],
        columns=["step", *NAMES, "axis", "value"],
    )


def _missing(trial_id: str, name: str, why: str) -> Finding:
    return Finding(
        rule="other-model",
        severity="warning",
        what=f"on the model {name} the trial could not be worked through ({why}): what its "
        "numbers would be there is not in their intervals.",
        trial=trial_id,
        fix=f"see other_models.models.{name} in study.yaml: its map and its marker set.",
    )
