"""An outcome: what the data say about one hypothesis, with everything needed to check it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.stats.inference import ANYTHING, POSSIBLE, Estimate, Interval, mean_estimate
from aqbio.stats.registry import Hypothesis

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the data say about one hypothesis, before gates and rules."""

    hypothesis: str
    error: Estimate
    """The estimate, how it was inferred, standard error and degrees of freedom (of a ratio the
    first-order ones)."""
    ci95: Interval
    ci90: Interval
    """ci95, ci90: pair of float."""
    p: float
    """For the predicted direction, not adjusted."""
    p_against: float
    """Against an effect of interest, not adjusted."""
    values: pd.DataFrame
    """By athlete: the own numbers that estimate, interval and p value are computed from."""
    weights: pd.Series[Any]
    """Steps behind each athlete's numbers."""
    condition: bool | None = None
    """What `supported` needs beside p and delta; None where nothing."""
    note: str = ""
    """That condition, or which of several numbers decides, in words."""
    recompute: Callable[[pd.DataFrame], Outcome] | None = None
    """function. From athletes' own numbers to the outcome, by t, for leave-one-out; None where it
    takes more than these."""
    diluted: bool = False
    """Whether errors of measurement make the estimate smaller by a factor that is not known: then
    nothing can be said of power."""
    per_athlete: str = ""
    """The column of `values` that is each athlete's own effect; empty where there is none."""

    @property
    def estimate(self) -> float:
        """The estimate, in the hypothesis's unit."""
        return self.error.value

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

    def with_note(self, note: str, *, condition: bool | None = None) -> Outcome:
        """The outcome with a note, and what `supported` needs beside p and delta."""
        return replace(self, note=note, condition=condition)


def from_athletes(
    hypothesis: Hypothesis,
    found: Estimate,
    own: pd.Series[float],
    weights: pd.Series[Any],
    **further: pd.Series[float],
) -> Outcome:
    """Outcome of one number per athlete, in column ``value``; without an athlete by t."""

    def recompute(table: pd.DataFrame) -> Outcome:
        known = table["value"]
        return inferred(hypothesis, mean_estimate(known), table, 0 * known.notna())

    return inferred(
        hypothesis, found, {"value": own, **further}, weights,
        recompute=recompute, per_athlete="value",
    )  # fmt: skip


def inferred(
    hypothesis: Hypothesis,
    error: Estimate,
    values: Mapping[str, pd.Series[float]] | pd.DataFrame,
    weights: pd.Series[Any],
    **more: Any,
) -> Outcome:
    """Outcome of an estimate, by its t distribution unless p and intervals are given."""
    import pandas as pd

    error = replace(error, within=POSSIBLE.get(hypothesis.statistic, ANYTHING))
    table = pd.DataFrame({name: own.reindex(weights.index) for name, own in values.items()})
    table = table.replace([np.inf, -np.inf], np.nan)
    test: dict[str, Any] = {
        "ci95": (np.nan, np.nan), "ci90": (np.nan, np.nan), "p": np.nan, "p_against": np.nan
    }  # fmt: skip
    if np.isfinite(error.value) and "p" not in more:
        test = {
            "ci95": error.interval(0.95),
            "ci90": error.interval(0.90),
            "p": error.p(hypothesis.predicted, hypothesis.delta),
            "p_against": error.p_against(hypothesis.predicted, hypothesis.delta),
        }
    return Outcome(hypothesis.id, error, values=table, weights=weights, **(test | more))
