"""The prior of smooth motion: rows of fifth derivatives in the banded equations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.consistency.parameters import Weights
from aqbio.consistency.solver import Solver


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
