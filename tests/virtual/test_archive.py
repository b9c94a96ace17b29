"""An archive of a study, and another clone's results held against it."""

from __future__ import annotations

import json
import shutil
import zipfile

import pytest

from aqbio.faults import RunStoppedError
from aqbio.io.study import load_study
from aqbio.study.archive import FACTS, TOLERANCE, compared, write_archive
from tests.planted import NAME, files_with
from tests.refusal import refused
from tests.small_study import replace

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("finished")]


@pytest.fixture
def archive(finished, tmp_path):
    path = tmp_path / "made.zip"
    write_archive(finished, path)
    return path


@pytest.fixture
def elsewhere(finished, tmp_path):
    """The same study and its results in another folder, with recordings of other names."""
    folder = tmp_path / "clone"
    shutil.copytree(finished.file.parent, folder)
    replace(folder / "study.yaml", finished.file.parent.as_posix(), folder.as_posix())
    return load_study(folder / "study.yaml")


def _with_number(study, factor):
    """Multiply a number of a table; give the column's name."""
    path = study.table("steps.tsv")
    header, row, *rows = path.read_text().splitlines()
    at = header.split("\t").index("speed_mps")
    cells = row.split("\t")
    largest = max(float(one.split("\t")[at]) for one in [row, *rows])
    cells[at] = repr(float(cells[at]) + factor * largest)
    path.write_text("\n".join([header, "\t".join(cells), *rows]) + "\n")


def test_it_holds_numbers_and_no_recordings_and_no_names(archive, finished, tmp_path):
    with zipfile.ZipFile(archive) as content:
        names = content.namelist()
        content.extractall(tmp_path / "unpacked")
        facts = json.loads(content.read(FACTS))
    assert {"tables/verdicts.tsv", "tables/steps.tsv", "hypotheses.json"} <= set(names)
    assert not [name for name in names if name.endswith((".nc", ".c3d", ".osim", ".html"))]
    assert files_with(tmp_path / "unpacked", NAME) == []
    assert str(finished.root.parent) not in json.dumps(facts)
    assert "file of runner run1" in facts["inputs"]
    record = facts["results"]["runner prepare"]
    assert record == finished.read_manifest("runner", "prepare")["files"]


def test_another_clone_reproduces_every_number(archive, elsewhere):
    found = compared(elsewhere, archive)
    assert found.same > 20
    assert (found.close, found.different, found.reasons) == ((), (), ())
    assert found.drawn == found.figures > 10


def test_numbers_within_the_tolerance_are_told_and_reproduced(archive, elsewhere):
    _with_number(elsewhere, 0.9 * TOLERANCE)
    found = compared(elsewhere, archive)
    assert found.different == ()
    [line] = found.close
    assert line.startswith("tables/steps.tsv (9e-07")


def test_numbers_beyond_it_are_named_with_column_row_and_reason(archive, elsewhere):
    _with_number(elsewhere, 1.1 * TOLERANCE)
    with elsewhere.file.open("a") as settings:
        settings.write("prepare: {cutoff_hz: 18}\n")
    found = compared(load_study(elsewhere.file), archive)
    [line] = found.different
    assert line.startswith("tables/steps.tsv: 1 of ")
    assert "cells of speed_mps, most in row 1: " in line
    [reason] = found.reasons
    assert reason.startswith("settings.prepare.cutoff_hz: 18.0, ")


def test_words_rows_and_files_that_differ_are_told(archive, elsewhere):
    (elsewhere.table("findings.tsv")).unlink()
    path = elsewhere.table("verdicts.tsv")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n")
    trials = elsewhere.table("trials.tsv")
    trials.write_text(trials.read_text().replace("\tok\t", "\tfailed\t", 1))
    told = compared(elsewhere, archive).different
    assert "tables/findings.tsv: only in the archive" in told
    assert f"tables/verdicts.tsv: {len(lines) - 2} rows, {len(lines) - 1} in the archive" in told
    assert any(line.startswith("tables/trials.tsv: 1 of 4 cells of status") for line in told)


def test_damaged_results_are_not_archived(elsewhere, tmp_path):
    elsewhere.table("verdicts.tsv").unlink()
    with refused(
        "archive-unsound", r"results are not what they should be, .*missing", RunStoppedError
    ):
        write_archive(elsewhere, tmp_path / "none.zip")
    assert not (tmp_path / "none.zip").exists()


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive"])
def test_what_is_no_archive_is_refused_in_words(elsewhere, tmp_path, content):
    path = tmp_path / "other.zip"
    path.write_bytes(content)
    with refused("file-damaged", "archive of aqbio"):
        compared(elsewhere, path)


@pytest.mark.parametrize(
    ("name", "text"), [("../../outside.txt", "x"), (FACTS, "[]"), (FACTS, "7"), (FACTS, "{")]
)
def test_an_archive_of_something_else_is_refused(elsewhere, tmp_path, name, text):
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as content:
        content.writestr(name, text)
    with refused("archive-format", "the file is no archive of aqbio"):
        compared(elsewhere, path)
