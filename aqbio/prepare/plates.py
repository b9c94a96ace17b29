"""Force plates of a trial: offsets, noise, plates without signal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.errors import distinct
from aqbio.force_plates.bands import noise_level, quiet_noise
from aqbio.force_plates.forces import Plates
from aqbio.force_plates.offsets import (
    MIN_UNLOADED_S,
    UNLOADED_MARGIN_S,
    nearly_unloaded,
    pulls_and_pushes,
    without_offsets,
)
from aqbio.io.recording import ForceRecording
from aqbio.names import GRAVITY, MAX_BODY_KG, SIDES
from aqbio.prepare.contacts import (
    MAX_SEAM_M,
    MIN_PLATE_PEAK_N,
    NO_FOOT,
    FeetLoads,
    FootContact,
    contact_span,
    edge_distance,
)
from aqbio.prepare.notes import Notes
from aqbio.prepare.signal_scales import level_scales
from aqbio.signals import runs
from aqbio.vectors import FloatArray

MAX_OFFSET_N = {True: 250.0, False: 50.0}
"""Largest offset of a plate in a moving and in a static trial, N: a person standing on several
plates for a whole trial must not be taken for an offset."""

LARGE_OFFSET_N = 20.0
"""Offset of the vertical force above which a plate should be inspected, N."""


MAX_FORCE_N = 15_000.0
"""No runner loads a plate with more, N: 15 body weights of 100 kg."""

MIN_VARIATION_SHARE = 0.1
"""A plate whose force varies by less than this share of its mean carries no running person."""

MIN_VARIATION_S = 0.5
"""In a shorter file it may, s: a foot in mid-stance of a walk bears the same force for tenths of
a second, and people cut files to an instant."""

MAX_NOISE_N = 10.0
"""Largest noise of an unloaded plate, N (RMS)."""


def ground_plates(forces: ForceRecording, notes: Notes, *, moving: bool) -> Plates | None:
    """Plates of forces in ground axes, without offsets; None if none is usable."""
    used = np.ones(len(forces.numbers), dtype=np.bool_)
    for plate, name in enumerate(forces.numbers):
        if fault := _fault(forces.wrench.force[:, plate], forces.rate, moving=moving):
            used[plate], (why, number) = False, fault
            notes.report("plate-implausible", number=number, limit=MAX_FORCE_N, plate=name, why=why)
    for plate in np.flatnonzero(used).tolist():
        noise = quiet_noise(forces.wrench.force[:, plate], forces.rate)
        if noise > MAX_NOISE_N:
            name = forces.numbers[plate]
            notes.report("plate-noisy", number=noise, limit=MAX_NOISE_N, plate=name)
    if not used.any():
        return None
    usable = forces.select(used)
    plates = Plates(
        wrench=usable.wrench,
        corners=usable.corners,
        rate=forces.rate,
        start=forces.start,
        numbers=usable.numbers,
        feet=tuple(SIDES.index(foot) if foot else NO_FOOT for foot in usable.feet),
        is_held=usable.is_held,
        is_lost=usable.is_lost,
    )
    zeroed, removed = without_offsets(plates, MAX_OFFSET_N[moving], level_scales())
    for plate, level in enumerate(removed):
        if level is None:
            _note_unknown_offset(plates, plate, MAX_OFFSET_N[moving], notes)
        elif not level.drifts and abs(height := float(level.channels[0, 1])) > LARGE_OFFSET_N:
            name = plates.numbers[plate]
            notes.report(
                "plate-offset", number=abs(height), limit=LARGE_OFFSET_N, plate=name, height=height
            )
    drifting = {
        plates.numbers[plate]: level.channels
        for plate, level in enumerate(removed)
        if level is not None and level.drifts
    }
    if drifting:
        _note_drifts(drifting, len(plates.vertical) / plates.rate, notes)
    return zeroed


def _fault(force: FloatArray, rate: float, *, moving: bool) -> tuple[str, float] | None:
    """Reason and number for which no runner can have produced a plate's force (S, 3), N."""
    size = np.linalg.norm(force, axis=1)
    largest, mean, spread = float(size.max()), float(size.mean()), float(np.ptp(size))
    if largest > MAX_FORCE_N:
        reached = distinct(largest, MAX_FORCE_N)
        return f"its force reaches {reached} N, more than {MAX_FORCE_N:.0f} N", largest
    if not moving:
        standing = f"it reads {mean:.0f} N while somebody stands"
        is_too_large = mean > MAX_BODY_KG * GRAVITY
        return (f"{standing}, more than {MAX_BODY_KG:.0f} kg weigh", mean) if is_too_large else None
    is_steady = spread < MIN_VARIATION_SHARE * mean and len(size) >= MIN_VARIATION_S * rate
    if mean > MAX_OFFSET_N[moving] and is_steady:
        return f"it reads {mean:.0f} N throughout, within {spread:.0f} N", mean
    noise = noise_level(force, rate)
    if noise > MAX_NOISE_N:
        return f"it reads noise of {noise:.0f} N (RMS) and no load", noise
    if pulls_and_pushes(force[:, 1], rate, MAX_OFFSET_N[moving]):
        offset = float(np.median(force[:, 1]))
        words = f"its offset ({offset:.0f} N in the middle) is too large"
        return f"it pulls and pushes, and {words}", offset
    return None


def _note_unknown_offset(plates: Plates, plate: int, largest: float, notes: Notes) -> None:
    """Note why the offset of a plate is unknown: never unloaded, or never for long enough."""
    vertical = plates.vertical[:, plate]
    stretches = runs(nearly_unloaded(vertical, largest))
    longest = float(np.ptp(stretches, axis=1).max(initial=0)) / plates.rate
    needed = 2.0 * UNLOADED_MARGIN_S + MIN_UNLOADED_S
    why = f"never unloaded ({float(vertical.mean()):.0f} N on average)"
    if longest > 0.0:
        why = (
            f"unloaded for at most {distinct(1e3 * longest, 1e3 * needed)} ms at a time, less than "
            f"the {1e3 * needed:.0f} ms that its offset is taken from"
        )
    name = plates.numbers[plate]
    notes.report("plate-offset-unknown", number=longest, limit=needed, plate=name, why=why)


def _note_drifts(drifting: Mapping[int, FloatArray], duration: float, notes: Notes) -> None:
    """Note plates whose unloaded channels (S, 6) change, by the largest vertical change."""
    ranges = {number: np.ptp(channels, axis=0) for number, channels in drifting.items()}
    worst = max(ranges, key=lambda number: float(ranges[number][1]))
    vertical, change = drifting[worst][:, 1], np.max([*ranges.values()], axis=0)
    is_one = len(drifting) == 1
    notes.report(
        "plate-drift",
        number=float(change[1]),
        plates=f"{_plate_names(drifting)} drift{'s' if is_one else ''}",
        worst="it" if is_one else f"plate {worst}",
        low=round(float(vertical.min()), 1) + 0.0,
        high=round(float(vertical.max()), 1) + 0.0,
        duration=duration,
        level=max(change[0], change[2]),
        moment=change[3:].max(),
    )


MAX_SURFACE_DISTANCE_M = 0.15
"""The lowest marker of a foot on a plate is less than this above or below its surface, m."""


def _plate_names(numbers: Collection[int]) -> str:
    names = [str(number) for number in sorted(set(numbers))]
    return f"plate{'s' if len(names) > 1 else ''} {', '.join(names)}"


def with_unmeasured(
    loads: FeetLoads,
    plates: Plates,
    corners: Mapping[int, FloatArray],
    kinematic: Sequence[FootContact],
    feet: FloatArray,
    time: FloatArray,
    notes: Notes,
    *,
    everywhere: bool,
) -> FeetLoads:
    """Add contacts whose force is unknown, and take out those of which a part is.

    With ``everywhere``, a foot without force between contacts with force is assumed to be on a
    plate.
    """
    partial = [x for x in loads.contacts if _is_lost(x, plates)]
    contacts = tuple(x for x in loads.contacts if x not in partial)
    silent = defaultdict(list)
    for contact in kinematic:
        start, stop = contact_span(contact)
        during = (time >= start) & (time <= stop)
        on, sample = (
            _plates_under(feet[during, contact.foot], corners),
            plates.samples_of(time[during]),
        )
        on_indices = [
            plate for plate, number in enumerate(plates.numbers) if number in on or not on
        ]
        force = plates.vertical[sample][:, on_indices]
        within = contacts and contacts[0].touchdown < start and stop < contacts[-1].toe_off
        contacts_of_foot = [x for x in contacts if x.foot == contact.foot]
        idle = np.abs(force).max(initial=0.0) < MIN_PLATE_PEAK_N and (sample >= 0).all()
        lost = _is_lost(contact, plates)
        unknown = lost or (idle and (on or (everywhere and within)))
        if unknown and _are_apart(contact, contacts_of_foot):
            plates_on = tuple(on_indices) if on else ()
            silent[contact.foot, on, lost].append(replace(contact, plates=plates_on))
    for (foot, on, lost), several in silent.items():
        _note_silent(foot, on, several, plates, notes, lost=lost)
    unmeasured = [x for several in silent.values() for x in several]
    unmeasured += [
        replace(x, peak=float("nan")) for x in partial if _are_apart(x, unmeasured)
    ]  # which foot markers do not show
    return replace(loads, contacts=contacts, unmeasured=tuple(unmeasured))


def _are_apart(contact: FootContact, contacts: Sequence[FootContact]) -> bool:
    """Tell whether no other contact is at the time of one."""
    first, last = contact_span(contact)
    return not any(first < stop and last > start for start, stop in map(contact_span, contacts))


MIN_LOST_OVERLAP = 0.5
"""A contact and a load that share this part of the shorter one are of one foot: of those of both
feet in a walk, a quarter is shared."""


def _is_lost(contact: FootContact, plates: Plates) -> bool:
    """Tell whether a load that is not known is one of a contact's foot."""
    first, last = contact_span(contact)
    for plate, start, stop in plates.lost_spans:
        shared = min(last, stop) - max(first, start)
        is_own = plates.feet[int(plate)] in (contact.foot, NO_FOOT)
        if is_own and shared > MIN_LOST_OVERLAP * min(last - first, stop - start):
            return True
    return False


def _note_silent(
    foot: int,
    on: tuple[int, ...],
    several: Sequence[FootContact],
    plates: Plates,
    notes: Notes,
    *,
    lost: bool,
) -> None:
    """Note contacts of a foot on plates (numbers) that measure nothing, or whose load is lost."""
    force, name = plates.wrench.force[:, several[0].plates], _plate_names(on)
    is_unused = bool(on) and not several[0].plates
    failure = "no plate measures a force"
    if lost:
        failure = "its load is not known"
    elif is_unused:
        failure = f"the loads of {name} are not used"
    elif on:
        signal = f"{np.abs(force).max():.3g} N at most" if force.any() else "all samples 0"
        failure = f"{name} measures nothing ({signal})"
    start, stop = (notes.at(at, 2) for at in contact_span(several[0]).tolist())
    notes.report(
        "plate-silent, unused" if lost or is_unused else "plate-silent",
        number=len(several), side=SIDES[foot], place=f" on {name}" if on else "",
        start=start, stop=stop, failure=failure,
        repeats=f" and {len(several) - 1} times later" if len(several) > 1 else "",
    )  # fmt: skip


def _plates_under(foot: FloatArray, corners: Mapping[int, FloatArray]) -> tuple[int, ...]:
    """Numbers of the plates under a standing foot (T, K, 3); none if a toe marker is off them.

    Every step ends on the forefoot; the heel, the first marker, may hang over the edge.
    """
    middle = foot[len(foot) // 4 : max(3 * len(foot) // 4, 1)].transpose(1, 0, 2)
    middle = middle[1:] if np.isfinite(middle[1:]).any() else middle
    points = np.array(
        [
            np.nanmedian(marker_path, axis=0)
            for marker_path in middle
            if np.isfinite(marker_path).any()
        ]
    )
    inside = {
        number: edge_distance(points, plate_corners[None], np.ones(1, dtype=np.bool_), MAX_SEAM_M)
        > 0.0
        for number, plate_corners in corners.items()
        if len(points)
        and abs(points[:, 1].min() - plate_corners[:, 1].mean()) < MAX_SURFACE_DISTANCE_M
    }
    all_on_plates = np.any([*inside.values()], axis=0).all() if inside else False
    return tuple(number for number, marks in inside.items() if all_on_plates and marks.any())
