"""What is claimed about events from markers: what was measured, and only where it was."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.recordings.event_accuracy import (
    MEASURED,
    RATE_RATIO,
    SPEED_RATIO,
    accuracy_alike,
)

SLOWEST = min(one.rate for one in MEASURED)
FASTEST = max(one.speed for one in MEASURED)


@pytest.mark.parametrize("row", MEASURED, ids=lambda one: f"{one.speed}-{one.rate:g}-{one.strike}")
def test_a_claim_holds_for_what_it_was_measured_on(row):
    claim = accuracy_alike(row.rate, row.speed, row.strike)
    for (early, late), median, sd in (
        (claim.touchdown, row.touchdown, row.touchdown_sd),
        (claim.toe_off, row.toe_off, row.toe_off_sd),
    ):
        assert 1e3 * early <= median - 2.0 * sd + 1e-9
        assert 1e3 * late >= median + 2.0 * sd - 1e-9
    shortest, longest = claim.contact_time
    assert shortest <= claim.toe_off[0] - claim.touchdown[0] <= longest


@pytest.mark.parametrize(
    ("rate", "speed", "strike"),
    [
        (SLOWEST / RATE_RATIO * 0.99, 4.0, "heel"),
        (60.0, FASTEST * SPEED_RATIO * 1.01, "forefoot"),
        (60.0, 1.3, "heel"),
        (60.0, 9.5, "heel"),
        (60.0, 4.0, ""),
        (60.0, float("nan"), "heel"),
    ],
)
def test_nothing_is_claimed_outside(rate, speed, strike):
    """A walk, a sprint on the heels, a slower camera: nobody measured those."""
    assert accuracy_alike(rate, speed, strike) is None


def test_just_inside_is_tested():
    assert accuracy_alike(SLOWEST / RATE_RATIO * 1.01, 4.0, "heel") is not None
    assert accuracy_alike(60.0, FASTEST * SPEED_RATIO * 0.99, "forefoot") is not None


def test_one_sprint_is_not_the_measure_of_all_sprints():
    """At 250 Hz one runner's toe-off was within 3 ms; others at 200 Hz were 10 ms late."""
    _, late = accuracy_alike(250.0, 9.5, "forefoot").toe_off
    assert late > 0.010
    assert np.isfinite(late)
