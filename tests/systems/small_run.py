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


def summary(result: Outcome, folder: Path) -> str:
    """Lines of a study, the number of its steps, and tracebacks."""
    lines = [line.replace(str(folder), "") for line in result.lines()]
    return "\n".join([*lines, f"steps: {len(result.steps)}", *result.broken]) + "\n"


def main(folder: Path) -> int:
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    result = outcome(folder, short(), SETTINGS)
    sys.stdout.write(f"forks: {aqbio.operating_system.CAN_FORK}\n{summary(result, folder)}")
    return int(bool(result.broken))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
