"""Inverse dynamics: closed forms, conservation laws, invariances, and two other engines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.multibody.dynamics import (
    ExternalLoad,
    inverse_dynamics,
    joint_wrenches,
)
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum_rate, centre_of_mass

STEP = 3e-5
TOLERANCE = 1e-8  # five-point differences, see test_kinematics.py

seeds = st.integers(0, 10_000)
sizes = st.integers(1, 7)


def _close(actual, expected, tolerance):
    scale = 1.0 + np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


def _loads(skeleton, frames, seed):
    rng = np.random.default_rng(seed + 2)
    bodies = rng.choice(skeleton.bodies, 3)
    return [ExternalLoad(str(b), *rng.normal(0, 50, (3, frames, 3))) for b in bodies]


def _energy(skeleton, moves):
    """Kinetic energy plus potential energy in the field of gravity, J."""
    motion = segment_motion(skeleton, moves)
    linear = (motion.mass * (motion.velocity**2).sum(axis=-1)).sum(axis=1) / 2
    turning = (motion.spin * moves.angular_velocity).sum(axis=(1, 2)) / 2
    height = (motion.com * motion.mass[:, None]).sum(axis=1) @ skeleton.gravity
    return linear + turning - height


@given(seed=seeds, bodies=sizes)
def test_power_of_generalised_forces_is_the_rate_of_energy(
    random_tree, random_motion, around, derivative, seed, bodies
):
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *around(random_motion(skeleton, 1, seed), STEP))
    power = (inverse_dynamics(skeleton, moves) * moves.u).sum(axis=1)
    _close(power[2], derivative(_energy(skeleton, moves), STEP), TOLERANCE)


@given(seed=seeds, bodies=sizes)
def test_external_wrenches_change_momentum(random_tree, random_motion, seed, bodies):
    """Residual at the roots + loads + weight = rate of linear and angular momentum."""
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 3, seed))
    loads = _loads(skeleton, 3, seed)
    motion = segment_motion(skeleton, moves)
    com, _, acceleration = centre_of_mass(motion)
    wrenches = joint_wrenches(skeleton, moves, loads)
    force = motion.mass.sum() * np.tile(skeleton.gravity, (3, 1))
    moment = np.zeros((3, 3))
    for load in loads:
        force += load.force
        moment += load.moment + np.cross(load.point - com, load.force)
    for root in np.flatnonzero(skeleton.parent == -1):
        arm = moves.joint_centre[:, root] - com
        force += wrenches.force[:, root]
        moment += wrenches.moment[:, root] + np.cross(arm, wrenches.force[:, root])
    _close(motion.mass.sum() * acceleration, force, 1e-11)
    rate = angular_momentum_rate(motion, com, acceleration).sum(axis=1)
    _close(rate, moment, 1e-11)


def test_loads_that_cannot_act_are_refused(random_tree, random_motion):
    skeleton = random_tree(8, 2)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 2, 8))
    zeros = np.zeros((2, 3))
    with pytest.raises(ValueError, match="acts on tail"):
        joint_wrenches(skeleton, moves, [ExternalLoad("tail", zeros, zeros, zeros)])
    with pytest.raises(ValueError, match="has 1 of 2 frames"):
        joint_wrenches(skeleton, moves, [ExternalLoad("body0", *np.zeros((3, 1, 3)))])
    with pytest.raises(ValueError, match="point has shape"):
        ExternalLoad("body0", zeros, zeros, np.zeros((3, 3)))
    with pytest.raises(ValueError, match="are not"):
        ExternalLoad("body0", zeros, np.zeros(3), np.zeros(3))
