"""What pages compute of the attempts of a strength sheet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from validation.address_tables import Tables

DAY_ERROR = 0.07
"""Relative standard error of a test between days."""

TEST = ["participant_id", "session", "side", "angle_deg", "velocity_deg_s", "device", "unit"]
"""Columns that tell the tests of a movement and contraction apart."""


def of_mean(ratio: float) -> float:
    """Difference of two numbers in per cent of their mean, from the logarithm of their ratio."""
    return 200.0 * float(np.tanh(0.5 * ratio))


def _end(ratio: float, counts: list[int], kind: pd.DataFrame, column: str) -> float:
    """A difference or an end of its interval; ``kind``: attempts whose scatter is pooled."""
    tests = np.log(kind["value"]).groupby([kind[name] for name in TEST], dropna=False)
    freedom = int((tests.size() - 1).sum())
    half = norm.ppf(0.975) * DAY_ERROR * np.sqrt(2.0)
    if freedom:
        squares = float((tests.var(ddof=0) * tests.size()).sum())
        error = np.sqrt(squares / freedom * sum(1.0 / count for count in counts))
        half = max(half, t.ppf(0.975, freedom) * error)
    return of_mean(ratio + {"difference": 0.0, "low": -half, "high": half}[column])


def _alike(rows: pd.DataFrame, participants: list[str], tables: Tables) -> pd.DataFrame:
    """Attempts of these participants of the movement and contraction of these rows."""
    sheet = tables["strength"]
    first = rows.iloc[0]
    is_alike = sheet["movement"].eq(first["movement"])
    is_alike &= sheet["contraction"].eq(first["contraction"])
    return sheet[is_alike & sheet["participant_id"].isin(participants)]


def _legs(rows: pd.DataFrame, column: str, tables: Tables) -> float:
    """Right less left of one test in one session."""
    left, right = (rows.loc[rows["side"] == side, "value"] for side in ("left", "right"))
    ratio = float(np.log(right.mean() / left.mean()))
    kind = _alike(rows, list(rows["participant_id"].unique()), tables)
    return _end(ratio, [len(left), len(right)], kind, column)


def _sessions(rows: pd.DataFrame, column: str, tables: Tables) -> float:
    """Last less first session of one test; the first one stands behind the column."""
    column, _, first = column.partition(";")
    is_first = rows["participant_id"] == first
    before, after = rows.loc[is_first, "value"], rows.loc[~is_first, "value"]
    ratio = float(np.log(after.mean() / before.mean()))
    people = tables["participants"].set_index("participant_id")["person"]
    sessions = list(people.index[people == people[first]])
    return _end(ratio, [len(before), len(after)], _alike(rows, sessions, tables), column)


def _pain(rows: pd.DataFrame, _: str, __: Tables) -> str:
    """Notes of pain of both legs."""
    noted = rows[rows["hurt"].map(bool) & rows["pain"].notna()]
    notes = (
        f"{side}: {'; '.join(dict.fromkeys(leg['pain']))}"
        for side, leg in noted.groupby("side", sort=False)
    )
    return "; ".join(notes)


OF_STRENGTH: dict[str, Callable[[pd.DataFrame, str, Tables], float | str]] = {
    "legs": _legs,
    "sessions": _sessions,
    "pain": _pain,
}
"""By name; keys are those of the attempts."""
