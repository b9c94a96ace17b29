"""Contributions of a participant's steps as means: what a person reads, of what machines keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

OUTCOME = ["level", "source", "target", "axis", "phase", "statistic", "unit"]
"""Columns that name an outcome of a step."""


def contribution_means(rows: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Mean, sd, count and mean interval by participant, condition, side and outcome."""
    place = ["participant_id", "trial_id", "step"]
    whose = steps[[*place, "condition", "side"]]
    # A table without rows knows no types of its own.
    keys: dict[str, Any] = dict.fromkeys(place[:2], object) | {"step": "Int64"}
    known = rows.astype(keys).merge(whose.astype(keys), on=place, how="left", validate="m:1")
    groups = known.groupby(
        ["participant_id", "condition", "side", *OUTCOME], observed=True, sort=False, dropna=False
    )
    return groups.agg(
        mean=("value", "mean"),
        sd=("value", "std"),
        low=("low", "mean"),
        high=("high", "mean"),
        steps=("value", "count"),
    ).reset_index()
