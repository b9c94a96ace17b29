"""Rate of a recording, against gravity: with forces, the search over their faults tells more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from aqbio.body.statements import Measurement, Statement, as_error, contradiction
from aqbio.config import MarkerSet
from aqbio.names import NORMAL_95
from aqbio.prepare.body_balances import FLIGHT_RANGE_S, MIN_FLIGHT_FRAMES
from aqbio.prepare.contacts import FootContact
from aqbio.prepare.marked_body import MIN_BODY_MASS_SHARE, SegmentMasses
from aqbio.prepare.notes import Notes
from aqbio.prepare.people import of_people
from aqbio.prepare.trial import PreparedTrial
from aqbio.vectors import FloatArray, IntArray


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


def falls(
    markers: FloatArray, rate: float, segment: IntArray, mass: FloatArray, spans: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Downward acceleration (N,) m/s² of every flight in ``spans`` (N, 2) s, by a parabola.

    And its standard error by what the parabola leaves. NaN where unknown. Nothing but gravity moves
    the centre of mass in flight. A wrong rate by the factor f makes it ``f² g``, a wrong unit or
    calibration of lengths by the factor k ``k g``.
    """
    time = np.arange(len(markers)) / rate
    accelerations, errors = [], []
    for start, stop in spans:
        inside = (time >= start) & (time <= stop)
        height, at = marked_height(markers[inside], segment, mass), time[inside]
        known = len(at) >= MIN_FLIGHT_FRAMES and np.isfinite(height).all()
        parabola, covariance = [np.nan], np.full((1, 1), np.nan)
        if known:
            parabola, covariance = np.polyfit(at - at.mean(), height, 2, cov=True)
        accelerations.append(-2.0 * float(parabola[0]))
        errors.append(2.0 * float(np.sqrt(covariance[0, 0])))
    return np.array(accelerations), np.array(errors)


FALL_ACCELERATION_M_S2, RATE_ERROR = of_people("fall of markers")
"""Fall of the markers' centre of mass in flight, and error of a rate from it, as a share."""

MIN_GROSS_RATIO = 1.5
"""No marker set and no way of running makes the rate by the fall wrong by this factor."""

MEDIAN_ERROR = float(np.sqrt(0.5 * np.pi))
"""Standard error of a median of normal numbers over that of their mean."""

HEADER_ERROR = 0.02
"""A header's rate is rounded by less than this share."""


def note_rate(
    prepared: PreparedTrial, marker_set: MarkerSet, masses: SegmentMasses, notes: Notes
) -> None:
    """Check the rate of a moving trial against gravity and the header."""
    fall, sd = _fall(prepared, marker_set, masses)
    if np.isnan(fall):
        return  # the reader has reported a wrong header already
    value = prepared.rate * float(np.sqrt(FALL_ACCELERATION_M_S2 / fall))  # as runners fall
    gross = not 1.0 / MIN_GROSS_RATIO <= value / prepared.rate <= MIN_GROSS_RATIO
    source = f"the {fall:.1f} m/s² at which the runner falls in flight"
    error = RATE_ERROR + NORMAL_95 * 0.5 * sd / fall  # noise, beside what soft tissue does
    measured = [Measurement(value, error * value, source, decisive=gross)]
    measured += [
        Measurement(finding.number, HEADER_ERROR * finding.number, "the file's header")
        for finding in notes.findings
        if finding.rule == "trc-rate" and finding.number
    ]
    statement = Statement(
        "rate",
        "the time of the frames says a rate of",
        prepared.rate,
        "Hz",
        digits=0,
        file=notes.file,
        fix="correct the rate or the time column of the markers or of the forces, whichever is "
        f"wrong. If they are right, lengths are {fall / FALL_ACCELERATION_M_S2:.2f} times what "
        "they should be: check unit and calibration of the markers.",
    )
    disagreement = contradiction(
        statement, measured, "All velocities would be wrong: the trial is left out."
    )
    if disagreement is None:
        return
    if disagreement.severity == "error":
        raise as_error(disagreement)
    notes.adopt((replace(disagreement, invalidates="times"),))


def _fall(
    prepared: PreparedTrial, marker_set: MarkerSet, masses: SegmentMasses
) -> tuple[float, float]:
    """Median fall over a trial's flights and its standard error by the markers' noise, m/s².

    Of the flights that plates and foot markers agree on; of the markers' where they agree on none.
    """
    segment = masses.carriers(prepared.labels, marker_set)
    visible = np.isfinite(prepared.markers).any(axis=(0, 2))
    if not masses.are_sufficient(np.where(visible, segment, -1)):
        return float("nan"), float("nan")
    spans = flights(prepared.contacts)
    if prepared.loads is not None and len(marked := flights(prepared.kinematic)):
        shared = shared_spans(spans, marked)
        spans = shared if len(shared) else marked
    mass = np.array(list(masses.mass.values()))
    fall, sd = falls(prepared.markers, prepared.rate, segment, mass, spans)
    falling = fall > 0.0  # an upward acceleration in flight hides a contact
    if not falling.any():
        return float("nan"), float("nan")
    error = MEDIAN_ERROR * float(np.median(sd[falling])) / np.sqrt(falling.sum())
    return float(np.median(fall[falling])), error


def shared_spans(spans: FloatArray, other_spans: FloatArray) -> FloatArray:
    """Parts (N, 2), s, of flights that are flights by others, too, and not too short."""
    start = np.maximum(spans[:, None, 0], other_spans[None, :, 0])
    stop = np.minimum(spans[:, None, 1], other_spans[None, :, 1])
    long = stop - start > FLIGHT_RANGE_S[0]
    return np.stack([start[long], stop[long]], axis=1)
