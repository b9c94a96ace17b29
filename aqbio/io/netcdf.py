"""NetCDF files: numbers as finely as they are known, in files as small as that makes them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aqbio.faults import RunStoppedError, machine_fault
from aqbio.io.atomic import atomic_path, file_state
from aqbio.io.dictionary import described, files, variables
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr


Attribute = str | int | float | bool | list[float] | list[str]

SERIES = frozenset({"time", "force_time", "percent", "knot"})
"""Dimensions of series: stored as finely as the dictionary says; others keep every digit."""

SINGLE = 2.0**24
"""Whole numbers up to this one are exact in single precision."""

KEPT = 100_000_000
"""Bytes of datasets that are kept after they were read."""

DAMAGE = (OSError, RuntimeError, ValueError, KeyError, AttributeError)
"""What reading a damaged file raises, by where the damage is."""

_KEPT: dict[Path, tuple[tuple[int, ...], xr.Dataset, int]] = {}


def write_dataset(dataset: xr.Dataset, path: Path, attributes: Mapping[str, Attribute]) -> None:
    """Write a dataset atomically; who reads it in the same process opens nothing.

    What a stage writes carries the words of the dictionary: meaning, unit, reference frame and how
    it reflects (`aqbio.io.dictionary`). A series is rounded to multiples of the largest power of
    two that is no more than its precision there: it is off by half of that at most, whatever its
    size. What single precision can hold of it without loss is stored in single precision.
    Who reads the file in the same process gets what was written, and opens nothing.
    """
    stage = str(attributes.get("stage", ""))
    plain = dataset.assign_attrs({name: _plain(value) for name, value in attributes.items()})
    if stage in files():
        plain = described(plain, stage)
        known = variables(stage)
        for name, one in own_variables(plain).items():
            if one.dtype.kind == "f" and name in known and SERIES & set(one.dims):
                one.data = rounded(one.values, known[name].precision)
    with atomic_path(path) as temporary:
        write_file(plain, temporary)
    _keep(path, _as_read(plain))


def rounded(values: FloatArray, precision: float) -> FloatArray:
    """Values as multiples of a power of two, at most ``precision``; single if lossless."""
    if not precision or not values.size:
        return values
    step = 2.0 ** np.floor(np.log2(precision))
    found: FloatArray = np.round(values / step) * step
    largest = np.abs(found).max(initial=0.0, where=np.isfinite(found))
    return found.astype(np.float32) if largest <= SINGLE * step else found


def read_dataset(path: Path, *, keep: bool = True, without: str = "") -> xr.Dataset:
    """Read a whole dataset, numbers in double precision, from a cache while the file is the same.

    Variables whose names begin with ``without`` are left out.
    """
    if path in _KEPT and _KEPT[path][0] == file_state(path):
        found = _KEPT[path][1]
    else:
        found = _stored(path, without=without)
        if not keep or without:
            return _in_double_precision(found)
        _keep(path, found)
    left = [name for name in found.data_vars if without and str(name).startswith(without)]
    return _copied(found.drop_vars(left))


def read_variables(
    path: Path, names: Sequence[str] = ()
) -> dict[str, tuple[NDArray[Any], dict[str, Any]]]:
    """Numbers and attributes of variables as stored: four times as fast as `read_dataset`."""
    import netCDF4

    try:
        with netCDF4.Dataset(path) as data:
            data.set_auto_maskandscale(False)
            found = {name: data.variables[name] for name in names or data.variables}
            return {
                name: (_double(one[...]), {key: one.getncattr(key) for key in one.ncattrs()})
                for name, one in found.items()
            }
    except DAMAGE as error:
        raise unreadable(path, error) from error


def read_some(path: Path, names: Sequence[str]) -> xr.Dataset:
    """Read a few numeric variables with the coordinates along their dimensions; nothing is kept."""
    return _in_double_precision(_stored(path, names))


def _double(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.float64) if values.dtype == np.float32 else values


def _stored(path: Path, names: Sequence[str] | None = None, without: str = "") -> xr.Dataset:
    """A dataset as the file has it: xarray's general reader costs three times as much."""
    import netCDF4
    import xarray as xr

    try:
        with netCDF4.Dataset(path) as data:
            data.set_auto_maskandscale(False)
            data.set_auto_chartostring(False)
            stored = data.variables
            given = {name: data.getncattr(name) for name in data.ncattrs()}
            coordinate_names = set(given.pop("coordinates", "").split()) if names is None else set()
            wanted = [name for name in (stored if names is None else names) if name in stored]
            if without:
                wanted = [name for name in wanted if not name.startswith(without)]
            for name in wanted:
                coordinate_names.update(stored[name].dimensions)
                coordinate_names.update(getattr(stored[name], "coordinates", "").split())
            found = {}
            for name, one in stored.items():
                if name in coordinate_names or name in wanted:
                    attributes = {key: one.getncattr(key) for key in one.ncattrs()}
                    found[name] = xr.Variable(*_decoded(one.dimensions, one[...], attributes))
    except DAMAGE as error:
        raise unreadable(path, error) from error
    given.pop("coordinates", None)
    coordinates = {name: found.pop(name) for name in tuple(found) if name in coordinate_names}
    return xr.Dataset(found, coordinates, given)


def _decoded(
    dimensions: tuple[str, ...], values: NDArray[Any], attributes: dict[str, Any]
) -> tuple[tuple[str, ...], NDArray[Any], dict[str, Any]]:
    """Dimensions, numbers or texts, and attributes as they were before they were stored."""
    for name in ("_FillValue", "coordinates"):
        attributes.pop(name, None)  # NaN, and what the dataset knows
    encoding = attributes.pop("_Encoding", "")
    if attributes.pop("dtype", "") == "bool":
        values = values.astype(bool)
    elif values.dtype.kind == "S":  # texts of one length, letter by letter
        whole = np.ascontiguousarray(values).view(f"S{values.shape[-1]}")[..., 0]
        values = np.char.decode(whole, encoding).astype(object)
        dimensions = dimensions[:-1]
    elif values.dtype.kind == "O":
        values = values.astype(str)
    return dimensions, values, attributes


def _keep(path: Path, stored: xr.Dataset) -> None:
    """Cache what a file holds while there is room, dropping files of other participants first."""
    _KEPT.pop(path, None)
    others = [one for one in _KEPT if one.parent.parent != path.parent.parent]
    while stored.nbytes + sum(size for *_, size in _KEPT.values()) > KEPT:
        if not others:
            return
        del _KEPT[others.pop(0)]
    _KEPT[path] = file_state(path), stored, stored.nbytes


def _copied(kept: xr.Dataset) -> xr.Dataset:
    """A dataset in double precision whose numbers nobody else has."""
    found = kept.copy()
    for name, one in found.variables.items():
        if name not in found.dims:
            single = one.dtype == np.float32 and name not in found.coords
            one.data = one.values.astype(np.float64 if single else one.dtype)
    return found


def _as_read(written: xr.Dataset) -> xr.Dataset:
    """A dataset as it comes back from its file: types of attributes, and of packed texts."""
    found = written.copy(deep=True)
    found.attrs = {name: _read_attribute(value) for name, value in found.attrs.items()}
    for name, one in tuple(found.variables.items()):
        one.attrs = {key: _read_attribute(value) for key, value in one.attrs.items()}
        if one.dtype.kind == "U" and one.size > FEW:
            texts = one.values.astype(object)
            if name in found.dims:
                found[name] = (one.dims, texts, one.attrs)
            else:
                one.data = texts
    return found


def _read_attribute(value: Any) -> Any:
    """An attribute as NetCDF gives it back: numbers as NumPy's, a list of one as that one."""
    if isinstance(value, str):
        return value
    found = np.asarray(value)
    if found.dtype.kind in "OU":
        return list(value) if found.size > 1 else str(found.item())
    return found if found.size > 1 else found.ravel()[0]


def _in_double_precision(dataset: xr.Dataset) -> xr.Dataset:
    """A dataset that nobody else has, its variables in single precision in double precision."""
    for one in own_variables(dataset).values():
        if one.dtype == np.float32:
            one.data = _double(one.values)
    return dataset


def own_variables(dataset: xr.Dataset) -> dict[str, xr.Variable]:
    """The variables of a dataset by name, coordinates apart, without xarray's copies."""
    return {str(name): dataset.variables[name] for name in dataset.data_vars}


def unreadable(path: Path, error: Exception) -> RunStoppedError:
    """Say that a result is missing or damaged: no trial is at fault."""
    return machine_fault(error, path) or RunStoppedError(
        f"this result is missing or damaged ({' '.join(str(error).split())}).",
        file=str(path),
        fix="`aqbio run` makes it again.",
        rule="result-damaged",
    )


def _plain(value: Attribute) -> str | int | float | list[float] | list[str]:
    if isinstance(value, bool | np.bool_):
        return int(value)
    return value


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

    coordinate_names, apart = _further_coordinates(dataset)
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
            target.setncatts({**attributes, **_named(coordinate_names.get(name, []))})
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
    coordinate_names = {
        name: [one for one in further if along[one] <= along[name]]
        for name in along
        if name not in coordinates
    }
    owned = {one for several in coordinate_names.values() for one in several}
    return coordinate_names, [one for one in further if one not in owned]


def _named(coordinates: list[str]) -> dict[str, str]:
    return {"coordinates": " ".join(coordinates)} if coordinates else {}
