"""Rate and clock of a recording, against gravity and against the foot markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aqbio.body.statements import Measurement, Statement, as_error, contradiction, verdict
from aqbio.config import MarkerSet
from aqbio.recordings.kinematic_events import event_errors
from aqbio.recordings.notes import Notes
from aqbio.recordings.synchrony import falls, flights
from aqbio.recordings.trial import PreparedTrial

FALL = 10.9
"""Fall of the markers' centre of mass in flight, m/s²: the middle of 9.05 to 13.2, the medians of
142 virtual sprints and 10 real runs at 2 to 9.5 m/s. It is more than 9.81 because limbs that swing
are not where the mean of their markers is."""

RATE_ERROR = 0.15
"""A rate told from the fall is right within this share: those trials reach 10 %."""

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
    """Hold the rate of a moving trial against gravity, and against its file's header.

    Parameters
    ----------
    marker_set : MarkerSet
        Tells the body of every label.
    masses : mapping of float, kg
        Of the model's bodies.
    groups : mapping
        Bodies of every anatomical group.
    notes : Notes
        Gets the finding; knows what the reader said of the header.

    Raises
    ------
    AqbioError
        Where two of them agree on another rate, or gravity is off by far.
    """
    fall = _fall(prepared, marker_set, masses, groups)
    measured = [] if np.isnan(fall) else [_by_fall(prepared.rate, fall)]
    measured += [
        Measurement(one.number, HEADER_ERROR * one.number, "the file's header")
        for one in notes.found
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
    found = contradiction(
        statement, measured, "All velocities would be wrong: the trial is left out."
    )
    if found is None or np.isnan(fall):
        return  # a header alone has been told by the reader
    if found.severity == "error":
        raise as_error(found)
    notes.adopt((found,))


def _by_fall(rate: float, fall: float) -> Measurement:
    """Rate at which the runner would fall as runners do."""
    value = rate * float(np.sqrt(FALL / fall))
    gross = not 1.0 / GROSS <= value / rate <= GROSS
    told = f"the {fall:.1f} m/s² at which the runner falls in flight"
    return Measurement(value, RATE_ERROR * value, told, decisive=gross)


def _fall(
    prepared: PreparedTrial,
    marker_set: MarkerSet,
    masses: Mapping[str, float],
    groups: Mapping[str, Sequence[str]],
) -> float:
    """Median fall over the flights of a trial, m/s²; NaN where the markers do not show one.

    Where forces are early or late by the foot markers, their flights hold a part of a stance: the
    foot markers' own flights count then.
    """
    bodies, mass = list(masses), np.array(list(masses.values()))
    known = marker_set.markers
    segment = np.array(
        [
            bodies.index(known[label].body)
            if label in known and known[label].body in masses
            else -1
            for label in prepared.labels
        ]
    )
    marked = np.isin(np.arange(len(mass)), segment[np.isfinite(prepared.markers).any(axis=(0, 2))])
    for members in groups.values():
        own = np.isin(bodies, members)
        if (mass * own * marked).sum() < MARKED * (mass * own).sum():
            return float("nan")
    apart = verdict(0.0, _delays(prepared)) == "refuted"
    spans = flights(prepared.kinematic if apart else prepared.contacts)
    fall = falls(prepared.markers, prepared.rate, segment, mass, spans)
    fall = fall[fall > 0.0]  # nobody rises faster and faster in flight: a contact is hidden there
    return float(np.median(fall)) if len(fall) else float("nan")


def note_clock(prepared: PreparedTrial, notes: Notes) -> None:
    """Hold the clock of the forces against the landings and departures of the foot markers.

    Touchdowns and toe-offs are two measurements of one delay: only where both say so, it is said.
    """
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
    named = (
        ("touchdowns of the foot markers", errors.touchdown),
        ("toe-offs", errors.toe_off),
    )
    return [Measurement(-float(np.median(own)), CLOCK_ERROR, words) for words, own in named]
