"""No message gives an empty, or the same, reason twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.promises import unreasoned

GOLDEN = sorted((Path(__file__).parent / "golden").rglob("*.txt"))


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_every_option_of_a_message_says_something_of_its_own(file):
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if unreasoned(line)] == []


@pytest.mark.parametrize(
    "text",
    [
        "It is not decided why: ; or something that explains more than that.",
        "The cause is not identified: the clock is late; or the clock is late. They are used.",
        "write “swap” or “swap” into column fix.",
        "the cause is not identified: or a cause that the table of faults does not hold.",
    ],
)
def test_an_option_that_says_nothing_is_found(text):
    assert unreasoned(text)
