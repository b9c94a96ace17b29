"""Forces with a component whose sign is turned: named, and not used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aqbio.force_plates.forces import Plates, centre_of_pressure
from aqbio.recordings.contacts import EVENT_MARGIN, FeetLoads, FootContact, contact_span
from aqbio.recordings.force_signs import COMPONENTS, SourceLoads, factors, turned_sources
from aqbio.recordings.marked_body import MarkedBody
from aqbio.recordings.notes import Notes
from aqbio.vectors import BoolArray, FloatArray

LOADED_N = 50.0
"""Vertical force from which a centre of pressure counts, N."""

WORDS = {"force_x": "fore-aft force", "force_z": "sideways force"}
"""Components that are judged before the body is solved, as users know them."""


def without_turned(
    plates: Plates | None,
    loads: FeetLoads | None,
    kinematic: Sequence[FootContact],
    body: MarkedBody | None,
    cutoff: float,
    notes: Notes,
) -> tuple[Plates | None, FeetLoads | None, tuple[FootContact, ...]]:
    """Plates and loads without those that have a turned component, with a finding; and contacts.

    The vertical force still tells when a foot stands: contacts of turned plates stay, without
    force. Where none other is left, there are no loads, and these contacts, the plates', replace
    the ``kinematic`` ones.
    """
    if plates is None or loads is None or body is None:
        return plates, loads, tuple(kinematic)
    known = known_frames(body.time, plates, loads, kinematic)
    found = factors(
        body.time,
        body.com,
        body.angular_momentum,
        plate_loads_on_frames(plates, body.time, cutoff),
        known,
    )
    turned = np.zeros(len(plates.numbers), dtype=np.bool_)
    if found is None:
        return plates, loads, tuple(kinematic)
    for component, words in WORDS.items():
        index = COMPONENTS.index(component)
        own = turned_sources(found, index)
        if own.any():
            _note_turned(component, words, plates, own, *found.common(index, own), notes)
        turned |= own
    if not turned.any():
        return plates, loads, tuple(kinematic)
    if not (~turned & np.isin(np.arange(len(turned)), _used(loads))).any():
        contacts = (*(_without_force(one) for one in loads.contacts), *loads.unmeasured)
        return None, None, tuple(sorted(contacts, key=lambda one: float(contact_span(one)[0])))
    return (*_remaining(plates, loads, ~turned), tuple(kinematic))


def _used(loads: FeetLoads) -> list[int]:
    """Plates on which a foot stood."""
    return [plate for one in loads.contacts for plate in one.plates]


def known_frames(
    time: FloatArray, plates: Plates, loads: FeetLoads, kinematic: Sequence[FootContact]
) -> BoolArray:
    """Frames (T,) between the first and the last contact in which all forces were measured."""
    spans = np.array([contact_span(one) for one in loads.contacts])
    known = (time >= spans.min() - EVENT_MARGIN) & (time <= spans.max() + EVENT_MARGIN)
    known &= plates.samples_of(time) >= 0
    for one in (*kinematic, *loads.unmeasured):
        start, stop = contact_span(one)
        if one in loads.unmeasured or not ((start < spans[:, 1]) & (stop > spans[:, 0])).any():
            known &= ~((time > start - EVENT_MARGIN) & (time < stop + EVENT_MARGIN))
    return np.asarray(known)


def plate_loads_on_frames(plates: Plates, time: FloatArray, cutoff: float) -> SourceLoads:
    """Low-passed loads of the plates at instants (T,), s."""
    wrench, sample = plates.wrench.filtered(plates.rate, cutoff), plates.samples_of(time)
    pressure, free = centre_of_pressure(
        wrench.force, wrench.moment, wrench.point, plates.surface, LOADED_N
    )
    loaded = np.isfinite(free[sample]) & (sample >= 0)[:, None]
    return SourceLoads(
        np.where(loaded[..., None], wrench.force[sample], 0.0),
        np.where(loaded[..., None], pressure[sample], np.nan),
        np.where(loaded, free[sample], 0.0),
    )


def _note_turned(
    component: str,
    words: str,
    plates: Plates,
    turned: BoolArray,
    factor: float,
    sd: float,
    notes: Notes,
) -> None:
    numbers = [str(plates.numbers[index]) for index in np.flatnonzero(turned)]
    name = f"plate{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
    notes.add(
        f"{component.replace('_', '-')}-sign",
        "error",
        f"the sign of the {words} is turned ({name}): the body moves as if that force were "
        f"{factor:.2f} ± {sd:.2f} times what was recorded, and 1 is right. The forces of {name} "
        "are not used; when the feet stand is still taken from them.",
        number=factor,
        limit=0.0,
        unit="1",
        where=f"{component}_sign",
        fix="correct the sign of that channel or column, or the laboratory axes of the plates, "
        "and export the forces again.",
        forces=True,
    )


def _without_force(one: FootContact) -> FootContact:
    return replace(one, plates=(), edge_distance=float("nan"), peak=float("nan"))


def _remaining(plates: Plates, loads: FeetLoads, kept: BoolArray) -> tuple[Plates, FeetLoads]:
    """Plates that are kept, and loads in which contacts on the others have no force."""
    place = np.cumsum(kept) - 1
    sound = [one for one in loads.contacts if all(kept[plate] for plate in one.plates)]
    lost = [_without_force(one) for one in loads.contacts if one not in sound]
    cop, free = loads.cop.copy(), loads.free_moment.copy()
    for one in lost:
        start, stop = contact_span(one)
        during = (plates.time >= start) & (plates.time <= stop)
        cop[during, one.foot], free[during, one.foot] = np.nan, np.nan
    left = replace(
        plates,
        wrench=plates.wrench.select(kept),
        corners=plates.corners[kept],
        numbers=tuple(plates.numbers[index] for index in np.flatnonzero(kept)),
        feet=tuple(plates.feet[index] for index in np.flatnonzero(kept)),
    )
    return left, replace(
        loads,
        contacts=tuple(
            replace(one, plates=tuple(int(place[plate]) for plate in one.plates)) for one in sound
        ),
        on_plates=tuple(
            replace(one, plate=int(place[one.plate])) for one in loads.on_plates if kept[one.plate]
        ),
        cop=cop,
        free_moment=free,
        unmeasured=(*loads.unmeasured, *lost),
    )
