"""Mutated files: every one is read as it is or refused in words.

``python -m benchmarks.faults fuzz --count 10000`` mutates a sound file of every format by
hypothesis, reads it by the product's door and counts. A traceback, a hang and a nonsense value
that is accepted are failures.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from benchmarks.faults.doors import DOORS, Door, sound_files

SLOW_S = 30.0
"""A file that takes longer counts as a hang."""

TOKENS = (
    *("", "nan", "inf", "-inf", "1e308", "-1e9", "1e-320", "0", "-1", "9" * 400, "0x1F", "1,5"),
    *("1.2.3", "2021-13-45", "!!python/object:os.system {}", "&a [*a]", "<<: *x", "{{}}", "{x}"),
    *("$(id)", "'; --", "\x00", "\x1b[31m", "\u202eabc", "\ufeff", "\ud7ff", "é", "\x85", "\u2028"),
    *("\t", "\n", "\r", "\\", '"', "'", ":", "-", "#", "x" * 300, "y" * 140_000, "[" * 2000),
    *("<a>" * 50, "&amp;", "<!ENTITY a 'b'>", 'encoding="klingon"', "time", "endheader"),
    *("nColumns=-3", "NumFrames", "null", "~", "yes", "on"),
)
"""What people, programs and attackers put into files."""

KINDS = ("flip", "token", "cut", "drop", "double", "exchange", "line")

Change = tuple[str, float, float, int]
"""Kind, two places as shares of the file, and a number."""

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.floats(0.0, 1.0, exclude_max=True),
        st.floats(0.0, 1.0, exclude_max=True),
        st.integers(0, 2**16 - 1),
    ),
    min_size=1,
    max_size=3,
)


def changed(content: bytes, changes: list[Change]) -> bytes:
    """A file with some changes."""
    for kind, first, second, number in changes:
        low, high = sorted((int(first * len(content)), int(second * len(content))))
        token = TOKENS[number % len(TOKENS)].encode("utf-8", "surrogatepass")
        if kind == "flip" and content:
            content = content[:low] + bytes([number % 256]) + content[low + 1 :]
        elif kind == "token":
            content = content[:low] + token + content[low:]
        elif kind == "cut":
            content = content[:high] if number % 4 else content[low:]
        elif kind == "drop":
            content = content[:low] + content[min(high, low + 64) :]
        elif kind == "double":
            content = content[:high] + content[low : low + 4096] + content[high:]
        elif kind == "exchange":
            content = _exchanged(content, first, second, token)
        elif kind == "line":
            content = _lines_changed(content, first, second)
    return content


def _exchanged(content: bytes, first: float, second: float, token: bytes) -> bytes:
    """Put a token in the place of a word."""
    sign = b"\t" if b"\t" in content else b" "
    words = content.split(sign)
    words[int(first * len(words))] = token if second < 0.7 else words[int(second * len(words))]
    return sign.join(words)


def _lines_changed(content: bytes, first: float, second: float) -> bytes:
    """Move a line elsewhere."""
    lines = content.split(b"\n")
    line = lines.pop(int(first * len(lines)))
    if second < 0.8:
        lines.insert(int(second * len(lines)), line)
    return b"\n".join(lines)


@dataclass
class Fuzzed:
    """Outcomes of the files of one format."""

    accepted: int = 0
    refused: int = 0
    failed: int = 0
    """With a traceback."""
    hangs: int = 0
    tracebacks: dict[str, bytes] = field(default_factory=dict)
    """First file of every kind of traceback."""
    nonsense: dict[str, bytes] = field(default_factory=dict)

    @property
    def tried(self) -> int:
        """Files that were tried."""
        return self.accepted + self.refused + self.failed


def fuzzed(door: Door, content: bytes, folder: Path, count: int, start: int = 0) -> Fuzzed:
    """Read many mutations of a file."""
    outcomes, path = Fuzzed(), folder / door.file

    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(CHANGES)
    def read(changes: list[Change]) -> None:
        path.write_bytes(mutated := changed(content, changes))
        counted(outcomes, door, path, mutated)

    read()
    path.write_bytes(content)
    return outcomes


def counted(outcomes: Fuzzed, door: Door, path: Path, mutated: bytes) -> None:
    """Read a file and count what became of it."""
    begin = time.monotonic()
    try:
        nonsense = door.read(path)
    except (AqbioError, RunStoppedError) as error:
        outcomes.refused += 1
        if not str(error).strip() or (len(error.what) > 2000 and not hasattr(error, "findings")):
            outcomes.nonsense.setdefault(f"message of {len(error.what)} letters", mutated)
    except Exception as error:  # noqa: BLE001  what a user would see as a traceback
        name = f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
        outcomes.tracebacks.setdefault(name, mutated)
        outcomes.failed += 1
    else:
        outcomes.accepted += 1
        if nonsense:
            outcomes.nonsense.setdefault(nonsense, mutated)
    outcomes.hangs += time.monotonic() - begin > SLOW_S


def every_format(
    folder: Path, count: int, chosen: str = "", seed: int = 0
) -> Iterator[tuple[str, Fuzzed]]:
    """Fuzz every format; gives its name and what became of its files."""
    files = sound_files(folder)
    for name, door in DOORS.items():
        if not chosen or name == chosen:
            share = max(1, int(count * door.share))
            yield name, fuzzed(door, files[name], folder, share, seed)
