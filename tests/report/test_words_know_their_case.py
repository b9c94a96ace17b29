"""Words of pages that were once true of another study, row or clock than the one they stand at."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from aqbio.errors import Finding, causes
from aqbio.names import USABLE
from aqbio.pages.address import plain
from aqbio.pages.athlete import clock_words
from aqbio.pages.difference_words import Comparison, Difference, comparison_words
from aqbio.pages.differences import FORCE, MEASURES, OUTCOMES, POSTURES
from aqbio.pages.quality import beyond_limits
from aqbio.pages.record_next import finding_advice
from aqbio.reference.group import MAX_SPEED_GAP_MPS, MAX_SPEED_OFFSET_MPS
from aqbio.stats.gates import _per_athlete
from tests.pages import words_of
from tests.report.conftest import MadeStudy

pytestmark = pytest.mark.xdist_group("page")

PAGES = Path(__file__).parents[2] / "aqbio" / "pages"
WRITTEN = [*sorted((PAGES / "templates").glob("*.j2")), PAGES / "words.yaml"]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_no_written_words_hold_a_result(path):
    """An interval, a power or a moment of one study would stand on everybody's page."""
    text = re.sub(r"<style.*?</style>|\{\{.*?\}\}|\{%.*?%\}", " ", path.read_text(), flags=re.S)
    text = text.replace("± 95 %", "")
    assert re.findall(r"± ?\d\S*|\d\S* (?:N m|N m/kg|W/kg|kg m²/s|%BW|mm)\b", text) == []


def test_a_remark_gives_no_advice():
    cut = Finding("belt-changes", "info", "it changes.", trial="run", participant="A", fix="x.")
    trials = pd.DataFrame({"participant_id": ["A"], "trial_id": ["run"], "state": [USABLE],
                           "steps_ok": [3], "steps_rejected": [1]})  # fmt: skip
    assert finding_advice(causes([cut]), None, trials) == []


def test_trials_beyond_a_limit_are_counted_softly_or_not():
    quality = pd.DataFrame(
        {"measure": "flight_drift", "unit": "1", "verdict": ["ok", "warning", "fail", None]}
    )
    [(_, words)] = beyond_limits(quality)
    assert plain(words) == "2 of 4"


def test_who_counts_at_a_speed_is_said_as_it_is_computed():
    text = (PAGES / "templates" / "others.html.j2").read_text()
    near, gap = re.search(r"within ([\d.]+) m/s .* at most ([\d.]+) m/s apart", text).groups()
    assert (float(near), float(gap)) == (MAX_SPEED_OFFSET_MPS, MAX_SPEED_GAP_MPS)


def test_articles_without_a_verdict_speak_of_none(made_study: MadeStudy):
    page = made_study.page("results") if made_study.name != "none" else ""
    articles = re.findall(
        r'<article [^>]*class="verdict-text described">(.*?)</article>', page, re.S
    )
    for article in articles:
        assert "verdict" not in words_of(article).replace("described, no verdict", "").lower()
    assert bool(articles) == (made_study.name != "none")


@pytest.mark.parametrize(("lag_s", "words"), [(0.0, ""), (0.0041, "up to 4.1 ms apart")])
def test_steps_and_findings_on_two_clocks_are_said_to_be(lag_s, words):
    steps = pd.DataFrame({"participant_id": "A", "trial_id": "run", "touchdown_s": [0.352, 0.8]})
    steps["touchdown_fitted_s"] = steps["touchdown_s"] - lag_s
    said = plain(clock_words(steps))
    assert said.endswith(words)
    assert bool(said) == bool(words)


@pytest.mark.parametrize(
    ("joint", "word", "segment", "goes"),
    [
        ("hip", "extension", (0.0, -1.0), (-1.0, 0.0)),
        ("knee", "extension", (0.0, -1.0), (1.0, 0.0)),
        ("ankle", "push-off", (1.0, 0.0), (0.0, -1.0)),
    ],
)
def test_a_joint_moment_is_positive_where_its_name_says(joint, word, segment, goes):
    """x forward, y up: where a moment about z turns the end of a thigh, a shank, a foot."""
    outcome = next(one for one in MEASURES if one.source == f"{joint}_push")
    assert word in outcome.label
    x, y = segment
    assert (-outcome.factor * y, outcome.factor * x) == goes


def _row(**cells):
    numbers = {"value": 0.4, "low": 0.1, "high": 0.7, "percent": 5.0, "percent_low": 2.0,
               "percent_high": 8.0, "first_mean": 0.5, "second_mean": 0.1, "first_steps": 4,
               "second_steps": 4, "first_mps": 8.0, "second_mps": 8.0}  # fmt: skip
    key = {"participant_id": "A", "comparison": "condition", "first": "restricted_arms",
           "second": "normal", "condition": "restricted_arms", "speed_mps": 8.0, "side": "both",
           "level": "steps", "source": FORCE.source, "target": None, "statistic": None,
           "axis": None}  # fmt: skip
    return numbers | key | cells


def test_a_multiple_of_next_to_nothing_is_no_per_cent():
    hip = next(outcome for outcome in MEASURES if outcome.source == "hip_push")
    assert (
        Difference(hip, _row(percent=564.4, percent_low=100.0, percent_high=1028.0)).unit == "N m"
    )
    assert Difference(hip, _row()).unit == "%"


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_sentence_has_the_signs_of_its_table(sign):
    ends = sorted((sign * 17.0, sign * -11.0))
    row = _row(percent=sign * 3.0, percent_low=ends[0], percent_high=ends[1])
    difference = Difference(FORCE, row)
    numbers = re.findall(r"−?\d+", plain(difference.cell))
    assert re.findall(r"−?\d+", plain(difference.words(brief=True))) == numbers


def test_a_sentence_on_conditions_says_of_how_many_measures_it_speaks():
    differences = tuple(
        Difference(outcome, _row(source=outcome.source)) for outcome in (*MEASURES, *POSTURES)
    )
    words = plain(comparison_words(Comparison("condition", "8.0 m/s", "a", "b", differences)))
    assert f"of {len(OUTCOMES)} measures" in words
    assert words.endswith("; others in the table.")


def test_a_sentence_that_names_no_difference_speaks_of_its_own_measures_only():
    differences = tuple(
        Difference(outcome, _row(source=outcome.source, low=-1.0, high=1.0, percent=float("nan")))
        for outcome in (*MEASURES, *POSTURES)
    )
    words = plain(comparison_words(Comparison("condition", "8.0 m/s", "a", "b", differences)))
    assert words.endswith(": no 95 % interval of force, contact time and sides leaves out 0.")
    assert "measures" not in words


@pytest.mark.parametrize(
    ("rows", "levels", "unit"),
    [("steps", 1, "steps at one speed"), ("steps", 2, "steps"), ("consecutive", 1, "consecutive")],
)
def test_a_gate_says_at_one_speed_where_steps_must_be(rows, levels, unit):
    minimum = SimpleNamespace(steps=6, levels=levels)
    formula = SimpleNamespace(rows=rows)
    words = _per_athlete(SimpleNamespace(minimum=minimum, statistic="formula", formula=formula))
    assert f"at least 6 {unit}" in words
    assert ("at one speed" in words) == (unit == "steps at one speed")


def test_a_page_that_is_finished_before_the_study_links_to_nothing_that_is_not_there(whole_study):
    """Links to pages of the study are pending; whatever else it links to lies beside it."""
    pages = [*whole_study.study.root.glob("participants/*/pages/athletes/*.html")]
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert ' data-href="../' in text
        for link in re.findall(r'<a href="([^"#?]+)', text):
            assert link.startswith("https:") or (page.parent / link).exists(), link
