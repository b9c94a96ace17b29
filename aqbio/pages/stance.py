"""Angular momentum of each side in stance and the joints that drive it: tables and words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.figures.step_means import StepColumn, column_title, headline_speed
from aqbio.figures.words import (
    ALL_SOURCES,
    JOINT_WORDS,
    JOINTS,
    LABELS,
    MODELS,
    NON_JOINT_SOURCES,
    SUMS,
    digits,
)
from aqbio.names import INTERVALS
from aqbio.pages.address import marked, row_key, where
from aqbio.pages.filters import counted, enumerated, rows
from aqbio.pages.words import SOURCES

CARRIERS = ("push_leg", "arms", "torso", "pelvis", "push_side", "swing_side", "total")
"""Rows of the table, in its order; the swing leg is the swing side where the roles say so."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean over athletes, its standard deviation, and the interval of its measurement."""

    mean: float
    sd: float
    low: float = math.nan
    high: float = math.nan
    key: str = ""
    """Of its row of the table of stance means."""

    @property
    def table(self) -> str:
        """Table that holds it."""
        return MEANS

    @property
    def has_interval(self) -> bool:
        """True if there is an interval."""
        return math.isfinite(self.low + self.high)

    @property
    def direction(self) -> int:
        """Sign of the mean; 0 where its interval includes 0 or the mean is not known."""
        ends = [self.low, self.high] if self.has_interval else []
        for sign in (1, -1):
            if all(sign * value > 0.0 for value in (self.mean, *ends)):
                return sign
        return 0

    def words(self, unit: str) -> str:
        """Write the mean with its interval, without the unit."""
        mean, low, high = (
            marked(digits(getattr(self, name), unit), MEANS, self.key, name)
            for name in ("mean", "low", "high")
        )
        return f"{mean} ({low} to {high})" if self.has_interval else mean


MEANS = "figures/stance_means"
"""Table of stance means."""


@dataclass(frozen=True, slots=True)
class StepsColumn:
    """Steps of one condition and speed, side by side in tables and figures."""

    condition: str
    speed_mps: float
    steps: int
    participants: int
    who: str
    """Whom means are taken over: ``athlete`` or ``session``."""
    slowest_mps: float
    fastest_mps: float
    """slowest_mps, fastest_mps: Mean speeds of the slowest and of the fastest athlete."""

    @property
    def rows_table(self) -> str:
        """Table whose rows say how many steps and athletes there are."""
        return MEANS

    @property
    def key(self) -> str:
        """Key of the column's rows in the tables of figures."""
        return where(condition=self.condition or None, speed_mps=self.speed_mps)

    @property
    def speeds(self) -> str:
        """Speeds that were run: 8.8 to 9.5 m/s."""
        ends = {name: f"{getattr(self, name):.1f}" for name in ("slowest_mps", "fastest_mps")}
        if "nan" in ends.values():
            return self.title
        shown = dict(list(ends.items())[: len(set(ends.values()))])
        words = [marked(text, MEANS, self.key, name, by="most") for name, text in shown.items()]
        return f"{' to '.join(words)} m/s"

    @property
    def title(self) -> str:
        """Words over the column, the same as in the figures."""
        title, speed = column_title(self.condition, self.speed_mps), f"{self.speed_mps:.1f}"
        return title.replace(speed, marked(speed, MEANS, self.key, "speed_mps", by="most"))

    @property
    def size(self) -> str:
        """Number of steps and of athletes."""
        people, steps = (
            counted(number, noun, self.rows_table, self.key, column, by="most")
            for number, noun, column in (
                (self.participants, self.who, "participants"), (self.steps, "step", "steps"),
            )
        )  # fmt: skip
        return f"{people}, {steps}"


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


def speed_columns(means: pd.DataFrame, who: str = "athlete") -> list[SpeedColumn]:
    """Arrange the table of stance means by column; ``who``: whom it averages over."""
    columns = []
    for condition, speed, column_rows in table_columns(means):
        spread = {
            (row["quantity"], row["source"], row["axis"]): Spread(
                **{name: float(row[name]) for name in ("mean", "sd", "low", "high")},
                key=row_key(MEANS, row),
            )
            for row in rows(column_rows)
        }
        steps, people = (int(column_rows[name].iloc[0]) for name in ("steps", "participants"))
        slowest, highest = (
            float(column_rows[name].iloc[0]) for name in ("slowest_mps", "fastest_mps")
        )
        columns.append(SpeedColumn(condition, speed, steps, people, who, slowest, highest, spread))
    return columns


def present_carriers(columns: list[SpeedColumn]) -> dict[str, str]:
    """Carriers and their words, without groups that the study's roles merge into others."""
    return {
        name: "Whole body" if name == "total" else name.replace("_", " ").capitalize()
        for name in CARRIERS
        if any(math.isfinite(column.momentum(name).mean) for column in columns)
    }


CAUSED = "figures/caused_rotation"
"""Table of what joints cause."""

SIDES = {"push_side_y": "push side", "swing_side_y": "swing side"}


@dataclass(frozen=True, slots=True)
class Effect:
    """Effect of one source on one side, stance mean over steps, N m."""

    source: str
    label: str
    mean: float
    low: float
    high: float
    """mean, low, high: Primary contact model; the 95 % interval is NaN without one."""
    other_models: tuple[float, ...]
    """Under the other contact models."""
    compared: bool = False
    """True if the interval includes the difference to another model of the body."""
    key: str = ""
    """Of its row of the table of the figure."""

    @property
    def table(self) -> str:
        """Table that holds it."""
        return CAUSED

    @property
    def others(self) -> list[OtherModel]:
        """Values under the other contact models."""
        of_primary = f"variant={MODELS[0]}"
        return [
            OtherModel(value, self.key.replace(of_primary, f"variant={name}"))
            for name, value in zip(MODELS[1:], self.other_models, strict=False)
        ]

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
        mean, low, high = (
            marked(digits(getattr(self, name), "N m"), CAUSED, self.key, name)
            for name in ("mean", "low", "high")
        )
        return f"{mean} ({low} to {high})" if self.has_interval else mean


@dataclass(frozen=True, slots=True)
class OtherModel:
    """Effect of a source under another contact model."""

    mean: float
    key: str

    @property
    def table(self) -> str:
        """Table that holds it."""
        return CAUSED


@dataclass(frozen=True, slots=True)
class SourceEffects(StepsColumn):
    """Effects in one column of steps."""

    effects: dict[tuple[str, str], Effect]
    """`Effect` by side and source."""

    @property
    def rows_table(self) -> str:
        """Table whose rows say how many steps and athletes there are."""
        return CAUSED

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


def headline(columns: list[OneColumn]) -> OneColumn | None:
    """The column of the first condition at `headline_speed`; without speeds, any."""
    first = [column for column in columns if column.condition == columns[0].condition]
    people = pd.Series({column.speed_mps: column.participants for column in first}, dtype=float)
    at_speed = [column for column in first if column.speed_mps == headline_speed(people)]
    return next(iter(at_speed or first), None)


def effect_columns(
    numbers: pd.DataFrame, speeds: list[SpeedColumn], *, compared: bool
) -> list[SourceEffects]:
    """Arrange the numbers of the figure of caused rotation by column.

    `speeds`: columns of stance means, whose speeds these have; `compared`: intervals include the
    difference to another model of the body.
    """
    ends = {
        (column.condition, column.speed_mps): (column.slowest_mps, column.fastest_mps)
        for column in speeds
    }
    primary, *other_models = MODELS
    who = speeds[0].who if speeds else "athlete"
    columns = []
    for condition, speed, column_rows in table_columns(numbers):
        values = {(row["panel"], row["source"], row["variant"]): row for row in rows(column_rows)}
        effects = {
            (side, source): Effect(
                source,
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
                row_key(CAUSED, row),
            )
            for (side, source, variant), row in values.items()
            if variant == primary
        }
        steps, people = (int(column_rows[name].max()) for name in ("steps", "participants"))
        slowest, highest = ends.get((condition, speed), (speed, speed))
        columns.append(
            SourceEffects(condition, speed, steps, people, who, slowest, highest, effects)
        )
    return columns


def source_words(source: str) -> str:
    """Name a source in the words of a sentence."""
    if source in LABELS:
        return LABELS[source]
    joint, _, side = source.rpartition("_")
    name = JOINT_WORDS.get(joint, joint)
    return f"{name} of the {side} leg" if joint in JOINTS else f"{name} on the {side} leg's side"


UNIT = "kg m²/s"


SHOWN_SIDES = ("push_side", "swing_side")


def carried_words(columns: list[SpeedColumn]) -> str:
    """State the angular momentum of both sides in contact, in a sentence."""
    column = headline(columns)
    if column is None:
        return ""
    push, swing, total = (column.momentum(name) for name in ("push_side", "swing_side", "total"))
    known_speed = f" at {column.speeds}" if math.isfinite(column.speed_mps) else ""
    at = f"With a foot on the ground{known_speed} ({column.size})"
    if not math.isfinite(push.mean + swing.mean):
        return (
            f"{at} the angular momentum of both sides could not be determined: parts of the body "
            "were not observed."
        )
    way = {-1: "in opposite directions", 1: "in the same direction"}.get(
        push.direction * swing.direction,
        "in directions that could not be determined within measurement error",
    )
    both = f"{column.key};{where(quantity='angular_momentum', source=SHOWN_SIDES, axis='y')}"
    way = marked(way, MEANS, both, by="directions")
    interval = f", {INTERVALS['measurement']} in brackets" if push.has_interval else ""
    return (
        f"{at} push side and swing side turned {way} about the vertical: "
        f"{push.words(UNIT)} and {swing.words(UNIT)} {UNIT}, together {total.words(UNIT)}; "
        f"{_mean_words(column)}{interval}."
    )


def _mean_words(column: StepsColumn) -> str:
    return f"mean over {column.who}s" if column.participants > 1 else "mean over steps"


def driven_words(column: SourceEffects | None, *, short: bool = False) -> str:
    """State which joint moments turn each side, as far as that is sure.

    ``short``: number of sure directions only.
    """
    if column is None:
        return (
            "The joints that drive the rotation could not be determined: that takes a whole step "
            "with ground reaction forces in which the whole body was observed."
        )
    sides = [side for side in column.sides if column.largest(side)]
    if not sides:
        return ""
    counts = enumerated([_sure_words(column, side, short=short) for side in sides])
    if short:
        return f"The direction of the effect is certain for {counts}."
    sure = (
        f"At {column.speeds} the direction of the effect is certain, within its interval and under "
        f"all contact models, for {counts}."
    )
    side_words = [words for side in sides if (words := _largest_words(column, side))]
    open_sides = [_open_words(column, side) for side in sides if not _largest_words(column, side)]
    unknown = (
        [f"The largest contribution could not be determined {'; '.join(open_sides)}."]
        if open_sides
        else []
    )
    return " ".join([sure, *side_words, *unknown])


MAX_NAMED = 3
"""Joints that a sentence names for each side."""


def _sure_words(column: SourceEffects, side: str, *, short: bool) -> str:
    """Count the joints whose effect on a side has a sure direction, and name the largest."""
    joints = column.largest(side)
    sure = [effect for effect in joints if effect.sure]
    of_side = f"{column.key};{where(panel=side)}"
    certain = marked(len(sure), CAUSED, of_side, by="certain")
    acting = counted(len(joints), "joint", CAUSED, of_side, by="joints")
    text = f"{certain} of {acting} acting on the {column.sides[side]}"
    if short or not sure:
        return text
    head = "the largest: " if len(sure) > MAX_NAMED else ""
    effect_words = ", ".join(f"{effect.label} {effect.range}" for effect in sure[:MAX_NAMED])
    return f"{text} ({head}{effect_words} N m)"


def _largest_words(column: SourceEffects, side: str) -> str:
    """State which joint contributes most to a side; empty where that is not sure."""
    first = column.largest(side)[0]
    rank = column.rank(first, side)
    ranks_first = first.sure and rank is not None and rank[1] == 1
    return f"The {first.label} contributes most to the {column.sides[side]}." * ranks_first


def _open_words(column: SourceEffects, side: str) -> str:
    """State the largest value to a side and the ranks that its interval allows."""
    first = column.largest(side)[0]
    rank = column.rank(first, side)
    possible = " has the largest value"
    if rank:
        of_side = f"{column.key};{where(panel=side)}"
        best, worst = (
            marked(place, CAUSED, of_side, first.source, by=by)
            for place, by in zip(rank, ("best rank", "worst rank"), strict=True)
        )
        possible = f" may rank {best} to {worst}"
    return f"for the {column.sides[side]}, where the {first.label} ({first.range} N m){possible}"


def variance_share(share: float, key: str, source: str) -> str:
    """Write the share of a source in the variance of the rows of a key, in per cent."""
    text, column = f"{100.0 * share:.0f}", f"share_{source}"
    return marked(text, "uncertainty", key, column, factor=100.0, by="share of variance")


@dataclass(frozen=True, slots=True)
class Remedy:
    """Largest source of the uncertainty of a contribution, and what narrows it."""

    side: str
    joint: str
    share: str
    """Of the source in the variance, per cent."""
    source: str


def remedies(column: SourceEffects | None, budget: pd.DataFrame) -> list[Remedy]:
    """Find what widens the interval of the largest contribution to each side that is not sure.

    ``budget`` is the table ``uncertainty``: its shares, over all athletes.
    """
    proposals: list[Remedy] = []
    if column is None:
        return proposals
    for side in column.sides:
        effect = next((candidate for candidate in column.largest(side) if not candidate.sure), None)
        if effect is None:
            continue
        is_model = (budget["level"] == f"C ({MODELS[0]})") & (budget["axis"] == "y")
        is_model &= budget["statistic"].eq("moment_mean") & budget["target"].eq(
            side.removesuffix("_y")
        )
        rows_of_source = budget[is_model & budget["source"].eq(effect.source)]
        variance = rows_of_source["sd"] ** 2
        shares = {
            name: float((rows_of_source[f"share_{name}"] * variance).sum() / variance.sum())
            for name in SOURCES
            if len(rows_of_source) and float(variance.sum()) > 0.0
        }
        if shares:
            name = max(shares, key=lambda key: shares[key])
            key = where(
                level=f"C ({MODELS[0]})", axis="y", statistic="moment_mean",
                target=side.removesuffix("_y"), source=effect.source,
            )  # fmt: skip
            share = variance_share(shares[name], key, name)
            proposals.append(Remedy(SIDES[side], effect.label, share, name))
    return proposals
