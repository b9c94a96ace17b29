"""``python -m benchmarks [--rows B1,B5] [--quick]``: measure, print and write the scoreboard."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from aqbio.opensim.session import quiet
from aqbio.operating_system import keep_freed_memory, relax_garbage_collection
from benchmarks.board import Effort, Measured, Row, measured_together
from benchmarks.material import WORDS, Material, gather_material
from benchmarks.rows import dynamics, markers, studies, trial
from benchmarks.table import markdown, write_table

RESULTS = Path(__file__).parent / "results"
FRAMES, QUICK_FRAMES = 750, 150
QUICK = Effort(fewest=1, most_turns=1, patience_s=0.0)

Rows = Callable[[Material], Sequence[Row | Measured]]

ROWS: dict[str, Rows] = {
    "B1": markers.against_tool,
    "B2": markers.against_best,
    "B3": dynamics.against_tool,
    "B5": dynamics.against_analysis,
    "B7": trial.against_script,
    "B12": studies.laboratory,
    "B15": studies.demo,
}


def main(arguments: Sequence[str]) -> int:
    """Run the chosen rows; 1 if a side was wrong."""
    options = _parser().parse_args(arguments)
    chosen = list(ROWS) if not options.rows else options.rows.split(",")
    unknown = [name for name in chosen if name not in ROWS]
    if unknown:
        _parser().error(f"rows {', '.join(unknown)} are unknown; there are {', '.join(ROWS)}.")
    effort, frames = (QUICK, QUICK_FRAMES) if options.quick else (Effort(), FRAMES)
    keep_freed_memory()  # as every process of aqbio begins that computes
    relax_garbage_collection()
    start, load = time.perf_counter(), os.getloadavg()[0]
    lines: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as scratch, quiet(level="Off"):
        material = gather_material(Path(scratch), frames, _say)
        took = {"material": time.perf_counter() - start}
        for name in chosen:
            began = time.perf_counter()
            lines += _lines(ROWS[name](material), effort)
            took[name] = time.perf_counter() - began
            _say(f"{name} took {took[name]:.0f} s")
    print(markdown(lines))
    if options.rows or options.quick:
        _say("no files written: that takes a whole run")
    else:
        write_table(lines, RESULTS, WORDS, load, took)
        _say(f"wrote {RESULTS / 'latest.tsv'} and {RESULTS / 'latest.md'}")
    _say(f"{time.perf_counter() - start:.0f} s")
    return int(any(line.correct == "no" for line in lines))


def _lines(rows: Sequence[Row | Measured], effort: Effort) -> list[Measured]:
    """Measure and report what is not measured yet, rows with the same rival together."""
    groups: dict[object, list[int]] = {}
    for number, row in enumerate(rows):
        rival = row.rival if isinstance(row, Row) else None
        groups.setdefault(number if rival is None else rival, []).append(number)
    lines: dict[int, Measured] = {}
    for numbers in groups.values():
        to_measure = [row for number in numbers if isinstance(row := rows[number], Row)]
        measured = (
            measured_together(to_measure, effort)
            if to_measure
            else [rows[number] for number in numbers]
        )
        for number, line in zip(numbers, measured, strict=True):
            lines[number] = line
            _say(f"{line.id}: {line.ours_s:.4g} s, {line.ratio:.4g} x, correct: {line.correct}")
    return [lines[number] for number in range(len(rows))]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", default="", help="only these, for example B1,B5")
    parser.add_argument(
        "--quick", action="store_true", help="one turn on a fifth of the frames: does it work?"
    )
    return parser


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
