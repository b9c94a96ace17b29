"""Limits that words of a label set on its position: a shoulder, in any language, is never on C7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aqbio.config.model_map import LandmarkTable
from aqbio.labels.by_name import Hint, SidedLandmark
from aqbio.labels.motion import segment_of
from aqbio.vectors import BoolArray

SIDES_OF_JOINT = {"wrist": ("wrist_radial", "wrist_ulnar")}
"""A landmark where one marker stands for both sides of a joint."""


def allows(hint: Hint | None, site: SidedLandmark, table: LandmarkTable) -> bool:
    """Tell whether a label's words allow a landmark; a marker may track the segment they name."""
    if hint is None or site in hint.sites:
        return True
    if not table.landmarks[site.landmark].cluster:
        alternatives = (
            SidedLandmark(landmark, site.side) for landmark in SIDES_OF_JOINT.get(site.landmark, ())
        )
        return any(alternative in hint.sites for alternative in alternatives)
    return segment_of(site, table) in {segment_of(meaning, table) for meaning in hint.sites}


def barred_pairs(
    sites: Sequence[SidedLandmark],
    labels: Sequence[str],
    hints: Mapping[str, Hint],
    table: LandmarkTable,
) -> BoolArray:
    """Pairs (L, M) of landmarks and labels that the words of the labels exclude."""
    barred = np.zeros((len(sites), len(labels)), dtype=bool)
    for column, label in enumerate(labels):
        if label in hints:
            barred[:, column] = [not allows(hints[label], site, table) for site in sites]
    return barred


def common_segment(hint: Hint, table: LandmarkTable) -> SidedLandmark | None:
    """The cluster of the one segment that all meanings of a whole label are on."""
    segments = {
        (table.landmarks[site.landmark].segment, table.landmarks[site.landmark].sided, site.side)
        for site in hint.sites
    }
    heads = {site.landmark.startswith("head") for site in hint.sites}
    if not hint.complete or len(segments) != 1 or len(heads) != 1:
        return None
    ((segment, sided, side),) = segments
    name = table.clusters().get((segment, sided))
    return SidedLandmark(name, side) if name is not None and not heads.pop() else None
