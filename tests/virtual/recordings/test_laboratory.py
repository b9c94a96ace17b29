"""Plates share the load of a foot without losing any; disturbances do what they say."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.c3d import read_c3d
from aqbio.names import GRAVITY
from aqbio.vectors import cross
from aqbio.virtual.disturbances import Disturbances, disturbed
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
def planned(gait_of: GaitOf):
    """Give a function that records a run as planned."""
    gait = gait_of(RUNNER, 7.0).gait
    return lambda **plan: recorded_run(gait, RunPlan(1, **plan), LABORATORY)


@pytest.fixture(scope="module")
def run(planned):
    return planned()


def _with(run, **given):
    return disturbed(run.recording, Disturbances(**given), np.random.default_rng(7))


def test_plates_add_up_to_the_feet(run):
    """Wrench of all plates about the ground's origin, while the runner is on the row."""
    row, loads = LABORATORY.plates, moved_loads(run.force_truth.loads, run.shift)
    force, moment = plate_loads(loads, row)
    about = moment + cross(np.broadcast_to(row.centres(), force.shape), force)
    along = np.nanmax(loads.cop(5.0)[0][..., 0], axis=1, initial=-np.inf)
    on = (along > row.start + 0.05) & (along < row.end - 0.05)
    assert on.sum() > 300
    for ours, theirs in ((force, loads.force), (about, loads.moment)):
        atol = max(1e-9, 1e-12 * np.abs(theirs).max())
        np.testing.assert_allclose(ours[on].sum(axis=1), theirs[on].sum(axis=1), rtol=0, atol=atol)


@pytest.mark.parametrize(
    ("axes", "unit"), [*product([GROUND_AXES, VICON_AXES, QUALISYS_AXES], ["mm", "m"])]
)
def test_c3d_files_hold_the_recording(run, tmp_path: Path, axes, unit):
    """Single precision keeps 24 bits: 6e-8 of the largest number in a channel."""
    laboratory, path = Laboratory(axes=axes, marker_unit=unit), tmp_path / "run.c3d"
    write_c3d(path, run.recording, laboratory)
    read, own, turn = read_c3d(path), run.recording, laboratory.matrix.T
    assert read.forces is not None
    assert (read.labels, read.rate, read.forces.rate) == (own.labels, 200.0, 1000.0)
    assert not read.findings
    wrench = read.forces.wrench
    for ours, theirs, off in (
        (read.positions, own.markers, 1e-6), (read.forces.corners, own.corners, 1e-6),
        (wrench.force, own.force, 3e-4), (wrench.moment, own.moment, 3e-4),
    ):  # fmt: skip
        np.testing.assert_allclose(ours, theirs @ turn, rtol=0, atol=off)


def test_the_static_trial_weighs_the_athlete():
    recording = recorded_static(RUNNER, LABORATORY)
    vertical = recording.force.sum(axis=1)[:, 1]
    np.testing.assert_allclose(vertical, RUNNER.mass * GRAVITY, rtol=1e-12)
    corners = recording.corners[int(np.argmax(recording.force[0, :, 1]))][:, [0, 2]]
    feet = [recording.labels.index(name) for name in ("LHEE", "RHEE", "LTOE", "RTOE")]
    places = recording.markers[:, feet][..., [0, 2]]
    assert ((places > corners.min(axis=0)) & (places < corners.max(axis=0))).all()
    assert recording.markers[..., 1].min() > 0.0


def test_noise_has_the_size_it_says(run):
    """Standard deviation of n independent numbers is known to 1/sqrt(2n): here below 1 %."""
    sizes = {"marker_noise_m": 1e-3, "force_noise_n": 5.0, "moment_noise_nm": 1.0}
    made = _with(run, **sizes)
    for name, size in zip(("markers", "force", "moment"), sizes.values(), strict=True):
        off = getattr(made, name) - getattr(run.recording, name)
        assert np.std(off) == pytest.approx(size, rel=0.02)


def test_soft_tissue_moves_in_step_with_the_gait(run):
    """Displacements repeat after a step, in the axes of their segment; thighs move most."""
    recording = run.recording
    tissue = _with(run, soft_tissue_m=0.014).markers - recording.markers
    back = np.swapaxes(recording.rotation[:, recording.marker_body], -1, -2)
    turn = recording.phase % np.pi
    order = np.argsort(turn)
    jumps = np.abs(np.diff((back @ tissue[..., None])[order, ..., 0], axis=0)).max(axis=(1, 2))
    # slope of three harmonics, 2 h a sqrt(2), over the gap of neighbouring phases
    assert (jumps < 0.014 * 12.0 * np.diff(turn[order]) + 1e-12).all()
    thighs = [recording.labels.index(name) for name in ("RTH1", "RTH2", "LTH1", "LTH2")]
    size = np.sqrt((tissue[:, thighs] ** 2).sum(axis=2).mean())
    assert size == pytest.approx(0.014, rel=0.5)
    assert np.abs(tissue[:, recording.labels.index("RFHD")]).max() == 0.0


def test_gaps_and_exchanged_labels(run):
    """Five gaps of one to six frames; both labels of a pair are on one segment."""
    recording, made = run.recording, _with(run, gaps=5, gap_frames=6, swaps=2)
    missing = np.isnan(made.markers).any(axis=2)
    assert 0 < missing.sum() <= 5 * 6
    exchanged = 0
    for marker, own in enumerate(recording.marker_body):
        seen = ~missing[:, marker]
        alike = (made.markers[seen, marker, None] == recording.markers[seen]).all(axis=(0, 2))
        [source] = np.flatnonzero(alike)
        assert recording.marker_body[source] == own
        exchanged += source != marker
    assert exchanged == 4


def test_late_forces_and_shifted_plates(run, planned):
    """4 ms are four samples; plates 5 mm ahead of where the file says put pressure 5 mm back."""
    plain, late = run.recording, planned(clock_offset_s=0.004).recording
    np.testing.assert_allclose(late.force[4:], plain.force[:-4], rtol=0, atol=1e-6)
    assert np.array_equal(late.markers, plain.markers)
    shifted = planned(cop_bias_m=0.005).recording
    alone = (plain.force[..., 1] > 500.0) & (np.abs(plain.force - shifted.force).max(axis=2) < 1e-9)
    cop = [r.moment[alone][:, 2] / r.force[alone][:, 1] for r in (plain, shifted)]
    np.testing.assert_allclose(cop[1] - cop[0], -0.005, atol=1e-9)
