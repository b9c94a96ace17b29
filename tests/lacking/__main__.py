"""``python -m tests.lacking --recording virtual``: take everything away, one after the other."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from aqbio.opensim.session import quiet
from tests.lacking.alterations import ALTERATIONS, drawn_pairs, hidden
from tests.lacking.judged import verdict
from tests.lacking.outcome import MARKERS, outcome
from tests.lacking.recordings import ja1, virtual
from tests.one_each import ONE_EACH

FITTED: dict[str, Any] = yaml.safe_load(ONE_EACH)
"""Motion, forces and body fitted as in every study; of the choices of analysis one each."""


def main() -> int:
    """Print a line for every alteration; 1 if one of them ends red."""
    parser = argparse.ArgumentParser(prog="python -m tests.lacking", description=__doc__)
    parser.add_argument("--recording", choices=("virtual", "ja1"), default="virtual")
    parser.add_argument("--only", default="", help="alterations, with commas")
    parser.add_argument("--seed", type=int, default=43, help="of parts that are taken in pairs")
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--plain", action="store_true", help="without the fit: quicker")
    parser.add_argument(
        "--listed", action="store_true", help="labels that are taken away stay in the marker set"
    )
    options = parser.parse_args()
    of_ja1 = options.recording == "ja1"
    recordings = ja1(Path(os.environ["AQBIO_REALDATA"])) if of_ja1 else virtual(3, 1)
    wanted = ALTERATIONS | drawn_pairs(options.seed, options.pairs)
    names = options.only.split(",") if options.only else list(wanted)
    settings = FITTED | ({"consistency": {"enabled": False}} if options.plain else {})
    kinds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="lacking-") as scratch, quiet(level="Off"):
        folder = Path(scratch)
        sound = outcome(folder / "unaltered", recordings, settings)
        assert not sound.broken
        whole = folder / "unaltered" / "study" / MARKERS if options.listed else None
        for number, name in enumerate(names):
            lacking = wanted[name].lacking(recordings)
            after = outcome(folder / f"lacking-{number}", lacking, settings, whole)
            found = verdict(sound, after, wanted[name], hidden(recordings, lacking))
            print(f"{'RED ' if found.red else ''}{found.kind}\twithout {name}", flush=True)
            for detail in found.details[: 8 if found.red else 2]:
                print(f"\t{detail[:400]}", flush=True)
            kinds["red" if found.red else found.kind] += 1
    print(f"{options.recording}: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    return int(kinds["red"] > 0)


if __name__ == "__main__":
    sys.exit(main())
