"""C3D files of many laboratories: read right, or refused with a message that helps."""

from __future__ import annotations

from pathlib import Path

import ezc3d
import numpy as np
import pytest

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.errors import AqbioError
from aqbio.io.c3d import read_c3d
from aqbio.recordings.notes import Notes
from aqbio.recordings.plates import ground_plates
from aqbio.recordings.trial import PreparedTrial, prepare_trial

pytestmark = pytest.mark.real

REFUSED = {
    "nimble_p04_zero_markers.c3d": "holds 0 markers",
    "sample_02_sgi_real.c3d": "MIPS",
    "sample_13_golfswing.c3d": "OFFSET parameter",
    "sample_16_golf.c3d": "none of the 21 labelled markers",
    "sample_18_bad_parameter_section.c3d": "section is damaged",
    "sample_20_phasespace_sample.c3d": "its header counts 40 points, its parameters 0",
    "sample_27_kyowadengyo.c3d": "its header counts 11 points, its parameters 12",
    "sample_28_type1.C3D": "its header counts 6 analog values a frame, its parameters 0",
    "sample_30_emgwl.c3d": "holds 0 markers",
}
"""Files that are not read, and why: of 27 and 28 ezc3d gives frames that begin in one another."""

VICON = (("RASI", "LASI"), ("SACR",), ("LHEE", "LTOE"), ("RHEE", "RTOE"))
WALKS = {
    "unipd_yup_type1_walk.c3d": (
        (("RASIS", "LASIS"), ("RPSIS", "LPSIS"), ("LCA", "LVMH"), ("RCA", "RVMH")),
        ["right", "left"],
        "Up is +y",
        "Forward is +z",
    ),
    "sample_26_Walking_Hybrid_1_1.c3d": (
        (("R_ASIS", "L_ASIS"), ("SACRUM",), ("L_HEEL", "L_MT_1"), ("R_HEEL", "R_MT_1")),
        ["right", "left"],
        "Up is +z",
        "Forward is +x",
    ),
    "sample_10_TYPE-3.c3d": (
        VICON,
        ["right", "left", "right", "left"],
        "Up is +z",
        "Forward is +x",
    ),
    "sample_00_Codamotion_codamotion_gaitwands_20150204.c3d": (
        (("R.ASIS", "L.ASIS"), ("R.PSIS", "L.PSIS"), ("L.Heel", "L.Toe"), ("R.Heel", "R.Toe")),
        ["right", "left", "right", "left"],
        "Up is +z",
        "Forward is +x",
    ),
    "sample_00_Innovative_Sports_Training_Gait_with_EMG.c3d": (
        (("RASI", "LASI"), ("RPSI", "LPSI"), ("LCAL", "LTOE"), ("RCAL", "RTOE")),
        ["left", "right"],
        "Up is +z",
        "Forward is +x",
    ),
    "sample_00_Vicon_Motion_Systems_pyCGM2_lower_limb_CGM24_Walking01.c3d": (
        (("RASI", "LASI"), ("RPSI", "LPSI"), ("LHEE", "LTOE"), ("RHEE", "RTOE")),
        ["left"],
        "Up is +z",
        "Forward is -y",
    ),
}
"""Labels of pelvis and feet, the feet in contact, and the laboratory's axes."""

VAUGHAN = (("RASI", "LASI"), ("VSAC",), ("LHEE", "LTOE"), ("RHEE", "RTOE"))
CLUSTERS = (("RPV1", "RPV2"), ("RPV3",), ("LFT1", "LFT2", "LFT3"), ("RFT1", "RFT2", "RFT3"))
ASIDE = ["heading-doubt"]
"""These clusters sit on the side of the pelvis, not in front and behind."""
NEWWALK = (VAUGHAN, ["left", "right"], ["contact-near-edge", "markers-twice"])
OTHERS = {
    "nimble_upsidedown_type4_gap71pct.c3d": (
        (("R.ASIS", "L.ASIS"), ("Sacrum",), ("L.Heel", "L.Toe"), ("R.Heel", "R.Toe")),
        ["right", "left", "right", "left"],
        ["contact-near-edge", "contact-nobody", "heading-unknown"],  # jumps on the spot
    ),
    "sample_01_Eb015pi.c3d": (
        (("PV3", "pv4"), ("PV1", "PV2"), ("LFT1", "LFT2", "LFT3"), ("RFT1", "RFT2", "RFT3")),
        ["right", "right"],
        [*ASIDE, "plate-offset"],
    ),
    "sample_02_dec_int.c3d": (CLUSTERS, ["right", "left"], ASIDE),
    "sample_02_dec_real.c3d": (CLUSTERS, ["right", "left"], ASIDE),
    "sample_02_pc_real.c3d": (CLUSTERS, ["right", "left"], ASIDE),
    "sample_03_gait-pig-nz.c3d": (
        (("RASI", "LASI"), ("SACR",), ("LANK", "LTOE"), ("RANK", "RTOE")),
        ["right"],
        ["contact-nobody", "force-units"],
    ),
    "sample_06_newwalk.c3d": NEWWALK,
    "sample_10_TYPE-2a.c3d": NEWWALK,
    "sample_10_TYPE-4a.c3d": NEWWALK,
    "sample_14_sample14.c3d": (
        (("RASI", "LASI"), ("SACR",), ("LANK", "LTOE"), ("RHEE", "RTOE")),
        ["left", "left", "left", "left", "left", "right", "right", "left"],
        ["contact-near-edge", "contact-shared", "plate-force-unit", "plate-offset"],
    ),
    "unipd_yup_type1_static.c3d": (WALKS["unipd_yup_type1_walk.c3d"][0], [], []),
}
"""Labels, feet in contact and warnings of the other files that are read."""

WITHOUT_LABELS = {
    "nimble_jh01_qualisys_unnamed_type4_negz.c3d": "Not in the recording: RASI, LASI, SACR, LHEE",
    "sample_21_sample21.c3d": "Not in the recording: LHEE",
}
"""Files that are read, but lack the labels without which the axes cannot be told."""


def marker_set(front, back, left, right) -> MarkerSet:
    return MarkerSet.model_validate(
        {
            "name": "sample",
            "source": "none",
            "markers": {label: {"body": "any"} for label in (*front, *back, *left, *right)},
            "feet": {
                "left": {"heel": left[0], "toe": left[1:]},
                "right": {"heel": right[0], "toe": right[1:]},
            },
            "pelvis": {"front": front, "back": back},
        }
    )


def prepare(path: Path, labels, notes: Notes | None = None) -> PreparedTrial:
    task = "static" if "static" in path.name else "run"
    trial = Trial(participant_id="P", trial_id="walk", task=task, file=path.name)
    notes = notes or Notes("walk", "P", path.name, path.name)
    settings = (Laboratory(), Prepare(cutoff_hz=6.0))
    return prepare_trial(read_c3d(path), trial, marker_set(*labels), settings, notes)


def samples(realdata: Path) -> list[Path]:
    folder = realdata / "c3d_samples"
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".c3d")


def test_every_file_is_read_or_refused(realdata):
    refused = {}
    for path in samples(realdata):
        try:
            recording = read_c3d(path)
        except AqbioError as error:
            refused[path.name] = error
        else:
            assert len(recording.labels) > 0
            assert np.nanmax(np.abs(recording.positions)) < 20.0  # metres in a laboratory
    assert set(refused) == set(REFUSED)
    for name, error in refused.items():
        assert REFUSED[name] in error.what
        assert error.fix


def test_every_file_has_its_place(realdata):
    """Each is in exactly one of the tables, so that each goes through preparation."""
    tables = (REFUSED, WALKS, OTHERS, WITHOUT_LABELS)
    named = [name for table in tables for name in table]
    assert sorted(named) == [path.name for path in samples(realdata)]


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_prepared_and_their_troubles_said(realdata, name):
    labels, feet, rules = OTHERS[name]
    notes = Notes("walk", "P", name, name)
    prepared = prepare(realdata / "c3d_samples" / name, labels, notes)
    contacts = prepared.loads.contacts if prepared.loads else ()
    assert [("left", "right")[contact.foot] for contact in contacts] == feet
    said = {one.rule for one in notes.findings if one.severity != "info"} - {"marker-missing"}
    assert sorted(said) == rules
    assert all(one.what and one.file == name for one in notes.findings)


@pytest.mark.parametrize("name", WITHOUT_LABELS)
def test_missing_labels_are_named(realdata, name):
    with pytest.raises(AqbioError) as caught:
        prepare(realdata / "c3d_samples" / name, VICON)
    assert WITHOUT_LABELS[name] in caught.value.what
    assert "marker set" in caught.value.fix


def test_one_inverted_plate_beside_a_right_one(realdata):
    """Somebody stands: the first plate of this file pulls down by 713 N, the second pushes."""
    forces = read_c3d(
        realdata / "c3d_samples" / "nimble_jh01_qualisys_unnamed_type4_negz.c3d"
    ).forces
    up = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])  # z is up
    notes = Notes("run", "P", "a.c3d", "a.c3d")
    assert forces.wrench.force[:, 0, 2].min() < -700.0
    plates = ground_plates(forces, up, (), notes, moving=False)
    assert plates.vertical.min(axis=0).min() > 300.0
    [said] = [one.what for one in notes.findings if one.rule == "plate-inverted"]
    assert "plate(s) 1 pull down while others push up" in said


def test_forces_are_those_of_ezc3d(realdata):
    """Where axes of sloppy corners agree: ezc3d takes one edge, we take both."""
    compared = 0
    for path in samples(realdata):
        if path.name in REFUSED:
            continue
        forces = read_c3d(path).forces
        if forces is None:
            continue
        others = ezc3d.c3d(str(path), extract_forceplat_data=True)["data"]["platform"]
        for index, number in enumerate(forces.numbers):
            theirs = others[number - 1]["force"].T
            ours = forces.wrench.force[:, index]
            largest = np.abs(theirs).max()
            # corners out of square by up to 0.6 degrees
            np.testing.assert_allclose(ours, theirs, atol=0.011 * largest + 1e-9)
            compared += 1
    assert compared > 30


def test_type_2_and_type_4_of_the_same_walk(realdata):
    """One recording stored both ways; the type 4 file has a calibration with crosstalk."""
    folder = realdata / "c3d_samples"
    two = read_c3d(folder / "sample_10_TYPE-2a.c3d").forces.wrench
    four = read_c3d(folder / "sample_10_TYPE-4a.c3d").forces.wrench
    for plate, peak in ((0, 521.0), (1, 583.0)):
        assert two.force[:, plate, 2].max() == pytest.approx(peak, abs=1.0)
        assert four.force[:, plate, 2].max() == pytest.approx(peak, abs=1.0)
        for name in ("force", "moment"):
            one, other = (getattr(wrench, name)[:, plate] for wrench in (two, four))
            assert np.abs(one - other).max() < 0.03 * np.abs(one).max()


@pytest.mark.parametrize("name", WALKS)
def test_walk_has_its_axes_and_feet(realdata, name):
    labels, feet, up, forward = WALKS[name]
    prepared = prepare(realdata / "c3d_samples" / name, labels)
    assert up in prepared.axes.reasoning
    assert forward in prepared.axes.reasoning
    assert not prepared.axes.doubts
    found = [("left", "right")[contact.foot] for contact in prepared.loads.contacts]
    assert found == feet
    assert all(contact.complete for contact in prepared.loads.contacts)
    assert all(500.0 < contact.peak < 1200.0 for contact in prepared.loads.contacts)
    # a foot's length where the forefoot's marker is missing; the other foot is far away
    assert all(one.distance < 0.2 < one.margin for one in prepared.loads.on_plates)


def test_depth_of_type_3_sensors_does_not_mirror_the_centre_of_pressure(realdata):
    """ezc3d puts it 0.3 m away from the foot in this file, whose depth is a positive number."""
    name = "sample_26_Walking_Hybrid_1_1.c3d"
    prepared = prepare(realdata / "c3d_samples" / name, WALKS[name][0])
    assert [round(one.distance, 2) <= 0.08 for one in prepared.loads.on_plates] == [True, True]
