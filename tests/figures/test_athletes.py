"""The figure of athletes: one point each, its side of the smallest effect, and the counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from aqbio.figures.athletes import _ranges, draw_athletes, shows
from aqbio.figures.style import BLUE, GREY

VALUES = {"H1": [-0.5, 0.02, 0.3], "H7": [-2.0, -1.5, 0.4], "H9": [0.05, -0.3, 0.1]}
SMALLEST = {"H1": ("greater", 0.05), "H7": ("less", -1.0), "H9": ("greater", 0.2)}


def _numbers(**changes) -> pd.DataFrame:
    rows = []
    for name, values in VALUES.items():
        predicted, smallest = SMALLEST[name]
        showing = int(shows(np.array(values), smallest, predicted).sum())
        rows += [
            {
                "hypothesis": name, "title": "Something that is told in a few words",
                "participant_id": f"V{place}", "value": value, "estimate": float(np.mean(values)),
                "ci_low": min(values), "ci_high": max(values), "smallest_effect": smallest,
                "n_showing": showing, "predicted": predicted, "gates": "passed", "unit": "share",
            } | changes
            for place, value in enumerate(values)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def _panels(numbers: pd.DataFrame, width: float = 180.0) -> dict[str, Axes]:
    axes = draw_athletes(numbers, width).axes
    return {place.get_title(loc="left")[:2]: place for place in axes if place.get_visible()}


def _points(place: Axes) -> dict[str, list[float]]:
    """Values of the filled and of the open circles."""
    found: dict[str, list[float]] = {"filled": [], "open": []}
    for line in place.lines:
        if line.get_marker() == "o":
            kind = "open" if line.get_markerfacecolor() == "white" else "filled"
            found[kind] += [float(value) for value in line.get_xdata()]
    return {kind: sorted(values) for kind, values in found.items()}


@pytest.mark.parametrize("width", [85.0, 180.0])
def test_every_athlete_is_a_point_filled_where_the_prediction_is_shown(width):
    panels = _panels(_numbers(), width)
    assert _points(panels["H1"]) == {"filled": [0.3], "open": [-0.5, 0.02]}
    assert _points(panels["H7"]) == {"filled": [-2.0, -1.5], "open": [0.4]}
    assert _points(panels["H9"]) == {"filled": [], "open": [-0.3, 0.05, 0.1]}
    counts = [place.get_title(loc="right") for place in panels.values()]
    assert counts == ["1 of 3", "2 of 3", "0 of 3"]


def test_zero_mean_and_smallest_effect_are_within_the_panel():
    for name, place in _panels(_numbers()).items():
        low, high = place.get_xlim()
        for mark in (0.0, SMALLEST[name][1], float(np.mean(VALUES[name])), *VALUES[name]):
            assert low < mark < high


def test_numbers_that_a_gate_forbids_to_judge_are_grey():
    for gates, colour in (("passed", BLUE), ("precision", GREY)):
        for place in _panels(_numbers(gates=gates)).values():
            circles = [line for line in place.lines if line.get_marker() == "o"]
            assert {line.get_color() for line in circles} == {colour}


def test_one_athlete_has_no_interval_and_is_drawn():
    numbers = _numbers(ci_low=np.nan, ci_high=np.nan).groupby("hypothesis").head(1)
    panels = _panels(numbers)
    assert [sum(map(len, _points(place).values())) for place in panels.values()] == [1, 1, 1]


def test_words_give_the_numbers():
    said = list(_ranges(_numbers()))
    assert said[0] == "H1: −0.5 to 0.3, estimate −0.06, smallest effect 0.05, shown by 1 of 3"


@pytest.mark.parametrize(("smallest", "sign"), [(0.5, 1.0), (-0.5, -1.0)])
def test_half_of_the_smallest_effect_is_shown_beyond_it_on_its_own_side_only(smallest, sign):
    """All athletes are near 0: the other side of 0 needs no room."""
    numbers = _numbers()
    numbers = numbers[numbers["hypothesis"] == "H1"].assign(
        value=[-0.01, 0.0, 0.01], estimate=0.0, ci_low=-0.01, ci_high=0.01,
        smallest_effect=smallest, predicted="positive" if sign > 0 else "negative",
    )  # fmt: skip
    [place] = _panels(numbers).values()
    near, far = sorted(place.get_xlim(), key=abs)
    assert far == pytest.approx(1.5 * smallest)
    assert near == pytest.approx(-sign * (0.01 + 0.07 * 0.51))
