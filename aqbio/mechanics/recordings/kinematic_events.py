"""Contacts of the feet from their markers, for trials without force plates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.recordings.feet import LEFT, RIGHT
from aqbio.mechanics.recordings.filters import low_pass
from aqbio.mechanics.recordings.foot_contacts import FootContact
from aqbio.mechanics.recordings.runs import joined, runs
from aqbio.mechanics.vectors import BoolArray, FloatArray

SPEED_MIN = 1.0
"""Slower than this nobody runs, m/s."""

STILL_SHARE = 0.25
"""A forefoot slower than this share of the running speed, seen from the ground, stands."""

STILL_S = 0.040
"""Shortest time that a foot stands, s."""

BEFORE, AFTER = 0.060, 0.030
"""Touchdown is looked for from so long before the foot stands until so long after, s."""

CUTOFF, CUTOFF_SHARE = 50.0, 0.25
"""Low-pass of the foot markers, Hz, and the share of the marker rate where that is lower."""

LANDED = 0.020
"""A marker lands while it is less than this above its lowest level in the contact, m."""

DISTINCT = 0.2
"""A landing is told by markers whose acceleration peaks at this share of the foot's largest."""

RISE = 0.008
"""A toe marker that has risen so far above its level in the contact has left the ground, m."""

RISE_FIRST, RISE_LAST = 0.005, 0.030
"""Between these heights a sharp take-off has its peak of acceleration, m."""

SHARP = 150.0
"""Vertical acceleration of a toe marker from which a take-off is sharp, m/s²."""


TOUCHDOWN_ERROR, TOE_OFF_ERROR = (-0.005, 0.011), (-0.005, 0.015)
"""Mean errors by trial, from earliest to latest: 3.6 to 9.5 m/s, 100 to 250 Hz, overground and
treadmill, real and virtual runners (docs/recordings.md), s."""


@dataclass(frozen=True, slots=True)
class EventErrors:
    """Kinematic events less those of the plates, of the contacts that both know.

    Attributes
    ----------
    touchdown, toe_off : (N,) arrays, s
        Positive where the markers are late.
    """

    touchdown: FloatArray
    toe_off: FloatArray


def kinematic_contacts(
    feet: FloatArray, rate: float, ground_velocity: FloatArray, speed: float
) -> tuple[FootContact, ...]:
    """Contacts of both feet from their markers, in the order of time.

    Parameters
    ----------
    feet : (T, 2, K, 3) array, m
        Markers of the left and of the right foot, heel first; ground axes, NaN where missing.
    rate : float
        Hz.
    ground_velocity : (3,) array, m/s
        Of a treadmill's belt; zero overground.
    speed : float
        Running speed over the ground, m/s.

    Returns
    -------
    tuple of FootContact
        Without plates, peak and edge distance; not complete where an end of the recording cuts it.

    Notes
    -----
    A foot stands while its forefoot is slow, seen from the ground. Touchdown: the first distinct
    peak of the vertical acceleration of a marker of the foot that has come down: the heel of heel
    strikers, the outer forefoot of sprinters (Hreljac and Marshall 2000 for the heel of walkers;
    Handsaker et al. 2016 for the marker that lands first). Toe-off, of the marker that leaves
    last: the peak of its vertical acceleration where that is sharp, as in sprinting, otherwise
    the instant at which it has risen by 8 mm.

    References
    ----------
    Hreljac A, Marshall RN (2000) J Biomech 33:783-786.
    Handsaker JC, Forrester SE, Folland JP, Black MI, Allen SJ (2016) J Biomech 49:4128-4133.
    """
    if speed < SPEED_MIN or len(feet) < 4:
        return ()
    found = []
    for foot in (LEFT, RIGHT):
        place = low_pass(feet[:, foot], rate, min(CUTOFF, CUTOFF_SHARE * rate))
        velocity = np.gradient(place, 1.0 / rate, axis=0) - ground_velocity
        lift = np.gradient(velocity[..., 1], 1.0 / rate, axis=0)
        height = place[..., 1]
        for start, stop in _standing(velocity[:, 1:], rate, speed):
            events = _events(height, lift, (start, stop), rate)
            cut = np.isnan(events).any()
            first, last = np.where(np.isnan(events), [start / rate, stop / rate], events)
            if last > first:
                found.append(_contact(foot, float(first), float(last), complete=not cut))
    return tuple(sorted(found, key=lambda contact: contact.touchdown))


def event_errors(kinematic: Sequence[FootContact], measured: Sequence[FootContact]) -> EventErrors:
    """Errors of kinematic events against the contacts on plates that they overlap.

    Examples
    --------
    >>> plate = FootContact(0, 0.100, 0.220, (0,), True, 0.2, 2000.0)
    >>> markers = FootContact(0, 0.098, 0.221, (), True, np.nan, np.nan)
    >>> event_errors([markers], [plate]).touchdown.round(4)
    array([-0.002])
    """
    pairs = [
        (one.touchdown - other.touchdown, one.toe_off - other.toe_off)
        for one in kinematic
        for other in measured
        if one.foot == other.foot
        and one.complete
        and other.complete
        and one.touchdown < other.toe_off
        and one.toe_off > other.touchdown
    ]
    touchdown, toe_off = np.reshape(np.array(pairs, dtype=float), (-1, 2)).T
    return EventErrors(touchdown, toe_off)


def _contact(foot: int, touchdown: float, toe_off: float, *, complete: bool) -> FootContact:
    unknown = float("nan")
    return FootContact(foot, touchdown, toe_off, (), complete, unknown, unknown)


def _standing(forefoot: FloatArray, rate: float, speed: float) -> list[tuple[int, int]]:
    """First frame and frame after the last one of each stretch in which a forefoot is slow."""
    size = np.linalg.norm(forefoot, axis=2)
    seen = np.isfinite(size)
    mean = np.where(seen, size, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    slow: BoolArray = seen.any(axis=1) & (mean < STILL_SHARE * speed)
    shortest = int(np.ceil(STILL_S * rate))
    return [
        (int(start), int(stop)) for start, stop in runs(joined(slow, 3)) if stop - start >= shortest
    ]


def _events(height: FloatArray, lift: FloatArray, span: tuple[int, int], rate: float) -> FloatArray:
    """Touchdown and toe-off of one contact, s; NaN where the recording does not show one."""
    start, stop = span
    first, last = start - round(BEFORE * rate), stop + round(BEFORE * rate)
    landings, departures = [], []
    for marker in range(height.shape[1]):
        path, peak = height[:, marker], lift[:, marker]
        level = path[start:stop]
        if np.isnan(level).any():
            continue
        if first >= 0:
            landings += _peaks(
                peak, path < level.min() + LANDED, first, start + round(AFTER * rate)
            )
        if marker > 0 and last <= len(path):
            departures.append(_departure(path, peak, (start, stop, last)))
    largest = max((size for _, size in landings), default=np.nan)
    touchdown = min((at for at, size in landings if size >= DISTINCT * largest), default=np.nan)
    known = [at for at in departures if np.isfinite(at)]
    return np.array([touchdown, max(known, default=np.nan)]) / rate


def _departure(path: FloatArray, lift: FloatArray, span: tuple[int, int, int]) -> float:
    """Frame, between two, at which a toe marker leaves the ground; NaN where it does not."""
    start, stop, last = span
    level = float(np.median(path[start:stop]))
    middle = (start + stop) // 2
    low, away, high = (
        _crossing(path, level + rise, middle) for rise in (RISE_FIRST, RISE, RISE_LAST)
    )
    if np.isfinite(low + high):
        sharp = [
            (size, at)
            for at, size in _peaks(lift, np.ones(len(path), dtype=np.bool_), middle, last)
            if low <= at <= high and size > SHARP
        ]
        if sharp:
            return max(sharp)[1]
    return away


def _peaks(
    values: FloatArray, allowed: BoolArray, first: int, last: int
) -> list[tuple[float, float]]:
    """Local maxima between two frames: where, by a parabola between frames, and how high."""
    found = []
    for frame in range(max(first, 1), min(last, len(values) - 2) + 1):
        before, peak, after = values[frame - 1 : frame + 2]
        if allowed[frame] and peak >= before and peak > after:
            shift = 0.5 * (before - after) / (before - 2.0 * peak + after)
            found.append((float(frame + shift), float(peak)))
    return found


def _crossing(path: FloatArray, level: float, first: int) -> float:
    """First frame, between two, at which a path rises through a level; NaN where it does not."""
    rising = np.flatnonzero((path[first:-1] <= level) & (path[first + 1 :] > level))
    if not len(rising):
        return float("nan")
    frame = first + int(rising[0])
    return float(frame + (level - path[frame]) / (path[frame + 1] - path[frame]))
