"""The fast loop is chosen from what tests take, and says so honestly."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests import durations


def test_the_record_names_files_that_exist():
    """A file that is gone takes its line along: `--durations-to tests/durations.tsv`."""
    record = durations.read_record()
    assert record
    assert [name for name in record if not (durations.ROOT / name).is_file()] == []


def test_what_was_not_run_keeps_its_line_and_what_is_gone_loses_it(tmp_path):
    path = tmp_path / "durations.tsv"
    durations.write_record(path, {"tests/conftest.py": 2.0, "tests/gone.py": 1.0})
    durations.write_record(path, {"tests/durations.py": 3.04})
    assert durations.read_record(path) == {"tests/conftest.py": 2.0, "tests/durations.py": 3.0}


def test_the_budget_is_kept_just_inside_and_not_just_outside():
    record = {"a": 1.0, "b": 2.0}
    assert durations.affordable({"a", "b"}, record, budget=3.0) == {"a", "b"}
    assert durations.affordable({"a", "b"}, record, budget=2.9) == {"a"}


def _pytest(folder, *arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    here = os.environ | {"PYTHONPATH": str(durations.ROOT), "PYTEST_ADDOPTS": ""}
    return subprocess.run(
        command, cwd=folder, env=here, capture_output=True, text=True, check=False
    )


def _collected(*arguments):
    """Files of which some test would run."""
    listed = _pytest(durations.ROOT, "--collect-only", *arguments).stdout.splitlines()
    return {durations.file_of(line) for line in listed if line.startswith("tests/")}


def test_work_of_child_processes_counts_and_reaches_the_record(tmp_path):
    """Also with pytest-xdist, whose workers measure and whose controller writes."""
    busy = "import time\nwhile time.process_time() < 0.4: pass\n"
    (tmp_path / "test_busy.py").write_text(
        "import subprocess, sys\n"
        f"def test_it(): subprocess.run([sys.executable, '-c', {busy!r}], check=True)\n"
        "def test_other(): pass\n"
    )
    (tmp_path / "conftest.py").write_text(
        "from tests import durations\n"
        "pytest_addoption, pytest_configure = durations.add_options, durations.configure\n"
    )
    for workers in ("0", "1"):
        record = tmp_path / f"{workers}.tsv"
        options = ("-n", workers, f"--durations-to={record}")
        done = _pytest(tmp_path, f"--rootdir={tmp_path}", "-c", "/dev/null", *options)
        assert "2 passed" in done.stdout, done.stdout + done.stderr
        assert 0.4 <= durations.read_record(record)["test_busy.py"] < 4.0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what living children took")
def test_work_of_processes_that_live_on_counts():
    busy = (
        "import sys, time\nwhile time.process_time() < 0.3: pass\nprint(1, flush=True)\ninput()\n"
    )
    before = durations.cpu_seconds()
    with subprocess.Popen(
        [sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        alive = durations.cpu_seconds()
        process.communicate("\n")
    assert 0.25 < alive - before < 1.5
    assert durations.cpu_seconds() - alive < 0.5


def test_slow_files_and_marked_tests_are_left_out_of_the_fast_loop():
    record = durations.read_record()
    rooms = ("tests/mechanics", "tests/stats", "tests/osim/test_skeleton.py")
    files = _collected("--fast", *rooms)
    unmarked = _collected("-m", " and ".join(f"not {mark}" for mark in durations.MARKS), *rooms)
    assert "tests/stats/test_within.py" in files
    assert "tests/osim/test_skeleton.py" not in files, "it needs OpenSim"
    assert sum(record.get(file, 0.0) for file in files) <= durations.BUDGET
    left = (unmarked & set(record)) - files
    assert files < unmarked
    assert min(record[file] for file in left) >= max(record.get(file, 0.0) for file in files)
