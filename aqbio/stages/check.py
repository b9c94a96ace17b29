"""`aqbio check`: every problem of a study at once, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aqbio.config import InvalidStudyError, MarkerSet, closest
from aqbio.errors import AqbioError, Finding
from aqbio.io.capacities import read_capacities
from aqbio.io.osim_markers import model_names
from aqbio.io.study import CheckedStudy, Study, checked_study
from aqbio.stages.checking.contents import (
    label_problems,
    laboratory_problems,
    mass_problems,
    recording_problems,
)
from aqbio.stages.checking.files import missing_files, repeated_files
from aqbio.stages.registration import study_registry


def study_problems(file: Path) -> list[Finding]:
    """Problems of settings, sheets, maps, models and recordings.

    Parameters
    ----------
    file : Path
        study.yaml.

    Returns
    -------
    list of Finding
        Without an ``error`` among them the workflow can start.
    """
    try:
        checked = checked_study(file)
    except AqbioError as error:
        return _findings(error)
    problems = list(checked.findings)
    if checked.known:
        study = checked.study
        problems += [*_map_problems(study), *_model_problems(study), *_file_problems(checked)]
        problems += _hypothesis_problems(study)
    return list(dict.fromkeys(problems))


def _hypothesis_problems(study: Study) -> Iterator[Finding]:
    """Problems of the registry of hypotheses and of the sheet of capacities."""
    try:
        study_registry(study)
    except AqbioError as error:
        yield from _findings(error)
    try:
        if study.capacities_file is not None:
            people = [one.participant_id for one in study.participants]
            read_capacities(study.capacities_file, people)
    except AqbioError as error:
        yield from _findings(error)


def _findings(error: AqbioError) -> list[Finding]:
    return list(error.findings) if isinstance(error, InvalidStudyError) else [error.finding()]


def _map_problems(study: Study) -> list[Finding]:
    """Problems of the model map and of the marker set, and bodies on which they disagree."""
    try:
        model_map = study.model_map
    except AqbioError as error:
        own = bool(study.settings.model.markers)
        return [*_findings(error), *(_marker_problems(study) if own else ())]
    if not _has_markers(study):
        return []  # joint angles: the markers are those of the participants' models
    if findings := _marker_problems(study):
        return findings
    known = {body for members in model_map.groups.values() for body in members}
    named = {body for measure in study.marker_set.measurements for body in measure.bodies}
    named |= {marker.body for marker in study.marker_set.markers.values()}
    return [_unknown_body(study, body, known) for body in sorted(named - known)]


def _has_markers(study: Study) -> bool:
    return not study.trials or any(trial.file for trial in study.trials)


def _marker_problems(study: Study) -> list[Finding]:
    try:
        _ = study.marker_set
    except AqbioError as error:
        return _findings(error)
    return []


def _unknown_body(study: Study, body: str, known: set[str]) -> Finding:
    near = closest(body, known)
    return Finding(
        rule="body-unknown",
        severity="error",
        what=f"the marker set speaks of body {body}, which no group of the model map has.",
        file=str(study.marker_file),
        where=f"body {body}",
        fix=f"did you mean {near}?" if near else f"known: {', '.join(sorted(known))}.",
    )


def _model_problems(study: Study) -> Iterator[Finding]:
    checked: set[Path] = set()
    for participant in study.participants:
        try:
            path = study.model_file(participant.participant_id)
        except AqbioError as error:
            yield from _findings(error)
            continue
        if not path.is_file():
            yield Finding(
                rule="model-missing",
                severity="error",
                what="the generic model does not exist.",
                participant=participant.participant_id,
                file=str(path),
                fix="correct model.file in study.yaml.",
            )
        elif path not in checked:
            checked.add(path)
            yield from _names_not_in_model(study, path)


def _names_not_in_model(study: Study, path: Path) -> Iterator[Finding]:
    """Names of the map that the model does not have."""
    try:
        names, model_map = model_names(path), study.model_map
    except AqbioError:
        return  # told elsewhere
    for name in sorted(model_map.names() - names):
        near = closest(name, names)
        yield Finding(
            rule="map-names",
            severity="error",
            what=f"the model map speaks of {name}, which the model {path.name} does not have.",
            file=str(study.map_file),
            where=name,
            fix=f"did you mean {near}?" if near else "is it the map of another model?",
        )


def _file_problems(checked: CheckedStudy) -> Iterator[Finding]:
    study = checked.study
    if (study.file.parent / "gait_library.npz").is_file():
        return  # virtual sprinters: the workflow records them on first use
    try:
        data = study.data
    except AqbioError as error:
        yield from _findings(error)
        return
    if not data.is_dir():
        yield Finding(
            rule="data-folder",
            severity="error",
            what="the folder of the recordings does not exist.",
            file=str(data),
            where=f"{study.file.name}, files.data",
            fix="correct files.data in study.yaml.",
        )
        return
    yield from missing_files(checked)
    yield from repeated_files(checked)
    marker_set = _marker_set(study)
    findings, contents = recording_problems(checked, marker_set)
    yield from findings
    if contents.read:
        yield from laboratory_problems(checked, contents)
        yield from mass_problems(checked, contents)
        if marker_set is not None and _has_markers(study):
            yield from label_problems(marker_set, study.marker_file, contents.labels)


def _marker_set(study: Study) -> MarkerSet | None:
    """The marker set, if nothing is wrong with it."""
    try:
        return study.marker_set
    except AqbioError:
        return None
