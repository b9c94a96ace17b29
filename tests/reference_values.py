"""Compare computed quantities with the named reference values of ``tests/references``.

Each ``tests/references/<stage>.tsv`` has the columns `quantity`, `unit`, `value`, `tolerance`
(absolute, in the unit of the value) and `source` (how the value is known). The text of a quantity
before its first ``": "`` is its group: a call must give every quantity of each group it touches.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCES = Path(__file__).parent / "references"
COLUMNS = ("quantity", "unit", "value", "tolerance", "source")
WRITE = "AQBIO_WRITE_GOLDEN"
"""Environment variable with which new values are written; unit, tolerance and source stay."""

NEW_TOLERANCE = 1e-4
"""Of a new value; a person sets the tolerance, the unit and the source of a new row."""

COMPUTED, RELATIVE_TOLERANCE = "computed once", 1e-3
"""Source of what only the program knows, and how far it may be off, relative to its size."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a name, of which only the program knows the value."""

    name: str
    unit: str
    value: float
    size: float = 0.0
    """Of numbers of its kind, where it may be close to zero itself."""

    @property
    def row(self) -> tuple[str, str, float, str, str]:
        tolerance = RELATIVE_TOLERANCE * max(abs(self.value), self.size)
        return self.name, self.unit, _stored(self.value), f"{tolerance:.1g}", COMPUTED


def check_quantities(stage: str, quantities: Sequence[Quantity]) -> None:
    """As `check_references`; new rows bring their unit, their tolerance and their source."""
    check_references(
        stage,
        {quantity.name: quantity.value for quantity in quantities},
        {quantity.name: quantity.row for quantity in quantities},
    )


def check_references(
    stage: str, values: Mapping[str, float], new_rows: Mapping[str, tuple] | None = None
) -> None:
    """Raise an AssertionError with all quantities that deviate, are missing or are unknown."""
    path = REFERENCES / f"{stage}.tsv"
    stored = read_references(path)
    if os.environ.get(WRITE):
        stored = _updated(stored, values, new_rows or {})
        path.parent.mkdir(parents=True, exist_ok=True)
        stored.to_csv(path, sep="\t", index=False)
    faults = [
        *(f"{quantity}: {value:.9g}, no reference" for quantity, value in values.items()
          if quantity not in set(stored["quantity"])),
        *(fault for row in stored[_of_groups(stored, values)].itertuples()
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


def _updated(
    stored: pd.DataFrame, values: Mapping[str, float], new_rows: Mapping[str, tuple]
) -> pd.DataFrame:
    """Table with new values; rows of the same groups that are no longer computed are dropped."""
    rows = stored[~_of_groups(stored, values) | stored["quantity"].isin(list(values))].copy()
    replaced = rows["quantity"].map(lambda quantity: quantity in values).astype(bool)
    rows.loc[replaced, "value"] = [
        _stored(values[quantity]) for quantity in rows["quantity"][replaced]
    ]
    new = [quantity for quantity in values if quantity not in set(rows["quantity"])]
    added = [
        new_rows.get(name)
        or (name, "", _stored(values[name]), f"{NEW_TOLERANCE * abs(values[name]):.1g}", "")
        for name in new
    ]
    if not added:
        return rows
    return pd.concat([rows, pd.DataFrame(added, columns=list(COLUMNS))], ignore_index=True)


def _stored(value: float) -> float:
    return float(f"{value:.9g}")
