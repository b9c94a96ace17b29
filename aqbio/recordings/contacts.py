"""What is worth knowing about the contacts of one trial and their centres of pressure."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from aqbio.errors import distinct
from aqbio.force_plates.plates import Plates
from aqbio.names import SIDES
from aqbio.recordings.feet import CLEAR_MARGIN, NOBODY, PlateContact
from aqbio.recordings.foot_contacts import FeetLoads, FootContact
from aqbio.recordings.notes import Notes
from aqbio.recordings.pressure import (
    FRICTION_ARM,
    LOADED_SHARE,
    OUTSIDE,
    friction_arm,
    pressure_distance,
)
from aqbio.vectors import BoolArray, FloatArray

ELSEWHERE = 0.5
"""Forces are of another trial, clock or place when more than this share belongs to nobody."""


def note_contacts(
    loads: FeetLoads, plates: Plates, end: float, edge_limit: float, notes: Notes
) -> None:
    """Note contacts of nobody, of both feet, of the wrong columns, cut ones and partial ones.

    ``end`` is the last instant of the motion, s: what plates measure later, or before its start at
    0 s, belongs to no contact of this trial.
    """
    for one in loads.on_plates:
        start, stop = (plates.start + sample / plates.rate for sample in (one.start, one.stop))
        name = f"contact on plate {plates.numbers[one.plate]} at {start:.3f} s"
        seen = min(stop, end) - max(start, 0.0)
        if np.isnan(one.distance) and seen < 0.5 * (stop - start):
            _note_outside(name, start, stop, end, notes)
        else:
            _note_foot(one, name, plates.feet[one.plate], notes)
    for contact in loads.contacts:
        _note_completeness(contact, plates, edge_limit, notes)
    if not loads.contacts:
        notes.add(
            "contacts-none",
            "warning",
            "no foot loads a plate in this trial.",
            fix="check the plates, or leave the trial out.",
            forces=True,
        )


def share_of_nobody(loads: FeetLoads) -> float:
    """Share of the force on the plates that lies where no foot is."""
    seen = _placed(loads)
    size = {True: 0.0, False: 0.0}
    for one in seen:
        size[one.foot == NOBODY] += one.peak * (one.stop - one.start)
    return size[True] / sum(size.values()) if seen else 0.0


def _placed(loads: FeetLoads) -> list[PlateContact]:
    """Contacts during which a foot is seen somewhere."""
    return [one for one in loads.on_plates if one.foot != NOBODY or np.isfinite(one.distance)]


def forces_elsewhere(loads: FeetLoads, notes: Notes) -> bool:
    """Whether most of the load lies where no foot is, and say so: it is not this trial's."""
    seen, share = _placed(loads), share_of_nobody(loads)
    if share <= ELSEWHERE:
        return False
    nobody = [one for one in seen if one.foot == NOBODY]
    notes.add(
        "forces-elsewhere",
        "error",
        f"{len(nobody)} of {len(seen)} loads on the plates, {share:.0%} of the force, lie where no "
        "foot is: forces and markers do not belong together. The forces are not used.",
        number=share,
        limit=ELSEWHERE,
        fix="check that force_file is this trial's, its clock and rate, the unit and axes of its "
        "points of application, and the corners of the plates.",
        forces=True,
    )
    return True


def note_no_forces(notes: Notes, *, recorded: bool) -> None:
    """Note that there are no forces: none recorded, or none that can be used."""
    notes.add(
        "forces-none",
        "warning",
        "no force of the trial can be used: plates or columns are zero, left out or not declared."
        if recorded
        else "the trial has no force plates: kinetics and events from plates are not possible.",
        fix="look at the other findings of this trial, and export its forces again."
        if recorded
        else "name the MOT file in the column force_file, if there is one.",
        forces=recorded,
    )


def _note_foot(one: PlateContact, name: str, named: int, notes: Notes) -> None:
    if one.foot == NOBODY:
        unseen = bool(np.isnan(one.distance))
        notes.add(
            "contact-nobody",
            "warning",
            f"the {name} ({one.peak:.0f} N) belongs to nobody: "
            + (
                "no foot marker is seen then."
                if unseen
                else f"the next foot is {one.distance:.2f} m away."
            ),
            number=None if unseen else one.distance,
            unit="m",
            fix="label the feet there, if the contact is needed; the plate is used elsewhere."
            if unseen
            else "check the plate's position and the foot markers, or list the plate in "
            "laboratory.ignore_plates.",
            forces=True,
        )
        return
    side = SIDES[one.foot]
    if one.shared:
        notes.add(
            "contact-shared",
            "error",
            f"both feet stand on one plate during the {name}: their loads cannot be told apart.",
            fix="use a trial with one foot per plate.",
            forces=True,
        )
    elif one.margin < CLEAR_MARGIN:
        notes.add(
            "foot-ambiguous",
            "warning",
            f"the {name} is given to the {side} foot, but the other one is only "
            f"{1e3 * one.margin:.0f} mm farther away.",
            number=one.margin,
            limit=CLEAR_MARGIN,
            unit="m",
            fix="look at the feet in the capture software.",
            forces=True,
        )
    if named not in (NOBODY, one.foot):
        notes.add(
            "foot-columns",
            "warning",
            f"the {name} is in the columns of the {SIDES[named]} foot, but the {side} foot is on "
            "it; the markers are believed.",
            fix="check the labels of the feet and the names of the force columns.",
            forces=True,
        )


def _note_outside(name: str, start: float, stop: float, end: float, notes: Notes) -> None:
    """Note a contact that lies, in its loaded part at least, outside the recorded motion."""
    notes.add(
        "contact-outside",
        "info",
        f"the {name} lasts until {stop:.3f} s, but the motion is recorded from 0 to {end:.3f} s: "
        "nobody can say whose foot it is, and it is not used.",
        number=stop if stop > end else start,
        limit=end if stop > end else 0.0,
        unit="s",
        fix="export the motion over the whole contact, if it is needed.",
        forces=True,
    )


def _nearness(distance: float, limit: float) -> str:
    """Where the centre of pressure went, from its distance to the edge, m, inside positive."""
    if distance < 0:
        return f"leaves its plate(s) by {-1e3 * distance:.0f} mm: part of its force is lost."
    return (
        f"comes within {1e3 * distance:.0f} mm of the edge of its plate(s), nearer than "
        f"{1e3 * limit:.0f} mm: part of the foot may be off."
    )


def _note_completeness(
    contact: FootContact, plates: Plates, edge_limit: float, notes: Notes
) -> None:
    name = f"{SIDES[contact.foot]} contact at {contact.touchdown:.3f} s"
    if not contact.complete and not contact.shared:
        notes.add(
            "contact-cut",
            "info",
            f"the {name} is cut by an end of the recording.",
            forces=True,
        )
    if contact.edge_distance < edge_limit:
        notes.add(
            "contact-near-edge",
            "warning",
            f"the {name} {_nearness(contact.edge_distance, edge_limit)}",
            number=contact.edge_distance,
            limit=edge_limit,
            unit="m",
            where="plate " + ", ".join(str(plates.numbers[plate]) for plate in contact.plates),
            fix="the step is rejected and its contact is not fitted; have the runner land "
            "farther inside the plates.",
            forces=True,
        )


MILLIMETRES = 1e3


def note_pressure(
    loads: FeetLoads, plates: Plates, feet: FloatArray, time: FloatArray, notes: Notes
) -> None:
    """Note plates on which the centre of pressure is beside the foot or the free moment too large.

    Parameters
    ----------
    feet : (T, 2, K, 3) array, m
        Markers of both feet, heel first.
    time : (T,) array, s
        Clock of the markers.
    """
    on: dict[tuple[int, ...], list[FootContact]] = defaultdict(list)
    for contact in loads.contacts:
        if contact.complete:  # what is cut, or shared by both feet, shows less
            on[contact.plates].append(contact)
    for which, contacts in on.items():
        name = "plate " + "+".join(str(plates.numbers[plate]) for plate in which)
        _note_place(name, contacts, loads, plates, feet, time, notes)
        _note_moment(name, contacts, loads, plates, notes)


def _loaded(contact: FootContact, loads: FeetLoads, plates: Plates, time: FloatArray) -> BoolArray:
    """Instants of a contact at which its force is above half its peak."""
    sample = plates.samples_of(time)
    inside = (time >= contact.touchdown) & (time <= contact.toe_off) & (sample >= 0)
    heavy = loads.event_force[sample, contact.foot] >= LOADED_SHARE * contact.peak
    return np.asarray(inside & heavy)


def _note_place(
    name: str,
    contacts: list[FootContact],
    loads: FeetLoads,
    plates: Plates,
    feet: FloatArray,
    time: FloatArray,
    notes: Notes,
) -> None:
    away = {}
    for contact in contacts:
        frames = _loaded(contact, loads, plates, time)
        cop = loads.cop[plates.samples_of(time[frames]), contact.foot]
        distance = pressure_distance(cop, feet[frames, contact.foot])
        if distance > OUTSIDE:
            away[contact.touchdown] = (distance, SIDES[contact.foot])
    if not away:
        return
    largest, side = max(away.values())
    notes.add(
        "pressure-outside",
        "warning",
        f"{name}: in {len(away)} of {len(contacts)} contacts the centre of pressure lies up to "
        f"{MILLIMETRES * largest:.0f} mm beside the line from heel to toes ({side} foot), more "
        f"than the {MILLIMETRES * OUTSIDE:.0f} mm of a shoe: the place of the plate's origin or "
        "corners is doubtful, or what shows the feet: place, scale or clock of their markers; in a "
        "file of joint angles, the sign or unit of one.",
        number=MILLIMETRES * largest,
        limit=MILLIMETRES * OUTSIDE,
        unit="mm",
        where=_instants(list(away)),
        fix="check origin and corners of the plate, sign and unit of its moments, and in a file of "
        "joint angles those of pelvis and legs.",
        forces=True,
    )


def _note_moment(
    name: str, contacts: list[FootContact], loads: FeetLoads, plates: Plates, notes: Notes
) -> None:
    large: dict[float, tuple[float, float]] = {}
    for contact in contacts:
        samples = _loaded(contact, loads, plates, plates.time)
        moment = loads.free_moment[samples, contact.foot]
        arm = friction_arm(moment, loads.event_force[samples, contact.foot])
        if arm > FRICTION_ARM:
            large[contact.touchdown] = (arm, float(moment[np.nanargmax(np.abs(moment))]))
    if not large:
        return
    arm, moment = max(large.values())
    notes.add(
        "free-moment-large",
        "warning",
        f"{name}: in {len(large)} of {len(contacts)} contacts the free moment is too large for a "
        f"shoe, up to {moment:.0f} N m and "
        f"{distinct(MILLIMETRES * arm, MILLIMETRES * FRICTION_ARM)} mm times the force, more than "
        f"the {MILLIMETRES * FRICTION_ARM:.0f} mm that friction gives: the plate's origin or the "
        "calibration of its moments is doubtful.",
        number=MILLIMETRES * arm,
        limit=MILLIMETRES * FRICTION_ARM,
        unit="mm",
        where=_instants(list(large)),
        fix="check origin and corners of the plate, and the sign and unit of its moments.",
        forces=True,
    )


def _instants(touchdowns: list[float]) -> str:
    return "touchdown at " + ", ".join(f"{at:.3f}" for at in touchdowns) + " s"
