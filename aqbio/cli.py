"""The command line: one command per stage, `run` for all of them, models and results."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aqbio.errors import AqbioError, causes, counted
from aqbio.faults import RunStoppedError, machine_fault, writing
from aqbio.operating_system import (
    SIGNAL_STATUS,
    end_with,
    interrupt_on_termination,
    keep_freed_memory,
    relax_garbage_collection,
    stopped_words,
    write_utf8,
)
from aqbio.stage_table import PARTICIPANT_STAGES, STAGE_TABLE, STUDY_STAGES, stage_module

if TYPE_CHECKING:
    from aqbio.io.study import Study

# the process ------------------------------------------------------------------------------------

STARTED_BY = "AQBIO_STARTED_BY"
"""Environment variable with the process that a job must not outlive."""


def end_with_parent() -> None:
    """End this process soon after the one that the environment names, where that started it."""
    parent = os.environ.get(STARTED_BY, "")
    if parent.isdecimal():
        end_with(int(parent))


# commands ---------------------------------------------------------------------------------------

app = typer.Typer(
    help="Push-side and swing-side rotational contributions in sprinting, from motion capture.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

StudyFile = Annotated[
    Path, typer.Argument(metavar="STUDY", help="study.yaml, or the folder that holds it.")
]
OneParticipant = Annotated[
    str, typer.Option("--participant", metavar="ID", help="Only this participant.")
]
OnModel = Annotated[
    str, typer.Option("--model", metavar="NAME", help="On this one of the study's other models.")
]


def write_log(path: Path | None) -> None:
    """Redirect everything that this process and its libraries write into a file."""
    if path is None:
        return
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(log, stream.fileno())
    os.close(log)


LogFile = Annotated[
    Path | None, typer.Option("--log", metavar="FILE", help="Write all output into this file.")
]

ParticipantStage = Callable[["Study", str, Callable[[str], None]], None]

LINEAR_ALGEBRA_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Run the command line; errors that a user can act on come without a traceback."""
    # Our matrices are small: more threads of a linear algebra library only wait for each other
    # (1.5 times the CPU time on two busy cores). The workflow's jobs have one as well.
    for name in LINEAR_ALGEBRA_THREADS:
        if STARTED_BY in os.environ:  # Snakemake gives as many as the job has processes
            os.environ[name] = "1"
        os.environ.setdefault(name, "1")
    write_utf8()
    faulthandler.enable(2)  # to stderr: a library that crashes leaves a word in the log
    keep_freed_memory()
    relax_garbage_collection()
    end_with_parent()
    interrupt_on_termination()
    try:
        app()
    except (KeyboardInterrupt, SystemExit) as end:
        number = _signal_behind(end)
        if number is None:
            raise
        typer.echo(stopped_words(number), err=True)
        sys.exit(SIGNAL_STATUS + number)
    except (AqbioError, RunStoppedError) as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except Exception as error:
        fault = machine_fault(error)
        if fault is None:
            raise
        typer.echo(str(fault), err=True)
        sys.exit(1)


def _signal_behind(end: BaseException | None) -> int | None:
    """Signal of the interrupt behind the end of a command, which Typer makes a silent exit."""
    while end is not None:
        if isinstance(end, KeyboardInterrupt):
            return next((number for number in end.args if isinstance(number, int)), signal.SIGINT)
        end = end.__cause__ or end.__context__
    return None


def study_file(path: Path) -> Path:
    """Path of study.yaml, given that file or its folder."""
    return path / "study.yaml" if path.is_dir() else path


def loaded_study(path: Path) -> Study:
    """Load the study of a study.yaml or its folder."""
    from aqbio.io.study import load_study

    return load_study(study_file(path))


def finished(path: Path) -> Study:
    """Load a study and find its results."""
    from aqbio.io.study import finished_study

    return finished_study(study_file(path))


def say(line: str) -> None:
    """Write a line of progress: the log of a job, or the terminal."""
    typer.echo(f"{datetime.now():%H:%M:%S} {line}")


@app.callback(invoke_without_command=True)
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print versions, for a report.")
    ] = False,
) -> None:
    """Handle options given without a command."""
    if version:
        from aqbio.io.provenance import version_lines

        typer.echo("\n".join(version_lines()))
        raise typer.Exit


@app.command()
def run(
    study: StudyFile,
    options: Annotated[
        list[str] | None, typer.Argument(help="After --: further options of snakemake.")
    ] = None,
    cores: Annotated[int, typer.Option(help="Cores to use; 0 uses all.")] = 0,
    profile: Annotated[
        str, typer.Option(help="Where jobs run: default, slurm, or a folder with a config.yaml.")
    ] = "default",
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only print what would run.")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="End with status 3 for an internal error of one trial too."),
    ] = False,
) -> None:
    """Run the whole workflow and show how far it is."""
    from aqbio.progress import run_workflow

    status = run_workflow(
        study_file(study),
        cores=cores,
        profile=profile,
        options=options or (),
        dry_run=dry_run,
        strict=strict,
    )
    sys.exit(status)


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the new study.")],
    recordings: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FOLDER", help="Fill the sheets from the recordings in this folder."
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(metavar="OSIM", help="With --from: a model of yours, generic or scaled."),
    ] = None,
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="The study of twelve virtual sprinters, ready to run.")
    ] = False,
) -> None:
    """Make a study folder to fill in, or one filled in from recordings."""
    from aqbio.intake.new import demo_study, new_study, new_study_from

    if demo:
        demo_study(folder)
    elif recordings is None:
        new_study(folder)
    else:
        typer.echo("\n" + new_study_from(folder, recordings, model, say))
    say(f"wrote {folder}: read {folder / 'README.md'}")


@app.command()
def fetch(
    study: StudyFile,
    mirror: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FOLDER",
            envvar="AQBIO_REALDATA",
            help="Take what this folder or archives in it hold; only the rest is downloaded.",
        ),
    ] = None,
) -> None:
    """Fetch recordings that others published, as recordings.tsv lists them."""
    from aqbio.intake.fetch import fetch_recordings

    fetch_recordings(loaded_study(study), mirror, say)


@app.command()
def plan(
    study: StudyFile,
    outcome: Annotated[str, typer.Option(help="Column of the steps that is compared.")],
    delta: Annotated[float, typer.Option(help="Smallest change of interest.")],
    effect: Annotated[
        float, typer.Option(help="Change that is to be found; left out: twice delta.")
    ] = 0.0,
    response: Annotated[
        float, typer.Option(help="How athletes' changes differ (sd); left out: delta.")
    ] = 0.0,
    sprints: Annotated[int, typer.Option(min=2, help="Sprints in each condition.")] = 3,
    steps: Annotated[int, typer.Option(min=1, help="Usable steps of a sprint.")] = 6,
    tests: Annotated[int, typer.Option(min=1, help="Contrasts that are tested together.")] = 1,
    *,
    own_unit: Annotated[
        bool, typer.Option("--own-unit", help="Sizes in the outcome's unit, not in percent.")
    ] = False,
) -> None:
    """Say how many athletes a contrast takes, from the scatter of a finished study."""
    from aqbio.hypotheses.plan import plan_words
    from aqbio.stats.planning import Design

    design = Design(delta, effect or 2.0 * delta, response or delta, sprints, steps, tests)
    typer.echo(plan_words(finished(study), outcome, design, percent=not own_unit))


@app.command()
def look(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="OpenSim model (.osim); or a C3D file with poses of segments, FORCES behind it.",
        ),
    ],
    motion: Annotated[
        Path | None,
        typer.Argument(metavar="MOTION", help="The model's coordinates over time (.mot, .sto)."),
    ] = None,
    forces: Annotated[
        Path | None,
        typer.Argument(
            metavar="FORCES", help="Ground forces (.mot, .sto), or external loads (.xml)."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where tables and page go; MOTION_look without."),
    ] = None,
    muscles: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Muscle forces or activations of yours (.sto)."),
    ] = None,
    cutoff: Annotated[
        float, typer.Option(metavar="HZ", help="Low-pass of coordinates and forces.")
    ] = 20.0,
    sex: Annotated[
        str, typer.Option(metavar="SEX", help="With poses: body of which sex, female or male.")
    ] = "",
    mass: Annotated[
        float, typer.Option(metavar="KG", help="With poses and no plate: mass of the body.")
    ] = 0.0,
    fix: Annotated[
        str,
        typer.Option(
            metavar="WORDS", help="What is wrong with the forces, as in column fix of a study."
        ),
    ] = "",
) -> None:
    """Show what each joint causes in one motion of a model of yours; no study is needed."""
    from aqbio.look.poses import is_recording, look_at_poses, refuse_other_options

    if not is_recording(model):
        from aqbio.look.command import look as look_at

        refuse_other_options(model, motion, sex, mass)
        page = look_at(model, motion or Path(), forces, out, typer.echo, muscles, cutoff, fix)
        typer.echo(f"wrote {page}")
        return
    from aqbio.progress import INTERNAL_ERROR_STATUS, is_broken, summary

    refuse_other_options(model, motion, sex, mass, forces, muscles)
    looked_at, page = look_at_poses(model, motion, out, say, sex, mass, cutoff)
    typer.echo(summary(looked_at))
    typer.echo(f"wrote {page}")
    if is_broken(looked_at, strict=False):
        sys.exit(INTERNAL_ERROR_STATUS)


@app.command()
def check(study: StudyFile) -> None:
    """Report all problems of settings, sheets and files at once, before anything runs."""
    from aqbio.intake.check import study_problems

    file = study_file(study)
    problems = causes(study_problems(file))
    for problem in problems:
        typer.echo(str(problem), err=True)
    errors = sum(problem.first.severity == "error" for problem in problems)
    if errors:
        typer.echo(f"{errors} problem{'s' if errors != 1 else ''} in {file}.", err=True)
        sys.exit(1)
    text = f", only {counted(problems)}" if problems else ""
    typer.echo(f"{file}: no problems found{text}.")


def _participant_command(name: str) -> Callable[..., None]:
    def command(
        study: StudyFile, participant: OneParticipant = "", model: OnModel = "", log: LogFile = None
    ) -> None:
        write_log(log)
        from aqbio.hypotheses.preregistration import record_registry
        from aqbio.study.jobs import report_outdated

        record_registry(loaded := loaded_study(study))
        stage = getattr(stage_module(name), f"{name}_participant")

        def work(study: Study, participant_id: str, report: Callable[[str], None]) -> None:
            if STARTED_BY not in os.environ:  # the workflow computes what is outdated first
                report_outdated(study, participant_id, name, report)
            stage(study, participant_id, report)

        _each_participant(loaded, participant, work, model)

    return command


def _study_command(name: str) -> Callable[..., None]:
    def command(
        study: StudyFile,
        cores: Annotated[int, typer.Option(min=1, help="Processes that help.")] = 1,
        log: LogFile = None,
    ) -> None:
        write_log(log)
        work = getattr(stage_module(name), f"{name}_study")
        work(loaded_study(study), say, *([cores] if STAGE_TABLE[name].parallel else []))

    return command


for _name in PARTICIPANT_STAGES:
    app.command(_name, help=STAGE_TABLE[_name].does)(_participant_command(_name))
for _name in STUDY_STAGES[:-1]:
    app.command(_name, help=STAGE_TABLE[_name].does)(_study_command(_name))


@app.command()
def report(
    study: StudyFile,
    log: LogFile = None,
    *,
    single: Annotated[
        bool, typer.Option("--single", help="One file for mail, without athletes and replays.")
    ] = False,
) -> None:
    """Write the pages of the study."""
    write_log(log)
    from aqbio.report import stage

    if single:
        stage.write_one_file(finished(study), say)
    else:
        stage.report_study(loaded_study(study), say)


@app.command()
def reference(
    study: StudyFile,
    table: Annotated[
        Path, typer.Option("--to", metavar="FILE", help="Where the table goes.")
    ] = Path("reference.tsv"),
) -> None:
    """Make a reference group of a finished study, beside whom athletes are shown."""
    from aqbio.reference.group import write_reference

    count = write_reference(finished(study), table)
    say(f"wrote {table}: {count} people")


@app.command()
def opensim(study: StudyFile, participant: OneParticipant = "") -> None:
    """Write all that OpenSim needs to show a trial and to repeat its inverse dynamics."""
    from aqbio.inverse_kinematics.files import write_opensim_files

    _each_participant(finished(study), participant, write_opensim_files)


@app.command()
def rows(study: StudyFile, participant: OneParticipant = "") -> None:
    """Write the contributions of every step, which machines read as NetCDF, as TSV."""
    from aqbio.gait.step_files import write_rows

    _each_participant(finished(study), participant, write_rows)


@app.command()
def virtual(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="data/virtual_sprinters.")],
    participant: OneParticipant = "",
    log: LogFile = None,
) -> None:
    """Write the recordings of the virtual sprinters."""
    write_log(log)
    from aqbio.virtual.study import write_study

    write_study(folder, participants=[participant] if participant else (), report=say)


@app.command()
def settings(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the two files go.")],
) -> None:
    """Write the schema and the page of all settings and columns."""
    from aqbio.config.document import settings_page, settings_schema
    from aqbio.io.atomic import write_text

    write_text(folder / "schema.json", settings_schema())
    write_text(folder / "README.md", settings_page())
    say(f"wrote {folder / 'schema.json'} and {folder / 'README.md'}")


def _each_participant(
    loaded: Study, participant: str, work: ParticipantStage, model: str = ""
) -> None:
    names = [participant] if participant else [p.participant_id for p in loaded.participants]
    if model:
        from aqbio.io.study import on_other_models

        other_studies = on_other_models(loaded)
        if model not in other_studies:
            raise AqbioError(
                f"there is no other model {model} in this study.",
                fix=f"known: {', '.join(other_studies) or 'none; see other_models in study.yaml'}.",
                rule="other-model",
            )
        loaded = other_studies[model]
    for name in names:
        work(loaded.recorded_with(name), name, say)


@app.command("map-model")
def map_model(
    model: Annotated[Path, typer.Argument(metavar="OSIM", help="A model of your own.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the map goes; without it: shown.")
    ] = None,
) -> None:
    """Propose the map of a model: groups, feet, joints, coordinates of flexion and their signs."""
    from aqbio.intake.labelled_recordings import write_map
    from aqbio.intake.models import proposed_map

    proposed = proposed_map(model) if out is None else write_map(model, out)
    if out is None:
        typer.echo(proposed.text)
    for line in proposed.remarks:
        typer.echo(f"check: {line}", err=True)
    for line in proposed.to_complete:
        typer.echo(f"please fill: {line}", err=True)
    if out is not None:
        say(f"wrote {out}")


Archive = Annotated[
    Path | None,
    typer.Option(metavar="ARCHIVE", help="Hold every number against this archive of the study."),
]


@app.command()
def verify(
    study: StudyFile,
    against: Archive = None,
    tolerance: Annotated[
        float | None,
        typer.Option(help="With --against: what numbers may differ by, of a column's largest."),
    ] = None,
) -> None:
    """List results that are missing, damaged, outdated or orphaned; `aqbio run` mends them."""
    from aqbio.study.internal import contained
    from aqbio.study.jobs import result_problems

    loaded = finished(study)
    with contained(loaded, "verify"):
        problems = result_problems(loaded)
    for problem in problems:
        typer.echo(str(problem), err=True)
    bad = sum(problem.kind != "foreign" for problem in problems)
    if bad:
        typer.echo(f"{bad} to be made again: `aqbio run {study}`.", err=True)
        sys.exit(1)
    typer.echo(f"{loaded.root}: every result is what its stage left, and up to date.")
    if against is not None:
        with contained(loaded, "verify"):
            _verify_against(loaded, against, tolerance)


def _verify_against(study: Study, archive: Path, tolerance: float | None) -> None:
    from aqbio.study.archive import MAX_RELATIVE_DIFFERENCE, compared

    tolerance = MAX_RELATIVE_DIFFERENCE if tolerance is None else tolerance
    comparison = compared(study, archive, tolerance)
    typer.echo(f"{comparison.identical_tables} tables have the same bytes as in {archive}.")
    for line in comparison.close:
        typer.echo(f"within {tolerance:g}: {line}")
    for line in comparison.different:
        typer.echo(f"different: {line}", err=True)
    typer.echo(
        f"{comparison.identical_figures} of {comparison.figures} drawings have the same bytes."
    )
    for line in comparison.reasons:
        typer.echo(f"not as it was: {line}")
    if comparison.different:
        text = (
            "see above what is not as it was" if comparison.reasons else "nothing known explains it"
        )
        typer.echo(f"{len(comparison.different)} differences; {text}.", err=True)
        sys.exit(1)
    typer.echo(f"every number is reproduced within {tolerance:g} of its column's largest.")


@app.command()
def archive(
    study: StudyFile,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where it goes; NAME.zip without.")
    ] = None,
) -> None:
    """Keep tables, figures, records and settings in one file: no raw data, no names of persons."""
    from aqbio.study.archive import write_archive

    loaded = finished(study)
    path = to or Path(f"{loaded.settings.name}.zip")
    count = write_archive(loaded, path)
    typer.echo(f"wrote {path}: {count} files, {path.stat().st_size / 2**20:.1f} MB.")


@app.command()
def export(
    study: StudyFile,
    bids: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="Markers and plates as BIDS motion, into this folder."),
    ],
) -> None:
    """Write a study's prepared markers and plates as other programs read them."""
    from aqbio.study.deposit import write_bids

    typer.echo(f"wrote {bids}: {write_bids(finished(study), bids)} recordings.")
