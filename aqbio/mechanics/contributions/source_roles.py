"""Push side and swing side of the sources of levels B and C: a view of one step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np

from aqbio.mechanics.vectors import FloatArray

Side = Literal["left", "right"]

PUSH, SWING = "push", "swing"


def other_side(side: Side) -> Side:
    """Give the other side.

    Examples
    --------
    >>> other_side("left")
    'right'
    """
    return "right" if side == "left" else "left"


def role_name(name: str, stance: Side) -> str:
    """Name of a leg, arm or joint in the roles of a step.

    Parameters
    ----------
    name : str
        Anatomical, for example ``hip_left``, ``leg_right`` or ``lumbar``.
    stance : {"left", "right"}
        The stance foot. An arm is named after the leg of its own side.

    Examples
    --------
    >>> role_name("hip_left", "right"), role_name("lumbar", "right")
    ('hip_swing', 'lumbar')
    """
    part, _, side = name.rpartition("_")
    if side not in ("left", "right"):
        return name
    return f"{part}_{PUSH if side == stance else SWING}"


def anatomical_name(role: str, stance: Side) -> str:
    """Give the anatomical name behind a role: the inverse of :func:`role_name`.

    Examples
    --------
    >>> anatomical_name("hip_swing", "right"), anatomical_name("gravity", "right")
    ('hip_left', 'gravity')
    """
    part, _, side = role.rpartition("_")
    if side not in (PUSH, SWING):
        return role
    return f"{part}_{stance if side == PUSH else other_side(stance)}"


def side_weights(
    sources: Iterable[str], stance: Side, *, lumbar_swing_share: float = 0.0
) -> Mapping[str, dict[str, float]]:
    """Share of each joint moment in the sums of push side and swing side.

    Parameters
    ----------
    sources : iterable of str
        Anatomical joints; sources that are no joint moments belong to neither side.
    stance : {"left", "right"}
    lumbar_swing_share : float
        Share of the lumbar moment that counts for the swing side. By declaration 0: a hip moment
        acts on thigh and pelvis, the lumbar moment on pelvis and torso, and the torso is on the
        push side. 0.5 is the alternative of the sensitivity analysis.

    Returns
    -------
    dict of dict
        Weights by side and source; every joint's weights add up to one.

    Examples
    --------
    >>> side_weights(["hip_left", "hip_right", "lumbar", "gravity"], "right")["swing_side"]
    {'hip_left': 1.0}
    """
    sides: dict[str, dict[str, float]] = {"push_side": {}, "swing_side": {}}
    for source in sources:
        joint, _, side = source.rpartition("_")
        if source == "lumbar":
            swing = lumbar_swing_share
        elif side not in ("left", "right"):
            continue
        else:
            swing = float(side != stance and joint in ("hip", "knee", "ankle", "mtp"))
        for name, weight in (("push_side", 1.0 - swing), ("swing_side", swing)):
            if weight:
                sides[name][source] = weight
    return sides


def side_sum(
    values: FloatArray, sources: tuple[str, ...], weights: Mapping[str, float]
) -> FloatArray:
    """Weighted sum over sources.

    Parameters
    ----------
    values : (T, S, ...) array
    sources : tuple of S names
    weights : mapping
        From :func:`side_weights`.

    Returns
    -------
    (T, ...) array
    """
    row = np.array([weights.get(source, 0.0) for source in sources])
    total: FloatArray = np.tensordot(values, row, axes=([1], [0]))
    return total
