"""Power of the comparison of prose with tables: ``python -m validation.prose_planted RESULTS SEED``.

Plants 30 wrong words into sentences of finished pages, drawn by a seed: a changed number, a flipped
comparison, another name, another count; and counts those that `validation.prose` notices.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from validation.prose import block_problems, in_scope
from validation.prose_blocks import Block, report_blocks
from validation.prose_tables import StudyTables

PLANTED = 30
"""Number of wrong words in a test of power."""

FLIPPED = {
    "more": "less", "less": "more", "larger": "smaller", "smaller": "larger", "higher": "lower",
    "lower": "higher", "earlier": "later", "later": "earlier", "most": "least", "least": "most",
    "faster": "slower", "stronger": "weaker", "largest": "smallest", "smallest": "largest",
    "above": "below", "below": "above", "opposite": "same", "better": "worse",
}  # fmt: skip
"""Comparisons and what they are flipped to."""

RENAMED = {
    "push": "swing", "swing": "push", "left": "right", "right": "left", "arms": "torso",
    "torso": "arms", "hip": "knee", "knee": "hip", "ankle": "hip", "supported": "inconclusive",
    "inconclusive": "supported", "usable": "doubtful", "forward": "upward", "masses": "clocks",
}  # fmt: skip
"""Names of parts, sides and verdicts, and what they are exchanged for."""

COUNTED = {
    "all": "some", "no": "every", "No": "Every", "every": "no", "none": "most", "both": "single",
    "Neither": "Either", "nothing": "something", "first": "last", "only": "also",
}  # fmt: skip
"""Words of counts, and what they are exchanged for."""

NUMBER = re.compile(r"(?<![A-Za-z_\d.×-])\d+(?:\.\d+)?(?![A-Za-z_\d⁻])")


@dataclass(frozen=True)
class Planted:
    """A wrong word in a sentence."""

    kind: str
    block: Block
    """With the wrong word."""
    before: str
    after: str


def _changed_number(match: re.Match[str], random: np.random.Generator) -> str:
    """Another number of the same form: one digit is another."""
    digits = [place for place, letter in enumerate(match[0]) if letter.isdigit()]
    place = digits[int(random.integers(len(digits)))]
    digit = (int(match[0][place]) + int(random.integers(1, 10))) % 10
    return match[0][:place] + str(digit) + match[0][place + 1 :]


def _words(names: dict[str, str]) -> tuple[re.Pattern[str], Callable[..., str]]:
    return re.compile(rf"\b({'|'.join(names)})\b"), lambda match, _: names[match[0]]


KINDS: dict[str, tuple[re.Pattern[str], Callable[..., str]]] = {
    "number": (NUMBER, _changed_number), "comparison": _words(FLIPPED), "name": _words(RENAMED),
    "count": _words(COUNTED),
}  # fmt: skip
"""What is looked for, and what it becomes, by kind of wrong word."""


def planted_words(blocks: Sequence[Block], seed: int, count: int = PLANTED) -> Iterator[Planted]:
    """Wrong words in sentences that state results, drawn by a seed, as many of every kind."""
    random = np.random.default_rng(seed)
    names = list(KINDS)
    for position in range(count):
        kind = names[position % len(names)]
        pattern, change = KINDS[kind]
        candidates = [block for block in blocks if pattern.search(block.text)]
        block = candidates[int(random.integers(len(candidates)))]
        matches = list(pattern.finditer(block.text))
        match = matches[int(random.integers(len(matches)))]
        after = change(match, random)
        text = block.text[: match.start()] + after + block.text[match.end() :]
        yield Planted(kind, replace(block, text=text), match[0], after)


HEADINGS = {"h1", "h2", "h3", "h4", "summary", "dt", "th"}
"""Elements that are no sentences."""


def stating_blocks(results: Path, tables: StudyTables) -> list[Block]:
    """Blocks that state results, each text once: with a number or a comparison."""
    by_text = {
        block.text: block
        for block in report_blocks(results / "report")
        if in_scope(block)
        and block.kind not in HEADINGS
        and next(block_problems(block, tables), None) is None
    }
    return list(by_text.values())


def unnoticed(results: Path, seed: int) -> list[Planted]:
    """Wrong words that the comparison does not notice."""
    tables = StudyTables(results)
    return [
        planted
        for planted in planted_words(stating_blocks(results, tables), seed)
        if next(block_problems(planted.block, tables), None) is None
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the wrong words that were not noticed, and their number."""
    results, seed = Path(arguments[0]), int(arguments[1])
    missed = unnoticed(results, seed)
    for planted in missed:
        sys.stdout.write(
            f"{planted.kind}: {planted.before} → {planted.after}: {planted.block.page} "
            f"#{planted.block.section}: {planted.block.text[:200]}\n"
        )
    sys.stdout.write(f"seed {seed}: {PLANTED - len(missed)} of {PLANTED} noticed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
