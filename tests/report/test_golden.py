"""Every word of the pages of made-up studies is what it was; of one runner, what differs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.golden import differences, known_lines, words

pytestmark = pytest.mark.xdist_group("page")

OWN = {
    "bare": ("index", "next", "quality", "S01"), "one": ("results", "index", "S01"),
    "none": ("index", "S01"),
}  # fmt: skip
"""Pages on which a study says something that the whole one does not."""


def drawn(page: str) -> Iterator[str]:
    """Where a page leads, and its marks."""
    yield " ".join(sorted(set(re.findall(r'href="([^"]*)"', page))))
    classes = re.findall(r'class="([^"]*)"', page)
    yield " ".join(f"{classes.count(one)} {one}," for one in sorted(set(classes)))


def test_pages(made):
    pages = sorted(made.report.rglob("*.html"))
    lines = []
    for page in (one for one in pages if one.stem in OWN.get(made.name, (one.stem,))):
        if page.stem in ("one_file", "S03"):
            continue
        text = page.read_text(encoding="utf-8")
        lines += [f"{page.stem}: {line}" for line in (*words(text), *drawn(text))]
    listed = json.loads((made.study.root / "figures" / "figures.json").read_text(encoding="utf-8"))
    lines += [f"{one['name']}: {one['alternative_text']}" for one in listed["figures"]]
    if made.name == "whole":
        for name in ("group.js", "compare-data.js"):
            _, _, script = (made.report / name).read_text(encoding="utf-8").partition("=")
            for key, value in json.loads(script.removesuffix(";\n")).items():
                told = value if isinstance(value, str) else json.dumps(value)
                lines += [f"{name} {key}: {line}" for line in (*words(told), *drawn(told))]
    if made.name == "one":
        lines = [line for line in lines if line not in known_lines("pages_whole")]
    assert differences(f"pages_{made.name}", lines) == []
