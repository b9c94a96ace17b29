"""Left against right, by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from aqbio.pages.athlete import MEASURES, left_and_right, relative_difference


def test_the_interval_is_welchs():
    """Two steps each side, 1 apart: standard errors 0.5, two degrees of freedom, t = 4.3027."""
    difference, low, high = relative_difference(np.array([9.5, 10.5]), np.array([10.5, 11.5]))
    half = 100 * 4.302652729911275 * math.sqrt(0.5**2 + 0.5**2) / 10.5
    assert difference == pytest.approx(100 / 10.5)
    assert (low, high) == pytest.approx((difference - half, difference + half))


def test_the_size_of_the_mean_counts_not_its_sign():
    assert relative_difference(np.array([-9.0]), np.array([-11.0]))[0] == pytest.approx(-20.0)


@pytest.mark.parametrize(
    ("left", "right"), [([], [1.0]), ([1.0], []), ([-1.0], [1.0]), ([0.0], [0.0])]
)
def test_nothing_is_said_of_what_is_not_there(left, right):
    found = relative_difference(np.array(left), np.array(right))
    assert all(map(math.isnan, found))


def test_a_single_step_has_no_interval():
    difference, low, high = relative_difference(np.array([1.0]), np.array([1.0, 2.0]))
    assert difference == pytest.approx(40.0)
    assert math.isnan(low)
    assert math.isnan(high)


def test_steps_are_told_by_condition_and_speed():
    rows = [
        {
            "participant_id": "P1", "trial_id": trial, "condition": "normal", "side": side,
            "status": status, "speed_mps": speed,
            **dict.fromkeys(MEASURES, 0.1 if side == "left" else 0.11),
        }
        for trial, speed in (("slow", 5.0), ("fast", 9.0))
        for side in ("left", "right", "left")
        for status in ("ok", "rejected")
    ]  # fmt: skip
    slow, fast = left_and_right(pd.DataFrame(rows), (0.0, 6.0, 12.0))
    assert (slow.title, slow.left, slow.right) == ("5.0 m/s", 2, 1)
    assert fast.title == "9.0 m/s"
    contact = fast.compared[0]
    assert (contact.label, contact.left, contact.right) == (
        "Contact time", pytest.approx(100.0), pytest.approx(110.0),
    )  # fmt: skip
    assert not contact.sure
