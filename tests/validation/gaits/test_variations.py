"""Unequal steps, air and restricted arms: exact, and different in the way stated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.names import GRAVITY
from aqbio.virtual.gait import Gait
from aqbio.virtual.truth import run_truth
from tests.virtual.runners import RUNNER
from validation.gaits.generator import SolvedGait, generated_gait
from validation.gaits.measures import gait_measures
from validation.gaits.parameters import GaitDesign, interpolated, presets, reference_speed, steady

WEIGHT = RUNNER.mass * GRAVITY


def _design(speed: float, condition: str = "normal") -> GaitDesign:
    step = interpolated(presets(condition), reference_speed(RUNNER, speed))
    return steady(RUNNER, speed, step)


def _assert_exact(gait: Gait) -> None:
    """Nothing is left over in contact; flights are ballistic but for the drag."""
    truth = run_truth(gait, np.arange(0.0, gait.timeline.period, 0.003))
    side, _ = gait.stance_foot(truth.gait_time)
    flight = side == 0
    weight = gait.athlete.mass * GRAVITY
    fall = gait.athlete.mass * (truth.com_acceleration[flight] + [0.0, GRAVITY, 0.0])
    np.testing.assert_allclose(
        fall, np.tile([-gait.drag, 0, 0], (len(fall), 1)), atol=1e-8 * weight
    )
    turning = truth.momentum_rate[flight].sum(axis=1)
    assert np.abs(turning).max() < 1e-5 * weight * gait.athlete.stature


def _impulse(solved: SolvedGait, step: int) -> np.ndarray:
    line = solved.gait.timeline
    begin = float(line.touchdown[step])
    time = np.linspace(begin, begin + float(line.contact[step]), 2001)
    force = run_truth(solved.gait, time).loads.force.sum(axis=1)
    return np.trapezoid(force, time, axis=0)


def test_unequal_steps():
    """Contacts of 6 %, speeds of 3 % apart: over the stride the impulse carries the weight."""
    step = _design(7.0).steps[0]
    longer = step.changed(contact_s=1.06 * step.contact_s, hip_height_m=step.hip_height_m - 0.01)
    solved = generated_gait(GaitDesign(RUNNER, (6.9, 7.1), (longer, step)))
    line = solved.gait.timeline
    _assert_exact(solved.gait)
    both = _impulse(solved, 0) + _impulse(solved, 1)
    assert both[1] == pytest.approx(WEIGHT * line.period, rel=1e-6)
    assert abs(_impulse(solved, 0)[1] / _impulse(solved, 1)[1] - 1.0) > 0.01
    assert abs(both[0]) < 1e-6 * WEIGHT * line.period
    assert gait_measures(solved).slip.max() < 8e-3


def test_air_is_paid_for_by_the_feet():
    """Forward impulse of a step is drag times its duration."""
    solved = generated_gait(replace(_design(9.5), drag_area=0.4))
    _assert_exact(solved.gait)
    assert 15.0 < solved.gait.drag < 30.0
    assert solved.gait.drag == pytest.approx(0.5 * 1.2 * 0.4 * 9.5**2, rel=1e-9)
    duration = float(solved.gait.timeline.step[0])
    assert _impulse(solved, 0)[0] == pytest.approx(solved.gait.drag * duration, rel=1e-5)


@pytest.mark.parametrize("speed", [5.0, 7.0, 9.5])
def test_restricted_arms(speed: float):
    """Arms stay where they are; forces and free moments stay those of a human."""
    solved = generated_gait(_design(speed, "restricted_arms"))
    _assert_exact(solved.gait)
    measures = gait_measures(solved)
    for name in ("arm_flex_r", "elbow_flex_r", "arm_flex_l"):
        assert np.ptp(measures.angles[name]) < 1e-4
    assert np.abs(measures.free_moment).max() < 25.0
    assert np.abs(measures.force[:, 2]).max() < 0.4
    assert measures.slip.max() < 6e-3


@pytest.mark.parametrize("speed", [3.6, 5.0, 7.0, 9.5])
def test_free_moments_have_both_signs(speed: float):
    measures = gait_measures(generated_gait(_design(speed)))
    assert measures.free_moment.max() > 2.0
    assert measures.free_moment.min() < -2.0


def test_the_wanted_free_moment_is_followed():
    """A sine of 10 N m that is asked for turns the free moment that way, against minus 10."""
    moments = []
    for amplitude in (10.0, -10.0):
        design = _design(7.0)
        step = design.steps[0].changed(free_moment_nm=amplitude)
        moments.append(generated_gait(steady(RUNNER, 7.0, step)).forces.free_moment[0])
    early = slice(5, 12)
    assert (moments[0] - moments[1])[early].mean() > 5.0
