"""Differences of frozen results: planted ones just inside and just outside what is none."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.io.netcdf import read_dataset, write_dataset
from aqbio.io.tables import read_table, write_table
from benchmarks.freeze import COMPUTED, STORED, _aqbio, differences, main

COLUMNS = {name: {"description": name} for name in ("who", "count", "value")}


@pytest.fixture
def results(tmp_path):
    """Results of one study, twice."""
    before = tmp_path / "before"
    table = pd.DataFrame(
        {"who": ["A", None, "B"], "count": [1, 2, 3], "value": [1.0, np.nan, -3e-3]}
    )
    for name, digits in (("steps", 15), ("uncertainty", 5)):
        write_table(table, before / "tables" / f"{name}.tsv", COLUMNS, {}, digits=digits)
    data = xr.Dataset(
        {
            "double": ("step", [1.0, np.nan, 1e3]),
            "speed": (("step", "percent"), np.array([[1.0], [2.0], [3.0]])),
            "side": ("step", ["left", "right", "left"]),
        },
        attrs={"closure_A2": 1e-14, "roles": "both", "partition": ["leg", "arms"]},
    )
    write_dataset(data, before / "participants" / "A" / "steps" / "curves.nc", {"commit": "one"})
    write_dataset(data, before / "participants" / "A" / "evidence" / "steps.nc", {})
    shutil.copytree(before, tmp_path / "after")
    return before, tmp_path / "after"


def _told(results) -> list[tuple[str, str]]:
    return [(one.table, one.column) for one in differences(*results)]


def test_the_same_results_do_not_differ(results):
    assert _told(results) == []
    assert main(["compare", *map(str, results)]) == 0


@pytest.mark.parametrize(("table", "limit"), [("steps", COMPUTED), ("uncertainty", STORED)])
@pytest.mark.parametrize(("times", "seen"), [(0.5, False), (2.0, True)])
@pytest.mark.parametrize("row", [0, 2])
def test_numbers_of_tables(results, table, limit, times, seen, row):
    """Relative to each number, not to the largest of its column."""
    path = results[1] / "tables" / f"{table}.tsv"
    changed = read_table(path)
    changed.loc[row, "value"] *= 1.0 + times * limit
    write_table(changed, path, COLUMNS, {})
    assert _told(results) == ([(f"tables/{table}.tsv", "value")] if seen else [])


@pytest.mark.parametrize(("name", "limit"), [("double", COMPUTED), ("speed", 1e-6)])
@pytest.mark.parametrize(("times", "seen"), [(0.5, False), (2.0, True)])
def test_numbers_of_datasets(results, name, limit, times, seen):
    path = results[1] / "participants" / "A" / "steps" / "curves.nc"
    data = read_dataset(path)
    data[name].values[0] *= 1.0 + times * limit
    write_dataset(data, path, {"commit": "another"})
    assert _told(results) == ([("participants/A/steps/curves.nc", name)] if seen else [])


def test_round_off_of_a_sum_that_cancels_is_none(results):
    """Near zero a relative difference says nothing: 1e-13 of the column's largest number does."""
    path = results[1] / "tables" / "steps.tsv"
    for off, seen in ((5e-14, False), (5e-12, True)):
        changed = read_table(results[0] / "tables" / "steps.tsv")
        changed.loc[2, "value"] += off
        write_table(changed, path, COLUMNS, {})
        assert bool(_told(results)) == seen


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (lambda table: table.assign(who=["A", "C", "B"]), "who"),
        (lambda table: table.assign(count=[1, 2, 4]), "count"),
        (lambda table: table.assign(value=[1.0, 0.0, -3e-3]), "value"),
        (lambda table: table.assign(value=[np.nan, np.nan, -3e-3]), "value"),
        (lambda table: table.assign(value=["x", "y", "z"]), "value"),
        (lambda table: table.iloc[:2], "rows"),
        (lambda table: table[["count", "who", "value"]], "columns"),
        (lambda table: table.drop(columns="who"), "who"),
    ],
)
def test_what_else_is_a_difference_of_tables(results, change, column):
    path = results[1] / "tables" / "steps.tsv"
    changed = change(read_table(path))
    write_table(changed, path, {name: COLUMNS[name] for name in changed}, {})
    assert _told(results) == [("tables/steps.tsv", column)]
    assert main(["compare", *map(str, results)]) == 1
    assert main(["compare", *map(str, results), "--apart", f"steps:{column}"]) == 0


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (lambda data: data.assign(side=("step", ["left", "left", "left"])), "side"),
        (lambda data: data.assign_attrs(closure_A2=2e-14), "attribute closure_A2"),
        (lambda data: data.assign_attrs(partition=["leg", "arm"]), "attribute partition"),
        (lambda data: data.assign_attrs(more=1), "attribute more"),
        (lambda data: data.assign(more=data["double"]), "more"),
        (lambda data: data.drop_vars("speed"), "speed"),
    ],
)
def test_what_else_is_a_difference_of_datasets(results, change, column):
    """Where a file comes from is none: versions and commits differ between source trees."""
    path = results[1] / "participants" / "A" / "evidence" / "steps.nc"
    write_dataset(change(read_dataset(path)), path, {"commit": "another"})
    assert _told(results) == [("participants/A/evidence/steps.nc", column)]


def test_a_lost_file_is_a_difference(results):
    (results[1] / "tables" / "steps.tsv").unlink()
    [found] = differences(*results)
    assert (found.table, found.what) == ("tables/steps.tsv", "only before")


def test_folders_without_tables_are_no_equal_results(results):
    before, after = results
    with pytest.raises(SystemExit, match="nothing to compare"):
        main(["compare", str(before.parent), str(after)])


def test_the_code_that_runs_is_that_of_the_tree(tmp_path, monkeypatch):
    """Also from within another tree, which Python would look into first."""
    for name in ("here", "tree"):
        (tmp_path / name / "aqbio").mkdir(parents=True)
        (tmp_path / name / "aqbio" / "__init__.py").touch()
        said = f"from pathlib import Path\n\n\ndef main():\n    Path('ran').write_text('{name}')\n"
        (tmp_path / name / "aqbio" / "cli.py").write_text(said)
    monkeypatch.chdir(tmp_path / "here")
    _aqbio(tmp_path / "tree")
    assert (tmp_path / "here" / "ran").read_text() == "tree"
