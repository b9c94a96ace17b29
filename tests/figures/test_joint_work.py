"""Words of the figure of joint work: the largest power, whichever way it flows, and of how many."""

from __future__ import annotations

import pandas as pd
import pytest

from aqbio.figures.marks import plain
from aqbio.figures.runs import JOINT_WORK


def powers(ankle: float, knee: float, athletes: int) -> pd.DataFrame:
    """Two samples of the powers of two joints."""
    rows = [("ankle_push", 0.0), ("ankle_push", ankle), ("knee_swing", knee), ("knee_swing", 1.0)]
    return pd.DataFrame(rows, columns=["line", "mean"]).assign(
        quantity="power", phase="stance", percent=0, sd=float("nan"), athletes=athletes, unit="W/kg"
    )


@pytest.mark.parametrize(("ankle", "knee", "claim"), [
    (53.0, -55.0, "The knee of the swing leg has the largest power: it absorbs 55 W/kg"),
    (57.0, -55.0, "The ankle of the push leg has the largest power: it gives 57 W/kg"),
])  # fmt: skip
def test_the_largest_power_is_that_of_the_largest_size(ankle, knee, claim):
    assert plain(JOINT_WORK.claim(powers(ankle, knee, 1))) == claim


def test_nothing_is_between_athletes_where_one_ran():
    alone, several = (plain(JOINT_WORK.caption(powers(1.0, 2.0, number))) for number in (1, 4))
    assert "between" not in alone
    assert "Fastest run of 1 athlete: mean of its steps" in alone
    assert "Fastest run of each of 4 athletes" in several
    assert "± one standard deviation between athletes" in several
