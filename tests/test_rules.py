"""Every rule that a finding may name is provoked by a test, without private recordings.

A rule is told by its name in findings, tables and the page; a test that provokes it names it, in
its code or in the golden text of what it finds. The rules are read from the code: what is given to
a parameter, field or name called ``rule``, and what `Notes.report` looks up in its table.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from aqbio.prepare.force_faults import FORCE_FAULTS

ROOT = Path(__file__).parents[1]
TREES = [
    ast.parse(text)
    for path in (ROOT / "aqbio").rglob("*.py")
    if re.search(r'rule|"[a-z0-9]+-[a-z0-9-]+"', text := path.read_text("utf-8"))
]
TABLE = ROOT / "aqbio" / "prepare" / "findings.yaml"
RULE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NAMES = ("rule", "RULE", "RULES")


def _parameters() -> dict[str, int]:
    """Position of the argument `rule` by function or class; methods without self."""
    positions = {}
    for node in (node for tree in TREES for node in ast.walk(tree)):
        names: list[str] = []
        if isinstance(node, ast.FunctionDef):
            names = [
                argument.arg for argument in node.args.args if argument.arg not in ("self", "cls")
            ]
        elif isinstance(node, ast.ClassDef):
            fields = (
                statement.target for statement in node.body if isinstance(statement, ast.AnnAssign)
            )
            names = [target.id for target in fields if isinstance(target, ast.Name)]
        if "rule" in names:
            positions[node.name] = names.index("rule")
    return positions


def _rule_arguments(positions: dict[str, int]) -> Iterator[ast.expr]:
    """Expressions that are passed as a rule."""
    for node in (node for tree in TREES for node in ast.walk(tree)):
        if isinstance(node, ast.keyword) and node.arg == "rule":
            yield node.value
        elif isinstance(node, ast.Call):
            function = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if function in positions and len(node.args) > max(positions[function], 1):
                yield node.args[positions[function]]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(target, "id", "") in NAMES for target in targets):
                yield node.value


def _words(value: ast.expr) -> Iterator[str]:
    """Rules in an expression: one or the other, or those of a mapping."""
    parts = {ast.Dict: "values", ast.Tuple: "elts"}.get(type(value))
    expressions = getattr(value, parts) if parts else [value]
    for part in expressions:
        for end in (part.body, part.orelse) if isinstance(part, ast.IfExp) else (part,):
            if isinstance(end, ast.Constant) and isinstance(end.value, str):
                yield end.value


def rules() -> set[str]:
    """Rules that findings of the program may name."""
    words = {word for value in _rule_arguments(_parameters()) for word in _words(value)}
    words |= {key.partition(",")[0] for key in yaml.safe_load(TABLE.read_text("utf-8"))}
    words |= {fault.rule for fault in FORCE_FAULTS}
    return {*filter(RULE.fullmatch, words)} - {"error"}  # of errors that no finding is made of


def test_a_test_provokes_every_rule():
    """Given by keyword, by position, from a mapping, as one of two, or by a name of the module."""
    examples = {"marker-rms", "plate-drift", "plate-offset", "labels-off", "markers-planar"}
    assert examples <= rules()
    tests, golden = (
        "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob(pattern)
                  if "real" not in path.parts and path != Path(__file__))
        for pattern in ("*.py", "golden/**/*.txt")
    )  # fmt: skip
    provoked = set(re.findall(r"""["']([a-z0-9-]+)["']""", tests))
    provoked |= set(re.findall(r"(?<![\w-])[a-z0-9]+(?:-[a-z0-9]+)+(?![\w-])", golden))
    assert rules() - provoked == set()
