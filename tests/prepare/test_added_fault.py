"""An added fault of forces: the row in CONTRIBUTING.md, its case, and nothing else."""

from __future__ import annotations

import ast
import re
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from aqbio.prepare import force_faults, force_search, force_words, stated_faults
from aqbio.prepare.force_faults import FORCE_FAULTS, ForceFault
from tests.planted_forces import planted
from tests.prepare import test_explanations
from tests.prepare.test_explanations import EVERY, SPEED, STEPS, recorded_run
from tests.prepare.test_stated_faults import assert_same, used_forces
from validation import force_faults as planting
from validation.captured import CapturedForces

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
[SECTION] = re.findall(r"^#### A fault of forces\n(.*?)^###", PAGE, re.MULTILINE | re.DOTALL)
ROW, CASE = re.findall(r"```(?:tsv|python)\n\s*(.*?)\n\s*```", SECTION, re.DOTALL)
MODULES = (force_faults, force_search, force_words, stated_faults, planting, test_explanations)


@pytest.fixture
def added(monkeypatch) -> ForceFault:
    """The row of the page, in the table as if it stood there."""
    table = files("aqbio.prepare").joinpath("force_faults.tsv").read_text(encoding="utf-8")
    header = next(line for line in table.splitlines() if not line.startswith("#"))
    cells = dict(zip(header.split("\t"), ROW.split("\t"), strict=True))
    fault = force_faults.fault_of_row(cells)
    assert fault.name not in force_faults.ROWS, "the page adds what is there already"
    rows = (*FORCE_FAULTS, fault)
    tables = {"FORCE_FAULTS": rows, "ROWS": MappingProxyType({row.name: row for row in rows})}
    for module in MODULES:
        for name in tables.keys() & vars(module).keys():
            monkeypatch.setattr(module, name, tables[name])
    return fault


def test_the_case_of_an_added_fault_holds(added):
    """As it is written on the page: identified, proposed and undone."""
    assert ast.parse(CASE, mode="eval").body.elts[1].id == "EVERY"
    name, plates, rule = eval(CASE, {"EVERY": EVERY})
    assert name == added.name
    test_explanations.test_an_identified_fault_is_proposed_and_its_cell_undoes_it(
        name, plates, rule
    )


def test_the_tests_of_all_rows_find_an_added_one(added):
    assert [name for name, _ in test_explanations.rows()].count(added.name) == 1
    for name, moments in test_explanations.rows():
        if name == added.name:
            test_explanations.test_a_fault_that_is_undone_leaves_the_recording_as_it_was(
                name, moments
            )
    for name, moments, plates in test_explanations.planted_scopes():
        if name == added.name:
            test_explanations.test_a_planted_fault_is_named_and_no_other(name, moments, plates)


def test_what_was_considered_names_an_added_fault(added):
    first, *_ = test_explanations.considered(added.name)
    assert (first.fault, first.verdict) == (added.name, "identified")


def test_the_sheet_states_an_added_fault(added):
    sound, evidence = recorded_run(3, moments=True)
    recorded = planted(added, sound, np.arange(STEPS) == 2, np.nan)
    explained, [finding] = used_forces(f"{added.name} plate 3", recorded, evidence)
    assert_same(explained.forces, sound)
    assert (finding.severity, finding.where) == ("info", "plate 3")
    assert finding.what.endswith(". It is undone, as the sheet says.")


def test_validation_plants_an_added_fault(added):
    forces, evidence = recorded_run(3, moments=True)
    run = CapturedForces("run", forces, evidence, SPEED)
    scopes = [plant.scope for plant in planting.plants(run) if plant.fault == added.name]
    assert scopes == ["all", "plate 4"]
