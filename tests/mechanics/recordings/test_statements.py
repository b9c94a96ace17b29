"""Statements held against measurements."""

from __future__ import annotations

import pytest

from aqbio.body.statements import Measurement, verdict


def measured(*values, error=5.0, decisive=False):
    return [Measurement(value, error, "a", decisive) for value in values]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), "agrees"),
        ((104.9, 95.1), "agrees"),
        ((105.1,), "doubtful"),
        ((105.1, 104.9), "doubtful"),
        ((105.1, 110.0), "refuted"),
        ((105.1, 110.2), "doubtful"),
        ((94.9, 105.1), "doubtful"),
    ],
)
def test_two_that_agree_refute_and_one_leaves_it_open(values, expected):
    """Two that contradict each other, or on both sides, say nothing together."""
    assert verdict(100.0, measured(*values)) == expected


def test_measurements_on_both_sides_do_not_agree_however_wide():
    """A wide error lets 80 and 120 meet; neither supports the other against 100."""
    sides = [Measurement(80.0, 19.0, "a"), Measurement(120.0, 19.0, "b")]
    assert verdict(100.0, sides) == "doubtful"


def test_one_that_stands_alone():
    assert verdict(100.0, measured(105.1, decisive=True)) == "refuted"
    assert verdict(100.0, measured(104.9, decisive=True)) == "agrees"
