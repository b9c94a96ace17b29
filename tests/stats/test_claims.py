"""docs/claims.md: every sentence has a label, and a hypothesis of the registry or none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aqbio.stats.registry import read_registry

PAGE = Path(__file__).parents[2] / "docs" / "claims.md"
LINES = PAGE.read_text(encoding="utf-8").splitlines()
LABELS = {"implied by mechanics", "cannot be otherwise in bodies", "testable"}
COLUMNS = [
    "article",
    "quote",
    "hypothesis",
    "the sentence as it stands",
    "what could have been otherwise",
    "the author could say",
    "a critic could say",
]
SHORT = ["article", "claim", "entry, or the reason why not"]
LONGEST_QUOTE = 170
LONGEST_REMARK = 220
LONGEST_LINE = 200
FEWEST = 20


def cells(line: str) -> list[str]:
    """Cells of a row."""
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


TABLE = [cells(line) for line in LINES if line.startswith("|")]
ROWS = [row for row in TABLE if len(row) == len(COLUMNS) and row != COLUMNS][1:]
CONTRASTS = [row for row in TABLE if len(row) == len(SHORT) and row != SHORT][1:]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[2]}")
def test_every_row_is_complete(row):
    assert len(row) == len(COLUMNS)
    _, quote, _, label, *remarks = row
    assert label in LABELS
    words = quote.removeprefix('"').removesuffix('"')
    assert quote == f'"{words}"'
    assert '"' not in words
    assert 8 <= len(words) <= LONGEST_QUOTE
    assert not words.startswith("[...]")
    assert not words.endswith("[...]")
    assert all(0 < len(remark) <= LONGEST_REMARK for remark in remarks)


def test_no_quote_stands_twice():
    quotes = [row[1] for row in ROWS]
    assert len(set(quotes)) == len(quotes)


def test_hypotheses_are_those_of_the_registry():
    """Each has a sentence, and no sentence has another."""
    registry = read_registry()
    known = {one.id for one in (*registry.hypotheses, *registry.untested) if one.id}
    assert {row[2] for row in ROWS} == known


def test_the_28_claims_and_two_more_are_contrasts_or_have_a_reason():
    registry = read_registry()
    claims = {one.claim: f"`{name}`:" for name, one in registry.contrasts.items()}
    claims |= {one.claim: "not tested:" for one in registry.untested if not one.id}
    assert len(CONTRASTS) == len(claims) == 30
    for _, quote, entry in CONTRASTS:
        begin = quote.strip('"').removesuffix(" ...")
        (told,) = [words for claim, words in claims.items() if claim.startswith(begin)]
        assert entry.startswith(told)


def test_nothing_is_called_true_or_false():
    words = re.findall(r"\b(?:true|false)\b", PAGE.read_text(encoding="utf-8"), re.IGNORECASE)
    assert not words
