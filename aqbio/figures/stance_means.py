"""What every group carries in stance, by speed: the numbers behind the first answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

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
    steps: pd.DataFrame, contributions: pd.DataFrame, edges_mps: Sequence[float]
) -> pd.DataFrame:
    """Summarise steps by condition and speed class.

    Parameters
    ----------
    steps : DataFrame
        The table of steps.
    contributions : DataFrame
        The long table of contributions; its joint moments in stance are used.
    edges_mps : sequence of float
        Edges of the speed classes, m/s.

    Returns
    -------
    DataFrame
        Columns as in `COLUMNS`.
    """
    kept = kept_steps(steps)
    joints = _joint_moments(contributions)
    rows = [
        row
        for column in step_columns(kept, edges_mps)
        for row in _column_rows(column, kept.iloc[column.rows], joints)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _joint_moments(contributions: pd.DataFrame) -> pd.DataFrame:
    wanted = contributions["statistic"].isin(["moment_mean", "moment_min", "moment_max"])
    wanted &= (contributions["level"] == "joint") & (contributions["phase"] == "stance")
    return contributions[wanted]


def _column_rows(
    column: StepColumn, steps: pd.DataFrame, joints: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    key = {
        "condition": column.condition or None,
        "speed_mps": column.speed_mps,
        "steps": len(steps),
        "participants": len(set(column.participants)),
    }

    def row(quantity: str, source: str, axis: str, values: pd.Series, unit: str) -> dict[str, Any]:
        spread = {"mean": values.mean(), "sd": values.std(ddof=1), "unit": unit}
        return key | {"quantity": quantity, "source": source, "axis": axis} | spread

    for carrier in CARRIERS:
        for axis in AXES:
            values = steps[f"H_{carrier}_{axis}_stance_mean_kgm2ps"]
            yield row("angular_momentum", carrier, axis, values, "kg m2/s")
    for axis in AXES:
        values = steps[f"M_residual_{axis}_stance_rms_Nm"]
        yield row("residual_moment", "residual", axis, values, "N m")
    own = joints.merge(steps[["participant_id", "trial_id", "step"]])
    for key_of_group, values in own.groupby(["source", "axis", "statistic"], sort=False)["value"]:
        source, axis, statistic = map(str, key_of_group)
        yield row(f"joint_{statistic}", source, axis, values, "N m")
