"""How far events from foot markers were from those of plates, as it was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

SPEED_RATIO, RATE_RATIO = 1.25, 1.3
"""A recording is like those that were faster or slower by these factors at most."""

SPREADS = 2.0
"""An event is this many standard deviations off the median at most, by normal distribution."""


class Measured(NamedTuple):
    """One recording at one rate: markers less plates."""

    recording: str
    rate: float
    """Of the markers, Hz."""
    speed: float
    """m/s."""
    strike: str
    """What most contacts come down on: {"heel", "forefoot"}."""
    contacts: int
    """On the plates and whole, at several offsets of the frames."""
    touchdown_found: float
    touchdown: float
    touchdown_sd: float
    toe_off_found: float
    toe_off: float
    toe_off_sd: float
    """Of both events: share of the contacts in which it was found; median and standard deviation
    of the errors, positive where the markers are late, ms."""


MEASURED: tuple[Measured, ...] = (
    Measured("jog, overground", 60.0, 3.5, "forefoot", 20, 1.0, 2.4, 1.0, 1.0, 1.8, 3.6),
    Measured("jog, overground", 100.0, 3.5, "forefoot", 20, 1.0, -1.4, 0.6, 1.0, 3.0, 3.4),
    Measured("jog, overground", 120.0, 3.5, "forefoot", 20, 1.0, -1.5, 0.5, 1.0, 3.3, 3.5),
    Measured("jog, overground", 200.0, 3.5, "forefoot", 20, 1.0, -2.2, 0.2, 1.0, 3.8, 3.6),
    Measured("jog, overground", 250.0, 3.5, "forefoot", 5, 1.0, -2.5, 0.1, 1.0, 3.8, 3.6),
    Measured("sprint, overground", 60.0, 9.5, "forefoot", 16, 1.0, 1.2, 1.3, 1.0, -11.9, 3.0),
    Measured("sprint, overground", 100.0, 9.5, "forefoot", 16, 1.0, -2.0, 0.9, 1.0, -9.5, 5.7),
    Measured("sprint, overground", 120.0, 9.5, "forefoot", 16, 1.0, -2.2, 1.0, 1.0, -5.7, 6.8),
    Measured("sprint, overground", 200.0, 9.5, "forefoot", 16, 1.0, -2.1, 0.7, 1.0, -4.6, 5.0),
    Measured("sprint, overground", 250.0, 9.5, "forefoot", 4, 1.0, -2.0, 0.5, 1.0, -0.6, 0.9),
    Measured("run, treadmill A", 60.0, 3.8, "heel", 56, 1.0, 12.3, 1.7, 1.0, -4.6, 1.3),
    Measured("run, treadmill A", 100.0, 3.8, "heel", 14, 1.0, 10.8, 1.4, 1.0, -4.0, 1.3),
    Measured("run, treadmill B", 60.0, 2.0, "heel", 16, 1.0, 2.1, 4.0, 1.0, 2.5, 5.4),
    Measured("run, treadmill B", 100.0, 2.0, "heel", 4, 1.0, -0.0, 2.6, 1.0, 3.0, 5.5),
    Measured("run, treadmill B", 60.0, 3.0, "heel", 20, 0.6, 11.2, 2.2, 1.0, -5.3, 2.3),
    Measured("run, treadmill B", 100.0, 3.0, "heel", 5, 1.0, 8.4, 7.4, 1.0, -6.7, 2.6),
    Measured("run, treadmill B", 60.0, 4.0, "heel", 20, 1.0, 14.7, 6.2, 1.0, -4.5, 7.0),
    Measured("run, treadmill B", 100.0, 4.0, "heel", 5, 1.0, 12.7, 2.0, 1.0, -3.4, 7.5),
    Measured("run, treadmill B", 60.0, 5.0, "heel", 16, 1.0, 12.8, 3.0, 1.0, -7.2, 1.3),
    Measured("run, treadmill B", 100.0, 5.0, "heel", 4, 1.0, 13.6, 1.0, 1.0, -5.7, 1.1),
    Measured("virtual sprinter", 60.0, 5.0, "forefoot", 28, 1.0, 0.6, 0.6, 1.0, 8.5, 1.7),
    Measured("virtual sprinter", 100.0, 5.0, "forefoot", 28, 1.0, -1.7, 0.8, 1.0, 8.9, 1.4),
    Measured("virtual sprinter", 120.0, 5.0, "forefoot", 28, 1.0, -1.6, 0.7, 1.0, 9.1, 1.3),
    Measured("virtual sprinter", 200.0, 5.0, "forefoot", 7, 1.0, -3.2, 1.1, 1.0, 9.2, 1.4),
    Measured("virtual sprinter", 60.0, 6.4, "forefoot", 24, 1.0, -1.6, 0.5, 1.0, 9.1, 0.8),
    Measured("virtual sprinter", 100.0, 6.4, "forefoot", 24, 1.0, -3.0, 0.6, 1.0, 10.5, 0.7),
    Measured("virtual sprinter", 120.0, 6.4, "forefoot", 24, 1.0, -3.2, 0.8, 1.0, 10.6, 0.6),
    Measured("virtual sprinter", 200.0, 6.4, "forefoot", 6, 1.0, -3.2, 1.8, 1.0, 10.9, 0.7),
    Measured("virtual sprinter", 60.0, 7.3, "forefoot", 24, 1.0, -1.3, 0.6, 1.0, 1.6, 1.2),
    Measured("virtual sprinter", 100.0, 7.3, "forefoot", 24, 1.0, -3.1, 0.7, 1.0, 3.9, 1.0),
    Measured("virtual sprinter", 120.0, 7.3, "forefoot", 24, 1.0, -3.1, 0.6, 1.0, 4.2, 1.0),
    Measured("virtual sprinter", 200.0, 7.3, "forefoot", 6, 1.0, -3.0, 0.9, 1.0, 4.7, 1.2),
    Measured("virtual sprinter", 60.0, 9.4, "forefoot", 20, 1.0, -2.5, 0.5, 1.0, 5.9, 1.5),
    Measured("virtual sprinter", 100.0, 9.4, "forefoot", 20, 1.0, -6.0, 0.3, 1.0, 8.9, 0.9),
    Measured("virtual sprinter", 120.0, 9.4, "forefoot", 20, 1.0, -6.2, 0.3, 1.0, 9.2, 0.8),
    Measured("virtual sprinter", 200.0, 9.4, "forefoot", 5, 0.8, -6.5, 1.0, 1.0, 9.8, 0.9),
    Measured("virtual sprinter", 60.0, 6.5, "forefoot", 20, 1.0, -2.0, 0.6, 1.0, 5.4, 2.5),
    Measured("virtual sprinter", 100.0, 6.5, "forefoot", 20, 1.0, -3.0, 0.6, 1.0, 7.1, 2.5),
    Measured("virtual sprinter", 120.0, 6.5, "forefoot", 20, 1.0, -2.9, 0.7, 1.0, 7.5, 2.4),
    Measured("virtual sprinter", 200.0, 6.5, "forefoot", 5, 1.0, -1.3, 2.1, 1.0, 8.8, 0.4),
    Measured("virtual sprinter", 60.0, 9.0, "forefoot", 20, 1.0, -2.0, 0.5, 1.0, 3.8, 1.3),
    Measured("virtual sprinter", 100.0, 9.0, "forefoot", 20, 1.0, -3.3, 0.4, 1.0, 6.1, 1.0),
    Measured("virtual sprinter", 120.0, 9.0, "forefoot", 20, 1.0, -3.1, 0.4, 1.0, 6.5, 0.9),
    Measured("virtual sprinter", 200.0, 9.0, "forefoot", 5, 0.8, -3.5, 0.7, 1.0, 6.8, 0.8),
)
"""Written by ``python -m benchmarks.foot_events``; benchmarks/results/foot_events.md shows it."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Errors of events like those at hand."""

    rates: tuple[float, float]
    speeds: tuple[float, float]
    """rates, speeds: (2,) tuples, Hz and m/s. Lowest and highest of the recordings that were
    measured."""
    touchdown: tuple[float, float]
    toe_off: tuple[float, float]
    """touchdown, toe_off: (2,) tuples, s. From earliest to latest: medians and twice the spread."""

    @property
    def contact_time(self) -> tuple[float, float]:
        """What the errors make of a contact time, from shortest to longest, s."""
        return self.toe_off[0] - self.touchdown[1], self.toe_off[1] - self.touchdown[0]


def accuracy_alike(rate: float, speed: float, strike: str) -> Accuracy | None:
    """Errors of events at a rate, speed and strike; None where nothing alike was tested.

    Parameters
    ----------
    rate : float
        Of the markers, Hz.
    speed : float
        m/s.
    strike : {"heel", "forefoot", ""}

    Examples
    --------
    >>> accuracy_alike(30.0, 9.5, "forefoot") is None
    True
    """
    rows = [
        one
        for one in MEASURED
        if one.strike == strike
        and _alike(one.rate, rate, RATE_RATIO)
        and _alike(one.speed, speed, SPEED_RATIO)
    ]
    if not rows:
        return None
    return Accuracy(
        rates=(min(one.rate for one in rows), max(one.rate for one in rows)),
        speeds=(min(one.speed for one in rows), max(one.speed for one in rows)),
        touchdown=_range([(one.touchdown, one.touchdown_sd) for one in rows]),
        toe_off=_range([(one.toe_off, one.toe_off_sd) for one in rows]),
    )


def _alike(tested: float, asked: float, ratio: float) -> bool:
    return tested / ratio <= asked <= tested * ratio


def _range(errors: list[tuple[float, float]]) -> tuple[float, float]:
    """Earliest and latest, s, of medians and spreads, ms."""
    early = min(median - SPREADS * sd for median, sd in errors)
    late = max(median + SPREADS * sd for median, sd in errors)
    return 1e-3 * early, 1e-3 * late
