"""Frames that the cameras lost, told by the way that the whole body makes."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.recordings.lost_frames import LOST, REPEATED, breaks, elapsed_frames
from tests.stages import made_run


def runner() -> np.ndarray:
    """Twenty markers on pelvis and feet, fourteen of which move at any time."""
    path = made_run.markers()
    return np.tile(path, (1, 2, 1))


@pytest.mark.parametrize("count", [1, 2, 6, 20])
def test_lost_frames_are_counted_where_they_are(count):
    path = runner()
    [(frame, elapsed)] = breaks(np.delete(path, slice(101, 101 + count), axis=0))
    assert frame == 100
    assert round(elapsed) == count + 1


def test_a_frame_that_is_written_twice():
    path = runner()
    [(frame, elapsed)] = breaks(np.insert(path, 100, path[100], axis=0))
    assert (frame, round(elapsed)) == (100, 0)


def test_whole_recordings_have_no_break():
    path = runner()
    assert breaks(path) == []
    elapsed = elapsed_frames(path)
    assert REPEATED < np.nanmin(elapsed) <= np.nanmax(elapsed) < LOST


def test_one_marker_that_jumps_or_noise_is_no_break():
    path = runner()
    path[100:, 4] += [0.5, 0.0, 0.0]
    path += 0.002 * np.random.default_rng(1).standard_normal(path.shape)
    assert breaks(path) == []


def test_gaps_and_people_who_stand_tell_nothing():
    path = runner()
    path[90:110] = np.nan
    assert breaks(path) == []
    still = np.tile(runner()[:1], (50, 1, 1))
    assert np.isnan(elapsed_frames(still)).all()
    assert breaks(still[:3]) == []


@pytest.mark.parametrize("size", [0.005, 0.02, 0.05])
def test_markers_that_tremble_say_nothing(size):
    """Noise turns every step round; it must not be called lost frames."""
    path = runner()
    assert breaks(path + size * np.random.default_rng(2).standard_normal(path.shape)) == []
