"""Every disturbance can be switched, does what it says, and is written down."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.virtual.disturbances import Disturbances, disturbed
from aqbio.virtual.recording import Laboratory, RunPlan, recorded_run
from tests.virtual.conftest import GaitOf
from tests.virtual.runners import RUNNER


@pytest.fixture(scope="module")
def recording(gait_of: GaitOf):
    return recorded_run(gait_of(RUNNER, 7.0).gait, RunPlan(first_contact=0), Laboratory()).recording


def _random() -> np.random.Generator:
    return np.random.default_rng(7)


def test_noise_has_the_size_it_says(recording):
    """Standard deviation of n independent numbers is known to 1/sqrt(2n): here below 1 %."""
    wanted = Disturbances(marker_noise_m=1e-3, force_noise_n=5.0, moment_noise_nm=1.0)
    made = disturbed(recording, wanted, _random())
    assert np.std(made.markers - recording.markers) == pytest.approx(1e-3, rel=0.02)
    assert np.std(made.force - recording.force) == pytest.approx(5.0, rel=0.02)
    assert np.std(made.moment - recording.moment) == pytest.approx(1.0, rel=0.02)


def test_soft_tissue_moves_in_step_with_the_gait(recording):
    """Displacements repeat after a step, in the axes of their segment; thighs move most."""
    made = disturbed(recording, Disturbances(soft_tissue_m=0.014), _random())
    tissue = made.markers - recording.markers
    body = recording.marker_body
    back = np.swapaxes(recording.rotation[:, body], -1, -2)
    local = (back @ tissue[..., None])[..., 0]
    turn = recording.phase % np.pi
    order = np.argsort(turn)
    jumps = np.abs(np.diff(local[order], axis=0)).max(axis=(1, 2))
    # slope of three harmonics, 2 h a sqrt(2), over the gap of neighbouring phases
    assert (jumps < 0.014 * 12.0 * np.diff(turn[order]) + 1e-12).all()
    thighs = [recording.labels.index(name) for name in ("RTH1", "RTH2", "LTH1", "LTH2")]
    size = np.sqrt((tissue[:, thighs] ** 2).sum(axis=2).mean())
    assert size == pytest.approx(0.014, rel=0.5)
    assert np.abs(tissue[:, recording.labels.index("RFHD")]).max() == 0.0


def test_gaps_and_exchanged_labels(recording):
    """Five gaps of one to six frames; both labels of a pair are on one segment."""
    made = disturbed(recording, Disturbances(gaps=5, gap_frames=6, swaps=2), _random())
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


def test_the_clock_offset_delays_the_forces(gait_of: GaitOf):
    """At 1 kHz an offset of 4 ms is four samples."""
    gait = gait_of(RUNNER, 7.0).gait
    plain = recorded_run(gait, RunPlan(first_contact=0), Laboratory()).recording
    late = recorded_run(
        gait, RunPlan(first_contact=0, clock_offset_s=0.004), Laboratory()
    ).recording
    np.testing.assert_allclose(late.force[4:], plain.force[:-4], rtol=0, atol=1e-6)
    assert np.array_equal(late.markers, plain.markers)


def test_biased_plates_shift_the_centre_of_pressure(gait_of: GaitOf):
    """Plates 5 mm ahead of where the file says: what they see lies 5 mm further back."""
    gait = gait_of(RUNNER, 7.0).gait
    plain = recorded_run(gait, RunPlan(first_contact=0), Laboratory()).recording
    shifted = recorded_run(gait, RunPlan(first_contact=0, cop_bias_m=0.005), Laboratory()).recording
    alone = (plain.force[..., 1] > 500.0) & (np.abs(plain.force - shifted.force).max(axis=2) < 1e-9)
    cop = [r.moment[alone][:, 2] / r.force[alone][:, 1] for r in (plain, shifted)]
    np.testing.assert_allclose(cop[1] - cop[0], -0.005, atol=1e-9)
