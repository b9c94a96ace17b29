"""What results call the files that a laboratory gives: by ids, whatever they are named after.

Files, and the folders that they lie in, are often named after persons. In results each one is
called after the cell or the setting that names it: `file of V01 speed1-01`, `model.map`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from aqbio.io.provenance import provenance
from aqbio.io.settings_told import FILE_SETTINGS
from aqbio.io.study import MODELS, Study

ANOTHER = "another file of the laboratory"
"""What a file is called that no cell and no setting names, or several of one name."""


NOBODY = " "
"""Owner of what the settings name; no participant is called so."""


def study_provenance(study: Study, stage: str, inputs: Iterable[Path]) -> dict[str, str]:
    """Provenance of what a stage makes, in which the laboratory's files have no names."""
    return provenance(stage, inputs, study.stage_settings(stage), given_files(study))


def given_files(study: Study, participant_id: str = "") -> dict[Path, str]:
    """What results call each file that sheets and settings name; shipped ones keep their names."""
    if "given" not in study.kept:  # every record asks: a study of all trials is gone through once
        study.kept["given"] = _by_owner(study)
    known: dict[str, dict[Path, str]] = study.kept["given"]
    return known.get(participant_id, known[NOBODY])


def _by_owner(study: Study) -> dict[str, dict[Path, str]]:
    """Files of each participant with those of the study, of `NOBODY` these alone, of "" all."""
    own = {path: name for path, name in _of_settings(study) if not path.is_relative_to(MODELS)}
    found = {NOBODY: own, "": dict(own)}
    for owner, path, name in _of_sheets(study):
        for files in (found[""], found.setdefault(owner, dict(own))):
            files.setdefault(path, name)  # a file in several cells: the first one
    return found


def _of_sheets(study: Study) -> Iterator[tuple[str, Path, str]]:
    """Participant, file and cell, of all cells that name files."""
    for one in study.participants:
        if one.model_file:
            file = study.model_file(one.participant_id)
            yield one.participant_id, file, f"model_file of {one.participant_id}"
    for trial in study.trials:
        ids = f"{trial.participant_id} {trial.trial_id}"
        column = "coordinates_file" if trial.coordinates_file else "file"
        yield trial.participant_id, study.recording(trial), f"{column} of {ids}"
        if (forces := study.forces(trial)) is not None:
            yield trial.participant_id, forces, f"force_file of {ids}"


def _of_settings(study: Study) -> Iterator[tuple[Path, str]]:
    """Files that settings name, with the setting."""
    for section, name in FILE_SETTINGS:
        if said := getattr(getattr(study.settings, section), name):
            path = study.place(said)
            if path.is_file():
                yield path, f"{section}.{name}"


def in_ids(study: Study, content: Any, participant_id: str = "", trial_id: str = "") -> Any:
    """Plain content (texts, lists, mappings) with the laboratory's files as results call them.

    Of files with the same name in two folders, those of the content's own trial are meant.
    """
    return _replaced(content, given_files(study, participant_id), trial_id)


def _replaced(content: Any, files: Mapping[Path, str], trial_id: str) -> Any:
    if isinstance(content, str):
        here = {path: called for path, called in files.items() if path.name in content}
        return _renamed(content, here, trial_id) if here else content
    if isinstance(content, Mapping):
        own = str(content.get("trial_id") or content.get("trial") or trial_id)
        return {name: _replaced(value, files, own) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_replaced(value, files, trial_id) for value in content]
    return content


def _renamed(text: str, files: Mapping[Path, str], trial_id: str) -> str:
    """Text with every end of these paths replaced by what the file is called."""
    names: dict[str, set[str]] = {}
    for path, called in files.items():
        for parts in range(len(path.parts)):
            end = "/".join(path.parts[parts:]).replace("//", "/")
            names.setdefault(end, set()).add(called)
    any_of = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(
        rf"(?<![\w-])(?:{any_of})(?![\w-])", lambda found: _one(names[found[0]], trial_id), text
    )


def _one(called: set[str], trial_id: str) -> str:
    """What a file is called that several may be meant by: of one trial, if only one is of it."""
    own = called if len(called) == 1 else {one for one in called if one.endswith(f" {trial_id}")}
    return next(iter(own)) if len(own) == 1 else ANOTHER
