"""Contacts, and frames of them, in which the uncertainty of a trial is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from aqbio.gait.steps import Contact, Status, Step
from aqbio.names import SIDES
from aqbio.vectors import BoolArray, FloatArray, IntArray

STANCE_FRAMES = 8
"""Frames of a stance that are drawn."""

FLIGHT_FRAMES = 5
"""Frames of a flight that are drawn."""


def measured_contacts(
    contacts: Sequence[Contact], time: FloatArray, measured: BoolArray
) -> list[Contact]:
    """Contacts throughout which forces were measured; time (T,), s, and measured (T,) bool."""
    chosen = []
    for contact in contacts:
        inside = (time >= contact.touchdown) & (time <= contact.toe_off)
        if inside.sum() > 1 and measured[inside].all():
            chosen.append(contact)
    return chosen


def drawn_steps(
    contacts: Sequence[Contact], time: FloatArray, maximum_flight: float
) -> Iterator[Step]:
    """Complete contact of each foot nearest to the middle of the motion."""
    middle = 0.5 * (time[0] + time[-1])
    for side in SIDES:
        complete = [
            contact for contact in contacts if contact.side == side and is_whole(contact, time)
        ]
        if complete:
            contact = min(complete, key=lambda x: abs(0.5 * (x.touchdown + x.toe_off) - middle))
            yield whole_step(contact, _next_touchdown(contact, contacts, maximum_flight))


def is_whole(contact: Contact, time: FloatArray) -> bool:
    """Tell whether a contact is complete and within the motion."""
    inside = contact.touchdown >= time[0] and contact.toe_off <= time[-1]
    return bool(contact.complete and inside)


def whole_step(contact: Contact, following: float = float("nan")) -> Step:
    """Step of a contact up to the next touchdown, NaN where that was not measured."""
    status: Status = "ok" if np.isfinite(following) else "incomplete"
    ends = contact.touchdown, contact.toe_off, following
    return Step(0, contact.side, *ends, status, "", contact.time_error)


def _next_touchdown(contact: Contact, contacts: Sequence[Contact], maximum_flight: float) -> float:
    """Next touchdown of the other foot; NaN where it was not measured."""
    later = [candidate for candidate in contacts if candidate.touchdown >= contact.toe_off]
    following = min(later, key=lambda candidate: candidate.touchdown, default=None)
    if following is None or following.side == contact.side:
        return float("nan")
    flight = following.touchdown - contact.toe_off
    return following.touchdown if flight <= maximum_flight else float("nan")


def stance_frames(step: Step, time: FloatArray, count: int = STANCE_FRAMES) -> slice:
    """Approximately `count` evenly spaced frames of a stance; all for 0."""
    inside = (time >= step.touchdown) & (time <= step.toe_off)
    first, last = int(np.argmax(inside)), len(inside) - int(np.argmax(inside[::-1]))
    return slice(first, last, max(1, (last - first) // (count or last - first)))


def flight_frames(step: Step, time: FloatArray) -> slice | None:
    """Frames of the flight after a step; None where it was not recorded or is too short."""
    if not np.isfinite(step.flight):
        return None
    until = min(step.next_touchdown, time[-1])
    inside = np.flatnonzero((time > step.toe_off) & (time < until))
    if len(inside) < FLIGHT_FRAMES:
        return None
    first, last = int(inside[0]), int(inside[-1]) + 1
    return slice(first, last, (last - first) // FLIGHT_FRAMES)


def drawn_frames(contacts: Sequence[Contact], time: FloatArray, maximum_flight: float) -> IntArray:
    """Frames of one stance of each foot and of the flight after it, ascending."""
    numbers, chosen = np.arange(len(time)), np.zeros(len(time), dtype=bool)
    for step in drawn_steps(contacts, time, maximum_flight):
        for frames in (stance_frames(step, time), flight_frames(step, time)):
            chosen[numbers[frames] if frames is not None else []] = True
    return np.flatnonzero(chosen)
