"""The page of alterations tells what the tables hold."""

from __future__ import annotations

from pathlib import Path

import pytest

import aqbio
from benchmarks.alterations.page import BEFORE, WORDS, Line, outcomes, page, read, write_table

ROOT = Path(aqbio.__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def _line(number, outcome, wrong="no", foreseen="", said=""):
    return Line(number, "JA1", "hide", "hide A | B", outcome, wrong, "", "", said, "", foreseen)


@pytest.fixture
def results(tmp_path):
    before = [_line(1, "silent", "yes"), _line(2, "refused", "yes", "check was silent")]
    said = "[solve, warning] " + 80 * "long "
    now = [_line(1, "false reason", "yes", said=said), _line(2, "right")]
    write_table(now, tmp_path / "alterations_3.tsv")
    write_table(before, tmp_path / f"alterations_3{BEFORE}.tsv")
    return tmp_path


def test_counts_and_rows(results):
    text = page(results)
    assert "| **wrong**: the last six | **2** | **1** |" in text
    for outcome, counts in (("silent", "1 | 0"), ("check was silent", "1 | 0"), ("right", "0 | 1")):
        [row] = [line for line in text.splitlines() if line.startswith(f"| {outcome}: ")]
        assert row.endswith(f"| {counts} |")
    [row] = [line for line in text.splitlines() if line.startswith("| 3 |")]
    assert "| hide A | B | false reason |" in row
    assert row.endswith("… |")


def test_the_page_is_made_of_the_tables():
    assert (ROOT / "docs" / "alterations.md").read_text(encoding="utf-8") == page(RESULTS)


def test_the_tables_have_forty_alterations_each_and_outcomes_that_are_explained():
    tables = [read(path) for path in RESULTS.glob("alterations_*.tsv")]
    assert len(tables) >= 4  # two seeds, before and now
    for table in tables:
        assert len(table) >= 40
        assert set(outcomes(table)) <= set(WORDS)
