"""Sign and offset of force plates."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.force_plates.forces import (
    Plates,
    PlateWrench,
    reversed_plates,
    turned_over,
    without_offsets,
)

RATE = 1000.0


@pytest.fixture
def plates():
    """Two plates with a contact each, the second one reversed, offsets 12 and -30 N."""
    rng = np.random.default_rng(5)
    force, moment = rng.normal(0, 0.5, (2, 2000, 2, 3))
    force[500:700, 0, 1] += 1500.0
    force[900:1100, 1, 1] -= 1500.0
    moment[900:1100, 1, 2] -= 90.0
    force[:, :, 1] += [12.0, -30.0]
    corners = np.full((2, 4, 3), np.nan)
    point = np.array([[0.0, 0.01, 0.0], [1.0, 0.02, 0.0]])
    return Plates(PlateWrench(force, moment, point), corners, RATE, 0.25, (1, 4), (-1, -1))


def test_reversed_plate_is_turned_over_with_its_moments(plates):
    wrong = reversed_plates(plates.vertical, RATE)
    np.testing.assert_array_equal(wrong, [False, True])
    upright = turned_over(plates, wrong)
    np.testing.assert_array_equal(upright.wrench.force[:, 0], plates.wrench.force[:, 0])
    np.testing.assert_array_equal(upright.wrench.force[:, 1], -plates.wrench.force[:, 1])
    np.testing.assert_array_equal(upright.wrench.moment[:, 1], -plates.wrench.moment[:, 1])


def test_spike_does_not_turn_a_plate_over():
    vertical = np.zeros((1000, 1))
    vertical[500:515] = -300.0  # 15 ms
    assert not reversed_plates(vertical, RATE).any()


def test_offsets_are_removed(plates):
    level, removed = without_offsets(plates, 250.0)
    assert removed[0][0, 1] == pytest.approx(12.0, abs=0.1)
    assert removed[1][0, 1] == pytest.approx(-30.0, abs=0.1)
    np.testing.assert_allclose(level.vertical[:400].mean(axis=0), 0.0, atol=0.1)


def test_plate_with_too_large_an_offset_keeps_it(plates):
    level, removed = without_offsets(plates, 20.0)
    assert removed[1] is None
    np.testing.assert_array_equal(level.wrench.force[:, 1], plates.wrench.force[:, 1])


def test_clock_and_surface(plates):
    np.testing.assert_array_equal(
        plates.samples_of(np.array([0.2, 0.25, 0.2504, 2.3])), [-1, 0, 0, -1]
    )
    np.testing.assert_allclose(plates.time[[0, -1]], [0.25, 2.249])
    np.testing.assert_array_equal(plates.surface, [0.01, 0.02])
