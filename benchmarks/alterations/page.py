"""The table of what became of every alteration, for programs and for readers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from aqbio.io.atomic import write_text
from aqbio.io.provenance import git_commit
from benchmarks.alterations.drawn import Drawn
from benchmarks.alterations.judged import Judgement
from benchmarks.alterations.runs import Outcome, Said


@dataclass(frozen=True)
class Line:
    """A row of the table; all cells are text for readers."""

    number: int
    base: str
    kind: str
    alteration: str
    outcome: str
    wrong: str
    difference: str
    missing: str
    said: str
    otherwise: str
    foreseen: str

    def text(self) -> str:
        """One paragraph for the terminal."""
        mark = "WRONG " if self.wrong == "yes" else ""
        lines = [f"{self.number:3d} {mark}{self.outcome}: {self.base}: {self.alteration}"]
        for name in ("difference", "missing", "said", "otherwise", "foreseen"):
            lines += [f"      {name}: {value}"] if (value := getattr(self, name)) else []
        return "\n".join(lines)


def line_of(drawn: Drawn, told: Judgement, found: Outcome) -> Line:
    """Row of one alteration."""
    return Line(
        drawn.number, drawn.base, drawn.kind, drawn.planted.what, told.verdict,
        "yes" if told.wrong else "no", "; ".join(told.differences[:3]), told.missing,
        _words(told.naming, 2), found.crash or _words(told.others, 3),
        "check was silent" if told.late else _foreseen(told),
    )  # fmt: skip


def _words(said: Sequence[Said], most: int) -> str:
    """The first findings, as they were said."""
    ranked = sorted(said, key=lambda one: ("error", "warning", "info").index(one.severity))
    words = [f"[{one.place}, {one.severity}] {one.text}" for one in ranked[:most]]
    more = [f"and {len(said) - most} more"] if len(said) > most else []
    return " | ".join([*words, *more])


def _foreseen(told: Judgement) -> str:
    return "check named it" if any(one.place == "check" for one in told.naming) else ""


def write_table(lines: Sequence[Line], path: Path) -> None:
    """Write one row per alteration; the commit is in the first column."""
    table = pd.DataFrame([asdict(line) for line in lines])
    table.insert(0, "commit", git_commit())
    write_text(path, table.to_csv(sep="\t", index=False, na_rep="n/a"))


def counts(table: pd.DataFrame) -> Counter[str]:
    """How often each outcome was."""
    return Counter(table["outcome"])
