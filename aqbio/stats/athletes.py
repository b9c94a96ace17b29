"""Athletes' own numbers: means, slopes and spreads within athletes, which inference starts from."""

from __future__ import annotations

import numpy as np
from scipy import special

from aqbio.mechanics.vectors import FloatArray, IntArray


def group_sums(values: FloatArray, group: IntArray, count: int) -> FloatArray:
    """Sum of finite values by group.

    Parameters
    ----------
    values : (S,) array
    group : (S,) int array
        From 0 to count − 1.
    count : int

    Returns
    -------
    (count,) array
        In the values' unit; 0 for a group without any.
    """
    known = np.isfinite(values)
    sums = np.bincount(group[known], weights=values[known], minlength=count)
    return sums.astype(float)


def group_counts(values: FloatArray, group: IntArray, count: int) -> FloatArray:
    """Number of finite values by group.

    Parameters
    ----------
    values : (S,) array
    group : (S,) int array
        From 0 to count − 1.
    count : int

    Returns
    -------
    (count,) array
    """
    return np.bincount(group[np.isfinite(values)], minlength=count).astype(float)


def group_means(values: FloatArray, group: IntArray, count: int) -> FloatArray:
    """Mean of finite values by group.

    Parameters
    ----------
    values : (S,) array
    group : (S,) int array
        From 0 to count − 1.
    count : int

    Returns
    -------
    (count,) array
        NaN for a group without a finite value.

    Examples
    --------
    >>> group_means(np.array([1.0, 3.0, np.nan, 5.0]), np.array([0, 0, 1, 2]), 3)
    array([ 2., nan,  5.])
    """
    size = group_counts(values, group, count)
    sums = group_sums(values, group, count)
    means: FloatArray = np.full(count, np.nan)
    np.divide(sums, size, out=means, where=size > 0)
    return means


LEAST_SPREAD = 0.01
"""Relative standard deviation of speed within an athlete below which no slope on speed is told."""


def group_slopes(x: FloatArray, y: FloatArray, group: IntArray, count: int) -> FloatArray:
    """Least-squares slope of y on x within each group.

    Parameters
    ----------
    x, y : (S,) arrays
        Pairs of which one is NaN are left out.
    group : (S,) int array
        From 0 to count − 1.
    count : int

    Returns
    -------
    (count,) array
        Unit of y over unit of x; NaN where x does not vary.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0, 1.0, 1.0])
    >>> group_slopes(x, 2.0 * x + 5.0, np.array([0, 0, 0, 1, 1]), 2)
    array([ 2., nan])
    """
    pair = np.isfinite(x) & np.isfinite(y)
    x, y, group = x[pair], y[pair], group[pair]
    away_x = x - group_means(x, group, count)[group]
    away_y = y - group_means(y, group, count)[group]
    spread = group_sums(away_x**2, group, count)
    wide = spread > 1e-12 * (1.0 + group_sums(x**2, group, count))
    slopes: FloatArray = np.full(count, np.nan)
    np.divide(group_sums(away_x * away_y, group, count), spread, out=slopes, where=wide)
    return slopes


def with_speeds(speed: FloatArray, group: IntArray, count: int) -> FloatArray:
    """Speeds of groups that run at more than one speed.

    Parameters
    ----------
    speed : (S,) array, m/s
    group : (S,) int array
        From 0 to count − 1.
    count : int

    Returns
    -------
    (S,) array, m/s
        NaN in groups whose speeds spread by no more than ``LEAST_SPREAD`` of their mean.

    Examples
    --------
    >>> speed = np.array([8.0, 8.05, 5.0, 8.0])
    >>> with_speeds(speed, np.array([0, 0, 1, 1]), 2)
    array([nan, nan,  5.,  8.])
    """
    means = group_means(speed, group, count)
    variance = group_means((speed - means[group]) ** 2, group, count)
    narrow = ~(np.sqrt(variance) > LEAST_SPREAD * means)
    return np.where(narrow[group], np.nan, speed)


def cells(athlete: IntArray, level: IntArray) -> tuple[IntArray, IntArray]:
    """Number the cells of athlete and speed level.

    Returns
    -------
    cell : (S,) int array
        Cell of each step.
    owner : (C,) int array
        Athlete of each cell.

    Examples
    --------
    >>> cells(np.array([0, 0, 2, 2]), np.array([1, 3, 1, 1]))
    (array([0, 1, 2, 2]), array([0, 0, 2]))
    """
    pairs = np.stack((athlete, level), axis=1)
    unique, cell = np.unique(pairs, axis=0, return_inverse=True)
    return cell.reshape(-1), unique[:, 0]


def log_spread(values: FloatArray, group: IntArray, count: int) -> FloatArray:
    """Logarithm of the standard deviation within groups, free of the bias of small groups.

    Parameters
    ----------
    values : (S,) array
    group : (S,) int array
        From 0 to count − 1.
    count : int

    Returns
    -------
    (count,) array
        NaN where a group has fewer than three values or they are all the same.

    Notes
    -----
    For n normal values ``E[log s] = log σ + (ψ(k/2) − log(k/2))/2`` with k = n − 1 and ψ the
    digamma function; that term is subtracted, so that groups of different size compare.
    """
    known = np.isfinite(values)
    away = values - group_means(values, group, count)[group]
    size = group_counts(values, group, count)
    degrees = np.where(size > 2, size - 1.0, np.nan)
    variance = np.bincount(group[known], weights=away[known] ** 2, minlength=count) / degrees
    bias = 0.5 * (special.digamma(degrees / 2.0) - np.log(degrees / 2.0))
    spread = np.full(count, np.nan)
    np.log(variance, out=spread, where=variance > 0)
    logarithm: FloatArray = 0.5 * spread - bias
    return logarithm


def centred(values: FloatArray, group: IntArray) -> FloatArray:
    """Values (S,) less the mean of their group (S, from 0); NaN stays NaN."""
    count = int(group.max()) + 1 if len(group) else 0
    away: FloatArray = values - group_means(values, group, count)[group]
    return away


def consecutive_pairs(trial: IntArray, number: IntArray) -> tuple[IntArray, IntArray]:
    """Places of consecutive steps of the same trial: those before and those after.

    Parameters
    ----------
    trial, number : (S,) int arrays
        Trial of each step, and its number within the trial.

    Returns
    -------
    before, after : (P,) int arrays
        Indices of the steps of each pair.

    Examples
    --------
    >>> consecutive_pairs(np.array([0, 0, 0, 1, 1]), np.array([1, 2, 4, 5, 6]))
    (array([0, 3]), array([1, 4]))
    """
    order = np.lexsort((number, trial))
    before, after = order[:-1], order[1:]
    next_one = (trial[before] == trial[after]) & (number[after] == number[before] + 1)
    return before[next_one], after[next_one]


def longest_runs(trial: IntArray, number: IntArray) -> IntArray:
    """Number of steps in the longest unbroken row of each trial.

    Parameters
    ----------
    trial, number : (S,) int arrays
        Trial of each step from 0, and its number within the trial.

    Returns
    -------
    (trials,) int array

    Examples
    --------
    >>> longest_runs(np.array([0, 0, 0, 1]), np.array([1, 2, 4, 5]))
    array([2, 1])
    """
    if not len(trial):
        return np.zeros(0, dtype=int)
    longest = np.zeros(int(trial.max()) + 1, dtype=int)
    before, after = consecutive_pairs(trial, number)
    follows = dict(zip(after.tolist(), before.tolist(), strict=True))
    run = np.ones(len(trial), dtype=int)
    for place in np.lexsort((number, trial)).tolist():
        if place in follows:
            run[place] = run[follows[place]] + 1
    np.maximum.at(longest, trial, run)
    return longest
