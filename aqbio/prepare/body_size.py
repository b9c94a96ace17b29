"""Body mass, stature and segment lengths that trials show, against the sheet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from aqbio.config import MarkerSet
from aqbio.force_plates.forces import Plates
from aqbio.force_plates.offsets import UNLOADED_BAND_N
from aqbio.io.movement import is_static
from aqbio.io.recording import Recording
from aqbio.names import GRAVITY, MEDIAN_OF_NORMAL, SIDES
from aqbio.prepare.axes import label_mean
from aqbio.prepare.contacts import FeetLoads
from aqbio.prepare.trial import PreparedTrial
from aqbio.prepare.used_size import STANCE_SHARE
from aqbio.vectors import BoolArray, FloatArray, IntArray, finite_median, finite_medians

MIN_STANDING_FORCE_N = 200.0
"""Mean vertical force below which no person stands on the plates, N."""

MAX_QUIET_VARIATION = 0.02
"""Relative standard deviation of the vertical force below which standing is quiet."""


def standing_mass(vertical: FloatArray, rate: float, window_s: float) -> float:
    """Body mass (kg) from the steady windows of the plates' force (T, P) N; NaN without."""
    vertical = np.where(vertical > UNLOADED_BAND_N, vertical, 0.0).sum(axis=1)
    width = max(int(window_s * rate), 2)
    if len(vertical) < width:
        return float("nan")
    windows = np.lib.stride_tricks.sliding_window_view(vertical, width)
    mean, spread = windows.mean(axis=1), windows.std(axis=1)
    quiet = (mean > MIN_STANDING_FORCE_N) & (spread < MAX_QUIET_VARIATION * mean)
    if not quiet.any():
        return float("nan")
    covered = np.convolve(quiet, np.ones(width))[: len(vertical)] > 0.5
    return float(vertical[covered].mean() / GRAVITY)


def stride_masses(
    vertical: FloatArray, rate: float, foot: IntArray, contacts: FloatArray, complete: BoolArray
) -> FloatArray:
    """Body mass (M,) kg from the mean force of whole strides.

    A stride is three ``complete`` contacts in a row of alternating feet, with all steps in between;
    with double support (walking) the contact before must have been recorded too. ``vertical`` (T,)
    is the sum of both feet, N; ``contacts`` (N, 2) has touchdown and toe-off, s.
    """
    touchdown, toe_off = contacts.T
    masses = []
    for step in range(len(foot) - 2):
        stride_contacts = slice(step, step + 3)
        steps = np.diff(touchdown[stride_contacts])
        alternating = foot[step] == foot[step + 2] != foot[step + 1]
        walking = touchdown[step + 1] < toe_off[step]
        before = step > 0 and toe_off[step - 1] > touchdown[step]
        is_whole_stride = (
            alternating and complete[stride_contacts].all() and (before or not walking)
        )
        if is_whole_stride and steps.max() < 1.5 * steps.min():
            low, high = (round(float(at) * rate) for at in (touchdown[step], touchdown[step + 2]))
            masses.append(vertical[low:high].mean() / GRAVITY)
    return np.array(masses)


def vertical_masses(plates: Plates, loads: FeetLoads) -> FloatArray:
    """Body mass (M,) kg by the mean vertical force of the whole strides of a trial."""
    spans = np.array([(contact.touchdown, contact.toe_off) for contact in loads.contacts])
    return stride_masses(
        loads.force[:, :, 1].sum(axis=1),
        plates.rate,
        np.array([contact.foot for contact in loads.contacts], dtype=np.int64),
        spans.reshape(-1, 2) - plates.start,
        np.array([contact.complete for contact in loads.contacts], dtype=np.bool_),
    )


MAX_RIGID_VARIATION = 0.015
"""Markers whose distance varies by less than this share of it (scaled median deviation), median of
the moving trials, are on one segment or on both ends of it."""

MIN_LENGTH_M = 0.1
"""Shorter distances depend more on marker placement than on the person, m."""


@dataclass(frozen=True, slots=True, eq=False)
class Lengths:
    """Distances between the markers of a recording."""

    labels: tuple[str, ...] = ()
    median: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    """(M, M) array, m. NaN where two are not both present in half of the frames."""
    spread: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    """(M, M) array. Scaled median deviation over the median."""
    static: bool = False
    """True if the person stands still: all distances are then constant."""

    @classmethod
    def of(cls, labels: Sequence[str], positions: FloatArray) -> Lengths:
        """Compute distances from positions (T, M, 3), m; from fifty frames at most.

        Frames before a person walks into the cameras' view, and after, do not count.
        """
        count = np.isfinite(positions).all(axis=2).sum(axis=1)
        seen = positions[2 * count > count.max(initial=0)]
        sampled = seen[:: -(-len(seen) // 50) or 1]
        present = 2 * np.isfinite(sampled).all(axis=2).sum(axis=0) > len(sampled)
        sampled = sampled[:, present]
        distance = np.linalg.norm(sampled[:, :, None] - sampled[:, None], axis=3)
        enough_frames = 2 * np.isfinite(distance).sum(axis=0) > len(sampled)
        distance = np.where(enough_frames, distance, 0.0)
        median = finite_medians(distance)
        deviation = finite_medians(np.abs(distance - median)) / MEDIAN_OF_NORMAL
        median = np.where(enough_frames & (median > 0.0), median, np.nan)
        visible_labels = tuple(
            label for label, is_present in zip(labels, present.tolist(), strict=True) if is_present
        )
        return cls(visible_labels, median, deviation / median, is_static(positions))

    def of_labels(self, labels: Collection[str]) -> Lengths:
        """Distances between some labels alone."""
        kept = [index for index, label in enumerate(self.labels) if label in labels]
        pairs = np.ix_(kept, kept)
        names = tuple(self.labels[index] for index in kept)
        return Lengths(names, self.median[pairs], self.spread[pairs], self.static)

    def among(self, labels: Sequence[str]) -> FloatArray:
        """Medians and spreads, (2, L, L), of all labels of a study; NaN of labels absent here."""
        table = np.full((2, len(labels), len(labels)), np.nan)
        indices = [labels.index(label) for label in self.labels]
        table[:, np.array(indices, int)[:, None], indices] = self.median, self.spread
        return table


def rigid_pairs(tables: Sequence[FloatArray], trials: Sequence[Lengths]) -> BoolArray:
    """Pairs of markers (L, L), each once, whose distance hardly varies during movement."""
    moving = [
        spread for (_, spread), lengths in zip(tables, trials, strict=True) if not lengths.static
    ]
    pairs = np.triu(np.ones(tables[0].shape[1:] if tables else (0, 0), dtype=bool), 1)
    if not moving:
        return pairs
    spreads = np.stack(moving)
    pairs &= np.isfinite(spreads).any(axis=0)
    pairs[pairs] = np.nanmedian(spreads[:, pairs], axis=0) < MAX_RIGID_VARIATION
    return pairs


def pelvis_height(
    labels: tuple[str, ...], markers: FloatArray, marker_set: MarkerSet
) -> float | None:
    """Height of the pelvis above the foot markers (T, M, 3) in standing, m; ground axes."""
    feet = [getattr(marker_set.feet, side) for side in SIDES]
    hips = _median_height(labels, markers, marker_set.pelvis.labels)
    soles = _median_height(
        labels, markers, [name for foot in feet for name in (foot.heel, *foot.toe)]
    )
    height = hips - soles
    return None if np.isnan(height) else height


def _median_height(labels: tuple[str, ...], markers: FloatArray, names: Iterable[str]) -> float:
    columns = [labels.index(name) for name in names if name in labels]
    heights = markers[:, columns, 1]
    visible = heights[:, ~np.isnan(heights).all(axis=0)]
    return float(np.nanmedian(visible, axis=0).mean()) if visible.size else float("nan")


def stance_height(prepared: PreparedTrial, marker_set: MarkerSet) -> float | None:
    """Median distance of the pelvis from the stance foot over the contacts of a run, m."""
    recording = Recording(prepared.labels, prepared.markers, prepared.rate)
    hips = label_mean(recording, marker_set.pelvis.labels)
    feet = [getattr(marker_set.feet, side) for side in SIDES]
    soles = [label_mean(recording, (foot.heel, *foot.toe)) for foot in feet]
    distances = []
    for contact in prepared.contacts:
        inside = (prepared.time >= contact.touchdown) & (prepared.time <= contact.toe_off)
        distance = np.linalg.norm(hips[inside] - soles[contact.foot][inside], axis=1)
        distances.append(finite_median(distance))
    height = finite_median(np.array(distances))
    return None if np.isnan(height) else height / STANCE_SHARE


def travelling_speed(prepared: PreparedTrial, marker_set: MarkerSet) -> float | None:
    """Median horizontal speed of the pelvis over the ground or the belt, m/s."""
    recording = Recording(prepared.labels, prepared.markers, prepared.rate)
    hips = label_mean(recording, marker_set.pelvis.labels)
    steps = np.diff(hips[np.isfinite(hips).all(axis=1)], axis=0) * prepared.rate
    if not len(steps):
        return None
    forward, _, right = np.median(steps, axis=0)
    return float(np.hypot(forward, right)) + prepared.ground.belt_speed
