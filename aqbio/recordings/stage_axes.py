"""Laboratory axes of one recording, and the recording in ground axes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from aqbio.config import MarkerSet
from aqbio.config.settings import LaboratoryAxes
from aqbio.errors import AqbioError, distinct
from aqbio.force_plates.platforms import plate_axes
from aqbio.io.recording import METRES, Recording
from aqbio.recordings.axes import (
    Clues,
    LaboratoryToGround,
    detected_axes,
    displacement,
    stated_axes,
)
from aqbio.recordings.notes import Notes
from aqbio.vectors import FloatArray, dot

LOADED = 100.0
"""Force of a plate that shows where the ground pushes, N."""

UNITS = {name: METRES[name] for name in ("m", "cm", "mm", "inch")}
"""Units of length that a person may state, m."""

UPRIGHT, ALONG = 45.0, 60.0
"""How far the pelvis may be from above the feet, and the run from the stated direction, degrees: a
runner leans by less than half of the one, and a run across the room is 45 degrees from an axis."""

TRAVELS = 1.0
"""A way from which a direction of travel is known, m."""

HIP_HEIGHT = (0.4, 1.6)
"""Plausible mean distance between feet and pelvis of a person, m."""


def laboratory_axes(
    recording: Recording, marker_set: MarkerSet, stated: LaboratoryAxes | str, notes: Notes
) -> LaboratoryToGround:
    """Take the stated axes or find them in the recording.

    Raises
    ------
    AqbioError
        When they cannot be told, or the size of the body shows a wrong unit.
    """
    clues = _clues(recording, marker_set)
    _check_size(clues, recording.length_unit, notes)
    if isinstance(stated, LaboratoryAxes):
        axes = stated_axes(stated.forward, stated.up)
        check_stated(stated, axes, clues, notes.file)
    else:
        try:
            axes = detected_axes(clues)
        except ValueError as error:
            absent = [label for label in _body_labels(marker_set) if label not in recording.labels]
            what = f"Not in the recording: {', '.join(absent)}. Therefore " if absent else ""
            fix = "name markers of heels and pelvis that are there in the marker set"
            if not absent:
                fix = "correct the labels of pelvis and feet in the marker set, or state "
                fix += "laboratory.axes in study.yaml, for example {forward: +y, up: +z}"
            raise AqbioError(
                f"{what}{error}",
                file=notes.file,
                fix=f"{fix}.",
                rule="axes-unknown",
            ) from error
    for doubt in axes.doubts:
        notes.add("axes-doubt", "warning", doubt, fix="state laboratory.axes in study.yaml.")
    return axes


def check_stated(stated: LaboratoryAxes, axes: LaboratoryToGround, clues: Clues, file: str) -> None:
    """Refuse stated axes in which the person hangs head down or lies, or runs another way."""
    forward, up = axes.matrix[0], axes.matrix[1]
    travels = np.linalg.norm(clues.travel) > TRAVELS
    for what, name, vector, axis, limit in (
        ("the pelvis lies from the feet", f"up: {stated.up}", clues.body, up, UPRIGHT),
        ("the pelvis travels", f"forward: {stated.forward}", clues.travel, forward, ALONG),
    ):
        if (axis is forward and not travels) or np.isnan(vector).any():
            continue
        away = float(np.degrees(np.arccos(dot(vector, axis) / np.linalg.norm(vector))))
        if axis is forward:  # a runway is run there and back; the heading of each trial is measured
            away = min(away, 180.0 - away)
        if away > limit:
            raise AqbioError(
                f"laboratory.axes states {name}, but {what} in a direction "
                f"{distinct(away, limit)} degrees away "
                f"from it, more than {limit:.0f}: the stated axes are not those of the file.",
                file=file,
                fix="correct laboratory.axes in study.yaml, or write auto to detect them.",
                rule="axes-contradicted",
            )


def label_mean(recording: Recording, labels: Iterable[str]) -> FloatArray:
    """Mean path of some markers, (T, 3); NaN where one that is ever seen is missing."""
    found = [recording.labels.index(label) for label in labels if label in recording.labels]
    paths = recording.positions[:, found]
    seen = ~np.isnan(paths).all(axis=(0, 2))
    if not seen.any():
        return np.full((len(recording.positions), 3), np.nan)
    mean: FloatArray = paths[:, seen].mean(axis=1)
    return mean


def _seen_mean(recording: Recording, labels: Iterable[str]) -> FloatArray:
    """Mean path of the markers that are seen in each frame, (T, 3); NaN where none is."""
    found = [recording.labels.index(label) for label in labels if label in recording.labels]
    paths = recording.positions[:, found]
    seen = ~np.isnan(paths)
    count = seen.sum(axis=1)
    total = np.where(seen, paths, 0.0).sum(axis=1)
    mean = np.full((len(paths), 3), np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def missing_labels(
    recording: Recording, marker_set: MarkerSet, notes: Notes, *, moving: bool
) -> None:
    """Note the mapped labels that the recording does not have."""
    for label, marker in marker_set.markers.items():
        expected = not (moving and marker.static_only)
        if label in recording.labels or not expected:
            continue
        notes.add(
            "marker-absent",
            "warning",
            f"marker {label} of the marker set {marker_set.name} is not in the recording.",
            fix="look at its label in the capture software; leave it if it was not worn.",
        )


def _body_labels(marker_set: MarkerSet) -> list[str]:
    feet, pelvis = marker_set.feet, marker_set.pelvis
    return [*pelvis.front, *pelvis.back, feet.left.heel, feet.right.heel]


def _clues(recording: Recording, marker_set: MarkerSet) -> Clues:
    front = label_mean(recording, marker_set.pelvis.front)
    back = label_mean(recording, marker_set.pelvis.back)
    feet = [
        _seen_mean(recording, (foot.heel, *foot.toe))
        for foot in (marker_set.feet.left, marker_set.feet.right)
    ]
    hips = _seen_mean(recording, (*marker_set.pelvis.front, *marker_set.pelvis.back))
    normal = force = np.full(3, np.nan)
    if recording.forces is not None:
        corners = recording.forces.corners
        known = corners[~np.isnan(corners.sum(axis=(1, 2)))]
        if len(known):
            normal = np.mean([np.abs(plate_axes(plate)[:, 2]) for plate in known], axis=0)
        loads = recording.forces.wrench.force.reshape(-1, 3)
        loads = loads[dot(loads, loads) > LOADED**2]
        if len(loads):
            force = np.abs(loads).mean(axis=0)
    return Clues(
        body=mean_vector(hips - 0.5 * (feet[0] + feet[1])),
        facing=mean_vector(front - back),
        travel=displacement(0.5 * (front + back)),
        plate_normal=normal,
        force=force,
    )


def mean_vector(vectors: FloatArray) -> FloatArray:
    """Mean (3,) of the known frames of a path (T, 3); NaN when there are none."""
    known = vectors[~np.isnan(vectors.sum(axis=1))]
    return np.asarray(known.mean(axis=0)) if len(known) else np.full(3, np.nan)


def _check_size(clues: Clues, unit: float, notes: Notes) -> None:
    height = float(np.linalg.norm(clues.body))
    low, high = HIP_HEIGHT
    if np.isnan(height) or low <= height <= high:
        return
    fitting = [
        f"{name} ({height / unit * size:.2f} m)"
        for name, size in UNITS.items()
        if low <= height / unit * size <= high
    ]
    better = f" It would fit if the positions were in {' or '.join(fitting)}." if fitting else ""
    raise AqbioError(
        f"the pelvis is {height:.3g} m from the feet on average, outside {low} to {high} m: the "
        f"unit of the markers is wrong, labels are swapped or the file is damaged.{better}",
        file=notes.file,
        fix="state laboratory.marker_unit in study.yaml, or correct the labels.",
        rule="marker-size",
    )
