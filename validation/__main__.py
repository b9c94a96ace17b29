"""``python -m validation [--jobs 2] [--quick]``: draw studies, judge them, write the proof."""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import aqbio
from aqbio.stats.registry import read_registry
from validation.matrix import SEED, Cell, powers
from validation.parts import FOLDER as PARTS
from validation.parts import is_finished, matrix_worlds, parts
from validation.tables import Proof, misses, write_proof

FOLDER = Path(__file__).parents[1] / "docs" / "validation"
STUDIES, QUICK_STUDIES = 400, 20


def main(arguments: Sequence[str]) -> int:
    """Run the whole matrix; 1 if a cell does not hold."""
    options = _parser().parse_args(arguments)
    studies = QUICK_STUDIES if options.quick else options.studies
    start = time.perf_counter()
    every = matrix_worlds()
    chosen = options.worlds or list(every)
    if options.finished:
        chosen = [name for name in chosen if is_finished(name, studies, options.parts)]
    found: dict[str, list[Cell]] = {}
    for name, cells in parts(chosen, studies, options.jobs, options.parts):
        found[name] = cells
        _say(f"{name}: {len(found)} of {len(chosen)} worlds, {time.perf_counter() - start:.0f} s")
    cells = [cell for name in chosen for cell in found[name]]
    proof = Proof(
        cells=tuple(cells),
        powers=tuple(powers(cells)),
        origin={
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            "version": aqbio.__version__,
            "registry_hash": read_registry().hash,
            "studies": studies,
            "seed": SEED,
            "open": ", ".join(name for name in every if name not in chosen) or "none",
        },
    )
    held = sum(cell.holds for cell in cells)
    _say(f"{held} of {len(cells)} cells hold; took {time.perf_counter() - start:.0f} s")
    print(misses(proof))
    if options.quick or options.worlds:
        _say("no files written: that takes all worlds and the whole number of studies")
        return 0
    write_proof(proof, options.folder)
    _say(f"wrote {options.folder}")
    return 0 if proof.holds else 1


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m validation", description=__doc__)
    parser.add_argument("worlds", nargs="*", help="only these worlds, and no files")
    parser.add_argument("--studies", type=int, default=STUDIES, help="studies per world")
    parser.add_argument("--jobs", type=int, default=1, help="worlds at the same time")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_STUDIES} studies, no files")
    parser.add_argument(
        "--finished", action="store_true", help="draw nothing: the proof of worlds that are done"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the tables go")
    parser.add_argument("--parts", type=Path, default=PARTS, help="where finished worlds are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
