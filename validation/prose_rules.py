"""Rules of prose: forms of a sentence with numbers or comparisons, and their recomputation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from validation.prose_blocks import Block
from validation.prose_tables import StudyTables, agrees

Check = Callable[[re.Match[str], StudyTables, Block], Iterable[str]]


@dataclass(frozen=True)
class Rule:
    """A form of words, and what it must say of the tables."""

    pattern: re.Pattern[str]
    check: Check
    sections: tuple[str, ...] = ()
    """Beginnings of the sections in which it applies; everywhere for none."""
    page: str = ""
    """Beginning of the page's path."""

    def applies(self, block: Block) -> bool:
        """True if the rule is for this block."""
        starts = self.sections or ("",)
        return block.page.startswith(self.page) and block.section.startswith(starts)


class NotMineError(Exception):
    """The words of a match are for other rules, quotations or definitions."""


RULES: list[Rule] = []


def rule(pattern: str, *sections: str, page: str = "") -> Callable[[Check], Check]:
    """Register the check of a form of words."""

    def register(check: Check) -> Check:
        RULES.append(Rule(re.compile(pattern), check, sections, page))
        return check

    return register


def number(what: str, text: str, value: float) -> Iterator[str]:
    """State where a written number is not the recomputed one."""
    if not agrees(text, value):
        yield f"{what}: the page says {text}, the table {value:.6g}"


def words(what: str, text: str, expected: str) -> Iterator[str]:
    """State where written words are not those that follow from the tables."""
    if text != expected:
        yield f"{what}: the page says “{text}”, the table “{expected}”"


def true(what: str, holds: bool) -> Iterator[str]:
    """State a comparison that does not hold."""
    if not holds:
        yield f"{what}: the table says otherwise"
