"""Which groups balance which: opposition of every partition of the body, cosines, coherence."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from aqbio.io.dictionary import Columns, columns
from aqbio.names import ROLE_GROUPS
from aqbio.vectors import FloatArray

SWING_ALONE = "swing_leg"
"""The articles' partition: the swing leg against everything else."""
BOTH_LEGS = "push_leg swing_leg"
"""The classical partition: both legs against arms, torso and pelvis."""


SPLIT_GROUPS = ("push_leg", "swing_leg", "arm_push", "arm_swing", "torso", "pelvis")
"""Groups with the arms one by one, named after the legs of their own sides."""


def partition_names(groups: tuple[str, ...] = ROLE_GROUPS) -> tuple[str, ...]:
    """Every way to divide groups in two, named by the side without the last group.

    Examples
    --------
    >>> partition_names(("a", "b", "c"))
    ('a', 'b', 'a b')
    >>> len(partition_names()), len(partition_names(tuple("abcdef")))
    (15, 31)
    """
    free = groups[:-1]
    return tuple(
        " ".join(chosen) for size in range(1, len(groups)) for chosen in combinations(free, size)
    )


def side_matrix(names: tuple[str, ...], groups: tuple[str, ...] = ROLE_GROUPS) -> FloatArray:
    """The (G, N) matrix of ones that sums groups into the named sides.

    Examples
    --------
    >>> side_matrix(("a", "a b"), ("a", "b", "c")).T
    array([[1., 0., 0.],
           [1., 1., 0.]])
    """
    return np.array([[float(group in name.split()) for name in names] for group in groups])


def opposition(
    momentum: FloatArray, names: tuple[str, ...], groups: tuple[str, ...] = ROLE_GROUPS
) -> FloatArray:
    """Opposition index of partitions: how much of what the groups have cancels between two sides.

    Parameters
    ----------
    momentum : (..., T, G) array
        One component, by group; the mean goes over T.
    names : tuple of N str
        One side of each partition, see :func:`partition_names`.
    groups : tuple of G str

    Returns
    -------
    (..., N) array
        From 0 to 1; NaN where a group is missing.

    Notes
    -----
    ``χ = ⟨|U| + |V| − |U + V|⟩ / ⟨Σ|H_g|⟩``: largest where the sides sort the groups by sign, low
    where members of a side cancel each other.

    Examples
    --------
    Two legs against the arms, with nothing left over:

    >>> groups = np.array([[-1.0, -1.0, 2.0]])
    >>> opposition(groups, ("a", "a b"), ("a", "b", "c"))
    array([0.5, 1. ])
    """
    total = momentum.sum(axis=-1)
    side = momentum @ side_matrix(names, groups)
    other = total[..., None] - side
    cancelled = (np.abs(side) + np.abs(other)).mean(axis=-2) - np.abs(total).mean(axis=-1)[
        ..., None
    ]
    size = np.abs(momentum).sum(axis=-1).mean(axis=-1)
    index: FloatArray = cancelled / size[..., None]
    return index


def coherence(momentum: FloatArray) -> FloatArray:
    """Coherence of a side: 1 where its members never cancel each other.

    Parameters
    ----------
    momentum : (..., T, M) array
        One component, by member of the side.

    Returns
    -------
    (...) array
        ``⟨|Σ H_g|⟩ / ⟨Σ |H_g|⟩``.

    Examples
    --------
    >>> float(coherence(np.array([[1.0, -0.5], [1.0, 0.5]])))
    0.6666666666666666
    """
    ratio: FloatArray = np.abs(momentum.sum(axis=-1)).mean(axis=-1) / np.abs(momentum).sum(
        axis=-1
    ).mean(axis=-1)
    return ratio


TIE = 1e-9
"""Opposition indices, 1 at most, that differ by less are the same: where the body's total momentum
is zero a side and the rest have one index, up to the round-off of their sums."""


def ranks(index: FloatArray) -> FloatArray:
    """Rank of each partition, 1 for the largest index; ties share the better rank.

    Parameters
    ----------
    index : (..., N) array

    Examples
    --------
    >>> ranks(np.array([0.2, 0.9, 0.2]))
    array([2., 1., 2.])
    """
    better = index[..., None, :] > index[..., :, None] + TIE
    place: FloatArray = 1.0 + better.sum(axis=-1)
    return np.where(np.isfinite(index), place, np.nan)


def cosines(momentum: FloatArray) -> FloatArray:
    """Uncentred cosines between groups over a phase.

    Parameters
    ----------
    momentum : (..., T, G) array

    Returns
    -------
    (..., G, G) array
        ``⟨H_a H_b⟩ / √(⟨H_a²⟩⟨H_b²⟩)``; NaN where a group does not move.

    Examples
    --------
    >>> cosines(np.array([[1.0, -2.0], [2.0, -4.0]])).round(12)
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    product = np.swapaxes(momentum, -1, -2) @ momentum
    size = np.sqrt(np.diagonal(product, axis1=-2, axis2=-1))
    scale = size[..., :, None] * size[..., None, :]
    cosine: FloatArray = np.full_like(product, np.nan)
    np.divide(product, scale, out=cosine, where=scale > 0)
    return cosine


def together_share(pair: FloatArray) -> FloatArray:
    """Share of a phase in which two signals have the same sign.

    Parameters
    ----------
    pair : (..., T, 2) array

    Returns
    -------
    (...) array
        NaN where one of them is not known throughout.

    Examples
    --------
    >>> float(together_share(np.array([[1.0, 2.0], [1.0, -2.0], [-1.0, 2.0], [-3.0, -1.0]])))
    0.5
    """
    known = np.isfinite(pair).all(axis=(-2, -1))
    share: FloatArray = np.where(known, (pair[..., 0] * pair[..., 1] > 0).mean(axis=-1), np.nan)
    return share


def same_legs_cosine(momentum: FloatArray) -> FloatArray:
    """Cosine of arms and push leg that both legs and the total alone would give.

    Parameters
    ----------
    momentum : (..., T, G) array
        Groups as in ``aqbio.names.ROLE_GROUPS``.

    Returns
    -------
    (...) array

    Notes
    -----
    Legs and total as measured; what is left of the total is shared between arms, torso and pelvis
    in proportion to their RMS, so that the arms go as the total minus both legs.
    """
    legs = [ROLE_GROUPS.index(name) for name in ("push_leg", "swing_leg")]
    push = momentum[..., legs[0]]
    rest = momentum.sum(axis=-1) - momentum[..., legs].sum(axis=-1)
    cosine: FloatArray = cosines(np.stack((rest, push), axis=-1))[..., 0, 1]
    return cosine


def implied_correlation(side: FloatArray, total: FloatArray) -> FloatArray:
    """Correlation of a side with the rest that the side and the total force.

    Parameters
    ----------
    side, total : (..., T) arrays

    Returns
    -------
    (...) array
        ``(cov(S, H) − var S) / √(var S · var(H − S))``: equal to the measured one by algebra,
        and −1 as the total becomes constant, for any side.

    Examples
    --------
    >>> s = np.array([0.0, 1.0, 4.0])
    >>> float(implied_correlation(s, np.full(3, 0.3)))
    -1.0
    """
    one = side - side.mean(axis=-1, keepdims=True)
    whole = total - total.mean(axis=-1, keepdims=True)
    rest = whole - one
    above = (one * whole).mean(axis=-1) - (one**2).mean(axis=-1)
    below = np.sqrt((one**2).mean(axis=-1) * (rest**2).mean(axis=-1))
    forced: FloatArray = above / below
    return forced


def opposed_share(side: FloatArray, total: FloatArray) -> FloatArray:
    """Longest unbroken part of a phase in which a side and the rest differ in sign.

    Parameters
    ----------
    side, total : (..., T) arrays

    Returns
    -------
    (...) array
        Share of the phase; the articles' "continuously" asks for 0.9.

    Examples
    --------
    >>> float(opposed_share(np.array([1.0, 1.0, 1.0, 1.0]), np.array([0.0, 3.0, 0.5, -1.0])))
    0.5
    """
    opposed = side * (total - side) < 0
    run = np.zeros(opposed.shape[:-1])
    longest = run.copy()
    for column in range(opposed.shape[-1]):
        run = np.where(opposed[..., column], run + 1, 0)
        longest = np.maximum(longest, run)
    share: FloatArray = longest / opposed.shape[-1]
    return share


def step_columns() -> Columns:
    """Columns of the table of steps, one for every contact model and partition at the end."""
    return columns(
        "hypotheses_steps",
        partition=[dashed(name) for name in partition_names()],
        contact_model=["C1", "C2", "C3"],
    )


def evidence_columns() -> Columns:
    """Columns of the numbers of steps that stage multiverse leaves and hypotheses are made of."""
    return columns("evidence", partition=[dashed(name) for name in partition_names()])


def dashed(partition: str) -> str:
    """Name of a partition inside the name of a column."""
    return partition.replace(" ", "+")
