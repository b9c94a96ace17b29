"""Plate types against loads that are built from the C3D standard's own description."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.force_plates.forces import plate_axes, platform_wrench


@pytest.fixture
def rng():
    return np.random.default_rng(7)


MILLIMETRE = 0.001


@pytest.fixture
def load(rng):
    """Force and moment about the centre of the surface, in plate axes."""
    return rng.normal(0, 400, (50, 3)), rng.normal(0, 60, (50, 3))


def about(point, force, moment):
    """Moment about a point whose place relative to the surface's centre is given."""
    return moment - np.cross(point, force)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_type_2_with_either_sign_of_the_origin(load, sign):
    force, moment = load
    surface = np.array([0.002, -0.001, -0.041])  # from the sensors up to the surface, z down
    channels = np.column_stack((force, about(-surface, force, moment) / MILLIMETRE))
    found, there, lever = platform_wrench(2, channels, sign * surface, None, MILLIMETRE)
    np.testing.assert_array_equal(found, force)
    np.testing.assert_array_equal(lever, surface)
    np.testing.assert_allclose(there, moment, atol=1e-10)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_type_3_with_either_sign_of_the_depth(rng, sign):
    half, depth = np.array([0.12, 0.2]), 0.048
    places = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * half
    places = np.column_stack((places, np.full(4, depth)))  # below the surface, z down
    sensors = rng.normal(0, 200, (50, 4, 3))
    x, y, z = np.moveaxis(sensors, 2, 0)
    channels = np.column_stack(
        (x[:, 0] + x[:, 1], x[:, 2] + x[:, 3], y[:, 0] + y[:, 3], y[:, 1] + y[:, 2], z)
    )
    origin = np.array([*half, sign * depth])
    force, moment, lever = platform_wrench(3, channels, origin, None, MILLIMETRE)
    assert np.isnan(lever).all()
    np.testing.assert_allclose(force, sensors.sum(axis=1), atol=1e-10)
    np.testing.assert_allclose(moment, np.cross(places, sensors).sum(axis=1), atol=1e-10)


def test_axes_of_a_turned_plate():
    turn = Rotation.from_euler("zxz", [30, 5, 15], degrees=True).as_matrix()
    local = np.array([[0.3, 0.45, 0], [-0.3, 0.45, 0], [-0.3, -0.45, 0], [0.3, -0.45, 0]])
    corners = local @ turn.T + [2.0, -1.0, 0.01]
    np.testing.assert_allclose(plate_axes(corners), turn, atol=1e-12)


def test_corners_on_a_line_are_refused():
    with pytest.raises(ValueError, match="rectangle"):
        plate_axes(np.outer([0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 0.0]))
