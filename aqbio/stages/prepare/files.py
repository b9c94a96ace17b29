"""The files of one prepared trial: NetCDF for aqbio, TRC and MOT for OpenSim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.mot import write_storage
from aqbio.io.netcdf import write_dataset
from aqbio.io.trc import write_trc
from aqbio.mechanics.force_plates.plates import Plates
from aqbio.mechanics.recordings.foot_contacts import FootContact, loads_on_frames
from aqbio.mechanics.recordings.free_moment import free_moment_measured
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, SIDES
from aqbio.records.loads import NO_FREE_MOMENT
from aqbio.stages.prepare.trial import PreparedTrial

if TYPE_CHECKING:
    import xarray as xr


Variables = dict[str, tuple[tuple[str, ...], Any, dict[str, str]]]


def write_prepared(
    prepared: PreparedTrial, stem: Path, cutoff: float, attributes: Mapping[str, Any]
) -> None:
    """Write ``<stem>.nc``, ``<stem>.trc`` and, with forces, ``<stem>_grf.mot``.

    The TRC file holds the unfiltered markers with short gaps filled, the MOT file the low-passed
    force of each foot at the ground origin with its full moment; the clock starts at 0 s.
    """
    dataset = prepared_dataset(prepared, cutoff)
    write_dataset(dataset, stem.with_name(f"{stem.name}.nc"), attributes)
    write_trc(stem.with_name(f"{stem.name}.trc"), prepared.labels, prepared.markers, prepared.rate)
    if prepared.loads is not None:
        force, moment = dataset["foot_force"].values, dataset["foot_moment"].values
        _write_forces(stem.with_name(f"{stem.name}_grf.mot"), prepared.time, force, moment)


def prepared_dataset(prepared: PreparedTrial, cutoff: float) -> xr.Dataset:
    """A prepared trial as a dataset; ground axes, SI.

    Parameters
    ----------
    cutoff : float
        Matched low-pass cut-off, Hz.
    """
    import xarray as xr

    variables = _marker_variables(prepared)
    plates = prepared.plates
    variables |= _plate_variables(plates, cutoff)
    variables |= _foot_variables(prepared, cutoff)
    variables |= _contact_variables(prepared.contacts, plates, prepared.contact_time_error)
    coordinates = {
        "time": ("time", prepared.time, {"units": "s", "long_name": "first frame = 0 s"}),
        "marker": list(prepared.labels),
        "axis": list(AXES),
        "foot": list(SIDES),
        "force_time": ("force_time", _force_time(plates), {"units": "s"}),
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
        "free_moment": NO_FREE_MOMENT if _without_free_moment(prepared) else "measured",
    }


def _without_free_moment(prepared: PreparedTrial) -> bool:
    return prepared.loads is not None and not free_moment_measured(prepared.loads.free_moment)


def _surface_height(prepared: PreparedTrial) -> float:
    """Height of the plates that carried the runner, m; 0 where none did."""
    if prepared.loads is None:
        return 0.0
    height = prepared.loads.cop[..., 1]
    known = height[np.isfinite(height)]
    return float(np.median(known)) if len(known) else 0.0


def _force_time(plates: Plates | None) -> FloatArray:
    return plates.time if plates else np.zeros(0)


def _marker_variables(prepared: PreparedTrial) -> Variables:
    dims = ("time", "marker", "axis")
    return {
        "marker_raw": (dims, prepared.markers, _described("m", "short gaps filled, not filtered")),
        "marker_filtered": (dims, prepared.filtered, _described("m", "low-passed")),
        "marker_filled": (dims[:2], prepared.filled, _described("1", "position interpolated")),
    }


def _plate_variables(plates: Plates | None, cutoff: float) -> Variables:
    dims = ("force_time", "plate", "axis")
    if plates is None:
        empty = np.zeros((0, 0, 3))
        force = moment = smooth_force = smooth_moment = empty
        point, corners = np.zeros((0, 3)), np.zeros((0, 4, 3))
    else:
        smooth = plates.wrench.filtered(plates.rate, cutoff)
        force, moment, point = plates.wrench.force, plates.wrench.moment, plates.wrench.point
        smooth_force, smooth_moment, corners = smooth.force, smooth.moment, plates.corners
    return {
        "plate_force_raw": (dims, force, _described("N", "on the runner, offset removed")),
        "plate_moment_raw": (dims, moment, _described("N m", "about plate_point")),
        "plate_force": (dims, smooth_force, _described("N", "on the runner, low-passed")),
        "plate_moment": (dims, smooth_moment, _described("N m", "about plate_point, low-passed")),
        "plate_point": (dims[1:], point, _described("m", "fixed point of each plate")),
        "plate_corner": (("plate", "corner", "axis"), corners, _described("m", "NaN if unknown")),
    }


def _foot_variables(prepared: PreparedTrial, cutoff: float) -> Variables:
    frames, samples = len(prepared.time), len(_force_time(prepared.plates))
    loads, plates = prepared.loads, prepared.plates
    force = np.full((frames, 2, 3), np.nan)
    moment = force.copy()
    event, cop = np.full((samples, 2), np.nan), np.full((samples, 2, 3), np.nan)
    free_moment = event.copy()
    if loads is not None and plates is not None:
        force, moment = loads_on_frames(loads, plates, prepared.time, cutoff)
        event, cop, free_moment = loads.event_force, loads.cop, loads.free_moment
    dims, fine = ("time", "foot", "axis"), ("force_time", "foot")
    return {
        "foot_force": (dims, force, _described("N", "on the runner, low-passed")),
        "foot_moment": (dims, moment, _described("N m", "about the ground origin, low-passed")),
        "foot_force_event": (fine, event, _described("N", "vertical, for events")),
        "foot_cop": ((*fine, "axis"), cop, _described("m", "for display only")),
        "foot_free_moment": (fine, free_moment, _described("N m", "for display only")),
    }


def _contact_variables(
    contacts: Sequence[FootContact], plates: Plates | None, time_error: float
) -> Variables:
    numbers = plates.numbers if plates else ()
    names = [",".join(str(numbers[plate]) for plate in one.plates) for one in contacts]
    dims = ("contact",)
    return {
        "contact_foot": (dims, np.array([SIDES[one.foot] for one in contacts], dtype="U8"), {}),
        "contact_touchdown": (dims, _numbers([one.touchdown for one in contacts]), {"units": "s"}),
        "contact_toe_off": (dims, _numbers([one.toe_off for one in contacts]), {"units": "s"}),
        "contact_plates": (dims, np.array(names, dtype="U32"), {}),
        "contact_complete": (dims, np.array([one.complete for one in contacts], dtype=bool), {}),
        "contact_edge_distance": (
            dims,
            _numbers([one.edge_distance for one in contacts]),
            _described("m", "centre of pressure from the edge of the loaded plates"),
        ),
        "contact_peak": (
            dims,
            _numbers([one.peak for one in contacts]),
            _described("N", "vertical, low-passed for events only"),
        ),
        "contact_shared": (dims, np.array([one.shared for one in contacts], dtype=bool), {}),
        "contact_time_error": (
            dims,
            np.full(len(contacts), time_error),
            _described("s", "how far the contact time may be off"),
        ),
    }


def _numbers(values: list[float]) -> FloatArray:
    return np.array(values, dtype=float)


def _described(units: str, long_name: str) -> dict[str, str]:
    return {"units": units, "long_name": long_name}


def _write_forces(path: Path, time: FloatArray, force: FloatArray, moment: FloatArray) -> None:
    columns: list[str] = []
    blocks = []
    for foot, letter in ((SIDES.index("right"), "r"), (SIDES.index("left"), "l")):
        for stem in (f"ground_force_{letter}_v", f"ground_force_{letter}_p"):
            columns += [f"{stem}{axis}" for axis in AXES]
        columns += [f"ground_torque_{letter}_{axis}" for axis in AXES]
        blocks += [force[:, foot], np.zeros_like(force[:, foot]), moment[:, foot]]
    values = np.concatenate(blocks, axis=1)
    known = ~np.isnan(values.sum(axis=1))
    write_storage(path, columns, time[known], values[known], in_degrees=False)
