"""Every drawn body is a possible one, and the draws spread as they are told to."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.draws import InertiaSpread, inertia_draws, twins
from tests.mechanics.levels_case import sprint_run

COUNT = 4000
"""The relative error of a standard deviation from N draws is 1 / sqrt(2 N): 1.1 %; five of them."""


@pytest.fixture(scope="module")
def case():
    return sprint_run()


def _draws(case, spread, count=COUNT, seed=0):
    twin = twins(case.skeleton.bodies, case.anatomy.groups)
    return inertia_draws(case.skeleton, spread, twin, count, np.random.default_rng(seed))


def _central(parameters):
    """Mass, centre of mass and inertia about it."""
    mass, first = parameters[..., 0], parameters[..., 1:4]
    com = first / mass[..., None]
    xx, yy, zz, xy, xz, yz = np.moveaxis(parameters[..., 4:], -1, 0)
    tensor = np.stack([xx, xy, xz, xy, yy, yz, xz, yz, zz], axis=-1).reshape(*mass.shape, 3, 3)
    square = (com**2).sum(axis=-1)[..., None, None] * np.eye(3)
    arm = square - com[..., :, None] * com[..., None, :]
    return mass, com, tensor - mass[..., None, None] * arm


def test_bodies_are_possible_even_when_they_differ_wildly(case):
    """Moments of inertia positive and no larger than the sum of the other two."""
    mass, _, tensor = _central(_draws(case, InertiaSpread(0.5, 0.5, 0.5, 0.1), 500))
    moments = np.linalg.eigvalsh(tensor)
    assert mass.min() > 0
    assert moments.min() > 0
    assert (moments[..., 2] <= moments[..., 0] + moments[..., 1] + 1e-12).all()


def test_spreads_are_the_stated_ones(case):
    """Of light segments: heavy ones are held by the body's total."""
    spread = InertiaSpread(mass=0.08, centre=0.05, size=0.06, body=0.0)
    mass, com, tensor = _central(_draws(case, spread))
    hand = case.skeleton.bodies.index("radius_l")
    own = np.log(mass[:, hand] / mass.sum(axis=1))
    assert own.std() == pytest.approx(0.08, rel=0.15)
    reach = np.sqrt(np.linalg.eigvalsh(case.skeleton.inertia[hand])[-1] / case.skeleton.mass[hand])
    centre = (com[:, hand] - case.skeleton.com[hand]).std(axis=0)
    np.testing.assert_allclose(centre, 0.05 * reach, rtol=5 / np.sqrt(2 * COUNT))
    moments = np.diagonal(tensor[:, hand], axis1=1, axis2=2) / mass[:, hand, None]
    second = 0.5 * moments.sum(axis=1)[:, None] - moments
    sizes = 0.5 * np.log(second).std(axis=0)
    # Shearing a long segment also widens it: thin axes vary a little more than the long one, y.
    assert sizes[1] == pytest.approx(0.06, rel=5 / np.sqrt(2 * COUNT))
    assert (sizes[[0, 2]] > 0.058).all()
    assert (sizes[[0, 2]] < 0.072).all()


def test_twins_are_wrong_together_and_mirrored(case):
    spread = InertiaSpread(body=0.0, side_correlation=1.0)
    mass, com, tensor = _central(_draws(case, spread, 50))
    left, right = (case.skeleton.bodies.index(f"femur_{side}") for side in "lr")
    np.testing.assert_allclose(mass[:, left], mass[:, right], rtol=1e-12)
    mirror = np.array([1.0, 1.0, -1.0])
    np.testing.assert_allclose(com[:, left], com[:, right] * mirror, rtol=0, atol=1e-12)
    reflected = tensor[:, right] * np.outer(mirror, mirror)
    np.testing.assert_allclose(tensor[:, left], reflected, rtol=0, atol=1e-12)
    alone = _central(_draws(case, InertiaSpread(side_correlation=0.0)))[0]
    correlation = np.corrcoef(np.log(alone[:, left]), np.log(alone[:, right]))[0, 1]
    assert abs(correlation) < 0.2
