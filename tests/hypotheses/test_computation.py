"""The computation of verdicts is recorded by its operations, not by its names."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import get_args

import pytest

from aqbio.hypotheses.computation import (
    PACKAGE,
    PARTS,
    ROOMS,
    computation,
    package_module,
    verdict_computation,
)
from aqbio.stats.outcomes import STATISTICS
from aqbio.stats.registry import StatisticName

MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path.read_text("utf-8")
    for path in PACKAGE.rglob("*.py")
}
"""Source of every module of the package, by name."""

NAMES = {
    name: {
        target.id
        for statement in ast.parse(source).body
        for target in ast.walk(statement)
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        and isinstance(target, ast.Name)
        and isinstance(target.ctx, ast.Store)
        and target.id.isupper()
    }
    for name, source in MODULES.items()
}
"""Upper-case names that every module defines."""

CONSTANTS = frozenset().union(*NAMES.values())


def of_copy(change: Callable[[str, ast.Module], ast.AST]) -> dict[str, str]:
    """Fingerprints of a copy of the package, written anew from the syntax of every module."""

    def read(name: str) -> ast.Module:
        tree = change(name, ast.parse(MODULES[name])) if name in MODULES else package_module(name)
        return ast.parse(ast.unparse(tree))

    return computation(read)


class Renamed(ast.NodeTransformer):
    """Another name for some names, wherever they are defined, imported and used."""

    def __init__(self, new_names: dict[str, str]) -> None:
        self.new_names = new_names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.new_names.get(node.id, node.id), node.ctx)

    def visit_alias(self, node: ast.alias) -> ast.alias:
        return ast.alias(self.new_names.get(node.name, node.name), node.asname)


class WithoutNotes(ast.NodeTransformer):
    """Without docstrings and annotations, imports of functions at the head."""

    def __init__(self) -> None:
        self.imports: list[ast.stmt] = []

    def visit_Module(self, node: ast.Module) -> ast.Module:
        self.generic_visit(node)
        return ast.Module([*self.imports, *node.body], [])

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        is_text = isinstance(node.value, ast.Constant)
        return ast.Expr(ast.Constant("Other words.")) if is_text else node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        return ast.AnnAssign(node.target, ast.Name("object", ast.Load()), node.value, node.simple)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        imports = [part for part in node.body if isinstance(part, ast.ImportFrom | ast.Import)]
        self.imports += imports
        node.body = [part for part in node.body if part not in imports] or [ast.Pass()]
        node.returns = None
        self.generic_visit(node)
        return node


class OtherLocals(ast.NodeTransformer):
    """Another name for every variable of a function but its parameters."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        parts = list(ast.walk(node))
        stored = {p.id for p in parts if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Store)}
        arguments = {part.arg for part in parts if isinstance(part, ast.arg)}
        return Renamed({name: f"{name}_renamed" for name in stored - arguments}).visit(node)


def test_every_statistic_of_the_registry_has_a_fingerprint():
    assert verdict_computation().keys() == {*PARTS, *get_args(StatisticName)}
    assert set(STATISTICS) == set(get_args(StatisticName))


def test_other_names_of_constants_change_no_fingerprint():
    """Each constant of the package at once, those of the rooms that make verdicts among them."""
    verdict_constants = [
        name for module in NAMES for name in NAMES[module] if module.startswith(ROOMS)
    ]
    assert len(verdict_constants) > 100
    renaming = Renamed({name: f"RENAMED_{name}" for name in CONSTANTS})
    assert of_copy(lambda _, tree: renaming.visit(tree)) == verdict_computation()


@pytest.mark.parametrize("change", [WithoutNotes, OtherLocals])
def test_words_layout_imports_and_local_names_change_no_fingerprint(change):
    assert of_copy(lambda _, tree: change().visit(tree)) == verdict_computation()


def test_other_sentences_change_no_fingerprint():
    sentence = "f'athletes with numbers: {n_athletes}{of_clusters}, a test takes {FEWEST_ATHLETES}'"

    def change(_: str, tree: ast.Module) -> ast.Module:
        text = ast.unparse(tree).replace(sentence, "f'{n_athletes} athletes are too few'")
        return ast.parse(text.replace("no step shows the arms", "no arms were seen"))

    assert sentence in ast.unparse(ast.parse(MODULES["aqbio.stats.gates"]))
    assert of_copy(change) == verdict_computation()


ALTERED = {
    "a gate's limit": ("aqbio.stats.gates", "FEWEST_ATHLETES = 6", "FEWEST_ATHLETES = 5", {"rule"}),
    "a limit of comparisons": (
        "aqbio.stats.designs", "MAX_PLATES_DIFFERENCE = 0.05", "MAX_PLATES_DIFFERENCE = 0.1",
        {"rule"}),
    "a limit of evidence": (
        "aqbio.hypotheses.gathered", "SPEED_GAP = 0.04", "SPEED_GAP = 0.05", {"evidence"}),
    "a limit of another room": (
        "aqbio.gait.step_files", "STEADY_SPEED_CHANGE = 0.03", "STEADY_SPEED_CHANGE = 0.04",
        {"evidence"}),
    "a condition of one statistic": (
        "aqbio.stats.step_statistics", "MIN_KNOWN_SHARE = 0.7", "MIN_KNOWN_SHARE = 0.8",
        {"formula"}),
    "the rule": (
        "aqbio.stats.verdict", "if p_holm < alpha and", "if p_holm <= alpha and", {"rule"}),
    "a statistic": (
        "aqbio.stats.formulas", "outcome.mean(axis=-1) if count", "outcome.max(axis=-1) if count",
        {"formula"}),
    "a property": (
        "aqbio.stats.registry", "return self.predicted in DENIALS",
        "return self.predicted not in DENIALS",
        {"evidence", "formula", "paired_contrast", "rule"}),
    "points of a statistic": (
        "aqbio.stats.outcomes", "'paired_contrast': Statistic(paired_contrast)",
        "'paired_contrast': Statistic(paired_contrast, formula_points)", {"paired_contrast"}),
    "a partition": (
        "aqbio.stats.step_numbers", "('push_leg', 'arms', 'torso')", "('push_leg', 'arms')",
        {"evidence"}),
}  # fmt: skip
"""Module, text before and after (as Python writes syntax), and the parts that change."""


@pytest.mark.parametrize("name", ALTERED)
def test_a_change_of_what_is_computed_shows_where_it_counts(name):
    module, before, after, expected = ALTERED[name]

    def change(read: str, tree: ast.Module) -> ast.Module:
        if read != module:
            return tree
        text = ast.unparse(tree)
        assert len(re.findall(re.escape(before), text)) == 1
        return ast.parse(text.replace(before, after))

    altered, usual = of_copy(change), verdict_computation()
    assert {part for part in usual if altered[part] != usual[part]} == expected
