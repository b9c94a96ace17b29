"""What steps are on the other models that a study names: an arm, and a part of every error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import Trial
from aqbio.contributions.files import CAUSES, failed_contributions, stored_contributions
from aqbio.errors import AqbioError, Finding
from aqbio.gait.step_files import trial_contacts, trial_steps
from aqbio.gait.steps import Step
from aqbio.io.study import Study, compared_studies
from aqbio.multiverse.files import STAGE
from aqbio.multiverse.step_rows import evidence_curves, step_numbers
from aqbio.stats.measurement import COMPARED
from aqbio.steps.other_models import same_steps
from aqbio.study.internal import RULE as INTERNAL
from aqbio.study.internal import contained

if TYPE_CHECKING:
    import pandas as pd


@dataclass(slots=True)
class OnModels:
    """What the steps of a trial are on the other models."""

    arms: dict[str, pd.DataFrame] = field(default_factory=dict)
    """Numbers of the steps by model, where every trial was worked through there."""
    deviations: list[dict[str, float]] = field(default_factory=list)
    """From :func:`model_deviations`, of every model; without what is not known."""
    findings: list[Finding] = field(default_factory=list)


def on_other_models(
    study: Study, trial: Trial, kept: Sequence[Step], numbers: pd.DataFrame
) -> OnModels:
    """A trial's steps on every other model on which it was processed."""
    person, found = trial.participant_id, OnModels()
    for other in compared_studies(study, person):
        name = other.within.rpartition("/")[2]
        if trial.trial_id not in {one.trial_id for one in other.moving_of(person)}:
            continue
        try:
            with contained(study, STAGE, person, trial.trial_id, name):
                theirs = on_other_model(other, trial, kept)
        except AqbioError as error:  # stage steps told what is missing there
            if error.rule == INTERNAL:
                found.findings.append(error.finding(trial=trial.trial_id))
            continue
        known = model_deviations(numbers, theirs).items()
        found.deviations.append({key: value for key, value in known if np.isfinite(value)})
        if is_arm(study):
            found.arms[name] = theirs
    return found


def is_arm(study: Study) -> bool:
    """Whether other models are arms: only if every trial was processed on them."""
    return study.settings.multiverse.enabled and not study.settings.other_models.trials


def model_deviations(own: pd.DataFrame, other: pd.DataFrame) -> dict[str, float]:
    """Difference of the mean over common steps on another model, by the names of `COMPARED`."""
    both = own.merge(other, on="step", suffixes=("", "_other"))
    return {
        name: float((both[f"{column}_other"] - both[column]).mean())
        for name, column in COMPARED.items()
    }


def on_other_model(other: Study, trial: Trial, kept: Sequence[Step]) -> pd.DataFrame:
    """Numbers of the same steps on another model; those missing there are left out."""
    person, name = trial.participant_id, trial.trial_id
    if why := failed_contributions(other, person, name):
        raise AqbioError(why, trial=name)
    data, _ = stored_contributions(other, person, name, without=CAUSES)
    theirs = trial_steps(list(trial_contacts(data)), data["time"].values)
    told = [
        replace(their, number=own.number, status=own.status, reason=own.reason)
        for own, their in same_steps(kept, theirs)
    ]
    return step_numbers(evidence_curves(data, told, other.model_map), told)
