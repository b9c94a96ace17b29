"""Which steps stand side by side: one column of panels for every condition and speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aqbio.io.step_curves import StudyCurves
from aqbio.names import NORMAL

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class StepColumn:
    """Steps that are averaged together."""

    condition: str
    """Condition of the trials; empty where the study has one only."""
    speed_mps: float
    """Mean speed of the steps, m/s."""
    rows: NDArray[np.intp]
    """(N,) array of int. Positions of the steps along the dimension ``step``."""
    participants: tuple[str, ...]
    """(N,) tuple of str. Participant of every step."""

    @property
    def title(self) -> str:
        """Words over the column: speed and condition."""
        return column_title(self.condition, self.speed_mps)

    @property
    def size(self) -> str:
        """Words that say how many steps of how many people the column holds."""
        return column_size(len(self.rows), len(set(self.participants)))


def refuse_other_columns(
    figure: str, columns: Sequence[StepColumn], panels: Mapping[str, Sequence[object]]
) -> None:
    """Refuse rows of a figure that do not have one panel per column."""
    for row, own in panels.items():
        if len(own) != len(columns):
            raise ValueError(
                f"{figure}: row {row} has {len(own)} panels for {len(columns)} columns."
            )


def column_title(condition: str, speed_mps: float) -> str:
    """Name a column by speed, and by condition where it is not the usual one."""
    speed = f"{speed_mps:.1f} m/s" if np.isfinite(speed_mps) else "speed n/a"
    usual = condition in ("", NORMAL)
    return speed if usual else f"{condition.replace('_', ' ')}, {speed}"


def column_size(steps: int, people: int) -> str:
    """How many steps of how many people a column holds."""
    return f"{steps} step{'s' * (steps != 1)}, {people} participant{'s' * (people != 1)}"


def step_columns(
    steps: xr.Dataset | StudyCurves | pd.DataFrame, edges_mps: Sequence[float]
) -> tuple[StepColumn, ...]:
    """Sort steps into columns by condition and speed class (edges in m/s).

    A trial goes as a whole into the class of its mean step speed.
    """
    participants = _text(steps, "participant_id")
    trials = _text(steps, "trial_id")
    speeds = np.asarray(steps["speed"], dtype=float)
    conditions = [""] * len(speeds)
    if "condition" in steps and len(set(_text(steps, "condition"))) > 1:
        conditions = _text(steps, "condition")
    runs = list(zip(participants, trials, strict=True))
    run_speed = _run_speeds(runs, speeds)
    inner = np.asarray(edges_mps[1:-1])
    classes = [int(np.searchsorted(inner, run_speed[run], side="right")) for run in runs]
    keys = list(zip(conditions, classes, strict=True))
    columns = []
    for key in sorted(set(keys)):
        rows = np.flatnonzero([other == key for other in keys])
        people = tuple(participants[row] for row in rows)
        columns.append(StepColumn(key[0], float(speeds[rows].mean()), rows, people))
    return tuple(columns)


def _run_speeds(
    runs: list[tuple[str, str]], speeds: NDArray[np.float64]
) -> dict[tuple[str, str], float]:
    by_run: dict[tuple[str, str], list[float]] = {}
    for run, speed in zip(runs, speeds.tolist(), strict=True):
        by_run.setdefault(run, []).append(speed)
    return {run: float(np.mean(values)) for run, values in by_run.items()}


def _text(steps: xr.Dataset | StudyCurves | pd.DataFrame, name: str) -> list[str]:
    return [str(value) for value in np.asarray(steps[name])]
