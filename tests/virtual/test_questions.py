"""Ten questions that people ask of a study, each answered where docs/pages.md says, by clicks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.virtual.runners import RUNNER

pytestmark = pytest.mark.browser

PAGE = Path(__file__).parents[2] / "docs" / "pages.md"
TABLE = "## Ten questions, click by click"

SEEN = {
    1: "#words-H1",
    2: ".card >> text=Would change if",
    3: "#trials [role=status]:has-text(' of ')",
    4: "text=Residuals, plainly",
    5: ".card:has(#card-H3b) >> text=capacities.tsv",
    6: "[data-group=numbers]",
    7: "#own-fit",
    8: "#specification_curve img",
    9: "#replay[data-ready] canvas",
    10: "#compare[data-ready] canvas >> nth=1",
}
"""What answers each question, on the page that the clicks lead to."""


def paths() -> dict[int, list[str]]:
    """What is clicked, in order, by the number of the question: the documentation's own words."""
    text = PAGE.read_text(encoding="utf-8").split(TABLE)[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if re.match(r"\| \d+ \|", line)
    ]
    return {int(number): re.findall(r"\*\*(.+?)\*\*", clicks) for number, _, clicks, *_ in rows}


def walked(view, index: Path, number: int, athlete: str, trial: str) -> None:
    """Open the first page, click, and see the answer."""
    view.goto(index.as_uri())
    for words in paths()[number]:
        named = {"an athlete": athlete, "a trial": trial}.get(words, words)
        if words == "Search":
            view.get_by_role("searchbox").fill("failed")
        else:
            view.locator("a:visible, summary:visible").filter(has_text=named).first.click()
    answer = view.locator(SEEN[number]).first
    answer.wait_for(state="attached", timeout=60_000)
    for _ in range(300):  # drawings above it that are loaded meanwhile push it out of sight
        answer.evaluate("one => one.scrollIntoView()")
        if answer.is_visible():
            return
        view.wait_for_timeout(200)
    answer.wait_for(state="visible", timeout=1)


@pytest.fixture(scope="module")
def view() -> Iterator:
    from tests.chromium import chromium

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        yield page


def test_every_question_has_a_path():
    found = paths()
    assert set(found) == set(SEEN) == set(range(1, 11))
    assert max(map(len, found.values())) <= 2


@pytest.mark.parametrize("number", SEEN)
def test_a_question_is_answered_where_the_documentation_says(view, finished, number):
    walked(view, finished.root / "report" / "index.html", number, RUNNER.name, "run2")
