"""Rows of the two sheets, filled in from a folder of recordings."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.config import SHEETS, MarkerSet, ModelMap, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.config.sheets import is_block_start, unmodelled_force
from aqbio.errors import AqbioError, causes
from aqbio.gait.step_files import trial_steps
from aqbio.gait.steps import DOUBLE_SUPPORT, Contact, Step
from aqbio.intake.folder import FolderContent, MarkerFacts, StorageFacts, UnusedFile
from aqbio.intake.models import ChosenModel, scaling_evidence
from aqbio.intake.outlook import TrialPicture, trial_picture
from aqbio.intake.people import force_files, trial_names
from aqbio.intake.same_person import owners_of
from aqbio.intake.sessions import VideoSession, cells_of_sessions
from aqbio.io.mot import read_storage
from aqbio.io.movement import STATIC_WINDOW_S
from aqbio.io.opensim_xml import model_masses, model_names
from aqbio.io.poses import is_pose_label
from aqbio.io.recording import Recording
from aqbio.io.stated_body import agreed
from aqbio.io.trial_files import read_recording, standing_recording
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import NORMAL, SIDES
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
from aqbio.prepare.stated_faults import StatedFaults, stated_faults
from aqbio.prepare.stated_labels import SWAP, stated_labels
from aqbio.prepare.trial import PreparedTrial, prepare_trial
from aqbio.study.internal import contained

FOUND_COLUMN, PLEASE_FILL_COLUMN = "found", "please_fill"
"""Columns for the person who fills in the sheet: observations, and cells yet to be filled."""

MASS_NEEDED = "mass_kg is needed: no plate shows it"

MASS_MAYBE_NEEDED = "mass_kg is needed unless plates show it: not all trials were understood yet"

BLOCK_START = "block_start"
"""Condition of a recording whose file is named after a start from blocks."""

UNMODELLED_TRIAL = (
    "left out: its name says '{word}', and added masses, towing forces and slopes are not modelled;"
    " set include = yes if nothing of the kind acted on the runner"
)


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A row of trials.tsv."""

    participant_id: str
    trial_id: str
    task: str
    """{"static", "run"}."""
    file: str
    """Relative to the folder of the recordings; empty where there are only coordinates."""
    force_file: str = ""
    """Empty when the forces are in the same file, or there are none."""
    coordinates_file: str = ""
    """Joint angles, where there are no markers."""
    condition: str = NORMAL
    include: str = "yes"
    """{"yes", "no"}."""
    fix: str = ""
    """Statements that are proposed; see column fix."""
    please_fill: str = ""
    """Cells that a person has yet to fill."""
    found: str = ""
    """Observations in the recordings, in words."""

    @property
    def motion(self) -> str:
        """File of the markers, or of the joint angles."""
        return self.file or self.coordinates_file

    def cells(self) -> dict[str, str]:
        """Cells of the row by column."""
        return asdict(self)

    def trial(self) -> Trial:
        """The trial as the sheet states it."""
        return Trial.model_validate({k: v for k, v in self.cells().items() if v and k != "found"})

    def notes(self) -> Notes:
        """Empty notes about the trial."""
        return Notes(
            self.trial_id, self.participant_id, self.motion, self.force_file or self.motion
        )

    def stated(self) -> StatedFaults:
        """Faults of the forces that the row states."""
        return stated_faults(self.trial(), "trials.tsv")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row of participants.tsv."""

    participant_id: str
    static_trial: str = ""
    """Empty when there is none."""
    model_file: str = ""
    """A model that is scaled to the participant already; empty without one."""
    sex: str = ""
    height_m: str = ""
    mass_kg: str = ""
    """sex, height_m, mass_kg: Values in the settings of a recording system."""
    found: str = ""
    """Observations in the recordings, in words."""
    in_files: Mapping[str, float] = field(default_factory=dict)
    """Body mass, kg, and stature, m, that parameters of the recordings state, by column."""

    def cells(self) -> dict[str, str]:
        """Cells of the row by column, with the column of cells to fill."""
        cells = {name: value for name, value in asdict(self).items() if name != "in_files"}
        return {**cells, PLEASE_FILL_COLUMN: ", ".join(self.to_fill())}

    def to_fill(self) -> dict[str, str]:
        """Cells that a person has yet to fill, with the advice for each."""
        cells = {}
        if not self.sex and not self.model_file:
            cells["sex (female or male)"] = "sex: female or male"
        offered = {name: f", {value:.4g} by the C3D" for name, value in self.in_files.items()}
        if not self.height_m:
            cells["height_m"] = f"height_m: if you know it{offered.get('height_m', '')}"
        for words in (MASS_NEEDED, MASS_MAYBE_NEEDED):
            if words in self.found:
                cells["mass_kg"] = f"{words}{offered.get('mass_kg', '')}"
        return cells


@dataclass(frozen=True, slots=True)
class Rows:
    """Both sheets."""

    people: tuple[PersonRow, ...] = ()
    trials: tuple[TrialRow, ...] = field(default=())

    def of_runners(self) -> tuple[Rows, tuple[TrialRow, ...]]:
        """Split off the trials of people who never move; keep all rows if nobody moves."""
        runners = {row.participant_id for row in self.trials if row.task != "static"}
        if not runners:
            return self, ()
        idle = tuple(row for row in self.trials if row.participant_id not in runners)
        people = tuple(row for row in self.people if row.participant_id in runners)
        return Rows(people, tuple(row for row in self.trials if row not in idle)), idle


def rows_of(
    markers: Sequence[MarkerFacts],
    forces: Mapping[Path, StorageFacts],
    owners: Mapping[Path, str],
    sessions: Sequence[VideoSession] = (),
) -> Rows:
    """Fill both sheets from recordings of one marker set, the force file of each, and sessions."""
    session_cells = cells_of_sessions(sessions, owners)
    people, trials = [], []
    for person in sorted(set(owners.values())):
        recordings = [recording for recording in markers if owners[recording.file] == person]
        recordings.sort(key=lambda recording: (not recording.is_static, recording.file))
        standing = [recording for recording in recordings if recording.is_static]
        names = trial_names(
            [recording.file for recording in recordings], [recording.file for recording in standing]
        )
        # a static trial on plates before one without, then the one with most markers
        ranked = sorted(
            standing,
            key=lambda recording: (
                recording.plates == 0,
                -len(recording.labels),
                -recording.frames,
            ),
        )
        static = next(iter(ranked), None)
        name = "" if static is None else names[static.file]
        values = {
            column: [recording.body[column] for recording in recordings if column in recording.body]
            for column in ("mass_kg", "height_m")
        }
        people.append(PersonRow(person, name, **session_cells[person], in_files=agreed(values)))
        for recording in recordings:
            force = forces.get(recording.file)
            description, include = (
                (
                    f"{recording.seconds:.1f} s at {recording.rate:g} Hz, "
                    f"{len(recording.labels)} labels"
                ),
                "no",
            )
            if recording.is_static and static is not None and recording is not static:
                description = f"another static trial; {names[static.file]} is used"
            elif not recording.is_static and (word := unmodelled_force(recording.file.as_posix())):
                description = UNMODELLED_TRIAL.format(word=word)
            else:
                include = "yes"
            trials.append(
                TrialRow(
                    participant_id=person,
                    trial_id=names[recording.file],
                    task="static" if recording.is_static else "run",
                    file=recording.file.as_posix(),
                    force_file="" if force is None else force.cell,
                    condition=_condition(recording),
                    include=include,
                    found=description,
                )
            )
    return Rows(tuple(people), tuple(trials))


def _condition(recording: MarkerFacts) -> str:
    """Condition that the name of a moving recording states."""
    named = not recording.is_static and is_block_start(recording.file.stem)
    return BLOCK_START if named else NORMAL


def sheet_text(sheet: str, rows: Sequence[TrialRow] | Sequence[PersonRow]) -> str:
    """Text of a sheet: its columns, then those for the person who fills it in."""
    columns = list(SHEETS[sheet].model_fields)
    columns += [
        name for name in (PLEASE_FILL_COLUMN, FOUND_COLUMN) if rows and name in rows[0].cells()
    ]
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")  # quotes what needs it
    writer.writerow(columns)
    writer.writerows([row.cells().get(name) or "n/a" for name in columns] for row in rows)
    return text.getvalue()


NO_MODEL = "its model is not in the folder, or is another one than that of the other trials"


def coordinates_rows(
    data: Path, content: FolderContent
) -> tuple[Rows, Path, tuple[UnusedFile, ...]]:
    """Both sheets from joint angles, the first participant's model, and files left out."""
    motions = [_as_recording(motion) for motion in content.coordinates]
    paired = force_files(motions, content.forces)
    rows = rows_of(motions, paired, owners_of(motions), content.sessions)
    fitting = {
        motion.file.as_posix(): _models_with_coordinates(data, content, motion)
        for motion in content.coordinates
    }
    people, trials, left_out = [], [], []
    for person in rows.people:
        person_rows = [row for row in rows.trials if row.participant_id == person.participant_id]
        # the model that is first for most files; the first by name where two are
        counts = Counter(models[0] for row in person_rows if (models := fitting[row.file]))
        model = min(counts, key=lambda model: (-counts[model], model), default=None)
        fitting_rows = [
            row for row in person_rows if model is not None and model in fitting[row.file]
        ]
        left_out += [
            UnusedFile(Path(row.file), NO_MODEL) for row in person_rows if row not in fitting_rows
        ]
        if model is None:
            continue
        words = f"{len(fitting_rows)} of {len(person_rows)} trials, from joint angles, "
        words += f"model {model.name}"
        people.append(replace(person, model_file=model.as_posix(), found=words))
        for row in fitting_rows:
            seconds = next(
                motion.seconds for motion in motions if motion.file.as_posix() == row.file
            )
            forces = f"forces in {row.force_file}" if row.force_file else "no forces"
            words = f"joint angles, {seconds:.1f} s; {forces}"
            trials.append(replace(row, file="", coordinates_file=row.file, found=words))
    if not people:
        raise AqbioError(
            f"no model in the folder has the coordinates of {content.coordinates[0].file}.",
            file=str(data),
            fix="put the scaled .osim file of each person there, or name it with --model.",
            rule="model-missing",
        )
    return Rows(tuple(people), tuple(trials)), data / people[0].model_file, tuple(left_out)


def _as_recording(motion: StorageFacts) -> MarkerFacts:
    """Facts of a coordinates file in the form of a marker file, to be paired and named alike."""
    return MarkerFacts(
        file=motion.file,
        labels=(),
        frames=round((motion.end - motion.start) * motion.rate) + 1,
        rate=motion.rate,
        first_time=motion.start,
        is_static=False,
        plates=0,
    )


def _models_with_coordinates(
    data: Path, content: FolderContent, motion: StorageFacts
) -> list[Path]:
    """Models with the coordinates of a file; the user's, scaled and nearby ones first."""
    names = {column.split("/")[-2] if "/" in column else column for column in motion.columns}
    fitting = [model for model in content.models if names <= model_names(data / model)]

    def rank(model: Path) -> tuple[bool, bool, bool, str]:
        in_same_folder, named_by_user = model.parent == motion.file.parent, model.is_absolute()
        return (
            not named_by_user,
            not scaling_evidence(data / model),
            not in_same_folder,
            model.as_posix(),
        )

    return sorted(fitting, key=rank)


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
    """What is wrong with the recording, by the statement for column fix that undoes it."""
    causes_hidden: str = ""
    """Why joint angles do not tell what causes angular momentum; empty where they do."""
    picture: TrialPicture | None = None
    """Of a run."""
    lengths: Lengths | None = None
    entry: Mapping[str, Any] = field(default_factory=dict)
    """lengths, entry: Distances between markers, and numbers, that recordings of a person share."""


MAX_PROPOSALS = 4
"""Largest number of faults of one trial that are proposed, one after the other."""


def with_proposals(row: TrialRow, look: Callable[[TrialRow, Notes], TrialPreview]) -> TrialPreview:
    """Preview a trial as it is with what its findings propose for column fix.

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
    """What was noted of a prepared trial, and which of its steps and contacts count."""
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
