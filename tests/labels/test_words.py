"""Labels as words: sides and beginnings of words, and words that bar positions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.io.study import MODELS
from aqbio.labels.against_names import labels_against_names, spare_labels, use_spare
from aqbio.labels.assign import assign, placed_labels
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels, video_landmarks
from aqbio.labels.hints import allows
from aqbio.labels.words import label_words, reading
from aqbio.multibody.kinematics import marker_positions
from aqbio.opensim.session import quiet
from aqbio.opensim.skeleton import read_skeleton

TABLE = landmark_table()
SPRINT = MODELS / "sprint"
MAP = read_yaml(SPRINT / "map.yaml", ModelMap)


@pytest.mark.parametrize(
    ("labels", "landmark"),
    [
        ("RASI LASI RPAT LPAT RMEPI LMEPI", "knee_medial"),
        ("RASI LASI RRAD LRAD RUL LUL", "wrist_ulnar"),
    ],
)
def test_a_spare_label_changes_no_other(labels, landmark):
    """UL beside RAD is no leg."""
    *_, last = worn = labels.split()
    alone, beside = (named_labels(x, TABLE) for x in (worn, [*worn, "SPARE9"]))
    assert alone.sites[last] == SidedLandmark(landmark, "left")
    assert alone.sites == {label: beside.sites.get(label) for label in alone.sites}


def test_sets_of_short_labels_are_read_as_published():
    labels = [
        f"{side}{name}" for side in "RL" for name in ("ASI", "TH1", "AR1", "AR2", "KNE", "US")
    ]
    sites = named_labels(labels, TABLE).sites
    assert sites["RTH1"] == SidedLandmark("thigh", "right")
    assert sites["LUS"] == SidedLandmark("wrist_ulnar", "left")


def costs_of_beginnings(word):
    """Cost of every beginning of a word that has the meaning of the whole; the whole one last."""
    read = [reading(f"{word[:end]}_right") for end in range(3, len(word) + 1)]
    if read[-1] is None or not read[-1].meanings:
        return [0.0]
    meaning = read[-1].meanings, read[-1].words
    same_meaning = [x for x in read if x and (x.meanings, x.words) == meaning]
    return [beginning.cost for beginning in same_meaning]


def test_the_more_letters_of_a_word_are_written_the_surer_it_is():
    """No beginning is surer than the whole word; each letter of one word counts."""
    compared = 0
    words = {word for names in label_words().english.words.values() for word in names}
    for word in sorted(word for word in words if len(word) > 5):
        costs = costs_of_beginnings(word)
        assert min(costs) >= costs[-1] - 1e-12, word
        compared += len(costs)
    assert compared > 10
    costs = costs_of_beginnings("shoulder")
    assert len(costs) > 3
    assert (np.diff(costs) < 0.0).all()


def virtual_sprinter():
    """Markers of the sprint model standing still, m."""
    with quiet(level="Off"):
        skeleton = read_skeleton(SPRINT / "sprint_male.osim")
    positions = marker_positions(skeleton, skeleton.coordinate_default[None])[0]
    return dict(zip(skeleton.markers, positions, strict=True))


@pytest.mark.opensim
@pytest.mark.parametrize(
    "wrong_site", [SidedLandmark("c7"), SidedLandmark("knee_lateral", "left")], ids=str
)
def test_a_shoulder_is_never_placed_elsewhere(wrong_site):
    """A label with a word that is not known, RIGHT_SHOULDER_XX, has no place on C7 or a knee."""
    label, worn = "right_shoulder_xx", virtual_sprinter()
    truth = named_labels(worn, TABLE).sites
    standing = {
        label if truth.get(marker) == wrong_site else marker: position
        for marker, position in worn.items()
        if truth.get(marker) != SidedLandmark("acromion", "right")
    }
    by_name = named_labels(standing, TABLE)
    assigned = assign(by_name, [standing], [], frozenset(), TABLE)
    assert not allows(by_name.hints[label], wrong_site, TABLE)
    assert label not in assigned.sites
    assert "shoulder" in assigned.left_out[label]


@pytest.mark.opensim
@pytest.mark.parametrize("degrees", [-28.0, 28.0])
def test_a_foot_that_is_turned_keeps_its_names_unless_they_are_exchanged(degrees):
    """The heel of a foot turned out by 28 degrees was doubted."""
    worn = virtual_sprinter()
    names = named_labels(worn, TABLE).sites
    turn = Rotation.from_rotvec([0.0, np.radians(degrees), 0.0])
    for label in ("RHEE", "RMT1", "RMT5", "RTOE"):
        worn[label] = worn["RANL"] + turn.apply(worn[label] - worn["RANL"])
    assert placed_labels(worn, names, TABLE)[1] == {}
    worn["RHEE"], worn["RTOE"] = worn["RTOE"], worn["RHEE"]
    assert {"RHEE", "RTOE"} <= placed_labels(worn, names, TABLE)[1].keys()


def test_marker_set_that_contradicts_label_names_is_reported():
    """Exchanged landmarks, segments and sides, unless a person looked; a sound one is not."""
    sound = read_yaml(SPRINT / "markers.yaml", MarkerSet)
    assert labels_against_names(sound, MAP) == {}
    for label, changes in {
        "RKNL": {"model": "RANL", "body": "tibia_r"},
        "LELL": {"model": "RELL", "body": "humerus_r"},
        "C7": {"model": "RSHO", "body": "clavicle_r"},
        "RTH1": {"body": "tibia_l"},
    }.items():
        marker = sound.markers[label].model_copy(update=changes)
        wrong = sound.model_copy(update={"markers": {**sound.markers, label: marker}})
        assert set(labels_against_names(wrong, MAP)) == {label}
        confirmed = marker.model_copy(update={"looked_at": True})
        fine = sound.model_copy(update={"markers": {**sound.markers, label: confirmed}})
        assert labels_against_names(fine, MAP) == {}


def test_spare_labels_of_a_segment_are_listed():
    """Only labels of which a word is known: others may be names of persons."""
    sound = read_yaml(SPRINT / "markers.yaml", MarkerSet)
    spare = spare_labels([*sound.markers, "R_wrist_rds", "Miller", "R_HAND"], sound)
    assert spare == {"forearm right": ["R_wrist_rds"]}
    assert "R_wrist_rds" in use_spare(spare["forearm right"])


@pytest.mark.parametrize(
    "form",
    [
        "{side}_{name}", "{side}.{name}", "{side} {name}", "{side}-{name}", "{side}/{name}",
        "{side}|{name}", "{side};{name}", "({letter}) {name}", "{name} ({side})",
        "{name}[{letter}]", "{name}/{letter}", "{name}_{letter}_", "{side}：{name}",
    ],
)  # fmt: skip
def test_a_side_is_read_whatever_separates_it(form):
    names = ("HEEL", "TOE", "P5MT", "LMAL", "ASI", "TIAD", "LEPI", "SH")
    labels = {
        form.format(side=side, letter=side[0], name=name): f"{side[0]}{name}"
        for name in names
        for side in ("Left", "Right")
    }
    expected = named_labels(labels.values(), TABLE).sites
    sites = named_labels(labels, TABLE).sites
    assert len(expected) == len(labels)
    assert {labels[label]: site for label, site in sites.items()} == expected


def test_the_points_of_mediapipe_are_video():
    """Its toe is called foot index."""
    labels = [f"{side}_{name}" for side in ("left", "right") for name in ("hip", "knee", "ankle")]
    found = video_landmarks([*labels, "left_foot_index", "right_foot_index"], TABLE)
    assert found["left_foot_index"] == SidedLandmark("toe", "left")
    assert found["right_knee"] == SidedLandmark("knee_centre", "right")
