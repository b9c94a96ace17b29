"""Which frames are chosen."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.calibration.frames import (
    INDEPENDENT,
    Recording,
    chosen_frames,
    different_frames,
    quiet_mean,
)

BODIES = np.array([0, 0, 1, 1])


def _moving(frames: int = 200) -> Recording:
    """Two segments of two markers whose distance grows from 1 to 2 m and back."""
    distance = 1.5 - 0.5 * np.cos(np.linspace(0, 2 * np.pi, frames))
    position = np.zeros((frames, 4, 3))
    position[:, 2:, 0] = distance[:, None]
    return Recording(position, 100.0, still=False)


def test_frames_differ():
    chosen = different_frames(_moving().position, BODIES, 3)
    distances = _moving().position[chosen, 2, 0]
    assert distances.min() < 1.01
    assert distances.max() > 1.99


def test_where_the_body_is_plays_no_part():
    one = _moving().position
    turned = one[..., [2, 1, 0]] + [5.0, 0.0, -2.0]
    assert different_frames(one, BODIES, 5).tolist() == different_frames(turned, BODIES, 5).tolist()


def test_frames_with_few_markers_are_left_out():
    position = _moving().position.copy()
    position[:100, 3] = np.nan
    chosen = different_frames(position, BODIES, 10)
    assert chosen.min() >= 100


def test_a_quiet_part_is_found():
    position = np.zeros((300, 2, 3))
    position[:200, 0, 0] = np.sin(np.arange(200))
    mean, middle = quiet_mean(Recording(position, 100.0, still=True), 0.5)
    assert 200 <= middle < 300
    np.testing.assert_allclose(mean, 0.0)


def test_a_marker_that_is_never_seen_stays_missing():
    position = np.zeros((100, 2, 3))
    position[:, 1] = np.nan
    mean, _ = quiet_mean(Recording(position, 100.0, still=True), 0.5)
    assert np.isnan(mean[1]).all()
    assert np.isfinite(mean[0]).all()


def test_a_trial_is_worth_so_many_witnesses_however_many_frames():
    for count in (20, 60):
        frames = chosen_frames([_moving()], BODIES, 0.5, count=count)
        np.testing.assert_allclose(frames.worth.sum(), INDEPENDENT)
    four = chosen_frames([_moving()] * 4, BODIES, 0.5, count=80)
    np.testing.assert_allclose(four.worth.sum(), 2.0 * INDEPENDENT)


@pytest.mark.parametrize(
    ("trials", "each"), [(1, 24), (2, 12), (3, 8), (7, 8), (8, 7), (12, 5), (20, 3), (40, 3)]
)
def test_many_trials_share_the_frames(trials, each):
    frames = chosen_frames([_moving()] * trials, BODIES, 0.5)
    assert np.unique(frames.trial, return_counts=True)[1].tolist() == [each] * trials
