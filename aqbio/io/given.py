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
    """Provenance of what a stage makes, in which the laboratory's files have no names.

    Parameters
    ----------
    inputs : iterable of Path
        Files that were read.
    """
    return provenance(stage, inputs, study.stage_settings(stage), given_files(study))


def given_files(study: Study, participant_id: str = "") -> dict[Path, str]:
    """What results call each file that sheets and settings name; shipped ones keep their names.

    Parameters
    ----------
    participant_id : str
        Only this participant's, and those of the study.
    """
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


def in_ids(study: Study, content: Any, participant_id: str = "") -> Any:
    """Plain content (texts, lists, mappings) with the laboratory's files as results call them.

    Parameters
    ----------
    participant_id : str
        Whose content it is; empty for the study's.
    """
    return _replaced(content, given_files(study, participant_id))


def _replaced(content: Any, files: Mapping[Path, str]) -> Any:
    if isinstance(content, str):
        here = {path: called for path, called in files.items() if path.name in content}
        return _renamed(content, here) if here else content
    if isinstance(content, Mapping):
        return {name: _replaced(value, files) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_replaced(value, files) for value in content]
    return content


def _renamed(text: str, files: Mapping[Path, str]) -> str:
    """Text with every end of these paths replaced by what the file is called."""
    names: dict[str, str] = {}
    for path, called in files.items():
        for parts in range(len(path.parts)):
            end = "/".join(path.parts[parts:]).replace("//", "/")
            names[end] = called if names.get(end, called) == called else ANOTHER
    any_of = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(rf"(?<![\w-])(?:{any_of})(?![\w-])", lambda found: names[found[0]], text)
