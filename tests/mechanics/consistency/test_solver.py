"""Steps with the matrix of another point lead to the same end."""

from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.consistency import solver as solvers
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.parameters import Weights
from aqbio.consistency.solver import Solver, converged

WEIGHTS = Weights(knot_s=0.025)


@pytest.fixture(scope="module")
def fitted(case):
    made = case(noise=0.001)
    return made, fit_trial(made.runner, made.observations, WEIGHTS)


def test_a_fit_follows_its_parameters(fitted):
    """One step off along the border, the cost is next to that of a descent from there."""
    made, fit = fitted
    sd = np.sqrt(np.diag(fit.covariance))
    theta = fit.theta + 0.3 * sd
    followed = fit.solver.evaluate(fit.near(theta), theta)
    stayed = fit.solver.evaluate(fit.coefficients, theta)
    values = fit.solver.values(theta)
    ended = fit_trial(made.runner, made.observations, WEIGHTS, fit.solver.parameters, values, fit)
    assert followed.cost - ended.cost[-1] < 0.02 * (stayed.cost - ended.cost[-1])


def test_halfway_leads_to_the_solution(fitted):
    """Half solved equations give the step and the border that whole solutions give."""
    solver = fitted[1].linearised()
    step = solver.factor.back(solver.half[0])
    np.testing.assert_allclose(step, solver.factor.solve(solver.pull), atol=1e-12)
    followed = solver.factor.solve(solver.coupling)
    np.testing.assert_allclose(solver.following, -followed, atol=1e-9 * np.abs(followed).max())


@pytest.mark.parametrize("motion_only", [True, False])
def test_steps_that_are_far_too_long_are_shortened(fitted, monkeypatch, motion_only):
    """To the same end, by costs alone: equations are true where a step begins."""
    _, fit = fitted
    solver, made = fit.solver, []
    start, linearise, own = (
        solver.basis.nearest(solver.solved),
        Solver.linearise,
        Solver.step,
    )
    solver.begin(start, fit.theta)
    solver.descend(motion_only=motion_only)
    end = solver.history[-1]
    long = lambda one, **how: tuple(20.0 * part for part in own(one, **how))  # noqa: E731
    monkeypatch.setattr(Solver, "step", long)
    monkeypatch.setattr(Solver, "linearise", lambda one: made.append(1) or linearise(one))
    solver.begin(start, fit.theta)
    solver.descend(motion_only=motion_only)
    assert solver.history[-1] == pytest.approx(end, rel=1e-4)
    assert np.all(np.diff(solver.history) <= 0.0)
    assert len(made) <= len(solver.history)  # a shorter step asks for no other matrix


class Bowl(Solver):
    """A solver whose cost is one of a single unknown."""

    def __init__(self, cost):
        self.own, self.seen = cost, []
        self.begin(np.zeros((1, 1)), np.zeros(0))

    def evaluate(self, coefficients, theta):
        self.seen.append(coefficients[0, 0])
        cost = self.own(coefficients[0, 0])
        return SimpleNamespace(coefficients=coefficients, theta=theta, cost=cost)


def _down(cost, change, promised):
    bowl = Bowl(cost)
    ended, _ = bowl.advance((np.array([change]), np.zeros(0), promised))
    return bowl.point.coefficients[0, 0], ended, bowl.seen[1:], bowl.history


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
    """Each share is between a tenth and half of the one before; without promise only one."""
    place, ended, (*seen, back), history = _down(lambda x: 1.0 + x, 1.0, 0.5)
    assert (place, ended, back, history) == (0.0, True, 0.0, [1.0])
    assert len(seen) == solvers.MOST_TRIES
    assert _down(lambda x: 1.0 + x, 1.0, 0.5 * solvers.CONVERGED)[1:3] == (True, [1.0, 0.0])
    shares = np.divide(seen[1:], seen[:-1])
    assert np.all((shares >= solvers.SHORTEST) & (shares < 0.5))


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
        ([2.0**-n for n in range(solvers.MOST_STEPS + 1)], 1.0, True),
        ([2.0**-n for n in range(solvers.MOST_STEPS)], 1.0, False),
    ],
)
def test_the_end(costs, share, ended):
    assert converged(costs, share) is ended
