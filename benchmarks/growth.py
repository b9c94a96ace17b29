"""``python -m benchmarks.growth STUDY.yaml``: memory, time and disk as a study grows.

Takes a study with results, repeats its athletes under other names and runs the stages of the study
on 12, 48 and 100 of them, each in a process of its own; and the stages of a participant on the
first athlete's runs, repeated to 5 and to 30. Writes ``benchmarks/results/growth.md``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import yaml

from aqbio.io.columnar import WORDS
from aqbio.io.study import Study, load_study
from aqbio.io.tables import MISSING
from aqbio.names import PARTICIPANT_STAGES, STUDY_STAGES
from aqbio.records.seals import FILES, KEY, SEAL, read_record, seal

RESULT = Path(__file__).parent / "results" / "growth.md"
ATHLETES, TRIALS = (12, 48, 100), (5, 30)
OWN = ("steps", "evidence")
"""Folders whose files name the participant; the others are linked."""

CHILD = """
import time
from aqbio.cli import app
from benchmarks.memory import most_mb
app(standalone_mode=False)
print(most_mb(), time.process_time())
"""

Measured = dict[tuple[str, int], tuple[float, float]]
"""Peak memory (MB) and CPU time (s) by stage and size."""


def repeated_study(study: Study, folder: Path, athletes: int) -> Path:
    """A study of many athletes, made of the results of a few; its study.yaml."""
    names = [f"A{number:03d}" for number in range(athletes)]
    originals = [one.participant_id for one in study.participants]
    pairs = list(zip(names, cycle(originals), strict=False))
    people, trials = _sheets(study)
    file = _written(
        study,
        folder,
        pd.concat(people[people["participant_id"] == o].assign(participant_id=n) for n, o in pairs),
        pd.concat(trials[trials["participant_id"] == o].assign(participant_id=n) for n, o in pairs),
    )
    root = load_study(file).root
    for name, original in pairs:
        _repeat(study.root / "participants" / original, root / "participants" / name)
        _seal(root / "participants" / name)
    return file


def _sheets(study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = study.file.parent
    people, trials = (
        pd.read_csv(folder / f"{name}.tsv", sep="\t", dtype=str, keep_default_na=False)
        for name in ("participants", "trials")
    )
    return people, trials


def _written(study: Study, folder: Path, people: pd.DataFrame, trials: pd.DataFrame) -> Path:
    folder.mkdir(parents=True)
    settings = yaml.safe_load(study.file.read_text(encoding="utf-8"))
    data = study.file.parent / settings.get("files", {}).get("data", ".")
    settings["files"] = settings.get("files", {}) | {"data": str(data.absolute())}
    settings["results"] = str(folder.absolute() / "results")
    for name, table in (("participants", people), ("trials", trials)):
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False, na_rep=MISSING)
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


def _repeat(source: Path, target: Path) -> None:
    """One participant's results under another name."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.suffix == ".json":
            text = path.read_text(encoding="utf-8").replace(source.name, target.name)
            (target / path.name).write_text(text, encoding="utf-8")
        elif path.name in OWN:
            shutil.copytree(path, target / path.name)
        else:
            (target / path.name).symlink_to(path.absolute())
    for path in (file for name in OWN for file in (target / name).glob("*.nc")):
        with netCDF4.Dataset(path, "a") as data:
            if "participant_id" not in data.variables:
                continue
            variable = data["participant_id"]
            if WORDS in variable.ncattrs():
                variable.setncattr(WORDS, json.dumps([target.name]))
            elif variable.dtype is str:
                variable[:] = np.full(variable.shape, target.name, dtype=object)
            else:  # letters: the names of the original may be shorter
                data.renameVariable("participant_id", "was")
                letters = data.createDimension("letters", len(target.name))
                own = data.createVariable("participant_id", "S1", (variable.dimensions[0], letters))
                own.setncattr("_Encoding", "utf-8")
                own[:] = np.tile(np.array(list(target.name), "S1"), (len(variable), 1))


def many_trials(study: Study, folder: Path, count: int) -> Path:
    """A study of the first athlete with its runs repeated; its study.yaml."""
    people, trials = _sheets(study)
    who = people["participant_id"].iloc[0]
    own = trials[trials["participant_id"] == who]
    static, runs = own[own["task"] == "static"], own[own["task"] != "static"]
    more = pd.concat([runs] * (-(-count // len(runs)))).head(count)
    more = more.assign(trial_id=[f"run-{number:02d}" for number in range(count)])
    return _written(
        study, folder, people[people["participant_id"] == who], pd.concat([static, more])
    )


def measured(file: Path, stage: str) -> tuple[float, float]:
    """Peak memory, MB, and CPU time, s, of a stage in a process of its own."""
    command = [sys.executable, "-c", CHILD, stage, str(file)]
    child = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    peak, cpu = child.stdout.splitlines()[-1].split()
    return float(peak), float(cpu)


def sizes(root: Path) -> dict[str, float]:
    """MB by folder, of a participant or of the study, and of the largest file."""
    found: dict[str, float] = {}
    files = [path for path in root.rglob("*") if path.is_file()]
    for path in files:
        parts = path.relative_to(root).parts
        name = parts[2] if parts[0] == "participants" and len(parts) > 3 else parts[0]
        found[name] = found.get(name, 0.0) + path.stat().st_size / 1e6
    largest = max(files, key=lambda path: path.stat().st_size)
    found[f"largest file ({largest.relative_to(root)})"] = largest.stat().st_size / 1e6
    return found


def _seal(folder: Path) -> None:
    """Give records the hashes of files that were changed on purpose."""
    for record in folder.glob("*.json"):
        content = read_record(record)
        if SEAL in content:
            seal(record, str(content[KEY]), (folder / name for name in content[FILES]))


def _law(values: Sequence[tuple[float, float]], counts: Sequence[int], place: int) -> float:
    """What one more athlete or trial takes, from the first size to the last."""
    return (values[-1][place] - values[0][place]) / (counts[-1] - counts[0])


def _table(found: Measured, stages: Sequence[str], counts: Sequence[int], unit: str) -> list[str]:
    heads = [f"{count} {unit}s: MB, CPU s" for count in counts]
    lines = ["| stage | " + " | ".join([*heads, f"one more {unit}: MB, CPU s"]) + " |"]
    lines += ["| --- |" + " --- |" * (len(counts) + 1)]
    for stage in stages:
        values = [found[stage, count] for count in counts]
        cells = [f"{peak:.0f}, {cpu:.1f}" for peak, cpu in values]
        cells += [f"{_law(values, counts, 0):.2f}, {_law(values, counts, 1):.3f}"]
        lines.append(f"| `{stage}` | " + " | ".join(cells) + " |")
    return lines


def page(study: Study, folder: Path) -> str:
    """All measurements as a page."""
    found: Measured = {}
    disk: dict[int, dict[str, float]] = {}
    for count in ATHLETES:
        file = repeated_study(study, folder / f"athletes{count}", count)
        for stage in STUDY_STAGES:
            found[stage, count] = measured(file, stage)
            print(f"{count} athletes, {stage}: {found[stage, count]}")
        root = load_study(file).root
        disk[count] = {k: v for k, v in sizes(root).items() if k not in ("participants", *OWN)}
    own: Measured = {}
    kept: dict[int, dict[str, float]] = {}
    for count in TRIALS:
        file = many_trials(study, folder / f"trials{count}", count)
        for stage in PARTICIPANT_STAGES:
            own[stage, count] = measured(file, stage)
            print(f"{count} trials, {stage}: {own[stage, count]}")
        kept[count] = sizes(load_study(file).root)
    per_athlete = np.mean([len(study.moving_of(p.participant_id)) for p in study.participants])
    words = (
        f"`python -m benchmarks.growth`: {len(study.participants)} athletes of the demo with "
        f"{per_athlete:.1f} trials each, repeated under other names; every stage in a process of "
        "its own, once. MB of a million bytes; memory is the largest resident set, of which the "
        "interpreter and its libraries take about 150 MB."
    )
    lines = [
        "# How a study grows", "", words, "", "## Stages of the study", "",
        *_table(found, STUDY_STAGES, ATHLETES, "athlete"),
        "", "## Stages of a participant", "",
        *_table(own, PARTICIPANT_STAGES, TRIALS, "trial"),
        "", "## Disk of the study, MB", "",
        *_disk(disk),
        "", f"## Disk of a participant of {TRIALS[-1]} trials, MB", "",
        "| folder | all | a trial |", "| --- | --- | --- |",
        *(f"| {k} | {v:.1f} | {v / TRIALS[-1]:.2f} |" for k, v in kept[TRIALS[-1]].items()),
        f"| all | {_all(kept[TRIALS[-1]]):.1f} | {_all(kept[TRIALS[-1]]) / TRIALS[-1]:.2f} |",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _all(sizes_: dict[str, float]) -> float:
    return sum(value for name, value in sizes_.items() if not name.startswith("largest"))


def _disk(disk: dict[int, dict[str, float]]) -> list[str]:
    names = list(dict.fromkeys(name for one in disk.values() for name in one))
    lines = ["| | " + " | ".join(f"{count} athletes" for count in disk) + " |"]
    lines += ["| --- |" + " --- |" * len(disk)]
    for name in names:
        cells = [f"{one[name]:.1f}" if name in one else "" for one in disk.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--folder", type=Path, help="Where the repeated studies are written.")
    options: Any = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        text = page(load_study(options.study), options.folder or Path(temporary))
    RESULT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
