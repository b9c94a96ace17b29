"""What athletes do at their highest speed, and contact time against the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.stats.athlete_values import athletes_from_steps, contact_excess


def _from_steps(evidence):
    known = evidence.athletes
    return athletes_from_steps(
        evidence.steps,
        known.name,
        push_capacity=known.push_capacity,
        swing_capacity=known.swing_capacity,
        normal=known.normal,
        restricted=known.restricted,
    )


def test_numbers_are_means_at_the_highest_level(drawn):
    evidence = drawn("W0")
    found, steps = _from_steps(evidence), evidence.steps
    for athlete in range(12):
        top = (steps.athlete == athlete) & (steps.level == 3)
        assert found.fastest[athlete] == pytest.approx(steps.speed[top].mean())
        assert found.lateral_ratio[athlete] == pytest.approx(steps.lateral_ratio[top].mean())
        flight = (steps.flight / (steps.flight + steps.contact))[top].mean()
        assert found.vertical_excess[athlete] == pytest.approx(flight)


def test_contact_excess_is_the_drawn_one(drawn):
    """Waves draw it; the law of speed is not quite a parabola: 0.005 of 0.08."""
    evidence = drawn("W0", 40)
    drawn_excess = evidence.athletes.contact
    found = contact_excess(evidence.steps, 40)
    np.testing.assert_allclose(found, drawn_excess - drawn_excess.mean(), atol=0.005)


def test_contact_excess_does_not_know_who_is_fast(drawn):
    """With the same law for all, it is 0 for the fast and for the slow."""
    evidence = drawn("W0", 40)
    steps = replace(evidence.steps, contact=0.9 / evidence.steps.speed)
    np.testing.assert_allclose(contact_excess(steps, 40), 0.0, atol=1e-12)


def test_an_athlete_without_steps_has_no_numbers(drawn):
    evidence = drawn("W0")
    found = _from_steps(evidence.where(evidence.steps.athlete != 5))
    for column in (found.fastest, found.lateral_ratio, found.contact, found.vertical_excess):
        assert np.isnan(column[5])
        assert np.isfinite(np.delete(column, 5)).all()
    nobody = _from_steps(evidence.where(np.zeros(len(evidence.steps), dtype=bool)))
    assert np.isnan(nobody.fastest).all()
    assert np.isnan(nobody.contact).all()
