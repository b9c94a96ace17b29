"""Which segment a marker moves with: its distances to the markers of a rigid body stay the same."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

import numpy as np

from aqbio.mechanics.vectors import FloatArray

Segment = TypeVar("Segment", bound=Hashable)

FRAMES = 20
"""Distances are looked at where both markers are seen in so many frames."""


def distance_spreads(
    path: FloatArray, others: Mapping[Segment, FloatArray]
) -> dict[Segment, float]:
    """How much a marker's distances to the markers of each segment vary, m.

    Parameters
    ----------
    path : (T, 3) array, m
        NaN where it is not seen.
    others : mapping of (T, M, 3) arrays, m
        Markers by segment, without the marker itself.

    Returns
    -------
    dict
        Median over a segment's markers of the standard deviations of the distances. Segments of
        which no marker is seen together with this one are left out.

    Examples
    --------
    A marker that turns about the origin at 1 m keeps its distance to it:

    >>> angle = np.linspace(0.0, 1.0, 50)
    >>> path = np.stack([np.cos(angle), np.sin(angle), 0.0 * angle], axis=1)
    >>> round(distance_spreads(path, {"origin": np.zeros((50, 1, 3))})["origin"], 6)
    0.0
    """
    found = {}
    for segment, paths in others.items():
        distance = np.linalg.norm(paths - path[:, None], axis=2)
        seen = np.isfinite(distance)
        enough = seen.sum(axis=0) >= FRAMES
        if enough.any():
            found[segment] = float(np.median(np.nanstd(distance[:, enough], axis=0)))
    return found
