"""Outcome of one hypothesis before gates and rules, with everything needed to check it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from aqbio.stats.inference import ANYTHING, POSSIBLE, Estimate, Interval
from aqbio.stats.registry import Hypothesis

UNKNOWN = Estimate(np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class Result:
    """Result of a test of athletes' own numbers."""

    error: Estimate
    """The estimate with its method, standard error and degrees of freedom (of a ratio the
    first-order ones)."""
    ci95: Interval
    p: float
    """For the predicted direction, or against an effect of interest that is denied; not
    adjusted."""
    p_against: float
    """Against an effect of interest, or for any effect that is denied; not adjusted."""
    condition: bool | None = None
    """Condition of `supported` besides p and delta; None without one."""
    note: str = ""
    """The condition, or the deciding one of several numbers, in words."""
    rows: tuple[Any, ...] = ()
    """`aqbio.stats.units.Rows` of every reading."""
    in_logarithms: bool = False
    """True where the rows are 100 times logarithms and the estimate is in percent."""

    def scaled(self, effect: float) -> float:
        """An effect in the unit of the rows."""
        return 100.0 * float(np.log1p(effect / 100.0)) if self.in_logarithms else effect

    def unscaled(self, effect: float) -> float:
        """An effect of the rows in the unit of the estimate."""
        return 100.0 * float(np.expm1(effect / 100.0)) if self.in_logarithms else effect


Test = Callable[["pd.DataFrame"], Result]
"""From athletes' own numbers to their joint result."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """Result of one hypothesis with its data, before gates and rules."""

    hypothesis: str
    result: Result
    values: pd.DataFrame
    """By athlete: the own numbers that estimate, interval and p value are computed from."""
    weights: pd.Series[Any]
    """Steps behind each athlete's numbers."""
    test: Test
    """Function from values to the result; also used to leave athletes out."""
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
        """Mark athletes who have all numbers."""
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
        """Recompute the outcome without some athletes."""
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
) -> Outcome:
    """Outcome of athletes' own numbers by a test."""
    table = pd.DataFrame({name: numbers.reindex(weights.index) for name, numbers in values.items()})
    table = table.replace([np.inf, -np.inf], np.nan)
    return Outcome(hypothesis.id, test(table), table, weights, test, per_athlete)


def result(
    hypothesis: Hypothesis, error: Estimate, *, condition: bool | None = None, note: str = ""
) -> Result:
    """Result of an estimate by its own distribution."""
    error = replace(error, within=POSSIBLE.get(hypothesis.statistic, ANYTHING))
    if not np.isfinite(error.se):
        return Result(error, (np.nan, np.nan), np.nan, np.nan, condition, note)
    direction = hypothesis.predicted
    if hypothesis.denies:
        p, against = error.p_within(direction, hypothesis.delta), error.p_outside(direction)
    else:
        p, against = error.p(direction), error.p_against(direction, hypothesis.delta)
    return Result(error, error.interval(0.95), p, against, condition, note)


NO_RESULT = Result(UNKNOWN, (np.nan, np.nan), np.nan, np.nan)


def combine_results(results: Sequence[Result], note: str) -> Result:
    """Combine several results: the interval over all, and the largest p values."""
    if len(results) == 1:
        return results[0]
    if not results or any(not np.isfinite(result.error.se) for result in results):
        return NO_RESULT
    first = results[0]
    conditions = [result.condition for result in results if result.condition is not None]
    return Result(
        first.error,
        (min(result.ci95[0] for result in results), max(result.ci95[1] for result in results)),
        max(result.p for result in results),
        max(result.p_against for result in results),
        all(conditions) if conditions else None,
        "; ".join(words for words in (first.note, note) if words),
        tuple(rows for result in results for rows in result.rows),
    )
