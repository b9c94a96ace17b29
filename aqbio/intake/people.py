"""Participants of recordings, names of trials, and files that belong together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from aqbio.intake.folder import MarkerFacts, StorageFacts
from aqbio.intake.shared_frames import copy_lag
from aqbio.vectors import FloatArray

KIND_WORDS = """
grf forces force fp plate plates forceplate forceplates analog analogue kinetics kinematics motion
capture mocap markers marker trajectories trc mot sto c3d data trial ik
"""

FILE_WORDS = frozenset(KIND_WORDS.split())
"""Words of file names that say what kind of file it is, not which trial."""

PERSON_PREFIXES = "sub|subj|subject|participant|person|athlete|runner|pilot|id|pp|vp"
"""Words before the number of a participant."""

PERSON_CODE = re.compile(rf"([A-Za-z]{{1,2}}|{PERSON_PREFIXES})?[-_]?\d{{1,5}}", re.IGNORECASE)
"""Folder and file names of this kind are codes; others may be names of persons."""

SORT_WORDS = """
c3d trc mot sto day data raw processed markers forces grf static statics dynamic dynamics trials
trial session ses run runs running sprint sprints walk walking jog gait motion mocap kinetics
kinematics vicon qualisys export exports exported recordings reference references ik id models model
"""

SORTING_WORDS = frozenset(SORT_WORDS.split())
"""Words of folder names that sort files and name no person."""

PROTOCOL_WORDS = """
acceleration arms augmented back barefoot baseline block blocks butterworth calibration condition
constant control curve curves down familiarisation fast faster fatigue fatigued filt filtered flat
fly flying forward free gap gaps hold indoor interpolated jogging laboratory lap left level low
lstm maximal maximum medium middle moderate neutral normal off on outdoor overground pose post
practice pre preferred rate rep repeat rest restricted right self selected series set shod shoe
shoes shot slow slower smoothed speed spike spikes sprinting stand standing start starts steady step
steps stop straight stride strides submaximal test tpose track treadmill turn two up upright warm
warmup with without
"""

HARMLESS_WORDS = frozenset((*KIND_WORDS.split(), *SORT_WORDS.split(), *PROTOCOL_WORDS.split()))
"""Words of file names about files and protocols that name no person."""

COMPOUND_WORD = re.compile("(" + "|".join(word for word in HARMLESS_WORDS if len(word) > 3) + ")+")
"""Such words without a gap (standingtrial); short ones could make up a name."""

NAME_PARTS = re.compile(
    r"\d+(?:\.\d+)?(?:(?:cms|ms|mps|kmh|kph|hz|m|s)(?![A-Za-z]))?|[A-Z]?[a-z]+|[A-Z]+(?![a-z])"
)
"""Parts of a file name: numbers with their units, and words, capitals beginning a new one."""


def people_of(files: Sequence[Path], standing: Collection[Path] = ()) -> dict[Path, str]:
    """A participant identifier for every marker recording; ``standing`` are the static ones.

    Folders tell people apart, except those that only sort files (c3d, static, day 1, ...) or
    conditions: of several people another one would stand still too. Without such folders the
    first part of the file names does, if it is a code that several files share. A code stays
    (P07, sub-03, RBDS001); anything else might be a person's name and becomes S01, S02, ...
    """
    keys = folder_keys(files)
    if _only_conditions(keys, standing):
        keys = dict.fromkeys(files, "")
    if len(set(keys.values())) == 1:
        keys |= _name_keys(files)
    codes = _numbered_codes(keys, standing)
    identifiers: dict[str, str] = {}
    for key in sorted(set(keys.values())):
        code = re.sub("[^A-Za-z0-9]", "", key)
        number = len(identifiers) + 1
        is_code = key in codes or PERSON_CODE.fullmatch(key)
        identifiers[key] = code if is_code else f"S{number:02d}"
    return {file: identifiers[key] for file, key in keys.items()}


NUMBERED_CODE = re.compile(r"([A-Z]+|[a-z]+)[-_]?\d{1,5}")
"""Letters and a number; a capital before small letters (Anna2) may begin a name."""


def _numbered_codes(keys: Mapping[Path, str], standing: Collection[Path]) -> frozenset[str]:
    """Keys that differ by the number after the same letters, and are people, not conditions.

    At least two of them have a static trial each, or files that begin with the key.
    """
    series: dict[str, set[str]] = {}
    for key in keys.values():
        match = NUMBERED_CODE.fullmatch(key)
        if match is not None and match[1].casefold() not in HARMLESS_WORDS:
            series.setdefault(match[1], set()).add(key)
    owners = {key for file, key in keys.items() if file in standing or file.stem.startswith(key)}
    return frozenset().union(*(codes for codes in series.values() if len(codes & owners) > 1))


def trial_names(files: Sequence[Path], standing: Collection[Path] = ()) -> dict[Path, str]:
    """A trial identifier for every recording of one participant, which names no person.

    Words of the protocol, numbers and units in the file's name; with those of its folders where it
    has none or two would be the same.
    """
    starts = [CODE.match(file.stem) for file in files]
    shared = {"" if match is None else match[0] for match in starts}
    code = shared.pop() if len(shared) == 1 else ""
    protocol_names = {file: _without_persons(file.stem.removeprefix(code)) for file in files}
    folders = _own_folders(files)
    names: dict[Path, str] = {}
    for file in files:
        ambiguous = (
            sum(
                name.casefold() == protocol_names[file].casefold()
                for name in protocol_names.values()
            )
            > 1
        )
        folders_only = folders[file] and not name_words(protocol_names[file])
        parts = (
            folders[file]
            if folders_only
            else [*folders[file], protocol_names[file]]
            if ambiguous
            else [protocol_names[file]]
        )
        name = "_".join(filter(None, parts))
        task = "static" if file in standing else "run"
        pattern, number = (f"{name}_{{}}", 2) if name else (f"{task}{{:02d}}", 1)
        unique = name or pattern.format(number)
        while unique.casefold() in {name.casefold() for name in names.values()}:
            unique, number = pattern.format(number), number + 1
        names[file] = unique
    return names


PERSON_NUMBER = re.compile(rf"(?<![A-Za-z])({PERSON_PREFIXES})[-_ ]?\d+", re.IGNORECASE)
"""Number of a participant in a name, with the word before it."""


def _without_persons(name: str) -> str:
    """Reduce a name to words of a protocol, numbers and units."""
    kept_words, before = "", False
    for part, gap, keep in _parts_of_name(name):
        if keep:
            joint = gap if before and gap in ("", "-", "_", ".") else "_"
            kept_words += f"{joint if kept_words else ''}{part}"
        before = keep
    return kept_words


def _parts_of_name(name: str) -> Iterator[tuple[str, str, bool]]:
    """Parts of a name, what stands before each, and if it is of a protocol, a number or a unit."""
    name = PERSON_NUMBER.sub("", name)
    end, before = 0, False
    for match in NAME_PARTS.finditer(name):
        part, gap = match[0], name[end : match.start()]
        separate = bool(gap) or not end
        if part[0].isdigit():
            keep = separate or before or part[-1].isalpha()
        elif len(part) == 1:
            keep = name[match.end() : match.end() + 1].isdigit() if separate else before
        else:
            keep = part.casefold() in HARMLESS_WORDS or bool(
                COMPOUND_WORD.fullmatch(part.casefold())
            )
        yield part, gap, keep
        end, before = match.end(), keep


def name_words(name: str) -> frozenset[str]:
    """The words and numbers of a file name that tell trials apart."""
    name_parts = (
        part for part in re.findall("[a-z0-9]+", name.casefold()) if part not in FILE_WORDS
    )
    return (
        frozenset(word for part in name_parts for word in re.findall(r"[a-z]+|\d+", part))
        - FILE_WORDS
    )


def _own_folders(files: Sequence[Path]) -> dict[Path, list[str]]:
    """Folders of each file that distinguish a person's trials, without those in all paths."""
    shared = set(files[0].parent.parts).intersection(*(file.parent.parts for file in files))
    parts = {file: [part for part in file.parent.parts if part not in shared] for file in files}
    names = {file: list(map(_without_persons, folders)) for file, folders in parts.items()}
    return {file: [part for part in folders if name_words(part)] for file, folders in names.items()}


def folder_keys(files: Sequence[Path]) -> dict[Path, str]:
    """First folder in which files differ, without folders that only sort files."""
    parts = {file: tuple(part for part in file.parent.parts if not _sorts(part)) for file in files}
    shared = 0
    while len({folders[shared : shared + 1] for folders in parts.values()}) == 1 and any(
        len(folders) > shared for folders in parts.values()
    ):
        shared += 1
    return {file: next(iter(folders[shared:]), "") for file, folders in parts.items()}


def _only_conditions(keys: Mapping[Path, str], standing: Collection[Path]) -> bool:
    """Tell whether folders are conditions of one person: one static trial, apart from all runs."""
    statics = [file for file in keys if file in standing]
    if len(statics) != 1:
        return False
    runs = {key for file, key in keys.items() if file not in standing}
    return keys[statics[0]] not in runs and not any(map(PERSON_CODE.fullmatch, runs))


def _sorts(part: str) -> bool:
    """Tell whether all words of a folder's name only sort files; numbers do not count."""
    words = [word for word in re.findall(r"[a-z0-9]+", part.casefold()) if not word.isdigit()]
    is_sorting_word = (
        word in SORTING_WORDS or word.rstrip("0123456789") in SORTING_WORDS for word in words
    )
    return bool(words) and all(is_sorting_word)


CODE = re.compile(
    r"(sub-[A-Za-z0-9]+|([A-Za-z]{1,5})\d+)(?:[_ .-]|(?=[A-Z])|(?=(?:"
    + "|".join(word for word in HARMLESS_WORDS if len(word) > 2)
    + ")))"
)
"""Code of a person at the beginning of a file name (S01_run, JA1Gait35, S01run), and its letters.
"""


TRIAL_LETTERS = "rt"
"""Letters before the number of a repetition or a trial."""

WORD_AT_END = re.compile(
    "(?<=..)(" + "|".join(word for word in HARMLESS_WORDS if len(word) > 2) + ")$"
)
"""Such a word at the end of another without a gap (annarun)."""


def _name_keys(files: Sequence[Path]) -> dict[Path, str]:
    """First part of the file names, if it is a code and each one has several files."""
    keys = {}
    for file in files:
        match = CODE.match(file.stem)
        if match is None or (match[2] or "").casefold() in {*HARMLESS_WORDS, *TRIAL_LETTERS}:
            return {}
        keys[file] = match.group(1)
    values = list(keys.values())
    several = all(values.count(value) > 1 for value in values)
    return keys if several else {}


def word_keys(files: Sequence[Path], standing: Collection[Path]) -> dict[Path, str]:
    """First word of each file name that is none of a protocol, and is not in all names.

    It may be a person's name. None where a moving trial has no such word, or the folder's only
    static trial none of theirs.
    """
    words = {
        file: [
            WORD_AT_END.sub("", part.casefold())
            for part, _, is_harmless in _parts_of_name(file.stem)
            if not is_harmless and part.isalpha()
        ]
        for file in files
    }
    shared = frozenset.intersection(*map(frozenset, words.values()))
    keys = {
        file: next((word for word in names if word not in shared), "")
        for file, names in words.items()
    }
    unnamed = any(not key for file, key in keys.items() if file not in standing)
    return {} if unnamed or _only_conditions(keys, standing) else keys


def naming_words(key: str) -> tuple[str, ...]:
    """Words of a folder's or file's name that may name a person: codes, and none of a protocol."""
    code = CODE.match(f"{key}_")
    numbers = [match[0] for match in PERSON_NUMBER.finditer(key)]
    words = [part for part, _, is_harmless in _parts_of_name(key) if not is_harmless]
    is_code = code is not None and (code[2] or "").casefold() not in HARMLESS_WORDS
    return tuple(map(str.casefold, [code[1]] if code and is_code else [*numbers, *words]))


MIN_TIME_OVERLAP = 0.5
"""Smallest share of the time of markers that their forces cover."""

SCORE_TOLERANCE = 1e-9
"""Scores that differ by less are equal: they are sums of a few fractions."""

MIN_SHARED_LABELS = 0.6
"""Smallest share of the shorter list of labels that recordings of one marker set share."""


def trial_words(file: Path) -> frozenset[str]:
    """The words that identify a file's trial: of its name or, if it has none, of a folder."""
    names = (file.stem, *reversed(file.parent.parts))
    return next((words for name in names if (words := name_words(name))), frozenset())


def force_files(
    markers: Sequence[MarkerFacts], forces: Sequence[StorageFacts]
) -> dict[Path, StorageFacts]:
    """The force file of each marker file without plates, by words of names and folders, and clocks.

    A static trial gets forces only if all words agree, or plates of a C3D file of its length; files
    that could be exchanged are not paired.
    """
    open_files = [recording for recording in markers if not recording.plates]
    if not open_files or not forces:
        return {}
    scores = np.array(
        [[_match_score(recording, storage) for storage in forces] for recording in open_files]
    )
    rows, columns = linear_sum_assignment(-scores)
    chosen = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    return {
        open_files[row].file: forces[column]
        for row, column in chosen.items()
        if scores[row, column] > 0.0 and not _exchangeable(scores, chosen, row)
    }


def clock_mismatch(markers: Sequence[MarkerFacts], forces: StorageFacts) -> str:
    """Report that forces have the name of a trial but another clock; empty otherwise."""
    for recording in markers:
        if recording.plates or trial_words(recording.file) != trial_words(forces.file):
            continue
        if _other_axes(recording, forces):
            return (
                f"it has the name of {recording.file}, but holds plates in the axes of the "
                "laboratory: export the markers as C3D too, or the forces as MOT in the axes of "
                "the markers"
            )
        (start, end), (first, last) = _spans(recording, forces)
        if last < start or end < first:
            return (
                f"it has the name of {recording.file}, but their clocks share no time "
                f"({first:.3g} to {last:.3g} s, {start:.3g} to {end:.3g} s): write "
                "both with one clock, then name it in force_file"
            )
    return ""


def _other_axes(markers: MarkerFacts, forces: StorageFacts) -> bool:
    """Tell whether forces are plates of a C3D file, and the markers of a file in any axes."""
    return forces.clock is not None and markers.clock is None


def _spans(
    markers: MarkerFacts, forces: StorageFacts
) -> tuple[tuple[float, float], tuple[float, float]]:
    """First and last instants of markers and forces on one clock, s."""
    if markers.clock is None or forces.clock is None:
        start, first, last = markers.first_time, forces.start, forces.end
    else:
        start = markers.clock.start
        first = start + markers.clock.start_of(forces.clock)
        last = first + forces.clock.seconds
    return (start, start + markers.seconds), (first, last)


def _exchangeable(scores: FloatArray, chosen: Mapping[int, int], row: int) -> bool:
    """Tell whether another force file matches the markers equally well."""
    column = chosen[row]
    owner = {chosen_column: chosen_row for chosen_row, chosen_column in chosen.items()}
    for other_column in range(scores.shape[1]):
        current_score, exchanged_score = scores[row, column], scores[row, other_column]
        if other_column in owner:
            current_score, exchanged_score = (
                current_score + scores[owner[other_column], other_column],
                exchanged_score + scores[owner[other_column], column],
            )
        if (
            other_column != column
            and scores[row, other_column] > 0.0
            and exchanged_score >= current_score - SCORE_TOLERANCE
        ):
            return True
    return False


def _match_score(markers: MarkerFacts, forces: StorageFacts) -> float:
    if _other_axes(markers, forces):
        return 0.0
    (start, end), (first, last) = _spans(markers, forces)
    shared_time = min(end, last) - max(start, first)
    first_words, second_words = trial_words(markers.file), trial_words(forces.file)
    one_length = (
        markers.clock is not None
        and forces.clock is not None
        and markers.clock.as_long_as(forces.clock)
    )
    if shared_time < MIN_TIME_OVERLAP * markers.seconds or (
        markers.is_static and first_words != second_words and not one_length
    ):
        return 0.0
    common = _shared(first_words, second_words)
    near = 0.1 * _shared(name_words(str(markers.file.parent)), name_words(str(forces.file.parent)))
    folder_bonus = 0.05 if markers.file.parent == forces.file.parent else 0.0
    return common + near + folder_bonus if common else 0.0


def _shared(first_words: frozenset[str], second_words: frozenset[str]) -> float:
    """Share of all words that both have; 1 if neither has any."""
    union = len(first_words | second_words)
    return len(first_words & second_words) / union if union else 1.0


def find_copies(
    markers: Sequence[MarkerFacts], with_forces: Mapping[Path, StorageFacts]
) -> tuple[dict[Path, Path], dict[Path, StorageFacts]]:
    """Kept file by dropped copy, and the force file of each marker file.

    Of one recording the copy with plates, forces, most labels, highest rate or least filtering
    is kept, in this order.
    """
    owners = people_of(
        [recording.file for recording in markers],
        {recording.file for recording in markers if recording.is_static},
    )
    groups: list[list[MarkerFacts]] = []
    for recording in markers:
        matching_groups = [
            group
            for group in groups
            if owners[group[0].file] == owners[recording.file]
            and any(copy_lag(member.movement, recording.movement) is not None for member in group)
        ]
        groups = [group for group in groups if group not in matching_groups]
        groups.append([recording, *(member for group in matching_groups for member in group)])
    repeated, forces = dict[Path, Path](), dict(with_forces)
    for group in (group for group in groups if len(group) > 1):
        served = {member.file: _forces_of_a_copy(member, group, with_forces) for member in group}
        best = min(
            group,
            key=lambda member: (
                -member.plates,
                not served[member.file],
                -len(member.labels),
                -member.rate,
                -member.movement.roughness,
                member.file,
            ),
        )
        repeated |= {member.file: best.file for member in group if member is not best}
        owner = served[best.file]
        if owner is not None and not best.plates:
            forces[best.file] = forces.pop(owner)
    return repeated, forces


def _forces_of_a_copy(
    recording: MarkerFacts, group: Sequence[MarkerFacts], with_forces: Mapping[Path, StorageFacts]
) -> Path | None:
    """Marker file whose forces apply to a copy: itself, or one of the same clock."""
    for candidate in sorted(group, key=lambda candidate: candidate is not recording):
        lag = copy_lag(recording.movement, candidate.movement)
        clock = np.inf if lag is None else abs(recording.first_time + lag - candidate.first_time)
        if candidate.file in with_forces and (
            candidate is recording or clock < MAX_CLOCK_DIFFERENCE_S
        ):
            return candidate.file
    return None


MAX_CLOCK_DIFFERENCE_S = 0.005
"""Largest clock difference between copies that share forces, s: half a frame at 100 Hz."""


def marker_vocabularies(
    markers: Sequence[MarkerFacts], unused: frozenset[str]
) -> list[list[MarkerFacts]]:
    """Group recordings by the labels that they share, the largest group first."""
    groups: list[tuple[set[str], list[MarkerFacts]]] = []
    for recording in sorted(markers, key=lambda m: -len(m.labels)):
        labels = set(recording.labels) - unused
        for vocabulary, members in groups:
            smaller = min(len(labels), len(vocabulary))
            if smaller and len(labels & vocabulary) >= MIN_SHARED_LABELS * smaller:
                vocabulary |= labels
                members.append(recording)
                break
        else:
            groups.append((labels, [recording]))

    def size(group: tuple[set[str], list[MarkerFacts]]) -> tuple[int, int]:
        return (sum(not recording.is_static for recording in group[1]), len(group[0]))

    return [members for _, members in sorted(groups, key=size, reverse=True)]
