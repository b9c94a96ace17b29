"""Recordings as the searches for faults receive them: forces, sides, labels, sessions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from unittest.mock import patch

import aqbio.prepare.stage as stage
import aqbio.prepare.trial as trials
from aqbio.config import MarkerSet, Participant, Trial
from aqbio.errors import Finding
from aqbio.io.recording import ForceRecording, Recording
from aqbio.io.study import load_study
from aqbio.prepare.body_labels import BodyLabels
from aqbio.prepare.force_evidence import ForceEvidence
from aqbio.prepare.force_search import ExplainedForces, explained_forces, without_rest
from aqbio.prepare.frame_loads import averaged
from aqbio.prepare.label_check import StaticReference, with_checked_labels
from aqbio.prepare.notes import Notes
from aqbio.prepare.session import Session, session_remarks
from aqbio.prepare.side_evidence import OtherRecordings
from aqbio.prepare.side_faults import with_resolved_sides
from aqbio.prepare.stated_faults import StatedFaults


@dataclass(frozen=True, eq=False)
class CapturedForces:
    """Forces of one trial and what they must agree with."""

    name: str
    forces: ForceRecording
    evidence: ForceEvidence
    speed: float


@dataclass(frozen=True, eq=False)
class CapturedSides:
    """A recording before its sides are looked at."""

    name: str
    recording: Recording
    labels: BodyLabels
    others: OtherRecordings


@dataclass(frozen=True, eq=False)
class CapturedLabels:
    """A recording before its labels are looked at, its sides right."""

    name: str
    recording: Recording
    trial: Trial
    reference: StaticReference
    marker_set: MarkerSet


@dataclass(frozen=True)
class Captured:
    """Recordings of some people by the search that receives them, by name."""

    forces: dict[str, CapturedForces] = field(default_factory=dict)
    """Of moving trials."""
    sides: dict[str, CapturedSides] = field(default_factory=dict)
    """Of moving trials."""
    labels: dict[str, CapturedLabels] = field(default_factory=dict)
    """Of moving trials."""
    sessions: dict[str, Session] = field(default_factory=dict)

    def of_trials(self, words: Collection[str]) -> Captured:
        """Those of trials whose name has one of some words; sessions are of all trials."""

        def is_meant(name: str) -> bool:
            return not words or any(word in name for word in words)

        return Captured(
            {name: x for name, x in self.forces.items() if is_meant(name)},
            {name: x for name, x in self.sides.items() if is_meant(name)},
            {name: x for name, x in self.labels.items() if is_meant(name)},
            self.sessions,
        )


def captured(studies: Iterable[str]) -> Captured:
    """Prepare the people of some studies: STUDY.yaml, or STUDY.yaml:PERSON:PERSON."""
    everything = Captured()
    for argument in studies:
        file, *people = argument.split(":")
        study = load_study(Path(file))
        for person in people or [row.participant_id for row in study.participants]:
            with _kept(everything, Path(file).parent.name):
                stage.prepare_participant(study.recorded_with(person), person, lambda _: None)
    return everything


@contextmanager
def _kept(everything: Captured, study: str) -> Iterator[None]:
    """Keep what the searches receive while a person is prepared."""

    def forces_kept(
        forces: ForceRecording,
        evidence: ForceEvidence,
        speed: float,
        notes: Notes,
        stated: StatedFaults,
    ) -> ExplainedForces:
        if not evidence.standing and forces.numbers:
            name = f"{study} {notes.participant} {notes.trial}"
            resting = without_rest(averaged(forces))
            everything.forces[name] = CapturedForces(name, resting, evidence, speed)
        return explained_forces(forces, evidence, speed, notes, stated)

    def sides_kept(
        recording: Recording,
        trial: Trial,
        labels: BodyLabels,
        others: OtherRecordings,
        notes: Notes,
    ) -> Recording:
        if trial.task != "static":
            name = f"{study} {notes.participant} {notes.trial}"
            read = _read_once(others)
            everything.sides[name] = CapturedSides(name, recording, labels, read)
        return with_resolved_sides(recording, trial, labels, others, notes)

    def labels_kept(
        recording: Recording,
        trial: Trial,
        reference: StaticReference,
        marker_set: MarkerSet,
        notes: Notes,
    ) -> Recording:
        if trial.task != "static":
            name = f"{study} {notes.participant} {notes.trial}"
            run = CapturedLabels(name, recording, trial, reference, marker_set)
            everything.labels[name] = run
        return with_checked_labels(recording, trial, reference, marker_set, notes)

    def session_kept(
        session: Session, person: Participant, kept: Collection[str], sheets: tuple[str, str]
    ) -> tuple[Finding, ...]:
        everything.sessions[f"{study} {person.participant_id}"] = session
        return session_remarks(session, person, kept, sheets)

    with (
        patch.object(trials, "explained_forces", forces_kept),
        patch.object(stage, "with_resolved_sides", sides_kept),
        patch.object(stage, "with_checked_labels", labels_kept),
        patch.object(stage, "session_remarks", session_kept),
    ):
        yield


def _read_once(others: OtherRecordings) -> Callable[[], Iterable[Recording]]:
    """The other recordings of a person, which are read only once."""
    return cache(lambda: tuple(others()))
