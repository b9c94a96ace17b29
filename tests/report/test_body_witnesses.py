"""Witnesses of a fitted body, as the page of an athlete tells them."""

from __future__ import annotations

import pandas as pd

from aqbio.pages.fit import body_witnesses

ROWS = [
    ("n/a", "mass", "leg_left", None, "share", 0.199, 0.2149),
    ("n/a", "mass", "femur_l", None, "value", 10.0, 11.0),
    ("static", "standing", "whole body", "y", "share", 0.565, 0.553),
    ("static", "standing", "whole body", "y", "height", 1.017, 0.995),
    ("static", "standing", "whole body", "x", "less_cop", 0.001, 0.002),
]
SECOND = ("one-leg", "standing", "whole body", "x", "left_out", 0.012, -0.003)
COLUMNS = ["trial_id", "quantity", "part", "axis", "statistic", "before", "after"]


def test_legs_and_height_stand_beside_other_people():
    found = body_witnesses(pd.DataFrame(ROWS, columns=COLUMNS))
    assert [one.what for one in found] == [
        "mass of the left leg, % of the body's",
        "centre of mass in static above the ground, m",
        "centre of mass in static above the ground, % of stature",
    ]
    told = [("19.9", "21.5"), ("1.02", "0.995"), ("56.5", "55.3")]
    assert [(one.before, one.after) for one in found] == told
    assert "16.1" in found[0].others
    assert "20.9 %" in found[0].others
    assert found[2].others == "reaction boards: 55 to 57 %"


def test_a_posture_that_is_predicted_without_it():
    table = pd.DataFrame([*ROWS, SECOND], columns=COLUMNS)
    last = body_witnesses(table)[-1]
    assert "ahead of the centre of pressure in one-leg" in last.what
    assert (last.before, last.after) == ("12", "−3")
