"""What a replay shows of a trial: solids and frames."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.pages.replay import LEAST_RATE, MOST_FRAMES, THINNEST, half_axes, shown_frames


def test_solids_have_the_inertia_of_the_segment():
    """Of an even ellipsoid I_a = m (b² + c²) / 5, however it is turned."""
    axes, mass = np.array([0.05, 0.08, 0.21]), 7.3
    turn = Rotation.from_rotvec([0.3, -0.8, 0.5]).as_matrix()
    moments = mass * (np.sum(axes**2) - axes**2) / 5
    found, directions = half_axes(mass, turn @ np.diag(moments) @ turn.T)
    np.testing.assert_allclose(np.sort(found), np.sort(axes), rtol=1e-12)
    assert np.linalg.det(directions) == pytest.approx(1.0)
    again = mass * (np.sum(found**2) - found**2) / 5
    np.testing.assert_allclose(
        directions @ np.diag(again) @ directions.T, turn @ np.diag(moments) @ turn.T, atol=1e-12
    )


def test_inertia_that_no_body_has_is_drawn_thin():
    found, _ = half_axes(1.0, np.diag([0.1, 0.1, 0.3]))
    assert found.min() == THINNEST


@pytest.mark.parametrize("count", [1, 2, 100, MOST_FRAMES, MOST_FRAMES + 1, 5000, 100_000])
@pytest.mark.parametrize("rate", [50.0, 199.0, 200.0, 400.0, 1000.0])
def test_frames_are_few_and_dense_enough(count, rate):
    """Never fewer than asked for a second where the recording has them, nor more than most."""
    time, first = np.arange(count) / rate, count // 3
    shown = range(count)[shown_frames(time, time[[first]])]
    assert len(shown) <= MOST_FRAMES
    assert rate / shown.step >= min(rate, LEAST_RATE)
    assert shown[0] <= first <= shown[-1] + shown.step
    if count <= MOST_FRAMES:
        assert len(shown) == count
