"""Contacts and loads of both feet over all plates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.force_plates.forces import centre_of_pressure
from aqbio.force_plates.plates import Plates
from aqbio.recordings.events import contacts, event_force
from aqbio.recordings.feet import (
    LEFT,
    NOBODY,
    RIGHT,
    PlateContact,
    assigned_contacts,
    edge_distance,
    foot_loads,
    plate_contacts,
    plate_owner,
)
from aqbio.signals.filters import low_pass
from aqbio.vectors import BoolArray, FloatArray, IntArray

SEAM = 0.02
"""Widest slit between neighbouring plates, m."""

SHORTEST = 0.040
"""No foot is on the ground for less, s."""

EVENT_MARGIN = 0.02
"""Events of foot markers are off by less, s: 18 ms in the recordings that were tested."""

LEAK_PERIODS = 3.0
"""Around a contact a plate belongs to its foot for this many periods of the matched cut-off."""


EVENT_MINIMUM_S = 0.010
"""Shortest time above the threshold that counts as a contact, s."""

COP_THRESHOLD_N = 100.0
"""Vertical force above which a centre of pressure is shown, N."""


@dataclass(frozen=True, slots=True)
class EventRules:
    """How contacts are found."""

    threshold: float
    """Vertical force that starts and ends a contact, N."""
    minimum_s: float
    """Shortest contact, s."""
    event_cutoff: float
    """Low-pass cut-off of the force that events are taken from, Hz."""
    cutoff: float
    """Matched low-pass cut-off of forces and kinematics, Hz."""
    cop_threshold: float
    """Vertical force from which a centre of pressure is good enough to show, and a contact is more
    than a touch, N."""


@dataclass(frozen=True, slots=True)
class FootContact:
    """One contact of one foot, over all plates that it loads."""

    foot: int
    """{0, 1}."""
    touchdown: float
    toe_off: float
    """touchdown, toe_off: On the clock of the markers, s; NaN where foot markers show none."""
    plates: tuple[int, ...]
    """Indices of the loaded plates."""
    complete: bool
    """False when an end of the forces or of the markers cuts it, or when the other foot shares a
    plate with it."""
    edge_distance: float
    """Smallest distance of the centre of pressure from the edge of the loaded plates, m; NaN when
    the corners are unknown."""
    peak: float
    """Largest vertical force, N."""
    shared: bool = False
    """Whether the other foot shares a plate with it."""


def contact_span(one: FootContact) -> FloatArray:
    """First and last instant (2,) of a contact, s; 40 ms of one whose other event is not known."""
    events = np.array([one.touchdown, one.toe_off])
    return np.where(np.isnan(events), events[::-1] + np.array([-SHORTEST, SHORTEST]), events)


@dataclass(frozen=True, slots=True)
class FeetLoads:
    """Loads and contacts of both feet; S force samples."""

    contacts: tuple[FootContact, ...]
    """In the order of time."""
    on_plates: tuple[PlateContact, ...]
    """The contacts plate by plate, also those of nobody."""
    force: FloatArray
    moment: FloatArray
    """force, moment: (S, 2, 3) arrays, N and N m. Not filtered; moments about the ground origin."""
    event_force: FloatArray
    """(S, 2) array, N. Vertical, at the cut-off of events."""
    cop: FloatArray
    """(S, 2, 3) array, m. NaN while the foot's vertical force is below the limit for display."""
    free_moment: FloatArray
    """(S, 2) array, N m."""
    unmeasured: tuple[FootContact, ...] = ()
    """Contacts by the foot markers, or on other plates, whose force is not known."""


def feet_loads(
    plates: Plates,
    feet: FloatArray,
    frame_time: FloatArray,
    rules: EventRules,
    sharp: FloatArray | None = None,
) -> FeetLoads:
    """Find all contacts, give each to a foot and sum the loads of each foot.

    Parameters
    ----------
    plates : Plates
        Offsets removed.
    feet : (T, 2, K, 3) array, m
        Markers of the left and of the right foot, heel first, ground axes.
    frame_time : (T,) array, s
        Clock of the markers.
    sharp : (S, P, 6) array, optional
        `plate_event_force` at the rules' cut-off, for who tries several rules.

    Notes
    -----
    Touchdown and toe-off come from a foot's summed force, so that a foot on two plates has one
    contact.
    """
    if sharp is None:
        sharp = plate_event_force(plates, rules.event_cutoff)
    on_plates = _contacts_on_plates(plates, sharp, feet, frame_time, rules)
    margin = round(LEAK_PERIODS * plates.rate / rules.cutoff)
    owner = plate_owner(on_plates, len(plates.wrench.force), len(plates.numbers), margin)
    force, moment = foot_loads(plates.wrench.force, plates.wrench.moment_about_origin(), owner)
    sharp = event_force(np.concatenate((force, moment), axis=2), plates.rate, rules.event_cutoff)
    cop, free_moment = centre_of_pressure(
        sharp[..., :3],
        sharp[..., 3:],
        np.zeros(3),
        _carrying_surface(plates, owner),
        rules.cop_threshold,
    )
    vertical = sharp[..., 1]
    found = [
        contact
        for foot in (LEFT, RIGHT)
        for contact in _contacts_of(
            foot,
            plates,
            vertical[:, foot],
            cop[:, foot],
            [one for one in on_plates if one.foot == foot],
            rules,
        )
    ]
    found = [_within(contact, frame_time) for contact in found if _overlaps(contact, frame_time)]
    found.sort(key=lambda contact: contact.touchdown)
    return FeetLoads(tuple(found), tuple(on_plates), force, moment, vertical, cop, free_moment)


def plate_event_force(plates: Plates, cutoff: float) -> FloatArray:
    """Force and moment of every plate that events are taken from, (S, P, 6), N and N m."""
    wrench = plates.wrench
    return event_force(np.concatenate((wrench.force, wrench.moment), axis=2), plates.rate, cutoff)


def loads_on_frames(
    loads: FeetLoads, plates: Plates, frame_time: FloatArray, cutoff: float
) -> tuple[FloatArray, FloatArray]:
    """Low-passed load of each foot on the clock of the markers.

    Parameters
    ----------
    loads : FeetLoads
        At the plates' rate.
    frame_time : (T,) array, s
    cutoff : float
        Hz.

    Returns
    -------
    force, moment : (T, 2, 3) arrays, N and N m
        About the ground origin; NaN where forces were not recorded or are not known.
    """
    from scipy.interpolate import CubicSpline

    both = low_pass(np.concatenate((loads.force, loads.moment), axis=2), plates.rate, cutoff)
    values: FloatArray = CubicSpline(plates.time, both, axis=0)(frame_time)
    values[plates.samples_of(frame_time) < 0] = np.nan
    for start, stop in map(contact_span, loads.unmeasured):
        values[(frame_time > start - EVENT_MARGIN) & (frame_time < stop + EVENT_MARGIN)] = np.nan
    return values[..., :3], values[..., 3:]


def _contacts_on_plates(
    plates: Plates,
    sharp: FloatArray,
    feet: FloatArray,
    frame_time: FloatArray,
    rules: EventRules,
) -> list[PlateContact]:
    """Contacts plate by plate; where no foot is seen the file's word for the foot is taken."""
    cop, _ = centre_of_pressure(
        sharp[..., :3], sharp[..., 3:], plates.wrench.point, plates.surface, rules.threshold
    )
    vertical = sharp[..., 1]
    found = plate_contacts(vertical, plates.rate, rules.threshold, rules.minimum_s)
    given = assigned_contacts(found, vertical, cop, feet, plates.samples_of(frame_time))
    return [
        replace(one, foot=plates.feet[one.plate])
        if one.foot == NOBODY and np.isnan(one.distance)
        else one
        for one in given
    ]


def _carrying_surface(plates: Plates, owner: IntArray) -> FloatArray:
    """Height (S, 2) of the plate that carries most of each foot's load."""
    carried = [np.where(owner == foot, plates.vertical, -np.inf) for foot in (LEFT, RIGHT)]
    height: FloatArray = plates.surface[np.stack([one.argmax(axis=1) for one in carried], axis=1)]
    return height


def _contacts_of(
    foot: int,
    plates: Plates,
    vertical: FloatArray,
    cop: FloatArray,
    mine: list[PlateContact],
    rules: EventRules,
) -> list[FootContact]:
    spans = contacts(vertical, plates.rate, rules.threshold, rules.minimum_s)
    found = []
    for index, (start, stop) in enumerate(spans.samples):
        peak = float(vertical[start:stop].max())
        if peak < rules.cop_threshold:
            continue
        on = [one for one in mine if one.start < stop and one.stop > start]
        loaded = np.zeros(len(plates.numbers), dtype=np.bool_)
        loaded[[one.plate for one in on]] = True
        shared = any(one.shared for one in on)
        found.append(
            FootContact(
                foot=foot,
                touchdown=float(plates.start + spans.touchdown[index]),
                toe_off=float(plates.start + spans.toe_off[index]),
                plates=tuple(int(plate) for plate in np.flatnonzero(loaded)),
                complete=bool(spans.complete[index]) and not shared,
                edge_distance=_smallest_edge_distance(cop[start:stop], plates.corners, loaded),
                peak=peak,
                shared=shared,
            )
        )
    return found


def _overlaps(contact: FootContact, frame_time: FloatArray) -> bool:
    return bool(contact.toe_off > frame_time[0] and contact.touchdown < frame_time[-1])


def _within(contact: FootContact, frame_time: FloatArray) -> FootContact:
    """Mark a contact that starts before the first frame or ends after the last one."""
    cut = contact.touchdown < frame_time[0] or contact.toe_off > frame_time[-1]
    return replace(contact, complete=False) if cut else contact


def _smallest_edge_distance(cop: FloatArray, corners: FloatArray, loaded: BoolArray) -> float:
    known = ~np.isnan(corners.sum(axis=(1, 2)))
    distances = edge_distance(cop[~np.isnan(cop.sum(axis=1))], corners, loaded & known, SEAM)
    seen = distances[np.isfinite(distances)]
    return float(seen.min()) if len(seen) else float("nan")
