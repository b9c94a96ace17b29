"""The matrix in short: few studies through the product's own code, counted and written."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import aqbio
from aqbio.stats.registry import read_registry
from validation.features import Cell, named_cells
from validation.verdicts import (
    COLUMNS,
    FALSE_BOUND,
    FOLDER,
    cell_rows,
    main,
    study_verdicts,
    worst,
)

CORE = ("H1", "H4", "H5a", "H7")
CELLS = {one.name: one for one in named_cells()}


def _counts(cell: Cell, studies: int) -> dict[str, Counter[str]]:
    found = [study_verdicts(cell, number) for number in range(studies)]
    return {name: Counter(one[name].verdict for one in found) for name in CORE}


def test_few_studies_of_three_worlds():
    """Nothing is so, twice the smallest effects, and orders that are not equal."""
    counts = _counts(CELLS["nothing is so, 12 athletes"], 4)
    assert not [name for name, own in counts.items() if own["supported"]]
    assert counts["H1"]["not_supported"] == 4
    counts = _counts(CELLS["twice the smallest effects, 12 athletes"], 4)
    assert all(own["supported"] >= 3 for own in counts.values()), counts
    cell = CELLS["restricted arms always last, with fatigue of 0.6 %"]
    found = [study_verdicts(cell, number)["H7"] for number in range(3)]
    assert {one.verdict for one in found} == {"inconclusive"}


def test_a_row_counts_its_studies():
    """No support in 8 studies: at most 1 - 0.025^(1/8) of all (Clopper and Pearson)."""
    rows = cell_rows(CELLS["forces that are 16 ms late"], 8).set_index("hypothesis")
    row = rows.loc["H5a"]
    assert (row.claim, row.truth, row.supported, row.studies) == ("false", 0.0, 0, 8)
    assert row.supported_high == pytest.approx(1.0 - 0.025 ** (1.0 / 8.0))
    assert row.supported_high > FALSE_BOUND
    assert row.holds == "open"
    assert 0.0 < row.estimate < 0.01


def test_the_worst_cell_is_named():
    names = ["cell", "claim", "size", "supported", "coverage"]
    rows = [
        ("9-01", "false", 0.0, 3, 0.95), ("9-02", "false", -2.0, 9, 0.91),
        ("9-03", "true", 2.5, 80, 0.70), ("9-04", "border", 0.5, 50, 0.97),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=names).assign(hypothesis="H7", athletes=12, studies=100)
    assert worst(table).splitlines()[-1] == "| H7 | 2 | 9% (9-02) | 70% (9-03) | 80% to 80% |"


def test_a_run_writes_what_can_be_read_back(tmp_path: Path):
    given = ["--cells", "2", "--studies", "2", "--named-studies", "2", "--only", "arms cost 3"]
    main([*given, "--folder", str(tmp_path)])
    table = pd.read_csv(tmp_path / "verdicts.tsv", sep="\t")
    assert list(table) == list(COLUMNS)
    assert table["cell"].nunique() == 3
    judged = table["supported"] + table["not_supported"]
    assert (judged <= table["studies"]).all()
    assert (table["studies"] == 2).all()
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| arms cost 3 % of speed | 2 | 2 | contrast 0% " in page


# the committed run ------------------------------------------------------------------------------


def test_the_committed_table_is_of_this_registry_and_of_all_cells():
    """Another registry needs another proof: run `make validate`."""
    origin = json.loads((FOLDER / "verdicts.json").read_text(encoding="utf-8"))["provenance"]
    assert origin["registry_hash"] == read_registry().hash
    assert origin["version"] == aqbio.__version__
    table = pd.read_csv(FOLDER / "verdicts.tsv", sep="\t")
    drawn = {f"{origin['seed']}-{number + 1:02d}" for number in range(origin["cells"])}
    assert set(table["cell"]) == {*CELLS, *drawn}
    for name, own in table.groupby("hypothesis"):
        assert {"true", "false"} <= set(own["claim"]) or name == "H3e"
    assert np.isfinite(table["truth"]).all()


@pytest.fixture(scope="module")
def committed():
    return pd.read_csv(FOLDER / "verdicts.tsv", sep="\t", na_values="n/a")


def test_no_false_sentence_is_supported_by_more_than_chance(committed):
    assert "no" not in set(committed["holds"])


@pytest.mark.parametrize(
    ("hypothesis", "cell", "least"),
    [
        *((name, "twice the smallest effects, 12 athletes", 0.9) for name in (*CORE, "contrast")),
        ("H8c", "twice the smallest effects, 12 athletes", 0.7),
        ("H3b", "the weaker side limits, 96 athletes", 0.9),
        ("H8a", "twice the smallest slopes, 96 athletes", 0.6),
        ("H9", "twice the smallest slopes, 96 athletes", 0.6),
        *(
            ("contrast", f"a contrast of {count} athletes, twice the smallest effect", least)
            for count, least in ((6, 0.1), (8, 0.6), (12, 0.85), (20, 0.95))
        ),
    ],
)
def test_true_effects_of_twice_the_smallest_size_are_found(committed, hypothesis, cell, least):
    row = committed.set_index(["cell", "hypothesis"]).loc[cell, hypothesis]
    assert row["claim"] == "true"
    assert row["supported"] / row["studies"] >= least
