"""Every word of the pages of made-up studies is what it was."""

from __future__ import annotations

import json

import pytest

from aqbio.figures.stage import figures_study
from aqbio.pages.stage import report_study
from tests.figures.made_results import write_made_results
from tests.golden import differences, words
from tests.undrawn import draw_nothing

STUDIES = {"whole": {"lacking": ()}, "bare": {"lacking": ("forces", "arms", "static")}}
"""Two athletes of whom everything was recorded, and two without plates, arms and static trials."""

ALIKE = ("results", "methods", "S02")
"""Pages that say much the same of both studies."""


@pytest.mark.parametrize("name", STUDIES)
def test_pages(name, tmp_path):
    figures = {"widths_mm": [85], "formats": ["svg"]}
    study = write_made_results(tmp_path, figures=figures, **STUDIES[name])
    with pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        figures_study(study, lambda _: None)
    report_study(study, lambda _: None)
    every = sorted((study.root / "report").rglob("*.html"))
    pages = [one for one in every if name == "whole" or one.stem not in ALIKE]
    lines = [
        f"{page.stem}: {line}" for page in pages for line in words(page.read_text(encoding="utf-8"))
    ]
    listed = json.loads((study.root / "figures" / "figures.json").read_text(encoding="utf-8"))
    lines += [f"{one['name']}: {one['alternative_text']}" for one in listed["figures"]]
    assert differences(f"pages_{name}", lines) == []
