"""Steps with the matrix of another point lead to the same end."""

from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.consistency import descent
from aqbio.consistency.descent import Step, full_descent, motion_descent
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.parameters import Weights
from aqbio.consistency.problem import Curvature, Problem

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
    right = problem.equations(point)[0].right
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


def test_the_curvature_is_that_of_the_point(fitted):
    """Its half solved equations give the step that the equations give."""
    _, fit = fitted
    problem: Problem = fit.problem
    here = Curvature.at(problem, problem.point(fit.coefficients, fit.theta))
    motion = problem.equations(here.point)[0]
    factor, step = motion.factor(), here.factor.back(here.half[0])
    np.testing.assert_array_equal(here.factor.lower, factor.lower)
    np.testing.assert_allclose(step, factor.solve(motion.right), atol=1e-12)
    followed = factor.solve(motion.border)
    np.testing.assert_allclose(here.following, -followed, atol=1e-9 * np.abs(followed).max())


@pytest.mark.parametrize(
    ("walk", "step"), [(motion_descent, "_motion_step"), (full_descent, "_step")]
)
def test_steps_that_are_far_too_long_are_shortened(fitted, monkeypatch, walk, step):
    """To the same end, by costs alone: equations are true where a step begins."""
    _, fit = fitted
    problem, at, made = fit.problem, Curvature.at, []
    start = problem.point(problem.basis.nearest(problem.deviations), fit.theta)
    end, own = walk(problem, start)[0], getattr(descent, step)
    monkeypatch.setattr(descent, step, lambda *given: Step(*(20.0 * one for one in own(*given))))
    monkeypatch.setattr(Curvature, "at", lambda *given: made.append(1) or at(*given))
    found, costs, _ = walk(problem, start)
    assert found.cost == pytest.approx(end.cost, rel=1e-4)
    assert np.all(np.diff(costs) <= 0.0)
    assert len(made) == len(costs) - 1  # a shorter step asks for no other matrix


class Bowl:
    """A cost of one unknown in the place of a problem."""

    def __init__(self, cost):
        self.cost, self.seen = cost, []

    def point(self, coefficients, theta):
        self.seen.append(coefficients[0, 0])
        return SimpleNamespace(
            coefficients=coefficients, theta=theta, cost=self.cost(coefficients[0, 0])
        )


def _down(cost, change, promised, history=None):
    bowl = Bowl(cost)
    start = bowl.point(np.zeros((1, 1)), np.zeros(0))
    history = [start.cost] if history is None else [*history, start.cost]
    step = Step(np.array([change]), np.zeros(0), promised)
    found, ended = descent._next(bowl, start, step, history)
    return found.coefficients[0, 0], ended, bowl.seen[1:], history


def test_a_step_across_a_parabola_is_cut_at_its_least():
    """(x - 1)² from 0: ten times too far, so ten times the fall is promised."""
    place, ended, seen, history = _down(lambda x: 5.0 + (x - 1.0) ** 2, 10.0, 10.0)
    assert place == pytest.approx(1.0, abs=1e-15)
    assert (len(seen), ended) == (2, False)
    assert history == [6.0, pytest.approx(5.0)]


def test_a_step_that_leads_down_is_taken_whole():
    """Were it cut where the cost falls less than was promised, 1.5 would not be its end."""
    assert _down(lambda x: 5.0 + (x - 1.0) ** 2, 1.5, 1.5)[0] == 1.5


def test_where_no_share_leads_down_the_point_is_the_end():
    """Each share is between a tenth and half of the one before."""
    place, ended, seen, history = _down(lambda x: 1.0 + x, 1.0, 0.5)
    assert (place, ended, history) == (0.0, True, [1.0])
    assert len(seen) == descent.MOST_TRIES
    shares = np.divide(seen[1:], seen[:-1])
    assert np.all((shares >= descent.SHORTEST) & (shares < 0.5))


@pytest.mark.parametrize("far", [1e30, np.inf, np.nan])
def test_a_cost_far_off_does_not_make_the_step_nothing(far):
    """Its parabola would: a step of 1e-30 gains nothing, and would be taken for the end."""
    place, ended, _, _ = _down(lambda x: far if x > 3.0 else 5.0 + (x - 1.0) ** 2, 10.0, 10.0)
    assert (place, ended) == (1.0, False)


@pytest.mark.parametrize(
    ("costs", "share", "ended"),
    [
        ([1.0, 0.9991], 1.0, True),
        ([1.0, 0.9989], 1.0, False),
        ([1.0, 0.9991], 0.5, False),  # a curved valley may open
        ([1.0, 0.9991, 0.9989], 0.5, True),
        ([1.0, 0.9, 0.8999], 0.5, False),
        ([2.0**-n for n in range(descent.MOST_STEPS + 1)], 1.0, True),
        ([2.0**-n for n in range(descent.MOST_STEPS)], 1.0, False),
    ],
)
def test_the_end(costs, share, ended):
    assert descent._converged(costs, share) is ended
