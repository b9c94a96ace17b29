"""Lag of the forces behind the markers, from evidence that both give, and their shift by it.

A standing foot carries its load beneath itself: the lag at which most of the force lies under
feet that stand by their markers is unique within a stride, and coarse. The vertical force is
``m (a + g)`` of the centre of mass: the lag of the largest correlation is exact, and repeats with
every step. Together they know it to a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from aqbio.force_plates.forces import Plates, centre_of_pressure
from aqbio.prepare.broken_contacts import broken_parts, without_failures
from aqbio.prepare.contacts import FootContact, contact_span, contacts, foot_distance
from aqbio.prepare.force_delay import MIN_CONTACTS, force_delay
from aqbio.prepare.marked_body import MarkedBody
from aqbio.prepare.notes import Notes
from aqbio.vectors import BoolArray, FloatArray

MAX_LAG_S = 0.2
"""Largest lag that is tried, s."""

LAG_STEP_S = 0.004
"""Step between the lags that are tried, s."""

MAX_FOOT_DISTANCE_M = 0.06
"""A standing foot carries a load whose centre of pressure is this near to it, m: half the width of
a shoe and 10 mm."""

MAX_SHARE_DIFFERENCE = 0.03
"""Lags whose share of the force under standing feet is this near to the largest are as good."""

MIN_SHARE_UNDER_FEET = 0.3
"""A lag is known where this share of the force is under standing feet: 0.36 to 1.00 in 43 sound
runs of 12 runners, above 0.7 in 42 of them."""

REFINEMENT_WINDOW_S = 0.06
"""The exact lag is looked for within this of the coarse one, s: that is -12 to 18 ms off in those
runs, and steps repeat after 220 ms at the earliest."""

CLOCK_ERROR_S = 0.020
"""Forces that lag by less are left to the fit, which knows how clocks differ, s. The lag of 43
sound runs is -1.2 to 2.9 ms by the centre of mass, and -9 to 7 ms by touchdowns and toe-offs of the
foot markers, the mean of their medians."""

LOADED_N = 50.0
"""Vertical force from which a plate is loaded, N."""

MIN_LOADED_S = 0.02
"""Shortest load of the plates that is a contact, s."""

HALF = 0.5
"""An exact lag puts more than this part of what the best one does under standing feet; a coarse one
is accepted by itself where no lag puts less than that there."""

LEVEL = np.array([1.0, 0.0, 1.0])

MAX_INSTANTS = 20_000
"""Frames, times lags, that are computed at once: some ten megabytes."""


def standing_frames(time: FloatArray, contacts: Sequence[FootContact]) -> BoolArray:
    """Frames (T, 2) in which each foot stands."""
    standing = np.zeros((len(time), 2), dtype=np.bool_)
    for contact in contacts:
        start, stop = contact_span(contact)
        standing[(time >= start) & (time <= stop), contact.foot] = True
    return standing


def share_under_feet(
    plates: Plates, feet: FloatArray, standing: BoolArray, time: FloatArray, lags: FloatArray
) -> FloatArray:
    """Share (L,) of the vertical force that lies under standing feet (T, 2, K, 3), by lag, s."""
    wrench = plates.wrench
    cop, _ = centre_of_pressure(wrench.force, wrench.moment, wrench.point, plates.surface, LOADED_N)
    blocks = np.array_split(lags, 1 + len(lags) * len(time) // MAX_INSTANTS)
    return np.concatenate(
        [_share_under_feet(plates, cop, feet, standing, time, block) for block in blocks]
    )


def _share_under_feet(
    plates: Plates,
    cop: FloatArray,
    feet: FloatArray,
    standing: BoolArray,
    time: FloatArray,
    lags: FloatArray,
) -> FloatArray:
    """Share (L,) by lag, all lags at once; ``cop`` (S, P, 3), m, at samples of the plates."""
    planted = np.flatnonzero(standing.any(axis=1))
    sample = np.stack([plates.samples_of(time + lag) for lag in lags])
    force = np.where((sample >= 0)[..., None], plates.vertical[sample], 0.0)
    force[~(force > LOADED_N)] = 0.0
    under = np.zeros(len(lags))
    for plate in range(force.shape[2]):
        lag, frame = np.nonzero(force[:, planted, plate])
        frame = planted[frame]
        point = cop[sample[lag, frame], plate] * LEVEL
        away = np.nan_to_num(foot_distance(feet[frame] * LEVEL, point), nan=np.inf)
        near = (standing[frame] & (away < MAX_FOOT_DISTANCE_M)).any(axis=1)
        under += np.bincount(lag, force[lag, frame, plate] * near, len(lags))
    total = force.sum(axis=(1, 2))
    return np.asarray(np.divide(under, total, out=np.zeros(len(lags)), where=total > 0.0))


def force_lag(
    plates: Plates,
    feet: FloatArray,
    contacts: Sequence[FootContact],
    time: FloatArray,
    body: MarkedBody | None,
) -> float:
    """Lag (s) of the forces behind the markers, positive when they are late; NaN where unknown.

    ``contacts`` of the feet (T, 2, K, 3), m, by their markers at instants ``time`` (T,), s. By
    their touchdowns and toe-offs where markers do not show the ``body``.
    """
    standing = standing_frames(time, contacts)
    lags = np.arange(-MAX_LAG_S, MAX_LAG_S + 0.5 * LAG_STEP_S, LAG_STEP_S)
    unbroken = _without_broken_loads(plates)
    shares = share_under_feet(unbroken, feet, standing, time, lags)
    if shares.max() < MIN_SHARE_UNDER_FEET:
        return float("nan")
    coarse = float(lags[shares > shares.max() - MAX_SHARE_DIFFERENCE].mean())
    exact = float("nan") if body is None else _by_body(plates, body, coarse)
    if not np.isfinite(exact):
        exact = _by_events(unbroken, contacts, coarse)
    if not np.isfinite(exact):
        if sum(contact.complete for contact in contacts) < MIN_CONTACTS:
            return float("nan")  # the edge of the file cuts the contacts, and what lies under them
        [unshifted] = share_under_feet(unbroken, feet, standing, time, np.zeros(1))
        return coarse if unshifted < HALF * shares.max() else float("nan")
    [share] = share_under_feet(unbroken, feet, standing, time, np.array([exact]))
    return exact if share > HALF * shares.max() else float("nan")


def _total(plates: Plates) -> FloatArray:
    return np.asarray(np.clip(plates.vertical, 0.0, None).sum(axis=1))


def _by_body(plates: Plates, body: MarkedBody, coarse: float) -> float:
    """Lag near a coarse one at which the vertical force fits the centre of mass best."""
    step = float(body.time[1] - body.time[0])
    total = _total(plates)
    loaded = plates.time[total > LOADED_N] - coarse
    used = (body.time >= loaded[0]) & (body.time <= loaded[-1])
    acceleration = np.gradient(np.gradient(body.com[:, 1], step), step)
    force = np.interp(body.time + coarse, plates.time, total)
    force = without_failures(body.time + coarse, force, _loads(plates))
    delay = force_delay(
        body.time[used], force[used], acceleration[used],
        longest=REFINEMENT_WINDOW_S, taken_off=coarse,
    )  # fmt: skip
    return coarse + delay


def _loads(plates: Plates) -> Iterator[tuple[float, float, bool]]:
    """Begin and end of every load of all plates together, s, and whether a plate failed in it."""
    total = plates.wrench.force.sum(axis=1)
    spans = contacts(total[:, 1], plates.rate, LOADED_N, MIN_LOADED_S)
    for (first, stop), begin, end in zip(
        spans.samples.tolist(), spans.touchdown, spans.toe_off, strict=True
    ):
        broken = bool(broken_parts(total, plates.rate, first, stop, LOADED_N))
        yield plates.start + float(begin), plates.start + float(end), broken


def _without_broken_loads(plates: Plates) -> Plates:
    """Plates without the loads in which one failed.

    What is left of such a load lies under its foot at more lags than a whole one, and begins or
    ends when no foot does.
    """
    broken = np.zeros(len(plates.time), dtype=np.bool_)
    for begin, end, has_failed in _loads(plates):
        if has_failed:
            broken |= (plates.time >= begin - MIN_LOADED_S) & (plates.time <= end + MIN_LOADED_S)
    if not broken.any():
        return plates
    force = np.where(broken[:, None, None], 0.0, plates.wrench.force)
    return replace(plates, wrench=replace(plates.wrench, force=force))


def _by_events(plates: Plates, contacts: Sequence[FootContact], coarse: float) -> float:
    """Lag near a coarse one by touchdowns and toe-offs, on average; NaN where they disagree."""
    loaded = np.diff((plates.vertical > LOADED_N).astype(int), axis=0)
    edges = []
    for name, change in (("touchdown", 1), ("toe_off", -1)):
        events = plates.time[np.nonzero(loaded == change)[0]] - coarse
        marked = np.array([getattr(contact, name) for contact in contacts])
        marked = marked[np.isfinite(marked)]
        if len(events) < MIN_CONTACTS or len(marked) < MIN_CONTACTS:
            return float("nan")
        differences = events[:, None] - marked
        nearest = differences[np.arange(len(events)), np.abs(differences).argmin(axis=1)]
        edges.append(float(np.median(nearest)))
    agree = abs(edges[0] - edges[1]) < 2.0 * CLOCK_ERROR_S
    return coarse + float(np.mean(edges)) if agree else float("nan")


def without_lag(plates: Plates, lag: float, notes: Notes) -> Plates:
    """Plates on the clock of the markers, and a finding, where forces lag too far for a clock."""
    if not abs(lag) > CLOCK_ERROR_S:
        return plates
    notes.add(
        "force-clock",
        "warning",
        f"the forces are {1e3 * abs(lag):.0f} ms {'late' if lag > 0.0 else 'early'} by "
        "the markers of the feet that bear them and of the body, more than the "
        f"{1e3 * CLOCK_ERROR_S:.0f} ms that are left to the fit: they are shifted by that.",
        number=lag,
        limit=CLOCK_ERROR_S,
        unit="s",
        fix="check start and rate of the force file; laboratory.force_delay_s takes a known delay "
        "back.",
        forces=True,
    )
    return replace(plates, start=plates.start - lag)
