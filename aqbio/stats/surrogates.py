"""What chance would give: shifted waveforms and steps paired anew."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.names import ROLE_GROUPS
from aqbio.stats.athletes import cells, group_means
from aqbio.stats.partitions import opposition


def shifted_opposition(
    step: FloatArray,
    stance_points: int,
    names: tuple[str, ...],
    random: np.random.Generator,
    draws: int,
) -> FloatArray:
    """Opposition index with every group's waveform shifted in time by an own random amount.

    Parameters
    ----------
    step : (T, G) array
        One component over a whole step at equal distances in time.
    stance_points : int
        Points at the beginning that are contact.
    names : tuple of N str
        See :func:`aqbio.stats.partitions.opposition`.
    random : numpy Generator
    draws : int

    Returns
    -------
    (draws, N) array

    Notes
    -----
    The waveform goes on as its mirror image after the step: about the vertical and the forward axis
    the next step repeats it with the opposite sign.
    """
    stride = np.concatenate((step, -step))
    shift = random.integers(len(stride), size=(draws, 1, step.shape[1]))
    place = (np.arange(stance_points)[None, :, None] + shift) % len(stride)
    return opposition(stride[place, np.arange(step.shape[1])], names)


def derangement(group: IntArray, random: np.random.Generator) -> IntArray:
    """Pair every member with another one of its group.

    Parameters
    ----------
    group : (S,) int array

    Returns
    -------
    (S,) int array
        Place of the new partner; the own place where a group has one member only.

    Notes
    -----
    Members in random order, each paired with one at a random distance around the circle: no
    member keeps its own place, and every pair is equally likely.
    """
    order = np.lexsort((random.random(len(group)), group))
    partner = np.empty(len(group), dtype=int)
    bounds = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0, True])
    for low, high in pairwise(bounds):
        size = high - low
        distance = int(random.integers(1, size)) if size > 1 else 0
        members = order[low:high]
        partner[members] = np.roll(members, distance)
    return partner


def compensation(
    one: FloatArray, other: FloatArray, cell: IntArray, draws: int, random: np.random.Generator
) -> tuple[float, FloatArray]:
    """Variance of a sum between steps over the sum of variances, and what new pairs give.

    Parameters
    ----------
    one, other : (S, T) arrays
        Two sides at matched phase.
    cell : (S,) int array
        Steps that compare: same athlete, speed and side.
    draws : int
    random : numpy Generator

    Returns
    -------
    ratio : float
        1: independent; below: what one side has too much the other one takes away.
    repaired : (draws,) array
        The same with the second side of another step of the cell.
    """
    away_one, away_other = (_centred_rows(values, cell) for values in (one, other))
    apart = float((away_one**2).sum() + (away_other**2).sum())

    def ratio(partner: FloatArray) -> float:
        return float(((away_one + partner) ** 2).sum()) / apart

    repaired = [ratio(away_other[derangement(cell, random)]) for _ in range(draws)]
    return ratio(away_other), np.array(repaired)


def _centred_rows(values: FloatArray, cell: IntArray) -> FloatArray:
    """Curves without the mean curve of their cell."""
    count = int(cell.max()) + 1
    means = np.stack([group_means(column, cell, count) for column in values.T], axis=1)
    away: FloatArray = values - means[cell]
    return away


def partition_compensation(
    momentum: FloatArray,
    keys: tuple[IntArray, IntArray],
    names: tuple[str, ...],
    draws: int,
    random: np.random.Generator,
) -> FloatArray:
    """Compensation between steps for several partitions, against steps paired anew.

    Parameters
    ----------
    momentum : (S, T, G) array
        One component in contact.
    keys : pair of (S,) int arrays
        Athlete, and speed level with side.
    names : tuple of N str
        One side of each partition; its groups against the swing leg or against the rest.
    draws : int
    random : numpy Generator

    Returns
    -------
    (N, 2) array
        Ratio, and ratio over the mean of steps paired anew: below 1 where steps compensate.
    """
    cell, _ = cells(*keys)
    total = momentum.sum(axis=-1)
    rows = []
    for name in names:
        inside = [ROLE_GROUPS.index(group) for group in name.split()]
        side = momentum[..., inside].sum(axis=-1)
        ratio, repaired = compensation(side, total - side, cell, draws, random)
        rows.append((ratio, ratio / float(repaired.mean())))
    return np.array(rows)


def surrogate_p(observed: float, drawn: FloatArray) -> float:
    """Probability of a surrogate at least as large as what was observed.

    Notes
    -----
    ``(1 + #{drawn ≥ observed})/(1 + draws)``: never 0.

    Examples
    --------
    >>> surrogate_p(2.5, np.array([1.0, 2.0, 3.0]))
    0.5
    """
    return float((1 + np.count_nonzero(drawn >= observed)) / (1 + len(drawn)))
