"""Stage consistency from files to files: both versions, the adjusted model, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.contributions.stage import contributions_participant
from aqbio.contributions.step_quality import contact_window
from aqbio.gait.step_files import step_file
from aqbio.gait.steps import rotation_about_vertical
from aqbio.inverse_dynamics import session_inputs as static
from aqbio.inverse_dynamics.fitted import changes_path
from aqbio.inverse_dynamics.long_tails import FARTHEST_SD, tail_moments
from aqbio.inverse_dynamics.parameters import is_device
from aqbio.inverse_dynamics.stage import inverse_dynamics_participant
from aqbio.inverse_kinematics.files import write_opensim_files
from aqbio.inverse_kinematics.stage import inverse_kinematics_participant
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import MODELS, Study, load_study
from aqbio.io.tables import read_columns
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import GRAVITY
from aqbio.prepare.stage import prepare_participant
from aqbio.scale.stage import scale_participant
from aqbio.study.jobs import FILES, read_record, seal
from aqbio.virtual.disturbances import Disturbances
from aqbio.virtual.recording import Laboratory, RunPlan, recorded_run
from tests.case_lines import undescribed
from tests.opensim_alone import inverse_dynamics, rms, root_wrench
from tests.opensim_levels import hold_against
from tests.outsider import check
from tests.outsider.signals import Results
from tests.reference_values import check_quantities
from tests.virtual.conftest import GaitOf
from tests.virtual.made_study import write_made_study
from tests.virtual.runners import RUNNER
from tests.virtual.sizes import (
    body_quantities,
    interval_quantities,
    parameter_quantities,
    rms_of_variables,
    step_quantities,
)

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("consistency")]

VACUUM = "consistency: {drag_area_m2: 0, samples: 24}\n"
"""Virtual sprinters of this study run without air."""

BARE = "samples: 0"
"""What tests that look at no interval do without."""


def _silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def fitted(gait_of: GaitOf, tmp_path_factory) -> tuple[Study, dict, dict[str, xr.Dataset]]:
    """Two runs at two speeds with soft tissue, fitted; tests must not change it."""
    laboratory = Laboratory()
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(number), laboratory)
        for number, (name, speed) in enumerate({"run7": 7.0, "run9": 9.5}.items())
    }
    folder, noise = tmp_path_factory.mktemp("consistent"), Disturbances(soft_tissue_m=0.014)
    study = write_made_study(folder, RUNNER, runs, laboratory, noise, VACUUM)
    for stage in (prepare_participant, scale_participant, inverse_kinematics_participant):
        stage(study, RUNNER.name, _silent)
    manifest = _run(study)
    contributions_participant(study, RUNNER.name, _silent)
    data = {s: _read(study, s) for s in ("inverse_dynamics", "contributions", "inverse_kinematics")}
    return study, manifest, data


@pytest.fixture
def copy_with(fitted, tmp_path) -> Callable[[str], Study]:
    """Give a function that copies the study with its results and other settings."""

    def copied(settings: str) -> Study:
        folder = fitted[0].file.parent
        shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
        file = tmp_path / "study.yaml"
        text = file.read_text(encoding="utf-8").split("consistency:")[0]
        file.write_text(text.replace(str(folder), str(tmp_path)) + settings, encoding="utf-8")
        return load_study(file)

    return copied


def _run(study: Study) -> dict:
    inverse_dynamics_participant(study, RUNNER.name, _silent)
    return study.read_manifest(RUNNER.name, "inverse_dynamics")


def _read(study: Study, stage: str, trial: str = "run9") -> xr.Dataset:
    return read_dataset(study.folder(RUNNER.name, stage) / f"{trial}.nc")


def test_every_number_of_fitted_steps_is_an_outsiders(fitted):
    """Values, intervals of the draws, posteriors of the motion, measures of quality."""
    study, manifest, _ = fitted
    assert all(0.0 < trial_record["markers_moved_m"] < 0.004 for trial_record in manifest["trials"])
    trial = Results(study.root / "participants" / RUNNER.name, "run9")
    tables = {
        name: read_columns(step_file(study, RUNNER.name, name))
        for name in ("steps", "quality", "contributions")
    }
    of_run = {name: table[table["trial_id"] == "run9"] for name, table in tables.items()}
    steps = of_run["steps"].reset_index(drop=True)
    contributions = of_run["contributions"]
    assert contributions["sd_posterior"].notna().any()
    assert contributions["low"][contributions["value"].notna()].notna().any()
    check.check_events(trial, steps)
    check.check_steps(trial, steps, set(contributions["step"]))
    check.check_quality(trial, of_run["quality"], steps)
    for number in sorted(set(contributions["step"]))[:2]:  # a right step and a left one
        row = steps[steps["step"] == number].iloc[0]
        check.check_contributions(
            trial, trial.step(row), contributions[contributions["step"] == number]
        )


def test_a_fit_of_sound_recordings_changes_little(fitted):
    """Nothing is wrong with clock, plates and body: intervals hold the priors, and data narrow
    them; momentum, markers and stance move within soft-tissue artefact."""
    parameters = pd.DataFrame(fitted[1]["parameters"])
    is_fitted = parameters["fitted"].astype(bool)
    assert parameters["name"][~is_fitted].tolist() == ["drag_area"]
    assert (parameters["low"] <= parameters["prior"]).all()
    assert (parameters["prior"] <= parameters["high"]).all()
    share = (parameters["sd"] / parameters["prior_sd"])[is_fitted]
    _, variance = tail_moments(np.zeros(1), np.array([FARTHEST_SD]), np.ones(1))
    of_prior = np.where(parameters["name"].map(is_device), variance[0] ** 0.5, 1.0)[is_fitted]
    assert ((share > 0.0) & (share <= of_prior)).all()
    assert share[parameters["name"] == "clock_offset"].item() < 0.4
    changes = read_columns(changes_path(fitted[0], RUNNER.name))
    assert changes["trial_id"].value_counts().to_dict() == {"run7": 137, "run9": 137, "static": 4}
    limits = {
        ("angular_momentum", "rms_change"): 1.5,
        ("marker_displacement", "rms_change"): 0.006,
        ("standing", "left_out"): 0.005,
    }
    for (quantity, statistic), limit in limits.items():
        rows = changes[(changes["quantity"] == quantity) & (changes["statistic"] == statistic)]
        assert len(rows), quantity
        assert rows["after"].abs().max() < limit, quantity
    height = changes[changes["statistic"] == "height"]
    assert height["after"].item() == pytest.approx(height["before"].item(), abs=0.01)
    means = changes[changes["statistic"] == "mean"]
    assert (means["after"] - means["before"]).abs().max() < 0.8


@pytest.mark.parametrize("trial", ["run7", "run9"])
def test_opensim_alone_finds_the_residuals(copy_with, trial):
    """From the files of both ways, of a model whose joints OpenSim computes right."""
    study = copy_with(VACUUM)
    write_opensim_files(study, RUNNER.name, _silent)
    folder = study.root / "opensim" / RUNNER.name
    contributions = _read(study, "contributions", trial)
    window = contact_window(contributions)
    turn = rotation_about_vertical(-float(contributions.attrs["heading"])).T
    for way, version in (("solve", "_plain"), ("consistency", "")):
        tool = inverse_dynamics(folder / f"{trial}_{way}_setup.xml")
        model, motion = folder / f"{RUNNER.name}_{way}.osim", folder / f"{trial}_{way}.mot"
        time, force, moment = root_wrench(model, motion, tool, "pelvis")
        frames = np.abs(contributions["time"].values[window][:, None] - time).argmin(axis=1)
        weight = contributions.attrs[f"mass{version}"] * GRAVITY
        residual = contributions[f"residual_force{version}"].values[window] / weight
        np.testing.assert_allclose(rms(force[frames] @ turn), rms(residual), rtol=0, atol=1e-3)
        residual = contributions[f"residual_moment{version}"].values[window]
        np.testing.assert_allclose(rms(moment[frames] @ turn), rms(residual), rtol=0, atol=0.5)


@pytest.mark.parametrize("trial", ["run7", "run9"])
def test_a_referee_with_opensim_alone_finds_the_levels(fitted, trial):
    """From its mass matrix and Jacobians: docs/levels.md, written anew."""
    folder = fitted[0].root / "participants" / RUNNER.name
    hold_against(folder, trial, MODELS / "sprint" / "map.yaml")


def test_every_variable_of_every_file_is_described(fitted):
    """Each has a meaning, each vector its mirror image: docs/files.md is made of the same words."""
    bare = {path.name: undescribed(read_dataset(path)) for path in fitted[0].root.rglob("*.nc")}
    assert len(bare) > 4
    assert not {name: left for name, left in bare.items() if left}


def test_repeated_fit_gives_identical_bytes(fitted, copy_with):
    study, manifest, _ = fitted
    copied = copy_with(VACUUM)
    assert _run(copied)["parameters"] == manifest["parameters"]
    paths = (
        run_study.folder(RUNNER.name, "inverse_dynamics") / "run9.nc"
        for run_study in (study, copied)
    )
    assert len({path.read_bytes() for path in paths}) == 1


def test_the_standing_pose_leaves_out_labels_that_are_wrong(fitted, monkeypatch):
    """Heel and toe exchanged in the static trial rotate the foot, unless they are excluded."""
    study, pair = fitted[0], ["RHEE", "RTOE"]
    trial = study.static_of(RUNNER.name)
    skeleton = load_skeleton(study.folder(RUNNER.name, "scale") / "runner.skeleton.npz")
    read = _read(study, "prepare", trial.trial_id)
    sound = static.static_stance(study, RUNNER.name, skeleton, trial).q
    read["marker_raw"].loc[{"marker": pair}] = read["marker_raw"].sel(marker=pair[::-1]).values
    off = []
    for wrong in ([], pair):
        masked = read.assign(marker_raw=read["marker_raw"].where(~read["marker"].isin(wrong)))
        monkeypatch.setattr(static, "recorded_trial", lambda *_, masked=masked: masked)
        pose = static.static_stance(study, RUNNER.name, skeleton, trial).q
        difference = np.abs(pose - sound)[skeleton.coordinate_is_rotation]
        off.append(np.degrees(difference.max()))
    assert off[0] > 15.0
    assert off[1] < 2.0


def test_a_trial_without_forces_is_passed_on(copy_with):
    """Its forces are taken away after preparation: the others are fitted all the same."""
    study = copy_with(f"consistency: {{{BARE}, drag_area_m2: 0}}\ncontributions: {{draws: 0}}\n")
    path = study.folder(RUNNER.name, "prepare") / "run7.nc"
    bare = read_dataset(path)
    for name in ("foot_force", "foot_moment"):
        bare[name] = bare[name] * np.nan
    bare.to_netcdf(path)
    record = study.manifest(RUNNER.name, "prepare")
    seal(record, [record.parent / name for name in read_record(record)[FILES]])
    manifest = _run(study)
    contributions_participant(study, RUNNER.name, _silent)
    trials = {trial["trial_id"]: trial for trial in manifest["trials"]}
    assert (trials["run7"]["motion"], trials["run9"]["motion"]) == ("plain", "fitted")
    (finding,) = trials["run7"]["findings"]
    assert (finding["rule"], finding["severity"]) == ("consistency-plain", "info")
    assert "with the body, the plates and the clock" in finding["what"]
    late = next(
        parameter["estimate"]
        for parameter in manifest["parameters"]
        if parameter["name"] == "clock_offset"
    )
    assert f"forces {1e3 * abs(late):.1f} ms {'late' if late > 0 else 'early'}" in finding["what"]
    plain, fit = (_read(study, "contributions", name) for name in ("run7", "run9"))
    assert plain.attrs["mass"] == fit.attrs["mass"] != fit.attrs["mass_plain"]
    assert np.isnan(plain["residual_moment"]).all()
    assert np.isfinite(plain["group_angular_momentum"]).all()


def _momentum(motion: Motion, skeleton: Skeleton) -> np.ndarray:
    """(T, B) about the vertical."""
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    segments = segment_motion(skeleton, moves)
    com, velocity, _ = centre_of_mass(segments)
    return angular_momentum(segments, com, velocity)[..., 1]


def test_reference_values_of_a_fitted_run(fitted):
    """Sizes of all that stages computed of one run, against `tests/references`."""
    study, _, data = fitted
    participant, run = RUNNER.name, "run9"
    check_quantities("scale", body_quantities(study, participant))
    for stage, file in data.items():
        check_quantities(stage, rms_of_variables(file, run))
    rows = read_columns(step_file(study, participant, "contributions"))
    check_quantities("contributions", interval_quantities(rows, run))
    check_quantities("fit", parameter_quantities(study, participant, run))
    check_quantities(
        "steps", step_quantities(read_columns(step_file(study, participant, "steps")), run)
    )
