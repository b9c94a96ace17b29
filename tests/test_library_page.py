"""The page about aqbio as a library does what it says."""

from __future__ import annotations

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "library.md"


def test_examples_run_and_print_what_the_page_shows():
    """Markdown fences are no part of an example: a blank line ends it before the fence."""
    result = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert result.attempted > 30
    assert result.failed == 0
