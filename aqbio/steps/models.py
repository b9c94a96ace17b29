"""What a participant's steps are on the other models: differences, and what could not be had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aqbio.config import Trial
from aqbio.contributions.files import failed_contributions, stored_contributions
from aqbio.errors import Finding
from aqbio.gait.contacts import trial_contacts, trial_steps
from aqbio.gait.curves import DIMENSIONS, step_dataset
from aqbio.gait.labels import picked
from aqbio.gait.roles import RoleScheme
from aqbio.gait.spreads import SPREADS
from aqbio.gait.step_roles import role_scheme
from aqbio.gait.steps import Step
from aqbio.intervals.step_uncertainty import KEYS, NAMES, VERTICAL, Key, stance_statistics
from aqbio.io.dictionary import columns
from aqbio.io.study import Study, compared_studies
from aqbio.io.tables import joined
from aqbio.names import ROLE_GROUPS
from aqbio.steps.other_models import (
    curve_sds,
    model_sds,
    outcome_differences,
    same_steps,
    stance_outcomes,
)
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

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


def compared_models(study: Study, participant_id: str) -> ComparedModels:
    """Compare all steps that the study's own model and another both have."""
    tables, pairs, findings = [], [], []
    for other in compared_studies(study, participant_id):
        name = other.within.rpartition("/")[2]
        for trial in other.moving_of(participant_id):
            if failed_contributions(study, participant_id, trial.trial_id):
                continue  # told where it failed
            if why := failed_contributions(other, participant_id, trial.trial_id):
                findings.append(_missing(trial.trial_id, name, why))
                continue
            (own, curves), (theirs, their_curves), _ = both_models(study, other, trial)
            found = outcome_differences(own, theirs)
            place = {"participant_id": participant_id, "trial_id": trial.trial_id, "model": name}
            tables.append(found.assign(**place))
            pairs.append((curves, their_curves))
    table = joined(tables, list(COLUMNS))
    return ComparedModels(table, curve_sds(pairs), tuple(findings), model_sds(table))


Told = tuple["pd.DataFrame", "xr.Dataset"]
"""Stance outcomes and curves of the same steps."""


def both_models(study: Study, other: Study, trial: Trial) -> tuple[Told, Told, list[Step]]:
    """A trial on the study's own and on another model, and its steps as far as both know them."""
    data, theirs = (
        stored_contributions(one, trial.participant_id, trial.trial_id)[0] for one in (study, other)
    )
    pairs = same_steps(
        *(
            known_steps(one, trial_steps(list(trial_contacts(one)), one["time"].values))
            for one in (data, theirs)
        )
    )
    own_steps, their_steps = ([pair[side] for pair in pairs] for side in (0, 1))
    return _told(study, data, own_steps), _told(other, theirs, their_steps), own_steps


def known_steps(data: xr.Dataset, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps of a trial whose motion is known."""
    first, last = float(data["time"][0]), float(data["time"][-1])
    return tuple(one for one in steps if one.touchdown >= first and one.toe_off <= last)


def _told(study: Study, data: xr.Dataset, steps: Sequence[Step]) -> Told:
    scheme = role_scheme(study)
    names = tuple(dict.fromkeys((*DIMENSIONS, *SPREADS)))
    curves = step_dataset(data, steps, study.model_map, scheme, names)
    outcomes = stance_outcomes(data, steps, curves, scheme)
    return joined([outcomes, _statistics(study, data, steps)], list(map(str, outcomes))), curves


def _statistics(study: Study, data: xr.Dataset, steps: Sequence[Step]) -> pd.DataFrame:
    """What verdicts rest on, of every step, as rows like those of its stance means."""
    import pandas as pd

    curves = step_dataset(data, steps, study.model_map, RoleScheme(), ("angular_momentum",))
    vertical = picked(curves, "angular_momentum", phase="stance", axis=VERTICAL, group=ROLE_GROUPS)
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
