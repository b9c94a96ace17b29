"""Numbers by which athletes are compared, at equal speed, and what is held between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aqbio.stats.within import centred, means_by, with_speeds

if TYPE_CHECKING:
    Numbers = pd.Series[float]

# speed --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpeedLaw:
    """Law of the logarithm of a number over that of speed: a parabola within athletes."""

    centre: float
    linear: float
    square: float

    def __call__(self, speed: Numbers) -> Numbers:
        """The law at logarithms of speeds, less its constant."""
        offset = speed - self.centre
        return self.linear * offset + self.square * offset**2


def speed_law(speed: Numbers, values: Numbers, athlete: pd.Series[Any]) -> SpeedLaw | None:
    """Fit the law to logarithms by step; None where no athlete has several speeds."""
    is_usable = values.notna() & with_speeds(speed.transform("exp"), athlete).notna()
    speed, values, athlete = speed[is_usable], values[is_usable], athlete[is_usable]
    centre = float(speed.mean())
    offset = speed - centre
    powers = np.column_stack([centred(column, athlete) for column in (offset, offset**2)])
    if is_usable.sum() < 3 or np.linalg.matrix_rank(powers, tol=1e-6) < powers.shape[1]:
        return None
    linear, square = np.linalg.lstsq(powers, centred(values, athlete).to_numpy(), rcond=None)[0]
    return SpeedLaw(centre, float(linear), float(square))


def logarithms(numbers: Numbers) -> Numbers:
    """Natural logarithms of numbers; NaN of those that are not above 0."""
    return numbers.where(numbers > 0).astype(float).transform("log")


def excess(steps: pd.DataFrame, values: Numbers, speed: Numbers) -> Numbers:
    """Logarithm of an athlete's number (> 0) relative to the others' at the same speed, (A,).

    The law comes from speeds within athletes only. The number at the highest speed itself is no
    covariate of that speed: contact is short because the athlete is fast, and adjusting for it
    would remove what is tested. NaN without a law.
    """
    log_values, log_speed = logarithms(values), logarithms(speed)
    athlete = steps["participant_id"]
    law = speed_law(log_speed, log_values, athlete)
    rest = means_by(log_values * np.nan if law is None else log_values - law(log_speed), athlete)
    return rest - rest.mean()


RELATIVE = "_relative"
"""Suffix of columns of numbers at an equal share of the athlete's own highest speed."""


def athletes_from_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """Highest speed of every athlete, and the `excess` of the measures that are compared.

    At equal speed, and with ending `RELATIVE` at an equal share of the own highest speed; NaN where
    there is no step.
    """
    compared = {
        "lateral": steps["lateral_ratio"],
        "contact": steps["contact_s"],
        "swing_drive": steps["swing_index"],
        "push_drive": steps["push_index"],
    }
    means = steps.groupby(["participant_id", "level"], observed=True)["speed_mps"].mean()
    top = means.groupby(level=0, observed=True).max()
    names = steps["participant_id"].cat.categories
    table = top.set_axis(top.index.astype(str)).reindex(names).rename("fastest").to_frame()
    share = steps["speed_mps"] / steps["participant_id"].astype(str).map(table["fastest"])
    return table.assign(
        **{
            f"{name}{ending}": excess(steps, values, speed).to_numpy()
            for ending, speed in (("", steps["speed_mps"]), (RELATIVE, share))
            for name, values in compared.items()
        }
    )


# between athletes ---------------------------------------------------------------------------------


FEWEST_BESIDE = 12
"""Least athletes beyond the terms of a model for an indicator of a covariate."""

COVARIATES = ("sex", "laboratory", "footwear")
"""Covariates between athletes."""

NEEDED = {"sex", "laboratory"}
"""Covariates that must be in the model: without them 8 to 10 % of studies of 96 athletes without
an effect were supported."""

FEWEST_OF_KIND = 3
"""Least athletes of a sex or a laboratory for an indicator of it."""


def indicators(athletes: pd.DataFrame, predictors: int) -> tuple[pd.DataFrame, str, bool]:
    """Indicators of covariates, a note on those without, and True if all `NEEDED` ones have one."""
    table, missing = pd.DataFrame(index=athletes.index), []
    rare: list[str] = []
    crowded: list[str] = []
    for name, covariate in athletes.reindex(columns=list(COVARIATES)).items():
        counts = covariate.value_counts()
        if covariate.isna().any():
            missing.append(str(name))
            continue
        if len(counts) < 2:
            continue
        large = counts.index[counts >= FEWEST_OF_KIND]
        room = len(athletes) - predictors - table.shape[1] - 1 >= FEWEST_BESIDE
        if not len(large) or not room:
            (rare if not len(large) else crowded).append(str(name))
            continue
        for kind in sorted(map(str, large))[: len(counts) - 1]:
            table[f"{name}={kind}"] = (covariate == kind).astype(float)
    words = []
    if rare:
        words.append(f"not adjusted for {', '.join(rare)} (groups too small)")
    if crowded:
        words.append(f"not adjusted for {', '.join(crowded)} (too few athletes)")
    if missing:
        words.append(f"not stated (participants.tsv): {', '.join(missing)}")
    return table, "; ".join(words), not NEEDED & {*rare, *crowded, *missing}
