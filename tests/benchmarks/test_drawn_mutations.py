"""Mistakes that are drawn change one thing, in code that runs, the same ones for the same seed."""

from __future__ import annotations

import ast

import pytest

from benchmarks.drawn_mutations import ROOMS, ROOT, changes, drawn


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a + b", {"x = a - b"}),
        ("x = (a) * (b)", {"x = (a) / (b)"}),
        ("x = a < b <= c", {"x = a <= b <= c", "x = a < b < c"}),
        ("x = a and b", {"x = a or b"}),
        ("x = -a", {"x = a"}),
        ("x = 2", {"x = 3"}),
        ("x = 0.5", {"x = 0.75"}),
        ("é = a - b", {"é = a + b"}),  # bytes, not characters
        ("x = True", set()),
        ('x = "a" + b', set()),
    ],
)
def test_what_becomes_of_a_line(source, expected):
    text = source.encode()
    made = [
        text[: one.start] + one.wrong.encode() + text[one.stop :] for one in changes("a.py", text)
    ]
    assert {one.decode() for one in made} == expected


def test_a_seed_draws_the_same_from_every_room():
    once, again, other = (drawn(seed, 2 * len(ROOMS)) for seed in (1, 1, 2))
    assert once == again != other
    assert [one.file.split("/")[1] for one in once] == [*ROOMS, *ROOMS]
    for one in once:
        source = (ROOT / one.file).read_bytes()
        wrong = source[: one.start] + one.wrong.encode() + source[one.stop :]
        assert ast.dump(ast.parse(wrong)) != ast.dump(ast.parse(source))
