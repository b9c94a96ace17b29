"""Sums over groups of segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aqbio.vectors import FloatArray


def membership(groups: Mapping[str, Sequence[str]], segments: Sequence[str]) -> FloatArray:
    """Matrix that sums segments into groups.

    Parameters
    ----------
    groups : mapping
        Segments of each group; a partition: every segment in exactly one group.
    segments : sequence of S names

    Returns
    -------
    (G, S) array of zeros and ones

    Raises
    ------
    ValueError
        When a segment is in no group, in two groups, or unknown.

    Examples
    --------
    >>> groups = {"arms": ["hand_l", "hand_r"], "torso": ["torso"]}
    >>> membership(groups, ["torso", "hand_r", "hand_l"])
    array([[0., 1., 1.],
           [1., 0., 0.]])
    """
    matrix = np.zeros((len(groups), len(segments)))
    for row, members in enumerate(groups.values()):
        unknown = [name for name in members if name not in segments]
        if unknown:
            raise ValueError(f"segments {unknown} are not in the model ({', '.join(segments)}).")
        for name in members:
            matrix[row, list(segments).index(name)] += 1
    counts = matrix.sum(axis=0)
    if not np.all(counts == 1):
        wrong = {name: int(n) for name, n in zip(segments, counts, strict=True) if n != 1}
        raise ValueError(f"every segment must be in exactly one group, but: {wrong}.")
    return matrix


def group_sum(values: FloatArray, matrix: FloatArray) -> FloatArray:
    """Sum of a segment quantity over each group.

    Parameters
    ----------
    values : (T, S, 3) array
    matrix : (G, S) array
        From :func:`membership`.

    Returns
    -------
    (T, G, 3) array
    """
    total: FloatArray = np.einsum("gs,tsi->tgi", matrix, values)
    return total
