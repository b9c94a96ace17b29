"""What a person reads when something goes wrong."""

from __future__ import annotations

import json

import pytest

from aqbio.errors import AqbioError, Finding


def test_all_parts_of_a_message():
    error = AqbioError(
        "marker RASI is missing in 41 of 180 frames (23 %).",
        trial="fast",
        file="data/fast.trc",
        where="frames 12 to 52",
        fix="fill the gap.",
    )
    assert str(error) == (
        "fast: marker RASI is missing in 41 of 180 frames (23 %).\n"
        "  File: data/fast.trc (frames 12 to 52)\n"
        "  Fix: fill the gap."
    )


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, "it broke."),
        ({"trial": "T"}, "T: it broke."),
        ({"file": "a.trc"}, "it broke.\n  File: a.trc"),
        ({"where": "line 3"}, "it broke.\n  Where: line 3"),
        ({"fix": "mend it."}, "it broke.\n  Fix: mend it."),
    ],
)
def test_parts_that_are_not_known_leave_no_trace(parts, text):
    assert str(AqbioError("it broke.", **parts)) == text


def test_a_finding_reads_like_an_error():
    finding = Finding("gap", "warning", "a gap.", participant="P1", file="a.trc", where="RASI")
    assert str(finding) == "P1: a gap.\n  File: a.trc (RASI)"
    assert str(Finding("gap", "info", "a gap.", trial="T", participant="P1")) == "T: a gap."


def test_an_error_becomes_a_finding():
    error = AqbioError("cut.", file="a.c3d", where="byte 7", fix="export.", rule="c3d-cut")
    finding = error.finding(trial="fast", participant="P1")
    assert finding == Finding(
        rule="c3d-cut",
        severity="error",
        what="cut.",
        trial="fast",
        participant="P1",
        file="a.c3d",
        where="byte 7",
        fix="export.",
    )
    named = AqbioError("cut.", trial="slow").finding(trial="fast")
    assert named.trial == "slow"


def test_a_finding_goes_through_json_unchanged():
    finding = Finding("gap", "warning", "größer", number=0.0125, limit=0.01, unit="m")
    assert Finding(**json.loads(json.dumps(finding.as_dict()))) == finding
