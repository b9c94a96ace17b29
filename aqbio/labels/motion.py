"""Check that labels move with the segments of their landmarks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from aqbio.config.model_map import LandmarkTable
from aqbio.io.recording import Recording
from aqbio.labels.by_name import SidedLandmark
from aqbio.labels.geometry import distance_spreads
from aqbio.names import MILLIMETRES

MAX_DISTANCE_SD_M = {"landmark": 0.015, "cluster": 0.010}
"""Distances within a segment vary by no more than this while running, standard deviation, m.

Of 340 labels placed by name in walks, runs and sprints (1 to 9.5 m/s) of five laboratories: at most
13 mm at landmarks (shoulders and knees of a sprint at 9.5 m/s), 8 mm in clusters."""

MIN_SD_RATIO = 2.0
"""Another segment has the marker if the distances to it vary less by this factor ..."""

MIN_SD_DIFFERENCE_M = 0.003
"""... and by this, m."""

ADJACENT_SEGMENTS = {
    ("head", "torso"), ("torso", "pelvis"), ("torso", "upper_arm"), ("upper_arm", "forearm"),
    ("pelvis", "thigh"), ("thigh", "shank"), ("shank", "foot"),
}  # fmt: skip
"""Segments that have a joint in common."""


Segment = tuple[str, str]


def segment_of(site: SidedLandmark, table: LandmarkTable) -> Segment:
    """The rigid segment of a landmark, and its side: heads nod, toes hardly bend."""
    segment: str = table.landmarks[site.landmark].segment
    if site.landmark.startswith("head"):
        return "head", ""
    if segment in ("pelvis", "torso"):
        return segment, ""
    return ("foot" if segment == "toes" else segment), site.side


def loose_labels(
    sites: Mapping[str, SidedLandmark],
    unnamed: Collection[str],
    motions: Iterable[Recording],
    table: LandmarkTable,
) -> dict[str, str]:
    """Reasons, by label, why labels do not move with their segment (unnamed ones: not closely)."""
    segments = {label: segment_of(site, table) for label, site in sites.items()}
    reasons: dict[str, str] = {}
    for recording in motions:
        for label in (name for name in sites if name in recording.labels and name not in reasons):
            entry = table.landmarks[sites[label].landmark]
            if entry.origin == "joint_centre":  # it moves with both segments of its joint
                continue
            path = recording.positions[:, recording.labels.index(label)]
            columns: dict[Segment, list[int]] = {}
            for column, neighbour in enumerate(recording.labels):
                if neighbour in segments and neighbour != label:
                    columns.setdefault(segments[neighbour], []).append(column)
            segment_paths = {segment: recording.positions[:, at] for segment, at in columns.items()}
            spreads = distance_spreads(path, segment_paths)
            limit = MAX_DISTANCE_SD_M["cluster" if entry.cluster else "landmark"]
            if why := _why_loose(segments[label], spreads, limit if label in unnamed else np.inf):
                reasons[label] = why
    return reasons


def _why_loose(expected: Segment, spreads: Mapping[Segment, float], limit: float) -> str:
    """Reason why a marker is not on a segment; empty where it may be."""
    if not spreads:
        return ""
    best = min(spreads, key=lambda segment: spreads[segment])
    elsewhere = f"it moves with the {_segment_name(best)}"
    if expected not in spreads:
        return "" if np.isinf(limit) or _neighbours(expected, best) else elsewhere
    if spreads[expected] > MIN_SD_RATIO * spreads[best] + MIN_SD_DIFFERENCE_M:
        return elsewhere
    if spreads[expected] > limit:
        far = MILLIMETRES * spreads[expected]
        return f"its distances from the markers there vary by {far:.0f} mm (sd)"
    return ""


def _neighbours(first: Segment, second: Segment) -> bool:
    """Tell whether two segments are one, or have a joint in common, on one side of the body."""
    names = {(first[0], second[0]), (second[0], first[0])}
    same_side = "" in (first[1], second[1]) or first[1] == second[1]
    return first == second or (same_side and bool(names & ADJACENT_SEGMENTS))


def _segment_name(segment: Segment) -> str:
    return " ".join(part for part in reversed(segment) if part).replace("_", " ")
