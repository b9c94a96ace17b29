"""What athletes do at their highest speed, and contact time against the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.stats.athlete_statistics import (
    athletes_from_steps,
    excess,
)
from aqbio.stats.outcomes import STATISTICS
from aqbio.stats.registry import read_registry


def test_contact_excess_is_the_drawn_one(drawn):
    """Waves draw it; the law of speed is not quite a parabola: 0.005 of 0.08."""
    evidence = drawn("W0", 40)
    drawn_excess = evidence.athletes["contact"]
    found = excess(evidence.steps, evidence.steps["contact_s"], evidence.steps["speed_mps"])
    np.testing.assert_allclose(found, drawn_excess - drawn_excess.mean(), atol=0.005)


def test_contact_excess_does_not_know_who_is_fast(drawn):
    """With the same law for all, it is 0 for the fast and for the slow."""
    steps = drawn("W0", 40).steps
    steps = steps.assign(contact_s=0.9 / steps["speed_mps"])
    np.testing.assert_allclose(
        excess(steps, steps["contact_s"], steps["speed_mps"]), 0.0, atol=1e-12
    )


def test_what_scales_with_the_own_highest_speed_is_equal_at_an_equal_share_of_it(drawn):
    """At equal speed the slow look as if they flew longer; at an equal share nobody does."""
    steps = drawn("W0", 48).steps
    own = steps["relative_speed"] ** 0.6
    found = athletes_from_steps(steps.assign(lateral_ratio=own))
    assert np.corrcoef(found["lateral"], found["fastest"])[0, 1] < -0.99
    np.testing.assert_allclose(found["lateral_relative"], 0.0, atol=0.005)
    alone = steps[steps["participant_id"] == "athlete-04"].assign(speed_mps=8.0)
    assert excess(alone, own, alone["speed_mps"]).isna().all()  # no speeds, no law


def test_an_athlete_without_steps_has_no_numbers(drawn):
    steps = drawn("W0").steps
    found = athletes_from_steps(steps[steps["participant_id"] != "athlete-06"])
    assert found.loc["athlete-06"].isna().all()
    assert found.drop("athlete-06").notna().all(axis=None)
    assert athletes_from_steps(steps[:0]).isna().all(axis=None)


def test_a_slope_between_athletes_does_not_hang_on_one(drawn):
    """Athletes whose slope is chance, and one who makes it significant."""
    evidence = drawn("W0", 48)
    lateral, noise = np.random.default_rng(20).standard_normal((2, 48))
    lateral[0] = 7.0
    for slope, still in ((0.0, False), (-1.0, True)):
        fastest = 0.5 * noise + slope * lateral
        fastest[0] = -4.0 + slope * 7.0
        sides = {"lateral": lateral, "lateral_relative": lateral}
        athletes = evidence.athletes.assign(fastest=fastest, **sides)
        found = STATISTICS["lateral_slope"].outcome(
            replace(evidence, athletes=athletes), read_registry()["H8a"]
        )
        assert (found.result.p < 0.05) is still
        assert "athlete-01" in found.result.note
