"""Words and tables of an athlete's differences, from the rows of the table ``differences``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from aqbio.figures.step_means import column_title
from aqbio.figures.words import digits, format_interval, interval_texts
from aqbio.names import NORMAL
from aqbio.pages.address import PRESENT, cell, marked, row_key, where
from aqbio.pages.differences import (
    CONDITION,
    FEET,
    FORCE,
    MEASURES,
    OUTCOMES,
    PARTS,
    POSTURES,
    PUSH_SIDE,
    SAME_SPEED,
    SESSION,
    SPEED,
    TABLE,
    Outcome,
    Row,
)
from aqbio.pages.filters import counted, rows, uncapital

WIDEST_PERCENT = 100.0
"""Largest difference, and half of the widest interval, in per cent; larger ones are in the unit."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference as the page shows it."""

    outcome: Outcome
    row: Row

    def _shown(self, name: str) -> float:
        return self.outcome.factor * float(self.row[name])

    @property
    def first(self) -> float:
        """Mean over the first steps, in the unit of the page."""
        return self._shown("first_mean")

    @property
    def second(self) -> float:
        """Mean over the second steps, in the unit of the page."""
        return self._shown("second_mean")

    def written(self, which: str) -> str:
        """Write the mean over the first or second steps, in a line of the table of this row."""
        factor, text = self.outcome.factor, digits(getattr(self, which), self.outcome.unit)
        return marked(text, "", "", f"{which}_mean", factor=factor)

    @property
    def has_interval(self) -> bool:
        """True if there are steps enough."""
        return not math.isnan(self.row["low"])

    @property
    def in_percent(self) -> bool:
        """True if the change in size is known, and neither it nor its interval exceeds the size."""
        if self.outcome.is_position:
            return False
        row = self.row
        half = 0.5 * (row["percent_high"] - row["percent_low"])
        widest = max(half, abs(row["percent"]))
        return not (math.isnan(row["percent"]) or widest >= WIDEST_PERCENT)

    @property
    def estimate(self) -> tuple[float, float, float]:
        """Difference and interval: per cent by which the first is larger, or in the unit."""
        if self.in_percent:
            value, low, high = (
                float(self.row[name]) for name in ("percent", "percent_low", "percent_high")
            )
            return value, low, high
        value, *ends = (self._shown(name) for name in ("value", "low", "high"))
        low, high = sorted(ends)
        return value, low, high

    @property
    def unit(self) -> str:
        """Unit of `estimate`."""
        return "%" if self.in_percent else self.outcome.unit

    @property
    def sure(self) -> bool:
        """True if the interval that the page shows leaves out 0."""
        _, low, high = self.estimate
        return low > 0.0 or high < 0.0

    @property
    def at_one_speed(self) -> bool:
        """True if both means are of one speed, or of steps of the same trials."""
        if self.row["comparison"] in (FEET, SPEED):
            return True
        first, second = float(self.row["first_mps"]), float(self.row["second_mps"])
        return abs(first / second - 1.0) <= SAME_SPEED

    @property
    def cell(self) -> str:
        """Difference and interval as a table has them."""
        return self._cell("", "")

    @property
    def whole_cell(self) -> str:
        """The same with its whole address, outside the table."""
        return self._cell(TABLE, row_key(TABLE, self.row))

    def _cell(self, table: str, key: str) -> str:
        value, low, high = self._addressed(self.texts, table, key)
        text = _with_unit(value, self.unit)
        return f"{text} ({low} to {high})" if self.has_interval else text

    def _addressed(self, texts: Sequence[str], table: str, key: str) -> tuple[str, str, str]:
        """Write difference and interval with their columns, in the order of size."""
        names = ("percent", "percent_low", "percent_high") if self.in_percent else (
            "value", "low", "high"
        )  # fmt: skip
        factor = 1.0 if self.in_percent else self.outcome.factor
        if factor < 0.0:
            names = (names[0], names[2], names[1])
        value, low, high = (
            marked(text, table, key, name, factor=factor)
            for text, name in zip(texts, names, strict=True)
        )
        return value, low, high

    @property
    def texts(self) -> tuple[str, str, str]:
        """Difference and ends of its interval, as many digits as the interval bears."""
        return _texts(*self.estimate, self.unit)

    @property
    def addressed_texts(self) -> tuple[str, str, str]:
        """`texts` with their addresses."""
        return self._addressed(self.texts, TABLE, row_key(TABLE, self.row))

    def words(self, *, brief: bool = False) -> str:
        """The difference as the part of a sentence, signed as in the table.

        ``brief``: the sentence says what is in brackets.
        """
        value, low, high = self.addressed_texts
        text = _with_unit(value, self.unit)
        if not self.has_interval:
            return text
        range_ = f"{low} to {high}"
        return (
            f"{text} ({range_})"
            if brief
            else f"{text} (95 % interval {_with_unit(range_, self.unit)})"
        )

    @property
    def label(self) -> str:
        """Name of the outcome within a sentence."""
        return self.outcome.label[:1].lower() + self.outcome.label[1:]


MAIN = (*MEASURES[:4], *PARTS[:2])
"""Outcomes that the page shows first."""

MIN_WHOLE_PERCENT = 5.0
"""Half width of an interval, per cent, from which decimals say nothing."""


def _with_unit(text: str, unit: str) -> str:
    return f"{text}{unit}" if unit == "°" else f"{text} {unit}"


def _texts(value: float, low: float, high: float, unit: str) -> tuple[str, str, str]:
    if unit == "%" and not math.isnan(low):
        decimals = 0 if high - low >= 2.0 * MIN_WHOLE_PERCENT else 1
        return interval_texts(value, low, high, decimals)
    if math.isnan(low):
        return digits(value, unit), "n/a", "n/a"
    return format_interval(value, low, high)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two groups of an athlete's steps, and all that differs or not."""

    kind: str
    title: str
    """Speed and condition."""
    first: str
    second: str
    """first, second: Headings of the columns."""
    differences: tuple[Difference, ...]

    @property
    def measures(self) -> tuple[Difference, ...]:
        """All but postures."""
        return tuple(
            difference for difference in self.differences if difference.outcome not in POSTURES
        )

    @property
    def main(self) -> tuple[Difference, ...]:
        """Those that the page shows first: force, times, length, and both sides."""
        return tuple(difference for difference in self.differences if difference.outcome in MAIN)

    @property
    def postures(self) -> tuple[Difference, ...]:
        """Differences of posture, which coaches judge by eye."""
        return tuple(
            difference for difference in self.differences if difference.outcome in POSTURES
        )

    @property
    def comparable(self) -> bool:
        """True if any difference has an interval."""
        return any(difference.has_interval for difference in self.differences)

    @property
    def steps(self) -> tuple[int, int]:
        """Largest number of first and of second steps."""
        first, second = (
            max(
                (int(difference.row[f"{name}_steps"]) for difference in self.differences), default=0
            )
            for name in ("first", "second")
        )
        return first, second

    def written(self, text: object, column: str, by: str = "most") -> str:
        """Write what is computed from a column of all rows of the comparison."""
        return marked(text, TABLE, self.key, column, by=by)

    @property
    def key(self) -> str:
        """Key of its rows."""
        row = self.differences[0].row
        names = ("participant_id", "comparison", "first", "second", "condition", "speed_mps")
        return where(**{name: row[name] for name in names})

    @property
    def counted(self) -> str:
        """Number of measures with an interval, in words."""
        number = sum(difference.has_interval for difference in self.differences)
        return counted(number, "measure", TABLE, f"{self.key};{where(low=PRESENT)}")

    @property
    def addressed_steps(self) -> tuple[str, str]:
        """`steps` with their addresses."""
        first, second = self.steps
        return self.written(first, "first_steps"), self.written(second, "second_steps")

    @property
    def caption(self) -> str:
        """Words over the table."""
        first, second = self.addressed_steps
        steps = f"{uncapital(self.second)} {second}, {uncapital(self.first)} {first} steps"
        if self.kind == SPEED:
            steps = f"line over the speeds of {first} step{'s' * (self.steps[0] != 1)}"
        words = ": ".join(filter(None, (self.title, steps)))
        return words if self.comparable else f"{words}; too few for an interval"

    def difference(self, outcome: Outcome) -> Difference | None:
        """The difference of one outcome; None where it was not measured."""
        return next(
            (difference for difference in self.differences if difference.outcome is outcome), None
        )


def comparisons(table: pd.DataFrame, kind: str) -> tuple[Comparison, ...]:
    """Comparisons of one kind, in the order of the rows."""
    chosen = table[table["comparison"] == kind]
    keys = ["first", "second", "condition", "speed_mps"]
    groups = chosen.groupby(keys, sort=False, observed=True, dropna=False)
    return tuple(_comparison(kind, rows(group)) for _, group in groups)


def _comparison(kind: str, group: Sequence[Row]) -> Comparison:
    row = group[0]
    differences = tuple(Difference(OUTCOMES[_key(entry)], entry) for entry in group)
    condition = str(row["condition"])
    title = _title(condition, row, "speed_mps")
    first, second = str(row["first"]).capitalize(), str(row["second"]).capitalize()
    if kind == SPEED:
        title = "" if condition == NORMAL else condition.replace("_", " ")
        first, second = (
            f"{cell(TABLE, row, name, f'{float(row[name]):.1f}')} m/s"
            for name in ("first_mps", "second_mps")
        )
    elif kind == CONDITION:
        first, second = first.replace("_", " "), NORMAL
        title = _title(NORMAL, row, "first_mps")
    elif kind == SESSION:
        first, second = f"Session {row['first']}", f"session {row['second']}"
    return Comparison(kind, title, first, second, differences)


def _title(condition: str, row: Row, column: str) -> str:
    """Name a comparison by speed and condition."""
    title, speed = column_title(condition, float(row[column])), f"{float(row[column]):.1f}"
    return title.replace(speed, cell(TABLE, row, column, speed))


def _key(row: Row) -> tuple[str, ...]:
    names = ("level", "source", "target", "statistic", "axis")
    return tuple(str(row[name]) if isinstance(row[name], str) else "" for name in names)


def side_words(
    feet: Sequence[Comparison], *, unused: bool = False, measured: bool = False
) -> tuple[str, ...]:
    """State which foot pushes less, the push side of both, and what else differs.

    ``unused``: forces were measured but are not used; ``measured``: of some kept step.
    """
    if not feet:
        return ("No step of each foot was kept: left and right cannot be compared.",)
    first = feet[0]
    right, left = first.addressed_steps
    if not first.comparable:
        text = (
            "Left and right cannot be compared: that takes three steps of each foot at one "
            f"speed, and there are at most {left} left and {right} right."
        )
        return (text,)
    at = f"at {first.title} ({left} left and {right} right steps)"
    return tuple(_side_sentences(feet, at, unused=unused, measured=measured))


def _side_sentences(
    feet: Sequence[Comparison], at: str, *, unused: bool, measured: bool
) -> Iterator[str]:
    first = feet[0]
    force = first.difference(FORCE)
    if force is not None and not force.has_interval:
        force = None
    if force is not None:
        yield f"{_force_words(force, at)}."
    elif any(comparison.difference(FORCE) for comparison in feet):
        yield (
            f"Which foot pushes less {at} could not be determined: no plate measured the forces "
            "there."
        )
    else:
        why = "the forces are not used" if unused else "no plate measured the forces"
        if measured:
            why = "at no speed did plates measure the forces of both feet"
        yield f"Which foot pushes less could not be determined: {why}."
    push_side = first.difference(PUSH_SIDE)
    if push_side is not None and push_side.has_interval:
        where = "" if any(comparison.difference(FORCE) for comparison in feet) else f" {at}"
        yield (
            f"Angular momentum of the push side about the vertical{where}, right against left: "
            f"{push_side.words()}."
        )
    yield _others_words(first, (force, push_side))


def _force_words(force: Difference, at: str) -> str:
    value, low, high = force.addressed_texts
    interval = f"right against left {value} %, 95 % interval {low} to {high} %"
    if not force.sure:
        return f"Neither foot pushes less beyond measurement error {at}: {interval}"
    weaker = "right" if force.row["value"] < 0.0 else "left"
    return f"The {weaker} foot pushes less {at}: {interval}"


def _others_words(comparison: Comparison, named: Sequence[Difference | None]) -> str:
    """Name the differences whose interval leaves out 0, beside those that are named already."""
    sure = [
        difference
        for difference in comparison.differences
        if difference.has_interval and difference.sure and difference not in named
    ]
    has_named = any(difference is not None and difference.sure for difference in named)
    if not sure:
        no = "no other" if has_named else "no"
        return f"Of {comparison.counted}, {no} 95 % interval leaves out 0."
    names = [f"{one.label} {one.words(brief=True)}" for one in sure[:MOST_IN_A_SENTENCE]]
    more = ", and more in the table" if len(sure) > len(names) else ""
    return (
        f"Of {comparison.counted}, the 95 % intervals of these {'also ' if has_named else ''}leave "
        "out 0: "
        f"{'; '.join(names)}{more}."
    )


MOST_IN_A_SENTENCE = 2
"""Differences that the first sentences name beside force and push side."""

MOST_IN_A_CELL = 1
"""Differences that a cell of a table names, in the order of the page."""


def short_side_words(feet: Sequence[Comparison]) -> str:
    """First difference between left and right whose interval leaves out 0, for a table."""
    if not feet or not feet[0].comparable:
        return "too few steps of each foot"
    sure = [difference for difference in feet[0].differences if difference.sure]
    named = [f"{difference.label} {difference.whole_cell}" for difference in sure[:MOST_IN_A_CELL]]
    if len(sure) > MOST_IN_A_CELL:
        named.append("and others")
    return "; ".join(named) or "none"


NAMED = (*MEASURES[:2], *PARTS)
"""Outcomes that a sentence names; the table has the others."""


def _speeds(comparison: Comparison) -> str:
    """Mean speeds of the first and of the second steps."""
    row = comparison.differences[0].row
    speeds = [cell(TABLE, row, name, f"{row[name]:.2f}") for name in ("first_mps", "second_mps")]
    return f"{' and '.join(speeds)} m/s"


def comparison_words(comparison: Comparison) -> str:
    """State what differs between conditions, sessions or speeds."""
    first, second = comparison.addressed_steps
    head = f"{comparison.first} against {comparison.second}"
    if comparison.kind == SPEED:
        head = f"At {head}{', ' if comparison.title else ''}{comparison.title} ({first} steps)"
    else:
        at = "," if comparison.kind == SESSION else " at"
        head += f"{at} {comparison.title} ({first} and {second} steps)"
    named = [difference for difference in comparison.differences if difference.outcome in NAMED]
    if any(not difference.at_one_speed for difference in named):
        head += f", at {_speeds(comparison)} without adjustment for speed"
    sure = [
        f"{difference.label} {difference.words(brief=True)}"
        for difference in named
        if difference.sure
    ]
    if not sure:
        return f"{head}: no 95 % interval of force, contact time and sides leaves out 0."
    more = "; others in the table" if len(sure) > MOST_IN_A_SENTENCE else ""
    shown = "; ".join(sure[:MOST_IN_A_SENTENCE])
    return f"{head}, of {comparison.counted}, with 95 % intervals: {shown}{more}."
