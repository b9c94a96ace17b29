"""Axes of a laboratory that the recording contradicts in part: they are taken, and doubted."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from aqbio.config import MarkerSet
from aqbio.io.recording import Recording
from aqbio.recordings.axes import laboratory_axes
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
    assert [one.rule for one in notes.found] == ["axes-doubt"] * backward
    for one in notes.found:
        assert one.what == "the pelvis moves along +x but its front faces the other way."
        assert (one.trial, one.file, one.severity) == ("fast", "a.trc", "warning")
        assert "laboratory.axes" in one.fix
