"""Parts of registry entries: formulas of columns, and words about an estimate."""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from aqbio.config.written import WrittenModel
from aqbio.stats.claim_columns import JOINT, formula_units, own_column
from aqbio.stats.formulas import Formula, parse_formula

Note = Literal["hurt", "ever_hurt", "lost_strength", "leg_lost_strength"]
"""What is known of people for whom a claim may not hold: pain at a test, at any test, and a side
or a leg that lost strength between the sessions."""


class Entry(WrittenModel):
    """A part of the registry; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StatisticWords(Entry):
    """Words of the pages about an estimate."""

    more: str = Field(
        description="What an estimate above 0 says: a clause that reads on with “by so much”."
    )
    less: str = Field(description="What an estimate below 0 says, likewise.")
    limit: str = Field(description="Sentence: what the estimate does not say.")
    size: str = Field(default="{}", description="How a size is written, {} for its digits.")
    short: str = Field(default="{}", description="How it is written when it comes again.")
    convert: Literal["", "percent", "percent_of_logarithm"] = Field(
        default="", description="Conversion of the estimate before it is written."
    )
    second: str = Field(
        default="", description="What was found where the size would do, but not the condition."
    )
    same: str = Field(default="", description="What it says that there is no effect: a clause.")

    def written(self, value: float) -> float:
        """Convert a value to the unit in which sizes are written."""
        if self.convert == "percent":
            return 100.0 * value
        return 100.0 * math.expm1(value) if self.convert == "percent_of_logarithm" else value


class Formulas(Entry):
    """A claim's number as a formula of columns, and the rows that it is evaluated over."""

    rows: Literal["steps", "fastest_steps", "consecutive", "trials", "people"] = Field(
        default="steps",
        description="Rows: steps or trials of each person, whose number is then a mean or a slope "
        "of their own (of steps within each foot); fastest_steps, those at the highest speed; "
        "consecutive, those with a step before and after: next_ and "
        "previous_ before the name of a column are of those; "
        "people: one row per person, compared with each other.",
    )
    formula: tuple[str, ...] | str = Field(
        description="outcome ~ predictor + held, or outcome ~ 1 for a mean, of columns, numbers, "
        "+ - * / and log, sqrt, exp, abs, and scores (normal scores of ranks, over people or over "
        "a person's consecutive steps). "
        "Several are readings that must all agree."
    )
    adjusted: bool = Field(
        default=False,
        description="Between people, hold sex, laboratory and footwear; support needs the first "
        "two.",
    )
    without: tuple[Note, ...] = Field(
        default=(), description="Of people, leave out those of whom this is noted."
    )

    @model_validator(mode="after")
    def _check_formulas(self) -> Formulas:
        units = formula_units()
        if self.rows != "people" and (self.adjusted or self.without):
            raise ValueError("adjusted and without are of rows: people")
        if self.rows not in ("people", "consecutive") and "scores(" in str(self.formula):
            raise ValueError("scores are of rows: people or consecutive")
        for reading in self.readings:
            if self.rows == "consecutive" and not parse_formula(reading).terms:
                raise ValueError(f"{reading!r} has no predictor, which rows: consecutive take")
            for name in parse_formula(reading).names:
                column = own_column(name) if self.rows == "consecutive" else name
                if column not in units and not JOINT.fullmatch(column):
                    near = ", ".join(get_close_matches(name, units, 3)) or "see docs/files.md"
                    raise ValueError(f"{name} is no column of steps or people; near: {near}")
        return self

    @property
    def readings(self) -> tuple[str, ...]:
        """Formulas as they are written."""
        return (self.formula,) if isinstance(self.formula, str) else self.formula

    @property
    def parsed(self) -> tuple[Formula, ...]:
        """Every reading."""
        return tuple(map(parse_formula, self.readings))

    @property
    def is_of_changes(self) -> bool:
        """True where people's changes from the first session to the last are compared."""
        return self.rows == "people" and any(
            name.endswith("_gain") or name.startswith("gained_") for name in self.names
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that any reading reads."""
        return tuple(dict.fromkeys(name for reading in self.parsed for name in reading.names))
