"""The centre of pressure of a person who stands."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.session.static import standing_pressure


@pytest.mark.parametrize("empty", [-14.0, 14.0])
def test_an_empty_plate_does_not_move_the_centre_of_pressure(empty):
    """14 N on a plate 1 m away, against 715 N, would move it by 20 mm."""
    force = np.array([[0.0, 715.0, 0.0], [0.0, empty, 0.0]])
    point = np.array([[0.1, 0.0, 0.2], [1.1, 0.0, 0.2]])
    corners = point[:, None] + np.zeros((1, 4, 3))
    together = force[:, 1] @ point / force[:, 1].sum()
    assert abs(together[0] - 0.1) > 0.018  # the danger is there
    found = standing_pressure(force, np.zeros((2, 3)), point, corners)
    np.testing.assert_allclose(found, point[0], atol=1e-12)


def test_both_feet_on_two_plates_count():
    force = np.array([[0.0, 300.0, 0.0], [0.0, 400.0, 0.0]])
    point = np.array([[0.0, 0.0, 0.0], [0.7, 0.0, 0.0]])
    found = standing_pressure(force, np.zeros((2, 3)), point, point[:, None] + np.zeros((1, 4, 3)))
    np.testing.assert_allclose(found, [0.4, 0.0, 0.0], atol=1e-12)
