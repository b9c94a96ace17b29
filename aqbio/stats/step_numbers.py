"""Numbers of a step that statistics read of its angular momentum about the vertical in stance."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import FloatArray
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

CHI = {name: f"chi_{dashed(name)}" for name in partition_names()}
"""Column of the opposition index of every partition."""


def momentum_numbers(vertical: FloatArray) -> dict[str, FloatArray]:
    """Balance of the groups in every step; NaN where a group that it takes is missing.

    Parameters
    ----------
    vertical : (S, 101, G) array
        About the vertical in stance, by `aqbio.names.ROLE_GROUPS`.

    Returns
    -------
    dict of (S,) arrays
        Columns of the step table: what they are says the dictionary.
    """
    pair = [ROLE_GROUPS.index(name) for name in ("arms", "push_leg")]
    index = opposition(vertical, tuple(CHI))
    chi = {column: index[:, place] for place, column in enumerate(CHI.values())}
    return {
        "opposition_difference": chi[CHI[SWING_ALONE]] - chi[CHI[BOTH_LEGS]],
        "arms_push_cosine": cosines(vertical[..., pair])[:, 0, 1],
        "same_legs_cosine": same_legs_cosine(vertical),
        "log_ratio_momentum": momentum_log_ratio(vertical),
        **chi,
    }


def momentum_log_ratio(vertical: FloatArray) -> FloatArray:
    """Logarithm of the RMS angular momentum of push leg, arms and torso over the swing leg's.

    Parameters
    ----------
    vertical : (..., T, G) array
        About the vertical in stance, by `aqbio.names.ROLE_GROUPS`; the mean goes over T.

    Returns
    -------
    (...) array
    """
    side = [ROLE_GROUPS.index(name) for name in ("push_leg", "arms", "torso")]
    push = (vertical[..., side].sum(axis=-1) ** 2).mean(axis=-1)
    swing = (vertical[..., ROLE_GROUPS.index("swing_leg")] ** 2).mean(axis=-1)
    ratio: FloatArray = 0.5 * np.log(push / swing)
    return ratio
