"""Designs: in which order, session and way conditions were recorded, and what that allows."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from aqbio.observed.invalidated import column_rests_on
from aqbio.stats.claim_columns import RATING, SPEED, STRENGTHS, outcome_units
from aqbio.stats.evidence import Evidence, by_condition, compared_trials
from aqbio.stats.registry import Contrast, Hypothesis

Design = Literal[
    "observed", "between", "changes", "balanced", "one_order", "order_unknown", "before_after",
    "controlled",
]  # fmt: skip
"""observed: of athletes as they run; between, changes: athletes, or their changes over sessions,
against each other; balanced, one_order, order_unknown: two conditions by their order; before_after,
controlled: sessions without and with a group that is compared."""

FEWEST_EACH_WAY = 3
"""Athletes whose condition came later than its reference, and as many whose came earlier, for an
order that can be separated from the condition."""

MAX_PLATES_DIFFERENCE = 0.05
"""Largest difference between both conditions in the share of steps whose events force plates
measured: contacts from markers are some 10 ms shorter or longer, a tenth of a contact."""

MEASURED = ("laboratory", "plates", "event_error_s", "n_steps")
"""Columns of sprints about how a trial was measured."""


def design(evidence: Evidence, hypothesis: Hypothesis) -> Design:
    """Tell the design from which a hypothesis is judged."""
    contrast = hypothesis.contrast
    if contrast is None:
        formula = hypothesis.formula
        if formula is None or formula.rows != "people":
            return "observed"
        return "changes" if formula.is_of_changes else "between"
    if contrast.by == "session":
        return "before_after" if contrast.group is None else "controlled"
    later = later_by(evidence, contrast)
    if later.isna().all():
        return "order_unknown"
    return "balanced" if is_balanced(later) else "one_order"


def later_by(evidence: Evidence, contrast: Contrast) -> pd.Series[float]:
    """Sprints by which the condition came later than its reference, by athlete; NaN: not stated."""
    orders = by_condition(evidence, contrast, "order")
    later: pd.Series[float] = orders[contrast.condition] - orders[contrast.reference]
    return later


def is_balanced(later: pd.Series[float]) -> bool:
    """Tell whether a change with the order can be separated from one with the condition."""
    ways = int((later > 0).sum()), int((later < 0).sum())
    return min(ways) >= FEWEST_EACH_WAY or ways == (0, 0)


# measured alike -----------------------------------------------------------------------------------


def unlike_measurement(evidence: Evidence, hypothesis: Hypothesis) -> tuple[str, ...]:
    """Say in what the measurement of both conditions differs, so that a change may be its error.

    Errors that the steps of a condition or of a session share are in no interval.
    """
    contrast = hypothesis.contrast
    if contrast is None or contrast.outcome in (RATING, *STRENGTHS):
        return ()
    trials = compared_trials(evidence, contrast)
    known_trials = trials[trials[contrast.column].notna()]
    reasons = (
        _laboratories(known_trials, contrast),
        _plates(known_trials, contrast),
        _events(known_trials, contrast, hypothesis.delta),
        _placements(known_trials, contrast),
    )
    return tuple(filter(None, reasons))


def _by_label(trials: pd.DataFrame, contrast: Contrast, column: str) -> pd.DataFrame:
    """Sorted values of a column of every athlete with both conditions, as text, by condition."""
    labels = trials[column].astype(str)
    table = labels.groupby([trials[contrast.by], trials["athlete"]]).agg(
        lambda cells: ", ".join(sorted(set(cells)))
    )
    return _side_by_side(table, contrast)


def _count_unlike(trials: pd.DataFrame, contrast: Contrast, column: str) -> tuple[int, int]:
    """Number of athletes whose conditions differ in a column, and of those with both."""
    table = _by_label(trials, contrast, column)
    return int((table.iloc[:, 0] != table.iloc[:, 1]).sum()), len(table)


def _laboratories(trials: pd.DataFrame, contrast: Contrast) -> str:
    if "laboratory" not in trials or trials["laboratory"].isna().all():
        return ""
    unlike, count = _count_unlike(trials, contrast, "laboratory")
    words = f"both were recorded in different laboratories in {unlike} of {count} athletes"
    return f"{words}, and laboratories differ by what no interval holds" if unlike else ""


def _means(trials: pd.DataFrame, contrast: Contrast, column: str) -> pd.Series[Any]:
    """Mean over athletes with both of a column of trials, by condition, weighted by their steps."""
    weights = trials["n_steps"].fillna(1.0)
    cells = [trials[contrast.by], trials["athlete"]]
    weighted = (trials[column].astype(float) * weights).groupby(cells).sum(min_count=1)
    return _side_by_side(weighted / weights.groupby(cells).sum(), contrast).mean()


def _side_by_side(values: pd.Series[Any], contrast: Contrast) -> pd.DataFrame:
    """Values by label and athlete as a table of athletes with both labels."""
    labels = (contrast.reference, contrast.condition)
    athletes = set(values.index.get_level_values(0))
    columns = {label: values.xs(label) if label in athletes else None for label in labels}
    return pd.DataFrame(columns).dropna()


def _plates(trials: pd.DataFrame, contrast: Contrast) -> str:
    """Differences in the share of steps with events of force plates; speed hardly rests on them."""
    if contrast.outcome == SPEED or "plates" not in trials:
        return ""
    share = _means(trials, contrast, "plates")
    if not abs(share.iloc[1] - share.iloc[0]) > MAX_PLATES_DIFFERENCE:
        return ""
    percent = [f"{100.0 * value:.0f} %" for value in share]
    return (
        f"force plates measured the contacts of {percent[1]} of the steps of {contrast.condition} "
        f"and of {percent[0]} of those of {contrast.reference}: contacts from markers differ from "
        "those of plates by as much as conditions do"
    )


def _events(trials: pd.DataFrame, contrast: Contrast, delta: float) -> str:
    """Differences of the stated error of events beyond half of the smallest effect."""
    if outcome_units().get(contrast.outcome) != "s" or "event_error_s" not in trials:
        return ""
    errors = _means(trials, contrast, "event_error_s")
    scale = 1.0
    if contrast.size == "percent":
        scale = float(trials[contrast.column].astype(float).mean()) / 100.0
    limit = 0.5 * delta * scale
    if not abs(errors.iloc[1] - errors.iloc[0]) > limit:
        return ""
    error_words = [f"{1000.0 * value:.1f} ms" for value in errors]
    return (
        f"events may be off by {error_words[1]} in {contrast.condition} and by {error_words[0]} in "
        f"{contrast.reference}: the difference is more than half of the smallest effect"
    )


def _placements(trials: pd.DataFrame, contrast: Contrast) -> str:
    """Conditions with markers that were placed separately, without a group with the same error."""
    if contrast.group is not None or contrast.outcome == SPEED:
        return ""
    by_plates = "plates" in trials and bool((trials["plates"] == 1.0).all())
    if by_plates and set(column_rests_on(contrast.outcome)) <= {"times", "forces"}:
        return ""
    unlike, count = _count_unlike(trials, contrast, "participant_id")
    if not unlike:
        return ""
    return (
        f"markers were placed again between the two in {unlike} of {count} athletes, and what a "
        f"placement does to {contrast.outcome} is in no interval: record both in one session, or "
        "compare with a group that was measured in the same sessions"
    )
