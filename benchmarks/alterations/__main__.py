"""``python -m benchmarks.alterations [--seed N] [--count 40] [--only 3,17]``: alter, run, judge."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from aqbio.io.atomic import write_text
from aqbio.opensim.session import quiet
from benchmarks.alterations.bases import bases
from benchmarks.alterations.drawn import draws
from benchmarks.alterations.judged import judgement
from benchmarks.alterations.page import Line, line_of, page, write_table
from benchmarks.alterations.runs import Outcome, outcome

RESULTS = Path(__file__).parents[1] / "results"
PAGE = Path(__file__).parents[2] / "docs" / "alterations.md"


def main(arguments: Sequence[str]) -> int:
    """Judge drawn alterations; 1 if one of them ends wrong."""
    options = _parser().parse_args(arguments)
    if options.page:
        write_text(PAGE, page(RESULTS))
        print(f"wrote {PAGE}")
        return 0
    chosen = {int(one) for one in options.only.split(",") if one}
    with tempfile.TemporaryDirectory(prefix="alterations-") as scratch, quiet(level="Off"):
        folder = Path(options.keep or scratch)
        lines = judged_lines(folder, options.seed, options.count, chosen)
    wrong = sum(line.wrong == "yes" for line in lines)
    print(f"seed {options.seed}: {len(lines)} alterations, {wrong} wrong")
    path = RESULTS / f"alterations_{options.seed}{options.suffix}.tsv"
    if not chosen or path.is_file():
        write_table(lines, path)
        print(f"wrote {path}")
    return int(wrong > 0)


def judged_lines(folder: Path, seed: int, count: int, chosen: set[int]) -> list[Line]:
    """Draw, run and judge; every line is printed as soon as it is known."""
    sound_ones = bases(Path(os.environ["AQBIO_REALDATA"]), folder)
    sound: dict[str, Outcome] = {}
    lines = []
    for drawn in draws(seed, count, sound_ones):
        if chosen and drawn.number not in chosen:
            continue
        if drawn.base not in sound:
            name = drawn.base.replace(" ", "_")
            sound[drawn.base] = outcome(sound_ones[drawn.base].write(folder / name))
        start = time.perf_counter()
        found = outcome(drawn.study.write(folder / f"altered-{seed}-{drawn.number}"))
        told = judgement(sound[drawn.base], found, drawn.planted)
        lines.append(line_of(drawn, told, found))
        print(f"{lines[-1].text()} [{time.perf_counter() - start:.1f} s]", flush=True)
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alterations", description=__doc__)
    parser.add_argument("--seed", type=int, default=20261)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--only", default="", help="numbers, for example 3,17: rows of the table")
    parser.add_argument("--keep", default="", metavar="FOLDER", help="keep the studies there")
    parser.add_argument("--suffix", default="", help="of the table's name, for example _before")
    parser.add_argument(
        "--page", action="store_true", help="write docs/alterations.md, run nothing"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
