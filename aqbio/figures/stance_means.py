"""What every group carries in stance, by speed: the numbers behind the first answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from aqbio.figures.bars import Value, pooled, summarised
from aqbio.figures.step_columns import StepColumn, step_columns
from aqbio.io.dictionary import columns
from aqbio.names import AXES, ROLE_GROUPS, ROLE_SIDES

CARRIERS = (*ROLE_GROUPS, *ROLE_SIDES, "total")
"""Groups, the two sides and the whole body."""

COLUMNS = columns("stance_means")


def kept_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """The whole steps that were kept, with their speed under the name ``speed``."""
    kept = steps[steps["status"] == "ok"].reset_index(drop=True)
    return kept.assign(speed=kept["speed_mps"])


def stance_means(
    steps: pd.DataFrame, contributions: Iterable[pd.DataFrame], edges_mps: Sequence[float]
) -> pd.DataFrame:
    """Summarise steps by condition and speed class."""
    kept = kept_steps(steps)
    among = step_columns(kept, edges_mps)
    joints = _joint_moments(contributions, [kept.iloc[column.rows] for column in among])
    rows = [
        row
        for column, own in zip(among, joints, strict=True)
        for row in _column_rows(column, kept.iloc[column.rows], own)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


_JOINT = ("source", "axis", "statistic")

Joints = dict[tuple[str, str, str], list[Value]]
"""Means of participants by joint, axis and statistic."""


def _joint_moments(
    contributions: Iterable[pd.DataFrame], columns: Sequence[pd.DataFrame]
) -> list[Joints]:
    """Joint moments of the steps of every column."""
    found: list[Joints] = [{} for _ in columns]
    for rows in contributions:
        wanted = rows["statistic"].isin(["moment_mean", "moment_min", "moment_max"])
        wanted &= (rows["level"] == "joint") & (rows["phase"] == "stance")
        for steps, known in zip(columns, found, strict=True):
            own = rows[wanted].merge(steps[["participant_id", "trial_id", "step"]])
            for (source, axis, statistic), one in summarised(own, _JOINT).items():
                known.setdefault((source, axis, statistic), []).append(one)
    return found


def _column_rows(
    column: StepColumn, steps: pd.DataFrame, joints: Joints
) -> Iterator[dict[str, Any]]:
    key = {
        "condition": column.condition or None,
        "speed_mps": column.speed_mps,
        "steps": len(steps),
        "participants": len(set(column.participants)),
    }

    def row(
        quantity: str, source: str, axis: str, spread: tuple[float, float], unit: str
    ) -> dict[str, Any]:
        told = {"mean": spread[0], "sd": spread[1], "unit": unit}
        return key | {"quantity": quantity, "source": source, "axis": axis} | told

    def spread(name: str) -> tuple[float, float]:
        return float(steps[name].mean()), float(steps[name].std(ddof=1))

    for carrier in CARRIERS:
        for axis in AXES:
            own = spread(f"H_{carrier}_{axis}_stance_mean_kgm2ps")
            yield row("angular_momentum", carrier, axis, own, "kg m2/s")
    for axis in AXES:
        own = spread(f"M_residual_{axis}_stance_rms_Nm")
        yield row("residual_moment", "residual", axis, own, "N m")
    for (source, axis, statistic), values in joints.items():
        whole = pooled(values)
        yield row(f"joint_{statistic}", source, axis, (whole.mean, whole.sd), "N m")
