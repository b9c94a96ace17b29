"""Rate of a recording, against gravity and against the clock of the forces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from scipy.integrate import cumulative_trapezoid

from aqbio.body.statements import Measurement, Statement, as_error, contradiction
from aqbio.config import MarkerSet
from aqbio.force_plates.forces import Plates
from aqbio.prepare.body_size import vertical_masses
from aqbio.prepare.contacts import EVENT_MARGIN_S, FeetLoads, FootContact, contact_span
from aqbio.prepare.marked_body import MIN_BODY_MASS_SHARE, MarkedBody, SegmentMasses, marked_body
from aqbio.prepare.notes import Notes
from aqbio.prepare.trial import PreparedTrial
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray

FLIGHT_RANGE_S = (0.04, 0.30)
"""Between toe-off and the other foot's touchdown; a longer time hides a contact, s."""

MIN_FLIGHT_FRAMES = 6
"""Fewest frames of a flight to which a parabola is fitted."""


def flights(contacts: Sequence[FootContact]) -> FloatArray:
    """Start and end of every flight between contacts of alternating feet, (N, 2), s."""
    ordered = sorted(contacts, key=lambda contact: contact.touchdown)
    spans = [
        (earlier.toe_off, later.touchdown)
        for earlier, later in pairwise(ordered)
        if earlier.foot != later.foot
        and not (earlier.broken or later.broken)
        and FLIGHT_RANGE_S[0] < later.touchdown - earlier.toe_off < FLIGHT_RANGE_S[1]
    ]
    return np.array(spans, dtype=float).reshape(-1, 2)


def marked_height(markers: FloatArray, segment: IntArray, mass: FloatArray) -> FloatArray:
    """Height (T,) m of the centre of mass, up to a constant: segments' marker means by mass.

    NaN where the segments seen in all frames have less than 90 % of the mass; ``segment`` (M,), -1
    for none.
    """
    complete = np.isfinite(markers).all(axis=(0, 2))
    columns = [np.flatnonzero(complete & (segment == index)) for index in range(len(mass))]
    marked = [index for index, marker_columns in enumerate(columns) if len(marker_columns)]
    marked_mass = float(mass[marked].sum())
    if not marked_mass >= MIN_BODY_MASS_SHARE * float(mass.sum()):
        return np.full(len(markers), np.nan)
    heights = [mass[index] * markers[:, columns[index], 1].mean(axis=1) for index in marked]
    return np.asarray(np.sum(heights, axis=0) / marked_mass)


def fall(height: FloatArray, time: FloatArray) -> float:
    """Downward acceleration of a flight by a parabola through its heights, m/s²."""
    if len(time) < MIN_FLIGHT_FRAMES or not np.isfinite(height).all():
        return float("nan")
    return float(-2.0 * np.polyfit(time - time.mean(), height, 2)[0])


def falls(
    markers: FloatArray, rate: float, segment: IntArray, mass: FloatArray, spans: FloatArray
) -> FloatArray:
    """Downward acceleration (N,) m/s² of every flight in ``spans`` (N, 2) s; NaN where unknown.

    Nothing but gravity moves the centre of mass in flight. A wrong rate by the factor f makes it
    ``f² g``, a wrong unit or calibration of lengths by the factor k ``k g``.
    """
    time = np.arange(len(markers)) / rate
    accelerations = []
    for start, stop in spans:
        inside = (time >= start) & (time <= stop)
        accelerations.append(fall(marked_height(markers[inside], segment, mass), time[inside]))
    return np.array(accelerations)


FALL_ACCELERATION_M_S2 = 10.9
"""Fall of the markers' centre of mass in flight, m/s²: the middle of 9.05 to 13.2, the medians of
142 virtual sprints and 10 real runs at 2 to 9.5 m/s. It is more than 9.81 because limbs that swing
are not where the mean of their markers is."""

RATE_ERROR = 0.15
"""A rate derived from the fall is accurate within this share: those trials reach 10 %."""

MIN_GROSS_RATIO = 1.5
"""No marker set and no way of running makes the rate by the fall wrong by this factor."""

HEADER_ERROR = 0.02
"""A header's rate is rounded by less than this share."""


PATH_FACTOR = 1.12
"""Size of the vertical path of the centre of mass by markers over the one that the forces make: the
middle of 0.99 to 1.28 in 38 runs of 12 runners at 2 to 9.5 m/s. It is more than 1 because markers
on soft tissue overshoot; virtual sprinters have 1.0. A rate that is wrong by the factor f for
markers and forces alike makes it f² times as large."""

PATH_ERROR = 0.11
"""A rate derived from that path is accurate within this share: those runs reach 7 %."""

MIN_PATH_CORRELATION = 0.98
"""Correlation of both paths below which gaps and ghosts of markers make a path of their own."""

MIN_PATH_CONTACTS = 3

DRIFT_ERROR = 0.01
"""Clocks of forces and markers part by less than this share of the time: in 43 sound runs by 0.3 %
at most, and by less than 0.1 % in 39 of them."""

MIN_DRIFT_SDS = 4.0
"""A drift is distinguished from none when it is this many standard errors away from it."""

MIN_DRIFT_CONTACTS = 4
"""Contacts from which on a drift is stated."""


def note_rate(
    prepared: PreparedTrial, marker_set: MarkerSet, masses: SegmentMasses, notes: Notes
) -> None:
    """Check the rate of a moving trial against gravity, forces, their clock and the header."""
    fall, drift = _fall(prepared, marker_set, masses), clock_drift(prepared)
    path = path_factor(prepared, marker_set, masses)
    measured = []
    if not np.isnan(fall):
        value = prepared.rate * float(
            np.sqrt(FALL_ACCELERATION_M_S2 / fall)
        )  # the runner would fall as runners do
        gross = not 1.0 / MIN_GROSS_RATIO <= value / prepared.rate <= MIN_GROSS_RATIO
        source = f"the {fall:.1f} m/s² at which the runner falls in flight"
        measured.append(Measurement(value, RATE_ERROR * value, source, decisive=gross))
    if not np.isnan(drift):
        value = prepared.rate / (1.0 + drift)
        source = "the clock of the forces, from the first contact to the last"
        measured.append(Measurement(value, DRIFT_ERROR * value, source, decisive=True))
    if not np.isnan(path):
        value = prepared.rate * float(np.sqrt(PATH_FACTOR / path))
        source = "the path of the centre of mass that the vertical forces make"
        measured.append(Measurement(value, PATH_ERROR * value, source))
    count = len(measured)
    measured += [
        Measurement(finding.number, HEADER_ERROR * finding.number, "the file's header")
        for finding in notes.findings
        if finding.rule == "trc-rate" and finding.number
    ]
    fix = "correct the rate or the time column of the markers or of the forces, whichever is wrong."
    if not np.isnan(fall):
        fix += (
            f" If they are right, lengths are {fall / FALL_ACCELERATION_M_S2:.2f} times "
            "what they should be: check unit and calibration of the markers."
        )
    statement = Statement(
        "rate",
        "the time of the frames says a rate of",
        prepared.rate,
        "Hz",
        digits=0,
        file=notes.file,
        fix=fix,
    )
    disagreement = contradiction(
        statement, measured, "All velocities would be wrong: the trial is left out."
    )
    if disagreement is None or not count:
        return  # the reader has reported a wrong header already
    if disagreement.severity == "error":
        raise as_error(disagreement)
    notes.adopt((replace(disagreement, invalidates="times"),))


def clock_drift(prepared: PreparedTrial) -> float:
    """Share by which the time of the forces runs faster than that of the markers.

    The slope of the middle of contacts by plates on the middle of the same ones by foot markers;
    NaN where it cannot be distinguished from none, or with fewer than four contacts.
    """
    if prepared.loads is None:
        return float("nan")
    middles = np.array(
        [
            (
                0.5 * (contact.touchdown + contact.toe_off),
                0.5 * (measured.touchdown + measured.toe_off),
            )
            for contact in prepared.kinematic
            for measured in prepared.loads.contacts
            if contact.foot == measured.foot
            and contact.complete
            and measured.complete
            and contact.touchdown < measured.toe_off
            and contact.toe_off > measured.touchdown
        ]
    ).reshape(-1, 2)
    if len(middles) < MIN_DRIFT_CONTACTS:
        return float("nan")
    marked, delays = middles[:, 0] - middles[:, 0].mean(), middles[:, 1] - middles[:, 0]
    slope = float(marked @ delays / (marked @ marked))
    rest = delays - delays.mean() - slope * marked
    error = float(np.sqrt(rest @ rest / (len(rest) - 2) / (marked @ marked)))
    return slope if abs(slope) > MIN_DRIFT_SDS * error else float("nan")


def path_factor(prepared: PreparedTrial, marker_set: MarkerSet, masses: SegmentMasses) -> float:
    """Factor of `vertical_path_factor` over a trial's longest stretch of measured forces.

    With the mass from the mean force of whole strides; NaN where it is unknown, or where fewer than
    three contacts or not the whole body are seen.
    """
    if prepared.vertical is None:
        return float("nan")
    plates, loads = prepared.vertical
    body = marked_body(prepared.labels, prepared.markers, prepared.rate, marker_set, masses)
    mass = vertical_masses(plates, loads)
    if body is None or not len(mass) or len(loads.contacts) < MIN_PATH_CONTACTS:
        return float("nan")
    stretches = runs(known_frames(body, plates, loads, prepared.kinematic))
    start, stop = max(stretches, key=lambda stretch: stretch[1] - stretch[0], default=(0, 0))
    time, height = body.time[start:stop], body.com[start:stop, 1]
    force = np.interp(time, plates.time, loads.force[:, :, 1].sum(axis=1))
    return vertical_path_factor(time, height, force, float(np.median(mass)))


def known_frames(
    body: MarkedBody, plates: Plates, loads: FeetLoads, kinematic: Sequence[FootContact]
) -> BoolArray:
    """Frames (T,) between first and last contact in which forces and the body are known."""
    time = body.time
    spans = np.array([contact_span(contact) for contact in loads.contacts])
    inside = (time >= spans.min() - EVENT_MARGIN_S) & (time <= spans.max() + EVENT_MARGIN_S)
    inside &= body.is_followed & (plates.samples_of(time) >= 0)
    for contact in (*kinematic, *loads.unmeasured):
        start, stop = contact_span(contact)
        if contact in loads.unmeasured or not ((start < spans[:, 1]) & (stop > spans[:, 0])).any():
            inside &= ~((time > start - EVENT_MARGIN_S) & (time < stop + EVENT_MARGIN_S))
    return np.asarray(inside)


def vertical_path_factor(
    time: FloatArray, height: FloatArray, force: FloatArray, mass: float
) -> float:
    """Size of a path of the centre of mass over the one that the vertical force makes.

    ``y = k ∬ F_y / m`` by linear regression of heights (T,), m, on the force (T,), N, at instants
    (T,), s, up to a polynomial of degree 2; NaN where both differ in shape.
    """
    if len(time) < MIN_FLIGHT_FRAMES or not np.isfinite(force).all():
        return float("nan")
    impulse = cumulative_trapezoid(force, time, initial=0)
    path = cumulative_trapezoid(impulse, time, initial=0)
    scale = 2.0 * (time - time.mean()) / np.ptp(time)
    base, _ = np.linalg.qr(np.polynomial.legendre.legvander(scale, 2))
    height, path = (values - base @ (base.T @ values) for values in (height, path))
    size = float(np.sqrt((height @ height) * (path @ path)))
    if not float(height @ path) > MIN_PATH_CORRELATION * size:
        return float("nan")
    return mass * float(height @ path) / float(path @ path)


def _fall(prepared: PreparedTrial, marker_set: MarkerSet, masses: SegmentMasses) -> float:
    """Median fall over a trial's flights, m/s²: of those that plates and foot markers agree on."""
    segment = masses.carriers(prepared.labels, marker_set)
    visible = np.isfinite(prepared.markers).any(axis=(0, 2))
    if not masses.are_sufficient(np.where(visible, segment, -1)):
        return float("nan")
    spans = flights(prepared.contacts)
    if prepared.loads is not None and len(marked := flights(prepared.kinematic)):
        spans = shared_spans(spans, marked)
    mass = np.array(list(masses.mass.values()))
    fall = falls(prepared.markers, prepared.rate, segment, mass, spans)
    fall = fall[fall > 0.0]  # an upward acceleration in flight hides a contact
    return float(np.median(fall)) if len(fall) else float("nan")


def shared_spans(spans: FloatArray, other_spans: FloatArray) -> FloatArray:
    """Parts (N, 2), s, of flights that are flights by others, too, and not too short."""
    start = np.maximum(spans[:, None, 0], other_spans[None, :, 0])
    stop = np.minimum(spans[:, None, 1], other_spans[None, :, 1])
    long = stop - start > FLIGHT_RANGE_S[0]
    return np.stack([start[long], stop[long]], axis=1)
