"""Sentences about verdicts, over every hypothesis and all that could be found of it."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from aqbio.figures.words import digits
from aqbio.names import INTERVALS
from aqbio.pages.verdict_words import (
    SCOPE,
    Record,
    bias_words,
    power_words,
    registry_words,
    verdict_words,
)
from aqbio.pages.words import (
    BIASES,
    FAILED_GATES,
    FOUND,
    GATE_ADVICE,
    STATISTICS,
    statistic_words,
)
from aqbio.stats.gates import GATES, NEEDS
from aqbio.stats.outcomes import STATISTICS as TESTED_STATISTICS
from aqbio.stats.verdict import CLASSES
from tests.report.made_rows import EVERY, NAN, REGISTRY, TIMES, made_row

FORBIDDEN = (
    r"\bAQ\b", r"\btrue\b", r"\bfalse\b", r"\bwrong\b", r"\bright(?! leg| arm| foot|ward)\b",
    r"\bprove", r"\brefute", r"\bdisprove", r"\bconfirm", r"\bmyth", r"\bdebunk",
    r"\bsignifican", r"\bcauses? (?:you|athletes|speed)", r"\bwill (?:run|make|increase|improve)",
    r"\bshould train", r"\btraining (?:will|makes|improves)",
)  # fmt: skip
"""Words that no sentence about a verdict may use (science.md 9)."""

NOT_PLAIN = (
    r"\bp\b", r"\binterval", r"\badjust", r"\bTOST\b", r"\bHolm", r"\bnull\b", r"\bdelta\b",
    r"\bestimat", r"\bstatistic", r"\bregress", r"\bslope", r"\bcosine", r"\bstandard",
    r"\bhypothes", r"95", r"\bconfidence", r"\bvarian", r"\brank\b", r"\bequivalen", r"\bmedian",
    r"supported|inconclusive|testable|reject", r"\bshould\b", r"\bmakes? (?:you|athletes)",
    r"\bfaster if\b", r"\bimprove", r"\bbecause\b",
)  # fmt: skip
"""Jargon, verdicts, advice and causes: what the first sentences leave out."""

TESTED = [(one, found) for one, found in EVERY if found in TIMES]
OPEN = ("too_imprecise", "not_enough_data", "gate_failed")
JUDGED = [(one, found) for one, found in TESTED if found not in OPEN[1:]]
STUDIES = Path(__file__).parents[2] / "docs" / "validation" / "verdicts.tsv"


def _said(hypothesis, row, literal=()):
    words = verdict_words(hypothesis, row, literal)
    details = [sentence for _, sentence in words.details]
    return " ".join(
        (words.verdict, words.text, words.sure, words.change, words.literal, *details,
         *words.remarks)
    )  # fmt: skip


def _words(name, found, **changes):
    return verdict_words(REGISTRY[name], made_row(REGISTRY[name], found, **changes))


def _keeps_the_rules(text, patterns=FORBIDDEN):
    for pattern in patterns:
        assert not re.search(pattern, text, flags=re.IGNORECASE), (pattern, text)


@pytest.mark.parametrize(("hypothesis", "found"), EVERY)
def test_no_sentence_says_what_it_must_not(hypothesis, found):
    for changes in ({}, {"fragile": "yes", "overturned_by": "cutoff=15", "post_hoc": "yes"}):
        _keeps_the_rules(_said(hypothesis, made_row(hypothesis, found, **changes)))
    words = verdict_words(hypothesis, made_row(hypothesis, found, reason="it takes other data"))
    plain = words.text.replace(INTERVALS["share"], "")
    _keeps_the_rules(plain, (*FORBIDDEN, *NOT_PLAIN))
    assert re.fullmatch(r"[A-Z].*[^.]\.", words.text)
    assert len(re.findall(r"\.(?: |$)", words.text)) <= 4
    assert bool(words.sure) == bool(words.details) == (found in TIMES)
    assert bool(words.change) == (found in TIMES and hypothesis.judged)
    for sentence in (words.sure, words.change, *(told for _, told in words.details)):
        assert not sentence or re.fullmatch(r".*[^.]\.", sentence)
        assert "nan" not in sentence


@pytest.mark.parametrize(("hypothesis", "found"), TESTED)
def test_the_text_has_the_numbers_and_the_direction_of_the_row(hypothesis, found):
    """Where something was seen its own sign decides; otherwise it is what was asked."""
    row, plain = made_row(hypothesis, found), statistic_words(hypothesis)
    said = verdict_words(hypothesis, row).text
    told = {digits(abs(plain.written(row[name]))) for name in ("estimate", "smallest_effect")}
    told |= {"17", "29", "41", "73", "95"}  # athletes, and their share
    told |= {"71", "0.53"} if found in OPEN else set()  # of the reason
    around = " ".join((plain.more, plain.less, plain.size, plain.limit, hypothesis.rivals))
    told |= set(re.findall(r"\d[\d.]*\d|\d", around))
    assert set(re.findall(r"\d[\d.]*\d|\d", said)) <= told
    asked, other = (plain.more, plain.less) if hypothesis.sign > 0 else (plain.less, plain.more)
    seen, unseen = (other, asked) if found == "opposite_found" else (asked, other)
    assert seen.lower() in said.lower()
    assert unseen.lower() not in said.lower()
    assert ("stays open" in said) == (found in OPEN)
    assert ("too little to matter" in said) == (found == "no_effect")
    assert ("showed the predicted direction" in said) == (
        found == "opposite_found" and "17 of" in said
    )


@pytest.mark.parametrize(("hypothesis", "found"), JUDGED)
def test_athletes_are_counted_and_the_limit_is_named(hypothesis, found):
    row = made_row(hypothesis, found)
    said = verdict_words(hypothesis, row).text
    own = row["n_showing"] == row["n_showing"]
    share = "17 of 29 athletes (95 % CI for the share of athletes: 41 to 73 %)"
    assert (share in said) == own
    assert own or "a comparison of 29 athletes" in said
    assert statistic_words(hypothesis).limit in said


TEXTS = [
    ("H7", "no_effect", {"estimate": 0.1234},
     "the mean was 0.123 % in the opposite direction, too little to matter."),
    ("H5b", "described",
     {"gates": "reliability", "reason": "described, without a verdict; 71 % of 80 %"},
     ("Whether at higher speed the swing leg's timing scattered less from step to step stays open: "
     "errors of measurement too large (71 % of 80 %).")),
    ("H5b", "described", {"estimate": NAN, "gates": NAN},
     "stays open: no athlete has the numbers that it takes."),
    ("H7", "gate_failed", {"gates": "athletes, order", "reason": "1 of 8; a stated order"},
     ("stays open: too few athletes (1 of 8); the order of the sprints cannot be separated from "
     "what was changed (a stated order).")),
    ("H2", "described", {},
     ("the arms turned with the push leg, on average by 0.228 of at most 1; 17 of 29 athletes "
     "(95 % CI for the share of athletes: 41 to 73 %) showed it by 0.2 or more.")),
    ("H2", "described", {"estimate": -0.3},
     "73 %) showed the predicted direction by 0.2 or more."),
    ("H1", "opposite_found", {"n_showing": 0.0, "share_low": 0.0, "share_high": 0.243},
     "no athlete (95 % CI for the share of athletes: 0 to 24 %) showed the predicted direction by"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "found", "changes", "expected"), TEXTS)
def test_texts_of_particular_rows(name, found, changes, expected):
    assert expected in _words(name, found, **changes).text


def test_a_number_without_a_verdict_or_words_is_told_without_them():
    """Secondary hypotheses are reported, not judged; those of a study may have other statistics."""
    row = made_row(REGISTRY["H1"], "found", verdict=NAN)
    words = verdict_words(REGISTRY["H1"], row)
    assert (words.verdict, words.basis, words.change) == ("", "", "")
    assert words.sure.startswith("Estimate 0.161")
    other = REGISTRY["H1"].model_copy(update={"statistic": "one_of_ones_own"})
    assert verdict_words(other, made_row(other, "found")).text.startswith(f"{other.title}: ")


def test_every_statistic_gate_and_class_has_words():
    assert set(STATISTICS) == set(TESTED_STATISTICS)
    assert set(FAILED_GATES) == set(GATE_ADVICE) == {"athletes", *GATES}
    assert set(FOUND) | {"no_effect"} == set(CLASSES)


def test_estimate_robustness_and_rule():
    words = _words("H1", "opposite_found")
    details = dict(words.details)
    assert words.sure == (
        "Estimate −0.136 (95 % interval over athletes −0.148 to −0.123) from 29 athletes and 641 "
        "steps or sprints; range over the other choices of the analysis −0.156 to −0.111, moved "
        "most by the cut-off frequency. No other choice gives another verdict. Another verdict "
        "without V05, V11 (one at a time)."
    )
    assert details["Statistic"].startswith("opposition_difference: opposition index of {push leg")
    assert details["Statistic"].endswith(
        "Smallest effect of interest 0.05; unit: share of the summed momentum."
    )
    assert details["Rule"] == (
        "What the rule says of 71 % and −0.53. Adjusted p 0.032 for it and 0.065 against an effect "
        "of interest, both at 0.05."
    )
    assert details["Athletes"] == "Hodges-Lehmann estimate −0.149."
    assert "none has their own" in dict(_words("H8a", "found").details)["Athletes"]
    assert dict(_words("H2", "described").details)["Rule"] == (
        "What the rule says of 71 % and −0.53."
    )


@pytest.mark.parametrize(
    ("found", "changes", "expected"),
    [
        ("found", {"overturned_by": "cutoff=15", "silent": "consistency=off, pelvis=out"},
         ("Another verdict with: a cut-off of 15 Hz. Not judged, because gates fail there: the "
         "consistency fit off, the pelvis left out.")),
        ("gate_failed", {}, "No other choice was judged."),
        ("found", {"influential": NAN}, "The verdict stays without any one athlete."),
    ],
)  # fmt: skip
def test_robustness_to_choices_and_athletes(found, changes, expected):
    assert expected in _words("H7", found, **changes).sure


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
    assert _words(name, found).change == CHANGES[name, found]


@pytest.mark.parametrize(("hypothesis", "found"), EVERY)
def test_fragile_and_post_hoc_are_said_where_they_are(hypothesis, found):
    changed = made_row(
        hypothesis, found, fragile="yes", overturned_by="cutoff=15, body=dumas", post_hoc="yes"
    )
    said = " ".join(verdict_words(hypothesis, changed).remarks)
    assert "Fragile: with a cut-off of 15 Hz, the segment masses of Dumas instead" in said
    assert "Post hoc: the rule, a setting or the version was changed" in said
    assert not verdict_words(hypothesis, made_row(hypothesis, found)).remarks


@pytest.mark.parametrize(
    ("name", "found", "changes", "expected"),
    [
        ("H1", "opposite_found", {}, "not supported: opposite found"),
        ("H1", "no_effect", {}, "not supported: no effect larger than 0.05"),
        ("H1", "found", {}, "supported"),
        ("H1", "condition_failed", {}, "inconclusive: condition not met"),
        ("H7", "found", {"post_hoc": "yes"}, "supported (non-discriminating, post hoc)"),
        ("H1", "gate_failed", {"post_hoc": "yes"}, "inconclusive (post hoc): gate failed"),
        ("H3b", "not_testable", {"post_hoc": "yes"}, "not testable"),
        ("H2", "described", {"post_hoc": "yes"}, "described, no verdict"),
    ],
)
def test_class_and_what_was_found_stand_together(name, found, changes, expected):
    assert _words(name, found, **changes).verdict == expected


@pytest.mark.parametrize("hypothesis", REGISTRY.hypotheses, ids=lambda one: one.id)
def test_support_of_whatever_others_predict_too_is_called_so(hypothesis):
    """By the registry, of any hypothesis: no rule of the page knows a hypothesis by its name."""
    if not hypothesis.judged:
        return
    for rivals in ("arms that balance both legs", ""):
        one = hypothesis.model_copy(update={"rivals": rivals})
        words = verdict_words(one, made_row(one, "found"))
        assert ("non-discriminating" in words.label) == bool(rivals)
        assert ("accounts expect the same: arms that balance both" in words.text) == bool(rivals)
        assert "non-discriminating" not in verdict_words(one, made_row(one, "no_effect")).label


def test_the_sentence_is_taken_literally_with_its_label_and_numbers():
    def literal(name, rows):
        one = REGISTRY[name]
        return verdict_words(one, made_row(one, "no_effect"), rows).literal

    assert literal("H5a", []) == (
        "In seconds everything comes earlier in shorter steps (implied by mechanics)."
    )
    row = {"name": "share of contact", "estimate": 0.91234, "ci_low": 0.85, "ci_high": 0.97,
           "n_showing": 17.0, "n_athletes": 29}  # fmt: skip
    said = literal("H1", [row, row | {"n_showing": NAN, "ci_low": NAN}])
    assert (
        "(implied by mechanics). Share of contact: 0.912 (0.850 to 0.970), shown by 17 of" in said
    )
    assert said.endswith("29 athletes; share of contact: 0.912.")


def test_minus_signs_are_real_ones():
    reason = "momentum -0.0053, joint moments -0.0804; contact time (-1 to 2e-05) of lag-1 pairs"
    said = _said(REGISTRY["H1"], made_row(REGISTRY["H1"], "no_effect", reason=reason))
    assert "omentum −0.0053, joint moments −0.0804; contact time (−1 to 2e-05) of lag-1" in said


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (Record("aaaa", "2026-01-02T03:04:05+00:00"), "nothing was changed"),
        (Record("aaaa", "2026-01-02T03:04:05+00:00"), "fixed on 2026-01-02, 03:04 UTC"),
        (Record("aaaa", "not recorded"), "fixed on not recorded, before"),
        (Record("bbbb", "2026-01-02T03:04:05+00:00"), "the verdicts rest on aaaa"),
        (None, "every verdict counts as post hoc"),
    ],
)
def test_what_was_fixed_before_is_told(record, expected):
    assert expected in registry_words(record, "aaaa")


def test_words_of_registry_gates_and_scope_keep_the_rules():
    texts = [
        text
        for one in REGISTRY.hypotheses
        for text in (one.caveat, one.title, one.rivals, one.discriminating)
    ]
    for text in (*texts, *NEEDS.values()):
        _keeps_the_rules(text)
    assert "our operationalisation" in SCOPE
    assert "not effects of training" in SCOPE


@pytest.mark.parametrize("hypothesis", list(BIASES))
def test_biases_are_those_of_the_drawn_studies(hypothesis):
    """The bias of the median, in smallest effects, to what a hundred studies know."""
    table = pd.read_csv(STUDIES, sep="\t").set_index(["cell", "hypothesis"])
    for cause, moved in BIASES[hypothesis].items():
        row = table.loc[(cause, hypothesis)]
        assert moved == pytest.approx(row["bias"], abs=0.25)
        assert f"{cause} moves the estimate by {moved:+g}" in bias_words(hypothesis)


ENOUGH = {"mde": 0.052, "smallest_effect": 0.05, "power": 1.0, "athletes_needed": 8.0}


@pytest.mark.parametrize(
    ("hypothesis", "changes", "expected"),
    [
        (REGISTRY["H8a"], {},
         ("H8a: with 12 athletes the power to detect −0.2 is 3 %; 80 % takes 138 like these. What "
         "12 athletes can detect with 80 % is −0.847.")),
        (REGISTRY["H1"], ENOUGH,
         "H1: with 12 athletes the power to detect 0.05 is 100 %; 8 are enough for 80 %."),
        (REGISTRY["H8a"], {"mde": NAN},
         "H8a: 12 athletes never decide it; a verdict takes at least 48."),
        (REGISTRY["H1"], {"mde": NAN, "n_athletes": 1},
         "H1: 1 athlete never decides it; a verdict takes at least 8."),
    ],
)  # fmt: skip
def test_power_in_words(hypothesis, changes, expected):
    row = {
        "n_athletes": 12, "mde": -0.8474, "smallest_effect": -0.2, "power": 0.0312,
        "athletes_needed": 138.0, "sd_athletes": 1.0, "sd_steps": NAN,
    } | changes  # fmt: skip
    assert power_words(hypothesis, row) == expected
    _keeps_the_rules(expected)
    if not changes:
        assert "takes more than 100000" in power_words(hypothesis, row | {"athletes_needed": NAN})
        helps = [power_words(hypothesis, row | {"sd_steps": sd}) for sd in (0.8, 0.2, 0.5)]
        assert [one.split()[-1] for one in helps] == ["most.", "help.", "−0.847."]
