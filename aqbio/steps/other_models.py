"""How far steps on another model differ from those on the study's own: a source of uncertainty.

A model is one choice of joints, segments and tables among several that a laboratory could have
made. How far it moves a number is the root of the mean square deviation of the other models'
numbers from the study's own, as for every other source.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import Trial
from aqbio.contributions.files import failed_contributions, stored_contributions
from aqbio.errors import Finding
from aqbio.gait.curves import DIMENSIONS, SPREADS, role_scheme, step_dataset
from aqbio.gait.roles import RoleScheme
from aqbio.gait.signals import select_labels
from aqbio.gait.step_files import trial_contacts, trial_steps
from aqbio.gait.steps import Step
from aqbio.intervals.step_uncertainty import KEY, KEYS, NAMES, VERTICAL, Key, stance_statistics
from aqbio.io.dictionary import columns
from aqbio.io.study import Study, compared_studies
from aqbio.io.tables import joined, with_texts
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.steps.rows import TEXTS, joined_rows, level_curves, rows_of_level_a, rows_of_levels
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


MODEL = "model"
"""Source of uncertainty in addition to those that contributions draw."""


def same_steps(own: Iterable[Step], other: Sequence[Step]) -> list[tuple[Step, Step]]:
    """Steps of one foot that begin within half a contact of each other on two models.

    Each model's fit has a clock of its own.
    """
    pairs = []
    for step in own:
        alike = [one for one in other if one.side == step.side]
        near = min(alike, key=lambda one: abs(one.touchdown - step.touchdown), default=None)
        if near and abs(near.touchdown - step.touchdown) < 0.5 * step.contact:
            pairs.append((step, near))
    return pairs


def stance_outcomes(
    trial: xr.Dataset, steps: Sequence[Step], curves: xr.Dataset, scheme: RoleScheme
) -> pd.DataFrame:
    """Stance means of every step (0 for the first): the outcomes that have intervals."""
    levels = rows_of_levels(level_curves(trial, steps, scheme), steps)
    rows = joined_rows([rows_of_level_a(curves, steps), levels], len(steps))
    phase, statistic = TEXTS.index("phase"), TEXTS.index("statistic")
    means = [
        place
        for place, name in enumerate(rows.names)
        if name[phase] == "stance" and name[statistic].endswith(("_mean", "_share"))
    ]
    table = with_texts(rows.some(means).frame(range(len(steps))))
    return table[["step", *KEY, "value"]]


def outcome_differences(own: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Mean and RMS differences between two models, a row per outcome and axis that both have."""
    both = own.merge(other, on=["step", *KEY], suffixes=("", "_other"), validate="1:1")
    both = both[np.isfinite(both["value"]) & np.isfinite(both["value_other"])]
    both["square"] = (both["value_other"] - both["value"]) ** 2
    groups = both.groupby(KEY, sort=False, observed=True)
    differences: pd.DataFrame = groups.agg(
        steps=("value", "size"), own=("value", "mean"), other=("value_other", "mean"),
        rms=("square", "mean"),
    ).reset_index()  # fmt: skip
    differences["difference"] = differences["other"] - differences["own"]
    differences["rms"] = np.sqrt(differences["rms"])
    return differences


def model_sds(differences: pd.DataFrame) -> dict[Key, FloatArray]:
    """Standard deviation from the choice of the model, (3,) by outcome.

    Root mean square over models and steps; 0 on an axis that has no row.
    """
    if differences.empty:
        return {}
    squares = differences.assign(square=differences["steps"] * differences["rms"] ** 2)
    groups = squares.groupby([*NAMES[:4], "axis"], observed=True, sort=False)
    sums = groups[["square", "steps"]].sum().reset_index()
    by_outcome: dict[Key, FloatArray] = {}
    for row in sums.to_dict("records"):
        sd = by_outcome.setdefault(tuple(str(row[name]) for name in NAMES[:4]), np.zeros(len(AXES)))
        sd[AXES.index(row["axis"])] = np.sqrt(row["square"] / row["steps"])
    return by_outcome


def with_model(trial: xr.Dataset, sds: Mapping[Key, FloatArray]) -> xr.Dataset:
    """A trial's contributions with the choice of the model as one more source."""
    if not sds or "interval_sd" not in trial:
        return trial
    drawn = trial["interval_sd"]
    keys = zip(*(trial[f"outcome_{name}"].values.tolist() for name in NAMES[:4]), strict=True)
    own = np.array([sds.get(key, np.zeros(len(AXES))) for key in keys])
    dimensions = ("uncertainty_source", "stance_foot", "outcome", "axis")
    drawn_sd = drawn.transpose(*dimensions).values
    model = np.where(np.isnan(drawn_sd[:1]), np.nan, own)  # unknown where nothing was drawn
    sources = [*drawn["uncertainty_source"].values.tolist(), MODEL]
    both = (dimensions, np.concatenate([drawn_sd, model]), drawn.attrs)
    rest = trial.drop_dims("uncertainty_source").assign_coords(uncertainty_source=sources)
    return rest.assign(interval_sd=both)


def curve_sds(pairs: Iterable[tuple[xr.Dataset, xr.Dataset]]) -> dict[str, FloatArray]:
    """RMS differences of curves over steps and pairs of models, (phase, percent, ..., axis)."""
    squares: dict[str, list[FloatArray]] = {name: [] for name in SPREADS}
    for own, other in pairs:
        for name, own_squares in squares.items():
            own_squares.append((other[name].values - own[name].values) ** 2)
    sds = {}
    for name, own_squares in squares.items():
        if own_squares:
            every = np.concatenate(own_squares)
            count = np.isfinite(every).sum(axis=0)
            total = np.where(count > 0, np.nansum(every, axis=0), np.nan)
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
    """From `aqbio.steps.other_models.curve_sds`."""
    findings: tuple[Finding, ...] = ()
    outcomes: Mapping[Key, FloatArray] = field(default_factory=dict)
    """From `aqbio.steps.other_models.model_sds`."""


def compared_models(study: Study, participant_id: str, trials: Container[str]) -> ComparedModels:
    """Compare steps that the own and another model have, of trials `trials` on the own one."""
    tables, pairs, findings = [], [], []
    for other in compared_studies(study, participant_id):
        name = other.within.rpartition("/")[2]
        for trial in other.moving_of(participant_id):
            if trial.trial_id not in trials:
                continue
            if why := failed_contributions(other, participant_id, trial.trial_id):
                findings.append(_missing(trial.trial_id, name, why))
                continue
            (own, curves), (theirs, their_curves), _ = both_models(study, other, trial)
            differences = outcome_differences(own, theirs)
            place = {"participant_id": participant_id, "trial_id": trial.trial_id, "model": name}
            tables.append(differences.assign(**place))
            pairs.append((curves, their_curves))
    table = joined(tables, list(COLUMNS))
    return ComparedModels(table, curve_sds(pairs), tuple(findings), model_sds(table))


Compared = tuple["pd.DataFrame", "xr.Dataset"]
"""Stance outcomes and curves of the same steps."""


def both_models(study: Study, other: Study, trial: Trial) -> tuple[Compared, Compared, list[Step]]:
    """A trial on the study's own and on another model, with the steps found on both."""
    data, theirs = (
        stored_contributions(one, trial.participant_id, trial.trial_id)[0] for one in (study, other)
    )
    pairs = same_steps(
        *(
            steps_in_motion(one, trial_steps(list(trial_contacts(one)), one["time"].values))
            for one in (data, theirs)
        )
    )
    own_steps, their_steps = ([pair[side] for pair in pairs] for side in (0, 1))
    return _compared(study, data, own_steps), _compared(other, theirs, their_steps), own_steps


def steps_in_motion(data: xr.Dataset, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps of a trial whose motion is known."""
    first, last = float(data["time"][0]), float(data["time"][-1])
    return tuple(one for one in steps if one.touchdown >= first and one.toe_off <= last)


def _compared(study: Study, data: xr.Dataset, steps: Sequence[Step]) -> Compared:
    scheme = role_scheme(study)
    names = tuple(dict.fromkeys((*DIMENSIONS, *SPREADS)))
    curves = step_dataset(data, steps, study.model_map, scheme, names)
    outcomes = stance_outcomes(data, steps, curves, scheme)
    return joined([outcomes, _statistics(study, data, steps)], list(map(str, outcomes))), curves


def _statistics(study: Study, data: xr.Dataset, steps: Sequence[Step]) -> pd.DataFrame:
    """What verdicts rest on, of every step, as rows like those of its stance means."""
    import pandas as pd

    curves = step_dataset(data, steps, study.model_map, RoleScheme(), ("angular_momentum",))
    vertical = select_labels(
        curves, "angular_momentum", phase="stance", axis=VERTICAL, group=ROLE_GROUPS
    )
    return pd.DataFrame(
        [
            dict(zip(NAMES, key, strict=True)) | {"step": number, "axis": VERTICAL, "value": value}
            for number, own in enumerate(stance_statistics(vertical).tolist())
            for key, value in zip(KEYS.values(), own, strict=True)
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
