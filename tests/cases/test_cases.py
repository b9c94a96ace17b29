"""Recordings as laboratories export them: what `aqbio new` reads in them, or says of them."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.intake import study as intake_study
from aqbio.intake.check import study_problems
from aqbio.intake.new import new_study_from
from aqbio.intake.study import proposed_study
from aqbio.io.netcdf import read_dataset
from aqbio.io.tables import read_table
from aqbio.io.trial_files import read_recording
from tests.foretold import foretold
from tests.golden import differences
from tests.real.staged import fill, run_stages

pytestmark = pytest.mark.case

SAID = {
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
@pytest.mark.parametrize("case", SAID)
def test_what_a_new_study_says(cases, tmp_path, case):
    """And check has nothing against sessions of video."""
    said: list[str] = []
    summary = new_study_from(tmp_path / "study", cases / case / "recordings", None, said.append)
    assert SAID[case] in summary
    markers = (tmp_path / "study" / "markers.yaml").read_text()
    assert "please_fill" not in markers
    for label in ("RFEMUR_X", "LFOOT_Z"):
        assert f"\n  {label}:" not in markers
    assert foretold(summary)
    if case.startswith(("opencap", "pose2sim")):
        fill(tmp_path / "study" / "participants.tsv", sex="male", mass_kg="75")
        problems = study_problems(tmp_path / "study" / "study.yaml")
        assert [one for one in problems if one.severity == "error"] == []


LABELS = (
    "opencap_labels", "pose2sim_labels", "pose2sim_two_people", "pub_cmu_waist_labels",
    "trc_pig_bone_axes_as_markers",
)  # fmt: skip


@pytest.mark.opensim
def test_marker_sets_of_the_cases(cases, monkeypatch):
    """Landmarks before the video that they come from, hips for spines, and no axes of bones."""
    monkeypatch.setattr(intake_study, "_previews", lambda *_: {})
    lines, seen = [], set()
    for case in LABELS:
        data = cases / case / "recordings"
        found = proposed_study("case", data, None, lambda line: None).markers
        assert found.missing == (), case
        own = found.text.splitlines()
        lines += [f"{case} | {line}" for line in own if line not in seen]
        seen |= {*own}
    assert differences("labels_of_cases", lines) == []


@pytest.mark.opensim
def test_laboratory_labels_of_opencap_show_the_forearms(cases, monkeypatch):
    """By their words, on the sides of the wrist that they name; only regressed hips are left."""
    monkeypatch.setattr(intake_study, "_previews", lambda *_: {})
    data = cases / "pub_addbio_expert1" / "recordings"
    found = proposed_study("case", data, None, lambda line: None).markers
    markers = found.marker_set.markers
    for side in "RL":
        assert markers[f"{side}_wrist_radius"].model == f"{side}WRA"
        assert markers[f"{side}_wrist_ulna"].model == f"{side}WRB"
    assert set(found.left_out) == {"R_HJC_reg", "L_HJC_reg"}


def computed(cases, tmp_path, name, until, settings="consistency: off\n", **cells):
    """Study of a case after some stages, and what `aqbio new` says."""
    folder = tmp_path / "study"
    said = new_study_from(folder, cases / name / "recordings", None, lambda line: None)
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"results: {(tmp_path / 'results').as_posix()}\n")
        file.write(f"{settings}contributions: {{draws: 0}}\nmultiverse: {{enabled: false}}\n")
    fill(folder / "participants.tsv", sex="male", **cells)
    return run_stages(folder / "study.yaml", until=until), said


@pytest.mark.opensim
def test_two_points_on_a_head_do_not_lose_the_trunk(cases, tmp_path):
    """From the folder to momenta of all parts: those two leave the neck locked."""
    study, _ = computed(cases, tmp_path, "pose2sim_labels", "tables", mass_kg="75")
    steps = read_table(study.table("steps.tsv"))
    kept = steps[steps["status"] == "ok"]
    assert len(kept) > 10
    for part in ("torso", "push_side", "swing_side", "total"):
        assert kept[f"H_{part}_y_stance_mean_kgm2ps"].notna().all(), part


def prepared(cases, tmp_path, name):
    """Findings and prepared sprint of a case, and what `aqbio new` says."""
    study, said = computed(cases, tmp_path, name, "prepare")
    trials = study.read_manifest("S01", "prepare")["trials"]
    found = {one["rule"]: one["what"] for entry in trials for one in entry["findings"]}
    return found, read_dataset(study.folder("S01", "prepare") / "sprint.nc"), said


def test_dead_plate_is_named_and_its_step_stays(cases, tmp_path):
    found, trial, said = prepared(cases, tmp_path, "c3d_one_plate_dead")
    silent = found["plate-silent"]
    assert silent.startswith(
        "the right foot stands on plate 2 from 0.35 to 0.47 s and plate 2 measures nothing (all "
        "samples 0)"
    )
    assert silent in said
    assert list(trial["contact_foot"].values) == ["right", "left", "right", "left"]
    force = trial["foot_force"].sel(axis="y")
    assert np.isnan(force.sel(time=slice(0.36, 0.46))).all()
    assert float(force.sel(time=slice(0.58, 0.70)).max()) > 2000.0


def test_moments_in_newton_metres_are_read_as_such(cases, tmp_path):
    found, trial, _ = prepared(cases, tmp_path, "c3d_moments_Nm_labelled_Nmm")
    what = found["force-units"]
    assert what.startswith("plates 2, 4, 7, 8: the moments put every centre of pressure at the ")
    assert "1000 times too small: N m, not N mm" in what
    assert "pressure-outside" not in found
    assert trial.attrs["free_moment"] == "measured"
    assert list(trial["contact_plates"].values) == ["2", "4", "7", "8"]


def test_tables_of_opensim_carry_the_forces_of_the_plates(cases):
    """The same sprint, once as C3D: what was rounded to 0.01 N and 0.01 N mm."""
    table = cases / "grf_sto_f1_1_columns" / "recordings"
    forces = read_recording(table / "sprint.trc", table / "sprint_grf.sto").forces
    plates = read_recording(cases / "c3d_markers_held_in_gaps" / "recordings" / "sprint.c3d").forces
    assert forces.rate == plates.rate == 1500.0
    loaded = [plates.numbers.index(number) for number in (2, 4, 7, 8)]
    theirs = np.linalg.norm(plates.wrench.force[:, loaded], axis=2)
    np.testing.assert_allclose(np.linalg.norm(forces.wrench.force, axis=2), theirs, atol=0.05)


def test_held_positions_are_those_that_differ_from_the_sound_recording(cases):
    held, sound = (
        read_recording(cases / case / "recordings" / "sprint.c3d")
        for case in ("c3d_markers_held_in_gaps", "c3d_one_plate_dead")
    )
    apart = np.abs(held.positions - sound.positions).max(axis=2)
    assert not np.nan_to_num(apart).any()
    lost = np.isnan(held.positions).all(axis=2) & ~np.isnan(sound.positions).all(axis=2)
    assert lost.sum(axis=0).max() == 13  # twelve frames, and the one that was repeated
    labels = {held.labels[index] for index in np.flatnonzero(lost.any(axis=0))}
    assert labels == {"RTIAP", "LTHAP", "RHEEL", "LELB"}


def test_values_in_another_unit_than_the_header_are_doubted_in_every_file(cases, tmp_path):
    """A sprint of a thousandth of its size is no static trial: both have one and the same doubt."""
    data = cases / "trc_header_mm_values_m" / "recordings"
    said = new_study_from(tmp_path / "study", data, None, lambda line: None)
    assert said.count("It would fit if the positions were in m (") == 2
    assert "another static trial" not in said


def test_a_label_that_stands_twice_is_one_path(cases, tmp_path):
    """Joined where both parts continue each other; with contacts as without the fault."""
    found, trial, said = prepared(cases, tmp_path, "c3d_duplicate_label_split")
    assert "internal error" not in said
    assert found["markers-joined"].startswith("RHEEL: 2 points share a label")
    assert list(trial["contact_foot"].values) == ["right", "left", "right", "left"]
    assert np.isfinite(trial["marker_raw"].sel(marker="RHEEL")).all(axis=1).mean() > 0.9


TRUTH = (-0.03, 1.12, 0.65)
"""Angular momentum of the whole body about the run's axis in stance, of the first three steps, with
forces of right signs, kg m²/s; the plain motion differs from it by a third of its interval."""


@pytest.mark.opensim
@pytest.mark.parametrize(
    ("case", "rule", "words"),
    [
        ("grf_mot_lateral_sign", "force-z-sign", "the sign of the sideways force is turned"),
        ("grf_mot_free_moment_sign", "free-moment-sign", "the sign of the free moment is turned"),
    ],
)
def test_a_turned_component_is_named_and_nothing_rests_on_it(cases, tmp_path, case, rule, words):
    """The motion is the plain one, and what needs the component is n/a."""
    study, _ = computed(cases, tmp_path, case, "tables", "consistency: on\n", mass_kg="75.9")
    findings = read_table(study.table("findings.tsv"))
    [named] = findings.loc[findings["rule"] == rule, "what"]
    assert words in named
    steps = read_table(study.table("steps.tsv"))
    whole = steps[steps["status"] == "ok"]
    np.testing.assert_allclose(whole["H_total_x_stance_mean_kgm2ps"], TRUTH, atol=0.6)
    if rule == "force-z-sign":
        named_before = [one.rule for one in study_problems(tmp_path / "study" / "study.yaml")]
        assert rule in named_before
    trial = read_dataset(study.folder("S01", "inverse_dynamics") / "sprint.nc")
    assert trial.attrs["motion"] == "plain"
    assert trial.attrs["free_moment"] != "measured" or not np.isfinite(trial["foot_force"]).any()


@pytest.mark.opensim
def test_low_passed_forces_are_named_and_contact_times_are_those_without_the_filter(
    cases, tmp_path
):
    """The filter of the case: half power at 12.3 Hz, from both files' spectra."""
    found, trial, said = prepared(cases, tmp_path, "grf_mot_lowpass_10Hz")
    what = found["forces-low-passed"]
    assert what.startswith("forces are low-passed at about 12 Hz: contacts look ")
    assert trial.attrs["events"] == "low-passed"
    assert trial.attrs["force_low_pass_hz"] == pytest.approx(12.3, rel=0.05)
    durations = (trial["contact_toe_off"] - trial["contact_touchdown"]).values[:3]
    errors = trial["contact_time_error"].values[:3]
    assert (np.abs(durations - [0.120, 0.117, 0.120]) < errors).all()
    assert (errors < 0.012).all()
    assert np.isnan(trial["foot_force"]).all()
    assert np.isnan(trial["contact_peak"]).all()
    assert "by 2 whole strides" in said  # impulses pass a filter


@pytest.mark.opensim
def test_markers_at_uneven_times_are_those_of_the_same_sprint_at_even_ones(cases, tmp_path):
    found, _, _ = prepared(cases, tmp_path, "trc_time_irregular")
    assert "0.85 ms (standard deviation) off a rate of 250 Hz" in found["time-uneven"]
    uneven, even = (
        read_recording(cases / case / "recordings" / "sprint.trc")
        for case in ("trc_time_irregular", "grf_mot_lowpass_10Hz")
    )
    apart = np.abs(uneven.positions - even.positions)
    assert np.sqrt(np.nanmean(apart**2)) < 0.2e-3
    assert np.nanmax(apart) < 5e-3


def told(cases, tmp_path, name):
    """Findings of each trial by rule, contacts of the sprint, and what `aqbio new` says."""
    study, said = computed(cases, tmp_path, name, "prepare", mass_kg="75.9")
    trials = study.read_manifest("S01", "prepare")["trials"]
    found = {
        entry["trial_id"]: {one["rule"]: one["what"] for one in entry["findings"]}
        for entry in trials
    }
    sprint = read_dataset(study.folder("S01", "prepare") / "sprint.nc")
    assert not any(entry["reason"] for entry in trials)
    contacts = zip(
        sprint["contact_foot"].values,
        (sprint["contact_toe_off"] - sprint["contact_touchdown"]).values,
        strict=True,
    )
    return found, [(str(foot), float(seconds)) for foot, seconds in contacts], said


@pytest.mark.opensim
def test_mirrored_coordinates_are_turned_back_and_right_steps_stay_right(cases, tmp_path):
    found, contacts, said = told(cases, tmp_path, "trc_mirrored_left_handed")
    mirrored = "labels are on the other side: the coordinates are mirrored (left-handed export)"
    for trial, sided in (("static", 46), ("sprint", 42)):
        assert f"all {sided} sided {mirrored}" in found[trial]["coordinates-mirrored"]
    assert f"all 46 sided {mirrored}" in said
    assert [foot for foot, _ in contacts] == ["right", "left", "right", "left"]
    assert "by its position" not in said.split("Labels")[1].split("not used")[0]
    assert "are in the columns of" not in said


@pytest.mark.opensim
def test_legs_that_change_sides_in_some_frames_are_put_back(cases, tmp_path):
    found, contacts, said = told(cases, tmp_path, "trc_legs_switch_some_frames")
    # frames of the file, which counts from 1; the case counts from 0
    exchanged = "left and right leg are exchanged from frame 119 to 131 and from 227 to 248"
    assert found["sprint"]["labels-restored"].startswith(exchanged)
    assert exchanged in said
    assert [foot for foot, _ in contacts] == ["left", "right", "left", "right", "left"]
    assert [seconds for _, seconds in contacts][1:4] == pytest.approx([0.12] * 3, abs=0.003)
