"""What a stage says, line by line, for golden texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import yaml

from aqbio.errors import AqbioError, Finding


def undescribed(dataset: xr.Dataset) -> set[str]:
    """Variables without a meaning, and vectors of which the mirror image is not known."""
    bare = {str(name) for name in dataset.variables if "long_name" not in dataset[name].attrs}
    vectors = {str(name) for name in dataset.data_vars if "axis" in dataset[name].dims}
    return bare | {name for name in vectors if "reflection" not in dataset[name].attrs}


def said(findings: Iterable[Finding]) -> Iterator[str]:
    """Words of findings, and their numbers at the end."""
    for one in findings:
        own = {name: value for name, value in asdict(one).items() if value not in ("", None)}
        numbers = [own.pop(name, np.nan) for name in ("number", "limit")]
        yield f"{' · '.join(map(str, own.values()))} {numbers[1]:g} {float(numbers[0]):.8e}"


def read_cases(
    path: Path, about: str, makers: Iterable[Callable[..., Any]]
) -> dict[str, Callable[[], Any]]:
    """Cases of a file, by name: one of these functions, and what it is given."""
    by_name = {one.__name__: one for one in makers}
    cases = yaml.safe_load(path.read_text("utf-8"))[about]
    return {
        name: partial(by_name[maker], **given)
        for name, row in cases.items()
        for maker, given in row.items()
    }


def told(cases: Mapping[str, Callable[[], Any]]) -> Iterator[str]:
    """Yield findings, a refusal or words of every case; its arrays are the test's to hold."""
    for name, work in cases.items():
        try:
            yield from (f"{name}: {line}" for line in _lines(work()))
        except AqbioError as error:
            yield f"{name}: refused: {next(said([error.finding()]))}"


def _lines(found: Any) -> Iterator[str]:
    match found:
        case None:
            yield "nothing"
        case Finding():
            yield from said([found])
        case bool() | np.bool_():
            yield str(bool(found))
        case str() | int():
            yield str(found)
        case Mapping():
            for name, value in found.items():
                yield from (f"{name} {line}" for line in _lines(value))
        case np.ndarray() | float():
            return
        case Iterable():
            parts = list(found)
            lines = [line for part in parts for line in _lines(part)]
            yield from lines if parts else ["nothing"]
        case _:
            yield repr(found)
