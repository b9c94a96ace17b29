"""Numbers in the docs that a benchmark wrote: the same in both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROWS = {
    "momentum": "A: momentum",
    "rates and external moments": "A: its rate, external moments",
    "turning the pelvis (B)": "B: turning the pelvis",
    "joint moments": "joint moments",
    **{f"caused, contact model C{n}": f"C, contact model C{n}" for n in (1, 2, 3, 4)},
}
"""Rows of docs/levels.md, and of benchmarks/results/other_models.md."""


def _numbers(text: str, begin: str) -> list[float]:
    (row,) = (one for one in text.splitlines() if one.startswith(f"| {begin} | "))
    return [float(one) for one in re.findall(r"\d+\.\d+", row.removeprefix(f"| {begin} |"))]


@pytest.mark.parametrize("name", ROWS)
def test_coverage_by_a_third_model(name):
    """Docs: both models without, both with; the benchmark: without and with, model by model."""
    docs = (ROOT / "docs/levels.md").read_text(encoding="utf-8")
    docs = docs[
        docs.index("| 95 % intervals hold, Lai") : docs.index("With `sprint_anatomical` alone")
    ]
    written = (ROOT / "benchmarks/results/other_models.md").read_text(encoding="utf-8")
    written = written[written.index("## With Rajagopal's") :]
    first, then, second, later, width = _numbers(written, ROWS[name])
    assert _numbers(docs, name) == [first, second, then, later, width]
