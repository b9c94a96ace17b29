"""The frames that stand in for a static trial."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.recordings.still_frames import stillest_frames


@pytest.fixture
def moving():
    """A pelvis at 8 m/s and three markers that swing about it; still around frames 25 and 75."""
    time = np.arange(100) / 250.0
    pelvis = np.outer(time, [8.0, 0.0, 0.0])
    swing = np.cos(2.0 * np.pi * 2.5 * (time - 0.1))[:, None, None] * np.ones((1, 3, 3))
    return pelvis[:, None] + swing * [0.2, 0.05, 0.0], pelvis


def test_posture_at_the_turning_point(moving):
    found = stillest_frames(*moving, 5)
    assert found.frames in (slice(23, 28), slice(73, 78))
    assert found.markers == 3
    assert found.movement < 0.002  # 0.2 m (1 - cos 7 degrees)


def test_more_markers_go_before_less_movement(moving):
    positions, pelvis = moving
    positions[20:30, 2] = np.nan
    found = stillest_frames(positions, pelvis, 5)
    assert found.markers == 3
    # the other turning point, half a period later
    assert found.frames == slice(73, 78)


def test_unseen_pelvis_is_refused(moving):
    positions, pelvis = moving
    pelvis[::4] = np.nan
    with pytest.raises(ValueError, match="no marker is seen with the pelvis in 5 frames"):
        stillest_frames(positions, pelvis, 5)


def test_too_few_frames_are_refused(moving):
    with pytest.raises(ValueError, match="there are 4 frames, fewer than 5"):
        stillest_frames(moving[0][:4], moving[1][:4], 5)
