"""What the ground is, where a runner heads, and what is said where nobody can tell."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory
from aqbio.io.recording import Recording
from aqbio.recordings.ground import running_ground
from aqbio.recordings.notes import Notes
from tests.stages import made_run

MARKER_SET = MarkerSet.model_validate(yaml.safe_load(made_run.MARKER_SET))


def ground_of(positions, labels=made_run.LABELS, **cells):
    """Give the ground of a made run without forces, and the rules of the findings."""
    row = {"participant_id": "P1", "trial_id": "fast", "task": "run", "file": "a.trc", **cells}
    notes = Notes("fast", "P1", "a.trc", "")
    recording = Recording(tuple(labels), positions, made_run.FRAME_RATE)
    trial = Trial.model_validate(row)
    ground = running_ground(recording, None, trial, MARKER_SET, Laboratory(), notes)
    return ground, [one.rule for one in notes.found]


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
