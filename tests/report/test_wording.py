"""Wording rules of verdicts, over every hypothesis and all that could be found of it."""

from __future__ import annotations

import re

import pytest

from aqbio.figures import (
    athletes,
    limiter,
    partition_ranking,
    recording_quality,
    side_ratio,
    sign_matrix,
    specification,
    sprints,
    timing,
)
from aqbio.pages.wording import (
    FOUND,
    SCOPE,
    Record,
    found_words,
    literal_words,
    registry_words,
    verdict_words,
)
from aqbio.stats.gates import NEEDS
from aqbio.stats.verdict import CLASSES
from tests.report.made_rows import EVERY, NAN, REGISTRY, TIMES, TWO_SIDED, made_row

FORBIDDEN = (
    r"\bAQ\b", r"\btrue\b", r"\bfalse\b", r"\bwrong\b", r"\bright(?! leg| arm| foot|ward)\b",
    r"\bprove", r"\brefute", r"\bdisprove", r"\bconfirm", r"\bmyth", r"\bdebunk",
    r"\bsignifican", r"\bcauses? (?:you|athletes|speed)", r"\bwill (?:run|make|increase|improve)",
    r"\bshould train", r"\btraining (?:will|makes|improves)",
)  # fmt: skip
"""Words that no sentence about a verdict may use (science.md 9)."""


def _said(hypothesis, row, literal=()):
    words = verdict_words(hypothesis, row, literal)
    review = [sentence for _, sentence in words.reviewer]
    return " ".join((words.verdict, words.coach, words.literal, *review, *words.remarks))


@pytest.mark.parametrize(("hypothesis", "found"), EVERY)
def test_no_sentence_says_what_it_must_not(hypothesis, found):
    for changes in ({}, {"fragile": "yes", "overturned_by": "cutoff=15", "post_hoc": "yes"}):
        said = _said(hypothesis, made_row(hypothesis, found, **changes))
        for pattern in FORBIDDEN:
            assert not re.search(pattern, said, flags=re.IGNORECASE), (pattern, said)


@pytest.mark.parametrize(("hypothesis", "found"), EVERY)
def test_fragile_and_post_hoc_are_said_where_they_are(hypothesis, found):
    changed = made_row(
        hypothesis, found, fragile="yes", overturned_by="cutoff=15, body=dumas", post_hoc="yes"
    )
    said = " ".join(verdict_words(hypothesis, changed).remarks)
    assert "Fragile: with a cut-off of 15 Hz, the segment masses of Dumas instead" in said
    assert "Post hoc: the rule was changed" in said
    assert not verdict_words(hypothesis, made_row(hypothesis, found)).remarks


def test_what_was_found_has_words_of_its_own():
    words = [found_words(REGISTRY["H7"], made_row(REGISTRY["H7"], found)) for found in TIMES]
    assert words == [
        "found", "condition not met", "opposite found", "no effect larger than 1",
        "too imprecise", "not enough data", "gate failed",
    ]  # fmt: skip
    assert found_words(TWO_SIDED, made_row(TWO_SIDED, "opposite_found")) == "a change found"
    assert set(FOUND) | {"no_effect"} == set(CLASSES)


def test_class_and_what_was_found_stand_together():
    def verdict(name, found, **changes):
        return verdict_words(REGISTRY[name], made_row(REGISTRY[name], found, **changes)).verdict

    assert verdict("H1", "opposite_found") == "not supported: opposite found"
    assert verdict("H1", "no_effect") == "not supported: no effect larger than 0.05"
    assert verdict("H1", "found") == "supported"
    assert verdict("H7", "found", post_hoc="yes") == "supported (non-discriminating, post hoc)"
    assert verdict("H1", "gate_failed", post_hoc="yes") == "inconclusive (post hoc): gate failed"
    assert verdict("H6", "not_testable", post_hoc="yes") == "not testable"


@pytest.mark.parametrize("hypothesis", REGISTRY.hypotheses, ids=lambda one: one.id)
def test_support_of_whatever_others_predict_too_is_called_so(hypothesis):
    """By the registry, of any hypothesis: no rule of the page knows a hypothesis by its name."""
    if hypothesis.always is not None:
        return
    others = hypothesis.model_copy(update={"rivals": "arms that balance both legs"})
    alone = hypothesis.model_copy(update={"rivals": ""})
    for one, marked in ((others, True), (alone, False)):
        words = verdict_words(one, made_row(one, "found"))
        assert ("non-discriminating" in words.label) == marked
        assert ("accounts expect the same: arms that balance both" in words.coach) == marked
        assert "non-discriminating" not in verdict_words(one, made_row(one, "no_effect")).label


def test_what_mechanics_sets_is_told_beside_every_estimate():
    for name in ("H2", "H4", "H5a"):
        told = dict(verdict_words(REGISTRY[name], made_row(REGISTRY[name], "no_effect")).reviewer)
        assert told["Set by mechanics"].lower() == f"{REGISTRY[name].implied_if}.".lower()


def test_the_sentence_is_taken_by_its_words_with_its_label_and_numbers():
    assert literal_words(REGISTRY["H5a"], []) == (
        "In seconds everything comes earlier in shorter steps (implied by mechanics)."
    )
    row = {"name": "share of contact", "estimate": 0.91234, "ci_low": 0.85, "ci_high": 0.97,
           "n_showing": 17.0, "n_athletes": 29}  # fmt: skip
    said = literal_words(REGISTRY["H1"], [row, row | {"n_showing": NAN, "ci_low": NAN}])
    assert (
        "(implied by mechanics). Share of contact: 0.912 (0.850 to 0.970), shown by 17 of" in said
    )
    assert said.endswith("29 athletes; share of contact: 0.912.")


def test_minus_signs_are_real_ones():
    reason = "momentum -0.0053, joint moments -0.0804; contact time (-1 to 2e-05) of lag-1 pairs"
    said = _said(REGISTRY["H1"], made_row(REGISTRY["H1"], "no_effect", reason=reason))
    assert "omentum −0.0053, joint moments −0.0804; contact time (−1 to 2e-05) of lag-1" in said


def test_what_was_fixed_before_is_told():
    record = Record("aaaa", "2026-01-02T03:04:05+00:00")
    assert "nothing was changed" in registry_words(record, "aaaa")
    assert "fixed on 2026-01-02, 03:04 UTC" in registry_words(record, "aaaa")
    assert "the verdicts rest on bbbb" in registry_words(record, "bbbb")
    assert "every verdict counts as post hoc" in registry_words(None, "bbbb")


def test_scope_says_whose_operationalisation_and_no_effects_of_training():
    assert "our operationalisation" in SCOPE
    assert "not effects of training" in SCOPE


def test_words_of_registry_and_gates_keep_the_rules_too():
    """Reasons come from the registry and from the gates: they end up in the sentences."""
    texts = [
        text
        for one in REGISTRY.hypotheses
        for text in (one.implied_if, one.caveat, one.title, one.rivals, one.discriminating)
    ]
    for text in (*texts, *NEEDS.values()):
        for pattern in FORBIDDEN:
            assert not re.search(pattern, text, flags=re.IGNORECASE), (pattern, text)


def test_captions_keep_the_rules_and_say_what_is_implied():
    captions = (
        partition_ranking.partition_ranking_caption("together"),
        partition_ranking.partition_ranking_caption("split"), sign_matrix.sign_matrix_caption(),
        specification.specification_caption(), side_ratio.side_ratio_caption(),
        athletes.athletes_caption(),
        sprints.sprints_caption(-1.0),
        limiter.unmeasured_caption(), recording_quality.recording_caption(),
        timing.timing_caption({"lag_smallest": -0.01, "spread_smallest": -0.1}),
        limiter.limiter_caption(),
    )  # fmt: skip
    for text in captions:
        for pattern in FORBIDDEN:
            assert not re.search(pattern, text, flags=re.IGNORECASE), (pattern, text)
    assert "mechanically implied" in captions[0]
