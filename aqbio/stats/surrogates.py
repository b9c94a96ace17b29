"""What chance would give: shifted waveforms and steps paired anew."""

from __future__ import annotations

import numpy as np

from aqbio.names import ROLE_GROUPS
from aqbio.stats.partitions import opposition
from aqbio.vectors import FloatArray, IntArray


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


def paired_anew(group: IntArray, random: np.random.Generator) -> IntArray:
    """Pair every member with a random one of its group.

    Parameters
    ----------
    group : (S,) int array

    Returns
    -------
    (S,) int array
        Place of the new partner, now and then the own one.

    Notes
    -----
    All pairings are equally likely, which makes the test exact. Pairings that keep no own pair
    (derangements) lean the other way: among n steps their mean correlation is −r/(n − 1), and at
    five steps per cell one in eight true nulls came out below 0.05.
    """
    order = np.argsort(group, kind="stable")
    shuffled = np.lexsort((random.random(len(group)), group))
    partner = np.empty(len(group), dtype=int)
    partner[order] = shuffled
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

    Returns
    -------
    ratio : float
        1: independent; below: what one side has too much the other one takes away.
    repaired : (draws,) array
        The same with the second side of a random step of the cell.
    """
    away_one, away_other = (_centred_rows(values, cell) for values in (one, other))
    apart = float((away_one**2).sum() + (away_other**2).sum())

    def ratio(partner: FloatArray) -> float:
        return float(((away_one + partner) ** 2).sum()) / apart

    repaired = [ratio(away_other[paired_anew(cell, random)]) for _ in range(draws)]
    return ratio(away_other), np.array(repaired)


def _centred_rows(values: FloatArray, cell: IntArray) -> FloatArray:
    """Curves without the mean curve of their cell."""
    import pandas as pd

    table = pd.DataFrame(values)
    away: FloatArray = (table - table.groupby(cell).transform("mean")).to_numpy()
    return away


def partition_variances(momentum: FloatArray, cell: IntArray, names: tuple[str, ...]) -> FloatArray:
    """Variances between steps of the total, and of one side and the rest, of several partitions.

    Parameters
    ----------
    momentum : (S, T, G) array
        One component in contact, groups as in ``aqbio.names.ROLE_GROUPS``.
    cell : (S,) int array
    names : tuple of N str
        One side of each partition.

    Returns
    -------
    (2, N) array
        Sums of squares about the cells' means, which add up over athletes: of the total, and of
        both sides. Their ratio is 1 where both sides vary independently. A side and the rest add
        up to the total, which varies little: the ratio is small for every partition, and one alone
        proves nothing.
    """
    total = momentum.sum(axis=-1)
    squares = []
    for name in names:
        side = momentum[..., [ROLE_GROUPS.index(group) for group in name.split()]].sum(axis=-1)
        apart = _centred_rows(side, cell), _centred_rows(total - side, cell)
        both = sum(float((away**2).sum()) for away in apart)
        squares.append((float(((apart[0] + apart[1]) ** 2).sum()), both))
    return np.array(squares).T


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
