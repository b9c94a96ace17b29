"""Nothing but one module asks for what only some systems have, and its other ways work."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path, PureWindowsPath

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

import aqbio
from aqbio import boundary, cli, operating_system
from aqbio.boundary import CRASH, in_own_process
from aqbio.config.sheets import Identifier
from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError, writing
from aqbio.intake.people import people_of, trial_names
from aqbio.io.atomic import write_text
from aqbio.io.study import MODELS, load_study
from aqbio.opensim import child_process
from aqbio.opensim.skeleton import read_skeleton
from aqbio.operating_system import (
    end_in_words,
    ended_without_memory,
    is_path,
    is_too_long,
    relative_path,
)
from aqbio.study.jobs import sheet_rows
from tests.lacking.shared import sound_study
from tests.small_study import write_small_study
from tests.systems import only_portable, sick, small_run
from tests.workflow.conftest import write_workflow
from tests.workflow.stand_in import CALLS, RUN

ROOT = Path(aqbio.__file__).parents[1]
PACKAGE = ROOT / "aqbio"
PORTABLE = PACKAGE / "operating_system.py"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path != PORTABLE)


# the code -----------------------------------------------------------------------------------------


def _of_some_systems(tree: ast.AST) -> list[str]:
    """Modules, functions, signals and places that only some systems have."""
    names_found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.partition(".")[0] for alias in node.names]
            names_found += [name for name in names if name in only_portable.MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module in ("os", "signal"):
            names_found.append(f"from {node.module} import")  # would hide its names from this test
        elif isinstance(node, ast.ImportFrom) and node.module in only_portable.MODULES:
            names_found.append(node.module)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = {"os": only_portable.FUNCTIONS, "signal": only_portable.SIGNALS}
            if node.attr in names.get(node.value.id, ()):
                names_found.append(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Constant) and str(node.value).startswith(
            ("/proc/", "/dev/", "/tmp", "/usr/", "/bin/")
        ):
            names_found.append(str(node.value))
    return names_found


def test_one_module_holds_all_platform_specific_code():
    names_in = {path: _of_some_systems(ast.parse(path.read_text("utf-8"))) for path in SOURCES}
    assert {path: names for path, names in names_in.items() if names} == {}


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    import resource", "from fcntl import flock", "import os\nos.fork()",
        "import signal\nsignal.signal(signal.SIGXCPU, 1)", "from os import fork", "x = '/proc/1'",
    ],
)  # fmt: skip
def test_platform_specific_code_is_detected(code):
    assert _of_some_systems(ast.parse(code))


NO_TEXT = ("os.open", "tarfile.open")
"""Functions that open no text."""


def _without_encoding(tree: ast.AST) -> list[str]:
    """Calls that read or write text in whatever encoding the country of the computer has."""
    calls = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        keywords = {keyword.arg for keyword in node.keywords}
        modes = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        of_bytes = any(isinstance(mode, str) and "b" in mode for mode in modes)
        opens = name == "open" and not of_bytes and ast.unparse(node.func) not in NO_TEXT
        reads = name in ("read_text", "write_text") and isinstance(node.func, ast.Attribute)
        runs = name in ("run", "Popen", "check_output") and keywords & {"text", "capture_output"}
        if (opens or reads or runs) and "encoding" not in keywords:
            calls.append(f"{node.lineno}: {ast.unparse(node)}"[:100])
    return calls


def test_every_text_has_its_encoding():
    calls_in = {path: _without_encoding(ast.parse(path.read_text("utf-8"))) for path in SOURCES}
    assert {path: calls for path, calls in calls_in.items() if calls} == {}


# a run without POSIX ------------------------------------------------------------------------------


@pytest.mark.whole
def test_a_small_study_says_the_same_without_posix(tmp_path, tmp_path_factory, worker_id):
    """From `aqbio new` to the page, with everything that Windows lacks taken away."""
    patch_folder = tmp_path / "here"
    patch_folder.mkdir()
    shutil.copy(only_portable.__file__, patch_folder / "sitecustomize.py")
    path = os.pathsep.join([str(patch_folder), str(ROOT)])
    without = subprocess.run(
        [sys.executable, "-m", "tests.systems.small_run", str(tmp_path / "without")],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, capture_output=True, encoding="utf-8",
        check=False,
    )  # fmt: skip
    assert without.returncode == 0, without.stdout + without.stderr
    forks, *lines = without.stdout.splitlines()
    sound = sound_study(tmp_path_factory, worker_id)
    assert forks == "forks: False"
    assert operating_system.CAN_FORK or operating_system.WINDOWS
    assert lines == small_run.summary(sound.outcome, sound.folder).splitlines()
    assert len(lines) > 20


@pytest.mark.whole
@pytest.mark.workflow
def test_the_workflow_runs_without_posix(tmp_path):
    """Snakemake itself, and stand-ins for the stages: what runs, and that it ends well."""
    workflow = write_workflow(tmp_path / "study")
    shutil.copy(only_portable.__file__, tmp_path / "sitecustomize.py")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    variables = workflow.environment | {"PYTHONPATH": path, "USERNAME": "somebody"}
    process = subprocess.run(
        [sys.executable, "-c", RUN], cwd=workflow.folder, env=variables,
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
    calls = (workflow.folder / "calls.txt").read_text(encoding="utf-8").splitlines()
    assert {call.strip() for call in calls} >= set(CALLS)


# processes ----------------------------------------------------------------------------------------


@pytest.fixture
def no_fork(monkeypatch):
    monkeypatch.setattr(boundary, "CAN_FORK", False)


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (sick.refuse, "no."),
        (sick.crash, r"a library crashed over a file \(SIGSEGV\)"),
        (sick.leave, r"a library crashed over a file \(exit status 3\)"),
    ],
)
def test_a_new_interpreter_ends_instead_of_this_process(no_fork, work, words):
    assert in_own_process(sick.sound) == "sound"
    with pytest.raises(AqbioError, match=words):
        in_own_process(work)


def test_work_in_a_new_interpreter_has_limits(no_fork, monkeypatch):
    monkeypatch.setattr(operating_system, "MAX_START_TIME_S", 0.0)
    with pytest.raises(AqbioError, match="took too long over a file") as caught:
        in_own_process(sick.sleep, seconds=0.5)
    assert caught.value.rule == CRASH
    with pytest.raises(MemoryError):
        in_own_process(sick.grow, memory=2**28)


@pytest.mark.whole
@pytest.mark.opensim
@pytest.mark.parametrize("forks", [True, False])
def test_a_model_that_crashes_opensim_is_named(monkeypatch, tmp_path, forks):
    """Its parser of XML has no end of nested tags, but the stack has."""
    monkeypatch.setattr(boundary, "CAN_FORK", forks)
    monkeypatch.setattr(child_process, "CAN_FORK", forks)
    sound, deep = MODELS / "sprint" / "sprint_male.osim", tmp_path / "deep.osim"
    before, tag, after = sound.read_text(encoding="utf-8").partition("<JointSet")
    deep.write_text(f"{before}{'<a>' * 200_000}{'</a>' * 200_000}{tag}{after}", encoding="utf-8")
    assert child_process.with_model(sound, lambda: "opened") == "opened"
    with pytest.raises(AqbioError, match="crashed over a file") as refused:
        child_process.with_model(deep, partial(read_skeleton, deep))
    assert refused.value.file == str(deep)


def test_work_that_cannot_be_sent_is_done_here(no_fork):
    calls = []
    in_own_process(lambda: calls.append(1))
    assert calls == [1]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0xC0000005, "access violation"), (-0x3FFFFFFB, "access violation"),
        (0xC00000FD, "stack overflow"), (1, "exit status 1"),
    ],
)  # fmt: skip
def test_the_ends_of_windows_have_words(status, words):
    assert end_in_words(status) == words
    assert not ended_without_memory(status)
    assert ended_without_memory(0xC0000017)


def test_a_job_on_windows_ends_with_a_process_above_its_shell(monkeypatch):
    """Between Snakemake and the job lie a shell and the launcher of the command."""
    above = psutil.Process().parents()
    if len(above) < 2:
        pytest.skip("nothing above the parent")
    ended = []
    monkeypatch.setattr(operating_system, "WINDOWS", True)
    monkeypatch.setattr(operating_system, "WATCH_INTERVAL_S", 0.01)
    monkeypatch.setattr(operating_system, "_terminate", lambda: ended.append(True))
    monkeypatch.setattr(
        operating_system.threading, "Thread", lambda target, daemon: _Now(target, ended)
    )
    monkeypatch.setattr(psutil.Process, "is_running", lambda self: self.pid != above[1].pid)
    monkeypatch.setenv(cli.STARTED_BY, str(above[1].pid))
    cli.end_with_parent()
    assert ended == [True]


class _Now:
    """A thread that runs at once."""

    def __init__(self, target, ended) -> None:
        self.start = target


# files --------------------------------------------------------------------------------------------


def test_a_file_that_is_open_for_a_moment_is_replaced(tmp_path, monkeypatch):
    refused = iter([True, True, False])
    _refuse_replacing(monkeypatch, lambda: next(refused))
    write_text(tmp_path / "steps.tsv", "new")
    assert (tmp_path / "steps.tsv").read_text() == "new"


def test_a_file_that_stays_open_is_named(tmp_path, monkeypatch):
    (tmp_path / "steps.tsv").write_text("old")
    _refuse_replacing(monkeypatch, lambda: True)
    with pytest.raises(RunStoppedError, match="another program has this file open") as caught:
        write_text(tmp_path / "steps.tsv", "new")
    assert caught.value.file == str(tmp_path / "steps.tsv")
    assert [path.name for path in tmp_path.iterdir()] == ["steps.tsv"]


def _refuse_replacing(monkeypatch, refused) -> None:
    replace = Path.replace

    def replaced(self, target):
        if refused():
            raise PermissionError(13, "in use", str(self), 32, str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replaced)
    monkeypatch.setattr(operating_system, "WINDOWS", True)
    monkeypatch.setattr(operating_system, "REPLACE_PAUSE_S", 0.0)


def test_another_drive_has_no_relative_path(monkeypatch):
    def other_drive(*_):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    assert relative_path(Path("a/b"), Path("a/c")) == os.path.join("..", "b")  # noqa: PTH118
    monkeypatch.setattr(os.path, "relpath", other_drive)
    assert relative_path(Path("a/b"), Path("a/c")) == str(Path("a/b"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sprint", False), ("rajagopal2016", False), (r"..\maps\mine", True), ("maps/mine", True),
        (r"C:\lab\model", True), (r"\\server\share\model", True), ("model.osim", False),
    ],
)  # fmt: skip
def test_a_path_is_known_in_both_writings(name, expected):
    assert is_path(name) == expected


def test_a_path_that_windows_refuses_is_said_to_be_too_long(monkeypatch):
    short, long = (PureWindowsPath("C:/", "x" * 50, "y" * n) for n in (100, 250))
    assert (is_too_long(short), is_too_long(long)) == (False, True)
    assert not is_too_long(Path("/", "y" * 1000))
    monkeypatch.setattr("aqbio.faults.is_too_long", lambda _: True)
    with pytest.raises(RunStoppedError, match="a name is too long"), writing(Path("x")):
        raise FileNotFoundError(2, "the system cannot find the path")


FORBIDDEN = set('<>:"/\\|?*') | {chr(number) for number in range(32)}
NUMBERED = (f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³")
WINDOWS_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", *NUMBERED}


def _windows_accepts(name: str) -> bool:
    """Rules for names of files that Microsoft documents (Naming Files, Paths, and Namespaces)."""
    device = name.partition(".")[0].rstrip().casefold() in WINDOWS_DEVICES
    return not (FORBIDDEN & set(name) or device or name[-1] in ". " or len(name) > 255)


ODD = st.one_of(
    st.text(alphabet="conauxnulprCOM1LPT9.:?*<>|\\/ -_sS01é¹", min_size=1, max_size=8),
    st.sampled_from(sorted(WINDOWS_DEVICES)).flatmap(
        lambda name: st.sampled_from([name, name.upper(), f"{name}.a", f"{name} ", f"{name}."])
    ),
)


@given(ODD)
def test_an_identifier_is_a_name_that_windows_accepts(name):
    """Of a file with any suffix, and of a folder."""
    try:
        TypeAdapter(Identifier).validate_python(name)
    except ValidationError:
        return
    for used in (name, f"{name}.nc", f"{name}.skeleton.npz"):
        assert _windows_accepts(used), used
        assert PureWindowsPath(used).name == used


@given(st.lists(ODD.filter(lambda name: "/" not in name), min_size=1, max_size=6, unique=True))
def test_new_gives_identifiers_that_every_disk_tells_apart(names):
    for people in ([Path(name, "run.c3d") for name in names], [Path(f"{n}.c3d") for n in names]):
        trials = trial_names(people)
        identifiers = [*people_of(people).values(), *trials.values()]
        for name in identifiers:
            TypeAdapter(Identifier).validate_python(name)
        assert len({name.casefold() for name in trials.values()}) == len(people)
        participants = set(people_of(people).values())
        assert len({name.casefold() for name in participants}) == len(participants)


@pytest.mark.parametrize("sheet", ["participants", "trials"])
def test_identifiers_that_differ_in_capitals_alone_are_refused(tmp_path, sheet):
    file = write_small_study(tmp_path)
    path = file.with_name(f"{sheet}.tsv")
    text = path.read_text(encoding="utf-8")
    path.write_text(text + text.splitlines()[1].replace("P1", "p1", 1) + "\n", encoding="utf-8")
    with pytest.raises(AqbioError, match="p1"):
        load_study(file)


def test_line_ends_of_windows_change_nothing(tmp_path):
    first = load_study(write_small_study(tmp_path / "a", results="results"))
    file = write_small_study(tmp_path / "b", results="results")
    for path in (file, file.with_name("participants.tsv"), file.with_name("trials.tsv")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text, encoding="utf-8", newline="\r\n")
        assert b"\r\n" in path.read_bytes()
    second = load_study(file)
    assert (first.participants, first.trials) == (second.participants, second.trials)
    assert sheet_rows(first, "P1") == sheet_rows(second, "P1")


# words --------------------------------------------------------------------------------------------

WORDS = "H₁ ≥ 0 ± 2 · é → \N{NO-BREAK SPACE}×"
SAY = f"from aqbio import operating_system as o; o.WINDOWS = {{}}; o.write_utf8(); print({WORDS!a})"


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "utf-8"])
def test_a_console_that_lacks_a_letter_gets_the_rest(encoding):
    process = subprocess.run(
        [sys.executable, "-c", SAY.format(False)], capture_output=True, check=False, cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    readable = WORDS.encode(encoding, "replace").decode(encoding)
    assert process.stdout.decode(encoding).strip() == readable


def test_logs_on_windows_are_utf8():
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
    process = subprocess.run(
        [sys.executable, "-c", SAY.format(True)], capture_output=True, check=False, cwd=ROOT,
        env=variables | {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert process.stdout.decode().strip() == WORDS, process.stderr
