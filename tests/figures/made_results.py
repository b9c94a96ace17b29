"""The made-up study written to disk, as the stages before figures and report leave it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.consistency.files import changes_path
from aqbio.errors import Finding
from aqbio.gait.step_files import CURVES, step_file
from aqbio.io.dictionary import columns as columns_of
from aqbio.io.netcdf import write_dataset
from aqbio.io.provenance import provenance
from aqbio.io.study import Study, load_study
from aqbio.io.tables import Columns, write_columns, write_table
from aqbio.names import DOUBTFUL, LOST, NO_STEPS, PARTLY, USABLE
from aqbio.pages.athlete import write_athlete_page
from aqbio.stage_table import PARTICIPANT_STAGES
from aqbio.steps import rows as step_columns
from aqbio.study import manifest
from aqbio.study.findings import participant_findings
from tests.figures.made_runs import write_made_runs
from tests.figures.made_study import (
    AXES,
    GROUPS,
    JOINTS,
    MASS_KG,
    MadeStep,
    made_step_curves,
    made_steps,
)
from tests.figures.made_verdicts import write_made_verdicts

PARTICIPANTS = ("S01", "S02")
FAILED = ("S02", "sprint", "prepare: marker RASI is missing in 41 of 180 frames (23 %).")
SIDES = ("push_side", "swing_side")
_FIRST_TOUCHDOWN = {"jog": 0.520, "sprint": 0.353}


def write_made_results(
    folder: Path,
    *,
    participants: int = 2,
    steps: bool = True,
    figures: dict[str, Any] | None = None,
    registry: str = "",
    lacking: tuple[str, ...] = ("forces",),
) -> Study:
    """Write sheets, manifests, prepared trials, tables and step curves; give the study.

    ``lacking``: "forces" of plates in the table of steps, "arms" of markers, "static" trials.
    """
    if registry:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hypotheses.yaml").write_text(registry, encoding="utf-8")
    study = _study(folder, participants, figures or {})
    curves = _without_failed(made_step_curves(participants)) if steps else _none()
    made = [
        step for step in made_steps(participants) if (step.participant, step.trial) != FAILED[:2]
    ]
    table = _steps_table(curves, made if steps else [])
    if "forces" not in lacking and steps:
        table["peak_vertical_force_bw"] = 2.0 + 0.1 * table["speed_mps"]
    if "arms" in lacking:
        unseen = ["arms", "push_side", "total"]
        curves["angular_momentum"].loc[{"group": unseen}] = np.nan
        names = [f"H_{one}_{axis}_stance_mean_kgm2ps" for one in unseen for axis in AXES]
        table[names] = np.nan
    source = provenance("contributions", [], study.stage_settings("contributions"))
    trials, rows = _trials_table(study, table, lacking), _contributions_table(curves)
    measured = _complete(_quality_table(trials), step_columns.QUALITY)
    for name, content, columns in (
        ("steps", table, step_columns.STEPS),
        ("quality", measured, step_columns.QUALITY),
        ("findings", _findings_table(), step_columns.FINDINGS),
        ("fit_changes", _changes_table(), columns_of("fit_changes")),
        ("trials", trials, step_columns.TRIALS),
        ("uncertainty", _uncertainty_table(study), columns_of("uncertainty")),
        ("model_differences", _models_table(study), columns_of("model_differences")),
    ):
        write_table(_complete(content, columns), study.table(f"{name}.tsv"), columns, source)
    for participant in study.participants:
        name = participant.participant_id
        _write_participant(study, name, static="static" not in lacking)
        mine = curves.isel(step=np.flatnonzero(curves["participant_id"] == name))
        write_dataset(mine, step_file(study, name, CURVES), source)
        for kind, content, columns in (
            ("contributions", rows, step_columns.CONTRIBUTIONS),
            ("steps", table, step_columns.STEPS),
            ("quality", measured, step_columns.QUALITY),
        ):
            own = _complete(content, columns)
            own = own[own["participant_id"] == name]
            write_columns(own, step_file(study, name, kind), columns, source)
        changed = _complete(_changes_table(), columns_of("fit_changes"))
        own = changed[changed["participant_id"] == name]
        write_columns(own, changes_path(study, name), columns_of("fit_changes"), source)
        write_made_page(study, name)
    if steps:
        write_made_runs(study, table)
    write_made_verdicts(study, steps=steps)
    return study


def _study(folder: Path, participants: int, figures: dict[str, Any]) -> Study:
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"S{number:02d}" for number in range(1, participants + 1)]
    settings = {
        "name": "made_up",
        "results": str(folder / "results"),
        "figures": figures,
        "report": {"title": "Made-up sprinters", "authors": "A. Tester"},
    }
    (folder / "study.yaml").write_text(json.dumps(settings), encoding="utf-8")
    people = "participant_id\tsex\n" + "".join(f"{name}\tfemale\n" for name in names)
    (folder / "participants.tsv").write_text(people, encoding="utf-8")
    trials = ["jog", "sprint"] + (["stride", "fast"] if participants > 1 else [])
    rows = [f"{name}\t{trial}\trun\t{trial}.c3d\n" for name in names for trial in trials]
    sheet = "participant_id\ttrial_id\ttask\tfile\n" + "".join(rows)
    (folder / "trials.tsv").write_text(sheet, encoding="utf-8")
    return load_study(folder / "study.yaml")


def _without_failed(curves: xr.Dataset) -> xr.Dataset:
    failed = (curves["participant_id"] == FAILED[0]) & (curves["trial_id"] == FAILED[1])
    return curves.isel(step=np.flatnonzero(~failed.values))


def _none() -> xr.Dataset:
    return made_step_curves().isel(step=slice(0, 0))


def _steps_table(curves: xr.Dataset, made: list[MadeStep]) -> pd.DataFrame:
    """Steps with their outcomes, and after each trial a contact that was not kept."""
    records: list[dict[str, Any]] = []
    start = 0.0
    for number, step in enumerate(made):
        start = _FIRST_TOUCHDOWN.get(step.trial, 0.4) if step.number == 1 else start
        record = _key(step) | {
            "condition": "normal",
            "side": step.side,
            "touchdown_s": start,
            "toe_off_s": start + step.contact,
            "next_touchdown_s": start + step.contact + step.flight,
            "touchdown_fitted_s": start,
            "toe_off_fitted_s": start + step.contact,
            "next_touchdown_fitted_s": start + step.contact + step.flight,
            "contact_error_s": 0.0,
            "speed_mps": step.speed,
            "contact_s": step.contact,
            "flight_s": step.flight,
            "status": "ok",
            "mass_kg": MASS_KG,
        }
        records.append(record | _outcomes(curves.isel(step=number)))
        start += step.contact + step.flight
        if number + 1 == len(made) or made[number + 1].number == 1:
            last = _key(step) | {"step": step.number + 1, "condition": "normal", "side": "left"}
            last |= {"touchdown_s": start, "toe_off_s": start + step.contact}
            last |= {"contact_s": step.contact, "status": "rejected"}
            records.append(last | {"reason": "the recording cuts the contact"})
    return pd.DataFrame(records)


def _key(step: MadeStep) -> dict[str, Any]:
    return {"participant_id": step.participant, "trial_id": step.trial, "step": step.number}


def _outcomes(step: xr.Dataset) -> dict[str, float]:
    stance = step.sel(phase="stance")
    momentum = stance["angular_momentum"].mean("percent")
    residual = np.sqrt((stance["residual_moment"] ** 2).mean("percent"))
    found = {
        f"H_{group}_{axis}_stance_mean_kgm2ps": float(momentum.sel(group=group, axis=axis))
        for group in GROUPS
        for axis in AXES
    }
    found |= {f"M_residual_{axis}_stance_rms_Nm": float(residual.sel(axis=axis)) for axis in AXES}
    return found


def _contributions_table(curves: xr.Dataset) -> pd.DataFrame:
    stance = curves["joint_moment"].sel(phase="stance")
    statistics = {
        "moment_mean": stance.mean("percent"),
        "moment_min": stance.min("percent"),
        "moment_max": stance.max("percent"),
    }
    keys = _step_keys(curves)
    places = [(joint, axis) for joint in JOINTS for axis in AXES]
    rows = [
        key
        | {"level": "joint", "source": joint, "target": "distal_segment", "axis": axis}
        | {"phase": "stance", "statistic": name, "value": float(value), "unit": "N m"}
        for name, values in statistics.items()
        for key, of_step in zip(keys, _by_place(values), strict=True)
        for (joint, axis), value in zip(places, of_step, strict=True)
    ]
    return pd.DataFrame(
        [*rows, *_caused_rows(curves), *_sequence_rows(curves), *_relative_rows(curves)]
    )


def _caused_rows(curves: xr.Dataset) -> list[dict[str, Any]]:
    """Level C of every step: sources of known size, intervals under the primary model."""
    models = {"C2": 1.0, "C1": 1.4, "C3": -0.5}
    sources = (*JOINTS, "mtp_push", "mtp_swing", "push_side", "swing_side", "gravity", "residual")
    targets = (("ground", "force_mean", "N"), *((s, "moment_mean", "N m") for s in SIDES))
    rows = []
    for number, key in enumerate(_step_keys(curves)):
        for model, factor in models.items():
            for place, source in enumerate(sources):
                for target, statistic, unit in targets:
                    for axis in ("x", "y") if target == "ground" else ("y",):
                        value = factor * (20.0 - 2.5 * place) * (0.9 + 0.01 * number)
                        bounds = (value - 6.0, value + 6.0) if model == "C2" else (np.nan, np.nan)
                        rows.append(
                            key
                            | {"level": f"C ({model})", "source": source, "target": target}
                            | {"axis": axis, "phase": "stance", "statistic": statistic}
                            | {"value": value, "unit": unit, "low": bounds[0], "high": bounds[1]}
                        )
    return rows


def _sequence_rows(curves: xr.Dataset) -> list[dict[str, Any]]:
    """Impulses of both sides before and after the fore-aft force turns."""
    turned = [(side, "y", "moment") for side in SIDES]
    targets = (*turned, ("ground", "x", "force"), ("ground", "y", "force"))
    return [
        key
        | {"level": "C (C2)", "source": source, "target": target, "axis": axis, "phase": phase}
        | {"statistic": f"{quantity}_impulse", "unit": "N s", "value": sign * (3.0 + place)}
        for key in _step_keys(curves)
        for target, axis, quantity in targets
        for place, source in enumerate(SIDES)
        for phase, sign in (("braking", -0.5), ("propulsion", 1.0))
    ]


def _relative_rows(curves: xr.Dataset) -> list[dict[str, Any]]:
    """Forces beside the pelvis's, whose impulses in stance and flight cancel."""
    rows = []
    for number, key in enumerate(_step_keys(curves)):
        step = curves.isel(step=number)
        for place, source in enumerate(("push_leg", "swing_leg", "arms", "torso")):
            for phase, sign in (("stance", 1.0), ("flight", -1.0)):
                duration = step["contact_s" if phase == "stance" else "flight_s"].item()
                rows += [
                    key
                    | {"level": "force", "source": source, "target": "ground", "axis": axis}
                    | {"phase": phase, "statistic": "relative_force_mean", "unit": "N"}
                    | {"value": sign * (10.0 - 3.0 * place) / duration}
                    for axis in AXES
                ]
    return rows


def _step_keys(curves: xr.Dataset) -> list[dict[str, Any]]:
    """What names each step."""
    names = {"participant_id": "participant_id", "trial_id": "trial_id", "step": "number"}
    columns = {key: curves[name].values.tolist() for key, name in names.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _by_place(values: xr.DataArray) -> np.ndarray:
    """(steps, joints by axes)."""
    chosen = values.sel(joint=list(JOINTS), axis=list(AXES)).transpose("step", "joint", "axis")
    return chosen.values.reshape(chosen.sizes["step"], len(JOINTS) * len(AXES))


_QUALITY = (
    # measure, jog, sprint, unit, limit, note; the residuals of a real jog and a real sprint
    ("marker_rms", 0.0120, 0.0158, "m", 0.020, "all tracked markers, contacts' window"),
    ("marker_rms_worst_frame", 0.0153, 0.0192, "m", 0.030, ""),
    ("marker_max", 0.031, 0.047, "m", 0.040, ""),
    ("residual_force_x_rms", 0.11, 0.46, "body weight", 0.13, "5 % of the peak force"),
    ("residual_force_y_rms", 0.142, 0.55, "body weight", 0.13, "5 % of the peak force"),
    ("residual_force_z_rms", 0.111, 0.36, "body weight", 0.13, "5 % of the peak force"),
    ("residual_moment_x_rms", 17.0, 144.0, "N m", 21.0, "1 % of COM height times peak force"),
    ("residual_moment_y_rms", 16.0, 77.0, "N m", 21.0, "1 % of COM height times peak force"),
    ("residual_moment_z_rms", 41.0, 235.0, "N m", 21.0, "1 % of COM height times peak force"),
    ("residual_moment_y_stance_rms", 14.0, 68.0, "N m", 10.0, "precision gate"),
    ("effect_to_residual_y", 1.4, 0.6, "1", 3.0, "smallest group over the residual"),
    ("plain_residual_moment_y_stance_rms", 21.0, 77.0, "N m", 10.0, "before the fit"),
    ("plain_residual_force_x_rms", 0.17, 0.61, "body weight", 0.13, "before the fit"),
    ("plain_residual_force_y_rms", 0.15, 0.58, "body weight", 0.13, "before the fit"),
    ("plain_residual_force_z_rms", 0.12, 0.42, "body weight", 0.13, "before the fit"),
    ("plain_residual_moment_x_rms", 18.0, 151.0, "N m", 21.0, "before the fit"),
    ("plain_residual_moment_y_rms", 17.0, 81.0, "N m", 21.0, "before the fit"),
    ("plain_residual_moment_z_rms", 43.0, 241.0, "N m", 21.0, "before the fit"),
    ("sd_opposition", 0.012, 0.031, "1", 0.025, "precision gate after the fit"),
    ("flight_drift_y", 0.08, 0.31, "1", 0.15, "range of total H in flight"),
    ("closure_levels", 4.0e-13, 9.0e-3, "relative", 1e-6, "sums over sources = level A"),
    ("opensim_momentum", 3.1e-14, 2.2e-14, "relative", 1e-8, "7 frames computed again by OpenSim"),
    ("opensim_position", 3e-15, 4e-15, "m", 1e-9, "5 frames computed again by OpenSim"),
    ("simbody_defect", 0.0, 0.0, "relative", np.nan, "zero in models without such joints"),
)


ARMS = {
    "level": "A", "source": "arms", "target": "whole_body", "axis": "y", "phase": "stance",
    "statistic": "momentum_mean", "unit": "kg m2/s",
}  # fmt: skip


def _uncertainty_table(study: Study) -> pd.DataFrame:
    """Half of the arms' variance from masses, half from the choice of the model."""
    shares = {name: 0.0 for name in columns_of("uncertainty") if name.startswith("share_")}
    shares |= {"share_inertia": 0.5, "share_model": 0.5}
    people = [one.participant_id for one in study.participants]
    rows = [ARMS | shares | {"participant_id": one, "steps": 4, "sd": 0.5} for one in people]
    return pd.DataFrame(rows)


def _models_table(study: Study) -> pd.DataFrame:
    """Arms that carry a tenth less on another model."""
    numbers = {"steps": 4, "own": 5.0, "other": 4.5, "difference": -0.5, "rms": 0.5}
    people = [one.participant_id for one in study.participants]
    rows = [
        ARMS | numbers | {"participant_id": one, "trial_id": "jog", "model": "another"}
        for one in people
    ]
    return pd.DataFrame(rows)


def _quality_table(trials: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for trial in trials[trials["status"] == "ok"].to_dict("records"):
        for measure, slow, fast, unit, limit, note in _QUALITY:
            value = fast if trial["trial_id"] == "sprint" else slow
            good = value >= limit if measure.startswith("effect") else value <= limit
            bad = "warning" if measure.startswith("marker") else "fail"
            verdict = None if np.isnan(limit) else "ok" if good else bad
            rows.append(
                {
                    "participant_id": trial["participant_id"],
                    "trial_id": trial["trial_id"],
                    "measure": measure,
                    "value": value,
                    "unit": unit,
                    "limit": limit,
                    "verdict": verdict,
                    "note": note or None,
                }
            )
    return pd.DataFrame(rows)


def _trials_table(study: Study, steps: pd.DataFrame, lacking: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    unseen = "the markers do not show arm_left, arm_right" if "arms" in lacking else None
    for trial in study.trials:
        failed = (trial.participant_id, trial.trial_id) == FAILED[:2]
        state = NO_STEPS if steps.empty else PARTLY if unseen else USABLE
        kept = []
        if not (failed or steps.empty):
            place = (trial.participant_id, trial.trial_id)
            kept = list(steps.set_index(["participant_id", "trial_id"]).loc[[place], "status"])
        rows.append(
            {
                "participant_id": trial.participant_id,
                "trial_id": trial.trial_id,
                "condition": "normal",
                "status": "failed" if failed else "ok",
                "reason": FAILED[2] if failed else None,
                "surface": "overground",
                "speed_mps": _speed(steps, trial.participant_id, trial.trial_id),
                "state": LOST if failed else DOUBTFUL if trial.trial_id == "fast" else state,
                "outside": "foot_slip" if trial.trial_id == "fast" and not failed else None,
                "unobserved": None if failed else unseen,
                "steps_ok": kept.count("ok"),
                "steps_rejected": kept.count("rejected"),
                "contacts": 0 if steps.empty else int((steps["trial_id"] == trial.trial_id).sum()),
            }
        )
    return pd.DataFrame(rows)


def _changes_table() -> pd.DataFrame:
    """What the fit moved in two trials of S01: of each part twice as far in the second."""
    rows = [
        {"participant_id": "S01", "trial_id": trial, "quantity": quantity, "part": part,
         "axis": axis, "statistic": statistic, "before": before, "after": factor * value,
         "unit": unit}
        for trial, factor in (("jog", 1.0), ("sprint", 2.0))
        for quantity, part, axis, statistic, before, value, unit in (
            ("joint_moment", "hip_flexion_r", None, "peak", 212.0, 110.0, "N m"),
            ("joint_moment", "hip_flexion_r", None, "correlation", np.nan, 0.45, "1"),
            ("joint_moment", "pelvis_tilt", None, "peak", 99.0, 5.0, "N m"),
            ("angular_momentum", "push_leg", "y", "mean", -1.25, -0.75, "kg m2/s"),
            ("angular_momentum", "push_leg", "y", "rms_change", np.nan, 0.3, "kg m2/s"),
            ("angular_momentum", "push_leg", "x", "mean", 7.0, 7.0, "kg m2/s"),
        )
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _speed(steps: pd.DataFrame, who: str, trial: str) -> float:
    """Mean speed of a trial's steps, m/s; NaN without one."""
    if steps.empty:
        return np.nan
    own = steps[(steps["participant_id"] == who) & (steps["trial_id"] == trial)]
    return float(own["speed_mps"].mean())


def _findings_table() -> pd.DataFrame:
    rows = [
        (
            "S01",
            "sprint",
            "contributions",
            "error",
            "closure",
            "identities of levels A to C are off by 9.0e-03.",
        ),
        (
            "S01",
            "jog",
            "inverse_kinematics",
            "warning",
            "marker-error",
            "marker <LTOE> is off by 41 mm.",
        ),
        ("S01", None, "scale", "info", "muscles", "92 muscles were dropped."),
    ]
    names = ("participant_id", "trial_id", "stage", "severity", "rule", "what")
    table = pd.DataFrame(rows, columns=list(names))
    return table.assign(where="frame 12", file="jog.c3d", fix="look at the marker & its label.")


def write_made_page(study: Study, participant_id: str) -> None:
    """Write a participant's page from what is there."""
    replayed = study.read_manifest(participant_id, "pages")["trials"]
    stages = PARTICIPANT_STAGES[:-1]
    found = participant_findings(study, participant_id, stages)
    write_athlete_page(study, participant_id, replayed, found)


def _complete(table: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Give every described column, in order; those that are not made up are missing values."""
    return table.reindex(columns=list(columns))


def _write_participant(study: Study, participant_id: str, *, static: bool) -> None:
    """Write the manifests of one participant."""
    for stage in PARTICIPANT_STAGES:
        entries = []
        for trial in study.moving_of(participant_id):
            failed = (participant_id, trial.trial_id) == FAILED[:2]
            status, reason = ("failed", FAILED[2]) if failed else ("ok", "")
            if stage == "pages":  # of a motion that was not made up
                status, reason = "failed", "nothing moves here."
            entries.append(manifest.entry(trial.trial_id, status, reason))
            if stage == "inverse_dynamics" and not failed:
                entries[-1] |= _fitted(trial.trial_id)
            entries[-1] |= DONE.get(stage, {})
        more: dict[str, Any] = {}
        if stage == "inverse_dynamics":
            more = {"parameters": PARAMETERS, "standing": [STANDING] if static else []}
            more["adjusted_model"] = True
        remark = Finding(rule="made-up", severity="info", what="Nothing is real here.")
        manifest.write_manifest(
            study, participant_id, stage, entries, findings=[remark], mass_kg=MASS_KG, **more
        )


DONE = {
    "prepare": {
        "task": "run", "surface": "overground", "marker_rate_hz": 250.0, "contacts": 4,
        "events": "plates",
    },
    "inverse_kinematics": {
        "markers": 42, "marker_rms_m": 0.0123, "inverse_kinematics": "weighted least squares",
    },
}  # fmt: skip
"""What stages say of every trial."""

STANDING = {
    "trial_id": "static",
    "given_m": [0.005, 0.004],
    "fitted_m": [0.003, 0.004],
    "left_out_m": [0.004, 0.004],
}

PARAMETERS = [
    {
        "name": "clock_offset", "unit": "s", "fitted": True, "prior": 0.0, "prior_sd": 0.002,
        "estimate": 0.0036, "sd": 0.0007, "low": 0.0025, "high": 0.0047, "lowest": -0.006,
        "highest": 0.006, "beyond_limit": False,
    },
    {
        "name": "drag_area", "unit": "m2", "fitted": False, "prior": 0.45, "prior_sd": 0.15,
        "estimate": 0.45, "sd": 0.0, "low": 0.45, "high": 0.45, "lowest": 0.2, "highest": 0.8,
        "beyond_limit": False,
    },
    {
        "name": "leg_share", "unit": "relative", "fitted": True, "prior": 0.0, "prior_sd": 0.1,
        "estimate": 0.27, "sd": 0.02, "low": 0.237, "high": 0.303, "lowest": -0.25,
        "highest": 0.25, "beyond_limit": True,
    },
]  # fmt: skip
"""A late clock, a drag area that is held, and legs heavier than is believed."""


def _fitted(trial_id: str) -> dict[str, Any]:
    """What stage consistency says of a trial; the jog's fit is not believed."""
    suspect = trial_id == "jog"
    numbers: dict[str, Any] = {
        "motion": "plain" if suspect else "fitted",
        "motion_reason": "the fit is suspect (leg mass)" if suspect else "",
        "suspect": suspect,
        "suspicions": ["leg mass"] if suspect else [],
        "marker_rms_before_m": 0.0162,
        "marker_rms_alone_m": 0.0166,
        "marker_rms_after_m": 0.0169,
        "markers_moved_m": 0.0030,
        "markers_displaced_m": 0.0042,
        "joint_change_median_deg": 1.02,
        "joint_change_max_deg": 2.2,
        "joint_change_max_name": "hip_rotation_r",
        "joint_change_forces_median_deg": 0.61,
        "joint_change_forces_max_deg": 1.7,
        "joint_change_forces_max_name": "lumbar_bending",
    }
    return numbers
