"""What is refused of markers, clocks and joint angles, on both sides of each limit."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from aqbio.config import Trial
from aqbio.force_plates.forces import PlateWrench
from aqbio.io.mot import Storage
from aqbio.io.recording import ForceRecording, Recording
from aqbio.recordings.coordinates import check_lengths, coordinate_values
from aqbio.recordings.notes import Notes
from aqbio.recordings.trial import SPEED_MAX, check_clock, check_paths, note_missing
from aqbio.virtual.athlete import Athlete, athlete_skeleton
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
    note_missing(("A", "B", "C", "D"), markers, slice(10, 30), notes)
    [said] = notes.findings
    assert (said.rule, said.number, said.label) == ("markers-outside", 2.0, "B, D")
    assert said.what.startswith("2 of 4 markers")
    assert "(frames 1 to 36 at most)" in said.what


ANGLE_RATE = 250.0


@pytest.mark.parametrize(("speed", "wrong"), [(9.5, False), (29.9, False), (30.1, True)])
def test_translations_faster_than_people_are_not_metres(speed, wrong):
    lengths = np.outer(np.arange(100) * speed / ANGLE_RATE, [1.0, 0.0, 0.0])
    words = refused("coordinates-unit", "their unit is not the metre")
    with words if wrong else nullcontext():
        check_lengths(lengths, ANGLE_RATE, Path("ik.mot"))


@pytest.fixture(scope="module")
def skeleton():
    return athlete_skeleton(Athlete("made", "female", 60.0, 1.7))


def _storage(skeleton, *, without=(), still=(), in_degrees=False):
    """Joint angles of a second in which every coordinate moves, by up to 0.3 rad."""
    time = np.arange(0.0, 1.0, 1.0 / ANGLE_RATE)
    names = [name for name in skeleton.coordinates if name not in without]
    phases = np.arange(len(names))
    values = 0.3 * np.sin(2.0 * np.pi * 1.5 * time[:, None] + phases)
    values[:, [names.index(name) for name in still]] = 0.0
    return Storage(tuple(names), time, values, in_degrees)


def test_coordinates_that_a_file_does_not_tell_are_named(skeleton):
    """One column is missing, one has zeros throughout; both belong to parts, not to the pelvis."""
    storage = _storage(skeleton, without=["ankle_angle_l"], still=["elbow_flex_r"])
    q, [lacking, held] = coordinate_values(storage, skeleton, Path("ik.mot"))
    assert {lacking.rule, held.rule} == {"coordinates-missing"}
    assert lacking.what.startswith("coordinates ankle_angle_l are not in the file")
    assert held.what.startswith("coordinates elbow_flex_r stay at one value in the file")
    lost = np.array(skeleton.coordinates)[np.isnan(q).all(axis=0)]
    assert set(lost) == {"ankle_angle_l", "elbow_flex_r"}


def test_a_file_without_the_pelvis_is_refused(skeleton):
    for change in ("without", "still"):
        storage = _storage(skeleton, **{change: ["pelvis_tilt"]})
        with refused("coordinates-missing", "pelvis_tilt of the model's coordinates") as caught:
            coordinate_values(storage, skeleton, Path("ik.mot"))
        assert caught.value.where == "column names"


@pytest.mark.parametrize(("factor", "wrong"), [(1.0, True), (20.0, True), (40.0, False)])
def test_a_header_that_says_degrees_must_be_possible(skeleton, factor, wrong):
    """The largest angle is 0.3, 6 and 12: below 7 degrees nobody runs."""
    storage = _storage(skeleton, in_degrees=True)
    angles = skeleton.coordinate_is_rotation
    scaled = np.where(angles, factor * storage.values, storage.values)
    storage = Storage(storage.columns, storage.time, scaled, in_degrees=True)
    if wrong:
        with refused("coordinates-unit", "these are radians") as caught:
            coordinate_values(storage, skeleton, Path("ik.mot"))
        assert "inDegrees=no" in caught.value.fix
    else:
        q, _ = coordinate_values(storage, skeleton, Path("ik.mot"))
        assert np.nanmax(np.abs(q[:, angles])) == pytest.approx(np.radians(12.0), rel=1e-3)
