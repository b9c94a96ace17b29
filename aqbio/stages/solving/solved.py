"""What stage solve writes and what it says about a trial's quality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aqbio.errors import Finding
from aqbio.io.mot import write_storage
from aqbio.io.netcdf import write_dataset
from aqbio.io.study import Study
from aqbio.mechanics.multibody.kinematics import marker_positions
from aqbio.mechanics.multibody.motion import Motion, TrackedMarkers
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.observed.mask import Observed
from aqbio.mechanics.vectors import BoolArray, FloatArray
from aqbio.names import AXES
from aqbio.stages.contacts import contact_span
from aqbio.stages.solving.observed import with_observed

if TYPE_CHECKING:
    import xarray as xr

MILLIMETRES = 1e3


@dataclass(frozen=True)
class Solution:
    """One trial, solved.

    Attributes
    ----------
    q_raw : (T, C) array, rad or m
        Coordinates before the low-pass: marker errors belong to these.
    motion : Motion
        Low-passed coordinates with their derivatives.
    forces : (T, C) array, N m or N
        Generalised forces.
    prepared : xarray.Dataset
        The prepared trial, cut to the frames that were solved.
    observed : Observed
    from_markers : bool
        Whether markers were recorded: those of a file of joint angles are the model's own.
    """

    skeleton: Skeleton
    markers: TrackedMarkers
    q_raw: FloatArray
    motion: Motion
    forces: FloatArray
    prepared: xr.Dataset
    observed: Observed
    from_markers: bool = True

    @cached_property
    def marker_errors(self) -> FloatArray:
        """(T, K) array, m: distance between measured and model marker, NaN where it is missing."""
        if not self.from_markers:
            return np.full(self.markers.positions.shape[:2], np.nan)
        index = [self.skeleton.markers.index(name) for name in self.markers.names]
        found = marker_positions(self.skeleton, self.q_raw)[:, index]
        return np.asarray(np.linalg.norm(found - self.markers.positions, axis=2))

    @cached_property
    def contact_window(self) -> BoolArray:
        """(T,) bool: frames from first touchdown to last toe-off, all where there is no contact."""
        time = self.markers.time
        if self.prepared.sizes.get("contact", 0) == 0:
            return np.ones(len(time), dtype=bool)
        first, last = contact_span(self.prepared)
        return (time >= first) & (time <= last)


def root_mean_square(values: FloatArray) -> float:
    """Give the root mean square of the values that are not missing."""
    return float(np.sqrt(np.nanmean(np.square(values))))


def solution_numbers(solution: Solution) -> dict[str, float | int | str]:
    """Marker errors over the contacts' window, ready for the manifest and the quality table.

    None of them where no markers were recorded.
    """
    if not solution.from_markers:
        return {"markers": 0, "frames": len(solution.markers.time)}
    errors = solution.marker_errors[solution.contact_window]
    by_frame = np.sqrt(np.nanmean(errors**2, axis=1))
    worst = np.unravel_index(np.nanargmax(errors), errors.shape)
    return {
        "markers": len(solution.markers.names),
        "frames": len(solution.markers.time),
        "marker_rms_m": root_mean_square(errors),
        "marker_rms_worst_frame_m": float(by_frame.max()),
        "marker_max_m": float(errors[worst]),
        "marker_max_label": solution.markers.names[int(worst[1])],
        "equally_weighted": int(np.ptp(solution.markers.weights) == 0),
    }


def solution_findings(solution: Solution, trial_id: str, study: Study) -> Iterator[Finding]:
    """Marker errors, joint limits and jumps that a reviewer would want to know."""
    if solution.from_markers:
        yield from _marker_findings(solution, trial_id, study)
    yield from _limit_findings(solution, trial_id)
    yield from _jump_findings(solution, trial_id, study.settings.solve.jump_degrees)


def unobservable_findings(names: Sequence[str], trial_id: str) -> Iterator[Finding]:
    """Say which coordinates the markers leave open."""
    if names:
        yield Finding(
            rule="coordinate-unobservable",
            severity="info",
            what=f"the markers do not determine {', '.join(names)} to 20 degrees; the values "
            "nearest to the default pose are used.",
            trial=trial_id,
            number=float(len(names)),
            unit="coordinates",
            fix="do not interpret these coordinates, or wear markers that show them.",
        )


def _marker_findings(solution: Solution, trial_id: str, study: Study) -> Iterator[Finding]:
    numbers = solution_numbers(solution)
    settings = study.settings.solve
    rms, largest = float(numbers["marker_rms_m"]), float(numbers["marker_max_m"])
    if rms > settings.marker_rms_m:
        yield Finding(
            rule="marker-rms",
            severity="warning",
            what=f"marker RMS error is {rms * MILLIMETRES:.1f} mm during the contacts, more than "
            f"{settings.marker_rms_m * MILLIMETRES:.0f} mm.",
            trial=trial_id,
            number=rms,
            limit=settings.marker_rms_m,
            unit="m",
            fix="look at the marker errors by label, the scaled model and the marker set.",
        )
    if largest > settings.marker_max_m:
        label = numbers["marker_max_label"]
        yield Finding(
            rule="marker-max",
            severity="warning",
            what=f"marker {label} is up to {largest * MILLIMETRES:.0f} mm from the model, more "
            f"than {settings.marker_max_m * MILLIMETRES:.0f} mm.",
            trial=trial_id,
            number=largest,
            limit=settings.marker_max_m,
            unit="m",
            where=f"marker {label}",
            fix="check its label and attachment, or lower its weight in the marker set.",
        )


def _limit_findings(solution: Solution, trial_id: str) -> Iterator[Finding]:
    """Frames in which a joint leaves the range that its model states."""
    skeleton = solution.skeleton
    for index in skeleton.free:
        if not skeleton.coordinate_is_rotation[index]:
            continue
        low, high = skeleton.coordinate_range[index]
        values = solution.motion.q[:, index]
        outside = (values < low) | (values > high)
        if outside.any():
            name = skeleton.coordinates[index]
            degrees = np.degrees([values.min(), values.max(), low, high])
            yield Finding(
                rule="joint-range",
                severity="info",
                what=f"{name} goes from {degrees[0]:.0f} to {degrees[1]:.0f} degrees, outside the "
                f"model's range of {degrees[2]:.0f} to {degrees[3]:.0f}, in "
                f"{int(outside.sum())} of {len(values)} frames (coordinates are not clamped).",
                trial=trial_id,
                number=float(outside.mean()),
                unit="share of frames",
                where=f"first at {solution.markers.time[int(np.argmax(outside))]:.3f} s",
                fix="look whether the pose is plausible; if so, widen the range in the model.",
            )


def _jump_findings(solution: Solution, trial_id: str, limit_degrees: float) -> Iterator[Finding]:
    """Frame-to-frame changes faster than a joint can move: ``limit`` is per frame at 250 Hz."""
    skeleton, time = solution.skeleton, solution.markers.time
    limit = np.radians(limit_degrees) * 250.0
    speed = np.abs(np.diff(solution.q_raw, axis=0)) / np.diff(time)[:, None]
    for index in skeleton.free:
        if skeleton.coordinate_is_rotation[index] and speed[:, index].max() > limit:
            frame = int(np.argmax(speed[:, index]))
            change = np.degrees(abs(np.diff(solution.q_raw[frame : frame + 2, index])[0]))
            yield Finding(
                rule="coordinate-jump",
                severity="warning",
                what=f"{skeleton.coordinates[index]} changes by {change:.0f} degrees from one "
                "frame to the next.",
                trial=trial_id,
                number=float(np.degrees(speed[frame, index]) / 250.0),
                limit=limit_degrees,
                unit="degrees per 4 ms",
                where=f"frame {frame + 1}, {time[frame + 1]:.3f} s",
                fix="look for swapped or missing markers around that frame.",
            )


def write_solution(solution: Solution, stem: Path, attributes: Mapping[str, str]) -> None:
    """Write ``<stem>.nc``, and ``<stem>.mot`` and ``<stem>_id.sto`` for OpenSim's own tools."""
    skeleton, time = solution.skeleton, solution.markers.time
    dataset = with_observed(_dataset(solution), solution.observed)
    write_dataset(dataset, stem.with_name(f"{stem.name}.nc"), attributes)
    degrees = solution.motion.q.copy()
    degrees[:, skeleton.coordinate_is_rotation] = np.degrees(
        degrees[:, skeleton.coordinate_is_rotation]
    )
    mot = stem.with_name(f"{stem.name}.mot")
    write_storage(mot, skeleton.coordinates, time, degrees, in_degrees=True)
    suffixes = ["moment" if r else "force" for r in skeleton.coordinate_is_rotation]
    labels = [f"{c}_{s}" for c, s in zip(skeleton.coordinates, suffixes, strict=True)]
    sto = stem.with_name(f"{stem.name}_id.sto")
    write_storage(sto, labels, time, solution.forces, in_degrees=False)


def _dataset(solution: Solution) -> xr.Dataset:
    import xarray as xr

    motion = solution.motion
    by_coordinate = ("time", "coordinate")
    units = {"units": "rad or m"}
    return xr.Dataset(
        {
            "q": (by_coordinate, motion.q, units),
            "u": (by_coordinate, motion.u, {"units": "rad/s or m/s"}),
            "udot": (by_coordinate, motion.udot, {"units": "rad/s2 or m/s2"}),
            "q_unfiltered": (by_coordinate, solution.q_raw, units),
            "generalised_force": (by_coordinate, solution.forces, {"units": "N m or N"}),
            "marker_error": (("time", "marker"), solution.marker_errors, {"units": "m"}),
            "marker_position": (
                ("time", "marker", "axis"),
                solution.markers.positions,
                {"units": "m"},
            ),
        },
        coords={
            "time": ("time", solution.markers.time, {"units": "s"}),
            "coordinate": list(solution.skeleton.coordinates),
            "marker": list(solution.markers.names),
            "axis": list(AXES),
        },
    )
