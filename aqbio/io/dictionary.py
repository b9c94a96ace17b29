"""Meaning of every variable and column: one dictionary for files, sidecars and pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal, cast

import xarray as xr
import yaml

from aqbio.names import AXES

DICTIONARY = Path(__file__).with_name("dictionary.yaml")

Reflection = Literal["axial", "polar", "spread", "canonical", ""]
"""Behaviour of a vector in the mirror image of a run.

The signs of an axial one's x and y change, of a polar one's z; of a spread none; what is canonical
holds left steps as right ones already, whatever its vectors are.
"""


Columns = Mapping[str, Mapping[str, str]]
"""Description, and unit where there is one, of every column."""


@dataclass(frozen=True, slots=True)
class File:
    """One kind of NetCDF file."""

    path: str
    """Where it lies in the study's results."""
    meaning: str
    frame: str = ""
    """Reference frame of its vectors; empty where it has none."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable."""

    meaning: str
    unit: str = ""
    """Empty for names and flags."""
    reflection: Reflection = ""
    """{"axial", "polar", "spread", "canonical", ""}. Empty for what is no vector."""
    source: str = ""
    """Page of the documentation with the equation."""
    positive: str = ""
    """What a positive number is, where that is a choice."""
    precision: float = 0.0
    """How finely a series is stored, in the unit; 0 where every digit is kept."""


@cache
def _dictionary() -> Mapping[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where there is one: ten times
    text = DICTIONARY.read_text(encoding="utf-8")
    return cast("Mapping[str, Any]", yaml.load(text, Loader=loader))


@cache
def files() -> Mapping[str, File]:
    """Kinds of NetCDF files by the stage that writes them; `steps` are of stage contributions."""
    return {stage: File(**fields) for stage, fields in _dictionary()["files"].items()}


@cache
def common() -> dict[str, Variable]:
    """Variables that mean the same in the files of all stages, by name."""
    return _variables(_dictionary()["variables"])


@cache
def special(stage: str) -> dict[str, Variable]:
    """Variables of one stage's files alone, or that mean something else there."""
    return _variables(_dictionary()["special"].get(stage, {}))


def _variables(words: Mapping[str, Mapping[str, Any]]) -> dict[str, Variable]:
    by_unit = _dictionary()["precision"]
    return {
        name: Variable(**({"precision": by_unit.get(fields.get("unit"), 0.0)} | dict(fields)))
        for name, fields in words.items()
    }


def variables(stage: str) -> Mapping[str, Variable]:
    """Variables that may be in the files of a stage, by name."""
    return common() | special(stage)


def tables() -> tuple[str, ...]:
    """Names of all tables and kinds of tables."""
    return tuple(_dictionary()["tables"])


def columns(table: str, **holes: Sequence[str]) -> Columns:
    """Columns of a table in order; ``holes`` fill the holes in their names, outer loop first."""
    holes.setdefault("axis", AXES)
    described_columns: dict[str, dict[str, str]] = {}
    for name, words in _dictionary()["tables"][table].items():
        for filled in _fillings(name, holes):
            texts = {"description": words["meaning"]} | {
                key: words[key] for key in ("unit",) if key in words
            }
            described_columns[name.format(**filled)] = {
                key: text.format(**filled) if filled else text for key, text in texts.items()
            }
    return described_columns


def _fillings(name: str, holes: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
    """Every way to fill the placeholders in a name, with the matching description."""
    open_ = [hole for hole in holes if f"{{{hole}}}" in name]
    for values in product(*(holes[hole] for hole in open_)):
        filled = dict(zip(open_, values, strict=True))
        if "group" in filled:
            filled["group_words"] = filled["group"].replace("_", " ")
        if "axis" in filled:
            filled["direction"] = _dictionary()["directions"].get(filled["axis"], "its direction")
        yield filled


def described(dataset: xr.Dataset, stage: str) -> xr.Dataset:
    """A dataset whose variables have the dictionary's descriptions; ValueError if units differ."""
    by_name = variables(stage)
    entries = {str(name): by_name[str(name)] for name in dataset.variables if str(name) in by_name}
    words_added = dataset.copy()
    for name, variable in entries.items():
        described_variable = words_added.variables[name]
        if described_variable.attrs.get("units", variable.unit) != variable.unit:
            raise ValueError(
                f"{name} is in {described_variable.attrs['units']}, not in {variable.unit}."
            )
        vector = variable.reflection if "axis" in described_variable.dims else ""
        words = {
            "long_name": variable.meaning,
            "units": variable.unit,
            "positive": variable.positive,
            "reflection": vector,
            "frame": files()[stage].frame if vector else "",
        }
        described_variable.attrs.update({key: text for key, text in words.items() if text})
    return words_added
