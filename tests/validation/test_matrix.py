"""The proof in short: few studies per world now, and the committed table of the whole run."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

import aqbio
from aqbio.stats.registry import read_registry
from aqbio.stats.verdict import LABELS
from validation.__main__ import FOLDER, STUDIES
from validation.matrix import (
    COLUMNS,
    EXPECTED,
    FALSE_SHARE,
    HOLDS_SHARE,
    LETTERS,
    Cell,
    cells_of,
    expectations,
    least_rate,
    study_verdicts,
)
from validation.power import powers
from validation.regulation import regulations
from validation.tables import Proof, summary, world_table, write_proof
from validation.worlds import worlds

REGISTRY, WORLDS = read_registry(), worlds()
FEW = 10


def _refuted(cell: Cell) -> bool:
    """Whether few studies already exclude, at 1 in 1000, that the cell holds."""
    expected = round(cell.expected_share * cell.studies)
    too_rare = stats.binom.cdf(expected, cell.studies, HOLDS_SHARE) < 1e-3
    found = cell.counts.get("supported", 0)
    too_often = stats.binom.sf(found - 1, cell.studies, FALSE_SHARE) < 1e-3
    return bool(too_rare or (cell.expected != "S" and too_often))


@pytest.mark.parametrize("name", list(EXPECTED))
def test_few_studies_refute_no_cell(name):
    """Whole studies, the real rule; `make validate` draws 200 of each."""
    cells = cells_of(WORLDS[name], FEW, REGISTRY)
    assert {cell.hypothesis for cell in cells} == {one.id for one in REGISTRY.hypotheses}
    assert not [(cell.hypothesis, dict(cell.counts)) for cell in cells if _refuted(cell)]


@pytest.mark.parametrize(("world", "expected"), [("W0", EXPECTED["W1"]), ("W1", EXPECTED["W0"])])
def test_the_wrong_world_is_refuted(world, expected):
    """The test above can fail: W1's row does not fit W0, nor the other way round."""
    letters = dict(zip(COLUMNS, expected.split(), strict=True))
    cells = [
        Cell(cell.world, cell.hypothesis, letters[cell.hypothesis], cell.counts)
        for cell in cells_of(WORLDS[world], FEW, REGISTRY)
        if cell.hypothesis in letters
    ]
    wrong = {cell.hypothesis for cell in cells if _refuted(cell)}
    assert {"H1", "H2", "H5a"} <= wrong


def test_a_study_is_its_seed():
    one, again, other = (study_verdicts(WORLDS["W3"], (1, 0, n), REGISTRY) for n in (0, 0, 1))
    assert repr(one) == repr(again)
    assert repr(one) != repr(other)


def test_every_cell_of_the_plan_is_expected_once():
    places = [(world, name) for world, name, _ in expectations()]
    assert len(places) == len(set(places)) == 7 * 15
    for _, _, letters in expectations():
        assert letters == "." or {LETTERS[one] for one in letters.split("/")} <= set(LABELS)


@pytest.mark.parametrize(
    ("expected", "counts", "holds"),
    [
        ("S", {"supported": 160, "inconclusive": 40}, True),
        ("S", {"supported": 159, "inconclusive": 41}, False),
        ("N/I", {"not_supported": 100, "inconclusive": 85, "supported": 15}, True),
        ("N/I", {"not_supported": 100, "inconclusive": 84, "supported": 16}, False),
        (".", {"inconclusive": 185, "supported": 15}, True),
        (".", {"inconclusive": 180, "supported": 20}, False),
        ("M", {"mechanically_implied": 200}, True),
    ],
)
def test_the_binomial_rule(expected, counts, holds):
    """15 of 200: lower bound 4.7 %; 16: 5.1 %."""
    assert Cell("W0", "H4", expected, counts).holds is holds


def test_the_lower_bound_is_that_of_the_binomial_test():
    for found in (1, 9, 20):
        bound = stats.binomtest(found, 200, alternative="greater").proportion_ci(0.95).low
        assert least_rate(found, 200) == pytest.approx(bound, rel=1e-9)
    assert least_rate(0, 200) == 0.0


def test_power_grows_with_athletes_and_regulation_is_seen(tmp_path: Path):
    """Few studies; the files of a proof can be read back."""
    found = {(one.world, one.hypothesis, one.athletes): one for one in powers(WORLDS, 6, REGISTRY)}
    assert found["W3", "H3b", 96].supported >= found["W3", "H3b", 48].supported
    assert found["W3_additive", "H3b", 96].supported <= 1
    regulated, free = regulations(WORLDS, 5)
    assert regulated.mean < -0.4
    assert abs(free.mean) < 0.15
    cells = tuple(
        Cell(
            world, name, expected, {LETTERS[expected[0]] if expected != "." else "inconclusive": 5}
        )
        for world, name, expected in expectations()
    )
    origin = {"date": "2026-01-01", "version": "0", "registry_hash": "0", "studies": 5, "seed": 1}
    proof = Proof(cells, tuple(found.values()), (regulated, free), origin)
    write_proof(proof, tmp_path)
    written = pd.read_csv(tmp_path / "worlds.tsv", sep="\t")
    assert len(written) == len(world_table(proof)) == 105
    assert summary(proof) in (tmp_path / "README.md").read_text(encoding="utf-8")


# the committed run ------------------------------------------------------------------------------


def test_the_committed_table_holds_everywhere():
    table = pd.read_csv(FOLDER / "worlds.tsv", sep="\t")
    assert " ".join(table.columns) == (
        "world hypothesis expected studies supported not_supported inconclusive implied "
        "not_testable expected_share support_bound holds"
    )
    assert set(table["holds"]) == {"yes"}
    assert set(table["studies"]) == {STUDIES}
    expected = {(world, name): letters for world, name, letters in expectations()}
    found = {(row["world"], row["hypothesis"]): row["expected"] for _, row in table.iterrows()}
    assert found == expected
    labels = ["supported", "not_supported", "inconclusive", "implied", "not_testable"]
    assert (table[labels].sum(axis=1) == table["studies"]).all()


def test_the_committed_table_is_of_this_registry():
    """Another registry needs another proof: run `make validate`."""
    for name in ("worlds", "power", "regulation"):
        origin = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["provenance"]
        assert origin["registry_hash"] == REGISTRY.hash
        assert origin["version"] == aqbio.__version__
        assert origin["date"] >= "2026-11-20"


def test_the_committed_power_is_told_for_both_numbers_of_athletes():
    table = pd.read_csv(FOLDER / "power.tsv", sep="\t").set_index(
        ["world", "hypothesis", "athletes"]
    )
    share = table["supported"] / table["studies"]
    assert share["W3", "H3b", 96] >= 0.8
    assert share["W3", "H3b", 48] < share["W3", "H3b", 96]
    for athletes in (48, 96):
        null = table.loc[("W3_additive", "H3b", athletes)]
        assert least_rate(int(null["supported"]), int(null["studies"])) <= FALSE_SHARE
    regulation = pd.read_csv(FOLDER / "regulation.tsv", sep="\t")
    assert set(regulation["holds"]) == {"yes"}
