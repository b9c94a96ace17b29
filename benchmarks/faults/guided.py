"""Files that reach code that no file before them reached: ``make guided``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.doors import DOORS
from benchmarks.faults.fuzz import Fuzzed


def guided(name: str, count: int, folder: Path) -> Fuzzed:
    """What became of the files of one format; a process that died counts as a hang."""
    command = [sys.executable, "-m", "benchmarks.faults.guided_child", name, str(count), folder]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or not done.stdout:
        sys.stderr.write(done.stderr[-2000:])
        return Fuzzed(hangs=1)
    told = json.loads(done.stdout.splitlines()[-1])
    for kind in ("tracebacks", "nonsense"):
        told[kind] = {words: file.encode("latin-1") for words, file in told[kind].items()}
    return Fuzzed(**told | {"rules": Counter(told["rules"])})


def every_format_guided(folder: Path, count: int, only: str = "") -> Iterator[tuple[str, Fuzzed]]:
    """Every format, or one; gives its name and what became of its files."""
    for number, (name, door) in enumerate(DOORS.items()):
        if not only or name == only:
            yield name, guided(name, max(1, int(count * door.share)), folder / str(number))
