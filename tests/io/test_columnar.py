"""Long tables in files for machines: nothing is lost, whatever a column is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aqbio.io.tables import read_columns, write_columns

COLUMNS = {
    "name": {"description": "Who."},
    "note": {"description": "Text that may be missing."},
    "count": {"description": "Whole number."},
    "value": {"description": "Number.", "unit": "N m"},
}


def _table(*values: float, note: str | None = None) -> pd.DataFrame:
    rows = [("Zoë" if n % 2 else "A", note, n, value) for n, value in enumerate(values)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _there_and_back(tmp_path, table: pd.DataFrame) -> pd.DataFrame:
    write_columns(table, tmp_path / "rows.nc", COLUMNS, {"stage": "steps"})
    return read_columns(tmp_path / "rows.nc")


def test_every_digit_and_every_word_comes_back(tmp_path):
    table = _table(1.0 / 3.0, np.nan, 1e-300, note="a, b")
    found = _there_and_back(tmp_path, table)
    assert list(found.columns) == list(COLUMNS)
    np.testing.assert_array_equal(found["value"], table["value"])
    np.testing.assert_array_equal(found["count"], table["count"])
    assert found["name"].tolist() == table["name"].tolist()
    assert found["note"].tolist() == ["a, b"] * 3
