"""The pelvis's orientation: closed forms, differences and conservation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import chebyshev

from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
)
from aqbio.virtual.athlete import athlete_skeleton
from aqbio.virtual.gait import evaluated
from tests.virtual.runners import RUNNER
from validation.gaits import collocation, orientation
from validation.gaits.relative import relative_motion


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(11)


def test_momentum_from_the_pelvis_is_that_of_the_segments(random):
    """``R (I ω + h)`` and its rate against the sum over segments, random states."""
    skeleton = athlete_skeleton(RUNNER)
    q, u, udot = random.normal(0.0, 0.5, (3, 25, len(skeleton.coordinates)))
    body = relative_motion(skeleton, q, 5.0 * u, 50.0 * udot)
    motion = segment_motion(skeleton, segment_kinematics(skeleton, q, 5.0 * u, 50.0 * udot))
    com, velocity, acceleration = centre_of_mass(motion)
    pelvis = q[:, :3], 5.0 * u[:, :3], 50.0 * udot[:, :3]
    total = angular_momentum(motion, com, velocity).sum(axis=1)
    rate = angular_momentum_rate(motion, com, acceleration).sum(axis=1)
    np.testing.assert_allclose(
        orientation.angular_momentum(pelvis[0], pelvis[1], body), total, atol=1e-11
    )
    np.testing.assert_allclose(orientation.angular_momentum_rate(*pelvis, body), rate, atol=1e-9)


def test_contacts_join_flights_up_to_the_third_derivative(random):
    """Ends of the series against the polynomials of the flights around them; bumps change none."""
    count = 8
    flight, contact = np.array([0.1, 0.12]), np.array([0.11, 0.13])
    shape = random.normal(size=(2, count, 3))
    angles = np.einsum(
        "nm,kmd->knd", chebyshev.chebvander(2 * collocation.nodes(count) - 1, 7), shape
    )
    rates = collocation.differentiation(count) @ angles / flight[:, None, None]
    series = orientation.stance_ends(angles, rates, flight, contact)
    bumps = random.normal(size=(2, orientation.BUMPS, 3))
    series = series + np.einsum("Nbd,bm->Nmd", bumps, orientation.stance_basis()[1])
    own = collocation.coefficients_of(angles)
    for order in range(4):
        for step in range(2):
            index = np.array([step])
            before = np.array([(step - 1) % 2])
            start = evaluated(series, index, np.zeros(1), contact, order)
            end = evaluated(series, index, np.ones(1), contact, order)
            left = evaluated(own, before, np.ones(1), flight, order)
            right = evaluated(own, index, np.zeros(1), flight, order)
            size = 1e-8 * 60.0**order
            np.testing.assert_allclose(start, left, rtol=0, atol=size)
            np.testing.assert_allclose(end, right, rtol=0, atol=size)
