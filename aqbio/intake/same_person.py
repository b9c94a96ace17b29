"""Whose recordings are whose, by names and lengths of segments: before any sheet says it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase

import numpy as np

from aqbio.intake.folder import MarkerFacts
from aqbio.intake.people import folder_keys, naming_words, people_of, word_keys
from aqbio.labels.by_name import OPENCAP_SUFFIX, landmark_table, video_landmarks
from aqbio.prepare.body_size import MIN_LENGTH_M, Lengths, rigid_pairs
from aqbio.prepare.people import of_people
from aqbio.vectors import BoolArray, FloatArray

MIN_LENGTHS = 8
"""Smallest number of distances that are compared."""

OTHER_PERSON_LOG_RATIO = of_people("lengths of a person").error
"""Median log ratio of lengths above which recordings show two persons."""

MIN_QUARTILE_LOG_RATIO = of_people("quartile of lengths").error
"""Log ratio that three quarters of the lengths exceed in the same direction between two persons."""

OTHER_PERSON_VIDEO_LOG_RATIO = of_people("lengths by video").error
"""Median log ratio for points from video."""

OTHER_PROPORTIONS_LOG_RATIO = of_people("proportions of a person").error
"""Upper quartile of the absolute log ratios above which two moving recordings show two bodies, or
one whose markers were put on again."""

MIN_UNIT_RATIO = 2.0
"""Ratio of lengths that no two adults differ by, but files in two units of length do."""


@dataclass(frozen=True, slots=True, eq=False)
class LengthComparison:
    """Lengths of segments in every two of N recordings."""

    ratio: FloatArray
    """(N, N) array. Median ratio of the lengths; NaN if unknown."""
    distance: FloatArray
    """(N, N) array. Upper quartile of the absolute log ratios; NaN if unknown."""
    differs: BoolArray
    """(N, N) array. Of two people, or the markers were put on again."""
    alike: BoolArray
    """(N, N) array. Of one person, with markers that were put on once."""

    def of(self, indices: Sequence[int]) -> LengthComparison:
        """Comparison of some of the recordings."""
        pairs = np.ix_(indices, indices)
        return LengthComparison(
            self.ratio[pairs], self.distance[pairs], self.differs[pairs], self.alike[pairs]
        )


def compare_lengths(trials: Sequence[Lengths]) -> LengthComparison:
    """Compare every two of the recordings.

    In one that stands joints have other angles, so that only the size of the body tells it apart.
    """
    labels = sorted({label for lengths in trials for label in lengths.labels})
    tables = [lengths.among(labels) for lengths in trials]
    rigid, limit = rigid_pairs(tables, trials), max_log_ratio(labels)
    has_video = limit > OTHER_PERSON_LOG_RATIO
    count = len(trials)
    ratio, distance = np.full((2, count, count), np.nan)
    differs, alike = np.zeros((2, count, count), dtype=bool)
    for row, (mine, _) in enumerate(tables):
        for column, (theirs, _) in enumerate(tables[:row]):
            logs = np.log(theirs[rigid] / mine[rigid])
            logs = logs[np.isfinite(logs) & (mine[rigid] > MIN_LENGTH_M)]
            if len(logs) < MIN_LENGTHS:
                continue
            low, middle, high = np.percentile(logs, (25.0, 50.0, 75.0))
            ratio[row, column], ratio[column, row] = np.exp(middle), np.exp(-middle)
            if abs(middle) > np.log(MIN_UNIT_RATIO):
                continue
            away = np.percentile(np.abs(logs), 75.0)
            is_larger = max(low, -high) > MIN_QUARTILE_LOG_RATIO
            both_move = not (has_video or trials[row].static or trials[column].static)
            distance[row, column] = distance[column, row] = away
            differs[row, column] = differs[column, row] = (abs(middle) > limit and is_larger) or (
                both_move and away > OTHER_PROPORTIONS_LOG_RATIO
            )
            alike[row, column] = alike[column, row] = (
                both_move and away < OTHER_PROPORTIONS_LOG_RATIO and not is_larger
            )
    return LengthComparison(ratio, distance, differs, alike)


def max_log_ratio(labels: Sequence[str]) -> float:
    """Largest log ratio of lengths between recordings of one person with such labels."""
    computed = any(label.endswith(OPENCAP_SUFFIX) for label in labels)
    return (
        OTHER_PERSON_VIDEO_LOG_RATIO
        if computed or video_landmarks(labels, landmark_table())
        else OTHER_PERSON_LOG_RATIO
    )


def group_by_person(comparison: LengthComparison, is_static: BoolArray) -> list[list[int]]:
    """Group recordings by person, largest group first; each joins the nearest group that fits.

    Those in which people move come first: where they stand, less is seen of who it is.
    """
    groups: list[list[int]] = []
    for trial in np.argsort(is_static, kind="stable").tolist():
        away = {
            number: np.nan_to_num(
                comparison.distance[trial, members], nan=OTHER_PROPORTIONS_LOG_RATIO
            ).mean()
            for number, members in enumerate(groups)
            if not comparison.differs[trial, members].any()
        }
        if away:
            groups[min(away, key=lambda number: away[number])].append(trial)
        else:
            groups.append([trial])
    return sorted(map(sorted, groups), key=len, reverse=True)


def _people_of_keys(
    files: Sequence[Path],
    keys: Mapping[Path, str],
    standing: Collection[Path],
    comparison: LengthComparison,
    *,
    are_words: bool,
) -> dict[Path, str]:
    """Participants by names of folders or words of file names; one where bodies are alike.

    A condition is in the names of several recordings of one body. Where lengths cannot be compared
    a word has to be in several names. Folders that name somebody and hold a static trial each
    (of the files ``standing``) are of several people, however alike these are.
    """
    named = {
        key: naming_words(key) for file, key in keys.items() if file in standing and not are_words
    }
    groups: list[list[int]] = []
    for key in sorted(set(keys.values())):
        members = [index for index, file in enumerate(files) if keys[file] == key]
        one_body = [
            group
            for group in groups
            if comparison.alike[np.ix_(group, members)].any()
            or (
                are_words
                and min(len(group), len(members)) == 1
                and np.isnan(comparison.distance[np.ix_(group, members)]).all()
            )
        ]
        people = {named.get(keys[files[index]]) for index in sum(one_body, members)} - {None, ()}
        if len(people) > 1:
            one_body = []
        groups = [group for group in groups if group not in one_body]
        groups.append(sorted(sum(one_body, members)))
    return {
        files[index]: f"S{number:02d}"
        for number, members in enumerate(sorted(groups), 1)
        for index in members
    }


def owners_of(markers: Sequence[MarkerFacts]) -> dict[Path, str]:
    """The participant of each recording, by folders, names and lengths of segments.

    A folder of static trials goes to the only person of its size who has none.
    """
    names = people_of(
        [recording.file for recording in markers],
        {recording.file for recording in markers if recording.is_static},
    )
    coded = {
        name
        for file, name in names.items()
        if any(name in re.sub("[^A-Za-z0-9]", "", part) for part in file.parts)
    }
    comparison = compare_lengths([recording.lengths for recording in markers])
    files = [recording.file for recording in markers]
    if not coded:
        are_words = len(set(names.values())) == 1
        standing = {recording.file for recording in markers if recording.is_static}
        keys = word_keys(files, standing) if are_words else folder_keys(files)
        names |= _people_of_keys(files, keys, standing, comparison, are_words=are_words)
    differs = comparison.differs
    differs |= _recorded_together(files)
    is_static = np.array([recording.is_static for recording in markers])
    people: dict[tuple[str, str], list[int]] = {}
    for name in sorted(set(names.values())):
        indices = np.flatnonzero([names[recording.file] == name for recording in markers])
        groups = group_by_person(comparison.of(indices.tolist()), is_static[indices])
        for letter, group in zip(ascii_lowercase, sorted(groups), strict=False):
            people[name, letter if len(groups) > 1 else ""] = indices[group].tolist()
    separate = [key for key in people if not key[1] and key[0] not in coded]
    for key in (key for key in separate if is_static[people[key]].all()):
        fitting = [
            candidate
            for candidate, members in people.items()
            if (candidate[1] or not is_static[members].any())
            and not differs[np.ix_(people[key], members)].any()
            and np.isfinite(comparison.distance[np.ix_(people[key], members)]).any()
        ]
        if len(fitting) == 1:
            people[fitting[0]] += people.pop(key)
    changed = any(letter for _, letter in people)
    return {
        markers[index].file: f"S{number:02d}" if changed and name not in coded else name + letter
        for number, ((name, letter), members) in enumerate(sorted(people.items()), 1)
        for index in members
    }


POSE2SIM_PERSON = re.compile(r"_P\d+(?=_|$)")
"""Number of a person in file names of Pose2Sim's folder `POSE2SIM_FOLDER`."""

POSE2SIM_FOLDER = "pose-3d"


def _recorded_together(files: Sequence[Path]) -> BoolArray:
    """Pairs of files (N, N) of two people in one recording; the next one numbers them anew."""
    names = [
        (file.parent, POSE2SIM_PERSON.sub("", file.stem))
        if file.parent.name == POSE2SIM_FOLDER
        else (file, "")
        for file in files
    ]
    return np.array(
        [
            [i != j and first == second for j, second in enumerate(names)]
            for i, first in enumerate(names)
        ]
    )


def size_differences(group: Sequence[MarkerFacts], owners: Mapping[Path, str]) -> Iterator[str]:
    """Report recordings of one folder with different lengths of segments."""
    people: dict[Path, list[MarkerFacts]] = {}
    for recording in group:
        people.setdefault(recording.file.parent, []).append(recording)
    for folder, recordings in people.items():
        first, *other_people = sorted({owners[recording.file] for recording in recordings})
        for other_person in other_people:
            sides = [
                [recording for recording in recordings if owners[recording.file] == name]
                for name in (first, other_person)
            ]
            comparison = compare_lengths(
                [recording.lengths for side in sides for recording in side]
            )
            value = comparison.ratio[: len(sides[0]), len(sides[0]) :]
            if not np.isfinite(value).any():
                continue
            longer = float(np.nanmedian(value))
            apart = float(np.nanmedian(comparison.distance[: len(sides[0]), len(sides[0]) :]))
            words = (
                f"in {folder.as_posix()}, the segments of {other_person} are {longer:.2f} times as "
                f"long as those of {first}, and a quarter of them differ by "
                f"{100.0 * np.expm1(apart):.0f} % or more: taken as two people; "
            )
            limit = max_log_ratio([label for recording in recordings for label in recording.labels])
            yield words + (
                "who is who in other recordings is not sure, please look"
                if max(abs(np.log(longer)), apart) < limit
                else "if it is one, give both one participant_id and correct the unit; if it is "
                "one whose markers were put on again, give both one name in column person"
            )
