"""Contributions of a participant's steps as means: what a person reads, of what machines keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

OUTCOME = ["level", "source", "target", "axis", "phase", "statistic", "unit"]
"""Columns that name an outcome of a step."""


def contribution_means(rows: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Means over the steps of every participant, condition and stance side.

    Parameters
    ----------
    rows : DataFrame
        Contributions of steps that were kept, one row per step and outcome.
    steps : DataFrame
        Their rows of the step table.

    Returns
    -------
    DataFrame
        One row per participant, condition, side and outcome: mean and standard deviation of the
        steps that have a value, how many, and the mean ends of their intervals.

    Examples
    --------
    >>> import pandas as pd
    >>> place = {"participant_id": "A", "trial_id": "run"}
    >>> steps = pd.DataFrame([place | {"step": n, "condition": "", "side": "left"} for n in (1, 2)])
    >>> outcome = dict.fromkeys(OUTCOME, "x") | {"low": 0.0, "high": 9.0}
    >>> rows = [place | outcome | {"step": n, "value": 2.0 * n} for n in (1, 2)]
    >>> contribution_means(pd.DataFrame(rows), steps)[["mean", "sd", "steps"]].values.tolist()
    [[3.0, 1.4142135623730951, 2.0]]
    """
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
