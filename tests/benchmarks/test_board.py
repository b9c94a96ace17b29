"""The board's logic, without any timing: gate first, turns, medians, targets."""

from __future__ import annotations

import math

import pytest

from benchmarks.board import Effort, Row, Target, Verdict, measured_together


class Clock:
    """Stands still but for what the sides of a row cost."""

    def __init__(self):
        self.now = 0.0
        self.calls: list[str] = []

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


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _row(ours, other, *, correct=True, target=None):
    def gate(mine, theirs):
        assert mine == "ours's result"
        assert theirs == (None if other is None else "other's result")
        return Verdict(correct, "equal to 1e-12")

    return Row("B0", "a comparison", ours, other, gate, target)


def test_sides_take_turns_and_ours_frames_the_rivals(clock):
    row = _row(clock.side("ours", 1.0), clock.side("other", 10.0))
    line = measured_together([row], Effort(fewest=2, most=2, patience_s=0.0), clock)[0]
    # the first calls go through the gate: ours untimed, the rival's counts
    assert clock.calls == ["ours", "other", "ours", "ours", "ours", "other", "ours"]
    assert (line.ours_s, line.other_s, line.ratio, line.turns) == (1.0, 10.0, 10.0, 2)


def test_rows_with_one_rival_stand_around_it(clock):
    """Which is called as often as for one of them; who is wrong gets no turn."""
    other = clock.side("other", 10.0)
    slow, fast, wrong = (
        _row(clock.side("ours", cost), other, correct=correct)
        for cost, correct in ((4.0, True), (2.0, True), (1.0, False))
    )
    lines = measured_together([slow, wrong, fast], Effort(2, 2, 0.0), clock)
    assert [line.ratio for line in lines] == pytest.approx([2.5, math.nan, 5.0], nan_ok=True)
    assert [line.correct for line in lines] == ["yes", "no", "yes"]
    assert clock.calls.count("other") == 2
    turn = ["ours", "ours", "other", "ours", "ours"]
    assert clock.calls[-5:] == turn


def test_a_fast_wrong_answer_has_no_time(clock):
    row = _row(
        clock.side("ours", 1.0),
        clock.side("other", 99.0),
        correct=False,
        target=Target("ratio", ">=", 40),
    )
    line = measured_together([row], Effort(), clock)[0]
    assert clock.calls == ["ours", "other"]
    assert (line.correct, line.met, line.turns) == ("no", "no", 0)
    assert math.isnan(line.ours_s)
    assert math.isnan(line.ratio)


def test_more_turns_only_while_they_end_in_time(clock):
    row = _row(clock.side("ours", 0.0, 1.0), clock.side("other", 8.0))
    # a turn costs 10 s: the third would end at 30 s
    assert measured_together([row], Effort(fewest=1, most=7, patience_s=25.0), clock)[0].turns == 2


def test_a_budget_has_no_rival(clock):
    row = _row(clock.side("ours", 5.0), None, target=Target("ours_s", "<=", 8))
    line = measured_together([row], Effort(1, 1, 0.0), clock)[0]
    assert (line.ours_s, line.met) == (5.0, "yes")
    assert math.isnan(line.ratio)


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (Target("ratio", ">=", 40), 40.0, True),
        (Target("ratio", ">=", 40), 39.9, False),
        (Target("ours_s", "<=", 0.15), 0.15, True),
        (Target("ours_s", "<=", 0.15), 0.151, False),
        (Target("ratio", ">=", 40), math.nan, False),
        (Target("ours_s", "<=", 1), math.nan, False),
    ],
)
def test_targets(target, value, met):
    assert target.met_by(value) is met
