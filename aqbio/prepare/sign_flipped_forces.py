"""Sign-flipped components of forces: named, and not used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from aqbio.force_plates.bands import low_passed
from aqbio.force_plates.forces import Plates, centre_of_pressure
from aqbio.prepare.contact_findings import MAX_FRICTION_ARM_M, MAX_SOLE_DISTANCE_M, friction_arm
from aqbio.prepare.contacts import EVENT_MARGIN_S, NO_FOOT, FeetLoads, FootContact, contact_span
from aqbio.prepare.force_signs import COMPONENTS, SourceLoads, factors, sign_flipped_sources
from aqbio.prepare.marked_body import MarkedBody
from aqbio.prepare.notes import Notes
from aqbio.prepare.plates import plate_loads
from aqbio.vectors import BoolArray, FloatArray, IntArray

LOADED_N = 50.0
"""Vertical force from which a centre of pressure counts, N."""

WORDS = {"force_x": "fore-aft force", "force_z": "sideways force"}
"""Components that are judged before the body is solved, as users know them."""


MOMENTS: Mapping[str, tuple[str, tuple[int, int, int]]] = MappingProxyType(
    {
        "moment-x-sign": ("moment about the fore-aft axis", (-1, 1, 1)),
        "moment-z-sign": ("moment about the sideways axis", (1, 1, -1)),
        "pressure-sign": ("moments about both horizontal axes", (-1, 1, -1)),
        "moment-y-sign": ("moment about the vertical", (1, -1, 1)),
    }
)
"""Moments about a plate's own point that may be sign-flipped, by rule: words, and signs."""


def with_right_moments(
    plates: Plates | None, feet: FloatArray, time: FloatArray, notes: Notes
) -> tuple[Plates | None, BoolArray]:
    """Plates whose centre of pressure lies under the feet, and which had flipped moments.

    A sign-flipped moment mirrors the centre of pressure on the plate, or, about the vertical, makes
    a free moment that no shoe can bear. It is named where flipping it back, of all plates or of
    one, mends that. The flipped ones tell where a foot stands, and nothing else.
    """
    if plates is None:
        return None, np.zeros(0, dtype=np.bool_)
    none = np.zeros(len(plates.numbers), dtype=np.bool_)
    wrong, all_loads = (
        _wrong_loads(plates, feet, time, include_all=include_all) for include_all in (False, True)
    )
    doubted = wrong > HALF * all_loads
    single = [np.arange(len(wrong)) == plate for plate in np.flatnonzero(doubted)]
    for chosen in (all_loads > 0, *single) if doubted.any() else ():
        for rule, (words, signs) in MOMENTS.items():
            flipped = _with_flipped_moments(plates, chosen, signs)
            if not _wrong_loads(flipped, feet, time)[chosen].any():
                _note_moment(
                    rule, words, _plate_names(plates, chosen), int(wrong[chosen].sum()), notes
                )
                return flipped, chosen
    return plates, none


def _note_moment(rule: str, words: str, name: str, count: int, notes: Notes) -> None:
    notes.add(
        rule,
        "error",
        f"the sign of the {words} is flipped ({name}): as recorded, {count} loads have their "
        f"centre of pressure more than {1e3 * MAX_SOLE_DISTANCE_M:.0f} mm beside the foot, or more "
        f"than {1e3 * MAX_FRICTION_ARM_M:.0f} mm times the force as free moment; with it flipped "
        f"back none has. The forces of {name} are not used; when the feet stand is still "
        "taken from them.",
        number=float(count),
        limit=0.0,
        unit="loads",
        where=rule.replace("-", "_"),
        fix="correct the sign of that channel or column and export the forces again.",
        forces=True,
    )


HALF = 0.5
"""A moment is asked where more than this part of the loads of a plate do not lie under a foot."""


def _wrong_loads(
    plates: Plates, feet: FloatArray, time: FloatArray, *, include_all: bool = False
) -> IntArray:
    """Count each plate's loads (P,) that no foot can have made; ``include_all``: with a foot."""
    count = np.zeros(len(plates.numbers), dtype=np.int64)
    _, free = centre_of_pressure(
        plates.wrench.force, plates.wrench.moment, plates.wrench.point, plates.surface, LOADED_N
    )
    for load in plate_loads(plates, feet, time):
        if load.foot == NO_FOOT:
            continue
        sample = plates.samples_of(time[load.frames])
        arm = friction_arm(free[sample, load.plate], plates.vertical[sample, load.plate])
        count[load.plate] += include_all or not load.under or arm > MAX_FRICTION_ARM_M
    return count


def _with_flipped_moments(plates: Plates, chosen: BoolArray, signs: tuple[int, int, int]) -> Plates:
    """Plates with moments of some of them, about their own points, sign-flipped."""
    wrench = plates.wrench
    factor = np.where(chosen[:, None], np.asarray(signs, dtype=float), 1.0)
    return replace(plates, wrench=replace(wrench, moment=factor * wrench.moment))


def without_sign_flipped(
    plates: Plates | None,
    loads: FeetLoads | None,
    kinematic: Sequence[FootContact],
    body: MarkedBody | None,
    cutoff: float,
    notes: Notes,
    moments: BoolArray,
) -> tuple[Plates | None, FeetLoads | None, tuple[FootContact, ...]]:
    """Leave out plates with a sign-flipped component, with a finding; and contacts.

    The vertical force still tells when a foot stands: contacts of such plates stay, without
    force. Where none other is left, there are no loads, and these contacts, the plates', replace
    the ``kinematic`` ones. Plates with sign-flipped ``moments`` (P,) are named already.
    """
    if plates is None or loads is None:
        return plates, loads, tuple(kinematic)
    flipped = moments | _sign_flipped_plates(plates, loads, kinematic, body, cutoff, notes)
    if not flipped.any():
        return plates, loads, tuple(kinematic)
    if not (~flipped & np.isin(np.arange(len(flipped)), _used(loads))).any():
        contacts = (*(_without_force(contact) for contact in loads.contacts), *loads.unmeasured)
        return (
            None,
            None,
            tuple(sorted(contacts, key=lambda contact: float(contact_span(contact)[0]))),
        )
    return (*_remaining(plates, loads, ~flipped), tuple(kinematic))


def _sign_flipped_plates(
    plates: Plates,
    loads: FeetLoads,
    kinematic: Sequence[FootContact],
    body: MarkedBody | None,
    cutoff: float,
    notes: Notes,
) -> BoolArray:
    """Plates (P,) with a component of the force that moves the body the wrong way, with a note."""
    flipped = np.zeros(len(plates.numbers), dtype=np.bool_)
    if body is None:
        return flipped
    force_factors = factors(
        body.time,
        body.com,
        body.angular_momentum,
        plate_loads_on_frames(plates, body.time, cutoff),
        known_frames(body, plates, loads, kinematic),
    )
    if force_factors is None:
        return flipped
    for component, words in WORDS.items():
        index = COMPONENTS.index(component)
        has_flipped_component = sign_flipped_sources(force_factors, index)
        if has_flipped_component.any():
            _note_sign_flipped(
                component,
                words,
                plates,
                has_flipped_component,
                *force_factors.common(index, has_flipped_component),
                notes,
            )
        flipped |= has_flipped_component
    return flipped


def _plate_names(plates: Plates, chosen: BoolArray) -> str:
    numbers = [str(plates.numbers[index]) for index in np.flatnonzero(chosen)]
    return f"plate{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"


def _used(loads: FeetLoads) -> list[int]:
    """Plates on which a foot stood."""
    return [plate for contact in loads.contacts for plate in contact.plates]


def known_frames(
    body: MarkedBody, plates: Plates, loads: FeetLoads, kinematic: Sequence[FootContact]
) -> BoolArray:
    """Frames (T,) between first and last contact in which forces and the body are known."""
    time = body.time
    spans = np.array([contact_span(contact) for contact in loads.contacts])
    inside = (time >= spans.min() - EVENT_MARGIN_S) & (time <= spans.max() + EVENT_MARGIN_S)
    inside &= body.is_followed & (plates.samples_of(time) >= 0)
    for contact in (*kinematic, *loads.unmeasured):
        start, stop = contact_span(contact)
        if contact in loads.unmeasured or not ((start < spans[:, 1]) & (stop > spans[:, 0])).any():
            inside &= ~((time > start - EVENT_MARGIN_S) & (time < stop + EVENT_MARGIN_S))
    return np.asarray(inside)


def plate_loads_on_frames(plates: Plates, time: FloatArray, cutoff: float) -> SourceLoads:
    """Low-passed loads of the plates at instants (T,), s."""
    wrench = low_passed(plates.wrench, plates.rate, cutoff)
    sample = plates.samples_of(time)
    pressure, free = centre_of_pressure(
        wrench.force, wrench.moment, wrench.point, plates.surface, LOADED_N
    )
    loaded = np.isfinite(free[sample]) & (sample >= 0)[:, None]
    return SourceLoads(
        np.where(loaded[..., None], wrench.force[sample], 0.0),
        np.where(loaded[..., None], pressure[sample], np.nan),
        np.where(loaded, free[sample], 0.0),
    )


def _note_sign_flipped(
    component: str,
    words: str,
    plates: Plates,
    flipped: BoolArray,
    factor: float,
    sd: float,
    notes: Notes,
) -> None:
    name = _plate_names(plates, flipped)
    notes.add(
        f"{component.replace('_', '-')}-sign",
        "error",
        f"the sign of the {words} is flipped ({name}): the body moves as if that force were "
        f"{factor:.2f} ± {sd:.2f} times what was recorded, and 1 is right. The forces of {name} "
        "are not used; when the feet stand is still "
        "taken from them.",
        number=factor,
        limit=0.0,
        unit="1",
        where=f"{component}_sign",
        fix="correct the sign of that channel or column, or the laboratory axes of the plates, "
        "and export the forces again.",
        forces=True,
    )


def _without_force(contact: FootContact) -> FootContact:
    return replace(contact, plates=(), edge_distance=float("nan"), peak=float("nan"))


def _remaining(plates: Plates, loads: FeetLoads, keep: BoolArray) -> tuple[Plates, FeetLoads]:
    """Plates that are kept, and loads in which contacts on the others have no force."""
    new_index = np.cumsum(keep) - 1
    sound = [contact for contact in loads.contacts if all(keep[plate] for plate in contact.plates)]
    without_force = [_without_force(contact) for contact in loads.contacts if contact not in sound]
    cop, free = loads.cop.copy(), loads.free_moment.copy()
    for contact in without_force:
        start, stop = contact_span(contact)
        during = (plates.time >= start) & (plates.time <= stop)
        cop[during, contact.foot], free[during, contact.foot] = np.nan, np.nan
    left = replace(
        plates,
        wrench=plates.wrench.select(keep),
        corners=plates.corners[keep],
        numbers=tuple(plates.numbers[index] for index in np.flatnonzero(keep)),
        feet=tuple(plates.feet[index] for index in np.flatnonzero(keep)),
    )
    return left, replace(
        loads,
        contacts=tuple(
            replace(contact, plates=tuple(int(new_index[plate]) for plate in contact.plates))
            for contact in sound
        ),
        on_plates=tuple(
            replace(contact, plate=int(new_index[contact.plate]))
            for contact in loads.on_plates
            if keep[contact.plate]
        ),
        cop=cop,
        free_moment=free,
        unmeasured=(*loads.unmeasured, *without_force),
    )
