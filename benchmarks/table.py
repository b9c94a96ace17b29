"""The table of all rows, as TSV for programs and as a page for readers."""

from __future__ import annotations

import json
import math
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from aqbio.io.atomic import write_text
from aqbio.io.provenance import git_commit, versions
from benchmarks.board import Measured

_PAGE = """\
# Scoreboard

Written by `make benchmark` on {date}, aqbio {commit}. [How to read it](../../docs/reliability.md).

- Recordings: {material}.
- Machine: {machine}; load {load:.1f} before (0 is quiet); one thread for every side, but for
  studies on two cores.
- Versions: {versions}.
- How long it took: {took}.

{table}
"""

_HEADS = ("id", "what", "ours", "other", "ratio", "target", "correct", "met", "turns", "note")


def write_table(
    lines: Sequence[Measured], folder: Path, material: str, load: float, took: Mapping[str, float]
) -> None:
    """Write ``latest.tsv``, its sidecar ``latest.json`` and ``latest.md``."""
    text = pd.DataFrame([asdict(line) for line in lines]).to_csv(
        sep="\t", index=False, float_format="%.4g", na_rep="n/a"
    )
    write_text(folder / "latest.tsv", text)
    origin = {
        "material": material,
        "machine": _machine(),
        "load": None if math.isnan(load) else round(load, 1),
        "versions": versions(),
        "commit": git_commit(),
        "took_s": {name: round(seconds, 1) for name, seconds in took.items()},
        "date": time.strftime("%Y-%m-%d"),
    }
    write_text(folder / "latest.json", json.dumps(origin, indent=2) + "\n")
    times = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items())
    words = {
        "load": load,
        "versions": ", ".join(f"{name} {version}" for name, version in versions().items()),
        "took": f"{times}; together {sum(took.values()) / 60.0:.1f} min",
        "table": markdown(lines),
    }
    write_text(folder / "latest.md", _PAGE.format(**(origin | words)))


def markdown(lines: Sequence[Measured]) -> str:
    """The table for readers: times in fitting units, no empty columns."""
    rows = []
    for line in lines:
        ours = _duration(line.ours_s)
        if not math.isnan(line.memory_mb):
            ours += f", {line.memory_mb:.3g} MB"
        ratio = "" if math.isnan(line.ratio) else f"{line.ratio:,.3g} x"
        cells = (line.id, line.what, ours, _duration(line.other_s), ratio, line.target)
        rows.append((*cells, line.correct, line.met, line.turns, line.note))
    return page_table(_HEADS, rows)


def page_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *(map(str, row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _duration(seconds: float) -> str:
    """A time with three digits."""
    if math.isnan(seconds):
        return ""
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        if seconds >= 2.0 * size or (unit == "s" and seconds >= 1.0):
            return f"{seconds / size:.3g} {unit}"
    return f"{1e3 * seconds:.3g} ms"


def _machine() -> str:
    """Cores, processor and system."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    processor = f"{len(names)} x {names[0]}" if names else platform.processor() or "unknown"
    return f"{processor}, {platform.system()} {platform.machine()}"
