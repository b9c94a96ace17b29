"""Steps with the matrix of another point lead to the same end."""

from dataclasses import replace

import numpy as np
import pytest

from aqbio.mechanics.consistency.curvature import Curvature
from aqbio.mechanics.consistency.descent import free_descent, held_descent
from aqbio.mechanics.consistency.fit import fit_trial, fits_held
from aqbio.mechanics.consistency.problem import Problem
from aqbio.mechanics.consistency.trial_fit import Start
from aqbio.mechanics.consistency.weights import Weights

WEIGHTS = Weights(knot_s=0.025)


@pytest.fixture(scope="module")
def fitted(case):
    made = case(noise=0.001)
    return made, fit_trial(made.runner, made.observations, WEIGHTS)


def test_the_pull_alone_is_that_of_the_equations(fitted):
    """Beside the end, where it is not nothing."""
    _, fit = fitted
    problem = fit.problem
    away = fit.coefficients + 1e-3 * np.random.default_rng(3).standard_normal(
        fit.coefficients.shape
    )
    point = problem.point(away, fit.theta + 1e-4)
    right = problem.equations(point).motion.right
    np.testing.assert_allclose(
        problem.downhill(point).motion, right, rtol=0, atol=1e-10 * np.abs(right).max()
    )


def test_a_fit_follows_its_parameters(fitted):
    """One step off along the border, the cost is next to that of a descent from there."""
    made, fit = fitted
    sd = np.sqrt(np.diag(fit.covariance))
    theta = fit.theta + 0.3 * sd
    followed = fit.problem.point(fit.near(theta), theta)
    stayed = fit.problem.point(fit.coefficients, theta)
    values = fit.problem.values(theta)
    ended = fit_trial(made.runner, made.observations, WEIGHTS, fit.problem.parameters, values, fit)
    assert followed.cost - ended.cost[-1] < 0.02 * (stayed.cost - ended.cost[-1])


def test_several_held_fits_are_those_of_each(fitted):
    """A hundredth of the motion's change does not matter; the last may be rougher than others."""
    made, fit = fitted
    sets = [{**fit.values, "clock_offset": 0.0}, {**fit.values, "leg_share": 0.1}, fit.values]
    given, start = fit.problem.parameters, Start(fit.motion.q, fit.values)
    every = [WEIGHTS, WEIGHTS, replace(WEIGHTS, jerk_sd=2.0 * WEIGHTS.jerk_sd)]
    held = list(zip(every, sets, strict=True))
    shared = fits_held(made.runner, made.observations, given, start, held)
    for one, (weights, values) in zip(shared, held, strict=True):
        own = fit_trial(made.runner, made.observations, weights, given, values, start)
        moved = np.abs(own.motion.q - fit.motion.q).max()
        assert np.abs(one.motion.q - own.motion.q).max() < 0.01 * moved + 1e-5
        assert one.values == own.values


def test_the_curvature_is_that_of_the_point(fitted):
    """Its half solved equations give the step that the equations give."""
    _, fit = fitted
    problem: Problem = fit.problem
    here = Curvature.at(problem, problem.point(fit.coefficients, fit.theta))
    motion = problem.equations(here.point).motion
    factor, step = motion.factor(), here.factor.back(here.half[:, 0])
    np.testing.assert_array_equal(here.factor.lower, factor.lower)
    np.testing.assert_allclose(step, factor.solve(motion.right), atol=1e-12)
    followed = factor.solve(motion.border)
    np.testing.assert_allclose(here.following, -followed, atol=1e-9 * np.abs(followed).max())


@pytest.fixture
def long_steps(monkeypatch):
    """Give the dampings that are tried where steps are far too long without much of it."""
    tried, at = [], Curvature.at

    def too_long(problem, point, damping=0.0, near=None):
        here = at(problem, point, damping, near)
        tried.append(damping)
        if damping > 5e-3:
            return here
        return replace(here, factor=replace(here.factor, lower=0.05 * here.factor.lower))

    monkeypatch.setattr(Curvature, "at", too_long)
    return tried


def test_no_damped_matrix_is_kept_for_other_steps(fitted, long_steps):
    """It would make steps short, and a short step is taken for the end."""
    _, fit = fitted
    problem = fit.problem
    start = problem.point(problem.basis.nearest(problem.deviations), fit.theta)
    end, costs, here = held_descent(problem, start)
    assert max(long_steps) == pytest.approx(1e-2)
    assert here is None
    assert len(costs) > 1
    assert end.cost < start.cost


def test_the_curvature_that_a_descent_gives_is_not_damped(fitted, long_steps):
    """What is told of the parameters hangs on it."""
    _, fit = fitted
    problem = fit.problem
    start = problem.point(problem.basis.nearest(problem.deviations), fit.theta)
    end, _, here = free_descent(problem, start)
    assert end.cost < start.cost
    assert max(long_steps) >= 1e-2
    assert long_steps[-1] == 0.0
    own = Curvature.at(problem, here.point)
    np.testing.assert_allclose(here.factor.lower, own.factor.lower, rtol=1e-12)
