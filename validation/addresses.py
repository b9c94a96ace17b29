"""Every address of finished pages against the tables: ``python -m validation.addresses STUDY``.

STUDY is its file, or the folder of its results where it has no sheet of strengths and no reference
group of its own. A page carries at each number, name and comparison the
table, the rows, the column and what is computed of them (`aqbio.pages.address`); here the tables
are read again and the same is computed without that package. Exit status 1 where a page says
something else than its table, or a number without an address.
"""

from __future__ import annotations

import ast
import math
import re
import sys
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path

from aqbio.io.study import load_study
from validation.address_pages import CONSTANT, DIGIT, Address, Line, read_report
from validation.address_tables import Tables
from validation.address_values import COMPUTED, OF_JOINTS, OF_TABLES, Value, joints_of, same

_PLAIN_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def agrees(text: str, value: float) -> bool:
    """True if a written number is the value, rounded to its last digit."""
    if not math.isfinite(value):
        return text in ("n/a", "")
    if text.startswith("<"):
        return value < float(text[1:])
    mantissa, _, exponent = text.replace("−", "-").partition("×10")
    power = int(exponent.translate(_PLAIN_DIGITS) or 0)
    unit = 10.0 ** (power - len(mantissa.partition(".")[2]))
    try:
        return abs(float(mantissa) * 10.0**power - value) <= 0.5001 * unit + 1e-6 * abs(value)
    except ValueError:
        return False


@cache
def package_words() -> str:
    """All words of the package that pages take: of its templates, lists of words and code."""
    texts = []
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix == ".py":
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            texts += [node.value for node in nodes if isinstance(node, ast.Constant)]
        elif path.suffix in (".j2", ".yaml"):
            texts.append(path.read_text(encoding="utf-8"))
    return " ".join(" ".join(map(str, texts)).split())


PACKAGE = Path(__file__).parents[1] / "aqbio"


@cache
def definitions() -> tuple[str, ...]:
    """Text of templates with a number, which is the same in every study; the longest first."""
    found = set()
    for path in sorted((PACKAGE / "pages" / "templates").glob("*.j2")):
        text = re.sub(r"<style.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.S)
        for piece in re.split(r"\{\{.*?\}\}|\{%.*?%\}|<[^>]*>", text, flags=re.S):
            words = " ".join(unescape(piece).split())
            if DIGIT.search(words) and len(words) >= SHORTEST:
                found.add(words)
    return tuple(sorted(found, key=len, reverse=True))


SHORTEST = 12
"""Letters of a text that counts as a definition."""


def problem(address: Address, tables: Tables) -> str:
    """What is wrong at an address; empty for nothing."""
    if address.by == CONSTANT:
        is_ours = " ".join(address.text.split()) in package_words()
        return "" if is_ours else "no text of the package has it"
    try:
        rows = tables.rows(address)
        if address.by in OF_JOINTS:
            value: Value = OF_JOINTS[address.by](joints_of(rows, tables), address.column)
        elif address.by in OF_TABLES:
            value = OF_TABLES[address.by](rows, address.column, tables)
        else:
            value = COMPUTED[address.by](rows, address.column)
    except (LookupError, OSError, ValueError) as error:
        return f"no such cell: {error}"
    if isinstance(value, str):
        return "" if _says(address, value) else f"the table says “{value}”"
    if isinstance(value, tuple):
        return "" if same(address.text) in value else f"no cell of {address.column} says it"
    value = float(value) * float(address.factor or 1.0)
    if address.by == "growth":
        value = abs(100.0 * math.expm1(value))
    return "" if agrees(address.text, value) else f"the table says {value:.6g}"


def _says(address: Address, cell: str) -> bool:
    """True if a text of a page is that of a cell, as far as it is quoted or written in words."""
    told, said = same(address.text), same(cell)
    if address.by == "numbers":
        return re.findall(r"\d+", told) == re.findall(r"\d+", said)
    if address.by in ("choices", "registered"):
        parts = len(told.split(", ")) == len(said.split(", "))
        return parts and re.findall(r"\d+", told) == re.findall(r"\d+", said)
    return bool(told) and (told in said if address.by == "part" else told == said)


def problems(results: Path, tables: Tables | None = None) -> Iterator[str]:
    """Addresses whose text is not what the tables say."""
    tables = tables or Tables(results)
    addresses, _ = read_report(results)
    for address in dict.fromkeys(addresses):
        if wrong := problem(address, tables):
            place = " ".join(filter(None, (address.table, address.key, address.column, address.by)))
            yield f"{address.page}: “{address.text}” ({place}): {wrong}"


METHOD = re.compile(
    r"9[05] %|(?<=power of )80 %|(?<=; )80 %(?= for)|(?<=enough for )80 %|leaves? out 0|kg m²/s|"
    r"(?:article|Figure) \d+|\b20\d\d\b|(?<=of )100(?= studies)|(?<= to )1$|^1(?= to )"
)
"""Numbers that are the same in every study: of methods, of sources."""


def unaddressed(lines: list[Line]) -> Iterator[Line]:
    """Lines with a number that has no address."""
    for line in lines:
        text = line.text
        if not DIGIT.search(METHOD.sub("", text)):
            continue
        for definition in definitions():
            text = text.replace(definition, " ¶ ")
        if DIGIT.search(METHOD.sub("", text)):
            yield line


def main(arguments: list[str]) -> int:
    """Write the problems of the studies whose folders, or files, are named."""
    count = 0
    for path in map(Path, arguments):
        study = load_study(path) if path.suffix == ".yaml" else None
        folder = study.root if study else path
        wrong = list(problems(folder, Tables(folder, study)))
        addresses, lines = read_report(folder)
        bare = list(unaddressed(lines))
        sys.stdout.write("".join(f"{one}\n" for one in wrong))
        sys.stdout.write("".join(f"{line.page}: no address: {line.text}\n" for line in bare))
        sys.stdout.write(
            f"{folder}: {len(addresses)} addresses, {len(wrong)} differ; "
            f"{len(bare)} lines with a number that has none\n"
        )
        count += len(wrong) + len(bare) + (not addresses)  # no page is no proof
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
