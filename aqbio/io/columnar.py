"""Long tables for machines: a NetCDF variable per column, every digit kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.dictionary import Columns
from aqbio.io.netcdf import Attribute, read_variables, write_dataset

if TYPE_CHECKING:
    import pandas as pd

WORDS = "words"
"""Attribute of a column of text: its words as JSON; the variable holds their numbers, or -1."""


def write_columns(
    table: pd.DataFrame, path: Path, columns: Columns, provenance: Mapping[str, Attribute]
) -> None:
    """Write a table with the described columns atomically."""
    import xarray as xr

    variables: dict[str, tuple[str, Any, dict[str, Any]]] = {}
    for name, words in columns.items():
        attributes: dict[str, Any] = {"long_name": words["description"]}
        if "unit" in words:
            attributes["units"] = words["unit"]
        known = table[name].notna().any()
        if known and table[name].dtype.kind in "iufb":
            values = table[name].to_numpy()
        elif not known and "unit" in words:  # what is unknown has a kind all the same
            values = np.full(len(table), np.nan)
        else:
            category = table[name].astype("category").cat
            values = category.codes.to_numpy().astype(np.int32)
            attributes[WORDS] = json.dumps(list(map(str, category.categories)), ensure_ascii=False)
        variables[name] = ("row", values, attributes)
    write_dataset(xr.Dataset(variables), path, provenance)


def read_columns(path: Path, names: Sequence[str] = ()) -> pd.DataFrame:
    """Read columns (all if none is named) of a table; text becomes categories."""
    import pandas as pd

    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(values, json.loads(attributes[WORDS]))
            if WORDS in attributes
            else values
            for name, (values, attributes) in read_variables(path, names).items()
        }
    )


def joined(parts: Iterable[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Concatenate tables with the same columns, words of all of them as categories."""
    import pandas as pd

    empty, every = pd.DataFrame(), []
    for part in parts:
        if len(part):
            every.append(part)
        else:
            empty = part
    if not every:
        return empty.reindex(columns=list(columns))
    found: dict[str, Any] = {}
    for name in columns:
        own = [part[name] for part in every]
        if any(isinstance(one.dtype, pd.CategoricalDtype) for one in own):
            found[name] = _words(own)
        else:
            found[name] = np.concatenate([one.to_numpy() for one in own])
    return pd.DataFrame(found)


def with_texts(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with texts instead of categories, as tables of TSV have them."""
    import pandas as pd

    return pd.DataFrame(
        {
            name: own.astype(object) if isinstance(own.dtype, pd.CategoricalDtype) else own
            for name, own in table.items()
        }
    )


def _words(parts: Sequence[pd.Series[Any]]) -> pd.Categorical[str]:
    """Texts of all parts; a part without words has no entry."""
    import pandas as pd

    parts = [one.astype("category") for one in parts]
    words = list(dict.fromkeys(word for one in parts for word in one.cat.categories))
    place: Callable[[str], int] = {word: number for number, word in enumerate(words)}.__getitem__
    codes = []
    for one in parts:
        known = np.array([*map(place, one.cat.categories), -1], dtype=np.int32)
        codes.append(known[one.cat.codes.to_numpy()])
    return pd.Categorical.from_codes(np.concatenate(codes), pd.Index(words))
