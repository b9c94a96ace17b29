"""The frames of a moving trial that can stand in for a static one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.vectors import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class StillFrames:
    """A few frames in a row in which a posture hardly changes.

    Attributes
    ----------
    frames : slice
    markers : int
        Number of markers that are seen throughout.
    movement : float
        Mean over these markers of their range relative to the pelvis, m.
    """

    frames: slice
    markers: int
    movement: float


def stillest_frames(positions: FloatArray, pelvis: FloatArray, length: int) -> StillFrames:
    """Find the frames in which a moving person changes posture least.

    Parameters
    ----------
    positions : (T, M, 3) array, m
        Markers of the body; NaN where one is missing.
    pelvis : (T, 3) array, m
        Its path, which is taken off; NaN where unknown.
    length : int
        Number of frames, 2 or more.

    Returns
    -------
    StillFrames
        Of the windows that show the most markers, the one in which these move least.

    Raises
    ------
    ValueError
        When no marker is seen with the pelvis in ``length`` frames in a row.

    Examples
    --------
    >>> place = np.array([0.0, 1.0, 2.0, 2.1, 2.2, 3.2])[:, None, None] * np.array([1.0, 0.0, 0.0])
    >>> found = stillest_frames(place, np.zeros((6, 3)), 3)
    >>> found.frames, round(found.movement, 3)
    (slice(2, 5, None), 0.2)
    """
    relative = positions - pelvis[:, None]
    if len(relative) < length:
        raise ValueError(f"there are {len(relative)} frames, fewer than {length}.")
    windows = np.lib.stride_tricks.sliding_window_view(relative, length, axis=0)
    whole: BoolArray = np.asarray(np.isfinite(windows).all(axis=(2, 3)))
    count = whole.sum(axis=1)
    if not count.any():
        raise ValueError(f"no marker is seen with the pelvis in {length} frames in a row.")
    known = np.where(whole[:, :, None, None], windows, 0.0)
    spread = np.linalg.norm(np.ptp(known, axis=3), axis=2).sum(axis=1) / np.maximum(count, 1)
    start = int(np.argmin(np.where(count == count.max(), spread, np.inf)))
    return StillFrames(slice(start, start + length), int(count[start]), float(spread[start]))
