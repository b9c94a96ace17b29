"""Statistics of the registry, their outcomes, and estimates of single athletes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pandas as pd
from scipy import stats

from aqbio.observed.invalidated import Outcome as OutcomeKind
from aqbio.observed.invalidated import column_rests_on, outcomes_of_cell
from aqbio.stats.athlete_statistics import athletes_from_steps
from aqbio.stats.claim_columns import rests_on
from aqbio.stats.contrasts import paired_contrast
from aqbio.stats.evidence import Evidence, counted_evidence, for_steps, usable_evidence
from aqbio.stats.inference import Estimate, mean_estimate
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import Hypothesis
from aqbio.stats.step_statistics import formula_outcome, formula_points
from aqbio.vectors import BoolArray


def hypothesis_outcome(evidence: Evidence, hypothesis: Hypothesis) -> Outcome | None:
    """Outcome of one hypothesis from its counted evidence; None where there is no estimate."""
    if any(not getattr(evidence.presence, need) for need in hypothesis.needs):
        return None
    outcome = STATISTICS[hypothesis.statistic].outcome(evidence, hypothesis)
    return outcome if np.isfinite(outcome.estimate) else None


# single athletes ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AthleteInterval:
    """Estimate of one athlete with its interval over steps."""

    hypothesis: str
    participant_id: str
    estimate: float
    ci_low: float
    ci_high: float
    """estimate, ci_low, ci_high: 95 %, over the athlete's own steps."""
    n_steps: int
    se: float
    """Standard error behind the interval."""


def athlete_intervals(evidence: Evidence, hypothesis: Hypothesis) -> tuple[AthleteInterval, ...]:
    """Estimate of every athlete with an interval over the athlete's own steps.

    Empty where the statistic is no number of steps. Steps count as independent, which makes the
    intervals too narrow where they are not; they are about this athlete on this day.
    """
    make_points = STATISTICS[hypothesis.statistic].points
    if make_points is None:
        return ()
    rows = []
    points_of_steps = make_points(evidence, hypothesis)
    for name, points in points_of_steps.groupby("participant_id", observed=True):
        estimate, count = _estimate(points[points.columns.intersection(["x", "y"])])
        if np.isfinite(estimate.value):
            low, high = estimate.interval(0.95) if np.isfinite(estimate.se) else (np.nan, np.nan)
            numbers = (estimate.value, low, high, count, estimate.se)
            rows.append(AthleteInterval(hypothesis.id, str(name), *numbers))
    return tuple(rows)


def _estimate(points: pd.DataFrame) -> tuple[Estimate, int]:
    """Mean of y, or its slope on x by least squares, and the number of steps behind it."""
    complete = points.dropna()
    count = len(complete)
    if "x" not in complete:
        return mean_estimate(complete["y"], errors="plain"), count
    if count < 4 or complete["x"].std(ddof=0) == 0.0:
        return Estimate(np.nan, np.nan, np.nan), count

    line = stats.linregress(complete["x"], complete["y"])
    return Estimate(float(line.slope), float(line.stderr), count - 2.0), count


# the table ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statistic:
    """A `statistic` of the registry."""

    outcome: Callable[..., Outcome]
    """function. From evidence and hypothesis to the outcome."""
    points: Callable[[Evidence, Hypothesis], pd.DataFrame] | None = None
    """function. To ``y`` and, of a slope, ``x`` of every step behind an athlete's own number; None
    where that is no number of the athlete's steps."""


STATISTICS = {
    "formula": Statistic(formula_outcome, formula_points),
    "paired_contrast": Statistic(paired_contrast),
}


# what counts --------------------------------------------------------------------------------------


def outcomes_read(hypothesis: Hypothesis) -> frozenset[OutcomeKind]:
    """Kinds of numbers that a hypothesis reads; a trial does not count where one is invalid."""
    if hypothesis.formula is not None:
        kinds = map(rests_on, hypothesis.formula.names)
        return frozenset(chain.from_iterable(kinds))
    assert hypothesis.contrast is not None
    compared = column_rests_on(hypothesis.contrast.outcome)
    return frozenset(
        (*compared, *(("times",) if "speed" in hypothesis.contrast.held_equal else ()))
    )


def sound_evidence(evidence: Evidence, hypothesis: Hypothesis) -> Evidence:
    """Leave out trials in which a failed measure invalidates what a hypothesis reads.

    Hypotheses that read different kinds of numbers share the evidence where the same trials are
    invalidated for them.
    """
    reads = outcomes_read(hypothesis)

    def is_sound(rows: pd.DataFrame) -> BoolArray:
        if "invalidated" not in rows:
            return np.ones(len(rows), dtype=bool)
        invalidated = {
            cell for cell in rows["invalidated"].unique() if outcomes_of_cell(cell) & reads
        }
        return ~rows["invalidated"].isin(invalidated).to_numpy(dtype=bool)

    masks = tuple(
        is_sound(rows) for rows in (evidence.trials, evidence.sprints, evidence.later_steps)
    )
    key = tuple(mask.tobytes() for mask in masks)
    if key not in evidence.sound:
        is_whole = all(mask.all() for mask in masks)
        evidence.sound[key] = evidence if is_whole else _sound_rows(evidence, *masks)
    return evidence.sound[key]


def _sound_rows(
    evidence: Evidence, is_trial: BoolArray, is_sprint: BoolArray, is_later: BoolArray
) -> Evidence:
    """Evidence of some trials, sprints and later steps, with athletes' numbers from these."""
    trials = pd.Series(is_trial, evidence.trials.index)
    evidence = replace(
        evidence, sprints=evidence.sprints[is_sprint], later_steps=evidence.later_steps[is_later]
    )
    sound = evidence.select_steps(
        for_steps(evidence, trials).set_axis(evidence.steps.index).astype(bool)
    )
    numbers = athletes_from_steps(sound.steps).drop(columns="fastest")  # speeds are not invalidated
    athletes = evidence.athletes.assign(
        **{str(name): column.reindex(evidence.athletes.index) for name, column in numbers.items()}
    )
    return replace(sound, athletes=athletes)


def examined_outcome(evidence: Evidence, hypothesis: Hypothesis) -> tuple[Evidence, Outcome | None]:
    """Evidence behind the estimate of a hypothesis, and its outcome.

    Sound steps at usable speeds of the athletes who count; of all steps where the sound ones give
    no estimate, because it is shown in any case, beside the gate that fails.
    """
    sound = sound_evidence(evidence, hypothesis)
    counted = counted_evidence(usable_evidence(sound), hypothesis)
    outcome = hypothesis_outcome(counted, hypothesis)
    if outcome is None and sound is not evidence:
        counted = counted_evidence(usable_evidence(evidence), hypothesis)
        outcome = hypothesis_outcome(counted, hypothesis)
    return counted, outcome
