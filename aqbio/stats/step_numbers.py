"""Numbers of a step: opposition of every partition of the body, cosines, ratios, timing."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from aqbio.io.dictionary import Columns, columns
from aqbio.names import ROLE_GROUPS
from aqbio.stats.within import centred
from aqbio.vectors import FloatArray

SWING_ALONE = "swing_leg"
"""The articles' partition: the swing leg against everything else."""
BOTH_LEGS = "push_leg swing_leg"
"""The classical partition: both legs against arms, torso and pelvis."""


def partition_names(groups: tuple[str, ...] = ROLE_GROUPS) -> tuple[str, ...]:
    """Names of all divisions of the groups in two, by the side without the last group."""
    free = groups[:-1]
    return tuple(
        " ".join(chosen) for size in range(1, len(groups)) for chosen in combinations(free, size)
    )


def opposition(
    momentum: FloatArray, names: tuple[str, ...], groups: tuple[str, ...] = ROLE_GROUPS
) -> FloatArray:
    """Opposition index of N partitions, 0 to 1: share that cancels between both sides.

    ``χ = ⟨|U| + |V| − |U + V|⟩ / ⟨Σ|H_g|⟩`` over T of (..., T, G) momenta: largest where the sides
    sort the groups by sign, low where members of a side cancel each other. NaN where a group is
    missing.
    """
    total = momentum.sum(axis=-1)
    sums = np.array([[float(group in name.split()) for name in names] for group in groups])
    side = momentum @ sums
    rest = total[..., None] - side
    cancelled = (np.abs(side) + np.abs(rest)).mean(axis=-2) - np.abs(total).mean(axis=-1)[..., None]
    size = np.abs(momentum).sum(axis=-1).mean(axis=-1)
    index: FloatArray = cancelled / size[..., None]
    return index


TIE = 1e-9
"""Largest difference of equal opposition indices (at most 1): where the body's total momentum is
zero, a side and the rest have the same index up to round-off."""


def ranks(index: FloatArray) -> FloatArray:
    """Rank of each partition, 1 for the largest index; ties share the better rank."""
    better = index[..., None, :] > index[..., :, None] + TIE
    rank: FloatArray = 1.0 + better.sum(axis=-1)
    return np.where(np.isfinite(index), rank, np.nan)


def cosines(momentum: FloatArray) -> FloatArray:
    """Uncentred cosines between groups, (..., G, G): ``⟨H_a H_b⟩ / √(⟨H_a²⟩⟨H_b²⟩)``.

    From (..., T, G) momenta; NaN where a group does not move.
    """
    product = np.swapaxes(momentum, -1, -2) @ momentum
    size = np.sqrt(np.diagonal(product, axis1=-2, axis2=-1))
    scale = size[..., :, None] * size[..., None, :]
    cosine: FloatArray = np.full_like(product, np.nan)
    np.divide(product, scale, out=cosine, where=scale > 0)
    return cosine


def push_leg_offset(vertical: FloatArray) -> FloatArray:
    """Share of the swing leg's angular momentum that the push leg offsets: ``−⟨P·S⟩ / ⟨S²⟩``.

    From (..., T, G) momenta. With the small total of a runner the rest is arms', torso's and
    pelvis's: from 0 to 1 the push leg turns with arms and torso against the swing leg; below 0 with
    the swing leg against them; above 1 against both. NaN where the swing leg does not turn.
    """
    push, swing = (vertical[..., ROLE_GROUPS.index(name)] for name in ("push_leg", "swing_leg"))
    square = (swing**2).mean(axis=-1)
    share: FloatArray = np.full_like(square, np.nan)
    np.divide(-(push * swing).mean(axis=-1), square, out=share, where=square > 0)
    return share


def step_columns() -> Columns:
    """Columns of the table of steps, one for every contact model and partition at the end."""
    return columns(
        "hypotheses_steps",
        partition=[dashed(name) for name in partition_names()],
        contact_model=["C1", "C2", "C3"],
    )


def evidence_columns() -> Columns:
    """Columns of the numbers of steps that stage multiverse writes and stage hypotheses reads."""
    return columns("evidence", partition=[dashed(name) for name in partition_names()])


def dashed(partition: str) -> str:
    """Name of a partition inside the name of a column."""
    return partition.replace(" ", "+")


# numbers of a step --------------------------------------------------------------------------------


CONTRIBUTORS = ("push_leg", "swing_leg", "arms", "torso")
"""Groups whose output rises with speed according to the articles."""

PUSH_SIDE = ("push_leg", "arms", "torso")
"""Groups whose rotation the swing leg offsets according to the articles."""

CHI = {name: f"chi_{dashed(name)}" for name in partition_names()}
"""Column of the opposition index of every partition."""


def momentum_numbers(vertical: FloatArray) -> dict[str, FloatArray]:
    """Columns (S,) of the balance of groups, from (S, 101, G) about the vertical in stance."""
    pair = [ROLE_GROUPS.index(name) for name in ("arms", "push_leg")]
    index = opposition(vertical, tuple(CHI))
    chi = {column: index[:, position] for position, column in enumerate(CHI.values())}
    return {
        "push_leg_offset": push_leg_offset(vertical),
        "arms_push_cosine": cosines(vertical[..., pair])[:, 0, 1],
        "log_ratio_momentum": momentum_log_ratio(vertical),
        **{
            f"momentum_{name}": np.sqrt((vertical[..., ROLE_GROUPS.index(name)] ** 2).mean(axis=-1))
            for name in CONTRIBUTORS
        },
        **chi,
    }


def momentum_log_ratio(vertical: FloatArray) -> FloatArray:
    """Logarithm of the RMS of push leg, arms and torso over the swing leg's, (..., T, G)."""
    push = vertical[..., [ROLE_GROUPS.index(name) for name in PUSH_SIDE]].sum(axis=-1)
    swing = vertical[..., ROLE_GROUPS.index("swing_leg")]
    ratio: FloatArray = 0.5 * np.log((push**2).mean(axis=-1) / (swing**2).mean(axis=-1))
    return ratio


# timing -------------------------------------------------------------------------------------------


def lag(swing_peak: FloatArray, force_peak: FloatArray) -> FloatArray:
    """Time from the peak of force to the nearest peak of the swing leg, −0.5 to 0.5 steps."""
    distance: FloatArray = (swing_peak - force_peak + 0.5) % 1.0 - 0.5
    return distance


def with_deviations(steps: pd.DataFrame, cell: list[str]) -> pd.DataFrame:
    """Steps with the distances of their duration and of their turn from the mean of their cell.

    ``time_deviation_s`` and ``yaw_deviation``; NaN below three steps of a cell.
    """
    cells = [steps[name] for name in cell]
    sufficient = steps["step"].groupby(cells, observed=True).transform("size") >= 3
    numbers = {
        "time_deviation_s": steps["contact_s"] + steps["flight_s"],
        "yaw_deviation": steps["yaw_impulse"],
    }
    return steps.assign(
        **{
            name: centred(of_step, cells).abs().where(sufficient)
            for name, of_step in numbers.items()
        }
    )
