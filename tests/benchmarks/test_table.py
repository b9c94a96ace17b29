"""What is written of the scoreboard."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest

from benchmarks.board import Measured
from benchmarks.table import COLUMNS, markdown, write_table

LINES = (
    Measured(
        "B1", "inverse kinematics", 0.3, 20.1, 67.0, math.nan, "ratio >= 40", "yes", "yes", 2, "ok"
    ),
    Measured(
        "B10",
        "memory",
        1.7,
        math.nan,
        math.nan,
        224.3,
        "memory_mb <= 300",
        "yes",
        "yes",
        3,
        "bit for bit",
    ),
)


def test_programs_read_every_column(tmp_path):
    write_table(LINES, tmp_path, "JA1's jog", 0.3)
    read = pd.read_csv(tmp_path / "latest.tsv", sep="\t", na_values="n/a", keep_default_na=False)
    assert tuple(read.columns) == COLUMNS
    assert read["ratio"].tolist() == pytest.approx([67.0, math.nan], nan_ok=True)
    assert read["memory_mb"].tolist() == pytest.approx([math.nan, 224.3], nan_ok=True)
    assert (tmp_path / "latest.tsv").read_text().count("n/a") == 3
    origin = json.loads((tmp_path / "latest.json").read_text())
    assert origin["material"] == "JA1's jog"
    assert origin["versions"]["opensim"]
    assert origin["load"] == 0.3


def test_readers_see_fitting_units_and_no_missing_numbers(tmp_path):
    write_table(LINES, tmp_path, "JA1's jog", 0.3, {"material": 8.0, "B1": 52.0})
    page = (tmp_path / "latest.md").read_text(encoding="utf-8")
    assert "Recordings: JA1's jog." in page
    assert "How long it took: material 8 s, B1 52 s; together 1.0 min." in page
    assert markdown(LINES) in page
    head, rule, first, second = markdown(LINES).splitlines()
    assert len({line.count("|") for line in (head, rule, first, second)}) == 1
    assert "| 300 ms | 20.1 s | 67 x |" in first
    assert "| 1.7 s, 224 MB |  |  |" in second
    assert "nan" not in page
