"""The whole workflow, with a bar or a line for every participant and stage that is done."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aqbio.errors import AqbioError, Cause, listed
from aqbio.io.processes import StoppedBySignalError, group_process
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.names import WITH_STEPS
from aqbio.shipped import shipped
from aqbio.stage_table import PARTICIPANT_STAGES
from aqbio.study.findings import every_finding, study_causes
from aqbio.study.internal import IDENTIFIER, RULE
from aqbio.study.jobs import every_job
from aqbio.study.seals import read_record

if TYPE_CHECKING:
    pass

SNAKEFILE = shipped("Snakefile")
PROFILES = shipped("workflow/profiles")
POLL_SECONDS = 0.25

SHOWN_CAUSES = 10
"""Causes that the console tells."""

LAST_LINES = 12
"""Lines of a failed job's log that are shown."""

NO_MESSAGE = "The job stopped without a message; memory probably ran out."

CRASH = "Fatal Python error: "
"""How Python begins when a signal ends a job, such as a segmentation fault; places follow."""

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
    """Run snakemake on a study, show its progress and give its exit status.

    `BROKEN` where no trial is usable, or an internal error ended the work on a participant, a
    figure or a stage of the study; with ``strict`` on a trial.
    """
    study = load_study(study_file)
    command = [*snakemake_command(study_file, cores, profile), *options]
    if dry_run:
        return subprocess.run([*command, "--dry-run"], check=False).returncode
    release_lock_of_dead_run(command)
    status = _run(command, study)
    return BROKEN if status == 0 and _is_broken(study, strict=strict) else status


def _is_broken(study: Study, *, strict: bool) -> bool:
    """Whether no trial is usable, or an internal error took more than one of several trials."""
    trials, found = read_table(study.table("trials.tsv")), every_finding(study)
    sound = set(trials.loc[trials["state"].isin(WITH_STEPS), "participant_id"])
    contained = found["trial_id"].notna() & found["participant_id"].isin(sound) & (not strict)
    return not sound or bool(((found["rule"] == RULE) & ~contained).any())


def snakemake_command(study_file: Path, cores: int, profile: str = "default") -> list[str]:
    """The command that runs a study's workflow with a shipped profile or one's own folder."""
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


def release_lock_of_dead_run(command: Sequence[str]) -> None:
    """Release Snakemake's lock of this folder where no Snakemake works here any more.

    On a shared folder another host may be at work: only ``snakemake --unlock`` releases then.
    """
    if not any(Path(".snakemake/locks").glob("*")) or _snakemake_works_here():
        return
    subprocess.run([*command, "--unlock"], check=False, capture_output=True)


def _snakemake_works_here() -> bool:
    """Whether a process of this machine runs Snakemake in this folder."""
    import psutil  # of Snakemake

    here = Path.cwd()
    for process in psutil.process_iter(["cmdline", "cwd"]):
        program = [Path(word).name for word in (process.info["cmdline"] or [])[:3]]
        if "snakemake" in program and process.info["cwd"] == str(here):
            return True
    return False


def _run(command: list[str], study: Study) -> int:
    environment = dict(os.environ)
    folder = str(Path(sys.executable).parent)
    environment["PATH"] = f"{folder}{os.pathsep}{environment.get('PATH', '')}"
    started = time.time() - 1.0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        try:
            with group_process(command, output, environment) as process:
                _follow(process, study, started)
        except StoppedBySignalError as stopped:
            sys.stderr.write(f"Stopped ({stopped}): what was finished is kept.\n")
            return SIGNALLED + stopped.number
        if process.returncode:
            output.seek(0)
            failed = list(failed_jobs(study, started))
            sys.stderr.write("".join(failed) or output.read())
            return process.returncode
    sys.stdout.write(summary(study) + "\n")
    return 0


def failed_jobs(study: Study, started: float) -> Iterator[str]:
    """Last words of the jobs that began after ``started`` (s, system clock) and left no record."""
    for on, who, stage in every_job(study):
        folder = study.root / "logs"
        log = folder / stage / on.within / f"{who}.log" if who else folder / f"{stage}.log"
        begun = log.is_file() and log.stat().st_mtime >= started
        if begun and not on.manifest(who, stage).is_file():
            last = _last_words(log.read_text(encoding="utf-8", errors="replace").splitlines())
            yield "\n".join([f"{who} {stage} did not finish:".lstrip(), *last, f"  Log: {log}\n"])


def _last_words(said: Sequence[str]) -> list[str]:
    """What a job said last: of a library that crashed, where."""
    for at, line in enumerate(said):
        if line.startswith(CRASH):
            places = [one for one in said[at:] if one.startswith("  File ")][:LAST_LINES]
            return [f"A library crashed ({line.removeprefix(CRASH).lower()}).", *places]
    return [line for line in said if line.strip()][-LAST_LINES:] or [NO_MESSAGE]


def _follow(process: subprocess.Popen[bytes], study: Study, started: float) -> None:
    """Show every record that appears until the workflow has ended."""
    waiting = {on.manifest(who, stage): (on, who, stage) for on, who, stage in every_job(study)}
    with _bars(study) if sys.stdout.isatty() else nullcontext(_print_line) as show:
        running = True
        while running:
            running = process.poll() is None
            for record in [one for one in waiting if one.is_file()]:
                if record.stat().st_mtime >= started and (content := read_record(record)):
                    show(*waiting.pop(record), content)
            if running:
                time.sleep(POLL_SECONDS)


def _print_line(on: Study, who: str, stage: str, record: dict[str, Any]) -> None:
    """Say that a stage of a participant, or of the study, is done, and what failed."""
    name = f"{who} {stage}".strip() + (f" on {Path(on.within).name}" if on.within else "")
    sys.stdout.write(f"{datetime.now():%H:%M:%S} {name}: {_outcome(record)}\n")
    if stage == PARTICIPANT_STAGES[-1]:
        sys.stdout.write(f"  Page: {on.folder(who, stage) / 'athletes' / f'{who}.html'}\n")
    sys.stdout.flush()


def _outcome(record: dict[str, Any]) -> str:
    """What became of a stage, in a few words."""
    trials = record.get("trials", [])
    failed = [one for one in trials if one["status"] != "ok"]
    if record.get("reason"):
        return f"failed: {record['reason']}"
    if failed:
        return f"{len(failed)} of {len(trials)} trials failed, the first: {failed[0]['reason']}"
    return "done"


@contextmanager
def _bars(study: Study) -> Iterator[Callable[..., None]]:
    """A bar for every participant and one for the study."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    total = Counter(who for _, who, _ in every_job(study))
    columns = (
        TextColumn("{task.description:>14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[latest]}"),
    )
    with Progress(*columns) as progress:
        tasks = {
            who: progress.add_task(who or study.settings.name, total=count, latest="")
            for who, count in total.items()
        }

        def show(_: Study, who: str, stage: str, record: dict[str, Any]) -> None:
            progress.update(tasks[who], advance=1, latest=f"{stage}: {_outcome(record)}")

        yield show


def summary(study: Study) -> str:
    """What can be used, what was found, cause by cause, and where the page is."""
    from aqbio.pages import summary as words  # loads what draws; a run begins without it

    trials, steps = (read_table(study.table(f"{name}.tsv")) for name in ("trials", "steps"))
    lines = [words.state_words(trials)]
    if not trials["state"].isin(WITH_STEPS).any():
        lines.append("No trial is usable: nothing is computed of any step, for these reasons.")
    lines += [words.step_words(steps), *words.gaps(trials, steps)]
    found = study_causes(study)
    known = {one.first.what for one in found}  # those stand below, with a fix
    failed = (
        one for one in words.failures(trials) if one.first.what.partition(": ")[2] not in known
    )
    lines += [f"Failed ({one.concerns}): {one.first.what}" for one in failed]
    lines += [*internal_errors(study), *_causes(study, found)]
    return "\n".join([*lines, f"Page: {study.root / 'report' / 'index.html'}"])


def _causes(study: Study, told: Iterable[Cause]) -> Iterator[str]:
    """Errors and warnings, one per cause: about a screen; the others are in the table."""
    found = [one for one in told if one.first.rule != RULE]
    grave = [one for one in found if one.first.severity != "info"]
    for one in grave[:SHOWN_CAUSES]:
        yield f"{one.first.severity.capitalize()}: {one}"
    left, remarks = max(len(grave) - SHOWN_CAUSES, 0), len(found) - len(grave)
    if left or remarks:
        yield f"{left} more, {remarks} remark{'s' * (remarks != 1)}: {study.table('causes.tsv')}"


def internal_errors(study: Study) -> list[str]:
    """What internal errors stopped: each fault as first met, who it concerns, and how often."""
    findings = every_finding(study)
    broken = findings.loc[findings["rule"] == RULE, ["participant_id", "trial_id", "what"]]
    broken = broken.astype("string").fillna("")
    found = []
    for _, fault in broken.groupby(
        broken["what"].str.extract(IDENTIFIER, expand=False), sort=False
    ):
        places = (fault["participant_id"] + " " + fault["trial_id"]).str.strip()
        who = listed([*dict.fromkeys(one for one in places if one)])
        often = f" ({len(fault)} times)" if len(fault) > 1 else ""
        found.append(f"Not computed{who and f' ({who})'}: {fault['what'].iloc[0]}{often}")
    return found
