"""Addresses that finished pages carry, and their text outside of these."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

FIELDS = ("table", "key", "column", "by", "factor")
"""Attributes of an address, without ``data-``."""

CONSTANT = "constant"
"""What is computed of no table: words that are the same in every study."""

DIGIT = re.compile(r"(?<![A-Za-z_\d.-])\d+(?:\.\d+)?(?![A-Za-z_\d])")
"""A number that is no part of a name."""

VOID = {"meta", "link", "img", "br", "input", "hr", "source"}
UNREAD = {"script", "style", "svg", "nav", "header", "footer", "title", "kbd"}
LINKS = "links"
"""Class of lists of files."""

LINE = {
    "p",
    "li",
    "dt",
    "dd",
    "h1",
    "h2",
    "h3",
    "h4",
    "summary",
    "caption",
    "figcaption",
    "th",
    "td",
}
"""Elements whose text is read together."""


@dataclass(frozen=True)
class Address:
    """What a page says at one place, and where that stands."""

    page: str
    text: str
    table: str = ""
    key: str = ""
    column: str = ""
    by: str = ""
    factor: str = ""


@dataclass
class _Element:
    tag: str
    address: dict[str, str]
    section: str
    is_data: bool
    is_read: bool
    text: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """Text outside addresses."""

    page: str
    section: str
    text: str


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.open: list[_Element] = []
        self.unread = 0
        self.addresses: list[Address] = []
        self.lines: list[Line] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        values = {name: value or "" for name, value in attrs}
        own = {name: values[f"data-{name}"] for name in FIELDS if f"data-{name}" in values}
        above = self.open[-1] if self.open else None
        merged = dict(above.address) if above else {}
        if "key" in own and "table" not in own and merged.get("key"):
            own["key"] = f"{merged['key']};{own['key']}"
        merged |= own
        named = values.get("id") or values.get("aria-labelledby") or ""
        section = above.section if above else ""
        if tag in ("section", "article") and named:
            section = named
        is_data = tag in ("data", "span") and bool(
            own.get("by") == CONSTANT or ("table" in merged and {"by", "column"} & set(own))
        )
        is_read = tag not in UNREAD and values.get("class") != LINKS
        self.unread += not is_read
        self.open.append(_Element(tag, merged, section, is_data, is_read))

    def handle_endtag(self, tag: str) -> None:
        while self.open:
            element = self.open.pop()
            self.unread -= not element.is_read
            text = "".join(element.text)
            if element.is_data:
                place = (
                    {"by": CONSTANT} if element.address.get("by") == CONSTANT else element.address
                )
                self.addresses.append(Address(self.page, text, **place))
                text = " ¶ "
            if element.tag in LINE and not self.unread:
                self.lines.append(Line(self.page, element.section, " ".join(text.split())))
            elif self.open:
                self.open[-1].text.append(text)
            if element.tag == tag:
                return

    def handle_data(self, data: str) -> None:
        if self.open and not self.unread:
            self.open[-1].text.append(data)


def read_page(path: Path, page: str) -> tuple[list[Address], list[Line]]:
    """Addresses of a page, and its lines with ¶ in the place of each."""
    reader = _Reader(page)
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.addresses, reader.lines


PAGES = ("", "athletes/", "trials/*/")
"""Folders of pages."""


def read_report(results: Path) -> tuple[list[Address], list[Line]]:
    """Addresses and lines of all pages of a study and of its athletes."""
    report = results / "report"
    files = [path for folder in PAGES for path in sorted(report.glob(f"{folder}*.html"))]
    pages = [read_page(path, path.relative_to(report).as_posix()) for path in files]
    return [one for page, _ in pages for one in page], [one for _, page in pages for one in page]
