"""Which frames are chosen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.body.frames import (
    INDEPENDENT,
    Recording,
    chosen_frames,
    different_frames,
    faced,
    quiet_mean,
)
from aqbio.body.shape import MarkerPlaces
from aqbio.body.unknowns import ChosenFrames
from aqbio.multibody.poses import dependent_filled, segment_poses, station_positions
from aqbio.virtual.athlete import Athlete, athlete_skeleton

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


SKELETON = athlete_skeleton(Athlete("one", "male", 75.0, 1.80))
PLACES = MarkerPlaces(SKELETON.markers, SKELETON.marker_body, SKELETON.marker_position)


def _frames(position: np.ndarray) -> ChosenFrames:
    rows = np.arange(len(position))
    return ChosenFrames(position, rows < 0, np.ones(len(rows)), rows, rows)


def _standing() -> np.ndarray:
    q = dependent_filled(SKELETON, SKELETON.coordinate_default[None])
    return station_positions(segment_poses(SKELETON, q), PLACES.body, PLACES.place)


@pytest.mark.parametrize("degrees", [0.0, 25.0, 90.0, 179.0, -120.0])
def test_a_turned_model_comes_back(degrees):
    """Whatever its heading and place, and with markers that are not seen."""
    position = _standing()
    position[0, 3] = np.nan
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array([0.0, 1.0, 0.0])).as_matrix()
    moved = position @ turn.T + [3.0, 0.2, -7.0]
    np.testing.assert_allclose(
        faced(_frames(moved), SKELETON, PLACES).position, position, atol=1e-9
    )


def test_the_shape_of_a_recording_is_kept():
    """Distances, and heights against each other: no tilt is taken out."""
    rng = np.random.default_rng(0)
    position = _standing() + rng.normal(0.0, 0.2, _standing().shape)
    found = faced(_frames(position), SKELETON, PLACES).position
    apart, kept = (one[0] - one[0, :1] for one in (position, found))
    np.testing.assert_allclose(kept[:, 1], apart[:, 1], atol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(kept, axis=1), np.linalg.norm(apart, axis=1), atol=1e-12
    )
