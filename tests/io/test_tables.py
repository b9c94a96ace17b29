"""Tables: every column explained, missing values said, numbers back as they were."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io.tables import read_table, write_table
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


def test_text_on_disk(tmp_path, table):
    path = tmp_path / "steps.tsv"
    write_table(table, path, COLUMNS, {})
    lines = path.read_bytes().decode().split("\n")
    assert lines[0] == "participant_id\ttrial_id\tvalue\tcount\treason"
    assert lines[2] == "NA\tnull\tn/a\t2\tn/a"
    assert lines[3].split("\t")[2] == "-12345.678901234"
    assert lines[-1] == ""


def test_sidecar_explains_every_column(tmp_path, table):
    path = tmp_path / "steps.tsv"
    write_table(table, path, COLUMNS, {"stage": "steps", "commit": "abc"})
    sidecar = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert sidecar["columns"] == COLUMNS
    assert list(sidecar["columns"]) == list(COLUMNS)
    assert sidecar["provenance"] == {"stage": "steps", "commit": "abc"}


def test_columns_come_in_the_order_of_their_description(tmp_path, table):
    path = tmp_path / "steps.tsv"
    write_table(table[list(COLUMNS)[::-1]], path, COLUMNS, {})
    assert list(read_table(path).columns) == list(COLUMNS)


def test_undescribed_and_missing_columns_are_refused(tmp_path, table):
    with pytest.raises(ValueError, match=r"not described: \['extra'\]"):
        write_table(table.assign(extra=1), tmp_path / "a.tsv", COLUMNS, {})
    with pytest.raises(ValueError, match=r"columns missing: \['value'\]"):
        write_table(table.drop(columns="value"), tmp_path / "a.tsv", COLUMNS, {})
    assert list(tmp_path.iterdir()) == []


def test_table_without_rows(tmp_path, table):
    path = tmp_path / "steps.tsv"
    write_table(table.iloc[:0], path, COLUMNS, {})
    back = read_table(path)
    assert len(back) == 0
    assert list(back.columns) == list(COLUMNS)


def test_missing_and_empty_files(tmp_path):
    with pytest.raises(AqbioError, match="does not exist"):
        read_table(tmp_path / "none.tsv")
    (tmp_path / "empty.tsv").touch()
    with refused("result-damaged", "table is damaged", RunStoppedError):
        read_table(tmp_path / "empty.tsv")


def test_parts_are_one_table(tmp_path, table):
    """Whatever the parts' types: words as categories, none at all."""
    whole, parts, empty = (tmp_path / f"{name}.tsv" for name in ("whole", "parts", "empty"))
    write_table(table, whole, COLUMNS, {})
    pieces = [table[:1], table[1:].astype({"reason": "category", "trial_id": "category"})]
    write_table(pieces, parts, COLUMNS, {})
    assert parts.read_bytes() == whole.read_bytes()
    write_table([], empty, COLUMNS, {})
    assert empty.read_bytes() == whole.read_bytes().splitlines(keepends=True)[0]


def test_cells_are_those_of_pandas(tmp_path):
    table = pd.DataFrame(
        {
            "number": [0.1 + 0.2, 1e-20, -np.inf, np.nan],
            "short": np.array([0.1, 2.0, np.nan, 3e10], dtype=np.float32),
            "count": [1, -2, 3, 4],
            "flag": [True, False, True, False],
            "text": ["a\tb", 'say "so"', None, "two\nlines"],
            "word": pd.Categorical(["left", None, "right", "left"]),
            "either": [1.5, "n/a", None, 2],
        }
    )
    for digits in (15, 5):
        path = tmp_path / f"{digits}.tsv"
        write_table(table, path, {name: {"description": ""} for name in table}, {}, digits=digits)
        expected = table.to_csv(
            sep="\t", index=False, na_rep="n/a", float_format=f"%.{digits}g", lineterminator="\n"
        )
        assert path.read_bytes().decode() == expected
