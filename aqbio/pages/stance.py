"""What each side carries in stance, and which joints drive its rotation: tables and their words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pandas as pd

from aqbio.figures.step_means import column_size, column_title
from aqbio.figures.words import JOINT_WORDS, JOINTS, LABELS, MODELS, OTHERS, SUMS, TOGETHER
from aqbio.names import AXES
from aqbio.pages.filters import rows

CARRIER_WORDS = {
    "push_leg": "Push leg",
    "arms": "Arms",
    "torso": "Torso",
    "pelvis": "Pelvis",
    "push_side": "Push side",
    "swing_side": "Swing side",
    "total": "Whole body",
}
"""Rows of the table, in its order; where the roles let it, the swing leg is the swing side."""

ROLE_JOINT_WORDS = {
    "hip": "Hip",
    "knee": "Knee",
    "ankle": "Ankle",
    "lumbar": "Lumbar joint",
    "shoulder": "Shoulder",
    "elbow": "Elbow",
}


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation over steps."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class SpeedColumn:
    """What a column of steps carries in stance."""

    condition: str
    speed_mps: float
    steps: int
    participants: int
    momentum: dict[tuple[str, str], Spread]
    """`Spread` by carrier and axis, kg m²/s."""
    residual: dict[str, Spread]
    """`Spread` of the residual moment's RMS by axis, N m."""
    joints: dict[str, tuple[float, float, float]]
    """Stance mean, lowest and highest value (each a mean over steps) of the moment about the
    vertical by joint role, N m."""

    @property
    def title(self) -> str:
        """Words over the column, the same as in the figures."""
        return column_title(self.condition, self.speed_mps)

    @property
    def size(self) -> str:
        """How many steps of how many people."""
        return column_size(self.steps, self.participants)


def speed_columns(means: pd.DataFrame) -> list[SpeedColumn]:
    """Arrange the table of stance means by column."""
    conditions = means["condition"].astype(object).where(means["condition"].notna(), "")
    columns = means.groupby([conditions, "speed_mps"], sort=False, dropna=False)
    return [
        _speed_column(str(name[0]), float(own["speed_mps"].iloc[0]), own) for name, own in columns
    ]


def _speed_column(condition: str, speed: float, own: pd.DataFrame) -> SpeedColumn:
    spread = {
        (row["quantity"], row["source"], row["axis"]): Spread(row["mean"], row["sd"])
        for row in rows(own)
    }
    joints = {
        source: (
            spread["joint_moment_mean", source, "y"].mean,
            spread["joint_moment_min", source, "y"].mean,
            spread["joint_moment_max", source, "y"].mean,
        )
        for quantity, source, axis in spread
        if quantity == "joint_moment_mean" and axis == "y"
    }
    return SpeedColumn(
        condition=condition,
        speed_mps=speed,
        steps=int(own["steps"].iloc[0]),
        participants=int(own["participants"].iloc[0]),
        momentum={
            (source, axis): value
            for (quantity, source, axis), value in spread.items()
            if quantity == "angular_momentum"
        },
        residual={axis: spread["residual_moment", "residual", axis] for axis in AXES},
        joints=joints,
    )


def joint_words(role: str) -> str:
    """Name a joint by its role in a step."""
    joint, _, part = role.partition("_")
    name = ROLE_JOINT_WORDS.get(joint, joint.capitalize())
    if not part:
        return name
    return (
        f"{name}, {part} leg" if joint in ("hip", "knee", "ankle") else f"{name}, {part} leg's side"
    )


def present_carriers(columns: list[SpeedColumn]) -> dict[str, str]:
    """Carriers and their words, without groups that the study's roles merge into others."""
    return {
        name: words
        for name, words in CARRIER_WORDS.items()
        if any(math.isfinite(column.momentum[name, "y"].mean) for column in columns)
    }


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
    compared: bool = False
    """Whether the interval holds what another model of the body says."""

    @property
    def size(self) -> tuple[float, float]:
        """Least and most of the effect's size in its interval, N m; NaN without one."""
        ends = abs(self.low), abs(self.high)
        return (0.0 if self.low * self.high <= 0.0 else min(ends)), max(ends)

    @property
    def sure(self) -> bool:
        """Whether interval and all contact models lie on one side of zero.

        Never without another model of the body: intervals then hold what others say in 0.61 to 0.72
        of cases (docs/levels.md).
        """
        if not self.compared:
            return False
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
class SourceEffects:
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

    def rank(self, effect: Effect, side: str) -> tuple[int, int] | None:
        """Best and worst rank by size in the intervals of a side's joints; None: unknown."""
        sizes = [
            other.size
            for (target, source), other in self.effects.items()
            if target == side
            and source not in (TOGETHER, *SUMS, *OTHERS, effect.source)
            and other.drawn
        ]
        if not (effect.drawn and effect.compared):
            return None
        least, most = effect.size
        best = 1 + sum(low > most for low, _ in sizes)
        return best, 1 + sum(high > least for _, high in sizes)


def present_sides(columns: list[SourceEffects]) -> dict[str, str]:
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


def effect_columns(numbers: pd.DataFrame, *, compared: bool) -> list[SourceEffects]:
    """Arrange the numbers of the figure of caused rotation by column.

    `compared` says whether their intervals hold what another model of the body says.
    """
    conditions = numbers["condition"].astype(object).where(numbers["condition"].notna(), "")
    columns = numbers.groupby([conditions, "speed_mps"], sort=False, dropna=False)
    return [
        _driven_column(str(name[0]), float(own["speed_mps"].iloc[0]), own, compared=compared)
        for name, own in columns
    ]


def _driven_column(
    condition: str, speed: float, own: pd.DataFrame, *, compared: bool
) -> SourceEffects:
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
            compared=compared,
        )
        for (side, source, variant), row in values.items()
        if variant == primary
    }
    return SourceEffects(condition, speed, int(own["steps"].max()), effects)


def source_words(source: str) -> str:
    """Name a source in the words of a sentence."""
    if source in LABELS:
        return LABELS[source]
    joint, _, side = source.rpartition("_")
    name = JOINT_WORDS.get(joint, joint)
    return f"{name} of the {side} leg" if joint in JOINTS else f"{name} on the {side} leg's side"
