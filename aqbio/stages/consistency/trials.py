"""What stage consistency reads of a trial, and the plain version of what it writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.mot import write_storage
from aqbio.io.netcdf import write_dataset
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.names import AXES, SIDES
from aqbio.records.observed import MASK
from aqbio.records.solved_trial import PLAIN, SolvedTrial

if TYPE_CHECKING:
    import xarray as xr

KEPT_ATTRIBUTES = (
    "surface", "surface_height", "belt_speed", "heading", "events", "marker_rate", "cutoff",
    "free_moment",
)  # fmt: skip
"""Attributes of a prepared trial that later stages need."""


def plain_dataset(trial: SolvedTrial, why: str) -> xr.Dataset:
    """Give the motion and loads of a trial as they are, in the layout of fitted ones.

    Parameters
    ----------
    why : str
        Why the trial was not fitted.
    """
    import xarray as xr

    solved, prepared = trial.solved, trial.prepared
    motion = {
        name: solved[name]
        for name in ("q", "u", "udot", "generalised_force", "marker_error", "marker_position")
    }
    motion |= {name: solved[name] for name in MASK if name in solved}
    contacts = [str(name) for name in prepared.variables if str(name).startswith("contact_")]
    loads = prepared[["foot_force", "foot_moment", *contacts]]
    dataset = xr.Dataset(motion).merge(
        loads.drop_vars([name for name in loads.coords if name not in ("time", "axis", "foot")]),
        join="exact",
    )
    still = np.zeros((len(trial.time), len(AXES)))
    dataset["drag_force"] = (("time", "axis"), still)
    kept: dict[str, Any] = {name: prepared.attrs[name] for name in KEPT_ATTRIBUTES}
    angles = trial.solved.attrs.get("from_coordinates", "")
    return dataset.assign_coords(foot=list(SIDES)).assign_attrs(
        {**kept, "motion": PLAIN, "motion_reason": why, "from_coordinates": angles}
    )


def write_trial(
    dataset: xr.Dataset, skeleton: Skeleton, stem: Path, attributes: dict[str, Any]
) -> None:
    """Write ``<stem>.nc``, and ``<stem>.mot`` for OpenSim's own tools."""
    write_dataset(dataset, stem.with_name(f"{stem.name}.nc"), attributes)
    degrees = dataset["q"].values.copy()
    turns = skeleton.coordinate_is_rotation
    degrees[:, turns] = np.degrees(degrees[:, turns])
    mot = stem.with_name(f"{stem.name}.mot")
    write_storage(mot, skeleton.coordinates, dataset["time"].values, degrees, in_degrees=True)
