"""Rows of the two sheets, filled in from a folder of recordings."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from aqbio.config import SHEETS, MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.config.sheets import unmodelled_force
from aqbio.errors import AqbioError, causes
from aqbio.gait.step_files import trial_steps
from aqbio.gait.steps import Contact
from aqbio.intake.folder import FolderContent, MarkerFacts, StorageFacts, Unusable
from aqbio.intake.models import ChosenModel, scaling_signs
from aqbio.intake.people import force_files, owners_of, trial_names
from aqbio.intake.sessions import VideoSession, stated_cells
from aqbio.io.movement import STATIC_WINDOW_S
from aqbio.io.opensim_xml import model_masses, model_names
from aqbio.io.stated_body import agreed
from aqbio.io.trial_files import read_recording, standing_recording
from aqbio.names import SIDES
from aqbio.recordings.axes import displacement
from aqbio.recordings.clock import note_rate
from aqbio.recordings.contacts import NO_FOOT
from aqbio.recordings.handedness import BodyLabels, OtherRecordings, with_resolved_sides
from aqbio.recordings.label_check import StaticReference, with_checked_labels
from aqbio.recordings.marked_body import SegmentMasses
from aqbio.recordings.notes import Notes
from aqbio.recordings.stage import trial_numbers
from aqbio.recordings.trial import PreparedTrial, prepare_trial

FOUND, PLEASE_FILL = "found", "please_fill"
"""Columns of the person's own: what was seen, and which cells of the row are still open."""

MASS_NEEDED = "mass_kg is needed: no plate shows it"

MASS_OPEN = "mass_kg is needed unless plates show it: not all trials were understood yet"

UNMODELLED = (
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
    include: str = "yes"
    """{"yes", "no"}."""
    please_fill: str = ""
    """Cells that are still open."""
    found: str = ""
    """What was seen, in words."""

    def cells(self) -> dict[str, str]:
        """The cells that are known."""
        return {"condition": "normal", **asdict(self)}


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
    """sex, height_m, mass_kg: What settings of a recording system state."""
    found: str = ""
    """What was seen, in words."""
    in_files: Mapping[str, float] = field(default_factory=dict)
    """Body mass, kg, and stature, m, that parameters of the recordings state, by column."""

    def cells(self) -> dict[str, str]:
        """The cells that are known."""
        known = {name: value for name, value in asdict(self).items() if name != "in_files"}
        return {**known, PLEASE_FILL: ", ".join(self.to_fill())}

    def to_fill(self) -> dict[str, str]:
        """Cells that are still open, and what to write."""
        cells = {}
        if not self.sex and not self.model_file:
            cells["sex (female or male)"] = "sex: female or male"
        offered = {name: f", {value:.4g} by the C3D" for name, value in self.in_files.items()}
        if not self.height_m:
            cells["height_m"] = f"height_m: if you know it{offered.get('height_m', '')}"
        for words in (MASS_NEEDED, MASS_OPEN):
            if words in self.found:
                cells["mass_kg"] = f"{words}{offered.get('mass_kg', '')}"
        return cells


@dataclass(frozen=True, slots=True)
class Rows:
    """Both sheets."""

    people: tuple[PersonRow, ...] = ()
    trials: tuple[TrialRow, ...] = field(default=())

    def of_runners(self) -> tuple[Rows, tuple[TrialRow, ...]]:
        """The rows of those who move in any trial, if anybody does, and the trials of the rest."""
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
    stated = stated_cells(sessions, owners)
    people, trials = [], []
    for person in sorted(set(owners.values())):
        own = [one for one in markers if owners[one.file] == person]
        own.sort(key=lambda one: (not one.still, one.file))
        standing = [one for one in own if one.still]
        names = trial_names([one.file for one in own], [one.file for one in standing])
        # a static trial on plates before one without, then the one with most markers
        ranked = sorted(standing, key=lambda one: (one.plates == 0, -len(one.labels), -one.frames))
        static = next(iter(ranked), None)
        name = "" if static is None else names[static.file]
        values = {
            column: [file.body[column] for file in own if column in file.body]
            for column in ("mass_kg", "height_m")
        }
        people.append(PersonRow(person, name, **stated[person], in_files=agreed(values)))
        for one in own:
            force = forces.get(one.file)
            found, include = (
                f"{one.seconds:.1f} s at {one.rate:g} Hz, {len(one.labels)} labels",
                "no",
            )
            if one.still and static is not None and one is not static:
                found = f"another static trial; {names[static.file]} is used"
            elif not one.still and (word := unmodelled_force(one.file.as_posix())):
                found = UNMODELLED.format(word=word)
            else:
                include = "yes"
            trials.append(
                TrialRow(
                    participant_id=person,
                    trial_id=names[one.file],
                    task="static" if one.still else "run",
                    file=one.file.as_posix(),
                    force_file="" if force is None else force.cell,
                    include=include,
                    found=found,
                )
            )
    return Rows(tuple(people), tuple(trials))


def sheet_text(sheet: str, rows: Sequence[TrialRow] | Sequence[PersonRow]) -> str:
    """The text of a sheet: its columns, then those of the person's own."""
    columns = list(SHEETS[sheet].model_fields)
    columns += [name for name in (PLEASE_FILL, FOUND) if rows and name in rows[0].cells()]
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")  # quotes what needs it
    writer.writerow(columns)
    writer.writerows([row.cells().get(name) or "n/a" for name in columns] for row in rows)
    return text.getvalue()


NO_MODEL = "its model is not in the folder, or is another one than that of the other trials"


def coordinates_rows(data: Path, content: FolderContent) -> tuple[Rows, Path, tuple[Unusable, ...]]:
    """Both sheets from joint angles, the first participant's model, and files left out."""
    motions = [_as_recording(one) for one in content.coordinates]
    paired = force_files(motions, content.forces)
    rows = rows_of(motions, paired, owners_of(motions), content.sessions)
    fitting = {one.file.as_posix(): _fitting(data, content, one) for one in content.coordinates}
    people, trials, left_out = [], [], []
    for person in rows.people:
        own = [row for row in rows.trials if row.participant_id == person.participant_id]
        # the model that is first for most files; the first by name where two are
        counts = Counter(models[0] for row in own if (models := fitting[row.file]))
        model = min(counts, key=lambda model: (-counts[model], model), default=None)
        kept = [row for row in own if model is not None and model in fitting[row.file]]
        left_out += [Unusable(Path(row.file), NO_MODEL) for row in own if row not in kept]
        if model is None:
            continue
        words = f"{len(kept)} of {len(own)} trials, from joint angles, model {model.name}"
        people.append(replace(person, model_file=model.as_posix(), found=words))
        for row in kept:
            seconds = next(one.seconds for one in motions if one.file.as_posix() == row.file)
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


def _as_recording(one: StorageFacts) -> MarkerFacts:
    """A file of coordinates the looks of a marker file, to be paired and named like one."""
    return MarkerFacts(
        file=one.file,
        labels=(),
        frames=round((one.end - one.start) * one.rate) + 1,
        rate=one.rate,
        first_time=one.start,
        still=False,
        plates=0,
    )


def _fitting(data: Path, content: FolderContent, motion: StorageFacts) -> list[Path]:
    """Models with the coordinates of a file: the user's, scaled ones, near ones first."""
    names = {column.split("/")[-2] if "/" in column else column for column in motion.columns}
    fitting = [model for model in content.models if names <= model_names(data / model)]

    def rank(model: Path) -> tuple[bool, bool, bool, str]:
        beside, named = model.parent == motion.file.parent, model.is_absolute()
        return not named, not scaling_signs(data / model), not beside, model.as_posix()

    return sorted(fitting, key=rank)


SPEED_TIME = 0.2
"""A speed is computed from at least this much of a trial, s."""


@dataclass(frozen=True, slots=True)
class TrialPreview:
    """What a trial shows."""

    words: str
    """In one line."""
    standing_mass: float | None = None
    stride_masses: tuple[float, ...] = ()
    """standing_mass, stride_masses: Body mass from plates, kg."""
    warnings: tuple[str, ...] = ()
    """What a person should know before the trial is used."""
    to_fill: str = ""
    """The cell of a treadmill's speed."""
    prepared: bool = False
    """Whether it could be prepared."""
    steps: bool = False
    """Whether a run has a whole step."""
    contacts: bool = False
    """Whether a run has a contact that counts."""
    forces: bool = False
    """Whether such a contact has forces."""


def trial_preview(
    data: Path,
    row: TrialRow,
    marker_set: MarkerSet,
    reference: StaticReference,
    model: ChosenModel,
    company: OtherRecordings = tuple,
) -> TrialPreview:
    """Prepare a trial as stage prepare would, and say what it shows."""
    trial = Trial.model_validate({k: v for k, v in row.cells().items() if v and k != "found"})
    notes = Notes(row.trial_id, row.participant_id, row.file, row.force_file or row.file)
    forces = data / row.force_file if row.force_file else None
    recording = read_recording(data / row.file, forces)
    if row.task == "static":
        recording = standing_recording(recording, row.file)
    body = BodyLabels.of_marker_set(marker_set, reference.limbs)
    recording = with_resolved_sides(recording, trial, body, company, notes)
    recording = with_checked_labels(recording, trial, reference, marker_set, notes)
    options, segment_masses = (Laboratory(), Prepare()), None
    if row.task != "static":
        segment_masses = SegmentMasses(model_masses(model.path), model.model_map.groups)
    prepared = prepare_trial(recording, trial, marker_set, options, notes, None, segment_masses)
    numbers = trial_numbers(prepared, trial, STATIC_WINDOW_S)
    if segment_masses is not None:
        note_rate(prepared, marker_set, segment_masses, notes)
    noted = causes(finding for finding in notes.findings if finding.severity != "info")
    masses = tuple(numbers.get("stride_masses_kg", ()))
    standing = numbers.get("standing_mass_kg")
    words = _standing(prepared, standing) if row.task == "static" else _moving(prepared, marker_set)
    treadmill = row.task != "static" and prepared.ground.surface == "treadmill"
    belt = f"belt_speed_mps (the feet show {prepared.ground.belt_speed:.2f})" if treadmill else ""
    contacts = _counted_contacts(prepared) if row.task != "static" else set()
    return TrialPreview(
        words="; ".join(words),
        standing_mass=standing,
        stride_masses=masses,
        warnings=tuple(one.first.what + f" ({one.alike})" * bool(one.alike) for one in noted),
        to_fill=belt,
        prepared=True,
        steps="ok" in {status for status, _ in contacts},
        contacts=bool(contacts),
        forces=any(loaded for _, loaded in contacts),
    )


def _counted_contacts(prepared: PreparedTrial) -> set[tuple[str, bool]]:
    """Status of every contact that counts as a step, and whether plates measured it.

    By the function that cuts trials into steps.
    """
    placed = [one for one in prepared.contacts if one.foot != NO_FOOT]
    contacts = [
        Contact(
            side="left" if one.foot == 0 else "right",
            touchdown=one.touchdown,
            toe_off=one.toe_off,
            complete=one.complete,
            edge_distance=one.edge_distance,
            shared=one.shared,
            time_error=prepared.contact_time_error[int(np.isnan(one.peak))],
        )
        for one in placed
    ]
    measured = {one.touchdown for one in placed if np.isfinite(one.peak)}
    steps = trial_steps(contacts, prepared.time)
    return {(one.status, one.touchdown in measured) for one in steps if one.status != "rejected"}


def _extent(prepared: PreparedTrial) -> str:
    seconds = (len(prepared.markers) - 1) / prepared.rate
    return f"{seconds:.1f} s at {prepared.rate:g} Hz, {len(prepared.labels)} markers"


def _standing(prepared: PreparedTrial, mass: float | None) -> list[str]:
    words = ["stands still", _extent(prepared)]
    if prepared.plates is None:
        words.append("no plates")
    elif mass is None:
        words.append("not on a plate")
    else:
        loaded = prepared.plates.vertical.mean(axis=0) > 0.1 * mass
        numbers = [str(n) for n, on in zip(prepared.plates.numbers, loaded, strict=True) if on]
        words.append(f"{mass:.1f} kg on plate {', '.join(numbers)}")
    return words


def _moving(prepared: PreparedTrial, marker_set: MarkerSet) -> list[str]:
    ground = prepared.ground
    if ground.surface == "treadmill":
        pace = f"treadmill at {ground.belt_speed:.2f} m/s"
    else:
        speed = _speed(prepared, marker_set)
        pace = "overground" if np.isnan(speed) else f"overground at {speed:.2f} m/s"
    words = [pace, _extent(prepared)]
    if prepared.loads is None:
        return [*words, "no forces"]
    plates = prepared.plates
    by_plate: Counter[str] = Counter()
    for contact in prepared.loads.contacts:
        names = "+".join(str(plates.numbers[plate]) for plate in contact.plates) if plates else ""
        by_plate[f"{SIDES[contact.foot]} on plate {names}"] += 1
    descriptions = [name if count == 1 else f"{count} x {name}" for name, count in by_plate.items()]
    return [*words, f"contacts: {', '.join(descriptions) if descriptions else 'none'}"]


def _speed(prepared: PreparedTrial, marker_set: MarkerSet) -> float:
    """Mean horizontal speed of the pelvis over the frames in which it is seen, m/s."""
    labels = marker_set.pelvis.labels
    columns = [prepared.labels.index(label) for label in labels if label in prepared.labels]
    path = prepared.markers[:, columns].mean(axis=1)
    known = np.flatnonzero(np.isfinite(path).all(axis=1))
    if len(known) < SPEED_TIME * prepared.rate:
        return float("nan")
    way = displacement(path)
    return float(np.hypot(way[0], way[2]) / ((known[-1] - known[0]) / prepared.rate))
