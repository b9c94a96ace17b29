"""Prose of finished pages against the tables of the study: ``python -m validation.prose RESULTS``.

RESULTS is the folder of a study's results, with ``report`` and ``tables``. Every sentence with a
number or a comparison must have a form that a rule recomputes from the TSVs, be quoted from a table
or the registry, or be a definition (``prose_definitions.txt``: true of every study). Nothing of the
package that wrote the sentences is used. Exit status 1 where a sentence contradicts the tables.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import validation.prose_athletes
import validation.prose_details
import validation.prose_figures
import validation.prose_findings
import validation.prose_methods
import validation.prose_power
import validation.prose_study
import validation.prose_verdicts  # noqa: F401  (rooms of rules)
from validation.prose_blocks import Block, report_blocks
from validation.prose_rules import RULES, NotMineError
from validation.prose_tables import StudyTables, same

COMPARISON = re.compile(
    r"\b(more|less|fewer|larger|smaller|higher|lower|earlier|later|faster|slower|better|worse|"
    r"first|last|all|none|no|neither|every|only|most|least|largest|smallest|fastest|opposite|same|"
    r"weaker|stronger|nothing|never|always|both|above|below|left|right|some|any|also|either|"
    r"something|several|many|few|single|half|twice|equal|different|similar|rarely|often)\b",
    re.IGNORECASE,
)
"""Words of comparisons and of all or none."""

DIGIT = re.compile(r"(?<![A-Za-z_\d.-])\d+(?:\.\d+)?(?![A-Za-z_\d])")
"""A number that is no part of a name."""

DEFINITIONS = Path(__file__).with_name("prose_definitions.txt")

SKIPPED = {"origin", "trials", "own-trials", "own-fit", "beside-others", "strength", "compare"}
"""Sections of settings, of trials row by row (held cell by cell by other tests), of reference data
that are no table of the study."""


@dataclass(frozen=True)
class Problem:
    """A sentence that the tables contradict, or that no rule knows."""

    block: Block
    words: str

    def __str__(self) -> str:
        return f"{self.block.page} #{self.block.section}: {self.words}\n    {self.block.text[:300]}"


@cache
def definitions() -> tuple[str, ...]:
    """Sentences that are true of every study, the longest first."""
    lines = DEFINITIONS.read_text(encoding="utf-8").splitlines()
    return tuple(sorted({line for line in lines if line and line[0] != "#"}, key=len, reverse=True))


def in_scope(block: Block) -> bool:
    """True for a block whose every number and comparison must be known."""
    states = DIGIT.search(block.text) or COMPARISON.search(block.text)
    skipped = block.section in SKIPPED or block.kind == "dt" or block.page.startswith("trials/")
    return bool(states) and not skipped


def block_problems(block: Block, tables: StudyTables) -> Iterator[Problem]:
    """Contradictions of a block, and what no rule, quotation or definition holds in it."""
    if block.section in SKIPPED or block.kind == "dt":
        return
    text = block.text
    for definition in definitions():
        text = text.replace(definition, " ¶ ")
    held = [False] * len(text)
    for rule in RULES:
        if not rule.applies(block):
            continue
        for match in rule.pattern.finditer(text):
            try:
                problems = list(rule.check(match, tables, block))
            except NotMineError:
                continue
            except (KeyError, IndexError, ValueError, TypeError) as error:
                problems = [f"{rule.check.__name__}: no such row ({error!r})"]
            yield from (Problem(block, words) for words in problems)
            held[match.start() : match.end()] = [True] * (match.end() - match.start())
    rest = "".join("¶" if is_held else letter for letter, is_held in zip(text, held, strict=True))
    if block.page.startswith("trials/"):
        return
    rest = _without_quotations(rest, tables)
    left = [found[0] for found in (*DIGIT.finditer(rest), *COMPARISON.finditer(rest))]
    if left:
        yield Problem(
            block, f"no table holds {', '.join(left[:6])} in “{' '.join(rest.split())[:160]}”"
        )


def _without_quotations(text: str, tables: StudyTables) -> str:
    """Text without what is quoted from causes, reasons and the registry."""
    if not (DIGIT.search(text) or COMPARISON.search(text)):
        return text
    plain = same(re.sub(r"^(remark|warning|error): ", "", text))
    for quotation in quotations(tables):
        if len(quotation) > MIN_QUOTATION and quotation in plain:
            plain = plain.replace(quotation, " ¶ ")
    return plain


MIN_QUOTATION = 3
"""Letters of a text that counts as quoted."""


def quotations(tables: StudyTables) -> tuple[str, ...]:
    """Texts of tables and of the registry that pages quote, the longest first."""
    key = tables.results
    if key not in _KNOWN_QUOTATIONS:
        texts = {same(text) for text in _quotations(tables)} - {"", "nan"}
        _KNOWN_QUOTATIONS[key] = tuple(sorted(texts, key=len, reverse=True))
    return _KNOWN_QUOTATIONS[key]


_KNOWN_QUOTATIONS: dict[Path, tuple[str, ...]] = {}


QUOTED = {
    "causes": ("what", "alike", "fix", "concerns", "labels"), "findings": ("what", "fix"),
    "faults": ("explanation",), "trials": ("reason", "against"), "verdicts": ("reason", "note"),
}  # fmt: skip
"""Columns that pages quote, by table."""


def _quotations(tables: StudyTables) -> Iterator[str]:
    for name, columns in QUOTED.items():
        for column in columns:
            yield from map(str, tables[name].get(column, ()))
    for row in tables["findings"].to_dict("records"):
        places = [str(row[name]) for name in ("file", "where") if isinstance(row.get(name), str)]
        yield ", ".join(places)
    for entry in tables.registry.get("untested", ()):
        yield from (str(entry.get(key) or "") for key in ("claim", "any_runner", "why"))
    for entry in (*tables.registry.get("hypotheses", ()), *_contrasts(tables)):
        yield from (str(entry.get(key) or "") for key in ("claim", "title", "rivals", "caveat"))


def _contrasts(tables: StudyTables) -> Iterable[dict[str, Any]]:
    contrasts: dict[str, dict[str, Any]] = tables.registry.get("contrasts", {})
    return contrasts.values()


def study_problems(results: Path) -> list[Problem]:
    """All problems of the pages of a study."""
    tables = StudyTables(results)
    blocks = list(report_blocks(results / "report"))
    stated = [problem for block in blocks for problem in block_problems(block, tables)]
    return [*stated, *missing_answers(blocks, tables)]


def missing_answers(blocks: Sequence[Block], tables: StudyTables) -> Iterator[Problem]:
    """Rows that the pages have to tell and do not."""
    sections = {(block.page, block.section) for block in blocks}
    for name in tables["verdicts"]["hypothesis"]:
        if ("results.html", f"words-{name}") not in sections:
            yield Problem(_nowhere("results.html"), f"verdict {name} is missing")
    differences = tables["differences"]
    for kind, section in (("condition", "conditions"), ("session", "sessions")):
        own = differences[differences["comparison"] == kind] if len(differences) else differences
        for athlete in own["participant_id"].unique() if len(own) else ():
            page = f"athletes/{athlete}.html"
            if (page, section) not in sections:
                yield Problem(_nowhere(page), f"{section} of {athlete} are not compared")
    yield from _missing_measures(tables)


def _missing_measures(tables: StudyTables) -> Iterator[Problem]:
    """Numbers of trials outside a limit that the quality page does not list, measure by measure."""
    page = (tables.results / "report" / "quality.html").read_text(encoding="utf-8")
    section = page.partition('id="agreement"')[2].partition("</section>")[0]
    section = re.sub(r"</?data[^>]*>", "", section)
    said = Counter(re.findall(r"<td>(\d+ of \d+)</td>", section))
    quality = tables["quality"]
    failed = quality["verdict"].eq("fail").groupby(quality["measure"]).agg(["sum", "size"])
    expected = Counter(
        f"{row['sum']} of {row['size']}" for _, row in failed.iterrows() if row["sum"]
    )
    for words in (expected - said) + (said - expected):
        yield Problem(_nowhere("quality.html"), f"measures outside their limits: {words}")


def _nowhere(page: str) -> Block:
    return Block(page, "", "", "")


def main(arguments: list[str]) -> int:
    """Write the problems of the studies whose folders are named."""
    count = 0
    for folder in map(Path, arguments):
        problems = study_problems(folder)
        blocks = sum(1 for _ in report_blocks(folder / "report"))
        sys.stdout.write("".join(f"{problem}\n" for problem in problems))
        sys.stdout.write(f"{folder}: {blocks} blocks, {len(problems)} problems\n")
        count += len(problems)
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
