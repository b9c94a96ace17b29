"""What is written of the scoreboard."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest

from benchmarks.board import Measured
from benchmarks.table import markdown, write_table

LINES = (
    Measured("B1", "markers", 0.3, 20.1, 67.0, target="ratio >= 40", correct="yes", met="yes"),
    Measured("B12", "a study", 1.7, memory_mb=224.3, correct="yes"),
)


def test_programs_and_readers_see_the_same(tmp_path):
    write_table(LINES, tmp_path, "JA1's jog", 0.3, {"material": 8.0, "B1": 52.0})
    read = pd.read_csv(tmp_path / "latest.tsv", sep="\t", na_values="n/a", keep_default_na=False)
    assert read["ratio"].tolist() == pytest.approx([67.0, math.nan], nan_ok=True)
    assert read["memory_mb"].tolist() == pytest.approx([math.nan, 224.3], nan_ok=True)
    origin = json.loads((tmp_path / "latest.json").read_text())
    assert (origin["material"], origin["load"]) == ("JA1's jog", 0.3)
    page = (tmp_path / "latest.md").read_text(encoding="utf-8")
    assert "How long it took: material 8 s, B1 52 s; together 1.0 min." in page
    assert markdown(LINES) in page
    head, rule, first, second = markdown(LINES).splitlines()
    assert len({line.count("|") for line in (head, rule, first, second)}) == 1
    assert "| 300 ms | 20.1 s | 67 x |" in first
    assert "| 1.7 s, 224 MB |  |  |" in second
    assert "nan" not in page
