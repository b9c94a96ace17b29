"""What pages compute from rows of tables, by name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aqbio.contributions.step_quality import BAND_SPEEDS_MPS, BANDS
from validation.address_others import OF_OTHERS, both_feet
from validation.address_strength import OF_STRENGTH, of_mean
from validation.address_tables import Tables


def same(text: str) -> str:
    """A text without what pages change when they quote it: signs, spaces, case, final stop."""
    text = text.replace("−", "-").replace("%", " %").replace("_", " ")
    for limb in ("arm", "leg"):
        text = text.replace(f"{limb} left, {limb} right", f"both {limb}s")
    return re.sub(r"\s+", " ", text).strip().rstrip(".").lower()


def written(cell: object) -> str:
    """A cell as a page quotes it: a number without needless digits."""
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def _percent_below(rows: pd.DataFrame, column: str) -> float:
    return 1.0 if float(_only(rows[column])) < 0.01 else math.nan


MAX_ODDS = 1000.0


def _odds_above(rows: pd.DataFrame, column: str) -> float:
    return MAX_ODDS if abs(float(np.diff(rows[column])[0])) > math.log(MAX_ODDS) else math.nan


def _unknown_in(rows: pd.DataFrame, columns: str) -> int:
    return int(rows[columns.split(",")].isna().any(axis=1).sum())


def signs(rows: pd.DataFrame) -> Any:
    """Sign of every row's interval, 0 where it includes 0; of its mean where there is none."""
    low, high = (rows[name].astype(float).fillna(rows["mean"]) for name in ("low", "high"))
    return np.where(np.sign(low) == np.sign(high), np.sign(low), 0.0)


def _directions(rows: pd.DataFrame, _: str) -> str:
    product = float(np.prod(signs(rows))) if len(rows) == 2 else 0.0
    return {-1.0: "in opposite directions", 1.0: "in the same direction"}.get(
        product, "in directions that could not be determined within measurement error"
    )


def _within_limits(rows: pd.DataFrame, _: str) -> int:
    """Trials of which no value lies beyond its limit."""
    trials = [rows["participant_id"], rows["trial_id"]]
    return int((~(rows["value"].abs() > rows["limit"]).groupby(trials).any()).sum())


def _shown_by(rows: pd.DataFrame, whom: str) -> int:
    """Hypotheses that all athletes or none show."""
    groups = rows.groupby("hypothesis")["n_showing"]
    return int((groups.first() == (groups.size() if whom == "all" else 0)).sum())


def _unanimous(rows: pd.DataFrame, column: str) -> int:
    groups = rows.groupby("hypothesis")[column]
    return int(((groups.size() > 1) & (groups.agg(lambda texts: len(set(texts))) == 1)).sum())


def _stance_mean(rows: pd.DataFrame, column: str) -> float:
    weight = np.where(rows["percent"].isin([0, 100]), 0.5, 1.0)
    return float((rows[column] * weight).sum() / weight[rows[column].notna()].sum())


def _share(rows: pd.DataFrame, column: str) -> float:
    """Share of the sum of variances."""
    return float((rows[column] * rows["sd"] ** 2).sum() / (rows["sd"] ** 2).sum())


def _mean_without(rows: pd.DataFrame, columns: str) -> float:
    """Mean standard deviation without the sources of these columns."""
    left = (1.0 - rows[columns.split(",")].sum(axis=1)).clip(lower=0.0)
    return float((rows["sd"] * np.sqrt(left)).mean())


def _pooled(rows: pd.DataFrame, column: str) -> float:
    return float(np.sqrt((rows["steps"] * rows[column] ** 2).sum() / rows["steps"].sum()))


def clause(reason: object) -> str:
    """First clause of a reason, its numbers as n."""
    text = re.split(r"[;:(]", str(reason))[0] if isinstance(reason, str) else ""
    return re.sub(r"\b\d+([.,]\d+)?\b", "…", text).strip() or "no reason is stated"


def _reasons(rows: pd.DataFrame) -> pd.Series:
    return rows["reason"].map(clause)


def _single_contacts(rows: pd.DataFrame, _: str) -> float:
    """Contacts that are no step and not rejected, of trials without a step."""
    contacts = rows["contacts"] - rows["steps_ok"] - rows["steps_rejected"]
    return float(contacts.fillna(0)[rows["steps_ok"].fillna(0) == 0].sum())


def _moment(rows: pd.DataFrame, column: str) -> str:
    day, _, clock = str(_only(rows[column])).partition("T")
    return f"{day}, {clock[:5]} UTC"


def _steady_frequency(rows: pd.DataFrame) -> tuple[float, float]:
    """Step frequency in steady running at the mean speed of these steps."""
    speed = both_feet(rows, "speed_mps")
    ends = np.array(BANDS["step_frequency"][1]).T
    low, high = (float(np.interp(speed, BAND_SPEEDS_MPS, end)) for end in ends)
    return low, high


def _of_people(rows: pd.DataFrame, column: str) -> pd.Series:
    return rows.groupby("person")[column].mean().dropna()


MOST_ATHLETES = 1000
"""Numbers of athletes above this are not searched for."""

NO_JOINTS = {
    *("together", "push_side", "swing_side"),
    *("gravity", "velocity", "contact", "remainder", "residual"),
}
"""Sources that are no single joint."""


@dataclass(frozen=True)
class _Joint:
    """Effect of a joint under all contact models."""

    source: str
    mean: float
    low: float
    high: float
    is_certain: bool


def joints_of(rows: pd.DataFrame, tables: Tables) -> list[_Joint]:
    """Joints of a column and side; none is certain where not everybody has a second model."""
    steps, others = tables["steps"], tables["model_differences"]
    compared = set(others["participant_id"])
    is_compared = bool(compared) and set(steps["participant_id"]) <= compared
    joints = []
    for source, models in rows[~rows["source"].isin(NO_JOINTS)].groupby("source", sort=False):
        first = models[models["variant"] == "C2"].iloc[0]
        values = np.array([first["low"], first["high"], *models["mean"]], dtype=float)
        certain = is_compared and bool((values > 0).all() or (values < 0).all())
        joints.append(_Joint(str(source), first["mean"], first["low"], first["high"], certain))
    return joints


def _rank(joints: list[_Joint], source: str, *, best: bool) -> int:
    """Best or worst place of a joint by size within the intervals of all."""
    sizes = {
        one.source: (
            0.0 if one.low * one.high <= 0.0 else min(abs(one.low), abs(one.high)),
            max(abs(one.low), abs(one.high)),
        )
        for one in joints
    }
    own = sizes.pop(source)
    if best:
        return 1 + sum(low > own[1] for low, _ in sizes.values())
    return 1 + sum(high > own[0] for _, high in sizes.values())


OF_JOINTS: dict[str, Callable[[list[_Joint], str], int]] = {
    "joints": lambda joints, _: len(joints),
    "certain": lambda joints, _: sum(one.is_certain for one in joints),
    "best rank": lambda joints, source: _rank(joints, source, best=True),
    "worst rank": lambda joints, source: _rank(joints, source, best=False),
}
"""What a page computes of the joints of a side, by name."""

Value = float | str | tuple[str, ...]
"""What an address stands for; of several texts the page says one."""

COMPUTED: dict[str, Callable[[pd.DataFrame, str], Value]] = {
    "": lambda rows, column: _only(rows[column]),
    "choices": lambda rows, column: str(_only(rows[column])),
    "part": lambda rows, column: str(_only(rows[column])),
    "size": lambda rows, column: abs(float(_only(rows[column]))),
    "growth": lambda rows, column: float(_only(rows[column])),
    "unknown": lambda rows, column: (
        MOST_ATHLETES if math.isnan(float(_only(rows[column]))) else math.nan
    ),
    "below percent": _percent_below,
    "unknown in": _unknown_in,
    "count": lambda rows, _: len(rows),
    "people": lambda rows, column: rows[column or "participant_id"].nunique(),
    "mean of people": lambda rows, column: float(_of_people(rows, column).mean()),
    "sd of people": lambda rows, column: float(_of_people(rows, column).std()),
    "smallest group": lambda rows, column: int(rows.groupby(column).size().min()),
    "largest group": lambda rows, column: int(rows.groupby(column).size().max()),
    "several choices": lambda rows, _: int((rows.groupby("hypothesis").size() > 1).sum()),
    "unanimous": _unanimous,
    "hypotheses shown by": _shown_by,
    "trials within limits": _within_limits,
    "place of": lambda rows, name: [*rows["partition"]].index(name) + 1,
    "stance mean": _stance_mean,
    "largest size": lambda rows, column: float(rows[column].abs().max()),
    "first of": lambda rows, column: float(rows[column].dropna().iloc[0]),
    "least of columns": lambda rows, column: float(
        rows.groupby(["condition", "speed_mps"], dropna=False)[column].max().min()
    ),
    "share of variance": _share,
    "mean without": _mean_without,
    "pooled": _pooled,
    "length": lambda rows, column: float(np.hypot(*_only(rows[column]))),
    "number": lambda rows, column: float(_only(rows[column])),
    "numbers": lambda rows, column: str(_only(rows[column])),
    "reason": lambda rows, text: int(_reasons(rows).eq(text).sum()),
    "other reasons": lambda rows, texts: int((~_reasons(rows).isin(texts.split("|"))).sum()),
    "single contacts": _single_contacts,
    "not above 0": lambda rows, column: int((~(rows[column].astype(float) > 0)).sum()),
    "moment": _moment,
    "sum": lambda rows, column: float(rows[column].sum()),
    "one of": lambda rows, column: tuple(map(same, map(written, rows[column].dropna().unique()))),
    "beginning of": lambda rows, column: (
        *(same(str(text).partition(";")[0]) for text in rows[column].dropna().unique()),
        "no reason recorded",
    ),
    "named": lambda rows, column: (_only(rows[column]), column.partition(".")[2])[1],
    "registered": lambda rows, column: str(_only(rows[column])),
    "trials": lambda rows, _: len(rows[["participant_id", "trial_id"]].drop_duplicates()),
    "odds": lambda rows, column: math.exp(abs(float(np.diff(rows[column])[0]))),
    "odds above": _odds_above,
    "above 0": lambda rows, column: int((rows[column] > 0).sum()),
    "mean": lambda rows, column: float(rows[column].mean()),
    "least": lambda rows, column: float(rows[column].min()),
    "most": lambda rows, column: float(rows[column].max()),
    "directions": _directions,
    "both feet": both_feet,
    "lag": lambda rows, column: float((rows[column] - rows["touchdown_fitted_s"]).abs().max()),
    "of mean": lambda rows, column: of_mean(math.log1p(float(_only(rows[column])) / 100.0)),
    "of mean, other leg": lambda rows, column: (
        -of_mean(math.log1p(float(_only(rows[column])) / 100.0))
    ),
    "median": lambda rows, column: float(rows[column].median()),
    "least in steady running": lambda rows, _: _steady_frequency(rows)[0],
    "most in steady running": lambda rows, _: _steady_frequency(rows)[1],
}
"""What a page computes from rows, by name; no name for a single cell."""


def _only(column: pd.Series) -> Any:
    if len(column) != 1:
        raise LookupError(f"{len(column)} rows have this key")
    return column.iloc[0]


OF_TABLES: dict[str, Callable[[pd.DataFrame, str, Tables], Value]] = {
    "of family": lambda rows, family, tables: sum(
        tables.families.get(name) == family for name in rows["hypothesis"]
    ),
    "ever": lambda rows, _, tables: len(rows) + tables.removed(
        "trial" if "trial_id" in rows else "participant"
    ),
    "participants without steps": lambda rows, _, tables: len(
        set(rows["participant_id"])
        - set(tables["steps"].loc[tables["steps"]["status"] == "ok", "participant_id"])
    ),
    **OF_OTHERS,
    **OF_STRENGTH,
}  # fmt: skip
"""What is computed of more than one table."""
