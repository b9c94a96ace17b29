"""Numbers in docs/consistency.md that a benchmark wrote: the same in both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "consistency.md").read_text(encoding="utf-8")
WRITTEN = (ROOT / "benchmarks" / "results" / "consistency_truth.md").read_text(encoding="utf-8")
MOMENTA = ("leg", "arm", "torso", "total", "dleg", "darm", "dtorso")

TRUTHS = {
    "perfect laboratory": "skin of steps x 0",
    "**as above**": "skin of steps x 1",
    "1.5 times": "skin of steps x 1.5",
    "as above, every centre": "centres of mass of one's own, 10 mm",
    "skin and muscle as masses": "masses on springs",
}
"""Rows of the page as they begin, and recordings of consistency_truth.md."""


def _cells(text: str, begin: str) -> list[str]:
    """Cells of the one row that begins so, without those that it begins with."""
    (row,) = (one for one in text.splitlines() if one.startswith(f"| {begin}"))
    return [one.strip() for one in row.strip("|").split("|")]


def _row(text: str, head: str, begin: str) -> dict[str, str]:
    return dict(zip(_cells(text, head), _cells(text, begin), strict=True))


def _found(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"\d+\.?\d*(?:e-\d+)?", text)]


def _told(begin: str) -> list[str]:
    start = PAGE.index("| recordings | H leg")
    return _cells(PAGE[start : PAGE.index("Intervals of 90 %", start)], begin)


@pytest.mark.parametrize("begin", TRUTHS)
def test_truth_of_the_fit(begin):
    """Shares of the plain way's errors; how often intervals hold."""
    told, name = _told(begin), TRUTHS[begin]
    row = _row(WRITTEN, "recordings | weights", f"{name} | 30/10 |")
    assert [_found(cell) for cell in told[1:8]] == [[_found(row[of])[1]] for of in MOMENTA]
    sure = WRITTEN[WRITTEN.index("## How sure") :]
    held = _row(sure, "of | recordings", f"coverage | {name} | 30/10 |")
    shares = [float(held[of]) for of in (*MOMENTA, "dtotal")]
    assert _found(told[8]) == [min(shares), max(shares)]


def test_errors_of_the_plain_way():
    """Rounded to two digits."""
    plain = _row(WRITTEN, "recordings | weights", f"{TRUTHS['**as above**']} | plain |")
    told = [_found(cell) for cell in _told("plain, usual errors")[1:8]]
    assert told == [[pytest.approx(float(f"{float(plain[of]):.2g}"), rel=1e-9)] for of in MOMENTA]
