"""Words and tables that people read, of studies that never change, held against files.

A change of results or words shows as lines of these files: `make golden` writes them anew.
"""

from __future__ import annotations

import html
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent

WRITE = "AQBIO_WRITE_GOLDEN"
"""Environment variable with which the files are written anew."""

CLOSE, NOISE = 2e-4, 1e-9
"""Of a column's root mean square, and in its unit: as far as other processors and libraries may
move a number."""

NUMBERS = re.compile(r"(?<![\w.])[-+]?\d+\.\d+e[-+]\d+")


def words(page: str) -> Iterator[str]:
    """Lines that a reader of a page reads: one of each block; no dates, versions and hashes."""
    page = re.sub(r'<section id="origin".*?</section>', "", page, flags=re.S)
    page = re.sub(r"<(script|style|head).*?</\1>", "", page, flags=re.S)
    page = re.sub(r'<img[^>]*? alt="([^"]*)"[^>]*>', r"[\1]", page)
    page = re.sub(
        r"</?(p|li|tr|h\d|div|section|article|summary|figcaption|dt|dd)\b[^>]*>", "\n", page
    )
    page = html.unescape(re.sub(r"<[^>]+>", " ", page))
    page = re.sub(r"\b[0-9a-f]{12,16}\b", "HASH", page)
    page = re.sub(r"Software: .*|(?<=Made by aqbio )[\d.]+\d", "VERSION", page)
    page = re.sub(r"\d{4}-\d\d-\d\d(, \d\d:\d\d UTC)?", "DATE", page)
    yield from (line for block in page.split("\n") if (line := " ".join(block.split())))


def differences(name: str, lines: Iterable[str]) -> list[str]:
    """Lines that differ from those of a file, beyond rounding; written anew, there are none."""
    path, current = FOLDER / f"{name}.txt", list(lines)
    if os.environ.get(WRITE):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(current) + "\n", encoding="utf-8")
    stored = path.read_text(encoding="utf-8").splitlines()
    if len(stored) != len(current):
        return [
            *sorted(set(current) ^ set(stored))[:20],
            f"{len(current)} lines, {len(stored)} before",
        ]
    return [
        f"{line} (was {was})"
        for line, was in zip(current, stored, strict=True)
        if not _alike(line, was)
    ]


def told_rows(name: str, table: pd.DataFrame, *columns: str) -> Iterator[str]:
    """Lines of the rows of a table: what its columns say, without what they do not know."""
    for row in table[list(columns)].astype(object).itertuples(index=False):
        yield f"{name}: {' · '.join(str(cell) for cell in row if cell == cell and cell != '')}"


def changed(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """Lines that go, with a minus, and lines that come, with a plus."""
    old, new = list(before), list(after)
    removed = [f"- {line}" for line in old if line not in new]
    return [*removed, *(f"+ {line}" for line in new if line not in old)]


def known_lines(name: str) -> set[str]:
    """Lines of a file."""
    return set((FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines())


def without_known(lines: Iterable[str], name: str) -> list[str]:
    """Lines that a file does not have, and how many of its lines are not among them."""
    current, stored = list(lines), known_lines(name)
    missing = len(stored - set(current))
    return [line for line in current if line not in stored] + [f"without {missing} lines of {name}"]


def first_of_each_kind(lines: Iterable[str], kind: Callable[[str], str]) -> list[str]:
    """First line of each kind, with the number of lines of the kind; a line of no kind stays."""
    firsts: dict[object, str] = {}
    counts: Counter[object] = Counter()
    for number, line in enumerate(lines):
        key = kind(line) or number
        firsts.setdefault(key, line)
        counts[key] += 1
    return [
        line if counts[key] == 1 else f"{line} ({counts[key]} lines like it)"
        for key, line in firsts.items()
    ]


def _alike(line: str, earlier: str) -> bool:
    if line == earlier:
        return True
    numbers, earlier_numbers = (
        [float(x) for x in NUMBERS.findall(text)] for text in (line, earlier)
    )
    same_words = NUMBERS.sub("", line) == NUMBERS.sub("", earlier)
    return (
        same_words
        and bool(numbers)
        and np.allclose(
            numbers, earlier_numbers, rtol=0.0, atol=CLOSE * earlier_numbers[-1] + NOISE
        )
    )
