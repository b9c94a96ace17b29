"""What a person reads when something goes wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aqbio.errors import AqbioError, Finding, causes


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (
            {"trial": "T", "file": "a.trc", "where": "line 3", "fix": "mend it."},
            "T: it broke.\n  File: a.trc (line 3)\n  Fix: mend it.",
        ),
        ({}, "it broke."),
        ({"trial": "T"}, "T: it broke."),
        ({"file": "a.trc"}, "it broke.\n  File: a.trc"),
        ({"where": "line 3"}, "it broke.\n  Where: line 3"),
        ({"fix": "mend it."}, "it broke.\n  Fix: mend it."),
    ],
)
def test_parts_that_are_not_known_leave_no_trace(parts, text):
    assert str(AqbioError("it broke.", **parts)) == text


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


def _gap(trial: str, label: str, frames: int, **more) -> Finding:
    return Finding(
        rule="marker-missing",
        severity="warning",
        what=f"marker {label} is missing in {frames} of 180 frames, more than 10.",
        trial=trial,
        participant="P1",
        number=frames,
        limit=10,
        label=label,
        **more,
    )


def test_findings_that_differ_in_trial_label_and_number_have_one_cause():
    """84 lines about missing markers hid the two that mattered."""
    gaps = [_gap(f"run{number % 12}", f"R.MT{number % 7}", 20 + number) for number in range(84)]
    other = Finding("marker-flicker", "warning", "LASI jumps.", trial="run1", participant="P1")
    cut = Finding("cut", "error", "the trial is cut.", trial="run9", participant="P1")
    found = causes([*gaps, other, cut])
    assert [one.first.rule for one in found] == ["cut", "marker-missing", "marker-flicker"]
    assert len(found[1].members) == 84
    assert found[1].first.what == "marker R.MT6 is missing in 103 of 180 frames, more than 10."
    assert len(found[1].labels) == 7
    assert found[1].concerns.startswith("P1, run")
    assert found[1].concerns.endswith("and 4 more")
    assert found[1].alike.startswith("84 such findings; example: P1 run11; labels: R.MT6")


@pytest.mark.parametrize(
    "other",
    [
        Finding("marker-missing", "info", "marker LTOE is missing in 20 of 180 frames.", "fast"),
        Finding("marker-missing", "warning", "no marker is seen in 20 of 180 frames.", "fast"),
        Finding("marker-moved", "warning", _gap("fast", "LTOE", 20).what, "fast"),
        replace(_gap("fast", "LTOE", 20), what="marker LTOE2 is missing in 20 of 180 frames."),
    ],
)
def test_another_severity_rule_or_sentence_is_another_cause(other):
    """Nothing is hidden behind a sentence that says something else."""
    assert len(causes([_gap("fast", "LTOE", 20), other])) == 2
