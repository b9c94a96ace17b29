"""``python -m validation [--studies 200] [--quick]``: draw studies, judge them, write the proof."""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import aqbio
from aqbio.stats.registry import read_registry
from validation.matrix import EXPECTED, SEED, Cell, cells_of
from validation.power import powers
from validation.regulation import regulations
from validation.tables import Proof, summary, write_proof
from validation.worlds import worlds

FOLDER = Path(__file__).parents[1] / "docs" / "validation"
STUDIES, QUICK_STUDIES = 200, 25


def main(arguments: Sequence[str]) -> int:
    """Run the whole matrix; 1 if a cell does not hold."""
    options = _parser().parse_args(arguments)
    studies = QUICK_STUDIES if options.quick else options.studies
    start = time.perf_counter()
    registry, every = read_registry(), worlds()
    cells: list[Cell] = []
    for name in EXPECTED:
        cells += cells_of(every[name], studies, registry)
        _say(f"{name}: {time.perf_counter() - start:.0f} s")
    proof = Proof(
        cells=tuple(cells),
        powers=tuple(powers(every, studies, registry)),
        regulated=tuple(regulations(every, studies)),
        origin={
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            "version": aqbio.__version__,
            "registry_hash": registry.hash,
            "studies": studies,
            "seed": SEED,
        },
    )
    print(summary(proof))
    _say(f"took {time.perf_counter() - start:.0f} s")
    if options.quick:
        _say("no files written: that takes the whole number of studies")
    else:
        write_proof(proof, options.folder)
        _say(f"wrote {options.folder}")
    return 0 if proof.holds else 1


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m validation", description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES, help="studies per world")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_STUDIES} studies, no files")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the tables go")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
