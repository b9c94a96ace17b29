"""Whose recordings they are, and what the trials are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

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
"""Words of folder names that sort files, and name nobody."""

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
"""Words of file names that speak of files and protocols, and name nobody."""

COMPOUND = re.compile("(" + "|".join(word for word in HARMLESS if len(word) > 3) + ")+")
"""Such words without a gap (standingtrial); short ones could make up a name."""

PARTS = re.compile(
    r"\d+(?:\.\d+)?(?:(?:cms|ms|mps|kmh|kph|hz|m|s)(?![A-Za-z]))?|[A-Z]?[a-z]+|[A-Z]+(?![a-z])"
)
"""Parts of a file name: numbers with their units, and words, capitals beginning a new one."""


def people_of(files: Sequence[Path], standing: Collection[Path] = ()) -> dict[Path, str]:
    """A participant identifier for every recording.

    Parameters
    ----------
    files : sequence of Path
        Marker recordings, relative to the folder.
    standing : collection of Path
        Those in which the person stands still.

    Returns
    -------
    dict
        Folders tell people apart, except those that only sort files (c3d, static, day 1, ...) or
        conditions: of several people somebody else would stand still too. Without such folders the
        first part of the file names does, if it is a code that several files share. A code stays
        (P07, sub-03); anything else might be a person's name and becomes S01, S02, ...

    Examples
    --------
    >>> people_of([Path("c3d/JA1Static.c3d"), Path("c3d/JA1Gait.c3d")])
    {PosixPath('c3d/JA1Static.c3d'): 'S01', PosixPath('c3d/JA1Gait.c3d'): 'S01'}
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

    Returns
    -------
    dict
        Of the file's name what speaks of the protocol: words such as static, sprint or slow,
        numbers and units. Where that only says what kind of file it is, the same of the folders;
        both where two would be the same, and a number where that does not help. Where nothing is
        left, run or static and a number: the column ``file`` has the full name beside it.

    Examples
    --------
    >>> list(trial_names([Path("run200/markers.trc"), Path("run300/markers.trc")]).values())
    ['run200', 'run300']
    >>> list(trial_names([Path("a/JA1Static05.c3d"), Path("a/JA1Gait21.c3d")]).values())
    ['Static05', 'Gait21']
    >>> list(trial_names([Path("Ada Smith sprint_1.trc"), Path("Usain_Bolt_9ms.c3d")]).values())
    ['sprint_1', '9ms']
    >>> list(trial_names([Path("Ada.c3d"), Path("Grace.c3d")], [Path("Ada.c3d")]).values())
    ['static01', 'run01']
    """
    starts = [re.match(r"[A-Za-z]{1,2}\d+[_ .-]|", file.stem) for file in files]
    shared = {found[0] for found in starts if found}
    code = shared.pop() if len(shared) == 1 else ""
    own = {file: _without_persons(file.stem.removeprefix(code)) for file in files}
    folders = _own_folders(files)
    names: dict[Path, str] = {}
    for file in files:
        again = sum(name.casefold() == own[file].casefold() for name in own.values()) > 1
        only = folders[file] and not words(own[file])
        parts = folders[file] if only else [*folders[file], own[file]] if again else [own[file]]
        name = "_".join(filter(None, parts))
        task = "static" if file in standing else "run"
        pattern, number = (f"{name}_{{}}", 2) if name else (f"{task}{{:02d}}", 1)
        unique = name or pattern.format(number)
        while unique.casefold() in {other.casefold() for other in names.values()}:
            unique, number = pattern.format(number), number + 1
        names[file] = unique
    return names


def _without_persons(name: str) -> str:
    """What a name has of words of a protocol, of numbers and of units.

    A number that is part of another word goes with it (JA1), and a participant's goes too.

    Examples
    --------
    >>> [_without_persons(name) for name in ("sub-03_run-1", "Anna2Slow", "Bolt 9.5ms (2)", "runB")]
    ['run-1', 'Slow', '9.5ms_2', 'runB']
    """
    name = re.sub(rf"(?<![A-Za-z])({PERSON})[-_ ]?\d+", "", name, flags=re.IGNORECASE)
    kept, end, before = "", 0, False
    for found in PARTS.finditer(name):
        part, gap = found[0], name[end : found.start()]
        alone = bool(gap) or not end
        if part[0].isdigit():
            keep = alone or before or part[-1].isalpha()
        elif len(part) == 1:
            keep = name[found.end() : found.end() + 1].isdigit() if alone else before
        else:
            keep = part.casefold() in HARMLESS or bool(COMPOUND.fullmatch(part.casefold()))
        if keep:
            joint = gap if before and gap in ("", "-", "_", ".") else "_"
            kept += f"{joint if kept else ''}{part}"
        end, before = found.end(), keep
    return kept


def words(name: str) -> frozenset[str]:
    """The words and numbers of a file name that tell trials apart.

    Examples
    --------
    >>> sorted(words("grf_run_02"))
    ['02', 'run']
    """
    whole = (part for part in re.findall("[a-z0-9]+", name.casefold()) if part not in FILE_WORDS)
    return (
        frozenset(word for part in whole for word in re.findall(r"[a-z]+|\d+", part)) - FILE_WORDS
    )


def _own_folders(files: Sequence[Path]) -> dict[Path, list[str]]:
    """Folders of each file that tell a person's trials apart: the person's own is in all paths."""
    shared = set(files[0].parent.parts).intersection(*(file.parent.parts for file in files))
    parts = {file: [part for part in file.parent.parts if part not in shared] for file in files}
    own = {file: list(map(_without_persons, found)) for file, found in parts.items()}
    return {file: [part for part in found if words(part)] for file, found in own.items()}


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
    """Whether folders hold conditions of one person: a single static trial, apart from all runs.

    Folders that are called by codes (P01, sub-03) are people's all the same.
    """
    statics = [file for file in keys if file in standing]
    if len(statics) != 1:
        return False
    runs = {key for file, key in keys.items() if file not in standing}
    return keys[statics[0]] not in runs and not any(map(CODE.fullmatch, runs))


def _sorts(part: str) -> bool:
    """Whether all words of a folder's name only sort files; numbers beside them do not count."""
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
