"""Ten questions that people ask of a study, each answered in one click at most, in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pages import QUESTIONS, answered

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def view() -> Iterator:
    from tests.chromium import chromium

    with chromium() as browser:
        yield browser.new_page(viewport={"width": 1200, "height": 900})


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_of_the_virtual_study_is_answered(view, finished, question):
    answered(view, finished.root / "report", question)
