"""Words for a reviewer: rule, what would change it, choices and athletes, all from the row."""

from __future__ import annotations

import re

import pytest

from aqbio.pages.reviewer import reviewer_words
from tests.report.made_rows import EVERY, NAN, REGISTRY, TIMES, TWO_SIDED, made_row


def _told(name, found, **changes):
    one = REGISTRY[name]
    return dict(reviewer_words(one, made_row(one, found, **changes)))


@pytest.mark.parametrize(("hypothesis", "found"), EVERY)
def test_there_is_something_to_review_where_there_is_an_estimate(hypothesis, found):
    told = dict(reviewer_words(hypothesis, made_row(hypothesis, found)))
    assert bool(told) == (found in TIMES)
    for sentence in told.values():
        assert re.fullmatch(r".*[^.]\.", sentence)
        assert "nan" not in sentence


def test_statistic_estimate_and_rule():
    told = _told("H1", "opposite_found")
    assert told["Statistic"].startswith("opposition_difference: opposition index of {push leg")
    assert "Held against: the other partitions" in told["Statistic"]
    assert told["Estimate"] == (
        "−0.136 (95 % interval −0.148 to −0.123); smallest effect of interest 0.05; unit: share of "
        "the summed momentum. From 29 athletes and 641 steps or sprints."
    )
    assert told["Rule"] == (
        "What the rule says of 71 % and −0.53. Adjusted p 0.032 for it and 0.065 against an effect "
        "of interest, both at 0.05."
    )


CHANGES = {
    ("H7", "opposite_found"): "Supported if the estimate is at most −1 and its adjusted p below "
    "0.05; it is 2.72, p 0.032.",
    ("H7", "found"): "Supported only if the estimate is at most −1 and its adjusted p below 0.05; "
    "it is −3.22, p 0.032.",
    ("H1", "condition_failed"): "Supported if the estimate is at least 0.05 and its adjusted p "
    "below 0.05, and its own condition holds; it is 0.161, p 0.032, and the condition fails "
    "(median rank 8 of 15). Not supported if the adjusted p against an effect of interest were "
    "below 0.05; it is 0.065.",
    ("H7", "not_enough_data"): "Judged if the gates passed (minimum n, reliability); then "
    "supported if the estimate is at most −1 and its adjusted p below 0.05; it is −1.41.",
}


@pytest.mark.parametrize(("name", "found"), CHANGES)
def test_what_would_change_it(name, found):
    assert _told(name, found)["What would change it"] == CHANGES[name, found]


def test_equivalence_asks_for_its_own_interval():
    told = dict(reviewer_words(TWO_SIDED, made_row(TWO_SIDED, "found")))
    assert "Supported only if the 90 % interval lies within ±1 and" in told["What would change it"]
    assert "smallest effect of interest ±1" in told["Estimate"]


def test_choices():
    told = _told("H7", "found", overturned_by="cutoff=15", silent="consistency=off, pelvis=out")
    assert told["Other choices"] == (
        "Estimates from −3.62 to −2.72 over all choices that judge; what moves them most is the "
        "cut-off frequency. Another verdict with: a cut-off of 15 Hz. Nothing is known of: the "
        "consistency fit off, the pelvis left out, where its gates fail."
    )
    assert "None gives another verdict." in _told("H7", "found")["Other choices"]
    assert _told("H7", "gate_failed")["Other choices"] == "No other choice was judged."


def test_athletes():
    assert _told("H7", "found")["Athletes"] == (
        "17 of 29 reach the smallest effect of interest (share 41 to 73 %, 95 % interval). "
        "Hodges-Lehmann estimate −3.54. Another verdict without V05, V11 (one at a time)."
    )
    assert (
        "Without any one of them the verdict stays."
        in (_told("H7", "found", influential=NAN)["Athletes"])
    )
    assert "none has it alone" in _told("H8a", "found")["Athletes"]
