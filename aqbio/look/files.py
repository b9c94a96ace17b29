"""Files of a motion's levels: NetCDF, tables, and storage files that OpenSim's plotter opens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.io.atomic import write_text
from aqbio.io.dictionary import columns
from aqbio.io.mot import write_storage
from aqbio.io.netcdf import write_dataset
from aqbio.io.provenance import file_hash
from aqbio.io.tables import write_table
from aqbio.look.levels import MotionLevels
from aqbio.look.tables import contributions_table, step_columns, steps_table
from aqbio.names import AXES
from aqbio.rotation.levels import PRIMARY
from aqbio.vectors import FloatArray
from aqbio.version import __version__

LEVELS_FILE = "levels.nc"

STORED = {
    "angular_momentum": "group_angular_momentum",
    "ground_reaction_contributions": "induced_ground_force",
    "com_acceleration_contributions": "induced_com_acceleration",
    "angular_momentum_rate_contributions": "induced_momentum_rate",
}
"""Variables of storage files that hold vectors by group or source, and their sum; of level C under
the primary contact model."""


def provenance(levels: MotionLevels, *further: Path | None) -> dict[str, Any]:
    """Names and hashes of the given files, settings and version."""
    moving = levels.moving
    input_files = [moving.model, moving.motion_file, moving.forces_file, *further]
    return {
        "stage": "look",
        "aqbio": __version__,
        "inputs": [f"{path.name} {file_hash(path)}" for path in input_files if path is not None],
        "cutoff_hz": moving.cutoff_hz,
        "map": moving.map_name,
    }


def write_files(levels: MotionLevels, folder: Path, *further: Path | None) -> dict[str, Any]:
    """Write all files but the page; returns the tables of steps and contributions."""
    source = provenance(levels, *further)
    write_dataset(levels.dataset, folder / LEVELS_FILE, source)
    tables = {"steps": steps_table(levels), "contributions": contributions_table(levels)}
    described = {"steps": step_columns(), "contributions": columns("look_contributions")}
    for name, table in tables.items():
        write_table(table, folder / f"{name}.tsv", described[name], source, digits=9)
    write_table(
        closures_table(levels), folder / "closures.tsv", columns("look_closures"), source, digits=3
    )
    for name, labels, values in _storages(levels):
        time = levels.dataset["time"].values
        write_storage(folder / f"{name}.sto", labels, time, values, in_degrees=False, name=name)
    if levels.moving.map_text:
        write_text(folder / "map.yaml", levels.moving.map_text)
    return tables


def closures_table(levels: MotionLevels) -> pd.DataFrame:
    """Error of every level's identity."""
    return pd.DataFrame(list(levels.closures.items()), columns=["level", "error"])


def _storages(levels: MotionLevels) -> Iterator[tuple[str, list[str], FloatArray]]:
    """Name, columns and values (T, N) of every storage file."""
    data = levels.dataset
    for name, variable in STORED.items():
        yield name, *_by_source(data, variable)
    coordinates = [str(name) for name in data["coordinate"].values]
    rotations = levels.moving.skeleton.coordinate_is_rotation
    kinds = ("moment" if turns else "force" for turns in rotations)
    moments = [f"{name}_{kind}" for name, kind in zip(coordinates, kinds, strict=True)]
    yield "joint_moments", moments, data["joint_moment_coordinate"].values
    power = data["joint_power"]
    yield "joint_powers", [f"{name}_power" for name in power["joint"].values], power.values


def _by_source(data: xr.Dataset, variable: str) -> tuple[list[str], FloatArray]:
    """Columns by group or source and axis, with their sum."""
    values = data[variable]
    if "contact_model" in values.dims:
        values = values.sel(contact_model=PRIMARY)
    for summed in ("foot", "group") if "source" in values.dims else ():
        if summed in values.dims:
            values = values.sum(summed, skipna=False)
    part = str(values.dims[1])
    names = [*map(str, values[part].values), "sum"]
    with_sum = np.concatenate(
        [values.values, values.sum(part, skipna=False).values[:, None]], axis=1
    )
    labels = [f"{name}_{axis}" for name in names for axis in AXES]
    return labels, with_sum.reshape(len(with_sum), -1)
