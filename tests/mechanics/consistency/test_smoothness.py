"""The belief that motion is smooth: rows of third derivatives in the banded equations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.normal_equations import SplineBasis, assembled
from aqbio.consistency.parameters import Runner, Weights
from aqbio.consistency.problem import Problem

TIME = np.arange(41) / 200.0
NUMBER = 3
WEIGHT = np.array([0.7, 0.2, 1.1])


@pytest.fixture(scope="module")
def basis() -> SplineBasis:
    return SplineBasis.over(TIME, 0.0123)


def test_third_derivatives_are_exact_on_a_quintic(basis):
    """Splines reproduce polynomials up to their degree: the third derivative of t⁵ is 60 t²."""
    coefficients = basis.nearest(TIME[:, None] ** 5)
    np.testing.assert_allclose(basis.values[3] @ coefficients, 60.0 * TIME[:, None] ** 2, atol=1e-6)


def test_band_holds_every_product(basis):
    """Against the dense matrix ``D3ᵀ D3 ⊗ W`` and its gradient at some coefficients."""
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


def test_toes_may_move_more_abruptly(case):
    """Coordinates that carry less than a hundredth of the body believe less."""
    made = case()
    skeleton = made.runner.skeleton
    feet = np.isin(skeleton.bodies, ["foot_l", "foot_r"])
    light = replace(skeleton, mass=np.where(feet, 0.1, skeleton.mass))
    spreads = [
        Problem(Runner(skeleton, made.runner.groups), made.observations, Weights(), (), {}).jerk_sd
        for skeleton in (made.runner.skeleton, light)
    ]
    ankle = [made.runner.skeleton.coordinates.index(f"foot_{side}_z") for side in "rl"]
    assert (spreads[0] == Weights().jerk_sd).all()
    np.testing.assert_array_equal(np.flatnonzero(spreads[1] > Weights().jerk_sd), sorted(ankle))
