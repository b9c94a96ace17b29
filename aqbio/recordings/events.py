"""Contacts of a foot with the ground, from vertical force."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.signals.filters import low_pass
from aqbio.signals.runs import joined, runs
from aqbio.vectors import BoolArray, FloatArray, IntArray

EVENT_CUTOFF_MIN = 100.0
"""A lower cut-off smears touchdown and toe-off over more than the 4 ms of a marker frame, Hz."""

EVENT_ERROR = 0.002
"""So far events on plates were from independent readings in 17 laboratories at most, s."""

RISE = 0.35
"""A low-passed step rises from 10 to 90 % in this share of the period of its cut-off."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contacts in the order of time."""

    samples: IntArray
    """(N, 2) array of int. First sample above the threshold and the sample after the last one."""
    touchdown: FloatArray
    toe_off: FloatArray
    """touchdown, toe_off: (N,) arrays, s. From the first sample; between two samples where the
    force crosses the threshold."""
    complete: BoolArray
    """(N,) array of bool. False where an end of the recording cuts the contact."""

    def __post_init__(self) -> None:
        """Refuse contacts that end before they start."""
        if not len(self.samples) == len(self.touchdown) == len(self.toe_off) == len(self.complete):
            raise ValueError("samples, touchdown, toe_off and complete differ in length.")
        if np.any(self.toe_off <= self.touchdown):
            raise ValueError("a contact ends before it starts.")

    def __len__(self) -> int:
        return len(self.touchdown)


def event_force(vertical: FloatArray, rate: float, cutoff: float) -> FloatArray:
    """Vertical force that events are taken from.

    Parameters
    ----------
    vertical : (T, ...) array, N
        NaN where it was not recorded.
    rate, cutoff : float
        Sampling rate and low-pass cut-off, Hz. A quarter of the rate where that is lower; below
        100 Hz it would smear the events, and the signal is given back as it is.

    Returns
    -------
    (T, ...) array, N

    Notes
    -----
    A contact smeared by the 20 Hz filter of inverse dynamics would start and end 10 to 15 ms too
    early and too late: events need their own, higher cut-off.
    """
    usable = _usable(rate, cutoff)
    return low_pass(vertical, rate, usable) if usable else vertical.copy()


def event_error(rate: float, cutoff: float) -> float:
    """How far an event on plates may be off, s.

    Parameters
    ----------
    rate, cutoff : float
        As for `event_force`.

    Examples
    --------
    >>> event_error(1000.0, 200.0), event_error(100.0, 200.0)
    (0.002, 0.005)
    """
    usable = _usable(rate, cutoff)
    return max(EVENT_ERROR, RISE / usable if usable else 0.5 / rate)


def _usable(rate: float, cutoff: float) -> float:
    """Cut-off that does not smear events at this rate, Hz; 0 where none does."""
    usable = min(cutoff, 0.25 * rate)
    return 0.0 if usable < EVENT_CUTOFF_MIN else usable


def contacts(vertical: FloatArray, rate: float, threshold: float, minimum_s: float) -> Contacts:
    """Contacts: stretches in which the vertical force stays above a threshold.

    Parameters
    ----------
    vertical : (T,) array, N
        Upward force on the runner; NaN counts as no force.
    rate : float
        Sampling rate, Hz.
    threshold : float
        Force that starts and ends a contact, N.
    minimum_s : float
        Shorter contacts, and shorter interruptions of a contact, are ignored, s.

    Examples
    --------
    >>> force = np.array([0.0, 0.0, 40.0, 90.0, 90.0, 40.0, 0.0])
    >>> found = contacts(force, rate=100.0, threshold=20.0, minimum_s=0.01)
    >>> found.touchdown, found.toe_off
    (array([0.015]), array([0.055]))
    """
    force = np.nan_to_num(vertical, nan=0.0)
    shortest = int(np.ceil(minimum_s * rate - 1e-9))
    samples = runs(joined(force > threshold, shortest))
    samples = samples[samples[:, 1] - samples[:, 0] >= max(shortest, 2)]
    first, stop = samples.T
    last = len(force) - 1
    touchdown = _crossing(force, np.maximum(first - 1, 0), first, threshold)
    toe_off = _crossing(force, stop - 1, np.minimum(stop, last), threshold)
    return Contacts(
        samples=samples,
        touchdown=touchdown / rate,
        toe_off=toe_off / rate,
        complete=(first > 0) & (stop <= last),
    )


def _crossing(force: FloatArray, before: IntArray, after: IntArray, threshold: float) -> FloatArray:
    """Instant, in samples, at which the force crosses the threshold between two samples."""
    change = force[after] - force[before]
    share = np.divide(
        threshold - force[before], change, out=np.zeros(len(before)), where=change != 0.0
    )
    crossing: FloatArray = before + share * (after - before)
    return crossing
