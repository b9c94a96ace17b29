"""Text of all pages of a study, and clicks from the first page to an answer."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any


def pages_text(results: Path) -> str:
    """Text of the pages of a study and of its athletes, the first page first; what these share."""
    folder = results / "report"
    names = ("index", "results", "next", "quality", "methods")
    files = [folder / f"{name}.html" for name in names] + sorted(folder.glob("athletes/*.html"))
    shared = (folder / "group.js").read_text(encoding="utf-8")
    shared_texts = json.loads(shared.removeprefix("globalThis.GROUP=").removesuffix(";\n"))
    return "".join(
        [
            *(path.read_text(encoding="utf-8") for path in files),
            *(text for text in shared_texts.values() if isinstance(text, str)),
        ]
    )


def words_of(text: str) -> str:
    """Visible text of HTML: no tags, single spaces."""
    plain = re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.S)
    plain = re.sub(r"</?data\b[^>]*>", "", plain)
    plain = html.unescape(re.sub(r"<[^>]+>", " ", plain))
    return re.sub(r" (?=[.,;:])", "", re.sub(r"\s+", " ", plain))


class _Visible(HTMLParser):
    """Words of a page's main part that are read before anything is unfolded, summaries included."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            is_open = tag == "details" and "open" in dict(attrs)
            self.open.append("open details" if is_open else tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() not in (tag, f"open {tag}"):
            pass

    def handle_data(self, data: str) -> None:
        inner = [b for a, b in pairwise([*self.open, ""]) if a == "details"]
        folded = any(name != "summary" for name in inner)
        if "main" in self.open and not folded and not {"script", "style", "svg"} & {*self.open}:
            self.words += data.split()


VOID = {"img", "br", "input", "meta", "link", "hr", "source"}


def visible_words(text: str) -> list[str]:
    """Words that a reader of a page meets at first."""
    return _Visible(text).words


ATHLETE = "#athletes a"
"""Link to the first athlete's page."""

RESTRICTED = "What did restricted arms do to this athlete?"
"""Question of a study with such runs."""

QUESTIONS = {
    # of a coach
    "What does a contact look like?": ([], "push side \\(solid\\)"),
    "Can I watch it?": (["#contact a.panels"], "foot on the ground|flight"),
    "Which side is weaker?": (
        [ATHLETE], "foot pushes less|cannot be compared|weaker|no plate measured",
    ),
    "What differs between left and right?": ([ATHLETE], "leaves? out 0|cannot be compared"),
    RESTRICTED: ([ATHLETE], "Restricted arms against normal"),
    "How does this athlete run beside others?": ([ATHLETE], "the range of|too few for a band"),
    "What should be recorded next?": (["#answer a[href*=next]"], "What to record next"),
    "Which trials are doubtful, and why?": ([], r"\d+ trials?: \d+"),
    # of a student
    "What do both sides carry in contact?": ([], "push side and swing side turned"),
    "Which joint drives it?": ([], "direction of the effect is certain|could not be determined"),
    "Who took part, and what was left out?": (
        ["#summary summary"], "Contacts that are no whole step",
    ),
    "How do I cite it?": ([], "How to cite"),
    # of a reviewer
    "What do the data say about the hypotheses?": ([], r"Of \d+ hypotheses"),
    "How sure is a verdict?": ([".marks a"], "Would change if|How sure"),
    "What was done, to paste?": (["nav a[href='methods.html']"], "markers were"),
}  # fmt: skip
"""Clicks from the first page on, and the text that then answers the question."""

MOST_SCREENS = 3


def answered(view: Any, report: Path, question: str) -> tuple[int, float]:
    """Clicks and screens to an answer: at most one click, and three screens down."""
    clicks, answer = QUESTIONS[question]
    view.emulate_media(reduced_motion="reduce")  # pages glide to where a link leads
    view.goto((report / "index.html").as_uri())
    for click in clicks:
        view.locator(click).first.click()
        view.wait_for_load_state("load")
    match = view.locator("main").get_by_text(re.compile(answer)).first
    match.wait_for(state="visible", timeout=10_000)
    screens = match.bounding_box()["y"] / view.viewport_size["height"]
    assert screens <= MOST_SCREENS, question
    return len(clicks), screens
