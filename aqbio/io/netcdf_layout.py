"""How a dataset lies in its NetCDF file: as xarray would write it, in half the time."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr

WHOLE = ("step", "row", "phase", "percent")
"""Dimensions along which steps are read: all other labels lie in chunks of their own."""

PACKED = {"zlib": True, "complevel": 1, "shuffle": True}
SMALL = 2**13
"""Bytes below which the index of a packed variable takes what packing saves."""

FEW = 64
"""Texts that are stored one by one."""

CHUNK = 2**22
"""Largest chunk, bytes: what a reader of a part of a file has to unpack."""


def write_file(dataset: xr.Dataset, path: Path) -> None:
    """Write a dataset, all definitions before the numbers: NetCDF rewinds otherwise."""
    import netCDF4

    beside, apart = _further_coordinates(dataset)
    with netCDF4.Dataset(path, "w", format="NETCDF4") as data:
        for name, value in {**dataset.attrs, **_named(apart)}.items():
            given = np.asarray(value)
            several = given.dtype.kind in "SU" and given.size > 1
            (data.setncattr_string if several else data.setncattr)(name, value)
        contents = []
        for name, variable in dataset.variables.items():
            dimensions, values, attributes = _encoded(variable)
            for dimension, size in zip(dimensions, values.shape, strict=True):
                if dimension not in data.dimensions:
                    data.createDimension(dimension, size)
            kind: Any = str if values.dtype.kind == "O" else values.dtype
            target = data.createVariable(
                str(name),
                kind,
                dimensions,
                fill_value=np.nan if values.dtype.kind == "f" else None,
                **packed(variable),
            )
            target.setncatts({**attributes, **_named(beside.get(name, []))})
            contents.append((target, values))
        data.set_auto_maskandscale(False)
        data.set_auto_chartostring(False)
        for target, values in contents:
            target[...] = values


def packed(variable: xr.Variable) -> dict[str, Any]:
    """How a variable is laid out: curves of steps by label, series in blocks of time."""
    if variable.dtype.kind in "OU":  # texts of one length can be packed
        return PACKED if variable.size > FEW else {}
    if variable.nbytes < (SMALL if variable.dtype.kind == "f" else SMALL // 4):
        return {}
    if "percent" in variable.dims:
        shape = [n if d in WHOLE else 1 for d, n in variable.sizes.items()]
    else:
        shape = list(variable.shape)
        shape[0] = -(-shape[0] // -(-variable.nbytes // CHUNK))  # chunks of one size, all full
    return {**PACKED, "chunksizes": tuple(shape)}


def _encoded(variable: xr.Variable) -> tuple[tuple[str, ...], NDArray[Any], dict[str, Any]]:
    """Dimensions, numbers or texts, and attributes as NetCDF knows them."""
    dimensions = tuple(map(str, variable.dims))
    values, attributes = variable.values, dict(variable.attrs)
    if values.dtype == bool:
        return dimensions, values.astype(np.int8), {**attributes, "dtype": "bool"}
    if values.dtype.kind not in "OU":
        return dimensions, values, attributes
    if values.size <= FEW:
        return dimensions, values.astype(object), attributes
    letters = np.char.encode(values.astype(str), "utf-8")
    length = letters.dtype.itemsize
    split = np.ascontiguousarray(letters)[..., None].view("S1")
    return (*dimensions, f"string{length}"), split, {**attributes, "_Encoding": "utf-8"}


def _further_coordinates(dataset: xr.Dataset) -> tuple[dict[Hashable, list[str]], list[str]]:
    """Coordinates that are no dimension's own: by variable, and those that no variable has."""
    coordinates = set(dataset.coords)
    further = sorted(str(one) for one in coordinates.difference(dataset.dims))
    along = {name: set(one.dims) for name, one in dataset.variables.items()}
    beside = {
        name: [one for one in further if along[one] <= along[name]]
        for name in along
        if name not in coordinates
    }
    owned = {one for several in beside.values() for one in several}
    return beside, [one for one in further if one not in owned]


def _named(coordinates: list[str]) -> dict[str, str]:
    return {"coordinates": " ".join(coordinates)} if coordinates else {}
