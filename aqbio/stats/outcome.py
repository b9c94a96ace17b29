"""An outcome: what the data say about one hypothesis, with everything needed to check it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.stats.inference import ANYTHING, POSSIBLE, Errors, Estimate, Interval, mean_estimate
from aqbio.stats.registry import Hypothesis

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = Estimate(np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class Result:
    """What a test makes of athletes' own numbers."""

    error: Estimate
    """The estimate, how it was inferred, standard error and degrees of freedom (of a ratio the
    first-order ones)."""
    ci95: Interval
    p: float
    """For the predicted direction, not adjusted."""
    p_against: float
    """Against an effect of interest, not adjusted."""
    condition: bool | None = None
    """What `supported` needs besides p and delta; None where nothing."""
    note: str = ""
    """That condition, or which of several numbers decides, in words."""


Test = Callable[["pd.DataFrame"], Result]
"""From athletes' own numbers to what they say together."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the data say about one hypothesis, before gates and rules."""

    hypothesis: str
    result: Result
    values: pd.DataFrame
    """By athlete: the own numbers that estimate, interval and p value are computed from."""
    weights: pd.Series[Any]
    """Steps behind each athlete's numbers."""
    test: Test
    """What makes the result of the values: without an athlete the same one is asked."""
    diluted: bool = False
    """Whether the error of the estimate says nothing of power: errors of measurement make it
    smaller by a factor that is not known, or several readings must agree."""
    per_athlete: str = ""
    """The column of `values` that is each athlete's own effect; empty where there is none."""

    @property
    def error(self) -> Estimate:
        """The estimate with its error."""
        return self.result.error

    @property
    def estimate(self) -> float:
        """The estimate, in the hypothesis's unit."""
        return self.result.error.value

    @property
    def complete(self) -> pd.Series[bool]:
        """Athletes who have all numbers."""
        return self.values.notna().all(axis=1)

    @property
    def n_athletes(self) -> int:
        """Number of athletes who have all numbers."""
        return int(self.complete.sum())

    @property
    def n_steps(self) -> int:
        """Steps of these athletes."""
        return int(self.weights.to_numpy()[self.complete.to_numpy()].sum())

    def without(self, athletes: pd.Index[Any]) -> Outcome:
        """The outcome without some athletes."""
        rest = self.values.drop(index=athletes)
        return replace(
            self, values=rest, weights=self.weights.reindex(rest.index), result=self.test(rest)
        )


def outcome_of(
    hypothesis: Hypothesis,
    values: Mapping[str, pd.Series[float]] | pd.DataFrame,
    weights: pd.Series[Any],
    test: Test,
    *,
    per_athlete: str = "",
    diluted: bool = False,
) -> Outcome:
    """Outcome of athletes' own numbers by a test."""
    import pandas as pd

    table = pd.DataFrame({name: own.reindex(weights.index) for name, own in values.items()})
    table = table.replace([np.inf, -np.inf], np.nan)
    return Outcome(hypothesis.id, test(table), table, weights, test, diluted, per_athlete)


def result(
    hypothesis: Hypothesis, error: Estimate, *, condition: bool | None = None, note: str = ""
) -> Result:
    """What an estimate says by its own distribution."""
    error = replace(error, within=POSSIBLE.get(hypothesis.statistic, ANYTHING))
    if not np.isfinite(error.se):
        return Result(error, (np.nan, np.nan), np.nan, np.nan, condition, note)
    asked = hypothesis.predicted
    against = error.p_against(asked, hypothesis.delta)
    return Result(error, error.interval(0.95), error.p(asked), against, condition, note)


def mean_outcome(
    hypothesis: Hypothesis,
    own: pd.Series[float],
    weights: pd.Series[Any],
    errors: Errors,
    note: str = "",
) -> Outcome:
    """Outcome of the mean over athletes of one number of each, column ``value``."""

    def test(table: pd.DataFrame) -> Result:
        found = mean_estimate(table["value"], "t over athletes", errors)
        return result(hypothesis, found, note=note)

    return outcome_of(hypothesis, {"value": own}, weights, test, per_athlete="value")
