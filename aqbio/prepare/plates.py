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
    UnloadedLevel,
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
    used = np.array(
        [
            _is_plausible(forces, index, notes, moving=moving)
            for index in range(len(forces.numbers))
        ],
        dtype=np.bool_,
    )
    usable = np.flatnonzero(used)
    for index in usable:
        _note_noise(forces, int(index), notes)
    if not len(usable):
        return None
    feet = [forces.feet[index] for index in usable]
    plates = Plates(
        wrench=forces.wrench.select(used),
        corners=forces.corners[used],
        rate=forces.rate,
        start=forces.start,
        numbers=tuple(forces.numbers[index] for index in usable),
        feet=tuple(SIDES.index(foot) if foot else NO_FOOT for foot in feet),
        is_held=None if forces.is_held is None else forces.is_held[:, used],
        is_lost=None if forces.is_lost is None else forces.is_lost[:, used],
    )
    zeroed, removed = without_offsets(plates, MAX_OFFSET_N[moving], level_scales())
    for plate, level in enumerate(removed):
        if level is None:
            _note_unknown_offset(plates, plate, MAX_OFFSET_N[moving], notes)
        elif not level.drifts:
            _note_offset(plates, plate, float(level.channels[0, 1]), notes)
    _note_drifts(plates, removed, notes)
    return zeroed


def _is_plausible(forces: ForceRecording, index: int, notes: Notes, *, moving: bool) -> bool:
    """Tell whether a runner can have produced a plate's forces; note it if not."""
    upward = forces.wrench.force[:, index, 1]
    size = np.linalg.norm(forces.wrench.force[:, index], axis=1)
    largest, mean, spread = float(size.max()), float(size.mean()), float(np.ptp(size))
    noise = noise_level(forces.wrench.force[:, index], forces.rate)
    if largest > MAX_FORCE_N:
        why, number = (
            f"its force reaches {distinct(largest, MAX_FORCE_N)} N, more than {MAX_FORCE_N:.0f} N",
            largest,
        )
    elif not moving and mean > MAX_BODY_KG * GRAVITY:
        why = f"it reads {mean:.0f} N while somebody stands, more than {MAX_BODY_KG:.0f} kg weigh"
        number = mean
    elif (
        moving
        and mean > MAX_OFFSET_N[moving]
        and spread < MIN_VARIATION_SHARE * mean
        and len(size) >= MIN_VARIATION_S * forces.rate
    ):
        why, number = f"it reads {mean:.0f} N throughout, within {spread:.0f} N", mean
    elif moving and noise > MAX_NOISE_N:
        why, number = f"it reads noise of {noise:.0f} N (RMS) and no load", noise
    elif moving and pulls_and_pushes(upward, forces.rate, MAX_OFFSET_N[moving]):
        number = float(np.median(upward))
        why = f"it pulls and pushes, and its offset ({number:.0f} N in the middle) is too large"
    else:
        return True
    notes.add(
        "plate-implausible",
        "warning",
        f"plate {forces.numbers[index]} is left out: {why}.",
        number=number,
        limit=MAX_FORCE_N,
        unit="N",
        fix="correct scale, offset or unit of its channels, or zero the plate.",
        forces=True,
    )
    return False


def _note_noise(forces: ForceRecording, index: int, notes: Notes) -> None:
    noise = quiet_noise(forces.wrench.force[:, index], forces.rate)
    if noise > MAX_NOISE_N:
        notes.add(
            "plate-noisy",
            "warning",
            f"plate {forces.numbers[index]} reads noise of {distinct(noise, MAX_NOISE_N)} N (RMS) "
            f"while unloaded, more than {MAX_NOISE_N:.0f} N: touchdown, toe-off and body "
            "mass suffer.",
            number=noise,
            limit=MAX_NOISE_N,
            unit="N",
            fix="look for a loose cable or a machine nearby; raise the event thresholds of "
            "`prepare` in study.yaml above the noise.",
            forces=True,
        )


def _note_unknown_offset(plates: Plates, plate: int, largest: float, notes: Notes) -> None:
    """Note why the offset of a plate is unknown: never unloaded, or never for long enough."""
    number, vertical = plates.numbers[plate], plates.vertical[:, plate]
    stretches = runs(nearly_unloaded(vertical, largest))
    longest = float(np.ptp(stretches, axis=1).max(initial=0)) / plates.rate
    needed = 2.0 * UNLOADED_MARGIN_S + MIN_UNLOADED_S
    text = f"never unloaded ({float(vertical.mean()):.0f} N on average)"
    if longest > 0.0:
        text = (
            f"unloaded for at most {distinct(1e3 * longest, 1e3 * needed)} ms at a time, less than "
            f"the {1e3 * needed:.0f} ms that its offset is taken from"
        )
    notes.add(
        "plate-offset-unknown",
        "info",
        f"plate {number} is {text}: what it reads stays.",
        number=longest,
        limit=needed,
        unit="s",
        forces=True,
    )


def _note_offset(plates: Plates, plate: int, height: float, notes: Notes) -> None:
    if abs(height) > LARGE_OFFSET_N:
        notes.add(
            "plate-offset",
            "warning",
            f"plate {plates.numbers[plate]} reads {height:.1f} N unloaded; the offset is removed.",
            number=abs(height),
            limit=LARGE_OFFSET_N,
            unit="N",
            fix="zero the plates before each trial.",
            forces=True,
        )


def _note_drifts(plates: Plates, levels: Sequence[UnloadedLevel | None], notes: Notes) -> None:
    """Note the plates that drift, by the one whose vertical force changes most."""
    drifting = {
        plates.numbers[plate]: level
        for plate, level in enumerate(levels)
        if level is not None and level.drifts
    }
    if not drifting:
        return
    ranges = {number: np.ptp(level.channels, axis=0) for number, level in drifting.items()}
    worst = max(ranges, key=lambda number: float(ranges[number][1]))
    low, high = (
        round(float(extreme(drifting[worst].channels[:, 1])), 1) + 0.0
        for extreme in (np.min, np.max)
    )
    change = np.max([*ranges.values()], axis=0)
    several = len(drifting) > 1
    notes.add(
        "plate-drift",
        "warning",
        f"{_plate_names(drifting)} drift{'' if several else 's'}: unloaded, "
        f"{f'plate {worst}' if several else 'it'} reads {low:.1f} to {high:.1f} N upward within "
        f"{len(plates.vertical) / plates.rate:.1f} s; horizontal forces change by up to "
        f"{max(change[0], change[2]):.1f} N, moments by up to {change[3:].max():.1f} N m. "
        "The drift is removed.",
        number=float(change[1]),
        unit="N",
        fix="let the plates warm up, and zero them before each trial.",
        forces=True,
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
    force = plates.wrench.force[:, several[0].plates]
    signal = f"{np.abs(force).max():.3g} N at most" if force.any() else "all samples 0"
    is_unused = bool(on) and not several[0].plates
    start, stop = contact_span(several[0]).tolist()
    repeats = f" and {len(several) - 1} times later" if len(several) > 1 else ""
    name = _plate_names(on)
    failure = f"{name} measures nothing ({signal})" if on else "no plate measures a force"
    failure = f"the loads of {name} are not used" if is_unused else failure
    notes.add(
        "plate-silent",
        "warning",
        f"the {SIDES[foot]} foot stands{f' on {name}' if on else ''} from "
        f"{notes.at(start, 2)} to {notes.at(stop, 2)} s{repeats} and "
        f"{'its load is not known' if lost else failure}: what needs a force is n/a there.",
        number=len(several),
        fix="see why in what is said of the forces." if lost or is_unused else
        "check cable, amplifier and channels of the plate, and export the trial again.",
        forces=True,
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
