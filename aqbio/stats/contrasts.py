"""Contrasts: two conditions compared within athletes, at equal order and at equal speed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.stats.athlete_statistics import speed_law
from aqbio.stats.evidence import Evidence, by_condition, compared_trials, count_trials
from aqbio.stats.inference import mean_estimate, regression
from aqbio.stats.outcome import UNKNOWN, Outcome, Result, outcome_of, result
from aqbio.stats.registry import SPEED, Contrast, Hypothesis
from aqbio.stats.within import means_by, with_speeds

if TYPE_CHECKING:
    import pandas as pd

    Numbers = pd.Series[float]

LATER = "later"
"""Column of athletes' numbers: how many places later in the order the condition came than its
reference."""

GROUP = "group"
"""Column of athletes' numbers: 1 in the group whose change is compared with that of all others."""

SPEEDS_APART = 0.03
"""Relative standard deviation of an athlete's speeds from which on they show what speed brings."""

SAME_SPEED = 0.005
"""Relative difference of the mean speeds of both conditions up to which nothing is taken off."""


def paired_contrast(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """Mean change over athletes from the reference to the condition, at equal order and speed.

    Of an outcome in percent the change of its geometric mean. Order: least squares over athletes
    of the change on how much later the condition came, at 0, which removes fatigue and warming up.
    With a group: how much more its athletes change than the others.
    """
    contrast = hypothesis.contrast
    assert contrast is not None
    change = changes(evidence, contrast)
    if contrast.size == "percent":
        change = 100.0 * change.map(np.expm1)
    values = {"value": change}
    if "order" in contrast.held_equal:
        places = by_condition(evidence, contrast, "order")
        later = places[contrast.condition] - places[contrast.reference]
        values |= {LATER: later} if later.notna().any() else {}
    if contrast.group is not None:
        trials = compared_trials(evidence, contrast)
        values[GROUP] = means_by((trials["group"] == contrast.group) * 1.0, trials["athlete"])
    asked = "constant" if contrast.group is None else GROUP
    errors = evidence.choices.errors

    def test(table: pd.DataFrame) -> Result:
        known = table.dropna()
        columns = known.drop(columns="value")
        columns = columns.loc[:, columns.max() > columns.min()].assign(constant=1.0)
        if list(columns) == [asked]:
            found = mean_estimate(known["value"], "t over athletes", errors)
            return result(hypothesis, found)
        fit = regression(known["value"], columns, errors) if asked in columns else None
        found = UNKNOWN if fit is None else fit.estimate(asked)
        return result(hypothesis, replace(found, model=f"{found.model} at equal order"))

    weights = count_trials(evidence, contrast).sum(axis=1)
    own = "value" if contrast.group is None else ""
    return outcome_of(hypothesis, values, weights, test, per_athlete=own)


def changes(evidence: Evidence, contrast: Contrast) -> Numbers:
    """Change of every athlete's mean, as logarithm where percent are asked for.

    What the change of speed brings by itself is taken off by the law of the normal steps; where
    these have one speed nothing is known, unless both conditions were run at that speed.
    """

    def scaled(table: pd.DataFrame) -> Numbers:
        values = table[contrast.column].astype(float)
        return values.where(values > 0).map(np.log) if contrast.size == "percent" else values

    trials, steps = compared_trials(evidence, contrast), evidence.steps
    values, speed = scaled(trials), trials[SPEED].astype(float).map(np.log)
    if "speed" in contrast.held_equal:
        who = steps["participant_id"]
        fast = with_speeds(steps[SPEED].astype(float), who, SPEEDS_APART).map(np.log)
        law = speed_law(fast, scaled(steps), who) if contrast.column in steps else None
        if law is not None or not at_one_speed(evidence, contrast):
            values = values - (speed * np.nan if law is None else law(speed))
    means = by_condition(evidence, contrast, values)
    return means[contrast.condition] - means[contrast.reference]


def at_one_speed(evidence: Evidence, contrast: Contrast) -> bool:
    """Whether both conditions were run at the same mean speed."""
    means = by_condition(evidence, contrast, SPEED)
    change = (means[contrast.condition] / means[contrast.reference] - 1.0).mean()
    return bool(abs(change) <= SAME_SPEED)


def lacking(evidence: Evidence, hypothesis: Hypothesis) -> tuple[str, ...]:
    """What a study lacks for a contrast, and where it would be written."""
    contrast = hypothesis.contrast
    if contrast is None:
        return ()
    found = set(compared_trials(evidence, contrast)[contrast.by])
    pair = (contrast.reference, contrast.condition)
    if not {*pair} <= found:
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
