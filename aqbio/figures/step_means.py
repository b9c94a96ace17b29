"""Steps by condition and speed, and means over steps and athletes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.figures.marks import marked
from aqbio.figures.words import count_words, who
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
    """Mean speed, m/s: mean over athletes of the means of their steps."""
    rows: NDArray[np.intp]
    """(N,) array of int. Positions of the steps along the dimension ``step``."""
    participants: tuple[str, ...]
    """(N,) tuple of str. Participant of every step."""
    slowest_mps: float = np.nan
    fastest_mps: float = np.nan
    """slowest_mps, fastest_mps: Mean speeds of the slowest and of the fastest athlete, m/s."""

    @property
    def title(self) -> str:
        """Words over the column: speed and condition."""
        return column_title(self.condition, self.speed_mps)


def column_title(condition: str, speed_mps: float) -> str:
    """Name a column by speed, and by condition where it is not the usual one."""
    speed = f"{speed_mps:.1f} m/s" if np.isfinite(speed_mps) else "speed n/a"
    usual = condition in ("", NORMAL)
    return speed if usual else f"{condition.replace('_', ' ')}, {speed}"


MAX_REPEAT_RATIO = 1.05
"""Largest ratio of the speeds of two runs of an athlete that count as one speed: planned speeds are
farther apart, repetitions of one nearer (docs/decisions/0048)."""

MAX_SPEED_RATIO = 1.15
"""Largest ratio of two speeds that are compared, of athletes or of conditions."""


def speed_classes(
    speeds_mps: Sequence[float], owners: Sequence[str], max_ratio: float
) -> list[int]:
    """Class of each speed, from the slowest class on.

    Neighbouring speeds are joined, those nearest to each other first, as long as the fastest of a
    class is at most `max_ratio` times its slowest and no owner has two speeds in it; owners without
    a name may.
    """
    order = np.argsort(np.asarray(speeds_mps, dtype=float), kind="stable")
    classes = [[int(position)] for position in order]

    def ratio(pair: tuple[list[int], list[int]]) -> float:
        slower, faster = pair
        names = [owners[position] for position in (*slower, *faster) if owners[position]]
        if len(set(names)) < len(names):
            return np.inf
        return float(speeds_mps[faster[-1]] / speeds_mps[slower[0]])

    while len(classes) > 1:
        ratios = [ratio(pair) for pair in pairwise(classes)]
        nearest = int(np.argmin(ratios))
        if ratios[nearest] > max_ratio:
            break
        classes[nearest] += classes.pop(nearest + 1)
    numbers = {position: number for number, members in enumerate(classes) for position in members}
    return [numbers[position] for position in range(len(numbers))]


def _numbered_classes(runs: pd.DataFrame) -> pd.Series[int]:
    """Class of each run of one condition: repetitions of an athlete's speed, then like athletes."""
    speed_class = runs.groupby("participant_id", sort=False)["speed"].transform(
        lambda speeds: speed_classes(speeds.tolist(), [""] * len(speeds), MAX_REPEAT_RATIO)
    )
    keys = [runs["participant_id"], speed_class.astype(int)]
    means = runs["speed"].groupby(keys).mean()
    owners = means.index.get_level_values(0).tolist()
    classes = speed_classes(means.tolist(), owners, MAX_SPEED_RATIO)
    by_key = dict(zip(means.index, classes, strict=True))
    return pd.Series([by_key[key] for key in zip(*keys, strict=True)], index=runs.index)


def step_columns(steps: xr.Dataset | StudyCurves | pd.DataFrame) -> tuple[StepColumn, ...]:
    """Sort steps into columns by condition and by the speeds that were run.

    All steps of a trial are in the class of its mean step speed. Runs of an athlete at nearly one
    speed are repetitions of it; speeds of different athletes that are near each other share a
    column, in which each athlete has one speed (`speed_classes`). A trial of unknown speed forms a
    column of its own, under its name.
    """
    names = [name for name in ("participant_id", "trial_id", "condition") if name in steps]
    table = pd.DataFrame({name: np.asarray(steps[name]).astype(str) for name in names})
    table["speed"] = np.asarray(steps["speed"], dtype=float)
    if "condition" not in table or table["condition"].nunique() < 2:
        table["condition"] = ""
    keys = ["participant_id", "trial_id", "condition"]
    runs = table.groupby(keys, sort=True)["speed"].mean().reset_index()
    with_speed, unknown = runs[runs["speed"].notna()], runs[runs["speed"].isna()]
    of_runs = {
        (row.participant_id, row.trial_id, row.condition): (row.condition, int(number))
        for _, group in with_speed.groupby("condition")
        for row, number in zip(group.itertuples(), _numbered_classes(group), strict=True)
    }
    for row in unknown.itertuples():
        title = f"{row.condition}, {row.participant_id} {row.trial_id}".removeprefix(", ")
        of_runs[row.participant_id, row.trial_id, row.condition] = (title, -1)
    classes = [of_runs[key] for key in zip(*(table[name] for name in keys), strict=True)]
    table["condition"], table["class"] = zip(*classes, strict=True) if classes else ((), ())
    return tuple(
        _column(str(condition), group)
        for (condition, _), group in table.groupby(["condition", "class"])
    )


def _column(condition: str, steps: pd.DataFrame) -> StepColumn:
    speeds = steps.groupby("participant_id")["speed"].mean()
    return StepColumn(
        condition,
        float(speeds.mean()),
        steps.index.to_numpy(),
        tuple(steps["participant_id"]),
        float(speeds.min()),
        float(speeds.max()),
    )


SUMMARY = ["steps", "mean", "sd", "low", "high"]
"""Statistics of an outcome over steps; low and high: mean over steps of the 95 % interval of a
step's value, NaN where a step has none."""


def summarise(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Summarise the value of an athlete's rows over the steps of every outcome, as `SUMMARY`."""
    outcomes = rows.groupby(list(by), observed=True, sort=False)
    summary = outcomes["value"].agg(steps="size", mean="mean", sd="std")
    for end in ("low", "high"):
        complete = outcomes[end].count() == summary["steps"]
        summary[end] = outcomes[end].mean().where(complete)
    return summary.reset_index()


def over_athletes(parts: Iterable[pd.DataFrame], by: Sequence[str]) -> pd.DataFrame:
    """Means over athletes of the means of their steps, from their summaries.

    ``sd`` is the standard deviation of athletes' means; that over steps of an athlete who is alone.
    """
    summaries = pd.concat(
        [part for part in parts if len(part)] or [pd.DataFrame(columns=[*by, *SUMMARY])]
    )
    athletes = summaries.groupby(list(by), observed=True, sort=False)
    numbers = summaries.astype(dict.fromkeys(SUMMARY, float)).groupby(
        list(by), observed=True, sort=False
    )
    summary = numbers.agg(
        steps=("steps", "sum"), participants=("steps", "size"), mean=("mean", "mean"),
        sd=("mean", "std"), low=("low", "mean"), high=("high", "mean"),
    )  # fmt: skip
    for end in ("low", "high"):
        summary[end] = summary[end].where(athletes[end].count() == summary["participants"])
    is_single = summary["participants"] == 1
    summary["sd"] = summary["sd"].where(~is_single, numbers["sd"].mean())
    return summary.astype({"steps": int, "participants": int}).reset_index()


CARRIERS = (*ROLE_GROUPS, *ROLE_SIDES, "total")
"""Groups, the two sides and the whole body."""

MEAN_COLUMNS = columns("stance_means")

JOINT = ["column", "source", "axis", "statistic"]
"""Columns that identify a stance mean of a joint moment, or of a force estimated without plates."""


def stance_means(
    steps: pd.DataFrame,
    among: Sequence[StepColumn],
    joints: pd.DataFrame,
    halves: Mapping[tuple[int, str, str], float],
) -> pd.DataFrame:
    """Means of kept steps by column, and summaries of joint moments over all participants.

    ``halves``: half of the interval of the measurement of a mean angular momentum, by number of
    the column, carrier and axis.
    """
    rows = [
        row
        for number, column in enumerate(among)
        for row in _column_rows(
            column, steps.iloc[column.rows], joints[joints["column"] == number],
            {key[1:]: half for key, half in halves.items() if key[0] == number},
        )
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(MEAN_COLUMNS))


def _column_rows(
    column: StepColumn,
    steps: pd.DataFrame,
    joints: pd.DataFrame,
    halves: Mapping[tuple[str, str], float],
) -> Iterator[dict[str, Any]]:
    key = {
        "condition": column.condition or None,
        "speed_mps": column.speed_mps,
        "slowest_mps": column.slowest_mps,
        "fastest_mps": column.fastest_mps,
        "steps": len(steps),
        "participants": len(set(column.participants)),
    }

    def spread(name: str, half: float = np.nan) -> dict[str, float]:
        means = steps.groupby("participant_id", observed=True)[name].mean()
        middle = float(means.mean())
        sd = float(means.std(ddof=1) if len(means) > 1 else steps[name].std(ddof=1))
        return {"mean": middle, "sd": sd, "low": middle - half, "high": middle + half}

    for carrier in CARRIERS:
        for axis in AXES:
            names = {"quantity": "angular_momentum", "source": carrier, "axis": axis}
            half = halves.get((carrier, axis), np.nan)
            values = spread(f"H_{carrier}_{axis}_stance_mean_kgm2ps", half)
            yield key | names | values | {"unit": "kg m2/s"}
    for axis in AXES:
        names = {"quantity": "residual_moment", "source": "residual", "axis": axis}
        yield key | names | spread(f"M_residual_{axis}_stance_rms_Nm") | {"unit": "N m"}
    for row in joints.to_dict("records"):
        estimated = row["statistic"] == ESTIMATED
        unit = ("N" if row["source"] == "stance" else "N s") if estimated else "N m"
        names = {"quantity": ESTIMATED if estimated else f"joint_{row['statistic']}", "unit": unit}
        names |= {name: row[name] for name in ("source", "axis", "mean", "sd", "low", "high")}
        yield key | names


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


def headline_speed(people: pd.Series[float]) -> float:
    """Fastest speed, m/s, that at least half as many people ran as the commonest one; NaN: none.

    ``people``: number of people by speed. One sprinter among many who ran slower leads no page.
    """
    with_speed = people[people.index.notna()]
    common = with_speed[2 * with_speed >= with_speed.max()]
    return float(common.index.max()) if len(common) else np.nan


def headline_rows(numbers: pd.DataFrame) -> pd.DataFrame:
    """Rows of the usual condition at `headline_speed`."""
    usual = numbers[numbers["condition"].isin(["", NORMAL]) | numbers["condition"].isna()]
    candidates = usual if len(usual) else numbers
    speed = headline_speed(candidates.groupby("speed_mps")["participants"].max().astype(float))
    rows: pd.DataFrame = candidates[candidates["speed_mps"].eq(speed)]
    return rows if len(rows) else candidates


def drawn_columns(rows: pd.DataFrame, *, narrow: bool) -> list[tuple[str, pd.DataFrame]]:
    """Titles and rows of the speeds that are drawn: one in one column of a page."""
    speed_rows = headline_rows(rows) if narrow else rows
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
    return "One-column version: one speed." if several else ""


def sample_words(rows: pd.DataFrame) -> str:
    """State over how many athletes and steps means are taken, from rows of a figure."""
    columns_of_rows = rows.groupby(["condition", "speed_mps"], dropna=False)
    parts = []
    for noun, name in ((who(rows), "participants"), ("step", "steps")):
        count = columns_of_rows[name].max()
        parts.append(_column_range(count, noun, name))
    if (rows["participants"] == 1).all():
        return f"Means over {parts[1]} of one {who(rows)}"
    return f"Means over {parts[0]} ({parts[1]})"


def _column_range(counts: pd.Series[float], noun: str, column: str) -> str:
    """Least and largest number of a figure's columns of steps, each the largest of its rows."""
    low, high = int(counts.min()), int(counts.max())
    if low == high:
        return count_words(high, noun, column, by="most")
    least = marked(low, "", "", column, by="least of columns")
    return f"{least} to {count_words(high, noun, column, by='most')}"


def spread_words(rows: pd.DataFrame) -> str:
    """Name what a standard deviation of rows is over."""
    is_single = rows["participants"] == 1
    if is_single.all():
        return "steps"
    return f"{who(rows)}s, or over steps of one" if is_single.any() else f"{who(rows)}s"
