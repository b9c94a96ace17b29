"""``python -m tests.lacking --recording virtual``: take everything away, one after the other."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from aqbio.opensim.session import quiet
from tests.lacking.alterations import ALTERATIONS, Alteration, Recordings, drawn_pairs, hidden
from tests.lacking.judged import Verdict, verdict
from tests.lacking.outcome import MARKERS, outcome
from tests.lacking.recordings import ja1, virtual
from tests.one_each import ONE_EACH

SEED, PAIRS = 43, 6

FITTED: dict[str, Any] = yaml.safe_load(ONE_EACH)
"""Motion, forces and body fitted as in every study; of the choices of analysis one each."""


def verdicts(
    folder: Path,
    recordings: Recordings,
    alterations: Mapping[str, Alteration],
    settings: dict[str, Any],
    *,
    listed: bool = False,
) -> Iterator[tuple[str, Verdict]]:
    """Run and judge every alteration of recordings.

    With ``listed``, the marker set of the study lists what was taken away too, as where others
    of a laboratory wear it; otherwise it is what ``new`` makes of the recordings that are left.
    """
    sound = outcome(folder / "unaltered", recordings, settings)
    if sound.broken or not len(sound.steps):
        said = [text for severity, text in sound.said if severity == "error"]
        yield "nothing", Verdict("broken", (*sound.broken, *said))
        return
    for number, (name, alteration) in enumerate(alterations.items()):
        lacking = alteration.lacking(recordings)
        whole = folder / "unaltered" / "study" / MARKERS if listed else None
        found = outcome(folder / f"lacking-{number}", lacking, settings, whole)
        yield name, verdict(sound, found, alteration, hidden(recordings, lacking))


def main(arguments: Sequence[str]) -> int:
    """Print a line for every alteration; 1 if one of them ends red."""
    parser = argparse.ArgumentParser(prog="python -m tests.lacking", description=__doc__)
    parser.add_argument("--recording", choices=("virtual", "ja1"), default="virtual")
    parser.add_argument("--only", default="", help="alterations, with commas")
    parser.add_argument("--seed", type=int, default=SEED, help="of parts that are taken in pairs")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--plain", action="store_true", help="without the fit: quicker")
    parser.add_argument(
        "--listed", action="store_true", help="labels that are taken away stay in the marker set"
    )
    parser.add_argument("--keep", default="", metavar="FOLDER", help="keep the studies there")
    options = parser.parse_args(arguments)
    recordings = (
        virtual(3, 1) if options.recording == "virtual" else ja1(Path(os.environ["AQBIO_REALDATA"]))
    )
    wanted = ALTERATIONS | drawn_pairs(options.seed, options.pairs)
    if options.only:
        names = options.only.split(",")
        if unknown := set(names) - set(wanted):
            parser.error(f"no alteration {', '.join(sorted(unknown))} of: {', '.join(wanted)}")
        wanted = {name: wanted[name] for name in names}
    settings = FITTED | ({"consistency": {"enabled": False}} if options.plain else {})
    kinds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="lacking-") as scratch, quiet(level="Off"):
        start = time.process_time()
        folder = Path(options.keep or scratch)
        found_ones = verdicts(folder, recordings, wanted, settings, listed=options.listed)
        for name, found in found_ones:
            seconds = time.process_time() - start
            print(f"{'RED ' if found.red else ''}{found.kind}\twithout {name}\t[{seconds:.1f} s]")
            for detail in found.details[: 8 if found.red else 2]:
                print(f"\t{detail[:400]}", flush=True)
            kinds["red" if found.red else found.kind] += 1
            start = time.process_time()
    print(f"{options.recording}: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    return int(kinds["red"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
