"""Which joints drive the rotation of each side: words and a table from the drawn numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pandas as pd

from aqbio.figures.cause_words import JOINT_WORDS, JOINTS, LABELS, MODELS, OTHERS, SUMS, TOGETHER
from aqbio.figures.step_columns import column_title
from aqbio.pages.sections import rows

SIDES = {"push_side_y": "push side", "swing_side_y": "swing side"}
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Effect:
    """What one source does to one side, stance mean over steps, N m."""

    source: str
    label: str
    mean: float
    low: float
    high: float
    """mean, low, high: Primary contact model; the 95 % interval is NaN without one."""
    others: tuple[float, ...]
    """Under the other contact models."""

    @property
    def sure(self) -> bool:
        """Whether interval and all contact models lie on one side of zero."""
        every = (self.mean, self.low, self.high, *self.others)
        return all(value > 0 for value in every) or all(value < 0 for value in every)

    @property
    def drawn(self) -> bool:
        """Whether there is an interval."""
        return math.isfinite(self.low + self.high)

    @property
    def models_agree(self) -> bool:
        """Whether all contact models give the same direction."""
        return all(value * self.mean > 0 for value in self.others)


@dataclass(frozen=True, slots=True)
class Driven:
    """Effects in one column of steps."""

    condition: str
    speed_mps: float
    steps: int
    effects: dict[tuple[str, str], Effect]
    """`Effect` by side and source."""

    @property
    def title(self) -> str:
        """Words over the column, the same as in the figures."""
        return column_title(self.condition, self.speed_mps)

    @property
    def sources(self) -> list[str]:
        """Sources in the order of the figure."""
        return list(dict.fromkeys(source for _, source in self.effects))

    def largest(self, side: str) -> list[Effect]:
        """The single joints that do most to a side, largest first."""
        joints = [
            effect
            for (target, source), effect in self.effects.items()
            if target == side and source not in (TOGETHER, *SUMS, *OTHERS)
        ]
        return sorted(joints, key=lambda effect: -abs(effect.mean))[:_NAMED]


def told_sides(columns: list[Driven]) -> dict[str, str]:
    """Sides that the table tells of, with their words: a model without arms has no push side."""
    known = {side for column in columns for side, _ in column.effects}
    return {side: words for side, words in SIDES.items() if side in known}


class Column(Protocol):
    """What stands side by side in tables and figures: steps of one condition and speed."""

    @property
    def condition(self) -> str:
        """Condition of the trials."""

    @property
    def speed_mps(self) -> float:
        """Mean speed of the steps, m/s."""


OneColumn = TypeVar("OneColumn", bound=Column)


def fastest(columns: list[OneColumn]) -> OneColumn | None:
    """The fastest column of the first condition."""
    first = [one for one in columns if one.condition == columns[0].condition]
    return max(first, key=lambda one: one.speed_mps, default=None)


def driven_columns(numbers: pd.DataFrame) -> list[Driven]:
    """Arrange the numbers of the figure of caused rotation by column."""
    conditions = numbers["condition"].astype(object).where(numbers["condition"].notna(), "")
    columns = numbers.groupby([conditions, "speed_mps"], sort=False, dropna=False)
    return [_column(str(name[0]), float(own["speed_mps"].iloc[0]), own) for name, own in columns]


def _column(condition: str, speed: float, own: pd.DataFrame) -> Driven:
    primary, *others = MODELS
    values = {(row["panel"], row["source"], row["variant"]): row for row in rows(own)}
    effects = {
        (side, source): Effect(
            source=source,
            label=source_words(source),
            mean=row["mean"],
            low=row["low"],
            high=row["high"],
            others=tuple(
                values[side, source, model]["mean"]
                for model in others
                if (side, source, model) in values
            ),
        )
        for (side, source, variant), row in values.items()
        if variant == primary
    }
    return Driven(condition, speed, int(own["steps"].max()), effects)


def source_words(source: str) -> str:
    """Name a source in the words of a sentence."""
    if source in LABELS:
        return LABELS[source]
    joint, _, side = source.rpartition("_")
    name = JOINT_WORDS.get(joint, joint)
    return f"{name} of the {side} leg" if joint in JOINTS else f"{name} on the {side} leg's side"
