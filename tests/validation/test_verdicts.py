"""The matrix in short: few studies through the product's own code, counted and written."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import aqbio
from aqbio.stats.registry import read_registry
from tests.golden import differences, digest
from validation.features import named_cells
from validation.verdicts import COLUMNS, FALSE_BOUND, FOLDER, main, worst

CORE = ("H1", "H4", "H5a", "H7")
NOTHING, TWICE = "nothing is so, 12 athletes", "twice the smallest effects, 12 athletes"
LAST, LATE = "restricted arms always last, with fatigue of 0.6 %", "forces that are 16 ms late"


def test_few_studies_are_judged_counted_and_written(tmp_path):
    """No support in 3 studies: at most 1 - 0.025^(1/3) of all (Clopper and Pearson)."""
    given = ["--cells", "1", "--studies", "1", "--named-studies", "3", "--folder", str(tmp_path)]
    main([*given, "--only", NOTHING, TWICE, LAST, LATE, "arms cost 3"])
    table = pd.read_csv(tmp_path / "verdicts.tsv", sep="\t", dtype={"claim": str})
    rows = table.set_index(["cell", "hypothesis"])
    for cell, count in ((NOTHING, 0), (TWICE, 3)):
        assert [rows.loc[(cell, name), "supported"] for name in CORE] == [count] * len(CORE)
    assert not rows.loc[(LAST, "H7"), "judged"]  # orders that are not equal
    late = rows.loc[(LATE, "H5a")]
    assert (late.claim, late.truth, late.supported, late.holds) == ("false", 0.0, 0, "open")
    assert late.supported_high == pytest.approx(1.0 - 0.025 ** (1.0 / 3.0), abs=1e-4)
    assert late.supported_high > FALSE_BOUND
    assert list(table) == list(COLUMNS)
    page = (tmp_path / "README.md").read_text(encoding="utf-8").splitlines()
    lines = [*digest({"verdicts": table}), *(line for line in page if line.startswith("|"))]
    assert differences("validation_verdicts", lines) == []


def test_the_worst_cell_is_named():
    names = ["cell", "claim", "size", "supported", "coverage"]
    rows = [
        ("9-01", "false", 0.0, 3, 0.95), ("9-02", "false", -2.0, 9, 0.91),
        ("9-03", "true", 2.5, 80, 0.70), ("9-04", "border", 0.5, 50, 0.97),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=names).assign(hypothesis="H7", athletes=12, studies=100)
    assert worst(table).splitlines()[-1] == "| H7 | 2 | 9% (9-02) | 70% (9-03) | 80% to 80% |"


# the committed run ------------------------------------------------------------------------------

LEAST = {
    (TWICE, *CORE, "contrast"): 0.9,
    (TWICE, "H8c"): 0.7,
    ("the weaker side limits, 96 athletes", "H3b"): 0.9,
    ("twice the smallest slopes, 96 athletes", "H8a", "H9"): 0.6,
    **{(f"a contrast of {count} athletes, twice the smallest effect", "contrast"): least
       for count, least in ((6, 0.1), (8, 0.6), (12, 0.85), (20, 0.95))},
}  # fmt: skip
"""Cell and hypotheses, and the least share of studies that find them."""


def test_the_committed_table_is_of_this_registry_of_all_cells_and_holds():
    """Another registry needs another proof: run `make validate`."""
    origin = json.loads((FOLDER / "verdicts.json").read_text(encoding="utf-8"))["provenance"]
    assert origin["registry_hash"] == read_registry().hash
    assert origin["version"] == aqbio.__version__
    table = pd.read_csv(FOLDER / "verdicts.tsv", sep="\t", na_values="n/a")
    drawn = {f"{origin['seed']}-{number + 1:02d}" for number in range(origin["cells"])}
    assert set(table["cell"]) == {*drawn, *(one.name for one in named_cells())}
    for name, own in table.groupby("hypothesis"):
        assert {"true", "false"} <= set(own["claim"]) or name == "H3e"
    assert np.isfinite(table["truth"]).all()
    assert "no" not in set(table["holds"])  # no false sentence is supported beyond chance
    rows = table.set_index(["cell", "hypothesis"])
    for (cell, *names), least in LEAST.items():
        for name in names:
            row = rows.loc[(cell, name)]
            assert row["claim"] == "true"
            assert row["supported"] / row["studies"] >= least, (cell, name)
