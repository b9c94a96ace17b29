"""Words of the pages of made-up studies are what they were; of one runner, what differs.

What `test_tables` holds cell by cell against the files is left out, so are the words of verdicts,
which have golden text of their own, and what a second athlete's page says like the first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.golden import changed, differences, known_lines, words

pytestmark = pytest.mark.xdist_group("page")

OWN = {
    "bare": ("index", "next", "quality", "S01"), "one": ("results", "index", "S01"),
    "none": ("index", "S01"),
}  # fmt: skip
"""Pages on which a study says something that the whole one does not."""


HELD = (
    "steps|quality|angular momentum in contact, .*?|joint moments about the vertical in contact|"
    "contributions to rotation at .*?"
)
"""Tables of which `test_tables` holds every number."""


def own_words(page: str) -> str:
    """A page without its menu, the numbers of those tables and the words of verdicts."""
    page = re.sub(r"<nav.*?</nav>|<article id=.words-.*?</article>", "", page, flags=re.S)
    return re.sub(
        rf'aria-label="Table: (?:{HELD})">.*?</table>',
        lambda found: re.sub(r"<td.*?</td>", "", found[0], flags=re.S), page, flags=re.S,
    )  # fmt: skip


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
        told = [*words(own_words(text)), *drawn(text)]
        if page.stem == "S02":
            first = page.with_stem("S01").read_text(encoding="utf-8")
            told = changed(words(own_words(first)), words(own_words(text)))
        lines += [f"{page.stem}: {line}" for line in dict.fromkeys(told)]
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
