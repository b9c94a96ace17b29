"""The examples of CONTRIBUTING.md use what the package has."""

import ast
import importlib
import re
import textwrap
from pathlib import Path

import pytest

TEXT = Path(__file__).parents[1].joinpath("CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = [
    textwrap.dedent(block) for block in re.findall(r"^ *```python\n(.*?)```", TEXT, re.M | re.S)
]
IMPORTS = [
    (node.module, name.name)
    for block in BLOCKS
    if "import " in block
    for node in ast.walk(ast.parse(block))
    if isinstance(node, ast.ImportFrom) and str(node.module).startswith(("aqbio", "tests"))
    for name in node.names
]


@pytest.mark.parametrize(("module", "name"), IMPORTS)
def test_what_an_example_imports_is_there(module, name):
    found = importlib.import_module(module)
    assert hasattr(found, name) or importlib.import_module(f"{module}.{name}")


def test_there_are_examples():
    assert len(IMPORTS) >= 5
