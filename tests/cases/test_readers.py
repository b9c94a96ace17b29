"""Recordings as laboratories export them: what `aqbio new` reads in them, or says of them."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.intake.check import study_problems
from aqbio.intake.new import new_study_from
from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording
from tests.foretold import foretold

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


@pytest.mark.parametrize("case", SAID)
def test_what_a_new_study_says(cases, tmp_path, case):
    said: list[str] = []
    summary = new_study_from(tmp_path / "study", cases / case / "recordings", None, said.append)
    assert SAID[case] in summary
    markers = (tmp_path / "study" / "markers.yaml").read_text()
    assert "please_fill" not in markers
    for label in ("RFEMUR_X", "LFOOT_Z"):
        assert f"\n  {label}:" not in markers
    assert foretold(summary)


VIDEO = [case for case in SAID if case.startswith(("opencap", "pose2sim"))]


@pytest.mark.opensim
@pytest.mark.parametrize("case", VIDEO)
def test_check_has_nothing_against_sessions_of_video(cases, tmp_path, case):
    new_study_from(tmp_path / "study", cases / case / "recordings", None, lambda _: None)
    sheet = tmp_path / "study" / "participants.tsv"
    header, *rows = (line.split("\t") for line in sheet.read_text("utf-8").splitlines())
    cells = [dict(zip(header, row, strict=True)) | {"sex": "male", "mass_kg": "75"} for row in rows]
    lines = ["\t".join(header), *("\t".join(row.values()) for row in cells)]
    sheet.write_text("\n".join(lines) + "\n", encoding="utf-8")
    problems = study_problems(tmp_path / "study" / "study.yaml")
    assert [one for one in problems if one.severity == "error"] == []


def test_tables_of_opensim_carry_the_forces_of_the_plates(cases):
    """The same sprint, once as C3D: what was rounded to 0.01 N and 0.01 N mm."""
    table = cases / "grf_sto_f1_1_columns" / "recordings"
    forces = read_recording(table / "sprint.trc", table / "sprint_grf.sto").forces
    plates = read_recording(cases / "c3d_markers_held_in_gaps" / "recordings" / "sprint.c3d").forces
    assert forces is not None
    assert plates is not None
    assert forces.rate == plates.rate == 1500.0
    loaded = [plates.numbers.index(number) for number in (2, 4, 7, 8)]
    theirs = np.linalg.norm(plates.wrench.force[:, loaded], axis=2)
    np.testing.assert_allclose(np.linalg.norm(forces.wrench.force, axis=2), theirs, atol=0.05)


def test_held_positions_are_those_that_differ_from_the_sound_recording(cases):
    held = _sprint(cases, "c3d_markers_held_in_gaps")
    sound = _sprint(cases, "c3d_one_plate_dead")
    apart = np.abs(held.positions - sound.positions).max(axis=2)
    assert not np.nan_to_num(apart).any()
    lost = np.isnan(held.positions).all(axis=2) & ~np.isnan(sound.positions).all(axis=2)
    assert lost.sum(axis=0).max() == 13  # twelve frames, and the one that was repeated
    assert {held.labels[index] for index in np.flatnonzero(lost.any(axis=0))} == {
        "RTIAP", "LTHAP", "RHEEL", "LELB",
    }  # fmt: skip


def _sprint(cases, case) -> Recording:
    return read_recording(cases / case / "recordings" / "sprint.c3d")
