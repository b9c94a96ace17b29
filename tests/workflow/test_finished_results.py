"""Finished results are kept: by a plan, and by a run whose sheets or recordings are not there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.small_study import replace
from tests.workflow.conftest import ROOT, Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]


def _state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Time and content of everything but what Snakemake keeps itself."""
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
        if ".snakemake" not in path.relative_to(folder).parts
    }


def test_a_plan_changes_nothing(finished: Workflow):
    """Case run_dry_run_deletes_record: of another recording, and of the first one put back."""
    recording = finished.folder / "data" / "P1_slow.mot"
    before = recording.read_bytes()
    (finished.root / "participants/P2/solved/result.txt").write_text("damaged")
    for content, planned in ((b"another", True), (before, False)):
        recording.write_bytes(content)
        state = _state(finished.folder)
        for options in (["-n"], ["--dry-run"], ["--summary"], ["--list-rules"]):
            process = finished.aqbio_run("default", *options)
            assert process.returncode == 0, process.stdout + process.stderr
            if options == ["-n"]:
                assert ("P1: read recordings" in process.stdout) == planned
                assert "P2: inverse kinematics" in process.stdout
            assert _state(finished.folder) == state
    assert finished.snakemake("-n").returncode == 0
    assert _state(finished.folder) == state


def _refused(workflow: Workflow, sentence: str, file: str) -> None:
    """A run says one error once, has status 1 and changes no result; nor does a plan."""
    before = workflow.results()
    for run in (workflow.aqbio_run, lambda *options: workflow.snakemake("--cores", "1", *options)):
        for options in ((), ("-n",)):
            arguments = ("default", *options) if run == workflow.aqbio_run else options
            process = run(*arguments)
            output = process.stdout + process.stderr
            assert process.returncode == 1, output
            assert (output.count(sentence), file in output) == (1, True), output
            assert "Done as asked" not in output
            assert "Traceback" not in output
            assert workflow.results() == before


def test_recordings_that_are_not_mounted(finished: Workflow):
    """Case run_recordings_not_mounted: the folder is named, and afterwards nothing has to run."""
    data = finished.folder / "data"
    shutil.move(data, finished.folder / "elsewhere")
    _refused(finished, "the folder of the recordings does not exist.", "File: data (study.yaml")
    shutil.move(finished.folder / "elsewhere", data)
    assert finished.planned() == []


def test_a_folder_of_one_person_that_is_not_there(finished: Workflow):
    sheet, data = finished.folder / "trials.tsv", finished.folder / "data"
    sheet.write_text(sheet.read_text().replace("P1_", "P1/P1_"))
    (data / "P1").mkdir()
    for file in data.glob("P1_*"):
        file.rename(data / "P1" / file.name)
    assert finished.ran() != []
    (data / "P1").rename(finished.folder / "elsewhere")
    _refused(finished, "the folder of the recording does not exist", "File: data/P1")
    (finished.folder / "elsewhere").rename(data / "P1")
    assert finished.planned() == []


def test_what_was_computed_from_a_file_that_is_away_is_kept(finished: Workflow):
    """One of several: the run says so. Other settings would lose it, until it is left out."""
    before, file = finished.results(), finished.folder / "data" / "P1_fast.c3d"
    content = file.read_bytes()
    file.unlink()
    process = finished.aqbio_run()
    assert process.returncode == 1, process.stdout + process.stderr
    assert process.stderr.count("file of P1 fast cannot be opened now") == 1
    assert finished.results() == before
    settings = finished.file.read_text()
    replace(finished.file, "files:", "laboratory: {surface: overground}\nfiles:")
    _refused(finished, "computing again would lose results", "data/P1_fast.c3d")
    finished.file.write_text(settings)
    file.write_bytes(content)
    assert finished.planned() == []
    file.unlink()  # the fix that is named
    sheet = finished.folder / "trials.tsv"
    header, *rows = sheet.read_text().splitlines()
    included = [f"{row}\t{'no' if 'P1_fast' in row else 'yes'}" for row in rows]
    sheet.write_text("\n".join([f"{header}\tinclude", *included]))
    assert "prepare P1" in finished.ran()


MISTYPED = {
    "a cell": ("trials.tsv", "P1\tfast\trun", "P1\tfast\trum", "rum"),
    "a file": ("trials.tsv", "P1_fast.c3d", "P1_fats.c3d", "computing again would lose results"),
    "a setting": ("study.yaml", "files:", "solv: {}\nfiles:", "setting solv is unknown."),
}


@pytest.mark.parametrize("name", MISTYPED)
def test_a_mistyped_sheet(finished: Workflow, name):
    file, before, after, sentence = MISTYPED[name]
    replace(finished.folder / file, before, after)
    _refused(finished, sentence, file if name != "a file" else "P1_fats.c3d")
    replace(finished.folder / file, after, before)
    assert finished.planned() == []


def test_a_mistyped_marker_set(small: Workflow):
    """One error of two people and six stages, before one of them begins."""
    markers = small.folder / "own.yaml"
    shutil.copy(ROOT / "models" / "sprint" / "markers.yaml", markers)
    replace(small.file, "files:", "model: {markers: own.yaml}\nfiles:")
    assert small.ran() != []
    text = markers.read_text()
    markers.write_text(text.replace("markers:", "markres:", 1))
    _refused(small, "markres is unknown", "own.yaml")
    markers.write_text(text)
    assert small.planned() == []


def test_done_as_asked_is_said_of_work(finished: Workflow):
    process = finished.aqbio_run("default", "--until", "scale")
    assert process.returncode == 0, process.stderr
    (finished.root / "report.json").unlink()
    process = finished.aqbio_run("default", "--until", "scale")
    assert process.returncode == 0, process.stderr
    assert "Done as asked" not in process.stdout
    assert "Nothing was left to do of what was asked: 17 of 18 stages" in process.stdout
