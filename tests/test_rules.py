"""Every rule that a finding may name is provoked by a test, without private recordings.

A rule is told by its name in findings, tables and the page; a test that provokes it names it. The
rules are read from the code: what is given to a parameter, field or name called ``rule``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [path.read_text("utf-8") for path in (ROOT / "aqbio").rglob("*.py")]
RULE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NAMES = ("rule", "RULE", "RULES")


def _parameters() -> dict[str, int]:
    """Functions and classes that take a rule, and at which place; methods without self."""
    found = {}
    for text in SOURCES:
        for node in ast.walk(ast.parse(text)) if "rule" in text else ():
            if isinstance(node, ast.FunctionDef):
                names = [one.arg for one in node.args.args if one.arg not in ("self", "cls")]
                name = node.name
            elif isinstance(node, ast.ClassDef):
                fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
                names = [one.target.id for one in fields if isinstance(one.target, ast.Name)]
                name = node.name
            else:
                continue
            if "rule" in names:
                found[name] = names.index("rule")
    return found


def _given(tree: ast.Module, places: dict[str, int]) -> Iterator[ast.expr]:
    """What is given as a rule."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "rule":
            yield node.value
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called in places and len(node.args) > max(places[called], 1):
                yield node.args[places[called]]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(one, "id", "") in NAMES for one in targets) and node.value:
                yield node.value


def _words(value: ast.expr) -> Iterator[str]:
    """Rules in an expression: one or the other, or those of a mapping."""
    if isinstance(value, ast.Dict):
        value = ast.Tuple(elts=value.values)
    if isinstance(value, ast.IfExp):
        value = ast.Tuple(elts=[value.body, value.orelse])
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    for one in parts:
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def rules() -> list[str]:
    """Rules that findings of the program may name."""
    places = _parameters()
    named = re.compile("|".join(["rule", *NAMES, *places]))  # others give none
    found = {
        word
        for text in SOURCES
        if named.search(text)
        for value in _given(ast.parse(text), places)
        for word in _words(value)
        if RULE.fullmatch(word)
    }
    return sorted(found - {"error"})  # of errors that no finding is made of


@pytest.fixture(scope="module")
def tests() -> str:
    """Tests that run everywhere, as text."""
    own = Path(__file__)
    every = [*own.parent.rglob("*.py"), *(own.parent / "golden").rglob("*.txt")]
    files = [path for path in every if "real" not in path.parts and path != own]
    return "\n".join(path.read_text("utf-8") for path in files)


@pytest.mark.parametrize("rule", rules())
def test_a_test_provokes_it(rule, tests):
    """Between quotes; of several words, also among others and in golden texts."""
    ends = """["' :]""" if "-" in rule else """["']"""
    assert re.search(f"{ends}{rule}{ends}", tests), f"no test names the rule {rule}."


def test_rules_are_found_however_they_are_given():
    """By keyword, by place, from a mapping, as one of two, by a name of the module."""
    known = ("marker-rms", "plate-drift", "plate-offset", "labels-off", "markers-planar")
    assert {*known} <= {*rules()}
