"""Means, slopes and spreads within athletes, which inference starts from.

Groups are what pandas groups by; of a categorical column every category has a number, NaN where it
has no step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.vectors import IntArray

if TYPE_CHECKING:
    import pandas as pd

    Numbers = pd.Series[float]
    Groups = pd.Series[Any] | list[pd.Series[Any]]

LEAST_SPREAD = 0.01
"""Relative standard deviation of an athlete's speeds below which no slope on speed is estimated."""


def slopes(x: Numbers, y: Numbers, group: pd.Series[Any]) -> Numbers:
    """Least-squares slope of y on x within each group; NaN where x does not vary."""
    pair = x.notna() & y.notna()
    x, y, who = x[pair], y[pair], group[pair]
    away = centred(x, who)
    sums = [
        product.groupby(who, observed=False).sum()
        for product in (away * centred(y, who), away**2, x**2)
    ]
    return (sums[0] / sums[1]).where(sums[1] > 1e-12 * (1.0 + sums[2]))


def means_by(values: Numbers, group: Groups) -> Numbers:
    """Mean by group, (groups,); NaN for a category without any."""
    found: Numbers = values.groupby(group, observed=False).mean()
    return found


def counts_by(values: Numbers, group: pd.Series[Any]) -> pd.Series[int]:
    """How many values of a group are known, (groups,); 0 for a category without any."""
    return values.groupby(group, observed=False).count()


def centred(values: Numbers, group: Groups) -> Numbers:
    """Values (S,) less the mean of their group; NaN stays NaN."""
    return values - _own_means(values, group)


def _own_means(values: Numbers, group: Groups) -> Numbers:
    """The mean of every value's group, (S,); NaN without a group."""
    found: Numbers = values.groupby(group, observed=True).transform("mean")
    return found


def with_speeds(speed: Numbers, group: pd.Series[Any], least: float = LEAST_SPREAD) -> Numbers:
    """Speeds (S,), NaN in groups whose speeds spread by at most ``least`` of their mean."""
    mean = _own_means(speed, group)
    spread = _own_means((speed - mean) ** 2, group).pow(0.5)
    return speed.where(spread > least * mean)


def consecutive(
    steps: pd.DataFrame, trial: Sequence[str], apart: int = 1
) -> tuple[IntArray, IntArray]:
    """Places (P,) of steps of the same trial so many apart: those before and those after."""
    code, number, order = _in_order(steps, trial)
    before, after = order[:-apart], order[apart:]
    next_one = (code[before] == code[after]) & (number[after] == number[before] + apart)
    return before[next_one], after[next_one]


def longest_runs(steps: pd.DataFrame, trial: Sequence[str]) -> pd.Series[int]:
    """Number of steps in the longest unbroken run of each trial, (trials,)."""
    import pandas as pd

    code, number, order = _in_order(steps, trial)
    ordered, broken = steps.iloc[order], np.ones(len(order), dtype=bool)
    broken[1:] = (np.diff(code[order]) != 0) | (np.diff(number[order]) != 1)
    names = [ordered[name] for name in trial]
    run = pd.Series(broken.cumsum(), ordered.index, name="run")
    sizes = ordered.groupby([*names, run], observed=True).size()
    return sizes.groupby(level=list(range(len(names))), observed=True).max()


def _in_order(steps: pd.DataFrame, trial: Sequence[str]) -> tuple[IntArray, IntArray, IntArray]:
    """Number of every step's trial, of the step in it, and places of the steps in their order."""
    trials = steps.groupby(list(trial), observed=True, sort=False)
    code: IntArray = np.asarray(trials.ngroup(), dtype=np.int64)
    number: IntArray = np.asarray(steps["step"], dtype=np.int64)
    order: IntArray = np.lexsort((number, code)).astype(np.int64)
    return code, number, order
