"""Whether forces and motion run on the same clock, and the clock on that of gravity."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from aqbio.mechanics.recordings.foot_contacts import FootContact
from aqbio.mechanics.vectors import FloatArray, IntArray

LONGEST_DELAY = 0.04
"""Largest delay that is looked for by default, s."""

CLOCK_CONTACTS = 2
"""Whole contacts from which on a delay is stated: the rise and the fall of one hump are not enough.

Of a jog that says 2.6 ms, single contacts say 8 to 12 ms, two in a row 2.9 and 3.7; of a
sprint (0.6 ms) two say -0.8 to 2.2, of two virtual runs (-1.8 and -0.7) -2.5 to -1.8 and -1.0 to
-0.2."""


def force_delay(
    time: FloatArray,
    force: FloatArray,
    weight_and_inertia: FloatArray,
    *,
    longest: float = LONGEST_DELAY,
) -> float:
    """Time by which the measured force comes later than the motion that it causes.

    Parameters
    ----------
    time : (T,) array, s
        Evenly spaced.
    force : (T,) array, N
        Measured vertical ground reaction force.
    weight_and_inertia : (T,) array, N
        ``m (a_y + g)`` of the centre of mass: the force that the motion asks for.
    longest : float
        Largest delay that is looked for, s.

    Returns
    -------
    float
        s; positive when the forces are late. NaN when there are too few samples; infinite when the
        best is an end of the search, which is no estimate.

    Notes
    -----
    The shift of the largest correlation coefficient, between samples by a parabola through it and
    its neighbours.

    Examples
    --------
    A force 8 ms late:

    >>> t = np.arange(0.0, 2.0, 0.004)
    >>> caused = np.maximum(np.sin(9 * t), 0.0)
    >>> late = np.maximum(np.sin(9 * (t - 0.008)), 0.0)
    >>> round(force_delay(t, late, caused), 4)
    0.008
    """
    step = float(time[1] - time[0])
    reach = int(np.ceil(longest / step))
    if len(time) < 4 * reach:
        return float("nan")
    inner = slice(reach, len(time) - reach)
    caused = weight_and_inertia[inner]
    shifts = np.arange(-reach, reach + 1)
    likeness = np.array(
        [np.corrcoef(force[reach + s : len(time) - reach + s], caused)[0, 1] for s in shifts]
    )
    best = int(np.argmax(likeness))
    if best in (0, len(shifts) - 1):
        return float(np.copysign(np.inf, shifts[best]))
    before, peak, after = likeness[best - 1 : best + 2]
    return float((shifts[best] + 0.5 * (before - after) / (before - 2 * peak + after)) * step)


FLIGHT = (0.04, 0.30)
"""Between toe-off and the other foot's touchdown; a longer time hides a contact, s."""

FRAMES = 6
"""Frames of a flight from which on a parabola is told from noise."""

SEEN = 0.9
"""Share of the body's mass whose segments must be seen."""


def flights(contacts: Sequence[FootContact]) -> FloatArray:
    """Start and end of every flight between contacts of alternating feet, (N, 2), s."""
    ordered = sorted(contacts, key=lambda one: one.touchdown)
    spans = [
        (one.toe_off, other.touchdown)
        for one, other in pairwise(ordered)
        if one.foot != other.foot and FLIGHT[0] < other.touchdown - one.toe_off < FLIGHT[1]
    ]
    return np.array(spans, dtype=float).reshape(-1, 2)


def marked_height(markers: FloatArray, segment: IntArray, mass: FloatArray) -> FloatArray:
    """Height of the centre of mass as the markers show it, up to a constant.

    Parameters
    ----------
    markers : (T, M, 3) array, m
        Ground axes; NaN where missing.
    segment : (M,) array of int
        Segment of each marker; -1 where it has none.
    mass : (S,) array, kg

    Returns
    -------
    (T,) array, m
        Mean of the segments, weighted by mass, each at the mean of its markers that are seen in
        all frames; NaN where these segments have less than 90 % of the mass.
    """
    whole = np.isfinite(markers).all(axis=(0, 2))
    columns = [np.flatnonzero(whole & (segment == one)) for one in range(len(mass))]
    seen = [one for one, own in enumerate(columns) if len(own)]
    known = float(mass[seen].sum())
    if not known >= SEEN * float(mass.sum()):
        return np.full(len(markers), np.nan)
    heights = [mass[one] * markers[:, columns[one], 1].mean(axis=1) for one in seen]
    height: FloatArray = np.sum(heights, axis=0) / known
    return height


def fall(height: FloatArray, time: FloatArray) -> float:
    """Downward acceleration of a flight by a parabola through its heights, m/s².

    Examples
    --------
    >>> time = np.linspace(0.0, 0.12, 30)
    >>> fall(1.0 + 0.5 * time - 4.9 * time**2, time).__round__(6)
    9.8
    """
    if len(time) < FRAMES or not np.isfinite(height).all():
        return float("nan")
    return float(-2.0 * np.polyfit(time - time.mean(), height, 2)[0])


def falls(
    markers: FloatArray, rate: float, segment: IntArray, mass: FloatArray, spans: FloatArray
) -> FloatArray:
    """Downward acceleration of every flight, (N,), m/s²; NaN where it cannot be told.

    Parameters
    ----------
    markers : (T, M, 3) array, m
        Ground axes.
    rate : float
        Hz.
    segment, mass
        As for `marked_height`.
    spans : (N, 2) array, s
        From `flights`.

    Notes
    -----
    Nothing but gravity moves the centre of mass in flight. A wrong rate by the factor f makes it
    ``f² g``, a wrong unit or calibration of lengths by the factor k ``k g``.
    """
    time = np.arange(len(markers)) / rate
    found = []
    for start, stop in spans:
        inside = (time >= start) & (time <= stop)
        found.append(fall(marked_height(markers[inside], segment, mass), time[inside]))
    return np.array(found)
