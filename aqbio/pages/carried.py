"""Stance means arranged for the page: carriers by speed, and the words beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from aqbio.figures.step_columns import column_size, column_title
from aqbio.names import AXES
from aqbio.pages.sections import rows

CARRIER_WORDS = {
    "push_leg": "Push leg",
    "arms": "Arms",
    "torso": "Torso",
    "pelvis": "Pelvis",
    "push_side": "Push side",
    "swing_side": "Swing side",
    "total": "Whole body",
}
"""Rows of the table, in its order; where the roles let it, the swing leg is the swing side."""

JOINT_WORDS = {
    "hip": "Hip",
    "knee": "Knee",
    "ankle": "Ankle",
    "lumbar": "Lumbar joint",
    "shoulder": "Shoulder",
    "elbow": "Elbow",
}


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation over steps."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class SpeedColumn:
    """What a column of steps carries in stance."""

    condition: str
    speed_mps: float
    steps: int
    participants: int
    momentum: dict[tuple[str, str], Spread]
    """`Spread` by carrier and axis, kg m²/s."""
    residual: dict[str, Spread]
    """`Spread` of the residual moment's RMS by axis, N m."""
    joints: dict[str, tuple[float, float, float]]
    """Stance mean, lowest and highest value (each a mean over steps) of the moment about the
    vertical by joint role, N m."""

    @property
    def title(self) -> str:
        """Words over the column, the same as in the figures."""
        return column_title(self.condition, self.speed_mps)

    @property
    def size(self) -> str:
        """How many steps of how many people."""
        return column_size(self.steps, self.participants)


def speed_columns(means: pd.DataFrame) -> list[SpeedColumn]:
    """Arrange the table of stance means by column."""
    conditions = means["condition"].astype(object).where(means["condition"].notna(), "")
    columns = means.groupby([conditions, "speed_mps"], sort=False, dropna=False)
    return [_column(str(name[0]), float(own["speed_mps"].iloc[0]), own) for name, own in columns]


def _column(condition: str, speed: float, own: pd.DataFrame) -> SpeedColumn:
    spread = {
        (row["quantity"], row["source"], row["axis"]): Spread(row["mean"], row["sd"])
        for row in rows(own)
    }
    joints = {
        source: (
            spread["joint_moment_mean", source, "y"].mean,
            spread["joint_moment_min", source, "y"].mean,
            spread["joint_moment_max", source, "y"].mean,
        )
        for quantity, source, axis in spread
        if quantity == "joint_moment_mean" and axis == "y"
    }
    return SpeedColumn(
        condition=condition,
        speed_mps=speed,
        steps=int(own["steps"].iloc[0]),
        participants=int(own["participants"].iloc[0]),
        momentum={
            (source, axis): value
            for (quantity, source, axis), value in spread.items()
            if quantity == "angular_momentum"
        },
        residual={axis: spread["residual_moment", "residual", axis] for axis in AXES},
        joints=joints,
    )


def joint_words(role: str) -> str:
    """Name a joint by its role in a step."""
    joint, _, part = role.partition("_")
    name = JOINT_WORDS.get(joint, joint.capitalize())
    if not part:
        return name
    return (
        f"{name}, {part} leg" if joint in ("hip", "knee", "ankle") else f"{name}, {part} leg's side"
    )


def told_carriers(columns: list[SpeedColumn]) -> dict[str, str]:
    """Carriers and their words, without groups that the study's roles merge into others."""
    return {
        name: words
        for name, words in CARRIER_WORDS.items()
        if any(math.isfinite(column.momentum[name, "y"].mean) for column in columns)
    }
