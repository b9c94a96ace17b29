"""Jacobians are derivatives of positions, and carry forces to generalised forces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.jacobians import (
    angular_jacobian,
    axis_fields,
    contact_jacobian,
    velocity_fields,
)
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.poses import segment_poses

seeds = st.integers(0, 10_000)
sizes = st.integers(1, 7)


def _close(actual, expected, tolerance=1e-11):
    scale = 1.0 + np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


def _point(moves, body, seed):
    """Positions of a point fixed in a segment, with its velocity and acceleration."""
    station = np.random.default_rng(seed).normal(0, 0.3, 3)
    arm = moves.rotation[:, body] @ station
    omega, alpha = moves.angular_velocity[:, body], moves.angular_acceleration[:, body]
    velocity = moves.velocity[:, body] + np.cross(omega, arm)
    acceleration = moves.acceleration[:, body] + np.cross(alpha, arm)
    acceleration += np.cross(omega, np.cross(omega, arm))
    return moves.origin[:, body] + arm, velocity, acceleration


@given(seed=seeds, bodies=sizes)
def test_jacobian_times_speeds_is_velocity(random_tree, random_motion, seed, bodies):
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 3, seed))
    for body in range(bodies):
        point, velocity, _ = _point(moves, body, seed)
        linear = contact_jacobian(skeleton, moves, body, point)[:, 3:]
        turning = angular_jacobian(skeleton, moves, body)
        _close(np.einsum("tij,tj->ti", linear, moves.u), velocity)
        _close(np.einsum("tij,tj->ti", turning, moves.u), moves.angular_velocity[:, body])
        assert (linear[:, :, skeleton.couplers.dependent] == 0).all()


@given(seed=seeds, bodies=sizes)
def test_contact_acceleration(random_tree, random_motion, seed, bodies):
    """``a = J u' + J' u``, angular and linear."""
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 3, seed))
    body = bodies - 1
    point, _, acceleration = _point(moves, body, seed)
    jacobian = contact_jacobian(skeleton, moves, body, point)
    speeds_alone = segment_kinematics(skeleton, moves.q, moves.u, np.zeros_like(moves.udot))
    _, _, bias = _point(speeds_alone, body, seed)
    actual = np.einsum("tij,tj->ti", jacobian, moves.udot)
    angular = moves.angular_acceleration - speeds_alone.angular_acceleration
    _close(actual, np.concatenate([angular[:, body], acceleration - bias], axis=1))


@given(seed=seeds, bodies=sizes)
def test_transposed_jacobian_carries_loads(random_tree, random_motion, seed, bodies):
    """A load lowers the generalised forces by ``Jᵀ`` (moment, force)."""
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 3, seed))
    force, moment, point = np.random.default_rng(seed).normal(0, 10, (3, 3, 3))
    body = bodies - 1
    load = ExternalLoad(skeleton.bodies[body], force, moment, point)
    change = inverse_dynamics(skeleton, moves) - inverse_dynamics(skeleton, moves, [load])
    jacobian = contact_jacobian(skeleton, moves, body, point)
    wrench = np.concatenate([moment, force], axis=1)
    _close(np.einsum("tij,ti->tj", jacobian, wrench), change, 1e-10)


def test_jacobian_is_the_derivative_of_position(random_tree, random_motion):
    """Central differences: truncation step² and rounding 1e-16 / step, both below 1e-9."""
    skeleton = random_tree(11, 6)
    q = random_motion(skeleton, 1, 11)[0]
    poses, step, body = segment_poses(skeleton, q), 1e-5, 5
    jacobian = contact_jacobian(skeleton, poses, body, poses.origin[:, body])[:, 3:]
    for coordinate in range(q.shape[1]):
        sides = []
        for sign in (-1, 1):
            moved = q.copy()
            moved[:, coordinate] += sign * step
            sides.append(segment_poses(skeleton, moved).origin[:, body])
        expected = (sides[1] - sides[0]) / (2 * step)
        _close(jacobian[:, :, coordinate], expected, 1e-8)


def test_a_locked_coordinate_has_its_column(random_tree, random_motion):
    """Locking is the solver's business, not geometry."""
    skeleton = random_tree(11, 6)
    locked = replace(skeleton, coordinate_locked=np.ones(len(skeleton.coordinates), dtype=bool))
    poses = segment_poses(skeleton, random_motion(skeleton, 1, 11)[0])
    both = [angular_jacobian(s, poses, 5) for s in (skeleton, locked)]
    np.testing.assert_array_equal(*both)


@given(seed=seeds, bodies=sizes)
def test_axes_of_a_joint_add_up(random_tree, random_motion, seed, bodies):
    """Every segment moves with each coordinate as all axes before it say, one by one."""
    skeleton = random_tree(seed, bodies)
    poses = segment_poses(skeleton, random_motion(skeleton, 3, seed)[0])
    every = axis_fields(skeleton, poses, poses.origin[:, 0])
    joints = velocity_fields(skeleton, poses, poses.origin[:, 0])
    pairs = set(zip(every.coordinate.tolist(), every.body.tolist(), strict=True))
    assert set(zip(joints.coordinate.tolist(), joints.body.tolist(), strict=True)) == pairs
    for body in range(bodies):
        for coordinate in range(len(skeleton.coordinates)):
            told = []
            for one in (every, joints):
                own = skeleton.lineage[body, one.body] & (one.coordinate == coordinate)
                told.append(np.concatenate([one.turn[:, own], one.shift[:, own]], axis=2).sum(1))
            _close(told[1], told[0])


def test_a_walker_knee_is_one_field(three_turns):
    poses = segment_poses(three_turns, np.array([[0.3], [0.7]]))
    every = axis_fields(three_turns, poses, poses.origin[:, 0])
    knee = velocity_fields(three_turns, poses, poses.origin[:, 0])
    assert every.turn.shape == (2, 3, 3)
    assert knee.turn.shape == (2, 1, 3)
    _close(knee.turn[:, 0], every.turn.sum(axis=1))
    assert knee.of_joints() is knee
