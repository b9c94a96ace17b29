"""Contacts from the foot markers: the events of trials without forces, a check of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from aqbio.config import MarkerSet
from aqbio.errors import Finding
from aqbio.io.recording import Recording
from aqbio.names import SIDES
from aqbio.recordings.axes import displacement
from aqbio.recordings.event_accuracy import Accuracy, accuracy_alike
from aqbio.recordings.foot_contacts import FootContact
from aqbio.recordings.ground import Ground
from aqbio.recordings.kinematic_events import (
    event_errors,
    feet_shown,
    kinematic_contacts,
    smoothed,
    strike,
)
from aqbio.recordings.notes import Notes
from aqbio.recordings.stage_axes import label_mean
from aqbio.vectors import FloatArray

MILLISECONDS = 1e3

EVENTS_MIN = 3
"""Fewer contacts that plates and markers both know say nothing about the markers' errors."""


def foot_markers(recording: Recording, marker_set: MarkerSet) -> FloatArray:
    """The markers of both feet (T, 2, K, 3), left first, heel first; NaN where absent."""
    labels = [(foot.heel, *foot.toe) for foot in (getattr(marker_set.feet, side) for side in SIDES)]
    feet = np.full((len(recording.positions), 2, max(map(len, labels)), 3), np.nan)
    for foot, side in enumerate(labels):
        for place, label in enumerate(side):
            if label in recording.labels:
                feet[:, foot, place] = recording.positions[:, recording.labels.index(label)]
    return feet


@dataclass(frozen=True, slots=True)
class MarkerEvents:
    """Contacts from the foot markers, and what their accuracy depends on."""

    contacts: tuple[FootContact, ...]
    """An event that was not found is NaN."""
    rate: float
    """Of the markers, Hz."""
    speed: float
    """Over the ground, m/s; NaN where the pelvis was not seen."""
    strike: Literal["heel", "forefoot", ""]
    """{"heel", "forefoot", ""}."""
    smoothed: bool
    """Whether the foot markers had been low-passed before they were written."""
    whole: bool = True
    """Whether all foot markers of the marker set are seen most of the time."""

    @property
    def accuracy(self) -> Accuracy | None:
        """How far such events were from plates; None where nothing alike was tested."""
        if self.smoothed or not self.whole:
            return None
        return accuracy_alike(self.rate, self.speed, self.strike)

    @property
    def contact_time_error(self) -> float:
        """How far a contact time may be off, s; NaN where nothing alike was tested."""
        accuracy = self.accuracy
        return float("nan") if accuracy is None else max(map(abs, accuracy.contact_time))


NO_EVENTS = MarkerEvents((), 0.0, float("nan"), "", smoothed=False)


def marker_events(
    feet: FloatArray, recording: Recording, ground: Ground, marker_set: MarkerSet
) -> MarkerEvents:
    """Contacts of a moving trial in ground axes, from its foot markers alone."""
    front = label_mean(recording, marker_set.pelvis.front)
    path = 0.5 * (front + label_mean(recording, marker_set.pelvis.back))
    known = np.flatnonzero(np.isfinite(path).all(axis=1))
    if len(known) < 2:
        return NO_EVENTS
    travel = displacement(path)
    elapsed = (known[-1] - known[0]) / recording.rate
    ahead = np.array([np.cos(ground.heading), 0.0, -np.sin(ground.heading)])
    belt = -ground.belt_speed * ahead
    relative = travel / elapsed - belt
    speed = float(np.hypot(relative[0], relative[2]))
    rate = recording.rate
    contacts = kinematic_contacts(feet, rate, belt, speed)
    worn = [1 + len(getattr(marker_set.feet, side).toe) for side in SIDES]
    return MarkerEvents(
        contacts,
        rate,
        speed,
        strike(feet, rate, contacts),
        smoothed=smoothed(feet, rate),
        whole=feet_shown(feet).sum(axis=1).tolist() == worn,
    )


def kinematic_errors(
    kinematic: Sequence[FootContact], measured: Sequence[FootContact]
) -> dict[str, list[float]]:
    """The errors of the markers' events against those of the plates, for the manifest."""
    errors = event_errors(kinematic, measured)
    return {"touchdown_s": errors.touchdown.tolist(), "toe_off_s": errors.toe_off.tolist()}


def note_kinematic(events: MarkerEvents, notes: Notes) -> None:
    """Say where the events come from, how good they are, and what needs forces."""
    accuracy = events.accuracy
    number = None if accuracy is None else max(map(abs, accuracy.touchdown + accuracy.toe_off))
    notes.add(
        "events-kinematic",
        "warning",
        f"{len(events.contacts)} contacts come from the foot markers"
        + (": " + _accuracy_told(events, accuracy) if events.contacts else "."),
        number=number,
        unit="" if number is None else "s",
        fix="moments, residuals and everything else that needs a force is not_testable here.",
    )
    _note_unfound(events, notes)


def _note_unfound(events: MarkerEvents, notes: Notes) -> None:
    """Say which events inside the recording the markers do not show: those steps have none."""
    inside = [one for one in events.contacts if one.complete]
    for name, words in (("touchdown", "landing"), ("toe_off", "take-off")):
        unfound = sum(bool(np.isnan(getattr(one, name))) for one in inside)
        if not unfound:
            continue
        notes.add(
            "events-unfound",
            "warning",
            f"{unfound} of {len(inside)} contacts {'has' if unfound == 1 else 'have'} no "
            f"{name.replace('_', '-')}: their foot markers show no {words}"
            + (", because they were low-passed before." if events.smoothed else "."),
            number=unfound,
            limit=0,
            fix="export the markers unfiltered."
            if events.smoothed
            else "fill the gaps of the foot markers; steps without both events are rejected.",
        )


def _accuracy_told(events: MarkerEvents, accuracy: Accuracy | None) -> str:
    """How far such events were from plates, and for what that holds."""
    here = f"{events.rate:g} Hz, {events.speed:.1f} m/s"
    if events.strike:
        here += f", the {events.strike} lands first"
    if events.smoothed:
        return f"how far they are off is not known, because the markers were low-passed ({here})."
    if not events.whole:
        return f"how far they are off is not known, because foot markers are missing ({here})."
    if accuracy is None:
        return f"how far they are off was not tested for such a recording ({here})."
    whole = [one.toe_off - one.touchdown for one in events.contacts]
    rates, speeds = (
        f"{low:g} to {high:g}" if low < high else f"{low:g}"
        for low, high in (accuracy.rates, accuracy.speeds)
    )
    told = (
        f"in tested recordings alike ({rates} Hz, {speeds} m/s, the {events.strike} "
        f"first), touchdown was {_told(accuracy.touchdown)} and toe-off {_told(accuracy.toe_off)}"
    )
    if np.isnan(whole).all():
        return told + "."
    share = events.contact_time_error / float(np.nanmedian(whole))
    return told + f", up to {share:.0%} of this contact time."


def participant_errors(
    trials: Sequence[dict[str, Any]], participant_id: str
) -> tuple[dict[str, float], list[Finding]]:
    """Errors of kinematic events over a participant's own trials with plates.

    Returns
    -------
    numbers : dict
        Mean and standard deviation of touchdown and toe-off, s; empty with fewer than 3 contacts.
    findings : list of Finding
        One where the participant has a trial that needs them.
    """
    known = [done["kinematic_errors"] for done in trials if done.get("kinematic_errors")]
    errors = {
        name: [x for one in known for x in one[name]] for name in ("touchdown_s", "toe_off_s")
    }
    count = min(map(len, errors.values()))
    if count < EVENTS_MIN:
        return {}, []
    numbers: dict[str, float] = {"contacts": count}
    for name, values in errors.items():
        event = name.removesuffix("_s")
        numbers |= {
            f"{event}_mean_s": float(np.mean(values)),
            f"{event}_sd_s": float(np.std(values)),
        }
    if not any(done.get("events") == "kinematic" for done in trials):
        return numbers, []
    told = ", ".join(
        f"{words} {MILLISECONDS * numbers[f'{event}_mean_s']:+.1f} ± "
        f"{MILLISECONDS * numbers[f'{event}_sd_s']:.1f} ms"
        for event, words in (("touchdown", "touchdown"), ("toe_off", "toe-off"))
    )
    finding = Finding(
        rule="events-kinematic-error",
        severity="info",
        what=f"events from the foot markers against the plates, over {count} contacts of this "
        f"participant: {told} (positive: late).",
        participant=participant_id,
        number=numbers["toe_off_mean_s"],
        unit="s",
    )
    return numbers, [finding]


def _told(error: tuple[float, float]) -> str:
    """Say a range of errors, s.

    Examples
    --------
    >>> _told((-0.005, 0.011)), _told((0.008, 0.014))
    ('5 ms early to 11 ms late', '8 to 14 ms late')
    """
    early, late = (round(MILLISECONDS * one) for one in error)
    if early < 0 < late:
        return f"{-early} ms early to {late} ms late"
    sizes = sorted((abs(early), abs(late)))
    return f"{sizes[0]} to {sizes[1]} ms {'late' if late > 0 else 'early'}"
