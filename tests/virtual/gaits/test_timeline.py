"""Steps, phases and places of a run that repeats."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.virtual.gait import Timeline

UNEQUAL = Timeline(
    np.array([0.11, 0.12, 0.115, 0.12]), np.array([0.12, 0.11, 0.125, 0.11]), np.full(4, 2.0)
)


def test_phase_is_pi_per_step():
    """At every touchdown a multiple of pi, also of the next period; always growing."""
    phase = UNEQUAL.phase(UNEQUAL.touchdown)
    np.testing.assert_allclose(phase, np.pi * np.arange(5), rtol=0, atol=1e-6)
    assert (np.diff(UNEQUAL.phase(np.linspace(0.0, UNEQUAL.period, 200))) > 0.0).all()


def test_equal_steps_have_a_straight_phase():
    line = Timeline(np.full(2, 0.1), np.full(2, 0.12), np.full(2, 2.0))
    time = np.linspace(0.0, 1.0, 17)
    np.testing.assert_allclose(line.phase(time), np.pi * time / 0.22, rtol=1e-12, atol=1e-12)


def test_instants_are_located():
    time = np.array([0.0, UNEQUAL.touchdown[2] + 0.05, UNEQUAL.period + 0.01, -0.01])
    period, step, since = UNEQUAL.located(time)
    assert period.tolist() == [0, 0, 1, -1]
    assert step.tolist() == [0, 2, 0, 3]
    np.testing.assert_allclose(since, [0.0, 0.05, 0.01, UNEQUAL.step[3] - 0.01], atol=1e-12)


def test_impossible_runs_are_refused():
    with pytest.raises(ValueError, match="even number"):
        Timeline(np.ones(3), np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="positive"):
        Timeline(np.ones(2), np.array([1.0, 0.0]), np.ones(2))
    with pytest.raises(ValueError, match="length"):
        Timeline(np.ones(2), np.ones(4), np.ones(2))
