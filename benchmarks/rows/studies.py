"""B8 and B12: the workflow's own time, and a laboratory's whole study."""

from __future__ import annotations

import itertools
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.names import STAGES
from aqbio.stages.figures.stage import figures_study
from aqbio.stages.report.stage import report_study
from aqbio.stages.tables.stage import tables_study
from benchmarks.board import NOT_MEASURED, Measured, Row, Target, Verdict
from benchmarks.material import ROOT, Material
from benchmarks.studies import write_empty_study

PEOPLE, RUNS = 20, 30
CORES = 2
FEW, MANY = 2, 10
"""Runs of the two participants from whom a laboratory's study is extrapolated."""

TURNS = 2

BY_PARTICIPANT = STAGES[: STAGES.index("tables")]

STAND_IN = """\
#!/usr/bin/env bash
# Stands for the aqbio command: writes what each stage writes last.
set -euo pipefail
stage=$1; participant=${4:-}; root=results/empty
make() { mkdir -p "${1%/*}"; echo "$stage" > "$1"; }
case "$stage" in
  tables) for name in steps.tsv contribution_means.tsv uncertainty.tsv quality.tsv findings.tsv \\
         trials.tsv
         do make "$root/tables/$name"; done ;;
  figures) make "$root/figures/figures.json" ;;
  report) make "$root/report/index.html" ;;
  *) make "$root/participants/$participant/$stage.json" ;;
esac
"""


def workflow_alone(material: Material) -> list[Row]:
    """B8: snakemake with stages that do nothing, fresh and again."""
    numbers = itertools.count()

    def fresh() -> Path:
        return run_empty(material.folder / f"empty-{next(numbers)}")

    def again(folder: Path) -> Path:
        snakemake(folder, Path("study.yaml"), stand_in=True)
        return folder

    def gate(folder: Path, _: object) -> Verdict:
        made = list((folder / "results" / "empty" / "participants").glob("*/*.json"))
        expected = PEOPLE * len(BY_PARTICIPANT)
        page = (folder / "results" / "empty" / "report" / "index.html").is_file()
        words = f"{len(made)} participant jobs of {expected}, tables, figures, page"
        return Verdict(page and len(made) == expected, words)

    size = f"{PEOPLE} participants x {RUNS} runs, {len(BY_PARTICIPANT)} stages per participant"
    finished = run_empty(material.folder / "empty-finished")
    return [
        Row(
            "B8",
            f"the workflow's own time: {size}, stages that do nothing, {CORES} cores",
            fresh,
            None,
            gate,
            Target("ours_s", "<=", 8),
        ),
        Row(
            "B8.2",
            "the same study again, nothing to do",
            partial(again, finished),
            None,
            gate,
            Target("ours_s", "<=", 2),
        ),
    ]


def run_empty(folder: Path) -> Path:
    """Write a study of empty files, run it with a stand-in for every stage; give its folder."""
    write_empty_study(folder, PEOPLE, RUNS)
    command = folder / "bin" / "aqbio"
    command.parent.mkdir()
    command.write_text(STAND_IN, encoding="utf-8")
    command.chmod(0o755)
    snakemake(folder, Path("study.yaml"), stand_in=True)
    return folder


def snakemake(folder: Path, study_file: Path, *, stand_in: bool) -> None:
    """Run the workflow in a folder, with the command in its ``bin`` or with aqbio itself."""
    first = folder / "bin" if stand_in else Path(sys.executable).parent
    environment = os.environ | {"PATH": os.pathsep.join([str(first), os.environ["PATH"]])}
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--configfile", str(study_file), "--cores", str(CORES)]
    command += ["--workflow-profile", str(ROOT / "workflow" / "profiles" / "default")]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        raise RuntimeError(f"snakemake failed:\n{done.stdout}{done.stderr}")


def laboratory(material: Material) -> list[Measured]:
    """B12: a laboratory's study on two cores, extrapolated from a small one.

    Every stage's time is a fixed part and one per run. Two participants with few and with many
    runs go through the workflow side by side and give both parts of the stages per participant;
    the stages per study are called on all of their runs and on few of them, in turns.
    """
    folder = material.folder / "laboratory"
    study_file = material.run.write(folder, runs={"P01": FEW, "P02": MANY})
    wall = _seconds(lambda: snakemake(folder, study_file, stand_in=False))
    jobs = _jobs(load_study(study_file))
    overhead = _seconds(lambda: run_empty(material.folder / "empty-overhead"))
    few, many = (sum(jobs[f"{stage}-{who}"] for stage in BY_PARTICIPANT) for who in ("P01", "P02"))
    participants = PEOPLE * _at(RUNS, (FEW, few), (MANY, many))
    tables = _study_stages(material, folder)
    total = overhead + participants / CORES + tables
    note = (
        f"extrapolated from {FEW} and {MANY} runs of two participants ({wall:.0f} s through the "
        f"workflow): workflow {overhead:.0f} s, participants {participants / CORES:.0f} s, tables, "
        f"figures and page {tables:.0f} s; every run has steps; memory of the largest job"
    )
    frames = material.prepared.sizes["time"]
    return [
        Measured(
            id="B12",
            what=f"a study of {PEOPLE} participants x {RUNS} runs of {frames} frames, C3D to page, "
            f"on {CORES} cores",
            ours_s=total,
            other_s=NOT_MEASURED,
            ratio=NOT_MEASURED,
            memory_mb=jobs["memory_mb"],
            target="",
            correct="yes",
            met="",
            turns=1,
            note=note,
        )
    ]


def _jobs(study: Study) -> dict[str, float]:
    """Seconds of every job of a finished study by its name, and the memory of the largest."""
    steps = read_table(study.table("steps.tsv"))
    solved = steps.groupby(["participant_id", "trial_id"]).ngroups
    if solved != FEW + MANY:
        raise RuntimeError(f"{solved} of {FEW + MANY} runs have steps.")
    logs = sorted((study.root / "logs").glob("*.tsv"))
    tables = {path.stem: pd.read_csv(path, sep="\t", na_values="-") for path in logs}
    found = {name: float(table["s"].sum()) for name, table in tables.items()}
    found["memory_mb"] = float(np.nanmax([table["max_rss"].max() for table in tables.values()]))
    return found


def _study_stages(material: Material, folder: Path) -> float:
    """Seconds of the stages per study, extrapolated to all runs of a laboratory."""
    times: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(TURNS):
        for runs, found in times.items():
            study = load_study(material.run.write(folder, runs={"P01": FEW, "P02": runs}))
            found.append(_seconds(partial(_tables_and_page, study)))
    few, many = (statistics.median(found) for found in times.values())
    total = _at(PEOPLE * RUNS, (FEW + FEW, few), (FEW + MANY, many))
    return many if math.isnan(total) else total  # figures hardly depend on the number of runs


def _tables_and_page(study: Study) -> None:
    for stage in (tables_study, figures_study, report_study):
        stage(study, _nobody)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _at(runs: float, few: tuple[float, float], many: tuple[float, float]) -> float:
    """Value at a number of runs of the line through two points (runs, seconds).

    NaN where more runs took no longer: the machine did something else, and the line says nothing.

    Examples
    --------
    >>> _at(30, (2, 5.0), (10, 9.0))
    19.0
    """
    per_run = (many[1] - few[1]) / (many[0] - few[0])
    if per_run <= 0.0:
        return NOT_MEASURED
    return few[1] + per_run * (runs - few[0])


def _nobody(line: str) -> None:
    """Take a line of progress."""
