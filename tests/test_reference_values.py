"""Reference values of stages: deviations, missing and unknown quantities are reported."""

from __future__ import annotations

import pytest

from tests import reference_values
from tests.reference_values import COLUMNS, REFERENCES, WRITE, check_references, read_references

ROWS = "\t".join(COLUMNS) + (
    "\nrun 1: impulse, left\tN s\t12.5\t0.1\tmass times change of velocity"
    "\nrun 1: duration\ts\t0.11\t0.002\ttwo forces pass the threshold"
    "\nrun 2: duration\ts\tnan\t0.002\tno contact is seen\n"
)
MOST_VALUES = 1500


@pytest.fixture
def stage(tmp_path, monkeypatch) -> str:
    monkeypatch.setattr(reference_values, "REFERENCES", tmp_path)
    monkeypatch.delenv(WRITE, raising=False)
    (tmp_path / "gait.tsv").write_text(ROWS, encoding="utf-8")
    return "gait"


def test_values_within_tolerance_pass_by_group(stage):
    check_references(stage, {"run 1: impulse, left": 12.55, "run 1: duration": 0.1085})
    check_references(stage, {"run 2: duration": float("nan")})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"run 1: impulse, left": 12.7, "run 1: duration": 0.11}, r"12\.7, expected 12\.5 \+- 0"),
        ({"run 1: impulse, left": float("nan"), "run 1: duration": 0.11}, r"left: nan, expected"),
        ({"run 1: duration": 0.11}, r"left: not computed, expected 12\.5 N s"),
        ({"run 2: duration": 0.1}, r"0\.1, expected nan"),
        ({"run 2: duration": float("nan"), "run 3: mass": 70.0}, r"mass: 70, no reference"),
    ],
)
def test_every_deviation_is_reported(stage, values, message):
    with pytest.raises(AssertionError, match=message):
        check_references(stage, values)


def test_new_values_keep_unit_tolerance_and_source(stage, monkeypatch):
    monkeypatch.setenv(WRITE, "1")
    check_references(stage, {"run 1: impulse, left": 14.0, "run 1: duration": 0.11})
    with pytest.raises(AssertionError, match="needs a unit and a source"):
        check_references(stage, {"run 2: duration": 0.2, "run 2: mass": 70.0})
    rows = read_references(reference_values.REFERENCES / "gait.tsv").set_index("quantity")
    assert tuple(rows.loc["run 1: impulse, left"]) == (
        "N s", 14.0, 0.1, "mass times change of velocity",
    )  # fmt: skip
    assert rows.loc["run 2: mass", "source"] == ""


def test_tables_of_references_are_complete_and_few():
    tables = [read_references(path) for path in sorted(REFERENCES.glob("*.tsv"))]
    for table in tables:
        assert (table["unit"] != "").all()
        assert (table["source"] != "").all()
        assert (table["tolerance"].astype(float) >= 0.0).all()
    assert sum(map(len, tables)) <= MOST_VALUES
