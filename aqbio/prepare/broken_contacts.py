"""Contacts during which a plate failed: its force breaks off, sets in or stands still at once."""

from __future__ import annotations

import numpy as np

from aqbio.prepare.people import of_people
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray

LOST_TOE_OFF = "toe-off"
"""The end of a contact is lost."""

LOST_TOUCHDOWN = "touchdown"
"""The beginning of a contact is lost."""

LOST_MIDDLE = "middle"
"""Samples within a contact are lost."""

MIN_FALL_SHARE_PER_S = 200.0
"""Rate of fall of the force, shares of its peak per second, that exceeds any toe-off."""

MIN_FALL_SHARE = of_people("fall at toe-off").error
"""Fall of the force to zero over two samples, share of its peak, that exceeds any toe-off."""

MIN_PEAK_N = 500.0
"""Least peak of a contact of running: twice the weight of a child of 25 kg. A laboratory
that sets forces below 50 N to zero, as many do, does not make a plate fail."""

MIN_RISE_SHARE = 0.3
"""Rise of the force at touchdown over two samples, share of its peak, above any heel strike."""

MIN_RISE_SHARE_PER_S = of_people("rate of rise at touchdown").error
"""Rate of that rise, shares of the peak per second; plates with low sampling rates cannot show
it."""

MAX_EMPTY_SHARE = 0.02
"""A plate that has failed reads less than this share of the peak."""

MIN_LOST_SHARE = 0.05
"""Least force that one of several plates under a foot loses or finds at once, share of the peak of
all."""

MIN_LOST_SHARE_OF_PLATE = 0.5
"""Share of it by which the force of all plates together changes at that instant."""

MARGIN_BEFORE_S = 0.010
"""Bound on the shift of a break's edge to earlier times by the filter of the events, s."""

MARGIN_AFTER_S = 0.005
"""Bound on the shift of a break's edge to later times by the filter of the events, s."""

MIN_STILL_S = 0.005
"""Time within which the force of a loaded plate changes, s."""

MIN_STILL_SAMPLES = 4
"""Samples within which the force of a loaded plate changes: recorded digits repeat at most three
times."""

MAX_STILL_SHARE = 1e-5
"""Change between samples, share of the peak, below which a signal is constant."""


def broken_parts(
    force: FloatArray, rate: float, start: int, stop: int, threshold: float
) -> frozenset[str]:
    """Parts of a contact that its plates have not measured.

    Parameters
    ----------
    force : (S, P, 3) array, N
        Of the plates under a foot, not filtered; vertical second.
    start, stop
        First sample of the contact, and the sample after the last one.
    threshold
        Force that starts and ends a contact, N.
    """
    first = max(start - round(MARGIN_BEFORE_S * rate), 0)
    last = min(stop + round(MARGIN_AFTER_S * rate), len(force))
    of_foot = force[first:last].sum(axis=1)  # who crosses a seam leaves one plate at once
    vertical = of_foot[:, 1]
    peak = float(vertical.max(initial=0.0))
    if len(of_foot) < MIN_STILL_SAMPLES or not peak > threshold:
        return frozenset()
    if first == 0 or last == len(force):  # of a contact that is cut, the peak may not be there
        peak = max(peak, float(force[..., 1].sum(axis=1).max()), MIN_PEAK_N)
    empty = np.abs(vertical) < max(threshold, MAX_EMPTY_SHARE * peak)
    falls, rises = _breaks(vertical, empty, rate, peak)
    margin = round((MARGIN_BEFORE_S + MARGIN_AFTER_S) * rate)
    parts = set()
    if falls.any():
        parts.add(LOST_TOE_OFF if np.flatnonzero(falls)[-1] >= len(falls) - margin else LOST_MIDDLE)
    if rises.any():
        parts.add(LOST_TOUCHDOWN if np.flatnonzero(rises)[0] <= margin else LOST_MIDDLE)
    if _is_frozen(of_foot, ~empty, rate, peak):
        parts |= {LOST_MIDDLE, LOST_TOE_OFF}
    if _has_failed_plate(force[max(start - 1, 0) : stop + 1, :, 1], rate):
        parts.add(LOST_MIDDLE)
    return frozenset(parts)


def _breaks(
    vertical: FloatArray, empty: BoolArray, rate: float, peak: float, least: float = 0.0
) -> tuple[BoolArray, BoolArray]:
    """Samples (S - 2,) after which a force falls to nothing, and before which it sets in, at once.

    By at least a force ``least``, N.
    """
    change = vertical[2:] - vertical[:-2]
    fall = max(MIN_FALL_SHARE, MIN_FALL_SHARE_PER_S / rate) * peak
    rise = max(MIN_RISE_SHARE, MIN_RISE_SHARE_PER_S / rate) * peak
    return (-change > max(fall, least)) & empty[2:], (change > max(rise, least)) & empty[:-2]


def _has_failed_plate(forces: FloatArray, rate: float) -> bool:
    """Tell whether one of several plates (S, P) under a foot fails while others bear it.

    Its vertical force, N, falls to nothing or sets in at once, and no other plate takes the load
    over, as where a foot crosses a seam.
    """
    total = forces.sum(axis=1)
    peak = float(total.max(initial=0.0))
    loaded = total[1:-1] > MIN_FALL_SHARE * peak
    for force in forces.T if forces.shape[1] > 1 else ():
        empty = np.asarray(np.abs(force) < MAX_EMPTY_SHARE * peak)
        breaks = _breaks(force, empty, rate, float(force.max(initial=0.0)), MIN_LOST_SHARE * peak)
        change, of_others = force[2:] - force[:-2], (total - force)[2:] - (total - force)[:-2]
        in_total = np.abs(of_others) < (1.0 - MIN_LOST_SHARE_OF_PLATE) * np.abs(change)
        if np.any(np.logical_or(*breaks) & in_total & loaded):
            return True
    return False


def _is_frozen(force: FloatArray, loaded: BoolArray, rate: float, peak: float) -> bool:
    """Tell whether all components of a loaded plate's force stay constant."""
    unchanged = (np.abs(np.diff(force, axis=0)) < MAX_STILL_SHARE * peak).all(axis=1)
    spans = runs(np.asarray(unchanged & loaded[1:] & loaded[:-1]))
    longest = int(np.ptp(spans, axis=1).max()) if len(spans) else 0
    return longest + 1 >= max(MIN_STILL_SAMPLES, round(MIN_STILL_S * rate))
