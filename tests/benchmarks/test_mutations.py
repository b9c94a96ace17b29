"""The register of mistakes is true, and the command tells one that passes from one that fails."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from benchmarks.mutations import ROOT, Mutation, mutated, mutations, survivors

REGISTER = mutations()


@pytest.mark.parametrize("name", REGISTER)
def test_the_right_text_is_there_once_and_the_test_exists(name):
    """Code that moved takes its line of the register along."""
    mutation = REGISTER[name]
    text = (ROOT / mutation.file).read_text(encoding="utf-8")
    assert mutated(text, mutation) != text
    path, _, function = mutation.test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "half.py").write_text("def half(x):\n    return x / 2\n")
    (tmp_path / "test_half.py").write_text(
        "from half import half\n\n"
        "def test_four():\n    assert half(4) == 2\n\n"
        "def test_nothing():\n    assert half(0) == 0\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("test", "left"), [("test_four", []), ("test_nothing", ["third"]), ("test_gone", ["third"])]
)
def test_a_mistake_survives_a_test_that_cannot_see_it(project, test, left):
    """A test that cannot be run notices nothing either; afterwards the code is as before."""
    third = Mutation("a third", "half.py", "x / 2", "x / 3", f"test_half.py::{test}")
    lines: list[str] = []
    assert list(survivors({"third": third}, project, lines.append)) == left
    assert ("SURVIVED" in lines[0]) == bool(left)
    assert "x / 2" in (project / "half.py").read_text()


@pytest.mark.parametrize("right", ["x / 4", "x"])
def test_a_register_that_is_out_of_date_is_an_error(project, right):
    stale = Mutation("", "half.py", right, "0", "test_half.py::test_four")
    with pytest.raises(ValueError, match="times, not once"):
        list(survivors({"stale": stale}, project, print))
