"""docs/claims.md: every sentence has a label, and a hypothesis of the registry or none."""

from __future__ import annotations

import re
from pathlib import Path

from aqbio.stats.registry import read_registry

PAGE = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
LABELS = {"implied by mechanics", "cannot be otherwise in bodies", "testable"}
TABLE = [[cell.strip() for cell in line.strip().strip("|").split("|")]
         for line in PAGE.splitlines() if line.startswith("|")]  # fmt: skip
ROWS = [row for row in TABLE if len(row) == 7][2:]
CONTRASTS = [row for row in TABLE if len(row) == 3][2:]


def test_every_sentence_is_quoted_once_has_a_label_and_remarks():
    for _, quote, _, label, *remarks in ROWS:
        words = quote.removeprefix('"').removesuffix('"')
        assert label in LABELS
        assert quote == f'"{words}"'
        assert 8 <= len(words) <= 170
        assert not re.search(r'"|^\[\.{3}\]|\[\.{3}\]$', words)
        assert all(0 < len(remark) <= 220 for remark in remarks)
    assert len({row[1] for row in ROWS}) == len(ROWS)
    assert not re.findall(r"\b(?:true|false)\b", PAGE, re.IGNORECASE)


def test_hypotheses_and_contrasts_are_those_of_the_registry():
    """Each hypothesis has a sentence; the 28 claims and two more are contrasts or have a reason."""
    registry = read_registry()
    known = {one.id for one in (*registry.hypotheses, *registry.untested) if one.id}
    assert {row[2] for row in ROWS} == known
    claims = {one.claim: f"`{name}`:" for name, one in registry.contrasts.items()}
    claims |= {one.claim: "not tested:" for one in registry.untested if not one.id}
    assert len(CONTRASTS) == len(claims) == 30
    for _, quote, entry in CONTRASTS:
        begin = quote.strip('"').removesuffix(" ...")
        (told,) = [words for claim, words in claims.items() if claim.startswith(begin)]
        assert entry.startswith(told)
