"""The prior of smooth motion: rows of fifth derivatives in the banded equations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.normal_equations import SplineBasis, assembled
from aqbio.consistency.parameters import Weights
from aqbio.consistency.solver import Solver

TIME = np.arange(41) / 200.0
NUMBER = 3
WEIGHT = np.array([0.7, 0.2, 1.1])


@pytest.fixture(scope="module")
def basis() -> SplineBasis:
    return SplineBasis.over(TIME, 0.0123)


def test_fifth_derivatives_are_exact_on_a_quintic(basis):
    """Splines reproduce polynomials up to their degree: the fifth derivative of t⁵ is 120."""
    coefficients = basis.nearest(TIME[:, None] ** 5)
    np.testing.assert_allclose(basis.values[3] @ coefficients, 120.0, atol=0.1)


def test_band_holds_every_product(basis):
    """Against the dense matrix ``D5ᵀ D5 ⊗ W`` and its gradient at some coefficients."""
    random = np.random.default_rng(2)
    coefficients = random.standard_normal((basis.count, NUMBER))
    empty = np.zeros((len(TIME), NUMBER, NUMBER))
    equations = assembled(basis, empty, empty[:, 0], None, (WEIGHT, coefficients))
    dense = np.kron(basis.roughness.toarray(), np.diag(WEIGHT))
    found = np.zeros_like(dense)
    for below in range(len(equations.band)):
        place = np.arange(len(dense) - below)
        found[place + below, place] = equations.band[below, : len(place)]
    np.testing.assert_allclose(found, np.tril(dense), atol=1e-9 * np.abs(dense).max())
    downhill = -dense @ coefficients.ravel()
    np.testing.assert_allclose(equations.right, downhill, atol=1e-9 * np.abs(downhill).max())


def test_a_joint_may_move_as_fast_as_its_plain_motion_at_the_cut_off(case):
    """A plain acceleration that swings at the cut-off has just this fifth derivative."""
    made = case()
    seen = made.observations
    rough = 2.0 * np.pi * seen.cutoff
    wave = np.sqrt(2.0) * 30.0 * np.sin(rough * seen.time)[:, None]
    udot = wave + 0.0 * seen.plain.udot
    fifth = rough**3 * wave[seen.measured]
    moved = replace(seen, plain=replace(seen.plain, udot=udot))
    problem = Solver(made.runner, moved, parameters=())
    expected = np.sqrt((fifth**2).mean())
    np.testing.assert_allclose(problem.roughness_sd, Weights().roughness * expected, rtol=1e-12)


def test_a_joint_that_stands_still_keeps_a_little(case):
    made = case()
    still = replace(made.observations.plain, udot=0.0 * made.observations.plain.udot)
    problem = Solver(made.runner, replace(made.observations, plain=still), parameters=())
    expected = Weights().roughness * (2.0 * np.pi * made.observations.cutoff) ** 3
    assert (problem.roughness_sd == expected).all()
