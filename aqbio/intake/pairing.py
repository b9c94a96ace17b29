"""Which files belong together: forces to markers, two exports of one recording, one marker set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from string import ascii_lowercase

import numpy as np
from scipy.optimize import linear_sum_assignment

from aqbio.intake.facts import MarkerFacts
from aqbio.intake.folder import StorageFacts
from aqbio.intake.people import people_of, words
from aqbio.recordings.segment_lengths import compared_lengths, one_person_each
from aqbio.recordings.shared_frames import copy_lag
from aqbio.vectors import FloatArray

OVERLAP = 0.5
"""Forces that belong to markers cover at least this share of their time."""

EQUAL = 1e-9
"""Likenesses that differ by less are equal: they are sums of a few fractions."""

VOCABULARY = 0.6
"""Recordings of one marker set share this share of the smaller one's labels."""


def trial_words(file: Path) -> frozenset[str]:
    """The words that tell a file's trial: of its name or, if those do not, of a folder.

    Examples
    --------
    >>> sorted(trial_words(Path("run200/grf.mot")))
    ['200', 'run']
    """
    names = (file.stem, *reversed(file.parent.parts))
    return next((found for name in names if (found := words(name))), frozenset())


def force_files(
    markers: Sequence[MarkerFacts], forces: Sequence[StorageFacts]
) -> dict[Path, StorageFacts]:
    """The force file of each marker file that has no plates of its own.

    Parameters
    ----------
    markers, forces : sequences
        Of one folder of recordings.

    Returns
    -------
    dict
        By marker file. Names that share most words belong together; of equal ones those whose
        folders share most words; and the clocks must overlap. A static trial gets forces only if
        all words agree. Files that could be exchanged as well are not paired.
    """
    open_files = [one for one in markers if not one.plates]
    if not open_files or not forces:
        return {}
    alike = np.array([[_likeness(one, two) for two in forces] for one in open_files])
    rows, columns = linear_sum_assignment(-alike)
    chosen = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    return {
        open_files[row].file: forces[column]
        for row, column in chosen.items()
        if alike[row, column] > 0.0 and not _exchangeable(alike, chosen, row)
    }


def clocks_apart(markers: Sequence[MarkerFacts], forces: StorageFacts) -> str:
    """Say that forces have the name of a trial, but another clock; otherwise empty."""
    for one in markers:
        alike = trial_words(one.file) == trial_words(forces.file)
        start, end = one.first_time, one.first_time + one.seconds
        if alike and not one.plates and (forces.end < start or end < forces.start):
            return (
                f"it has the name of {one.file}, but their clocks share no time "
                f"({forces.start:.3g} to {forces.end:.3g} s, {start:.3g} to {end:.3g} s): write "
                "both with one clock, then name it in force_file"
            )
    return ""


def _exchangeable(alike: FloatArray, chosen: Mapping[int, int], row: int) -> bool:
    """Whether another force file would go with the markers just as well."""
    column = chosen[row]
    owner = {theirs: other for other, theirs in chosen.items()}
    for other in range(alike.shape[1]):
        here, there = alike[row, column], alike[row, other]
        if other in owner:
            here, there = here + alike[owner[other], other], there + alike[owner[other], column]
        if other != column and alike[row, other] > 0.0 and there >= here - EQUAL:
            return True
    return False


def _likeness(markers: MarkerFacts, forces: StorageFacts) -> float:
    start, end = markers.first_time, markers.first_time + markers.seconds
    shared_time = min(end, forces.end) - max(start, forces.start)
    mine, theirs = trial_words(markers.file), trial_words(forces.file)
    if shared_time < OVERLAP * markers.seconds or (markers.still and mine != theirs):
        return 0.0
    common = _shared(mine, theirs)
    near = 0.1 * _shared(words(str(markers.file.parent)), words(str(forces.file.parent)))
    here = 0.05 if markers.file.parent == forces.file.parent else 0.0
    return common + near + here if common else 0.0


def _shared(mine: frozenset[str], theirs: frozenset[str]) -> float:
    """Share of all words that both have; 1 where neither has any."""
    union = len(mine | theirs)
    return len(mine & theirs) / union if union else 1.0


def owners_of(markers: Sequence[MarkerFacts]) -> dict[Path, str]:
    """The participant of each recording.

    Folders and names separate people, then the lengths of segments do. A folder of static trials
    alone that no code names goes to the only person of its size who has none, or whose folder
    holds several people.
    """
    names = people_of([one.file for one in markers], {one.file for one in markers if one.still})
    coded = {name for file, name in names.items() if name in file.as_posix()}
    ratio, differs = compared_lengths([one.lengths for one in markers])
    still = np.array([one.still for one in markers])
    people: dict[tuple[str, str], list[int]] = {}
    for name in sorted(set(names.values())):
        own = np.flatnonzero([names[one.file] == name for one in markers])
        groups = one_person_each(ratio[np.ix_(own, own)], differs[np.ix_(own, own)])
        for letter, group in zip(ascii_lowercase, sorted(groups), strict=False):
            people[name, letter if len(groups) > 1 else ""] = own[group].tolist()
    alone = [key for key in people if not key[1] and key[0] not in coded]
    for key in (key for key in alone if still[people[key]].all()):
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


def copies(
    markers: Sequence[MarkerFacts], with_forces: Mapping[Path, StorageFacts]
) -> tuple[dict[Path, Path], dict[Path, StorageFacts]]:
    """Find files of one person that hold one recording, cut, filtered or with fewer labels.

    Returns
    -------
    dict
        The file that stays, by those that do not: one with plates, with forces, with most labels,
        of the highest rate, least filtered, in this order.
    dict
        The force file of each marker file. What stays has that of a copy with the same clock.
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


def foreign_recordings(
    markers: Sequence[MarkerFacts], owners: Mapping[Path, str]
) -> list[tuple[Path, Path]]:
    """Pairs of files of different people that hold the same recording: somebody's mistake."""
    return [
        (one.file, two.file)
        for one, two in combinations(markers, 2)
        if owners[one.file] != owners[two.file] and copy_lag(one.movement, two.movement) is not None
    ]


def marker_vocabularies(
    markers: Sequence[MarkerFacts], unused: frozenset[str]
) -> list[list[MarkerFacts]]:
    """Group recordings by the labels that they share, the largest group first.

    Parameters
    ----------
    unused : frozenset of str
        Labels that do not count.
    """
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
