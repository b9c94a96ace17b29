"""Frames that the cameras lost, quiet parts of a trial, and values that never change."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.movement import (
    BODY_ACCELERATION,
    LONGEST_REST,
    breaks,
    constant_stretches,
    flickers,
    frozen_positions,
    jumps,
    quiet_window,
)
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


@pytest.mark.parametrize("size", [0.006, 0.01, 0.015, 0.02])
def test_noise_of_whole_segments_breaks_nothing(size):
    """Joint angles with noise move many markers at once; before, most such trials were refused."""
    for seed in range(12):
        path = runner()
        together = np.random.default_rng(seed).normal(0.0, size, (len(path), 5, 3))
        assert breaks(path + np.repeat(together, path.shape[1] // 5, axis=1)) == []


def test_a_frame_that_is_lost_in_noise_is_found():
    """Below the noise that hides it; two frames lost are 2 frames more, six times their scatter."""
    path = np.delete(runner(), slice(101, 103), axis=0)
    together = np.random.default_rng(3).normal(0.0, 0.002, (len(path), 5, 3))
    [(frame, elapsed)] = breaks(path + np.repeat(together, path.shape[1] // 5, axis=1))
    assert (frame, round(elapsed)) == (100, 3)


@pytest.mark.parametrize(("beyond", "said"), [(0.9, []), (1.1, [49])])
def test_a_body_that_jumps_is_told_from_one_that_lands(beyond, said):
    """Just below and above the acceleration from which frames must be missing."""
    path = np.zeros((100, 12, 3))
    path[50:, :, 1] = beyond * BODY_ACCELERATION / 100.0**2
    path[:, :, 0] = 1e-4 * np.random.default_rng(1).standard_normal((100, 12))
    assert jumps(path, 100.0) == said


@pytest.mark.parametrize("size", [0.005, 0.02, 0.05])
def test_markers_that_tremble_say_nothing(size):
    """Noise turns every step round; it must not be called lost frames."""
    path = runner()
    assert breaks(path + size * np.random.default_rng(2).standard_normal(path.shape)) == []


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("size", [0.15, 0.5])
def test_exactly_the_frames_that_are_elsewhere(length, size):
    path = made_run.markers()
    truth = np.zeros(path.shape[:2], dtype=bool)
    for marker, first in ((0, 40), (5, 110), (8, 200), (8, 230)):
        truth[first : first + length, marker] = True
    path[truth] += [0.0, size, 0.0]
    np.testing.assert_array_equal(flickers(path, made_run.FRAME_RATE), truth)


@pytest.mark.parametrize("rate", [50.0, 100.0, 250.0, 1000.0])
def test_a_foot_that_swings_and_lands_hard_does_not_flicker(rate):
    """20 m/s in swing, stopped within 15 ms at touchdown: 1300 m/s²."""
    time = np.arange(0.0, 0.4, 1.0 / rate)
    speed = np.clip(20.0 * (0.2 - time) / 0.015, 0.0, 20.0)
    path = np.zeros((len(time), 1, 3))
    path[:, 0, 0] = np.cumsum(speed) / rate
    assert not flickers(path, rate).any()


def test_gaps_are_no_flicker_and_hide_what_is_beside_them():
    path = np.zeros((12, 1, 3))
    path[4] = np.nan
    path[8, 0, 0] = 0.4
    assert np.flatnonzero(flickers(path, 250.0)).tolist() == [8]
    assert not flickers(path[:2], 250.0).any()


def frozen(path, random):
    """A path in which four markers are frozen, forward, backward or to the end, and where."""
    made, where = path.copy(), np.zeros(path.shape[:2], dtype=bool)
    seen = np.flatnonzero(np.isfinite(path).all(axis=(0, 2)))
    for marker in random.choice(seen, 4, replace=False):
        length, way = int(random.integers(6, 20)), int(random.integers(3))
        first = int(random.integers(4, len(path) - 2 * length))
        last = len(path) if way == 2 else first + length
        made[first:last, marker] = path[last if way == 1 else first - 1, marker]
        where[first:last, marker] = True
    return made, where


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("digit", [1e-6, 1e-4, 1e-3])
def test_positions_that_are_held_over_gaps(seed, digit):
    """Feet that rest in the last digit stay; in 1 mm, a stretch after a rest begins with it."""
    random = np.random.default_rng(seed)
    whole = runner() + random.normal(0.0, 2e-4, runner().shape)
    whole = np.round(whole / digit) * digit
    assert not frozen_positions(whole).any()
    path, where = frozen(whole, random)
    found = frozen_positions(path)
    assert np.linalg.norm(path - whole, axis=2)[where & ~found].max(initial=0.0) < 0.03
    assert where.sum() > 2 * (where & ~found).sum()
    assert digit == 1e-3 or (found & ~where).sum() <= 4  # of each stretch the true one


def test_the_quiet_window_ignores_markers_that_come_and_go():
    positions = np.zeros((50, 2, 3))
    positions[:30, 0, 1] = np.sin(np.arange(30))
    positions[40:, 1] = np.nan
    window = quiet_window(positions, rate=10.0, seconds=1.0)
    assert window == slice(30, 40)


RATE = 100.0
TIME = np.arange(200) / RATE
SWING = np.sin(7.0 * TIME)


@pytest.mark.parametrize(("seconds", "held"), [(LONGEST_REST, 0), (LONGEST_REST + 0.01, 27)])
def test_a_rest_of_a_joint_is_none(seconds, held):
    values = SWING.copy()
    values[50 : 51 + round(seconds * RATE)] = values[50]
    found = constant_stretches(values[:, None], RATE)[:, 0]
    assert found.sum() == held
    assert not found[:50].any()
