"""The file of a prepared trial, and what later stages read of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from aqbio.config import ModelMap, Trial
from aqbio.force_plates.forces import Plates, PlateWrench, centre_of_pressure
from aqbio.force_plates.ground_reactions import shared_with_toes
from aqbio.io.mot import read_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.poses import SegmentPoses
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES, SIDES
from aqbio.prepare.contact_findings import free_moment_measured
from aqbio.prepare.contacts import FootContact, loads_on_frames
from aqbio.prepare.force_signs import SourceLoads
from aqbio.prepare.trial import PreparedTrial
from aqbio.vectors import BoolArray, FloatArray

Variables = dict[str, tuple[tuple[str, ...], Any]]


def prepared_dataset(prepared: PreparedTrial, cutoff: float) -> xr.Dataset:
    """A prepared trial as a dataset; ground axes, SI; ``cutoff`` in Hz."""
    plates, dims = prepared.plates, ("time", "marker", "axis")
    variables: Variables = {
        "marker_raw": (dims, prepared.markers),
        "marker_filled": (dims[:2], prepared.filled),
        **_plate_variables(plates),
        **_foot_variables(prepared, cutoff),
        **_contact_variables(prepared.contacts, plates, prepared.contact_time_error),
    }
    coordinates = {
        "time": prepared.time,
        "marker": list(prepared.labels),
        "axis": list(AXES),
        "foot": list(SIDES),
        "force_time": plates.time if plates else np.zeros(0),
        "plate": list(plates.numbers if plates else ()),
    }
    return xr.Dataset(variables, coordinates, _attributes(prepared, cutoff))


def _attributes(prepared: PreparedTrial, cutoff: float) -> dict[str, Any]:
    plates = prepared.plates
    return {
        "surface": prepared.ground.surface,
        "surface_height": _surface_height(prepared),
        "belt_speed": prepared.ground.belt_speed,
        "heading": prepared.ground.heading,
        "marker_rate": prepared.rate,
        "force_rate": plates.rate if plates else 0.0,
        "axes_reasoning": prepared.axes.reasoning,
        "lab_to_ground": prepared.axes.matrix.ravel().tolist(),
        "cutoff": cutoff,
        "event_threshold": prepared.threshold,
        "events": prepared.events,
        "force_lag": prepared.force_lag,
        "force_shift": prepared.force_shift,
        **_low_pass_attributes(prepared),
        "free_moment": MEASURED
        if prepared.loads is None or free_moment_measured(prepared.loads.free_moment)
        else NO_FREE_MOMENT,
    }


def _low_pass_attributes(prepared: PreparedTrial) -> dict[str, Any]:
    """Filter that the forces went through before; none where none shows."""
    if prepared.low_pass is None:
        return {}
    return {
        "force_low_pass_hz": prepared.low_pass.cutoff_hz,
        "contact_lengthening_s": prepared.low_pass.lengthening_s,
    }


def _surface_height(prepared: PreparedTrial) -> float:
    """Height of the plates that carried the runner, m; 0 where none did."""
    if prepared.loads is None:
        return 0.0
    height = prepared.loads.cop[..., 1]
    finite = height[np.isfinite(height)]
    return float(np.median(finite)) if len(finite) else 0.0


def _plate_variables(plates: Plates | None) -> Variables:
    dims = ("force_time", "plate", "axis")
    none = np.zeros((0, 0, 3))
    wrench = plates.wrench if plates else PlateWrench(none, none, np.zeros((0, 3)))
    return {
        "plate_force_raw": (dims, wrench.force),
        "plate_moment_raw": (dims, wrench.moment),
        "plate_point": (dims[1:], wrench.point),
        "plate_corner": (
            ("plate", "corner", "axis"),
            plates.corners if plates else np.zeros((0, 4, 3)),
        ),
    }


def _foot_variables(prepared: PreparedTrial, cutoff: float) -> Variables:
    loads, plates = prepared.loads, prepared.plates
    frames, samples = len(prepared.time), len(plates.time) if plates else 0
    force = np.full((frames, 2, 3), np.nan)
    moment = force.copy()
    event, cop = np.full((samples, 2), np.nan), np.full((samples, 2, 3), np.nan)
    free_moment = event.copy()
    if loads is not None and plates is not None and not prepared.forces_lost:
        force, moment = loads_on_frames(loads, plates, prepared.time, cutoff)
        event, cop, free_moment = loads.event_force, loads.cop, loads.free_moment
    dims, fine = ("time", "foot", "axis"), ("force_time", "foot")
    return {
        "foot_force": (dims, force),
        "foot_moment": (dims, moment),
        "foot_force_event": (fine, event),
        "foot_cop": ((*fine, "axis"), cop),
        "foot_free_moment": (fine, free_moment),
    }


def _contact_variables(
    contacts: Sequence[FootContact], plates: Plates | None, time_error: tuple[float, float]
) -> Variables:
    numbers = plates.numbers if plates else ()
    on_plates, by_markers = time_error
    columns: dict[str, tuple[Any, list[Any]]] = {
        "foot": ("U8", [SIDES[contact.foot] for contact in contacts]),
        "touchdown": (float, [contact.touchdown for contact in contacts]),
        "toe_off": (float, [contact.toe_off for contact in contacts]),
        "plates": (
            "U32",
            [",".join(str(numbers[at]) for at in contact.plates) for contact in contacts],
        ),
        "complete": (bool, [contact.complete for contact in contacts]),
        "edge_distance": (float, [contact.edge_distance for contact in contacts]),
        "peak": (float, [contact.peak for contact in contacts]),
        "shared": (bool, [contact.shared for contact in contacts]),
        "time_error": (
            float,
            [by_markers if np.isnan(contact.peak) else on_plates for contact in contacts],
        ),
    }
    if any(contact.broken for contact in contacts):  # rare: no column of blanks in all other files
        columns["broken"] = ("U32", [" ".join(sorted(contact.broken)) for contact in contacts])
    return {
        f"contact_{name}": (("contact",), np.array(values, dtype=kind))
        for name, (kind, values) in columns.items()
    }


def foot_loads(model_map: ModelMap, window: xr.Dataset) -> tuple[ExternalLoad, ...]:
    """Ground reaction force of each foot on the marker clock, about the ground origin."""
    feet = model_map.feet
    return tuple(
        ExternalLoad(
            body=getattr(feet, side),
            force=window["foot_force"].sel(foot=side).values,
            moment=window["foot_moment"].sel(foot=side).values,
            point=np.zeros(3),
        )
        for side in ("left", "right")
    )


def loads_with_toes(
    model_map: ModelMap,
    skeleton: Skeleton,
    poses: SegmentPoses,
    loads: Sequence[ExternalLoad],
    surface_height: float,
) -> tuple[ExternalLoad, ...]:
    """Loads of the feet on foot and toes, as a model with such a joint has them."""
    joints = model_map.joints.mtp
    names = () if joints is None else (joints.left, joints.right)
    return shared_with_toes(loads, skeleton, poses, names, surface_height)


def plate_wrench(prepared: xr.Dataset) -> PlateWrench:
    """Forces and moments of the plates of a prepared trial, low-passed as those of the feet."""
    names = ("plate_force_raw", "plate_moment_raw", "plate_point")
    wrench = PlateWrench(*(prepared[name].values for name in names))
    if not wrench.force.size:
        return wrench
    return wrench.filtered(float(prepared.attrs["force_rate"]), float(prepared.attrs["cutoff"]))


def measured_loads(loads: Sequence[ExternalLoad]) -> tuple[BoolArray, tuple[ExternalLoad, ...]]:
    """Frames in which both feet's loads are known, and loads that are zero in the others."""
    measured = np.all([np.isfinite(x.force + x.moment).all(axis=1) for x in loads], axis=0)
    return measured, tuple(
        replace(
            load,
            force=np.where(measured[:, None], load.force, 0.0),
            moment=np.where(measured[:, None], load.moment, 0.0),
        )
        for load in loads
    )


MEASURED = "measured"
NO_FREE_MOMENT = "not recorded"
TURNED_FREE_MOMENT = "of a turned sign"
UNSURE_FREE_MOMENT = "of an unknown sign"
"""Values of the attribute ``free_moment``: only a measured one is used."""

SMALL_LOAD_N = 50.0
"""Vertical force below which a foot's centre of pressure is not known, N."""


def feet_loads(loads: Sequence[ExternalLoad], height: float) -> SourceLoads:
    """Force, centre of pressure on a surface at a ``height``, m, and free moment of the feet."""
    force, moment = (
        np.nan_to_num(np.stack([getattr(load, name) for load in loads], axis=1))
        for name in ("force", "moment")
    )
    pressure, free = centre_of_pressure(force, moment, np.zeros(3), height, SMALL_LOAD_N)
    loaded = np.isfinite(free)
    return SourceLoads(
        np.where(loaded[..., None], force, 0.0), pressure, np.where(loaded, free, 0.0)
    )


def without_free_moment(prepared: xr.Dataset, state: str) -> xr.Dataset:
    """A prepared trial whose free moment must not be used, because it is in some ``state``."""
    force, moment = prepared["foot_force"].values, prepared["foot_moment"].values
    height = float(prepared.attrs["surface_height"])
    _, free = centre_of_pressure(force, moment, np.zeros(3), height, SMALL_LOAD_N)
    changed = moment.copy()
    changed[..., AXES.index("y")] -= np.nan_to_num(free)
    without = prepared.assign(foot_moment=(prepared["foot_moment"].dims, changed))
    return without.assign_attrs(free_moment=state)


def recorded_trial(study: Study, participant_id: str, trial: Trial) -> xr.Dataset:
    """A prepared trial without the markers that stage scale found off in it."""
    prepared = read_dataset(study.folder(participant_id, "prepare") / f"{trial.trial_id}.nc")
    off = study.read_manifest(participant_id, "scale").get("labels_off", {})
    credible = ~prepared["marker"].isin(off.get(trial.trial_id, []))
    return prepared.assign(marker_raw=prepared["marker_raw"].where(credible, np.nan))


def prepared_coordinates(stem: Path) -> Path:
    """The file in which stage prepare leaves the coordinates of a trial."""
    return stem.with_name(f"{stem.name}_coordinates.mot")


def solved_coordinates(prepared: Path, skeleton: Skeleton, time: FloatArray) -> FloatArray:
    """A trial's coordinates (T, C), rad or m, at times of its clock (s); NaN if not in the file."""
    storage = read_storage(prepared_coordinates(prepared))
    q = np.stack([storage.column(name) for name in skeleton.coordinates], axis=1)
    frames = np.searchsorted(storage.time, time - 0.5 * float(np.diff(storage.time[:2])[0]))
    return np.asarray(q[frames])
