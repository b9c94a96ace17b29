"""Momentum: the transfer theorem, exact rates, and the external wrench that changes it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
    group_momenta,
    momentum_jacobians,
    momentum_regressor,
    motion_momenta,
)
from tests.mechanics.inertial import inertial_parameters
from validation.moment_regressor import moment_regressor

STEP = 3e-5
TOLERANCE = 1e-8  # five-point differences, see test_kinematics.py

seeds = st.integers(0, 10_000)
sizes = st.integers(1, 7)


def _close(actual, expected, tolerance):
    scale = 1.0 + np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


@given(seed=seeds, bodies=sizes)
def test_transfer_theorem(random_tree, random_motion, seed, bodies):
    """H about a fixed point = H about the COM + moment of total momentum."""
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 3, seed))
    motion = segment_motion(skeleton, moves)
    com, velocity, _ = centre_of_mass(motion)
    still = np.zeros_like(com)
    about_com = angular_momentum(motion, com, velocity).sum(axis=1)
    about_origin = angular_momentum(motion, still, still).sum(axis=1)
    transfer = np.cross(com, motion.mass.sum() * velocity)
    _close(about_origin, about_com + transfer, 1e-12)


@given(seed=seeds, bodies=sizes)
def test_rate_is_the_derivative(random_tree, random_motion, around, derivative, seed, bodies):
    """Of every segment, about the moving centre of mass."""
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *around(random_motion(skeleton, 1, seed), STEP))
    motion = segment_motion(skeleton, moves)
    com, velocity, acceleration = centre_of_mass(motion)
    momentum = angular_momentum(motion, com, velocity)
    rate = angular_momentum_rate(motion, com, acceleration)
    _close(rate[2], derivative(momentum, STEP), TOLERANCE)
    _close(velocity[2], derivative(com, STEP), TOLERANCE)
    _close(acceleration[2], derivative(velocity, STEP), TOLERANCE)


@given(seed=st.integers(0, 10_000), bodies=st.integers(1, 7))
def test_equals_newton_euler(random_tree, random_motion, seed, bodies):
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 2, seed))
    expected = inverse_dynamics(skeleton, moves)
    regressor = moment_regressor(skeleton, moves)
    actual = np.einsum("tcbp,bp->tc", regressor, inertial_parameters(skeleton))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-10 * (1 + np.abs(expected).max()))


def test_momenta_of_a_motion_are_those_of_its_parameters(random_tree, random_motion):
    skeleton = random_tree(4, 6)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 5, 4))
    groups = np.array([[1.0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 1, 1], [1, 1, 1, 1, 1, 1]])
    about = moves.origin[:, 1]
    parameters = inertial_parameters(skeleton)[None]
    expected = group_momenta(momentum_regressor(moves, about), parameters, groups)
    found = motion_momenta(segment_motion(skeleton, moves), about, groups)
    for one in fields(expected):
        own, other = getattr(found, one.name), getattr(expected, one.name)
        np.testing.assert_allclose(own, other, rtol=0, atol=1e-12 * np.abs(other).max())


MOMENTUM_JACOBIANS_STEP = 1e-4
ROOT = Path(__file__).parents[3]


def momentum(skeleton, q, u):
    motion = segment_motion(skeleton, segment_kinematics(skeleton, q, u, np.zeros_like(u)))
    com, velocity, _ = centre_of_mass(motion)
    linear = skeleton.mass.sum() * velocity
    return np.concatenate([linear, angular_momentum(motion, com, velocity).sum(axis=1)], axis=1)


def rate(skeleton, q, u, udot):
    motion = segment_motion(skeleton, segment_kinematics(skeleton, q, u, udot))
    com, _, acceleration = centre_of_mass(motion)
    linear = skeleton.mass.sum() * acceleration
    angular = angular_momentum_rate(motion, com, acceleration).sum(axis=1)
    return np.concatenate([linear, angular], axis=1)


def jacobians(skeleton, q, u):
    kinematics = segment_kinematics(skeleton, q, u, np.zeros_like(u))
    return momentum_jacobians(skeleton, kinematics, skeleton.free)


def differences(function, state, which, coordinates, step):
    """Fourth-order central differences (T, 6, N) of a function of q, u and udot."""
    columns = []
    for coordinate in coordinates:
        values = []
        for shift in (-2, -1, 1, 2):
            moved = [values_.copy() for values_ in state]
            moved[which][:, coordinate] += shift * step
            values.append(function(*moved))
        first, second, third, fourth = values
        columns.append((first - 8 * second + 8 * third - fourth) / (12 * step))
    return np.stack(columns, axis=2)


def along(skeleton, motion, step=1e-4):
    """Rates of A and B along the motion, by fourth-order differences in time."""
    q, u, udot = motion
    found = []
    for shift in (-2, -1, 1, 2):
        time = shift * step
        one = jacobians(skeleton, q + u * time + udot * time**2 / 2, u + udot * time)
        found.append((one.by_speed, one.by_coordinate))
    return [
        (first - 8 * second + 8 * third - fourth) / (12 * step)
        for first, second, third, fourth in zip(*found, strict=True)
    ]


def check(skeleton, motion):
    """Tolerances: the rate is linear in udot, so only rounding remains; otherwise differences
    of fourth order with steps of 1e-4 leave about 1e-9 of the largest entry, rounding 1e-11."""
    q, u, udot = motion
    found = jacobians(skeleton, q, u)
    A, B = found.by_speed, found.by_coordinate

    def of(*state):
        return rate(skeleton, *state)

    by_udot = differences(of, (q, u, udot), 2, skeleton.free, 1.0)
    np.testing.assert_allclose(A, by_udot, atol=1e-10 * np.abs(by_udot).max())
    by_q = differences(
        lambda x, y: momentum(skeleton, x, y), (q, u), 0, skeleton.free, MOMENTUM_JACOBIANS_STEP
    )
    np.testing.assert_allclose(B, by_q, atol=1e-7 * np.abs(by_q).max())
    A_rate, B_rate = along(skeleton, motion)
    for which, exact in ((1, A_rate + B), (0, B_rate)):
        by_difference = differences(of, (q, u, udot), which, skeleton.free, MOMENTUM_JACOBIANS_STEP)
        np.testing.assert_allclose(exact, by_difference, atol=1e-6 * np.abs(by_difference).max())


@pytest.mark.parametrize("seed", range(6))
def test_random_trees(random_tree, random_motion, seed):
    """Shared and coupled coordinates, curved functions, translations behind rotations."""
    skeleton = random_tree(seed)
    check(skeleton, random_motion(skeleton, 4, seed))


def test_runner(runner, running):
    rng = np.random.default_rng(0)
    frames = running[::40]
    motion = (frames, rng.normal(0, 5, frames.shape), rng.normal(0, 50, frames.shape))
    check(runner, motion)


def _random_state(skeleton, frames=3):
    """Poses in the middle of the coordinates' ranges, with the speeds of running."""
    rng = np.random.default_rng(5)
    low, high = np.clip(skeleton.coordinate_range, -2.0, 2.0).T
    share = rng.uniform(0.3, 0.7, (frames, len(low)))
    q = np.where(
        skeleton.coordinate_locked, skeleton.coordinate_default, low + share * (high - low)
    )
    moves = ~skeleton.coordinate_locked
    return q, moves * rng.normal(0, 5, q.shape), moves * rng.normal(0, 100, q.shape)


@pytest.mark.opensim
@pytest.mark.parametrize("sex", ["female", "male"])
def test_our_sprint_models(sex):
    from aqbio.opensim.skeleton import read_skeleton

    skeleton = read_skeleton(ROOT / "models" / "sprint" / f"sprint_{sex}.osim")
    check(skeleton, _random_state(skeleton))


@pytest.mark.opensim
@pytest.mark.real
@pytest.mark.parametrize("name", ["rajagopal_scaled_ja1", "JA1_SCALED_Osim40"])
def test_published_models(realdata, name):
    """The walker knee of Rajagopal (2016): splines, and one coordinate about three axes."""
    from aqbio.opensim.skeleton import read_skeleton

    skeleton = read_skeleton(realdata / "ja1_dorn2012" / "models" / f"{name}.osim")
    check(skeleton, _random_state(skeleton))
