"""Tables as TSV with a JSON sidecar that explains every column."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError, machine_fault
from aqbio.io.atomic import atomic_path, write_text
from aqbio.io.dictionary import Columns

if TYPE_CHECKING:
    import pandas as pd

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
    import pandas as pd

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
    known = zip(column.tolist(), column.notna().tolist(), strict=True)
    return [value if told else MISSING for value, told in known]


def read_table(path: Path) -> pd.DataFrame:
    """Read a TSV table; ``n/a`` and empty cells become missing values, identifiers stay text."""
    import pandas as pd

    try:
        table = pd.read_csv(
            path,
            sep="\t",
            na_values=[MISSING, ""],
            keep_default_na=False,
            dtype={"participant_id": str, "trial_id": str},
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
