"""Marker positions of a static trial: its quietest part, joint centres, facing forward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.config import MarkerSet
from aqbio.errors import AqbioError
from aqbio.mechanics.anthropometry.joint_centres import hip_centres
from aqbio.mechanics.vectors import FloatArray


@dataclass(frozen=True, slots=True)
class StaticTrial:
    """Markers of a person who stands still.

    Attributes
    ----------
    labels : tuple of M str
    positions : (T, M, 3) array, m
        Ground frame; NaN where a marker is missing.
    rate : float
        Hz.
    """

    labels: tuple[str, ...]
    positions: FloatArray
    rate: float

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the labels."""
        if self.positions.ndim != 3 or self.positions.shape[1:] != (len(self.labels), 3):
            raise ValueError(
                f"positions have shape {self.positions.shape}, "
                f"expected (frames, {len(self.labels)}, 3)."
            )


def quiet_window(positions: FloatArray, rate: float, seconds: float) -> slice:
    """Find the part of a trial in which the markers move least.

    Parameters
    ----------
    positions : (T, M, 3) array, m
        NaN where a marker is missing.
    rate : float
        Hz.
    seconds : float
        Length of the part; the whole trial when it is shorter.

    Returns
    -------
    slice
        Frames of the window with the smallest mean variance of marker positions.

    Examples
    --------
    >>> still = np.zeros((10, 1, 3))
    >>> still[:5, 0, 0] = [5, 4, 3, 2, 1]
    >>> quiet_window(still, rate=1.0, seconds=4.0)
    slice(5, 9, None)
    """
    frames = len(positions)
    length = min(frames, max(2, round(seconds * rate)))
    windows = np.lib.stride_tricks.sliding_window_view(positions, length, axis=0)
    seen = np.isfinite(windows).all(axis=(-1, -2))
    variance = np.where(seen, windows.var(axis=-1).sum(axis=-1), 0.0)
    counted = seen.sum(axis=1)
    movement = np.where(counted > 0, variance.sum(axis=1) / np.maximum(counted, 1), np.inf)
    start = int(np.argmin(movement))
    return slice(start, start + length)


def static_markers(
    trial: StaticTrial, marker_set: MarkerSet, *, seconds: float
) -> dict[str, FloatArray]:
    """Give the mean position of every mapped marker, joint centres included.

    Parameters
    ----------
    trial : StaticTrial
    marker_set : MarkerSet
    seconds : float
        Length of the quiet part that is averaged.

    Returns
    -------
    dict of (3,) arrays, m
        By label, without those that are missing throughout the quiet part. Turned about the
        vertical and moved so that the person faces x with the pelvis above the origin: what is
        derived from it lives in body frames and does not change.

    Raises
    ------
    AqbioError
        A label of the pelvis is missing.
    """
    labels = [label for label in trial.labels if label in marker_set.markers]
    columns = [trial.labels.index(label) for label in labels]
    positions = trial.positions[:, columns]
    window = positions[quiet_window(positions, trial.rate, seconds)]
    means = {
        label: np.nanmean(window[:, column], axis=0)
        for column, label in enumerate(labels)
        if np.isfinite(window[:, column]).all(axis=-1).any()
    }
    pelvis = (*marker_set.pelvis.front, *marker_set.pelvis.back)
    missing = [label for label in pelvis if label not in means]
    if missing:
        raise AqbioError(
            f"pelvis markers {', '.join(missing)} are missing in the static trial.",
            fix="give a static trial that shows them, or correct `pelvis` in the marker set.",
            rule="static-pelvis",
        )
    means |= _computed(means, marker_set)
    return _facing_forward(means, marker_set)


def _middle(means: dict[str, FloatArray], labels: tuple[str, ...]) -> FloatArray:
    middle: FloatArray = np.array([means[label] for label in labels]).mean(axis=0)
    return middle


def _computed(means: dict[str, FloatArray], marker_set: MarkerSet) -> dict[str, FloatArray]:
    """Midpoints and hip centres that the marker set asks for; left out if a label is missing."""
    computed = {}
    for label, mapped in marker_set.markers.items():
        if mapped.midpoint and all(part in means for part in mapped.midpoint):
            computed[label] = _middle(means, mapped.midpoint)
        elif mapped.hip_centre is not None:
            computed[label] = _hip_centre(means, marker_set, mapped.hip_centre)
    return computed


def _hip_centre(means: dict[str, FloatArray], marker_set: MarkerSet, side: str) -> FloatArray:
    """Hip centre of a side; which of the front labels is right is told from the back ones."""
    front = marker_set.pelvis.front
    if len(front) != 2:
        raise AqbioError(
            f"hip centres need two labels in pelvis.front, the marker set has {len(front)}.",
            fix="give right and left anterior superior iliac spine.",
            rule="marker-set-pelvis",
        )
    first, second = means[front[0]], means[front[1]]
    back = _middle(means, marker_set.pelvis.back)
    forward = (first + second) / 2 - back
    right_hand = np.cross(forward, np.array([0.0, 1.0, 0.0]))
    if (first - second) @ right_hand < 0:
        first, second = second, first
    right, left = hip_centres(first, second, back)
    return right if side == "right" else left


def _facing_forward(means: dict[str, FloatArray], marker_set: MarkerSet) -> dict[str, FloatArray]:
    front = _middle(means, marker_set.pelvis.front)
    back = _middle(means, marker_set.pelvis.back)
    forward = (front - back) * [1, 0, 1]
    x = forward / np.linalg.norm(forward)
    z = np.cross(x, [0.0, 1.0, 0.0])
    turn = np.array([x, [0.0, 1.0, 0.0], z])
    origin = (front + back) / 2 * [1, 0, 1]
    return {label: turn @ (position - origin) for label, position in means.items()}
