"""`aqbio run` from beginning to end, where everything that can go wrong with the data does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from aqbio.io.tables import read_table
from aqbio.progress import BROKEN
from aqbio.stage_table import PARTICIPANT_STAGES
from tests.pages import pages_text
from tests.small_study import replace, write_small_study

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("run")]


def _run(folder, *arguments):
    code = "from aqbio.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "run", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )


@pytest.fixture(scope="module")
def unreadable(tmp_path_factory):
    """A study of empty files, run by its absolute path: no trial can be read."""
    folder = tmp_path_factory.mktemp("unreadable")
    file = write_small_study(folder)
    replace(file, "files:", f"model: {{file: {folder / 'own.osim'}, map: sprint}}\nfiles:")
    (folder / "own.osim").write_text("no model")
    done = _run(folder, str(file))
    assert done.returncode == BROKEN, done.stdout + done.stderr  # no trial is usable
    return folder, done.stdout


def test_it_ends_with_a_page_and_every_reason(unreadable):
    folder, output = unreadable
    page = pages_text(folder / "results" / "small")
    lines = output.splitlines()
    assert "4 trials: 4 failed." in lines
    assert lines[-1].startswith("Page: ")
    trials = read_table(folder / "results" / "small" / "tables" / "trials.tsv")
    assert len(trials) == 4
    assert (trials["status"] == "failed").all()
    for row in trials.itertuples():
        assert row.reason.startswith("prepare: ")
        assert row.reason.removeprefix("prepare: ") in output
        assert row.trial_id in page
    assert (trials["reason"].str.contains("C3D") == (trials["trial_id"] == "fast")).all()


def test_no_result_names_a_folder_of_the_machine(unreadable):
    folder, _ = unreadable
    files = [one for one in (folder / "results").rglob("*") if one.is_file()]
    apart = {one for one in files if "logs" in one.parts}
    assert len(files) > len(apart) + 50
    for one in set(files) - apart:
        assert str(folder).encode() not in one.read_bytes(), one


def test_every_stage_of_a_participant_has_a_line(unreadable):
    _, output = unreadable
    lines = [line.split(" ", 1)[1] for line in output.splitlines() if line[2:3] == ":"]
    for person in ("P1", "P2"):
        [prepared] = [line for line in lines if line.startswith(f"{person} prepare: ")]
        assert ": failed: the C3D file cannot be read: " in prepared
        own = [line for line in lines if line.startswith(f"{person} ")]
        assert len(own) == len(PARTICIPANT_STAGES)
    assert [line.partition(" (")[0] for line in lines if line.startswith("report: ")] == [
        "report: done"
    ]


def test_problems_of_the_study_stop_it_before_anything_runs(tmp_path):
    file = write_small_study(tmp_path, results="results")
    replace(file, "files:", "solv: {}\nfiles:")
    done = _run(tmp_path, ".")
    assert done.returncode == 1
    assert "setting solv is unknown." in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_results_that_cannot_be_written_are_told_in_a_sentence(tmp_path):
    write_small_study(tmp_path, results="results")
    obstacle = tmp_path / "results" / "small" / "participants"
    obstacle.parent.mkdir(parents=True)
    obstacle.write_text("a file where a folder must be")
    done = _run(tmp_path, ".")
    assert done.returncode != 0
    assert "a file is where results need a folder." in done.stderr
    assert "Traceback" not in done.stderr
