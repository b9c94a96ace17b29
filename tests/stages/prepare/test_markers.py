"""What is refused of markers and clocks, on both sides of each limit."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from aqbio.config import StudySettings, Trial
from aqbio.force_plates.forces import PlateWrench
from aqbio.io.recording import ForceRecording, Recording
from aqbio.recordings.notes import Notes
from aqbio.recordings.trial import SPEED_MAX, _note_missing, check_clock, check_paths
from tests.refusal import refused

RATE = 200.0
TRIAL = Trial(participant_id="P1", trial_id="fast", task="run", file="run.c3d")


def _notes():
    return Notes("fast", "P1", "run.trc", "run.mot")


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_markers_faster_than_people_are_refused(share):
    """Most frames decide: one marker of three stands still, and one leaps once."""
    along = share * SPEED_MAX / RATE * np.arange(50)
    positions = np.zeros((50, 3, 3))
    positions[:, 0, 0] = positions[:, 1, 2] = along
    positions[25:, 0, 1] = 100.0
    recording = Recording(("A", "B", "C"), positions, RATE)
    expected = refused("marker-speed", f"move at {share * SPEED_MAX:g} m/s in the middle")
    with expected if share > 1.0 else nullcontext():
        check_paths(recording, TRIAL, _notes())


@pytest.mark.parametrize(
    ("start", "apart"), [(0.24, False), (0.25, True), (-0.49, False), (-0.51, True)]
)
def test_forces_that_share_no_time_with_the_markers_are_refused(start, apart):
    """The markers' 50 frames end at 0.245 s; the forces last 0.5 s."""
    samples = 501
    wrench = PlateWrench(np.zeros((samples, 1, 3)), np.zeros((samples, 1, 3)), np.zeros((1, 3)))
    forces = ForceRecording(
        wrench=wrench, corners=np.zeros((1, 4, 3)), rate=1000.0, start=start, numbers=(1,),
        names=("one",), feet=("",),
    )  # fmt: skip
    recording = Recording(("A",), np.zeros((50, 1, 3)), RATE, forces)
    words = rf"forces cover {start:.2f} to {start + 0.5:.2f} s .*markers 0 to 0\.2[45] s"
    with refused("clock-apart", words) if apart else nullcontext() as caught:
        check_clock(recording, _notes())
    if apart:
        assert caught.value.file == "run.mot"


def test_markers_that_are_missing_outside_are_counted_by_name():
    """Two of four, in five frames and in one, before frames 10 to 30."""
    markers = np.zeros((40, 4, 3))
    markers[:5, 1], markers[35, 3] = np.nan, np.nan
    notes = _notes()
    _note_missing(
        ("A", "B", "C", "D"), markers, slice(10, 30), StudySettings(name="a").prepare, notes
    )
    [said] = notes.found
    assert (said.rule, said.number, said.label) == ("markers-outside", 2.0, "B, D")
    assert said.what.startswith("2 of 4 markers")
    assert "(frames 1 to 36 at most)" in said.what
