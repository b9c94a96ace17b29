"""The scoreboard without timing, events from markers measured again, and drawn mistakes."""

from __future__ import annotations

import ast
from itertools import islice
from pathlib import Path

import pytest

from benchmarks import foot_events
from benchmarks.board import Measured, Row, Verdict
from benchmarks.drawn_mutations import ROOMS, ROOT, changes, drawn_changes


def _row(subject, peer, *, correct=True, target=None):
    def gate(subject_result, peer_result):
        assert (subject_result, peer_result) == (
            "ours's result",
            None if peer is None else "other's result",
        )
        return Verdict(correct, "equal to 1e-12")

    return Row("B0", "a comparison", subject, peer, gate, target)


LINES = (
    Measured("B1", "markers", 0.3, 20.1, 67.0, target="ratio >= 40", correct="yes", met="yes"),
    Measured("B12", "a study", 1.7, memory_mb=224.3, correct="yes"),
)


PAGE = Path(__file__).parents[2] / "benchmarks/results/foot_events.md"
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if "±" in line
]


def test_virtual_sprinters_measure_the_same_again():
    """A change of the events of markers needs new measurements on the page."""
    [sprinter] = islice(foot_events.virtual_runs(), 1)
    page = PAGE.read_text(encoding="utf-8").splitlines()
    assert set(foot_events.markdown(list(foot_events.measured(sprinter))).splitlines()) <= set(page)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a + b", {"x = a - b"}),
        ("x = (a) * (b)", {"x = (a) / (b)"}),
        ("x = a < b <= c", {"x = a <= b <= c", "x = a < b < c"}),
        ("x = a and b", {"x = a or b"}),
        ("x = -a", {"x = a"}),
        ("x = 2", {"x = 3"}),
        ("x = 0.5", {"x = 0.75"}),
        ("é = a - b", {"é = a + b"}),  # bytes, not characters
        ("x = True", set()),
        ('x = "a" + b', set()),
    ],
)
def test_mutations_of_a_line(source, expected):
    text = source.encode()
    mutants = [
        text[: change.start] + change.wrong.encode() + text[change.stop :]
        for change in changes("a.py", text)
    ]
    assert {mutant.decode() for mutant in mutants} == expected


def test_a_seed_draws_the_same_from_every_room():
    first, repeated, of_seed_2 = (drawn_changes(seed, 2 * len(ROOMS)) for seed in (1, 1, 2))
    assert first == repeated != of_seed_2
    assert [change.file.split("/")[1] for change in first] == [*ROOMS, *ROOMS]
    for change in first:
        source = (ROOT / change.file).read_bytes()
        wrong = source[: change.start] + change.wrong.encode() + source[change.stop :]
        assert ast.dump(ast.parse(wrong)) != ast.dump(ast.parse(source))
