"""A study filled in from a folder of recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

import numpy as np

from aqbio.errors import AqbioError
from aqbio.intake.folder import FolderContent, MarkerFacts, StorageFacts, Unusable, folder_content
from aqbio.intake.labelled_recordings import ProposedSet, proposed_set
from aqbio.intake.models import (
    ChosenModel,
    ScaledModel,
    chosen_model,
    fitting,
    models_of_people,
    scaled_models,
    scaling_signs,
)
from aqbio.intake.people import (
    clocks_apart,
    copies,
    force_files,
    foreign_recordings,
    marker_vocabularies,
    owners_of,
)
from aqbio.intake.rows import (
    MASS_NEEDED,
    MASS_OPEN,
    Rows,
    TrialPreview,
    coordinates_rows,
    first_preview,
    rows_of,
    trial_preview,
)
from aqbio.io.opensim_xml import model_names
from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording
from aqbio.labels.by_name import landmark_table, named_labels
from aqbio.labels.marker_set import asked, blank
from aqbio.recordings.body_size import compared_lengths
from aqbio.recordings.label_check import StaticReference, median_places
from aqbio.study.internal import contained
from aqbio.vectors import FloatArray

NO_OWNER = "no marker file goes clearly with these forces: name them in force_file if one does"


@dataclass(frozen=True, slots=True)
class GatheredStudy:
    """What a study made from a folder consists of."""

    data: Path
    """Folder of the recordings."""
    content: FolderContent
    rows: Rows
    looks: Mapping[str, TrialPreview]
    """What each trial shows, by file."""
    markers: ProposedSet | None
    """None where there are joint angles instead of markers."""
    model: ChosenModel
    left_out: tuple[Unusable, ...]
    """Recordings that are not in the sheets, and why."""
    doubts: tuple[str, ...] = ()
    """What is in the sheets but cannot be right."""
    scaled: tuple[ScaledModel, ...] = ()
    """Models in the folder that are scaled to a person."""


def gathered_study(
    name: str, data: Path, model: Path | None, report: Callable[[str], None]
) -> GatheredStudy:
    """Look through a folder, in which nothing is changed or copied, and fill in a study."""
    report(f"looking through {data}")
    content = folder_content(data)
    if not content.markers and content.coordinates:
        named = () if model is None else (model.resolve(),)
        return _study_of_coordinates(data, replace(content, models=(*named, *content.models)))
    if not content.markers:
        raise _nothing(data, content)
    chosen = chosen_model(model)
    paired = force_files(content.markers, content.forces)
    repeated, forces = copies(content.markers, paired)
    kept = [one for one in content.markers if one.file not in repeated]
    group, *others = marker_vocabularies(kept, _unused_labels(kept))
    group = sorted(group, key=lambda one: one.file)
    owners = owners_of(group)
    markers = proposed_set(
        name,
        [one.labels for one in group if one.still],
        [one.labels for one in group if not one.still],
        chosen,
        _static_places(data, group, owners),
        lambda: _motions(data, group, owners),
        computed=frozenset().union(*(one.computed for one in group)),
    )
    rows = rows_of(group, forces, owners)
    scaled = scaled_models(data, content.models)
    if model is not None and scaling_signs(model):
        rows = _with_own_models(data, rows, model, fitting(data, scaled, chosen.model_map))
    looks = _looks(data, rows, markers, report)
    told = {file: look.words for file, look in looks.items()}
    belts = {
        file: f"belt_speed_mps (the feet show {look.belt_speed:.2f})"
        for file, look in looks.items()
        if look.belt_speed is not None
    }
    rows = rows.with_found(told, _people_words(rows, looks), belts)
    left_out = tuple(
        Unusable(file, f"the same recording as {twin.as_posix()}")
        for file, twin in sorted(repeated.items())
    )
    left_out += (*_other_words(group, others, data), *content.unusable)
    left_out += _unpaired_words(content, forces, repeated)
    doubts = tuple(
        f"{one.as_posix()} and {two.as_posix()} hold the same recording, but of different people"
        for one, two in foreign_recordings(group, owners)
    )
    doubts += tuple(_sizes_words(group, owners))
    return GatheredStudy(data, content, rows, looks, markers, chosen, left_out, doubts, scaled)


def _study_of_coordinates(data: Path, content: FolderContent) -> GatheredStudy:
    """A study without markers, and without a marker set: the models show where the body is."""
    rows, model, left_out = coordinates_rows(data, content)
    chosen = chosen_model(model)
    rows, others = _of_one_map(data, rows, chosen)
    left_out += others
    used = {row.force_file for row in rows.trials}
    unused = [one for one in content.forces if one.cell not in used]
    left_out += tuple(Unusable(one.file, "no joint angles go with these forces") for one in unused)
    left_out += content.unusable
    return GatheredStudy(data, content, rows, {}, None, chosen, left_out)


def _of_one_map(data: Path, rows: Rows, chosen: ChosenModel) -> tuple[Rows, tuple[Unusable, ...]]:
    """Keep the people whose models have the names of the study's map, and say whose have not."""
    kept = {
        person.participant_id
        for person in rows.people
        if chosen.model_map.names() <= model_names(data / person.model_file)
    }
    why = f"the map {chosen.map} does not fit its model: make a study of its own from its folder"
    left_out = tuple(
        Unusable(Path(row.coordinates_file), why)
        for row in rows.trials
        if row.participant_id not in kept
    )
    people = tuple(one for one in rows.people if one.participant_id in kept)
    return Rows(people, tuple(one for one in rows.trials if one.participant_id in kept)), left_out


def _with_own_models(data: Path, rows: Rows, model: Path, others: Sequence[ScaledModel]) -> Rows:
    """Each participant a scaled model: the one that was named, or that lies beside them."""
    named = model.resolve()
    file = named.relative_to(data) if named.is_relative_to(data) else named
    first = ScaledModel(file, scaling_signs(named))
    files = {
        person.participant_id: [
            Path(row.file) for row in rows.trials if row.participant_id == person.participant_id
        ]
        for person in rows.people
    }
    own = models_of_people(files, [first, *others])
    people = [
        replace(person, model_file=own[person.participant_id].file.as_posix())
        if person.participant_id in own
        else person
        for person in rows.people
    ]
    return replace(rows, people=tuple(people))


def _static_places(
    data: Path, group: Sequence[MarkerFacts], owners: Mapping[Path, str]
) -> list[dict[str, FloatArray]]:
    """Where markers are in the static trial of each participant that has most of them."""
    standing = _by_person(group, owners, lambda one: len(one.labels) if one.still else 0)
    return [median_places(read_recording(data / one.file)) for one in standing]


def _motions(
    data: Path, group: Sequence[MarkerFacts], owners: Mapping[Path, str]
) -> Iterator[Recording]:
    """The longest moving trial of each participant."""
    for one in _by_person(group, owners, lambda one: 0 if one.still else one.frames):
        yield read_recording(data / one.file)


def _by_person(
    group: Sequence[MarkerFacts], owners: Mapping[Path, str], size: Callable[[MarkerFacts], int]
) -> list[MarkerFacts]:
    """The largest trial of each participant, the one with most labels first."""
    largest: dict[str, MarkerFacts] = {}
    for one in sorted((one for one in group if size(one)), key=size):
        largest[owners[one.file]] = one
    return sorted(largest.values(), key=lambda one: -len(one.labels))


def _looks(
    data: Path, rows: Rows, markers: ProposedSet, report: Callable[[str], None]
) -> dict[str, TrialPreview]:
    """Look at every trial, each participant's static trial first."""
    looks: dict[str, TrialPreview] = {}
    references: dict[str, StaticReference] = {}
    for row in rows.trials:
        if row.include == "no":
            continue
        try:
            with contained(None, "new", row.file):
                if markers.marker_set is None:
                    looks[row.file] = first_preview(data, row)
                    continue
                report(f"looking at {row.file}")
                if row.task == "static":
                    places = median_places(read_recording(data / row.file))
                    references[row.participant_id] = StaticReference(places)
                reference = references.get(row.participant_id, StaticReference())
                looks[row.file] = trial_preview(data, row, markers.marker_set, reference)
        except AqbioError as error:
            told_fix = (f"to use it, {error.fix}",) if error.fix else ()
            looks[row.file] = TrialPreview(f"not usable yet: {error.what}", warnings=told_fix)
    return looks


def _unused_labels(markers: Sequence[MarkerFacts]) -> frozenset[str]:
    """Labels that say nothing about which marker set a recording has."""
    labels = [label for one in markers for label in one.labels]
    named = named_labels(labels, landmark_table())
    return frozenset((*named.unused, *named.unknown)) if named.places else frozenset()


def _people_words(rows: Rows, looks: Mapping[str, TrialPreview]) -> dict[str, str]:
    """Say for every participant how many trials there are and what the body mass is."""
    told = {}
    needed = MASS_NEEDED if any(look.prepared for look in looks.values()) else MASS_OPEN
    for person in rows.people:
        own = [row for row in rows.trials if row.participant_id == person.participant_id]
        seen = [looks[row.file] for row in own if row.file in looks]
        moving = sum(row.task != "static" for row in own)
        words = [f"{moving} moving trial{'s' if moving != 1 else ''}"]
        if not person.static_trial:
            words.append("no static trial: the body is calibrated from the runs alone")
        standing = [look.standing_mass for look in seen if look.standing_mass is not None]
        strides = [mass for look in seen for mass in look.stride_masses]
        if standing:
            words.append(f"{standing[0]:.1f} kg by the static trial's plates")
        if strides:
            plural = "s" if len(strides) > 1 else ""
            words.append(f"{np.median(strides):.1f} kg by {len(strides)} whole stride{plural}")
        if person.model_file:
            words.append(f"model {person.model_file}, taken as scaled to this person")
        elif not standing and not strides:
            words.append(needed)
        told[person.participant_id] = "; ".join(words)
    return told


def _sizes_words(group: Sequence[MarkerFacts], owners: Mapping[Path, str]) -> Iterator[str]:
    """Say which recordings of one folder show another person's segments."""
    people: dict[Path, list[MarkerFacts]] = {}
    for one in group:
        people.setdefault(one.file.parent, []).append(one)
    for folder, own in people.items():
        first, *others = sorted({owners[one.file] for one in own})
        for other in others:
            sides = [[one for one in own if owners[one.file] == name] for name in (first, other)]
            ratio, _ = compared_lengths([one.lengths for side in sides for one in side])
            value = ratio[: len(sides[0]), len(sides[0]) :]
            if np.isfinite(value).any():
                yield (
                    f"in {folder.as_posix()}, the segments of {other} are "
                    f"{np.nanmedian(value):.2f} times as long as those of {first}: taken as two "
                    "people; if it is one, give both one participant_id and correct the unit"
                )


def _other_words(
    group: Sequence[MarkerFacts], others: Sequence[Sequence[MarkerFacts]], data: Path
) -> tuple[Unusable, ...]:
    """Say of recordings with other labels from which folder they make a study of their own."""
    found = []
    for other in others:
        folders = {one.file.parent for one in other}
        rest = [one for part in (group, *others) if part is not other for one in part]
        apart = len(folders) == 1 and not folders & {one.file.parent for one in rest}
        place = str(data / other[0].file.parent) if apart else "a folder that holds only"
        files = "" if apart else " " + ", ".join(one.file.name for one in other)
        why = "its labels are those of another marker set: make a study of its own from "
        found += [Unusable(one.file, f"{why}{place}{files}") for one in other]
    return tuple(found)


def _unpaired_words(
    content: FolderContent,
    paired: Mapping[Path, StorageFacts],
    repeated: Mapping[Path, Path],
) -> tuple[Unusable, ...]:
    """Force files that no marker file in the sheets needs."""
    owner = {storage.file: file for file, storage in paired.items()}
    found = []
    for storage in content.forces:
        if (file := owner.get(storage.file)) is None:
            why = clocks_apart(content.markers, storage) or NO_OWNER
            found.append(Unusable(storage.file, why))
        elif file in repeated:
            found.append(Unusable(storage.file, f"the forces are in {repeated[file]} too"))
    return tuple(found)


def _nothing(data: Path, content: FolderContent) -> AqbioError:
    shown = content.unusable[:5]
    reasons = "; ".join(f"{one.file}: {one.why.rstrip('.')}" for one in shown)
    fixes = dict.fromkeys(one.fix for one in shown if one.fix)
    counts = {"force": content.forces, "model": content.models}
    kinds = ", ".join(f"{len(found)} {kind} files" for kind, found in counts.items())
    kinds += f", {content.others} files of other kinds"
    return AqbioError(
        "the folder holds no marker recording that can be read"
        + (f" ({reasons})." if reasons else f": {kinds}."),
        file=str(data),
        fix=" ".join(fixes) or "give the folder of the C3D files, or of the TRC and MOT files.",
        rule="recordings-none",
    )


BY_POSITION = "by its position"
MANY = 12
"""Lists longer than this are cut."""


def summary_text(study: GatheredStudy, folder: Path) -> str:
    """The summary of a study made from a folder."""
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
    for row in (row for row in study.rows.trials if row.please_fill):
        where = f"  trials.tsv, {row.participant_id} {row.trial_id}"
        yield f"{where}, {row.please_fill}: if you know how fast the belt was set"
    for place in study.markers.missing if study.markers else ():
        yield f"  markers.yaml, please_fill, {blank(place)}: {asked(place)} (needed)"
    typed = quote(str(folder))
    yield f"Then: aqbio check {typed}, and aqbio run {typed}"


def _listed(names: list[str]) -> str:
    rest = len(names) - MANY
    return ", ".join(names[:MANY]) + (f" and {rest} more" if rest > 0 else "")
