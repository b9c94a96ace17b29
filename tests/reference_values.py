"""Compare computed quantities with the named reference values of ``tests/references``.

Each ``tests/references/<stage>.tsv`` has the columns `quantity`, `unit`, `value`, `tolerance`
(absolute, in the unit of the value) and `source` (how the value is known). The text of a quantity
before its first ``": "`` is its group: a call must give every quantity of each group it touches.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCES = Path(__file__).parent / "references"
COLUMNS = ("quantity", "unit", "value", "tolerance", "source")
WRITE = "AQBIO_WRITE_GOLDEN"
"""Environment variable with which new values are written; unit, tolerance and source stay."""

NEW_TOLERANCE = 1e-4
"""Of a new value; a person sets the tolerance, the unit and the source of a new row."""


def check_references(stage: str, values: Mapping[str, float]) -> None:
    """Raise an AssertionError with all quantities that deviate, are missing or are unknown."""
    path = REFERENCES / f"{stage}.tsv"
    known = read_references(path)
    if os.environ.get(WRITE):
        known = _updated(known, values)
        path.parent.mkdir(parents=True, exist_ok=True)
        known.to_csv(path, sep="\t", index=False)
    faults = [
        *(f"{quantity}: {value:.9g}, no reference" for quantity, value in values.items()
          if quantity not in set(known["quantity"])),
        *(fault for row in known[_of_groups(known, values)].itertuples()
          if (fault := _fault(row, values)) is not None),
    ]  # fmt: skip
    assert not faults, "\n".join([f"{path.name}: {len(faults)} quantities deviate", *faults])


def read_references(path: Path) -> pd.DataFrame:
    """Reference values of one stage; an empty table where the file does not exist."""
    if not path.exists():
        return pd.DataFrame({column: [] for column in COLUMNS}).astype({"value": float})
    table = pd.read_csv(path, sep="\t", keep_default_na=False, na_values={"value": ["nan", ""]})
    assert tuple(table.columns) == COLUMNS, f"{path.name}: columns must be {' '.join(COLUMNS)}"
    repeated = table["quantity"][table["quantity"].duplicated()]
    assert repeated.empty, f"{path.name}: repeated {list(repeated)}"
    return table


def _of_groups(table: pd.DataFrame, values: Mapping[str, float]) -> pd.Series:
    groups = {quantity.split(": ")[0] for quantity in values}
    return table["quantity"].map(lambda quantity: quantity.split(": ")[0] in groups).astype(bool)


def _fault(row: object, values: Mapping[str, float]) -> str | None:
    quantity, expected, tolerance = row.quantity, float(row.value), float(row.tolerance)
    if quantity not in values:
        return f"{quantity}: not computed, expected {expected:.9g} {row.unit}"
    if not (row.unit and row.source):
        return f"{quantity}: the row needs a unit and a source"
    value = float(values[quantity])
    if np.isclose(value, expected, rtol=0.0, atol=tolerance, equal_nan=True):
        return None
    return f"{quantity}: {value:.9g}, expected {expected:.9g} +- {tolerance:.3g} {row.unit}"


def _updated(known: pd.DataFrame, values: Mapping[str, float]) -> pd.DataFrame:
    """Table with new values; rows of the same groups that are no longer computed are dropped."""
    rows = known[~_of_groups(known, values) | known["quantity"].isin(list(values))].copy()
    replaced = rows["quantity"].map(lambda quantity: quantity in values).astype(bool)
    rows.loc[replaced, "value"] = [
        float(f"{values[quantity]:.9g}") for quantity in rows["quantity"][replaced]
    ]
    new = [quantity for quantity in values if quantity not in set(rows["quantity"])]
    added = [
        (name, "", float(f"{values[name]:.9g}"), f"{NEW_TOLERANCE * abs(values[name]):.1g}", "")
        for name in new
    ]
    if not added:
        return rows
    return pd.concat([rows, pd.DataFrame(added, columns=list(COLUMNS))], ignore_index=True)
