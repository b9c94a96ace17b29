"""Contacts worth a finding; whether centres of pressure and free moments can be those of a foot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from aqbio.errors import distinct
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
    contact_span,
    foot_distance,
    loads_on_frames,
)
from aqbio.prepare.event_accuracy import MarkerEvents
from aqbio.prepare.filters import ForceLowPass, LowPass
from aqbio.prepare.notes import Notes
from aqbio.prepare.people import of_people
from aqbio.vectors import FloatArray, finite_median


def note_contacts(
    loads: FeetLoads, plates: Plates, end: float, edge_limit: float, notes: Notes
) -> None:
    """Note contacts of no foot, both feet, the wrong columns, and cut or partial contacts."""
    in_columns = []
    for load in loads.on_plates:
        start, stop = (plates.start + sample / plates.rate for sample in (load.start, load.stop))
        name = f"contact on plate {plates.numbers[load.plate]} at {notes.at(start)} s"
        is_unseen = bool(np.isnan(load.distance))
        if NO_FOOT not in (load.foot, plates.feet[load.plate]):
            in_columns.append((name, load.foot, plates.feet[load.plate]))
        if is_unseen and min(stop, end) - max(start, 0.0) < 0.5 * (stop - start):
            continue  # mostly beside the recording of the markers
        if load.foot == NO_FOOT and is_unseen:
            notes.report("contact-nobody, unseen", contact=name, peak=load.peak)
        elif load.foot == NO_FOOT:
            notes.report("contact-nobody", number=load.distance, contact=name, peak=load.peak)
        elif load.shared:
            notes.report("contact-shared", contact=name)
        elif load.margin < MIN_FOOT_MARGIN_M:
            notes.report(
                "foot-ambiguous", number=load.margin, limit=MIN_FOOT_MARGIN_M, contact=name,
                side=SIDES[load.foot], margin_mm=MILLIMETRES * load.margin,
            )  # fmt: skip
    if not any(foot == column for _, foot, column in in_columns):  # else they are plates or belts
        for name, foot, column in in_columns:
            notes.report("foot-columns", contact=name, side=SIDES[foot], column=SIDES[column])
    for contact in loads.contacts:
        _note_completeness(contact, plates, edge_limit, notes)
    if not loads.contacts:
        note_no_forces(notes, recorded=True, usable=plates.is_lost is None)


def note_no_forces(notes: Notes, *, recorded: bool, usable: bool = False) -> None:
    """Note that there are no forces: none recorded, none that can be used, or none by a foot."""
    case = ", unrecorded" if not recorded else "" if usable else ", unusable"
    notes.report(f"forces-none{case}")


LOST_PARTS = {
    LOST_TOE_OFF: "falls to nothing at once at its end, which no foot does: toe-off is not known",
    LOST_TOUCHDOWN: "sets in at once, which no foot does: touchdown is not known",
    LOST_MIDDLE: "breaks off or stands still in its middle",
}


def _note_completeness(
    contact: FootContact, plates: Plates, edge_limit: float, notes: Notes
) -> None:
    name = f"{SIDES[contact.foot]} contact at {notes.at(contact.touchdown)} s"
    on = "plate " + ", ".join(str(plates.numbers[plate]) for plate in contact.plates)
    if contact.broken:
        parts = [words for part, words in LOST_PARTS.items() if part in contact.broken]
        notes.report(
            "contact-broken", number=contact.peak, where=on, contact=name,
            end=notes.at(contact.toe_off), duration=contact.toe_off - contact.touchdown,
            parts=" and ".join(parts),
        )  # fmt: skip
    is_whole = contact.complete or contact.shared or bool(contact.broken)
    distance = contact.edge_distance
    if is_whole and distance < edge_limit:
        near, edge = MILLIMETRES * distance, MILLIMETRES * edge_limit
        notes.report(
            "contact-near-edge, outside" if distance < 0.0 else "contact-near-edge",
            number=distance, limit=edge_limit, where=on, contact=name, outside_mm=-near,
            near=distinct(near, edge), edge=distinct(edge, near),
        )  # fmt: skip


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
    longer = MILLISECONDS * low_pass.lengthening_s
    is_unusable = low_pass.lost_share > MAX_FORCE_LOSS and low_pass.cutoff_hz < cutoff
    wider = LENGTHENING_ERROR * longer
    times = f"and the error of contact times is wider by {wider:.0f} ms"
    if timed_by_markers:
        times = "so that times of contacts are those of the foot markers"
    notes.report(
        "forces-low-passed, unusable" if is_unusable else "forces-low-passed",
        number=low_pass.cutoff_hz, limit=cutoff, longer=longer, wider=wider, times=times,
    )  # fmt: skip
    return is_unusable


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
    component = "horizontal" if silent.all() else "sideways" if across else "fore-aft"
    notes.report("force-component", component=component)
    return True


def note_cut(cut: ForceCut, threshold: float, notes: Notes) -> None:
    """Note forces that were set to zero below a level above the events' `threshold`, N."""
    shorter = MILLISECONDS * cut.shortening_s
    notes.report("forces-cut", number=cut.level, limit=threshold, shorter=shorter)


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
    costs = []
    if events is not None and events.filter_error:
        moved = f"{MILLISECONDS * events.filter_error:.0f} ms"
        costs.append(
            f"contact times by foot markers are n/a, an event may be off by {moved}"
            if events.withheld
            else f"events by foot markers may be off by {moved} more"
        )
    hidden = {} if np.isnan(duration) else {
        "motion that takes": low_pass.hidden_motion(duration),
        "moment that acts": low_pass.hidden_rates(duration),
    }  # fmt: skip
    costs += [
        f"{share:.0%} of a {words} as long as a contact is lost"
        for words, share in hidden.items()
        if share > MAX_HIDDEN_SHARE
    ]
    case = "" if costs else ", harmless"
    if low_pass.cutoff_hz < cutoff:
        costs.append(f"what the study's cut-off of {cutoff:g} Hz would let through above is lost")
    low, high = (low_pass.raised(sds).stated_hz for sds in (-NORMAL_95, NORMAL_95))
    notes.report(
        f"markers-low-passed{case}", number=low_pass.stated_hz, limit=cutoff, source=source,
        sure=f" ({low:.0f} to {high:.0f} Hz)" if round(low) != round(high) else "",
        costs="; ".join(costs) or "nothing that is computed needs more",
    )  # fmt: skip


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
    notes.report(
        "pressure-held", number=max(held.values()), limit=MAX_HELD_SHARE, where=_instants(held),
        held=len(held), contacts=len(loads.contacts),
    )  # fmt: skip
    unknown = tuple(replace(contact, peak=float("nan")) for contact in held)
    measured = tuple(contact for contact in loads.contacts if contact not in held)
    if measured:
        unmeasured = (*loads.unmeasured, *unknown)
        return replace(loads, contacts=measured, unmeasured=unmeasured), ()
    in_turn = sorted((*unknown, *loads.unmeasured), key=lambda x: float(contact_span(x)[0]))
    return None, tuple(replace(contact, plates=()) for contact in in_turn)


LOADED_SHARE = 0.5
"""Pressure and free moment are checked while the force is above this share of its peak."""

MAX_SOLE_DISTANCE_M = of_people("pressure beside a foot").error
"""The centre of pressure is farther than this from the lines between heel and toe markers, m."""

MAX_FRICTION_ARM_M = of_people("free moment over force").error
"""Free moment over force that a shoe can make, m."""

MIN_TOE_MARKERS = 2
"""Toe markers that outline a forefoot."""


def note_pressure(
    loads: FeetLoads,
    plates: Plates,
    feet: FloatArray,
    time: FloatArray,
    cutoff: float,
    notes: Notes,
) -> None:
    """Note plates whose centre of pressure is not under the foot, or free moment too large.

    ``time`` of the frames on the clock of the forces; ``cutoff`` of the study, Hz. An origin that
    is wrong gives most contacts on a plate too large a free moment.
    """
    feet_vertical, cop, free_moment = band_loads(loads, plates, time, cutoff)
    distances: dict[tuple[int, ...], dict[FootContact, float]] = defaultdict(dict)
    arms: dict[tuple[int, ...], dict[FootContact, float]] = defaultdict(dict)
    moments = {}
    held = held_shares(loads, plates)
    for contact in loads.contacts:
        if not contact.complete or contact in held:
            continue  # what is cut, or shared by both feet, shows less
        foot, vertical = contact.foot, feet_vertical[:, contact.foot]
        inside = (time >= contact.touchdown) & (time <= contact.toe_off)
        largest = np.max(vertical, where=inside & np.isfinite(vertical), initial=0.0)
        frames = inside & (vertical >= LOADED_SHARE * largest)
        distance = pressure_distance(cop[frames, foot], feet[frames, foot])
        distances[contact.plates][contact] = distance
        moment = moments[contact] = free_moment[frames, foot]
        arms[contact.plates][contact] = mean_friction_arm(moment, vertical[frames])
    for on, of_contacts in distances.items():
        name = "plate " + "+".join(str(plates.numbers[plate]) for plate in on)
        far = {x: error for x, error in of_contacts.items() if error > MAX_SOLE_DISTANCE_M}
        if far:
            farthest = max(far, key=lambda x: (far[x], SIDES[x.foot]))
            notes.report(
                "pressure-outside", number=MILLIMETRES * far[farthest],
                limit=MILLIMETRES * MAX_SOLE_DISTANCE_M, where=_instants(far), plate=name,
                several=len(far), contacts=len(of_contacts), side=SIDES[farthest.foot],
            )  # fmt: skip
        large = {x: arm for x, arm in arms[on].items() if arm > MAX_FRICTION_ARM_M}
        if finite_median(np.array([*arms[on].values()])) > MAX_FRICTION_ARM_M:
            largest_arm = max(large, key=lambda x: large[x])
            moment = moments[largest_arm]
            notes.report(
                "free-moment-large", number=MILLIMETRES * large[largest_arm],
                limit=MILLIMETRES * MAX_FRICTION_ARM_M, where=_instants(large), plate=name,
                several=len(large), contacts=len(of_contacts),
                moment=float(moment[np.nanargmax(np.abs(moment))]),
            )  # fmt: skip


def _instants(contacts: Iterable[FootContact]) -> str:
    return "touchdown at " + ", ".join(f"{x.touchdown:.3f}" for x in contacts) + " s"


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
