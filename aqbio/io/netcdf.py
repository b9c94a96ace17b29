"""One xarray Dataset per trial and stage, as NetCDF4 with the same bytes on every write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.errors import AqbioError
from aqbio.io.atomic import atomic_path
from aqbio.io.dictionary import described, files
from aqbio.mechanics.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

Attribute = str | int | float | bool | list[float] | list[str]


def write_dataset(dataset: xr.Dataset, path: Path, attributes: Mapping[str, Attribute]) -> None:
    """Write a dataset atomically.

    Parameters
    ----------
    dataset : xarray.Dataset
        Variables with a ``units`` attribute each.
    path : Path
        Target ``.nc`` file.
    attributes : mapping
        Global attributes that are added, for example provenance; truth values become 0 or 1.

    Notes
    -----
    What a stage writes carries the words of the dictionary: meaning, unit, reference frame and how
    it reflects (`aqbio.io.dictionary`).

    Only what repeats itself is compressed, such as plates on which nobody stands: measured numbers
    shrink by a tenth and would take three quarters of the writing.
    """
    stage = str(attributes.get("stage", ""))
    told = described(dataset, stage) if stage in files() else dataset
    plain = told.assign_attrs({name: _plain(value) for name, value in attributes.items()})
    encoding: dict[str, dict[str, Any]] = {
        str(name): {"zlib": True, "complevel": 1, "shuffle": True}
        for name, variable in plain.variables.items()
        if variable.dtype.kind == "f" and variable.ndim > 1 and _repeats(variable.values)
    }
    with atomic_path(path) as temporary:
        plain.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", encoding=encoding)


def read_dataset(path: Path) -> xr.Dataset:
    """Read a whole dataset into memory.

    Raises
    ------
    AqbioError
        When the file is missing or no NetCDF file.
    """
    import xarray as xr

    try:
        return xr.load_dataset(path, engine="netcdf4")
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> AqbioError:
    """Say that a result is missing or no NetCDF file."""
    return AqbioError(
        f"this result cannot be read ({error}).",
        file=str(path),
        fix="delete the file and run the workflow again.",
        rule="netcdf-unreadable",
    )


def _repeats(values: FloatArray) -> bool:
    """Whether at least half of the values are, bit by bit, those of the sample before."""
    bits = np.ascontiguousarray(values).view(f"u{values.itemsize}")
    return len(bits) > 1 and float((bits[1:] == bits[:-1]).mean()) >= 0.5


def _plain(value: Attribute) -> str | int | float | list[float] | list[str]:
    if isinstance(value, bool | np.bool_):
        return int(value)
    return value
