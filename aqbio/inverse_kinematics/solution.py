"""A solved trial: the content of its file, findings about its quality, and how it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from aqbio.config import MarkerSet
from aqbio.config.settings import Solve
from aqbio.errors import Finding, distinct
from aqbio.gait.step_files import contact_span
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import Motion, TrackedMarkers
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES, MILLIMETRES
from aqbio.observed.mask import Observed
from aqbio.observed.parts import with_observed
from aqbio.prepare.prepared import recorded_trial, without_free_moment
from aqbio.prepare.signal_scales import usual_noise
from aqbio.signals import white_noise
from aqbio.vectors import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Solution:
    """One trial, solved."""

    skeleton: Skeleton
    markers: TrackedMarkers
    q_raw: FloatArray
    """(T, C) array, rad or m. Coordinates before the low-pass: marker errors belong to these."""
    motion: Motion
    """Low-passed coordinates with their derivatives."""
    forces: FloatArray
    """(T, C) array, N m or N. Generalised forces."""
    prepared: xr.Dataset
    """The prepared trial, cut to the frames that were solved."""
    observed: Observed
    deviations: tuple[FloatArray, FloatArray]
    """(T, C) array and (C,) array, rad or m. Standard deviations of the coordinates: of single
    frames, and of all together."""
    from_markers: bool = True
    """Whether markers were recorded: those of a file of joint angles are the model's own."""

    @cached_property
    def marker_errors(self) -> FloatArray:
        """(T, K) array, m: distance between measured and model marker, NaN where it is missing."""
        if not self.from_markers:
            return np.full(self.markers.positions.shape[:2], np.nan)
        index = [self.skeleton.markers.index(name) for name in self.markers.names]
        predicted = marker_positions(self.skeleton, self.q_raw)[:, index]
        return np.asarray(np.linalg.norm(predicted - self.markers.positions, axis=2))

    @cached_property
    def marker_noise(self) -> FloatArray:
        """(K,) array, m: scatter of markers from frame to frame beyond that of sound ones."""
        if not self.from_markers:
            return np.zeros(len(self.markers.names))
        rate = (len(self.markers.time) - 1) / float(np.ptp(self.markers.time))
        variance = np.nan_to_num(white_noise(self.markers.positions)) ** 2
        return np.asarray(np.sqrt(np.maximum(variance - usual_noise(rate) ** 2, 0.0)))

    @cached_property
    def observed_errors(self) -> FloatArray:
        """(T, K) array, m: marker errors of the segments that are observed, NaN elsewhere."""
        bodies = [
            self.skeleton.marker_body[self.skeleton.markers.index(name)]
            for name in self.markers.names
        ]
        return np.where(self.observed.mask[:, bodies], self.marker_errors, np.nan)

    def observes(self, coordinate: int) -> BoolArray:
        """Frames in which the segments that a coordinate moves are observed, (T,) bool."""
        return np.asarray(self.observed.mask[:, self._moved(coordinate)].all(axis=1))

    def determines(self, coordinate: int) -> BoolArray:
        """Frames in which it is also determined, (T,) bool."""
        [determined] = self.observed.determined([self.skeleton.coordinates[coordinate]]).T
        return np.asarray(determined & self.observes(coordinate))

    def nearby_markers(self, coordinates: Iterable[int]) -> list[str]:
        """Markers of the segments that some coordinates move."""
        moved = {body for coordinate in coordinates for body in self._moved(coordinate)}
        bodies = self.skeleton.marker_body
        return [
            name
            for name in self.markers.names
            if bodies[self.skeleton.markers.index(name)] in moved
        ]

    def first_segments(self, coordinates: Iterable[int]) -> list[str]:
        """Segments that some coordinates move first."""
        return [self.skeleton.bodies[int(self._moved(coordinate)[0])] for coordinate in coordinates]

    def _moved(self, coordinate: int) -> IntArray:
        axes = self.skeleton.driver == coordinate
        return np.unique(self.skeleton.axes.body[axes])

    @cached_property
    def contact_window(self) -> BoolArray:
        """(T,) bool: frames from first touchdown to last toe-off, all where there is no contact."""
        time = self.markers.time
        if self.prepared.sizes.get("contact", 0) == 0:
            return np.ones(len(time), dtype=bool)
        first, last = contact_span(self.prepared)
        return (time >= first) & (time <= last)


MARKER_NUMBERS = (
    "marker_rms_m", "marker_rms_worst_frame_m", "marker_max_m", "marker_max_label",
    "equally_weighted",
)  # fmt: skip
"""What only recorded markers have: None in a trial from joint angles."""


def solution_numbers(solution: Solution, marker_set: MarkerSet) -> dict[str, Any]:
    """Marker errors over the contacts' window, for manifest and quality table.

    Of the segments that are observed; of all, where none is. `MARKER_NUMBERS` are None where no
    markers were recorded.
    """
    if not solution.from_markers:
        return {"markers": 0, "frames": len(solution.markers.time), **dict.fromkeys(MARKER_NUMBERS)}
    errors = solution.observed_errors[solution.contact_window]
    if np.isnan(errors).all():
        errors = solution.marker_errors[solution.contact_window]
    visible = np.asarray(np.isfinite(errors))
    squares = np.where(visible, errors**2, 0.0).sum(axis=1)
    by_frame = np.sqrt(squares / np.maximum(visible.sum(axis=1), 1))
    worst = np.unravel_index(np.nanargmax(errors), errors.shape)
    return {
        "markers": len(solution.markers.names),
        "frames": len(solution.markers.time),
        "marker_rms_m": float(np.sqrt(np.nanmean(np.square(errors)))),
        "marker_rms_worst_frame_m": float(by_frame.max()),
        "marker_max_m": float(errors[worst]),
        "marker_max_label": marker_set.label_of(solution.markers.names[int(worst[1])]),
        "equally_weighted": int(np.ptp(solution.markers.weights) == 0),
    }


def solution_findings(
    solution: Solution, trial_id: str, marker_set: MarkerSet, limits: Solve
) -> Iterator[Finding]:
    """Marker errors, joint limits and jumps that a reviewer would want to know."""
    if solution.from_markers:
        yield from _marker_findings(solution, trial_id, marker_set, limits)
    yield from _limit_findings(solution, trial_id)
    yield from _jump_findings(solution, trial_id, marker_set)


def _marker_findings(
    solution: Solution, trial_id: str, marker_set: MarkerSet, limits: Solve
) -> Iterator[Finding]:
    numbers = solution_numbers(solution, marker_set)
    rms, largest = float(numbers["marker_rms_m"]), float(numbers["marker_max_m"])
    if rms > limits.marker_rms_m:
        yield Finding(
            rule="marker-rms",
            severity="warning",
            what=f"marker RMS error is "
            f"{distinct(rms * MILLIMETRES, limits.marker_rms_m * MILLIMETRES)} "
            "mm during the contacts, more than "
            f"{limits.marker_rms_m * MILLIMETRES:.0f} mm.",
            trial=trial_id,
            number=rms,
            limit=limits.marker_rms_m,
            unit="m",
            fix="look at the marker errors by label, the scaled model and the marker set.",
        )
    if largest > limits.marker_max_m:
        label = str(numbers["marker_max_label"])
        yield Finding(
            rule="marker-max",
            severity="warning",
            what=f"marker {label} is up to "
            f"{distinct(largest * MILLIMETRES, limits.marker_max_m * MILLIMETRES)} "
            "mm from the model, more "
            f"than {limits.marker_max_m * MILLIMETRES:.0f} mm.",
            trial=trial_id,
            number=largest,
            limit=limits.marker_max_m,
            unit="m",
            label=label,
            fix="check its label and attachment, or lower its weight in the marker set.",
        )


def _limit_findings(solution: Solution, trial_id: str) -> Iterator[Finding]:
    """Joints that leave the ranges that the model states, in frames in which they are observed."""
    skeleton, excursions = solution.skeleton, []
    for index in _angles(skeleton):
        determined = solution.determines(index)
        values = solution.motion.q[determined, index]
        low, high = skeleton.coordinate_range[index]
        outside = (values < low) | (values > high)
        if outside.any():
            degrees = np.degrees([values.min(), values.max(), low, high])
            excursions.append(
                f"{skeleton.coordinates[index]} goes from {degrees[0]:.0f} to {degrees[1]:.0f} "
                f"degrees (the model's range: {degrees[2]:.0f} to {degrees[3]:.0f}; "
                f"{int(outside.sum())} of {len(values)} frames)"
            )
    if excursions:
        yield Finding(
            rule="joint-range",
            severity="info",
            what=f"outside the ranges that the model states, though not of what people reach: "
            f"{'; '.join(excursions)}. Coordinates are not clamped.",
            trial=trial_id,
            number=float(len(excursions)),
            unit="coordinates",
            fix="widen these ranges in the model, which are narrower than people's.",
        )


FIRST_TIME = "first_time"
"""Attribute of a prepared trial: instant of its first frame on the clock of its file, s; without
it, 0."""

MIN_JUMP_DEG = 15.0
"""Change of a joint angle between frames at 250 Hz that counts as a jump: 3750 degrees/s."""


def _jump_findings(solution: Solution, trial_id: str, marker_set: MarkerSet) -> Iterator[Finding]:
    """Frame-to-frame changes faster than a joint can move: ``limit`` is per frame at 250 Hz."""
    skeleton, time = solution.skeleton, solution.markers.time
    first_time = float(solution.prepared.attrs.get(FIRST_TIME, 0.0))
    limit_degrees = MIN_JUMP_DEG
    limit = np.radians(limit_degrees) * 250.0
    jumps = []
    for index in _angles(skeleton):
        determined = solution.determines(index)
        change = np.where(
            determined[1:] & determined[:-1], np.abs(np.diff(solution.q_raw[:, index])), 0.0
        )
        speed = change / np.diff(time)
        frame = int(np.argmax(speed))
        if speed[frame] > limit:
            jumps.append((speed[frame], frame, np.degrees(change[frame]), index))
    if jumps:
        fastest, frame, _, _ = max(jumps)
        jump_words = [
            f"{skeleton.coordinates[index]} by {change:.0f} degrees at "
            f"{first_time + time[at + 1]:.3f} s"
            for _, at, change, index in jumps
        ]
        near = solution.nearby_markers(index for *_, index in jumps)
        yield Finding(
            rule="coordinate-jump",
            severity="warning",
            what="faster than a joint can move, from one frame to the next: "
            f"{'; '.join(jump_words)}.",
            trial=trial_id,
            number=float(np.degrees(fastest) / 250.0),
            limit=limit_degrees,
            unit="degrees per 4 ms",
            where=f"frame {frame + 2}, {first_time + time[frame + 1]:.3f} s"
            if first_time
            else solution.markers.instant(frame + 1),
            fix="look for markers that come, go or change their label around these frames: "
            f"{', '.join(map(marker_set.label_of, near))}."
            if solution.from_markers
            else "look at these columns of the motion around these instants.",
        )


def _angles(skeleton: Skeleton) -> IntArray:
    """Coordinates that move freely and are angles."""
    return skeleton.free[skeleton.coordinate_is_rotation[skeleton.free]]


def solved_dataset(solution: Solution, visible: BoolArray) -> xr.Dataset:
    """Build the dataset of a solved trial, without forces of coordinates not shown.

    Poses are whole, because tools that read them need all coordinates.
    """
    motion, markers = solution.motion, solution.markers
    by_coordinate = ("time", "coordinate")
    dataset = xr.Dataset(
        {
            "q": (by_coordinate, motion.q),
            "u": (by_coordinate, motion.u),
            "udot": (by_coordinate, motion.udot),
            "q_unfiltered": (by_coordinate, solution.q_raw),
            "q_sd": (by_coordinate, solution.deviations[0]),
            "q_offset_sd": ("coordinate", solution.deviations[1]),
            "generalised_force": (by_coordinate, np.where(visible, solution.forces, np.nan)),
            "marker_error": (("time", "marker"), solution.marker_errors),
            "marker_followed": (("time", "marker"), np.isfinite(markers.positions).all(axis=2)),
        },
        {
            "time": markers.time,
            "coordinate": list(solution.skeleton.coordinates),
            "marker": list(markers.names),
            "axis": list(AXES),
        },
    )
    if (noise := solution.marker_noise).any():  # rare: no column of zeros in all other files
        dataset["marker_noise"] = "marker", noise
    return with_observed(dataset, solution.observed)


FITTED = "fitted"
PLAIN = "plain"


@dataclass(frozen=True)
class SolvedTrial:
    """One trial as the stages before left it, cut to the frames that were solved."""

    trial_id: str
    prepared: xr.Dataset
    """Markers, loads of the feet and contacts."""
    solved: xr.Dataset
    """Coordinates of inverse kinematics, and ``marker_position`` of the markers that they follow,
    by their names in the model: as recorded, NaN where they were not followed."""
    files: tuple[Path, ...]
    """Files that both were read from."""
    recorded: xr.Dataset
    """Prepared, in all frames."""

    @classmethod
    def read(cls, study: Study, participant_id: str, trial_id: str) -> SolvedTrial:
        """Read a trial."""
        study = study.recorded_with(participant_id)
        files = tuple(
            study.folder(participant_id, stage) / f"{trial_id}.nc"
            for stage in ("prepare", "inverse_kinematics")
        )
        prepared = recorded_trial(study, participant_id, study.trial(participant_id, trial_id))
        solved = read_dataset(files[1])
        state = str(solved.attrs["free_moment"])
        if state != prepared.attrs["free_moment"]:
            prepared = without_free_moment(prepared, state)
        all_frames = prepared.sizes["time"] == solved.sizes["time"]
        prepared_frames = prepared if all_frames else prepared.sel(time=solved["time"])
        labels = {
            str(label): number for number, label in enumerate(prepared_frames["marker"].values)
        }
        if not solved.attrs["from_coordinates"]:  # labels that are not mapped are in no pose
            mapped, model_names = study.marker_set.markers, study.marker_set.model_name
            labels = {model_names(label): n for label, n in labels.items() if label in mapped}
        index = [labels[name] for name in solved["marker"].values]
        positions = prepared_frames["marker_raw"].isel(marker=index).values
        followed = np.where(solved["marker_followed"].values[..., None] > 0, positions, np.nan)
        solved = solved.assign(marker_position=(("time", "marker", "axis"), followed))
        return cls(trial_id, prepared_frames, solved, files, prepared)

    @property
    def time(self) -> FloatArray:
        """(T,) array, s."""
        values: FloatArray = self.solved["time"].values
        return values
