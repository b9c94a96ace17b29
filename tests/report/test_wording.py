"""Wording rules of verdicts, over every hypothesis and every verdict that it could get."""

from __future__ import annotations

import re

import numpy as np
import pytest

from aqbio.figures import (
    limiter,
    partition_ranking,
    side_ratio,
    sign_matrix,
    specification,
    sprints,
    timing,
)
from aqbio.report.wording import (
    LINE_COSINE,
    LINE_SHARE,
    SCOPE,
    WORDS,
    Record,
    line_words,
    registry_words,
    verdict_words,
)
from aqbio.stats.gates import NEEDS
from aqbio.stats.registry import read_registry

REGISTRY = read_registry()
EVERY = [
    (one, verdict, fragile, post_hoc)
    for one in REGISTRY.hypotheses
    for verdict in WORDS
    for fragile in ("yes", "no")
    for post_hoc in ("yes", "no")
]

FORBIDDEN = (
    r"\bAQ\b", r"\btrue\b", r"\bfalse\b", r"\bwrong\b", r"\bright(?! leg| arm| foot|ward)\b",
    r"\bprove", r"\brefute", r"\bdisprove", r"\bconfirm", r"\bmyth", r"\bdebunk",
    r"\bsignifican", r"\bcauses? (?:you|athletes|speed)", r"\bwill (?:run|make|increase|improve)",
    r"\bshould train", r"\btraining (?:will|makes|improves)",
)  # fmt: skip
"""Words that no sentence about a verdict may use (science.md 9)."""


def _row(verdict, fragile="no", post_hoc="no", reason="the 95 % interval excludes 0"):
    return {"verdict": verdict, "reason": reason, "fragile": fragile, "post_hoc": post_hoc}


def _said(hypothesis, row):
    words = verdict_words(hypothesis, row)
    return " ".join((words.label, words.sentence, *words.remarks))


@pytest.mark.parametrize(("hypothesis", "verdict", "fragile", "post_hoc"), EVERY)
def test_no_sentence_says_what_it_must_not(hypothesis, verdict, fragile, post_hoc):
    said = _said(hypothesis, _row(verdict, fragile, post_hoc))
    for pattern in FORBIDDEN:
        assert not re.search(pattern, said, flags=re.IGNORECASE), (pattern, said)


@pytest.mark.parametrize(("hypothesis", "verdict", "fragile", "post_hoc"), EVERY)
def test_every_sentence_names_the_operationalised_claim_and_the_data(
    hypothesis, verdict, fragile, post_hoc
):
    words = verdict_words(hypothesis, _row(verdict, fragile, post_hoc))
    assert f"the operationalised claim {hypothesis.id} (" in words.sentence
    assert words.sentence.startswith(("In these data, ", "In any running, "))
    assert words.sentence.endswith(".")
    assert "the 95 % interval excludes 0." in words.sentence
    assert any("Fragile" in remark for remark in words.remarks) == (fragile == "yes")
    assert any("Post hoc" in remark for remark in words.remarks) == (post_hoc == "yes")


@pytest.mark.parametrize("verdict", ["supported", "not_supported", "inconclusive"])
def test_geometry_is_said_beside_every_verdict_on_the_arms(verdict):
    said = _said(REGISTRY["H2"], _row(verdict))
    assert "largely set by geometry and the small total" in said


def test_nothing_is_said_twice():
    """Reasons hold the caveats of the registry: a remark that repeats one is left out."""
    set_by = "-1.00 expected, so that the sign is largely set by geometry and the small total"
    said = _said(REGISTRY["H2"], _row("not_supported", reason=set_by))
    assert said.count("largely set by geometry") == 1
    assert "Both legs have the same sign" in said
    said = _said(REGISTRY["H7"], _row("supported", reason=REGISTRY["H7"].caveat))
    assert said.count("non-discriminating") == 2  # the label, and the reason that explains it
    assert "both predict it" not in said
    said = _said(REGISTRY["H8a"], _row("inconclusive", reason=REGISTRY["H8a"].caveat))
    assert said.count("association") == 1


def test_minus_signs_are_real_ones():
    reason = "momentum -0.0053, joint moments -0.0804; contact time (-1 to 2e-05) of lag-1 pairs"
    said = _said(REGISTRY["H3d"], _row("not_supported", reason=reason))
    assert "momentum −0.0053, joint moments −0.0804; contact time (−1 to 2e-05) of lag-1" in said


LINES = {
    LINE_SHARE: {"estimate": 0.1234, "ci_low": 0.1, "ci_high": 0.15},
    LINE_COSINE: {"estimate": -0.7712, "ci_low": -0.8, "ci_high": -0.74},
}


def test_lines_are_secondary_and_told_with_intervals():
    said = line_words(LINES)
    assert "secondary, part of no verdict" in said
    assert "12 % (10 to 15 %) of contact" in said
    assert "−0.771 (−0.8 to −0.74, over athletes)" in said
    for pattern in FORBIDDEN:
        assert not re.search(pattern, said, flags=re.IGNORECASE), (pattern, said)


def test_one_athlete_has_no_interval_and_no_arms_no_lines():
    alone = {name: row | {"ci_low": np.nan, "ci_high": np.nan} for name, row in LINES.items()}
    assert "for 12 % of contact; the cosine of their rates was −0.771." in line_words(alone)
    assert line_words({}) == ""


def test_post_hoc_stands_with_the_label():
    assert verdict_words(REGISTRY["H1"], _row("supported", post_hoc="yes")).label == (
        "supported (post hoc)"
    )
    assert verdict_words(REGISTRY["H7"], _row("supported", post_hoc="yes")).label == (
        "supported (non-discriminating, post hoc)"
    )
    assert verdict_words(REGISTRY["H6"], _row("not_testable", post_hoc="yes")).label == (
        "not testable"
    )


def test_what_was_fixed_before_is_told():
    record = Record("aaaa", "2026-01-02T03:04:05+00:00")
    assert "nothing was changed" in registry_words(record, "aaaa")
    assert "fixed on 2026-01-02, 03:04 UTC" in registry_words(record, "aaaa")
    assert "the verdicts rest on bbbb" in registry_words(record, "bbbb")
    assert "every verdict counts as post hoc" in registry_words(None, "bbbb")


def test_restricted_arms_discriminate_nothing():
    words = verdict_words(REGISTRY["H7"], _row("supported"))
    assert words.label == "supported (non-discriminating)"
    assert any("both predict it" in remark for remark in words.remarks)


@pytest.mark.parametrize("name", ["H3b", "H3e", "H8a", "H8b"])
@pytest.mark.parametrize("verdict", ["supported", "not_supported", "inconclusive"])
def test_associations_are_called_so(name, verdict):
    assert "an association in what was observed" in _said(REGISTRY[name], _row(verdict))


@pytest.mark.parametrize("hypothesis", REGISTRY.hypotheses, ids=lambda one: one.id)
def test_implied_says_nothing_about_the_account(hypothesis):
    said = _said(hypothesis, _row("mechanically_implied"))
    assert "no information for or against" in said


def test_scope_says_whose_operationalisation_and_no_effects_of_training():
    assert "our operationalisation" in SCOPE
    assert "not effects of training" in SCOPE


def test_words_of_registry_and_gates_keep_the_rules_too():
    """Reasons come from the registry and from the gates: they end up in the sentences."""
    texts = [
        text for one in REGISTRY.hypotheses for text in (one.implied_if, one.caveat, one.title)
    ]
    for text in (*texts, *NEEDS.values()):
        for pattern in FORBIDDEN:
            assert not re.search(pattern, text, flags=re.IGNORECASE), (pattern, text)


def test_captions_keep_the_rules_and_say_what_is_implied():
    captions = (
        partition_ranking.partition_ranking_caption("together"),
        partition_ranking.partition_ranking_caption("split"), sign_matrix.sign_matrix_caption(),
        specification.specification_caption(0.8), side_ratio.side_ratio_caption(0.02),
        sprints.sprints_caption(-1.0),
        timing.timing_caption({"lag_smallest": -0.01, "spread_smallest": -0.1}),
        limiter.limiter_caption(),
    )  # fmt: skip
    for text in captions:
        for pattern in FORBIDDEN:
            assert not re.search(pattern, text, flags=re.IGNORECASE), (pattern, text)
    assert "mechanically implied" in captions[0]
