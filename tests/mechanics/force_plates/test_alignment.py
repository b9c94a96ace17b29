"""Alignment of plates with cameras: closed forms, and planted feet that tell it."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.force_plates.alignment import (
    ALIGNMENT,
    PIVOT,
    PLANTED_SD,
    Alignment,
    planted_information,
)

SIZES = (0.004, -0.005, 0.006, 0.002, -0.001, 0.003, 0.003)
TRUTH = dict(zip((*ALIGNMENT, *PIVOT), (*SIZES, 2.0, 0.1, -0.4), strict=True))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def _loads(random):
    point = random.uniform([-3.0, 0.0, -0.5], [4.0, 0.0, 0.5], (50, 3))
    force = random.normal([0.0, 1500.0, 0.0], [300.0, 400.0, 100.0], (50, 3))
    return point, force, np.cross(point, force)


def test_a_force_acts_where_its_point_is_placed(rng):
    """F at p becomes R F at (1 + s) R p + d: the same moment about the origin."""
    point, force, moment = _loads(rng)
    one = Alignment.of(TRUTH)
    turned, about = one.applied(force, moment)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(force, axis=1))
    np.testing.assert_allclose(about, np.cross(one.placed(point), turned), atol=1e-8)


def test_where_the_ground_begins_changes_nothing(rng):
    """With an origin 30 m away, and the pivot where it was, points and moments are the same."""
    point, force, moment = _loads(rng)
    far = np.array([30.0, 0.5, -8.0])
    pivot = {name: TRUTH[name] + one for name, one in zip(PIVOT, far, strict=True)}
    here, there = Alignment.of(TRUTH), Alignment.of(TRUTH | pivot)
    np.testing.assert_allclose(there.placed(point + far), here.placed(point) + far, atol=1e-9)
    turned, about = here.applied(force, moment)
    moved = there.applied(force, moment + np.cross(far, force))[1]
    np.testing.assert_allclose(moved, about + np.cross(far, turned), atol=1e-6)


def test_nothing_is_aligned_without_parameters(rng):
    _, *load = _loads(rng)
    for before, after in zip(load, Alignment.of({}).applied(*load), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", ALIGNMENT)
def test_derivatives(rng, name):
    _, *load = _loads(rng)
    found = Alignment.of(TRUTH).by_parameter(name, *Alignment.of(TRUTH).applied(*load))
    sides = [
        Alignment.of(TRUTH | {name: TRUTH[name] + step}).applied(*load) for step in (-1e-6, 1e-6)
    ]
    for own, low, high in zip(found, *sides, strict=True):
        np.testing.assert_allclose(own, (high - low) / 2e-6, atol=2e-4)


def _planted(random, values, contacts=9, groups=4):
    """Contacts along a runway and forefeet by cameras that see the plates elsewhere."""
    group = np.arange(contacts) % groups
    point = np.stack(
        [np.linspace(-3.0, 4.0, contacts), np.zeros(contacts), random.normal(0.2, 0.05, contacts)],
        axis=1,
    )
    own = random.normal(0.0, 0.05, (groups, 3))[group]
    scatter = random.normal(0.0, PLANTED_SD, (contacts, 3))
    return point, Alignment.of(values).placed(point) + own + scatter, group


def _estimates(information, sd=0.005):
    matrix, right = information
    matrix = matrix + np.eye(len(ALIGNMENT)) / sd**2
    return np.linalg.solve(matrix, right), np.sqrt(np.diag(np.linalg.inv(matrix)))


@pytest.mark.parametrize("values", [{}, TRUTH])
def test_planted_feet_tell_pitch_yaw_and_scale(values):
    """Each within its 90 % interval in 90 % of 200 draws; nothing is said of displacements."""
    names = ("plate_pitch", "plate_yaw", "plate_scale")
    places, inside = [ALIGNMENT.index(one) for one in names], []
    for seed in range(200):
        random = np.random.default_rng(seed)
        information = planted_information(*_planted(random, values))
        found, sd = _estimates(information)
        true = np.array([values.get(one, 0.0) for one in ALIGNMENT])
        inside.append(np.abs(found - true)[places] < 1.645 * sd[places])
        assert (information[0][3:6] == 0.0).all()
    assert (np.mean(inside, axis=0) > 0.82).all()
    assert (sd[places] < [0.0008, 0.0012, 0.0012]).all()


def test_one_contact_of_each_foot_tells_nothing(rng):
    matrix, right = planted_information(*_planted(rng, TRUTH, contacts=4))
    assert not matrix.any()
    assert not right.any()
