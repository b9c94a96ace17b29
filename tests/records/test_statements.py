"""Findings about statements."""

from __future__ import annotations

import pytest

from aqbio.body.statements import Measurement, Statement, as_error, contradiction

STATED = Statement("mass-disagreement", "the sheet says", 60.0, "kg", 1, "people.tsv", "P1", "look")
PLATES = Measurement(75.0, 3.75, "plates")
STRIDES = Measurement(74.0, 3.7, "strides")


@pytest.mark.parametrize(
    ("against", "confirmed", "severity"),
    [
        ([PLATES], False, "warning"),
        ([PLATES, STRIDES], False, "error"),
        ([PLATES, STRIDES], True, "info"),
    ],
)
def test_severity_follows_the_verdict(against, confirmed, severity):
    found = contradiction(STATED, against, "It stops.", confirmed=confirmed)
    assert found is not None
    assert found.severity == severity
    assert ("It stops." in found.what) is (severity == "error")
    assert "the sheet says 60.0 kg, but it is 75.0 kg by plates" in found.what


def test_nothing_is_said_where_they_agree():
    assert contradiction(STATED, [Measurement(63.0, 3.15, "plates")], "It stops.") is None


def test_a_refuted_statement_as_an_error():
    found = contradiction(STATED, [PLATES, STRIDES], "It stops.")
    assert found is not None
    error = as_error(found)
    assert (error.rule, error.file, error.where, error.fix) == (
        "mass-disagreement",
        "people.tsv",
        "P1",
        "look",
    )
