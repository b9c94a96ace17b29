"""Spread of what follows from the fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.fit import fit_trial, group_momentum, moved_body
from aqbio.consistency.parameters import CENTRES, Weights
from validation.fit_checks import coordinate_samples

WEIGHTS = Weights(knot_s=0.025)


@pytest.fixture(scope="module")
def fit(case):
    made = case(noise=0.001)
    return fit_trial(made.runner, made.observations, WEIGHTS)


def test_samples_are_motions(fit):
    """Their mean is the fit, and their coordinates, speeds and accelerations belong together."""
    drawn = coordinate_samples(fit, 400, seed=3)
    q = np.stack([motion.q for motion, _ in drawn])
    sd = q.std(axis=0)
    # Mean of 400: a twentieth of the spread; 139 by 27 numbers, so five times that at most.
    assert (np.abs(q.mean(axis=0) - fit.motion.q) <= 0.26 * sd + 1e-12).all()
    basis = fit.solver.basis
    for motion, _ in drawn[:3]:
        coefficients = basis.nearest(motion.q[:, fit.coordinates])
        np.testing.assert_allclose(
            basis.values[2] @ coefficients, motion.udot[:, fit.coordinates], atol=1e-6
        )


def test_parameters_are_drawn_with_the_motion(fit):
    drawn = coordinate_samples(fit, 300, seed=2)
    for one in fit.estimates:
        values = np.array([sample[one.name] for _, sample in drawn])
        if one.parameter.on:
            assert values.std() == pytest.approx(one.sd, rel=0.2)
        else:
            assert np.ptp(values) == 0.0


def test_the_motion_follows_the_parameters(fit):
    """Their covariance is ``−A⁻¹ B Σ``; of 3000 draws, what is left to chance is small."""
    drawn = coordinate_samples(fit, 3000, seed=4)
    on = fit.solver.on
    theta = np.array([[sample[name] for name in on] for _, sample in drawn]) - fit.theta
    q = np.stack([motion.q[70] - fit.motion.q[70] for motion, _ in drawn])
    scale = np.sqrt(np.diag(fit.covariance))
    found = q[:, fit.coordinates].T @ (theta / scale) / len(q)
    number = len(fit.coordinates)
    local = np.kron(fit.solver.basis.values[0].toarray()[70], np.eye(number))
    expected = local @ fit.linearised().following @ fit.covariance / scale
    likeness = (found * expected).sum() / np.linalg.norm(found) / np.linalg.norm(expected)
    assert likeness > 0.9


def test_less_is_known_where_less_is_measured(case):
    """Without forces in the second half, the total momentum is less certain there."""
    made = case(noise=0.010)
    seen = made.observations
    half = len(seen.time) // 2
    measured = seen.measured.copy()
    measured[half:] = False
    fit = fit_trial(made.runner, replace(seen, measured=measured), WEIGHTS)
    drawn = coordinate_samples(fit, 30)
    momentum = [group_momentum(fit, *moved_body(fit, *one))[0][:, -1, 1] for one in drawn]
    spread = np.std(momentum, axis=0, ddof=1)
    assert spread[half + 15 : -10].mean() > 1.3 * spread[10 : half - 15].mean()


def test_signs_of_the_centres_directions_turn_no_draw(case):
    """Their eigenvectors turned round, and the trial fitted again, leave the same draws."""
    made = case(noise=0.001)
    turned = replace(made.runner)
    axes, sizes = made.runner._leading
    sign = np.where(np.arange(len(sizes)) % 2, -1.0, 1.0)
    turned.__dict__["_leading"] = (sign[:, None] * axes, sizes)
    one, two = (fit_trial(runner, made.observations, WEIGHTS) for runner in (made.runner, turned))
    moved = np.array([value.estimate for value in one.estimates if value.name.startswith(CENTRES)])
    again = np.array([value.estimate for value in two.estimates if value.name.startswith(CENTRES)])
    np.testing.assert_allclose(again, sign * moved, rtol=0, atol=1e-6)
    drawn = (coordinate_samples(fit, 4, seed=1) for fit in (one, two))
    for (first, _), (second, _) in zip(*drawn, strict=True):
        scale = np.abs(first.q - one.motion.q).max()
        np.testing.assert_allclose(second.q, first.q, rtol=0, atol=1e-5 * scale)
