"""Troubles of recordings: every known one has a line in tests/troubles.tsv, with a test."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "tests" / "troubles.tsv").read_text(encoding="utf-8")
ROWS = list(csv.DictReader(TABLE.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
TROUBLES = 28
LABORATORIES = 54


def test_troubles_are_all_there():
    numbers = [row["number"] for row in ROWS]
    public = [str(number) for number in range(1, TROUBLES + 1)]
    assert numbers[:TROUBLES] == public
    met = [f"L{number}" for number in range(1, LABORATORIES + 1)]
    assert numbers[TROUBLES : TROUBLES + LABORATORIES] == met


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["number"])
def test_every_line_says_what_became_of_it_and_where_that_is_shown(row):
    """Of laboratories mended or named, or open."""
    assert row["met"]
    assert row["now"]
    if row["number"].startswith("L"):
        assert re.search(r"\b(mended|named|open)\b", row["now"]), row["now"]
    named = [one.split("::") for one in row["tests"].split(", ")]
    assert named
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"
