"""Steps by condition and speed, and means over steps and athletes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.gait.step_files import StudyCurves
from aqbio.io.dictionary import columns
from aqbio.names import AXES, NORMAL, ROLE_GROUPS, ROLE_SIDES
from aqbio.vectors import FloatArray


@dataclass(frozen=True, slots=True)
class StepColumn:
    """Steps that are averaged together, of one condition and speed class."""

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


def column_title(condition: str, speed_mps: float) -> str:
    """Name a column by speed, and by condition where it is not the usual one."""
    speed = f"{speed_mps:.1f} m/s" if np.isfinite(speed_mps) else "speed n/a"
    usual = condition in ("", NORMAL)
    return speed if usual else f"{condition.replace('_', ' ')}, {speed}"


def step_columns(
    steps: xr.Dataset | StudyCurves | pd.DataFrame, edges_mps: Sequence[float]
) -> tuple[StepColumn, ...]:
    """Sort steps into columns by condition and speed class (edges in m/s).

    All steps of a trial are in the class of its mean step speed. A trial of unknown speed forms a
    column of its own, under its name.
    """
    names = [name for name in ("participant_id", "trial_id", "condition") if name in steps]
    table = pd.DataFrame({name: np.asarray(steps[name]).astype(str) for name in names})
    table["speed"] = np.asarray(steps["speed"], dtype=float)
    if "condition" not in table or table["condition"].nunique() < 2:
        table["condition"] = ""
    run = table.groupby(["participant_id", "trial_id"])["speed"].transform("mean")
    table["class"] = np.searchsorted(np.asarray(edges_mps[1:-1]), run, side="right")
    run_name = table["participant_id"] + " " + table["trial_id"]
    run_title = (table["condition"] + ", " + run_name).str.removeprefix(", ")
    table["condition"] = table["condition"].where(run.notna(), run_title)
    return tuple(
        StepColumn(
            str(condition), float(group["speed"].mean()), group.index.to_numpy(),
            tuple(group["participant_id"]),
        )
        for (condition, _), group in table.groupby(["condition", "class"])
    )  # fmt: skip


SUMMARY = ["steps", "mean", "sd", "low", "high"]
"""Statistics of an outcome over steps; low and high: mean over steps of the 95 % interval of a
step's value, NaN where a step has none."""


def summarise(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Summarise the value of rows over the steps of every outcome, as columns `SUMMARY`."""
    outcomes = rows.groupby(list(by), observed=True, sort=False)
    summary = outcomes["value"].agg(steps="size", mean="mean", sd="std")
    for end in ("low", "high"):
        complete = outcomes[end].count() == summary["steps"]
        summary[end] = outcomes[end].mean().where(complete)
    return summary.reset_index()


def pooled(parts: Iterable[pd.DataFrame], by: Sequence[str]) -> pd.DataFrame:
    """Pool summaries of several participants into those of all their steps."""
    summaries = pd.concat(
        [part for part in parts if len(part)] or [pd.DataFrame(columns=[*by, *SUMMARY])]
    )
    outcomes = summaries.groupby(list(by), observed=True, sort=False)
    at, summary = outcomes.ngroup().to_numpy(), outcomes.head(1)[list(by)].reset_index(drop=True)
    steps, mean, sd, low, high = summaries[SUMMARY].to_numpy(dtype=float).T

    def total(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(at, values, len(summary)), dtype=float)

    count = total(steps)
    middle = total(steps * mean) / count
    squares = total(np.nan_to_num((steps - 1.0) * sd**2) + steps * (mean - middle[at]) ** 2)
    spread = np.sqrt(squares / np.where(count > 1.0, count - 1.0, np.nan))
    return summary.assign(
        steps=count.astype(int), mean=middle, sd=spread, low=total(steps * low) / count,
        high=total(steps * high) / count,
    )  # fmt: skip


CARRIERS = (*ROLE_GROUPS, *ROLE_SIDES, "total")
"""Groups, the two sides and the whole body."""

MEAN_COLUMNS = columns("stance_means")

JOINT = ["column", "source", "axis", "statistic"]
"""Columns that identify a stance mean of a joint moment, or of a force estimated without plates."""


def is_kept(steps: pd.DataFrame) -> pd.Series[bool]:
    """True for steps that pages and figures show: see `kept_steps`."""
    is_whole, is_contact = steps["status"] == "ok", steps["status"] == "incomplete"
    trial = [steps["participant_id"], steps["trial_id"]]
    without_whole = ~is_whole.groupby(trial).transform("any").astype(bool)
    is_shown: pd.Series[bool] = is_whole | (is_contact & without_whole)
    return is_shown


def kept_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """Steps that pages and figures show, with their speed under the name ``speed``.

    The whole steps of a trial; of a trial without any (with a single plate, for example) the
    contacts that were recorded completely: their flight is not known.
    """
    shown_steps = steps[is_kept(steps)].reset_index(drop=True)
    return shown_steps.assign(speed=shown_steps["speed_mps"])


def stance_means(
    steps: pd.DataFrame, among: Sequence[StepColumn], joints: pd.DataFrame
) -> pd.DataFrame:
    """Means of kept steps by column, and summaries of joint moments over all participants."""
    rows = [
        row
        for number, column in enumerate(among)
        for row in _column_rows(column, steps.iloc[column.rows], joints[joints["column"] == number])
    ]
    return pd.DataFrame(rows, columns=list(MEAN_COLUMNS))


def _column_rows(
    column: StepColumn, steps: pd.DataFrame, joints: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    key = {
        "condition": column.condition or None,
        "speed_mps": column.speed_mps,
        "steps": len(steps),
        "participants": len(set(column.participants)),
    }

    def spread(name: str) -> dict[str, float]:
        return {"mean": float(steps[name].mean()), "sd": float(steps[name].std(ddof=1))}

    for carrier in CARRIERS:
        for axis in AXES:
            names = {"quantity": "angular_momentum", "source": carrier, "axis": axis}
            values = spread(f"H_{carrier}_{axis}_stance_mean_kgm2ps")
            yield key | names | values | {"unit": "kg m2/s"}
    for axis in AXES:
        names = {"quantity": "residual_moment", "source": "residual", "axis": axis}
        yield key | names | spread(f"M_residual_{axis}_stance_rms_Nm") | {"unit": "N m"}
    for row in joints.to_dict("records"):
        estimated = row["statistic"] == ESTIMATED
        unit = ("N" if row["source"] == "stance" else "N s") if estimated else "N m"
        names = {"quantity": ESTIMATED if estimated else f"joint_{row['statistic']}", "unit": unit}
        names |= {name: row[name] for name in ("source", "axis")}
        yield key | names | {"mean": row["mean"], "sd": row["sd"]}


PHASES = ("stance", "flight")


def phase_means(
    curves: Sequence[Mapping[tuple[str, str], FloatArray]], units: Mapping[str, str]
) -> pd.DataFrame:
    """Mean and standard deviation over athletes of (phases, 101) curves by quantity and line."""
    parts = []
    for key in dict.fromkeys(key for athlete in curves for key in athlete):
        values = np.array([athlete[key] for athlete in curves if key in athlete], dtype=float)
        values = values[np.isfinite(values).all(axis=(1, 2))]
        if not len(values):
            continue
        sd = values.std(axis=0, ddof=1) if len(values) > 1 else np.full_like(values[0], np.nan)
        for number, mean in enumerate(values.mean(axis=0)):
            parts.append(
                pd.DataFrame(
                    {"quantity": key[0], "line": key[1], "phase": PHASES[number],
                     "percent": np.arange(len(mean)), "mean": mean, "sd": sd[number],
                     "athletes": len(values), "unit": units[key[0]]}
                )
            )  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=list(columns("phase_means")))
    return pd.concat(parts, ignore_index=True)


def fastest_rows(numbers: pd.DataFrame) -> pd.DataFrame:
    """Rows of the fastest column of the usual condition."""
    usual = numbers[numbers["condition"].isin(["", NORMAL]) | numbers["condition"].isna()]
    candidates = usual if len(usual) else numbers
    has_speed = candidates["speed_mps"].notna()
    fastest: pd.DataFrame = (
        candidates[candidates["speed_mps"] == candidates["speed_mps"].max()]
        if has_speed.any()
        else candidates
    )
    return fastest


def drawn_columns(rows: pd.DataFrame, width_mm: float) -> list[tuple[str, pd.DataFrame]]:
    """Titles and rows of the speeds that are drawn: only the fastest in one column of a page."""
    from aqbio.figures.style import NARROW_MM  # and matplotlib, which pages do not need

    speed_rows = fastest_rows(rows) if width_mm < NARROW_MM else rows
    labelled = speed_rows.assign(condition=speed_rows["condition"].fillna(""))
    titled_columns = []
    for _, speed_rows in labelled.groupby(["condition", "speed_mps"], sort=False, dropna=False):
        first, steps = speed_rows.iloc[0], int(speed_rows["steps"].max())
        title = column_title(str(first["condition"]), float(first["speed_mps"])).replace(", ", "\n")
        titled_columns.append((f"{title}\n{steps} step{'s' * (steps != 1)}", speed_rows))
    return titled_columns


def one_column_words(rows: pd.DataFrame) -> str:
    """Words of a caption for a narrow drawing that leaves speeds out."""
    several = rows[["condition", "speed_mps"]].drop_duplicates().shape[0] > 1
    return "One-column version: fastest speed." if several else ""
