"""Wrenches from recorded points of application."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.force_plates.forces import fixed_point_wrench

SAMPLES = 400


@pytest.fixture
def contact():
    """One contact with a moving centre of pressure and a free moment; unloaded around it."""
    share = np.linspace(0.0, 1.0, 200)
    force, place, free = np.zeros((3, SAMPLES, 3))
    force[100:300] = np.outer(np.sin(np.pi * share), [150.0, 2000.0, 60.0])
    place[100:300] = np.column_stack((1.0 + 0.2 * share, 0.0 * share, 0.3 - 0.05 * share))
    free[100:300, 1] = 8.0 * np.sin(2 * np.pi * share)
    return force, place, free


def truth(force, place, free, point):
    return free + np.cross(place - point, force)


def test_moment_about_the_fixed_point(contact):
    force, place, free = contact
    moment, point, replaced = fixed_point_wrench(force, place, free)
    np.testing.assert_allclose(moment, truth(force, place, free, point), atol=1e-10)
    assert not replaced.any()
    assert 1.0 < point[0] < 1.2


@pytest.mark.parametrize("rubbish", [346.0, np.nan, -1e9])
def test_unloaded_point_never_matters(contact, rubbish):
    force, place, free = contact
    spoiled = place.copy()
    spoiled[:100] = spoiled[300:] = rubbish
    moment, point, replaced = fixed_point_wrench(force, spoiled, free)
    np.testing.assert_allclose(moment, truth(force, place, free, point), atol=1e-10)
    assert not replaced.any()


def test_point_that_only_divides_noise_is_kept(contact):
    """Moment = point x force is right even if the point lies 0.5 m away at 3 N."""
    force, place, free = contact
    force[90:100], place[90:100] = [0.0, 3.0, 0.0], [1.5, 0.0, 0.3]
    moment, point, replaced = fixed_point_wrench(force, place, free)
    assert not replaced.any()
    np.testing.assert_allclose(moment, truth(force, place, free, point), atol=1e-10)


def test_between_two_contacts_the_nearer_one_gives_the_point(contact):
    """Two contacts of a foot, 4.4 m apart: the tail of the first one is not at the second."""
    force, place, free = contact
    force[250:300] = [0.0, 30.0, 0.0]  # the tail that the low-pass leaves
    place[250:300] = [346.0, 0.0, -90.0]
    force[360:], place[360:] = [0.0, 1500.0, 0.0], [5.4, 0.0, 0.3]
    moment, point, replaced = fixed_point_wrench(force, place, free)
    assert replaced[250:300].all()
    last = place[249]
    np.testing.assert_allclose(moment[250:300], np.cross(last - point, force[250:300]), atol=1e-9)
    far = np.cross(place[360] - point, force[299])
    assert np.abs(far - moment[299]).max() > 100.0  # the danger, N m
