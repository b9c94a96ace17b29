"""Posterior of numbers of a step: the spread of samples whose form is known."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.gait.steps import Step
from aqbio.stages.evidence.posterior import posterior_sds
from tests.stages.made_contributions import CONTACTS, TIME, fitted_trial, made_trial

SAMPLES = 40


def _trial(slopes: np.ndarray):
    """The whole body's momentum about the vertical is a straight line in every sample."""
    trial = fitted_trial(made_trial())
    samples = np.zeros((len(slopes), len(TIME), trial.sizes["group"], 3))
    samples[:, :, :, 1] = 1.0  # the other groups: the same in all samples
    samples[:, :, 0, 1] = slopes[:, None] * TIME
    dimensions = ("sample", "time", "group", "axis")
    trial = trial.drop_vars("group_momentum_sample")
    return trial.assign(group_momentum_sample=(dimensions, samples))


@pytest.mark.parametrize("side", ["right", "left"])
def test_yaw_impulse_is_the_change_of_the_whole_bodys_momentum(side):
    slopes = np.random.default_rng(3).normal(2.0, 0.7, SAMPLES)
    touchdown, following = CONTACTS["touchdown"][:2]
    step = Step(1, side, touchdown, CONTACTS["toe_off"][0], following, "ok", "")
    found = posterior_sds(_trial(slopes), [step])["step_yaw_impulse"]
    expected = np.std(slopes, ddof=1) * (following - touchdown)
    assert found == pytest.approx(expected, rel=1e-6)
