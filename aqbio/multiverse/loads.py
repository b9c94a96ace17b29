"""Loads and contacts of the feet under one specification, from a trial's raw forces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.consistency.adjusted import adjusted_loads
from aqbio.force_plates.forces import PlateWrench
from aqbio.force_plates.plates import Plates
from aqbio.gait.contacts import trial_contacts
from aqbio.gait.steps import Contact
from aqbio.io.study import Study
from aqbio.labels.marker_set import model_marker_set
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multiverse.cached import CachedTrial
from aqbio.multiverse.specifications import Specification
from aqbio.names import SIDES
from aqbio.recordings.contacts import (
    NO_FOOT,
    EventRules,
    FootContact,
    event_error,
    feet_loads,
    loads_on_frames,
    plate_event_force,
)
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class SpecifiedLoads:
    """Ground reaction of both feet on the frames of the motion, and the contacts."""

    force: FloatArray
    moment: FloatArray
    """force, moment: (T, 2, 3) arrays, N and N m. Left and right, about the ground origin; NaN
    where none was measured."""
    contacts: list[Contact]


def specified_loads(
    study: Study, cached: CachedTrial, specification: Specification, parameters: Mapping[str, float]
) -> SpecifiedLoads:
    """Loads and contacts of both feet at the specification's threshold and cut-off.

    Parameters
    ----------
    parameters : mapping
        What the consistency fit found of clocks and plates; empty for the plain way.

    A trial without plates keeps its contacts, which are kinematic, and has no loads.
    """
    prepared = cached.prepared
    if prepared.attrs["events"] != "plates" or not prepared.sizes["plate"]:
        nothing = np.full((len(cached.time), 2, 3), np.nan)
        return SpecifiedLoads(nothing, nothing, list(trial_contacts(prepared)))
    rules = _rules(study, prepared, specification)
    force, moment, contacts = cached.once(
        ("loads", rules), lambda: _feet_loads(study, cached, rules)
    )
    force, moment = _shifted(cached.time, force, moment, parameters)
    later = parameters.get("clock_offset", 0.0)
    rate, cutoff = float(prepared.attrs["force_rate"]), study.settings.prepare.event_cutoff_hz
    error = 2.0 * event_error(rate, cutoff)
    return SpecifiedLoads(force, moment, _contacts(contacts, later, error))


def _feet_loads(
    study: Study, cached: CachedTrial, rules: EventRules
) -> tuple[FloatArray, FloatArray, tuple[FootContact, ...]]:
    """Force and moment of both feet on the frames of the motion, and contacts, as recorded."""
    prepared = cached.prepared
    plates, feet = cached.once("plates", lambda: (recorded_plates(prepared), _feet(study, cached)))
    frames = prepared["time"].values
    sharp = cached.once("sharp", lambda: plate_event_force(plates, rules.event_cutoff))
    nan = float("nan")
    unmeasured = tuple(
        FootContact(SIDES.index(x.side), x.touchdown, x.toe_off, (), x.complete, nan, nan)
        for x, peak in zip(trial_contacts(prepared), prepared["contact_peak"].values, strict=True)
        if np.isnan(peak)
    )
    loads = replace(feet_loads(plates, feet, frames, rules, sharp), unmeasured=unmeasured)
    force, moment = loads_on_frames(loads, plates, frames, rules.cutoff)
    solved = np.isin(frames, cached.time)
    return force[solved], moment[solved], (*loads.contacts, *unmeasured)


def _feet(study: Study, cached: CachedTrial) -> FloatArray:
    """(T, 2, K, 3): markers of the left and of the right foot, NaN where one is missing."""
    prepared = cached.prepared
    own = bool(cached.solved.attrs.get("from_coordinates"))
    marker_set = model_marker_set(cached.scaled, study.model_map) if own else study.marker_set
    labels = [(foot.heel, *foot.toe) for foot in (marker_set.feet.left, marker_set.feet.right)]
    feet = np.full((prepared.sizes["time"], 2, max(map(len, labels)), 3), np.nan)
    known = [str(name) for name in prepared["marker"].values]
    for foot, names in enumerate(labels):
        for place, label in enumerate(names):
            if label in known:
                feet[:, foot, place] = prepared["marker_raw"].values[:, known.index(label)]
    return feet


def _rules(study: Study, prepared: xr.Dataset, specification: Specification) -> EventRules:
    settings = study.settings.prepare
    return EventRules(
        threshold=specification.threshold_n or float(prepared.attrs["event_threshold"]),
        minimum_s=settings.event_minimum_s,
        event_cutoff=settings.event_cutoff_hz,
        cutoff=specification.cutoff_hz,
        cop_threshold=settings.cop_threshold_n,
    )


def _shifted(
    time: FloatArray, force: FloatArray, moment: FloatArray, parameters: Mapping[str, float]
) -> tuple[FloatArray, FloatArray]:
    """Loads with the fitted clock offset and shift of the plates taken off."""
    if not parameters:
        return force, moment
    known = np.isfinite(force + moment).all(axis=(1, 2))
    loads = [
        ExternalLoad(side, force[known, foot], moment[known, foot], np.zeros(3))
        for foot, side in enumerate(SIDES)
    ]
    whole = [np.full_like(force, np.nan) for _ in range(2)]
    for foot, load in enumerate(adjusted_loads(loads, time[known], parameters)):
        whole[0][known, foot], whole[1][known, foot] = load.force, load.moment
    return whole[0], whole[1]


def recorded_plates(prepared: xr.Dataset) -> Plates:
    """The plates of a prepared trial, offsets removed, as stage prepare used them."""
    numbers = tuple(int(number) for number in prepared["plate"].values)
    time = prepared["force_time"].values
    return Plates(
        wrench=PlateWrench(
            prepared["plate_force_raw"].values,
            prepared["plate_moment_raw"].values,
            prepared["plate_point"].values,
        ),
        corners=prepared["plate_corner"].values,
        rate=float(prepared.attrs["force_rate"]),
        start=float(time[0]),
        numbers=numbers,
        feet=tuple(_foot_of(prepared, number) for number in numbers),
    )


def _foot_of(prepared: xr.Dataset, number: int) -> int:
    """The foot of a plate that only one foot used: stands in where no foot marker is seen."""
    feet = {
        str(foot)
        for foot, plates in zip(
            prepared["contact_foot"].values, prepared["contact_plates"].values, strict=True
        )
        if str(number) in str(plates).split(",")
    }
    return SIDES.index(feet.pop()) if len(feet) == 1 else NO_FOOT


def _contacts(contacts: Sequence[FootContact], later: float, time_error: float) -> list[Contact]:
    return [
        Contact(
            side="left" if one.foot == 0 else "right",
            touchdown=one.touchdown - later,
            toe_off=one.toe_off - later,
            complete=one.complete,
            edge_distance=one.edge_distance,
            shared=one.shared,
            time_error=time_error if np.isfinite(one.peak) else np.nan,
        )
        for one in contacts
        if one.foot != NO_FOOT
    ]
