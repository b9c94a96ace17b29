"""Recordings of any heading and place are the same recording of a body."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.mechanics.calibration.frames import faced
from aqbio.mechanics.calibration.shape import MarkerPlaces
from aqbio.mechanics.calibration.unknowns import ChosenFrames
from aqbio.mechanics.multibody.poses import dependent_filled, segment_poses, station_positions
from aqbio.virtual.athlete import Athlete, athlete_skeleton

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
