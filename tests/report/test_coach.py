"""Words for a coach: plain, of the row's own numbers, and never more than what was tested."""

from __future__ import annotations

import re

import pytest

from aqbio.figures.numbers import shown
from aqbio.pages.coach import FAILED, IMPLIED, coach_words
from aqbio.pages.plain import PLAIN
from aqbio.stats.gates import GATES
from aqbio.stats.outcomes import STATISTICS
from tests.report.made_rows import EVERY, NAN, REGISTRY, TIMES, TWO_SIDED, made_row

JARGON = (
    r"\bp\b", r"\binterval", r"\badjust", r"\bTOST\b", r"\bHolm", r"\bsignifican", r"\bnull\b",
    r"\bdelta\b", r"\bestimat", r"\bstatistic", r"\bregress", r"\bslope", r"\bcosine",
    r"\bstandard",
    r"\bhypothes", r"95", r"\bconfidence", r"\bvarian", r"\brank\b", r"\bequivalen", r"\bmedian",
)  # fmt: skip
"""Words that a coach need not know."""

VERDICTS = r"supported|inconclusive|testable|refut|reject|confirm"
"""Words of verdicts: the label says them, and the sentence what was seen."""

ADVICE = r"\bshould\b|\btrain to\b|\bmakes? (?:you|athletes)|\bfaster if\b|\bimprove|\bbecause\b"
"""Advice, and causes that were not looked for."""

TESTED = [(one, found) for one, found in EVERY if found in TIMES]
JUDGED = [(one, found) for one, found in TESTED if found not in ("not_enough_data", "gate_failed")]


@pytest.mark.parametrize(("hypothesis", "found"), EVERY)
def test_a_coach_reads_no_jargon_no_verdict_and_no_advice(hypothesis, found):
    said = coach_words(hypothesis, made_row(hypothesis, found, reason="it takes other recordings"))
    for pattern in (*JARGON, VERDICTS, ADVICE):
        assert not re.search(pattern, said, flags=re.IGNORECASE), said
    assert re.fullmatch(r"[A-Z].*[^.]\.", said)
    assert len(re.findall(r"\.(?: |$)", said)) <= 4


@pytest.mark.parametrize(("hypothesis", "found"), TESTED)
def test_every_number_is_one_of_the_row_or_of_the_words_around_it(hypothesis, found):
    row, plain = made_row(hypothesis, found), PLAIN[hypothesis.statistic]
    told = {shown(abs(plain.plain(row[name]))) for name in ("estimate", "smallest_effect")}
    told |= {"17", "29", "41", "73", "100"}  # athletes, and their share
    around = " ".join((plain.more, plain.less, plain.size, plain.limit, hypothesis.rivals))
    told |= set(re.findall(r"\d[\d.]*\d|\d", around))
    for number in re.findall(r"\d[\d.]*\d|\d", coach_words(hypothesis, row)):
        assert number in told, (number, told)


@pytest.mark.parametrize(("hypothesis", "found"), JUDGED)
def test_it_is_told_in_how_many_athletes(hypothesis, found):
    row = made_row(hypothesis, found)
    said = coach_words(hypothesis, row)
    own = row["n_showing"] == row["n_showing"]
    assert ("in 17 of 29 athletes (of 100 like them: 41 to 73)" in said) == own
    assert own or "a comparison of 29 athletes" in said


@pytest.mark.parametrize(("hypothesis", "found"), TESTED)
def test_the_clause_says_the_direction_that_was_seen(hypothesis, found):
    """Where something was seen its own sign decides; otherwise it is what was asked."""
    row, plain = made_row(hypothesis, found), PLAIN[hypothesis.statistic]
    said = coach_words(hypothesis, row).lower()
    asked, other = (plain.more, plain.less) if hypothesis.sign > 0 else (plain.less, plain.more)
    seen, unseen = (other, asked) if found == "opposite_found" else (asked, other)
    assert seen.lower() in said
    assert unseen.lower() not in said
    assert ("stays open" in said) == (CLASS[found] == "open")
    assert ("too little to matter" in said) == (found == "no_effect")
    assert ("the other way round" in said) == (found == "opposite_found" and "17 of" in said)


CLASS = {"too_imprecise": "open", "not_enough_data": "open", "gate_failed": "open"} | dict.fromkeys(
    ("found", "opposite_found", "no_effect", "condition_failed"), "told"
)


@pytest.mark.parametrize(("hypothesis", "found"), JUDGED)
def test_what_it_does_not_say_stands_beside_it(hypothesis, found):
    assert PLAIN[hypothesis.statistic].limit in coach_words(hypothesis, made_row(hypothesis, found))


def test_less_than_would_matter_the_other_way_round():
    one = REGISTRY["H7"]
    said = coach_words(one, made_row(one, "no_effect", estimate=0.1234))
    assert "on average it was 0.123 % the other way round, too little to matter." in said


def test_a_gate_that_failed_leaves_the_question_open_and_no_number():
    one = REGISTRY["H5b"]
    said = coach_words(one, made_row(one, "too_imprecise", gates="reliability"))
    assert said == (
        "Whether at higher speed the swing leg's timing scattered less from step to step stays "
        "open: errors of measurement are too large for it."
    )
    nobody = made_row(one, "not_enough_data", estimate=NAN, gates=NAN)
    assert coach_words(one, nobody).endswith("stays open: no athlete has what it takes.")


def test_no_change_of_interest_and_a_change():
    found = coach_words(TWO_SIDED, made_row(TWO_SIDED, "found", estimate=-0.3))
    assert "slower, on average by 0.3 %, less than the 1 % that would matter; so little in" in found
    found = coach_words(TWO_SIDED, made_row(TWO_SIDED, "opposite_found", estimate=-3.0))
    assert "on average by 3 %, more than the 1 % up to which it would not matter; less in" in found


def _powers(push, swing, count=29):
    return [
        {"name": f"power of speed of the {side} leg's {what}", "estimate": value,
         "n_showing": count, "n_athletes": 29}
        for side, value in (("push", push), ("swing", swing))
        for what in ("joint moments", "momentum")
    ]  # fmt: skip


def test_both_sides_rise_and_one_more_steeply():
    one = REGISTRY["H3d"]
    said = coach_words(one, made_row(one, "mechanically_implied"), _powers(0.4, 1.1))
    assert said.startswith(
        "Both sides rise with speed in 29 of 29 athletes; the swing leg's moments rise about 2.8 "
        "times as steeply as the push leg's (power 1.1 against 0.4). Whoever runs shows it: "
    )
    assert said.endswith(IMPLIED)
    said = coach_words(one, made_row(one, "mechanically_implied"), _powers(1.5, 0.5))
    assert "the push leg's moments rise about 3 times as steeply as the swing leg's" in said


def test_at_the_same_time_for_so_much_of_contact():
    one = REGISTRY["H10"]
    row = {"name": "share", "estimate": 0.8642, "n_showing": 27.0, "n_athletes": 29}
    said = coach_words(one, made_row(one, "mechanically_implied"), [row])
    assert "for 86 % of contact, and for most of it in 27 of 29 athletes. Whoever runs" in said


def test_what_no_body_can_show_is_not_shown_by_whoever_runs():
    one = REGISTRY["H3a"]
    literal = one.literal.model_copy(update={"label": "impossible"})
    one = one.model_copy(update={"literal": literal})
    assert coach_words(one, made_row(one, "mechanically_implied")).startswith("No body can show it")


def test_every_statistic_and_every_gate_has_plain_words():
    assert set(PLAIN) == set(STATISTICS)
    assert set(FAILED) == {"athletes", *GATES}
