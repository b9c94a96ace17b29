"""What a statistic gives: a fit, and the athletes' numbers that it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aqbio.mechanics.vectors import FloatArray
from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import Interval
from aqbio.stats.mixed import Fitted


@dataclass(frozen=True, eq=False)
class Result:
    """What a statistic found.

    Attributes
    ----------
    fitted : Fitted
    values : mapping of column to (A,) array
    weights : (A,) array
    intervals : pair of intervals or None
        95 % and 90 %, where they are not those of `fitted`.
    p : float or None
        Likewise.
    condition : bool or None
    note : str
    blocked : str
        Why neither support nor its opposite can be said, whatever the numbers.
    """

    fitted: Fitted
    values: Mapping[str, FloatArray]
    weights: FloatArray
    intervals: tuple[Interval, Interval] | None = None
    p: float | None = None
    condition: bool | None = None
    note: str = ""
    blocked: str = ""


def athlete_count(evidence: Evidence) -> int:
    """The number of athletes."""
    return len(evidence.athletes.name)
