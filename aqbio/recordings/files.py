"""What a prepared trial's file holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.force_plates.plates import Plates
from aqbio.names import AXES, SIDES
from aqbio.recordings.foot_contacts import FootContact, loads_on_frames
from aqbio.recordings.free_moment import free_moment_measured
from aqbio.recordings.loads import NO_FREE_MOMENT
from aqbio.recordings.trial import PreparedTrial
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr


Variables = dict[str, tuple[tuple[str, ...], Any]]


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
    variables |= _plate_variables(plates)
    variables |= _foot_variables(prepared, cutoff)
    variables |= _contact_variables(prepared.contacts, plates, prepared.contact_time_error)
    coordinates = {
        "time": prepared.time,
        "marker": list(prepared.labels),
        "axis": list(AXES),
        "foot": list(SIDES),
        "force_time": _force_time(plates),
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
        "marker_raw": (dims, prepared.markers),
        "marker_filled": (dims[:2], prepared.filled),
    }


def _plate_variables(plates: Plates | None) -> Variables:
    dims = ("force_time", "plate", "axis")
    if plates is None:
        none = (dims, np.zeros((0, 0, 3)))
        return dict.fromkeys(("plate_force_raw", "plate_moment_raw"), none) | {
            "plate_point": (dims[1:], np.zeros((0, 3))),
            "plate_corner": (("plate", "corner", "axis"), np.zeros((0, 4, 3))),
        }
    wrench = plates.wrench
    return {
        "plate_force_raw": (dims, wrench.force),
        "plate_moment_raw": (dims, wrench.moment),
        "plate_point": (dims[1:], wrench.point),
        "plate_corner": (("plate", "corner", "axis"), plates.corners),
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
        "foot": ("U8", [SIDES[one.foot] for one in contacts]),
        "touchdown": (float, [one.touchdown for one in contacts]),
        "toe_off": (float, [one.toe_off for one in contacts]),
        "plates": ("U32", [",".join(str(numbers[at]) for at in one.plates) for one in contacts]),
        "complete": (bool, [one.complete for one in contacts]),
        "edge_distance": (float, [one.edge_distance for one in contacts]),
        "peak": (float, [one.peak for one in contacts]),
        "shared": (bool, [one.shared for one in contacts]),
        "time_error": (
            float,
            [by_markers if np.isnan(one.peak) else on_plates for one in contacts],
        ),
    }
    return {
        f"contact_{name}": (("contact",), np.array(values, dtype=kind))
        for name, (kind, values) in columns.items()
    }
