"""Contacts from the foot markers: the events of trials without forces, a check of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aqbio.config import MarkerSet
from aqbio.errors import Finding
from aqbio.io.recording import Recording
from aqbio.mechanics.recordings.axes import displacement
from aqbio.mechanics.recordings.foot_contacts import FootContact
from aqbio.mechanics.recordings.kinematic_events import (
    TOE_OFF_ERROR,
    TOUCHDOWN_ERROR,
    event_errors,
    kinematic_contacts,
)
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import SIDES
from aqbio.stages.preparation.axes import label_mean
from aqbio.stages.preparation.ground import Ground
from aqbio.stages.preparation.notes import Notes

MILLISECONDS = 1e3

EVENTS_MIN = 3
"""Fewer contacts that plates and markers both know say nothing about the markers' errors."""


def foot_markers(recording: Recording, marker_set: MarkerSet) -> FloatArray:
    """Give the markers of both feet (T, 2, K, 3), left first, heel first; NaN where absent."""
    labels = [(foot.heel, *foot.toe) for foot in (getattr(marker_set.feet, side) for side in SIDES)]
    feet = np.full((len(recording.positions), 2, max(map(len, labels)), 3), np.nan)
    for foot, side in enumerate(labels):
        for place, label in enumerate(side):
            if label in recording.labels:
                feet[:, foot, place] = recording.positions[:, recording.labels.index(label)]
    return feet


def marker_contacts(
    feet: FloatArray, recording: Recording, ground: Ground, marker_set: MarkerSet
) -> tuple[FootContact, ...]:
    """Contacts of a moving trial in ground axes, from its foot markers alone."""
    front = label_mean(recording, marker_set.pelvis.front)
    path = 0.5 * (front + label_mean(recording, marker_set.pelvis.back))
    known = np.flatnonzero(np.isfinite(path).all(axis=1))
    if len(known) < 2:
        return ()
    travel = displacement(path)
    elapsed = (known[-1] - known[0]) / recording.rate
    ahead = np.array([np.cos(ground.heading), 0.0, -np.sin(ground.heading)])
    belt = -ground.belt_speed * ahead
    relative = travel / elapsed - belt
    speed = float(np.hypot(relative[0], relative[2]))
    return kinematic_contacts(feet, recording.rate, belt, speed)


def kinematic_errors(
    kinematic: Sequence[FootContact], measured: Sequence[FootContact]
) -> dict[str, list[float]]:
    """Give the errors of the markers' events against those of the plates, for the manifest."""
    errors = event_errors(kinematic, measured)
    return {"touchdown_s": errors.touchdown.tolist(), "toe_off_s": errors.toe_off.tolist()}


def note_kinematic(contacts: Sequence[FootContact], notes: Notes) -> None:
    """Say where the events come from, how good they are, and what needs forces."""
    whole = [one.toe_off - one.touchdown for one in contacts if one.complete]
    touchdown, toe_off = (_told(error) for error in (TOUCHDOWN_ERROR, TOE_OFF_ERROR))
    share = (TOE_OFF_ERROR[1] - TOUCHDOWN_ERROR[0]) / np.median(whole) if whole else np.nan
    notes.add(
        "events-kinematic",
        "warning",
        f"{len(contacts)} contacts come from the foot markers: in trials that have plates too, "
        f"touchdown was {touchdown} and toe-off {toe_off}"
        + (f", up to {share:.0%} of this contact time." if whole else "."),
        number=TOE_OFF_ERROR[1],
        unit="s",
        fix="moments, residuals and everything else that needs a force is not_testable here.",
    )


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
    count = len(errors["touchdown_s"])
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
    early, late = (abs(MILLISECONDS * one) for one in error)
    return f"{early:.0f} ms early to {late:.0f} ms late"
