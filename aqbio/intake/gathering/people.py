"""Whose recordings they are, and what the trials are called."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

KINDS = """
grf forces force fp plate plates kinetics motion capture mocap markers marker trajectories trc mot
sto c3d data trial ik
"""

FILE_WORDS = frozenset(KINDS.split())
"""Words of file names that say what kind of file it is, not which trial."""

CODE = re.compile(r"[A-Za-z]{0,5}[-_]?\d{1,5}")
"""Folder and file names of this kind are codes; others may be names of persons."""

SORTS = """
c3d trc mot sto day data raw processed markers forces grf static statics dynamic dynamics trials
trial session ses run runs running sprint sprints walk walking jog gait motion mocap kinetics
kinematics vicon qualisys export exports exported recordings reference references ik id models model
"""

SORTING = frozenset(SORTS.split())
"""Words of folder names that sort files, and name nobody."""


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


def trial_names(files: Sequence[Path]) -> dict[Path, str]:
    """A trial identifier for every recording of one participant.

    Returns
    -------
    dict
        The file's name without what all names of its folder begin with, which often is a person.
        Where it only says what kind of file it is, the name of the folder; both where two would be
        the same, and a number where that does not help.

    Examples
    --------
    >>> list(trial_names([Path("run200/markers.trc"), Path("run300/markers.trc")]).values())
    ['run200', 'run300']
    >>> list(trial_names([Path("a/JA1Static05.c3d"), Path("a/JA1Gait21.c3d")]).values())
    ['Static05', 'Gait21']
    >>> list(trial_names([Path("static_1.trc"), Path("sprint_1.trc")]).values())
    ['static_1', 'sprint_1']
    >>> list(trial_names([Path("Ada Smith/Ada Smith sprint.c3d")]).values())
    ['sprint']
    """
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for file in files:
        by_folder[file.parent].append(file)
    starts = {
        folder: _shared_start([file.stem for file in own]) for folder, own in by_folder.items()
    }
    own = {file: _without_folders(file.stem[len(starts[file.parent]) :], file) for file in files}
    folders = _own_folders(files)
    names: dict[Path, str] = {}
    for file in files:
        kind = not words(own[file])
        again = sum(name.casefold() == own[file].casefold() for name in own.values()) > 1
        parts = [*folders[file], own[file]] if again else [own[file]]
        name = "_".join(folders[file] if kind and folders[file] else parts)
        name = re.sub("[^A-Za-z0-9_.-]+", "_", name).strip("_.-") or "trial"
        number, unique = 2, name
        while unique.casefold() in {other.casefold() for other in names.values()}:
            unique, number = f"{name}_{number}", number + 1
        names[file] = unique
    return names


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
    return {
        file: [part for part in file.parent.parts if part not in shared and words(part)]
        for file in files
    }


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


def _without_folders(name: str, file: Path) -> str:
    """Leave out the words that are in the names of a file's folders: they may be a person's."""
    folders = [part for part in file.parent.parts if not _sorts(part)]
    words = (word for part in folders for word in re.findall(r"[^\W\d_]{2,}", part))
    for word in (word for word in words if word.casefold() not in SORTING):
        shorter = re.sub(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])", "", name, flags=re.I)
        if re.search(r"[A-Za-z0-9]", shorter):
            name = shorter
    return name


def _shared_start(stems: Sequence[str]) -> str:
    """What all names begin with, up to the last place where a new word begins."""
    if len(stems) < 2:
        return ""
    longest = min(map(len, stems))
    same = (length for length in range(longest, 0, -1) if len({s[:length] for s in stems}) == 1)
    shared = stems[0][: next(same, 0)]
    for length in range(len(shared), 0, -1):
        rests = [stem[length:] for stem in stems]
        new_word = shared[length - 1] in "_- ." or all(
            re.match("[A-Z]", rest) and not shared[length - 1].isupper() for rest in rests
        )
        if new_word and all(re.match("[A-Za-z]", rest) for rest in rests):
            return shared[:length]
    return ""
