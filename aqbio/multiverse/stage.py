"""Stage multiverse: numbers of every step, under every specification and on other models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import Trial
from aqbio.contributions.files import CAUSES, failed_contributions, stored_contributions
from aqbio.errors import AqbioError, Finding
from aqbio.gait.curves import no_steps
from aqbio.gait.roles import with_pelvis
from aqbio.gait.step_files import recorded_steps, step_file, trial_contacts, trial_steps
from aqbio.gait.steps import Step
from aqbio.io.netcdf import write_dataset
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study, compared_studies
from aqbio.io.tables import joined, read_columns, write_columns
from aqbio.multiverse.files import CURVES, STAGE, STEPS, evidence_file
from aqbio.multiverse.lines import line_angles, turning_numbers
from aqbio.multiverse.recomputed import (
    CachedTrial,
    MotionSource,
    loose_sources,
    source_kinematics,
    specified_trial,
)
from aqbio.multiverse.specifications import (
    BODY,
    PELVIS,
    Specification,
    every_specification,
    is_computable,
    left_out_findings,
    pelvis_members,
)
from aqbio.multiverse.step_rows import (
    SCHEME,
    evidence_curves,
    rate_numbers,
    step_numbers,
    stored_curves,
    trial_sds,
    vertical_stance,
)
from aqbio.names import SIDES
from aqbio.observed.parts import incomplete_reason
from aqbio.stats.measurement import COMPARED
from aqbio.stats.step_numbers import evidence_columns, momentum_numbers
from aqbio.steps.other_models import same_steps
from aqbio.study.internal import RULE as INTERNAL
from aqbio.study.internal import as_findings, contained
from aqbio.study.manifest import Report, TrialOutcome, participant_stage, run_trials, write_manifest

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


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
    parts = [
        replace(their, number=own.number, status=own.status, reason=own.reason)
        for own, their in same_steps(kept, theirs)
    ]
    return step_numbers(evidence_curves(data, parts, other.model_map), parts)


@dataclass
class Collected:
    """Results of a participant, filled trial by trial."""

    loose: Mapping[str, MotionSource]
    """Motions with forces trusted a third as much, by trial."""
    table: pd.DataFrame
    """The participant's steps, judged."""
    rows: list[pd.DataFrame] = field(default_factory=list)
    """Numbers of steps under every specification, one table per trial."""
    curves: list[xr.Dataset] = field(default_factory=list)
    """Under the study's own settings, one per trial."""
    rates: dict[str, float] = field(default_factory=dict)
    """The lower rate of markers and forces by trial, Hz."""


def _without_results(study: Study, participant_id: str) -> None:
    """Leave the files of a participant that nothing is known of."""
    import pandas as pd

    _write(study, participant_id, Collected({}, pd.DataFrame()), [])


@participant_stage(STAGE, _without_results)
def multiverse_participant(study: Study, participant_id: str, report: Report) -> None:
    """Gather the evidence of all trials of a participant.

    Writes ``evidence/steps.nc`` (numbers of the steps under every specification),
    ``evidence/curves.nc`` (under the study's own settings) and ``multiverse.json`` last.
    """
    loose, findings = _loose(study, participant_id)
    collected = Collected(loose, read_columns(step_file(study, participant_id, "steps")))
    trials = run_trials(
        study,
        participant_id,
        STAGE,
        lambda trial: evidence_trial(study, participant_id, trial, collected),
        report,
    )
    files = [Path(path) for done in trials for path in done.get("inputs", [])]
    _write(study, participant_id, collected, files)
    findings += left_out_findings(_specifications(study), collected.rates, participant_id)
    write_manifest(study, participant_id, STAGE, trials, findings=findings)


def _write(study: Study, participant_id: str, collected: Collected, files: list[Path]) -> None:
    source = study_provenance(study, STAGE, files)
    columns = evidence_columns()
    rows = joined(collected.rows, list(columns))
    write_columns(rows, evidence_file(study, participant_id, STEPS), columns, source)
    curves = curves_dataset(collected.curves)
    write_dataset(curves, evidence_file(study, participant_id, CURVES), source)


def curves_dataset(trials: Sequence[xr.Dataset]) -> xr.Dataset:
    """Curves of all trials of a participant, one entry per step."""
    import xarray as xr

    if trials:
        return xr.concat(trials, "step", combine_attrs="override")
    return stored_curves(no_steps(SCHEME), "")


def _loose(study: Study, participant_id: str) -> tuple[dict[str, MotionSource], list[Finding]]:
    """Motions with looser weights; without them all other specifications are there still."""
    try:
        with contained(study, STAGE, participant_id, "fits"):
            return loose_sources(study, participant_id), []
    except AqbioError as error:
        return {}, as_findings(error, participant=participant_id)


def _specifications(study: Study) -> tuple[Specification, ...]:
    return every_specification(study.settings, consistent=study.settings.consistency.enabled)


def evidence_trial(
    study: Study, participant_id: str, trial: Trial, collected: Collected
) -> TrialOutcome:
    """Gather the evidence of one trial."""
    inputs = tuple(
        study.folder(participant_id, stage) / f"{trial.trial_id}.nc"
        for stage in ("prepare", "inverse_kinematics", "inverse_dynamics", "contributions")
    )
    cached = CachedTrial.read(
        study, participant_id, trial.trial_id, collected.loose.get(trial.trial_id)
    )
    data = cached.contributions
    steps = recorded_steps(collected.table[collected.table["trial_id"] == trial.trial_id])
    own, *others = _specifications(study)
    kept = [step for step in steps if step.status != "rejected"]
    curves = evidence_curves(
        data, kept, study.model_map, "angular_momentum_rate", "hub_moment", "free_moment"
    )
    seen, moves = cached.observed(study), source_kinematics(cached.own)
    numbers = step_numbers(curves, kept).assign(
        **rate_numbers(curves),
        **turning_numbers(kept, cached.time, line_angles(seen, moves), curves),
    )
    tables = {(own.name, own.factor): numbers}
    findings: list[Finding] = []
    for one in (one for one in others if is_computable(one, cached.rate)):
        try:
            with contained(study, STAGE, participant_id, trial.trial_id, one.name):
                other, found = specified_trial(study, participant_id, cached, one)
                parts = [step for step in found if step.status != "rejected"]
                cut = evidence_curves(other, parts, study.model_map)
                tables[one.name, one.factor] = step_numbers(cut, parts)
        except AqbioError as error:
            findings.append(_missing(one, trial, error))
    models = on_other_models(study, trial, kept, numbers)
    tables |= {(f"model={name}", BODY): theirs for name, theirs in models.arms.items()}
    findings += models.findings
    for member in pelvis_members(study.settings):
        moved = momentum_numbers(with_pelvis(vertical_stance(curves), member, axis=-1))
        tables[f"pelvis={member}", PELVIS] = numbers.assign(**moved)
    recorded = {
        "recorded": sum(step.reason != CUT for step in steps),
        "kept": len(kept),
        "marker_rate": float(cached.prepared.attrs["marker_rate"]),
        "consistent": cached.fitted,
        "error_sd": _finite_numbers(trial_sds(data, steps)),
        "model_deviations": models.deviations,
        "mass_kg": float(data.attrs["mass"]),
        "unseen": _unseen(study, cached, steps),
    }
    stored = stored_curves(curves, trial.trial_id)
    collected.rates[trial.trial_id] = cached.rate  # last: a trial that fails leaves nothing
    collected.rows.append(_named(tables, trial))
    collected.curves.append(stored)
    return TrialOutcome(recorded, tuple(findings), inputs)


def _named(tables: Mapping[tuple[str, str], pd.DataFrame], trial: Trial) -> pd.DataFrame:
    """Numbers of steps under every specification with what they belong to, as the file has them."""
    import pandas as pd

    parts = [
        table.assign(specification=specification, factor=factor)
        for (specification, factor), table in tables.items()
    ]
    every = pd.concat(parts).assign(trial_id=trial.trial_id, condition=trial.condition)
    return every.reindex(columns=list(evidence_columns()))


def _unseen(study: Study, cached: CachedTrial, steps: Sequence[Step]) -> dict[str, str]:
    """Why the arms or the legs are not observed in any step of a trial, by what is lacking."""
    observed, time = cached.observed(study).observed, cached.time
    contacts = [(time >= one.touchdown) & (time <= one.toe_off) for one in steps]
    found = {}
    for limb in ("arm", "leg"):
        names = [f"{limb}_{side}" for side in SIDES]
        groups = {name: study.model_map.groups.get(name, ()) for name in names}
        if lacking := [name for name in names if not groups[name]]:
            found[f"{limb}s"] = f"the model has no {' and no '.join(lacking)}"
            continue
        reasons = [incomplete_reason(observed, groups, frames) for frames in contacts]
        if reasons and all(reasons):
            found[f"{limb}s"] = max(reasons, key=reasons.count)
    return found


def _finite_numbers(values: dict[str, float]) -> dict[str, float]:
    """Numbers that are there."""
    return {name: value for name, value in values.items() if np.isfinite(value)}


CUT = "the recording cuts the contact"
"""Why a contact is no recorded step, in the words of `aqbio.gait.steps`."""


def _missing(specification: Specification, trial: Trial, error: AqbioError) -> Finding:
    if error.rule == INTERNAL:
        return error.finding(trial=trial.trial_id)
    return Finding(
        rule="specification-unavailable",
        severity="info",
        what=f"specification {specification.name} of the multiverse was not computed: {error.what}",
        trial=trial.trial_id,
        fix=error.fix,
    )
