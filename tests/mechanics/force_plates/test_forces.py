"""Wrenches, centre of pressure and offsets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.force_plates.forces import PlateWrench, centre_of_pressure, offset, unloaded


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def loads(rng):
    """A hundred known loads: force, centre of pressure on a surface at 0.02 m, free moment."""
    force = rng.uniform([-800, 100, -400], [800, 2500, 400], (100, 3))
    cop = np.column_stack((rng.uniform(-4, 4, 100), np.full(100, 0.02), rng.uniform(-1, 1, 100)))
    return force, cop, rng.uniform(-30, 30, 100)


def about(point, force, cop, free_moment):
    up = np.array([0.0, 1.0, 0.0])
    return np.cross(cop - point, force) + free_moment[:, None] * up


@pytest.mark.parametrize("point", [[0.0, 0.0, 0.0], [1.3, -0.05, 0.4]])
def test_known_wrench_is_recovered(loads, point):
    force, cop, free_moment = loads
    moment = about(np.array(point), force, cop, free_moment)
    found, turning = centre_of_pressure(force, moment, np.array(point), 0.02, 100.0)
    np.testing.assert_allclose(found, cop, atol=1e-12)
    # moments of up to 10 kN m cancel to a free moment of 30 N m
    np.testing.assert_allclose(turning, free_moment, atol=1e-11)


def test_small_forces_have_no_centre_of_pressure():
    force = np.array([[0.0, 99.0, 0.0], [0.0, -500.0, 0.0], [0.0, np.nan, 0.0]])
    cop, turning = centre_of_pressure(force, np.ones((3, 3)), np.zeros(3), 0.0, 100.0)
    assert np.isnan(cop).all()
    assert np.isnan(turning).all()


def test_rotated_wrench_is_the_same_load(loads, rng):
    force, cop, free_moment = loads
    point = np.array([[0.5, 0.0, 0.2]])
    moment = about(point[0], force, cop, free_moment)
    wrench = PlateWrench(force[:, None], moment[:, None], point)
    turn = Rotation.random(random_state=1).as_matrix()
    np.testing.assert_allclose(
        wrench.rotated(turn).moment_about_origin(), wrench.moment_about_origin() @ turn.T, atol=1e-9
    )


RATE = 1000.0


def contacts_on(level, rng, noise=0.5):
    """Six channels with two contacts of 0.25 s in 3 s."""
    channels = level + rng.normal(0, noise, (3000, 6))
    for start in (800, 1900):
        channels[start : start + 250, 1] += 1800.0 * np.sin(np.linspace(0, np.pi, 250))
    return channels


@pytest.mark.parametrize("height", [0.0, 13.0, -79.0, 210.0])
def test_offset_is_found_without_knowing_it(rng, height):
    level = np.array([1.0, height, -2.0, 0.4, 0.1, -0.3])
    channels = contacts_on(level, rng)
    found = offset(channels, channels[:, 1], RATE, 250.0)
    # 2,400 unloaded samples of 0.5 N noise: 5 standard errors
    np.testing.assert_allclose(found[0], level, atol=5 * 0.5 / np.sqrt(2400))
    assert np.ptp(found, axis=0).max() == 0.0


def test_drift_is_followed(rng):
    drift = np.linspace(0.0, 12.0, 3000)[:, None] * np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.1])
    channels = contacts_on(drift, rng, noise=0.1)
    found = offset(channels, channels[:, 1], RATE, 250.0)
    # linear between the middles of the unloaded stretches, level beyond the first and last one
    middle = slice(600, 2300)
    np.testing.assert_allclose(found[middle], drift[middle], atol=0.2)


def test_unloaded_samples_keep_away_from_contacts(rng):
    channels = contacts_on(np.zeros(6), rng)
    quiet = unloaded(channels[:, 1], RATE, 250.0)
    assert not quiet[800 - 20 : 1050 + 20].any()
    assert quiet[100:700].all()
