"""Words and numbers of pages in closed form: what goes in and what comes out."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from aqbio.inverse_dynamics import parameters
from aqbio.pages.athlete import (
    MEASURES,
    left_and_right,
    relative_difference,
    short_side_words,
    side_words,
)
from aqbio.pages.filters import estimate, number
from aqbio.pages.fit import PARAMETER_WORDS, parameter_line
from aqbio.pages.stance import Effect, SourceEffects
from aqbio.pages.words import SOURCES
from tests.figures.made_study import ARMS

pytestmark = pytest.mark.xdist_group("page")


def test_numbers_keep_what_programs_read():
    """The value of the table beside the digits that its interval can carry."""
    row = {"estimate": -6.7e-4, "ci_low": -0.0503, "ci_high": 0.049}
    assert number(-2.61447, "kg m²/s") == '<data value="-2.61447">−2.61</data>'
    assert estimate(row).striptags() == "−0.001 (−0.050 to 0.049)"
    assert number(float("nan"), "mm") == '<data value="nan">n/a</data>'
    assert number(0.0158, "mm", 1000) == '<data value="0.0158">15.8</data>'


def test_every_parameter_has_words_in_the_unit_of_the_page():
    """Files hold SI units and shares; the factor is what the prefix of the page's unit says."""
    assert set(PARAMETER_WORDS) == {one.name for one in parameters.PARAMETERS}
    prefix = {"m²": 1.0, "%": 1e2, "mm": 1e3, "ms": 1e3, "deg": 180.0 / math.pi}
    prefix |= {"mm/rad": 1e3, "mm per m/s²": 1e3}
    for name, (_, unit, factor) in PARAMETER_WORDS.items():
        assert factor == prefix[unit], name


LEFT, RIGHT = np.array([9.5, 10.0, 10.5]), np.array([10.5, 11.0, 11.5])


def test_the_interval_is_welchs():
    """Three steps each side, 1 apart: variances 0.25, four degrees of freedom, t = 2.7764.

    For five measures it is that at 99 %; errors of measurement widen it in quadrature.
    """
    for among, t in ((1, 2.7764451051977987), (5, 4.604094871349993)):
        difference, low, high = relative_difference(LEFT, RIGHT, among=among)
        half = 100 * t * math.sqrt(0.5 / 3.0) / 10.5
        assert difference == pytest.approx(100 / 10.5)
        assert (low, high) == pytest.approx((difference - half, difference + half))
    _, low, high = relative_difference(np.full(3, 10.0), np.full(3, 11.0), error=2.1)
    assert 0.5 * (high - low) == pytest.approx(20.0)
    # the size of the mean counts, not its sign; few steps have no interval
    assert relative_difference(np.array([-9.0]), np.array([-11.0]))[0] == pytest.approx(-20.0)
    few = relative_difference(np.array([1.0, 1.0]), np.array([1.0, 2.0, 1.5]))
    assert few == pytest.approx((40.0, math.nan, math.nan), nan_ok=True)


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


def budget(**athletes):
    """Standard deviation and share of the skin of some athletes; the rest is inertia's."""
    rows = []
    for name, (sd, skin, model) in athletes.items():
        shares = dict.fromkeys((f"share_{one}" for one in SOURCES), 0.0)
        shares |= {"share_skin": skin, "share_model": model, "share_inertia": 1.0 - skin}
        rows.append(ARMS | {"participant_id": name, "steps": 3, "sd": sd} | shares)
    return pd.DataFrame(rows)


SIDE = "push_side_y"


def effect(source: str, mean: float, half: float, *, compared: bool = True) -> Effect:
    return Effect(source, mean, mean - half, mean + half, (0.5 * mean,), compared)


def column(*effects: Effect) -> SourceEffects:
    return SourceEffects("normal", 9.0, 4, 0, {(SIDE, one.label): one for one in effects})


ROWS = [
    ("n/a", "mass", "leg_left", None, "share", 0.199, 0.2149),
    ("n/a", "mass", "femur_l", None, "value", 10.0, 11.0),
    ("static", "standing", "whole body", "y", "share", 0.565, 0.553),
    ("static", "standing", "whole body", "y", "height", 1.017, 0.995),
    ("static", "standing", "whole body", "x", "less_cop", 0.001, 0.002),
]
SECOND = ("one-leg", "standing", "whole body", "x", "left_out", 0.012, -0.003)
COLUMNS = ["trial_id", "quantity", "part", "axis", "statistic", "before", "after"]


@pytest.mark.parametrize(
    ("sd", "estimate", "words"),
    [
        (0.0028, 0.0003, "not determined"),
        (0.0028, 0.0075, "not determined"),
        (0.0008, 0.0003, "not distinguished"),
        (0.0008, 0.0031, "moved by the data"),
        (0.0028, 0.0085, "beyond its limits"),
    ],
)
def test_a_parameter_that_data_do_not_determine_is_said_to_be(sd, estimate, words):
    """The displacement of all plates keeps its prior of 3 mm."""
    parameter = {
        "name": "cop_offset_x", "unit": "m", "prior": 0.0, "prior_sd": 0.003, "lowest": -0.008,
        "highest": 0.008, "estimate": estimate, "sd": sd, "low": estimate - 1.645 * sd,
        "high": estimate + 1.645 * sd, "fitted": True, "beyond_limit": abs(estimate) > 0.008,
    }  # fmt: skip
    assert parameter_line(parameter).words.startswith(words)
