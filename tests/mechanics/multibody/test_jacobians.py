"""Jacobians are derivatives of positions, and carry forces to generalised forces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.jacobians import (
    angular_jacobian,
    contact_jacobian,
    mass_matrix,
)
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
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
def test_kinetic_energy(random_tree, random_motion, seed, bodies):
    skeleton = random_tree(seed, bodies)
    q, u, udot = random_motion(skeleton, 3, seed)
    moves = segment_kinematics(skeleton, q, u, udot)
    motion = segment_motion(skeleton, moves)
    linear = (motion.mass * (motion.velocity**2).sum(axis=-1)).sum(axis=1) / 2
    turning = (motion.spin * moves.angular_velocity).sum(axis=(1, 2)) / 2
    matrix = mass_matrix(skeleton, moves)
    _close(np.einsum("ti,tij,tj->t", u, matrix, u) / 2, linear + turning)


@given(seed=seeds, bodies=sizes)
def test_columns_are_the_forces_of_unit_accelerations(random_tree, random_motion, seed, bodies):
    skeleton = replace(random_tree(seed, bodies), gravity=np.zeros(3))
    q = random_motion(skeleton, 2, seed)[0]
    still = np.zeros_like(q)
    matrix = mass_matrix(skeleton, segment_poses(skeleton, q))
    _close(matrix, np.swapaxes(matrix, 1, 2))
    for coordinate in range(q.shape[1]):
        udot = still.copy()
        udot[:, coordinate] = 1.0
        moves = segment_kinematics(skeleton, q, still, udot)
        _close(matrix[:, :, coordinate], inverse_dynamics(skeleton, moves))


@pytest.mark.opensim
@pytest.mark.real
@pytest.mark.parametrize("name", ["Rajagopal2016", "FullBodyModel_Hamner2010_v2_0"])
def test_equals_opensim(realdata, name):
    """Simbody's calcM, with rows of dependent coordinates folded into the independent ones."""
    from aqbio.multibody.poses import dependent_filled
    from aqbio.opensim.session import load_model, opensim
    from aqbio.opensim.skeleton import read_skeleton

    file = realdata / "rajagopal2016" / "models" / f"{name}.osim"
    skeleton, model = read_skeleton(file), load_model(file)
    coordinates = [model.getCoordinateSet().get(n) for n in skeleton.coordinates]
    for coordinate in coordinates:
        coordinate.set_locked(False)
    model.finalizeConnections()
    state = model.initSystem()
    rng = np.random.default_rng(0)
    q = dependent_filled(skeleton, rng.uniform(-0.8, 0.8, (1, len(coordinates))))
    places = []
    for coordinate, value in zip(coordinates, q[0], strict=True):
        coordinate.setValue(state, value, False)
        state.setU(opensim.Vector(state.getNU(), 0.0))
        coordinate.setSpeedValue(state, 1.0)
        speeds = [state.getU().get(i) for i in range(state.getNU())]
        places.append(speeds.index(1.0))
    model.realizePosition(state)
    theirs = opensim.Matrix()
    model.getMatterSubsystem().calcM(state, theirs)
    expected = np.array([[theirs.get(i, j) for j in places] for i in places])
    couplers = skeleton.couplers
    fold = np.eye(len(places))
    slope = couplers.functions.values(q[:, couplers.independent])[1][0]
    fold[couplers.dependent, couplers.independent] = slope
    fold[couplers.dependent, couplers.dependent] = 0.0
    expected = fold.T @ expected @ fold
    actual = mass_matrix(skeleton, segment_poses(skeleton, q))[0]
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
