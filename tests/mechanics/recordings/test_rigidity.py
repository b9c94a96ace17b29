"""Distances to the markers of a rigid body stay the same, however it moves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.mechanics.recordings.label_geometry import FRAMES, distance_spreads

PHASE = np.linspace(0.0, 12.0, 200)
BODY = np.array([[0.1, 0.0, 0.0], [0.0, 0.3, 0.0], [0.0, 0.0, 0.2]])


def _moving(points, amplitude=0.8):
    turns = Rotation.from_euler("zyx", amplitude * np.sin(PHASE[:, None] * [1.0, 1.3, 0.7]))
    paths = np.stack([turns.apply(point) for point in points], axis=1)
    return paths + np.array([1.0, 0.0, 0.0]) * PHASE[:, None, None]


def test_a_rigid_body_has_none_and_another_one_has():
    """A marker that slides along a line by a sine of amplitude a: standard deviation a / √2."""
    body = _moving([*BODY, [0.1, 0.1, 0.1]])
    still = np.zeros((200, 1, 3))
    slid = np.stack([1.0 + 0.02 * np.sin(2 * np.pi * np.arange(200) / 50)] * 3, axis=1) * [1, 0, 0]
    assert distance_spreads(body[:, 3], {"own": body[:, :3]})["own"] == pytest.approx(0, abs=1e-12)
    spread = distance_spreads(slid, {"ground": still})["ground"]
    assert spread == pytest.approx(0.02 / np.sqrt(2), rel=1e-9)


@pytest.mark.parametrize("seen", [FRAMES - 1, FRAMES])
def test_too_few_frames_say_nothing(seen):
    body = _moving([*BODY])
    path = body[:, 0].copy()
    path[seen:] = np.nan
    assert ("own" in distance_spreads(path, {"own": body[:, 1:]})) == (seen == FRAMES)
