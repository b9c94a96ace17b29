"""Skeletons in ``.npz`` files, so that the stages after scaling need no OpenSim."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from aqbio.boundary import PARSERS_RAISE
from aqbio.faults import RunStoppedError
from aqbio.io.atomic import atomic_path, cached_until_changed
from aqbio.multibody.skeleton import Couplers, JointAxes, PiecewisePolynomials, Skeleton

_HASH = "content_hash"
_NAMES = ("bodies", "joints", "coordinates", "markers")
_PARTS = {"axes": JointAxes, "couplers": Couplers}


def save_skeleton(skeleton: Skeleton, path: Path) -> None:
    """Write a skeleton; the same skeleton always gives the same bytes."""
    arrays = _arrays(skeleton)
    # numpy.savez's stubs take no arbitrary arrays beside its own keywords.
    keywords: dict[str, Any] = {**arrays, _HASH: np.array(_digest(arrays))}
    with atomic_path(path) as temporary:
        np.savez(temporary, **keywords)


@cached_until_changed(files=8)
def load_skeleton(path: Path) -> Skeleton:
    """Read a skeleton; the same object again as long as the file is the same."""
    if not path.is_file():
        raise _unusable(path, "it does not exist")
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        for array in arrays.values():
            array.flags.writeable = False
        stored_hash = str(arrays.pop(_HASH))
        skeleton = _skeleton(arrays)
    except (BadZipFile, *PARSERS_RAISE, OSError) as error:
        raise _unusable(path, type(error).__name__) from error
    if stored_hash != _digest(arrays):
        raise _unusable(path, "its content does not have the hash that it states")
    return skeleton


def _unusable(path: Path, why: str) -> RunStoppedError:
    return RunStoppedError(
        f"the skeleton cannot be used: {why}.",
        file=str(path),
        fix="`aqbio run` makes it again.",
        rule="result-damaged",
    )


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        content = "\n".join(array.tolist()) if array.dtype.kind == "U" else array.tobytes("C")
        digest.update(f"{name} {array.dtype.kind} {array.shape}\n".encode())
        digest.update(content.encode() if isinstance(content, str) else content)
    return digest.hexdigest()


def _arrays(table: Skeleton | JointAxes | Couplers | PiecewisePolynomials) -> dict[str, Any]:
    """Every array by name; those of a part are called part.name."""
    arrays: dict[str, Any] = {}
    for field in fields(table):
        value = getattr(table, field.name)
        if isinstance(value, JointAxes | Couplers | PiecewisePolynomials):
            arrays |= {f"{field.name}.{name}": array for name, array in _arrays(value).items()}
        elif field.name in _NAMES:
            arrays[field.name] = np.array(value, dtype=np.str_)
        else:
            arrays[field.name] = np.ascontiguousarray(value)
    return arrays


def _skeleton(arrays: Mapping[str, NDArray[Any]]) -> Skeleton:
    content: dict[str, Any] = {name: array for name, array in arrays.items() if "." not in name}
    for name in _NAMES:
        content[name] = tuple(content[name].tolist())
    for part, kind in _PARTS.items():
        part_arrays = _within(arrays, part)
        functions = PiecewisePolynomials(**_within(part_arrays, "functions"))
        plain = {name: array for name, array in part_arrays.items() if "." not in name}
        content[part] = kind(**plain, functions=functions)
    return Skeleton(**content)


def _within(arrays: Mapping[str, NDArray[Any]], part: str) -> dict[str, NDArray[Any]]:
    prefix = f"{part}."
    return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
