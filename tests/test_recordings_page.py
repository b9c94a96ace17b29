"""Troubles of recordings and machines: each known one has a line in tests/troubles.tsv."""

from __future__ import annotations

import csv
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "tests" / "troubles.tsv").read_text(encoding="utf-8")
ROWS = list(csv.DictReader(TABLE.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
TROUBLES = 28
LABORATORIES = 54
MACHINES = 36


def test_every_line_says_what_became_of_it_and_where_that_is_shown():
    """Of laboratories mended or named, or open."""
    numbers = [*range(1, TROUBLES + 1), *(f"L{number}" for number in range(1, LABORATORIES + 1))]
    numbers += [f"M{number}" for number in range(1, MACHINES + 1)]
    written = [row["number"] for row in ROWS]
    assert [number for number in written if str(number) in map(str, numbers)] == [
        *map(str, numbers)
    ]
    wrong = []
    for row in ROWS:
        state = r"\b(mended|named|open)\b" if row["number"].startswith("L") else "."
        wrong += [row["number"]] * (not row["met"] or not re.search(state, row["now"]))
        for path, name in (test.split("::") for test in row["tests"].split(", ")):
            file = ROOT / path
            exists = file.is_file() and f"def {name}(" in file.read_text(encoding="utf-8")
            wrong += [f"{row['number']}: {path}::{name}"] * (not exists)
    assert wrong == []
