"""Means, slopes and spreads within athletes, the input of inference.

Groups are keys of pandas `groupby`; every category of a categorical column has a number, NaN where
it has no step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aqbio.vectors import IntArray

if TYPE_CHECKING:
    Numbers = pd.Series[float]
    Groups = pd.Series[Any] | list[pd.Series[Any]]

LEAST_SPREAD = 0.01
"""Relative standard deviation of an athlete's speeds below which no slope on speed is estimated."""


def slopes(x: Numbers, y: Numbers, group: pd.Series[Any]) -> Numbers:
    """Least-squares slope of y on x within each group; NaN where x does not vary."""
    pair = x.notna() & y.notna()
    x, y, paired_group = x[pair], y[pair], group[pair]
    offset = centred(x, paired_group)
    sums = [
        product.groupby(paired_group, observed=False).sum()
        for product in (offset * centred(y, paired_group), offset**2, x**2)
    ]
    return (sums[0] / sums[1]).where(sums[1] > 1e-12 * (1.0 + sums[2]))


def means_by(values: Numbers, group: Groups) -> Numbers:
    """Mean by group, (groups,); NaN for a category without any."""
    means: Numbers = values.groupby(group, observed=False).mean()
    return means


def counts_by(values: Numbers, group: pd.Series[Any]) -> pd.Series[int]:
    """Number of finite values by group, (groups,); 0 for a category without any."""
    return values.groupby(group, observed=False).count()


def centred(values: Numbers, group: Groups) -> Numbers:
    """Values (S,) less the mean of their group; NaN stays NaN."""
    return values - group_means(values, group)


def group_means(values: Numbers, group: Groups) -> Numbers:
    """The mean of every value's group, (S,); NaN without a group.

    By sums over codes of groups: pandas takes forty times as long for a few thousand values.
    """
    code = 1 + _codes(group)
    numbers = np.asarray(values, dtype=float)
    is_known = ~np.isnan(numbers)
    counts = np.bincount(code[is_known], minlength=code.max(initial=0) + 1)
    sums = np.bincount(code[is_known], numbers[is_known], minlength=len(counts))
    means = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    means[0] = np.nan
    return pd.Series(means[code], values.index)


def _codes(group: Groups) -> IntArray:
    """Number of every value's group, (S,); −1 without one."""
    keys = group if isinstance(group, list) else [group]
    codes = [
        key.cat.codes if isinstance(key.dtype, pd.CategoricalDtype) else pd.factorize(key)[0]
        for key in keys
    ]
    crossed, *others = (np.asarray(code, dtype=np.int64) for code in codes)
    for code in others:
        is_without = (crossed < 0) | (code < 0)
        combined = np.unique(crossed * (code.max(initial=0) + 1) + code, return_inverse=True)[1]
        crossed = np.where(is_without, -1, combined)
    return crossed


def with_speeds(speed: Numbers, group: pd.Series[Any], min_spread: float = LEAST_SPREAD) -> Numbers:
    """Speeds (S,), NaN in groups whose speeds spread by at most ``min_spread`` of their mean."""
    mean = group_means(speed, group)
    spread = group_means((speed - mean) ** 2, group).pow(0.5)
    return speed.where(spread > min_spread * mean)


def consecutive(
    steps: pd.DataFrame, trial: Sequence[str], offset: int = 1
) -> tuple[IntArray, IntArray]:
    """Indices (P,) of earlier and later steps of the same trial, ``offset`` steps apart."""
    code, number, order = _in_order(steps, trial)
    before, after = order[:-offset], order[offset:]
    is_pair = (code[before] == code[after]) & (number[after] == number[before] + offset)
    return before[is_pair], after[is_pair]


def longest_runs(steps: pd.DataFrame, trial: Sequence[str]) -> pd.Series[int]:
    """Number of steps in the longest unbroken run of each trial, (trials,)."""
    code, number, order = _in_order(steps, trial)
    ordered, broken = steps.iloc[order], np.ones(len(order), dtype=bool)
    broken[1:] = (np.diff(code[order]) != 0) | (np.diff(number[order]) != 1)
    names = [ordered[name] for name in trial]
    run = pd.Series(broken.cumsum(), ordered.index, name="run")
    sizes = ordered.groupby([*names, run], observed=True).size()
    return sizes.groupby(level=list(range(len(names))), observed=True).max()


def _in_order(steps: pd.DataFrame, trial: Sequence[str]) -> tuple[IntArray, IntArray, IntArray]:
    """Trial code and number of every step, and the indices that sort steps by both."""
    trials = steps.groupby(list(trial), observed=True, sort=False)
    code: IntArray = np.asarray(trials.ngroup(), dtype=np.int64)
    number: IntArray = np.asarray(steps["step"], dtype=np.int64)
    order: IntArray = np.lexsort((number, code)).astype(np.int64)
    return code, number, order
