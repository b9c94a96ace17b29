"""Markers weighted by segment, against the covariance written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.parameters import PARAMETERS, SENSOR_SD, TISSUE_SD, Weights, priors
from aqbio.consistency.solver import Solver
from aqbio.multibody.jacobians import contact_jacobian
from aqbio.multibody.poses import segment_poses
from tests.mechanics.consistency.conftest import NONE_FITTED
from validation.fit_checks import predicted_markers

FRAMES = (0, 40)


@pytest.fixture(scope="module")
def problem(case):
    """Give a run in which five markers are missing in the first frame."""
    made = case(noise=0.01)
    markers = made.observations.markers.copy()
    markers[0, [0, 1, 2, 7, 20]] = np.nan
    seen = replace(made.observations, markers=markers)
    weights = Weights(correlation=0.4)
    return Solver(made.runner, seen, weights, (), priors(PARAMETERS))


def written_out(problem, frame):
    """Give errors, precision (3K, 3K) and Jacobian (3K, N) of a frame's visible markers."""
    skeleton, seen = problem.runner.skeleton, problem.observations
    poses = segment_poses(skeleton, seen.start)
    body, station = skeleton.marker_body, skeleton.marker_position
    visible = np.flatnonzero(seen.visible[frame])
    spread = np.array([TISSUE_SD[problem.runner.tissue[b]] for b in body])
    same = body[:, None] == body
    own = 0.4 * spread[:, None] * spread * same + np.diag(0.6 * spread**2 + SENSOR_SD**2)
    precision = np.kron(np.linalg.inv(own[np.ix_(visible, visible)]), np.eye(3))
    errors, jacobian = [], []
    for marker in visible:
        point = poses.origin[:, body[marker]] + poses.rotation[:, body[marker]] @ station[marker]
        errors.append(point[frame] - seen.markers[frame, marker])
        by = contact_jacobian(skeleton, poses, int(body[marker]), point)[:, 3:]
        jacobian.append(by[frame][:, problem.coordinates])
    return np.concatenate(errors), precision, np.concatenate(jacobian)


@pytest.mark.parametrize("frame", FRAMES)
def test_cost_gradient_and_matrix(problem, frame):
    poses = segment_poses(problem.runner.skeleton, problem.observations.start)
    position, error, force = problem.markers.errors(poses)
    matrix = problem.markers.normal_matrix(poses, position)
    gradient = problem.markers.pull(*problem.markers.levers(poses, position), force)
    e, precision, J = written_out(problem, frame)
    cost = (error[frame] * force[frame]).sum()
    assert cost == pytest.approx(e @ precision @ e, rel=1e-10)
    expected = J.T @ precision @ e
    np.testing.assert_allclose(gradient[frame], expected, atol=1e-9 * np.abs(expected).max())
    expected = J.T @ precision @ J
    np.testing.assert_allclose(matrix[frame], expected, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("frame", FRAMES)
def test_markers_move_as_point_jacobians_say(problem, frame):
    rows, seen = problem.markers, problem.observations
    poses = segment_poses(problem.runner.skeleton, seen.start)
    shape = len(seen.time), len(problem.coordinates), 2
    change = 0.01 * np.random.default_rng(1).standard_normal(shape)
    moved = rows.moved(*rows.levers(poses, rows.errors(poses)[0]), change)
    jacobian = written_out(problem, frame)[2].reshape(-1, 3, change.shape[1])
    shown = seen.visible[frame]
    for one in range(2):
        expected = jacobian @ change[frame, :, one]
        np.testing.assert_allclose(moved[frame, shown, one], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("frame", FRAMES)
def test_what_others_tell_of_a_marker_is_its_expectation(problem, frame):
    """The conditional expectation of visible and of missing markers, from full covariances."""
    skeleton, seen = problem.runner.skeleton, problem.observations
    rows, body = problem.markers, problem.runner.skeleton.marker_body
    error = rows.errors(segment_poses(skeleton, seen.start))[1]
    expected = problem.recorded_markers(seen.start) - predicted_markers(problem, seen.start)
    visible = np.flatnonzero(seen.visible[frame])
    spread = np.array([TISSUE_SD[problem.runner.tissue[b]] for b in body])
    common = 0.4 * spread[:, None] * spread * (body[:, None] == body)
    every = common + np.diag(0.6 * spread**2 + SENSOR_SD**2)
    inverse = np.linalg.inv(every[np.ix_(visible, visible)])
    told = common[:, visible] @ inverse @ error[frame, visible]
    np.testing.assert_allclose(expected[frame], told, atol=1e-12)


def test_a_solver_with_other_forces_shares_its_markers(problem):
    seen, shared = problem.observations, (problem.runner, problem.weights, problem)
    nowhere = replace(seen, measured=np.zeros_like(seen.measured))
    moved = replace(seen, markers=seen.markers + 0.01)
    runner, weights, like = shared
    other, another = (Solver(runner, one, weights, (), {}, like) for one in (nowhere, moved))
    assert other.markers is problem.markers
    assert not other.measured.any()
    assert another.basis is problem.basis
    assert another.markers is not problem.markers


def test_several_errors_weigh_and_pull_as_each_does(problem):
    rows = problem.markers
    shape, random = rows.target.shape, np.random.default_rng(8)
    several = np.asfortranarray(random.standard_normal((*shape[:2], 4, 3)))
    several *= rows.visible[..., None, None]
    poses = segment_poses(problem.runner.skeleton, problem.observations.start)
    levers = rows.levers(poses, rows.errors(poses)[0])
    weighed = rows.weighed(several)
    pulled = rows.pull(*levers, weighed)
    for place in range(4):
        own = rows.weighed(several[:, :, place])
        np.testing.assert_allclose(weighed[:, :, place], own, atol=1e-12 * np.abs(own).max())
        pull = rows.pull(*levers, own)
        np.testing.assert_allclose(pulled[..., place], pull, atol=1e-12 * np.abs(pull).max())


def test_what_pulls_at_a_point_is_the_slope_of_the_cost(problem):
    nowhere = np.zeros_like(problem.observations.measured)
    blind = replace(problem.observations, measured=nowhere)
    problem = Solver(problem.runner, blind, problem.weights, NONE_FITTED, {}, problem)
    start = problem.basis.nearest(problem.solved)
    pull = problem.downhill(problem.evaluate(start, np.zeros(0)))[0]
    random = np.random.default_rng(4)
    for _ in range(3):
        step = 1e-5 * random.standard_normal(start.shape)
        ends = [problem.evaluate(start + sign * step, np.zeros(0)).cost for sign in (1.0, -1.0)]
        assert -0.25 * (ends[0] - ends[1]) == pytest.approx(pull @ step.ravel(), rel=1e-5)
