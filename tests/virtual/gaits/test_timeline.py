"""Steps, phases and places of a run that repeats."""

from __future__ import annotations

import numpy as np

from aqbio.virtual.gait import Timeline

UNEQUAL = Timeline(
    np.array([0.11, 0.12, 0.115, 0.12]), np.array([0.12, 0.11, 0.125, 0.11]), np.full(4, 2.0)
)


def test_phase_is_pi_per_step():
    """At every touchdown a multiple of pi, also of the next period; always growing."""
    phase = UNEQUAL.phase(UNEQUAL.touchdown)
    np.testing.assert_allclose(phase, np.pi * np.arange(5), rtol=0, atol=1e-6)
    assert (np.diff(UNEQUAL.phase(np.linspace(0.0, UNEQUAL.period, 200))) > 0.0).all()


def test_instants_are_located():
    time = np.array([0.0, UNEQUAL.touchdown[2] + 0.05, UNEQUAL.period + 0.01, -0.01])
    period, step, since = UNEQUAL.located(time)
    assert period.tolist() == [0, 0, 1, -1]
    assert step.tolist() == [0, 2, 0, 3]
    np.testing.assert_allclose(since, [0.0, 0.05, 0.01, UNEQUAL.step[3] - 0.01], atol=1e-12)
