"""Cost, gradient and second derivative of a marker fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.inverse_kinematics.marker_fit import PRIOR, MarkerFit, Tracking
from aqbio.multibody.jacobians import contact_jacobian

seeds = st.integers(0, 10_000)


def _problem(skeleton, seed, frames=1):
    """Markers somewhere, some missing, unequal weights."""
    rng = np.random.default_rng(seed)
    marker = np.arange(len(skeleton.markers))
    tracking = Tracking.of(skeleton, marker, skeleton.free)
    weight = rng.uniform(0.5, 2.0, (frames, len(marker))) * (
        rng.random((frames, len(marker))) < 0.8
    )
    target = rng.normal(0, 0.5, (frames, len(marker), 3))
    return MarkerFit(tracking, target, weight, np.zeros(len(skeleton.coordinates)))


def _derivatives(problem, q, *, newton):
    fit = problem.evaluate(q)
    return problem.normal_equations(fit, newton=np.full(len(q), newton))


def _extrapolated(function, q, coordinate, step=4e-5):
    """Central differences at two steps: the truncation of order step² cancels, step⁴ remains."""
    central = []
    for width in (step, 2 * step):
        sides = [q.copy(), q.copy()]
        for sign, side in zip((-1, 1), sides, strict=True):
            side[:, coordinate] += sign * width
        before, after = (function(side) for side in sides)
        central.append((after - before) / (2 * width))
    return (4 * central[0] - central[1]) / 3


@given(seed=seeds, bodies=st.integers(2, 6))
def test_gradient_and_hessian_are_derivatives(random_tree, random_motion, seed, bodies):
    """Differences: truncation of order 1e-16, rounding 1e-16 / step of costs of order 10."""
    skeleton = random_tree(seed, bodies)
    problem = _problem(skeleton, seed)
    q = random_motion(skeleton, 1, seed)[0]
    equations = _derivatives(problem, q, newton=True)
    scale = 1.0 + np.abs(equations.hessian).max(initial=0.0)

    def cost(at):
        return problem.evaluate(at).cost[0]

    def gradient(at):
        return _derivatives(problem, at, newton=False).gradient[0]

    for row, coordinate in enumerate(problem.coordinate):
        slope = _extrapolated(cost, q, coordinate)
        assert abs(equations.gradient[0, row] - slope) < 1e-7 * scale
        bend = _extrapolated(gradient, q, coordinate)
        np.testing.assert_allclose(equations.hessian[0, row], bend, rtol=0, atol=1e-7 * scale)


@given(seed=seeds, bodies=st.integers(2, 6))
def test_gauss_newton_is_the_weighted_square_of_the_jacobian(
    random_tree, random_motion, seed, bodies
):
    skeleton = random_tree(seed, bodies)
    problem = _problem(skeleton, seed, frames=2)
    q = random_motion(skeleton, 2, seed)[0]
    fit = problem.evaluate(q)
    matrix = problem.normal_equations(fit, newton=np.zeros(2, dtype=bool)).hessian
    expected = np.zeros_like(matrix)
    for marker, body in enumerate(problem.tracking.body):
        point = fit.position[:, marker]
        jacobian = contact_jacobian(skeleton, fit.poses, body, point)[:, 3:, problem.coordinate]
        square = np.einsum("tij,tik->tjk", jacobian, jacobian)
        expected += problem.weight[:, marker, None, None] * square
    every = np.arange(matrix.shape[1])
    expected[:, every, every] += problem.pull[:, None]
    np.testing.assert_allclose(
        matrix, expected, rtol=0, atol=1e-11 * (1 + np.abs(expected).max(initial=0.0))
    )


def test_missing_markers_do_not_count(random_tree, random_motion):
    skeleton = random_tree(4, 5)
    problem = _problem(skeleton, 4)
    q = random_motion(skeleton, 1, 4)[0]
    moved = problem.target + 5.0 * (problem.weight == 0)[..., None]
    other = MarkerFit(problem.tracking, moved, problem.weight, problem.centre)
    assert (problem.weight == 0).any()
    np.testing.assert_array_equal(problem.evaluate(q).cost, other.evaluate(q).cost)
    one, two = (_derivatives(p, q, newton=True) for p in (problem, other))
    np.testing.assert_array_equal(one.hessian, two.hessian)


def test_the_cost_by_hand(runner):
    """One marker, 3 mm and 4 mm off, with weight 2: half of 2 × 25e-6 m², plus the prior."""
    tracking = Tracking.of(runner, np.array([0]), runner.free)
    q = runner.coordinate_default[None] + 0.1
    fit = MarkerFit(tracking, np.zeros((1, 1, 3)), np.zeros((1, 1)), q[0]).evaluate(q)
    target = fit.position + np.array([0.003, 0.0, 0.004])
    weight = np.array([[2.0]])
    held = MarkerFit(tracking, target, weight, runner.coordinate_default)
    expected = 25e-6 + 2.0 * PRIOR * len(tracking.coordinate) * 0.1**2 / 2
    np.testing.assert_allclose(held.evaluate(q).cost, [expected], rtol=1e-9)


def test_coordinates_that_move_no_marker_are_not_sought(runner):
    marker = np.flatnonzero(runner.marker_body == runner.bodies.index("thigh_r"))
    tracking = Tracking.of(runner, marker, runner.free)
    names = {runner.coordinates[c].rsplit("_", 1)[0] for c in tracking.coordinate}
    assert names == {"pelvis", "thigh_r"}
    with pytest.raises(ValueError, match="move a marker"):
        Tracking(runner, marker, runner.free)


def test_frames_are_chosen_together(random_tree, random_motion):
    skeleton = random_tree(4, 5)
    problem = _problem(skeleton, 4, frames=6)
    q = random_motion(skeleton, 6, 4)[0]
    whole, chosen = problem.evaluate(q), np.array([0, 1, 0, 0, 1, 1], dtype=bool)
    part = problem.frames(chosen).evaluate(q[chosen])
    np.testing.assert_allclose(whole.frames(chosen).cost, part.cost, rtol=1e-12)
    np.testing.assert_array_equal(whole.frames(chosen).poses.origin, part.poses.origin)
    other = problem.evaluate(q + 0.1)
    mixed = whole.but(other, chosen)
    np.testing.assert_array_equal(mixed.cost[chosen], other.cost[chosen])
    np.testing.assert_array_equal(mixed.error[~chosen], whole.error[~chosen])
    np.testing.assert_array_equal(mixed.poses.rotation[chosen], other.poses.rotation[chosen])
