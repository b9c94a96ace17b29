"""Labels of one side alone that lie on the other: no partner with which they could be exchanged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from aqbio.names import MEDIAN_OF_NORMAL
from aqbio.prepare.label_states import (
    MAX_LINK_SD_M,
    MIN_LINK_SD_M,
    NO_SIDE_M,
    SHORTER_RATIO,
    distances_to,
    mean_costs,
    side_cost,
)
from aqbio.vectors import FloatArray, IntArray, finite_medians


@dataclass(frozen=True, slots=True)
class LoneLabels:
    """Columns of a part of which the other side has no label, and where they belong."""

    columns: tuple[int, ...]
    own: IntArray
    """(K,). Columns of the next part inwards, of the side that the labels name."""
    other: IntArray
    """(K,). Their partners on the other side."""
    outward: FloatArray | None = None
    """(T, N), m: from the middle of the pelvis to the side that the labels name; None of ends of
    limbs, which cross."""


def on_other_side(
    positions: FloatArray, parts: Iterable[LoneLabels], least: float
) -> list[tuple[tuple[int, ...], float]]:
    """Labels that lie on the other side, and what that saves in the mean over frames, by part.

    A part is judged as a whole, and label by label where it is not on the other side.
    """
    misplaced = []
    for lone in parts:
        saved = _gains(positions, lone)
        told = saved[np.isfinite(saved)]
        if len(told) and told.mean() > least:
            misplaced.append((lone.columns, float(told.mean())))
            continue
        columns = tuple(x for x, gain in zip(lone.columns, saved, strict=True) if gain > least)
        if columns:
            misplaced.append((columns, float(saved[saved > least].mean())))
    return misplaced


def _gains(positions: FloatArray, lone: LoneLabels) -> FloatArray:
    """What the other side saves in the mean over frames, by label (chi-squared); NaN: not told.

    A label keeps its distances to the next part of its side; thighs and upper arms keep to their
    sides. Of a person who stands all distances are kept: the side that is nearer decides.
    """
    saved = np.full(len(lone.columns), np.nan)
    for number, column in enumerate(lone.columns):
        own, other = (distances_to(positions, column, side) for side in (lone.own, lone.other))
        apart = [np.abs(x - finite_medians(x)) for x in (own, other)]
        spread = [finite_medians(x) / MEDIAN_OF_NORMAL for x in apart]
        sds = np.maximum(np.fmin(*spread), MIN_LINK_SD_M)
        differ = np.fmax(*spread) > SHORTER_RATIO * sds
        told = differ & (sds <= MAX_LINK_SD_M)
        if told.any():
            costs = [mean_costs((x / sds)[:, told]) for x in apart]
        elif lone.outward is not None:
            ways = (way * 2.0 * lone.outward[:, number] for way in (1.0, -1.0))
            costs = [side_cost(sideways, beside_trunk=True) for sideways in ways]
        elif np.all(np.fmax(*spread) < MAX_LINK_SD_M):
            farther = finite_medians(other - own)[None]
            away = [np.maximum(way * farther - NO_SIDE_M, 0.0) for way in (-1.0, 1.0)]
            costs = [mean_costs(x / (np.sqrt(2.0) * MIN_LINK_SD_M)) for x in away]
        else:
            continue
        saved[number] = float(np.nanmean(costs[0] - costs[1]))
    return saved
