"""aqbio as a library: the page about it is right, and importing it loads nothing."""

from __future__ import annotations

import ast
import doctest
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import aqbio
from aqbio.contributions.dataset import levels_dataset
from aqbio.contributions.step_rows import level_rows

PAGE = Path(__file__).parents[1] / "docs" / "library.md"


@pytest.fixture(scope="module")
def page():
    """Run the page, and give what its examples have found."""
    text = PAGE.read_text(encoding="utf-8")
    test = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    result = doctest.DocTestRunner().run(test, clear_globs=False)
    assert result.attempted > 30
    assert result.failed == 0
    imports = [example.source for example in test.examples if "import " in example.source]
    assert imports == ["import aqbio\n"]
    return test.globs


def test_by_hand_is_what_the_workflow_writes(page):
    """The same step through the stage's dataset and rows: every number that the page shows."""
    variables = page
    levels, run = variables["found"], variables["run"]
    trial = levels_dataset(levels, run.time, 0.0)
    trial["ground_force"] = (("time", "foot", "axis"), levels.mechanics.balance.force)
    rows = pd.DataFrame(level_rows(trial, variables["step"]))
    stance = rows[rows["phase"] == "stance"].set_index(["source", "target", "axis", "statistic"])
    value = stance[stance["level"] == "C (C2)"]["value"]
    caused, force = variables["caused"], variables["force"]
    joints_of_role = {"ankle_toes_push": ("ankle_right", "mtp_right")}
    joints_of_role |= {f"{joint}_push": (f"{joint}_right",) for joint in ("knee", "hip")}
    for role, joints in joints_of_role.items():
        by_hand = sum(force[caused.sources.index(joint)] for joint in joints)
        written = [value[role, "ground", axis, "force_mean"] for axis in "xyz"]
        np.testing.assert_allclose(by_hand, written, rtol=1e-9, atol=1e-9)
    written = value["swing_side", "swing_side", "y", "moment_mean"]
    assert variables["on"][1] == pytest.approx(written, rel=1e-9)
    torque = stance[stance["level"] == "B"]["value"]
    for chain, by_hand in zip(variables["pelvis"].hub.sources, variables["torque"], strict=True):
        role = aqbio.role_name(chain, "right")
        assert by_hand == pytest.approx(torque[role, "pelvis", "y", "moment_mean"], abs=1e-9)


def test_every_name_is_documented_and_has_an_example_that_runs():
    """On the page, in the gallery or its docstring; a reader of models needs a file and OpenSim."""
    texts = [PAGE, *(PAGE.parent / "examples").glob("*.py")]
    documents = "\n".join(path.read_text(encoding="utf-8") for path in texts)
    for name in set(aqbio.__all__) - {"__version__"}:
        member = getattr(aqbio, name)
        assert member is getattr(aqbio, name)
        assert member.__doc__, name
        example = ">>>" in member.__doc__ or re.search(rf"\baqbio\.{name}\(", documents)
        assert example or isinstance(member, type) or name == "read_skeleton", name
    assert set(aqbio.__all__) <= set(dir(aqbio))
    with pytest.raises(AttributeError, match="no attribute 'leveles'"):
        aqbio.leveles  # noqa: B018


def test_type_checkers_see_the_same_modules():
    imported = {
        (node.module, alias.name)
        for node in ast.walk(ast.parse(Path(aqbio.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aqbio.")
        for alias in node.names
    }
    lazy = {(f"aqbio.{home}", name) for home, names in aqbio._HOMES.items() for name in names}
    assert imported - {("aqbio.version", "__version__")} == lazy
    assert {name for _, name in lazy} == set(aqbio.__all__) - {"__version__"}
