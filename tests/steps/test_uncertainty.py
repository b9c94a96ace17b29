"""Budgets of uncertainty: closed forms of standard deviations and shares over steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.intervals.step_uncertainty import (
    NAMES,
    ROUND_OFF,
    stance_sds,
    trial_budget,
    uncertainty_budget,
)

SOURCES = ("inertia", "plates", "skin")
OUTCOMES = (
    ("A", "arms", "whole_body", "momentum_mean", "kg m2/s"),
    ("C (C1)", "gravity", "ground", "force_mean", "N"),
    ("C (C2)", "gravity", "ground", "force_mean", "N"),
)


def _trial(left, right):
    """A trial whose outcomes have these standard deviations by source, on y alone."""
    sds = np.zeros((len(SOURCES), 2, len(OUTCOMES), 3))
    sds[:, 0, :, 1], sds[:, 1, :, 1] = np.array(left)[:, None], np.array(right)[:, None]
    names = {f"outcome_{name}": [one[n] for one in OUTCOMES] for n, name in enumerate(NAMES)}
    return xr.Dataset(
        {"interval_sd": (("uncertainty_source", "stance_foot", "outcome", "axis"), sds)},
        coords={
            "uncertainty_source": list(SOURCES),
            "stance_foot": ["left", "right"],
            "axis": ["x", "y", "z"],
            **{name: ("outcome", own) for name, own in names.items()},
        },
    )


@pytest.mark.parametrize(("least", "levels"), [(0.99, ["A"]), (1.01, ["A", "C (C2)"])])
def test_what_mechanics_forces_has_no_budget(least, levels):
    """Draws leave a last digit of what is zero by mechanics: its shares are of nothing."""
    trial = _trial([3.0, 4.0, 0.0], [1.0, 0.0, 0.0])
    small = trial["interval_sd"].loc[{"outcome": 2, "axis": "y", "uncertainty_source": "plates"}]
    trial["interval_sd"].loc[{"outcome": 2, "axis": "y"}] = 0.0
    small[:] = least * ROUND_OFF * 5.0  # of the left foot's largest: 3 and 4 together
    rows = uncertainty_budget(trial_budget(trial, {"left": 1}))
    assert rows["level"].tolist() == levels


def test_budgets_are_means_over_the_steps_of_all_trials():
    """One left step of 3 and 4, two right ones of 1 and 0, one more of 0 and 1 elsewhere.

    sd = (5 + 1 + 1 + 1) / 4; variances 9 + 1 + 1 + 0 and 16 + 0 + 0 + 1, of 28.
    """
    trials = [
        (_trial([3.0, 4.0, 0.0], [1.0, 0.0, 0.0]), {"left": 1, "right": 2}),
        (_trial([9.0, 9.0, 9.0], [0.0, 1.0, 0.0]), {"right": 1}),
    ]
    rows = uncertainty_budget(pd.concat([trial_budget(*one) for one in trials]))
    assert rows["level"].tolist() == ["A", "C (C2)"]  # C1 stands beside it, as another model
    arms = rows.iloc[0]
    assert (arms["axis"], arms["steps"], arms["unit"]) == ("y", 4, "kg m2/s")
    assert arms["sd"] == pytest.approx(2.0)
    shares = arms[["share_inertia", "share_plates", "share_skin"]].astype(float)
    np.testing.assert_allclose(shares, [11 / 28, 17 / 28, 0.0])


def test_a_foot_that_was_not_drawn_has_no_budget():
    trial = _trial([np.nan] * 3, [1.0, 0.0, 0.0])
    assert stance_sds(trial, "left") == {}
    rows = uncertainty_budget(trial_budget(trial, {"left": 5, "right": 1}))
    assert rows["steps"].tolist() == [1, 1]
    assert uncertainty_budget(trial_budget(xr.Dataset(), {"left": 1})).empty
