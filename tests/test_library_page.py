"""aqbio as a library: the page about it is right, and importing it loads nothing."""

from __future__ import annotations

import ast
import doctest
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import aqbio
from aqbio.contributions.dataset import levels_dataset
from aqbio.steps.rows import level_rows

PAGE = Path(__file__).parents[1] / "docs" / "library.md"
INIT = Path(aqbio.__file__)


@pytest.fixture(scope="module")
def page():
    """Run the page, and give what its examples have found."""
    text = PAGE.read_text(encoding="utf-8")
    test = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    runner = doctest.DocTestRunner()
    result = runner.run(test, clear_globs=False)
    return result, test.globs


def test_examples_run_and_print_what_the_page_shows(page):
    """Markdown fences are no part of an example: a blank line ends it before the fence."""
    result, _ = page
    assert result.attempted > 30
    assert result.failed == 0


def test_by_hand_is_what_the_workflow_writes(page):
    """The same step through the stage's dataset and rows: every number that the page shows."""
    _, found = page
    levels, run = found["found"], found["run"]
    trial = levels_dataset(levels, run.time, 0.0)
    trial["ground_force"] = (("time", "foot", "axis"), levels.mechanics.balance.force)
    rows = pd.DataFrame(level_rows(trial, found["step"]))
    stance = rows[rows["phase"] == "stance"].set_index(["source", "target", "axis", "statistic"])
    value = stance[stance["level"] == "C (C2)"]["value"]
    caused, force = found["caused"], found["force"]
    whose = {"ankle_toes_push": ("ankle_right", "mtp_right")}
    whose |= {f"{one}_push": (f"{one}_right",) for one in ("knee", "hip")}
    for role, joints in whose.items():
        by_hand = sum(force[caused.sources.index(joint)] for joint in joints)
        written = [value[role, "ground", axis, "force_mean"] for axis in "xyz"]
        np.testing.assert_allclose(by_hand, written, rtol=1e-9, atol=1e-9)
    written = value["swing_side", "swing_side", "y", "moment_mean"]
    assert found["on"][1] == pytest.approx(written, rel=1e-9)
    torque = stance[stance["level"] == "B"]["value"]
    for chain, by_hand in zip(found["pelvis"].hub.sources, found["torque"], strict=True):
        role = aqbio.role_name(chain, "right")
        assert by_hand == pytest.approx(torque[role, "pelvis", "y", "moment_mean"], abs=1e-9)


def test_importing_aqbio_loads_none_of_the_heavy_libraries():
    """Nor our own rooms: what `import aqbio` costs is Python's own start."""
    code = "import sys, aqbio; print(*(name.split('.')[0] for name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert not loaded & {"numpy", "scipy", "opensim", "pandas", "xarray", "matplotlib", "pydantic"}
    code = "import sys, aqbio; aqbio.levels; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(run.stdout.split()) & {"opensim", "pandas", "xarray", "matplotlib"}


def test_every_name_is_there_and_documented():
    for name in aqbio.__all__:
        found = getattr(aqbio, name)
        assert found is getattr(aqbio, name)
        assert name == "__version__" or found.__doc__, name
    assert set(aqbio.__all__) <= set(dir(aqbio))
    with pytest.raises(AttributeError, match="no attribute 'leveles'"):
        aqbio.leveles  # noqa: B018


def test_every_function_has_an_example_that_runs():
    """Here, in the gallery, or in its docstring; a model's reader needs a file and OpenSim."""
    texts = [PAGE, *(PAGE.parent / "examples").glob("*.py")]
    lines = [line for path in texts for line in path.read_text(encoding="utf-8").splitlines()]
    shown = "\n".join(line for line in lines if "aqbio." in line)
    for name in set(aqbio.__all__) - {"__version__", "read_skeleton"}:
        found = getattr(aqbio, name)
        if not isinstance(found, type):
            assert ">>>" in found.__doc__ or re.search(rf"\baqbio\.{name}\(", shown), name


def test_type_checkers_are_told_the_same_homes():
    tree = ast.parse(INIT.read_text(encoding="utf-8"))
    told = {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aqbio.")
        for alias in node.names
    }
    lazy = {(f"aqbio.{home}", name) for home, names in aqbio._HOMES.items() for name in names}
    assert told == lazy
    assert {name for _, name in lazy} == set(aqbio.__all__) - {"__version__"}
