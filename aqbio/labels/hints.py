"""What words of a label allow a position to say: a shoulder, in any language, is never on C7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aqbio.config.model_map import LandmarkTable
from aqbio.labels.by_name import Hint, SidedLandmark
from aqbio.labels.motion import segment_of
from aqbio.vectors import BoolArray

TOGETHER = {"wrist": ("wrist_radial", "wrist_ulnar")}
"""A landmark where one marker stands for both sides of a joint."""


def allows(hint: Hint | None, place: SidedLandmark, table: LandmarkTable) -> bool:
    """Whether the words of a label allow a place; a marker may track the segment that they name."""
    if hint is None or place in hint.places:
        return True
    if not table.landmarks[place.landmark].cluster:
        both = (SidedLandmark(one, place.side) for one in TOGETHER.get(place.landmark, ()))
        return any(one in hint.places for one in both)
    return segment_of(place, table) in {segment_of(one, table) for one in hint.places}


def barred_pairs(
    places: Sequence[SidedLandmark],
    labels: Sequence[str],
    hints: Mapping[str, Hint],
    table: LandmarkTable,
) -> BoolArray:
    """Pairs (L, M) of places and labels that the words of the labels exclude."""
    barred = np.zeros((len(places), len(labels)), dtype=bool)
    for column, label in enumerate(labels):
        if label in hints:
            barred[:, column] = [not allows(hints[label], one, table) for one in places]
    return barred


def common_segment(hint: Hint, table: LandmarkTable) -> SidedLandmark | None:
    """The cluster of the one segment that all meanings of a whole label are on."""
    segments = {
        (table.landmarks[one.landmark].segment, table.landmarks[one.landmark].sided, one.side)
        for one in hint.places
    }
    heads = {one.landmark.startswith("head") for one in hint.places}
    if not hint.whole or len(segments) != 1 or len(heads) != 1:
        return None
    ((segment, sided, side),) = segments
    name = table.clusters().get((segment, sided))
    return SidedLandmark(name, side) if name is not None and not heads.pop() else None
