"""All partitions of the body side by side, in contact and in flight, which are never pooled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.vectors import FloatArray
from aqbio.stats.athletes import group_means
from aqbio.stats.evidence import BoolArray, Evidence
from aqbio.stats.inference import mean_estimate
from aqbio.stats.partitions import opposition, partition_names, ranks, side_matrix

PHASES = ("stance", "flight")


@dataclass(frozen=True, slots=True)
class PartitionRow:
    """One partition in one phase.

    Attributes
    ----------
    partition : str
        One side; the rest of the body is the other one.
    phase : {"stance", "flight"}
    estimate, ci_low, ci_high : float
        Opposition index about the vertical, mean over athletes, 95 % interval.
    rank : float
        Median over athletes, 1 is best.
    correlation : float
        Of both sides over the phase, mean over athletes: -1 in flight for every partition; NaN
        where a side does not move.
    n_athletes, n_steps : int
    meaning : {"informative", "mechanically_implied"}
    """

    partition: str
    phase: str
    estimate: float
    ci_low: float
    ci_high: float
    rank: float
    correlation: float
    n_athletes: int
    n_steps: int
    meaning: str


def partition_rows(evidence: Evidence) -> tuple[PartitionRow, ...]:
    """Opposition of all partitions in stance and, marked as implied, in flight."""
    rows = []
    for number, phase in enumerate(PHASES):
        momentum = evidence.steps.momentum[:, number, :, :, 1]
        known = np.asarray(np.isfinite(momentum).all(axis=(1, 2)))
        if known.any():
            rows += _phase_rows(evidence, phase, known)
    return tuple(rows)


def _phase_rows(evidence: Evidence, phase: str, known: BoolArray) -> list[PartitionRow]:
    names, count = partition_names(), len(evidence.athletes.name)
    who = evidence.steps.athlete[known]
    momentum = evidence.steps.momentum[known, PHASES.index(phase), :, :, 1]
    index, related = opposition(momentum, names), _correlations(momentum, names)
    means, relations = (
        np.stack([group_means(column, who, count) for column in table.T], axis=1)
        for table in (index, related)
    )
    place = ranks(means)
    rows = []
    for column, name in enumerate(names):
        found = mean_estimate(means[:, column])
        low, high = found.interval(0.95) if np.isfinite(found.se) else (np.nan, np.nan)
        rows.append(
            PartitionRow(
                partition=name,
                phase=phase,
                estimate=found.value,
                ci_low=low,
                ci_high=high,
                rank=float(np.nanmedian(place[:, column])),
                correlation=mean_estimate(relations[:, column]).value,
                n_athletes=int(np.isfinite(means[:, column]).sum()),
                n_steps=int(known.sum()),
                meaning="informative" if phase == "stance" else "mechanically_implied",
            )
        )
    return rows


def _correlations(momentum: FloatArray, names: tuple[str, ...]) -> FloatArray:
    """(S, N) correlations of both sides over the phase."""
    away = momentum - momentum.mean(axis=1, keepdims=True)
    side = away @ side_matrix(names)
    rest = away.sum(axis=-1, keepdims=True) - side
    size = np.sqrt((side**2).sum(axis=1) * (rest**2).sum(axis=1))
    product = (side * rest).sum(axis=1)
    relation: FloatArray = np.full_like(product, np.nan)
    np.divide(product, size, out=relation, where=size > 0)
    return relation
