"""Tables as TSV with a JSON sidecar that explains every column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

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
    """Write a TSV file and its JSON sidecar.

    Missing values are written as ``n/a``.

    Parameters
    ----------
    table : DataFrame, or iterable of DataFrame
        Parts are written one after the other: a long table is never in memory as a whole.
    digits : int
        Significant digits of numbers.

    Raises
    ------
    ValueError
        When a column is not described, or a described column is missing.
    """
    import pandas as pd

    parts = [table] if isinstance(table, pd.DataFrame) else table
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write("\t".join(columns) + "\n")
        for part in parts:
            undescribed = [name for name in part.columns if name not in columns]
            absent = [name for name in columns if name not in part.columns]
            if undescribed or absent:
                raise ValueError(
                    f"columns not described: {undescribed}; columns missing: {absent}."
                )
            part[list(columns)].to_csv(
                file, sep="\t", index=False, header=False, na_rep=MISSING,
                float_format=f"%.{digits}g", lineterminator="\n",
            )  # fmt: skip
    sidecar = {
        "columns": {name: dict(columns[name]) for name in columns},
        "provenance": dict(provenance),
    }
    write_text(path.with_suffix(".json"), json.dumps(sidecar, indent=2, ensure_ascii=False) + "\n")


def read_table(path: Path) -> pd.DataFrame:
    """Read a TSV table; ``n/a`` and empty cells become missing values, identifiers stay text.

    Raises
    ------
    AqbioError
        When the file is missing.
    RunStoppedError
        When it is empty or damaged.
    """
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
