"""Who makes a result: each athlete left out, the share of athletes that show it, robust centres."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.stats.inference import Interval
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import Hypothesis
from aqbio.stats.verdict import CLASSES, Examined, Label, three_way
from aqbio.vectors import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Without:
    """A result without one athlete."""

    hypothesis: str
    athlete: str
    estimate: float
    ci_low: float
    ci_high: float
    verdict: Label
    """By the same rule, at Holm's strictest step."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How a result spreads over athletes; NaN where athletes have no number of their own."""

    n_showing: float
    """Athletes whose own number reaches the smallest effect in the predicted direction."""
    share_low: float
    share_high: float
    """share_low, share_high: 95 % interval of the share of such athletes (Wilson 1927)."""
    robust: float
    """Median of all means of two athletes, and of each alone (Hodges and Lehmann 1963)."""


def without_each(one: Examined, family: int) -> tuple[Without, ...]:
    """The result with each of its athletes left out; ``family`` counts the hypotheses tested."""
    outcome = one.outcome
    if not one.tested or outcome is None or outcome.again is None:
        return ()
    known = outcome.values[outcome.known]
    return tuple(
        _without(one.hypothesis, outcome, str(name), max(family, 1)) for name in known.index
    )


def _without(hypothesis: Hypothesis, outcome: Outcome, name: str, family: int) -> Without:
    assert outcome.again is not None
    rest = outcome.again(outcome.values[outcome.known].drop(index=name))
    verdict: Label = "inconclusive"
    if np.isfinite(rest.p):
        condition = outcome.condition if rest.condition is None else rest.condition
        adjusted = (min(1.0, family * one) for one in (rest.p, rest.p_against))
        verdict = CLASSES[three_way(hypothesis, replace(rest, condition=condition), *adjusted)[0]]
    return Without(hypothesis.id, name, rest.estimate, *rest.ci95, verdict)


def influential(rows: tuple[Without, ...], verdict: Label) -> tuple[str, ...]:
    """Athletes without whom the verdict would be another one."""
    return tuple(row.athlete for row in rows if row.verdict != verdict)


def spread(hypothesis: Hypothesis, outcome: Outcome) -> Spread:
    """Spread of a result over athletes."""
    nothing = float("nan")
    if not outcome.per_athlete:
        return Spread(nothing, nothing, nothing, nothing)
    own = outcome.values.loc[outcome.known, outcome.per_athlete].to_numpy(dtype=float)
    if not len(own):
        return Spread(nothing, nothing, nothing, nothing)
    showing = int(np.count_nonzero(_shows(hypothesis, own)))
    return Spread(float(showing), *share_interval(showing, len(own)), hodges_lehmann(own))


def _shows(hypothesis: Hypothesis, own: FloatArray) -> BoolArray:
    if hypothesis.predicted == "equivalent":
        return np.asarray(np.abs(own) <= hypothesis.delta)
    return np.asarray(hypothesis.sign * own >= hypothesis.delta)


def share_interval(showing: int, count: int) -> Interval:
    """95 % interval of a share (Wilson 1927)."""
    from scipy.stats import binomtest

    found = binomtest(showing, count).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def hodges_lehmann(values: FloatArray) -> float:
    """Median of the means of all pairs, each value with itself among them."""
    first, second = np.triu_indices(len(values))
    return float(np.median((values[first] + values[second]) / 2.0))
