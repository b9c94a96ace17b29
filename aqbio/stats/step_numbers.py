"""Numbers of a step that statistics read of its angular momentum about the vertical in stance."""

from __future__ import annotations

import numpy as np

from aqbio.names import ROLE_GROUPS
from aqbio.stats.partitions import (
    BOTH_LEGS,
    SWING_ALONE,
    cosines,
    dashed,
    opposition,
    partition_names,
    same_legs_cosine,
)
from aqbio.vectors import FloatArray

CONTRIBUTORS = ("push_leg", "swing_leg", "arms", "torso")
"""Who the articles say raises its output with speed."""

PUSH_SIDE = ("push_leg", "arms", "torso")
"""Whose rotation the articles say that the swing leg offsets."""

CHI = {name: f"chi_{dashed(name)}" for name in partition_names()}
"""Column of the opposition index of every partition."""


def momentum_numbers(vertical: FloatArray) -> dict[str, FloatArray]:
    """Columns (S,) of the balance of groups, from (S, 101, G) about the vertical in stance."""
    pair = [ROLE_GROUPS.index(name) for name in ("arms", "push_leg")]
    index = opposition(vertical, tuple(CHI))
    chi = {column: index[:, place] for place, column in enumerate(CHI.values())}
    return {
        "opposition_difference": chi[CHI[SWING_ALONE]] - chi[CHI[BOTH_LEGS]],
        "arms_push_cosine": cosines(vertical[..., pair])[:, 0, 1],
        "same_legs_cosine": same_legs_cosine(vertical),
        "log_ratio_momentum": momentum_log_ratio(vertical),
        "sides_opposed": sides_opposed(vertical),
        "changes_opposed": sides_opposed(np.diff(vertical, axis=-2)),
        **{
            f"momentum_{name}": np.sqrt((vertical[..., ROLE_GROUPS.index(name)] ** 2).mean(axis=-1))
            for name in CONTRIBUTORS
        },
        **chi,
    }


def both_sides(vertical: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Push leg, arms and torso together, and the swing leg."""
    push = vertical[..., [ROLE_GROUPS.index(name) for name in PUSH_SIDE]].sum(axis=-1)
    return push, vertical[..., ROLE_GROUPS.index("swing_leg")]


def sides_opposed(vertical: FloatArray) -> FloatArray:
    """Share of instants of (..., T, G) at which the push side turns against the swing leg."""
    push, swing = both_sides(vertical)
    product = push * swing
    share: FloatArray = (product < 0).mean(axis=-1)
    return np.where(np.isfinite(product).all(axis=-1), share, np.nan)


def momentum_log_ratio(vertical: FloatArray) -> FloatArray:
    """Logarithm of the RMS of push leg, arms and torso over the swing leg's, (..., T, G)."""
    push, swing = ((side**2).mean(axis=-1) for side in both_sides(vertical))
    ratio: FloatArray = 0.5 * np.log(push / swing)
    return ratio
