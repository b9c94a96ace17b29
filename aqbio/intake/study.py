"""A study filled in from a folder of recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

import numpy as np

from aqbio.config import MarkerSet
from aqbio.errors import AqbioError, listed
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
from aqbio.intake.people import clock_mismatch, copies, force_files, marker_vocabularies, owners_of
from aqbio.intake.rows import (
    MASS_NEEDED,
    MASS_OPEN,
    Rows,
    TrialPreview,
    coordinates_rows,
    rows_of,
    trial_preview,
)
from aqbio.io.opensim_xml import model_names
from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording
from aqbio.labels.by_name import landmark_table, named_labels
from aqbio.labels.marker_set import blank, label_request
from aqbio.recordings.body_size import compared_lengths, largest_difference
from aqbio.recordings.handedness import BodyLabels, Company, turned_back, verdict_on_sides
from aqbio.recordings.label_check import StaticReference, limbs_of, standing_places
from aqbio.study.internal import contained

NO_OWNER = "no marker file goes clearly with these forces: name them in force_file if one does"


@dataclass(frozen=True, slots=True)
class GatheredStudy:
    """What a study made from a folder consists of."""

    data: Path
    """Folder of the recordings."""
    content: FolderContent
    rows: Rows
    previews: Mapping[str, TrialPreview]
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
    by_name = named_labels([label for one in kept for label in one.labels], landmark_table())
    unused = frozenset((*by_name.unused, *by_name.unknown)) if by_name.sites else frozenset()
    group, *others = marker_vocabularies(kept, unused)
    group = sorted(group, key=lambda one: one.file)
    owners = owners_of(group)
    standing = _by_person(group, owners, lambda one: len(one.labels) if one.still else 0)
    longest = _by_person(group, owners, lambda one: 0 if one.still else one.frames)
    rows, idle = rows_of(group, forces, owners, content.sessions).of_runners()
    sides = RightHanded(data, rows, BodyLabels.of_places(by_name.sites))
    markers = proposed_set(
        name,
        [one.labels for one in group if one.still],
        [one.labels for one in group if not one.still],
        chosen,
        [standing_places(sides.read(one.file), one.file.name) for one in standing],
        lambda: (sides.read(one.file) for one in longest),
        computed=frozenset().union(*(one.computed for one in group)),
    )
    scaled = scaled_models(data, content.models)
    if model is not None and scaling_signs(model):
        rows = _with_own_models(data, rows, model, fitting(data, scaled, chosen.model_map))
    previews = {}
    if markers.marker_set is not None:
        previews = _previews(data, rows, markers.marker_set, chosen, report)
    rows = _described(rows, previews)
    facts = {one.file: one for one in content.markers}
    left_out = tuple(
        Unusable(
            file, f"the same recording as {twin.as_posix()}{_better(facts[file], facts[twin])}"
        )
        for file, twin in sorted(repeated.items())
    )
    left_out += tuple(
        Unusable(Path(row.file), f"{row.participant_id} stands still in all trials: no results")
        for row in idle
    )
    left_out += (*_other_marker_sets(group, others, data), *content.unusable)
    left_out += _unpaired_forces(content, forces, repeated)
    doubts = tuple(_size_differences(group, owners))
    return GatheredStudy(data, content, rows, previews, markers, chosen, left_out, doubts, scaled)


def _study_of_coordinates(data: Path, content: FolderContent) -> GatheredStudy:
    """A study without markers and marker set, of the people whose models fit the study's map."""
    rows, model, left_out = coordinates_rows(data, content)
    chosen = chosen_model(model)
    names = chosen.model_map.names()
    people = [one for one in rows.people if names <= model_names(data / one.model_file)]
    kept = {one.participant_id for one in people}
    trials = [one for one in rows.trials if one.participant_id in kept]
    why = f"the map {chosen.map} does not fit its model: make a study of its own from its folder"
    others = [one.coordinates_file for one in rows.trials if one.participant_id not in kept]
    left_out += tuple(Unusable(Path(file), why) for file in others)
    used = {one.force_file for one in trials}
    unused = [one for one in content.forces if one.cell not in used]
    left_out += tuple(Unusable(one.file, "no joint angles go with these forces") for one in unused)
    rows, left_out = Rows(tuple(people), tuple(trials)), left_out + content.unusable
    return GatheredStudy(data, content, rows, {}, None, chosen, left_out)


def _with_own_models(data: Path, rows: Rows, model: Path, others: Sequence[ScaledModel]) -> Rows:
    """Each participant a scaled model: the one that was named, or the one in their folder."""
    named = model.resolve()
    file = named.relative_to(data) if named.is_relative_to(data) else named
    first = ScaledModel(file, scaling_signs(named))
    files: dict[str, list[Path]] = {person.participant_id: [] for person in rows.people}
    for row in rows.trials:
        files[row.participant_id].append(Path(row.file))
    own = {one: made.file for one, made in models_of_people(files, [first, *others]).items()}
    people = tuple(
        replace(one, model_file=own[name].as_posix())
        if (name := one.participant_id) in own
        else one
        for one in rows.people
    )
    return replace(rows, people=people)


def _by_person(
    group: Sequence[MarkerFacts], owners: Mapping[Path, str], size: Callable[[MarkerFacts], int]
) -> list[MarkerFacts]:
    """The largest trial of each participant, the one with most labels first."""
    largest: dict[str, MarkerFacts] = {}
    for one in sorted((one for one in group if size(one)), key=size):
        largest[owners[one.file]] = one
    return sorted(largest.values(), key=lambda one: -len(one.labels))


@dataclass(frozen=True, slots=True)
class RightHanded:
    """Reads recordings of a folder as they are in right-handed coordinates."""

    data: Path
    rows: Rows
    labels: BodyLabels

    def company(self, file: str) -> Company:
        """The other recordings of the person of a file."""
        person = next((row.participant_id for row in self.rows.trials if row.file == file), None)
        return lambda: (
            self._raw(row.file)
            for row in self.rows.trials
            if row.participant_id == person and row.file != file and row.include == "yes"
        )

    def read(self, file: Path) -> Recording:
        """A recording, turned back unless its labels are exchanged or it is not mirrored.

        Where that is not decided the names of the labels are kept: the person is asked.
        """
        recording = self._raw(file.as_posix())
        verdict, sides = verdict_on_sides(recording, self.labels, self.company(file.as_posix()))
        if sides is None or verdict in ("sound", "exchanged"):
            return recording
        return turned_back(recording, sides, np.ones(3))

    def _raw(self, file: str) -> Recording:
        force = next((row.force_file for row in self.rows.trials if row.file == file), "")
        return read_recording(self.data / file, self.data / force if force else None)


def _previews(
    data: Path, rows: Rows, marker_set: MarkerSet, model: ChosenModel, report: Callable[[str], None]
) -> dict[str, TrialPreview]:
    """Look at every trial, each participant's static trial first."""
    limbs = limbs_of(model.model_map)
    sides = RightHanded(data, rows, BodyLabels.of_marker_set(marker_set, limbs))
    previews: dict[str, TrialPreview] = {}
    references: dict[str, StaticReference] = {}
    for row in rows.trials:
        if row.include == "no":
            continue
        try:
            with contained(None, "new", row.file):
                report(f"looking at {row.file}")
                if row.task == "static":
                    places = standing_places(sides.read(Path(row.file)), row.file)
                    references[row.participant_id] = StaticReference(places, limbs)
                reference = references.get(row.participant_id, StaticReference({}, limbs))
                company = sides.company(row.file)
                previews[row.file] = trial_preview(data, row, marker_set, reference, model, company)
        except AqbioError as error:
            told_fix = (f"to use it, {error.fix}",) if error.fix else ()
            previews[row.file] = TrialPreview(f"not usable yet: {error.what}", warnings=told_fix)
    return previews


def _described(rows: Rows, previews: Mapping[str, TrialPreview]) -> Rows:
    """The rows with what was seen: of every participant how many trials, and the body mass."""
    people = []
    for person in rows.people:
        own = [row for row in rows.trials if row.participant_id == person.participant_id]
        seen = [previews[row.file] for row in own if row.file in previews]
        moving = sum(row.task != "static" for row in own)
        words = [f"{moving} moving trial{'s' if moving != 1 else ''}"]
        if not person.static_trial:
            words.append("no static trial: the body is calibrated from the runs alone")
        standing = [preview.standing_mass for preview in seen if preview.standing_mass is not None]
        strides = [mass for preview in seen for mass in preview.stride_masses]
        if standing:
            words.append(f"{standing[0]:.1f} kg by the static trial's plates")
        if strides:
            plural = "s" if len(strides) > 1 else ""
            words.append(f"{np.median(strides):.1f} kg by {len(strides)} whole stride{plural}")
        weighed = [*standing[:1], *([float(np.median(strides))] if strides else [])]
        words += in_files_words(person.in_files, weighed)
        if person.model_file:
            words.append(f"model {person.model_file}, taken as scaled to this person")
        elif not standing and not strides and not person.mass_kg:
            # plates of a trial that was not understood yet may show it
            understood = bool(seen) and all(preview.prepared for preview in seen)
            words.append(MASS_NEEDED if understood else MASS_OPEN)
        people.append(replace(person, found="; ".join(words)))
    trials = [
        replace(row, found=preview.words, please_fill=preview.to_fill)
        if (preview := previews.get(row.file))
        else row
        for row in rows.trials
    ]
    return Rows(tuple(people), tuple(trials))


MASS_APART = 0.05
"""A mass in a file that differs by more from what plates show is not that of the recording."""


def in_files_words(in_files: Mapping[str, float], weighed: Sequence[float]) -> list[str]:
    """What parameters of the recordings state of a body, and whether plates (kg) agree."""
    words = []
    if (mass := in_files.get("mass_kg")) is not None:
        apart = [one for one in weighed if abs(mass - one) > MASS_APART * one]
        contradicted = f", which the plates contradict ({apart[0]:.1f} kg)" if apart else ""
        words.append(f"the C3D states {mass:.1f} kg{contradicted}: not used unless you write it")
    if (height := in_files.get("height_m")) is not None:
        words.append(f"the C3D states a stature of {height:.2f} m: not used unless you write it")
    return words


def _size_differences(group: Sequence[MarkerFacts], owners: Mapping[Path, str]) -> Iterator[str]:
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
            if not np.isfinite(value).any():
                continue
            longer = float(np.nanmedian(value))
            words = f"in {folder.as_posix()}, the segments of {other} are {longer:.2f} times as "
            words += f"long as those of {first}: taken as two people; "
            limit = largest_difference([label for one in own for label in one.labels])
            yield words + (
                "who is who in other recordings is not sure, please look"
                if abs(np.log(longer)) < limit
                else "if it is one, give both one participant_id and correct the unit"
            )


def _better(one: MarkerFacts, kept: MarkerFacts) -> str:
    """Why a copy of a recording was kept instead of it, where the files themselves show that."""
    if len(kept.labels) > len(one.labels):
        return f", which has {len(kept.labels)} labels instead of {len(one.labels)}"
    less = kept.movement.roughness > one.movement.roughness
    return ", which is less filtered" if less and kept.rate == one.rate else ""


def _other_marker_sets(
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


def _unpaired_forces(
    content: FolderContent, paired: Mapping[Path, StorageFacts], repeated: Mapping[Path, Path]
) -> tuple[Unusable, ...]:
    """Force files that no marker file in the sheets needs."""
    owner = {storage.file: file for file, storage in paired.items()}
    found = []
    for storage in content.forces:
        if (file := owner.get(storage.file)) is None:
            why = clock_mismatch(content.markers, storage) or NO_OWNER
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
        _comes_of_it(study),
        _recordings_found(study),
        _people(study),
        _trials(study),
        _labels(study),
        _left_out(study),
        _to_do(study, folder),
    ]
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"


def _comes_of_it(study: GatheredStudy) -> Iterator[str]:
    from aqbio.intake.outlook import outlook  # the calibration's modules with it

    parts = (study.rows, study.previews, study.left_out, study.markers, study.model)
    labels = {one.file.as_posix(): one.labels for one in study.content.markers}
    yield "What comes of it"
    yield from (f"  {line}" for line in outlook(*parts, labels))


def _recordings_found(study: GatheredStudy) -> Iterator[str]:
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
    for one in content.sessions:
        known = ", ".join(f"{name} {value}" for name, value in one.cells.items())
        yield f"  {one.system}: {one.file.as_posix()} says {known or 'nothing of the person'}"
        yield from (f"  look: {one.file.as_posix()}: {doubt}" for doubt in one.doubts)
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
        preview = study.previews.get(row.file)
        for warning in (preview.warnings if preview is not None else ())[:MANY]:
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
    lines = (("look: {1}: {0}", markers.notes), ("not used ({0}): {1}", markers.left_out))
    for line, reasons in lines:
        labels: dict[str, list[str]] = {}
        for label, why in reasons.items():
            labels.setdefault(why, []).append(label)
        yield from (f"  {line.format(why, listed(some))}" for why, some in labels.items())
    for place in markers.missing:
        yield f"  missing: {label_request(place)}"


def _left_out(study: GatheredStudy) -> Iterator[str]:
    if study.left_out:
        yield "Left out"
    for one in study.left_out:
        yield f"  {one.file.as_posix()}: {one.why}"


def _to_do(study: GatheredStudy, folder: Path) -> Iterator[str]:
    if cells := list(_open_cells(study)):
        yield from ("Please fill in", *cells)
    typed = quote(str(folder))
    yield f"{'Then' if cells else 'Next'}: aqbio check {typed}, and aqbio run {typed}"


def _open_cells(study: GatheredStudy) -> Iterator[str]:
    for person in study.rows.people:
        where = f"  participants.tsv, {person.participant_id}"
        for words in person.to_fill().values():
            needed = " (needed)" if words.startswith("sex") and study.model.sprint else ""
            yield f"{where}, {words}{needed}"
    for row in (row for row in study.rows.trials if row.please_fill):
        where = f"  trials.tsv, {row.participant_id} {row.trial_id}"
        yield f"{where}, {row.please_fill}: if you know how fast the belt was set"
    for place in study.markers.missing if study.markers else ():
        yield f"  markers.yaml, please_fill, {blank(place)}: {label_request(place)} (needed)"
