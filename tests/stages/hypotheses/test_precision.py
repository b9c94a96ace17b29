"""How sure a trial is: what nothing varies in says nothing, and divides by nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.stages.hypotheses.precision import _slope_sds, statistic_sds
from aqbio.stats.registry import read_registry


def test_an_athlete_with_one_step_has_no_share_of_variance():
    """Its spread is 0: a share of infinity, and a warning, before."""
    steps = pd.DataFrame(
        {
            "participant_id": pd.Categorical(["A", "A", "B"]),
            "trial_id": "run",
            "level": 0,
            "yaw_impulse": [1.0, 3.0, 2.0],
            "speed_mps": [8.0, 9.0, 8.0],
            "lag": 0.1,
            "log_ratio_momentum": 0.0,
        }
    )
    trials = pd.MultiIndex.from_tuples([("A", "run"), ("B", "run")])
    posterior = [{"step_yaw_impulse": 0.5}] * 2
    registry = read_registry()
    found = statistic_sds(steps, trials, posterior, np.full(2, np.nan), registry)["H3e"]
    assert found[0] == pytest.approx(registry["H3e"].delta * 0.25)
    assert np.isnan(found[1])


@pytest.mark.parametrize(("sd", "expected"), [(0.01, 0.01), (5.0, None), (np.inf, None)])
def test_errors_of_a_slope_are_those_told_but_not_more_than_the_scatter(sd, expected):
    """Least squares: the error of one point over the root of the sum of squares of x."""
    who = pd.Index(["A"] * 5, name="who")
    x = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0], who)
    y = pd.Series([1.1, 1.9, 3.2, 3.8, 5.1], who)
    (_, rest, *_) = np.polyfit(x, y, 1, full=True)
    scatter = float(np.sqrt(rest[0] / 3.0))
    found = _slope_sds(x, y, pd.Series(np.full(5, sd), who))
    assert found["A"] == pytest.approx((expected or scatter) / np.sqrt(10.0))
