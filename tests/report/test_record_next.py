"""Actions to take: doubtful trials and advice, ranked, by where they act."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from aqbio.errors import Finding, causes
from aqbio.intervals import sources as intervals
from aqbio.names import DOUBTFUL, USABLE
from aqbio.observed.invalidated import DECISIVE_MEASURES, OUTCOMES
from aqbio.pages.address import plain
from aqbio.pages.record_next import (
    LEAVE_OUT,
    NOTHING,
    STAND,
    advice_by_kind,
    budget_advice,
    doubtful_trials,
    finding_advice,
    steps_lost_to,
)
from aqbio.pages.words import _WORDS as WORDS
from aqbio.pages.words import DOUBTS, FIX_KINDS, INVALIDATED, REMEDIES, SOURCES, fix_kind
from tests.report.as_read import as_read

ROOT = Path(__file__).parents[2]


def _trials(*rows):
    names = ["trial_id", "state", "outside", "invalidated", "steps_ok", "steps_rejected"]
    return pd.DataFrame(rows, columns=names).assign(participant_id="A", against=None)


TRIALS = _trials(
    ("few", DOUBTFUL, "hidden_motion", "momentum, moments, causes", 3, 0),
    ("many", DOUBTFUL, "hidden_rates", "moments, causes", 12, 1),
    ("sound", USABLE, None, None, 8, 2),
)
WANDERS = Finding(
    "label-wanders", "warning", "label LMT5 wanders by 143 mm.", trial="many", participant="A",
    fix="correct LMT5 in the capture software.",
)  # fmt: skip
CLIPPED = Finding(
    "plate-clipped", "error", "plate 3 is clipped.", trial="sound", participant="A",
    fix="set a larger range on the amplifier.",
)  # fmt: skip
REMARK = Finding("belt-changes", "info", "it changes.", trial="few", participant="A", fix="x.")


def test_doubtful_trials_are_ranked_by_what_they_would_return():
    trials = doubtful_trials(TRIALS, [WANDERS, CLIPPED, REMARK])
    assert [trial.trial_ids for trial in trials] == [("many",), ("few",)]
    of_many, of_few = trials  # two kinds of numbers of 12 steps, three of 3
    returned = "A repair returns joint moments and what each joint drives of 12 steps; "
    assert plain(of_many.returned) == f"{returned}the others count."
    assert "of 3 steps" in plain(of_few.returned)
    assert of_many.seems == DOUBTS["hidden_rates"].seems
    assert of_many.technical.startswith("outside the limit: ")
    assert of_many.named
    assert as_read(of_many.remedies["Repair the files"]) == (
        "Correct LMT5 in the capture software.",
    )


def test_without_a_finding_the_page_says_where_to_look():
    [doubtful] = doubtful_trials(TRIALS[:1], [REMARK])
    assert not doubtful.named
    assert doubtful.remedies["Repair the files"] == (DOUBTS["hidden_motion"].repair,)
    assert doubtful.remedies["Record next time"] == (DOUBTS["hidden_motion"].recording,)
    assert "Analyse again" not in doubtful.remedies
    all_affected = TRIALS[:1].assign(invalidated=", ".join(OUTCOMES))
    [doubtful] = doubtful_trials(all_affected, [])
    assert doubtful.remedies["Analyse again"] == (LEAVE_OUT,)
    assert plain(doubtful.returned) == "A repair returns all numbers of 3 steps."


def test_trials_of_one_doubt_stand_together():
    """Two of 3 and 9 steps go before one of 12 with fewer kinds of numbers."""
    third_trial = TRIALS[:1].assign(trial_id="again", steps_ok=9)
    pair, single = doubtful_trials(pd.concat([TRIALS, third_trial]), [])
    assert (pair.trial_ids, pair.steps, pair.size) == (("few", "again"), 12, 36)
    assert single.trial_ids == ("many",)


def test_advice_is_ranked_by_the_steps_that_are_lost_to_it():
    """A remark on a trial whose steps something else excludes costs none of them."""
    lines = TRIALS.assign(against=[None, "the clock runs twice. plates hum.", None])
    hums = replace(WANDERS, rule="plate-hum", what="plates hum.", fix="mend the plates.")
    filtered = replace(WANDERS, rule="markers-low-passed", fix="export unfiltered.")
    advice = finding_advice(causes([WANDERS, hums, filtered, CLIPPED, REMARK]), None, lines)
    assert {plain(item.action): item.steps for item in advice} == {
        "Mend the plates.": 12, "Export unfiltered.": 12, "Set a larger range on the amplifier.": 2,
        "Correct LMT5 in the capture software.": 0,
    }  # fmt: skip
    assert [item.steps for item in advice] == [12, 12, 2, 0]
    by_kind = advice_by_kind(advice)
    assert list(by_kind) == ["Record next time", "Repair the files"]
    of_all = Finding("labels-against-names", "warning", "names.", participant="A", fix="look.")
    assert steps_lost_to([of_all], lines) == 0
    assert steps_lost_to([of_all], lines.assign(outside="labels_against_names")) == 15
    assert steps_lost_to([replace(of_all, participant="B")], lines.assign(outside="x")) == 0


def test_a_posture_is_advised_where_none_was_held():
    assert [item.action for item in finding_advice([], 0)] == [STAND]
    assert finding_advice([], 1) == finding_advice([], None) == []


def test_every_source_of_error_is_told_with_what_would_reduce_it():
    assert set(REMEDIES) == set(SOURCES) == {*intervals.SOURCES, intervals.MODEL}


def _budget(*people):
    """Rows of the whole body about the vertical: standard deviation, and shares that are not 0."""
    shares = {f"share_{name}": 0.0 for name in SOURCES}
    rows = [
        shares | {f"share_{name}": share for name, share in own.items()} | {"sd": sd}
        for sd, own in people
    ]
    table = pd.DataFrame(rows, columns=["sd", *shares])
    names = [f"S{number}" for number in range(len(table))]
    return table.assign(
        participant_id=names, level="A", source="total", axis="y", statistic="momentum_mean",
        target="whole_body",
    )  # fmt: skip


def test_advice_is_what_narrows_the_interval_most_and_says_by_how_much():
    """Of ± 1.96 that are 70 % masses and centres ± 1.96 √.3 are left; motion would leave √.9."""
    [advice] = budget_advice(_budget((1.0, {"inertia": 0.3, "centres": 0.4, "motion": 0.1})), 1)
    assert advice.action == REMEDIES["inertia"] == REMEDIES["centres"]
    words = plain(advice.why)
    assert "± 1.96 kg m²/s" in words
    assert "without these errors ± 1.07 would be left" in words
    assert "segments (30 % of the variance) and centres of mass of the segments (40 %)" in words


@pytest.mark.parametrize("name", ["model"])
def test_nothing_is_advised_where_no_recording_narrows_the_interval(name):
    [advice] = budget_advice(_budget((1.0, {name: 1.0})), 1)
    assert advice.action == NOTHING
    assert plain(advice.why).endswith(
        f"100 % of the variance comes from {SOURCES[name][1]}, which no recording narrows."
    )


def test_an_error_that_is_not_known_gives_no_advice():
    known = _budget((1.0, {"inertia": 1.0}))
    assert list(budget_advice(known, None)) == []
    assert list(budget_advice(known.assign(source="arms"), 1)) == []
    assert list(budget_advice(known.assign(sd=float("nan")), 1)) == []
    assert list(budget_advice(_budget(), 1)) == []


def test_every_decisive_measure_and_outcome_has_words():
    assert set(DOUBTS) | {"findings_against_use"} == set(DECISIVE_MEASURES)
    assert set(INVALIDATED) == set(OUTCOMES)


def test_rules_of_remedies_exist():
    """A rule that is renamed would silently fall to repair."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "aqbio").rglob("*.py"))
    for kind, rules in WORDS["fixes"].items():
        assert kind in FIX_KINDS
        for rule in rules:
            assert re.search(rf'"{rule}"', source), rule
            assert fix_kind(rule) == kind
