"""Steps side by side: columns by condition and speed, and means over steps and athletes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from aqbio.io.dictionary import columns
from aqbio.io.step_curves import StudyCurves
from aqbio.names import AXES, NORMAL, ROLE_GROUPS, ROLE_SIDES
from aqbio.vectors import FloatArray


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


@dataclass(frozen=True, slots=True)
class Value:
    """A mean over steps and how sure it is."""

    mean: float
    sd: float
    """mean, sd: Over steps."""
    low: float
    high: float
    """low, high: 95 % interval of a step's value, mean over steps; NaN without one."""
    steps: int


def summarise(rows: pd.DataFrame, by: Sequence[str]) -> dict[tuple[str, ...], Value]:
    """Summarise the rows of every outcome over steps."""
    values = rows["value"].to_numpy(dtype=float)
    bounds = np.stack([rows[name].to_numpy(dtype=float) for name in ("low", "high")])
    outcomes = rows.groupby(list(by), sort=False, observed=True).ngroup().to_numpy()
    order = np.argsort(outcomes, kind="stable")
    order = order[outcomes[order] >= 0]  # the others lack a name
    if not len(order):
        return {}
    names = [rows[name].to_numpy() for name in by]
    places = np.split(order, np.flatnonzero(np.diff(outcomes[order])) + 1)
    return {
        tuple(str(name[own[0]]) for name in names): _summary(values[own], bounds[:, own])
        for own in places
    }


def _summary(value: FloatArray, bounds: FloatArray) -> Value:
    """Summary of the steps of one outcome; bounds (2, N)."""
    whole = np.isfinite(bounds).all()
    low, high = bounds.mean(axis=1) if whole else (np.nan, np.nan)
    sd = value.std(ddof=1) if len(value) > 1 else np.nan
    return Value(float(value.mean()), float(sd), float(low), float(high), len(value))


def pool_values(values: Sequence[Value]) -> Value:
    """The mean over all steps of several participants, of their own means."""
    mean, sd, low, high, steps = np.array([astuple(one) for one in values]).T
    count = steps.sum()
    middle = (steps * mean).sum() / count
    squares = (np.nan_to_num((steps - 1.0) * sd**2) + steps * (mean - middle) ** 2).sum()
    spread = np.sqrt(squares / (count - 1.0)) if count > 1 else np.nan
    lower, upper = ((steps * end).sum() / count for end in (low, high))
    return Value(float(middle), float(spread), float(lower), float(upper), int(count))


CARRIERS = (*ROLE_GROUPS, *ROLE_SIDES, "total")
"""Groups, the two sides and the whole body."""

MEAN_COLUMNS = columns("stance_means")


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
    return pd.DataFrame(rows, columns=list(MEAN_COLUMNS))


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
            for (source, axis, statistic), one in summarise(own, _JOINT).items():
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
        whole = pool_values(values)
        yield row(f"joint_{statistic}", source, axis, (whole.mean, whole.sd), "N m")


PHASE_MEANS = columns("phase_means")
PHASES = ("stance", "flight")


def phase_means(
    curves: Sequence[Mapping[tuple[str, str], FloatArray]], units: Mapping[str, str]
) -> pd.DataFrame:
    """Mean and standard deviation over athletes of (phases, 101) curves by quantity and line."""
    parts = []
    for key in dict.fromkeys(key for own in curves for key in own):
        known = np.array([own[key] for own in curves if key in own], dtype=float)
        known = known[np.isfinite(known).all(axis=(1, 2))]
        if not len(known):
            continue
        sd = known.std(axis=0, ddof=1) if len(known) > 1 else np.full_like(known[0], np.nan)
        for number, mean in enumerate(known.mean(axis=0)):
            parts.append(
                pd.DataFrame(
                    {"quantity": key[0], "line": key[1], "phase": PHASES[number],
                     "percent": np.arange(len(mean)), "mean": mean, "sd": sd[number],
                     "athletes": len(known), "unit": units[key[0]]}
                )
            )  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*PHASE_MEANS])


def phase_line(
    numbers: pd.DataFrame, quantity: str, name: str, phase: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Per cents, mean and standard deviation of a line, (N,) each; empty where it is not known."""
    own = numbers[
        (numbers["quantity"] == quantity) & (numbers["line"] == name) & (numbers["phase"] == phase)
    ]
    at, mean, sd = (own[one].to_numpy(dtype=float) for one in ("percent", "mean", "sd"))
    return at, mean, sd


def fastest_rows(numbers: pd.DataFrame) -> pd.DataFrame:
    """Rows of the fastest column of the usual condition."""
    usual = numbers[numbers["condition"].isin(["", NORMAL]) | numbers["condition"].isna()]
    own = usual if len(usual) else numbers
    fastest: pd.DataFrame = own[own["speed_mps"] == own["speed_mps"].max()]
    return fastest
