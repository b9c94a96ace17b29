"""NetCDF files: numbers as finely as they are known, in files as small as that makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from aqbio.faults import RunStoppedError, machine_fault
from aqbio.io.atomic import atomic_path, file_state
from aqbio.io.dictionary import described, files, variables
from aqbio.vectors import FloatArray

Attribute = str | int | float | bool | list[float] | list[str]

SERIES = frozenset({"time", "force_time", "percent", "knot"})
"""Dimensions of series: stored as finely as the dictionary says; others keep every digit."""

MAX_EXACT_SINGLE = 2.0**24
"""Whole numbers up to this one are exact in single precision."""

MAX_CACHE_BYTES = 100_000_000
"""Bytes of datasets that are cached after they were read."""

DAMAGE_ERRORS = (OSError, RuntimeError, ValueError, KeyError, AttributeError)
"""Errors that reading a damaged file raises, depending on where the damage is."""

_CACHE: dict[Path, tuple[tuple[int, ...], xr.Dataset, int]] = {}


def write_dataset(dataset: xr.Dataset, path: Path, attributes: Mapping[str, Attribute]) -> None:
    """Write a dataset atomically.

    What a stage writes carries the words of the dictionary: meaning, unit, reference frame and how
    it reflects (`aqbio.io.dictionary`). A series is rounded to multiples of the largest power of
    two that is no more than its precision there: it is off by half of that at most, whatever its
    size. What single precision can hold of it without loss is stored in single precision.
    """
    stage = str(attributes.get("stage", ""))
    plain = dataset.assign_attrs(
        {
            name: int(value) if isinstance(value, bool) else value
            for name, value in attributes.items()
        }
    )
    if stage in files():
        plain = described(plain, stage)
        dictionary = variables(stage)
        for name, variable in own_variables(plain).items():
            if variable.dtype.kind == "f" and name in dictionary and SERIES & set(variable.dims):
                variable.data = rounded(variable.values, dictionary[name].precision)
    encoding = {name: packed(variable) for name, variable in plain.variables.items()}
    with atomic_path(path) as temporary:
        plain.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
    _CACHE.pop(path, None)


def rounded(values: FloatArray, precision: float) -> FloatArray:
    """Values as multiples of a power of two, at most ``precision``; single if lossless."""
    if not precision or not values.size:
        return values
    step = 2.0 ** np.floor(np.log2(precision))
    multiples: FloatArray = np.round(values / step) * step
    largest = np.abs(multiples).max(initial=0.0, where=np.isfinite(multiples))
    return multiples.astype(np.float32) if largest <= MAX_EXACT_SINGLE * step else multiples


def with_digits(values: FloatArray, bits: int) -> NDArray[np.float32]:
    """Single precision, rounded to `bits` binary digits, relative error 2^-bits at most.

    Digits of random errors are noise that no file need hold: packed, numbers of 9 bits take half
    of those of 24.
    """
    mantissa, exponent = np.frexp(np.asarray(values, dtype=np.float32))
    scale = np.float32(2.0**bits)
    rounded: NDArray[np.float32] = np.ldexp(np.round(mantissa * scale) / scale, exponent)
    return rounded


def read_dataset(path: Path, *, keep: bool = True, without: str = "") -> xr.Dataset:
    """Read a whole dataset, numbers in double precision, from a cache while the file is the same.

    Variables whose names begin with ``without`` are left out.
    """
    if path in _CACHE and _CACHE[path][0] == file_state(path):
        stored = _CACHE[path][1]
        names = [str(name) for name in stored.data_vars]
        left_out = [name for name in names if without and name.startswith(without)]
        return stored.drop_vars(left_out).copy(deep=True)
    stored = _stored(path, lambda name: not (without and name.startswith(without)))
    if keep and not without:
        _keep(path, stored.copy(deep=True))
    return stored


def read_variables(
    path: Path, names: Sequence[str] = ()
) -> dict[str, tuple[NDArray[Any], dict[str, Any]]]:
    """Numbers and attributes of variables as stored: four times as fast as `read_dataset`."""
    try:
        with netCDF4.Dataset(path) as data:
            data.set_auto_maskandscale(False)
            chosen = {name: data.variables[name] for name in names or data.variables}
            return {
                name: (
                    _double(variable[...]),
                    {key: variable.getncattr(key) for key in variable.ncattrs()},
                )
                for name, variable in chosen.items()
            }
    except DAMAGE_ERRORS as error:
        raise unreadable(path, error) from error


def read_some(path: Path, names: Sequence[str], **labels: str) -> xr.Dataset:
    """Read a few numeric variables with the coordinates along their dimensions; nothing is kept.

    ``labels``: by dimension, the only one that is read of it.
    """
    return _stored(path, lambda name: name in names, labels)


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Those of some variables that a file has, texts as strings: no time for all others."""
    try:
        with netCDF4.Dataset(path) as data:
            data.set_auto_maskandscale(False)
            return {name: data.variables[name][...] for name in names if name in data.variables}
    except DAMAGE_ERRORS as error:
        raise unreadable(path, error) from error


def _double(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.float64) if values.dtype == np.float32 else values


def _stored(
    path: Path, is_wanted: Callable[[str], bool], labels: Mapping[str, str] | None = None
) -> xr.Dataset:
    """Read some variables of a file, at some labels, and the coordinates along their dimensions.

    Numbers in double precision, from netCDF4 itself: two thirds of the time that xarray takes.
    """
    variables, coordinates = dict[str, xr.Variable](), set[str]()
    try:
        with netCDF4.Dataset(path) as data:
            data.set_auto_maskandscale(False)
            attributes = {key: data.getncattr(key) for key in data.ncattrs()}
            names = {name for name in data.variables if is_wanted(name)}
            for stored in [data.variables[name] for name in names]:
                names.update(stored.dimensions, getattr(stored, "coordinates", "").split())
            at = {
                name: [str(text) for text in data.variables[name][...]].index(label)
                for name, label in (labels or {}).items()
            }
            for name, stored in data.variables.items():
                if name not in names or name in at:
                    continue
                variable_attributes = {
                    key: stored.getncattr(key)
                    for key in stored.ncattrs()
                    if key not in ("_FillValue", "_Encoding")
                }
                coordinates.update(variable_attributes.pop("coordinates", "").split())
                single = tuple(at.get(dimension, slice(None)) for dimension in stored.dimensions)
                values = _double(np.asarray(stored[single] if at else stored[...]))
                if values.dtype.kind == "O":
                    values = values.astype(np.str_)
                elif variable_attributes.pop("dtype", "") == "bool":
                    values = values.astype(np.bool_)
                kept = [dimension for dimension in stored.dimensions if dimension not in at]
                dimensions = kept[: values.ndim]  # letters of a text are its last
                variables[name] = xr.Variable(dimensions, values, variable_attributes)
    except DAMAGE_ERRORS as error:
        raise unreadable(path, error) from error
    coordinates.update(attributes.pop("coordinates", "").split())
    coordinates.update(name for name, variable in variables.items() if variable.dims == (name,))
    return xr.Dataset(
        {name: variable for name, variable in variables.items() if name not in coordinates},
        {name: variable for name, variable in variables.items() if name in coordinates},
        attributes,
    )


def _keep(path: Path, stored: xr.Dataset) -> None:
    """Cache what a file holds while there is room, dropping files of other participants first."""
    _CACHE.pop(path, None)
    other_paths = [
        cached_path for cached_path in _CACHE if cached_path.parent.parent != path.parent.parent
    ]
    while stored.nbytes + sum(size for *_, size in _CACHE.values()) > MAX_CACHE_BYTES:
        if not other_paths:
            return
        del _CACHE[other_paths.pop(0)]
    _CACHE[path] = file_state(path), stored, stored.nbytes


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


UNCHUNKED_DIMENSIONS = ("step", "row", "phase", "percent")
"""Dimensions along which steps are read: all other labels lie in chunks of their own."""

UNCHUNKED_IN_SAMPLES = ("sample", "time")
"""Dimensions of samples that change smoothly, or little: likewise, so that they pack well."""

COMPRESSION = {"zlib": True, "complevel": 1, "shuffle": True}
MIN_PACKED_BYTES = 2**13
"""Bytes below which the index of a packed variable takes what packing saves."""

MIN_PACKED_TEXTS = 32
"""Texts of a variable above which they are stored as letters, packed: by pointers each takes 50
bytes."""

MAX_CHUNK_BYTES = 2**22
"""Largest chunk, bytes: what a reader of a part of a file has to unpack."""


def packed(variable: xr.Variable) -> dict[str, Any]:
    """Encoding of a variable: curves of steps in chunks by label, series in blocks of time."""
    kind = variable.dtype.kind
    if kind in "OU":
        return {"dtype": "S1", **COMPRESSION} if variable.size > MIN_PACKED_TEXTS else {}
    fill = {"_FillValue": np.nan} if kind == "f" else {}
    if variable.nbytes < (MIN_PACKED_BYTES if kind == "f" else MIN_PACKED_BYTES // 4):
        return fill
    unchunked = UNCHUNKED_IN_SAMPLES if "sample" in variable.dims else UNCHUNKED_DIMENSIONS
    if {"percent", "sample"} & set(variable.dims):
        shape = [n if d in unchunked else 1 for d, n in variable.sizes.items()]
    else:
        shape = list(variable.shape)
        shape[0] = -(
            -shape[0] // -(-variable.nbytes // MAX_CHUNK_BYTES)
        )  # chunks of one size, all full
    return {**COMPRESSION, **fill, "chunksizes": tuple(shape)}
