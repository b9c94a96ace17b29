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

PAGES_OF = {
    "bare": ("index", "next", "quality", "S01"), "one": ("results", "index", "S01"),
    "none": ("index", "S01"),
}  # fmt: skip
"""Pages on which a study says something that the whole one does not."""


NUMERIC_TABLES = (
    "steps|quality|angular momentum in contact, .*?|joint moments about the vertical in contact|"
    "contributions to rotation at .*?"
)
"""Tables of which `test_tables` holds every number."""


def own_words(page: str) -> str:
    """A page without its menu, the numbers of those tables and the words of verdicts."""
    page = re.sub(r"<nav.*?</nav>|<article id=.words-.*?</article>", "", page, flags=re.S)
    return re.sub(
        rf'aria-label="Table: (?:{NUMERIC_TABLES})">.*?</table>',
        lambda table: re.sub(r"<td.*?</td>", "", table[0], flags=re.S), page, flags=re.S,
    )  # fmt: skip


def marks(page: str) -> Iterator[str]:
    """Links of a page, and its marks."""
    yield " ".join(sorted(set(re.findall(r'href="([^"]*)"', page))))
    classes = re.findall(r'class="([^"]*)"', page)
    yield " ".join(f"{classes.count(look)} {look}," for look in sorted(set(classes)))


def test_pages(made_study):
    pages = sorted(made_study.report.rglob("*.html"))
    lines = []
    for page in (
        page_path
        for page_path in pages
        if page_path.stem in PAGES_OF.get(made_study.name, (page_path.stem,))
    ):
        if page.stem in ("one_file", "S03"):
            continue
        text = page.read_text(encoding="utf-8")
        page_lines = [*words(own_words(text)), *marks(text)]
        if page.stem == "S02":
            first = page.with_stem("S01").read_text(encoding="utf-8")
            page_lines = changed(words(own_words(first)), words(own_words(text)))
        lines += [f"{page.stem}: {line}" for line in dict.fromkeys(page_lines)]
    listed = json.loads(
        (made_study.study.root / "figures" / "figures.json").read_text(encoding="utf-8")
    )
    lines += [f"{figure['name']}: {figure['alternative_text']}" for figure in listed["figures"]]
    if made_study.name == "whole":
        for name in ("group.js", "compare-data.js"):
            _, _, script = (made_study.report / name).read_text(encoding="utf-8").partition("=")
            for key, value in json.loads(script.removesuffix(";\n")).items():
                page_lines = value if isinstance(value, str) else json.dumps(value)
                lines += [
                    f"{name} {key}: {line}" for line in (*words(page_lines), *marks(page_lines))
                ]
    if made_study.name == "one":
        lines = [line for line in lines if line not in known_lines("pages_whole")]
    assert differences(f"pages_{made_study.name}", lines) == []
