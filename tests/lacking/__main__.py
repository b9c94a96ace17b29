"""Alter recordings one way after the other and judge what becomes of them.

``python -m tests.lacking --recording virtual`` takes everything away; with ``--seed 7`` alterations
of all kinds are drawn; ``--only "delay(trial='sprint', ms=-50)"`` makes one again.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.lacking.alterations import Alteration
from tests.lacking.drawn import KINDS, DrawnAlteration, drawn_alterations, read
from tests.lacking.judged import Verdict
from tests.lacking.work import PLAIN, QUICK, Work, named_alterations, recordings_of, verdicts

DETAILS, FEW_DETAILS, LONGEST = 8, 2, 400
"""Lines of a red alteration and of others, and letters of a line."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> int:
    """Print a line for every alteration and a table; 1 if one of them ends red."""
    options = _options()
    for name in THREADS:
        os.environ.setdefault(name, "1")
    alterations = _chosen_alterations(options)
    if options.list:
        sys.stdout.write("\n".join(alterations) + "\n")
        return 0
    kinds: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory(prefix="lacking-") as scratch:
        folder = Path(scratch)
        changes = QUICK if options.quick else PLAIN if options.plain else {}
        work = Work(options.recording, changes, folder, listed=options.listed)
        work.sound()  # once, before others ask for it
        for name, verdict in verdicts(work, list(alterations), options.jobs):
            print(f"{'RED ' if verdict.red else ''}{verdict.kind}\t{name}", flush=True)
            for detail in verdict.details[: DETAILS if verdict.red else FEW_DETAILS]:
                print(f"\t{detail[:LONGEST]}", flush=True)
            kinds[_group(alterations[name]), verdict.kind] += 1
    red = sum(n for (_, kind), n in kinds.items() if Verdict(kind).red)
    way = "off" if options.plain or options.quick else "fit"
    print(f"\n{options.recording}, {way}: {kinds.total()} alterations, {red} red\n")
    print(table(kinds))
    return int(red > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lacking", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--recording", choices=("virtual", "short", "ja1"), default="virtual")
    parser.add_argument("--only", default="", help="names or descriptions, with commas")
    parser.add_argument("--seed", type=int, help="draw alterations of all kinds")
    parser.add_argument("--count", type=int, default=60, help="how many of them")
    parser.add_argument("--kinds", default="", help=f"of these kinds: {', '.join(KINDS)}")
    parser.add_argument("--pairs", type=int, default=6, help="parts that are taken two at once")
    parser.add_argument("--jobs", type=int, default=1, help="alterations at once")
    parser.add_argument("--plain", action="store_true", help="without the fit: quicker")
    parser.add_argument("--quick", action="store_true", help="the same, and with few draws")
    parser.add_argument("--list", action="store_true", help="say what would be altered")
    parser.add_argument(
        "--listed", action="store_true", help="labels that are taken away stay in the marker set"
    )
    return parser.parse_args()


def _chosen_alterations(options: argparse.Namespace) -> Mapping[str, Alteration]:
    """Alterations by name or description."""
    if options.only:
        names = re.split(r",\s*(?![^(]*\))", options.only)
        return {
            name: named_alterations()[name] if name in named_alterations() else read(name)
            for name in names
        }
    if options.seed is None:
        return named_alterations(options.pairs)
    kinds = options.kinds.split(",") if options.kinds else list(KINDS)
    alterations = drawn_alterations(
        options.seed, options.count, recordings_of(options.recording), kinds
    )
    return {str(alteration): alteration for alteration in alterations}


def _group(alteration: Alteration) -> str:
    return alteration.name if isinstance(alteration, DrawnAlteration) else "lack everywhere"


def table(kinds: Mapping[tuple[str, str], int]) -> str:
    """Kinds of alterations against verdicts, as Markdown."""
    columns = (
        "right",
        "masked",
        "refused",
        "doubted",
        "unseen",
        "outside",
        "unnamed",
        "false cause",
        "broken",
    )
    rows = [f"| alteration | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for name in dict.fromkeys(name for name, _ in kinds):
        cells = (kinds.get((name, kind), 0) or "" for kind in columns)
        rows.append(f"| {name} | {' | '.join(map(str, cells))} |")
    sums = (sum(n for (_, kind), n in kinds.items() if kind == column) for column in columns)
    return "\n".join([*rows, f"| all | {' | '.join(map(str, sums))} |"])


if __name__ == "__main__":
    sys.exit(main())
