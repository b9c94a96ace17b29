"""What was found in a folder, in words for the person who corrects the sheets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from aqbio.intake.rows import MASS_NEEDED, MASS_OPEN
from aqbio.intake.study import GatheredStudy
from aqbio.labels.proposal import asked, blank

BY_POSITION = "by its position"
MANY = 12
"""Lists longer than this are cut."""


def summary_text(study: GatheredStudy, folder: Path) -> str:
    """The summary of a study made from a folder.

    Parameters
    ----------
    folder : Path
        Folder of the study.
    """
    parts = [
        _found(study),
        _people(study),
        _trials(study),
        _labels(study),
        _left_out(study),
        _to_do(study, folder),
    ]
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"


def _found(study: GatheredStudy) -> Iterator[str]:
    content = study.content
    yield f"{study.data}"
    yield (
        f"  {len(content.markers)} marker files, {len(content.forces)} force files, "
        f"{len(content.coordinates)} files of joint angles, {len(content.models)} models, "
        f"{content.others} other files"
    )
    yield f"  model: {study.model.file}, map: {study.model.map}"
    if study.model.map_text:
        yield "  look: the map is new, proposed from how the model moves: read map.yaml"
    yield from _models(study)
    if content.coordinates and content.markers:
        yield (
            "  joint angles are not needed where there are markers: "
            + ", ".join(one.file.as_posix() for one in content.coordinates)
        )


def _models(study: GatheredStudy) -> Iterator[str]:
    """Which models lie in the folder, generic ones apart from those of a person."""
    if not study.model.sprint or not study.content.models:
        return
    own = {one.file for one in study.scaled}
    generic = [path.as_posix() for path in study.content.models if path not in own]
    if generic:
        yield f"  generic models in the folder: {', '.join(generic)}"
    for one in study.scaled:
        yield f"  scaled to a person, as it seems: {one.file.as_posix()} ({one.why})"
    yield (
        "  to use one, the same command again with --model FILE: a generic one is scaled, one that "
        "is scaled already becomes the participant's model_file and is used as it is"
    )


def _people(study: GatheredStudy) -> Iterator[str]:
    yield "Participants"
    for person in study.rows.people:
        folders = sorted(
            {
                Path(row.file or row.coordinates_file).parent.as_posix()
                for row in study.rows.trials
                if row.participant_id == person.participant_id
            }
        )
        yield f"  {person.participant_id} (in {', '.join(folders)}): {person.found}"


def _trials(study: GatheredStudy) -> Iterator[str]:
    yield "Trials"
    for row in study.rows.trials:
        motion = row.file or row.coordinates_file
        files = f"{motion} with {row.force_file}" if row.force_file else motion
        yield f"  {row.participant_id} {row.trial_id} ({files})"
        yield f"    {row.task}: {row.found or 'not looked at'}"
        look = study.looks.get(row.file)
        for warning in (look.warnings if look is not None else ())[:MANY]:
            yield f"    look: {warning}"
    yield from (f"  look: {doubt}" for doubt in study.doubts)


def _labels(study: GatheredStudy) -> Iterator[str]:
    markers = study.markers
    if markers is None:
        return
    yield "Labels"
    yield f"  {markers.sure} labels are placed; markers.yaml says where"
    if any(BY_POSITION in note for note in markers.notes.values()):
        yield (
            "  look: labels that say nothing were placed by where they are in the static trial; "
            "that holds only if every trial uses them alike"
        )
    for label, note in markers.notes.items():
        yield f"  look: {label}: {note}"
    reasons: dict[str, list[str]] = {}
    for label, why in markers.left_out.items():
        reasons.setdefault(why, []).append(label)
    for why, labels in reasons.items():
        yield f"  not used ({why}): {_listed(labels)}"
    for place in markers.missing:
        yield f"  missing: {asked(place)}"


def _left_out(study: GatheredStudy) -> Iterator[str]:
    if study.left_out:
        yield "Left out"
    for one in study.left_out:
        yield f"  {one.file.as_posix()}: {one.why}"


def _to_do(study: GatheredStudy, folder: Path) -> Iterator[str]:
    yield "Please fill in"
    for person in study.rows.people:
        where = f"  participants.tsv, {person.participant_id}"
        if not person.model_file:
            needed = " (needed)" if study.model.sprint else ""
            yield f"{where}, sex: female or male{needed}"
        yield f"{where}, height_m: if you know it"
        for words in (MASS_NEEDED, MASS_OPEN):
            if words in person.found:
                yield f"{where}, {words}"
    for row in (row for row in study.rows.trials if row.please):
        where = f"  trials.tsv, {row.participant_id} {row.trial_id}"
        yield f"{where}, {row.please}: if you know how fast the belt was set"
    for place in study.markers.missing if study.markers else ():
        yield f"  markers.yaml, please_fill, {blank(place)}: {asked(place)} (needed)"
    typed = quote(str(folder))
    yield f"Then: aqbio check {typed}, and aqbio run {typed}"


def _listed(names: list[str]) -> str:
    rest = len(names) - MANY
    return ", ".join(names[:MANY]) + (f" and {rest} more" if rest > 0 else "")
