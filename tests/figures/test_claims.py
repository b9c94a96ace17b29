"""Titles say what the drawn numbers say, and nothing where they do not."""

from __future__ import annotations

import pandas as pd
import pytest

from aqbio.figures.claims import claim


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
    assert "both legs turn one way" in claim("angular_momentum", momenta(-2.0, -1.0, 3.0))
    assert "arms turn with the push leg" in claim("angular_momentum", momenta(2.0, -1.0, 3.0))


def test_speeds_that_differ_make_no_claim():
    """At one speed the legs turn together, at the other they do not."""
    mixed = momenta(-2.0, -1.0, 3.0)
    mixed.loc[mixed["line"] == "swing_leg", "mean"] = [-1.0, 1.0]
    assert claim("angular_momentum", mixed) == ""


@pytest.mark.parametrize(("cosine", "way"), [(-0.9, "against each other"), (0.4, "together")])
def test_signs_are_told_as_they_are(cosine, way):
    pair = {"level": "momentum", "first": "arms", "second": "push_leg", "cosine": cosine}
    assert way in claim("sign_patterns", pd.DataFrame([pair]))


def test_residuals_are_counted_against_the_smallest_effect():
    rows = [("a", "residual_before", 10.0), ("a", "arms", 30.0), ("a", "torso", 10.0),
            ("b", "residual_before", 9.9), ("b", "torso", 10.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["trial_id", "what", "value"])
    table = table.assign(participant_id="V01", panel="moment")
    assert claim("agreement", table).endswith("in 1 of 2 trials")


def test_recordings_beyond_a_limit_are_counted_by_trial():
    rows = [("a", "markers", 21.0, 20.0), ("a", "clocks", 6.0, 5.0), ("b", "markers", 20.0, 20.0),
            ("b", "clocks", -5.0, 5.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["trial_id", "panel", "value", "limit"])
    table = table.assign(participant_id="V01", what="before")
    assert claim("recording_quality", table).startswith("1 of 2 trials")


def caused(model: str, **means: float) -> pd.DataFrame:
    """Impulses by source under a contact model."""
    row = {"condition": "normal", "speed_mps": 9.0, "panel": "ground_y", "unit": "m/s"}
    return pd.DataFrame(
        row | {"variant": model, "source": source, "mean": mean} for source, mean in means.items()
    )


def test_a_cause_is_named_where_all_contact_models_name_it():
    table = pd.concat(
        [caused("C2", ankle_push=2.0, hip_push=-1.9), caused("C3", ankle_push=0.5, hip_push=0.4)]
    )
    assert claim("caused_force", table).startswith("Ankle, push: the largest")


@pytest.mark.parametrize("other", [{"hip_push": 0.6}, {"ankle_push": -0.6}])
def test_no_cause_is_named_where_contact_models_differ(other):
    table = pd.concat(
        [
            caused("C2", ankle_push=2.0, hip_push=-1.9),
            caused("C3", **({"ankle_push": 0.5, "hip_push": 0.4} | other)),
        ]
    )
    assert claim("caused_force", table) == ""


def test_slower_and_faster_are_told_apart():
    rows = [("V01", "normal", 10.0), ("V01", "restricted_arms", 9.9)]
    runs = pd.DataFrame(rows, columns=["participant_id", "condition", "speed_mps"])
    assert claim("restricted_arms", runs) == "With restricted arms one athlete was 1.00 % slower"
    turned = runs.assign(speed_mps=[9.9, 10.0])
    assert claim("restricted_arms", turned).endswith("1.01 % faster")
