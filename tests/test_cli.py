"""The command line: quick to answer, plain about errors, one command per stage."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

import aqbio
from aqbio import cli
from aqbio.stage_table import STAGES, stage_module
from tests.recorded_study import record
from tests.small_study import replace, write_small_study

HEAVY = (
    *("opensim", "ezc3d", "scipy", "numpy", "pandas", "xarray", "netCDF4", "matplotlib"),
    *("statsmodels", "snakemake", "jinja2", "pydantic"),
)
PARTICIPANT_STAGES = STAGES[: STAGES.index("tables")]


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


def _loaded_by(*arguments: str) -> set[str]:
    """Heavy packages that a command has imported when it ends."""
    code = (
        "import sys\nfrom aqbio.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_the_version_is_said_by_the_command_and_by_the_package(aqbio_command):
    assert aqbio_command("--version") == (0, f"aqbio {aqbio.__version__}\n", "")
    done = subprocess.run(
        [sys.executable, "-m", "aqbio", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"aqbio {aqbio.__version__}\n"


def test_help_imports_nothing_heavy():
    assert _loaded_by("--help") == set()


def test_check_does_not_wait_for_opensim(file):
    loaded = _loaded_by("check", str(file))
    assert not loaded & {"opensim", "ezc3d", "scipy", "matplotlib", "pandas", "snakemake"}


def test_one_command_per_stage_and_the_rest():
    commands = [
        command.name or command.callback.__name__ for command in cli.app.registered_commands
    ]
    assert [name for name in commands if name in STAGES] == list(STAGES)
    others = {"run", "new", "check", "map-model", "settings", "virtual"}
    others |= {"opensim", "rows", "verify", "archive", "export"}
    assert set(commands) - set(STAGES) == others


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_for_one_for_all_or_once(file, stage, monkeypatch, aqbio_command):
    """Its help imports nothing heavy."""
    calls, of_people = [], stage in PARTICIPANT_STAGES

    def stand_in(study, who=None, report=None, *_):
        calls.append(who if of_people else study.file)
        if of_people:
            report(f"{who} done")

    kind = "participant" if of_people else "study"
    monkeypatch.setattr(stage_module(stage), f"{stage}_{kind}", stand_in)
    for chosen in (["P2"], []) if of_people else ([],):
        calls.clear()
        options = ["--participant", *chosen] if chosen else []
        status, out, err = aqbio_command(stage, file, *options)
        assert (status, err) == (0, "")
        assert calls == ((chosen or ["P1", "P2"]) if of_people else [file])
        lines = [line.split(" ", 1)[1] for line in out.splitlines()]
        assert lines == [f"{one} done" for one in calls if of_people]
    result = CliRunner().invoke(cli.app, [stage, "--help"])
    assert (result.exit_code, "STUDY" in result.output) == (0, True)


def test_errors_come_without_a_traceback(file, aqbio_command):
    status, out, err = aqbio_command("inverse_kinematics", file, "--participant", "P9")
    assert (status, out) == (1, "")
    assert err == (
        "participant P9 is not in the sheet.\n"
        f"  File: {file.parent / 'participants.tsv'}\n"
        "  Fix: known: P1, P2.\n"
    )


def test_errors_of_the_program_keep_their_traceback(file, monkeypatch):
    """They are for the developers, who need it."""
    module = import_module("aqbio.pages.stage")
    monkeypatch.setattr(module, "report_study", lambda study, report: 1 / 0)
    monkeypatch.setattr(sys, "argv", ["aqbio", "report", str(file)])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_check_lists_every_problem_and_counts_them(file, aqbio_command, monkeypatch):
    """To the stages a stick figure is nobody."""
    monkeypatch.setattr("aqbio.intake.check._foreseen", lambda *_: [])
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
