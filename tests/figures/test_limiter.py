"""The ratio of both sides' strengths is drawn within its axis."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure

from aqbio.figures.limiter import _draw_ratio


@pytest.mark.parametrize("value", [0.5, 3.0, -4.0])
def test_the_estimate_is_within_the_axis(value):
    """A fifth of it lies beyond, at least as far as 2."""
    names = {"estimate": value, "ci_low": float("nan"), "ci_high": float("nan")}
    rows = [
        {"kind": "ratio", "name": name, "value": one}
        for name, one in (names | {"smallest_effect": 0.5}).items()
    ]
    place = Figure().add_subplot()
    _draw_ratio(place, pd.DataFrame(rows))
    said = {text.get_text(): text.xy[0] for text in place.texts}
    assert (said["sides add up"], said["weaker side\ndecides"]) == (0.0, 1.0)
    assert [line.get_xdata()[0] for line in place.lines[:3]] == [0.0, 1.0, 0.5]
    low, high = place.get_xlim()
    assert low < value < high
    assert high == pytest.approx(max(2.0, 1.2 * abs(value)))
