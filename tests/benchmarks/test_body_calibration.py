"""The study of bodies measures nothing where nothing is wrong, and judges at its limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.virtual.recordings.skin import Skin
from benchmarks.body_calibration import ALL, TODAY, Found, judged, page, summary
from benchmarks.virtual_bodies import CASES, generic, virtual_body

STILL_SKIN = replace(CASES[0], skin=Skin(thigh_m=0.0))


def test_the_true_body_has_no_errors():
    """Without skin only the noise of half a millimetre is left; a wrong order would be metres."""
    body = virtual_body(STILL_SKIN, 3)
    rows = pd.DataFrame(judged(Found(TODAY, body.skeleton, (), 0.0), body))
    largest = rows.assign(error=rows["error"].abs()).groupby("group")["error"].max()
    assert largest["length"] == 0.0
    assert largest["hip width"] == 0.0
    assert largest["centre"] < 1.0
    assert largest["angle"] < 0.1
    assert largest["momentum"] < 0.05


def test_a_wrong_body_has_the_errors_that_were_made():
    """A thigh longer by 10 mm is found longer by 10 mm, on one side alone."""
    body = virtual_body(STILL_SKIN, 3)
    position = body.skeleton.parent_position.copy()
    knee = body.skeleton.joints.index("knee_r")
    position[knee] *= 1.0 + 0.010 / np.linalg.norm(position[knee])
    rows = pd.DataFrame(
        judged(Found(TODAY, replace(body.skeleton, parent_position=position), (), 0.0), body)
    )
    thighs = rows.loc[rows["quantity"] == "thigh", "error"].tolist()
    assert sorted(thighs) == pytest.approx([0.0, 10.0], abs=0.2)


def test_bodies_are_not_the_generic_one():
    """Truth from the template would make every way look right."""
    body, again = virtual_body(CASES[0], 3), virtual_body(CASES[0], 3)
    np.testing.assert_array_equal(body.runs[0].position, again.runs[0].position)
    own = generic(body.athlete)
    factor = np.linalg.norm(body.skeleton.parent_position, axis=1) / np.linalg.norm(
        own.parent_position, axis=1
    ).clip(1e-9)
    assert np.ptp(factor[[own.joints.index(name) for name in ("knee_r", "ankle_r", "back")]]) > 0.01


def _rows(length: float, angle: float) -> pd.DataFrame:
    row = {"case": "usual", "seed": 0, "way": ALL, "sd": 100.0}
    groups = {"length": length, "hip width": 1.0, "centre": 1.0, "angle": angle}
    return pd.DataFrame(
        [row | {"group": name, "quantity": name, "error": error} for name, error in groups.items()]
    )


def test_limits_are_met_just_inside_and_missed_just_outside():
    assert "| 4.0 of 4: met |" in page(_rows(4.0, 2.0))
    assert "| 4.0 of 4: **missed** |" in page(_rows(4.001, 2.0))
    assert "| 2.2 of 2.2: met |" in page(_rows(1.0, 2.2))


def test_coverage_that_is_too_high_is_missed():
    """Wide intervals are no merit."""
    assert "1.00, angle 1.00: **missed**" in page(_rows(1.0, 1.0))


def test_summary_by_hand():
    found = summary(pd.DataFrame({"error": [1.0, -3.0], "sd": [1.0, 1.0]}))
    assert found == pytest.approx(
        {"RMSE": 5**0.5, "bias": -1.0, "sd": 1.0, "z": 5**0.5, "coverage": 0.5}
    )
