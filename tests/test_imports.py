"""Imports stand at the head of files: only what loads rooms by name, and OpenSim, come late."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import aqbio

PACKAGE = Path(aqbio.__file__).parent

LATE = {
    "__init__.py": "names of the library, each from its room when it is first used",
    "cli.py": "a command loads its room",
    "io/workbook.py": "what reads Excel, for those whose sheets are workbooks",
    "opensim/session.py": "OpenSim, which not every stage needs",
    "stage_table.py": "the module of a stage",
}
"""The only files with imports inside functions, and what they load late."""


def late_imports(source: str) -> Iterator[str]:
    """Imports inside functions and classes, and calls that import by name."""
    for definition in ast.walk(ast.parse(source)):
        if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for node in ast.walk(definition):
            is_import = isinstance(node, ast.Import | ast.ImportFrom)
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
            if is_import or (
                is_call and ast.unparse(node.func).split(".")[-1] in {"import_module", "__import__"}
            ):
                yield f"{definition.name}: {ast.unparse(node)}"


FILES = sorted(file.relative_to(PACKAGE).as_posix() for file in PACKAGE.rglob("*.py"))


def test_only_files_of_the_list_import_inside_functions():
    found = {file: list(late_imports((PACKAGE / file).read_text("utf-8"))) for file in FILES}
    assert {file: lines for file, lines in found.items() if lines and file not in LATE} == {}
    assert LATE.keys() <= {file for file, lines in found.items() if lines}


@pytest.mark.parametrize(
    "statement",
    [
        "import pandas",
        "from scipy import signal",
        "importlib.import_module('x')",
        "__import__('x')",
    ],
)
@pytest.mark.parametrize("head", ["def f():", "async def f():", "class C:", "def f():\n  if 1:"])
def test_a_late_import_is_noticed(head, statement):
    assert len(list(late_imports(f"{head}\n    {statement}"))) == 1
    assert not list(late_imports(f"{statement}\n{head}\n    pass"))
