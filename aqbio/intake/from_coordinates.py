"""A folder without markers: joint angles, the scaled models that they belong to, and forces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aqbio.errors import AqbioError
from aqbio.intake.facts import MarkerFacts
from aqbio.intake.folder import FolderContent, StorageFacts, Unusable
from aqbio.intake.models import scaling_signs
from aqbio.intake.pairing import force_files, owners_of
from aqbio.intake.rows import Rows, TrialRow, rows_of
from aqbio.io.opensim_xml import model_names

NO_MODEL = "its model is not in the folder, or is another one than that of the other trials"


def coordinates_rows(data: Path, content: FolderContent) -> tuple[Rows, Path, tuple[Unusable, ...]]:
    """Fill both sheets from joint angles.

    Returns
    -------
    rows : Rows
    model : Path
        The model that the first participant has.
    left_out : tuple of Unusable
        Files whose model is not there, or is not the one that most files of the person have.

    Raises
    ------
    AqbioError
        When no model in the folder has the coordinates of any file.
    """
    motions = [_as_recording(one) for one in content.coordinates]
    rows = rows_of(motions, force_files(motions, content.forces), owners_of(motions))
    fitting = {one.file.as_posix(): _fitting(data, content, one) for one in content.coordinates}
    people, trials, left_out = [], [], []
    for person in rows.people:
        own = [row for row in rows.trials if row.participant_id == person.participant_id]
        model = _common_model([fitting[row.file] for row in own])
        kept = [row for row in own if model is not None and model in fitting[row.file]]
        left_out += [Unusable(Path(row.file), NO_MODEL) for row in own if row not in kept]
        if model is None:
            continue
        words = f"{len(kept)} of {len(own)} trials, from joint angles, model {model.name}"
        people.append(replace(person, model_file=model.as_posix(), found=words))
        trials += [_coordinates_row(row, motions) for row in kept]
    if not people:
        raise AqbioError(
            f"no model in the folder has the coordinates of {content.coordinates[0].file}.",
            file=str(data),
            fix="put the scaled .osim file of each person there, or name it with --model.",
            rule="model-missing",
        )
    return Rows(tuple(people), tuple(trials)), data / people[0].model_file, tuple(left_out)


def _coordinates_row(row: TrialRow, motions: Sequence[MarkerFacts]) -> TrialRow:
    seconds = next(one.seconds for one in motions if one.file.as_posix() == row.file)
    forces = f"forces in {row.force_file}" if row.force_file else "no forces"
    found = f"joint angles, {seconds:.1f} s; {forces}"
    return replace(row, file="", coordinates_file=row.file, found=found)


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
    """Models that have the coordinates of a file: one that a person named, scaled ones, others.

    Of equal ones those beside the file come first.
    """
    names = {column.split("/")[-2] if "/" in column else column for column in motion.columns}
    fitting = [model for model in content.models if names <= model_names(data / model)]

    def rank(model: Path) -> tuple[bool, bool, bool, str]:
        beside, named = model.parent == motion.file.parent, model.is_absolute()
        return not named, not scaling_signs(data / model), not beside, model.as_posix()

    return sorted(fitting, key=rank)


def _common_model(fitting: Sequence[Sequence[Path]]) -> Path | None:
    """The model that is first for most files; the first by name where two are."""
    counts = Counter(models[0] for models in fitting if models)
    return min(counts, key=lambda model: (-counts[model], model), default=None)
