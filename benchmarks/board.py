"""The scoreboard: a row's correctness, then its times in turns."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

NOT_MEASURED = math.nan


@dataclass(frozen=True, slots=True)
class Target:
    """Limit that a column of the table (``ratio``, ``ours_s`` or ``memory_mb``) must reach."""

    column: str
    relation: str
    """``>=`` or ``<=``."""
    number: float

    def __str__(self) -> str:
        return f"{self.column} {self.relation} {self.number:g}"

    def met_by(self, value: float) -> bool:
        """True where a value reaches the target; a value that was not measured never does."""
        return value >= self.number if self.relation == ">=" else value <= self.number


@dataclass(frozen=True, slots=True)
class Verdict:
    """Judgement that both sides of a row did the same work, and their agreement as a number."""

    correct: bool
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison that has not been made yet; without a rival a budget stands instead."""

    id: str
    what: str
    ours: Callable[[], Any]
    rival: Callable[[], Any] | None
    gate: Callable[[Any, Any], Verdict]
    """Takes what both sides gave and judges it."""
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A line of the table; times are medians in seconds, NaN where there is none."""

    id: str
    what: str
    ours_s: float = NOT_MEASURED
    other_s: float = NOT_MEASURED
    ratio: float = NOT_MEASURED
    memory_mb: float = NOT_MEASURED
    target: str = ""
    correct: str = ""
    met: str = ""
    turns: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Effort:
    """Number of turns that the sides of a row take."""

    fewest: int = 2
    most_turns: int = 5
    patience_s: float = 15.0
    """After the fewest turns another one begins only if it would end before that, s."""


def measured_together(
    rows: Sequence[Row], effort: Effort, clock: Callable[[], float] = time.perf_counter
) -> list[Measured]:
    """Judge rows with one rival, then time them around it.

    The sides are called once; what they give goes through the gate, and a side that is fast and
    wrong gets no time. Then they take turns, ours before and after the rival's, so that what slows
    the machine for a while slows both.
    """
    began, rival = clock(), rows[0].rival
    rival_seconds: list[float] = []
    mine, theirs = [row.ours() for row in rows], None  # not timed: imports and caches
    if rival is not None:
        seconds, theirs = _timed(rival, clock)
        rival_seconds.append(seconds)
    verdicts = [row.gate(result, theirs) for row, result in zip(rows, mine, strict=True)]
    ours: list[list[float]] = [[] for _ in rows]
    sound = [number for number, verdict in enumerate(verdicts) if verdict.correct]
    turn = 0
    while sound and (
        turn < effort.fewest
        or (turn < effort.most_turns and (clock() - began) * (turn + 1) / turn < effort.patience_s)
    ):
        for number in sound:
            ours[number].append(_timed(rows[number].ours, clock)[0])
        if rival is not None:
            if turn:
                rival_seconds.append(_timed(rival, clock)[0])
            for number in reversed(sound):
                ours[number].append(_timed(rows[number].ours, clock)[0])
        turn += 1
    return [
        _line(
            row,
            verdict,
            seconds_of_row,
            rival_seconds if seconds_of_row else [],
            turn if seconds_of_row else 0,
        )
        for row, verdict, seconds_of_row in zip(rows, verdicts, ours, strict=True)
    ]


def _timed(work: Callable[[], Any], clock: Callable[[], float]) -> tuple[float, Any]:
    start = clock()
    result = work()
    return clock() - start, result


def _line(
    row: Row, verdict: Verdict, ours: list[float], rival_seconds: list[float], turns: int
) -> Measured:
    mine = statistics.median(ours) if ours else NOT_MEASURED
    theirs = statistics.median(rival_seconds) if rival_seconds else NOT_MEASURED
    columns = {"ours_s": mine, "ratio": theirs / mine}
    met = row.target and yes(verdict.correct and row.target.met_by(columns[row.target.column]))
    return Measured(
        row.id,
        row.what,
        mine,
        theirs,
        columns["ratio"],
        target=str(row.target or ""),
        correct=yes(verdict.correct),
        met=met or "",
        turns=turns,
        note=verdict.note,
    )


def yes(value: object) -> str:
    """A truth value as a cell."""
    return "yes" if value else "no"
