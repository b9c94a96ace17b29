"""``python -m tests.systems.small_run FOLDER``: a small study from recordings to the page.

Prints what its tables say and what was said, one line each; 1 where something broke.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

import aqbio.operating_system
from tests.lacking.alterations import part_of
from tests.lacking.outcome import outcome
from tests.lacking.recordings import virtual
from tests.one_each import ONE_EACH

SETTINGS = yaml.safe_load(ONE_EACH) | {
    "consistency": {"enabled": False},
    "contributions": {"draws": 16},
}

LENGTH_S = 1.1
"""Of the run: three whole steps."""


def main(folder: Path) -> int:
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    recordings = virtual(3).of_moving(lambda take: part_of(take, 0.0, LENGTH_S))
    found = outcome(folder, recordings, SETTINGS)
    lines = [line.replace(str(folder), "") for line in found.lines()]
    sys.stdout.write(f"forks: {aqbio.operating_system.CAN_FORK}\n")
    sys.stdout.write("\n".join([*lines, f"steps: {len(found.steps)}", *found.broken]) + "\n")
    return int(bool(found.broken))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
