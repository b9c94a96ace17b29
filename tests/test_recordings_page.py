"""The page about recordings: every known trouble has a line, and the tests it names exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "recordings.md").read_text(encoding="utf-8")
TROUBLES = 28
LABORATORIES = 54


def test_every_trouble_has_a_line_with_a_test():
    lines = re.findall(r"^\| (\d+) \|.*$", PAGE, flags=re.M)
    assert lines == [str(number) for number in range(1, TROUBLES + 1)]
    for line in re.findall(r"^\| \d+ \|.*$", PAGE, flags=re.M):
        assert "::test_" in line, line


def test_every_line_of_the_laboratories_says_what_became_of_it():
    """Mended or named with a test, or open with what it waits for."""
    rows = re.findall(r"^\| L(\d+) \| (.+) \| (.+) \| (.+) \|$", PAGE, flags=re.M)
    assert [int(number) for number, *_ in rows] == list(range(1, LABORATORIES + 1))
    for number, met, now, shown in rows:
        assert met, number
        assert re.search(r"\b(mended|named|open)\b", now), now
        assert "::test_" in shown or now.startswith("open"), number


def test_named_tests_exist():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > TROUBLES + LABORATORIES
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file()
        or f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert not missing
