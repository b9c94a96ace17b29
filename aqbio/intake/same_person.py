"""Whose recordings are whose, by the lengths of their segments: before any sheet says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
