"""Whose recordings are whose, by the lengths of their segments: before any sheet says it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aqbio.labels.by_name import OPENCAP_SUFFIX, landmark_table, video_landmarks
from aqbio.prepare.body_size import MIN_LENGTH_M, Lengths, rigid_pairs
from aqbio.vectors import BoolArray, FloatArray

MIN_LENGTHS = 8
"""Smallest number of distances that are compared."""

OTHER_PERSON_LOG_RATIO = 0.025
"""Median log ratio of lengths above which recordings show two persons. In 350 pairs of trials of
one person (ten persons, static to 9.5 m/s) the medians are 1.2 % at most with markers and 3.3 %
with video; people of one sex differ by 5 % (standard deviation of the ratio of statures)."""

MIN_QUARTILE_LOG_RATIO = 0.01
"""Log ratio that three quarters of the lengths exceed in the same direction between two persons: in
the same pairs the quartiles reach 0.0 with markers and 0.7 % with video."""

OTHER_PERSON_VIDEO_LOG_RATIO = 0.06
"""Median log ratio for points from video: 4.4 % between a static trial and a run of one person,
whose points a network had computed."""

MIN_UNIT_RATIO = 2.0
"""Ratio of lengths that no two adults differ by, but files in two units of length do."""


def compare_lengths(trials: Sequence[Lengths]) -> tuple[FloatArray, BoolArray]:
    """Median length ratio of pairs of recordings (N, N), NaN if unknown, and which pairs differ."""
    labels = sorted({label for lengths in trials for label in lengths.labels})
    tables = [lengths.among(labels) for lengths in trials]
    rigid, limit = rigid_pairs(tables, trials), max_log_ratio(labels)
    ratio = np.full((len(trials), len(trials)), np.nan)
    differs = np.zeros(ratio.shape, dtype=bool)
    for row, (mine, _) in enumerate(tables):
        for column, (theirs, _) in enumerate(tables[:row]):
            logs = np.log(theirs[rigid] / mine[rigid])
            logs = logs[np.isfinite(logs) & (mine[rigid] > MIN_LENGTH_M)]
            if len(logs) < MIN_LENGTHS:
                continue
            low, middle, high = np.percentile(logs, (25.0, 50.0, 75.0))
            ratio[row, column], ratio[column, row] = np.exp(middle), np.exp(-middle)
            differs[row, column] = differs[column, row] = (
                limit < abs(middle) < np.log(MIN_UNIT_RATIO)
                and max(low, -high) > MIN_QUARTILE_LOG_RATIO
            )
    return ratio, differs


def max_log_ratio(labels: Sequence[str]) -> float:
    """Largest log ratio of lengths between recordings of one person with such labels."""
    computed = any(label.endswith(OPENCAP_SUFFIX) for label in labels)
    return (
        OTHER_PERSON_VIDEO_LOG_RATIO
        if computed or video_landmarks(labels, landmark_table())
        else OTHER_PERSON_LOG_RATIO
    )


def group_by_person(ratio: FloatArray, differs: BoolArray) -> list[list[int]]:
    """Group recordings by person, largest group first; each joins the nearest group that fits."""
    groups: list[list[int]] = []
    for trial in range(len(ratio)):
        away = {
            number: np.nan_to_num(
                np.abs(np.log(ratio[trial, members])), nan=OTHER_PERSON_LOG_RATIO
            ).mean()
            for number, members in enumerate(groups)
            if not differs[trial, members].any()
        }
        if away:
            groups[min(away, key=lambda number: away[number])].append(trial)
        else:
            groups.append([trial])
    return sorted(groups, key=len, reverse=True)
