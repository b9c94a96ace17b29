"""Which frames of a session tell most about the body, turned to face one way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.shape import MarkerPlaces
from aqbio.body.unknowns import ChosenFrames
from aqbio.multibody.poses import dependent_filled, segment_poses, station_positions
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray

FRAMES = 24
"""Frames of moving trials that are fitted: 17 or 241 give the same lengths and deviations."""

MOST, OF_TRIAL = 60, (3, 8)
"""Every moving trial shows so many frames at least, that its labels can be judged: eight, or as
many as make this number of all trials together, but never fewer than three."""

INDEPENDENT = 5.0
"""Independent witnesses of the body that one moving trial is worth: skin moves with the posture,
so that a thousand frames of running are not a thousand witnesses. Harmonics of a gait with
amplitudes like 1/n have ``2 (Σ n⁻²)² / Σ n⁻⁴ = 5`` independent values."""

SEEN, OFTEN = 0.85, 0.9
"""Frames show at least this share of the markers that the best frames (a quantile) do."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Markers of one trial."""

    position: FloatArray
    """(T, K, 3) array, m, ground. All labels of the session; NaN where one is missing."""
    rate: float
    """float, Hz."""
    still: bool
    """A static trial."""


def chosen_frames(
    recordings: Sequence[Recording], bodies: IntArray, quiet_s: float, *, count: int = FRAMES
) -> ChosenFrames:
    """Choose the quiet mean of static trials, and frames of moving ones that differ most.

    Frames differ by the distances between the middles of segments, which no heading changes. A
    trial is worth ``INDEPENDENT`` witnesses, n trials ``√n`` times as many. ``count`` frames of all
    moving trials together, at least ``OF_TRIAL`` of each; bodies (K,) carry the markers.
    """
    moving = sum(not one.still for one in recordings)
    each = max(count // max(1, moving), int(np.clip(MOST // max(1, moving), *OF_TRIAL)))
    worth = INDEPENDENT / np.sqrt(max(1, moving))
    positions, stills, worths, trials, frames = [], [], [], [], []
    for trial, one in enumerate(recordings):
        if one.still:
            mean, middle = quiet_mean(one, quiet_s)
            position, index = mean[None], np.array([middle])
        else:
            index = different_frames(one.position, bodies, each)
            position = one.position[index]
        if not len(index):
            continue
        positions.append(position)
        stills.append(np.full(len(index), one.still))
        worths.append(np.full(len(index), 1.0 if one.still else min(1.0, worth / len(index))))
        trials.append(np.full(len(index), trial))
        frames.append(index)
    if not frames:
        raise ValueError("no trial has a frame with three markers.")
    return ChosenFrames(*map(np.concatenate, (positions, stills, worths, trials, frames)))


def quiet_mean(recording: Recording, seconds: float) -> tuple[FloatArray, int]:
    """Mean position (K, 3) of the quietest part so long, and its middle frame."""
    position = recording.position
    length = max(1, min(len(position), round(seconds * recording.rate)))
    step = np.linalg.norm(np.diff(position, axis=0), axis=2)
    speed = _middle(step, np.nanmedian)
    speed = np.nan_to_num(speed, nan=np.inf)
    sums = np.convolve(np.minimum(speed, 1.0), np.ones(max(length - 1, 1)), "valid")
    start = int(np.argmin(sums)) if len(sums) else 0
    part = position[start : start + length]
    return _middle(np.swapaxes(part, 0, 1), np.nanmean), start + length // 2


def _middle(values: FloatArray, function) -> FloatArray:  # type: ignore[no-untyped-def]
    """Reduce axis 1 over what is not missing; NaN where all is."""
    present = np.isfinite(values).any(axis=1)
    reduced = np.full(present.shape, np.nan)
    if values.ndim == 2:
        reduced[present] = function(values[present], axis=1)
        return reduced
    for row in range(len(values)):
        seen = np.isfinite(values[row]).all(axis=1)
        if seen.any():
            reduced[row] = function(values[row][seen], axis=0)
    return reduced


def different_frames(position: FloatArray, bodies: IntArray, count: int) -> IntArray:
    """Frames that differ most from each other, in order."""
    seen = np.isfinite(position).all(axis=2).sum(axis=1)
    allowed = np.flatnonzero(seen >= max(3, SEEN * np.quantile(seen, OFTEN)))
    if not len(allowed):
        return allowed
    features = segment_distances(position[allowed], bodies)
    chosen = [int(np.argmax(seen[allowed]))]
    distance = np.full(len(allowed), np.inf)
    for _ in range(min(count, len(allowed)) - 1):
        gap = (features - features[chosen[-1]]) ** 2
        present = np.isfinite(gap)
        mean = np.where(present, gap, 0.0).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
        distance = np.minimum(distance, mean)
        chosen.append(int(np.argmax(distance)))
    return np.sort(allowed[chosen])


def segment_distances(position: FloatArray, bodies: IntArray) -> FloatArray:
    """(T, N) array, m: distances between the middles of the markers of all pairs of segments."""
    middles = []
    for body in np.unique(bodies):
        own = position[:, bodies == body]
        seen = np.asarray(np.isfinite(own).all(axis=2))
        total = np.where(seen[..., None], own, 0.0).sum(axis=1)
        number = seen.sum(axis=1)[:, None]
        middles.append(np.where(number > 0, total / np.maximum(number, 1), np.nan))
    centre = np.stack(middles, axis=1)
    one, other = np.triu_indices(centre.shape[1], 1)
    distances: FloatArray = np.linalg.norm(centre[:, one] - centre[:, other], axis=2)
    return distances


def faced(frames: ChosenFrames, skeleton: Skeleton, places: MarkerPlaces) -> ChosenFrames:
    """Turn and shift every frame to where the template stands in its default pose."""
    q = dependent_filled(skeleton, skeleton.coordinate_default[None])
    [standing] = station_positions(segment_poses(skeleton, q), places.body, places.place)
    seen: BoolArray = frames.visible[..., None]
    own, own_middle = _about_middle(np.broadcast_to(standing, frames.position.shape), seen)
    recorded, _ = _about_middle(frames.position, seen)
    up = -skeleton.gravity / np.linalg.norm(skeleton.gravity)
    turned = recorded @ _upright_turns(recorded, own, up)
    return replace(frames, position=np.where(seen, turned + own_middle, np.nan))


def _about_middle(position: FloatArray, seen: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Positions (F, K, 3) less their mean, zero where nothing is seen, and the means (F, 1, 3)."""
    known = np.where(seen, position, 0.0)
    middle = known.sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1, keepdims=True), 1)
    return np.where(seen, position - middle, 0.0), middle


def _upright_turns(recorded: FloatArray, own: FloatArray, up: FloatArray) -> FloatArray:
    """(F, 3, 3) array: rotations, of rows, about the vertical that bring positions nearest."""
    from scipy.spatial.transform import Rotation

    sine = np.cross(recorded, own).sum(axis=1) @ up
    across = (recorded * own).sum(axis=(1, 2)) - ((recorded @ up) * (own @ up)).sum(axis=1)
    angle = np.arctan2(sine, across)
    return np.asarray(Rotation.from_rotvec(-angle[:, None] * up).as_matrix())
