"""The page about recordings: every known trouble has a line, and the tests it names exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "recordings.md").read_text(encoding="utf-8")
TROUBLES = 28


def test_every_trouble_has_a_line_with_a_test():
    lines = re.findall(r"^\| (\d+) \|.*$", PAGE, flags=re.M)
    assert lines == [str(number) for number in range(1, TROUBLES + 1)]
    for line in re.findall(r"^\| \d+ \|.*$", PAGE, flags=re.M):
        assert "::test_" in line, line


def test_named_tests_exist():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > TROUBLES
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file()
        or f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert not missing
