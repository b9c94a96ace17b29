"""What counts in figures and on pages: the numbers of a trial that nothing invalidates.

The same outcomes as in verdicts (`aqbio.observed.invalidated`), as ``invalidated`` of trials.tsv
has them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.observed.invalidated import column_rests_on, outcomes_of_cell

Invalidated = Mapping[tuple[str, str], frozenset[str]]
"""Outcomes that do not count, by participant and trial."""

_NAMES = ("participant_id", "trial_id")


def invalidated_outcomes(trials: pd.DataFrame) -> Invalidated:
    """Outcomes that do not count, from rows of the table of trials."""
    if trials.empty:
        return {}
    cells = zip(*(trials[name] for name in (*_NAMES, "invalidated")), strict=True)
    outcomes = {(str(a), str(b)): outcomes_of_cell(cell) for a, b, cell in cells}
    return {trial: kinds for trial, kinds in outcomes.items() if kinds}


def is_counted(table: pd.DataFrame, outcome: str, invalidated: Invalidated) -> pd.Series[bool]:
    """Rows of trials of which this kind of number counts."""
    if not invalidated:
        return pd.Series(True, index=table.index, dtype=bool)  # noqa: FBT003
    trials = zip(*(table[name].astype(str) for name in _NAMES), strict=True)
    counts = [outcome not in invalidated.get(trial, ()) for trial in trials]
    return pd.Series(counts, index=table.index, dtype=bool)


def counted_steps(steps: pd.DataFrame, invalidated: Invalidated) -> pd.DataFrame:
    """Steps, with empty cells for numbers that do not count."""
    if not invalidated:
        return steps
    counted = steps.copy()
    measured = [
        name for name in steps.select_dtypes("number").columns
        if name not in ("step", "speed", "speed_mps") and not name.startswith("touchdown_")
    ]  # fmt: skip
    by_outcomes: dict[tuple[str, ...], list[str]] = {}
    for name in measured:
        by_outcomes.setdefault(column_rests_on(str(name)), []).append(str(name))
    for outcomes, names in by_outcomes.items():
        for outcome in outcomes:
            counted.loc[~is_counted(steps, outcome, invalidated), names] = np.nan
    return counted


def counted_rows(contributions: pd.DataFrame, invalidated: Invalidated) -> pd.DataFrame:
    """Rows of contributions that count."""
    if not invalidated:
        return contributions
    level, statistic = (contributions[name].astype(str) for name in ("level", "statistic"))
    kinds = np.select(
        [
            statistic.eq("momentum_mean"),
            level.str.startswith("C"),
            level.eq(ESTIMATED) | statistic.str.endswith("force_mean"),
        ],
        ["momentum", "causes", "forces"],
        "moments",
    )
    keep = np.zeros(len(contributions), dtype=bool)
    for kind in set(kinds.tolist()):
        keep |= (kinds == kind) & is_counted(contributions, kind, invalidated).to_numpy()
    return contributions[keep]
