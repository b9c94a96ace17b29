"""Crosstalk and the wandering centre of pressure do what they say."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.vectors import cross
from validation.recordings.known_run import WAVELENGTH, plate_errors

SAMPLES, PLATES = 400, 200


@pytest.fixture(scope="module")
def load() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forces at places that travel over one wavelength, 0.1 m right; a free moment of 5 N m."""
    point = np.zeros((SAMPLES, PLATES, 3))
    along = np.linspace(-0.5, 0.5, SAMPLES, endpoint=False)
    point[..., 0], point[..., 2] = WAVELENGTH * along[:, None], 0.1
    force = np.broadcast_to(np.array([200.0, 2000.0, -100.0]), point.shape)
    return point, force, cross(point, force) + np.array([0.0, 5.0, 0.0])


def test_crosstalk_has_its_size_and_moves_no_centre_of_pressure(load):
    """200 plates: a deviation to 5 %, 3 sigma 15 %."""
    point, force, moment = load
    more, turning = plate_errors(force, moment, 0.005, 0.0, np.random.default_rng(1))
    np.testing.assert_allclose(turning, cross(point, more), atol=1e-9)
    expected = 0.005 * np.array([np.hypot(2000, 100), np.hypot(200, 100), np.hypot(200, 2000)])
    np.testing.assert_allclose(more[0].std(axis=0), expected, rtol=0.15)
    np.testing.assert_array_equal(more[0], more[-1])


def test_the_centre_of_pressure_wanders_with_its_place(load):
    """Root mean square over a whole wavelength: exactly the size, on every plate."""
    _, force, moment = load
    more, turning = plate_errors(force, moment, 0.0, 0.002, np.random.default_rng(1))
    assert not more.any()
    apart = np.stack((-turning[..., 2], turning[..., 0]), axis=-1) / 2000.0
    np.testing.assert_allclose(np.sqrt((apart**2).mean(axis=0)), 0.002, rtol=1e-6)
    free = turning[..., 1] + (apart[..., 1] * 200.0 - apart[..., 0] * -100.0)
    np.testing.assert_allclose(free, 0.0, atol=1e-9)
