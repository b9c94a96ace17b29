"""``python -m benchmarks.growth STUDY.yaml --folder F``: memory, time and disk as a study grows.

Runs of the demo's first athletes are repeated to 5 and to 30 and go through all stages of a
participant; those athletes with 30 runs are then repeated under other names, and the stages of the
study run on 12, 36 and 100 of them. Every stage has a process of its own. What was measured is kept
in the folder: a run that was ended goes on there. Writes ``benchmarks/results/growth.md``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from math import isnan, nan
from pathlib import Path

from aqbio.io.study import Study, load_study
from aqbio.names import PARTICIPANT_STAGES, STUDY_STAGES
from benchmarks.repeated import many_trials, repeated_study

RESULT = Path(__file__).parent / "results" / "growth.md"
ATHLETES, TRIALS = (12, 36, 100), (5, 30)
PEOPLE = 1
"""Athletes whose 30 runs are computed; the others are these under other names."""

MB = 1e6

CHILD = """
import time
from aqbio.cli import app
from benchmarks.memory import most_mb
app(standalone_mode=False)
print(most_mb(), time.process_time())
"""

Pair = tuple[float, float]
"""Peak memory, MB, and CPU time, s; or MB on disk, and number of files."""


class Kept:
    """Measurements by what was measured, in a file: each is made once.

    Parameters
    ----------
    file : Path
        JSON; made where it is missing.
    more : bool
        Whether what is missing is measured.
    """

    def __init__(self, file: Path, *, more: bool = True) -> None:
        self.file, self.more = file, more
        self.found: dict[str, Pair] = json.loads(file.read_text()) if file.is_file() else {}

    def stage(self, stage: str, file: Path, *arguments: str) -> Pair:
        """Peak memory, MB, and CPU time, s, of a stage in a process of its own."""
        key = " ".join([stage, file.parent.name, *arguments])
        if key not in self.found and not self.more:
            return nan, nan
        if key not in self.found:
            command = [sys.executable, "-c", CHILD, stage, str(file), *arguments]
            child = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
            peak, cpu = child.stdout.splitlines()[-1].split()
            self.found[key] = float(peak), float(cpu)
            self.file.write_text(json.dumps(self.found, indent=1))
            print(key, *self.found[key], flush=True)
        return self.found[key]


def sizes(root: Path) -> dict[str, Pair]:
    """MB and number of files by folder, of a participant or of the study, without links."""
    found: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for path in root.rglob("*"):
        if path.is_file():
            name = path.relative_to(root).parts[0]
            found[name] += path.stat().st_size
            files[name] += 1
    return {name: (found[name] / MB, files[name]) for name in sorted(found)}


def _law(values: Sequence[Pair], counts: Sequence[int], place: int) -> float:
    """What one more athlete or trial takes, from the first size to the last that was measured."""
    known = [number for number, one in enumerate(values) if not isnan(one[place])]
    first, last = known[0], known[-1]
    return (values[last][place] - values[first][place]) / (counts[last] - counts[first] or nan)


def _table(found: dict[tuple[str, int], Pair], counts: Sequence[int], unit: str) -> list[str]:
    heads = [f"{count} {unit}s: MB, CPU s" for count in counts]
    lines = ["| stage | " + " | ".join([*heads, f"one more {unit}: MB, CPU s"]) + " |"]
    lines += ["| --- |" + " --- |" * (len(counts) + 1)]
    for stage in dict.fromkeys(stage for stage, _ in found):
        values = [found[stage, count] for count in counts]
        cells = ["–" if isnan(peak) else f"{peak:.0f}, {cpu:.1f}" for peak, cpu in values]
        law = f"{_law(values, counts, 0):.2f}, {_law(values, counts, 1):.3f}"
        cells += ["–" if "nan" in law else law]
        lines.append(f"| `{stage}` | " + " | ".join(cells) + " |")
    return lines


def _disk(disk: dict[int, dict[str, Pair]], unit: str) -> list[str]:
    names = sorted({name for one in disk.values() for name in one})
    heads = [f"{count} {unit}s: MB, files" for count in disk]
    lines = ["| folder | " + " | ".join(heads) + " |", "| --- |" + " --- |" * len(disk)]
    for name in names:
        cells = ("{:.1f}, {}".format(*one.get(name, (0.0, 0))) for one in disk.values())
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    sums = (tuple(map(sum, zip(*one.values(), strict=True))) for one in disk.values())
    return [*lines, "| all | " + " | ".join("{:.1f}, {}".format(*one) for one in sums) + " |"]


def _once(folder: Path, build: Callable[[Path], Path]) -> Path:
    """A study that is built where it is not there as a whole; its study.yaml."""
    built = folder / "built"
    if not built.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        build(folder)
        built.touch()
    return folder / "study.yaml"


def page(study: Study, folder: Path, *, more: bool) -> str:
    """All measurements as a page."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = Kept(folder / "measured.json", more=more)
    own: dict[tuple[str, int], Pair] = {}
    disk: dict[int, dict[str, Pair]] = {}
    for count in TRIALS:
        people = PEOPLE if count == TRIALS[-1] else 1
        file = _once(folder / f"trials{count}", partial(many_trials, study, count, people))
        who = [one.participant_id for one in load_study(file).participants]
        for one in who:
            for stage in PARTICIPANT_STAGES:
                found = kept.stage(stage, file, "--participant", one)
                own.setdefault((stage, count), found)
        root = load_study(file).root
        disk[count] = sizes(root / "participants" / who[0])
    large = load_study(file)
    of_study: dict[tuple[str, int], Pair] = {}
    whole: dict[int, dict[str, Pair]] = {}
    for count in ATHLETES:
        file = _once(folder / f"athletes{count}", partial(repeated_study, large, count))
        for stage in STUDY_STAGES:
            of_study[stage, count] = kept.stage(stage, file)
        found = sizes(load_study(file).root)
        whole[count] = {k: v for k, v in found.items() if k in ("tables", "figures", "report")}
    words = (
        f"`python -m benchmarks.growth`: {PEOPLE} athletes of the demo with {TRIALS[-1]} runs each "
        "(theirs, repeated), computed by all stages of a participant, and then repeated under "
        "other names; every stage in a process of its own, once. MB of a million bytes; memory is "
        "the largest resident set, of which the interpreter and its libraries take about 200 MB."
    )
    lines = [
        "# How a study grows", "", words, "",
        f"## Stages of the study: athletes of {TRIALS[-1]} trials", "",
        *_table(of_study, ATHLETES, "athlete"),
        "", "## Stages of a participant", "",
        *_table(own, TRIALS, "trial"),
        "", "## Disk of the study, without participants", "",
        *_disk(whole, "athlete"),
        "", "## Disk of a participant", "",
        *_disk(disk, "trial"),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="Where larger studies lie.")
    parser.add_argument("--so-far", action="store_true", help="Only write what was measured.")
    options = parser.parse_args(arguments)
    text = page(load_study(options.study), options.folder, more=not options.so_far)
    RESULT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
