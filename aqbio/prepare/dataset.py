"""Dataset of a prepared trial, as it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from aqbio.force_plates.forces import Plates, PlateWrench
from aqbio.names import AXES, SIDES
from aqbio.prepare.belt import Stance, forefoot_velocity
from aqbio.prepare.contact_findings import free_moment_measured
from aqbio.prepare.contacts import FootContact, contact_span, loads_on_frames
from aqbio.prepare.prepared import MEASURED, NO_FREE_MOMENT
from aqbio.prepare.trial import PreparedTrial

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
        **_belt_variables(prepared),
        **_forefoot_variables(prepared),
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
    """Filters, and the cut, that forces and markers went through before; none where none shows."""
    attributes: dict[str, Any] = {}
    if prepared.low_pass is not None:
        attributes["force_low_pass_hz"] = prepared.low_pass.cutoff_hz
        attributes["contact_lengthening_s"] = prepared.low_pass.lengthening_s
    if prepared.cut is not None:
        attributes["contact_shortening_s"] = prepared.cut.shortening_s
    if prepared.marker_low_pass is not None:
        attributes["marker_low_pass_hz"] = prepared.marker_low_pass.stated_hz
    return attributes


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


def _belt_variables(prepared: PreparedTrial) -> Variables:
    """Speed of the belt in each contact, and its error; none overground."""
    if prepared.ground.surface != "treadmill":
        return {}
    middle = np.array([contact_span(contact).mean() for contact in prepared.contacts])
    belt = prepared.ground.belt
    return {
        "contact_belt_speed": (("contact",), belt.at(middle)),
        "contact_belt_speed_sd": (("contact",), belt.sd_at(middle)),
    }


def _forefoot_variables(prepared: PreparedTrial) -> Variables:
    """Velocity of the forefoot's markers in the middle of each contact."""
    velocity = np.full((len(prepared.contacts), 2), np.nan)
    for number, contact in enumerate(prepared.contacts):
        stance = Stance(contact.foot, contact.touchdown, contact.toe_off)
        velocity[number] = forefoot_velocity(
            prepared.feet[:, contact.foot, 1:], stance, prepared.rate, prepared.ground.directions
        )
    along, across = velocity.T
    return {
        "contact_forefoot_along": (("contact",), along),
        "contact_forefoot_across": (("contact",), across),
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
