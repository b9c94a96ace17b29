"""Recordings as laboratories export them: content that `aqbio new` reads, and its summary."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest

from aqbio.config import Participant
from aqbio.intake import study as intake_study
from aqbio.intake.check import study_problems
from aqbio.intake.new import new_study_from
from aqbio.intake.study import proposed_study
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.sheets import read_sheet
from aqbio.io.skeleton import load_skeleton
from aqbio.io.strength import checked_strength
from aqbio.io.study import load_study
from aqbio.io.tables import read_table
from aqbio.io.trial_files import read_recording
from aqbio.names import GRAVITY
from aqbio.prepare.stage import prepare_participant
from tests.cases.conftest import with_results
from tests.golden import differences
from tests.promises import promised_lines
from tests.real.staged import fill, run_stages

pytestmark = pytest.mark.case

SUMMARY_WORDS = {
    "c3d_plates_not_declared": "60 analog channels are recorded, 48 of them named Fx1 ... Mz8 in N "
    "and Nmm, but FORCE_PLATFORM:USED is 0",
    "trc_spaces_instead_of_tabs": "1.3 s at 250 Hz, 51 markers",
    "grf_sto_f1_1_columns": "75.2 kg by 2 whole strides",
    "grf_mot_own_clock": "it has the name of sprint.trc, but their clocks share no time (0 to 1.3 "
    "s, 3.33 to 4.62 s)",
    "c3d_markers_held_in_gaps": "LELB, LTHAP, RTIAP, RHEEL: 52 positions repeat",
    "trc_pig_bone_axes_as_markers": "not used (computed by other software",
    "pub_cmu_waist_labels": "39 labels are placed",
    "opencap_labels": "of 3 of 3 runs: speed, steps, contact times, joint angles and angular "
    "momentum (level A) of the legs, the arms, the trunk, the pelvis, the push side",
    "pose2sim_labels": "for the labels hardly show pelvis. To change that: mark the iliac",
    "pose2sim_raw_and_filtered": "LSTM.trc, which has 64 labels instead of 21",
    "pose2sim_two_people": "S01 stands still in all trials: no results",
}


@pytest.mark.opensim
@pytest.mark.parametrize("case", SUMMARY_WORDS)
def test_summary_of_a_new_study(new_study, tmp_path, case):
    """And check stops no session of video."""
    folder, summary = new_study(case)
    assert SUMMARY_WORDS[case] in summary
    markers = (folder / "markers.yaml").read_text()
    assert "please_fill" not in markers
    for label in ("RFEMUR_X", "LFOOT_Z"):
        assert f"\n  {label}:" not in markers
    assert promised_lines(summary)
    if case.startswith(("opencap", "pose2sim")):
        problems = study_problems(with_results(folder, tmp_path, mass_kg="75"))
        assert not [problem.rule for problem in problems if problem.severity == "error"]


LABELS = (
    "opencap_labels", "pose2sim_labels", "pose2sim_two_people", "pub_cmu_waist_labels",
    "trc_pig_bone_axes_as_markers",
)  # fmt: skip


@pytest.mark.opensim
def test_marker_sets_of_the_cases(cases, monkeypatch):
    """Landmarks before the video that they come from, hips for spines, and no axes of bones."""
    monkeypatch.setattr(intake_study, "_previews", lambda *_: {})
    lines, printed = [], set()
    for case in LABELS:
        data = cases / case / "recordings"
        proposal = proposed_study("case", data, None, lambda line: None).markers
        assert proposal.missing == (), case
        proposed_lines = proposal.text.splitlines()
        lines += [f"{case} | {line}" for line in proposed_lines if line not in printed]
        printed |= {*proposed_lines}
    assert differences("labels_of_cases", lines) == []


@pytest.mark.opensim
def test_laboratory_labels_of_opencap_show_the_forearms(cases, monkeypatch):
    """By their words, on the sides of the wrist that they name; only regressed hips are left."""
    monkeypatch.setattr(intake_study, "_previews", lambda *_: {})
    data = cases / "pub_addbio_expert1" / "recordings"
    proposal = proposed_study("case", data, None, lambda line: None).markers
    markers = proposal.marker_set.markers
    for side in "RL":
        assert markers[f"{side}_wrist_radius"].model == f"{side}WRA"
        assert markers[f"{side}_wrist_ulna"].model == f"{side}WRB"
    assert set(proposal.left_out) == {"R_HJC_reg", "L_HJC_reg"}


def computed(new, tmp_path, until, settings="consistency: off\n", **cells):
    """A new study (folder and summary) after some stages, and its summary."""
    folder, summary = new
    settings += "contributions: {draws: 0}\nmultiverse: {enabled: false}\n"
    return run_stages(with_results(folder, tmp_path, settings, **cells), until=until), summary


def study_of(recordings, tmp_path, until, settings="consistency: off\n", **cells):
    """The same of a folder of recordings."""
    folder = tmp_path / "new"
    summary = new_study_from(folder, recordings, None, lambda line: None)
    return computed((folder, summary), tmp_path, until, settings, **cells)


@pytest.mark.opensim
def test_two_points_on_a_head_do_not_lose_the_trunk(new_study, tmp_path):
    """From the folder to momenta of all parts: those two leave the neck locked."""
    study, _ = computed(new_study("pose2sim_labels"), tmp_path, "tables", mass_kg="75")
    steps = read_table(study.table("steps.tsv"))
    good_steps = steps[steps["status"] == "ok"]
    assert len(good_steps) > 10
    for part in ("torso", "push_side", "swing_side", "total"):
        assert good_steps[f"H_{part}_y_stance_mean_kgm2ps"].notna().all(), part


def prepared(case_study, trial="sprint"):
    """Findings and prepared run of a study of a case, and the summary of `aqbio new`."""
    folder, summary = case_study
    study = load_study(folder / "study.yaml")
    trials = study.read_manifest("S01", "prepare")["trials"]
    findings = {
        finding["rule"]: finding["what"] for entry in trials for finding in entry["findings"]
    }
    return findings, read_dataset(study.folder("S01", "prepare") / f"{trial}.nc"), summary


def test_dead_plate_is_named_and_its_step_stays(prepared_study):
    findings, trial, summary = prepared(prepared_study("c3d_one_plate_dead"))
    silent = findings["plate-silent"]
    assert silent.startswith(
        "the right foot stands on plate 2 from 0.35 to 0.47 s and plate 2 measures nothing (all "
        "samples 0)"
    )
    assert silent in summary
    assert list(trial["contact_foot"].values) == ["right", "left", "right", "left"]
    force = trial["foot_force"].sel(axis="y")
    assert np.isnan(force.sel(time=slice(0.36, 0.46))).all()
    assert float(force.sel(time=slice(0.58, 0.70)).max()) > 2000.0


def test_drifts_of_plates_are_removed_by_the_unloaded_samples_around_contacts(
    cases, prepared_study
):
    """Every load is that of the plates as recorded without the drift."""
    findings, trial, summary = prepared(prepared_study("c3d_drift_plates"))
    assert findings["plate-drift"].startswith("plates 1, 2, 3, 4, 5, 6, 7, 8 drift: ")
    assert "reads 0.0 to 60.0 N" in findings["plate-drift"]
    assert "plates 1, 2, 3, 4, 5, 6, 7, 8 drift: " in summary
    assert {"plate-offset", "contact-near-edge"}.isdisjoint(findings)
    durations = (trial["contact_toe_off"] - trial["contact_touchdown"]).values
    np.testing.assert_allclose(durations[:3], [0.120, 0.117, 0.120], atol=0.001)
    file = cases / "c3d_markers_held_in_gaps" / "recordings" / "sprint.c3d"
    peaks = read_recording(file).forces.wrench.force[..., 2].max(axis=0)
    loaded = [peaks[int(plate) - 1] for plate in trial["contact_plates"].values]
    np.testing.assert_allclose(trial["contact_peak"], loaded, rtol=0.05)


@pytest.mark.opensim
def test_momenta_of_a_sprint_on_plates_that_drift(cases, realdata, tmp_path):
    """Those of the same sprint without the drift."""
    sound = tmp_path / "sound"
    sound.mkdir()
    for name, recording in {"static": "JA1Static05.c3d", "sprint": "JA1Gait35.c3d"}.items():
        shutil.copy(realdata / "ja1_dorn2012" / "c3d" / recording, sound / f"{name}.c3d")
    folders = {"drifting": cases / "c3d_drift_plates" / "recordings", "sound": sound}
    momenta = {}
    for name, folder in folders.items():
        study, _ = study_of(folder, tmp_path / name, "tables", "consistency: on\n", mass_kg="75.9")
        steps = read_table(study.table("steps.tsv"))
        momenta[name] = steps.loc[steps["status"] == "ok", "H_push_side_y_stance_mean_kgm2ps"]
    np.testing.assert_allclose(momenta["drifting"], momenta["sound"], atol=0.02)
    np.testing.assert_allclose(momenta["drifting"], [5.08, 4.39, 4.02], atol=0.1)


def test_moments_in_newton_metres_are_read_as_such(prepared_study):
    findings, trial, _ = prepared(prepared_study("c3d_moments_Nm_labelled_Nmm"))
    message = findings["force-units"]
    words = "the moments are 1000 times too small: N m, not N mm (all plates), says the sheet: "
    assert message.startswith(words)  # as aqbio new proposes
    assert "pressure-outside" not in findings
    assert trial.attrs["free_moment"] == "measured"
    assert list(trial["contact_plates"].values) == ["2", "4", "7", "8"]


def test_moments_about_the_origin_are_those_about_the_centres_of_pressure(cases, realdata):
    """Nothing horizontal is left about them; free moments are those of the sprint's own file."""
    folder = cases / "grf_mot_moments_about_origin" / "recordings"
    recording = read_recording(folder / "sprint.trc", folder / "sprint_grf.mot")
    assert {x.rule for x in recording.findings} >= {"force-moment-point"}
    assert "force-unit" not in {x.rule for x in recording.findings}
    storage, wrench = read_storage(folder / "sprint_grf.mot"), recording.forces.wrench
    points = np.stack(
        [[storage.column(f"ground_force_{side}_p{x}") for x in "xyz"] for side in "rl"]
    ).transpose(2, 0, 1)
    free = wrench.moment_about_origin() - np.cross(points, wrench.force)
    free = free[wrench.force[..., 1] > 200.0]
    np.testing.assert_allclose(free[:, [0, 2]], 0.0, atol=1e-6)
    original = read_storage(realdata / "ja1_dorn2012" / "trc_mot" / "sprint_grf.mot")
    published = [original.column(f"ground_torque_{side}_y") for side in "rl"]
    range_nm = np.max(published), np.min(published)
    np.testing.assert_allclose((free[:, 1].max(), free[:, 1].min()), range_nm, atol=1.5)


def test_tables_of_opensim_carry_the_forces_of_the_plates(cases):
    """The same sprint, once as C3D: what was rounded to 0.01 N and 0.01 N mm."""
    table = cases / "grf_sto_f1_1_columns" / "recordings"
    forces = read_recording(table / "sprint.trc", table / "sprint_grf.sto").forces
    plates = read_recording(cases / "c3d_markers_held_in_gaps" / "recordings" / "sprint.c3d").forces
    assert forces.rate == plates.rate == 1500.0
    loaded = [plates.numbers.index(number) for number in (2, 4, 7, 8)]
    plate_force = np.linalg.norm(plates.wrench.force[:, loaded], axis=2)
    np.testing.assert_allclose(np.linalg.norm(forces.wrench.force, axis=2), plate_force, atol=0.05)


def test_held_positions_are_those_that_differ_from_the_sound_recording(cases):
    repeated, sound = (
        read_recording(cases / case / "recordings" / "sprint.c3d")
        for case in ("c3d_markers_held_in_gaps", "c3d_one_plate_dead")
    )
    distance = np.abs(repeated.positions - sound.positions).max(axis=2)
    assert not np.nan_to_num(distance).any()
    gaps = np.isnan(repeated.positions).all(axis=2) & ~np.isnan(sound.positions).all(axis=2)
    assert gaps.sum(axis=0).max() == 13  # twelve frames, and the one that was repeated
    labels = {repeated.labels[index] for index in np.flatnonzero(gaps.any(axis=0))}
    assert labels == {"RTIAP", "LTHAP", "RHEEL", "LELB"}


def test_values_in_another_unit_than_the_header_are_doubted_in_every_file(cases, tmp_path):
    """A sprint of a thousandth of its size is no static trial: both have one and the same doubt."""
    data = cases / "trc_header_mm_values_m" / "recordings"
    summary = new_study_from(tmp_path / "study", data, None, lambda line: None)
    assert summary.count("It would fit if the positions were in m (") == 2
    assert "another static trial" not in summary


def test_a_label_that_stands_twice_is_one_path(prepared_study):
    """Joined where both parts continue each other; with contacts as without the fault."""
    findings, trial, summary = prepared(prepared_study("c3d_duplicate_label_split"))
    assert "internal error" not in summary
    assert findings["markers-joined"].startswith("RHEEL: 2 points share a label")
    assert list(trial["contact_foot"].values) == ["right", "left", "right", "left"]
    assert np.isfinite(trial["marker_raw"].sel(marker="RHEEL")).all(axis=1).mean() > 0.9


TRUTH = (-0.03, 1.12, 0.65)
"""Angular momentum of the whole body about the run's axis in stance, of the first three steps, with
forces of right signs, kg m²/s; the plain motion differs from it by a third of its interval."""


@pytest.mark.opensim
@pytest.mark.parametrize("mass", ["75.9", "n/a"])
def test_forces_in_per_cent_of_body_weight_are_newtons_where_the_mass_is_known(
    new_study, tmp_path, mass
):
    """Contacts are those of the sprint in newtons: .120, .116 and .120 s."""
    made = new_study("grf_mot_percent_bodyweight")
    file = with_results(made[0], tmp_path, "consistency: off\n", mass_kg=mass)
    if mass != "n/a":
        fill(file.with_name("trials.tsv"), ("sprint",), fix="force-percent")
    study = run_stages(file, until="prepare")
    manifest = study.read_manifest("S01", "prepare")
    [trial] = [entry for entry in manifest["trials"] if entry["trial_id"] == "sprint"]
    if mass == "n/a":
        [finding] = [x for x in trial["findings"] if x["rule"] == "forces-foreign"]
        assert "the forces are in per cent of body weight" in finding["what"]
        assert "“force-percent”" in finding["fix"]
        assert manifest["status"] == "failed"
    else:
        [finding] = [x for x in trial["findings"] if x["rule"] == "forces-normalised"]
        assert "per cent of body weight" in finding["what"]
        assert manifest["masses_kg"]["strides"] == pytest.approx(75.9, rel=0.02)
        assert trial["peak_n"] == pytest.approx(3.28 * 744.8, rel=0.01)


@pytest.mark.parametrize(
    ("divisor", "words"),
    [(100.0, "in body weights"), (100.0 / GRAVITY, "divided by the body mass (N/kg)")],
)
def test_forces_over_body_weight_or_mass_are_those_in_per_cent(
    cases, new_study, tmp_path, divisor, words
):
    """The recording in per cent of body weight, its columns of forces and moments divided."""
    source = cases / "grf_mot_percent_bodyweight" / "recordings"
    copied = tmp_path / "recordings"
    shutil.copytree(source, copied)
    forces = read_storage(source / "sprint_grf.mot")
    size = np.where([re.search("_p[xyz]$", x) is None for x in forces.columns], divisor, 1.0)
    names = {"columns": forces.columns, "time": forces.time, "in_degrees": False}
    write_storage(copied / "sprint_grf.mot", values=forces.values / size, **names)
    loads = {}
    made = new_study("grf_mot_percent_bodyweight")
    new_study_from(tmp_path / "new", copied, None, lambda line: None)
    cell = "force-weights" if "weights" in words else "force-per-kilogram"
    for name, folder, fix in (
        ("per cent", made[0], "force-percent"), ("divided", tmp_path / "new", cell)
    ):  # fmt: skip
        file = with_results(folder, tmp_path / name, "consistency: off\n", mass_kg="75.9")
        fill(file.with_name("trials.tsv"), ("sprint",), fix=fix)
        study = run_stages(file, until="prepare")
        [trial] = [x for x in study.read_manifest("S01", "prepare")["trials"] if "peak_n" in x]
        loads[name] = read_dataset(study.folder("S01", "prepare") / "sprint.nc")
        [finding] = [x for x in trial["findings"] if x["rule"] == "forces-normalised"]
    assert f"the forces are {words}" in finding["what"]
    per_cent, divided = loads.values()
    for quantity, limit in (("foot_force", 2.0), ("foot_moment", 1.0)):
        np.testing.assert_allclose(divided[quantity], per_cent[quantity], rtol=0, atol=limit)


@pytest.mark.opensim
@pytest.mark.parametrize(
    ("case", "rule", "words"),
    [
        ("grf_mot_lateral_sign", "force-z-sign", "the sign of the sideways force is flipped"),
        ("grf_mot_free_moment_sign", "free-moment-sign", "the sign of the free moment is flipped"),
    ],
)
def test_a_sign_flipped_component_is_named_and_nothing_wrong_rests_on_it(
    new_study, tmp_path, case, rule, words
):
    """A force that is turned back is used; of a free moment, the motion is the plain one."""
    study, _ = computed(new_study(case), tmp_path, "tables", "consistency: on\n", mass_kg="75.9")
    findings = read_table(study.table("findings.tsv"))
    [message] = findings.loc[findings["rule"] == rule, "what"]
    assert words in message
    steps = read_table(study.table("steps.tsv"))
    good_steps = steps[steps["status"] == "ok"]
    np.testing.assert_allclose(good_steps["H_total_x_stance_mean_kgm2ps"], TRUTH, atol=0.6)
    if rule == "force-z-sign":
        rules = [problem.rule for problem in study_problems(tmp_path / "study" / "study.yaml")]
        assert rule in rules
    trial = read_dataset(study.folder("S01", "inverse_dynamics") / "sprint.nc")
    if rule == "force-z-sign":
        assert message.endswith("It is undone, as the sheet says.")
        assert (trial.attrs["motion"], trial.attrs["free_moment"]) == ("fitted", "measured")
        push = good_steps["H_push_side_y_stance_mean_kgm2ps"]
        np.testing.assert_allclose(push, [5.08, 4.39, 4.02], atol=0.03)
    else:
        assert trial.attrs["motion"] == "plain"
        assert trial.attrs["free_moment"] != "measured"


@pytest.mark.opensim
def test_low_passed_forces_are_named_and_the_error_holds_contact_times_without_the_filter(
    prepared_study,
):
    """The filter of the case: half power at 12.3 Hz, from both files' spectra."""
    findings, trial, summary = prepared(prepared_study("grf_mot_lowpass_10Hz"))
    message = findings["forces-low-passed"]
    words = r"forces are low-passed at about 1[0-5] Hz: contacts look about 1\d ms"
    assert re.match(words, message)
    assert trial.attrs["events"] == "low-passed"
    assert trial.attrs["force_low_pass_hz"] == pytest.approx(12.3, rel=0.25)
    durations = (trial["contact_toe_off"] - trial["contact_touchdown"]).values[:3]
    errors = trial["contact_time_error"].values[:3]
    assert (np.abs(durations - [0.120, 0.117, 0.120]) < errors).all()
    assert (errors < 0.045).all()
    assert np.isnan(trial["foot_force"]).all()
    assert np.isnan(trial["contact_peak"]).all()
    assert "by 2 whole strides" in summary  # impulses pass a filter


def test_markers_that_were_low_passed_are_named_and_no_contact_comes_from_them(prepared_study):
    """No noise, no heel and no frames outside are made responsible."""
    findings, trial, summary = prepared(prepared_study("trc_lowpass_6Hz_no_forces"))
    message = findings["markers-low-passed"]
    assert message.startswith("the markers are low-passed at about 6 Hz")
    assert "contact times by foot markers are n/a" in message
    assert {"events-kinematic", "events-unfound", "no-whole-contact"}.isdisjoint(findings)
    assert trial.sizes.get("contact", 0) == 0
    assert trial.attrs["marker_low_pass_hz"] == pytest.approx(6.0, rel=0.15)
    assert message in summary
    assert "the markers were low-passed, which hides touchdown and toe-off" in summary
    assert not re.search("noise|heel lands|three contacts|both feet in view", summary)


@pytest.mark.opensim
def test_markers_at_uneven_times_are_those_of_the_same_sprint_at_even_ones(cases, prepared_study):
    findings, _, _ = prepared(prepared_study("trc_time_irregular"))
    assert "0.85 ms (standard deviation) off a rate of 250 Hz" in findings["time-uneven"]
    uneven, even = (
        read_recording(cases / case / "recordings" / "sprint.trc")
        for case in ("trc_time_irregular", "grf_mot_lowpass_10Hz")
    )
    distance = np.abs(uneven.positions - even.positions)
    assert np.sqrt(np.nanmean(distance**2)) < 0.2e-3
    assert np.nanmax(distance) < 5e-3


def findings_and_contacts(case_study):
    """Findings of each trial by rule, contacts of the sprint, and the summary of `aqbio new`."""
    _, sprint, summary = prepared(case_study)
    study = load_study(case_study[0] / "study.yaml")
    trials = study.read_manifest("S01", "prepare")["trials"]
    findings = {
        entry["trial_id"]: {finding["rule"]: finding["what"] for finding in entry["findings"]}
        for entry in trials
    }
    assert not any(entry["reason"] for entry in trials)
    contacts = zip(
        sprint["contact_foot"].values,
        (sprint["contact_toe_off"] - sprint["contact_touchdown"]).values,
        strict=True,
    )
    return findings, [(str(foot), float(seconds)) for foot, seconds in contacts], summary


def prepared_with(new_study, tmp_path, trials=(), **cells):
    """Trials of the manifest and contacts of the sprint, of a case with cells of trials.tsv."""
    file = with_results(new_study[0], tmp_path)
    fill(file.with_name("trials.tsv"), fix="n/a")
    fill(file.with_name("trials.tsv"), trials, **cells)
    study = load_study(file)
    prepare_participant(study, "S01", lambda _: None)
    sprint = study.folder("S01", "prepare") / "sprint.nc"
    contacts = []
    if sprint.is_file():
        trial = read_dataset(sprint)
        seconds = trial["contact_toe_off"].values - trial["contact_touchdown"].values
        contacts = [*zip(map(str, trial["contact_foot"].values), seconds.tolist(), strict=True)]
    return study.read_manifest("S01", "prepare")["trials"], contacts


@pytest.mark.opensim
def test_mirrored_coordinates_are_named_and_right_steps_are_right_as_proposed(new_study, tmp_path):
    case = new_study("trc_mirrored_left_handed")
    mirrored = "sided labels are on the other side of the body: the coordinates are mirrored"
    trials, contacts = prepared_with(case, tmp_path / "as_recorded")
    assert contacts == []
    for trial, sided in zip(trials, (46, 42), strict=True):
        [finding] = trial["findings"]
        assert f"all {sided} {mirrored}" in finding["what"]
        assert finding["proposal"] == "mirror"
    assert f"all 46 {mirrored}" in case[1]
    trials, contacts = prepared_with(case, tmp_path / "as_proposed", fix="mirror")
    assert not any(trial["reason"] for trial in trials)
    assert [foot for foot, _ in contacts] == ["right", "left", "right", "left"]


@pytest.mark.opensim
def test_legs_that_change_sides_in_some_frames_are_masked_and_proposed(new_study, tmp_path):
    case = new_study("trc_legs_switch_some_frames")
    (_, sprint), _ = prepared_with(case, tmp_path / "as_recorded")
    [finding] = [x for x in sprint["findings"] if x["rule"] == "labels-exchanged"]
    # frames of the file, which counts from 1; the case counts from 0
    exchanged = "left and right leg are exchanged from frame 119 to 131 and from 227 to 248"
    assert finding["what"].startswith(exchanged)
    assert exchanged in case[1]
    (_, sprint), contacts = prepared_with(
        case, tmp_path / "as_proposed", ("sprint",), fix=finding["proposal"]
    )
    assert "labels-exchanged" not in [x["rule"] for x in sprint["findings"]]
    assert [foot for foot, _ in contacts] == ["left", "right", "left", "right", "left"]
    assert [seconds for _, seconds in contacts][1:4] == pytest.approx([0.12] * 3, abs=0.003)


def test_legs_that_move_alike_are_not_called_exchanged(new_study):
    _, summary = new_study("trc_sit_to_stand_both_legs_alike")
    assert "exchanged" not in summary
    assert "not where" not in summary


def test_a_side_before_the_colon_is_the_side_of_the_label(
    cases, new_study, prepared_study, tmp_path
):
    """All 48 points with one are those of the recording that states it in the label."""
    findings, trial, summary = prepared(prepared_study("c3d_side_only_in_prefix"))
    assert "50 labels are placed" in summary
    assert "missing" not in summary
    assert "44 labels are told apart by what stands" in findings["labels-told-by-prefix"]
    assert list(trial["contact_foot"].values) == ["right", "left", "right", "left"]
    prefixed, sound = (
        read_recording(cases / case / "recordings" / "sprint.c3d")
        for case in ("c3d_side_only_in_prefix", "c3d_one_plate_dead")
    )
    assert [label.replace("_", "") for label in prefixed.labels] == list(sound.labels)
    np.testing.assert_array_equal(prefixed.positions, sound.positions)
    problems = study_problems(with_results(new_study("c3d_side_only_in_prefix")[0], tmp_path))
    assert not [problem for problem in problems if problem.severity == "error"]


def test_a_unit_that_the_header_does_not_name_is_that_of_the_body(cases, prepared_study):
    findings, trial, _ = prepared(prepared_study("trc_units_empty_mm"))
    unit = "the header names no unit of length: mm by the size of the body."
    assert findings["marker-unit"] == unit
    assert list(trial["contact_foot"].values) == ["right", "left", "right", "left"]
    unnamed, named = (
        read_recording(cases / case / "recordings" / "sprint.trc")
        for case in ("trc_units_empty_mm", "trc_static_one_frame")
    )
    np.testing.assert_allclose(unnamed.positions, named.positions, atol=1e-9)


@pytest.mark.opensim
def test_a_static_trial_of_one_frame_is_a_pose(new_study, tmp_path):
    """The body that it is scaled to is the one of 2.6 s of standing."""
    skeletons, problems = [], []
    for case in ("trc_static_one_frame", "trc_units_empty_mm"):
        study, summary = computed(new_study(case), tmp_path / case, "scale", mass_kg="75.9")
        assert study.read_manifest("S01", "scale")["status"] == "ok"
        skeletons.append(load_skeleton(study.folder("S01", "scale") / "S01.skeleton.npz"))
        problems += study_problems(tmp_path / case / "study" / "study.yaml")
        if case == "trc_static_one_frame":
            assert "static: a pose; one frame, 57 markers" in summary
            prepare = study.read_manifest("S01", "prepare")["trials"]
            assert "static-pose" in [finding["rule"] for finding in prepare[0]["findings"]]
    assert not [problem for problem in problems if problem.severity == "error"]
    one, many = (np.linalg.norm(skeleton.parent_position, axis=1) for skeleton in skeletons)
    np.testing.assert_allclose(one, many, atol=3e-3)


def test_plates_and_markers_of_two_c3d_files_are_one_recording(
    cases, new_study, prepared_study, tmp_path
):
    """To `new`, `check` and `prepare`: as in the file that both were taken from."""
    name = "c3d_split_markers_forces"
    _, trial, summary = prepared(prepared_study(name), "sprint_markers")
    assert "S01 sprint_markers (sprint_markers.c3d with sprint_forces.c3d)" in summary
    assert "Left out" not in summary
    problems = study_problems(with_results(new_study(name)[0], tmp_path))
    assert not [problem for problem in problems if problem.severity == "error"]
    assert list(trial["contact_foot"].values) == ["right", "left", "right", "left"]
    assert list(trial["contact_plates"].values) == ["2", "4", "7", "8"]
    data = cases / name / "recordings"
    joined = read_recording(data / "sprint_markers.c3d", data / "sprint_forces.c3d").forces
    sound = read_recording(cases / "c3d_side_only_in_prefix" / "recordings" / "sprint.c3d").forces
    np.testing.assert_array_equal(joined.wrench.force, sound.wrench.force)
    np.testing.assert_array_equal(joined.wrench.moment, sound.wrench.moment)
    assert (joined.start, joined.rate, joined.numbers) == (0.0, 1500.0, sound.numbers)


def test_an_isokinetic_test_is_told_where_its_speed_goes(cases):
    """And nowhere that the refused cell is read as something."""
    sheet = cases / "sheet_strength_isokinetic" / "strength.tsv"
    people = [Participant.model_validate({"participant_id": "S01", "sex": "male"})]
    rows, findings = checked_strength(sheet, people)
    assert rows == ()
    [refusal] = [finding for finding in findings if finding.severity == "error"]
    assert "an isokinetic test is concentric or eccentric" in refusal.what
    assert refusal.fix == (
        "did you mean concentric at 60 degrees per second? write concentric or eccentric, and the "
        "speed (60) into its column, velocity_deg_s"
    )
    assert not any("isokinetic_60" in str(finding) for finding in findings)


def test_the_file_with_fewer_labels_is_left_out_and_check_has_nothing_against_the_rest(
    new_study, tmp_path
):
    folder, summary = new_study("trc_twin_with_fewer_labels")
    for twin in ("sprint_0-324", "static_0-164"):
        assert f"{twin}.trc: the same recording as {twin}_augmented.trc" in summary
    problems = study_problems(with_results(folder, tmp_path, mass_kg="75.9"))
    assert not [problem for problem in problems if problem.severity == "error"]


def test_a_workbook_that_was_renamed_as_the_message_says_is_a_sheet(cases):
    [row] = read_sheet(cases / "sheet_xlsx_renamed_tsv" / "participants.tsv", Participant)
    assert (row.participant_id, row.sex, row.static_trial) == ("S01", "male", "static")
