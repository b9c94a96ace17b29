"""Means, slopes and spreads within athletes, which inference starts from.

Groups are what pandas groups by; of a categorical column every category has a number, NaN where it
has no step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.vectors import FloatArray, IntArray

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
    sums = [sums_by(product, who) for product in (away * centred(y, who), away**2, x**2)]
    return (sums[0] / sums[1]).where(sums[1] > 1e-12 * (1.0 + sums[2]))


def sums_by(values: Numbers, group: Groups) -> Numbers:
    """Sum by group, (groups,); 0 for a category without any."""
    return _by_group(values, group, "sum")


def means_by(values: Numbers, group: Groups) -> Numbers:
    """Mean by group, (groups,); NaN for a category without any."""
    return _by_group(values, group, "mean")


def counts_by(values: Numbers, group: pd.Series[Any]) -> pd.Series[int]:
    """How many values of a group are known, (groups,); 0 for a category without any."""
    import pandas as pd

    codes, names = _numbered(values, group)
    known = values.notna().to_numpy() & (codes >= 0)
    return pd.Series(np.bincount(codes[known], minlength=len(names)), names, name=values.name)


def _by_group(values: Numbers, group: Groups, what: str) -> Numbers:
    import pandas as pd

    if isinstance(group, list):
        found: Numbers = values.groupby(group, observed=False).agg(what)
        return found
    codes, names = _numbered(values, group)
    sums, counts = _sums(values, codes, len(names))
    with np.errstate(invalid="ignore"):
        own = sums if what == "sum" else sums / counts
    return pd.Series(own, names, name=values.name)


def centred(values: Numbers, group: Groups) -> Numbers:
    """Values (S,) less the mean of their group; NaN stays NaN."""
    return values - _own_means(values, group)


def _own_means(values: Numbers, group: Groups) -> FloatArray:
    """(S,) array: the mean of every value's group; NaN without a group."""
    groups = group if isinstance(group, list) else [group]
    codes = np.zeros(len(values), dtype=np.int64)
    for one in groups:
        own, names = _numbered(values, one)
        codes = np.where((own < 0) | (codes < 0), -1, codes * len(names) + own)
    sums, counts = _sums(values, codes, int(codes.max(initial=-1)) + 1)
    with np.errstate(invalid="ignore"):
        means = np.append(sums / counts, np.nan)
    return np.asarray(means[codes])


def _numbered(values: Numbers, group: pd.Series[Any]) -> tuple[IntArray, pd.Index[Any]]:
    """Every value's group by number, -1 for none, and the groups' names as pandas sorts them.

    pandas' own grouping takes a millisecond each time, and inference asks a thousand times.
    """
    import pandas as pd

    if not group.index.equals(values.index):
        group = group.reindex(values.index)
    if isinstance(group.dtype, pd.CategoricalDtype):
        categories = group.cat.categories
        names: pd.Index[Any] = pd.CategoricalIndex(categories, categories, name=group.name)
        return np.asarray(group.cat.codes, dtype=np.int64), names
    codes, unique = pd.factorize(group, sort=True)
    return np.asarray(codes, dtype=np.int64), pd.Index(unique, name=group.name)


def _sums(values: Numbers, codes: IntArray, number: int) -> tuple[FloatArray, IntArray]:
    """Sums and counts, (number,), of the values that are known."""
    given = values.to_numpy(dtype=float)
    known = np.isfinite(given) & (codes >= 0)
    counts: IntArray = np.bincount(codes[known], minlength=number).astype(np.int64)
    return np.asarray(np.bincount(codes[known], given[known], number), dtype=float), counts


def with_speeds(speed: Numbers, group: pd.Series[Any], least: float = LEAST_SPREAD) -> Numbers:
    """Speeds (S,), NaN in groups whose speeds spread by at most ``least`` of their mean."""
    mean = _own_means(speed, group)
    spread = np.sqrt(_own_means((speed - mean) ** 2, group))
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
