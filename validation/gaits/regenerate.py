"""Solve the gait library again: ``python -m validation.gaits.regenerate`` (minutes)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from aqbio.io.atomic import atomic_path, write_text
from aqbio.virtual.demo import DATA, GAITS, GaitName, moved_joints
from aqbio.virtual.gait import Gait
from aqbio.virtual.study import LIBRARY, planned_trials
from validation.gaits.individual import individual_gait, sheets

Report = Callable[[str], None]


def regenerate_library(folder: Path, report: Report) -> None:
    """Solve all gaits of the demo study and write them, and the sheets that follow from them."""
    gaits = {}
    for name in GAITS:
        solved = individual_gait(name)
        report(f"{name}: reach {solved.reach:.3f}, last change {solved.change:.1e} rad")
        gaits[name] = solved.gait
    save_library(folder / LIBRARY, gaits)
    for file, text in sheets(planned_trials(gaits)).items():
        write_text(folder / file, text)


def save_library(path: Path, gaits: Mapping[GaitName, Gait]) -> None:
    """Write solved gaits; the same gaits always give the same bytes."""
    solved = list(gaits.values())
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            names=np.array([str(name) for name in gaits]),
            joints=np.array(
                [gait.joints[moved_joints(gait.athlete)] for gait in solved], dtype=np.float32
            ),
            stance=np.array([gait.stance for gait in solved]),
            flight=np.array([gait.flight for gait in solved]),
            com=np.array([gait.com for gait in solved]),
            drag=np.array([gait.drag for gait in solved]),
            timeline=np.array(
                [
                    (gait.timeline.contact, gait.timeline.flight, gait.timeline.length)
                    for gait in solved
                ]
            ),
        )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DATA)
    chosen = parser.parse_args()

    def report(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    regenerate_library(chosen.folder, report)


if __name__ == "__main__":
    main()
