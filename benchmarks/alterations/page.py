"""The table of what became of every alteration, for programs and for readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from aqbio.io.atomic import write_text
from aqbio.io.provenance import git_commit
from benchmarks.alterations.drawn import Drawn
from benchmarks.alterations.judged import WRONG, Judgement
from benchmarks.alterations.runs import Outcome, Said

BEFORE = "_before"
"""End of the name of the table of the code as it was before."""

FIRST = "alterations_20261"
"""The table that comes first on the page."""

LONGEST = 220
"""Characters of what was said, on the page."""

WORDS = {
    "right": "every step, value and event as in the sound run",
    "masked": "what is wrong is missing, and the cause is named",
    "refused": "no step is left, and the cause is named",
    "named": "a value differs, and a warning or error names the cause",
    "silent": "a value differs or is missing without a word",
    "false reason": "only another cause is named",
    "computed": "a value differs that hangs on what was not recorded, though that is said",
    "false alarm": "the same recording in other words ends otherwise",
    "crash": "a traceback",
    "check was silent": "refused rightly, but `aqbio check` had not said it from facts in files",
}
"""Outcomes; the last six are wrong."""

_PAGE = """\
# Alterations drawn by chance

What becomes of recordings in which something is wrong that nobody told. Sound studies (JA1's
sprint and jog from C3D and from TRC with MOT, the treadmill run of Rajagopal's example, two virtual
sprinters, JA1's joint angles) are altered by a seed: markers, recordings, forces, joint angles,
sheets and settings. Each is checked and run, and compared with the unaltered run step by step.

    python -m benchmarks.alterations --seed {seed} --count {count}   # with AQBIO_REALDATA
    python -m benchmarks.alterations --page   # this page, from benchmarks/results/alterations_*.tsv

A difference is one of a group's mean momentum of more than two combined standard deviations and
0.1 kg m²/s, of an event of more than 10 ms, of the side, or of the speed of more than 3 %. Every
alteration states beforehand the words that name it; a finding that the unaltered run has too names
nothing. Seed 20261 was known while faults were mended; seeds 977, 31 and 5113 were drawn
afterwards, and ended first with 3, 3 and 0 of 40 wrong. Of seed 977's three, later commits name the
low cut-off and the noise.

{counts}

## Those that end wrong
What was said of all: {links}.

{tables}
"""


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
        plain(_words(told.naming, 2)), plain(found.crash or _words(told.others, 3)),
        "check was silent" if told.late else _foreseen(told),
    )  # fmt: skip


def _words(said: Sequence[Said], most: int) -> str:
    """The first findings, as they were said."""
    ranked = sorted(said, key=lambda one: ("error", "warning", "info").index(one.severity))
    words = [f"[{one.place}, {one.severity}] {one.text}" for one in ranked[:most]]
    more = [f"and {len(said) - most} more"] if len(said) > most else []
    return " | ".join([*words, *more])


def plain(text: str) -> str:
    """One line, and files without the folders of this machine.

    Examples
    --------
    >>> plain("File: /some/where/run.c3d," + chr(10) + "  line 2")
    'File: run.c3d, line 2'
    """
    return re.sub(r"(?<![\w.])/(?:[\w.+-]+/)+", "", " ".join(text.split()))


def _foreseen(told: Judgement) -> str:
    return "check named it" if any(one.place == "check" for one in told.naming) else ""


def write_table(lines: Sequence[Line], path: Path) -> None:
    """Write one row per alteration, the commit in the first column; other rows stay as they are."""
    table = pd.DataFrame([asdict(line) for line in lines])
    table.insert(0, "commit", git_commit())
    if path.is_file():
        old = read(path)
        table = pd.concat([old[~old["number"].isin(table["number"])], table])
    write_text(path, table.sort_values("number").to_csv(sep="\t", index=False))


def page(results: Path) -> str:
    """Text of docs/alterations.md.

    Parameters
    ----------
    results : Path
        Folder of the tables ``alterations_<seed>.tsv``, and of those of the code before.
    """
    tables = {path.stem: read(path) for path in sorted(results.glob("alterations_*.tsv"))}
    seeds = sorted((n for n in tables if not n.endswith(BEFORE)), key=lambda n: n != FIRST)
    first = seeds[0].removeprefix("alterations_")
    links = (f"[seed {_seed(name)}](../benchmarks/results/{name}.tsv)" for name in seeds)
    text = _PAGE.format(
        seed=first,
        count=len(tables[seeds[0]]),
        counts=_counts(tables),
        links=", ".join(links),
        tables=_table({name: tables[name] for name in seeds}),
    )
    return text.rstrip() + "\n"


def read(path: Path) -> pd.DataFrame:
    """Read a table; empty cells are empty words."""
    return pd.read_csv(path, sep="\t", keep_default_na=False)


def outcomes(table: pd.DataFrame) -> pd.Series:
    """Outcome of every row; a refusal that was not foreseen is one of its own."""
    late = table["foreseen"] == "check was silent"
    return table["outcome"].where(~late | table["outcome"].isin(WRONG), "check was silent")


def _counts(tables: dict[str, pd.DataFrame]) -> str:
    """How often every outcome was, one column per table."""
    names = sorted(
        tables,
        key=lambda n: (not n.startswith(FIRST), n.removesuffix(BEFORE), not n.endswith(BEFORE)),
    )
    when = {name: "before" if name.endswith(BEFORE) else "now" for name in names}
    heads = [f"{_seed(n)} {when[n]}, {tables[n]['commit'].mode()[0][:7]}" for n in names]
    rows = ["| outcome, seed | " + " | ".join(heads) + " |", "| --- " * (len(names) + 1) + "|"]
    for outcome, meaning in WORDS.items():
        numbers = [str(int((outcomes(tables[name]) == outcome).sum())) for name in names]
        rows.append(f"| {outcome}: {meaning} | " + " | ".join(numbers) + " |")
    wrong = [str(int((tables[name]["wrong"] == "yes").sum())) for name in names]
    rows.append("| **wrong**: the last six | " + " | ".join(f"**{one}**" for one in wrong) + " |")
    return "\n".join(rows)


def _seed(name: str) -> str:
    return name.removeprefix("alterations_").removesuffix(BEFORE)


def _table(tables: dict[str, pd.DataFrame]) -> str:
    """The alterations that end wrong; the files have all."""
    rows = ["| seed | study | alteration | ends | what was said |", "| --- " * 5 + "|"]
    for name, table in tables.items():
        told = table.assign(ends=outcomes(table))
        for row in told[told["wrong"] == "yes"].to_dict("records"):
            words = _short(row["said"] or row["otherwise"] or row["difference"])
            cells = (_seed(name), row["base"], row["alteration"], row["ends"], words)
            rows.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(rows)


def _short(words: str) -> str:
    """The beginning of what was said, fit for a cell."""
    first = words.split(" | ", maxsplit=1)[0].replace("|", "/")
    return first if len(first) <= LONGEST else first[:LONGEST].rsplit(" ", 1)[0] + " …"
