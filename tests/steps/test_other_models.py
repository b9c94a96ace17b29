"""Other models as a source of uncertainty: closed forms, and limits just inside and outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.gait.curves import SPREADS
from aqbio.gait.steps import Step
from aqbio.intervals.step_uncertainty import (
    NAMES,
    half_widths,
    stance_sds,
    trial_budget,
    uncertainty_budget,
)
from aqbio.names import NORMAL_95
from aqbio.steps.other_models import (
    curve_sds,
    model_sds,
    outcome_differences,
    same_steps,
    with_model,
)

STEP = Step(1, "left", 1.0, 1.1, 1.2, "ok", "")
ARMS = ("A", "arms", "whole_body", "momentum_mean", "kg m2/s")
TORSO = ("A", "torso", "whole_body", "momentum_mean", "kg m2/s")


def _rows(*values, axis="y", outcome=ARMS):
    return pd.DataFrame(
        [
            dict(zip(NAMES, outcome, strict=True)) | {"axis": axis, "step": n, "value": value}
            for n, value in enumerate(values)
        ]
    )


def _trial(drawn):
    """Sds of two outcomes on y, of one source: the left foot's; nothing was drawn of the right."""
    sds = np.full((1, 2, 2, 3), np.nan)
    sds[0, 0] = 0.0
    sds[0, 0, :, 1] = drawn
    names = {f"outcome_{name}": [ARMS[n], TORSO[n]] for n, name in enumerate(NAMES)}
    return xr.Dataset(
        {"interval_sd": (("uncertainty_source", "stance_foot", "outcome", "axis"), sds)},
        coords={
            "uncertainty_source": ["inertia"],
            "stance_foot": ["left", "right"],
            "axis": ["x", "y", "z"],
            **{name: ("outcome", own) for name, own in names.items()},
        },
    )


@pytest.mark.parametrize(("late", "together"), [(0.049, True), (0.051, False), (-0.049, True)])
def test_steps_of_one_foot_that_begin_within_half_a_contact_are_the_same(late, together):
    other = replace(STEP, touchdown=1.0 + late, toe_off=1.1 + late)
    assert bool(same_steps([STEP], [other])) == together
    assert not same_steps([STEP], [replace(other, side="right")])


def test_differences_are_of_steps_and_axes_that_both_models_know():
    own = pd.concat([_rows(1.0, 2.0, 3.0), _rows(5.0, axis="x"), _rows(1.0, outcome=TORSO)])
    other = pd.concat([_rows(2.0, 0.0, np.nan), _rows(5.5, axis="x")])
    found = outcome_differences(own, other).set_index("axis")
    assert found["source"].tolist() == ["arms", "arms"]  # the other model has no torso
    arms = found.loc["y"]
    assert (arms["steps"], arms["own"], arms["other"]) == (2, 1.5, 1.0)
    assert arms["difference"] == -0.5
    assert arms["rms"] == pytest.approx(np.sqrt((1.0 + 4.0) / 2))  # a mean of 0.5 hides it
    assert found.loc["x", "rms"] == 0.5


def test_one_step_counts_as_much_as_any_other_whatever_its_trial():
    parts = [
        outcome_differences(_rows(0.0, 0.0, 0.0), _rows(1.0, 1.0, 1.0)),
        outcome_differences(_rows(0.0), _rows(3.0)),
    ]
    sds = model_sds(pd.concat(parts))
    assert list(sds) == [ARMS[:4]]
    assert sds[ARMS[:4]].tolist() == [0.0, pytest.approx(np.sqrt(12.0 / 4.0)), 0.0]
    assert model_sds(pd.concat(parts)[:0]) == {}


def test_the_choice_of_the_model_adds_its_variance():
    trial = with_model(_trial([3.0, 3.0]), {ARMS[:4]: np.array([0.0, 4.0, 0.0])})
    half = half_widths(stance_sds(trial, "left"))
    assert half[ARMS[:4]]["y"] == pytest.approx(5.0 * NORMAL_95)
    assert half[TORSO[:4]]["y"] == pytest.approx(3.0 * NORMAL_95)  # no other model has a torso
    assert stance_sds(trial, "right") == {}  # nothing was drawn there, so nothing is told
    budget = uncertainty_budget(trial_budget(trial, {"left": 2})).set_index("source")
    assert budget.loc["arms", "share_model"] == pytest.approx(16.0 / 25.0)
    assert budget.loc["torso", "share_model"] == 0.0


def test_curves_differ_by_the_root_mean_square_over_steps_at_every_percent():
    def curves(*values):
        shape = (len(values), 2, 5)
        made = np.broadcast_to(np.array(values)[:, None, None], shape).copy()
        made[:, 1] = np.nan  # no flight
        return xr.Dataset(dict.fromkeys(SPREADS, (("step", "phase", "percent"), made)))

    sds = curve_sds([(curves(1.0, 2.0), curves(4.0, 6.0)), (curves(0.0), curves(np.nan))])
    assert set(sds) == set(SPREADS)
    for values in sds.values():
        np.testing.assert_allclose(values[0], np.sqrt((9.0 + 16.0) / 2))
        assert np.isnan(values[1]).all()
    assert curve_sds([]) == {}
