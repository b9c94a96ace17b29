"""Errors of the data: what a fit answers to them, and how large they are found to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.data_errors import DataErrors, Response, Sizes
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.parameters import Weights
from aqbio.consistency.solver import Solver
from aqbio.vectors import rotate
from tests.mechanics.consistency.conftest import NONE_FITTED, stepping

WEIGHTS = Weights(knot_s=0.025)
STEP = 0.24
"""Between touchdowns of the made-up contacts, s."""


@pytest.fixture(scope="module")
def made(case):
    return case(speed=0.5)  # twice as long: 5.5 steps


@pytest.fixture(scope="module")
def fitted(made):
    return fit_trial(made.runner, stepping(made.observations, STEP), WEIGHTS, NONE_FITTED)


@pytest.fixture(scope="module")
def response(fitted):
    return Response(fitted.linearised())


def _none(response) -> DataErrors:
    problem, rows = response.solver, response.solver.rows
    frames, number = len(problem.observations.time), len(problem.coordinates)
    return DataErrors(
        np.zeros_like(problem.markers.target),
        np.zeros((frames, number)),
        np.zeros((frames, number)),
        np.zeros((len(rows.frame), 6)),
    )


def _change(response, errors):
    change = response.solver.factor.solve(response.pulls([errors]))
    return change.reshape(response.solver.point.coefficients.shape)


def test_the_answer_to_errors_of_markers_is_that_of_another_fit(made, fitted, response):
    """Of markers that are moved a little: the fit that is made of them, to the second order."""
    random = np.random.default_rng(5)
    errors = 1e-5 * random.standard_normal(response.solver.markers.target.shape)
    seen = response.solver.observations
    moved = replace(seen, markers=seen.markers + errors)
    again = fit_trial(made.runner, moved, WEIGHTS, NONE_FITTED, start=fitted)
    for _ in range(3):  # the fit stops when a step gains less than 0.1 %
        again = fit_trial(made.runner, moved, WEIGHTS, NONE_FITTED, start=again)
    first = fitted
    for _ in range(3):
        first = fit_trial(made.runner, seen, WEIGHTS, NONE_FITTED, start=first)
    expected = again.motion.q - first.motion.q
    change = _change(response, replace(_none(response), markers=errors))
    found = response.solver.basis.values[0] @ change
    away = expected[:, first.coordinates] - found
    assert np.abs(away).max() < 0.05 * np.abs(found).max()


def test_errors_as_the_weights_say_give_the_inverse_of_the_normal_matrix(response):
    """A closed form: if weights were inverse covariances, spread would be Laplace's."""
    random, problem = np.random.default_rng(2), response.solver
    rows, none, frame = problem.markers, _none(response), 70
    shape, found = none.markers.shape, []
    for _ in range(600):
        shared = (
            random.standard_normal((shape[0], len(rows.shared), 3)) * np.sqrt(rows.shared)[:, None]
        )
        own = random.standard_normal(shape) * np.sqrt(rows.segment @ rows.own)[:, None]
        errors = DataErrors(
            (own + rows.segment @ shared) * rows.visible[..., None],
            *(
                random.standard_normal(part.shape)
                for part in (none.pose, none.roughness, none.wrench)
            ),
        )
        found.append(problem.basis.values[0].toarray()[frame] @ _change(response, errors))
    number = len(problem.coordinates)
    local = np.kron(problem.basis.values[0].toarray()[frame], np.eye(number))
    inverse = response.solver.factor.solve(local.T)
    expected = np.sqrt(np.diag(local @ inverse))
    np.testing.assert_allclose(np.std(found, axis=0), expected, rtol=0.15)  # 2.9 % by chance


def _recorded(made, response, sizes, seed):
    """A fit of the same run with errors of the markers of known sizes."""
    drawn = response.drawn(sizes, np.random.default_rng(seed)).markers
    seen = response.solver.observations
    moved = replace(seen, markers=seen.markers + drawn)
    return fit_trial(made.runner, moved, WEIGHTS, NONE_FITTED)


def _sizes(response, *, repeated, slow, place, noise) -> Sizes:
    nothing = np.zeros_like(response.prior_sizes.pose)
    markers = np.zeros_like(response.prior_sizes.markers)
    markers[0], markers[2], markers[-2], markers[-1] = (
        one**2 for one in (place, repeated, slow, noise)
    )
    return Sizes(markers, nothing, nothing, np.zeros(6))


@pytest.mark.parametrize("truth", [
    {"repeated": 0.008, "slow": 0.0, "place": 0.004, "noise": 0.0005},
    {"repeated": 0.0, "slow": 0.006, "place": 0.002, "noise": 0.0005},
])  # fmt: skip
def test_sizes_of_errors_are_found_in_what_the_fit_left(made, response, truth):
    """What repeats is told from what does not, what is constant from what moves."""
    sizes = _sizes(response, **truth)
    found = []
    for seed in range(3):
        fit = _recorded(made, response, sizes, seed)
        found.append(
            Response(fit.linearised()).estimated_sizes(np.random.default_rng(seed)).markers
        )
    mean = np.sqrt(np.mean(found, axis=0).mean(axis=1))
    assert mean[0] == pytest.approx(truth["place"], rel=0.35)
    assert mean[-1] == pytest.approx(truth["noise"], rel=0.25)
    moving = {"repeated": mean[2], "slow": mean[-2]}
    large = max(moving, key=lambda name: truth[name])
    assert moving[large] == pytest.approx(truth[large], rel=0.35)
    assert min(moving.values()) < 0.3 * moving[large]  # in 2.8 strides some of it seems to repeat


def test_without_contacts_nothing_is_believed_to_repeat(made):
    fit = fit_trial(made.runner, made.observations, WEIGHTS, NONE_FITTED)
    response = Response(fit.linearised())
    assert response.solver.bands.harmonics == 0
    assert response.prior_sizes.markers.shape[0] == 3
    assert np.isfinite(response.estimated_sizes(np.random.default_rng(0)).markers).all()


def test_plates_err_by_contact_over_ground_and_alike_on_a_belt(response):
    seen, random = response.solver.observations, np.random.default_rng(0)
    solver = response.solver
    belt = Solver(solver.runner, replace(seen, drag=False), solver.weights, solver.parameters)
    belt.rows = solver.rows
    steady = Response(belt).plates(random)
    apart = response.plates(random)
    time = seen.time[response.solver.rows.frame]
    inside = [(time >= begin) & (time <= end) for begin, end in seen.contacts]
    force = seen.wrench.at(time)[0]
    # the error is linear in the force, with the same factors wherever the plate is the same
    for found, same in ((steady, True), (apart, False)):
        factors = [np.linalg.lstsq(force[on], found[on, :3], rcond=None)[0] for on in inside[:2]]
        assert np.allclose(*factors, rtol=1e-6, atol=1e-9) == same


def test_errors_turn_with_their_segment(response):
    """Skin hangs on its segment: powers are those of errors in the segment's axes."""
    none = _none(response)
    constant = np.zeros_like(none.markers)
    constant[..., 1] = 0.003
    turned = replace(none, markers=rotate(response.rotation, constant))
    found = response.powers(DataErrors.stacked([turned])).markers
    np.testing.assert_allclose(found[0], 0.003**2 / 3.0, rtol=1e-6)
    assert found[1:].max() < 1e-12
