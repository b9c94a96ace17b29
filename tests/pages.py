"""What the pages of a study say together, wherever it stands."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any


def pages_text(results: Path) -> str:
    """Text of the pages of a study and of its athletes, the first page first; what these share."""
    folder = results / "report"
    names = ("index", "results", "next", "quality", "methods")
    files = [folder / f"{name}.html" for name in names] + sorted(folder.glob("athletes/*.html"))
    shared = (folder / "group.js").read_text(encoding="utf-8")
    beside = json.loads(shared.removeprefix("globalThis.GROUP=").removesuffix(";\n"))
    return "".join(
        [
            *(path.read_text(encoding="utf-8") for path in files),
            *(one for one in beside.values() if isinstance(one, str)),
        ]
    )


def words_of(text: str) -> str:
    """What a reader reads of HTML: no marks, single spaces."""
    plain = re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.S)
    plain = html.unescape(re.sub(r"<[^>]+>", " ", plain))
    return re.sub(r" (?=[.,;:])", "", re.sub(r"\s+", " ", plain))


QUESTIONS = {
    "Which side is weaker?": ("index.html", "#athletes a", "foot pushes less|cannot be compared"),
    "What do both sides carry in contact?": ("index.html", "", "push side and swing side turned"),
    "Which joint drives it?": (
        "index.html", "", "direction of the effect is certain|could not be determined",
    ),
    "What differs between left and right?": (
        "index.html", "#athletes a", "leaves out 0|cannot be compared",
    ),
    "What should be recorded next?": ("index.html", "#answer a", "What to record next"),
    "What do the data say about the hypotheses?": ("index.html", "", r"Of \d+ hypotheses"),
    "How sure is a verdict?": ("index.html", ".marks a", "Would change if"),
    "Which trials can be used, and why not?": ("index.html", "", r"\d+ trials?: \d+"),
    "What was done, to paste?": ("index.html", "nav a[href='methods.html']", "markers were"),
    "Who took part, and what was left out?": ("index.html", "", "Contacts that are no whole step"),
}  # fmt: skip
"""Page, what is clicked there, and what a reader finds."""


def answered(view: Any, report: Path, question: str) -> None:
    """Open a page of a study, click once at most, and see the answer within two screens."""
    page, click, answer = QUESTIONS[question]
    view.emulate_media(reduced_motion="reduce")  # pages glide to where a link leads
    view.goto((report / page).as_uri())
    if click:
        view.locator(click).first.click()
        view.wait_for_load_state("load")
    found = view.locator("main").get_by_text(re.compile(answer)).first
    found.wait_for(state="visible", timeout=10_000)
    height = view.viewport_size["height"]
    assert found.bounding_box()["y"] <= 2 * height, question
