"""Contacts of a trial as its files hold them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aqbio.mechanics.gait.steps import Contact

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
        )
