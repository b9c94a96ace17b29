"""Machines without a home, without room, read-only: a run works, or says what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aqbio.intake.run_problems import run_problems
from aqbio.io.study import finished_study, load_study
from tests.refusal import refused
from tests.small_study import replace, write_small_study
from tests.workflow.conftest import Workflow
from tests.workflow.stand_in import RUN

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]

NOWHERE = "/proc/nowhere"
"""Folder that nobody can make."""


def _mounts() -> bool:
    """Whether this user may mount file systems of its own."""
    if shutil.which("unshare") is None:
        return False
    return (
        subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0
    )


def _run(workflow: Workflow, *before: str, **environment: str) -> tuple[int, str]:
    """`aqbio run` until stage prepare, after commands of a shell with mounts of its own."""
    command = [sys.executable, "-c", RUN, "default", "--until", "prepare"]
    if before:
        command = [
            "unshare",
            "-m",
            "sh",
            "-c",
            f'{" && ".join(before)} && exec "$@"',
            "sh",
            *command,
        ]
    process = subprocess.run(
        command, cwd=workflow.folder, env=workflow.environment | environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    output = process.stdout + process.stderr
    assert "Traceback" not in output
    return process.returncode, output


def test_without_a_home(small: Workflow):
    status, output = _run(small, HOME=NOWHERE, XDG_CACHE_HOME="")
    assert (status, "Done as asked: 2 of 18" in output) == (0, True), output


@pytest.mark.skipif(not _mounts(), reason="this user may not mount")
@pytest.mark.parametrize("results", ["elsewhere", "here"])
def test_in_a_folder_that_can_only_be_read(small: Workflow, tmp_path_factory, results):
    """As in a container: results go elsewhere, or the sentence says that they have to."""
    other_folder = tmp_path_factory.mktemp("writable")
    if results == "elsewhere":
        replace(small.file, "results: results", f"results: {other_folder}")
    folder = small.folder
    only_read = (
        f"mount --bind {folder} {folder}",
        f"mount -o remount,ro,bind {folder}",
        f"cd {folder}",
    )
    status, output = _run(small, *only_read, AQBIO_CALLS=str(other_folder / "calls.txt"))
    assert status == (results == "here"), output
    assert ("the disk can only be read." in output) == (results == "here")


@pytest.mark.skipif(not _mounts(), reason="this user may not mount")
def test_on_a_full_disk(small: Workflow, tmp_path):
    disk = small.folder / "results"
    disk.mkdir()
    full = (f"mount -t tmpfs -o size=64k tmpfs {disk}", f"! cat /dev/zero 2>&- > {disk}/fill")
    status, output = _run(small, *full)
    assert (status, "the disk is full." in output, "memory" in output) == (1, True, False), output


def test_check_says_what_a_run_would_stumble_over(tmp_path, monkeypatch):
    file = write_small_study(tmp_path / "study", results=NOWHERE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", NOWHERE)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    problems = {(problem.severity, problem.what) for problem in run_problems(load_study(file))}
    assert ("error", "the folder of the results cannot be written to.") in problems
    assert any(severity == "info" and "cache of this user" in text for severity, text in problems)
    monkeypatch.setenv("HOME", str(tmp_path))
    replace(file, NOWHERE, "results")
    assert [
        problem.rule for problem in run_problems(load_study(file)) if problem.severity == "error"
    ] == []
    usage = type(shutil.disk_usage(tmp_path))(2**30, 2**30 - 2**20, 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    room = [problem for problem in run_problems(load_study(file)) if problem.rule == "disk-room"]
    assert {problem.severity for problem in room} == {"warning"}
    assert "1 MB left" in room[0].what


def test_results_are_found_from_any_folder_around_them(
    finished: Workflow, tmp_path_factory, monkeypatch
):
    """From inside of the results, from the study's folder, from anywhere; never another study's."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for folder in (finished.root / "tables", finished.folder, elsewhere):
        monkeypatch.chdir(folder)
        file = Path(os.path.relpath(finished.file))
        assert finished_study(file).root.samefile(finished.root)
    other_folder = write_small_study(elsewhere / "deep", results="results")
    with refused("results-missing", "this study has no results yet, or they lie elsewhere"):
        finished_study(other_folder)
    shutil.copytree(finished.root, elsewhere / "results" / "small")  # of a study that still exists
    (elsewhere / "results/small/logs/study").write_text(
        os.path.relpath(finished.file, elsewhere / "results/small")
    )
    with refused("results-missing", "no results yet"):
        finished_study(other_folder)
