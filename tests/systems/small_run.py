"""``python -m tests.systems.small_run FOLDER``: a small study from recordings to the page.

Prints what its tables say and what was said, one line each; 1 where something broke.
"""

from __future__ import annotations

import sys
from pathlib import Path

import aqbio.operating_system
from tests.lacking.outcome import Outcome, outcome
from tests.lacking.recordings import short
from tests.lacking.shared import SETTINGS


def told(found: Outcome, folder: Path) -> str:
    """What a study said, the number of its steps, and what broke."""
    lines = [line.replace(str(folder), "") for line in found.lines()]
    return "\n".join([*lines, f"steps: {len(found.steps)}", *found.broken]) + "\n"


def main(folder: Path) -> int:
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    found = outcome(folder, short(), SETTINGS)
    sys.stdout.write(f"forks: {aqbio.operating_system.CAN_FORK}\n{told(found, folder)}")
    return int(bool(found.broken))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
