"""Plates share the load of a foot without losing any of it; axes and files keep everything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aqbio.io.c3d import read_c3d
from aqbio.names import GRAVITY
from aqbio.vectors import cross
from aqbio.virtual.recording import (
    GROUND_AXES,
    QUALISYS_AXES,
    VICON_AXES,
    Laboratory,
    RunPlan,
    moved_loads,
    plate_loads,
    recorded_run,
    recorded_static,
)
from aqbio.virtual.study import write_c3d
from tests.virtual.conftest import GaitOf
from tests.virtual.runners import RUNNER

LABORATORY = Laboratory()


@pytest.fixture(scope="module")
def run(gait_of: GaitOf):
    return recorded_run(gait_of(RUNNER, 7.0).gait, RunPlan(first_contact=1), LABORATORY)


def test_plates_add_up_to_the_feet(run):
    """Wrench of all plates about the ground's origin, while the runner is on the row."""
    row = LABORATORY.plates
    loads = moved_loads(run.force_truth.loads, run.shift)
    force, moment = plate_loads(loads, row)
    about = moment + cross(np.broadcast_to(row.centres(), force.shape), force)
    cop, _ = loads.cop(5.0)
    along = np.nanmax(cop[..., 0], axis=1, initial=-np.inf)
    on = (along > row.start + 0.05) & (along < row.end - 0.05)
    assert on.sum() > 300
    size = np.abs(loads.moment).max()
    np.testing.assert_allclose(force[on].sum(axis=1), loads.force[on].sum(axis=1), atol=1e-9)
    np.testing.assert_allclose(
        about[on].sum(axis=1), loads.moment[on].sum(axis=1), rtol=0, atol=1e-12 * size
    )


@pytest.mark.parametrize("axes", [GROUND_AXES, VICON_AXES, QUALISYS_AXES])
@pytest.mark.parametrize("unit", ["mm", "m"])
def test_c3d_files_hold_the_recording(run, tmp_path: Path, axes, unit):
    """Single precision keeps 24 bits: 6e-8 of the largest number in a channel."""
    laboratory = Laboratory(axes=axes, marker_unit=unit)
    path = tmp_path / "run.c3d"
    write_c3d(path, run.recording, laboratory)
    read = read_c3d(path)
    turn = laboratory.matrix.T
    assert read.labels == run.recording.labels
    assert read.rate == 200.0
    assert read.forces is not None
    assert read.forces.rate == 1000.0
    assert not read.findings
    np.testing.assert_allclose(read.positions, run.recording.markers @ turn, rtol=0, atol=1e-6)
    wrench = read.forces.wrench
    np.testing.assert_allclose(wrench.force, run.recording.force @ turn, rtol=0, atol=3e-4)
    np.testing.assert_allclose(wrench.moment, run.recording.moment @ turn, rtol=0, atol=3e-4)
    np.testing.assert_allclose(read.forces.corners, run.recording.corners @ turn, rtol=0, atol=1e-6)


def test_the_static_trial_weighs_the_athlete():
    recording = recorded_static(RUNNER, LABORATORY)
    force = recording.force.sum(axis=1)
    np.testing.assert_allclose(force[:, 1], RUNNER.mass * GRAVITY, rtol=1e-12)
    loaded = int(np.argmax(recording.force[0, :, 1]))
    low = recording.corners[loaded].min(axis=0)
    high = recording.corners[loaded].max(axis=0)
    inside = (recording.markers[..., [0, 2]] > low[[0, 2]]) & (
        recording.markers[..., [0, 2]] < high[[0, 2]]
    )
    feet = [recording.labels.index(name) for name in ("LHEE", "RHEE", "LTOE", "RTOE")]
    assert inside[:, feet].all()
    assert recording.markers[..., 1].min() > 0.0
