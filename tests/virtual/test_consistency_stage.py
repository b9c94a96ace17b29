"""Stage consistency from files to files: both versions, the adjusted model, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.body.records import ParticipantModel
from aqbio.body.stage import scale_participant
from aqbio.consistency import session_inputs, solver, suspicion
from aqbio.consistency import session_inputs as static
from aqbio.consistency.files import centres_path, changes_path, known_centres
from aqbio.consistency.parameters import LEGS, PARAMETERS, Runner
from aqbio.consistency.session import LOOSE
from aqbio.consistency.session_inputs import open_session, static_stances
from aqbio.consistency.stage import inverse_dynamics_participant
from aqbio.gait.step_files import step_file
from aqbio.gait.steps import rotation_about_vertical
from aqbio.inverse_kinematics.files import write_opensim_files
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.inverse_kinematics.stage import inverse_kinematics_participant
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import MODELS, Study, load_study
from aqbio.io.tables import read_columns
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.multiverse.recomputed import MotionSource, loose_sources
from aqbio.names import GRAVITY
from aqbio.recordings.stage import prepare_participant
from aqbio.steps.quality import contact_window
from aqbio.steps.stage import contributions_participant
from aqbio.study.jobs import FILES, read_record, seal
from aqbio.virtual.disturbances import Disturbances
from aqbio.virtual.recording import Laboratory, RunPlan, recorded_run
from tests.golden import differences, digest
from tests.opensim_alone import inverse_dynamics, rms, root_wrench
from tests.opensim_levels import hold_against
from tests.outsider import check
from tests.outsider.signals import Results
from tests.stages.told import undescribed
from tests.virtual.conftest import GaitOf
from tests.virtual.made_study import write_made_study
from tests.virtual.runners import RUNNER

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("consistency")]

VACUUM = "consistency: {drag_area_m2: 0, samples: 24}\n"
"""Virtual sprinters of this study run without air."""

BARE = "samples: 0"
"""What tests that look at no interval do without."""


def _silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def fitted(gait_of: GaitOf, tmp_path_factory) -> tuple[Study, dict, dict[str, xr.Dataset]]:
    """Two runs at two speeds with soft tissue, fitted; nobody may change it."""
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
def again(fitted, tmp_path) -> Callable[[str], Study]:
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


def test_the_session_is_fitted_and_says_so(fitted):
    _, manifest, data = fitted
    assert manifest["adjusted_model"]
    assert np.hypot(*manifest["standing"][0]["fitted_m"]) < 0.01
    assert [trial["motion"] for trial in manifest["trials"]] == ["fitted", "fitted"]
    assert not any(trial["suspect"] for trial in manifest["trials"])
    names = {one["name"] for one in manifest["parameters"] if one["fitted"]}
    assert "clock_offset" in names
    assert "drag_area" not in names
    assert data["inverse_dynamics"].attrs["motion"] == "fitted"
    for name in ("before", "after"):
        assert f"residual_force_{name}" in data["inverse_dynamics"]


def test_every_number_of_fitted_steps_is_an_outsiders(fitted):
    """Values, intervals of the draws, posteriors of the motion, measures of quality."""
    study = fitted[0]
    trial = Results(study.root / "participants" / RUNNER.name, "run9")
    tables = {
        name: read_columns(step_file(study, RUNNER.name, name))
        for name in ("steps", "quality", "contributions")
    }
    own = {name: one[one["trial_id"] == "run9"] for name, one in tables.items()}
    steps = own["steps"].reset_index(drop=True)
    known = own["contributions"]
    assert known["sd_posterior"].notna().any()
    assert known["low"][known["value"].notna()].notna().any()
    check.check_events(trial, steps)
    check.check_steps(trial, steps, set(known["step"]))
    check.check_quality(trial, own["quality"], steps)
    for number in sorted(set(known["step"]))[:2]:  # a right step and a left one
        row = steps[steps["step"] == number].iloc[0]
        check.check_contributions(trial, trial.step(row), known[known["step"] == number])


def test_numbers_of_a_fitted_study_are_what_they_were(fitted):
    study = fitted[0]
    files = {name: step_file(study, RUNNER.name, name) for name in ("steps", "quality")}
    files |= {"contributions": step_file(study, RUNNER.name, "contributions")}
    files |= {"fit_changes": changes_path(study, RUNNER.name)}
    tables = {name: read_columns(path) for name, path in files.items()}
    tables["parameters"] = pd.DataFrame(fitted[1]["parameters"])
    assert differences("fitted", digest(tables)) == []


def test_what_the_fit_changed_is_told(fitted):
    """Before and after of body and moments are those of the files."""
    study, manifest, data = fitted
    rows = read_columns(changes_path(study, RUNNER.name))
    assert set(rows["trial_id"].dropna()) == {"run7", "run9", "static"}
    own = rows[rows["trial_id"] == "run9"].set_index(["quantity", "part", "statistic"])
    knee = list(data["inverse_kinematics"]["coordinate"].values).index("knee_angle_r")
    standing = rows[rows["quantity"] == "standing"].set_index(["axis", "statistic"])
    [told] = manifest["standing"]
    for column, stage, way in (
        ("before", "inverse_kinematics", "given_m"), ("after", "inverse_dynamics", "left_out_m")
    ):  # fmt: skip
        peak = own.loc[("joint_moment", "knee_angle_r", "peak"), column].item()
        known = np.abs(data[stage]["generalised_force"].values[:, knee])
        assert 0.5 * np.nanmax(known) < peak <= np.nanmax(known) * (1.0 + 1e-6)
        found = [standing.loc[(axis, "left_out"), column] for axis in "xz"]
        np.testing.assert_allclose(found, told[way], atol=1e-9)
        share = standing.loc[("y", "share"), column]  # of stature, over the feet
        height = standing.loc[("y", "height"), column]
        assert share == pytest.approx(height / study.participant(RUNNER.name).height_m)
        assert 0.5 < share < 0.6


@pytest.mark.parametrize("trial", ["run7", "run9"])
def test_opensim_alone_finds_the_residuals(again, trial):
    """From the files of both ways, of a model whose joints OpenSim computes right."""
    study = again(VACUUM)
    write_opensim_files(study, RUNNER.name, _silent)
    folder = study.root / "opensim" / RUNNER.name
    made = _read(study, "contributions", trial)
    window = contact_window(made)
    turn = rotation_about_vertical(-float(made.attrs["heading"])).T
    for way, version in (("solve", "_plain"), ("consistency", "")):
        tool = inverse_dynamics(folder / f"{trial}_{way}_setup.xml")
        model, motion = folder / f"{RUNNER.name}_{way}.osim", folder / f"{trial}_{way}.mot"
        time, force, moment = root_wrench(model, motion, tool, "pelvis")
        frames = np.abs(made["time"].values[window][:, None] - time).argmin(axis=1)
        weight = made.attrs[f"mass{version}"] * GRAVITY
        here = made[f"residual_force{version}"].values[window] / weight
        np.testing.assert_allclose(rms(force[frames] @ turn), rms(here), rtol=0, atol=1e-3)
        here = made[f"residual_moment{version}"].values[window]
        np.testing.assert_allclose(rms(moment[frames] @ turn), rms(here), rtol=0, atol=0.5)


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


def test_residuals_fall_and_nothing_is_driven_to_zero(fitted):
    _, manifest, data = fitted
    sizes = {
        version: np.sqrt(
            np.nanmean(data["inverse_dynamics"][f"residual_force_{version}"] ** 2, axis=0)
        )
        for version in ("before", "after")
    }
    assert (sizes["after"] > 0.05).all()
    assert (sizes["after"] < 0.5 * sizes["before"]).all()
    for trial in manifest["trials"]:
        assert 0.0 < trial["markers_moved_m"] < 0.004
        # What the weights and splines do to the angles is no work of the forces.
        assert 0.0 < trial["joint_change_forces_median_deg"] < trial["joint_change_median_deg"]


def test_contacts_and_loads_follow_the_clock_offset(fitted):
    study, manifest, data = fitted
    late = next(p["estimate"] for p in manifest["parameters"] if p["name"] == "clock_offset")
    prepared = _read(study, "prepare")
    for name in ("contact_touchdown", "contact_toe_off"):
        shift = prepared[name].values - data["inverse_dynamics"][name].values
        np.testing.assert_allclose(shift, late, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(data["contributions"][name], data["inverse_dynamics"][name])


def test_places_of_mass_are_told_and_intervals_rest_on_them(fitted):
    """Forces only narrow what body and tables leave open; later stages read one covariance."""
    study = fitted[0]
    adjusted, scaled = (
        load_skeleton(study.folder(RUNNER.name, stage) / "runner.skeleton.npz")
        for stage in ("inverse_dynamics", "scale")
    )
    data = read_dataset(centres_path(study, RUNNER.name))
    np.testing.assert_allclose(
        data["centre_shift"].values, adjusted.com - scaled.com, rtol=0, atol=1e-9
    )
    after = known_centres(study, RUNNER.name)
    prior = Runner(scaled, study.model_map.groups).centre_covariance
    place = 3 * scaled.bodies.index("torso") + 2
    assert after[place, place] < 0.81 * prior[place, place]
    assert np.linalg.eigvalsh(after).min() > -1e-12


def _assert_passed_on(study: Study) -> None:
    """Motion is that of stage solve and loads and contacts those of stage prepare, bit for bit."""
    passed, solved = (_read(study, stage) for stage in ("inverse_dynamics", "inverse_kinematics"))
    prepared = _read(study, "prepare").sel(time=solved["time"])
    known = dict.fromkeys(("q", "u", "udot", "generalised_force", "marker_error"), solved)
    known |= {str(n): prepared for n in prepared.variables if str(n).startswith("contact_")}
    known |= dict.fromkeys(("foot_force", "foot_moment"), prepared)
    assert len(known) > 10
    for name, source in known.items():
        np.testing.assert_array_equal(passed[name].values, source[name].values, err_msg=name)
    assert not passed["drag_force"].values.any()
    assert not {"forces_fitted", "group_momentum_sample"} & set(passed.variables)


def test_the_standing_pose_leaves_out_labels_that_are_wrong(fitted, monkeypatch):
    """Heel and toe exchanged in the static trial turn his foot, unless they are left out."""
    made = fitted[0]
    name = made.static_of(RUNNER.name).trial_id
    skeleton = load_skeleton(made.folder(RUNNER.name, "scale") / "runner.skeleton.npz")
    sound = static.static_stance(made, RUNNER.name, skeleton, made.static_of(RUNNER.name)).q
    pair = ["RHEE", "RTOE"]
    exchanged = _read(made, "prepare", name)
    exchanged["marker_raw"].loc[{"marker": pair}] = (
        exchanged["marker_raw"].sel(marker=pair[::-1]).values
    )
    off = {}
    for wrong in ([], pair):
        read = exchanged.assign(
            marker_raw=exchanged["marker_raw"].where(~exchanged["marker"].isin(wrong))
        )
        monkeypatch.setattr(static, "recorded_trial", lambda *_, told=read: told)
        found = static.static_stance(made, RUNNER.name, skeleton, made.static_of(RUNNER.name)).q
        apart = np.abs(found - sound)[skeleton.coordinate_is_rotation]
        off[len(wrong)] = np.degrees(apart.max())
    assert off[0] > 15.0, off
    assert off[2] < 2.0, off


def test_both_versions_are_carried(fitted, again):
    """The plain version is that of the solved motion, the scaled model and unshifted forces."""
    found = fitted[2]["contributions"]
    off = again("consistency: off\n")
    manifest = _run(off)
    assert not manifest["adjusted_model"]
    assert not manifest["enabled"]
    assert manifest["trials"][0]["motion_reason"] == "consistency is off"
    assert manifest["trials"][0]["findings"] == []
    assert not list(off.folder(RUNNER.name, "inverse_dynamics").glob("*.osim"))
    assert not centres_path(off, RUNNER.name).exists()
    assert known_centres(off, RUNNER.name) is None
    _assert_passed_on(off)
    contributions_participant(off, RUNNER.name, _silent)
    plain = _read(off, "contributions")
    assert "residual_moment_plain" not in plain
    # Headings differ by a few microradians between the versions: the vertical is not turned.
    for name in ("group_angular_momentum", "group_angular_momentum_rate", "residual_moment"):
        np.testing.assert_allclose(
            found[f"{name}_plain"].sel(axis="y"), plain[name].sel(axis="y"), rtol=0, atol=1e-9
        )
    assert found.attrs["mass_plain"] == plain.attrs["mass"]
    difference = found["residual_moment_plain"] - found["residual_moment"]
    assert float(np.abs(difference).max()) > 5.0


def test_the_adjusted_model_has_the_masses_of_the_fit(fitted):
    """Its masses are the fit's; its residuals are tried above."""
    study, manifest, _ = fitted
    folder = study.folder(RUNNER.name, "inverse_dynamics")
    skeleton = load_skeleton(folder / "runner.skeleton.npz")
    scaled = load_skeleton(study.folder(RUNNER.name, "scale") / "runner.skeleton.npz")
    change = {one["name"]: one["estimate"] for one in manifest["parameters"]}
    expected = float(scaled.mass.sum()) * (1.0 + change["mass"])
    assert float(skeleton.mass.sum()) == pytest.approx(expected, rel=1e-9)
    legs = [name.startswith(("femur", "tibia", "foot", "toes")) for name in skeleton.bodies]
    gain = float(skeleton.mass[legs].sum() / scaled.mass[legs].sum())
    assert gain == pytest.approx((1 + change["mass"]) * (1 + change["leg_share"]), rel=1e-9)


def test_a_session_beyond_its_limits_keeps_the_plain_motion(again, monkeypatch):
    """Limits so narrow that any estimate is beyond them: named, not used, and said aloud."""
    monkeypatch.setattr(
        suspicion, "REVERSED", {"moment_y_sign": suspicion.REVERSED["moment_y_sign"]}
    )
    narrow = [
        replace(one, lowest=-1e-6, highest=1e-6) if one.name == LEGS else one for one in PARAMETERS
    ]
    monkeypatch.setattr(session_inputs, "PARAMETERS", narrow)
    study = again(VACUUM.replace("samples: 24", BARE))
    manifest = _run(study)
    assert not manifest["adjusted_model"]
    for trial in manifest["trials"]:
        assert trial["motion"] == "plain"
        assert trial["suspect"]
        assert "leg_mass" in trial["suspicions"]
        finding = next(f for f in trial["findings"] if f["where"] == "leg_mass")
        assert finding["rule"] == "consistency-suspect"
        assert finding["severity"] == "error"
        assert finding["limit"] in (1e-6, -1e-6)
        assert finding["fix"]
        data = _read(study, "inverse_dynamics", trial["trial_id"])
        assert data.attrs["motion_reason"].startswith("the fit is suspect")
        assert finding["what"].endswith(" The plain motion is used.")
        np.testing.assert_array_equal(
            data["q"], _read(study, "inverse_kinematics", trial["trial_id"])["q"]
        )


@pytest.fixture
def one_bare(again) -> Study:
    """The same study, of which one trial's forces, prepared before, are taken away."""
    study = again(VACUUM.replace("samples: 24", BARE) + "contributions: {draws: 0}\n")
    path = study.folder(RUNNER.name, "prepare") / "run7.nc"
    bare = read_dataset(path)
    for name in ("foot_force", "foot_moment"):
        bare[name] = bare[name] * np.nan
    bare.to_netcdf(path)
    record = study.manifest(RUNNER.name, "prepare")
    seal(record, [record.parent / name for name in read_record(record)[FILES]])
    return study


def test_doubt_in_the_body_is_doubt_in_every_trial(one_bare, monkeypatch):
    """What the static trial says of the fitted body concerns the trials that stay plain too."""
    monkeypatch.setattr(suspicion, "STATIC_APART", 1e-9)
    manifest = _run(one_bare)
    assert manifest["adjusted_model"]
    trials = {trial["trial_id"]: trial for trial in manifest["trials"]}
    assert (trials["run7"]["motion"], trials["run9"]["motion"]) == ("plain", "fitted")
    for trial in trials.values():
        assert trial["suspicions"] == ["static"]
        assert trial["suspect"]


def test_a_trial_without_forces_is_passed_on(one_bare):
    """Its forces are taken away after preparation: the others are fitted all the same."""
    study = one_bare
    manifest = _run(study)
    contributions_participant(study, RUNNER.name, _silent)
    plain, fit = (_read(study, "contributions", name) for name in ("run7", "run9"))
    trials = {trial["trial_id"]: trial for trial in manifest["trials"]}
    assert trials["run9"]["motion"] == "fitted"
    assert trials["run7"]["motion"] == "plain"
    assert trials["run7"]["motion_reason"] == "no ground reaction force was measured"
    (finding,) = trials["run7"]["findings"]
    assert (finding["rule"], finding["severity"]) == ("consistency-plain", "info")
    assert "with the body that the other trials' fit found" in finding["what"]
    late = next(one["estimate"] for one in manifest["parameters"] if one["name"] == "clock_offset")
    assert f"the others' are shifted by {1e3 * late:.1f} ms" in finding["what"]
    assert (plain.attrs["motion"], plain.attrs["body"]) == ("plain", "adjusted")
    assert (fit.attrs["motion"], fit.attrs["body"]) == ("fitted", "adjusted")
    assert plain.attrs["mass"] == fit.attrs["mass"] != fit.attrs["mass_plain"]
    assert "residual_moment_plain" not in plain
    assert np.isnan(plain["residual_moment"]).all()
    assert np.isfinite(plain["group_angular_momentum"]).all()


def test_looser_weights_are_a_refit_in_one_step(again, monkeypatch):
    """The step is nearly the whole way to the end of a fit with the same weights."""
    study = again(f"consistency: {{{BARE}, drag_area_m2: 0}}\n")
    _run(study)
    skeleton = load_skeleton(ParticipantModel.of(study, RUNNER.name).table)
    names = ("run7", "run9")
    trials = [SolvedTrial.read(study, RUNNER.name, name) for name in names]
    still = static_stances(study, RUNNER.name, skeleton)
    session, (force, moment) = open_session(study, skeleton, trials, still), LOOSE
    session.weights = {
        name: replace(one, sigma_force_n=force, sigma_moment_nm=moment)
        for name, one in session.weights.items()
    }
    monkeypatch.setattr(solver, "CONVERGED", 1e-7)  # so near the end, gains are small
    session.fit_alone()
    session.settle(session.single_fits)
    refit = session.fits["run9"]
    data = _read(study, "inverse_dynamics")
    adjusted = load_skeleton(ParticipantModel.adjusted(study, RUNNER.name).table)
    own = MotionSource(Motion(*(data[one].values for one in ("q", "u", "udot"))), adjusted)
    loose = loose_sources(study, RUNNER.name)["run9"]
    whole = _momentum(MotionSource(refit.motion, refit.skeleton))
    change, off = (np.linalg.norm(_momentum(one) - whole) for one in (own, loose))
    assert off < 0.1 * change
    without = again(VACUUM + "multiverse: {consistency: [off]}\n")
    assert loose_sources(without, RUNNER.name) == {}


def _momentum(source: MotionSource) -> np.ndarray:
    """(T, B) about the vertical."""
    motion = source.motion
    moves = segment_kinematics(source.skeleton, motion.q, motion.u, motion.udot)
    segments = segment_motion(source.skeleton, moves)
    com, velocity, _ = centre_of_mass(segments)
    return angular_momentum(segments, com, velocity)[..., 1]


def test_the_same_again_gives_the_same_bytes(fitted, again):
    study, manifest, _ = fitted
    other = again(VACUUM)
    assert _run(other)["parameters"] == manifest["parameters"]
    paths = (one.folder(RUNNER.name, "inverse_dynamics") / "run9.nc" for one in (study, other))
    assert len({path.read_bytes() for path in paths}) == 1
