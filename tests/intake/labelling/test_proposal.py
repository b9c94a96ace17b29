"""Labels of common marker sets, understood by their names."""

from __future__ import annotations

import pytest

from aqbio.config import InvalidStudyError, MarkerSet, ModelMap, read_yaml
from aqbio.intake.labelled_recordings import proposed_set
from aqbio.intake.models import chosen_model
from aqbio.io.opensim_xml import model_markers
from aqbio.io.study import MODELS
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels
from aqbio.labels.marker_set import (
    Labelling,
    marker_set_content,
    model_landmarks,
    proposed_markers,
)


@pytest.fixture(scope="module")
def table():
    return landmark_table()


SETS = {
    "Plug-in Gait": {
        "LASI": "asis left", "RPSI": "psis right", "RTHI": "thigh right",
        "LKNE": "knee_lateral left",
        "RTIB": "shank right", "LANK": "ankle_lateral left", "RHEE": "heel right",
        "RTOE": "mt2 right", "LSHO": "acromion left", "RUPA": "upper_arm right",
        "LELB": "elbow_lateral left", "RFRM": "forearm right", "LWRA": "wrist_radial left",
        "LWRB": "wrist_ulnar left", "RFHD": "head_front right", "CLAV": "clavicle",
    },
    "Helen Hayes": {
        "R.ASIS": "asis right", "V.Sacral": "sacrum", "L.Thigh": "thigh left",
        "R.Knee": "knee_lateral right", "R.Knee.Medial": "knee_medial right",
        "L.Shank": "shank left", "R.Ankle": "ankle_lateral right",
        "R.Ankle.Medial": "ankle_medial right", "L.Heel": "heel left", "L.Toe": "mt2 left",
        "Top.Head": "head", "R.Shoulder": "acromion right",
    },
    "IOR": {
        "RIAS": "asis right", "LIPS": "psis left", "RLE": "knee_lateral right",
        "LME": "knee_medial left", "RHF": "shank right", "RTT": "shank right",
        "LLM": "ankle_lateral left", "RMM": "ankle_medial right", "LCA": "heel left",
        "RFM": "mt1 right", "LVM": "mt5 left", "RSM": "mt2 right", "CV7": "c7", "SJN": "clavicle",
    },
    "CAST": {
        "RTH1": "thigh right", "RTH4": "thigh right", "LSK3": "shank left", "RFT2": "foot right",
        "PV1": "pelvis", "LLK": "knee_lateral left", "RMK": "knee_medial right",
        "RLA": "ankle_lateral right", "LMA": "ankle_medial left",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_labels_of_common_sets(table, name):
    found = named_labels(SETS[name], table).places
    told = {label: f"{p.landmark} {p.side}".strip() for label, p in found.items()}
    assert told == SETS[name]


@pytest.mark.parametrize(
    ("label", "landmark", "side"),
    [
        ("R_HEEL", "heel", "right"),
        ("heel_R", "heel", "right"),
        ("HeelL", "heel", "left"),
        ("left heel", "heel", "left"),
        ("RFAsuperior", "forearm", "right"),
        ("R.TH12", "thigh", "right"),
        ("HeelLeft", "heel", "left"),
        # a side and a segment, and whatever else
        ("L.Thigh.Top.Lateral", "thigh", "left"),
        ("RShankDownC", "shank", "right"),
        ("Thigh_R_2", "thigh", "right"),
        ("LHeadTamp", "head", ""),
    ],
)
def test_sides_and_separators(table, label, landmark, side):
    assert named_labels([label], table).places == {label: SidedLandmark(landmark, side)}


def test_labels_that_say_nothing_are_not_guessed(table):
    labels = (
        "M1",
        "*12",
        "Q17",
        "HEEL",
        "R5thMetatarsalHead",
        "RKneeThigh",
        "ThighTop",
        "RForearmWrist",
    )
    found = named_labels(labels, table)
    assert found.places == {}
    assert found.unknown == labels


@pytest.mark.parametrize("stem", ["RFE", "RFEMUR_CGM_2.4", "PEL", "RTIBIA_"])
def test_axes_that_other_software_computed_are_no_markers(table, stem):
    """Whatever they are called; a marker on an axis keeps the landmark that it names."""
    axes = [stem + end for end in "OALP"]
    found = named_labels([*axes, "RHEE", "RKNE"], table, {*axes, "RKNE"})
    assert set(found.unused) == set(axes)
    assert list(found.places) == ["RHEE", "RKNE"]


def test_our_own_marker_set_comes_out_as_it_was_written(table):
    """The sprint model's own labels give the marker set that the model brings."""
    folder = MODELS / "sprint"
    written = read_yaml(folder / "markers.yaml", MarkerSet)
    recorded = list(written.markers)
    places = model_landmarks(
        model_markers(folder / "sprint_male.osim"), read_yaml(folder / "map.yaml", ModelMap), table
    )
    labelling = Labelling(named_labels(recorded, table).places, frozenset())
    sections = proposed_markers(labelling, places, table, sprint=True)
    content = marker_set_content("aqbio-51", "own", labelling, sections)
    made = MarkerSet.model_validate(content)
    assert {label: made.markers[label] for label in recorded} == {
        label: written.markers[label] for label in recorded
    }
    assert made.feet == written.feet
    assert made.pelvis == written.pelvis


def test_a_landmark_that_the_model_lacks_is_put_on_its_own_side(table):
    """The second metatarsal lies inside the foot's axis: z is to the right, of the left foot −z."""
    model = model_landmarks({}, read_yaml(MODELS / "sprint" / "map.yaml", ModelMap), table)
    labelling = Labelling(named_labels(["RMT2", "LMT2"], table).places, frozenset())
    entries = {
        label: entry
        for section in proposed_markers(labelling, model, table, sprint=True).values()
        for label, entry in section.items()
    }
    x, y, z = table.landmarks["mt2"].position
    assert z < 0.0
    assert entries["RMT2"]["position"] == [x, y, z]
    assert entries["LMT2"]["position"] == [x, y, -z]


VIDEO = ["Hip", "Knee", "Ankle", "Heel", "BigToe", "SmallToe", "Shoulder", "Elbow", "Wrist"]
HALPE = [side + name for side in "RL" for name in VIDEO] + ["Nose", "Head", "Neck", "Hip"]


def _entries(labels):
    proposed = proposed_set("mine", [], [labels], chosen_model(None))
    return proposed, proposed.marker_set.markers


@pytest.mark.parametrize("spelling", [str, lambda name: name.replace("R", "right_", 1)])
def test_joint_centres_of_video_are_no_landmarks(table, spelling):
    """By Pose2Sim's names and by those of its detectors; the pelvis is shown by both hips."""
    labels = [spelling(name) for name in HALPE]
    proposed, markers = _entries(labels)
    found = named_labels(labels, table)
    placed = {label for label in labels if markers.get(label, None)}
    assert found.video == {label for label in placed if not label.endswith("Neck")} - {"Hip"}
    assert {label for label, one in markers.items() if one.video} == found.video
    assert markers["LKnee"].joint == "knee_left"
    assert markers["LKnee"].body == "femur_l"
    assert proposed.marker_set.pelvis.hips == (spelling("RHip"), "LHip")
    assert proposed.missing == ()
    origins = {table.landmarks[place.landmark].origin for place in found.places.values()}
    assert "joint_centre" in origins


@pytest.mark.parametrize("without", ["LHip", "RKnee"])
def test_knees_without_hips_or_toes_of_video_are_markers(table, without):
    """Helen Hayes and many a laboratory call markers on the skin so."""
    labels = [label for label in HALPE if label != without]
    assert named_labels(labels, table).video == frozenset()
    places = named_labels(["RHip", "LHip", "RKnee", "LKnee", "RHeel"], table).places
    assert places["LKnee"] == SidedLandmark("knee_lateral", "left")


def test_opencaps_landmarks_count_more_than_the_video_they_were_computed_from(table):
    """Its second metatarsal is called toe."""
    study = ["r.ASIS_study", "r_knee_study", "r_mknee_study", "r_5meta_study", "r_toe_study"]
    found = named_labels([*HALPE, *study], table)
    assert found.places["r_knee_study"] == SidedLandmark("knee_lateral", "right")
    assert found.places["r_toe_study"] == SidedLandmark("mt2", "right")
    assert {"RKnee", "RHip", "RBigToe", "RSmallToe"} <= found.unused.keys()
    assert {"LKnee", "RAnkle"} <= found.video


@pytest.mark.parametrize(
    ("label", "place"),
    [
        ("WaistLFront", "left asis"),
        ("LForefootIn", "left mt1"),
        ("HeadL", "head"),
        ("RFTC", "right thigh"),
        ("RSHN", "right shank"),
        ("LFCC", "left heel"),
        ("RBWT", "right psis"),
    ],
)
def test_names_of_qualisys_optitrack_cmu_and_rizzoli(table, label, place):
    assert str(named_labels([label], table).places[label]) == place


@pytest.mark.parametrize(
    ("label", "body"),
    [("RASH", "clavicle_r"), ("L_Scap_2", "clavicle_l"), ("T8", "torso"), ("Top.Head", "head")],
)
def test_a_cluster_sits_on_the_body_that_a_model_has_for_it(label, body, table):
    """Shoulder blades and heads of a model that has them; the trunk of one that has none."""
    model_map = read_yaml(MODELS / "sprint" / "map.yaml", ModelMap)
    own = model_markers(MODELS / "sprint" / "sprint_male.osim")
    for known, expected in ((own, body), (dict.fromkeys(own, "torso"), "torso")):
        places = model_landmarks(known, model_map, table)
        labelling = Labelling(named_labels([label], table).places, frozenset())
        sections = proposed_markers(labelling, places, table, sprint=True)
        [entry] = [one for part in sections.values() for one in part.values()]
        assert entry["body"] == expected


PARTIAL = ["RASI", "LASI", "RKNE", "LKNE", "RHEE", "LHEE", "RTOE", "LTOE", "Q17", "Q18"]


def _partial():
    return proposed_set("mine", [], [PARTIAL], chosen_model(None))


def test_a_set_with_missing_landmarks_is_written_with_their_blanks(tmp_path):
    """Everything that is known, and a blank for exactly what is not."""
    proposed = _partial()
    assert proposed.marker_set is None
    assert proposed.sure == 8
    file = tmp_path / "markers.yaml"
    file.write_text(proposed.text, encoding="utf-8")
    with pytest.raises(InvalidStudyError) as caught:
        read_yaml(file, MarkerSet)
    said = {finding.what.partition(":")[0]: finding.where for finding in caught.value.findings}
    lines = proposed.text.splitlines()
    for name in ("right_psis", "left_psis"):
        [line] = [index for index, text in enumerate(lines, 1) if text.startswith(f"  {name}:  ")]
        assert said[f"please_fill.{name}"] == f"line {line}"
    assert len(said) == 2
    assert "# Q17: {body: , tracking: true}" in proposed.text


def test_a_blank_that_is_filled_counts_wherever_its_landmark_stands(tmp_path):
    file = tmp_path / "markers.yaml"
    text = _partial().text.replace("right_psis:  ", "right_psis: Q17")
    text = text.replace("left_psis:  ", "left_psis: Q18")
    file.write_text(text, encoding="utf-8")
    found = read_yaml(file, MarkerSet)
    assert found.pelvis.back == ("Q17", "Q18")
    assert found.markers["Q17"].model == "RPSI"
    assert not {"right_psis", "left_psis"} & set(found.markers)
