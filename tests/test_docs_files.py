"""Pages that are made from data are in step with them: `make settings` writes them again."""

from __future__ import annotations

from pathlib import Path

import aqbio
from docs.make_segments_page import segments_page

DOCS = Path(aqbio.__file__).parents[1] / "docs"


def test_the_page_of_segments_is_made_from_the_sources():
    assert (DOCS / "segments.md").read_text(encoding="utf-8") == segments_page()


def test_the_written_words_have_a_place_for_every_table():
    assert "<!--" not in segments_page()
