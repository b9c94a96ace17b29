"""Contacts from the foot markers: the events of trials without forces, a check of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from aqbio.config import MarkerSet
from aqbio.filters import low_pass
from aqbio.io.recording import Recording
from aqbio.names import SIDES
from aqbio.prepare.axes import displacement, pelvis_paths
from aqbio.prepare.contacts import LEFT, MIN_CONTACT_S, RIGHT, FootContact
from aqbio.prepare.event_accuracy import MarkerEvents
from aqbio.prepare.filters import LowPass
from aqbio.prepare.ground import Ground
from aqbio.signals import fill_gaps, joined, runs
from aqbio.vectors import BoolArray, FloatArray

MIN_RUNNING_SPEED_M_S = 1.0
"""Slowest running speed, m/s."""

MAX_STILL_SPEED_SHARE = 0.25
"""A forefoot slower than this share of the running speed, relative to the ground, is in stance."""

MAX_INTERRUPTION_S = 0.012
"""Longest interruption of a stance that is ignored, s."""

MAX_LANDING_S = 0.100
"""Longest time from landing to a still forefoot, s."""

MAX_TAKE_OFF_S = 0.060
"""Longest time from the end of a still forefoot to take-off, s."""

MAX_HEIGHT_DOWN_M = 0.005
"""A marker has come down when it is less than this above its lowest level in the contact, m."""

LANDING_WINDOW_BEFORE_S = 0.020
"""Window of the landing before the first marker has come down, s."""

LANDING_WINDOW_AFTER_S = 0.030
"""Window of the landing after the first marker has come down, s."""

CUTOFF_HZ = 50.0
"""Cut-off of the low-pass of the foot markers, Hz."""

CUTOFF_SHARE = 0.25
"""Cut-off as a share of the marker rate, where that is lower."""

MAX_SIMULTANEOUS_S = 0.005
"""Markers that come down within this time of the first show the landing, s."""

MIN_PEAK_SHARE = 0.5
"""The landing is the first peak of at least this share of their largest."""

MAX_BRIDGED_GAP_S = 0.012
"""Gaps of foot markers up to this are bridged, s."""

MIN_RISE_M = 0.008
"""A toe marker that has risen so far above its level in the contact has left the ground, m."""

SHARP_RISE_FROM_M = 0.005
"""Lowest height at which a sharp take-off has its peak of acceleration, m."""

SHARP_RISE_TO_M = 0.030
"""Largest height at which a sharp take-off has its peak of acceleration, m."""

MIN_SHARP_ACCELERATION_M_S2 = 150.0
"""Vertical acceleration of a toe marker from which a take-off is sharp, m/s²."""


def kinematic_contacts(
    feet: FloatArray, rate: float, ground_velocity: FloatArray, speed: float
) -> tuple[FootContact, ...]:
    """Contacts of both feet (T, 2, K, 3) m from their markers, heel first, in the order of time.

    The ground moves with ``ground_velocity`` (T, 3) or (3,), m/s. Unobserved events are NaN; not
    complete where an end of the recording hides an event. A foot stands while its forefoot is slow
    relative to the ground. Touchdown: the first distinct peak of the vertical acceleration of the
    markers that come down first, around the instant at which they do: the heel of heel strikers,
    the outer forefoot of sprinters (Hreljac and Marshall 2000, J Biomech 33:783-786, for the heel
    of walkers; Handsaker et al. 2016, J Biomech 49:4128-4133, for the marker that lands first). A
    later peak is the foot laid flat; a marker that is lost meanwhile might have come down first,
    and leaves the touchdown unknown. Toe-off, of the marker that leaves last: the peak of its
    vertical acceleration where that is sharp, as in sprinting, otherwise the instant at which it
    has risen by 8 mm.
    """
    if speed < MIN_RUNNING_SPEED_M_S or len(feet) < 4:
        return ()
    contacts, present = [], present_markers(feet)
    for foot in (LEFT, RIGHT):
        filled, _ = fill_gaps(feet[:, foot], int(MAX_BRIDGED_GAP_S * rate), np.array([]))
        visible = np.where(present[foot, :, None], filled, np.nan)
        smoothed_path = low_pass(visible, rate, min(CUTOFF_HZ, CUTOFF_SHARE * rate))
        moving = np.reshape(ground_velocity, (-1, 1, 3))
        velocity = np.gradient(smoothed_path, 1.0 / rate, axis=0) - moving
        lift = np.gradient(velocity[..., 1], 1.0 / rate, axis=0)
        for span in _standing(velocity[:, 1:], rate, speed):
            touchdown = _landing(smoothed_path[..., 1], lift, span, rate) / rate
            toe_off = _take_off(smoothed_path[..., 1], lift, span, rate) / rate
            hidden = (np.isnan(touchdown) and span[0] < MAX_LANDING_S * rate) or (
                np.isnan(toe_off) and span[1] + MAX_TAKE_OFF_S * rate > len(feet)
            )
            if toe_off > touchdown or np.isnan(touchdown) != np.isnan(toe_off):
                contact = FootContact(foot, touchdown, toe_off, (), not hidden, np.nan, np.nan)
                contacts.append(contact)
    return tuple(
        sorted(contacts, key=lambda contact: np.nanmin((contact.touchdown, contact.toe_off)))
    )


def present_markers(feet: FloatArray) -> BoolArray:
    """Mask (2, K) of markers visible in most frames of their foot."""
    visible: BoolArray = np.asarray(np.isfinite(feet).all(axis=3))
    share = visible.sum(axis=0) / np.maximum(visible.any(axis=2).sum(axis=0), 1)[:, None]
    return np.asarray(share > 0.5)


def strike(
    feet: FloatArray, rate: float, contacts: Sequence[FootContact]
) -> Literal["heel", "forefoot", ""]:
    """Part of the foot that lands first in most contacts with a known touchdown; empty if none."""
    heel_first = []
    for contact in contacts:
        if not np.isfinite(contact.touchdown):
            continue
        start = round((contact.touchdown + LANDING_WINDOW_BEFORE_S) * rate)
        span = start, start + round(MIN_CONTACT_S * rate)
        down = [_come_down(path, span, rate) for path in feet[:, contact.foot, :, 1].T]
        if np.isfinite(down[0]) and np.isfinite(down[1:]).any():
            heel_first.append(down[0] < np.nanmin(down[1:]))
    if not heel_first:
        return ""
    return "heel" if np.mean(heel_first) > 0.5 else "forefoot"


def event_errors(
    kinematic: Sequence[FootContact], measured: Sequence[FootContact]
) -> tuple[FloatArray, FloatArray]:
    """Errors of kinematic touchdowns (N,) and toe-offs (M,), s, against contacts on plates.

    Of contacts found by both where both know the event; positive where the markers are late.
    """
    pairs = [
        (contact.touchdown - reference.touchdown, contact.toe_off - reference.toe_off)
        for contact in kinematic
        for reference in measured
        if contact.foot == reference.foot
        and contact.complete
        and reference.complete
        and np.nanmin((contact.touchdown, contact.toe_off)) < reference.toe_off + MAX_TAKE_OFF_S
        and np.nanmax((contact.touchdown, contact.toe_off)) > reference.touchdown - MAX_TAKE_OFF_S
    ]
    touchdown, toe_off = np.reshape(np.array(pairs, dtype=float), (-1, 2)).T
    return touchdown[np.isfinite(touchdown)], toe_off[np.isfinite(toe_off)]


def _standing(forefoot: FloatArray, rate: float, speed: float) -> list[tuple[int, int]]:
    """First frame and frame after the last one of each stretch in which a forefoot is slow."""
    size = np.linalg.norm(forefoot, axis=2)
    visible = np.isfinite(size)
    mean = np.where(visible, size, 0.0).sum(axis=1) / np.maximum(visible.sum(axis=1), 1)
    slow: BoolArray = visible.any(axis=1) & (mean < MAX_STILL_SPEED_SHARE * speed)
    shortest, steady = int(np.ceil(MIN_CONTACT_S * rate)), round(MAX_INTERRUPTION_S * rate)
    return [
        (int(start), int(stop))
        for start, stop in runs(joined(slow, steady))
        if stop - start >= shortest
    ]


def _come_down(path: FloatArray, span: tuple[int, int], rate: float) -> float:
    """Frame in a span at which a marker has come down; -inf where unobserved, NaN if missing."""
    first, last = (
        max(span[0] - round(MAX_LANDING_S * rate), 0),
        span[0] + round(LANDING_WINDOW_AFTER_S * rate),
    )
    height = path[first : span[1]]
    if np.isnan(path[first:last]).any() or not len(height):
        return float("nan")
    level = np.nanmin(height) + MAX_HEIGHT_DOWN_M
    frame = int(np.argmax(height <= level))
    if frame == 0:
        return -np.inf
    before, after = height[frame - 1], height[frame]
    return float(first + frame - (level - after) / (before - after))


def _landing(height: FloatArray, lift: FloatArray, span: tuple[int, int], rate: float) -> float:
    """Frame, between two, of touchdown; NaN where not all markers show it."""
    present = np.flatnonzero(np.isfinite(height).any(axis=0))
    down = np.array([_come_down(height[:, marker], span, rate) for marker in present])
    if not len(down) or not np.isfinite(down).all():
        return float("nan")
    at = down.min()
    first, last = (
        int(np.ceil(at - LANDING_WINDOW_BEFORE_S * rate)),
        int(at + LANDING_WINDOW_AFTER_S * rate),
    )
    peaks = [
        peak
        for marker in present[down <= at + MAX_SIMULTANEOUS_S * rate]
        for peak in _peaks(lift[:, marker], first, last)
    ]
    largest = max((size for _, size in peaks), default=np.nan)
    return min((at for at, size in peaks if size >= MIN_PEAK_SHARE * largest), default=float("nan"))


def _take_off(height: FloatArray, lift: FloatArray, span: tuple[int, int], rate: float) -> float:
    """Frame, between two, of toe-off: of the toe that leaves last; NaN where one is not seen."""
    last = span[1] + round(MAX_TAKE_OFF_S * rate)
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
        _crossing(path, level + rise, middle)
        for rise in (SHARP_RISE_FROM_M, MIN_RISE_M, SHARP_RISE_TO_M)
    )
    if np.isfinite(low + high):
        sharp = [
            (size, at)
            for at, size in _peaks(lift, middle, len(path))
            if low <= at <= high and size > MIN_SHARP_ACCELERATION_M_S2
        ]
        if sharp:
            return max(sharp)[1]
    return away


def _peaks(values: FloatArray, first: int, last: int) -> list[tuple[float, float]]:
    """Local maxima between two frames: where, by a parabola between frames, and how high."""
    peaks = []
    for frame in range(max(first, 1), min(last, len(values) - 2) + 1):
        before, peak, after = values[frame - 1 : frame + 2]
        if peak >= before and peak > after:
            shift = 0.5 * (before - after) / (before - 2.0 * peak + after)
            peaks.append((float(frame + shift), float(peak)))
    return peaks


def _crossing(path: FloatArray, level: float, first: int) -> float:
    """First frame, between two, at which a path rises through a level; NaN where it does not."""
    rising = np.flatnonzero((path[first:-1] <= level) & (path[first + 1 :] > level))
    if not len(rising):
        return float("nan")
    frame = first + int(rising[0])
    return float(frame + (level - path[frame]) / (path[frame + 1] - path[frame]))


NO_EVENTS = MarkerEvents((), 0.0, float("nan"), "")


def marker_events(
    feet: FloatArray,
    recording: Recording,
    ground: Ground,
    marker_set: MarkerSet,
    low_pass: LowPass | None = None,
) -> MarkerEvents:
    """Contacts of a moving trial in ground axes, from its foot markers only.

    None where ``low_pass``, the filter that the markers went through, hides them.
    """
    path, _ = pelvis_paths(recording, marker_set)
    finite = np.flatnonzero(np.isfinite(path).all(axis=1))
    if len(finite) < 2:
        return NO_EVENTS
    travel = displacement(path)
    elapsed = (finite[-1] - finite[0]) / recording.rate
    belt = ground.velocity(np.arange(len(path)) / recording.rate)
    relative = travel / elapsed - belt[finite[0] : finite[-1] + 1].mean(axis=0)
    speed = float(np.hypot(relative[0], relative[2]))
    rate = recording.rate
    contacts = kinematic_contacts(feet, rate, belt, speed)
    worn = [1 + len(getattr(marker_set.feet, side).toe) for side in SIDES]
    events = MarkerEvents(
        contacts,
        rate,
        speed,
        strike(feet, rate, contacts),
        low_pass=low_pass,
        all_markers_visible=present_markers(feet).sum(axis=1).tolist() == worn,
    )
    if not events.hides_contacts:
        return events
    return replace(events, contacts=(), strike="", withheld=len(contacts))
