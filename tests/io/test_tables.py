"""Tables: every column explained, missing values said, numbers back as they were."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io.tables import read_columns, read_table, write_columns, write_table
from tests.refusal import refused

COLUMNS = {
    "participant_id": {"description": "Participant."},
    "trial_id": {"description": "Trial."},
    "value": {"description": "Value.", "unit": "N m"},
    "count": {"description": "Number."},
    "reason": {"description": "Why."},
}


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "participant_id": ["007", "NA", "1e5"],
            "trial_id": ["10", "null", "nan"],
            "value": [np.pi * 1e-7, np.nan, -12345.678901234],
            "count": [1, 2, 3],
            "reason": ["cut, by the edge", None, "größer als 5 mm"],
        }
    )


def test_round_trip(tmp_path, table):
    path = tmp_path / "tables" / "steps.tsv"
    write_table(table, path, COLUMNS, {"stage": "steps"})
    back = read_table(path)
    assert list(back.columns) == list(COLUMNS)
    assert list(back["participant_id"]) == ["007", "NA", "1e5"]
    assert list(back["trial_id"]) == ["10", "null", "nan"]
    assert back["reason"].isna().tolist() == [False, True, False]
    # ten significant digits: the last one is rounded
    np.testing.assert_allclose(back["value"], table["value"], rtol=5e-10)


def test_sidecar_explains_every_column(tmp_path, table):
    path = tmp_path / "steps.tsv"
    write_table(table, path, COLUMNS, {"stage": "steps", "commit": "abc"})
    sidecar = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert sidecar["columns"] == COLUMNS
    assert list(sidecar["columns"]) == list(COLUMNS)
    assert sidecar["provenance"] == {"stage": "steps", "commit": "abc"}


def test_undescribed_and_missing_columns_are_refused(tmp_path, table):
    with pytest.raises(ValueError, match=r"not described: \['extra'\]"):
        write_table(table.assign(extra=1), tmp_path / "a.tsv", COLUMNS, {})
    with pytest.raises(ValueError, match=r"columns missing: \['value'\]"):
        write_table(table.drop(columns="value"), tmp_path / "a.tsv", COLUMNS, {})
    assert list(tmp_path.iterdir()) == []


def test_missing_and_empty_files(tmp_path):
    with pytest.raises(AqbioError, match="does not exist"):
        read_table(tmp_path / "none.tsv")
    (tmp_path / "empty.tsv").touch()
    with refused("result-damaged", "table is damaged", RunStoppedError):
        read_table(tmp_path / "empty.tsv")


def test_every_digit_and_every_word_of_a_long_table_comes_back(tmp_path, table):
    long = table.assign(value=[1.0 / 3.0, np.nan, 1e-300])
    write_columns(long, tmp_path / "rows.nc", COLUMNS, {"stage": "steps"})
    found = read_columns(tmp_path / "rows.nc")
    assert list(found.columns) == list(COLUMNS)
    for name in ("value", "count"):
        np.testing.assert_array_equal(found[name], long[name])
    for name in ("participant_id", "trial_id"):
        assert found[name].tolist() == long[name].tolist()
    assert found["reason"].astype(object).fillna("").tolist() == long["reason"].fillna("").tolist()
