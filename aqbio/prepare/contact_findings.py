"""Contacts worth a finding; whether centres of pressure and free moments can be those of a foot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from aqbio.errors import Severity, distinct
from aqbio.force_plates.forces import Plates, centre_of_pressure
from aqbio.names import MILLIMETRES, MILLISECONDS, NORMAL_95, SIDES
from aqbio.prepare.broken_contacts import LOST_MIDDLE, LOST_TOE_OFF, LOST_TOUCHDOWN
from aqbio.prepare.contacts import (
    COP_THRESHOLD_N,
    LENGTHENING_ERROR,
    MIN_FOOT_MARGIN_M,
    NO_FOOT,
    FeetLoads,
    FootContact,
    ForceCut,
    PlateContact,
    contact_span,
    foot_distance,
    loads_on_frames,
)
from aqbio.prepare.events_from_markers import MarkerEvents
from aqbio.prepare.filters import ForceLowPass, LowPass
from aqbio.prepare.notes import Notes
from aqbio.prepare.people import of_people
from aqbio.vectors import FloatArray, finite_median


def note_contacts(
    loads: FeetLoads, plates: Plates, end: float, edge_limit: float, notes: Notes
) -> None:
    """Note contacts of no foot, both feet, the wrong columns, and cut or partial contacts."""
    names = []
    for load in loads.on_plates:
        start, stop = (plates.start + sample / plates.rate for sample in (load.start, load.stop))
        name = f"contact on plate {plates.numbers[load.plate]} at {notes.at(start)} s"
        names.append(name)
        overlap = min(stop, end) - max(start, 0.0)
        if not (np.isnan(load.distance) and overlap < 0.5 * (stop - start)):  # not recorded
            _note_foot(load, name, notes)
    _note_columns(loads.on_plates, names, plates, notes)
    for contact in loads.contacts:
        _note_completeness(contact, plates, edge_limit, notes)
    if not loads.contacts:
        note_no_forces(notes, recorded=True, usable=plates.is_lost is None)


def note_no_forces(notes: Notes, *, recorded: bool, usable: bool = False) -> None:
    """Note that there are no forces: none recorded, none that can be used, or none by a foot."""
    notes.add(
        "forces-none",
        "warning",
        "no foot loads a plate in this trial."
        if usable
        else "no force of the trial can be used: plates or columns are zero, left out or not "
        "declared."
        if recorded
        else "the trial has no force plates: kinetics and events from plates are not possible.",
        fix="look at the other findings of this trial, and export its forces again."
        if recorded
        else "name the MOT file in the column force_file, if there is one.",
        forces=recorded,
    )


def _note_foot(contact: PlateContact, name: str, notes: Notes) -> None:
    if contact.foot == NO_FOOT:
        unseen = bool(np.isnan(contact.distance))
        notes.add(
            "contact-nobody",
            "warning",
            f"the {name} ({contact.peak:.0f} N) belongs to no foot: "
            + (
                "no foot is seen near it then."
                if unseen
                else f"the next foot is {contact.distance:.2f} m away."
            ),
            number=None if unseen else contact.distance,
            unit="m",
            fix="label the feet there, if the contact is needed; the plate is used elsewhere."
            if unseen
            else "check the plate's position and the foot markers, or list the plate in "
            "laboratory.ignore_plates.",
            forces=True,
        )
        return
    side = SIDES[contact.foot]
    if contact.shared:
        notes.add(
            "contact-shared",
            "error",
            f"both feet stand on one plate during the {name}: their loads cannot be separated.",
            fix="use a trial with one foot per plate.",
            forces=True,
        )
    elif contact.margin < MIN_FOOT_MARGIN_M:
        notes.add(
            "foot-ambiguous",
            "warning",
            f"the {name} is given to the {side} foot, but the other one is only "
            f"{1e3 * contact.margin:.0f} mm farther away.",
            number=contact.margin,
            limit=MIN_FOOT_MARGIN_M,
            unit="m",
            fix="look at the feet in the capture software.",
            forces=True,
        )


def _note_columns(on_plates: Sequence[PlateContact], names: Sequence[str], plates: Plates,
                  notes: Notes) -> None:  # fmt: skip
    """Note contacts in columns that are named after the other foot.

    Columns that hold both feet are those of belts or plates, whatever they are called.
    """
    named = [
        (contact, name, plates.feet[contact.plate])
        for contact, name in zip(on_plates, names, strict=True)
        if NO_FOOT not in (contact.foot, plates.feet[contact.plate])
    ]
    if any(contact.foot == foot for contact, _, foot in named):
        return
    for contact, name, foot in named:
        notes.add(
            "foot-columns",
            "warning",
            f"the {name} is in the columns of the {SIDES[foot]} foot, but the "
            f"{SIDES[contact.foot]} foot is on it; the markers are used.",
            fix="check the labels of the feet and the names of the force columns.",
            forces=True,
        )


def _centre_direction(distance: float, limit: float) -> str:
    """Describe the centre of pressure by its distance to the edge, m, inside positive."""
    if distance < 0:
        return (
            f"leaves its plate(s) by {-1e3 * distance:.0f} mm, which no load on them does: place, "
            "origin or moments of a plate are off by as much."
        )
    near, edge = 1e3 * distance, 1e3 * limit
    return (
        f"comes within {distinct(near, edge)} mm of the edge of its plate(s), nearer than "
        f"{distinct(edge, near)} mm: part of the foot may be off."
    )


def _note_completeness(
    contact: FootContact, plates: Plates, edge_limit: float, notes: Notes
) -> None:
    name = f"{SIDES[contact.foot]} contact at {notes.at(contact.touchdown)} s"
    if contact.broken:
        _note_broken(contact, name, plates, notes)
    elif not contact.complete and not contact.shared:
        return  # cut by the start or end of the recording
    if contact.edge_distance < edge_limit:
        notes.add(
            "contact-near-edge",
            "warning",
            f"the {name} {_centre_direction(contact.edge_distance, edge_limit)}",
            number=contact.edge_distance,
            limit=edge_limit,
            unit="m",
            where="plate " + ", ".join(str(plates.numbers[plate]) for plate in contact.plates),
            fix="the step is rejected and its contact is not fitted; "
            + (
                "check corners, origins and calibration of the plates."
                if contact.edge_distance < 0
                else "have the runner land farther inside the plates."
            ),
            forces=True,
        )


def _note_broken(contact: FootContact, name: str, plates: Plates, notes: Notes) -> None:
    """Note a contact during which a plate failed."""
    description = {
        LOST_TOE_OFF: "falls to nothing at once at its end, which no foot does: "
        "toe-off is not known",
        LOST_TOUCHDOWN: "sets in at once, which no foot does: touchdown is not known",
        LOST_MIDDLE: "breaks off or stands still in its middle",
    }
    seconds = f"{contact.toe_off - contact.touchdown:.3f} s"
    notes.add(
        "contact-broken",
        "warning",
        f"the force of the {name} (to {notes.at(contact.toe_off)} s, {seconds}) "
        + " and ".join(words for part, words in description.items() if part in contact.broken)
        + ": the plate failed, and the step is left out.",
        number=contact.peak,
        unit="N",
        where="plate " + ", ".join(str(plates.numbers[plate]) for plate in contact.plates),
        fix="check cable, amplifier and channels of the plate, and export the trial again; without "
        "force_file the contacts come from the foot markers.",
        forces=True,
    )


MAX_FORCE_LOSS = 0.025
"""Share of its RMS that a half sine like the contacts may lose to a low-pass below the cut-off at
which forces and motion are matched: 0.05 to 0.07 of sprints at 10 Hz, 0.02 of a jog."""


def note_low_pass(
    low_pass: ForceLowPass, cutoff: float, notes: Notes, *, timed_by_markers: bool
) -> bool:
    """Note forces that were low-passed before; whether no more than their impulses can be used.

    ``cutoff`` of the study's own filter, Hz; ``timed_by_markers`` where foot markers know the times
    of contacts better.
    """
    longer = MILLIMETRES * low_pass.lengthening_s
    unusable = low_pass.lost_share > MAX_FORCE_LOSS and low_pass.cutoff_hz < cutoff
    times = f"and the error of contact times is wider by {LENGTHENING_ERROR * longer:.0f} ms"
    if unusable and timed_by_markers:
        times = "so that times of contacts are those of the foot markers"
    notes.add(
        "forces-low-passed",
        "warning",
        f"forces are low-passed at about {low_pass.cutoff_hz:.0f} Hz: contacts look about "
        f"{longer:.0f} ms longer than they are, {times}. "
        + (
            "Peak forces, joint moments and what forces do to angular momentum are n/a; mean "
            "forces are estimated from flight and contact times."
            if unusable
            else "Peak forces are too small."
        ),
        number=low_pass.cutoff_hz,
        limit=cutoff,
        unit="Hz",
        fix="export the forces unfiltered.",
        forces=True,
    )
    return unusable


MAX_SILENT_SHARE = 1e-6
"""Share of the largest force that a component which was not measured reaches."""


def note_silent_component(plates: Plates, feet: FloatArray, notes: Notes) -> bool:
    """Note level forces that are 0 on all plates; whether they are, and feet (T, 2, K, 3) move so.

    Of motions within a plane there is none across it.
    """
    level = plates.wrench.force[..., ::2].reshape(-1, 2)
    sizes, ways = np.linalg.eigh(level.T @ level)
    most = float(np.abs(plates.wrench.force).max(initial=0.0)) ** 2 * len(level)
    moves = np.ptp(feet[..., ::2].reshape(len(feet), -1, 2) @ ways, axis=0)
    silent = (sizes <= MAX_SILENT_SHARE**2 * most) & (moves > 0.0).any(axis=0)
    if not silent.any():
        return False
    across = np.abs(ways[:, 0]).argmax() == 1
    which = "horizontal" if silent.all() else "sideways" if across else "fore-aft"
    notes.add(
        "force-component",
        "warning",
        f"the {which} force is 0 on all plates while feet stand on them: it was not measured. "
        "Times and vertical peak forces of contacts and the body mass are those of the plates; "
        "joint moments and what forces do to angular momentum are n/a.",
        fix="export all three components of the forces; plates that measure the vertical force "
        "alone show no more.",
        forces=True,
    )
    return True


def note_cut(cut: ForceCut, threshold: float, notes: Notes) -> None:
    """Note forces that were set to zero below a level above the events' `threshold`, N."""
    shorter = MILLIMETRES * cut.shortening_s
    notes.add(
        "forces-cut",
        "warning",
        f"the vertical force begins and ends with a jump of about {cut.level:.0f} N: smaller "
        "forces were set to zero before the export. By how steep the force is there, contacts look "
        f"about {shorter:.0f} ms shorter than they are. The error of contact times is wider by as "
        "much; impulses and mean forces lack the load at both ends of each contact.",
        number=cut.level,
        limit=threshold,
        unit="N",
        fix="export the forces without a threshold.",
        forces=True,
    )


def band_loads(
    loads: FeetLoads, plates: Plates, time: FloatArray, cutoff: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Vertical force (T, 2) N, its centre (T, 2, 3) m, and free moment (T, 2) N m of both feet.

    Force and moment are low-passed at the cut-off, Hz, of the motion, and only then divided: belts
    and plates ring above it under a foot that lands, neither friction nor a place does.
    """
    force, moment = loads_on_frames(loads, plates, time, cutoff)
    height = loads.cop[plates.samples_of(time), :, 1]
    cop, free_moment = centre_of_pressure(force, moment, np.zeros(3), height, COP_THRESHOLD_N)
    return force[..., 1], cop, free_moment


class _Measured(NamedTuple):
    """A contact, and N frames in which its force is above a share of its largest."""

    contact: FootContact
    distance: float
    """Of the centre of pressure from the foot, m."""
    moment: FloatArray
    """(N,) array, N m."""
    vertical: FloatArray
    """(N,) array, N."""


MAX_HIDDEN_SHARE = 0.05
"""Share of the motion during a contact that a low-pass of the markers may hide: as much as angular
momenta are uncertain otherwise. JA1's sprint: 0.2 at 6 Hz, where momenta are off by a fifth, and
0.01 at 12 Hz, where they are off by a hundredth."""


def note_marker_low_pass(
    low_pass: LowPass,
    source: str,
    duration: float,
    cutoff: float,
    notes: Notes,
    *,
    events: MarkerEvents | None,
) -> None:
    """Note markers or joint angles (``source``) that were low-passed before, and what that hides.

    ``duration`` of a contact, s, NaN where unknown; ``cutoff`` of the study's own filter, Hz;
    ``events`` where contacts come from the foot markers.
    """
    hz, spread = low_pass.stated_hz, float(np.exp(NORMAL_95 * low_pass.error))
    is_known, costs = np.isfinite(duration), []
    if events is not None and events.filter_error:
        moved = f"{MILLISECONDS * events.filter_error:.0f} ms"
        costs.append(
            f"contact times by foot markers are n/a, an event may be off by {moved}"
            if events.withheld
            else f"events by foot markers may be off by {moved} more"
        )
    for hides, words in (
        (low_pass.hidden_motion, "motion that takes"), (low_pass.hidden_rates, "moment that acts")
    ):  # fmt: skip
        if is_known and (hidden := hides(duration)) > MAX_HIDDEN_SHARE:
            costs.append(f"{hidden:.0%} of a {words} as long as a contact is lost")
    severity: Severity = "warning" if costs else "info"
    if low_pass.cutoff_hz < cutoff:
        costs.append(f"what the study's cut-off of {cutoff:g} Hz would let through above is lost")
    low, high = hz / spread, hz * spread
    sure = f" ({low:.0f} to {high:.0f} Hz)" if round(low) != round(high) else ""
    notes.add(
        "markers-low-passed",
        severity,
        f"the {source} are low-passed at about {hz:.0f} Hz"
        f"{sure}: {'; '.join(costs) or 'nothing that is computed needs more'}.",
        number=hz,
        limit=cutoff,
        unit="Hz",
        fix=f"export the {source} raw, without a filter.",
    )


MAX_HELD_SHARE = 0.1
"""Share of a contact's impulse that may act at a point that is held; sound recordings have none."""


def held_shares(loads: FeetLoads, plates: Plates) -> dict[FootContact, float]:
    """Share of its impulse that acts at a held point, of every contact of which it is too large."""
    if plates.is_held is None:
        return {}
    shares = {}
    for contact in loads.contacts:
        inside = (plates.time >= contact.touchdown) & (plates.time <= contact.toe_off)
        on = list(contact.plates)
        force = np.abs(plates.vertical[inside][:, on])
        held_force = np.where(plates.is_held[inside][:, on], force, 0.0)
        shares[contact] = float(held_force.sum() / force.sum())
    return {contact: share for contact, share in shares.items() if share > MAX_HELD_SHARE}


def without_held_pressure(
    loads: FeetLoads, plates: Plates, notes: Notes
) -> tuple[FeetLoads | None, tuple[FootContact, ...]]:
    """Take the forces of contacts as unknown whose point of application stands still; note them.

    No loads, and the contacts themselves, where none is left.
    """
    held = held_shares(loads, plates)
    if not held:
        return loads, ()
    largest = max(held.values())
    notes.add(
        "pressure-held",
        "warning",
        f"in {len(held)} of {len(loads.contacts)} contacts the point of application of the force "
        f"stands still for up to {largest:.0%} of the impulse, which under no foot it does: it was "
        "held at its last value. Forces and joint moments of these contacts are n/a; their times "
        "stay.",
        number=largest,
        limit=MAX_HELD_SHARE,
        where=_instants([contact.touchdown for contact in held]),
        fix="export the points of application as the plates measured them, or the plates' moments.",
        forces=True,
    )
    unknown = tuple(replace(contact, peak=float("nan")) for contact in held)
    measured = tuple(contact for contact in loads.contacts if contact not in held)
    if not measured:
        all_contacts = sorted(
            (*unknown, *loads.unmeasured), key=lambda x: float(contact_span(x)[0])
        )
        return None, tuple(replace(contact, plates=()) for contact in all_contacts)
    return replace(loads, contacts=measured, unmeasured=(*loads.unmeasured, *unknown)), ()


def note_pressure(
    loads: FeetLoads,
    plates: Plates,
    feet: FloatArray,
    time: FloatArray,
    cutoff: float,
    notes: Notes,
) -> None:
    """Note plates whose centre of pressure is not under the foot, or free moment too large.

    ``time`` of the frames on the clock of the forces; ``cutoff`` of the study, Hz.
    """
    feet_vertical, cop, free_moment = band_loads(loads, plates, time, cutoff)
    on: dict[tuple[int, ...], list[_Measured]] = defaultdict(list)
    held = held_shares(loads, plates)
    for contact in loads.contacts:
        if not contact.complete or contact in held:
            continue  # what is cut, or shared by both feet, shows less
        foot, vertical = contact.foot, feet_vertical[:, contact.foot]
        inside = (time >= contact.touchdown) & (time <= contact.toe_off)
        largest = np.max(vertical, where=inside & np.isfinite(vertical), initial=0.0)
        frames = inside & (vertical >= LOADED_SHARE * largest)
        distance = pressure_distance(cop[frames, foot], feet[frames, foot])
        of_contact = _Measured(contact, distance, free_moment[frames, foot], vertical[frames])
        on[contact.plates].append(of_contact)
    for plate_group, measured in on.items():
        name = "plate " + "+".join(str(plates.numbers[plate]) for plate in plate_group)
        _note_misplaced_loads(name, measured, notes)
        _note_moment(name, measured, notes)


def _note_misplaced_loads(name: str, measured: Sequence[_Measured], notes: Notes) -> None:
    outside = {
        x.contact.touchdown: (x.distance, SIDES[x.contact.foot])
        for x in measured
        if x.distance > MAX_SOLE_DISTANCE_M
    }
    if not outside:
        return
    largest, side = max(outside.values())
    notes.add(
        "pressure-outside",
        "warning",
        f"{name}: in {len(outside)} of {len(measured)} contacts the centre of pressure lies up to "
        f"{MILLIMETRES * largest:.0f} mm beside the line from heel to toes ({side} foot), more "
        f"than the {MILLIMETRES * MAX_SOLE_DISTANCE_M:.0f} mm of a shoe: the place "
        "of the plate's origin or corners is doubtful, or what shows the feet: place, scale or "
        "clock of their markers; in a file of joint angles, the sign or unit of one.",
        number=MILLIMETRES * largest,
        limit=MILLIMETRES * MAX_SOLE_DISTANCE_M,
        unit="mm",
        where=_instants(list(outside)),
        fix="check origin and corners of the plate, sign and unit of its moments, and in a file of "
        "joint angles those of pelvis and legs.",
        forces=True,
    )


def _note_moment(name: str, measured: Sequence[_Measured], notes: Notes) -> None:
    arms = [mean_friction_arm(x.moment, x.vertical) for x in measured]
    if not finite_median(np.array(arms)) > MAX_FRICTION_ARM_M:
        return  # an origin that is wrong is so throughout
    large = {
        x.contact.touchdown: (arm, float(x.moment[np.nanargmax(np.abs(x.moment))]))
        for x, arm in zip(measured, arms, strict=True)
        if arm > MAX_FRICTION_ARM_M
    }
    arm, moment = max(large.values())
    notes.add(
        "free-moment-large",
        "warning",
        f"{name}: in {len(large)} of {len(measured)} contacts the free moment is too large for a "
        f"shoe, up to {moment:.0f} N m and in the mean "
        f"{distinct(MILLIMETRES * arm, MILLIMETRES * MAX_FRICTION_ARM_M)} mm times the force, "
        f"more than the {MILLIMETRES * MAX_FRICTION_ARM_M:.0f} mm that friction gives: the plate's "
        "origin or the calibration of its moments is doubtful.",
        number=MILLIMETRES * arm,
        limit=MILLIMETRES * MAX_FRICTION_ARM_M,
        unit="mm",
        where=_instants(list(large)),
        fix="check origin and corners of the plate, and the sign and unit of its moments.",
        forces=True,
    )


def _instants(touchdowns: list[float]) -> str:
    return "touchdown at " + ", ".join(f"{at:.3f}" for at in touchdowns) + " s"


LOADED_SHARE = 0.5
"""Pressure and free moment are checked while the force is above this share of its peak."""

MAX_SOLE_DISTANCE_M = of_people("pressure beside a foot").error
"""The centre of pressure is farther than this from the lines between heel and toe markers, m."""

MAX_FRICTION_ARM_M = of_people("free moment over force").error
"""Free moment over force that a shoe can make, m."""

MIN_TOE_MARKERS = 2
"""Toe markers that outline a forefoot."""


def pressure_distance(cop: FloatArray, feet: FloatArray) -> float:
    """Median horizontal distance (m) of the centre of pressure (T, 3) from a foot (T, K, 3).

    Of frames with heel and two toe markers; NaN without any.
    """
    level = np.array([1.0, 0.0, 1.0])
    visible = np.asarray(np.isfinite(feet).all(axis=2))
    outlined = visible[:, 0] & (visible[:, 1:].sum(axis=1) >= MIN_TOE_MARKERS)
    cop, feet = cop[outlined], feet[outlined]
    return finite_median(foot_distance(feet[:, None] * level, cop * level)[:, 0])


def mean_friction_arm(free_moment: FloatArray, vertical: FloatArray) -> float:
    """Lever arm (m) at which friction would make the free moment, root mean square; NaN if none."""
    known = np.isfinite(free_moment) & (vertical > 0.0)
    moment, force = free_moment[known], vertical[known]
    return float(np.sqrt((moment @ moment) / (force @ force))) if known.any() else float("nan")


MIN_FREE_MOMENT_NM = 0.1
"""A measured free moment is larger at some instant of a contact, N m: runners reach 5 to 25, and
plates are noisier than this."""


def free_moment_measured(free_moment: FloatArray) -> bool:
    """Tell whether the free moment (S, 2) N m of loaded feet was recorded; NaN while unloaded."""
    size = np.abs(np.nan_to_num(free_moment)).max(axis=0, initial=0.0)
    loaded = np.isfinite(free_moment).any(axis=0)
    return bool((size > MIN_FREE_MOMENT_NM)[loaded].all())
