"""Sprints with restricted arms: the key names what is drawn, whatever the hypothesis knows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.figures.athletes import draw_sprints


def runs(athletes: int) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"participant_id": f"S{number:02d}", "condition": condition, "speed_mps": speed}
            for number in range(athletes)
            for condition, speed in (("normal", 9.0), ("restricted_arms", 8.8 - 0.01 * number))
        ]
    )


@pytest.mark.parametrize(
    ("mean", "key"),
    [
        ((np.nan, np.nan, np.nan), ["athletes"]),
        ((-2.3, np.nan, np.nan), ["athletes", "mean"]),
        ((-2.3, -3.0, -1.5), ["athletes", "mean, 95 % interval"]),
    ],
)
@pytest.mark.parametrize("width", [85.0, 180.0])
def test_key_and_rows_name_what_is_drawn(mean, key, width):
    figure = draw_sprints(runs(4), -1.0, mean, width)
    [place], [legend] = figure.axes, figure.legends
    assert [one.get_text() for one in legend.get_texts()] == key
    rows = [one.get_text() for one in place.get_yticklabels()]
    assert rows == [f"S{number:02d}" for number in (3, 2, 1, 0)] + ["mean"] * (len(key) > 1)
    diamonds = [one for one in place.lines if one.get_marker() == "D"]
    assert [one.get_xdata()[0] for one in diamonds] == [mean[0]] * (len(key) > 1)
    intervals = [one for one in place.lines if list(one.get_ydata()) == [-1.0, -1.0]]
    assert len(intervals) == (key[-1] == "mean, 95 % interval")
