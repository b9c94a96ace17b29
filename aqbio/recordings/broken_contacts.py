"""Contacts during which a plate failed: its force breaks off, sets in or stands still at once."""

from __future__ import annotations

import numpy as np

from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray

END, BEGIN, INSIDE = "toe-off", "touchdown", "middle"
"""What of a contact is lost."""

FALL_MIN, FALL_PER_S = 0.2, 200.0
"""Fall of the force to nothing over two samples, share of its peak, that no toe-off makes, and that
share for a second between two samples. 0.11 at most in 70 recordings at 200 to 2000 Hz, in files
that were set to zero below a threshold; without that 0.04."""

RISE_MIN, RISE_PER_S = 0.3, 400.0
"""The same of a rise at touchdown: heels strike hard. At most 190 peaks a second over two samples
(a run at 2000 Hz), 110 at 240 Hz; slow plates cannot show it."""

EMPTY_SHARE = 0.02
"""A plate that has failed reads less than this share of the peak."""

BEFORE_S, AFTER_S = 0.010, 0.005
"""The filter of the events moves the edge of a break by less, s."""

STILL_S, STILL_SAMPLES = 0.005, 4
"""A loaded plate changes within this time, s, and number of samples; recorded digits repeat three
times at most."""

STILL_SHARE = 1e-5
"""Change between samples, share of the peak, below which a plate stands still."""


def broken_parts(
    force: FloatArray, rate: float, start: int, stop: int, threshold: float
) -> frozenset[str]:
    """Parts of a contact that a plate has not measured.

    Parameters
    ----------
    force : (S, 3) array, N
        Of the plate, not filtered; vertical second.
    start, stop
        First sample of the contact, and the sample after the last one.
    threshold
        Force that starts and ends a contact, N.
    """
    first = max(start - round(BEFORE_S * rate), 0)
    last = min(stop + round(AFTER_S * rate), len(force))
    force_of_contact = force[first:last]
    vertical = force_of_contact[:, 1]
    peak = float(vertical.max(initial=0.0))
    if len(force_of_contact) < STILL_SAMPLES or not peak > threshold:
        return frozenset()
    empty = np.abs(vertical) < max(threshold, EMPTY_SHARE * peak)
    change = vertical[2:] - vertical[:-2]
    falls = (-change > max(FALL_MIN, FALL_PER_S / rate) * peak) & empty[2:]
    rises = (change > max(RISE_MIN, RISE_PER_S / rate) * peak) & empty[:-2]
    margin = round((BEFORE_S + AFTER_S) * rate)
    parts = set()
    if falls.any():
        parts.add(END if np.flatnonzero(falls)[-1] >= len(falls) - margin else INSIDE)
    if rises.any():
        parts.add(BEGIN if np.flatnonzero(rises)[0] <= margin else INSIDE)
    if _stands_still(force_of_contact, ~empty, rate, peak):
        parts |= {INSIDE, END}
    return frozenset(parts)


def _stands_still(force: FloatArray, loaded: BoolArray, rate: float, peak: float) -> bool:
    """Whether all components of a loaded plate's force stay as they are."""
    unchanged = (np.abs(np.diff(force, axis=0)) < STILL_SHARE * peak).all(axis=1)
    spans = runs(np.asarray(unchanged & loaded[1:] & loaded[:-1]))
    longest = int(np.ptp(spans, axis=1).max()) if len(spans) else 0
    return longest + 1 >= max(STILL_SAMPLES, round(STILL_S * rate))
