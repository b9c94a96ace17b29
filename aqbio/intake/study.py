"""A study filled in from a folder of recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from shlex import quote

from aqbio.config import MarkerSet, ModelMap
from aqbio.errors import AqbioError, listed
from aqbio.intake.described import described_rows, described_trials, session_doubts
from aqbio.intake.folder import FolderContent, MarkerFacts, StorageFacts, UnusedFile, folder_content
from aqbio.intake.labelled_recordings import ProposedSet, proposed_set
from aqbio.intake.models import (
    ChosenModel,
    ScaledModel,
    chosen_model,
    models_fitting_map,
    models_of_people,
    scaled_models,
    scaling_evidence,
)
from aqbio.intake.people import clock_mismatch, find_copies, force_files, marker_vocabularies
from aqbio.intake.preview import study_preview
from aqbio.intake.rows import Rows, TrialRow, coordinates_rows, rows_of
from aqbio.intake.same_person import owners_of, size_differences
from aqbio.intake.strength import LongStrength, strength_lines
from aqbio.intake.trial_preview import (
    TrialPreview,
    coordinates_preview,
    exchanged_in_all,
    laboratory_proposals,
    trial_preview,
    with_proposals,
)
from aqbio.io.opensim_xml import model_names
from aqbio.io.recording import Recording
from aqbio.io.trial_files import read_recording
from aqbio.labels.by_name import landmark_table, named_labels
from aqbio.labels.marker_set import blank, label_request
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.child_process import with_model
from aqbio.opensim.session import quiet
from aqbio.opensim.skeleton import read_skeleton
from aqbio.prepare.body_labels import BodyLabels, has_size_of_people
from aqbio.prepare.label_check import StaticReference, limbs_of, standing_positions
from aqbio.prepare.notes import Notes
from aqbio.prepare.side_evidence import OtherRecordings
from aqbio.prepare.side_faults import in_right_handed_coordinates

FILL_IN, LOOK_AT = "Please fill in", "Please look at, and keep or erase"
"""Headings of what a person has to do."""

UNIT_RATIOS = (1e-3, 1e3, 1e-2, 1e2, 1e-1, 1e1)
"""Ratios between mm, cm and m: by these, markers whose unit is wrong are a person's."""

NO_OWNER = "no marker file goes clearly with these forces: name them in force_file if one does"


@dataclass(frozen=True, slots=True)
class ProposedStudy:
    """Contents of a study that is filled in from a folder of recordings."""

    data: Path
    """Folder of the recordings."""
    content: FolderContent
    rows: Rows
    previews: Mapping[str, TrialPreview]
    """Preview of each trial, by file."""
    markers: ProposedSet | None
    """None where there are joint angles instead of markers."""
    model: ChosenModel
    left_out: tuple[UnusedFile, ...]
    """Recordings that are not in the sheets, each with the reason."""
    doubts: tuple[str, ...] = ()
    """Contradictions in the sheets."""
    scaled: tuple[ScaledModel, ...] = ()
    """Models in the folder that are scaled to a person."""
    laboratory_fix: tuple[str, ...] = ()
    """Statements that are proposed for all trials with forces."""
    strength: LongStrength | None = None
    """Strength tests, where the folder has a sheet of them."""


def proposed_study(
    name: str, data: Path, model: Path | None, report: Callable[[str], None]
) -> ProposedStudy:
    """Fill in a study from a folder of recordings, which is neither changed nor copied."""
    report(f"looking through {data}")
    content = folder_content(data)
    if not content.markers and content.coordinates:
        user_models = () if model is None else (model.resolve(),)
        content = replace(content, models=(*user_models, *content.models))
        return _study_of_coordinates(data, content, report)
    if not content.markers:
        raise _no_recordings(data, content)
    chosen = chosen_model(model)
    paired = force_files(content.markers, content.forces)
    repeated, forces = find_copies(content.markers, paired)
    recordings = [recording for recording in content.markers if recording.file not in repeated]
    by_name = named_labels(
        [label for recording in recordings for label in recording.labels], landmark_table()
    )
    unused = frozenset((*by_name.unused, *by_name.unknown)) if by_name.sites else frozenset()
    group, *other_groups = marker_vocabularies(recordings, unused)
    group = sorted(group, key=lambda recording: recording.file)
    owners = owners_of(group)
    standing = _by_person(
        group, owners, lambda recording: len(recording.labels) if recording.is_static else 0
    )
    longest = _by_person(
        group, owners, lambda recording: 0 if recording.is_static else recording.frames
    )
    rows, idle = rows_of(group, forces, owners, content.sessions).of_runners()
    sides = RightHandedReader(data, rows, BodyLabels.of_landmarks(by_name.sites))
    markers = proposed_set(
        name,
        [recording.labels for recording in group if recording.is_static],
        [recording.labels for recording in group if not recording.is_static],
        chosen,
        [standing_positions(recording, name) for name, recording in sides.sized(standing)],
        lambda: (recording for _, recording in sides.sized(longest)),
        computed=frozenset().union(*(recording.computed for recording in group)),
    )
    scaled = scaled_models(data, content.models)
    if model is not None and scaling_evidence(model):
        rows = _with_own_models(
            data, rows, model, models_fitting_map(data, scaled, chosen.model_map)
        )
    previews = {}
    if markers.marker_set is not None:
        previews = _previews(data, rows, markers.marker_set, chosen, report)
    laboratory_fix = laboratory_proposals(rows.trials, previews)
    rows = described_rows(rows, previews, laboratory_fix)
    left_out = _copies(content.markers, repeated)
    left_out += tuple(
        UnusedFile(Path(row.file), f"{row.participant_id} stands still in all trials: no results")
        for row in idle
    )
    left_out += (*_other_marker_sets(group, other_groups, data), *content.unusable)
    left_out += _unpaired_forces(content, forces, repeated)
    doubts = (
        *size_differences(group, owners),
        *session_doubts(rows, previews, markers.marker_set, chosen),
    )
    return ProposedStudy(
        data, content, rows, previews, markers, chosen, left_out, doubts, scaled, laboratory_fix
    )


def _study_of_coordinates(
    data: Path, content: FolderContent, report: Callable[[str], None]
) -> ProposedStudy:
    """Study without markers, of the people whose models fit the study's map."""
    rows, model, left_out = coordinates_rows(data, content)
    chosen = chosen_model(model)
    names = chosen.model_map.names()
    people = [person for person in rows.people if names <= model_names(data / person.model_file)]
    participant_ids = {person.participant_id for person in people}
    trials = [row for row in rows.trials if row.participant_id in participant_ids]
    why = f"the map {chosen.map} does not fit its model: make a study of its own from its folder"
    unfitting_files = [
        row.coordinates_file for row in rows.trials if row.participant_id not in participant_ids
    ]
    left_out += tuple(UnusedFile(Path(file), why) for file in unfitting_files)
    models = {person.participant_id: data / person.model_file for person in people}
    previews = _coordinates_previews(data, trials, models, chosen.model_map, report)
    laboratory_fix = laboratory_proposals(trials, previews)
    trials = list(described_trials(trials, previews, laboratory_fix))
    used = {row.force_file for row in trials}
    unused = [storage for storage in content.forces if storage.cell not in used]
    left_out += tuple(
        UnusedFile(storage.file, "no joint angles go with these forces") for storage in unused
    )
    rows, left_out = Rows(tuple(people), tuple(trials)), left_out + content.unusable
    return ProposedStudy(
        data, content, rows, previews, None, chosen, left_out, laboratory_fix=laboratory_fix
    )


def _with_own_models(
    data: Path, rows: Rows, model: Path, folder_models: Sequence[ScaledModel]
) -> Rows:
    """Give each participant a scaled model: the named one, or the one in their folder."""
    model_path = model.resolve()
    file = model_path.relative_to(data) if model_path.is_relative_to(data) else model_path
    first = ScaledModel(file, scaling_evidence(model_path))
    files: dict[str, list[Path]] = {person.participant_id: [] for person in rows.people}
    for row in rows.trials:
        files[row.participant_id].append(Path(row.file))
    model_files = {
        person: scaled_model.file
        for person, scaled_model in models_of_people(files, [first, *folder_models]).items()
    }
    people = tuple(
        replace(person, model_file=model_files[name].as_posix())
        if (name := person.participant_id) in model_files
        else person
        for person in rows.people
    )
    return replace(rows, people=people)


def _by_person(
    group: Sequence[MarkerFacts], owners: Mapping[Path, str], size: Callable[[MarkerFacts], int]
) -> list[MarkerFacts]:
    """The largest trial of each participant, the one with most labels first."""
    largest: dict[str, MarkerFacts] = {}
    for recording in sorted((recording for recording in group if size(recording)), key=size):
        largest[owners[recording.file]] = recording
    return sorted(largest.values(), key=lambda recording: -len(recording.labels))


@dataclass(frozen=True, slots=True)
class RightHandedReader:
    """Reads recordings of a folder as they are in right-handed coordinates."""

    data: Path
    rows: Rows
    labels: BodyLabels

    def company(self, file: str) -> OtherRecordings:
        """Other recordings of the person in a file."""
        person = next((row.participant_id for row in self.rows.trials if row.file == file), None)
        return lambda: (
            self._raw(row.file)
            for row in self.rows.trials
            if row.participant_id == person and row.file != file and row.include == "yes"
        )

    def read(self, file: Path) -> Recording:
        """A recording, mirrored back unless its labels are exchanged or it is not mirrored.

        Where that is undecided the labels keep their names, and a person has to decide.
        """
        recording = self._raw(file.as_posix())
        return in_right_handed_coordinates(recording, self.labels, self.company(file.as_posix()))

    def sized(self, recordings: Iterable[MarkerFacts]) -> Iterator[tuple[str, Recording]]:
        """Names of files, and the recordings, of those that show the places of labels.

        In the unit in which they are a person's; where there is none, nothing follows from places.
        """
        for facts in recordings:
            recording = self.read(facts.file)
            for ratio in (1.0, *UNIT_RATIOS):
                scaled = replace(recording, positions=ratio * recording.positions)
                if has_size_of_people(scaled, self.labels):
                    yield facts.file.name, scaled
                    break

    def _raw(self, file: str) -> Recording:
        force = next((row.force_file for row in self.rows.trials if row.file == file), "")
        return read_recording(self.data / file, self.data / force if force else None)


def _previews(
    data: Path, rows: Rows, marker_set: MarkerSet, model: ChosenModel, report: Callable[[str], None]
) -> dict[str, TrialPreview]:
    """Look at every trial, each participant's static trial first."""
    limbs = limbs_of(model.model_map)
    sides = RightHandedReader(data, rows, BodyLabels.of_marker_set(marker_set, limbs))
    previews: dict[str, TrialPreview] = {}
    references: dict[str, StaticReference] = {}
    denied: dict[str, tuple[tuple[str, str], ...]] = {}

    def look(row: TrialRow, notes: Notes) -> TrialPreview:
        person = row.participant_id
        if row.task == "static":
            static = sides.read(Path(row.file))
            if has_size_of_people(static, sides.labels):
                reference = StaticReference(standing_positions(static, row.file), limbs)
                references[person] = reference.without_exchanged(denied.get(person, ()))
        reference = references.get(person, StaticReference({}, limbs))
        company = sides.company(row.file)
        return trial_preview(data, row, notes, marker_set, reference, model, company)

    included = [row for row in rows.trials if row.include != "no"]
    for row in included:
        report(f"looking at {row.file}")
        previews[row.file] = with_proposals(row, look)
    for person in references:
        of_person = [row for row in included if row.participant_id == person]
        runs = [previews[row.file] for row in of_person if row.task != "static"]
        if pairs := exchanged_in_all(runs):
            denied[person] = pairs
            previews |= {row.file: with_proposals(row, look) for row in of_person}
    return previews


def _coordinates_previews(
    data: Path,
    rows: Sequence[TrialRow],
    models: Mapping[str, Path],
    model_map: ModelMap,
    report: Callable[[str], None],
) -> dict[str, TrialPreview]:
    """Look at every trial of joint angles, of participants' ``models``."""
    previews: dict[str, TrialPreview] = {}
    skeletons: dict[Path, Skeleton] = {}
    for row in (row for row in rows if row.include == "yes"):
        report(f"looking at {row.motion}")

        def look(row: TrialRow, notes: Notes) -> TrialPreview:
            model = models[row.participant_id]
            if model not in skeletons:
                with quiet(level="Off"):
                    skeletons[model] = with_model(model, partial(read_skeleton, model))
            return coordinates_preview(data, row, notes, model, skeletons[model], model_map)

        previews[row.motion] = with_proposals(row, look)
    return previews


def _copies(
    recordings: Sequence[MarkerFacts], repeated: Mapping[Path, Path]
) -> tuple[UnusedFile, ...]:
    """Dropped copies of recordings, each with the kept copy and the reason for keeping it."""
    facts = {recording.file: recording for recording in recordings}
    return tuple(
        UnusedFile(
            file, f"the same recording as {twin.as_posix()}{_better(facts[file], facts[twin])}"
        )
        for file, twin in sorted(repeated.items())
    )


def _better(duplicate: MarkerFacts, retained: MarkerFacts) -> str:
    """Reason for keeping the other copy of a recording; empty if the files show none."""
    if len(retained.labels) > len(duplicate.labels):
        return f", which has {len(retained.labels)} labels instead of {len(duplicate.labels)}"
    less_filtered = retained.movement.roughness > duplicate.movement.roughness
    return ", which is less filtered" if less_filtered and retained.rate == duplicate.rate else ""


def _other_marker_sets(
    group: Sequence[MarkerFacts], other_groups: Sequence[Sequence[MarkerFacts]], data: Path
) -> tuple[UnusedFile, ...]:
    """Recordings of other marker sets, each with the folder to make a separate study from."""
    unusable = []
    for other_group in other_groups:
        folders = {recording.file.parent for recording in other_group}
        rest = [
            recording
            for part in (group, *other_groups)
            if part is not other_group
            for recording in part
        ]
        in_own_folder = len(folders) == 1 and not folders & {
            recording.file.parent for recording in rest
        }
        source_folder = (
            str(data / other_group[0].file.parent) if in_own_folder else "a folder that holds only"
        )
        files = (
            ""
            if in_own_folder
            else " " + ", ".join(recording.file.name for recording in other_group)
        )
        why = "its labels are those of another marker set: make a study of its own from "
        unusable += [
            UnusedFile(recording.file, f"{why}{source_folder}{files}") for recording in other_group
        ]
    return tuple(unusable)


def _unpaired_forces(
    content: FolderContent, paired: Mapping[Path, StorageFacts], repeated: Mapping[Path, Path]
) -> tuple[UnusedFile, ...]:
    """Force files that no marker file in the sheets needs."""
    owner = {storage.file: file for file, storage in paired.items()}
    unusable = []
    for storage in content.forces:
        if (file := owner.get(storage.file)) is None:
            why = clock_mismatch(content.markers, storage) or _left_out_owner(content, storage)
            unusable.append(UnusedFile(storage.file, why))
        elif file in repeated:
            unusable.append(UnusedFile(storage.file, f"the forces are in {repeated[file]} too"))
    return tuple(unusable)


def _left_out_owner(content: FolderContent, storage: StorageFacts) -> str:
    """Why forces have no marker file: the one of their name cannot be read, or there is none."""
    named = [
        x.file for x in content.unusable
        if x.file.parent == storage.file.parent and storage.file.stem.startswith(x.file.stem)
    ]  # fmt: skip
    return f"{named[0].name}, which has their name, cannot be read" if named else NO_OWNER


def _no_recordings(data: Path, content: FolderContent) -> AqbioError:
    examples = content.unusable[:5]
    reasons = "; ".join(f"{example.file}: {example.why.rstrip('.')}" for example in examples)
    first_fix, *more_fixes = dict.fromkeys(example.fix for example in examples if example.fix) or [
        ""
    ]
    fixes = [first_fix, *(fix[:1].upper() + fix[1:] for fix in more_fixes)]
    counts = {"force": content.forces, "model": content.models}
    kinds = ", ".join(f"{len(files)} {kind} files" for kind, files in counts.items())
    kinds += f", {content.other_files} files of other kinds"
    return AqbioError(
        "the folder holds no marker recording that can be read"
        + (f" ({reasons})." if reasons else f": {kinds}."),
        file=str(data),
        fix=" ".join(fixes).strip()
        or "give the folder of the C3D files, or of the TRC and MOT files.",
        rule="recordings-none",
    )


BY_POSITION = "by its position"
MAX_WARNINGS = 12
"""Largest number of warnings shown of one trial."""


def summary_text(study: ProposedStudy, folder: Path, lines: Sequence[str]) -> str:
    """The summary of a study made from a folder; ``lines`` say what comes of it."""
    parts = [
        ["What comes of it", *(f"  {line}" for line in lines)],
        _recordings_found(study),
        _people(study),
        _trials(study),
        _labels(study),
        strength_lines(study.strength),
        _looks(study),
        _left_out(study),
        to_do(study, folder),
    ]
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"


def preview_lines(study: ProposedStudy) -> list[str]:
    """What will be computed of a study, what cannot be, and what to record for it."""
    parts = (study.rows, study.previews, study.left_out, study.markers, study.model)
    labels = {recording.file.as_posix(): recording.labels for recording in study.content.markers}
    return list(study_preview(*parts, labels))


MAX_LOOKS = 3
"""Number of motions whose command is written out."""


def _looks(study: ProposedStudy) -> Iterator[str]:
    """Commands that show motions of OpenSim at once, without a study."""
    models = {person.participant_id: person.model_file for person in study.rows.people}
    trials = [row for row in study.rows.trials if row.coordinates_file]
    if not trials:
        return
    yield "At once, without a study: what each joint causes in one motion"
    for row in trials[:MAX_LOOKS]:
        files = (models[row.participant_id], row.coordinates_file, row.force_file)
        words = (quote(str(study.data / file)) for file in files if file)
        yield f"  aqbio look {' '.join(words)}"
    if len(trials) > MAX_LOOKS:
        yield f"  and {len(trials) - MAX_LOOKS} more in the same way"


def _recordings_found(study: ProposedStudy) -> Iterator[str]:
    content = study.content
    yield f"{study.data}"
    yield (
        f"  {len(content.markers)} marker files, {len(content.forces)} force files, "
        f"{len(content.coordinates)} files of joint angles, {len(content.models)} models, "
        f"{content.other_files} other files"
    )
    yield f"  model: {study.model.file}, map: {study.model.map}"
    if study.model.map_text:
        yield "  look: the map is new, proposed from how the model moves: read map.yaml"
    yield from _models(study)
    for session in content.sessions:
        cells = ", ".join(f"{name} {value}" for name, value in session.cells.items())
        file = session.file.as_posix()
        yield f"  {session.system}: {file} says {cells or 'nothing of the person'}"
        yield from (f"  look: {file}: {doubt}" for doubt in session.doubts)
    if content.coordinates and content.markers:
        yield (
            "  joint angles are not needed where there are markers (`aqbio look` shows what each "
            "joint causes in them, without a study): "
            + ", ".join(motion.file.as_posix() for motion in content.coordinates)
        )


def _models(study: ProposedStudy) -> Iterator[str]:
    """List models in the folder, generic ones and those scaled to a person separately."""
    if not study.model.sprint or not study.content.models:
        return
    scaled_files = {scaled_model.file for scaled_model in study.scaled}
    generic = [path.as_posix() for path in study.content.models if path not in scaled_files]
    if generic:
        yield f"  generic models in the folder: {', '.join(generic)}"
    for scaled_model in study.scaled:
        file = scaled_model.file.as_posix()
        yield f"  scaled to a person, as it seems: {file} ({scaled_model.why})"
    yield (
        "  to use one, the same command again with --model FILE: a generic one is scaled, one that "
        "is scaled already becomes the participant's model_file and is used as it is"
    )


def _people(study: ProposedStudy) -> Iterator[str]:
    yield "Participants"
    for person in study.rows.people:
        folders = sorted(
            {
                Path(row.motion).parent.as_posix()
                for row in study.rows.trials
                if row.participant_id == person.participant_id
            }
        )
        yield f"  {person.participant_id} (in {', '.join(folders)}): {person.found}"


def trial_warnings(study: ProposedStudy, row: TrialRow) -> Iterator[str]:
    """Proposals for a trial, with the reasons, and warnings to read before it is used."""
    if (preview := study.previews.get(row.motion)) is None:
        return
    for words, reason in preview.proposals.items():
        where = "laboratory.fix of study.yaml" if words in study.laboratory_fix else "column fix"
        yield f"proposed in {where}: “{words}”: look at it, keep or erase it. Without it: {reason}"
    yield from preview.warnings[:MAX_WARNINGS]


def _trials(study: ProposedStudy) -> Iterator[str]:
    yield "Trials"
    for row in study.rows.trials:
        files = f"{row.motion} with {row.force_file}" if row.force_file else row.motion
        yield f"  {row.participant_id} {row.trial_id} ({files})"
        yield f"    {row.task}: {row.found or 'not looked at'}"
        yield from (f"    look: {warning}" for warning in trial_warnings(study, row))
    yield from (f"  look: {doubt}" for doubt in study.doubts)


def _labels(study: ProposedStudy) -> Iterator[str]:
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
        yield from (f"  {line.format(why, listed(names))}" for why, names in labels.items())
    for landmark in markers.missing:
        yield f"  missing: {label_request(landmark)}"


def _left_out(study: ProposedStudy) -> Iterator[str]:
    if study.left_out:
        yield "Left out"
    for unusable in study.left_out:
        yield f"  {unusable.file.as_posix()}: {unusable.why}"


def to_do(study: ProposedStudy, folder: Path) -> Iterator[str]:
    """Cells that a person has yet to fill, proposals to look at, and the next commands."""
    if cells := list(_open_cells(study)):
        yield from (FILL_IN, *cells)
    typed = quote(str(folder))
    if proposals := list(_proposals(study)):
        yield from (LOOK_AT, *proposals)
    yield f"{'Then' if cells or proposals else 'Next'}: aqbio check {typed}, and aqbio run {typed}"


def _proposals(study: ProposedStudy) -> Iterator[str]:
    if study.laboratory_fix:
        words = "; ".join(study.laboratory_fix)
        yield f"  all trials with forces: proposed in laboratory.fix of study.yaml: “{words}”"
    for row in (row for row in study.rows.trials if row.fix):
        yield f"  {row.participant_id} {row.trial_id}: proposed in column fix: “{row.fix}”"


def _open_cells(study: ProposedStudy) -> Iterator[str]:
    for person in study.rows.people:
        location = f"  participants.tsv, {person.participant_id}"
        for words in person.to_fill().values():
            needed = " (needed)" if words.startswith("sex") and study.model.sprint else ""
            yield f"{location}, {words}{needed}"
    for row in (row for row in study.rows.trials if row.please_fill):
        location = f"  trials.tsv, {row.participant_id} {row.trial_id}"
        yield f"{location}, {row.please_fill}: if you know how fast the belt was set"
    for landmark in study.markers.missing if study.markers else ():
        yield f"  markers.yaml, please_fill, {blank(landmark)}: {label_request(landmark)} (needed)"
