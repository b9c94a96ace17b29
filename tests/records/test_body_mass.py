"""The body mass of the sheet against plates and strides."""

from __future__ import annotations

import pytest

from aqbio.body.statements import as_error, body_masses, mass_findings
from aqbio.config import Participant


def found(masses, confirmed="no", allowed=0.05):
    person = Participant(participant_id="P1", mass_kg=masses.get("sheet"), mass_confirmed=confirmed)
    return mass_findings(person, masses, allowed, "participants.tsv")


@pytest.mark.parametrize(
    ("masses", "severity"),
    [
        ({"sheet": 70.0, "static": 73.6, "strides": 73.6}, None),
        ({"sheet": 70.0, "static": 73.8, "strides": 73.6}, "warning"),
        ({"sheet": 70.0, "static": 73.8, "strides": 73.8}, "error"),
        ({"sheet": 70.0, "static": 90.0}, "warning"),
        ({"sheet": 70.0, "strides": 90.0}, "warning"),
        ({"sheet": 70.0, "static": 60.0, "strides": 90.0}, "warning"),
        ({"static": 70.0, "strides": 90.0}, "warning"),
        ({"static": 70.0, "strides": 72.0}, None),
    ],
)
def test_two_that_agree_stop_the_participant(masses, severity):
    """The band is 5 % of the measured mass: 70 kg is inside that of 73.6, outside that of 73.8."""
    said = found(masses)
    assert [one.severity for one in said] == ([severity] if severity else [])
    for one in said:
        error = as_error(one)
        assert (error.rule, error.file, error.fix) == (one.rule, "participants.tsv", one.fix)


def test_confirmed_mass_is_explained_and_stops_nobody():
    [one] = found({"sheet": 55.0, "static": 70.0, "strides": 70.3}, confirmed="yes")
    assert one.severity == "info"
    assert "confirms" in one.what


def test_unknown_mass():
    assert [(one.rule, one.severity) for one in found({})] == [("mass-unknown", "error")]


def test_mass_without_a_source():
    assert body_masses(None, [{"trial_id": "a"}, {"standing_mass_kg": None}]) == {}
