"""Whether what a stage left is what it would leave now: content decides.

A stage's key is a digest of everything that it depends on: settings, rows of the sheets, files,
and what the stages before it left. The record of a stage carries the key of the run that wrote it
and the hash of every file that it left (`aqbio.records.seals`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import aqbio
from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io.model_meshes import mesh_files
from aqbio.io.other_models import compared_studies
from aqbio.io.provenance import file_hash
from aqbio.io.published_curves import published_file
from aqbio.io.study import Study
from aqbio.names import PAGE_STAGES, PARTICIPANT_STAGES, STUDY_STAGES
from aqbio.records.seals import INTERNAL, KEY, RECORD, SEAL, Kind, broken, digest, read_record

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
    "athlete": PARTICIPANT_STAGES[: PARTICIPANT_STAGES.index("athlete")],
}
"""Whose results a participant's stage depends on. Study-wide ones depend on all before them, but
for pages, which only stage report reads."""

EARLIER = {
    "solve": ("prepare", "scale"),
    "consistency": ("solve",),
    "contributions": ("consistency",),
    "steps": ("contributions",),
    "evidence": ("steps",),
    "replay": ("steps",),
}
"""Stages whose failures a stage passes on."""

COMPARE = ("steps", "evidence")
"""The stages that compare the models' contributions."""

REGISTRY = "registry.json"
"""Record of the registry that was there when the data were first read."""


def stage_key(study: Study, participant_id: str, stage: str) -> str:
    """Digest of what a stage depends on, as it is on disk now.

    Parameters
    ----------
    participant_id : str
        Empty for a stage of the whole study.

    Returns
    -------
    str
        16 hexadecimal digits; "" where a stage before it has not run, or its results are damaged.
    """
    earlier = {
        f"{name} {one} {on.within}".rstrip(): _left(on, one, name)
        for on, one, name in stages_before(study, participant_id, stage)
    }
    if not all(earlier.values()):
        return ""
    people = _people(study, participant_id, stage)
    return digest(
        {
            "version": aqbio.__version__,
            "settings": study.stage_settings(stage),
            "rows": {one: _rows(study, one) for one in people},
            # without folders: a study that moves together with its results is not run again
            "files": sorted((path.name, file_hash(path)) for path in _files(study, people, stage)),
            "earlier": earlier,
            "failures": _failures(study, participant_id, stage) if participant_id else {},
        }
    )


def is_current(study: Study, participant_id: str, stage: str) -> bool:
    """Whether a stage has left what it would leave now, and all of it is still there."""
    return not state(study, participant_id, stage)


def state(study: Study, participant_id: str, stage: str) -> dict[str, Kind]:
    """What a stage would have to make again, by file: ``missing``, ``damaged`` or ``outdated``.

    ``failed`` is the log of an internal error, which is no outcome of a stage.

    Parameters
    ----------
    participant_id : str
        Empty for a stage of the whole study.
    """
    record = study.manifest(participant_id, stage)
    content = read_record(record)
    if found := broken(record, content):
        return found
    key = stage_key(study, participant_id, stage)
    if not key or content[KEY] != key:
        return {RECORD: "outdated"}
    return dict.fromkeys((f"logs/{one}" for one in content.get(INTERNAL, ())), "failed")


def refuse_damaged(study: Study, participant_id: str, stages: Iterable[str]) -> None:
    """Refuse to go on from results that are not what their stage wrote: libraries crash over them.

    Raises
    ------
    RunStoppedError
        When a stage has run, and what it left is damaged.
    """
    for stage in stages:
        record = study.manifest(participant_id, stage)
        content = read_record(record)
        for name, kind in broken(record, content).items() if SEAL in content else ():
            raise RunStoppedError(
                f"a result of stage {stage} is {kind}.",
                file=str(record if name == RECORD else record.parent / name),
                fix=f"`aqbio run {study.file}` makes it again.",
                rule="result-damaged",
            )


def outdated(study: Study) -> tuple[list[str], tuple[str, ...]]:
    """Participants with something to make again, and the study-wide stages that may have it.

    These follow one another: of the first with something to make again on, all may.
    """
    people = [
        one.participant_id
        for one in study.participants
        if not all(
            is_current(on, one.participant_id, name)
            for on, name in participant_stages(study, one.participant_id)
        )
    ]
    sound = () if people else takewhile(lambda stage: is_current(study, "", stage), STUDY_STAGES)
    return people, STUDY_STAGES[len(tuple(sound)) :]


def participant_stages(study: Study, participant_id: str) -> Iterator[tuple[Study, str]]:
    """All stages of a participant in their order, each with the study on whose model it works.

    The first that compares models comes after what it reads of the others.
    """
    for stage in PARTICIPANT_STAGES:
        if stage == COMPARE[0]:
            own = PARTICIPANT_STAGES[: PARTICIPANT_STAGES.index(stage)]
            for other in compared_studies(study, participant_id):
                yield from ((other, name) for name in own)
        yield study, stage


def stages_before(
    study: Study, participant_id: str, stage: str
) -> Iterator[tuple[Study, str, str]]:
    """The stages, each with its study and participant, whose results a stage depends on."""
    if participant_id:
        people = _people(study, participant_id, stage)
        for name in READS[stage]:
            whose = people if name == "prepare" else (participant_id,)
            yield from ((study, one, name) for one in whose)
        if stage in COMPARE:
            for other in compared_studies(study, participant_id):
                yield other, participant_id, "contributions"
        return
    unread = () if stage == STUDY_STAGES[-1] else PAGE_STAGES
    read = [name for name in PARTICIPANT_STAGES if name not in unread]
    for person in study.participants:
        yield from ((study, person.participant_id, name) for name in read)
    yield from ((study, "", name) for name in STUDY_STAGES[: STUDY_STAGES.index(stage)])


def _people(study: Study, participant_id: str, stage: str) -> tuple[str, ...]:
    """Whose rows and files a stage reads itself."""
    if stage == "scale":
        return study.sessions_of(participant_id)
    return (participant_id,) if participant_id else ()


def _left(study: Study, participant_id: str, stage: str) -> str:
    """Digest of what a stage left; "" where it has not run, or something of it is damaged."""
    record = study.manifest(participant_id, stage)
    content = read_record(record)
    return "" if not content.get(KEY) or broken(record, content) else str(content[SEAL])


def _failures(study: Study, participant_id: str, stage: str) -> dict[str, Any]:
    """What a stage passes on of stages whose results it does not read."""
    found = {}
    for name in EARLIER.get(stage, ()):
        if name not in READS[stage]:
            content = read_record(study.manifest(participant_id, name))
            trials = {one["trial_id"]: one["reason"] for one in content.get("trials", [])}
            found[name] = {"": content.get("reason"), **trials}
    return found


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
    if stage == "replay":
        given += [path for one in people for path in _surfaces(study, one)]
    if stage in ("steps", "hypotheses"):
        given.append(study.registry_file)
    if stage == "figures":
        given.append(published_file(study))
    if stage == "hypotheses":
        given += [study.capacities_file, study.root / REGISTRY]
    return (path for path in given if path is not None and path.is_file())


def _surfaces(study: Study, participant_id: str) -> list[Path]:
    """Files of bones beside a participant's generic model."""
    model = _model(study, participant_id)
    try:
        return [] if model is None else list(mesh_files(model).values())
    except AqbioError:  # of a model that cannot be read: stage scale says so
        return []


def _model(study: Study, participant_id: str) -> Path | None:
    """A participant's generic model; stage scale says why there is none."""
    try:
        return study.model_file(participant_id)
    except AqbioError:
        return None
