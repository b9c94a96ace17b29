"""Long tables in files for machines: nothing is lost, whatever a column is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.io.tables import joined, read_columns, write_columns

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


@pytest.mark.parametrize("table", [_table(), _table(1.0, 2.0)])
def test_a_column_without_an_entry_is_missing(tmp_path, table):
    found = _there_and_back(tmp_path, table)
    assert len(found) == len(table)
    assert found["note"].isna().all()
    assert (found["value"] - found["value"]).eq(0.0).all()  # numbers, of no row too
    assert not found["note"].str.startswith("C (").any()  # and words


def test_tables_with_other_words_are_joined(tmp_path):
    """Words of one part are not those of the next, and one part has none at all."""
    parts = [
        _there_and_back(tmp_path, _table(1.0, 2.0, note="first")),
        _there_and_back(tmp_path, _table(3.0)),
        _there_and_back(tmp_path, _table()),
        _there_and_back(tmp_path, _table(4.0, note="last")),
    ]
    found = joined(parts, list(COLUMNS))
    assert found["value"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert found["name"].tolist() == ["A", "Zoë", "A", "A"]
    assert found["note"].astype(object).where(found["note"].notna(), None).tolist() == [
        "first", "first", None, "last",
    ]  # fmt: skip
    empty = joined([_there_and_back(tmp_path, _table())], list(COLUMNS))
    assert not empty["name"].str.contains("A").any()
    assert joined([], list(COLUMNS)).columns.tolist() == list(COLUMNS)
