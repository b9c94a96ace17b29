"""Tables: TSV with a JSON sidecar for people, NetCDF columns with every digit for machines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError, machine_fault
from aqbio.io.atomic import atomic_path, cached_until_changed, write_text
from aqbio.io.dictionary import Columns
from aqbio.io.netcdf import Attribute, read_variables, write_dataset

MISSING = "n/a"
"""Missing value in a table, as in the Brain Imaging Data Structure."""


def write_table(
    table: pd.DataFrame | Iterable[pd.DataFrame],
    path: Path,
    columns: Columns,
    provenance: Mapping[str, object],
    *,
    digits: int = 15,
) -> None:
    """Write a TSV file, in parts, missing values as ``n/a``, and its JSON sidecar."""
    parts = [table] if isinstance(table, pd.DataFrame) else table
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(columns)
        for part in parts:
            undescribed = [name for name in part.columns if name not in columns]
            absent = [name for name in columns if name not in part.columns]
            if undescribed or absent:
                raise ValueError(
                    f"columns not described: {undescribed}; columns missing: {absent}."
                )
            writer.writerows(zip(*(_cells(part[name], digits) for name in columns), strict=True))
    sidecar = {
        "columns": {name: dict(columns[name]) for name in columns},
        "provenance": dict(provenance),
    }
    write_text(path.with_suffix(".json"), json.dumps(sidecar, indent=2, ensure_ascii=False) + "\n")


def _cells(column: pd.Series[Any], digits: int) -> list[object]:
    """Cells of a column as they are written; pandas takes three times as long over numbers."""
    if column.dtype.kind == "f":
        number = f"%.{digits}g"
        return [number % value if value == value else MISSING for value in column.tolist()]
    pairs = zip(column.tolist(), column.notna().tolist(), strict=True)
    return [value if known_value else MISSING for value, known_value in pairs]


TEXT_COLUMNS = (
    "participant_id", "trial_id", "label", "where", "condition", "session", "group", "person",
    "laboratory", "footwear",
)  # fmt: skip
"""Columns that stay text where all that is in them are numbers, as of a plate or a trial."""


def read_table(path: Path) -> pd.DataFrame:
    """Read a TSV table; ``n/a`` and empty cells become missing values, identifiers stay text."""
    try:
        table = pd.read_csv(
            path,
            sep="\t",
            na_values=[MISSING, ""],
            keep_default_na=False,
            dtype=dict.fromkeys(TEXT_COLUMNS, str),
        )
        return table.copy()  # in one piece: pandas complains of columns added to a hundred blocks
    except FileNotFoundError as error:
        raise AqbioError(
            "the table does not exist.",
            file=str(path),
            fix="run the stage that writes it.",
            rule="stage-order",
        ) from error
    except (OSError, ValueError) as error:  # pandas' errors of empty and damaged files too
        raise machine_fault(error, path) or RunStoppedError(
            f"this table is damaged ({' '.join(str(error).split())}).",
            file=str(path),
            fix="`aqbio run` makes it again.",
            rule="result-damaged",
        ) from error


WORDS_ATTRIBUTE = "words"
"""Attribute of a column of text: its words as JSON; the variable holds their numbers, or -1."""


def write_columns(
    table: pd.DataFrame, path: Path, columns: Columns, provenance: Mapping[str, Attribute]
) -> None:
    """Write a table with the described columns atomically."""
    variables: dict[str, tuple[str, Any, dict[str, Any]]] = {}
    for name, words in columns.items():
        attributes: dict[str, Any] = {"long_name": words["description"]}
        if "unit" in words:
            attributes["units"] = words["unit"]
        any_value = table[name].notna().any()
        if any_value and table[name].dtype.kind in "iufb":
            values = table[name].to_numpy()
        elif not any_value and "unit" in words:  # what is unknown has a kind all the same
            values = np.full(len(table), np.nan)
        else:
            category = table[name].astype("category").cat
            values = category.codes.to_numpy().astype(np.int32)
            attributes[WORDS_ATTRIBUTE] = json.dumps(
                list(map(str, category.categories)), ensure_ascii=False
            )
        variables[name] = ("row", values, attributes)
    write_dataset(xr.Dataset(variables), path, provenance)


CACHED_TABLES = 8
"""Number of whole tables that are cached after they were read."""


def read_columns(path: Path, names: Sequence[str] = ()) -> pd.DataFrame:
    """Read columns (all if none is named) of a table; text becomes categories."""
    if names:
        return _read_columns(path, names)
    return _whole_table(path).copy(deep=False)  # pandas copies what is written to


@cached_until_changed(CACHED_TABLES)
def _whole_table(path: Path) -> pd.DataFrame:
    return _read_columns(path)


def _read_columns(path: Path, names: Sequence[str] = ()) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(values, json.loads(attributes[WORDS_ATTRIBUTE]))
            if WORDS_ATTRIBUTE in attributes
            else values
            for name, (values, attributes) in read_variables(path, names).items()
        }
    )


def joined(parts: Iterable[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Concatenate tables with the same columns, words of all of them as categories."""
    empty, parts_with_rows = pd.DataFrame(), []
    for part in parts:
        if len(part):
            parts_with_rows.append(part)
        else:
            empty = part
    if not parts_with_rows:
        return empty.reindex(columns=list(columns))
    columns_joined: dict[str, Any] = {}
    for name in columns:
        pieces = [part[name] for part in parts_with_rows]
        if any(isinstance(piece.dtype, pd.CategoricalDtype) for piece in pieces):
            columns_joined[name] = _words(pieces)
        else:
            columns_joined[name] = np.concatenate([piece.to_numpy() for piece in pieces])
    return pd.DataFrame(columns_joined)


def with_texts(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with texts instead of categories, as tables of TSV have them."""
    return pd.DataFrame(
        {
            name: column_values.astype(object)
            if isinstance(column_values.dtype, pd.CategoricalDtype)
            else column_values
            for name, column_values in table.items()
        }
    )


def _words(parts: Sequence[pd.Series[Any]]) -> pd.Categorical[str]:
    """Texts of all parts; a part without a text has no entry."""
    parts = [part.astype("category") for part in parts]
    words = list(dict.fromkeys(word for part in parts for word in part.cat.categories))
    code_of_word: Callable[[str], int] = {
        word: number for number, word in enumerate(words)
    }.__getitem__
    codes = []
    for part in parts:
        code_of = np.array([*map(code_of_word, part.cat.categories), -1], dtype=np.int32)
        codes.append(code_of[part.cat.codes.to_numpy()])
    return pd.Categorical.from_codes(np.concatenate(codes), pd.Index(words))
