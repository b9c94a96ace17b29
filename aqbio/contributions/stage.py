"""Stage contributions: levels of every trial, steps, one row each, curves and quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.config import Trial
from aqbio.contributions.files import trial_contributions
from aqbio.contributions.other_models import COLUMNS, compared_models, steps_in_motion, with_model
from aqbio.contributions.step_outcomes import WHOLE_BODY
from aqbio.contributions.step_postures import trial_postures
from aqbio.contributions.step_quality import band_rows, quality_rows, unobserved_parts
from aqbio.contributions.step_rows import (
    CONTRIBUTIONS,
    QUALITY,
    TrialSteps,
    Widths,
    contribution_table,
    step_table,
)
from aqbio.contributions.step_rows import UNCERTAINTY as UNCERTAINTY_COLUMNS
from aqbio.contributions.trial import contributions_trial, group_findings
from aqbio.errors import Finding
from aqbio.gait.belt import belt_speed, step_belt_speed_sds, step_belt_speeds
from aqbio.gait.curves import no_steps, role_scheme, step_dataset, with_spreads
from aqbio.gait.roles import RoleScheme
from aqbio.gait.signals import labels, select_labels
from aqbio.gait.step_files import (
    CURVES,
    MODELS,
    STAGE,
    STEADY_SPEED_CHANGE,
    UNCERTAINTY,
    step_file,
    trial_contacts,
    trial_steps,
)
from aqbio.gait.steps import Step, heading_changes, phase_mean, phase_rms, speed_change
from aqbio.intervals.step_states import ModelStates, model_states, statistic_sds
from aqbio.intervals.step_uncertainty import Key, half_widths, stance_sds, trial_budget
from aqbio.io.dictionary import Columns
from aqbio.io.netcdf import write_dataset
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import joined, write_columns
from aqbio.names import AXES, GRAVITY, NORMAL_95
from aqbio.study.manifest import (
    OK,
    Report,
    TrialOutcome,
    participant_stage,
    run_trial,
    run_trials,
    write_manifest,
)
from aqbio.vectors import FloatArray

# curves on disk -----------------------------------------------------------------------------------


UNSTORED_VARIABLES = (
    "com_velocity", "stance_momentum_sd", "stance_rate_sd",
    "angular_momentum_plain", "angular_momentum_rate_plain",
    "angular_momentum_sd_posterior", "angular_momentum_rate_sd_posterior",
)  # fmt: skip
"""Variables that enter tables and other curves but are not drawn themselves."""

_COORDINATES = {
    "participant_id": "participant_id", "trial_id": "trial_id", "condition": "condition",
    "number": "step", "side": "side", "speed": "speed_mps", "contact_s": "contact_s",
    "flight_s": "flight_s", "mass": "mass_kg", "height": "height_m",
}  # fmt: skip
"""Column of the step table behind every coordinate of a step."""

TEXT_COORDINATES = ("participant_id", "trial_id", "condition", "side")


def kept_curves(curves: xr.Dataset, rows: Sequence[Mapping[str, object]]) -> xr.Dataset:
    """Curves of the kept steps of a trial, single precision: only figures read them."""
    numbers = curves["number"].values.tolist()
    chosen = curves.drop_vars(UNSTORED_VARIABLES).isel(
        step=[numbers.index(row["step"]) for row in rows]
    )
    columns = {
        name: (
            "step",
            np.array([row[column] for row in rows], str if name in TEXT_COORDINATES else float),
        )
        for name, column in _COORDINATES.items()
    }
    return chosen.astype(np.float32).assign_coords(columns)


def curves_dataset(trials: Sequence[xr.Dataset], scheme: RoleScheme) -> xr.Dataset:
    """Curves of a participant as one dataset, one entry per step that was not rejected."""
    if trials:
        return xr.concat(trials, "step", combine_attrs="override")
    return kept_curves(with_spreads(no_steps(scheme), xr.Dataset(), [], scheme), [])


# the stage ----------------------------------------------------------------------------------------

Row = dict[str, Any]

KIND = "steps"
"""Name of the files of steps in the data dictionary."""


@dataclass(frozen=True, slots=True)
class TrialTables:
    """Tables and curves of one trial."""

    steps: list[Row]
    quality: list[Row]
    """steps, quality: Rows of the tables."""
    contributions: pd.DataFrame
    """Rows of contributions of every step that was not rejected."""
    uncertainty: pd.DataFrame
    """Uncertainty of one step of each foot, by source."""
    curves: xr.Dataset
    """Of these steps, in single precision."""
    source: Path


def without_steps(study: Study, participant_id: str) -> None:
    """Write empty files for a participant without results."""
    if not study.within:
        _write(study, participant_id, [])


def write_steps(
    study: Study, participant_id: str, trials: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], tuple[Finding, ...]]:
    """Cut all trials of a participant that have contributions into steps.

    Writes ``steps/curves.nc`` and, in full precision, ``steps/steps.nc``, ``quality.nc``,
    ``contributions.nc``, ``models.nc`` and ``uncertainty.nc``.

    Parameters
    ----------
    trials : sequence of dict
        Entries of stage contributions for each trial, from `run_trials`.

    Returns
    -------
    list of dict
        The same entries with the results of the steps; a trial without usable steps has failed.
    tuple of Finding
        About the participant.
    """
    cut: list[TrialTables] = []
    contribution_entries = {entry["trial_id"]: entry for entry in trials if entry["status"] == OK}
    models = compared_models(study, participant_id, contribution_entries)
    states = model_states(models.table)

    def work(trial: Trial) -> TrialOutcome:
        of_trial = states.get(trial.trial_id, states.get("", {}))
        trial_steps = _trial_steps(
            study, trial, contribution_entries[trial.trial_id], of_trial, models.curves
        )
        cut.append(_trial_tables(study, trial_steps))
        return TrialOutcome({"unobserved": unobserved_parts(study, trial_steps.data)})

    step_entries = {
        name: run_trial(study, participant_id, STAGE, study.trial(participant_id, name), work)
        for name in contribution_entries
    }
    for name, entry in step_entries.items():
        entry["findings"] = [*contribution_entries[name]["findings"], *entry["findings"]]
        entry["inputs"] = contribution_entries[name]["inputs"]
    _write(study, participant_id, cut, models.table)
    return [entry | step_entries.get(entry["trial_id"], {}) for entry in trials], models.findings


@participant_stage(STAGE, without_steps)
def contributions_participant(study: Study, participant_id: str, report: Report) -> None:
    """Compute level A and joint moments of all trials of a participant, and cut them into steps.

    Writes ``contributions/<trial>.nc``, on the study's own model ``steps/`` (`write_steps`), and
    ``contributions.json`` last.
    """
    trials = run_trials(
        study,
        participant_id,
        STAGE,
        lambda trial: contributions_trial(study, participant_id, trial),
        report,
    )
    findings = group_findings(study.model_map.groups, participant_id)
    if not study.within:
        trials, compared = write_steps(study, participant_id, trials)
        findings += compared
    write_manifest(study, participant_id, STAGE, trials, findings=findings)


def _write(
    study: Study,
    participant_id: str,
    tables: Sequence[TrialTables],
    models: pd.DataFrame | None = None,
) -> None:
    scheme = role_scheme(study)
    files = [trial.source for trial in tables]
    source = study_provenance(study, STAGE, files) | {"stage": KIND}
    curves = curves_dataset([trial.curves for trial in tables], scheme)
    write_dataset(curves, step_file(study, participant_id, CURVES), source)
    columns = step_table(scheme.items)
    for name, table, described in (
        ("steps", _frame((row for trial in tables for row in trial.steps), columns), columns),
        ("quality", _frame((row for trial in tables for row in trial.quality), QUALITY), QUALITY),
        (
            "contributions",
            joined([trial.contributions for trial in tables], list(CONTRIBUTIONS)),
            CONTRIBUTIONS,
        ),
        (MODELS, joined([] if models is None else [models], list(COLUMNS)), COLUMNS),
        (
            UNCERTAINTY,
            joined([trial.uncertainty for trial in tables], list(UNCERTAINTY_COLUMNS)),
            UNCERTAINTY_COLUMNS,
        ),
    ):
        write_columns(table, step_file(study, participant_id, name), described, source)


def _trial_tables(study: Study, trial: TrialSteps) -> TrialTables:
    """Rows and curves of a trial; its signals are released."""
    rows = list(_step_rows(study, trial))
    with_curves = set(trial.numbers)
    counted = [row for row in rows if row["step"] in with_curves and row["status"] != "rejected"]
    step_numbers = {row["step"] for row in counted}
    person, name = trial.participant_id, trial.trial.trial_id
    contribution_rows = trial.rows[trial.rows["step"].isin(step_numbers)]
    return TrialTables(
        steps=rows,
        quality=[
            *quality_rows(study, [trial]),
            *band_rows(
                study.settings.quality,
                {"participant_id": person, "trial_id": name},
                [row for row in counted if row["status"] == "ok"],
            ),
        ],
        contributions=contribution_rows.assign(
            participant_id=pd.Categorical([person] * len(contribution_rows)),
            trial_id=pd.Categorical([name] * len(contribution_rows)),
        ),
        uncertainty=trial_budget(
            trial.data, Counter(row["side"] for row in rows if row["status"] != "rejected")
        )
        .assign(trial_id=name)
        .reindex(columns=list(UNCERTAINTY_COLUMNS)),
        curves=kept_curves(trial.curves, counted),
        source=trial.source,
    )


def _frame(rows: Iterable[Row], columns: Columns) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns))


def _trial_steps(
    study: Study,
    trial: Trial,
    contributions_entry: Mapping[str, Any],
    model_deviations: ModelStates,
    model_curves: Mapping[str, FloatArray],
) -> TrialSteps:
    """Cut a trial into steps; deviations of outcomes and curves on other models widen intervals."""
    participant_id = trial.participant_id
    source = study.folder(participant_id, STAGE) / f"{trial.trial_id}.nc"
    data, final = trial_contributions(study, participant_id, trial.trial_id)
    data = with_model(data, model_deviations)
    steps = trial_steps(list(trial_contacts(data)), data["time"].values)
    scheme, covered = role_scheme(study), steps_in_motion(data, steps)
    curves = step_dataset(data, covered, study.model_map, scheme)
    curves = with_spreads(curves, data, covered, scheme, model_curves)
    sides = {step.side for step in steps}
    half: Widths = {side: half_widths(stance_sds(data, side)) for side in sides}
    rows = contribution_table(data, covered, curves, scheme, half)
    sds = statistic_sds(data, steps, model_deviations)
    data = data.assign_attrs({f"sd_{name}": sd for name, sd in sds.items()})
    postures = trial_postures(study, participant_id, data, final, covered)
    return TrialSteps(
        participant_id=participant_id,
        trial=trial,
        data=data,
        marker_error=final["marker_error"],
        steps=steps,
        curves=curves,
        rows=rows,
        half=half,
        source=source,
        contributions_entry=contributions_entry,
        clock_offset=float(final.attrs.get("fit_clock_offset", 0.0)),
        postures=postures,
    )


def _events(step: Step, clock_offset: float) -> Row:
    """Events of a step on the clock of the plates, and on that of the markers."""
    events = {"touchdown": step.touchdown, "toe_off": step.toe_off}
    events["next_touchdown"] = step.next_touchdown
    row = {f"{name}_s": at + clock_offset for name, at in events.items()}
    return row | {f"{name}_fitted_s": at for name, at in events.items()}


def _step_rows(study: Study, trial: TrialSteps) -> Iterator[Row]:
    mass = float(trial.data.attrs["mass"])
    height = study.participant(trial.participant_id).height_m
    time, velocity = trial.data["time"].values, trial.data["com_velocity"].values.copy()
    velocity[:, 0] += belt_speed(trial.data, time)
    items = role_scheme(study).items
    turns = heading_changes(trial.steps, time, velocity)
    numbers, columns = trial.numbers, step_table(items)
    for step, turn in zip(trial.steps, turns, strict=True):
        row: Row = dict.fromkeys(columns)
        row |= {
            "participant_id": trial.participant_id,
            "trial_id": trial.trial.trial_id,
            "condition": trial.trial.condition,
            "step": step.number,
            "side": step.side,
            **_events(step, trial.clock_offset),
            "contact_s": step.contact,
            "contact_error_s": step.time_error,
            "flight_s": step.flight,
            "status": step.status,
            "reason": step.reason or None,
            "events": trial.data.attrs["events"],
            "motion": trial.data.attrs["motion"],
            "heading_change_deg": np.degrees(turn if step.side == "right" else -turn),
            **_belt(trial.data, step),
            "mass_kg": mass,
            "height_m": np.nan if height is None else height,
        }
        if step.number in numbers:
            index = numbers.index(step.number)
            row |= _marker_errors(trial, step)
            row |= _step_outcomes(step, trial.curves, index, mass)
            row["peak_vertical_force_bw"] = _peak(trial.data, step) / (mass * GRAVITY)
            row |= _consistency_outcomes(trial.curves, index)
            row |= {name: float(values[index]) for name, values in trial.postures.items()}
            row |= _momentum_sds(trial.half[step.side], items)
            row |= _judgement(study, row)
        yield row


def _belt(data: xr.Dataset, step: Step) -> Row:
    """Speed of the belt over a step, and its error; n/a overground."""
    if data.attrs["surface"] != "treadmill":
        return {}
    return {
        "belt_speed_mps": float(step_belt_speeds(data, [step])[0]),
        "belt_speed_sd_mps": float(step_belt_speed_sds(data, [step])[0]),
    }


def _marker_errors(trial: TrialSteps, step: Step) -> Row:
    """Marker errors during the contact; NaN where no marker was compared with the model."""
    time, errors = trial.marker_error["time"].values, trial.marker_error.values
    during = errors[(time >= step.touchdown) & (time <= step.toe_off)]
    finite = during[np.isfinite(during)]
    if not trial.tracked or not len(finite):
        return {"marker_rms_m": np.nan, "marker_max_m": np.nan}
    return {"marker_rms_m": float(np.sqrt((finite**2).mean())), "marker_max_m": float(finite.max())}


def _peak(data: xr.Dataset, step: Step) -> float:
    """Largest vertical force of a step's contact on the plates, N; NaN without plates."""
    is_contact = data["contact_touchdown"].values == step.touchdown
    is_contact &= data["contact_foot"].values == step.side
    return float(data["contact_peak"].values[is_contact][0])


def _step_outcomes(step: Step, curves: xr.Dataset, index: int, mass: float) -> Row:
    """Scalars of one step: stance means of H, residual, forces, steadiness."""
    signals = ("angular_momentum", "residual_moment", "ground_force")
    momentum, residual, ground = (
        select_labels(curves, signal, phase="stance")[index] for signal in signals
    )
    force = ground / (mass * GRAVITY)
    row = _by_group("H_{group}_{axis}_stance_mean_kgm2ps", curves, phase_mean(momentum))
    row |= _stance_rms("M_residual_{axis}_stance_rms_Nm", residual)
    duration, speed = step.next_touchdown - step.touchdown, float(curves["speed"].values[index])
    forward = select_labels(curves, "com_velocity", axis="x")[index]
    observed = np.isfinite(
        select_labels(curves, "angular_momentum", phase="stance", group="total")[index]
    )
    row |= {
        "speed_mps": speed,
        "step_frequency_hz": 1.0 / duration,
        "step_length_m": speed * duration,
        "mean_vertical_force_bw": float(phase_mean(force[:, 1])),
        # unobserved limbs swing too: their share of a change is as large as a sprinter's
        "speed_change_mps": speed_change(forward, step) if observed.all() else np.nan,
        "lateral_force_bw": phase_mean(force[:, 2]) * step.contact / duration,
        "acceleration_mps2": _forward_acceleration(force, step),
    }
    return row


def _forward_acceleration(force: FloatArray, step: Step) -> float:
    """Acceleration by the ground's force (101, 3), body weights: mean over the step, m/s².

    Over the contact of an incomplete step.
    """
    duration = step.next_touchdown - step.touchdown
    share = step.contact / duration if np.isfinite(duration) else 1.0
    return float(phase_mean(force[:, 0])) * GRAVITY * share


def _consistency_outcomes(curves: xr.Dataset, index: int) -> Row:
    """Posterior of the stance means of H, and the residual before the fit."""
    sds = curves["stance_momentum_sd"].values[index]
    before = select_labels(curves, "residual_moment_plain", phase="stance")[index]
    row = _by_group("H_{group}_{axis}_stance_mean_motion_sd_kgm2ps", curves, sds)
    return row | _stance_rms("M_residual_plain_{axis}_stance_rms_Nm", before)


def _momentum_sds(half: Mapping[Key, Mapping[str, float]], items: Sequence[str]) -> Row:
    """Standard deviation of the stance means of H: that of their rows of contributions."""
    widths = {name: half.get(("A", name, WHOLE_BODY, "momentum_mean"), {}) for name in items}
    return {
        f"H_{name}_{axis}_stance_mean_sd_kgm2ps": by_axis.get(axis, np.nan) / NORMAL_95
        for name, by_axis in widths.items()
        for axis in AXES
    }


def _by_group(name: str, curves: xr.Dataset, values: FloatArray) -> Row:
    """Numbers of groups and axes, (G, 3), by the name of their column."""
    return {
        name.format(group=group, axis=axis): values[r, a]
        for r, group in enumerate(labels(curves, "group"))
        for a, axis in enumerate(AXES)
    }


def _stance_rms(name: str, moment: FloatArray) -> Row:
    values = phase_rms(moment)
    return {name.format(axis=axis): values[a] for a, axis in enumerate(AXES)}


def _judgement(study: Study, row: Row) -> Row:
    """Flags of a step, and its rejection if the settings require it."""
    flags = list(_flags(study, row))
    turns = study.settings.steps.reject_turns and {"lateral_force", "heading_change"} & set(flags)
    markers = study.settings.solve.reject_on_marker_error and "marker_error" in flags
    judged: Row = {"step_flags": ",".join(flags) or None}
    if row["status"] != "rejected" and (turns or markers):
        why = "it counts as a turn" if turns else "its marker errors exceed the limits"
        judged |= {"status": "rejected", "reason": why}
    return judged


def _flags(study: Study, row: Row) -> Iterator[str]:
    """Unusual features of a step that do not reject it."""
    settings = study.settings.steps
    if abs(row["speed_change_mps"]) > STEADY_SPEED_CHANGE * row["speed_mps"]:
        yield "accelerating"
    if abs(row["lateral_force_bw"]) > settings.lateral_force_bw:
        yield "lateral_force"
    if abs(row["heading_change_deg"]) > settings.heading_change_degrees:
        yield "heading_change"
    if np.isnan(row["H_total_y_stance_mean_kgm2ps"]):
        yield "whole_body_unknown"
    limits = study.settings.solve
    rms, largest = row["marker_rms_m"], row["marker_max_m"]
    if rms is not None and (rms > limits.reject_rms_m or largest > limits.reject_max_m):
        yield "marker_error"
