"""The examples of CONTRIBUTING.md use names and files that exist."""

import ast
import importlib
import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = ROOT.joinpath("CONTRIBUTING.md").read_text(encoding="utf-8")
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
def test_imports_of_examples_exist(module, name):
    imported = importlib.import_module(module)
    assert hasattr(imported, name) or importlib.import_module(f"{module}.{name}")


def test_there_are_examples():
    assert len(IMPORTS) >= 5


NEW = {"aqbio/figures/contact_time.py", "models/sprint/my_lab.yaml", "docs/files.md"}
"""Files that a reader or the site makes."""

MADE_FOLDERS = {"build", "dist", "results"}
"""Folders of a checkout that commands make."""
FOLDERS = "|".join(
    path.name
    for path in ROOT.iterdir()
    if path.is_dir() and path.name[0] != "." and path.name not in MADE_FOLDERS
)
PATHS = {
    path
    for path in re.findall(rf"`((?:{FOLDERS})/[\w./]+)`", TEXT)
    if "NAME" not in path and path not in NEW
}
NAMES = {
    *re.findall(r"`(\w+)`\s(?:of|in)\s`(\w[\w./]+\.\w+)`", TEXT),
    *((name, path) for path, name in re.findall(r"`([\w./]+\.\w+)`,\sin\s`(\w+)`", TEXT)),
}


@pytest.mark.parametrize("path", sorted(PATHS))
def test_paths_named_on_the_page_exist(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("name", "path"), sorted(NAMES))
def test_a_name_is_in_the_file_that_is_said_to_have_it(name, path):
    assert re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8"))


def test_the_page_names_files_and_what_is_in_them():
    assert len(PATHS) >= 20
    assert len(NAMES) >= 5
