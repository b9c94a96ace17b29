"""Force plates of a trial: units, offsets, signs, exchanged plates, plates without signal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from aqbio.errors import distinct
from aqbio.force_plates.bands import noise_level, quiet_noise
from aqbio.force_plates.forces import (
    LOADED_PLATE_N,
    Plates,
    PlateWrench,
    centre_of_pressure,
    plate_axes,
    reversed_loads,
    reversed_plates,
)
from aqbio.force_plates.offsets import (
    MIN_UNLOADED_S,
    UNLOADED_MARGIN_S,
    UnloadedLevel,
    nearly_unloaded,
    pulls_and_pushes,
    without_offsets,
)
from aqbio.io.recording import ForceRecording
from aqbio.names import SIDES
from aqbio.prepare.contact_findings import LOADED_SHARE, MAX_SOLE_DISTANCE_M, nearest_foot
from aqbio.prepare.contacts import (
    MAX_FOOT_DISTANCE_M,
    MAX_SEAM_M,
    MIN_PLATE_PEAK_N,
    NO_FOOT,
    FeetLoads,
    FootContact,
    contact_span,
    edge_distance,
    plate_contacts,
)
from aqbio.prepare.events_from_markers import MIN_STANCE_S
from aqbio.prepare.notes import Notes
from aqbio.prepare.signal_scales import level_scales
from aqbio.signals import runs
from aqbio.vectors import FloatArray, IntArray, cross

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


def ground_plates(
    forces: ForceRecording,
    rotation: FloatArray,
    ignored: tuple[int, ...],
    notes: Notes,
    *,
    moving: bool,
) -> Plates | None:
    """Plates in ground axes, acting on the runner, without offsets; None if none is usable."""
    used = np.array([number not in ignored for number in forces.numbers], dtype=np.bool_)
    for index in np.flatnonzero(used):
        upward = forces.wrench.force[:, index] @ rotation[1]
        used[index] = _is_plausible(forces, int(index), upward, notes, moving=moving)
    usable = np.flatnonzero(used)
    for index in usable:
        _note_noise(forces, int(index), notes)
    if not len(usable):
        return None
    feet = [forces.feet[index] for index in usable]
    plates = Plates(
        wrench=forces.wrench.select(used).rotated(rotation),
        corners=forces.corners[used] @ rotation.T,
        rate=forces.rate,
        start=forces.start,
        numbers=tuple(forces.numbers[index] for index in usable),
        feet=tuple(SIDES.index(foot) if foot else NO_FOOT for foot in feet),
        is_held=None if forces.is_held is None else forces.is_held[:, used],
    )
    zeroed, removed = without_offsets(plates, MAX_OFFSET_N[moving], level_scales())
    for plate, level in enumerate(removed):
        if level is None:
            _note_unknown_offset(plates, plate, MAX_OFFSET_N[moving], notes)
        elif not level.drifts:
            _note_offset(plates, plate, float(level.channels[0, 1]), notes)
    _note_drifts(plates, removed, notes)
    return _reaction_on_runner(zeroed, notes)


def _is_plausible(
    forces: ForceRecording, index: int, upward: FloatArray, notes: Notes, *, moving: bool
) -> bool:
    """Tell whether a runner can have produced a plate's forces; note it if not."""
    size = np.linalg.norm(forces.wrench.force[:, index], axis=1)
    largest, mean, spread = float(size.max()), float(size.mean()), float(np.ptp(size))
    noise = noise_level(forces.wrench.force[:, index], forces.rate)
    if largest > MAX_FORCE_N:
        why, number = (
            f"its force reaches {distinct(largest, MAX_FORCE_N)} N, more than {MAX_FORCE_N:.0f} N",
            largest,
        )
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


def _reaction_on_runner(plates: Plates, notes: Notes) -> Plates:
    """Reverse plates that report the force on the plate."""
    wrong = reversed_plates(plates.vertical, plates.rate)
    if not wrong.any():
        return plates
    names = ", ".join(str(plates.numbers[index]) for index in np.flatnonzero(wrong))
    if np.any(plates.vertical[:, ~wrong] > LARGE_OFFSET_N):
        notes.add(
            "plate-inverted",
            "warning",
            f"plate(s) {names} pull down while others push up; their signs are reversed.",
            fix="check the polarity of these plates, or list them in laboratory.ignore_plates.",
            forces=True,
        )
    else:
        notes.add(
            "plates-action",
            "info",
            f"the file holds the forces on the plates (plates {names} are loaded downwards); they "
            "are reversed, so that they act on the runner.",
            forces=True,
        )
    return reversed_loads(plates, wrong)


def _note_unknown_offset(plates: Plates, plate: int, largest: float, notes: Notes) -> None:
    """Note why the offset of a plate is unknown: never unloaded, or never for long enough."""
    number, vertical = plates.numbers[plate], plates.vertical[:, plate]
    stretches = runs(nearly_unloaded(vertical, largest))
    longest = float(np.ptp(stretches, axis=1).max()) / plates.rate if len(stretches) else 0.0
    needed = 2.0 * UNLOADED_MARGIN_S + MIN_UNLOADED_S
    if longest > 0.0:
        text = (
            f"plate {number} is unloaded for at most "
            f"{distinct(1e3 * longest, 1e3 * needed)} ms at a time, less than "
            f"the {1e3 * needed:.0f} ms that its offset is taken from: what it reads stays."
        )
        notes.add(
            "plate-offset-unknown", "info", text, number=longest, limit=needed, unit="s",
            forces=True,
        )  # fmt: skip
        return
    mean = float(vertical.mean())
    notes.add(
        "plate-never-unloaded",
        "info",
        f"plate {number} is never unloaded ({mean:.0f} N on average): its offset is unknown "
        "and stays.",
        number=mean,
        unit="N",
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


MIN_SIZES = np.array([15.0, 2e-3, 0.05])
"""Peak of a plate's force, N, arm of its moments about the point of their recording and its side,
m, lie between these and 1000 times these: steps peak at 200 to 6000 N, a centre of pressure travels
more than 10 mm and keeps within 2 m of that point, plates are 0.3 to 3 m long."""

UNIT_NAMES = (("forces", "kN", "N"), ("moments", "N m", "N mm"), ("corners", "m", "mm"))

SWAY_RANGE_M = (2e-4, 0.05)
"""The centre of pressure under a standing person varies by more and by less than this, standard
deviation, m: 3 to 7 mm in two static trials; taken 1000 times too small or too large not."""

MAX_SURFACE_DISTANCE_M = 0.15
"""The lowest marker of a foot on a plate is less than this above or below its surface, m."""


class PlateLoad(NamedTuple):
    """One load of a plate, by number and index, and the foot that the markers show there."""

    number: int
    plate: int
    span: FloatArray
    """First and last instant, s."""
    frames: IntArray
    """Marker frames in which the plate carries at least half of its peak."""
    cop: FloatArray
    """(F, 3) array, m. In these frames."""
    foot: int
    distances: FloatArray
    limit: float
    """foot, distances, limit: From `nearest_foot`."""

    @property
    def stood_on(self) -> bool:
        """True if it is near a foot and sways as under a person standing on both feet."""
        finite = self.cop[np.isfinite(self.cop[:, 0])]
        sway = np.sqrt(finite.var(axis=0).sum()) if len(finite) else 0.0
        return bool(
            (self.distances < MAX_FOOT_DISTANCE_M).any()
            and SWAY_RANGE_M[0] < sway < SWAY_RANGE_M[1]
        )

    @property
    def under(self) -> bool:
        """True if the centre of pressure lies under a foot."""
        return bool((self.distances <= self.limit).any())


def plate_loads(plates: Plates, feet: FloatArray, time: FloatArray) -> list[PlateLoad]:
    """List the loads of all plates, with the feet (T, 2, K, 3), m, at instants ``time`` (T,), s."""
    wrench, vertical, sample = plates.wrench, plates.vertical, plates.samples_of(time)
    cop, _ = centre_of_pressure(
        wrench.force, wrench.moment, wrench.point, plates.surface, LOADED_PLATE_N
    )
    loads = []
    for plate, start, stop in plate_contacts(vertical, plates.rate, LOADED_PLATE_N, MIN_STANCE_S):
        heavy = vertical[sample, plate] >= LOADED_SHARE * vertical[start:stop, plate].max()
        frames = np.flatnonzero((sample >= start) & (sample < stop) & heavy)
        cop_of_load, span = cop[sample[frames], plate], plates.time[[start, stop - 1]]
        nearest = nearest_foot(cop_of_load, feet[frames])
        loads.append(PlateLoad(plates.numbers[plate], plate, span, frames, cop_of_load, *nearest))
    return loads


def with_fitted_units(
    forces: ForceRecording,
    rotation: FloatArray,
    ignored: tuple[int, ...],
    feet: FloatArray,
    time: FloatArray,
    notes: Notes,
    *,
    moving: bool,
) -> ForceRecording:
    """Correct and note quantities whose unit is wrong by a factor of 1000.

    The size of the recorded numbers gives a factor (`MIN_SIZES`); centres of pressure under a foot
    (T, 2, K, 3) confirm it, in a static trial those that sway near one: a person standing on
    the middle of a plate also produces small moments.
    """
    sizes, numbers = _plate_sizes(forces), np.array(forces.numbers)
    sizes[:, 1] /= _unit_factors(sizes)[:, 0]  # the arm of a moment depends on the force
    factors = _unit_factors(sizes)
    if (factors == 1.0).all():
        return forces

    usual = numbers[(factors == 1.0).all(axis=1)].tolist()

    def loads(recorded: ForceRecording) -> list[PlateLoad]:
        """Loads of the plates whose unit is in question."""
        discarded = replace(notes, findings=[])
        plates = ground_plates(recorded, rotation, (*ignored, *usual), discarded, moving=moving)
        return [] if plates is None else plate_loads(plates, feet, time)

    declared, fitted = loads(forces), loads(_scaled(forces, factors))
    for row in np.unique(factors[(factors != 1.0).any(axis=1)], axis=0):
        same_factors = (factors == row).all(axis=1)
        loads_of_factor = [load for load in fitted if load.number in numbers[same_factors]]
        missed = {x.number for x in loads_of_factor if not (x.under if moving else x.stood_on)}
        fits = {
            x.number: x
            for x in loads_of_factor
            if x.number not in missed and (row != 1.0).sum() == 1
        }
        if row[0] > 1.0 or not fits:  # an unloaded plate does not show its unit
            confirmed = np.isin(numbers, list(fits))
            factors[same_factors & ~confirmed], same_factors = 1.0, same_factors & confirmed
        if fits:
            loaded = {load.number for load in loads_of_factor} & set(numbers[same_factors].tolist())
            away = [x.distances[fits[x.number].foot] for x in declared if x.number in fits]
            size = sizes[np.isin(numbers, list(loaded))].max(axis=0)
            _note_unit(row, loaded, away, size, notes)
    return forces if (factors == 1.0).all() else _scaled(forces, factors)


def _note_unit(
    row: FloatArray, plates: set[int], away: list[float], size: FloatArray, notes: Notes
) -> None:
    """Note which quantity of some plates, with largest sizes (3,), is wrong by 1000."""
    wrong = int(np.flatnonzero(row != 1.0)[0])
    small = bool(row[wrong] > 1.0)
    quantity, *units = UNIT_NAMES[wrong]
    sign = (
        f"reach {size[0]:.3g} N",
        "put every centre of pressure "
        + ("at the plate's centre" if small else "far off the plate"),
        f"make a plate of {size[2]:.3g} m",
    )[wrong]
    ends = dict.fromkeys(f"{1e3 * extreme(away):.0f}" for extreme in (min, max) if away)
    reach = f", {' to '.join(ends)} mm from the foot" if away else ""
    notes.add(
        "force-units",
        "warning",
        f"{_plate_names(plates)}: the {quantity} {sign}{reach}; taken "
        f"{'1000 times' if small else 'a thousandth'} they put it under the foot: the {quantity} "
        f"are 1000 times too {'small' if small else 'large'}: "
        f"{', not '.join(units[:: 1 if small else -1])}. The corrected values are used.",
        fix="correct the units in the capture software and export again.",
        forces=True,
    )


def _plate_sizes(forces: ForceRecording) -> FloatArray:
    """Peak of the force, N, arm of the moments and longest side, m, of each plate, (P, 3)."""
    strength = np.linalg.norm(forces.wrench.force, axis=2)
    loaded = (strength >= LOADED_SHARE * strength.max(axis=0)) & (strength > 0.0)
    lever = np.full_like(forces.wrench.point, np.nan) if forces.lever is None else forces.lever
    about = np.linalg.norm(forces.wrench.moment + cross(lever[None], forces.wrench.force), axis=2)
    arms = [
        np.median(moment[on] / force[on]) if on.any() else np.nan
        for moment, force, on in zip(about.T, strength.T, loaded.T, strict=True)
    ]
    sides = np.linalg.norm(np.diff(forces.corners[:, :3], axis=1), axis=2).max(axis=1)
    return np.stack([np.ptp(strength, axis=0), arms, sides], axis=1)


def _unit_factors(sizes: FloatArray) -> FloatArray:
    """Powers of 1000 that bring forces, moments and corners to their usual sizes, (P, 3)."""
    ratio = sizes / MIN_SIZES
    small, large = (ratio > 1e-3) & (ratio < 1.0), (ratio >= 1e3) & (ratio < 1e6)
    return np.select([small, large], [1e3, 1e-3], 1.0)


def _scaled(forces: ForceRecording, factors: FloatArray) -> ForceRecording:
    """Forces, moments as they were recorded, and corners times factors (P, 3)."""
    of_force, of_moment, of_position = factors.T[:, :, None]
    lever = np.full_like(forces.wrench.point, np.nan) if forces.lever is None else forces.lever
    of_moment = np.where(np.isnan(lever[:, :1]), of_force, of_moment)
    lever = np.nan_to_num(lever)[None]
    force = of_force * forces.wrench.force
    moment = of_moment * (forces.wrench.moment + cross(lever, forces.wrench.force))
    wrench = PlateWrench(force, moment - cross(lever, force), of_position * forces.wrench.point)
    return replace(forces, wrench=wrench, corners=of_position[..., None] * forces.corners)


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
    """Drop loads of exchanged plates and add contacts whose force is unknown.

    With ``everywhere``, a foot without force between contacts with force is assumed to be on a
    plate.
    """
    exchanged = _exchanged_plate_contacts(plates, feet, time, notes)

    def is_apart(span: FloatArray, contacts: Sequence[FootContact]) -> bool:
        spans = map(contact_span, contacts)
        return not any(span[0] < stop and span[1] > start for start, stop in spans)

    contacts = [contact for contact in loads.contacts if is_apart(contact_span(contact), exchanged)]
    on_plates = [
        x for x in loads.on_plates if is_apart(plates.time[[x.start, x.stop - 1]], exchanged)
    ]
    silent = defaultdict(list)
    for contact in kinematic:
        start, stop = span = contact_span(contact)
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
        contacts_of_foot = [
            neighbour for neighbour in (*contacts, *exchanged) if neighbour.foot == contact.foot
        ]
        idle = np.abs(force).max(initial=0.0) < MIN_PLATE_PEAK_N and (sample >= 0).all()
        if idle and (on or (everywhere and within)) and is_apart(span, contacts_of_foot):
            silent[contact.foot, on].append(
                replace(contact, plates=tuple(on_indices) if on else ())
            )
    for (foot, on), several in silent.items():
        force = plates.wrench.force[:, several[0].plates]
        signal = f"{np.abs(force).max():.3g} N at most" if force.any() else "all samples 0"
        signal = signal if several[0].plates else "it is left out"
        start, stop = contact_span(several[0]).tolist()
        repeats = f" and {len(several) - 1} times later" if len(several) > 1 else ""
        name = _plate_names(on)
        failure = f"{name} measures nothing ({signal})" if on else "no plate measures a force"
        notes.add(
            "plate-silent",
            "warning",
            f"the {SIDES[foot]} foot stands{f' on {name}' if on else ''} from "
            f"{notes.at(start, 2)} to {notes.at(stop, 2)} s{repeats} and {failure}: what needs a "
            "force is n/a there.",
            number=len(several),
            fix="check cable, amplifier and channels of the plate, and export the trial again.",
            forces=True,
        )
    unmeasured = (*exchanged, *(contact for several in silent.values() for contact in several))
    return replace(
        loads, contacts=tuple(contacts), on_plates=tuple(on_plates), unmeasured=unmeasured
    )


def _exchanged_plate_contacts(
    plates: Plates, feet: FloatArray, time: FloatArray, notes: Notes
) -> list[FootContact]:
    """Contacts whose force fits a foot only if moved to another plate, unloaded meanwhile."""
    point, contacts, words = plates.wrench.point, list[FootContact](), list[str]()
    with_corners = np.asarray(np.isfinite(plates.corners).all(axis=(1, 2)))
    for load in plate_loads(plates, feet, time):
        during = plates.vertical[(plates.time >= load.span[0]) & (plates.time <= load.span[1])]
        is_fully_loaded = during[:, load.plate].max() > LOADED_SHARE * plates.vertical.max()
        if load.under or not with_corners[load.plate] or not is_fully_loaded:
            continue
        local = (load.cop - point[load.plate]) @ plate_axes(plates.corners[load.plate])
        idle = np.abs(during).max(axis=0) < MIN_PLATE_PEAK_N
        for plate in np.flatnonzero(idle & with_corners).tolist():
            moved_cop = point[plate] + local @ plate_axes(plates.corners[plate]).T
            foot, away, _ = nearest_foot(moved_cop, feet[load.frames])
            if np.nanmin(away, initial=np.inf) <= MAX_SOLE_DISTANCE_M:
                start, stop = load.span.tolist()
                contact = FootContact(foot, start, stop, (plate,), True, np.nan, np.nan)  # noqa: FBT003
                contacts.append(contact)
                words.append(
                    f"the force of plate {load.number} fits the {SIDES[foot]} foot on plate "
                    f"{plates.numbers[plate]} ({notes.at(start, 2)} to {notes.at(stop, 2)} s)"
                )
                break
    if contacts:
        notes.add(
            "plates-exchanged",
            "error",
            f"{', '.join(words)}: channels or corners of these plates are exchanged. These forces "
            "are not used.",
            fix="give each plate its own channels and corners in the capture software "
            "(FORCE_PLATFORM:CHANNEL and CORNERS of a C3D file).",
            forces=True,
        )
    return contacts


def _plates_under(foot: FloatArray, corners: Mapping[int, FloatArray]) -> tuple[int, ...]:
    """Numbers of the plates under a standing foot (T, K, 3); none if a marker is off them."""
    middle = foot[len(foot) // 4 : max(3 * len(foot) // 4, 1)].transpose(1, 0, 2)
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
