"""Rate and clock of a recording, against gravity and against the foot markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from aqbio.body.statements import Measurement, Statement, as_error, contradiction, verdict
from aqbio.config import MarkerSet
from aqbio.recordings.contacts import FootContact
from aqbio.recordings.events_from_markers import event_errors
from aqbio.recordings.notes import Notes
from aqbio.recordings.trial import PreparedTrial
from aqbio.vectors import FloatArray, IntArray

LONGEST_DELAY = 0.04
"""Largest delay that is looked for by default, s."""

CLOCK_CONTACTS = 2
"""Whole contacts from which on a delay is stated: the rise and the fall of one hump are not enough.

Of a jog that says 2.6 ms, single contacts say 8 to 12 ms, two in a row 2.9 and 3.7; of a
sprint (0.6 ms) two say -0.8 to 2.2, of two virtual runs (-1.8 and -0.7) -2.5 to -1.8 and -1.0 to
-0.2."""


def force_delay(
    time: FloatArray,
    force: FloatArray,
    weight_and_inertia: FloatArray,
    *,
    longest: float = LONGEST_DELAY,
) -> float:
    """Delay (s) of the vertical force after ``m (a_y + g)`` of the centre of mass, (T,) N.

    The shift of the largest correlation, refined by a parabola; positive when forces are late, NaN
    with too few samples, infinite when it is an end of the search.
    """
    step = float(time[1] - time[0])
    reach = int(np.ceil(longest / step))
    if len(time) < 4 * reach:
        return float("nan")
    inner = slice(reach, len(time) - reach)
    caused = weight_and_inertia[inner]
    shifts = np.arange(-reach, reach + 1)
    correlation = np.array(
        [np.corrcoef(force[reach + s : len(time) - reach + s], caused)[0, 1] for s in shifts]
    )
    best = int(np.argmax(correlation))
    if best in (0, len(shifts) - 1):
        return float(np.copysign(np.inf, shifts[best]))
    before, peak, after = correlation[best - 1 : best + 2]
    return float((shifts[best] + 0.5 * (before - after) / (before - 2 * peak + after)) * step)


FLIGHT = (0.04, 0.30)
"""Between toe-off and the other foot's touchdown; a longer time hides a contact, s."""

FRAMES = 6
"""Fewest frames of a flight to which a parabola is fitted."""

PRESENT_SHARE = 0.9
"""Share of the body's mass whose segments must be seen."""


def flights(contacts: Sequence[FootContact]) -> FloatArray:
    """Start and end of every flight between contacts of alternating feet, (N, 2), s."""
    ordered = sorted(contacts, key=lambda one: one.touchdown)
    spans = [
        (one.toe_off, other.touchdown)
        for one, other in pairwise(ordered)
        if one.foot != other.foot
        and not (one.broken or other.broken)
        and FLIGHT[0] < other.touchdown - one.toe_off < FLIGHT[1]
    ]
    return np.array(spans, dtype=float).reshape(-1, 2)


def marked_height(markers: FloatArray, segment: IntArray, mass: FloatArray) -> FloatArray:
    """Height (T,) m of the centre of mass, up to a constant: segments' marker means by mass.

    NaN where the segments seen in all frames have less than 90 % of the mass; ``segment`` (M,), -1
    for none.
    """
    whole = np.isfinite(markers).all(axis=(0, 2))
    columns = [np.flatnonzero(whole & (segment == one)) for one in range(len(mass))]
    marked = [one for one, own in enumerate(columns) if len(own)]
    marked_mass = float(mass[marked].sum())
    if not marked_mass >= PRESENT_SHARE * float(mass.sum()):
        return np.full(len(markers), np.nan)
    heights = [mass[one] * markers[:, columns[one], 1].mean(axis=1) for one in marked]
    return np.asarray(np.sum(heights, axis=0) / marked_mass)


def fall(height: FloatArray, time: FloatArray) -> float:
    """Downward acceleration of a flight by a parabola through its heights, m/s²."""
    if len(time) < FRAMES or not np.isfinite(height).all():
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


FALL = 10.9
"""Fall of the markers' centre of mass in flight, m/s²: the middle of 9.05 to 13.2, the medians of
142 virtual sprints and 10 real runs at 2 to 9.5 m/s. It is more than 9.81 because limbs that swing
are not where the mean of their markers is."""

RATE_ERROR = 0.15
"""A rate derived from the fall is accurate within this share: those trials reach 10 %."""

GROSS = 1.5
"""No marker set and no way of running makes the rate by the fall wrong by this factor."""

MARKED = 0.6
"""Share of the mass of every group of segments that must carry markers: an arm marked on upper arm
and hand does (65 %), one that is bare beyond the elbow (53 %) or a trunk without its own does not.
What is not marked may swing up while the rest falls."""

HEADER_ERROR = 0.02
"""A header's rate is rounded by less than this share."""


CLOCK_ERROR = 0.020
"""Touchdowns and toe-offs from markers are not both wrong by this on one side, medians of a trial,
s: in sound recordings touchdowns are 13 ms early to 14 ms late, toe-offs 6 early to 21 late, both
on one side by 5 ms at most."""


def note_rate(
    prepared: PreparedTrial,
    marker_set: MarkerSet,
    masses: Mapping[str, float],
    groups: Mapping[str, Sequence[str]],
    notes: Notes,
) -> None:
    """Check the rate of a moving trial against gravity, and against its file's header."""
    fall = _fall(prepared, marker_set, masses, groups)
    measured = []
    if not np.isnan(fall):
        value = prepared.rate * float(np.sqrt(FALL / fall))  # the runner would fall as runners do
        gross = not 1.0 / GROSS <= value / prepared.rate <= GROSS
        source = f"the {fall:.1f} m/s² at which the runner falls in flight"
        measured.append(Measurement(value, RATE_ERROR * value, source, decisive=gross))
    measured += [
        Measurement(one.number, HEADER_ERROR * one.number, "the file's header")
        for one in notes.findings
        if one.rule == "trc-rate" and one.number
    ]
    scale = fall / FALL
    statement = Statement(
        "rate",
        "the time of the frames says a rate of",
        prepared.rate,
        "Hz",
        digits=0,
        file=notes.file,
        fix="correct the rate or the time column. If they are right, lengths are "
        f"{scale:.2f} times what they should be: check unit and calibration of the markers.",
    )
    disagreement = contradiction(
        statement, measured, "All velocities would be wrong: the trial is left out."
    )
    if disagreement is None or np.isnan(fall):
        return  # the reader has reported a wrong header already
    if disagreement.severity == "error":
        raise as_error(disagreement)
    notes.adopt((disagreement,))


def _fall(
    prepared: PreparedTrial,
    marker_set: MarkerSet,
    masses: Mapping[str, float],
    groups: Mapping[str, Sequence[str]],
) -> float:
    """Median fall over a trial's flights, m/s²; by foot markers where forces are off."""
    bodies, mass = list(masses), np.array(list(masses.values()))
    mapped = marker_set.markers
    segment = np.array(
        [
            bodies.index(mapped[label].body)
            if label in mapped and mapped[label].body in masses
            else -1
            for label in prepared.labels
        ]
    )
    marked = np.isin(np.arange(len(mass)), segment[np.isfinite(prepared.markers).any(axis=(0, 2))])
    for members in groups.values():
        own = np.isin(bodies, members)
        if (mass * own * marked).sum() < MARKED * (mass * own).sum():
            return float("nan")
    clocks_differ = verdict(0.0, _delays(prepared)) == "refuted"
    spans = flights(prepared.kinematic if clocks_differ else prepared.contacts)
    fall = falls(prepared.markers, prepared.rate, segment, mass, spans)
    fall = fall[fall > 0.0]  # an upward acceleration in flight hides a contact
    return float(np.median(fall)) if len(fall) else float("nan")


def note_clock(prepared: PreparedTrial, notes: Notes) -> None:
    """Report a delay of the forces on which touchdowns and toe-offs of the foot markers agree."""
    measured = _delays(prepared)
    if verdict(0.0, measured) != "refuted" or prepared.loads is None:
        return
    touchdown, toe_off = (one.value for one in measured)
    count = len(event_errors(prepared.kinematic, prepared.loads.contacts).touchdown)
    late = "late" if touchdown > 0.0 else "early"
    notes.add(
        "force-clock",
        "warning",
        f"the forces are {late} by {1e3 * abs(touchdown):.0f} ms by the touchdowns of the foot "
        f"markers and by {1e3 * abs(toe_off):.0f} ms by their toe-offs ({count} "
        f"contacts), more than {1e3 * CLOCK_ERROR:.0f} ms.",
        number=touchdown,
        limit=CLOCK_ERROR,
        unit="s",
        fix="check start and rate of the force file; laboratory.force_delay_s takes a known delay "
        "back.",
        forces=True,
    )


def _delays(prepared: PreparedTrial) -> list[Measurement]:
    """How late the forces are by touchdowns and by toe-offs of the foot markers; or neither, s."""
    if prepared.loads is None:
        return []
    errors = event_errors(prepared.kinematic, prepared.loads.contacts)
    if not (len(errors.touchdown) and len(errors.toe_off)):
        return []
    named = (("touchdowns of the foot markers", errors.touchdown), ("toe-offs", errors.toe_off))
    return [Measurement(-float(np.median(own)), CLOCK_ERROR, words) for words, own in named]
