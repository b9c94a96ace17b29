"""Whose recordings they are, what the trials are called, and which files belong together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from string import ascii_lowercase

import numpy as np
from scipy.optimize import linear_sum_assignment

from aqbio.intake.folder import MarkerFacts, StorageFacts
from aqbio.recordings.body_size import compare_lengths, group_by_person
from aqbio.recordings.shared_frames import copy_lag
from aqbio.vectors import BoolArray, FloatArray

KINDS = """
grf forces force fp plate plates kinetics motion capture mocap markers marker trajectories trc mot
sto c3d data trial ik
"""

FILE_WORDS = frozenset(KINDS.split())
"""Words of file names that say what kind of file it is, not which trial."""

PERSON = "sub|subj|subject|participant|person|athlete|runner|pilot|id|pp|vp"
"""Words before the number of a participant."""

CODE = re.compile(rf"([A-Za-z]{{1,2}}|{PERSON})?[-_]?\d{{1,5}}", re.IGNORECASE)
"""Folder and file names of this kind are codes; others may be names of persons."""

SORTS = """
c3d trc mot sto day data raw processed markers forces grf static statics dynamic dynamics trials
trial session ses run runs running sprint sprints walk walking jog gait motion mocap kinetics
kinematics vicon qualisys export exports exported recordings reference references ik id models model
"""

SORTING = frozenset(SORTS.split())
"""Words of folder names that sort files and name no person."""

PROTOCOL = """
acceleration arms augmented back barefoot baseline block blocks butterworth calibration condition
constant control curve curves down familiarisation fast faster fatigue fatigued filt filtered flat
fly flying forward free gap gaps hold indoor interpolated jogging laboratory lap left level low
lstm maximal maximum medium middle moderate neutral normal off on outdoor overground pose practice
pre preferred rate rep repeat rest restricted right self selected series set shod shoe shoes shot
slow slower smoothed speed spike spikes sprinting stand standing start starts steady step steps
stop straight stride strides submaximal test tpose track treadmill turn two up upright warm warmup
with without
"""

HARMLESS = frozenset((*KINDS.split(), *SORTS.split(), *PROTOCOL.split()))
"""Words of file names about files and protocols that name no person."""

COMPOUND = re.compile("(" + "|".join(word for word in HARMLESS if len(word) > 3) + ")+")
"""Such words without a gap (standingtrial); short ones could make up a name."""

PARTS = re.compile(
    r"\d+(?:\.\d+)?(?:(?:cms|ms|mps|kmh|kph|hz|m|s)(?![A-Za-z]))?|[A-Z]?[a-z]+|[A-Z]+(?![a-z])"
)
"""Parts of a file name: numbers with their units, and words, capitals beginning a new one."""


def people_of(files: Sequence[Path], standing: Collection[Path] = ()) -> dict[Path, str]:
    """A participant identifier for every marker recording; ``standing`` are the static ones.

    Folders tell people apart, except those that only sort files (c3d, static, day 1, ...) or
    conditions: of several people another one would stand still too. Without such folders the
    first part of the file names does, if it is a code that several files share. A code stays
    (P07, sub-03); anything else might be a person's name and becomes S01, S02, ...
    """
    keys = _folder_keys(files)
    if _only_conditions(keys, standing):
        keys = dict.fromkeys(files, "")
    if len(set(keys.values())) == 1:
        keys |= _name_keys(files)
    identifiers: dict[str, str] = {}
    for key in sorted(set(keys.values())):
        code = re.sub("[^A-Za-z0-9]", "", key)
        number = len(identifiers) + 1
        identifiers[key] = code if CODE.fullmatch(key) else f"S{number:02d}"
    return {file: identifiers[key] for file, key in keys.items()}


def trial_names(files: Sequence[Path], standing: Collection[Path] = ()) -> dict[Path, str]:
    """A trial identifier for every recording of one participant, which names no person.

    Words of the protocol, numbers and units in the file's name; with those of its folders where it
    has none or two would be the same.
    """
    starts = [re.match(r"[A-Za-z]{1,2}\d+[_ .-]|", file.stem) for file in files]
    shared = {found[0] for found in starts if found}
    code = shared.pop() if len(shared) == 1 else ""
    own = {file: _without_persons(file.stem.removeprefix(code)) for file in files}
    folders = _own_folders(files)
    names: dict[Path, str] = {}
    for file in files:
        ambiguous = sum(name.casefold() == own[file].casefold() for name in own.values()) > 1
        only = folders[file] and not name_words(own[file])
        parts = folders[file] if only else [*folders[file], own[file]] if ambiguous else [own[file]]
        name = "_".join(filter(None, parts))
        task = "static" if file in standing else "run"
        pattern, number = (f"{name}_{{}}", 2) if name else (f"{task}{{:02d}}", 1)
        unique = name or pattern.format(number)
        while unique.casefold() in {other.casefold() for other in names.values()}:
            unique, number = pattern.format(number), number + 1
        names[file] = unique
    return names


def _without_persons(name: str) -> str:
    """What a name has of words of a protocol, of numbers and of units."""
    name = re.sub(rf"(?<![A-Za-z])({PERSON})[-_ ]?\d+", "", name, flags=re.IGNORECASE)
    kept, end, before = "", 0, False
    for found in PARTS.finditer(name):
        part, gap = found[0], name[end : found.start()]
        separate = bool(gap) or not end
        if part[0].isdigit():
            keep = separate or before or part[-1].isalpha()
        elif len(part) == 1:
            keep = name[found.end() : found.end() + 1].isdigit() if separate else before
        else:
            keep = part.casefold() in HARMLESS or bool(COMPOUND.fullmatch(part.casefold()))
        if keep:
            joint = gap if before and gap in ("", "-", "_", ".") else "_"
            kept += f"{joint if kept else ''}{part}"
        end, before = found.end(), keep
    return kept


def name_words(name: str) -> frozenset[str]:
    """The words and numbers of a file name that tell trials apart."""
    whole = (part for part in re.findall("[a-z0-9]+", name.casefold()) if part not in FILE_WORDS)
    return (
        frozenset(word for part in whole for word in re.findall(r"[a-z]+|\d+", part)) - FILE_WORDS
    )


def _own_folders(files: Sequence[Path]) -> dict[Path, list[str]]:
    """Folders of each file that tell a person's trials apart: the person's own is in all paths."""
    shared = set(files[0].parent.parts).intersection(*(file.parent.parts for file in files))
    parts = {file: [part for part in file.parent.parts if part not in shared] for file in files}
    own = {file: list(map(_without_persons, found)) for file, found in parts.items()}
    return {file: [part for part in found if name_words(part)] for file, found in own.items()}


def _folder_keys(files: Sequence[Path]) -> dict[Path, str]:
    """First folder in which files differ, those left out that only sort files."""
    parts = {file: tuple(part for part in file.parent.parts if not _sorts(part)) for file in files}
    shared = 0
    while len({own[shared : shared + 1] for own in parts.values()}) == 1 and any(
        len(own) > shared for own in parts.values()
    ):
        shared += 1
    return {file: next(iter(own[shared:]), "") for file, own in parts.items()}


def _only_conditions(keys: Mapping[Path, str], standing: Collection[Path]) -> bool:
    """Whether folders hold conditions of one person: a single static trial, apart from all runs."""
    statics = [file for file in keys if file in standing]
    if len(statics) != 1:
        return False
    runs = {key for file, key in keys.items() if file not in standing}
    return keys[statics[0]] not in runs and not any(map(CODE.fullmatch, runs))


def _sorts(part: str) -> bool:
    """Whether all words of a folder's name only sort files; numbers next to them do not count."""
    found = [word for word in re.findall(r"[a-z0-9]+", part.casefold()) if not word.isdigit()]
    known = (word in SORTING or word.rstrip("0123456789") in SORTING for word in found)
    return bool(found) and all(known)


def _name_keys(files: Sequence[Path]) -> dict[Path, str]:
    """First part of the file names, if it is a code and each one has several files."""
    keys = {}
    for file in files:
        match = re.match(r"(sub-[A-Za-z0-9]+|[A-Za-z]{1,5}\d+)[_ .-]", file.stem)
        if match is None:
            return {}
        keys[file] = match.group(1)
    values = list(keys.values())
    several = all(values.count(value) > 1 for value in values)
    return keys if several else {}


OVERLAP = 0.5
"""Forces that belong to markers cover at least this share of their time."""

EQUAL = 1e-9
"""Likenesses that differ by less are equal: they are sums of a few fractions."""

VOCABULARY = 0.6
"""Recordings of one marker set share this share of the smaller one's labels."""


def trial_words(file: Path) -> frozenset[str]:
    """The words that identify a file's trial: of its name or, if it has none, of a folder."""
    names = (file.stem, *reversed(file.parent.parts))
    return next((found for name in names if (found := name_words(name))), frozenset())


def force_files(
    markers: Sequence[MarkerFacts], forces: Sequence[StorageFacts]
) -> dict[Path, StorageFacts]:
    """The force file of each marker file without plates, by words of names and folders, and clocks.

    A static trial gets forces only if all words agree; files that could be exchanged are not
    paired.
    """
    open_files = [one for one in markers if not one.plates]
    if not open_files or not forces:
        return {}
    scores = np.array([[_match_score(one, two) for two in forces] for one in open_files])
    rows, columns = linear_sum_assignment(-scores)
    chosen = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    return {
        open_files[row].file: forces[column]
        for row, column in chosen.items()
        if scores[row, column] > 0.0 and not _exchangeable(scores, chosen, row)
    }


def clock_mismatch(markers: Sequence[MarkerFacts], forces: StorageFacts) -> str:
    """Say that forces have the name of a trial, but another clock; otherwise empty."""
    for one in markers:
        same = trial_words(one.file) == trial_words(forces.file)
        start, end = one.first_time, one.first_time + one.seconds
        if same and not one.plates and (forces.end < start or end < forces.start):
            return (
                f"it has the name of {one.file}, but their clocks share no time "
                f"({forces.start:.3g} to {forces.end:.3g} s, {start:.3g} to {end:.3g} s): write "
                "both with one clock, then name it in force_file"
            )
    return ""


def _exchangeable(scores: FloatArray, chosen: Mapping[int, int], row: int) -> bool:
    """Whether another force file would go with the markers just as well."""
    column = chosen[row]
    owner = {theirs: other for other, theirs in chosen.items()}
    for other in range(scores.shape[1]):
        here, there = scores[row, column], scores[row, other]
        if other in owner:
            here, there = here + scores[owner[other], other], there + scores[owner[other], column]
        if other != column and scores[row, other] > 0.0 and there >= here - EQUAL:
            return True
    return False


def _match_score(markers: MarkerFacts, forces: StorageFacts) -> float:
    start, end = markers.first_time, markers.first_time + markers.seconds
    shared_time = min(end, forces.end) - max(start, forces.start)
    mine, theirs = trial_words(markers.file), trial_words(forces.file)
    if shared_time < OVERLAP * markers.seconds or (markers.still and mine != theirs):
        return 0.0
    common = _shared(mine, theirs)
    near = 0.1 * _shared(name_words(str(markers.file.parent)), name_words(str(forces.file.parent)))
    here = 0.05 if markers.file.parent == forces.file.parent else 0.0
    return common + near + here if common else 0.0


def _shared(mine: frozenset[str], theirs: frozenset[str]) -> float:
    """Share of all words that both have; 1 where neither has any."""
    union = len(mine | theirs)
    return len(mine & theirs) / union if union else 1.0


def owners_of(markers: Sequence[MarkerFacts]) -> dict[Path, str]:
    """The participant of each recording, by folders and names, then by lengths of segments.

    A folder of static trials goes to the only person of its size who has none.
    """
    names = people_of([one.file for one in markers], {one.file for one in markers if one.still})
    coded = {name for file, name in names.items() if name in file.as_posix()}
    ratio, differs = compare_lengths([one.lengths for one in markers])
    differs |= _recorded_together([one.file for one in markers])
    still = np.array([one.still for one in markers])
    people: dict[tuple[str, str], list[int]] = {}
    for name in sorted(set(names.values())):
        own = np.flatnonzero([names[one.file] == name for one in markers])
        groups = group_by_person(ratio[np.ix_(own, own)], differs[np.ix_(own, own)])
        for letter, group in zip(ascii_lowercase, sorted(groups), strict=False):
            people[name, letter if len(groups) > 1 else ""] = own[group].tolist()
    separate = [key for key in people if not key[1] and key[0] not in coded]
    for key in (key for key in separate if still[people[key]].all()):
        fitting = [
            other
            for other, theirs in people.items()
            if (other[1] or not still[theirs].any())
            and not differs[np.ix_(people[key], theirs)].any()
            and np.isfinite(ratio[np.ix_(people[key], theirs)]).any()
        ]
        if len(fitting) == 1:
            people[fitting[0]] += people.pop(key)
    changed = any(letter for _, letter in people)
    return {
        markers[one].file: f"S{number:02d}" if changed and name not in coded else name + letter
        for number, ((name, letter), own) in enumerate(sorted(people.items()), 1)
        for one in own
    }


NUMBERED = re.compile(r"_P\d+(?=_|$)")
"""How Pose2Sim numbers the people of one recording, in files of its folder `POSES`."""

POSES = "pose-3d"


def _recorded_together(files: Sequence[Path]) -> BoolArray:
    """Pairs of files (N, N) of two people in one recording; the next one numbers them anew."""
    names = [
        (file.parent, NUMBERED.sub("", file.stem)) if file.parent.name == POSES else (file, "")
        for file in files
    ]
    return np.array(
        [[i != j and one == two for j, two in enumerate(names)] for i, one in enumerate(names)]
    )


def copies(
    markers: Sequence[MarkerFacts], with_forces: Mapping[Path, StorageFacts]
) -> tuple[dict[Path, Path], dict[Path, StorageFacts]]:
    """The file that stays, by the copies that do not; and the force file of each marker file.

    Of one recording that with plates, forces, most labels, highest rate, least filtered stays.
    """
    owners = people_of([one.file for one in markers], {one.file for one in markers if one.still})
    groups: list[list[MarkerFacts]] = []
    for one in markers:
        same = [
            group
            for group in groups
            if owners[group[0].file] == owners[one.file]
            and any(copy_lag(other.movement, one.movement) is not None for other in group)
        ]
        groups = [group for group in groups if group not in same]
        groups.append([one, *(other for group in same for other in group)])
    repeated, forces = dict[Path, Path](), dict(with_forces)
    for group in (group for group in groups if len(group) > 1):
        served = {one.file: _forces_of_a_copy(one, group, with_forces) for one in group}
        best = min(
            group,
            key=lambda one: (
                -one.plates,
                not served[one.file],
                -len(one.labels),
                -one.rate,
                -one.movement.roughness,
                one.file,
            ),
        )
        repeated |= {one.file: best.file for one in group if one is not best}
        owner = served[best.file]
        if owner is not None and not best.plates:
            forces[best.file] = forces.pop(owner)
    return repeated, forces


def _forces_of_a_copy(
    one: MarkerFacts, group: Sequence[MarkerFacts], with_forces: Mapping[Path, StorageFacts]
) -> Path | None:
    """The marker file whose forces serve one of its copies: itself, or one of the same clock."""
    for other in sorted(group, key=lambda other: other is not one):
        lag = copy_lag(one.movement, other.movement)
        clock = np.inf if lag is None else abs(one.first_time + lag - other.first_time)
        if other.file in with_forces and (other is one or clock < SAME_CLOCK):
            return other.file
    return None


SAME_CLOCK = 0.005
"""Copies whose clocks agree to this share their forces, s: half a frame of 100 Hz."""


def marker_vocabularies(
    markers: Sequence[MarkerFacts], unused: frozenset[str]
) -> list[list[MarkerFacts]]:
    """Group recordings by the labels that they share, the largest group first."""
    groups: list[tuple[set[str], list[MarkerFacts]]] = []
    for one in sorted(markers, key=lambda m: -len(m.labels)):
        labels = set(one.labels) - unused
        for known, members in groups:
            smaller = min(len(labels), len(known))
            if smaller and len(labels & known) >= VOCABULARY * smaller:
                known |= labels
                members.append(one)
                break
        else:
            groups.append((labels, [one]))

    def size(group: tuple[set[str], list[MarkerFacts]]) -> tuple[int, int]:
        return (sum(not one.still for one in group[1]), len(group[0]))

    return [members for _, members in sorted(groups, key=size, reverse=True)]
