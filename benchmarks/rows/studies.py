"""B12 and B15: whole studies."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.intake.new import DEMO
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.stage_table import PARTICIPANT_STAGES
from benchmarks.board import NOT_MEASURED, Measured, Target, yes
from benchmarks.material import ROOT, Material

CORES = 2

PEOPLE, RUNS = CORES, 10
"""Of one participant more than there are cores, a core would wait for half of the time; a whole run
of the scoreboard is to end within 20 minutes."""

BUDGET_S = 0.8
"""Of a run in a laboratory's study: 600 runs in 8 minutes."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Time that a run of the workflow took."""

    wall_s: float
    cpu_s: float


def workflow(folder: Path, study_file: Path) -> Spent:
    """Run the workflow in a folder."""
    first = Path(sys.executable).parent
    environment = os.environ | {"PATH": os.pathsep.join([str(first), os.environ["PATH"]])}
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--configfile", str(study_file), "--cores", str(CORES)]
    command += ["--workflow-profile", str(ROOT / "workflow" / "profiles" / "default")]
    start, before = time.perf_counter(), _children()
    process = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment, check=False
    )
    if process.returncode:
        raise RuntimeError(f"snakemake failed:\n{process.stdout}{process.stderr}")
    return Spent(time.perf_counter() - start, _children() - before)


def _children() -> float:
    """CPU seconds of all processes that this one has begun, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def laboratory(material: Material) -> list[Measured]:
    """B12: participants of a laboratory's study on two cores; once more, with nothing to do."""
    runs = {f"P{number + 1:02d}": RUNS for number in range(PEOPLE)}
    folder = material.folder / "laboratory"
    study_file = material.run.write(folder, runs=runs)
    spent = workflow(folder, study_file)
    study = load_study(study_file)
    expected = PEOPLE * RUNS
    steps = read_table(study.table("steps.tsv"))
    with_steps = steps.groupby(["participant_id", "trial_id"]).ngroups
    repeat = workflow(folder, study_file)
    frames = material.prepared.sizes["time"]
    title = f"{PEOPLE} participants x {RUNS} runs of {frames} frames, C3D to page, {CORES} cores"
    words = f"{spent.cpu_s / expected:.2f} CPU s a run; {with_steps} of {expected} runs have steps"
    budget = Target("ours_s", "<=", BUDGET_S * expected)
    correct = with_steps == expected
    return [
        _measured("B12", title, spent, words, budget, _largest(study), correct=correct),
        _measured("B12.2", "the same again, nothing to do", repeat, "", None, correct=correct),
    ]


def demo(material: Material) -> list[Measured]:
    """B15: the demo from nothing to its page on two cores, recordings included."""
    folder = material.folder / "demo"
    folder.mkdir()
    for file in DEMO.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    began = time.time()
    spent = workflow(folder, folder / "study.yaml")
    with chdir(folder):  # where its results are, by its settings
        study = load_study(Path("study.yaml"))
        pages = [study.folder(person.participant_id, "pages") for person in study.participants]
        first = min(path.stat().st_mtime for page in pages for path in page.rglob("*.html")) - began
        moving = sum(len(study.moving_of(person.participant_id)) for person in study.participants)
        page = (study.root / "report" / "index.html").is_file()
        shares, largest = _shares(study), _largest(study)
        read = [study.recording(trial).stat().st_size for trial in study.trials]
    words = (
        f"read {len(read)} recordings of {len(pages)} athletes, {sum(read) / 1e6:.0f} MB, of them "
        f"{moving} runs; {spent.cpu_s:.0f} CPU s, {spent.cpu_s / moving:.2f} a run with two joint "
        f"models; a participant's {shares}; first page after {first:.0f} s"
    )
    title = f"the demo, recordings to page, {CORES} cores"
    budget = Target("ours_s", "<=", 150.0)
    return [_measured("B15", title, spent, words, budget, largest, correct=page)]


def _shares(study: Study) -> str:
    """CPU seconds by stage, the mean participant's, the largest first."""
    logs = study.root / "logs"
    times = {
        stage: [read_table(log)["cpu_time"].sum() for log in logs.glob(f"{stage}/*.tsv")]
        for stage in PARTICIPANT_STAGES
    }
    means = {stage: float(np.mean(seconds_of)) for stage, seconds_of in times.items()}
    largest = sorted(means.items(), key=lambda pair: -pair[1])[:5]
    return ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in largest) + " s"


def _largest(study: Study) -> float:
    """Memory of the largest job, MB."""
    logs = [read_table(path) for path in (study.root / "logs").rglob("*.tsv")]
    return float(max(table["max_rss"].max() for table in logs))


def _measured(
    row: str,
    title: str,
    spent: Spent,
    note: str,
    target: Target | None,
    memory: float = NOT_MEASURED,
    *,
    correct: bool,
) -> Measured:
    met = "" if target is None else yes(target.met_by(spent.wall_s))
    return Measured(
        row,
        title,
        spent.wall_s,
        memory_mb=memory,
        target=str(target or ""),
        correct=yes(correct),
        met=met,
        note=note,
    )
