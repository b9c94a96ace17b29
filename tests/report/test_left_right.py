"""Left against right, by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.pages.athlete import (
    MEASURES,
    estimated_forces,
    left_and_right,
    relative_difference,
    short_side_words,
    side_words,
)

LEFT, RIGHT = np.array([9.5, 10.0, 10.5]), np.array([10.5, 11.0, 11.5])


def test_the_interval_is_welchs():
    """Three steps each side, 1 apart: variances 0.25, four degrees of freedom, t = 2.7764."""
    difference, low, high = relative_difference(LEFT, RIGHT)
    half = 100 * 2.7764451051977987 * math.sqrt(0.5 / 3.0) / 10.5
    assert difference == pytest.approx(100 / 10.5)
    assert (low, high) == pytest.approx((difference - half, difference + half))


def test_errors_of_measurement_and_other_measures_widen_it():
    """In quadrature; for five measures at 99 %: t = 4.6041."""
    _, low, high = relative_difference(LEFT, RIGHT, among=5)
    assert 0.5 * (high - low) == pytest.approx(100 * 4.604094871349993 * math.sqrt(0.5 / 3) / 10.5)
    _, low, high = relative_difference(np.full(3, 10.0), np.full(3, 11.0), error=2.1)
    assert 0.5 * (high - low) == pytest.approx(20.0)


def test_the_size_of_the_mean_counts_not_its_sign():
    assert relative_difference(np.array([-9.0]), np.array([-11.0]))[0] == pytest.approx(-20.0)


@pytest.mark.parametrize(
    ("left", "right"), [([], [1.0]), ([1.0], []), ([-1.0], [1.0]), ([0.0], [0.0])]
)
def test_nothing_is_said_of_what_was_not_measured(left, right):
    found = relative_difference(np.array(left), np.array(right))
    assert all(map(math.isnan, found))


def test_few_steps_have_no_interval():
    difference, low, high = relative_difference(np.array([1.0, 1.0]), np.array([1.0, 2.0, 1.5]))
    assert difference == pytest.approx(40.0)
    assert math.isnan(low)
    assert math.isnan(high)


def steps(right: float = 1.1, count: int = 3, **changes) -> pd.DataFrame:
    """Steps of a slow and a fast trial, the right foot's numbers times ``right``."""
    rows = [
        {
            "participant_id": "P1", "trial_id": trial, "condition": "normal", "side": side,
            "status": status, "speed_mps": speed,
            **{one.column: (1.0 if side == "left" else right) * (0.1 + 1e-4 * number)
               for one in MEASURES},
            **{one.error: 0.0 for one in MEASURES if one.error},
        }
        for trial, speed in (("slow", 5.0), ("fast", 9.0))
        for side in ("left", "right")
        for number in range(count + (trial == "slow"))
        for status in ("ok", "rejected")
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**changes)


def test_the_fastest_steps_that_suffice_come_first_else_the_most():
    most, least = left_and_right(steps(count=2), (0.0, 6.0, 12.0))
    assert (most.title, least.title) == ("5.0 m/s", "9.0 m/s")
    fast, slow = left_and_right(steps(), (0.0, 6.0, 12.0), scale_kgm=100.0)
    assert (fast.title, fast.left, fast.right) == ("9.0 m/s", 3, 3)
    assert (slow.title, slow.left, slow.right) == ("5.0 m/s", 4, 4)
    momentum = fast.compared[-1]
    assert momentum.scaled[0] == pytest.approx(1000.0 * momentum.left / (100.0 * 9.0))
    contact = fast.compared[1]
    assert (contact.left, contact.right) == pytest.approx((100.1, 110.11))
    assert contact.sure


@pytest.mark.parametrize(
    ("table", "said", "short"),
    [
        (steps(), "The left foot pushes less at 9.0 m/s", "Peak upward force: 9.5 %"),
        (steps(0.9), "The right foot pushes less at 9.0 m/s", "Peak upward force: −10.5 %"),
        (steps(1.0), "Neither foot pushes less beyond error", "nothing beyond error"),
        (steps(peak_vertical_force_bw=np.nan), "no plate measured the forces", "Contact time"),
        (steps(count=1), "cannot be compared: that takes 3 steps", "too few steps"),
        (steps(status="rejected"), "No step was kept", "too few steps"),
    ],
)
def test_sentences_say_which_side_and_what_differs(table, said, short):
    """The same comparisons in the athlete's headline, and in the table of the first page."""
    speeds = left_and_right(table, (0.0, 6.0, 12.0))
    sentence = " ".join(side_words(speeds))
    assert said in sentence
    assert short in short_side_words(speeds)
    sure = [one for one in (speeds[0].compared if speeds else ()) if one.sure]
    others = [one for one in sure if one.measure is not MEASURES[0]]
    assert ("Beyond error differ also" in sentence) == bool(others)
    for one in sure:
        assert one.words in sentence
        assert one.range in short_side_words(speeds)


def test_estimated_forces_are_means_over_the_kept_steps_of_each_foot():
    """Of other levels, and of steps that were not kept, nothing comes in."""
    phases = {"stance": 1500.0, "braking": -12.0, "propulsion": 13.0}
    table = pd.DataFrame(
        [
            {"trial_id": "run", "step": step, "level": level, "phase": phase,
             "value": size * value, "low": size * value - 2.0, "high": size * value + 2.0}
            for level, size in ((ESTIMATED, 1.0), ("A", 9.0))
            for step in (1, 2, 3)
            for phase, value in phases.items()
        ]
    )  # fmt: skip
    table.loc[(table["step"] == 3) & (table["level"] == ESTIMATED), ["value", "low", "high"]] += 4.0
    kept = pd.DataFrame({"trial_id": ["run"] * 2, "step": [1, 3], "side": ["left", "left"]})
    [line] = estimated_forces(table, kept)
    assert line["foot"] == "left"
    assert line["Mean upward force"] == "1502 (1500 to 1504)"
    assert line["Braking impulse"] == "−10 (−12 to −8)"
    assert estimated_forces(table[table["level"] == "A"], kept) == []
