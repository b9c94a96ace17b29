"""Contacts from the foot markers: the events of trials without forces, a check of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from aqbio.config import MarkerSet
from aqbio.filters import low_pass
from aqbio.io.recording import Recording
from aqbio.names import MILLISECONDS, NORMAL_95, SIDES
from aqbio.prepare.axes import displacement, pelvis_paths
from aqbio.prepare.contacts import LEFT, MIN_CONTACT_S, RIGHT, FootContact
from aqbio.prepare.filters import LowPass
from aqbio.prepare.ground import Ground
from aqbio.prepare.notes import Notes
from aqbio.prepare.people import of_people
from aqbio.signals import fill_gaps, joined, runs
from aqbio.vectors import BoolArray, FloatArray, finite_median

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


class Accuracy(NamedTuple):
    """Errors of events from foot markers against those of plates, by the part that lands first."""

    speeds: tuple[float, float]
    """Slowest and fastest run that was tested, m/s."""
    touchdown: tuple[float, float]
    toe_off: tuple[float, float]
    """touchdown, toe_off: from earliest to latest, s; median and two standard deviations of each
    recording at each rate."""

    def is_tested(self, speed: float) -> bool:
        """Tell whether runs about as fast, m/s, were tested."""
        slowest, fastest = self.speeds
        return slowest / MAX_SPEED_RATIO <= speed <= fastest * MAX_SPEED_RATIO

    @property
    def contact_time_error(self) -> float:
        """Largest error of a contact time, s."""
        return max(self.touchdown[1] - self.toe_off[0], self.toe_off[1] - self.touchdown[0])


ACCURACY = {
    "forefoot": Accuracy((3.5, 9.5), (-0.0085, 0.0044), (-0.0209, 0.0123)),
    "heel": Accuracy((2.0, 5.0), (-0.0064, 0.0271), (-0.0185, 0.0140)),
}
"""benchmarks/results/foot_events.md: 7 real and 6 virtual runs at 60 to 250 Hz."""

MAX_SPEED_RATIO = 1.25
"""Factor by which a run may be faster or slower than those tested."""

MIN_TESTED_RATE_HZ = 45.0
"""Lowest camera rate that was tested, Hz."""

TESTED_CUTOFF_HZ = 18.0
"""Foot markers that were low-passed at this or more, forth and back, were tested: in runs that land
on the heel by their laboratory (20 Hz), in the others by the rate of 60 Hz, Hz."""

FILTER_ERROR_S_HZ2 = of_people("event by a filter").error
"""Error of an event times the square of the cut-off."""

MAX_STRIKE_ERROR_S = 0.010
"""Error of events by a filter up to which the part that lands first is seen, s: at 16 Hz it is in
all of these runs, at 12 and 10 Hz the heel seems to land first in three of them."""

MAX_CONTACT_ERROR_SHARE = 0.5
"""Contacts whose time may be off by more than this share of it are not known."""


@dataclass(frozen=True, slots=True)
class MarkerEvents:
    """Contacts from the foot markers, and the factors on which their accuracy depends."""

    contacts: tuple[FootContact, ...]
    """An event that was not found is NaN."""
    rate: float
    """Of the markers, Hz."""
    speed: float
    """Over the ground, m/s; NaN where the pelvis was not seen."""
    strike: Literal["heel", "forefoot", ""]
    """{"heel", "forefoot", ""}."""
    low_pass: LowPass | None = None
    """Filter that the markers went through before they were written."""
    all_markers_visible: bool = True
    """True if all foot markers of the marker set are visible most of the time."""
    hidden: tuple[bool, ...] = ()
    """True for contacts around which a marker of the foot is missing for a while."""
    withheld: int = 0
    """Number of contacts that are left out because the filter hides their events."""

    @property
    def filter_error(self) -> float:
        """By how much the filter of the markers may move an event, s; 0 where it was tested."""
        return 0.0 if self.low_pass is None else _filter_error(self.low_pass)

    @property
    def accuracy(self) -> Accuracy | None:
        """Errors of such events against plates; None where no similar recording was tested.

        A filter widens them, and hides which part of the foot lands first.
        """
        tested = [accuracy for accuracy in self._similar() if accuracy.is_tested(self.speed)]
        if not tested or not self.all_markers_visible or self.rate < MIN_TESTED_RATE_HZ:
            return None
        return _widened(tested, self.filter_error)

    def _similar(self) -> list[Accuracy]:
        """Errors of runs that land alike; of all where that is hidden by the filter."""
        if self.filter_error > MAX_STRIKE_ERROR_S:
            return [*ACCURACY.values()]
        return [ACCURACY[self.strike]] if self.strike else []

    @property
    def contact_time_error(self) -> float:
        """Largest error of a contact time, s; NaN where no similar recording was tested."""
        accuracy = self.accuracy
        return float("nan") if accuracy is None else accuracy.contact_time_error

    @property
    def hides_contacts(self) -> bool:
        """True if the filter of the markers leaves too little of what contact times show.

        At both ends of the interval of its cut-off: a doubtful one widens errors, and hides none.
        Where no contact has both events, no contact time is left.
        """
        if self.low_pass is None or not (error := _filter_error(self.low_pass.raised(NORMAL_95))):
            return False
        similar = _widened(self._similar() or [*ACCURACY.values()], error)
        durations = [contact.toe_off - contact.touchdown for contact in self.contacts]
        longest_error = MAX_CONTACT_ERROR_SHARE * finite_median(np.array(durations))
        return not similar.contact_time_error <= longest_error


def _filter_error(low_pass: LowPass) -> float:
    """By how much a filter may move an event, s."""
    return FILTER_ERROR_S_HZ2 * max(low_pass.stated_hz**-2 - TESTED_CUTOFF_HZ**-2, 0.0)


def _widened(tested: Sequence[Accuracy], error: float) -> Accuracy:
    """Errors that hold those of several kinds of runs, and a further one, s, in both directions."""

    def span(ranges: Iterable[tuple[float, float]], wider: float) -> tuple[float, float]:
        lows, highs = zip(*ranges, strict=True)
        return min(lows) - wider, max(highs) + wider

    speeds, touchdown, toe_off = zip(*tested, strict=True)
    return Accuracy(span(speeds, 0.0), span(touchdown, error), span(toe_off, error))


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
        hidden=tuple(_hidden_around(feet, contact, rate) for contact in contacts),
    )
    if not events.hides_contacts:
        return events
    return replace(events, contacts=(), hidden=(), strike="", withheld=len(contacts))


MISSING_WINDOW_S = 0.2
"""Time before and after the known event of a contact in which the other one is looked for, s."""


def _hidden_around(feet: FloatArray, contact: FootContact, rate: float) -> bool:
    """Tell whether a marker of a contact's foot (T, 2, K, 3) is missing in frames around it."""
    finite = [instant for instant in (contact.touchdown, contact.toe_off) if np.isfinite(instant)]
    first = max(round((min(finite) - MISSING_WINDOW_S) * rate), 0)
    paths = feet[first : round((max(finite) + MISSING_WINDOW_S) * rate) + 1, contact.foot]
    visible = np.asarray(np.isfinite(paths).all(axis=2))
    ever = np.asarray(np.isfinite(feet[:, contact.foot]).all(axis=2)).any(axis=0)
    return not bool(visible[:, ever].all())


def note_kinematic(events: MarkerEvents, notes: Notes) -> None:
    """Say where the events come from, how good they are, and what needs forces."""
    if events.low_pass is not None and events.withheld:
        return  # markers-low-passed says why there are none
    accuracy, count = events.accuracy, len(events.contacts)
    largest = None if accuracy is None else max(map(abs, accuracy.touchdown + accuracy.toe_off))
    notes.tell(
        "events-kinematic, untested" if accuracy is None else "events-kinematic",
        number=largest,
        contacts="1 contact comes" if count == 1 else f"{count} contacts come",
        accuracy=f": {_accuracy_text(events, accuracy)}." if events.contacts else ".",
    )
    hidden = events.hidden or (False,) * len(events.contacts)
    inside = [pair for pair in zip(events.contacts, hidden, strict=True) if pair[0].complete]
    for name, motion in (("touchdown", "landing"), ("toe_off", "take-off")):
        gaps = [gap for contact, gap in inside if np.isnan(getattr(contact, name))]
        if gaps:
            notes.tell(
                "events-unfound, low-passed" if events.filter_error else "events-unfound",
                number=len(gaps), limit=0, contacts=len(inside), motion=motion,
                have="has" if len(gaps) == 1 else "have", event=name.replace("_", "-"),
                fix=_fix_of_unfound(sum(gaps), len(gaps)),
            )  # fmt: skip


def _fix_of_unfound(gaps: int, unfound: int) -> str:
    """Remedy of contacts whose events are not found, beside gaps of their markers or not."""
    if not gaps:
        return "look at the labels of the foot markers there, and for noise in their paths"
    fix = f"fill the gaps of the foot markers around {gaps} of these contacts"
    if gaps == unfound:
        return fix
    return f"{fix}; around the others none is missing: look at their labels and for noise"


def _accuracy_text(events: MarkerEvents, accuracy: Accuracy | None) -> str:
    """Accuracy of such events, and the recordings it was tested on."""
    conditions = f"{events.rate:g} Hz, {events.speed:.1f} m/s"
    blurred = events.filter_error > MAX_STRIKE_ERROR_S
    if events.strike and not blurred:
        conditions += f", the {events.strike} lands first"
    if not events.all_markers_visible:
        return f"how far they are off is not known, because foot markers are missing ({conditions})"
    if accuracy is None:
        return f"how far they are off was not tested for such a recording ({conditions})"
    runs_like = "" if blurred else f" in which the {events.strike} lands first"
    if events.low_pass is not None and events.filter_error:
        runs_like += f", with what a low-pass at {events.low_pass.stated_hz:.0f} Hz adds"
    text = (
        f"in tested runs{runs_like}, touchdown was {_range_text(accuracy.touchdown)} and toe-off "
        f"{_range_text(accuracy.toe_off)}"
    )
    duration = finite_median(np.array([x.toe_off - x.touchdown for x in events.contacts]))
    if np.isnan(duration):
        return text
    return f"{text}, up to {events.contact_time_error / duration:.0%} of this contact time"


def _range_text(error: tuple[float, float]) -> str:
    """A range of errors (s) in words: ``5 ms early to 11 ms late``."""
    early, late = (round(MILLISECONDS * error_s) for error_s in error)
    if early < 0 < late:
        return f"{-early} ms early to {late} ms late"
    sizes = sorted((abs(early), abs(late)))
    return f"{sizes[0]} to {sizes[1]} ms {'late' if late > 0 else 'early'}"
