"""How sure numbers of a step are: the spread of samples whose form is known, and the clock."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.gait.steps import Step
from aqbio.multiverse.step_rows import trial_sds
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
    found = trial_sds(_trial(slopes), [step])["step_yaw_impulse"]
    expected = np.std(slopes, ddof=1) * (following - touchdown)
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_late_clock_moves_the_lag_by_its_share_of_the_step():
    """The force's peak is on the plates' clock, the swing leg's on the cameras'."""
    touchdown, following = CONTACTS["touchdown"][:2]
    step = Step(1, "right", touchdown, CONTACTS["toe_off"][0], following, "ok", "")
    trial, middle = _trial(np.ones(SAMPLES)), 0.5 * (touchdown + step.toe_off)
    peaks = middle + np.random.default_rng(5).normal(0.0, 0.002, SAMPLES)
    bumps = np.exp(-(((TIME - peaks[:, None]) / 0.03) ** 2))
    trial["group_momentum_sample"].values[:] = bumps[..., None, None]
    one, late = (
        trial_sds(trial.assign_attrs(clock_sd=clock), [step])["lag"] for clock in (0.0, 0.004)
    )
    assert one == pytest.approx(np.std(peaks, ddof=1) / (following - touchdown), rel=0.05)
    assert late == pytest.approx(np.hypot(one, 0.004 / (following - touchdown)))
