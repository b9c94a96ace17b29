"""The whole workflow with a bar per participant; plain lines where there is no terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from aqbio.broken_jobs import BrokenJob, broken_jobs, write_unfinished_trials
from aqbio.errors import AqbioError, Cause, listed
from aqbio.io.locks import locked
from aqbio.io.processes import StoppedBySignalError, group_process
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.names import PARTICIPANT_STAGES, STUDY_STAGES
from aqbio.pipeline import RUNNING
from aqbio.records.findings import every_finding, study_causes
from aqbio.records.internal import IDENTIFIER, RULE

if TYPE_CHECKING:
    import pandas as pd
from aqbio.shipped import shipped

SNAKEFILE = shipped("Snakefile")
PROFILES = shipped("workflow/profiles")
POLL_SECONDS = 0.25

SHOWN_CAUSES = 10
"""Causes that the console tells."""

BROKEN = 3
"""Exit status of a run that has a page, but lacks a participant, a figure or every trial."""

SIGNALLED = 128
"""Exit status of a stopped run, less the number of the signal."""


def run_workflow(
    study_file: Path,
    *,
    cores: int,
    profile: str = "default",
    options: Sequence[str] = (),
    dry_run: bool = False,
    strict: bool = False,
) -> int:
    """Run snakemake on a study and show how far it is.

    Parameters
    ----------
    cores : int
        Cores to use; 0 uses all of this machine, or as many jobs as the profile says.
    profile : str
        Where jobs run: as in `snakemake_command`.
    options : sequence of str
        Of snakemake.
    dry_run : bool
        Only say what would run.
    strict : bool
        Whether an internal error of one trial counts as a failure.

    Returns
    -------
    int
        Exit status of snakemake; `BROKEN` where no trial is usable, or an internal error ended
        the work on a participant, a figure or a stage of the study; with ``strict`` on a trial.
    """
    study = load_study(study_file)
    command = [*snakemake_command(study_file, cores, profile), *options]
    if dry_run:
        return subprocess.run([*command, "--dry-run"], check=False).returncode
    with locked(study.manifest("", RUNNING)) as before:  # snakemake takes it again, and keeps it
        if before is not None:
            sys.stdout.write("The run before was stopped: what it finished is kept.\n")
    status = _run(command, study)
    return BROKEN if status == 0 and _is_broken(study, strict=strict) else status


def _is_broken(study: Study, *, strict: bool) -> bool:
    """Whether no trial is usable, or an internal error took more than one of several trials."""
    trials, found = read_table(study.table("trials.tsv")), every_finding(study)
    sound = set(trials.loc[_usable(trials), "participant_id"])
    contained = found["trial_id"].notna() & found["participant_id"].isin(sound) & (not strict)
    return not sound or bool(((found["rule"] == RULE) & ~contained).any())


def _usable(trials: pd.DataFrame) -> pd.Series:
    """Which trials have steps that count."""
    return trials["state"].astype("string").str.startswith("usable").fillna(value=False)


def snakemake_command(study_file: Path, cores: int, profile: str = "default") -> list[str]:
    """The command that runs the workflow of a study.

    Parameters
    ----------
    profile : str
        One that comes with aqbio (default, slurm), or a folder with a ``config.yaml`` of one's own.

    Raises
    ------
    AqbioError
        When there is no such profile.
    """
    shipped_one = PROFILES / profile
    folder = shipped_one if shipped_one.is_dir() else Path(profile)
    if not (folder / "config.yaml").is_file():
        raise AqbioError(
            f"there is no profile {profile}.",
            fix=f"known: {', '.join(sorted(one.name for one in PROFILES.iterdir()))}; or give a "
            "folder that holds a config.yaml for snakemake.",
            rule="profile",
        )
    everything = ["--cores", "all"] if profile == "default" else []
    return [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE)),
        *("--workflow-profile", str(folder), "--configfile", str(study_file)),
        *(["--cores", str(cores)] if cores else everything),
    ]


def _run(command: list[str], study: Study) -> int:
    environment = dict(os.environ)
    folder = str(Path(sys.executable).parent)
    environment["PATH"] = f"{folder}{os.pathsep}{environment.get('PATH', '')}"
    started = time.time() - 1.0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        try:
            with group_process(command, output, environment) as process:
                _follow(process, study)
        except StoppedBySignalError as stopped:
            sys.stderr.write(f"Stopped ({stopped}): what was finished is kept.\n")
            return SIGNALLED + stopped.number
        if process.returncode < 0:  # who ended it, or what became of its jobs, nobody knows
            name = signal.Signals(-process.returncode).name
            sys.stderr.write(f"Snakemake was ended ({name}): what was finished is kept.\n")
        elif process.returncode:
            output.seek(0)
            _tell_broken(study, list(broken_jobs(study, started)), output)
    if process.returncode == 0:
        sys.stdout.write(summary(study) + "\n")
    return process.returncode


def _tell_broken(study: Study, broken: Sequence[BrokenJob], output: TextIO) -> None:
    """Say which jobs did not finish; where none began, what snakemake said."""
    sys.stderr.write("".join(f"{one}\n" for one in broken) or output.read())
    if broken and (table := write_unfinished_trials(study, broken)):
        sys.stderr.write(f"What became of every trial: {table}\n")


@dataclass
class _Log:
    """A growing log file of one job."""

    path: Path
    started: float
    place: int = 0

    def new_lines(self) -> Iterator[str]:
        """The complete lines that were written since the last look."""
        try:
            if self.path.stat().st_mtime < self.started:
                return
            with self.path.open(encoding="utf-8", errors="replace") as stream:
                stream.seek(self.place)
                while (line := stream.readline()).endswith("\n"):
                    self.place = stream.tell()
                    yield line.rstrip("\n")
        except FileNotFoundError:
            return


def _logs(study: Study) -> dict[str, list[_Log]]:
    """Logs of every participant, and of the study under the empty name."""
    folder, now = study.root / "logs", time.time() - 1.0
    logs = {
        one.participant_id: [_Log(folder / f"participants-{one.participant_id}.log", now)]
        for one in study.participants
    }
    return logs | {"": [_Log(folder / f"{stage}.log", now) for stage in STUDY_STAGES]}


def _follow(process: subprocess.Popen[bytes], study: Study) -> None:
    if sys.stdout.isatty():
        _show_bars(process, study)
    else:
        _print_lines(process, study, sys.stdout)


def _print_lines(process: subprocess.Popen[bytes], study: Study, stream: TextIO) -> None:
    logs = _logs(study)
    running = True
    while running:
        running = process.poll() is None
        for line in (line for group in logs.values() for log in group for line in log.new_lines()):
            stream.write(line + "\n")
            stream.flush()
        if running:
            time.sleep(POLL_SECONDS)


def _show_bars(process: subprocess.Popen[bytes], study: Study) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:>14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[latest]}"),
    )
    logs = _logs(study)
    stages = (*PARTICIPANT_STAGES, *STUDY_STAGES)
    with Progress(*columns) as progress:
        tasks = {
            name: progress.add_task(
                name or study.settings.name,
                total=len(PARTICIPANT_STAGES if name else STUDY_STAGES),
                latest="waiting",
            )
            for name in logs
        }
        running = True
        while running:
            running = process.poll() is None
            for name, group in logs.items():
                for log in group:
                    for line in log.new_lines():
                        progress.update(tasks[name], latest=line.partition(" ")[2])
                done = sum(_finished(study, name, stage) for stage in stages)
                progress.update(tasks[name], completed=done)
            if running:
                time.sleep(POLL_SECONDS)


def _finished(study: Study, participant: str, stage: str) -> bool:
    """Whether a stage has written what it writes last."""
    if participant:
        return stage in PARTICIPANT_STAGES and study.manifest(participant, stage).is_file()
    return stage in STUDY_STAGES and study.manifest("", stage).is_file()


def summary(study: Study) -> str:
    """What can be used, what was found, cause by cause, and where the page is."""
    from aqbio.report.summary import study_summary  # loads what draws; a run begins without it

    trials = read_table(study.table("trials.tsv"))
    said = study_summary(len(study.participants), trials, read_table(study.table("steps.tsv")))
    failed = int((trials["status"] != "ok").sum())
    lines = [f"{len(trials) - failed} of {len(trials)} trials have results."]
    if not _usable(trials).any():
        lines.append("No trial is usable: nothing is computed of any step, for these reasons.")
    lines += [f"{label}: {text}" for label, text in said.facts if label in ("Trials", "Steps")]
    lines += [*said.unsaid, *([said.agreement] if said.agreement else [])]
    told = study_causes(study)
    words = {one.first.what for one in told}
    lines += [
        f"Failed ({one.concerns}): {one.first.what}"
        for one in said.failed
        if one.first.what.partition(": ")[2] not in words  # below it has a fix
    ]
    lines += [*internal_errors(study), *_causes(study, told)]
    return "\n".join([*lines, f"Page: {study.root / 'report' / 'index.html'}"])


def _causes(study: Study, told: Iterable[Cause]) -> Iterator[str]:
    """Errors and warnings, one per cause: about a screen; the others are in the table."""
    found = [one for one in told if one.first.rule != RULE]
    grave = [one for one in found if one.first.severity != "info"]
    for one in grave[:SHOWN_CAUSES]:
        alike = f" ({one.alike})" if one.alike else ""
        who = f"{one.concerns}: " if one.concerns else ""
        yield f"{one.first.severity.capitalize()}: {who}{one.first.what}{alike}"
        if one.first.fix:
            yield f"  Fix: {one.first.fix}"
    left, remarks = max(len(grave) - SHOWN_CAUSES, 0), len(found) - len(grave)
    words = {f"{left} more": left, f"{remarks} remark{'s' * (remarks != 1)}": remarks}
    if any(words.values()):
        among = " and ".join(text for text, count in words.items() if count)
        yield f"{among}: {study.table('causes.tsv')}"


def internal_errors(study: Study) -> list[str]:
    """What internal errors stopped: each fault as first met, who it concerns, and how often."""
    findings = every_finding(study)
    broken = findings.loc[findings["rule"] == RULE, ["participant_id", "trial_id", "what"]]
    broken = broken.astype("string").fillna("")
    faults = broken.groupby(broken["what"].str.extract(IDENTIFIER, expand=False), sort=False)
    return [_not_computed(fault) for _, fault in faults]


def _not_computed(fault: pd.DataFrame) -> str:
    """One line of all findings of an internal error."""
    places = (fault["participant_id"] + " " + fault["trial_id"]).str.strip()
    who = listed([*dict.fromkeys(one for one in places if one)])
    often = f" ({len(fault)} times)" if len(fault) > 1 else ""
    return f"Not computed{who and f' ({who})'}: {fault['what'].iloc[0]}{often}"
