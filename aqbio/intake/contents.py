"""Checks of the files that a study names and of the contents of its recordings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from aqbio.config import MarkerSet, Trial, closest
from aqbio.config.settings import fix_statements
from aqbio.config.validation import setting_line
from aqbio.errors import AqbioError, Finding, Severity
from aqbio.intake.shared_frames import (
    MAX_DISTANCE_DIFFERENCE_M,
    MIN_SHARED_FRAMES,
    Movement,
    copy_lag,
    shared_frames,
)
from aqbio.io.movement import is_static, standing_part
from aqbio.io.provenance import file_hash
from aqbio.io.published import read_manifest
from aqbio.io.recording import Recording
from aqbio.io.study import CheckedStudy, Study
from aqbio.io.trial_files import read_recording
from aqbio.prepare.axes import laboratory_axes
from aqbio.prepare.checks import ONE_FRAME_FIX
from aqbio.prepare.coordinates import coordinates_trial
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_faults import STATEMENT
from aqbio.study.internal import contained
from aqbio.vectors import FloatArray


def sheet_line(checked: CheckedStudy, line: int) -> str:
    """Name a line of the trials sheet."""
    return f"{checked.study.settings.files.trials}, line {line}"


def included_trials(checked: CheckedStudy) -> list[tuple[Trial, int]]:
    """Included trials, each with its line of the sheet."""
    rows = zip(checked.study.trials, checked.trial_lines, strict=True)
    return [(trial, line) for trial, line in rows if trial.include == "yes"]


RECORDING_MISSING = "recording-missing"


def missing_files(checked: CheckedStudy) -> Iterator[Finding]:
    """Report recordings that do not exist, with the file that was probably meant."""
    study = checked.study
    used = {path for trial in study.trials for path in (trial.source, trial.force_file)}
    existing_files = {
        path.relative_to(study.data).as_posix()
        for path in study.data.rglob("*")
        if path.suffix.lower() in (".c3d", ".trc", ".tsv", ".mot", ".sto", ".csv", ".txt")
    }
    manifest = read_manifest(study.file.parent)
    published = set() if manifest is None else {file.file for file in manifest.files}
    for trial, line in included_trials(checked):
        for path in (study.recording(trial), study.forces(trial)):
            if path is None or path.is_file():
                continue
            inside = path.is_relative_to(study.data)
            name = path.relative_to(study.data).as_posix() if inside else ""
            near = closest(name, existing_files - used)
            what, missing = "the recording does not exist.", path
            fix = "correct the path in trials.tsv, or set include = no."
            if name in published:
                fix = f"`aqbio fetch {study.file.parent}` fetches it."
            elif not path.parent.exists():
                what, missing = "the folder of the recording does not exist.", _absent_folder(path)
                fix = f"connect its drive, put it back, or {fix}"
            yield Finding(
                rule=RECORDING_MISSING,
                severity="error",
                what=what,
                trial=trial.trial_id,
                participant=trial.participant_id,
                file=str(missing),
                where=sheet_line(checked, line),
                fix=f"did you mean {near}? Otherwise {fix}" if near else fix,
            )


def _absent_folder(path: Path) -> Path:
    """The outermost folder of a path that does not exist."""
    return next((folder for folder in reversed(path.parents) if not folder.exists()), path.parent)


def repeated_files(checked: CheckedStudy) -> Iterator[Finding]:
    """Report recordings that two trials name: the same file, or a copy under another name."""
    study = checked.study
    named_files = [
        (trial, line, path)
        for trial, line in included_trials(checked)
        for path in (study.recording(trial), study.forces(trial))
        if path is not None
    ]
    sizes = Counter(
        path.stat().st_size for path in {entry[2] for entry in named_files} if path.is_file()
    )
    first_by_content: dict[str, tuple[Trial, int, Path]] = {}
    for trial, line, path in named_files:
        first_trial, first_line, first_path = first_by_content.setdefault(
            _content(path, sizes), (trial, line, path)
        )
        if first_line == line:
            continue
        description = f"name the same file {path.name}"
        if path != first_path:
            description = f"name {first_path.name} and {path.name}, which hold the same to the byte"
        yield _recording_twice(
            study.sheet("trials"), (first_trial, first_line), (trial, line), description
        )


def _recording_twice(
    sheet: Path, first: tuple[Trial, int], second: tuple[Trial, int], relation: str, frames: int = 0
) -> Finding:
    """Report that two trials, given with their lines of the sheet, are one recording."""
    (first_trial, first_line), (second_trial, second_line) = first, second
    return Finding(
        rule="recording-twice",
        severity="error",
        what=f"trials {first_trial.trial_id} of {first_trial.participant_id} and "
        f"{second_trial.trial_id} of {second_trial.participant_id} {relation}.",
        trial=second_trial.trial_id,
        participant=second_trial.participant_id,
        number=frames or None,
        limit=MIN_SHARED_FRAMES if frames else None,
        unit="frames" if frames else "",
        file=str(sheet),
        where=f"lines {first_line} and {second_line}",
        fix="correct one of the paths, or set include = no for one of them: of two exports the one "
        "with fewer markers, or filtered more.",
    )


def _content(path: Path, sizes: Mapping[int, int]) -> str:
    """Identity of a file: hash of its content if another file has its size, else its path."""
    is_unique = not path.is_file() or sizes[path.stat().st_size] < 2 or not path.stat().st_size
    return str(path) if is_unique else file_hash(path)


RECORDING_FAULT_RULES = {
    "channel-dead",
    "marker-impossible",
    "markers-twice",
    "plate-clipped",
    "trc-count",
    "trc-rate",
    "c3d-rate",
}
"""Rules of findings by readers that only a change of the recording removes."""

MAX_LISTED_LABELS = 5
"""Largest number of missing labels that are reported one by one."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Labels, plates and movements in all recordings of a study."""

    labels: frozenset[str]
    plates: frozenset[int]
    read: int
    """Recordings that could be read."""
    gaits: tuple[Gait, ...] = ()
    """Moving trials."""

    def joined_with(self, other: Contents) -> Contents:
        """Contents of these recordings and of others."""
        return Contents(
            self.labels | other.labels,
            self.plates | other.plates,
            self.read + other.read,
            (*self.gaits, *other.gaits),
        )


def recording_problems(
    checked: CheckedStudy, marker_set: MarkerSet | None
) -> tuple[list[Finding], Contents]:
    """Open every existing recording and report its problems."""
    findings: list[Finding] = []
    labels: set[str] = set()
    plates: set[int] = set()
    read, gaits = 0, list[Gait]()
    study = checked.study
    for trial, line in included_trials(checked):
        location = sheet_line(checked, line)
        markers, forces = study.recording(trial), study.forces(trial)
        if not markers.is_file() or (forces is not None and not forces.is_file()):
            continue
        axes = None if trial.coordinates_file else marker_set
        try:
            with contained(study, "check", trial.participant_id, trial.trial_id):
                recording = _recording(study, trial)
                movement = Movement.of(recording.labels, recording.positions, recording.rate)
                if axes is not None and trial.task != "static":
                    gaits.append(Gait(trial, line, landmark_distances(recording, axes), movement))
                trial_findings = list(_trial_problems(recording, trial, checked, axes))
        except AqbioError as error:
            findings.append(finding_of_trial(error.finding(), study, trial, location))
            continue
        read += 1
        labels |= set(recording.labels)
        if recording.forces is not None:
            plates |= set(recording.forces.numbers)
        findings += [
            finding_of_trial(finding, study, trial, location) for finding in trial_findings
        ]
    contents = Contents(frozenset(labels), frozenset(plates), read, tuple(gaits))
    return findings, contents


def _recording(study: Study, trial: Trial) -> Recording:
    """Read a trial as stage prepare does."""
    if trial.coordinates_file:
        return coordinates_trial(study, trial).recording
    unit = study.settings.laboratory.marker_unit
    return read_recording(study.recording(trial), study.forces(trial), unit)


def _coordinates(study: Study, trial: Trial) -> Recording:
    return coordinates_trial(study, trial).recording


def finding_of_trial(finding: Finding, study: Study, trial: Trial, location: str) -> Finding:
    """The finding with its trial, line of the sheet and the path of its file."""
    used = (study.recording(trial), study.forces(trial))
    paths = {path.name: str(path) for path in used if path is not None}
    return replace(
        finding,
        trial=trial.trial_id,
        participant=trial.participant_id,
        file=paths.get(Path(finding.file).name, finding.file) or str(used[0]),
        where=f"{finding.where}; {location}" if finding.where else location,
    )


def _trial_problems(
    recording: Recording, trial: Trial, checked: CheckedStudy, marker_set: MarkerSet | None
) -> Iterator[Finding]:
    yield from (finding for finding in recording.findings if finding.rule in RECORDING_FAULT_RULES)
    static = trial.task == "static"
    stands_still = is_static(recording.positions) or (
        static and standing_part(recording.positions, recording.rate) is not None
    )
    if len(recording.positions) == 1 and not static:
        yield Finding(
            rule="task",
            severity="error",
            what=f"the sheet says {trial.task}, but the file holds one frame: no movement is seen.",
            file=trial.source,
            fix=ONE_FRAME_FIX,
        )
    elif stands_still != static:
        yield Finding(
            rule="task",
            severity="error",
            what=f"the sheet says {trial.task}, but the person "
            + ("stands still." if stands_still else "moves about."),
            file=trial.source,
            fix="correct task or file in trials.tsv.",
        )
    seconds = (len(recording.positions) - 1) / recording.rate
    if trial.start_s is not None and trial.start_s >= seconds:
        yield Finding(
            rule="trial-window",
            severity="error",
            what=f"start_s is {trial.start_s:g} s, but the recording is {seconds:.2f} s long.",
            file=trial.source,
            fix="count from the trial's first frame, in seconds.",
        )
    if marker_set is None:
        return
    notes = Notes(
        trial.trial_id, trial.participant_id, trial.source, trial.force_file or trial.source
    )
    try:
        laboratory_axes(recording, marker_set, checked.study.settings.laboratory.axes, notes)
    except AqbioError as error:
        yield error.finding()
    yield from notes.findings


LABEL_NEEDED = "label-needed"


def label_problems(marker_set: MarkerSet, file: Path, labels: Collection[str]) -> list[Finding]:
    """Labels of the marker set that no recording has; indispensable ones first."""
    labels_asked, feet, pelvis = list(marker_set.markers), marker_set.feet, marker_set.pelvis
    absent = [label for label in labels_asked if label not in labels]
    free = sorted(label for label in labels if label not in marker_set.markers)
    key = {*pelvis.labels, feet.left.heel, feet.right.heel}
    needed = [label for label in absent if label in key and not closest(label, free)]
    rest = [label for label in absent if label not in needed]
    unused, findings = ", ".join(free) or "none", []
    if needed:
        message = (
            f"{', '.join(needed)}: in no recording, and nothing can be computed without markers "
        )
        message += "or points of video on both heels and on the pelvis."
        fix = f"name in the marker set the label that sits there (unused so far: {unused}); "
        fix += "recordings without any marker there cannot be analysed."
        findings.append(_label_nowhere(LABEL_NEEDED, "error", message, needed[0], file, fix))
    if len(rest) <= MAX_LISTED_LABELS:
        for label in rest:
            near = closest(label, free)
            message = f"label {label} of the marker set is in no recording."
            fix = f"did you mean {near}?" if near else "remove it, or leave it if it was not worn."
            severity: Severity = "error" if near else "warning"
            findings.append(_label_nowhere("label-nowhere", severity, message, label, file, fix))
        return findings
    message = (
        f"{len(rest)} of the {len(labels_asked)} labels of the marker set are in no recording: "
    )
    message += f"{', '.join(rest)}."
    severity = "error" if len(absent) == len(labels_asked) else "warning"
    fix = f"compare them with the labels of the recordings (unused so far: {unused})."
    return [*findings, _label_nowhere("label-nowhere", severity, message, rest[0], file, fix)]


def _label_nowhere(
    rule: str, severity: Severity, message: str, label: str, file: Path, fix: str
) -> Finding:
    location = setting_line(file, "markers", label)
    return Finding(rule, severity, message, file=str(file), where=location, fix=fix)


def laboratory_problems(checked: CheckedStudy, contents: Contents) -> Iterator[Finding]:
    """Plates and markers that the settings leave out but no recording has."""
    file, laboratory = checked.study.file, checked.study.settings.laboratory
    plates = ", ".join(map(str, sorted(contents.plates))) or "none at all"
    unknown = [
        ("plate-unknown", "ignore_plates", index, f"plate {number}",
         f"the recordings have plates {plates}, counted from 1.")
        for index, number in enumerate(laboratory.ignore_plates)
        if number not in contents.plates
    ]  # fmt: skip
    for index, words in enumerate(fix_statements(laboratory.fix)):
        statement = STATEMENT.fullmatch(words)
        scope = statement["scope"] if statement else ""
        if not contents.plates or {*map(int, re.findall(r"\d+", scope or ""))} - contents.plates:
            fix = f"the recordings have plates {plates}, counted from 1."
            unknown.append(("plate-unknown", "fix", index, f"“{words}”", fix))
    for index, label in enumerate(laboratory.ignore_markers):
        if label not in contents.labels:
            near = closest(label, contents.labels)
            fix = f"did you mean {near}?" if near else "remove it."
            unknown.append(("label-nowhere", "ignore_markers", index, label, fix))
    for rule, setting, index, name, fix in unknown:
        yield Finding(
            rule=rule,
            severity="error",
            what=f"laboratory.{setting} names {name}, which no recording has.",
            file=str(file),
            where=setting_line(file, "laboratory", setting, index),
            fix=fix,
        )


@dataclass(frozen=True, slots=True)
class Gait:
    """Distances and movement that identify a trial."""

    trial: Trial
    line: int
    """Of the sheet."""
    distances: FloatArray
    """(T, K) array, m. Between landmarks of pelvis and feet."""
    movement: Movement


def landmark_distances(recording: Recording, marker_set: MarkerSet) -> FloatArray:
    """Distances (T, K) between landmarks of pelvis and feet, m; NaN where one is not seen."""
    pelvis, left, right = marker_set.pelvis, marker_set.feet.left, marker_set.feet.right
    pairs = (
        (left.heel, right.heel),
        (left.toe[0], right.heel),
        (right.toe[0], left.heel),
        (left.heel, pelvis.labels[0]),
        (right.heel, (pelvis.front or pelvis.hips)[-1]),
        (left.heel, (pelvis.back or pelvis.hips)[0]),
    )
    columns = {label: index for index, label in enumerate(recording.labels)}
    nowhere = np.full((len(recording.positions), 3), np.nan)
    ends = [
        [recording.positions[:, columns[label]] if label in columns else nowhere for label in pair]
        for pair in pairs
    ]
    return np.stack([np.linalg.norm(first - second, axis=1) for first, second in ends], axis=1)


def repeated_frames(
    sheet: Path, gaits: Sequence[Gait], reported: Collection[str]
) -> Iterator[Finding]:
    """Report trials with the same movement in different files, except lines in ``reported``."""
    pairs = []
    for shared in shared_frames([gait.distances for gait in gaits]):
        description = (
            f"show the same movement: {shared.frames} frames, from frame {shared.start + 1} of "
        )
        description += f"the one and {shared.other_start + 1} of the other, agree to "
        description += f"{1e3 * MAX_DISTANCE_DIFFERENCE_M:g} mm"
        pairs.append((gaits[shared.first], gaits[shared.second], shared.frames, description))
    for first, second in combinations(gaits, 2):
        if (lag := copy_lag(first.movement, second.movement)) is not None:
            description = (
                "hold one recording, filtered or exported in two ways: all markers that both "
            )
            description += f"have move alike, from {max(lag, 0.0):.2f} s of the one on"
            pairs.append((first, second, 0, description))
    reported_lines = set(reported)
    for first, second, frames, description in pairs:
        finding = _recording_twice(
            sheet, (first.trial, first.line), (second.trial, second.line), description, frames
        )
        if finding.where not in reported_lines:
            reported_lines.add(finding.where)
            yield finding
