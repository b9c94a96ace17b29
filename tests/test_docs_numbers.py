"""Numbers in the docs that a benchmark wrote: the same in both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CONSISTENCY = ROOT / "docs" / "consistency.md"


TRUTHS = {
    "perfect laboratory": "skin of steps x 0",
    "**as above**": "skin of steps x 1",
    "1.5 times": "skin of steps x 1.5",
    "as above, every centre": "centres of mass of one's own, 10 mm",
    "skin and muscle as masses": "masses on springs",
}
"""Rows of docs/consistency.md as they begin, and recordings of consistency_truth.md."""

USUAL = TRUTHS["**as above**"]
MOMENTA = ("leg", "arm", "torso", "total", "dleg", "darm", "dtorso")


def _text(path: Path, begin: str = "", end: str = "") -> str:
    text = path.read_text(encoding="utf-8")
    start = text.index(begin)
    return text[start : text.index(end, start) if end else len(text)]


def _cells(text: str, begin: str) -> list[str]:
    """Cells of the one row that begins so, without those that it begins with."""
    (row,) = (one for one in text.splitlines() if one.startswith(f"| {begin}"))
    return [one.strip() for one in row.strip("|").split("|")]


def _found(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"\d+\.?\d*(?:e-\d+)?", text)]


def _rounded(told: float, written: float, digits: int = 2) -> bool:
    """Whether a number is another one, rounded to so many digits."""
    return told == pytest.approx(float(f"{written:.{digits}g}"), rel=1e-9)


@pytest.mark.parametrize("begin", TRUTHS)
def test_truth_of_the_fit(begin):
    """Shares of the plain way's errors; how often intervals hold."""
    told = _truth(begin)
    written = (RESULTS / "consistency_truth.md").read_text(encoding="utf-8")
    name, head = TRUTHS[begin], _cells(written, "recordings | weights")
    row = dict(zip(head, _cells(written, f"{name} | 30/10 |"), strict=True))
    for cell, of in zip(told[1:8], MOMENTA, strict=True):
        assert _found(cell) == [_found(row[of])[1]]
    sure = _text(RESULTS / "consistency_truth.md", "## How sure")
    own = _cells(sure, f"coverage | {name} | 30/10 |")
    held = dict(zip(_cells(sure, "of | recordings"), own, strict=True))
    shares = [float(held[of]) for of in (*MOMENTA, "dtotal")]
    assert _found(told[8]) == [min(shares), max(shares)]


def test_errors_of_the_plain_way():
    written = (RESULTS / "consistency_truth.md").read_text(encoding="utf-8")
    head, row = (_cells(written, begin) for begin in ("recordings | weights", f"{USUAL} | plain |"))
    plain = dict(zip(head, row, strict=True))
    for cell, of in zip(_truth("plain, usual errors")[1:8], MOMENTA, strict=True):
        assert _rounded(*_found(cell), float(plain[of]))


def _truth(begin: str) -> list[str]:
    return _cells(_text(CONSISTENCY, "| recordings | H leg", "Intervals of 90 %"), begin)
