"""Places of labels by names, positions and motion: broken sets are understood or asked about."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from aqbio.config import MarkerSet, read_yaml
from aqbio.io.recording import Recording
from aqbio.io.study import MODELS
from aqbio.labels.assign import assign, least_cost, placed_labels, pooled_places
from aqbio.labels.by_name import landmark_table, named_labels
from aqbio.labels.template import standing_template
from aqbio.multibody.kinematics import marker_positions
from aqbio.recordings.label_check import note_labels_elsewhere
from aqbio.recordings.notes import Notes
from validation.broken_labels import ASKED, RIGHT, WRONG, trials_of

SWINGS = {"hip_flexion": 0.7, "knee_flexion": 0.6, "ankle_angle": 0.4, "arm_flex": 0.7}
"""Amplitudes of a run on the spot, rad."""


@pytest.fixture(scope="module")
def table():
    return landmark_table()


@pytest.fixture(scope="module")
def person():
    """The sprint model standing still and running on the spot, 10 % taller, with noise."""
    from aqbio.opensim.session import quiet
    from aqbio.opensim.skeleton import read_skeleton

    with quiet(level="Off"):
        skeleton = read_skeleton(MODELS / "sprint" / "sprint_male.osim")
    rng, time = np.random.default_rng(1), np.linspace(0.0, 1.0, 100)
    q = np.tile(skeleton.coordinate_default, (len(time), 1))
    for name, size in SWINGS.items():
        for side, sign in (("r", 1.0), ("l", -1.0)):
            column = [one for one in skeleton.coordinates if one == f"{name}_{side}"]
            for one in column:
                swing = sign * size * np.sin(2.0 * np.pi * 2.0 * time)
                q[:, skeleton.coordinates.index(one)] += swing
    trials = []
    for pose in (np.repeat(q[:1], 30, axis=0), q):
        markers = 1.1 * marker_positions(skeleton, pose)
        noise = rng.normal(0.0, 0.003, markers.shape)
        trials.append(Recording(skeleton.markers, markers + noise, 100.0))
    return trials


@pytest.mark.opensim
def test_labels_broken_by_a_seed_are_never_wrong_silently(person):
    """Forty of the two hundred that `python -m validation.broken_labels` draws."""
    found = trials_of(*person, draws=40, seed=49)
    count = Counter(what for _, what, _ in found)
    assert [(how.kind, how.what, silent) for how, what, silent in found if what == WRONG] == []
    assert count[ASKED] >= 10
    assert count[RIGHT] >= 20


def _answer(named, static, moving, table):
    places = dict(zip(static.labels, np.median(static.positions, axis=0), strict=True))
    return assign(named, [places], [moving], frozenset(), table)


@pytest.mark.opensim
@pytest.mark.parametrize(
    ("pairs", "used"),
    [
        ({"RKNL": "RANL"}, True),
        ({"RHEE": "LHEE", "RMT1": "LMT1", "RMT5": "LMT5", "RTOE": "LTOE"}, True),
        ({"RKNL": "RANL"}, False),  # only in the static trial: motion contradicts
    ],
)
def test_exchanged_labels_are_used_where_they_certainly_are(person, table, pairs, used):
    """In places of each other and said; kept and doubted where motion does not agree."""
    static, moving = person
    other = pairs | {two: one for one, two in pairs.items()}
    labels = tuple(other.get(label, label) for label in static.labels)
    named = named_labels(static.labels, table)
    renamed = replace(moving, labels=labels) if used else moving
    found = _answer(named, replace(static, labels=labels), renamed, table)
    assert set(other) <= set(found.notes)
    for label in static.labels:
        assert found.places[label] == named.places[other.get(label, label) if used else label]


@pytest.mark.opensim
@pytest.mark.parametrize("hidden", ["LT", "RELL RELM RWRA RWRB", "LASI RHEE", "RKN LAN"])
def test_people_have_one_answer_alone_and_in_company(person, table, hidden):
    """Labels without a name, or with a wrong one, of two people of different size."""
    static, moving = person
    gone = tuple(hidden.split())
    labels = tuple(f"Q{n}" if one.startswith(gone) else one for n, one in enumerate(static.labels))
    named = named_labels(labels, table)
    places = dict(zip(labels, np.median(static.positions, axis=0), strict=True))
    people = [{one: size * at for one, at in places.items()} for size in (1.0, 0.9)]
    moving = replace(moving, labels=labels)
    answers = [
        assign(named, who, [moving], frozenset(), table).places
        for who in ([people[0]], [people[1]], people, people[::-1])
    ]
    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]) >= len(labels) - 8


@pytest.mark.opensim
def test_a_sound_set_is_used_without_a_question(person, table):
    static, moving = person
    named = named_labels(static.labels, table)
    found = _answer(named, static, moving, table)
    assert (found.places, found.notes, found.left_out) == (named.places, {}, {})


@pytest.mark.opensim
@pytest.mark.parametrize("pair", [("RKNL", "RANL"), ("LMT1", "LMT5"), ("RUA1", "RFA1")])
def test_a_marker_set_with_exchanged_labels_is_asked_about(person, pair):
    """In stage prepare, whoever wrote the marker set; a sound one raises no question."""
    one, two = pair
    marker_set, static = read_yaml(MODELS / "sprint" / "markers.yaml", MarkerSet), person[0]
    notes = Notes("static", "P1", "a.trc", "")
    note_labels_elsewhere(static, marker_set, notes)
    assert notes.findings == []
    other = {one: two, two: one}
    labels = tuple(other.get(label, label) for label in static.labels)
    note_labels_elsewhere(replace(static, labels=labels), marker_set, notes)
    [finding] = notes.findings
    assert (finding.rule, finding.severity) == ("labels-elsewhere", "warning")
    assert set(finding.label.split(", ")) == set(pair)


@pytest.mark.opensim
@pytest.mark.parametrize("arms", [0, 15])
def test_legs_without_some_markers_are_laid_over_those_that_are_there(arms, table):
    """What no marker is near, and arms that hang elsewhere, hold nothing in its place."""
    template = standing_template(table)
    gone = {"sacrum", "t10", "right heel", "left mt1"}
    static = {
        f"M{number}": template.postures[arms][number] + np.array([3.0, 0.1, -2.0])
        for number in template.landmarks
        if str(template.places[number]) not in gone
    }
    found, doubts = placed_labels(static, {}, table)
    assert len(found) == len(static) == 31
    for label, one in found.items():
        assert one.place == template.places[int(label[1:])], label
    assert doubts == {}
    alone, company = pooled_places([found], table), pooled_places([found, found], table)
    assert alone == company


def test_every_place_is_given_once_at_least_total_cost():
    """The first label alone would take the place that the second one needs."""
    assert least_cost(np.array([[1.0, 2.0, 9.0], [0.0, 4.0, 9.0]])).tolist() == [1, 0]
