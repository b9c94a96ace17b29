"""`aqbio run` from beginning to end, where everything that can go wrong with the data does."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from aqbio import progress
from aqbio.cli import app
from aqbio.io.study import load_study
from aqbio.io.tables import read_table
from tests.jobs import run_jobs
from tests.pages import pages_text
from tests.small_study import replace, write_small_study
from tests.undrawn import draw_nothing

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("run")]


def _run(folder, *arguments):
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        return CliRunner().invoke(app, ["run", *arguments])


@pytest.fixture(scope="module")
def unreadable(tmp_path_factory):
    """A study of empty files, whose jobs run in this process: no trial can be read."""
    folder = tmp_path_factory.mktemp("unreadable")
    file = write_small_study(folder)
    replace(file, "files:", f"model: {{file: {folder / 'own.osim'}, map: sprint}}\nfiles:")
    (folder / "own.osim").write_text("no model")

    def ran(*_):
        run_jobs(load_study(file))
        return 0

    with pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        patched.setattr(progress, "run_snakemake", ran)
        result = _run(folder, str(file))
    assert result.exit_code == progress.INTERNAL_ERROR_STATUS, result.output  # no trial is usable
    return folder, result.output


def test_it_ends_with_a_page_and_every_reason(unreadable):
    folder, output = unreadable
    page = pages_text(folder / "results" / "small")
    lines = output.splitlines()
    assert "4 trials: 4 failed." in lines
    assert any(line.startswith("Page: ") for line in lines)
    trials = read_table(folder / "results" / "small" / "tables" / "trials.tsv")
    assert list(trials["status"]) == ["failed"] * 4
    for row in trials.itertuples():
        assert row.reason.startswith("prepare: ")
        assert row.reason.removeprefix("prepare: ") in output
        assert row.trial_id in page
    assert (trials["reason"].str.contains("C3D") == (trials["trial_id"] == "fast")).all()


def test_no_result_names_a_folder_of_the_machine(unreadable):
    folder, _ = unreadable
    files = [path for path in (folder / "results").rglob("*") if path.is_file()]
    results = [path for path in files if "logs" not in path.parts]
    assert len(results) > 50
    for path in results:
        assert str(folder).encode() not in path.read_bytes(), path


@pytest.mark.parametrize("wrong", ["setting", "obstacle"])
def test_problems_stop_it_before_anything_runs(tmp_path, wrong):
    file = write_small_study(tmp_path, results="results")
    obstacle = tmp_path / "results" / "small" / "participants"
    if wrong == "setting":
        replace(file, "files:", "solv: {}\nfiles:")
    else:
        obstacle.parent.mkdir(parents=True)
        obstacle.write_text("a file where a folder must be")
    result = _run(tmp_path, ".")
    words = {
        "setting": "setting solv is unknown.",
        "obstacle": "a file is where results need a folder.",
    }
    assert result.exit_code != 0
    assert words[wrong] in str(result.exception) + result.output
    assert (tmp_path / "results").exists() == (wrong == "obstacle")
