"""Contacts of a trial as its files hold them, and the steps that they make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.study import Study
from aqbio.mechanics.gait.steps import Contact, Step, solved_steps, steps_from_contacts
from aqbio.mechanics.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr


def trial_contacts(data: xr.Dataset) -> Iterator[Contact]:
    """Contacts whose foot is known.

    Parameters
    ----------
    data : xarray.Dataset
        A prepared trial, or one of stage contributions.
    """
    for index in range(data.sizes.get("contact", 0)):
        one = data.isel(contact=index)
        side = str(one["contact_foot"].item())
        if side not in ("left", "right"):
            continue
        yield Contact(
            side="left" if side == "left" else "right",
            touchdown=float(one["contact_touchdown"]),
            toe_off=float(one["contact_toe_off"]),
            complete=bool(one["contact_complete"]),
            edge_distance=float(one["contact_edge_distance"]),
            shared=bool(one.get("contact_shared", False)),
            time_error=float(one.get("contact_time_error", np.nan)),
        )


def contact_span(data: xr.Dataset) -> tuple[float, float]:
    """First and last event of a trial that is known, s; it must have a contact."""
    known = np.concatenate((data["contact_touchdown"].values, data["contact_toe_off"].values))
    return float(np.nanmin(known)), float(np.nanmax(known))


def trial_steps(study: Study, contacts: Sequence[Contact], time: FloatArray) -> tuple[Step, ...]:
    """Steps of a trial as far as its motion is known.

    Parameters
    ----------
    time : (T,) array, s
        Of the motion.
    """
    measured = steps_from_contacts(
        contacts,
        maximum_flight=study.settings.steps.maximum_flight_s,
        edge_distance=study.settings.prepare.edge_distance_m,
    )
    return tuple(solved_steps(measured, float(time[0]), float(time[-1])))
