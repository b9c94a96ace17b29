"""Trials of a new study, prepared as stage prepare would, with the statements they propose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.config import MarkerSet, ModelMap
from aqbio.config.settings import Laboratory, Prepare
from aqbio.errors import AqbioError, causes
from aqbio.gait.step_files import trial_steps
from aqbio.gait.steps import DOUBLE_SUPPORT, Contact, Step
from aqbio.intake.models import ChosenModel
from aqbio.intake.outlook import TrialPicture, trial_picture
from aqbio.intake.rows import TrialRow
from aqbio.io.mot import read_storage
from aqbio.io.movement import STATIC_WINDOW_S
from aqbio.io.opensim_xml import model_masses
from aqbio.io.poses import is_pose_label
from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording, standing_recording
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES
from aqbio.observed.determined import determined_by_file, filled_coordinates
from aqbio.observed.mask import NOT_IN_FILE, Observed
from aqbio.observed.parts import incomplete_reason, of_the_model
from aqbio.prepare.body_labels import BodyLabels
from aqbio.prepare.body_size import Lengths
from aqbio.prepare.clock import note_rate
from aqbio.prepare.contacts import NO_FOOT
from aqbio.prepare.coordinates import trial_of_storage
from aqbio.prepare.force_faults import ROWS
from aqbio.prepare.label_check import StaticReference, explained_by_labels, with_checked_labels
from aqbio.prepare.marked_body import SegmentMasses
from aqbio.prepare.notes import Notes
from aqbio.prepare.side_evidence import OtherRecordings
from aqbio.prepare.side_faults import with_resolved_sides
from aqbio.prepare.stage import OPENSIM_AXES, session_numbers, trial_numbers
from aqbio.prepare.stated_labels import SWAP, stated_labels
from aqbio.prepare.trial import PreparedTrial, prepare_trial
from aqbio.study.internal import contained


@dataclass(frozen=True, slots=True)
class TrialPreview:
    """Result of preparing a trial for a new study."""

    words: str
    """In one line."""
    standing_mass: float | None = None
    stride_masses: tuple[float, ...] = ()
    """standing_mass, stride_masses: Body mass from plates, kg."""
    warnings: tuple[str, ...] = ()
    """Warnings to read before the trial is used."""
    to_fill: str = ""
    """The cell of a treadmill's speed."""
    prepared: bool = False
    """True if the trial could be prepared."""
    steps: bool = False
    """True if a run has a complete step."""
    contacts: bool = False
    """True if a run has a contact that counts as a step."""
    walked: bool = False
    """True if none counts because the other foot is on the ground as well."""
    filtered: bool = False
    """True if none is known because the markers were low-passed."""
    forces: bool = False
    """True if such a contact has forces."""
    forces_unused: bool = False
    """True if forces were recorded and are not used."""
    has_forces: bool = False
    """True if forces were recorded."""
    proposals: Mapping[str, str] = field(default_factory=dict)
    """Fault of the recording, by the statement for column fix that undoes it."""
    causes_hidden: str = ""
    """Reason that joint angles do not show the causes of angular momentum; empty where they do."""
    picture: TrialPicture | None = None
    """Of a run."""
    lengths: Lengths | None = None
    entry: Mapping[str, Any] = field(default_factory=dict)
    """lengths, entry: Distances between markers, and numbers, that recordings of a person share."""


MAX_PROPOSALS = 4
"""Largest number of faults of one trial that are proposed, one after the other."""


def with_proposals(row: TrialRow, look: Callable[[TrialRow, Notes], TrialPreview]) -> TrialPreview:
    """Preview a trial, with the statements that its findings propose for column fix.

    What is undone may show the next fault. A trial that cannot be prepared with a proposal is shown
    without it.
    """
    preview, proposals = _preview(row, look)
    while new := {x: why for x, why in proposals.items() if x not in preview.proposals}:
        every_proposal = {**preview.proposals, **new}
        fixed = replace(row, fix="; ".join(every_proposal))
        repaired, proposals = _preview(fixed, look)
        if (preview.prepared and not repaired.prepared) or len(every_proposal) > MAX_PROPOSALS:
            break
        preview = replace(repaired, proposals=every_proposal)
    return preview


def _preview(
    row: TrialRow, look: Callable[[TrialRow, Notes], TrialPreview]
) -> tuple[TrialPreview, dict[str, str]]:
    """Preview of a trial, or of one that is refused; and its proposals, with the reasons."""
    notes = row.notes()
    try:
        with contained(None, "new", row.motion):
            preview = look(row, notes)
    except AqbioError as error:
        to_use_it = (f"to use it, {error.fix}",) if error.fix else ()
        preview = TrialPreview(f"not usable yet: {error.what}", warnings=to_use_it)
    return preview, {x.proposal: x.what for x in notes.findings if x.proposal}


PAIR = re.compile(rf"{SWAP} ((?:(?! and ).)+) and ((?:(?! and | in frames? \d|;).)+)")
"""Proposal to swap one pair of labels in all frames."""


def exchanged_in_all(runs: Sequence[TrialPreview]) -> tuple[tuple[str, str], ...]:
    """Pairs of labels that all of several runs propose to swap: the static trial has them wrong.

    As `aqbio.prepare.label_check.exchanged_in_static` has them: one pair by itself, in all frames.
    """
    matches = [[PAIR.fullmatch(words) for words in run.proposals] for run in runs]
    pairs = [{(match[1], match[2]) for match in of_run if match} for of_run in matches]
    return tuple(sorted(set.intersection(*pairs))) if len(pairs) > 1 else ()


def laboratory_proposals(
    rows: Sequence[TrialRow], previews: Mapping[str, TrialPreview]
) -> tuple[str, ...]:
    """Statements about forces that are proposed for all runs with forces, of two or more."""
    runs = [previews[row.motion] for row in rows if row.task == "run" and row.motion in previews]
    first, *others = [run for run in runs if run.has_forces or run.proposals] or [TrialPreview("")]
    return tuple(
        words
        for words in first.proposals
        if others and words.split()[0] in ROWS and all(words in run.proposals for run in others)
    )


def trial_preview(
    data: Path,
    row: TrialRow,
    notes: Notes,
    marker_set: MarkerSet,
    reference: StaticReference,
    model: ChosenModel,
    company: OtherRecordings = tuple,
) -> TrialPreview:
    """Prepare a trial as stage prepare would, and summarise it."""
    trial = row.trial()
    forces = data / row.force_file if row.force_file else None
    recording = read_recording(data / row.file, forces)
    recording = stated_labels(trial, "trials.tsv").applied(recording, notes)
    if row.task == "static":
        recording = standing_recording(recording, row.file)
    body = BodyLabels.of_marker_set(marker_set, reference.limbs)
    recording = with_resolved_sides(recording, trial, body, company, notes)
    recording = with_checked_labels(recording, trial, reference, marker_set, notes)
    lengths = Lengths.of(recording.labels, recording.positions)
    segment_masses = None
    if row.task != "static":
        segment_masses = SegmentMasses(model_masses(model.path), model.model_map.groups)
    with explained_by_labels(notes):
        prepared = prepare_trial(
            recording, trial, marker_set, Laboratory(), Prepare(), notes, masses=segment_masses,
            stated=row.stated(),
        )  # fmt: skip
    numbers = trial_numbers(prepared, trial, STATIC_WINDOW_S)
    numbers |= session_numbers(prepared, trial, marker_set)
    if segment_masses is not None:
        note_rate(prepared, marker_set, segment_masses, notes)
    standing = numbers.get("standing_mass_kg")
    pace, contacts = _moving(prepared)
    words = [pace, _extent(prepared), contacts]
    if row.task == "static":
        words = _standing(prepared, standing)
    preview = preview_of(prepared, row, marker_set, notes)
    return replace(
        preview,
        words="; ".join(words),
        standing_mass=standing,
        stride_masses=tuple(numbers.get("stride_masses_kg", ())),
        has_forces=_has_forces(recording),
        lengths=lengths,
        entry=numbers,
    )


def _has_forces(recording: Recording) -> bool:
    return recording.forces is not None and bool(recording.forces.numbers)


def coordinates_preview(
    data: Path, row: TrialRow, notes: Notes, model: Path, skeleton: Skeleton, model_map: ModelMap
) -> TrialPreview:
    """Prepare a trial of joint angles as stage prepare would, and summarise it."""
    motion, forces = data / row.motion, data / row.force_file if row.force_file else None
    read = trial_of_storage(skeleton, model_map, read_storage(motion), motion, forces)
    masses = SegmentMasses(model_masses(model), model_map.groups) if read.shows_body else None
    prepared = prepare_trial(
        read.recording, row.trial(), read.marker_set, Laboratory(axes=OPENSIM_AXES), Prepare(),
        notes, masses=masses, stated=row.stated(),
    )  # fmt: skip
    shown = determined_by_file(skeleton, filled_coordinates(skeleton, read.q), np.isfinite(read.q))
    hidden = np.array(skeleton.bodies)[~shown.any(axis=0)].tolist()
    observed = Observed.complete(skeleton.bodies, 1).without(hidden, NOT_IN_FILE)
    observed = of_the_model(observed, model_map.groups)
    return replace(
        preview_of(prepared, row, read.marker_set, notes),
        words="; ".join((row.found, *_moving(prepared)[: 2 if row.force_file else 1])),
        has_forces=_has_forces(read.recording),
        causes_hidden=incomplete_reason(observed, model_map.groups, np.ones(1, np.bool_)),
    )


NO_FORCES = frozenset({"forces-none", "block-start"})
"""Rules of findings that say why a trial has no forces that could be used."""


def preview_of(
    prepared: PreparedTrial, row: TrialRow, marker_set: MarkerSet, notes: Notes
) -> TrialPreview:
    """Summarise the findings of a prepared trial, and the steps and contacts that count."""
    noted = causes(finding for finding in notes.findings if finding.severity != "info")
    treadmill = row.task != "static" and prepared.ground.surface == "treadmill"
    belt = f"belt_speed_mps (the feet show {prepared.ground.belt.words()})" if treadmill else ""
    steps = _steps(prepared) if row.task != "static" else ()
    counted = [step for step in steps if step.status != "rejected"]
    measured = {contact.touchdown for contact in prepared.contacts if np.isfinite(contact.peak)}
    return TrialPreview(
        words="",
        warnings=tuple(
            cause.first.what + f" ({cause.alike})" * bool(cause.alike) for cause in noted
        ),
        to_fill=belt,
        prepared=True,
        steps=any(step.status == "ok" for step in counted),
        contacts=bool(counted),
        walked=not counted and any(DOUBLE_SUPPORT in step.reason for step in steps),
        filtered=not prepared.contacts and prepared.marker_low_pass is not None,
        forces=not prepared.forces_lost and any(step.touchdown in measured for step in counted),
        forces_unused=bool(prepared.forces_lost)
        or (prepared.loads is None and not NO_FORCES & {x.rule for x in notes.findings}),
        picture=None if row.task == "static" else trial_picture(prepared, marker_set),
    )


def _steps(prepared: PreparedTrial) -> Sequence[Step]:
    """Steps by the function that cuts trials into steps."""
    contacts = [
        Contact(
            side="left" if contact.foot == 0 else "right",
            touchdown=contact.touchdown,
            toe_off=contact.toe_off,
            complete=contact.complete,
            edge_distance=contact.edge_distance,
            shared=contact.shared,
            time_error=prepared.contact_time_error[int(np.isnan(contact.peak))],
        )
        for contact in prepared.contacts
        if contact.foot != NO_FOOT
    ]
    return trial_steps(contacts, prepared.time)


def _extent(prepared: PreparedTrial) -> str:
    posed = any(map(is_pose_label, prepared.labels))
    markers = f"{len(prepared.labels)} {'points of poses' if posed else 'markers'}"
    if len(prepared.markers) == 1:
        return f"one frame, {markers}"
    seconds = (len(prepared.markers) - 1) / prepared.rate
    return f"{seconds:.1f} s at {prepared.rate:g} Hz, {markers}"


def _standing(prepared: PreparedTrial, mass: float | None) -> list[str]:
    words = ["a pose" if len(prepared.markers) == 1 else "stands still", _extent(prepared)]
    if prepared.plates is None:
        words.append("no plates")
    elif mass is None:
        words.append("not on a plate")
    else:
        loaded = prepared.plates.vertical.mean(axis=0) > 0.1 * mass
        numbers = [str(n) for n, on in zip(prepared.plates.numbers, loaded, strict=True) if on]
        plates = f"plate{'s' * (len(numbers) > 1)} {' and '.join(numbers)}"
        words.append(f"{mass:.1f} kg on {plates}")
    return words


def _moving(prepared: PreparedTrial) -> tuple[str, str]:
    """Surface of a moving trial, and its contacts on plates."""
    ground = prepared.ground
    pace = "overground"
    if ground.surface == "treadmill":
        pace = f"treadmill at {ground.belt.words()} m/s"
    if prepared.loads is None:
        return pace, "no forces"
    plates = prepared.plates
    by_plate: Counter[str] = Counter()
    for contact in prepared.loads.contacts:
        names = "+".join(str(plates.numbers[plate]) for plate in contact.plates) if plates else ""
        by_plate[f"{SIDES[contact.foot]} on plate {names}"] += 1
    descriptions = [name if count == 1 else f"{count} x {name}" for name, count in by_plate.items()]
    if not descriptions and prepared.contacts:
        descriptions.append(f"{len(prepared.contacts)} by foot markers")
    return pace, f"contacts: {', '.join(descriptions) if descriptions else 'none'}"
