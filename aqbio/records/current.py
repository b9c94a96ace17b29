"""Whether what a stage left of a participant is what it would leave now: content decides.

A stage's key is a digest of everything that it depends on: settings, rows of the sheets, files,
and key and results of the stages before it. The manifest carries the key of the run that wrote it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aqbio
from aqbio.errors import AqbioError
from aqbio.io.atomic import write_text
from aqbio.io.provenance import file_hash
from aqbio.io.study import Study

READS = {
    "prepare": (),
    "scale": ("prepare",),
    "solve": ("prepare", "scale"),
    "consistency": ("prepare", "scale", "solve"),
    "contributions": ("prepare", "solve", "consistency"),
    "steps": ("prepare", "solve", "consistency", "contributions"),
    # which contacts are steps follows evidence's own settings: the limits of quality do not
    "evidence": ("prepare", "solve", "consistency", "contributions"),
    "replay": ("prepare", "scale", "solve", "consistency", "contributions", "steps"),
}
"""Whose results a stage depends on."""

KEY = "key"


def stage_key(study: Study, participant_id: str, stage: str) -> str:
    """Digest of what a stage of a participant depends on, as it is on disk now.

    Parameters
    ----------
    stage : str
        One of `READS`.

    Returns
    -------
    str
        16 hexadecimal digits; "" where a stage before it has not run.
    """
    people = study.sessions_of(participant_id) if stage == "scale" else (participant_id,)
    earlier = {
        f"{name} {one}": _left(study, one, name)
        for name in READS[stage]
        for one in (people if name == "prepare" else (participant_id,))
    }
    if not all(earlier.values()):
        return ""
    content = {
        "version": aqbio.__version__,
        "settings": study.stage_settings(stage),
        "rows": {one: _rows(study, one) for one in people},
        # without folders: a study that moves together with its results is not run again
        "files": sorted((path.name, file_hash(path)) for path in _files(study, people, stage)),
        "earlier": earlier,
    }
    return _digest(json.dumps(content, sort_keys=True))


def is_current(study: Study, participant_id: str, stage: str) -> bool:
    """Whether a stage has left what it would leave now."""
    key = stage_key(study, participant_id, stage)
    return bool(key) and _manifest(study, participant_id, stage).get(KEY) == key


def with_key(study: Study, participant_id: str, stage: str, key: str) -> None:
    """Write into a stage's manifest which run left it."""
    path = study.manifest(participant_id, stage)
    content = json.loads(path.read_text(encoding="utf-8")) | {KEY: key}
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _left(study: Study, participant_id: str, stage: str) -> str:
    """Digest of a stage's key and of every file that it left; "" where it has not run."""
    key = _manifest(study, participant_id, stage).get(KEY, "")
    folder = study.folder(participant_id, stage)
    files = [study.manifest(participant_id, stage), *sorted(folder.rglob("*"))]
    found = [f"{path.name} {file_hash(path)}" for path in files if path.is_file()]
    return key and _digest("\n".join([key, *found]))


def _manifest(study: Study, participant_id: str, stage: str) -> dict[str, Any]:
    try:
        return study.read_manifest(participant_id, stage)
    except AqbioError:
        return {}


def _rows(study: Study, participant_id: str) -> dict[str, Any]:
    """A participant's rows of both sheets."""
    return {
        "participant": study.participant(participant_id).model_dump(mode="json"),
        "trials": [one.model_dump(mode="json") for one in study.trials_of(participant_id)],
    }


def _files(study: Study, people: tuple[str, ...], stage: str) -> Iterator[Path]:
    """What a stage reads that no stage has written, where it exists."""
    given: list[Path | None] = []
    trials = [trial for one in people for trial in study.trials_of(one)]
    if stage == "prepare":
        given += [path for one in trials for path in (study.recording(one), study.forces(one))]
    if stage in ("prepare", "scale"):
        given += [study.map_file, study.marker_file]
    if stage == "scale" or any(trial.coordinates_file for trial in trials):
        given += [_model(study, one) for one in people]
    if stage == "steps":
        given.append(study.registry_file)
    return (path for path in given if path is not None and path.is_file())


def _model(study: Study, participant_id: str) -> Path | None:
    """A participant's generic model; stage scale says why there is none."""
    try:
        return study.model_file(participant_id)
    except AqbioError:
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
