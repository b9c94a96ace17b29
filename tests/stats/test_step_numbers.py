"""Numbers of a step by hand and by plain loops: what turns against what, ratios, timing."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cosine

from aqbio.names import ROLE_GROUPS
from aqbio.stats.step_numbers import lag, momentum_numbers, with_deviations

HAND = {
    "push_leg": [1.0, -2.0, -4.0, -1.0, -2.0],
    "swing_leg": [0.0, 1.0, 2.0, 3.0, 2.0],
    "arms": [-1.0, 3.0, 2.0, 1.0, -1.0],
    "torso": [0.0, -2.0, -1.0, -1.0, -1.0],
    "pelvis": [7.0, -7.0, 0.0, 2.0, 9.0],
}
"""Push leg, arms and torso together: 0 -1 -3 -1 -4. Their changes: -1 -2 2 -3, the swing leg's
1 1 1 -1."""


def _curves(groups: dict[str, list[float]]) -> np.ndarray:
    """One step (1, T, G)."""
    return np.array([groups[name] for name in ROLE_GROUPS]).T[None]


def test_ratio_and_momentum_of_five_instants_by_hand():
    numbers = momentum_numbers(_curves(HAND))
    assert numbers["log_ratio_momentum"] == pytest.approx([log(sqrt(27 / 5) / sqrt(18 / 5))])
    for name in ("push_leg", "swing_leg", "arms", "torso"):
        rms = sqrt(sum(value**2 for value in HAND[name]) / 5)
        assert numbers[f"momentum_{name}"] == pytest.approx([rms])
    pelvis = momentum_numbers(_curves(HAND | {"pelvis": [np.nan] * 5}))
    for name in ("log_ratio_momentum", "arms_push_cosine"):
        assert pelvis[name] == pytest.approx(numbers[name])
    unknown = momentum_numbers(_curves(HAND | {"torso": [np.nan] * 5}))
    assert np.isnan(unknown["log_ratio_momentum"]).all()


def test_numbers_of_steps_are_those_of_plain_loops():
    """Of each step alone, with cosines by SciPy."""
    curves = np.random.default_rng(4).standard_normal((6, 101, len(ROLE_GROUPS))).cumsum(axis=1)
    numbers = momentum_numbers(curves)
    for step, rows in enumerate(curves):
        of = dict(zip(ROLE_GROUPS, rows.T, strict=True))
        expected = 1.0 - cosine(of["arms"], of["push_leg"])
        assert numbers["arms_push_cosine"][step] == pytest.approx(expected)
        slope = np.linalg.lstsq(of["swing_leg"][:, None], of["push_leg"], rcond=None)[0][0]
        assert numbers["push_leg_offset"][step] == pytest.approx(-slope)


def test_the_push_leg_is_with_arms_and_torso_or_with_the_swing_leg():
    """Of a body that does not turn: half of the swing leg's momentum each way, and three halves."""
    swing = -np.linspace(1.0, 3.0, 101)
    for share in (0.5, -0.5, 1.5):
        push = -share * swing
        rest = -(push + swing)
        groups = {"push_leg": push, "swing_leg": swing, "arms": 0.8 * rest, "torso": 0.2 * rest,
                  "pelvis": 0.0 * rest}  # fmt: skip
        numbers = momentum_numbers(_curves(groups))
        assert numbers["push_leg_offset"] == pytest.approx([share])
        assert numbers["arms_push_cosine"] == pytest.approx([1.0 if 0.0 < share < 1.0 else -1.0])


def test_a_mirror_a_unit_and_the_order_of_steps_change_nothing():
    """Signs and units are in the sizes alone; time may run backwards in all numbers of a stance."""
    curves = np.random.default_rng(5).standard_normal((5, 101, len(ROLE_GROUPS))).cumsum(axis=1)
    numbers, order = momentum_numbers(curves), [3, 0, 4, 1, 2]
    mirrored, backwards = momentum_numbers(-1000.0 * curves), momentum_numbers(curves[:, ::-1])
    shuffled = momentum_numbers(curves[order])
    for name, values in numbers.items():
        unit = 1000.0 if name.startswith("momentum_") else 1.0
        np.testing.assert_allclose(
            mirrored[name], unit * values, rtol=1e-9, atol=1e-12, err_msg=name
        )
        np.testing.assert_allclose(backwards[name], values, rtol=1e-9, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(
            shuffled[name], values[order], rtol=1e-9, atol=1e-12, err_msg=name
        )


def test_a_lag_is_the_shorter_way_round_a_step():
    """Between peaks at 10, 90 and 45 % of a step; steps follow each other without an end."""
    peaks = np.array([0.1, 0.9, 0.45])
    swing, force = peaks[:, None], peaks[None, :]
    expected = [[0.0, 0.2, -0.35], [-0.2, 0.0, 0.45], [0.35, -0.45, 0.0]]
    np.testing.assert_allclose(lag(swing, force), expected, atol=1e-12)
    np.testing.assert_allclose(lag(swing + 0.25, force - 1.75), expected, atol=1e-12)


def test_time_and_turn_deviate_from_the_mean_of_a_cell_of_three_steps():
    """Three right steps of 0.20, 0.21 and 0.25 s have the mean 0.22; two left ones have none."""
    side = pd.Series(["right", "left", "right", "left", "right"])
    athlete = pd.Series(["A", "A", "A", "A", "A"])
    contact, turn = [0.10, 0.20, 0.11, 0.05, 0.15], [1.0, 2.0, -1.0, 5.0, 3.0]
    steps = pd.DataFrame(
        {"who": athlete, "side": side, "step": range(5), "contact_s": contact, "flight_s": 0.10,
         "yaw_impulse": turn}
    )  # fmt: skip
    deviations = with_deviations(steps, ["who", "side"])
    expected = {
        "time_deviation_s": [0.02, np.nan, 0.01, np.nan, 0.03],
        "yaw_deviation": [0.0, np.nan, 2.0, np.nan, 2.0],
    }
    for name, numbers in expected.items():
        np.testing.assert_allclose(deviations[name], numbers, atol=1e-12)
