"""What athletes do at their highest speed, and contact time against the others."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.stats.athlete_statistics import athletes_from_steps, contact_excess


def test_numbers_are_means_at_the_highest_level(drawn):
    steps = drawn("W0").steps
    found = athletes_from_steps(steps)
    top = steps[steps["level"] == 3]
    for name, own in top.groupby("participant_id", observed=True):
        assert found.loc[name, "fastest"] == pytest.approx(own["speed_mps"].mean())
        assert found.loc[name, "lateral_ratio"] == pytest.approx(own["lateral_ratio"].mean())
        flight = (own["flight_s"] / (own["flight_s"] + own["contact_s"])).mean()
        assert found.loc[name, "vertical_excess"] == pytest.approx(flight)


def test_contact_excess_is_the_drawn_one(drawn):
    """Waves draw it; the law of speed is not quite a parabola: 0.005 of 0.08."""
    evidence = drawn("W0", 40)
    drawn_excess = evidence.athletes["contact"]
    found = contact_excess(evidence.steps)
    np.testing.assert_allclose(found, drawn_excess - drawn_excess.mean(), atol=0.005)


def test_contact_excess_does_not_know_who_is_fast(drawn):
    """With the same law for all, it is 0 for the fast and for the slow."""
    steps = drawn("W0", 40).steps
    steps = steps.assign(contact_s=0.9 / steps["speed_mps"])
    np.testing.assert_allclose(contact_excess(steps), 0.0, atol=1e-12)


def test_an_athlete_without_steps_has_no_numbers(drawn):
    steps = drawn("W0").steps
    found = athletes_from_steps(steps[steps["participant_id"] != "athlete-06"])
    assert found.loc["athlete-06"].isna().all()
    assert found.drop("athlete-06").notna().all(axis=None)
    assert athletes_from_steps(steps[:0]).isna().all(axis=None)
