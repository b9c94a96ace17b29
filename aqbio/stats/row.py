"""One row of the table of secondary statistics."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from aqbio.stats.inference import Estimate, mean_estimate, possible_values


@dataclass(frozen=True, slots=True)
class Row:
    """A secondary statistic."""

    hypothesis: str
    name: str
    phase: str
    axis: str
    estimate: float
    ci_low: float
    ci_high: float
    """estimate, ci_low, ci_high: With its 95 % interval over athletes, not adjusted; NaN where
    there is none."""
    n_athletes: int
    note: str = ""
    """"mechanically implied" for everything in flight."""


IMPLIED = "mechanically implied"
"""Said of everything in flight, where momentum is conserved."""


def estimate_row(place: tuple[str, str, str, str], found: Estimate, note: str = "") -> Row:
    """Row of an estimate over athletes.

    Parameters
    ----------
    place : tuple of str
        Hypothesis, name, phase, axis.
    """
    found = replace(found, within=possible_values(place[1]))
    low, high = found.interval(0.95) if np.isfinite(found.se) else (np.nan, np.nan)
    count = int(found.df + 1) if np.isfinite(found.df) else int(np.isfinite(found.value))
    return Row(*place, found.value, low, high, count, _marked(place[2], note))


def athletes_row(place: tuple[str, str, str, str], values: ArrayLike, note: str = "") -> Row:
    """Row of one number per athlete."""
    return estimate_row(place, mean_estimate(values), note)


def number_row(place: tuple[str, str, str, str], value: float, count: int, note: str = "") -> Row:
    """Row of a number without an interval."""
    return Row(*place, value, np.nan, np.nan, count, _marked(place[2], note))


def _marked(phase: str, note: str) -> str:
    """The note, with the mark of everything in flight."""
    return "; ".join(words for words in (IMPLIED if phase == "flight" else "", note) if words)
