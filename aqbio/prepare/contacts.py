"""Contacts of the feet with the ground, from force plates, and the load of each foot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np
from scipy.interpolate import CubicSpline

from aqbio.filters import low_pass
from aqbio.force_plates.forces import Plates, centre_of_pressure
from aqbio.prepare.broken_contacts import broken_parts
from aqbio.prepare.people import of_people
from aqbio.signals import joined, runs
from aqbio.vectors import BoolArray, FloatArray, IntArray, dot, finite_median

MIN_EVENT_CUTOFF_HZ = 100.0
"""A lower cut-off would smear touchdown and toe-off over more than a marker frame of 4 ms, Hz."""

EVENT_ERROR_S = of_people("event on a plate").error

RISE_TIME_PERIODS = 0.35
"""Rise time (10 to 90 %) of a low-passed step, as a share of the period of its cut-off."""

LENGTHENING_ERROR = of_people("lengthening by a filter").error
"""Of contact times of low-passed forces, share of the lengthening of half sines."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contacts in order of time."""

    samples: IntArray
    """(N, 2) array of int. First sample above the threshold and the sample after the last one."""
    touchdown: FloatArray
    toe_off: FloatArray
    """touchdown, toe_off: (N,) arrays, s. From the first sample; between two samples where the
    force crosses the threshold."""
    complete: BoolArray
    """(N,) array of bool. False where the recording begins or ends during the contact."""


def event_force(vertical: FloatArray, rate: float, cutoff: float) -> FloatArray:
    """Vertical force (T, ...) N for events: a 20 Hz filter would smear them by 10 to 15 ms."""
    usable = _usable(rate, cutoff)
    return low_pass(vertical, rate, usable) if usable else vertical.copy()


def contact_time_error(
    rate: float, cutoff: float, lengthening: float = 0.0, shortening: float = 0.0
) -> float:
    """Largest error of a contact time on plates, s.

    `lengthening`, s, of a half sine by the filter that the forces went through before;
    `shortening`, s, of contacts whose small forces were set to zero (`ForceCut`).
    """
    usable = _usable(rate, cutoff)
    event_error = max(EVENT_ERROR_S, RISE_TIME_PERIODS / usable if usable else 0.5 / rate)
    return 2.0 * event_error + LENGTHENING_ERROR * lengthening + shortening


@dataclass(frozen=True, slots=True)
class ForceCut:
    """Level below which forces were set to zero, and what is lost with them."""

    level: float
    """Of the vertical force, N."""
    shortening_s: float
    """By how much shorter contacts look, s: both ends, down to the threshold of events at the
    slopes there."""


MAX_SLOPE_S = 0.004
"""Time over which the slope of the force at the end of a contact is taken, s."""


def find_cut(vertical: FloatArray, rate: float, threshold: float) -> ForceCut | None:
    """Level above the `threshold` of events, N, below which forces (S, P), N, were set to zero.

    A force that grows from nothing is at its first sample no larger than it grows to the next one;
    one that was cut begins and ends with a jump. None where jumps are no larger than the threshold,
    or where they move events by less than these are known to.
    """
    samples, shortest = max(round(MAX_SLOPE_S * rate), 2), round(MIN_CONTACT_S * rate)
    ends = []
    for force in vertical.T:
        for start, stop in runs(force != 0.0):
            if stop - start >= max(shortest, 2 * samples) and start > 0 and stop < len(force):
                ends.append((force[start : start + samples], force[stop - samples : stop][::-1]))
    if not ends:
        return None
    edges = np.array(ends)  # (contacts, touchdown and toe-off, samples inwards)
    level = edges[..., 0]
    if np.median(level - np.abs(edges[..., 1] - level)) <= threshold:
        return None
    lowest = float(level.min())
    slope = np.median((edges[..., -1] - level) / (samples - 1), axis=0)
    lost = (lowest - threshold) / rate * float((1.0 / np.maximum(slope, lowest / shortest)).sum())
    return ForceCut(lowest, lost) if lost > EVENT_ERROR_S else None


def _usable(rate: float, cutoff: float) -> float:
    """Cut-off that does not smear events at this rate, Hz; 0 where none does."""
    usable = min(cutoff, 0.25 * rate)
    return 0.0 if usable < MIN_EVENT_CUTOFF_HZ else usable


def contacts(vertical: FloatArray, rate: float, threshold: float, minimum_s: float) -> Contacts:
    """Spans in which the vertical force (T,) N exceeds a threshold; NaN counts as no force."""
    force = np.nan_to_num(vertical, nan=0.0)
    shortest = int(np.ceil(minimum_s * rate - 1e-9))
    samples = runs(joined(force > threshold, shortest))
    samples = samples[samples[:, 1] - samples[:, 0] >= max(shortest, 2)]
    first, stop = samples.T
    last = len(force) - 1
    touchdown = _crossing(force, np.maximum(first - 1, 0), first, threshold)
    toe_off = _crossing(force, stop - 1, np.minimum(stop, last), threshold)
    return Contacts(
        samples=samples,
        touchdown=touchdown / rate,
        toe_off=toe_off / rate,
        complete=(first > 0) & (stop <= last),
    )


def _crossing(force: FloatArray, before: IntArray, after: IntArray, threshold: float) -> FloatArray:
    """Instant, in samples, at which the force crosses the threshold between two samples."""
    change = force[after] - force[before]
    share = np.divide(
        threshold - force[before], change, out=np.zeros(len(before)), where=change != 0.0
    )
    return np.asarray(before + share * (after - before))


LEFT = 0
"""Index of the left foot in every array with an axis of feet."""

RIGHT = 1
"""Index of the right foot in every array with an axis of feet."""

NO_FOOT = -1
"""Foot of a load that belongs to neither foot."""

MIN_PEAK_SHARE = 0.5
"""A contact is assigned to a foot where its force exceeds this share of the peak."""

MAX_FOOT_DISTANCE_M = 0.30
"""A foot farther from the centre of pressure than this does not load the plate, m."""

MIN_FOOT_MARGIN_M = 0.05
"""The other foot must be farther away by at least this for a clear choice, m."""

MIN_PLATE_PEAK_N = 50.0
"""A plate whose vertical force peaks below this is only brushed by the foot, N."""


@dataclass(frozen=True, slots=True)
class PlateContact:
    """One contact on one plate."""

    plate: int
    """Index of the plate."""
    start: int
    stop: int
    """start, stop: First force sample, and the sample after the last one."""
    peak: float
    """Largest vertical force, N."""
    foot: int
    """{0, 1, -1}. Left, right, or no foot."""
    distance: float
    """From the centre of pressure to that foot, m; NaN when no foot is seen."""
    margin: float
    """Additional distance of the other foot, m; NaN if it is not visible."""
    shared: bool
    """True if the nearest foot changes during the contact: both feet stood on the plate."""


def foot_distance(feet: FloatArray, point: FloatArray) -> FloatArray:
    """Distance (T, F) m of a point (T, D) from the outside of feet (T, F, K, D), heel first.

    0 from above (D is 2) between the heel and two toe markers; of feet with a height (D is 3) the
    difference in height there.
    """
    target, count = point[:, None], feet.shape[2]
    sides = [
        _side_distance(feet[:, :, first], feet[:, :, second], target)
        for first, second in combinations(range(count), 2)
    ]
    to_markers = np.linalg.norm(target[:, :, None] - feet, axis=3)
    distance = np.fmin.reduce([*sides, *np.moveaxis(to_markers, 2, 0)])
    level = [0, feet.shape[3] - 1]
    for first, second in combinations(range(1, count), 2):
        corners = feet[:, :, [0, first, second]]
        side = (np.roll(corners, -1, axis=2) - corners)[..., level]
        arm = (target[:, :, None] - corners)[..., level]
        turns = side[..., 0] * arm[..., 1] - side[..., 1] * arm[..., 0]
        inside = (turns > 0.0).all(axis=2) | (turns < 0.0).all(axis=2)
        height = np.zeros_like(distance)
        if feet.shape[3] > len(level):
            height = np.abs(target[..., 1] - corners[..., 1].mean(axis=2))
        distance = np.where(inside, np.fmin(distance, height), distance)
    return np.asarray(distance)


def _side_distance(start: FloatArray, end: FloatArray, target: FloatArray) -> FloatArray:
    """Distance (T, F) of points from the lines between two markers (T, F, D)."""
    line, arm = end - start, target - start
    length = dot(line, line)
    share = np.divide(dot(arm, line), length, out=np.zeros_like(length), where=length > 0.0)
    nearest = arm - np.clip(share, 0.0, 1.0)[..., None] * line
    return np.asarray(np.sqrt(dot(nearest, nearest)))


def edge_distance(
    point: FloatArray, corners: FloatArray, loaded: BoolArray, seam: float
) -> FloatArray:
    """Distance (T,) m of points from the outer edge of the ``loaded`` plates; negative outside.

    ``corners`` (P, 4, 3) m in order; edges to a loaded neighbour within ``seam`` m do not count.
    """
    best = np.full(len(point), -np.inf)
    for plate in np.flatnonzero(loaded):
        distances, outward = _edges(point, corners[plate])
        neighbours = [neighbour for neighbour in np.flatnonzero(loaded) if neighbour != plate]
        for edge in range(4):
            beyond = point + (distances[:, edge] + 2.0 * seam)[:, None] * outward[edge]
            for neighbour in neighbours:
                inside = _edges(beyond, corners[neighbour])[0].min(axis=1) > 0.0
                distances[inside & (distances[:, edge] > -seam), edge] = np.inf
        best = np.fmax(best, distances.min(axis=1))
    unknown = ~np.isfinite(point).all(axis=1) | ~np.isfinite(best)
    return np.where(unknown, np.nan, best)


def _edges(point: FloatArray, corners: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Signed distances (positive inside) from the four edges, and their outward normals."""
    centre = corners.mean(axis=0)
    along = np.roll(corners, -1, axis=0) - corners
    normal = np.column_stack((along[:, 2], np.zeros(4), -along[:, 0]))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    normal *= np.sign(dot(normal, corners - centre))[:, None]
    return dot(normal[None], corners[None] - point[:, None]), normal


MAX_SEAM_M = 0.02
"""Widest slit between neighbouring plates, m."""

MIN_CONTACT_S = 0.040
"""Shortest possible ground contact, s."""

EVENT_MARGIN_S = of_people("event by foot markers").error
"""Largest error of an event from foot markers, s."""

LEAK_PERIODS = 3.0
"""Around a contact a plate belongs to its foot for this many periods of the matched cut-off."""


MIN_ABOVE_THRESHOLD_S = 0.010
"""Shortest time above the threshold that counts as a contact, s."""

COP_THRESHOLD_N = 100.0
"""Vertical force above which a centre of pressure is shown, and a contact is no mere touch, N."""


@dataclass(frozen=True, slots=True)
class EventRules:
    """Settings of contact detection."""

    threshold: float
    """Vertical force that starts and ends a contact, N."""
    event_cutoff: float
    """Low-pass cut-off of the force that events are taken from, Hz."""
    cutoff: float
    """Matched low-pass cut-off of forces and kinematics, Hz."""


@dataclass(frozen=True, slots=True)
class FootContact:
    """One contact of one foot, over all plates that it loads."""

    foot: int
    """{0, 1}."""
    touchdown: float
    toe_off: float
    """touchdown, toe_off: On the clock of the markers, s; NaN where foot markers show none."""
    plates: tuple[int, ...]
    """Indices of the loaded plates."""
    complete: bool
    """False when the forces or markers begin or end during it, or when the other foot shares a
    plate with it."""
    edge_distance: float
    """Smallest distance of the centre of pressure from the edge of the loaded plates, m; NaN when
    the corners are unknown."""
    peak: float
    """Largest vertical force, N."""
    shared: bool = False
    """True if the other foot shares a plate with it."""
    broken: frozenset[str] = frozenset()
    """Parts during which a plate failed (`aqbio.prepare.broken_contacts`)."""


def contact_span(contact: FootContact) -> FloatArray:
    """First and last instant (2,) of a contact, s; 40 ms of one whose other event is not known."""
    events = np.array([contact.touchdown, contact.toe_off])
    return np.where(
        np.isnan(events), events[::-1] + np.array([-MIN_CONTACT_S, MIN_CONTACT_S]), events
    )


@dataclass(frozen=True, slots=True)
class FeetLoads:
    """Loads and contacts of both feet; S force samples."""

    contacts: tuple[FootContact, ...]
    """In the order of time."""
    on_plates: tuple[PlateContact, ...]
    """The contacts plate by plate, also those without a foot."""
    force: FloatArray
    moment: FloatArray
    """force, moment: (S, 2, 3) arrays, N and N m. Not filtered; moments about the ground origin."""
    event_force: FloatArray
    """(S, 2) array, N. Vertical, at the cut-off of events."""
    cop: FloatArray
    """(S, 2, 3) array, m. NaN while the foot's vertical force is below the limit for display."""
    free_moment: FloatArray
    """(S, 2) array, N m."""
    unmeasured: tuple[FootContact, ...] = ()
    """Contacts by the foot markers, or on other plates, whose force is not known."""


def feet_loads(
    plates: Plates,
    feet: FloatArray,
    frame_time: FloatArray,
    rules: EventRules,
    sharp: FloatArray | None = None,
) -> FeetLoads:
    """Find all contacts, assign each to a foot (T, 2, K, 3) m and sum the loads of each foot.

    Events come from a foot's summed force, so that a foot on two plates has one contact; ``sharp``
    is `plate_event_force`, for callers that try several rules.
    """
    if sharp is None:
        sharp = plate_event_force(plates, rules.event_cutoff)
    on_plates = _contacts_on_plates(plates, sharp, feet, frame_time, rules)
    margin = round(LEAK_PERIODS * plates.rate / rules.cutoff)
    owner = _plate_owner(on_plates, len(plates.wrench.force), len(plates.numbers), margin)
    is_own = np.stack([owner == LEFT, owner == RIGHT], axis=1).astype(float)
    force, moment = (
        np.einsum("tfp,tpk->tfk", is_own, wrench)
        for wrench in (plates.wrench.force, plates.wrench.moment_about_origin())
    )
    sharp = event_force(np.concatenate((force, moment), axis=2), plates.rate, rules.event_cutoff)
    carried = np.where(is_own > 0.0, plates.vertical[:, None], -np.inf)
    surface = np.asarray(plates.surface[carried.argmax(axis=2)])
    cop, free_moment = centre_of_pressure(
        sharp[..., :3], sharp[..., 3:], np.zeros(3), surface, COP_THRESHOLD_N
    )
    vertical = sharp[..., 1]
    found = [
        contact
        for foot in (LEFT, RIGHT)
        for contact in _contacts_of(foot, plates, vertical[:, foot], cop[:, foot], on_plates, rules)
    ]
    first, last = frame_time[[0, -1]]
    in_recording = [
        replace(x, complete=x.complete and x.touchdown >= first and x.toe_off <= last)
        for x in sorted(found, key=lambda x: x.touchdown)
        if x.toe_off > first and x.touchdown < last
    ]
    return FeetLoads(
        tuple(in_recording), tuple(on_plates), force, moment, vertical, cop, free_moment
    )


def plate_event_force(plates: Plates, cutoff: float) -> FloatArray:
    """Force and moment of every plate that events are taken from, (S, P, 6), N and N m."""
    wrench = plates.wrench
    return event_force(np.concatenate((wrench.force, wrench.moment), axis=2), plates.rate, cutoff)


def loads_on_frames(
    loads: FeetLoads, plates: Plates, frame_time: FloatArray, cutoff: float
) -> tuple[FloatArray, FloatArray]:
    """Low-passed force and moment (T, 2, 3) about the ground origin; NaN where unknown."""
    wrenches = low_pass(np.concatenate((loads.force, loads.moment), axis=2), plates.rate, cutoff)
    values: FloatArray = CubicSpline(plates.time, wrenches, axis=0)(frame_time)
    sample = plates.samples_of(frame_time)
    values[sample < 0] = np.nan
    if plates.is_lost is not None:
        values[np.any(plates.is_lost[sample], axis=1)] = np.nan
    for start, stop in map(contact_span, loads.unmeasured):
        values[(frame_time > start - EVENT_MARGIN_S) & (frame_time < stop + EVENT_MARGIN_S)] = (
            np.nan
        )
    return values[..., :3], values[..., 3:]


def _contacts_on_plates(
    plates: Plates, sharp: FloatArray, feet: FloatArray, frame_time: FloatArray, rules: EventRules
) -> list[PlateContact]:
    """Contacts plate by plate, of the foot nearest to the centre of pressure.

    Where markers show no foot, it is the foot that the file names. So too of a contact that is cut,
    of which `MIN_CUT_PEAK_N` was not seen: where a force begins or ends, the centre of pressure of
    filtered forces is beside the foot.
    """
    cop, _ = centre_of_pressure(
        sharp[..., :3], sharp[..., 3:], plates.wrench.point, plates.surface, rules.threshold
    )
    on_plates, sample = [], plates.samples_of(frame_time)
    for plate, force in enumerate(sharp[..., 1].T):
        spans = contacts(force, plates.rate, rules.threshold, MIN_ABOVE_THRESHOLD_S).samples
        for start, stop in spans.tolist():
            peak, named = float(np.nanmax(force[start:stop])), plates.feet[plate]
            if peak < MIN_PLATE_PEAK_N:
                continue
            frames = np.flatnonzero((sample >= start) & (sample < stop))
            frames = frames[force[sample[frames]] >= MIN_PEAK_SHARE * peak]
            distances = foot_distance(feet[frames], cop[sample[frames], plate])
            foot, distance, margin, shared = _nearest_foot(distances)
            is_cut = start == 0 or stop == len(force)
            is_faint = is_cut and peak < MIN_CUT_PEAK_N and named != NO_FOOT
            if is_faint or (foot == NO_FOOT and np.isnan(distance)):
                foot, margin, shared = named, np.nan, False
            on_plates.append(PlateContact(plate, start, stop, peak, foot, distance, margin, shared))
    return on_plates


MIN_CUT_PEAK_N = 200.0
"""Least force of a contact that is cut by which its centre of pressure shows the foot."""


def _nearest_foot(distance: FloatArray) -> tuple[int, float, float, bool]:
    """Foot by distances (N, 2), its own, how much farther the other is, and whether both stood.

    Far from the only foot that is seen, it is unknown. Both feet stood there if the nearest one
    changes.
    """
    distance = distance[np.isfinite(distance).any(axis=1)]
    if not len(distance):
        return NO_FOOT, np.nan, np.nan, False
    left, right = (finite_median(distance[:, foot]) for foot in (LEFT, RIGHT))
    foot = RIGHT if np.isnan(left) or right < left else LEFT
    nearest, farther = (left, right) if foot == LEFT else (right, left)
    quarter = max(len(distance) // 4, 1)
    first, last = (
        np.nan_to_num(part, nan=np.inf).mean(axis=0)
        for part in (distance[:quarter], distance[-quarter:])
    )
    before, after = first[LEFT] - first[RIGHT], last[LEFT] - last[RIGHT]
    shared = before * after < 0.0 and min(abs(before), abs(after)) > MIN_FOOT_MARGIN_M
    if nearest > MAX_FOOT_DISTANCE_M:
        foot, nearest = NO_FOOT, np.nan if np.isnan(farther) else nearest
    return foot, nearest, farther - nearest, bool(shared)


def _plate_owner(on_plates: list[PlateContact], samples: int, plates: int, margin: int) -> IntArray:
    """Foot on each plate at each sample, (S, P), -1 for none, with a margin around contacts.

    Plates are split by foot *before* they are filtered: what leaks over a cut, where a plate is
    unloaded, stays with the foot that caused it.
    """
    owner = np.full((samples, plates), NO_FOOT, dtype=np.int64)
    for plate in range(plates):
        of_plate = [contact for contact in on_plates if contact.plate == plate]
        middles = [(contact.stop + after.start) // 2 for contact, after in pairwise(of_plate)]
        for contact, low, high in zip(of_plate, [0, *middles], [*middles, samples], strict=False):
            first, stop = max(low, contact.start - margin), min(high, contact.stop + margin)
            owner[first:stop, plate] = contact.foot
    return owner


def _contacts_of(
    foot: int,
    plates: Plates,
    vertical: FloatArray,
    cop: FloatArray,
    on_plates: list[PlateContact],
    rules: EventRules,
) -> list[FootContact]:
    with_corners = ~np.isnan(plates.corners.sum(axis=(1, 2)))
    spans = contacts(vertical, plates.rate, rules.threshold, MIN_ABOVE_THRESHOLD_S)
    foot_contacts = []
    for index, (start, stop) in enumerate(spans.samples.tolist()):
        peak = float(vertical[start:stop].max())
        if peak < COP_THRESHOLD_N:
            continue
        on = [x for x in on_plates if x.foot == foot and x.start < stop and x.stop > start]
        loaded = np.isin(np.arange(len(plates.numbers)), [contact.plate for contact in on])
        shared = any(contact.shared for contact in on)
        force = plates.wrench.force[:, loaded]
        broken = broken_parts(force, plates.rate, start, stop, rules.threshold)
        pressed = cop[start:stop][~np.isnan(cop[start:stop].sum(axis=1))]
        edges = edge_distance(pressed, plates.corners, loaded & with_corners, MAX_SEAM_M)
        foot_contacts.append(
            FootContact(
                foot=foot,
                touchdown=float(plates.start + spans.touchdown[index]),
                toe_off=float(plates.start + spans.toe_off[index]),
                plates=tuple(np.flatnonzero(loaded).tolist()),
                complete=bool(spans.complete[index]) and not shared and not broken,
                edge_distance=float(np.fmin.reduce(edges, initial=np.nan)),
                peak=peak,
                shared=shared,
                broken=broken,
            )
        )
    return foot_contacts
