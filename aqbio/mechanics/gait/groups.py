"""Sums over groups of segments, and the roles that groups have in a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from aqbio.mechanics.vectors import FloatArray
from aqbio.names import ROLE_SIDES


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


def role_groups(stance: Literal["left", "right"]) -> dict[str, tuple[str, ...]]:
    """Anatomical groups behind every role of a step, sides and total included.

    Parameters
    ----------
    stance : {"left", "right"}
        The stance foot: its leg is the push leg, the other one the swing leg.

    Examples
    --------
    >>> role_groups("left")["push_leg"], role_groups("left")["swing_side"]
    (('leg_left',), ('leg_right',))
    """
    swing = "right" if stance == "left" else "left"
    roles: dict[str, tuple[str, ...]] = {
        "push_leg": (f"leg_{stance}",),
        "swing_leg": (f"leg_{swing}",),
        "arms": ("arm_left", "arm_right"),
        "torso": ("torso",),
        "pelvis": ("pelvis",),
    }
    for side, members in ROLE_SIDES.items():
        roles[side] = tuple(group for member in members for group in roles[member])
    roles["total"] = roles["push_side"] + roles["swing_side"]
    return roles
