"""A study on disk: settings, sheets, model map and the paths of all results."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from aqbio.config import (
    InvalidStudyError,
    MarkerSet,
    ModelMap,
    OtherModels,
    Participant,
    Strength,
    StudySettings,
    Trial,
    closest,
    expand_environment,
    read_yaml,
)
from aqbio.config.settings import Model, Section
from aqbio.config.written import yaml_content
from aqbio.errors import AqbioError, Finding
from aqbio.io.sheets import StudySheets, checked_sheets
from aqbio.io.strength import read_strength, refuse_old_sheet
from aqbio.names import REFERENCE_TABLE, shipped
from aqbio.operating_system import is_path
from aqbio.stage_table import STAGE_TABLE

FILE_SETTINGS = (
    ("files", "data"), ("files", "participants"), ("files", "trials"),
    ("model", "file"), ("model", "map"), ("model", "markers"),
    ("hypotheses", "registry"), ("hypotheses", "strength"), ("figures", "reference"),
)  # fmt: skip
"""Settings that name files or folders."""


def as_plain_data(name: str, section: Section) -> dict[str, Any]:
    """A section as plain data; own files are called by their setting."""
    plain = section.model_dump(mode="json")
    for _, key in (setting for setting in FILE_SETTINGS if setting[0] == name):
        if _own_file(section, key):
            plain[key] = f"{name}.{key}"
    if isinstance(section, OtherModels):
        plain["models"] = {
            model: as_plain_data("model", settings) for model, settings in section.models.items()
        }
    return plain


def _own_file(section: Section, name: str) -> bool:
    """True if a setting names a file or folder of the laboratory, not one shipped with aqbio."""
    value = getattr(section, name)
    default = type(section).model_fields[name].default
    return value != default and (is_path(value) or bool(Path(value).suffix))


GAIT_LIBRARY = "gait_library.npz"
"""File beside study.yaml from which recordings of virtual sprinters are made."""

MODELS = shipped("models")
"""Folder of the models and maps that come with aqbio."""


def is_own_model(name: str) -> bool:
    """Tell whether a name is that of a model that comes with aqbio, for women and for men."""
    return not is_path(name) and (MODELS / name / f"{name}_female.osim").is_file()


@dataclass(frozen=True)
class Study:
    """Settings and sheets of one study, validated, and where its results lie."""

    file: Path
    settings: StudySettings
    participants: tuple[Participant, ...]
    trials: tuple[Trial, ...]
    within: str = ""
    """Folder of the results in those of the study: of a study on another model."""
    worn_markers: str = ""
    """Marker set of the participant whom the study is looked at for (`recorded_with`)."""
    cache: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Values that are computed from the study only once."""

    @property
    def data(self) -> Path:
        """Folder of the recordings."""
        return self.path_of(self.settings.files.data)

    @property
    def is_virtual(self) -> bool:
        """True for virtual sprinters, whose recordings the workflow makes on first use."""
        return (self.file.parent / GAIT_LIBRARY).is_file()

    def sheet(self, name: Literal["participants", "trials"]) -> Path:
        """The file of a sheet."""
        return self.file.parent / str(getattr(self.settings.files, name))

    @property
    def root(self) -> Path:
        """Folder of all results of the study."""
        return self.results_folder / self.settings.name / self.within

    @property
    def results_folder(self) -> Path:
        """Folder of the results of this study and of others."""
        return _in_home(self.settings.results, self.file)

    @cached_property
    def model_map(self) -> ModelMap:
        """Meaning of the bodies and joints of the generic model."""
        return read_yaml(self.map_file, ModelMap)

    @cached_property
    def marker_set(self) -> MarkerSet:
        """Labels of the recordings and where they sit on the model."""
        return read_yaml(self.marker_file, MarkerSet)

    @property
    def map_file(self) -> Path:
        """File of the model map."""
        name = self.settings.model.map
        shipped = MODELS / name / "map.yaml"
        if not is_path(name) and not name.endswith((".yaml", ".yml")):
            if not shipped.is_file():
                names = sorted(path.parent.name for path in MODELS.glob("*/map.yaml"))
                near = closest(name, names)
                raise AqbioError(
                    f"model.map {name} is not a folder in models/ (known: {', '.join(names)}).",
                    file=str(self.file),
                    fix=f"did you mean {near}?" if near else "give the path of a map file.",
                    rule="model-map",
                )
            return shipped
        return self.path_of(name)

    @property
    def people(self) -> dict[str, str]:
        """Person of every participant: rows of one person, such as sessions, share a name."""
        return {row.participant_id: row.person or row.participant_id for row in self.participants}

    @property
    def marker_file(self) -> Path:
        """File of the marker set: the participant's, the study's or the model's own."""
        if markers := self.worn_markers or self.settings.model.markers:
            return self.path_of(markers)
        return self.map_file.parent / self.model_map.marker_set

    @property
    def registry_file(self) -> Path | None:
        """File of the registry of hypotheses; None for aqbio's own."""
        if self.settings.hypotheses.registry:
            return self.path_of(self.settings.hypotheses.registry)
        default_file = self.file.parent / "hypotheses.yaml"
        return default_file if default_file.is_file() else None

    @property
    def strength_file(self) -> Path | None:
        """Sheet of strengths, or the Excel workbook of that name; None where there is neither."""
        path = self.path_of(self.settings.hypotheses.strength)
        sheets = (path, path.with_suffix(".xlsx"))
        return next((sheet for sheet in sheets if sheet.is_file()), None)

    @property
    def reference_file(self) -> Path:
        """Table of the people whom athletes are shown beside: the study's own, or aqbio's."""
        own_table = self.settings.figures.reference
        return self.path_of(own_table) if own_table else REFERENCE_TABLE

    @cached_property
    def strength(self) -> tuple[Strength, ...]:
        """Attempts of strength tests; none where there is no sheet."""
        refuse_old_sheet(self.file.parent)
        path = self.strength_file
        return () if path is None else read_strength(path, self.participants)

    def model_file(self, participant_id: str) -> Path:
        """The generic model of a participant, or the one that is the participant's already."""
        participant = self.participant(participant_id)
        if participant.model_file is not None:
            return self.data / participant.model_file
        name = self.settings.model.file
        if not is_own_model(name):
            return self.path_of(name)
        sex = participant.sex
        if sex is None:
            raise AqbioError(
                "sex is n/a, but it chooses between the two sprint models.",
                trial=participant_id,
                file=str(self.path_of(self.settings.files.participants)),
                where=f"participant {participant_id}, column sex",
                fix="write female or male, whichever body proportions fit better.",
                rule="participant-sex",
            )
        return MODELS / name / f"{name}_{sex}.osim"

    @cached_property
    def _participant_by_id(self) -> dict[str, Participant]:
        return {row.participant_id: row for row in reversed(self.participants)}

    @cached_property
    def _included_trials(self) -> dict[str, list[Trial]]:
        """Included trials by participant."""
        trials: dict[str, list[Trial]] = defaultdict(list)
        for trial in self.trials:
            if trial.include == "yes":
                trials[trial.participant_id].append(trial)
        return dict(trials)

    def participant(self, participant_id: str) -> Participant:
        """A participant's row."""
        if participant_id in self._participant_by_id:
            return self._participant_by_id[participant_id]
        identifiers = list(self._participant_by_id)[::-1]
        near = closest(participant_id, identifiers)
        raise AqbioError(
            f"participant {participant_id} is not in the sheet.",
            file=str(self.path_of(self.settings.files.participants)),
            fix=f"did you mean {near}?" if near else f"known: {', '.join(identifiers)}.",
            rule="participant-unknown",
        )

    def recorded_with(self, participant_id: str) -> Study:
        """The study with the marker set of a participant's row; its own where that names none."""
        marker_set = self.participant(participant_id).marker_set or ""
        return self if marker_set == self.worn_markers else replace(self, worn_markers=marker_set)

    def sessions_of(self, participant_id: str) -> tuple[str, ...]:
        """The participants that are sessions of the same person, and have no own model."""
        person = self.participant(participant_id).person
        return tuple(
            participant.participant_id
            for participant in self.participants
            if participant.participant_id == participant_id
            or (
                person is not None
                and participant.person == person
                and participant.model_file is None
            )
        )

    def same_person(self, participant_id: str) -> tuple[str, ...]:
        """The participants that are sessions of the same person, in the order of the sheet."""
        person = self.participant(participant_id).person
        if person is None:
            return (participant_id,)
        return tuple(
            participant.participant_id
            for participant in self.participants
            if participant.person == person
        )

    def trials_of(self, participant_id: str) -> tuple[Trial, ...]:
        """The included trials of a participant, the static one too."""
        return tuple(self._included_trials.get(participant_id, ()))

    def trial(self, participant_id: str, trial_id: str) -> Trial:
        """An included trial by its name."""
        return {trial.trial_id: trial for trial in self.trials_of(participant_id)}[trial_id]

    def static_of(self, participant_id: str) -> Trial | None:
        """The static trial of a participant, if there is one."""
        name = self.participant(participant_id).static_trial
        return next(
            (trial for trial in self.trials_of(participant_id) if trial.trial_id == name), None
        )

    def still_of(self, participant_id: str) -> tuple[Trial, ...]:
        """Static trials of a participant; the one that he or she is scaled from comes first."""
        scaled = self.static_of(participant_id)
        static_trials = [
            trial for trial in self.trials_of(participant_id) if trial.task == "static"
        ]
        return (
            *([scaled] if scaled else []),
            *(trial for trial in static_trials if trial != scaled),
        )

    def moving_of(self, participant_id: str) -> tuple[Trial, ...]:
        """The included trials of a participant that are not static."""
        return tuple(trial for trial in self.trials_of(participant_id) if trial.task != "static")

    def recording(self, trial: Trial) -> Path:
        """The path of a trial's markers, or of its coordinates."""
        return self.data / trial.source

    def forces(self, trial: Trial) -> Path | None:
        """The path of a trial's force file, if the forces are in a file of their own."""
        return self.data / trial.force_file if trial.force_file else None

    def folder(self, participant_id: str, stage: str) -> Path:
        """The folder of a participant's results of one stage."""
        return self.root / "participants" / participant_id / STAGE_TABLE[stage].folders[0]

    def manifest(self, participant_id: str, stage: str) -> Path:
        """The manifest of a stage for a participant, or for the study (empty)."""
        folder = self.root / "participants" / participant_id if participant_id else self.root
        return folder / f"{stage}.json"

    def read_manifest(self, participant_id: str, stage: str) -> dict[str, Any]:
        """Read what an earlier stage made for a participant; an error where it has not run."""
        path = self.manifest(participant_id, stage)
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError) as error:  # or what a damaged disk left of it
            raise AqbioError(
                f"stage {stage} has not run for {participant_id}.",
                file=str(path),
                fix=f"run `aqbio {stage} {self.file} --participant {participant_id}` first.",
                rule="stage-order",
            ) from error
        return content

    def table(self, name: str) -> Path:
        """The path of a table of the study."""
        return self.root / "tables" / name

    def stage_settings(self, stage: str) -> dict[str, Any]:
        """The sections that a stage reads, as plain data; own files are called by their setting."""
        sections = {name: getattr(self.settings, name) for name in STAGE_TABLE[stage].settings}
        return {name: as_plain_data(name, section) for name, section in sections.items()}

    def path_of(self, text: str) -> Path:
        """Path of a file that a setting names, relative to study.yaml."""
        path = _in_home(expand_environment(text, file=str(self.file)), self.file)
        return path if path.is_absolute() else self.file.parent / path


def _in_home(text: str, study_file: Path) -> Path:
    """Path of a setting, ``~`` replaced by the home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise AqbioError(
            f"{text.partition('/')[0]} is no user's home folder on this machine.",
            file=str(study_file),
            fix="write the whole path.",
            rule="home-folder",
        ) from error


@dataclass(frozen=True, slots=True)
class CheckedStudy:
    """Readable part of a study, and everything that is wrong with its settings and sheets."""

    study: Study
    """Without the rows that have a wrong cell; sections with a wrong setting as by default."""
    located: bool
    """True if the folders of recordings and models are known."""
    trial_lines: tuple[int, ...]
    """Line of each of its trials in the sheet."""
    findings: tuple[Finding, ...]


def checked_study(file: Path) -> CheckedStudy:
    """Read what can be read of a study, however much is wrong with it."""
    findings: tuple[Finding, ...] = ()
    broken: set[str] = set()
    try:
        settings = read_yaml(file, StudySettings)
    except InvalidStudyError as problems:
        findings = problems.findings
        settings, broken = _sound_settings(file)
    if "files" in broken:
        sheets = StudySheets((), (), (), ())
    else:
        folder, files = file.parent, settings.files
        sheets = checked_sheets(folder / files.participants, folder / files.trials)
    return CheckedStudy(
        study=Study(file, settings, sheets.participants, sheets.trials),
        located=not broken & {"files", "model"},
        trial_lines=sheets.trial_lines,
        findings=(*findings, *sheets.findings),
    )


def _sound_settings(file: Path) -> tuple[StudySettings, set[str]]:
    """Settings without the sections in which something is wrong, and the names of those."""
    content = yaml_content(file.read_text(encoding="utf-8"))
    section_content = content if isinstance(content, dict) else {}
    sound: dict[str, Any] = {"name": "study"}
    broken = set()
    for name in StudySettings.model_fields.keys() & section_content.keys():
        try:  # as part of a whole, so that every rule about it holds
            StudySettings.model_validate({"name": "study", name: section_content[name]})
        except ValidationError:
            broken.add(name)
        else:
            sound[name] = section_content[name]
    return StudySettings.model_validate(sound), broken


def load_study(file: Path) -> Study:
    """Read study.yaml and both sheets."""
    checked = checked_study(file)
    if errors := [finding for finding in checked.findings if finding.severity == "error"]:
        raise InvalidStudyError(errors)
    return checked.study


STUDY_NOTE = "logs/study"
"""File of the results that says, from their folder on, which study.yaml they are of."""


def finished_study(file: Path) -> Study:
    """Read a study, and find its results from whatever folder this is.

    They lie in the folder that the run was started in: this one, one around it, or one around
    study.yaml.
    """
    study = load_study(file)
    folders = [Path(), *Path.cwd().parents, *file.resolve().parents]
    for folder in dict.fromkeys(folders):
        results = folder / study.results_folder
        if _are_of(results / study.settings.name, study):
            settings = study.settings.model_copy(update={"results": str(results)})
            return replace(study, settings=settings)
    raise AqbioError(
        f"this study has no results yet, or they lie elsewhere: {study.root} is neither in this "
        "folder nor in one around it or around study.yaml.",
        file=str(file),
        fix=f"go to the folder in which it was run, or run it: `aqbio run {file}`.",
        rule="results-missing",
    )


def _are_of(root: Path, study: Study) -> bool:
    """True if ``root`` holds results not noted as those of another study that still exists."""
    if not (root / "participants").is_dir():
        return False
    try:
        first_root = root / (root / STUDY_NOTE).read_text(encoding="utf-8")
    except (OSError, ValueError):  # copied without logs
        return True
    return not first_root.is_file() or first_root.samefile(study.file)


FOLDER = "other_models"
"""Folder of the results on models other than the study's own."""


def on_other_models(study: Study) -> dict[str, Study]:
    """The study on every other model, by name, with the compared and static trials."""
    if FOLDER not in study.cache:
        study.cache[FOLDER] = _on_other_models(study)
    other_models: dict[str, Study] = study.cache[FOLDER]
    return other_models


def _on_other_models(study: Study) -> dict[str, Study]:
    other_models = study.settings.other_models
    own_settings = study.settings.model_copy(update={"other_models": OtherModels()})
    trials = tuple(
        trial
        for trial in study.trials
        if trial.task == "static"
        or not other_models.trials
        or trial.trial_id in other_models.trials
    )
    return {
        name: _on_model(replace(study, settings=own_settings, trials=trials), name, model)
        for name, model in other_models.models.items()
    }


def _on_model(study: Study, name: str, model: Model) -> Study:
    """The study on another model; bodies of our own models have the same names and markers."""
    model_settings = study.settings.model
    withdrawn: dict[str, str | None] = {"model_file": None}
    worn_markers = study.worn_markers
    if model.markers or not (is_own_model(model.file) and is_own_model(model_settings.file)):
        worn_markers, withdrawn["marker_set"] = "", None
    else:
        model = model.model_copy(update={"markers": model_settings.markers})
    return replace(
        study,
        settings=study.settings.model_copy(update={"model": model}),
        participants=tuple(row.model_copy(update=withdrawn) for row in study.participants),
        within=f"{FOLDER}/{name}",
        worn_markers=worn_markers,
    )


def compared_studies(study: Study, participant_id: str) -> list[Study]:
    """The study on other models, where a trial of that person is compared."""
    people = study.same_person(participant_id)
    other_studies = on_other_models(study).values()
    return [
        other_study
        for other_study in other_studies
        if any(other_study.moving_of(participant_id) for participant_id in people)
    ]
