"""Titles say what the drawn numbers say, and nothing where they do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.figures.athletes import restricted_arms
from aqbio.figures.cause_figures import _claim as caused_claim
from aqbio.figures.curve_figures import _momentum_claim as momentum_claim
from aqbio.figures.partitions import _signs_claim as signs_claim
from aqbio.figures.quality import _agreement_claim as agreement_claim
from aqbio.figures.quality import _recording_claim as recording_claim


def momenta(push: float, swing: float, arms: float) -> pd.DataFrame:
    """Two speeds of constant momenta."""
    row = {"row": "angular_momentum_y_groups", "phase": "stance", "condition": "normal"}
    lines = {"push_leg": push, "swing_leg": swing, "arms": arms}
    return pd.DataFrame(
        row | {"speed_mps": speed, "line": line, "mean": speed * mean}
        for speed in (5.0, 9.0)
        for line, mean in lines.items()
    )


def test_who_turns_with_whom_is_read_from_the_signs():
    assert "both legs turn one way" in momentum_claim(momenta(-2.0, -1.0, 3.0))
    assert "arms turn with the push leg" in momentum_claim(momenta(2.0, -1.0, 3.0))


def test_speeds_that_differ_make_no_claim():
    """At one speed the legs turn together, at the other they do not."""
    mixed = momenta(-2.0, -1.0, 3.0)
    mixed.loc[mixed["line"] == "swing_leg", "mean"] = [-1.0, 1.0]
    assert momentum_claim(mixed) == ""


@pytest.mark.parametrize(("cosine", "way"), [(-0.9, "against each other"), (0.4, "together")])
def test_signs_are_told_as_they_are(cosine, way):
    pair = {"level": "momentum", "first": "arms", "second": "push_leg", "cosine": cosine}
    assert way in signs_claim(pd.DataFrame([pair]))


def test_residuals_are_counted_against_the_smallest_effect():
    rows = [("a", "residual_before", 10.0), ("a", "arms", 30.0), ("a", "torso", 10.0),
            ("b", "residual_before", 9.9), ("b", "torso", 10.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["trial_id", "what", "value"])
    table = table.assign(participant_id="V01", panel="moment")
    assert agreement_claim(table).endswith("in 1 of 2 trials")


def test_recordings_beyond_a_limit_are_counted_by_trial():
    rows = [("a", "markers", 21.0, 20.0), ("a", "clocks", 6.0, 5.0), ("b", "markers", 20.0, 20.0),
            ("b", "clocks", -5.0, 5.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["trial_id", "panel", "value", "limit"])
    table = table.assign(participant_id="V01", what="before")
    assert recording_claim(table).startswith("1 of 2 trials")


def caused(model: str, half: float = 0.04, **means: float) -> pd.DataFrame:
    """Impulses by source under a contact model, with intervals of a half width."""
    row = {"condition": "normal", "speed_mps": 9.0, "panel": "ground_y", "unit": "m/s"}
    return pd.DataFrame(
        row
        | {"variant": model, "source": one, "mean": mean, "low": mean - half, "high": mean + half}
        for one, mean in means.items()
    )


@pytest.mark.parametrize(("half", "named"), [(0.04, True), (0.06, False), (np.nan, False)])
def test_no_cause_is_the_largest_within_its_interval(half, named):
    """Intervals of 2.0 and 1.9 touch from a half width of 0.05 on; without any, nothing is told."""
    table = caused("C2", half, ankle_push=2.0, hip_push=-1.9)
    assert bool(caused_claim(table)) is named


def test_a_cause_is_named_where_all_contact_models_name_it():
    table = pd.concat(
        [caused("C2", ankle_push=2.0, hip_push=-1.9), caused("C3", ankle_push=0.5, hip_push=0.4)]
    )
    assert caused_claim(table).startswith("Ankle, push: the largest")


@pytest.mark.parametrize("other", [{"hip_push": 0.6}, {"ankle_push": -0.6}])
def test_no_cause_is_named_where_contact_models_differ(other):
    table = pd.concat(
        [
            caused("C2", ankle_push=2.0, hip_push=-1.9),
            caused("C3", **({"ankle_push": 0.5, "hip_push": 0.4} | other)),
        ]
    )
    assert caused_claim(table) == ""


@pytest.mark.parametrize(
    ("speeds", "words"),
    [
        ((10.0, 9.9), "one athlete was 1.00 % slower"),
        ((9.9, 10.0), "one athlete was 1.01 % faster"),
    ],
)
def test_slower_and_faster_are_told_apart(speeds, words):
    sprints = pd.DataFrame({
        "participant_id": "V01", "condition": ["normal", "restricted_arms"], "speed_mps": speeds,
    })  # fmt: skip
    row = {"hypothesis": "H7", "smallest_effect": -1.0, "estimate": -1.0, "ci_low": -2.0}
    verdicts = pd.DataFrame([row | {"ci_high": 0.0}])
    [figure] = restricted_arms(None, {"sprints": sprints, "verdicts": verdicts})
    assert figure.claim == f"With restricted arms {words}"
    assert "smallest effect of interest (−1 %)" in figure.caption
