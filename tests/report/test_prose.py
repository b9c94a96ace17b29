"""Prose of pages against the tables of made-up studies, and the power of that comparison."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.report.conftest import STUDIES, MadeStudy, made_pages
from validation.prose import block_problems, missing_answers, study_problems
from validation.prose_blocks import Block
from validation.prose_planted import PLANTED, unnoticed
from validation.prose_tables import StudyTables

pytestmark = pytest.mark.xdist_group("page")

MIN_NOTICED = 27
"""Wrong words of 30 that must be noticed."""

MADE_UP = "paste"
"""Section that is written from records of stages, which here are made up and agree with nothing."""


@pytest.mark.parametrize("name", STUDIES)
def test_no_sentence_contradicts_the_tables(folder, name):
    problems = study_problems(made_pages(name, folder / name).study.root)
    assert [str(problem) for problem in problems if problem.block.section != MADE_UP] == []


@pytest.mark.parametrize("seed", [1, 5])
def test_wrong_words_are_noticed(whole_study: MadeStudy, seed):
    missed = unnoticed(whole_study.study.root, seed)
    assert PLANTED - len(missed) >= MIN_NOTICED, missed


CONTRADICTIONS = pd.read_csv(
    Path(__file__).with_name("contradictions.tsv"), sep="\t", keep_default_na=False
)
"""Sentences that once stood on pages and that their tables contradicted."""


@pytest.mark.parametrize("row", CONTRADICTIONS.to_dict("records"), ids=lambda row: row["name"])
def test_contradictions_of_the_past_are_noticed(whole_study: MadeStudy, row):
    names = ("page", "section", "kind", "text", "head")
    block = Block(*(row[name] for name in names))
    assert list(block_problems(block, StudyTables(whole_study.study.root)))


def test_a_measure_that_is_not_listed_is_noticed(whole_study: MadeStudy, tmp_path):
    """16 of the past: the list of measures outside their limits left one out."""
    copy = tmp_path / "results"
    for name in ("report", "tables", "figures"):
        shutil.copytree(whole_study.study.root / name, copy / name)
    page = copy / "report" / "quality.html"
    text = page.read_text(encoding="utf-8")
    section, mark, rest = text.partition('id="agreement"')
    row = next(part for part in rest.split("<tr>") if " of " in part and "<td>" in part)
    page.write_text(section + mark + rest.replace(f"<tr>{row}", "", 1), encoding="utf-8")
    assert list(missing_answers([], StudyTables(copy)))


@pytest.mark.parametrize("kind", ["condition", "session"])
def test_a_comparison_that_no_page_makes_is_noticed(whole_study: MadeStudy, kind):
    """18 and 19 of the past: two sessions, and restricted against normal arms, of one athlete."""
    tables = StudyTables(whole_study.study.root)
    before = set(map(str, missing_answers([], tables)))
    row = pd.DataFrame([{"participant_id": "S01", "comparison": kind}])
    tables.replace("differences", pd.concat([tables["differences"], row]))
    added = set(map(str, missing_answers([], tables))) - before
    assert any("S01 are not compared" in problem for problem in added)
