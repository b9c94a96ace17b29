"""Recordings as laboratories export them: what `aqbio new` reads in them, or says of them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from aqbio.intake.new import new_study_from
from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording

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


def test_force_files_of_cortex_are_listed(cases, tmp_path):
    folder = shutil.copytree(cases / "grf_mot_own_clock" / "recordings", tmp_path / "recordings")
    (folder / "sprint.forces").write_text("Force Data\n")
    summary = new_study_from(tmp_path / "study", folder, None, lambda line: None)
    assert "sprint.forces: forces of Cortex in a form that is not read" in summary
