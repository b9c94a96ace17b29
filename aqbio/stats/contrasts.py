"""Contrasts: two conditions compared within athletes, at equal order and at equal speed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.stats.athlete_statistics import speed_law
from aqbio.stats.evidence import TRIAL, Evidence, by_condition, compared_trials, count_trials
from aqbio.stats.inference import mean_estimate, regression, with_shared_error
from aqbio.stats.outcome import UNKNOWN, Outcome, Result, outcome_of, result
from aqbio.stats.registry import SPEED, Contrast, Hypothesis
from aqbio.stats.within import means_by, with_speeds

if TYPE_CHECKING:
    import pandas as pd

    Numbers = pd.Series[float]

LATER = "later"
"""Column of athletes' numbers: number of sprints by which the condition came later in the order
than its reference."""

GROUP = "group"
"""Column of athletes' numbers: 1 in the group whose change is compared with that of all others."""

SPEEDS_APART = 0.03
"""Least relative standard deviation of an athlete's speeds for a law of speed."""

SAME_SPEED = 0.005
"""Largest relative difference of both conditions' mean speeds without an adjustment for speed."""


def paired_contrast(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """Mean change over athletes from the reference to the condition, at equal order and speed.

    An error that athletes share, of a session or of the kind of events, is in the interval where
    both conditions do not have it alike. Of an outcome in percent the change of its geometric
    mean. Order: least squares over athletes of the change on the delay of the condition in the
    order, at 0, which removes fatigue and warming up. With a group: the change of its athletes
    minus that of the others.
    """
    contrast = hypothesis.contrast
    assert contrast is not None
    change = changes(evidence, contrast)
    if contrast.size == "percent":
        change = 100.0 * change.map(np.expm1)
    values = {"value": change}
    if "order" in contrast.held_equal:
        orders = by_condition(evidence, contrast, "order")
        later = orders[contrast.condition] - orders[contrast.reference]
        values |= {LATER: later} if later.notna().any() else {}
    if contrast.group is not None:
        trials = compared_trials(evidence, contrast)
        values[GROUP] = means_by((trials["group"] == contrast.group) * 1.0, trials["athlete"])
    coefficient = "constant" if contrast.group is None else GROUP
    errors = evidence.choices.errors

    off = shared_changes(evidence, contrast)

    def shared(table: pd.DataFrame) -> float:
        """Standard deviation over worlds of the estimate from errors that athletes share."""
        by_athlete = off.reindex(table.index).fillna(0.0)
        if contrast.group is None:
            return float(by_athlete.mean().std(ddof=0))
        means = by_athlete.groupby(table[GROUP] == 1.0).mean()
        return float((means.iloc[-1] - means.iloc[0]).std(ddof=0)) if len(means) > 1 else 0.0

    def test(table: pd.DataFrame) -> Result:
        complete = table.dropna()
        columns = complete.drop(columns="value")
        columns = columns.loc[:, columns.max() > columns.min()].assign(constant=1.0)
        if list(columns) == [coefficient]:
            estimate = mean_estimate(complete["value"], "t over athletes", errors)
            return result(hypothesis, with_shared_error(estimate, shared(complete)))
        fit = regression(complete["value"], columns, errors) if coefficient in columns else None
        estimate = UNKNOWN if fit is None else fit.estimate(coefficient)
        estimate = with_shared_error(estimate, shared(complete))
        return result(hypothesis, replace(estimate, model=f"{estimate.model} at equal order"))

    weights = count_trials(evidence, contrast).sum(axis=1)
    effect_column = "value" if contrast.group is None else ""
    return outcome_of(hypothesis, values, weights, test, per_athlete=effect_column)


def shared_changes(evidence: Evidence, contrast: Contrast) -> pd.DataFrame:
    """Change of every athlete's mean in every world, from errors that athletes share; (A, K).

    In per cent where percent are asked for; no column where no error is known.
    """
    import pandas as pd

    trials = compared_trials(evidence, contrast)
    draws = evidence.shared_draws.get(contrast.column)
    if draws is None or trials.empty:
        return pd.DataFrame({0: 0.0}, index=sorted(set(trials["athlete"])))
    keys = pd.MultiIndex.from_frame(trials[TRIAL].astype(str))
    off = draws.reindex(keys).fillna(0.0).set_axis(trials.index)
    if contrast.size == "percent":
        off = 100.0 * off.div(trials[contrast.column].astype(float), axis=0)
    condition, reference = (
        off[is_label].groupby(trials.loc[is_label, "athlete"]).mean()
        for is_label in (
            trials[contrast.by] == label for label in (contrast.condition, contrast.reference)
        )
    )
    return condition - reference


def changes(evidence: Evidence, contrast: Contrast) -> Numbers:
    """Change of every athlete's mean, as logarithm where percent are asked for.

    The effect of the change of speed itself is removed by the law of the normal steps; where these
    have one speed the change is NaN, unless both conditions were run at that speed.
    """

    def scaled(table: pd.DataFrame) -> Numbers:
        values = table[contrast.column].astype(float)
        return values.where(values > 0).map(np.log) if contrast.size == "percent" else values

    trials, steps = compared_trials(evidence, contrast), evidence.steps
    values, speed = scaled(trials), trials[SPEED].astype(float).map(np.log)
    if "speed" in contrast.held_equal:
        athlete = steps["participant_id"]
        log_speed = with_speeds(steps[SPEED].astype(float), athlete, SPEEDS_APART).map(np.log)
        law = speed_law(log_speed, scaled(steps), athlete) if contrast.column in steps else None
        if law is not None or not at_one_speed(evidence, contrast):
            values = values - (speed * np.nan if law is None else law(speed))
    means = by_condition(evidence, contrast, values)
    return means[contrast.condition] - means[contrast.reference]


def at_one_speed(evidence: Evidence, contrast: Contrast) -> bool:
    """Tell whether both conditions were run at the same mean speed."""
    means = by_condition(evidence, contrast, SPEED)
    change = (means[contrast.condition] / means[contrast.reference] - 1.0).mean()
    return bool(abs(change) <= SAME_SPEED)


def missing_for_contrast(evidence: Evidence, hypothesis: Hypothesis) -> tuple[str, ...]:
    """Say what a study lacks for a contrast, and in which sheet it would be written."""
    contrast = hypothesis.contrast
    if contrast is None:
        return ()
    labels = set(compared_trials(evidence, contrast)[contrast.by])
    pair = (contrast.reference, contrast.condition)
    if not {*pair} <= labels:
        sheet = (
            "trials.tsv: condition" if contrast.by == "condition" else "participants.tsv: session"
        )
        words = f"no {contrast.effort} sprints both of {pair[0]} and of {pair[1]}"
        return (f"{words} ({sheet}, and effort {contrast.effort} in trials.tsv)",)
    if changes(evidence, contrast).notna().any():
        return ()
    if "speed" in contrast.held_equal:
        words = f"{contrast.column} cannot be compared at equal speed"
        return (f"{words}: normal trials at several speeds would show what speed brings",)
    return (f"{contrast.column} is not known in both conditions",)
