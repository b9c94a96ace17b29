"""The scoreboard: a row's correctness, then its times in turns, then one table."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

NOT_MEASURED = math.nan


@dataclass(frozen=True, slots=True)
class Target:
    """What a column of the table must reach.

    Attributes
    ----------
    column : str
        ``ratio``, ``ours_s`` or ``memory_mb``.
    relation : str
        ``>=`` or ``<=``.
    number : float
    """

    column: str
    relation: str
    number: float

    def __post_init__(self) -> None:
        """Refuse what no row can be held against."""
        if self.column not in ("ratio", "ours_s", "memory_mb"):
            raise ValueError(f"column {self.column} has no targets.")
        if self.relation not in (">=", "<="):
            raise ValueError(f"relation {self.relation} is neither >= nor <=.")

    def __str__(self) -> str:
        return f"{self.column} {self.relation} {self.number:g}"

    def met_by(self, value: float) -> bool:
        """Whether a value reaches the target; what was not measured never does."""
        return value >= self.number if self.relation == ">=" else value <= self.number


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether both sides of a row did the same work, and how well.

    Attributes
    ----------
    correct : bool
    note : str
        In what they agree, with the number.
    memory_mb : float
        Where the row is about memory.
    """

    correct: bool
    note: str
    memory_mb: float = NOT_MEASURED


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison that has not been made yet.

    Attributes
    ----------
    id : str
        B1 to B15; rows beside a main row have a point and a number behind.
    what : str
        What is compared, under which conditions.
    ours, other : callables
        The two sides; ``other`` is None where a budget stands instead of a rival.
    gate : callable
        Takes what both sides gave and judges it.
    target : Target or None
        None for rows that only inform.
    other_factor : float
        What the rival's time is multiplied with, where it does a known part of the work.
    """

    id: str
    what: str
    ours: Callable[[], Any]
    other: Callable[[], Any] | None
    gate: Callable[[Any, Any], Verdict]
    target: Target | None = None
    other_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A line of the table; times are medians in seconds, NaN where there is none."""

    id: str
    what: str
    ours_s: float
    other_s: float
    ratio: float
    memory_mb: float
    target: str
    correct: str
    met: str
    turns: int
    note: str


@dataclass(frozen=True, slots=True)
class Effort:
    """How often the sides of a row take turns.

    Attributes
    ----------
    fewest, most : int
        Turns of a row.
    patience_s : float
        After ``fewest`` turns, another one is begun only if it would end before that, s.
    """

    fewest: int = 2
    most: int = 5
    patience_s: float = 15.0


def measured(row: Row, effort: Effort, clock: Callable[[], float] = time.perf_counter) -> Measured:
    """Judge a row, then time it: `measured_together` of one."""
    return measured_together([row], effort, clock)[0]


def measured_together(
    rows: Sequence[Row], effort: Effort, clock: Callable[[], float] = time.perf_counter
) -> list[Measured]:
    """Judge rows with one rival, then time them around it.

    The sides are called once; what they give goes through the gate, and a side that is fast and
    wrong gets no time. Then they take turns, ours before and after the rival's, so that what slows
    the machine for a while slows both.
    """
    began, rival = clock(), rows[0].other
    others: list[float] = []
    mine, theirs = [row.ours() for row in rows], None  # not timed: imports and caches
    if rival is not None:
        seconds, theirs = _timed(rival, clock)
        others.append(seconds)
    verdicts = [row.gate(found, theirs) for row, found in zip(rows, mine, strict=True)]
    ours: list[list[float]] = [[] for _ in rows]
    sound = [number for number, verdict in enumerate(verdicts) if verdict.correct]
    turn = 0
    while sound and (
        turn < effort.fewest
        or (turn < effort.most and (clock() - began) * (turn + 1) / turn < effort.patience_s)
    ):
        for number in sound:
            ours[number].append(_timed(rows[number].ours, clock)[0])
        if rival is not None:
            if turn:
                others.append(_timed(rival, clock)[0])
            for number in reversed(sound):
                ours[number].append(_timed(rows[number].ours, clock)[0])
        turn += 1
    return [
        _line(row, verdict, own, others, turns=turn)
        if verdict.correct
        else _line(row, verdict, [], [], turns=0)
        for row, verdict, own in zip(rows, verdicts, ours, strict=True)
    ]


def without_ratio(row: Row) -> Row:
    """The row without a target for its ratio: these are about one recording and its model."""
    about_ratio = row.target is not None and row.target.column == "ratio"
    return replace(row, target=None) if about_ratio else row


def _timed(work: Callable[[], Any], clock: Callable[[], float]) -> tuple[float, Any]:
    start = clock()
    result = work()
    return clock() - start, result


def _line(
    row: Row, verdict: Verdict, ours: list[float], others: list[float], *, turns: int
) -> Measured:
    mine = statistics.median(ours) if ours else NOT_MEASURED
    theirs = statistics.median(others) * row.other_factor if others else NOT_MEASURED
    columns = {"ours_s": mine, "ratio": theirs / mine, "memory_mb": verdict.memory_mb}
    met = ""
    if row.target is not None:
        met = _yes(verdict.correct and row.target.met_by(columns[row.target.column]))
    return Measured(
        id=row.id,
        what=row.what,
        ours_s=mine,
        other_s=theirs,
        ratio=columns["ratio"],
        memory_mb=verdict.memory_mb,
        target="" if row.target is None else str(row.target),
        correct=_yes(verdict.correct),
        met=met,
        turns=turns,
        note=verdict.note,
    )


def _yes(value: object) -> str:
    return "yes" if value else "no"
