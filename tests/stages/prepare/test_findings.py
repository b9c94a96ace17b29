"""Findings about axes, labels, ground and clock of a trial."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory
from aqbio.io.recording import Recording
from aqbio.recordings.axes import laboratory_axes
from aqbio.recordings.ground import running_ground
from aqbio.recordings.label_check import (
    FITS,
    SegmentDistances,
    StaticReference,
    median_places,
    swapped_labels,
    with_checked_labels,
)
from aqbio.recordings.notes import Notes
from tests.stages import made_run

MARKER_SET = MarkerSet.model_validate(yaml.safe_load(made_run.MARKER_SET))


@pytest.mark.parametrize("backward", [False, True])
def test_a_runner_whose_pelvis_faces_backward_is_doubted(backward):
    """As where front and back of the pelvis are exchanged: 0.15 m from back to front."""
    order = [2, 3, 0, 1, *range(4, 10)] if backward else range(10)
    positions = made_run.markers()[:, list(order)]
    notes = Notes("fast", "P1", "a.trc", "")
    recording = Recording(tuple(made_run.LABELS), positions, made_run.FRAME_RATE)
    axes = laboratory_axes(recording, MARKER_SET, "auto", notes)
    np.testing.assert_array_equal(axes.matrix, np.eye(3))
    assert [one.rule for one in notes.findings] == ["axes-doubt"] * backward
    for one in notes.findings:
        assert one.what == "the pelvis moves along +x but its front faces the other way."
        assert (one.trial, one.file, one.severity) == ("fast", "a.trc", "warning")
        assert "laboratory.axes" in one.fix


@pytest.mark.parametrize("fix", ["swap", None])
def test_nothing_to_exchange_is_said_where_the_sheet_asks_for_it(fix):
    recording = Recording(tuple(made_run.LABELS), made_run.markers(), made_run.FRAME_RATE)
    standing = Recording(recording.labels, recording.positions[:1], made_run.FRAME_RATE)
    trial = Trial(participant_id="P1", trial_id="fast", task="run", file="a.trc", fix=fix)
    notes = Notes("fast", "P1", "a.trc", "")
    static = StaticReference(median_places(standing))
    checked = with_checked_labels(recording, trial, static, MARKER_SET, notes)
    assert [one.rule for one in notes.findings] == ["labels-not-swapped"] * (fix == "swap")
    for one in notes.findings:
        assert one.what == "the sheet says fix: swap, but no exchanged labels are found."
        assert one.fix == "clear the column fix of this trial."
    assert (checked.positions == recording.positions).all()


@pytest.mark.parametrize("share", [0.97, 1.03])
def test_an_exchange_must_fit_as_well_as_skin_lets_it(share):
    """A thigh that is too large by so much that distances miss by just less or more than 15 mm."""
    thigh = {"knee": (0.0, 0.0, 0.0), "distal": (0.05, 0.09, 0.012), "proximal": (0.03, 0.17, 0.02),
             "side": (-0.04, 0.12, 0.06)}  # fmt: skip
    places = {label: np.array(place) for label, place in thigh.items()}
    exchanged = [places[label] for label in ("proximal", "distal", "knee", "side")]
    kept = [
        np.linalg.norm(places[one] - places[other])
        for one in ("knee", "proximal")
        for other in ("distal", "side")
    ]
    size = 1.0 + share * FITS / np.sqrt(np.mean(np.square(kept)))
    positions = np.broadcast_to(size * np.array(exchanged), (50, 4, 3))
    distances = SegmentDistances.of(tuple(thigh), positions, places, dict.fromkeys(thigh, "thigh"))
    found = [{one.first, one.second} for one in swapped_labels(distances)]
    assert found == [{"knee", "proximal"}] * (share < 1.0)


def ground_of(positions, labels=made_run.LABELS, **cells):
    """Give the ground of a made run without forces, and the rules of the findings."""
    row = {"participant_id": "P1", "trial_id": "fast", "task": "run", "file": "a.trc", **cells}
    notes = Notes("fast", "P1", "a.trc", "")
    recording = Recording(tuple(labels), positions, made_run.FRAME_RATE)
    trial = Trial.model_validate(row)
    ground = running_ground(recording, None, trial, MARKER_SET, Laboratory(), notes)
    return ground, [one.rule for one in notes.findings]


@pytest.mark.parametrize(
    ("belt", "surface", "doubted"),
    [
        (0.0, "overground", False),
        (1.9, "overground", False),
        (2.1, "overground", True),
        (5.9, "treadmill", True),
        (6.1, "treadmill", False),
        (8.0, "treadmill", False),
    ],
)
def test_in_between_nobody_can_tell(belt, surface, doubted):
    """At 8 m/s over the ground a quarter of the running is 2 m/s."""
    ground, rules = ground_of(made_run.markers(belt))
    assert ground.surface == surface
    assert ("surface-doubt" in rules) is doubted


@pytest.mark.parametrize("belt", [0.0, made_run.SPEED])
@pytest.mark.parametrize(("degrees", "said"), [(44.0, False), (46.0, True), (180.0, True)])
def test_pelvis_that_faces_elsewhere_is_said(belt, degrees, said):
    """As where front and back of the pelvis are exchanged; the heading is that of the running."""
    turn = np.radians(degrees)
    positions = made_run.markers(belt)
    middle = positions[:, :4].mean(axis=1, keepdims=True)
    rotation = np.array(
        [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    )
    positions[:, :4] = middle + (positions[:, :4] - middle) @ rotation.T
    ground, rules = ground_of(positions)
    assert ground.heading == pytest.approx(0.0, abs=1e-6)
    assert ("heading-doubt" in rules) is said


def test_who_does_not_run_heads_where_the_pelvis_faces():
    """Standing still, the direction of running is noise."""
    positions = np.repeat(made_run.markers()[80:81], 200, axis=0)
    ground, rules = ground_of(positions)
    assert ground.heading == pytest.approx(0.0, abs=1e-6)
    assert "heading-unknown" in rules
