"""Places of labels by names, positions and motion: broken sets are understood or asked about."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from aqbio.config import MarkerSet, read_yaml
from aqbio.io.recording import Recording
from aqbio.io.study import MODELS
from aqbio.labels.assign import PlacedLabel, assign, pooled_sites
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels
from aqbio.multibody.kinematics import marker_positions
from aqbio.prepare.label_check import median_positions, note_misplaced_labels
from aqbio.prepare.notes import Notes
from tests.golden import differences
from validation.broken_labels import QUESTIONED, RIGHT, WRONG, trials_of

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
            column = [
                coordinate for coordinate in skeleton.coordinates if coordinate == f"{name}_{side}"
            ]
            for coordinate in column:
                swing = sign * size * np.sin(2.0 * np.pi * 2.0 * time)
                q[:, skeleton.coordinates.index(coordinate)] += swing
    trials = []
    for pose in (np.repeat(q[:1], 30, axis=0), q):
        markers = 1.1 * marker_positions(skeleton, pose)
        noise = rng.normal(0.0, 0.003, markers.shape)
        trials.append(Recording(skeleton.markers, markers + noise, 100.0))
    return trials


@pytest.mark.opensim
def test_labels_broken_by_a_seed_are_never_wrong_silently(person):
    """Forty of the two hundred that `python -m validation.broken_labels` draws."""
    trials = trials_of(*person, draws=40, seed=49)
    count = Counter(outcome for _, outcome, _ in trials)
    assert [
        (fault.kind, fault.change, silent) for fault, outcome, silent in trials if outcome == WRONG
    ] == []
    assert count[QUESTIONED] >= 10
    assert count[RIGHT] >= 20


def renamed(recording, names):
    """The recording with other labels, by the old ones."""
    return replace(recording, labels=tuple(names.get(label, label) for label in recording.labels))


RELABELLED = yaml.safe_load(Path(__file__).with_name("relabelled.yaml").read_text("utf-8"))


@pytest.mark.opensim
def test_answers_to_labels_that_laboratories_write(person, table):
    """Sites, questions and excluded labels; the same for two people of different size."""
    lines = []
    anonymous = {label: f"{n:03d}" for n, label in enumerate(person[0].labels)}
    for name, changes in (RELABELLED | {"no name at all": [anonymous]}).items():
        static, moving = renamed(person[0], changes[0]), renamed(person[1], changes[-1])
        worn = median_positions(static)
        by_name = named_labels(dict.fromkeys((*static.labels, *moving.labels)), table)
        static_only = frozenset(static.labels) - frozenset(moving.labels)
        smaller = replace(moving, positions=0.9 * moving.positions)
        people = [(worn, moving), ({label: 0.9 * at for label, at in worn.items()}, smaller)]
        answers = [
            assign(
                by_name,
                [markers for markers, _ in group],
                [run for _, run in group],
                static_only,
                table,
            )
            for group in (people[:1], people[1:], people[::-1])
        ]
        assert all(answer.sites == answers[0].sites for answer in answers), name
        answer = answers[0]
        for label in dict.fromkeys((*by_name.sites, *by_name.unknown)):
            site, name_site = answer.sites.get(label), by_name.sites.get(label)
            if site != name_site:
                lines.append(f"{name}: {label} is {site}, by its name {name_site}")
        lines += [f"{name}: {label}: {why}" for label, why in answer.notes.items()]
        lines += [f"{name}: {label} is left out: {why}" for label, why in answer.left_out.items()]
        lines.append(f"{name}: {len(answer.sites)} placed")
    assert differences("assigned", lines) == []


@pytest.mark.opensim
@pytest.mark.parametrize("pair", [(), ("RKNL", "RANL"), ("LMT1", "LMT5"), ("RUA1", "RFA1")])
def test_a_marker_set_with_exchanged_labels_is_asked_about(person, pair):
    """In stage prepare, for any author of the marker set; a sound one raises no question."""
    notes = Notes("static", "P1", "a.trc", "")
    static = renamed(person[0], dict(zip(pair, pair[::-1], strict=True)))
    note_misplaced_labels(static, read_yaml(MODELS / "sprint" / "markers.yaml", MarkerSet), notes)
    labels_by_rule = [
        (finding.rule, finding.severity, {*finding.label.split(", ")}) for finding in notes.findings
    ]
    assert labels_by_rule == [("labels-elsewhere", "warning", {*pair})] * bool(pair)


FOREARM, WRIST = (SidedLandmark(landmark, "left") for landmark in ("forearm", "wrist"))


def test_sites_of_static_trials_are_pooled_unless_contradictory(table):
    loose, close = {"M1": PlacedLabel(FOREARM, 0.02)}, {"M1": PlacedLabel(FOREARM, 0.01)}
    wrist = {"M2": PlacedLabel(WRIST, 0.02)}
    assert pooled_sites([loose | wrist, close], table) == (close | wrist, {})
    disputed = pooled_sites([loose, {"M1": PlacedLabel(WRIST, 0.02)}], table)
    assert disputed == ({}, {"M1": "left forearm or left wrist"})
