"""Run of the whole workflow, with a line for every finished participant and stage."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from snakemake.cli import args_to_api, parse_args
from snakemake.exceptions import print_exception
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry
from snakemake_interface_logger_plugins.registry.plugin import Plugin

from aqbio.errors import AqbioError, Cause, causes, listed
from aqbio.faults import (
    RunStoppedError,
    folder_fault,
    has_temporary_folder,
    home_cache,
    is_writable,
    snakemake_fault,
    writing,
)
from aqbio.io.atomic import write_text
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.names import WITH_STEPS, shipped
from aqbio.operating_system import SIGNAL_STATUS, noted_signals, programs_folder, stopped_words
from aqbio.pages import summary as words
from aqbio.pages.address import plain
from aqbio.stage_table import STAGES
from aqbio.study.findings import every_finding, study_causes
from aqbio.study.internal import IDENTIFIER, RULE
from aqbio.study.jobs import (
    INSPECTIONS,
    PLANS,
    absent_files,
    claim_results,
    every_job,
    read_record,
    records_to_make,
    refuse_special_paths,
    rule_path,
    working_folder,
)

SNAKEFILE = shipped("Snakefile")
PROFILES = shipped("workflow/profiles")

PROGRAMS_FOLDER = programs_folder()
"""Folder of the programs, so that jobs use the same installation."""

MAX_CAUSES = 10
"""Largest number of causes shown on the console."""

MAX_LOG_LINES = 12
"""Largest number of lines shown of a failed job's log."""

NO_MESSAGE = "The job stopped without a message; memory probably ran out."

CRASH_LINE = "Fatal Python error: "
"""Beginning of Python's message when a signal, such as a segmentation fault, ends a job."""

SNAKEMAKE_LOG = "internal-snakemake.txt"
"""Name of the log of an internal error of Snakemake."""

GRACEFUL_STOP = "Will exit after finishing currently running jobs"
"""Beginning of Snakemake's message when SIGTERM reached it."""

EXECUTOR_PLUGIN = "snakemake-executor-plugin"
"""Beginning of the names of packages that run Snakemake's jobs elsewhere."""

SLURM = "slurm"

BUILT_IN_EXECUTORS = (None, "local", "dryrun", "touch")

LOCAL_EXECUTORS = (None, "local")
"""Executors of jobs on this machine.

A limit on jobs per second protects the scheduler of a cluster. Here every job that ended would
leave a timer that wakes Snakemake each second: 53,000 times in the demo of 148 jobs.
"""

INTERNAL_ERROR_STATUS = 3
"""Exit status of a run that has a page, but lacks a participant, a figure or every trial."""


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

    `INTERNAL_ERROR_STATUS` where no trial is usable, or an internal error ended the work on a
    participant, a figure or a stage of the study; with ``strict`` on a trial. 0 where all that
    ``options`` asked for is done, even if that is not everything.
    """
    study = load_study(study_file)
    elsewhere = working_folder(study)
    refuse_special_paths(study, elsewhere)
    arguments = [*snakemake_arguments(study_file, cores, profile), *options]
    if elsewhere is not None:
        arguments = [*arguments, "--directory", str(elsewhere)]
    os.environ["PATH"] = f"{PROGRAMS_FOLDER}{os.pathsep}{os.environ.get('PATH', '')}"
    use_writable_folders(study)
    if dry_run or PLANS & {*options}:
        arguments = [*plan_options(study, elsewhere), *arguments]
    if dry_run or INSPECTIONS & {*options}:
        return run_snakemake([*arguments, *(["--dry-run"] if dry_run else [])], study)
    claim_results(study)
    console = Console(study)
    with noted_signals() as last_end:
        status = run_snakemake(arguments, study, console)
        number = last_end()
    if number and status:
        sys.stderr.write(stopped_words(number) + "\n")
        return SIGNAL_STATUS + number
    if status:
        sys.stderr.write("\n".join(console.last_words()) + "\n")
        return status
    finished = sum(map(Path.is_file, console.records))
    if finished < len(console.records):
        left = f"{finished} of {len(console.records)} stages of participants and study are done"
        broken = all_failed(study)
        outcome = (
            "Nothing was left to do of what was asked" if not console.ended else "Done as asked"
        )
        outcome = "No trial is usable so far" if broken else outcome
        sys.stdout.write(f"{outcome}: {left}; `aqbio run {study_file}` does the others.\n")
    else:
        sys.stdout.write(summary(study) + "\n")
        broken = is_broken(study, strict=strict)
    absent = causes(
        finding for row in study.participants for finding in absent_files(study, row.participant_id)
    )
    sys.stderr.write("".join(f"{cause}\n" for cause in absent))
    return INTERNAL_ERROR_STATUS if broken else int(bool(absent))


def all_failed(study: Study) -> bool:
    """True if the last stage that ran of every participant has no trial that succeeded."""
    last: dict[str, dict[str, Any]] = {}
    for on, participant, stage in every_job(study):
        if (
            participant
            and not on.within
            and (record := read_record(on.manifest(participant, stage)))
        ):
            last[participant] = record
    return bool(last) and all(map(_has_failed, last.values()))


def _has_failed(record: dict[str, Any]) -> bool:
    """True if a record of a participant has no trial that succeeded."""
    trials = record.get("trials", [])
    return bool(record.get("reason")) or (
        bool(trials) and all(trial["status"] != "ok" for trial in trials)
    )


def plan_options(study: Study, working_folder: Path | None = None) -> list[str]:
    """Options with which a plan shows by content what a run would do, and changes nothing.

    Records that a run would remove are forced. Times of files, which a run would set, count only
    for stages that have something to do.
    """
    to_make = records_to_make(study)
    forced = [rule_path(record, working_folder) for record in to_make if record.exists()]
    finished = [stage for stage in STAGES if stage not in {record.stem for record in to_make}]
    inputs = ",".join((*STAGES, "other_models", "recordings"))
    return [
        *(["--forcerun", *forced] if forced else []),
        *(["--consider-ancient", *(f"{stage}={inputs}" for stage in finished)] if finished else []),
    ]


def use_writable_folders(study: Study) -> None:
    """Give programs folders among the logs if those of this user cannot be written to."""
    logs = (study.root / "logs").absolute()
    if not is_writable(home_cache()):
        for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR"):
            os.environ[name] = str(logs / "cache")
    if not has_temporary_folder():
        with writing(logs):
            (logs / "temporary").mkdir(parents=True, exist_ok=True)
        os.environ["TMPDIR"] = tempfile.tempdir = str(logs / "temporary")


def run_snakemake(
    arguments: Sequence[str], study: Study | None = None, console: Console | None = None
) -> int:
    """Run snakemake in this process; a console shows its progress in plain words."""
    if console is not None:
        plugin = Plugin(log_handler=lambda *_: console, _logger_settings_cls=None, _name="aqbio")
        LoggerPluginRegistry().plugins["aqbio"] = plugin
        arguments = [*arguments, "--logger", "aqbio"]
    door, logger = Door(study), logging.getLogger("snakemake.logging")
    logger.addFilter(door)
    try:
        try:
            parser, options = parse_args(list(arguments))
            if options.executor in LOCAL_EXECUTORS:
                options.max_jobs_per_timespan = None
            return int(not args_to_api(options, parser))
        except Exception as error:  # noqa: BLE001 - as in Snakemake's own command
            print_exception(error)
            return 1
    except SystemExit as ended:
        return int(ended.code or 0)
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        raise in_words(type(error).__name__, text, study) from error
    finally:
        logger.removeFilter(door)


class Door(logging.Filter):
    """Filter that puts the exceptions that Snakemake reports into words."""

    def __init__(self, study: Study | None) -> None:
        super().__init__()
        self.study = study

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        name = getattr(record, "exception", None)
        if name or (record.levelno >= logging.ERROR and "[Errno " in record.getMessage()):
            record.msg, record.args = str(in_words(name or "", record.getMessage(), self.study)), ()
        return True


def in_words(name: str, text: str, study: Study | None) -> RunStoppedError:
    """Describe an exception of Snakemake; keep an unexpected one unchanged in a log."""
    log = (study.root / "logs" if study else Path()) / SNAKEMAKE_LOG
    fault = snakemake_fault(name, text, log)
    if fault.file == str(log):
        with suppress(OSError, RunStoppedError):
            write_text(log, text)
    return fault


def is_broken(study: Study, *, strict: bool) -> bool:
    """True if no trial is usable, or an internal error affected more than single trials."""
    trials, findings = read_table(study.table("trials.tsv")), every_finding(study)
    sound = set(trials.loc[trials["state"].isin(WITH_STEPS), "participant_id"])
    contained = findings["trial_id"].notna() & findings["participant_id"].isin(sound) & (not strict)
    return not sound or bool(((findings["rule"] == RULE) & ~contained).any())


def snakemake_arguments(study_file: Path, cores: int, profile: str = "default") -> list[str]:
    """Arguments of snakemake for a study, with a shipped profile or the folder of another one."""
    shipped_one = PROFILES / profile
    folder = shipped_one if shipped_one.is_dir() else Path(profile)
    if not (folder / "config.yaml").is_file():
        raise AqbioError(
            f"there is no profile {profile}.",
            fix=f"known: {', '.join(sorted(path.name for path in PROFILES.iterdir()))}; or give a "
            "folder that holds a config.yaml for snakemake.",
            rule="profile",
        )
    _refuse_absent_executor(profile, folder / "config.yaml")
    default_cores = ["--cores", "all"] if profile == "default" else []
    return [
        *("--snakefile", str(SNAKEFILE), "--workflow-profile", str(folder)),
        *("--configfile", str(study_file)),
        *(["--cores", str(cores)] if cores else default_cores),
    ]


def _refuse_absent_executor(profile: str, config: Path) -> None:
    """Refuse a profile of an executor that is not installed: Snakemake would print its usage."""
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    executor = settings.get("executor") if isinstance(settings, dict) else None
    module = f"{EXECUTOR_PLUGIN}-{executor}".replace("-", "_")
    if executor in BUILT_IN_EXECUTORS or find_spec(module) is not None:
        return
    extra = executor == SLURM
    needed = "extra slurm" if extra else f"executor {executor}"
    package = "'aqbio[slurm]'" if extra else f"{EXECUTOR_PLUGIN}-{executor}"
    raise AqbioError(
        f"the profile {profile} needs the {needed}: pip install {package}.",
        file=str(config),
        fix="install it in this environment, or run with `--profile default` on this machine.",
        rule="profile-executor",
    )


class Console(logging.Handler):
    """Shows a line for every job that ends: a plug-in of Snakemake's logging."""

    writes_to_stream = has_filter = has_formatter = True
    writes_to_file = needs_rulegraph = False

    def __init__(self, study: Study) -> None:
        super().__init__()
        self.jobs: dict[int, Any] = {}
        """Snakemake's description of each job that has begun."""
        self.ended = 0
        """Number of jobs that finished."""
        self.failed: dict[int, str] = {}
        """Last words of the jobs that did not finish."""
        self.stopping = False
        """Whether SIGTERM was received."""
        self.complaints: list[str] = []
        """Errors of the run as a whole."""
        self.records = [
            on.manifest(participant, stage) for on, participant, stage in every_job(study)
        ]
        """Records that a complete run leaves."""

    def emit(self, record: Any) -> None:
        """Show a job that ended; keep messages for the end of the run."""
        event = getattr(record, "event", None)
        number: int = getattr(record, "jobid", getattr(record, "job_id", -1))
        if event == "job_info":
            self.jobs[number] = record
        elif event == "job_finished" and number in self.jobs:
            self.failed.pop(number, None)  # at an earlier attempt
            self.ended += 1
            self._show(self.jobs[number])
        elif event == "job_error" and number in self.jobs:
            self.failed[number] = _not_finished(self.jobs[number])
        elif record.getMessage().startswith(GRACEFUL_STOP):
            if not self.stopping:
                sys.stderr.write("Stopping once running jobs have finished; Ctrl-C ends them.\n")
            self.stopping = True
        elif record.levelno >= logging.ERROR:
            message = record.getMessage()
            self.complaints += [message] if message not in self.complaints else []

    def last_words(self) -> list[str]:
        """Reasons why the run has no results: of failed jobs, otherwise of Snakemake."""
        stopped = ["Stopped: what was finished is kept."]
        return [*self.failed.values()] or self.complaints or stopped

    def _show(self, job: Any) -> None:
        record = read_record(Path(job.output[0])) if job.output else {}
        if not record:  # jobs of virtual sprinters, and of the whole study
            return
        participant, model = (job.wildcards.get(name, "") for name in ("participant", "model"))
        on = f" on {Path(model).name}" if model else ""
        progress = f"{sum(map(Path.is_file, self.records))} of {len(self.records)}"
        name = f"{participant} {job.rule_name}".strip()
        sys.stdout.write(f"{datetime.now():%H:%M:%S} {name}{on}: {_outcome(record)} ({progress})\n")
        page = Path(job.output[0]).with_suffix("") / "athletes" / f"{participant}.html"
        if page.is_file():
            sys.stdout.write(f"  Page: {page}\n")
        sys.stdout.flush()


def _not_finished(job: Any) -> str:
    """Message for a failed job: the end of its log, or the stack of a crashed library."""
    log, participant = Path(job.log[0]), job.wildcards.get("participant", "")
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    lines = [line for line in text.splitlines() if line.strip()]
    fault = None if lines else folder_fault(_existing(log.parent), log)
    last = lines[-MAX_LOG_LINES:] or [str(fault) if fault else NO_MESSAGE]
    for at, line in enumerate(lines):
        if line.startswith(CRASH_LINE):
            stack_lines = [line for line in lines[at:] if line.startswith("  File ")][
                :MAX_LOG_LINES
            ]
            last = [f"A library crashed ({line.removeprefix(CRASH_LINE).lower()}).", *stack_lines]
    return "\n".join(
        [f"{participant} {job.rule_name} did not finish:".lstrip(), *last, f"  Log: {log}"]
    )


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def _outcome(record: dict[str, Any]) -> str:
    """Outcome of a stage, in a few words."""
    trials = record.get("trials", [])
    failed = [trial for trial in trials if trial["status"] != "ok"]
    if record.get("reason"):
        return f"failed: {record['reason']}"
    if failed:
        return f"{len(failed)} of {len(trials)} trials failed, the first: {failed[0]['reason']}"
    return "done"


def summary(study: Study) -> str:
    """Summarise a run: usable trials, findings by cause, and the path of the page."""
    trials, steps = (read_table(study.table(f"{name}.tsv")) for name in ("trials", "steps"))
    lines = [words.state_words(trials)]
    if not trials["state"].isin(WITH_STEPS).any():
        lines.append("No trial is usable: nothing is computed of any step, for these reasons.")
    lines += [words.step_words(steps), *words.gaps(trials, steps)]
    lines += filter(None, [words.against_words(trials)])
    problems = study_causes(study)
    problem_texts = {cause.first.what for cause in problems}  # they follow below, with a fix
    failed = (
        cause
        for cause in words.failures(trials)
        if cause.first.what.partition(": ")[2] not in problem_texts
    )
    lines += [f"Failed ({cause.concerns}): {cause.first.what}" for cause in failed]
    lines += [*internal_errors(study), *_causes(study, problems)]
    return plain("\n".join([*lines, f"Page: {study.root / 'report' / 'index.html'}"]))


def _causes(study: Study, causes: Iterable[Cause]) -> Iterator[str]:
    """Errors and warnings by cause, at most about a screen; the table has all."""
    problems = [cause for cause in causes if cause.first.rule != RULE]
    grave = [cause for cause in problems if cause.first.severity != "info"]
    for cause in grave[:MAX_CAUSES]:
        yield f"{cause.first.severity.capitalize()}: {cause}"
    left, remarks = max(len(grave) - MAX_CAUSES, 0), len(problems) - len(grave)
    others = [f"{left} more"] * (left > 0)
    others += [f"{remarks} remark{'s' * (remarks != 1)}"] * (remarks > 0)
    if others:
        yield f"{', '.join(others)}: {study.table('causes.tsv')}"


def internal_errors(study: Study) -> list[str]:
    """Internal errors: each fault as first met, the participants concerned, and its count."""
    findings = every_finding(study)
    broken = findings.loc[findings["rule"] == RULE, ["participant_id", "trial_id", "what"]]
    broken = broken.astype("string").fillna("")
    lines = []
    for _, fault in broken.groupby(
        broken["what"].str.extract(IDENTIFIER, expand=False), sort=False
    ):
        concerned = (fault["participant_id"] + " " + fault["trial_id"]).str.strip()
        concerned_words = listed([*dict.fromkeys(name for name in concerned if name)])
        often = f" ({len(fault)} times)" if len(fault) > 1 else ""
        subject = concerned_words and f" ({concerned_words})"
        lines.append(f"Not computed{subject}: {fault['what'].iloc[0]}{often}")
    return lines
