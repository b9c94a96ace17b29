"""Centres of pressure and free moments that show a plate whose place or calibration is doubtful."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from aqbio.mechanics.force_plates.plates import Plates
from aqbio.mechanics.recordings.foot_contacts import FeetLoads, FootContact
from aqbio.mechanics.recordings.pressure import (
    FRICTION_ARM,
    LOADED_SHARE,
    OUTSIDE,
    friction_arm,
    pressure_distance,
)
from aqbio.mechanics.vectors import BoolArray, FloatArray
from aqbio.names import SIDES
from aqbio.stages.prepare.notes import Notes

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
        f"shoe, up to {moment:.0f} N m and {MILLIMETRES * arm:.0f} mm times the force, more than "
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
