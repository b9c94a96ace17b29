"""Text of rendered pages, block by block, as a reader sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

PAGES = ("index", "results", "next", "quality", "methods")
"""Pages of a study; those of athletes and trials lie in folders."""

BLOCKS = {
    *("p", "li", "dt", "dd", "h1", "h2", "h3", "h4", "summary", "caption", "figcaption"),
    *("th", "td"),
}
"""Elements whose text is read as a block."""

UNREAD = {"script", "style", "svg", "nav", "header", "footer"}
"""Elements without prose about results; nor have lists of files."""

VOID = {"meta", "link", "img", "br", "input", "hr"}


@dataclass(frozen=True)
class Block:
    """Text of one element."""

    page: str
    """Path of the page below the folder of the report."""
    section: str
    """Identifier of the section or article around it."""
    kind: str
    """Name of the element."""
    text: str
    head: str = ""
    """Of a cell or a description: text of the heading before it."""


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.blocks: list[Block] = []
        self.open: list[tuple[str, str, list[str]]] = []
        self.sections: list[tuple[int, str]] = [(0, "")]
        self.unread = 0
        self.is_main = False
        self.head = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        values = dict(attrs)
        self.is_main |= tag == "main"
        style = values.get("class") or ""
        self.unread += tag in UNREAD or style == "links"
        self.open.append((tag, style, []))
        name = values.get("id") or values.get("aria-labelledby") or ""
        if tag in ("section", "article", "tr") and name:
            self.sections.append((len(self.open), name))

    def handle_endtag(self, tag: str) -> None:
        while self.open:
            name, style, text = self.open.pop()
            self.unread -= name in UNREAD or style == "links"
            if self.sections[-1][0] > len(self.open):
                self.sections.pop()
            is_prose = name not in ("th", "td") or bool(
                {"words", "w", "claim"} & set(style.split())
            )
            if name in BLOCKS:
                self._end(name, " ".join("".join(text).split()), is_prose=is_prose)
            elif self.open:
                self.open[-1][2].extend([" ", *text, " "] if name in ("div", "ul") else text)
            if name == tag:
                return

    def _end(self, name: str, text: str, *, is_prose: bool) -> None:
        text = re.sub(r" (?=[.,;:)])|(?<=\() ", "", text)
        if name in ("th", "dt", "h2", "h3", "h4"):
            self.head = text
        if text and is_prose and self.is_main and not self.unread:
            section = self.sections[-1][1]
            self.blocks.append(Block(self.page, section, name, text, self.head))

    def handle_data(self, data: str) -> None:
        if self.open and not self.unread:
            self.open[-1][2].append(data)


def page_blocks(path: Path, page: str) -> list[Block]:
    """Blocks of one page."""
    reader = _Reader(page)
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.blocks


def report_blocks(report: Path) -> Iterator[Block]:
    """Blocks of all pages of a study, its athletes and trials."""
    files = [report / f"{name}.html" for name in PAGES]
    files += sorted(report.glob("athletes/*.html")) + sorted(report.glob("trials/*/*.html"))
    for path in files:
        yield from page_blocks(path, path.relative_to(report).as_posix())
