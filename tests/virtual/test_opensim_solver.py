"""`solver: opensim` with the consistency fit on: the fit starts from what OpenSim solved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from aqbio.body.stage import scale_participant
from aqbio.consistency.stage import inverse_dynamics_participant
from aqbio.contributions.stage import contributions_participant
from aqbio.inverse_kinematics.stage import inverse_kinematics_participant
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study, load_study
from aqbio.observed.record import read_observed
from aqbio.recordings.stage import prepare_participant
from aqbio.virtual.disturbances import Disturbances
from aqbio.virtual.laboratory import Laboratory
from aqbio.virtual.recording import RecordedRun, RunPlan, VirtualRecording, recorded_run
from tests.virtual.conftest import GaitOf
from tests.virtual.made_study import write_made_study
from tests.virtual.runners import RUNNER

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("opensim_solver")]

SETTINGS = (
    "consistency: {drag_area_m2: 0, samples: 0, held_out_folds: 0}\ncontributions: {draws: 0}\n"
)
STAGES = (
    prepare_participant, scale_participant, inverse_kinematics_participant,
    inverse_dynamics_participant,
    contributions_participant,
)  # fmt: skip
SOLVERS = ("aqbio", "opensim")


def _without_right_toe(recording: VirtualRecording) -> VirtualRecording:
    markers = recording.markers.copy()
    markers[:, recording.labels.index("RTOE")] = np.nan
    return recording.changed(markers=markers)


def _made(folder: Path, run: RecordedRun, solver: str) -> Study:
    """One run of about three contacts, solved, fitted and computed."""
    study = write_made_study(
        folder, RUNNER, {"run": run}, Laboratory(), Disturbances(soft_tissue_m=0.014), SETTINGS
    )
    text = study.file.read_text(encoding="utf-8").replace("solver: aqbio", f"solver: {solver}")
    study.file.write_text(text, encoding="utf-8")
    sheet = folder / "trials.tsv"
    rows = sheet.read_text(encoding="utf-8").splitlines()
    ends = ("start_s\tend_s", "n/a\tn/a", "0.30\t0.95")
    rows = [f"{row}\t{more}" for row, more in zip(rows, ends, strict=True)]
    sheet.write_text("\n".join(rows) + "\n", encoding="utf-8")
    study = load_study(study.file)
    for stage in STAGES:
        stage(study, RUNNER.name, lambda _: None)
    return study


@pytest.fixture(scope="module")
def studies(gait_of: GaitOf, tmp_path_factory) -> dict[str, Study]:
    run = recorded_run(gait_of(RUNNER, 9.5).gait, RunPlan(0), Laboratory())
    run = replace(run, recording=_without_right_toe(run.recording))
    return {name: _made(tmp_path_factory.mktemp(name), run, name) for name in SOLVERS}


def _read(study: Study, stage: str) -> xr.Dataset:
    return read_dataset(study.folder(RUNNER.name, stage) / "run.nc")


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_trial_is_fitted(studies, solver: str):
    manifest = studies[solver].read_manifest(RUNNER.name, "inverse_dynamics")
    (trial,) = manifest["trials"]
    assert (trial["status"], trial["motion"], trial["suspicions"]) == ("ok", "fitted", [])
    fit = _read(studies[solver], "inverse_dynamics")
    before, after = (
        np.sqrt(np.nanmean(fit[f"residual_force_{version}"].sel(axis="z") ** 2))
        for version in ("before", "after")
    )
    assert after < 0.2 * before


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_coordinate_that_no_marker_shows_is_named_and_held(studies, solver: str):
    """The forces may not move what nothing sees: the fit holds it where it was."""
    study = studies[solver]
    (trial,) = study.read_manifest(RUNNER.name, "inverse_kinematics")["trials"]
    (finding,) = [one for one in trial["findings"] if one["rule"] == "coordinate-unobservable"]
    assert "mtp_angle_r" in finding["what"]
    solved, fitted = (_read(study, stage) for stage in ("inverse_kinematics", "inverse_dynamics"))
    assert read_observed(solved).hardly_told == ("mtp_angle_r",)
    assert np.ptp(fitted["q"].sel(coordinate="mtp_angle_r").values) == 0.0


def test_both_solvers_lead_to_the_same_motion(studies):
    """The fit stops where a step gains less than 1e-3 of its cost, so it forgets its start to about
    a thirtieth of what it knows: of the posterior's 0.01 kg m²/s and more (legs, arms, torso)."""
    ours, theirs = (_read(studies[name], "contributions") for name in SOLVERS)
    assert ours.attrs["motion"] == theirs.attrs["motion"] == "fitted"
    known = ours["forces_fitted"].values.astype(bool)
    assert known.sum() > 60
    for name, limit in (("group_angular_momentum", 1e-3), ("residual_moment", 0.1)):
        apart = np.abs(ours[name].values - theirs[name].values)[known]
        assert apart.max() < limit, name
