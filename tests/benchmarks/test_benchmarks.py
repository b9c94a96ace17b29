"""The scoreboard without timing, events from markers measured again, and drawn mistakes."""

from __future__ import annotations

import ast
import json
import math
from itertools import islice
from pathlib import Path

import pandas as pd
import pytest

from aqbio.recordings.events_from_markers import ACCURACY
from benchmarks import foot_events
from benchmarks.board import Effort, Measured, Row, Target, Verdict, measured_together
from benchmarks.drawn_mutations import ROOMS, ROOT, changes, drawn
from benchmarks.table import markdown, write_table


class Clock:
    """Stands still but for what the sides of a row cost."""

    def __init__(self):
        self.now, self.calls = 0.0, []

    def __call__(self) -> float:
        return self.now

    def side(self, name: str, *costs: float):
        """Give a side whose calls cost these seconds one after another, the last one for ever."""
        left = list(costs)

        def work() -> str:
            self.calls.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]
            return f"{name}'s result"

        return work


def _row(ours, other, *, correct=True, target=None):
    def gate(mine, theirs):
        assert (mine, theirs) == ("ours's result", None if other is None else "other's result")
        return Verdict(correct, "equal to 1e-12")

    return Row("B0", "a comparison", ours, other, gate, target)


def test_rows_with_one_rival_stand_around_it():
    """It is called as often as for one of them; who is wrong gets no turn and has no time."""
    clock = Clock()
    other = clock.side("other", 10.0)
    rows = [
        _row(clock.side("ours", cost), other, correct=correct, target=Target("ratio", ">=", 1))
        for cost, correct in ((4.0, True), (1.0, False), (2.0, True))
    ]
    lines = measured_together(rows, Effort(2, 2, 0.0), clock)
    assert [line.ratio for line in lines] == pytest.approx([2.5, math.nan, 5.0], nan_ok=True)
    assert [line.correct for line in lines] == [line.met for line in lines] == ["yes", "no", "yes"]
    assert clock.calls.count("other") == 2
    assert clock.calls[-5:] == ["ours", "ours", "other", "ours", "ours"]


def test_more_turns_only_while_they_end_in_time():
    """A turn costs 10 s: the third would end at 30 s."""
    clock = Clock()
    row = _row(clock.side("ours", 0.0, 1.0), clock.side("other", 8.0))
    [line] = measured_together([row], Effort(fewest=1, most=7, patience_s=25.0), clock)
    assert (line.ours_s, line.other_s, line.turns) == (1.0, 8.0, 2)
    row = _row(clock.side("ours", 5.0), None, target=Target("ours_s", "<=", 8))
    [line] = measured_together([row], Effort(1, 1, 0.0), clock)
    assert (line.ours_s, line.met) == (5.0, "yes")


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (Target("ratio", ">=", 40), 40.0, True),
        (Target("ratio", ">=", 40), 39.9, False),
        (Target("ours_s", "<=", 0.15), 0.15, True),
        (Target("ours_s", "<=", 0.15), 0.151, False),
        (Target("ours_s", "<=", 1), math.nan, False),
    ],
)
def test_targets(target, value, met):
    assert target.met_by(value) is met


LINES = (
    Measured("B1", "markers", 0.3, 20.1, 67.0, target="ratio >= 40", correct="yes", met="yes"),
    Measured("B12", "a study", 1.7, memory_mb=224.3, correct="yes"),
)


def test_programs_and_readers_see_the_same(tmp_path):
    write_table(LINES, tmp_path, "JA1's jog", 0.3, {"material": 8.0, "B1": 52.0})
    read = pd.read_csv(tmp_path / "latest.tsv", sep="\t", na_values="n/a", keep_default_na=False)
    assert read["ratio"].tolist() == pytest.approx([67.0, math.nan], nan_ok=True)
    origin = json.loads((tmp_path / "latest.json").read_text())
    assert (origin["material"], origin["load"]) == ("JA1's jog", 0.3)
    page = (tmp_path / "latest.md").read_text(encoding="utf-8")
    assert "How long it took: material 8 s, B1 52 s; together 1.0 min." in page
    assert markdown(LINES) in page
    assert "| 300 ms | 20.1 s | 67 x |" in page
    assert "| 1.7 s, 224 MB |  |  |" in page


PAGE = Path(__file__).parents[2] / "benchmarks/results/foot_events.md"
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if "±" in line
]


@pytest.mark.parametrize("strike", ACCURACY)
def test_the_stated_accuracy_is_from_earliest_to_latest(strike):
    stated, own = ACCURACY[strike], [row for row in ROWS if row[2] == strike and row[6] != "0%"]
    for column, limits in ((5, stated.touchdown), (7, stated.toe_off)):
        ends = [tuple(map(float, row[column].split(" ± "))) for row in own]
        assert 1e3 * limits[0] == pytest.approx(min(m - 2.0 * sd for m, sd in ends))
        assert 1e3 * limits[1] == pytest.approx(max(m + 2.0 * sd for m, sd in ends))
    speeds = [float(row[1]) for row in own]
    assert stated.speeds == (min(speeds), max(speeds))


def test_virtual_sprinters_measure_the_same_again():
    """Whoever changes the events of markers has to measure them again."""
    [known] = islice(foot_events.virtual_runs(), 1)
    page = PAGE.read_text(encoding="utf-8").splitlines()
    assert set(foot_events.markdown(list(foot_events.measured(known))).splitlines()) <= set(page)


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
def test_what_becomes_of_a_line(source, expected):
    text = source.encode()
    made = [
        text[: one.start] + one.wrong.encode() + text[one.stop :] for one in changes("a.py", text)
    ]
    assert {one.decode() for one in made} == expected


def test_a_seed_draws_the_same_from_every_room():
    once, again, other = (drawn(seed, 2 * len(ROOMS)) for seed in (1, 1, 2))
    assert once == again != other
    assert [one.file.split("/")[1] for one in once] == [*ROOMS, *ROOMS]
    for one in once:
        source = (ROOT / one.file).read_bytes()
        wrong = source[: one.start] + one.wrong.encode() + source[one.stop :]
        assert ast.dump(ast.parse(wrong)) != ast.dump(ast.parse(source))
