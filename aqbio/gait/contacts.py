"""Contacts of a trial as its files hold them, and the steps that they make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.gait.steps import (
    EDGE_DISTANCE_M,
    MAXIMUM_FLIGHT_S,
    Contact,
    Step,
    solved_steps,
    steps_from_contacts,
)
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

CONTACT = tuple(
    f"contact_{name}"
    for name in (
        "foot", "touchdown", "toe_off", "complete", "edge_distance", "shared", "time_error",
    )
)  # fmt: skip
"""Variables of a trial's contacts."""


def trial_contacts(data: xr.Dataset) -> Iterator[Contact]:
    """Contacts whose foot is known.

    Parameters
    ----------
    data : xarray.Dataset
        A prepared trial, or one of stage contributions.
    """
    count = data.sizes.get("contact", 0)
    known = {name: data.variables[name].values for name in CONTACT if name in data}
    shared = known.get("contact_shared", np.zeros(count, dtype=bool))
    errors = known.get("contact_time_error", np.full(count, np.nan))
    for index in range(count):
        side = str(known["contact_foot"][index])
        if side not in ("left", "right"):
            continue
        yield Contact(
            side="left" if side == "left" else "right",
            touchdown=float(known["contact_touchdown"][index]),
            toe_off=float(known["contact_toe_off"][index]),
            complete=bool(known["contact_complete"][index]),
            edge_distance=float(known["contact_edge_distance"][index]),
            shared=bool(shared[index]),
            time_error=float(errors[index]),
        )


def contact_span(data: xr.Dataset) -> tuple[float, float]:
    """First and last event of a trial that is known, s; it must have a contact."""
    known = np.concatenate((data["contact_touchdown"].values, data["contact_toe_off"].values))
    return float(np.nanmin(known)), float(np.nanmax(known))


def trial_steps(contacts: Sequence[Contact], time: FloatArray) -> tuple[Step, ...]:
    """Steps of a trial as far as its motion is known.

    Parameters
    ----------
    time : (T,) array, s
        Of the motion.
    """
    measured = steps_from_contacts(
        contacts,
        maximum_flight=MAXIMUM_FLIGHT_S,
        edge_distance=EDGE_DISTANCE_M,
    )
    return tuple(solved_steps(measured, float(time[0]), float(time[-1])))
