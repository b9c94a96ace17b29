"""Angular momentum of each side in stance and the joints that drive it: tables and words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.figures.step_means import StepColumn, column_title
from aqbio.figures.words import (
    ALL_SOURCES,
    JOINT_WORDS,
    JOINTS,
    LABELS,
    MISSING,
    MODELS,
    NON_JOINT_SOURCES,
    SUMS,
    digits,
)
from aqbio.pages.filters import counted, rows

CARRIERS = ("push_leg", "arms", "torso", "pelvis", "push_side", "swing_side", "total")
"""Rows of the table, in its order; the swing leg is the swing side where the roles say so."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation over steps."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class StepsColumn:
    """Steps of one condition and speed, side by side in tables and figures."""

    condition: str
    speed_mps: float
    steps: int
    participants: int

    @property
    def title(self) -> str:
        """Words over the column, the same as in the figures."""
        return column_title(self.condition, self.speed_mps)

    @property
    def size(self) -> str:
        """Number of steps and of athletes."""
        people = counted(self.participants, "athlete")
        return f"{counted(self.steps, 'step')}, {people}"


@dataclass(frozen=True, slots=True)
class SpeedColumn(StepsColumn):
    """Stance means of a column of steps."""

    spread: dict[tuple[str, str, str], Spread]
    """`Spread` by quantity, source and axis, in the units of the table."""

    def momentum(self, carrier: str, axis: str = "y") -> Spread:
        """Angular momentum, kg m²/s."""
        return self.spread["angular_momentum", carrier, axis]

    @property
    def estimated(self) -> dict[str, Spread]:
        """Forces that are estimated without plates, by phase."""
        return {
            phase: force for (name, phase, _), force in self.spread.items() if name == ESTIMATED
        }

    @property
    def joints(self) -> list[str]:
        """Joints whose moments about the vertical are known, by role."""
        keys = (key for key in self.spread if key[0] == "joint_moment_mean")
        return [joint for _, joint, axis in keys if axis == "y"]


def table_columns(table: pd.DataFrame) -> Iterator[tuple[str, float, pd.DataFrame]]:
    """Condition, speed and rows of every column of a table."""
    conditions = table["condition"].astype(object).where(table["condition"].notna(), "")
    for name, column_rows in table.groupby([conditions, "speed_mps"], sort=False, dropna=False):
        yield str(name[0]), float(column_rows["speed_mps"].iloc[0]), column_rows


def speed_columns(means: pd.DataFrame) -> list[SpeedColumn]:
    """Arrange the table of stance means by column."""
    columns = []
    for condition, speed, column_rows in table_columns(means):
        spread = {
            (row["quantity"], row["source"], row["axis"]): Spread(row["mean"], row["sd"])
            for row in rows(column_rows)
        }
        steps, people = (int(column_rows[name].iloc[0]) for name in ("steps", "participants"))
        columns.append(SpeedColumn(condition, speed, steps, people, spread))
    return columns


def present_carriers(columns: list[SpeedColumn]) -> dict[str, str]:
    """Carriers and their words, without groups that the study's roles merge into others."""
    return {
        name: "Whole body" if name == "total" else name.replace("_", " ").capitalize()
        for name in CARRIERS
        if any(math.isfinite(column.momentum(name).mean) for column in columns)
    }


SIDES = {"push_side_y": "push side", "swing_side_y": "swing side"}


@dataclass(frozen=True, slots=True)
class Effect:
    """Effect of one source on one side, stance mean over steps, N m."""

    label: str
    mean: float
    low: float
    high: float
    """mean, low, high: Primary contact model; the 95 % interval is NaN without one."""
    other_models: tuple[float, ...]
    """Under the other contact models."""
    compared: bool = False
    """True if the interval includes the difference to another model of the body."""

    @property
    def has_interval(self) -> bool:
        """True if there is an interval."""
        return math.isfinite(self.low + self.high)

    @property
    def size(self) -> tuple[float, float]:
        """Least and most of the effect's size in its interval, N m; NaN without one."""
        ends = abs(self.low), abs(self.high)
        return (0.0 if self.low * self.high <= 0.0 else min(ends)), max(ends)

    @property
    def sure(self) -> bool:
        """True if interval and all contact models lie on one side of zero.

        Never without another model of the body: intervals then include the values of other models
        in 0.61 to 0.72 of cases (docs/levels.md).
        """
        if not self.compared:
            return False
        values = (self.mean, self.low, self.high, *self.other_models)
        return all(value > 0 for value in values) or all(value < 0 for value in values)

    @property
    def range(self) -> str:
        """Mean and interval, N m."""
        low, high = digits(self.low, "N m"), digits(self.high, "N m")
        return digits(self.mean, "N m") + (
            f" ({low} to {high})" if MISSING not in (low, high) else ""
        )

    @property
    def doubt(self) -> str:
        """Reason why no direction is stated; empty where it is."""
        if self.sure:
            return ""
        if not self.compared:
            return "no other model of the body was compared"
        if not all(value * self.mean > 0 for value in self.other_models):
            return "contact models disagree on its direction"
        return "the interval includes zero" if self.has_interval else "no interval was computed"


@dataclass(frozen=True, slots=True)
class SourceEffects(StepsColumn):
    """Effects in one column of steps."""

    effects: dict[tuple[str, str], Effect]
    """`Effect` by side and source."""

    @property
    def sources(self) -> list[str]:
        """Sources in the order of the figure."""
        return list(dict.fromkeys(source for _, source in self.effects))

    @property
    def sides(self) -> dict[str, str]:
        """Sides that are known, with their words: a model without arms has no push side."""
        present = {side for side, _ in self.effects}
        return {side: words for side, words in SIDES.items() if side in present}

    def largest(self, side: str) -> list[Effect]:
        """Single joints by the size of their effect on a side, largest first."""
        joints = [
            effect
            for (target, source), effect in self.effects.items()
            if target == side and source not in (ALL_SOURCES, *SUMS, *NON_JOINT_SOURCES)
        ]
        return sorted(joints, key=lambda effect: -abs(effect.mean))

    def rank(self, effect: Effect, side: str) -> tuple[int, int] | None:
        """Best and worst rank by size in the intervals of a side's joints; None: unknown."""
        if not (effect.has_interval and effect.compared):
            return None
        smallest, greatest = effect.size
        sizes = [
            joint.size for joint in self.largest(side) if joint is not effect and joint.has_interval
        ]
        best = 1 + sum(low > greatest for low, _ in sizes)
        return best, 1 + sum(high > smallest for _, high in sizes)


OneColumn = TypeVar("OneColumn", StepColumn, SpeedColumn, SourceEffects)


def fastest(columns: list[OneColumn]) -> OneColumn | None:
    """The fastest column of the first condition."""
    first = [column for column in columns if column.condition == columns[0].condition]
    return max(first, key=lambda column: column.speed_mps, default=None)


def effect_columns(numbers: pd.DataFrame, *, compared: bool) -> list[SourceEffects]:
    """Arrange the numbers of the figure of caused rotation by column.

    `compared`: their intervals include the difference to another model of the body.
    """
    primary, *other_models = MODELS
    columns = []
    for condition, speed, column_rows in table_columns(numbers):
        values = {(row["panel"], row["source"], row["variant"]): row for row in rows(column_rows)}
        effects = {
            (side, source): Effect(
                source_words(source),
                row["mean"],
                row["low"],
                row["high"],
                tuple(
                    values[side, source, model]["mean"]
                    for model in other_models
                    if (side, source, model) in values
                ),
                compared,
            )
            for (side, source, variant), row in values.items()
            if variant == primary
        }
        columns.append(SourceEffects(condition, speed, int(column_rows["steps"].max()), 0, effects))
    return columns


def source_words(source: str) -> str:
    """Name a source in the words of a sentence."""
    if source in LABELS:
        return LABELS[source]
    joint, _, side = source.rpartition("_")
    name = JOINT_WORDS.get(joint, joint)
    return f"{name} of the {side} leg" if joint in JOINTS else f"{name} on the {side} leg's side"


UNIT = "kg m²/s"


def carried_words(columns: list[SpeedColumn]) -> str:
    """State the angular momentum of both sides in contact at the highest speed, in a sentence."""
    column = fastest(columns)
    if column is None:
        return ""
    push, swing, total = (
        column.momentum(name).mean for name in ("push_side", "swing_side", "total")
    )
    at = f"With a foot on the ground at {column.title} ({column.size})"
    if not math.isfinite(push + swing):
        return f"{at} what both sides carry is not known: parts of the body were not observed."
    way = "in opposite directions" if push * swing < 0 else "in the same direction"
    return (
        f"{at} push side and swing side turned {way} about the vertical: on average "
        f"{digits(push, UNIT)} and {digits(swing, UNIT)} {UNIT}, together {digits(total, UNIT)}."
    )


def driven_words(column: SourceEffects | None, *, short: bool = False) -> str:
    """Name the joint with the largest effect on each side at the highest speed, or say why none.

    ``short``: without the reasons where no joint can be named for any side.
    """
    if column is None:
        return (
            "Which joints drive the rotation could not be determined: that takes a whole step with "
            "ground reaction forces in which the whole body was observed."
        )
    parts = []
    for side, words in column.sides.items():
        largest = next(iter(column.largest(side)), None)
        if largest is None:
            continue
        name = f"the {largest.label}, {largest.range} N m"
        first, last = column.rank(largest, side) or (1, len(column.largest(side)))
        if largest.sure and last == 1:
            parts.append(
                f"the largest single contribution to the rotation of the {words} is {name}"
            )
        else:
            doubt = largest.doubt or f"its interval allows rank {first} to {last}"
            parts.append(
                f"which joint drives the {words} could not be determined: the largest value "
                f"belongs to {name}, but {doubt}"
            )
    if short and parts and all("could not be determined" in sentence for sentence in parts):
        return "Which joints drive either side could not be determined; Results has the reasons."
    return f"At {column.title} {'; '.join(parts)}." if parts else ""
