"""The command line: quick to answer, plain about errors, one command per stage."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

import aqbio
from aqbio import cli
from aqbio.stage_table import PARTICIPANT_STAGES, STAGE_TABLE, STAGES, stage_module
from tests.recorded_study import record
from tests.small_study import replace, write_small_study

HEAVY = (
    *("opensim", "ezc3d", "scipy", "matplotlib", "pandas", "snakemake"),
    *("numpy", "xarray", "netCDF4", "jinja2", "pydantic"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_small_study(tmp_path)


@pytest.fixture
def aqbio_command(monkeypatch, capsys):
    """Give a function that runs the command line here and returns status, output and errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["aqbio", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run


def _python(code: str, *arguments: object) -> str:
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_help_loads_no_library_that_takes_long():
    code = (
        "import sys\nfrom aqbio.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
    )
    code += f"print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    assert _python(code, "--help").splitlines()[-1] == "LOADED"


def test_the_version_is_said_and_linear_algebra_takes_one_thread_unless_told(
    aqbio_command, monkeypatch
):
    first, *unset = cli.LINEAR_ALGEBRA_THREADS
    monkeypatch.setenv(first, "4")
    for name in unset:
        monkeypatch.delenv(name, raising=False)
    status, said, errors = aqbio_command("--version")
    assert (status, said.splitlines()[0], errors) == (0, f"aqbio {aqbio.__version__}", "")
    assert [os.environ[name] for name in cli.LINEAR_ALGEBRA_THREADS] == ["4", "1", "1"]
    as_module = (
        "import runpy, sys; sys.argv[0] = 'aqbio'; runpy.run_module('aqbio', run_name='__main__')"
    )
    assert _python(as_module, "--version").startswith(f"aqbio {aqbio.__version__}\n")


def test_the_version_has_what_a_report_of_a_fault_needs(aqbio_command):
    """Commit, place, machine, and the libraries on which numbers depend."""
    said = aqbio_command("--version")[1]
    _, commit, machine, libraries = said.splitlines()
    assert re.fullmatch(r"commit (unknown|[0-9a-f]{12}(\+changes)?), installed in .+aqbio", commit)
    assert machine.startswith(f"Python {platform.python_version()}, ")
    assert re.search(r"\d+ cores, \d+ GB memory$", machine)
    for library in ("opensim", "ezc3d", "numpy", "scipy", "pandas", "xarray", "snakemake"):
        assert f"{library} {metadata.version(library)}" in libraries.split(", ")


def test_one_command_per_stage_and_the_rest():
    commands = [
        command.name or command.callback.__name__ for command in cli.app.registered_commands
    ]
    assert [name for name in commands if name in STAGES] == list(STAGES)
    without_stage = {"run", "look", "new", "check", "map-model", "settings", "virtual"}
    without_stage |= {
        "fetch",
        "plan",
        "reference",
        "opensim",
        "rows",
        "verify",
        "archive",
        "export",
    }
    assert set(commands) - set(STAGES) == without_stage


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_once_or_for_one_or_all_participants(file, stage, monkeypatch, aqbio_command):
    calls = []

    def stand_in(study, *arguments):
        participant, report = (arguments[0], arguments[1]) if of_person else ("", arguments[0])
        assert study.file == file
        calls.append((participant, *arguments[1 + of_person :]))
        report(f"{participant} done")

    of_person = stage in PARTICIPANT_STAGES
    name = f"{stage}_{'participant' if of_person else 'study'}"
    monkeypatch.setattr(stage_module(stage), name, stand_in)
    helped = aqbio_command(stage, "--help")
    assert re.search(r"STUDY", helped[1])
    cores = (1,) if STAGE_TABLE[stage].parallel else ()
    for options, people in (((), ("P1", "P2")), (("--participant", "P2"), ("P2",))):
        status, out, err = aqbio_command(stage, file.parent, *options[: 2 * of_person])
        assert (status, err) == (0, "")
        expected = people if of_person else ("",)
        assert calls == [(participant, *cores) for participant in expected]
        assert [line.split(" ", 1)[1] for line in out.splitlines()] == [
            f"{x} done" for x in expected
        ]
        calls.clear()


def test_errors_come_without_a_traceback_but_for_those_of_the_program(
    file, aqbio_command, monkeypatch
):
    """A traceback is for developers."""
    status, out, err = aqbio_command("inverse_kinematics", file, "--participant", "P9")
    sheet = file.parent / "participants.tsv"
    message = f"participant P9 is not in the sheet.\n  File: {sheet}\n  Fix: known: P1, P2.\n"
    assert (status, out, err) == (1, "", message)
    unknown = CliRunner().invoke(cli.app, ["inverse_kinematics", str(file), "--model", "x"])
    assert unknown.exception.rule == "other-model"
    assert aqbio_command("check", "--nonsense", file)[0] == 2
    monkeypatch.setattr("aqbio.report.stage.report_study", lambda *_: 1 / 0)
    monkeypatch.setattr(sys, "argv", ["aqbio", "report", str(file)])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_check_lists_every_problem_and_counts_them(file, aqbio_command, monkeypatch):
    monkeypatch.setattr(
        "aqbio.intake.check._stage_problems", lambda *_: []
    )  # a stick figure is nobody
    record(file)
    assert aqbio_command("check", file) == (0, f"{file}: no problems found.\n", "")
    replace(file.parent / "participants.tsv", "60.5", "heavy")
    replace(file.parent / "trials.tsv", "P1\tfast\trun", "P1\tfast\trum")
    replace(file, "files:", "solv: {}\nfiles:")
    status, out, err = aqbio_command("check", file.parent)
    assert (status, out) == (1, "")
    for text in ("setting solv is unknown.", "mass_kg must be", "task must be one of"):
        assert text in err
    assert err.endswith(f"3 problems in {file}.\n")
