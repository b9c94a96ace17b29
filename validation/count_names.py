"""Count names that say nothing: ``python -m validation.count_names``, by room and by tree.

Three kinds: variables, parameters, functions, classes and fields called by a pronoun, participle or
adverb; the word place, which may be an index, a position, an axis or a path; and descriptions that
begin with a question word. A change may use the numbers, no test does.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREES = ("aqbio", "tests", "validation", "benchmarks")
"""Package, and what holds it: a row for every room of the first, one for each other tree."""

VAGUE = """
one ones own its his her their found every told kept held known seen said says asked beside
again alone together other others both each some made given taken lost wanted done gone
shown drawn such same whole apart who whose what which where when how there here this that
these those them they it more less least most many few enough much still once only never
always believed carried lasting nobody somebody anybody anyone everyone everything nothing
something named called stated meant put gathered foreseen looked
"""

VAGUE_WORDS = frozenset(VAGUE.split())
"""Pronouns, participles and adverbs."""

QUESTIONS = "What How Which Who Whose Whether Where When Why"


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Names that a module binds: variables, parameters, functions, classes and fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


def first_words(tree: ast.AST) -> Iterator[str]:
    """First words of the descriptions of a module, its classes and its functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            description = ast.get_docstring(node)
            if description:
                yield description.split()[0]


def count(path: Path) -> Counter[str]:
    """Numbers of one file: ``names``, ``vague``, ``place``, ``descriptions``, ``questions``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    numbers: Counter[str] = Counter()
    for name in bound_names(tree):
        words = name.strip("_").lower().split("_")
        numbers["names"] += 1
        numbers["vague"] += "_".join(words) in VAGUE_WORDS
        numbers["place"] += not {"place", "places"}.isdisjoint(words)
    for word in first_words(tree):
        numbers["descriptions"] += 1
        numbers["questions"] += word in QUESTIONS.split()
    return numbers


def main() -> None:
    """Print a row for every room of the package, and the sum of each tree."""
    print("| folder | names | vague | share | place | questions |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for tree in TREES:
        top = ROOT / tree
        rooms: dict[str, Counter[str]] = {}
        for path in sorted(top.rglob("*.py")):
            rooms.setdefault(path.relative_to(top).parts[0], Counter()).update(count(path))
        total = sum(rooms.values(), Counter())
        for room in sorted(rooms, key=lambda room: rooms[room]["vague"]):
            if tree == "aqbio":
                print(row(room, rooms[room]))
        print(row(f"**{tree}**", total))


def row(folder: str, numbers: Counter[str]) -> str:
    """Numbers of a folder as a row of the table."""
    share = 100.0 * numbers["vague"] / max(numbers["names"], 1)
    cells = (numbers["names"], numbers["vague"], f"{share:.1f} %", numbers["place"])
    return f"| {folder} | {' | '.join(map(str, cells))} | {numbers['questions']} |"


if __name__ == "__main__":
    main()
