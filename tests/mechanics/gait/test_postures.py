"""Measures of posture of points whose angles are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.gait.postures import MEASURES, POINTS, posture_numbers, spread_column
from aqbio.gait.steps import Step
from aqbio.names import SIDES

TIME = np.linspace(0.0, 0.4, 201)
STRIDE = 0.4
LEAN, THIGH, SHANK = 0.1, 0.42, 0.40


def _step(side, last=0.2):
    return Step(
        number=1, side=side, touchdown=0.0, toe_off=0.1, next_touchdown=last, status="ok", reason=""
    )


def _angles(push):
    """The push leg's thigh falls from front to back as a cosine, the other comes forward."""
    wave = np.cos(2.0 * np.pi * TIME / STRIDE)
    return {push: 0.1 + 0.5 * wave, SIDES[1 - SIDES.index(push)]: 0.2 - 0.8 * wave}


def _points(push):
    found = np.zeros((len(TIME), len(POINTS), 3))
    for side, angle in _angles(push).items():
        hip = np.array([0.02, 0.9, 0.1])
        knee = hip + THIGH * np.stack([np.sin(angle), -np.cos(angle), 0.0 * angle], axis=1)
        for name, own in (
            ("hip", hip + 0.0 * knee), ("knee", knee), ("ankle", knee - [0.0, SHANK, 0.0]),
            ("shoulder", hip + [np.sin(LEAN), np.cos(LEAN), 0.0] + 0.0 * knee),
        ):  # fmt: skip
            found[:, POINTS.index(f"{name}_{side}")] = own
    return found


@pytest.mark.parametrize("push", SIDES)
def test_closed_forms(push):
    found = posture_numbers(_points(push), TIME, [_step(push)])
    rate = 2.0 * np.pi / STRIDE
    expected = {
        "thigh_angle_push_touchdown_rad": 0.6, "thigh_angle_swing_touchdown_rad": -0.6,
        "thigh_angle_push_toe_off_rad": 0.1, "thigh_angle_swing_toe_off_rad": 0.2,
        "thigh_range_push_rad": 1.0, "thigh_range_swing_rad": 1.6,
        "thigh_speed_push_radps": 0.5 * rate, "thigh_speed_swing_radps": 0.8 * rate,
        "knee_separation_touchdown_m": -2.0 * THIGH * np.sin(0.6),
        "swing_knee_ahead_touchdown_m": 0.02 - THIGH * np.sin(0.6),
        "touchdown_distance_m": 0.02 + THIGH * np.sin(0.6),
        "trunk_lean_touchdown_rad": LEAN,
    }  # fmt: skip
    assert set(found) == set(MEASURES) == set(expected)
    for name, value in expected.items():
        assert found[name][0] == pytest.approx(value, rel=2e-3, abs=1e-6), name


def test_draws_are_carried_along_and_what_is_unknown_stays_so():
    both = np.stack([_points("left"), _points("right")], axis=-1)
    steps = [_step("left"), _step("left", last=np.nan)]
    found = posture_numbers(both, TIME, steps)
    alone = posture_numbers(_points("left"), TIME, steps)
    for name, values in found.items():
        assert values.shape == (2, 2)
        np.testing.assert_allclose(values[:, 0], alone[name])
    assert np.isnan(found["thigh_range_push_rad"][1]).all()
    assert np.isfinite(found["touchdown_distance_m"][1]).all()
    lost = _points("left")
    lost[:, POINTS.index("knee_right")] = np.nan
    numbers = posture_numbers(lost, TIME, steps[:1])
    assert {name for name, own in numbers.items() if np.isfinite(own[0])} == {
        "thigh_angle_push_touchdown_rad", "thigh_angle_push_toe_off_rad", "thigh_range_push_rad",
        "thigh_speed_push_radps", "touchdown_distance_m", "trunk_lean_touchdown_rad",
    }  # fmt: skip
    assert spread_column("thigh_range_push_rad") == "thigh_range_push_sd_rad"
