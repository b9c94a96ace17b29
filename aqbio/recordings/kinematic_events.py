"""Contacts of the feet from their markers, for trials without force plates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aqbio.recordings.feet import LEFT, RIGHT
from aqbio.recordings.foot_contacts import FootContact
from aqbio.signals.filters import low_pass
from aqbio.signals.gaps import fill_gaps
from aqbio.signals.runs import joined, runs
from aqbio.vectors import BoolArray, FloatArray

SPEED_MIN = 1.0
"""Slower than this nobody runs, m/s."""

STILL_SHARE = 0.25
"""A forefoot slower than this share of the running speed, seen from the ground, stands."""

STILL_S, UNSTEADY_S = 0.040, 0.012
"""Shortest time that a foot stands, and an interruption of it that counts for nothing, s."""

BEFORE, AFTER = 0.100, 0.060
"""A foot comes down so long before its forefoot stands at most, and leaves so long after, s."""

DOWN = 0.005
"""A marker has come down when it is less than this above its lowest level in the contact, m."""

EARLY, LATE = 0.020, 0.030
"""The landing is felt from so long before the first marker has come down until so long after, s."""

CUTOFF, CUTOFF_SHARE = 50.0, 0.25
"""Low-pass of the foot markers, Hz, and the share of the marker rate where that is lower."""

TOGETHER, DISTINCT = 0.005, 0.5
"""A landing is told by the markers that come down within so long of the first, s, by the first
peak of this share of their largest."""

BRIDGED_S = 0.012
"""Gaps of foot markers up to this are bridged, s."""

RISE = 0.008
"""A toe marker that has risen so far above its level in the contact has left the ground, m."""

RISE_FIRST, RISE_LAST = 0.005, 0.030
"""Between these heights a sharp take-off has its peak of acceleration, m."""

SHARP = 150.0
"""Vertical acceleration of a toe marker from which a take-off is sharp, m/s²."""

HIGH, HIGHER, HIGHER_SHARE = 10.0, 15.0, 0.27
"""Paths that nobody filtered have more than this share of what they have above 10 Hz above 15 Hz:
0.29 to 0.57 in eight real and eight virtual runs, 0.11 to 0.26 low-passed at 10 Hz or less."""

SLOWEST_RATE = 40.0
"""Below this rate nothing is told above 15 Hz, Hz."""

HALF = 0.5
"""A marker that is seen in less of the frames of its foot than this is not there; more contacts
than this tell what a runner lands on."""


@dataclass(frozen=True, slots=True)
class EventErrors:
    """Kinematic events less those of the plates, of the contacts that both know."""

    touchdown: FloatArray
    toe_off: FloatArray
    """touchdown, toe_off: (N,), (M,) arrays, s. Positive where the markers are late; only where
    both know the event."""


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
        Without plates, peak and edge distance. An event that is not seen is NaN: nothing stands
        in for it. Not complete where an end of the recording hides it.

    Notes
    -----
    A foot stands while its forefoot is slow, seen from the ground. Touchdown: the first distinct
    peak of the vertical acceleration of the markers that come down first, around the instant at
    which they do: the heel of heel strikers, the outer forefoot of sprinters (Hreljac and
    Marshall 2000 for the heel of walkers; Handsaker et al. 2016 for the marker that lands first).
    A later peak is not the landing but the foot laid flat; a marker that is lost meanwhile might
    have come down first, and leaves the touchdown unknown. Toe-off, of the marker
    that leaves last: the peak of its vertical acceleration where that is sharp, as in sprinting,
    otherwise the instant at which it has risen by 8 mm.

    References
    ----------
    Hreljac A, Marshall RN (2000) J Biomech 33:783-786.
    Handsaker JC, Forrester SE, Folland JP, Black MI, Allen SJ (2016) J Biomech 49:4128-4133.
    """
    if speed < SPEED_MIN or len(feet) < 4:
        return ()
    found = []
    for foot in (LEFT, RIGHT):
        seen = _bridged(feet[:, foot], rate)
        place = low_pass(seen, rate, min(CUTOFF, CUTOFF_SHARE * rate))
        velocity = np.gradient(place, 1.0 / rate, axis=0) - ground_velocity
        lift = np.gradient(velocity[..., 1], 1.0 / rate, axis=0)
        for span in _standing(velocity[:, 1:], rate, speed):
            touchdown = _landing(place[..., 1], lift, span, rate) / rate
            toe_off = _take_off(place[..., 1], lift, span, rate) / rate
            hidden = (np.isnan(touchdown) and span[0] < BEFORE * rate) or (
                np.isnan(toe_off) and span[1] + AFTER * rate > len(feet)
            )
            if toe_off > touchdown or np.isnan(touchdown) != np.isnan(toe_off):
                found.append(_contact(foot, touchdown, toe_off, complete=not hidden))
    return tuple(sorted(found, key=_known))


def feet_shown(feet: FloatArray) -> BoolArray:
    """Which markers are seen in most frames of their foot, (2, K)."""
    seen: BoolArray = np.asarray(np.isfinite(feet).all(axis=3))
    share = seen.sum(axis=0) / np.maximum(seen.any(axis=2).sum(axis=0), 1)[:, None]
    shown: BoolArray = share > HALF
    return shown


def strike(
    feet: FloatArray, rate: float, contacts: Sequence[FootContact]
) -> Literal["heel", "forefoot", ""]:
    """What most of the contacts whose touchdown is known come down on; empty where none is.

    Parameters
    ----------
    feet : (T, 2, K, 3) array, m
        As for `kinematic_contacts`.
    rate : float
        Hz.
    """
    on_heel = []
    for one in contacts:
        if not np.isfinite(one.touchdown):
            continue
        start = round((one.touchdown + EARLY) * rate)
        span = start, start + round(STILL_S * rate)
        down = [_come_down(path, span, rate) for path in feet[:, one.foot, :, 1].T]
        if np.isfinite(down[0]) and np.isfinite(down[1:]).any():
            on_heel.append(down[0] < np.nanmin(down[1:]))
    if not on_heel:
        return ""
    return "heel" if np.mean(on_heel) > HALF else "forefoot"


def smoothed(feet: FloatArray, rate: float) -> bool:
    """Whether foot markers had been low-passed before they were written.

    Parameters
    ----------
    feet : (T, 2, K, 3) array, m
    rate : float
        Hz.
    """
    if rate < SLOWEST_RATE:
        return False
    high, higher = (
        np.nansum((feet - low_pass(feet, rate, cutoff)) ** 2) for cutoff in (HIGH, HIGHER)
    )
    return bool(np.sqrt(higher) < HIGHER_SHARE * np.sqrt(high))


def event_errors(kinematic: Sequence[FootContact], measured: Sequence[FootContact]) -> EventErrors:
    """Errors of kinematic events against the contacts on plates that they overlap.

    Examples
    --------
    >>> plate = FootContact(0, 0.100, 0.220, (0,), True, 0.2, 2000.0)
    >>> markers = FootContact(0, 0.098, np.nan, (), True, np.nan, np.nan)
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
        and np.nanmin((one.touchdown, one.toe_off)) < other.toe_off + AFTER
        and np.nanmax((one.touchdown, one.toe_off)) > other.touchdown - AFTER
    ]
    touchdown, toe_off = np.reshape(np.array(pairs, dtype=float), (-1, 2)).T
    return EventErrors(touchdown[np.isfinite(touchdown)], toe_off[np.isfinite(toe_off)])


def _known(contact: FootContact) -> float:
    """Touchdown, or toe-off where that is not known, s."""
    return contact.touchdown if np.isfinite(contact.touchdown) else contact.toe_off


def _contact(foot: int, touchdown: float, toe_off: float, *, complete: bool) -> FootContact:
    unknown = float("nan")
    return FootContact(foot, touchdown, toe_off, (), complete, unknown, unknown)


def _standing(forefoot: FloatArray, rate: float, speed: float) -> list[tuple[int, int]]:
    """First frame and frame after the last one of each stretch in which a forefoot is slow."""
    size = np.linalg.norm(forefoot, axis=2)
    seen = np.isfinite(size)
    mean = np.where(seen, size, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    slow: BoolArray = seen.any(axis=1) & (mean < STILL_SHARE * speed)
    shortest, steady = int(np.ceil(STILL_S * rate)), round(UNSTEADY_S * rate)
    return [
        (int(start), int(stop))
        for start, stop in runs(joined(slow, steady))
        if stop - start >= shortest
    ]


def _come_down(path: FloatArray, span: tuple[int, int], rate: float) -> float:
    """Frame, between two, at which a marker has come down; -inf where that is not seen any more.

    NaN where the marker is not seen.
    """
    first, last = max(span[0] - round(BEFORE * rate), 0), span[0] + round(LATE * rate)
    height = path[first : span[1]]
    if np.isnan(path[first:last]).any() or not len(height):
        return float("nan")
    level = np.nanmin(height) + DOWN
    frame = int(np.argmax(height <= level))
    if frame == 0:
        return -np.inf
    before, after = height[frame - 1], height[frame]
    return float(first + frame - (level - after) / (before - after))


def _landing(height: FloatArray, lift: FloatArray, span: tuple[int, int], rate: float) -> float:
    """Frame, between two, of touchdown; NaN where not all markers show it."""
    shown = np.flatnonzero(np.isfinite(height).any(axis=0))
    down = np.array([_come_down(height[:, marker], span, rate) for marker in shown])
    if not len(down) or not np.isfinite(down).all():
        return float("nan")
    at = down.min()
    first, last = int(np.ceil(at - EARLY * rate)), int(at + LATE * rate)
    found = [
        peak
        for marker in shown[down <= at + TOGETHER * rate]
        for peak in _peaks(lift[:, marker], first, last)
    ]
    largest = max((size for _, size in found), default=np.nan)
    return min((at for at, size in found if size >= DISTINCT * largest), default=float("nan"))


def _take_off(height: FloatArray, lift: FloatArray, span: tuple[int, int], rate: float) -> float:
    """Frame, between two, of toe-off: of the toe that leaves last; NaN where one is not seen."""
    last = span[1] + round(AFTER * rate)
    toes = 1 + np.flatnonzero(np.isfinite(height[:, 1:]).any(axis=0))
    if last > len(height) or np.isnan(height[sum(span) // 2 : last, toes]).any():
        return float("nan")
    left = [_departure(height[:last, marker], lift[:last, marker], span) for marker in toes]
    return float(np.max(left)) if left else float("nan")


def _departure(path: FloatArray, lift: FloatArray, span: tuple[int, int]) -> float:
    """Frame, between two, at which a toe marker leaves the ground; NaN where it does not."""
    start, stop = span
    level = float(np.nanmedian(path[start:stop]))
    middle = (start + stop) // 2
    low, away, high = (
        _crossing(path, level + rise, middle) for rise in (RISE_FIRST, RISE, RISE_LAST)
    )
    if np.isfinite(low + high):
        sharp = [
            (size, at)
            for at, size in _peaks(lift, middle, len(path))
            if low <= at <= high and size > SHARP
        ]
        if sharp:
            return max(sharp)[1]
    return away


def _bridged(foot: FloatArray, rate: float) -> FloatArray:
    """Markers (T, K, 3) of a foot without its shortest gaps, and without those hardly ever seen."""
    filled, _ = fill_gaps(foot, int(BRIDGED_S * rate), np.array([]))
    shown = feet_shown(foot[:, None])[0]
    return np.where(shown[:, None], filled, np.nan)


def _peaks(values: FloatArray, first: int, last: int) -> list[tuple[float, float]]:
    """Local maxima between two frames: where, by a parabola between frames, and how high."""
    found = []
    for frame in range(max(first, 1), min(last, len(values) - 2) + 1):
        before, peak, after = values[frame - 1 : frame + 2]
        if peak >= before and peak > after:
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
