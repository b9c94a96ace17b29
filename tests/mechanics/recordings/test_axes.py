"""Laboratory axes from what a recording shows."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from aqbio.recordings.axes import (
    Clues,
    LaboratoryToGround,
    detected_axes,
    displacement,
    heading,
    stated_axes,
)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


UNKNOWN = np.full(3, np.nan)


def laboratories():
    """All 24 right-handed ways to lay axes into a room."""
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        matrix = np.zeros((3, 3))
        matrix[range(3), order] = signs
        if np.linalg.det(matrix) > 0:
            yield matrix


def clues(to_ground, *, travel, facing=(0.15, 0.03, 0.01)):
    """Give what a runner shows, brought from ground into laboratory axes."""
    return Clues(
        body=to_ground.T @ np.array([-0.05, 0.9, 0.02]),
        facing=to_ground.T @ np.array(facing),
        travel=to_ground.T @ np.array(travel),
        plate_normal=np.abs(to_ground.T @ np.array([0.0, 1.0, 0.01])),
        force=np.abs(to_ground.T @ np.array([80.0, 900.0, 30.0])),
    )


@pytest.mark.parametrize("to_ground", list(laboratories()))
@pytest.mark.parametrize("travel", [(11.8, 0.1, -0.5), (0.1, 0.0, 0.05)])
def test_every_laboratory_is_recognised(to_ground, travel):
    """On a runway from the path, on a treadmill from the pelvis's orientation."""
    found = detected_axes(clues(to_ground, travel=travel))
    np.testing.assert_array_equal(found.matrix, to_ground)
    assert not found.doubts


def test_reasoning_names_axes_and_numbers():
    lab = stated_axes("+y", "+z").matrix
    reasoning = detected_axes(clues(lab, travel=(11.8, 0.0, 0.0))).reasoning
    assert "Up is +z: the pelvis is 0.90 m above the feet" in reasoning
    assert "the plates' normals lie along it" in reasoning
    assert "Forward is +y: the pelvis moves 11.80 m" in reasoning
    still = detected_axes(clues(lab, travel=(0.2, 0.0, 0.0))).reasoning
    assert "Forward is +y: the pelvis stays put" in still


def test_contradictions_are_doubts():
    lab = stated_axes("+y", "+z").matrix
    seen = clues(lab, travel=(11.8, 0.0, 0.0), facing=(-0.15, 0.0, 0.0))
    tilted = Clues(seen.body, seen.facing, seen.travel, np.array([1.0, 0.0, 0.1]), seen.force)
    doubts = detected_axes(tilted).doubts
    assert any("normals lie along x" in doubt for doubt in doubts)
    assert any("faces the other way" in doubt for doubt in doubts)


@pytest.mark.parametrize(
    ("body", "facing", "travel", "message"),
    [
        (UNKNOWN, [1, 0, 0], [10, 0, 0], "pelvis and foot markers are not seen"),
        ([0.6, 0.0, 0.7], [1, 0, 0], [10, 0, 0], "not clearly above the feet"),
        ([0, 0, 0.9], [0.1, 0, 0], [7, 7, 0], "moves diagonally"),
        ([0, 0, 0.9], UNKNOWN, [0.1, 0, 0], "its markers are missing"),
    ],
)
def test_what_cannot_be_told_is_said(body, facing, travel, message):
    with pytest.raises(ValueError, match=message):
        detected_axes(Clues(np.array(body), np.array(facing), np.array(travel), UNKNOWN, UNKNOWN))


def test_left_handed_axes_are_refused():
    with pytest.raises(ValueError, match="right-handed"):
        LaboratoryToGround(np.diag([1.0, 1.0, -1.0]), "")


def test_heading_turns_left_positively():
    assert heading(np.array([1.0, 5.0, -0.1])) == pytest.approx(np.arctan(0.1))


def test_displacement_ignores_missing_frames_and_noise(rng):
    path = np.outer(np.linspace(0, 1, 200), [12.0, 0.0, 1.0]) + rng.normal(0, 1e-3, (200, 3))
    path[:20] = np.nan
    seen = (199 - 20) / 199 * np.array([12.0, 0.0, 1.0])
    # the difference of two means of nine samples each
    np.testing.assert_allclose(displacement(path), seen, atol=5e-3 * np.sqrt(2 / 9))
