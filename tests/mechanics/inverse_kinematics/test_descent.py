"""Descents end in minima, whatever the start, inside limits where there are any."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from aqbio.inverse_kinematics.descent import descend
from aqbio.inverse_kinematics.marker_fit import MarkerFit, Tracking
from aqbio.multibody.kinematics import marker_positions


def _problem(runner, q, noise=0.0):
    rng = np.random.default_rng(1)
    target = marker_positions(runner, q)
    target = target + rng.normal(0, noise, target.shape)
    tracking = Tracking.of(runner, np.arange(len(runner.markers)), runner.free)
    return MarkerFit(tracking, target, np.ones(target.shape[:2]), q.mean(axis=0))


def test_ends_where_the_gradient_vanishes(runner, running):
    q = running[::10]
    problem = _problem(runner, q, noise=0.02)
    ended = descend(problem, q + 0.1)
    fit = problem.evaluate(ended.q)
    equations = problem.normal_equations(fit, newton=np.ones(len(q), dtype=bool))
    # Newton's last step promised less than 1e-8 of the cost: what is left is its square.
    left = np.linalg.solve(equations.hessian, equations.gradient[..., None])[..., 0]
    promised = (equations.gradient * left).sum(axis=1) / 2
    assert (promised < 1e-12 * fit.cost).all()
    assert (np.linalg.eigvalsh(equations.hessian) > 0).all()
    # the same sums over markers, maybe in another order
    np.testing.assert_allclose(fit.cost, ended.cost, rtol=1e-14)


def test_converges_in_few_steps_from_nearby(runner, running):
    problem = _problem(runner, running, noise=0.01)
    assert descend(problem, running + 0.02).iterations.max() <= 5


def test_frames_do_not_depend_on_each_other(runner, running):
    """More frames than a block, in any company: the same to rounding of sums."""
    problem = _problem(runner, running, noise=0.01)
    start = np.zeros_like(running)
    start[:, :6] = running[:, :6]
    together = descend(problem, start)
    some = np.array([3, 77, 119])
    alone = descend(problem.frames(some), start[some])
    np.testing.assert_allclose(together.cost[some], alone.cost, rtol=1e-9)


def test_rounding_does_not_decide_where_a_descent_ends(runner, running):
    """Ten metres from the origin and with the markers the other way round, the same pose."""
    running = running.copy()
    running[:, runner.coordinates.index("pelvis_X")] += 10.0
    one = _problem(runner, running, noise=0.003)
    tracking = Tracking.of(runner, one.tracking.marker[::-1], runner.free)
    other = replace(one, tracking=tracking, target=one.target[:, ::-1])
    ends = [descend(problem, running + 0.05).q for problem in (one, other)]
    np.testing.assert_allclose(ends[0], ends[1], rtol=0, atol=1e-10)


def test_cost_never_rises(runner, running):
    """From poses that are far off, after any number of steps."""
    q = running[::12]
    problem = _problem(runner, q)
    start = q + np.random.default_rng(2).normal(0, 0.8, q.shape)
    costs = [problem.evaluate(start).cost]
    costs += [descend(problem, start, most_iterations=n).cost for n in (1, 2, 4, 8, 16, 32)]
    for before, after in pairwise(costs):
        assert (after <= before * (1 + 1e-12)).all()


def test_limits_hold_and_only_they_hold(runner, running):
    """At the end, every gradient is zero or points out of the range (Karush-Kuhn-Tucker)."""
    q = running[::10]
    problem = _problem(runner, q, noise=0.01)
    limits = np.stack([q.min(axis=0) + 0.05, q.max(axis=0) - 0.05], axis=1)[problem.coordinate]
    limits[np.diff(limits)[:, 0] < 0] = [-np.inf, np.inf]
    start = q.copy()
    start[:, problem.coordinate] = np.clip(q[:, problem.coordinate], *limits.T)
    ended = descend(problem, start, bounds=limits)
    at = ended.q[:, problem.coordinate]
    assert (at >= limits[:, 0]).all()
    assert (at <= limits[:, 1]).all()
    fit = problem.evaluate(ended.q)
    gradient = problem.normal_equations(fit, newton=np.zeros(len(q), dtype=bool)).gradient
    low, high = at == limits[:, 0], at == limits[:, 1]
    assert low.any()
    assert high.any()
    assert (gradient[low] >= 0).all()
    assert (gradient[high] <= 0).all()
    assert np.abs(gradient[~low & ~high]).max() < 1e-6


def test_leaves_a_saddle(runner, running):
    """An elbow bent exactly backwards out of the plane: the gradient vanishes, the cost falls."""
    q = running[:1]
    problem = _problem(runner, q)
    forearm = runner.coordinates.index("forearm_r_z")
    start = q.copy()
    angles = np.linspace(0, 2 * np.pi, 721)
    poses = np.repeat(q, 721, axis=0)
    poses[:, forearm] += angles
    start[:, forearm] += angles[np.argmax(problem.copies(721).evaluate(poses).cost)]
    ended = descend(problem, start)
    assert ended.cost[0] < 1e-6
    assert problem.evaluate(start).cost[0] > 1e-3


def test_a_start_at_the_exact_optimum_stays(runner):
    """A cost of exactly zero: nothing is divided by it."""
    q = np.tile(runner.coordinate_default, (3, 1))
    problem = _problem(runner, q)
    ended = descend(problem, q)
    assert (problem.evaluate(q).cost == 0).all()
    np.testing.assert_array_equal(ended.q, q)
    np.testing.assert_array_equal(ended.cost, 0.0)


def test_no_frames(runner, running):
    problem = _problem(runner, running).frames(slice(0, 0))
    assert descend(problem, running[:0]).q.shape == (0, running.shape[1])
