"""Messages to users: wording, causes and the people and trials that they concern."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from aqbio.errors import AqbioError, Finding, causes, percent_and_limit

ALL_PARTS = {
    "trial": "fast",
    "file": "a.trc",
    "where": "frames 12 to 52",
    "fix": "fill it.",
    "rule": "gap",
}


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((), "it broke."),
        (("trial",), "fast: it broke."),
        (("file",), "it broke.\n  File: a.trc"),
        (("where",), "it broke.\n  Where: frames 12 to 52"),
        (("fix",), "it broke.\n  Fix: fill it."),
        (ALL_PARTS, "fast: it broke.\n  File: a.trc (frames 12 to 52)\n  Fix: fill it."),
    ],
)
def test_a_message_has_the_parts_that_are_known(parts, text):
    error = AqbioError("it broke.", **{name: ALL_PARTS[name] for name in parts})
    assert str(error) == text
    finding = error.finding(trial="slow", participant="P1")
    expected_parts = {name: getattr(error, name) for name in ALL_PARTS} | {
        "trial": error.trial or "slow"
    }
    assert finding == Finding(
        severity="error", what="it broke.", participant="P1", **expected_parts
    )
    assert Finding(**json.loads(json.dumps(finding.as_dict()))) == finding


def _gap(trial: str, label: str, frames: int, person: str = "P1") -> Finding:
    message = f"marker {label} is missing in {frames} of 180 frames, more than 10."
    return Finding("marker-missing", "warning", message, trial, person, number=frames, limit=10,
                   label=label)  # fmt: skip


@pytest.mark.parametrize(("share", "limit", "texts"), [
    (0.08, 0.7, ("8%", "70%")), (0.6996, 0.7, ("69.96%", "70.00%")), (0.4, 0.4, ("40%", "40%")),
    (0.4004, 0.4, ("40.04%", "40.00%")),
])  # fmt: skip
def test_a_share_and_its_limit_are_written_so_that_they_differ(share, limit, texts):
    assert percent_and_limit(share, limit) == texts


def test_findings_that_differ_in_trial_label_and_number_have_one_cause():
    """84 lines about missing markers hid the two that mattered."""
    gaps = [_gap(f"run{number % 12}", f"R.MT{number % 7}", 20 + number) for number in range(84)]
    flicker = Finding("marker-flicker", "warning", "LASI jumps.", trial="run1", participant="P1")
    cut = Finding("cut", "error", "the trial is cut.", trial="run9", participant="P1")
    groups = causes([*gaps, flicker, cut])
    assert [group.first.rule for group in groups] == ["cut", "marker-missing", "marker-flicker"]
    assert (len(groups[1].members), len(groups[1].labels)) == (84, 7)
    assert groups[1].first.what == "marker R.MT6 is missing in 103 of 180 frames, more than 10."
    assert re.match(r"P1, run.* and 4 more$", groups[1].concerns)
    assert groups[1].alike.startswith("84 such findings; example: P1 run11; labels: R.MT6")


@pytest.mark.parametrize(
    ("trials", "concerns"),
    [
        ("P1 t1", "P1, t1"),
        ("P1", "P1"),
        ("P1 t1, P1 t2, P2 t1", "P1, t1, t2; P2, t1"),
        ("P1, P2, P3, P4", "P1; P2; P3; P4"),
        ("P1, P2, P3, P4, P5, P6 t1, P7 t1", "P1, P2, P3, P4, P5, P6 (1), P7 (1)"),
        ("P1 t1, P1 t2, P1 t3, P1 t4, P1 t5, P2 t6", "P1, t1, t2, t3, t4, t5; P2, t6"),
        ("P1 t1, P1 t2, P1 t3, P1 t4, P1 t5, P1 t6, P2 t7", "P1 (6), P2 (1)"),
    ],
)
def test_several_participants_are_counted_where_they_are_many(trials, concerns):
    people_and_trials = [name.partition(" ")[::2] for name in trials.split(", ")]
    gaps = [_gap(trial, "LTOE", 20, person) for person, trial in people_and_trials]
    [group] = causes(gaps)
    assert group.concerns == concerns
    assert str(gaps[-1]).startswith(
        f"{people_and_trials[-1][1] or people_and_trials[-1][0]}: marker LTOE is missing"
    )


@pytest.mark.parametrize(
    "difference",
    [
        {"severity": "info"},
        {"rule": "marker-moved"},
        {"what": "no marker is seen in 20 of 180 frames."},
        {"what": _gap("", "LTOE2", 20).what},  # a label is no part of another name
    ],
)
def test_another_severity_rule_or_sentence_is_another_cause(difference):
    """Findings with different sentences are not merged."""
    gap = _gap("fast", "LTOE", 20)
    assert len(causes([gap, replace(gap, **difference)])) == 2
