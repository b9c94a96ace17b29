"""Accuracy of contacts from the foot markers: where they were tested, and what a filter adds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from aqbio.names import MILLISECONDS, NORMAL_95
from aqbio.prepare.contacts import FootContact
from aqbio.prepare.filters import LowPass
from aqbio.prepare.notes import Notes
from aqbio.prepare.people import of_people
from aqbio.vectors import finite_median


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


def note_kinematic(events: MarkerEvents, notes: Notes) -> None:
    """Say where the events come from, how good they are, and what needs forces."""
    if events.low_pass is not None and events.withheld:
        return  # markers-low-passed says why there are none
    accuracy, count = events.accuracy, len(events.contacts)
    largest = None if accuracy is None else max(map(abs, accuracy.touchdown + accuracy.toe_off))
    notes.report(
        "events-kinematic, untested" if accuracy is None else "events-kinematic",
        number=largest,
        contacts="1 contact comes" if count == 1 else f"{count} contacts come",
        accuracy=f": {_accuracy_text(events, accuracy)}." if events.contacts else ".",
    )
    inside = [contact for contact in events.contacts if contact.complete]
    for name, motion in (("touchdown", "landing"), ("toe_off", "take-off")):
        unfound = sum(bool(np.isnan(getattr(contact, name))) for contact in inside)
        if unfound:
            notes.report(
                "events-unfound, low-passed" if events.filter_error else "events-unfound",
                number=unfound, limit=0, contacts=len(inside), motion=motion,
                have="has" if unfound == 1 else "have", event=name.replace("_", "-"),
                cause=", because they were low-passed before" if events.filter_error else "",
            )  # fmt: skip


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
