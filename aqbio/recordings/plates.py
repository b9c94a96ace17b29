"""Force plates of a trial: units, offsets, signs, exchanged plates, plates without signal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from aqbio.errors import distinct
from aqbio.force_plates.forces import (
    LOADED_PLATE_N,
    MIN_UNLOADED_S,
    UNLOADED_MARGIN_S,
    Plates,
    PlateWrench,
    centre_of_pressure,
    nearly_unloaded,
    noise_level,
    plate_axes,
    pulls_and_pushes,
    quiet_noise,
    reversed_plates,
    turned_over,
    without_offsets,
)
from aqbio.io.recording import ForceRecording
from aqbio.names import SIDES
from aqbio.recordings.contact_findings import LOADED_SHARE, OUTSIDE, nearest_foot
from aqbio.recordings.contacts import (
    NO_FOOT,
    PLATE_PEAK_MIN,
    REACH,
    SEAM,
    FeetLoads,
    FootContact,
    contact_span,
    edge_distance,
    plate_contacts,
)
from aqbio.recordings.events_from_markers import STILL_S
from aqbio.recordings.notes import Notes
from aqbio.signals import runs
from aqbio.vectors import FloatArray, IntArray, cross

OFFSET_MAX = {True: 250.0, False: 50.0}
"""Largest offset of a plate in a moving and in a static trial, N: a person who stands on several
plates for a whole trial must not pass for an offset."""

OFFSET_LARGE = 20.0
"""Offset of the vertical force above which a plate should be inspected, N."""


FORCE_MAX = 15_000.0
"""No runner loads a plate with more, N: 15 body weights of 100 kg."""

STEADY_SHARE = 0.1
"""A plate whose force varies by less than this share of its mean carries no running person."""

NOISE_MAX = 10.0
"""Largest noise of an unloaded plate, N (RMS)."""


def ground_plates(
    forces: ForceRecording,
    rotation: FloatArray,
    ignored: tuple[int, ...],
    notes: Notes,
    *,
    moving: bool,
) -> Plates | None:
    """Plates in ground axes, acting on the runner, without offsets; None when none is usable."""
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
    )
    level, removed = without_offsets(plates, OFFSET_MAX[moving])
    for plate, offsets in enumerate(removed):
        if offsets is None:
            _note_loaded(plates, plate, OFFSET_MAX[moving], notes)
        else:
            _note_offset(plates, plate, offsets, notes)
    return _on_the_runner(level, notes)


def _is_plausible(
    forces: ForceRecording, index: int, upward: FloatArray, notes: Notes, *, moving: bool
) -> bool:
    """Whether a runner can have made a plate's forces; note it where not."""
    size = np.linalg.norm(forces.wrench.force[:, index], axis=1)
    largest, mean, spread = float(size.max()), float(size.mean()), float(np.ptp(size))
    noise = noise_level(forces.wrench.force[:, index], forces.rate)
    if largest > FORCE_MAX:
        why, number = (
            f"its force reaches {distinct(largest, FORCE_MAX)} N, more than {FORCE_MAX:.0f} N",
            largest,
        )
    elif moving and mean > OFFSET_MAX[moving] and spread < STEADY_SHARE * mean:
        why, number = f"it reads {mean:.0f} N throughout, within {spread:.0f} N", mean
    elif moving and noise > NOISE_MAX:
        why, number = f"it reads noise of {noise:.0f} N (RMS) and no load", noise
    elif moving and pulls_and_pushes(upward, forces.rate, OFFSET_MAX[moving]):
        number = float(np.median(upward))
        why = f"it pulls and pushes, and its offset ({number:.0f} N in the middle) is too large"
    else:
        return True
    notes.add(
        "plate-implausible",
        "warning",
        f"plate {forces.numbers[index]} is left out: {why}.",
        number=number,
        limit=FORCE_MAX,
        unit="N",
        fix="correct scale, offset or unit of its channels, or zero the plate.",
        forces=True,
    )
    return False


def _note_noise(forces: ForceRecording, index: int, notes: Notes) -> None:
    noise = quiet_noise(forces.wrench.force[:, index], forces.rate)
    if noise > NOISE_MAX:
        notes.add(
            "plate-noisy",
            "warning",
            f"plate {forces.numbers[index]} reads noise of {distinct(noise, NOISE_MAX)} N (RMS) "
            f"while unloaded, more than {NOISE_MAX:.0f} N: touchdown, toe-off and body "
            "mass suffer.",
            number=noise,
            limit=NOISE_MAX,
            unit="N",
            fix="look for a loose cable or a machine nearby; raise the event thresholds of "
            "`prepare` in study.yaml above the noise.",
            forces=True,
        )


def _on_the_runner(plates: Plates, notes: Notes) -> Plates:
    """Reverse plates that report the force on the plate."""
    wrong = reversed_plates(plates.vertical, plates.rate)
    if not wrong.any():
        return plates
    names = ", ".join(str(plates.numbers[index]) for index in np.flatnonzero(wrong))
    if np.any(plates.vertical[:, ~wrong] > OFFSET_LARGE):
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
    return turned_over(plates, wrong)


def _note_loaded(plates: Plates, plate: int, largest: float, notes: Notes) -> None:
    """Say why the offset of a plate is not known: never unloaded, or never for long enough."""
    number, vertical = plates.numbers[plate], plates.vertical[:, plate]
    stretches = runs(nearly_unloaded(vertical, largest))
    longest = float(np.ptp(stretches, axis=1).max()) / plates.rate if len(stretches) else 0.0
    needed = 2.0 * UNLOADED_MARGIN_S + MIN_UNLOADED_S
    if longest > 0.0:
        what = (
            f"plate {number} is unloaded for at most "
            f"{distinct(1e3 * longest, 1e3 * needed)} ms at a time, less than "
            f"the {1e3 * needed:.0f} ms that its offset is taken from: what it reads stays."
        )
        notes.add(
            "plate-offset-unknown", "info", what, number=longest, limit=needed, unit="s",
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


def _note_offset(plates: Plates, plate: int, offsets: FloatArray, notes: Notes) -> None:
    number = plates.numbers[plate]
    heights = offsets[:, 1]
    drift = bool(np.ptp(heights) > 0.0)
    largest = float(np.abs(heights).max())
    if drift or largest > OFFSET_LARGE:
        notes.add(
            "plate-drift" if drift else "plate-offset",
            "warning",
            f"plate {number} reads {heights.min():.1f} to {heights.max():.1f} N unloaded; the "
            f"{'drift' if drift else 'offset'} is removed.",
            number=largest,
            limit=OFFSET_LARGE,
            unit="N",
            fix="zero the plates before each trial.",
            forces=True,
        )


SMALLEST = np.array([15.0, 2e-3, 0.05])
"""Peak of a plate's force, N, arm of its moments about the point of their recording and its side,
m, lie between these and 1000 times these: steps peak at 200 to 6000 N, a centre of pressure travels
more than 10 mm and keeps within 2 m of that point, plates are 0.3 to 3 m long."""

UNITS = (("forces", "kN", "N"), ("moments", "N m", "N mm"), ("corners", "m", "mm"))

SWAY = (2e-4, 0.05)
"""The centre of pressure under a standing person varies by more and by less than this, standard
deviation, m: 3 to 7 mm in two static trials; taken 1000 times too small or too large not."""

NEAR_SURFACE = 0.15
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
        """Whether it is near a foot and sways as under a person who stands on both."""
        finite = self.cop[np.isfinite(self.cop[:, 0])]
        sway = np.sqrt(finite.var(axis=0).sum()) if len(finite) else 0.0
        return bool((self.distances < REACH).any() and SWAY[0] < sway < SWAY[1])

    @property
    def under(self) -> bool:
        """Whether the centre of pressure lies under a foot."""
        return bool((self.distances <= self.limit).any())


def plate_loads(plates: Plates, feet: FloatArray, time: FloatArray) -> list[PlateLoad]:
    """Every load of every plate, with the feet (T, 2, K, 3), m, at instants ``time`` (T,), s."""
    wrench, vertical, sample = plates.wrench, plates.vertical, plates.samples_of(time)
    cop, _ = centre_of_pressure(
        wrench.force, wrench.moment, wrench.point, plates.surface, LOADED_PLATE_N
    )
    loads = []
    for plate, start, stop in plate_contacts(vertical, plates.rate, LOADED_PLATE_N, STILL_S):
        heavy = vertical[sample, plate] >= LOADED_SHARE * vertical[start:stop, plate].max()
        frames = np.flatnonzero((sample >= start) & (sample < stop) & heavy)
        place, span = cop[sample[frames], plate], plates.time[[start, stop - 1]]
        nearest = nearest_foot(place, feet[frames])
        loads.append(PlateLoad(plates.numbers[plate], plate, span, frames, place, *nearest))
    return loads


def fitting_units(
    forces: ForceRecording,
    rotation: FloatArray,
    ignored: tuple[int, ...],
    feet: FloatArray,
    time: FloatArray,
    notes: Notes,
    *,
    moving: bool,
) -> ForceRecording:
    """Forces in the right units: what is wrong by 1000 is corrected and named.

    The size of the recorded numbers gives a factor (`SMALLEST`); centres of pressure under a foot
    (T, 2, K, 3) confirm it, in a static trial those that sway near one: who stands on the middle of
    a plate makes small moments too.
    """
    sizes, numbers = _sizes(forces), np.array(forces.numbers)
    sizes[:, 1] /= _factors(sizes)[:, 0]  # the arm of a moment depends on the force
    factors = _factors(sizes)
    if (factors == 1.0).all():
        return forces

    def loads(one: ForceRecording) -> list[PlateLoad]:
        discarded = replace(notes, findings=[])
        plates = ground_plates(one, rotation, ignored, discarded, moving=moving)
        return [] if plates is None else plate_loads(plates, feet, time)

    declared, fitted = loads(forces), loads(_scaled(forces, factors))
    for row in np.unique(factors[(factors != 1.0).any(axis=1)], axis=0):
        same_factors = (factors == row).all(axis=1)
        own = [one for one in fitted if one.number in numbers[same_factors]]
        missed = {x.number for x in own if not (x.under if moving else x.stood_on)}
        fits = {x.number: x for x in own if x.number not in missed and (row != 1.0).sum() == 1}
        if row[0] > 1.0 or not fits:  # an unloaded plate does not show its unit
            confirmed = np.isin(numbers, list(fits))
            factors[same_factors & ~confirmed], same_factors = 1.0, same_factors & confirmed
        if fits:
            loaded = {one.number for one in own} & set(numbers[same_factors].tolist())
            away = [x.distances[fits[x.number].foot] for x in declared if x.number in fits]
            size = sizes[np.isin(numbers, list(loaded))].max(axis=0)
            _note_unit(row, loaded, away, size, notes)
    return forces if (factors == 1.0).all() else _scaled(forces, factors)


def _note_unit(
    row: FloatArray, plates: set[int], away: list[float], size: FloatArray, notes: Notes
) -> None:
    """Say which quantity of some plates, with largest sizes (3,), is wrong by 1000."""
    wrong = int(np.flatnonzero(row != 1.0)[0])
    small = bool(row[wrong] > 1.0)
    what, *units = UNITS[wrong]
    sign = (
        f"reach {size[0]:.3g} N",
        "put every centre of pressure "
        + ("at the plate's centre" if small else "far off the plate"),
        f"make a plate of {size[2]:.3g} m",
    )[wrong]
    ends = dict.fromkeys(f"{1e3 * one(away):.0f}" for one in (min, max) if away)
    reach = f", {' to '.join(ends)} mm from the foot" if away else ""
    notes.add(
        "force-units",
        "warning",
        f"{_named(plates)}: the {what} {sign}{reach}; taken "
        f"{'1000 times' if small else 'a thousandth'} they put it under the foot: the {what} are "
        f"1000 times too {'small' if small else 'large'}: "
        f"{', not '.join(units[:: 1 if small else -1])}. The corrected values are used.",
        fix="correct the units in the capture software and export again.",
        forces=True,
    )


def _sizes(forces: ForceRecording) -> FloatArray:
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


def _factors(sizes: FloatArray) -> FloatArray:
    """Powers of 1000 that bring forces, moments and corners to their usual sizes, (P, 3)."""
    ratio = sizes / SMALLEST
    small, large = (ratio > 1e-3) & (ratio < 1.0), (ratio >= 1e3) & (ratio < 1e6)
    return np.select([small, large], [1e3, 1e-3], 1.0)


def _scaled(forces: ForceRecording, factors: FloatArray) -> ForceRecording:
    """Forces, moments as they were recorded, and corners times factors (P, 3)."""
    of_force, of_moment, of_place = factors.T[:, :, None]
    lever = np.full_like(forces.wrench.point, np.nan) if forces.lever is None else forces.lever
    of_moment = np.where(np.isnan(lever[:, :1]), of_force, of_moment)
    lever = np.nan_to_num(lever)[None]
    force = of_force * forces.wrench.force
    about = of_moment * (forces.wrench.moment + cross(lever, forces.wrench.force))
    wrench = PlateWrench(force, about - cross(lever, force), of_place * forces.wrench.point)
    return replace(forces, wrench=wrench, corners=of_place[..., None] * forces.corners)


def _named(numbers: Collection[int]) -> str:
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
    """The loads without those of exchanged plates, with the contacts whose force is not known.

    Where ``everywhere``, a foot without force between contacts with force is taken to be on a
    plate.
    """
    exchanged = _exchanged(plates, feet, time, notes)

    def apart(span: FloatArray, contacts: Sequence[FootContact]) -> bool:
        others = map(contact_span, contacts)
        return not any(span[0] < one[1] and span[1] > one[0] for one in others)

    contacts = [one for one in loads.contacts if apart(contact_span(one), exchanged)]
    on_plates = [x for x in loads.on_plates if apart(plates.time[[x.start, x.stop - 1]], exchanged)]
    silent = defaultdict(list)
    for one in kinematic:
        start, stop = span = contact_span(one)
        during = (time >= start) & (time <= stop)
        on, sample = _plates_under(feet[during, one.foot], corners), plates.samples_of(time[during])
        own = [plate for plate, number in enumerate(plates.numbers) if number in on or not on]
        force = plates.vertical[sample][:, own]
        within = contacts and contacts[0].touchdown < start and stop < contacts[-1].toe_off
        own_contacts = [other for other in (*contacts, *exchanged) if other.foot == one.foot]
        idle = np.abs(force).max(initial=0.0) < PLATE_PEAK_MIN and (sample >= 0).all()
        if idle and (on or (everywhere and within)) and apart(span, own_contacts):
            silent[one.foot, on].append(replace(one, plates=tuple(own) if on else ()))
    for (foot, on), several in silent.items():
        force = plates.wrench.force[:, several[0].plates]
        signal = f"{np.abs(force).max():.3g} N at most" if force.any() else "all samples 0"
        signal = signal if several[0].plates else "it is left out"
        start, stop = contact_span(several[0]).tolist()
        more = f" and {len(several) - 1} times later" if len(several) > 1 else ""
        name = _named(on)
        what = f"{name} measures nothing ({signal})" if on else "no plate measures a force"
        notes.add(
            "plate-silent",
            "warning",
            f"the {SIDES[foot]} foot stands{f' on {name}' if on else ''} from {start:.2f} to "
            f"{stop:.2f} s{more} and {what}: what needs a force is n/a there.",
            number=len(several),
            fix="check cable, amplifier and channels of the plate, and export the trial again.",
            forces=True,
        )
    unmeasured = (*exchanged, *(one for several in silent.values() for one in several))
    return replace(
        loads, contacts=tuple(contacts), on_plates=tuple(on_plates), unmeasured=unmeasured
    )


def _exchanged(
    plates: Plates, feet: FloatArray, time: FloatArray, notes: Notes
) -> list[FootContact]:
    """Contacts whose force fits a foot only if it is moved to another plate, idle meanwhile."""
    point, contacts, words = plates.wrench.point, list[FootContact](), list[str]()
    with_corners = np.asarray(np.isfinite(plates.corners).all(axis=(1, 2)))
    for load in plate_loads(plates, feet, time):
        during = plates.vertical[(plates.time >= load.span[0]) & (plates.time <= load.span[1])]
        whole = during[:, load.plate].max() > LOADED_SHARE * plates.vertical.max()
        if load.under or not with_corners[load.plate] or not whole:
            continue
        local = (load.cop - point[load.plate]) @ plate_axes(plates.corners[load.plate])
        idle = np.abs(during).max(axis=0) < PLATE_PEAK_MIN
        for plate in np.flatnonzero(idle & with_corners).tolist():
            there = point[plate] + local @ plate_axes(plates.corners[plate]).T
            foot, away, _ = nearest_foot(there, feet[load.frames])
            if np.nanmin(away, initial=np.inf) <= OUTSIDE:
                start, stop = load.span.tolist()
                one = FootContact(foot, start, stop, (plate,), True, np.nan, np.nan)  # noqa: FBT003
                contacts.append(one)
                words.append(
                    f"the force of plate {load.number} fits the {SIDES[foot]} foot on plate "
                    f"{plates.numbers[plate]} ({start:.2f} to {stop:.2f} s)"
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
    """Numbers of the plates on which a standing foot (T, K, 3) is; none if a marker is off them."""
    middle = foot[len(foot) // 4 : max(3 * len(foot) // 4, 1)].transpose(1, 0, 2)
    points = np.array([np.nanmedian(one, axis=0) for one in middle if np.isfinite(one).any()])
    inside = {
        number: edge_distance(points, own[None], np.ones(1, dtype=np.bool_), SEAM) > 0.0
        for number, own in corners.items()
        if len(points) and abs(points[:, 1].min() - own[:, 1].mean()) < NEAR_SURFACE
    }
    whole = np.any([*inside.values()], axis=0).all() if inside else False
    return tuple(number for number, marks in inside.items() if whole and marks.any())
