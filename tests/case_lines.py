"""Findings and results of a stage, line by line, for golden texts."""

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


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Words of findings, and their numbers at the end."""
    for finding in findings:
        parts = {name: value for name, value in asdict(finding).items() if value not in ("", None)}
        numbers = [parts.pop(name, np.nan) for name in ("number", "limit")]
        yield f"{' · '.join(map(str, parts.values()))} {numbers[1]:g} {float(numbers[0]):.8e}"


def read_cases(
    path: Path, about: str, makers: Iterable[Callable[..., Any]]
) -> dict[str, Callable[[], Any]]:
    """Cases of a file, by name: one of these functions, and what it is given."""
    by_name = {maker.__name__: maker for maker in makers}
    cases = yaml.safe_load(path.read_text("utf-8"))[about]
    return {
        name: partial(by_name[maker], **arguments)
        for name, row in cases.items()
        for maker, arguments in row.items()
    }


def case_lines(cases: Mapping[str, Callable[[], Any]]) -> Iterator[str]:
    """Yield findings, a refusal or words of every case; its arrays are the test's to hold."""
    for name, work in cases.items():
        try:
            yield from (f"{name}: {line}" for line in _lines(work()))
        except AqbioError as error:
            yield f"{name}: refused: {next(finding_lines([error.finding()]))}"


def _lines(outcome: Any) -> Iterator[str]:
    match outcome:
        case None:
            yield "nothing"
        case Finding():
            yield from finding_lines([outcome])
        case bool() | np.bool_():
            yield str(bool(outcome))
        case str() | int():
            yield str(outcome)
        case Mapping():
            for name, value in outcome.items():
                yield from (f"{name} {line}" for line in _lines(value))
        case np.ndarray() | float():
            return
        case Iterable():
            parts = list(outcome)
            lines = [line for part in parts for line in _lines(part)]
            yield from lines if parts else ["nothing"]
        case _:
            yield repr(outcome)
