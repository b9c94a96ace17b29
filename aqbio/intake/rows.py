"""Rows of the two sheets, filled in from a folder of recordings."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from aqbio.config import SHEETS, Trial
from aqbio.config.sheets import is_block_start, unmodelled_force
from aqbio.errors import AqbioError
from aqbio.intake.folder import FolderContent, MarkerFacts, StorageFacts, UnusedFile
from aqbio.intake.models import scaling_evidence
from aqbio.intake.people import force_files, trial_names
from aqbio.intake.same_person import owners_of
from aqbio.intake.sessions import VideoSession, cells_of_sessions
from aqbio.io.opensim_xml import model_names
from aqbio.io.stated_body import agreed
from aqbio.names import NORMAL
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_faults import StatedFaults, stated_faults

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
