"""Content decides what runs, not times, places or the letters of paths."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aqbio.cli import app
from aqbio.io.study import load_study
from aqbio.stage_table import PARTICIPANT_STAGES, STUDY_STAGES
from aqbio.study.jobs import refuse_special_paths
from tests.refusal import refused
from tests.small_study import replace, write_small_study
from tests.workflow.conftest import Workflow, write_workflow

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]

YEAR_S = 365 * 86400.0

SPECIAL_PARTS = ("{2026}", "{x}", "{participant}", "<x>", "<results>", "{a,b}", "{", "}", "<", ">")
"""Parts of names with which Snakemake has something in mind, or nearly."""

OTHER_PARTS = (
    " ",
    "'",
    '"',
    "$HOME",
    ";",
    "ü",
    "#",
    "%s",
    "&",
    "(1)",
    "[x]",
    "*",
    "?",
    "\\n",
    "`d`",
)


def _drawn_name(draw: random.Random) -> str:
    parts = [draw.choice(SPECIAL_PARTS), *draw.sample(OTHER_PARTS, 3), draw.choice(SPECIAL_PARTS)]
    draw.shuffle(parts)
    return f"a{''.join(parts)}b"


def _shuffle_times(folder: Path, draw: random.Random) -> None:
    """Give every file a time of the last year or the next one."""
    for path in folder.rglob("*"):
        if path.is_file() and ".snakemake/" not in path.as_posix():
            os.utime(path, (time.time() + draw.uniform(-YEAR_S, YEAR_S),) * 2)


def _all_calls(participants=("P1", "P2"), first: int = 0) -> list[str]:
    people = [
        f"{stage} {participant}"
        for stage in PARTICIPANT_STAGES[first:]
        for participant in participants
    ]
    return sorted([*people, *STUDY_STAGES])


def test_times_decide_nothing(finished: Workflow):
    _shuffle_times(finished.folder, random.Random(1))
    assert finished.planned() == []
    recording = finished.folder / "data" / "P1_slow.mot"
    recording.write_text("another")
    os.utime(recording, (0.0, 0.0))  # from an old archive
    assert finished.ran() == _all_calls(participants=("P1",))


def test_results_that_were_copied_are_the_same_results(finished: Workflow, tmp_path_factory):
    """Without times, without what Snakemake keeps beside them, to another folder."""
    other_study = write_workflow(tmp_path_factory.mktemp("other"), finished.warm)
    shutil.copytree(finished.root, other_study.root, copy_function=shutil.copyfile)
    _shuffle_times(other_study.folder, random.Random(3))
    assert other_study.planned() == []
    assert other_study.ran() == []
    replace(other_study.file, "files:", "solve: {marker_rms_m: 0.019}\nfiles:")
    assert other_study.planned() == _all_calls(first=PARTICIPANT_STAGES.index("inverse_kinematics"))


def test_a_restored_result_reruns_what_was_made_of_another(small: Workflow):
    """A stage's files come back from a copy, sound in themselves, older than all the rest."""
    small.ran()
    person, copy = small.root / "participants" / "P1", small.folder / "copy"
    shutil.copytree(person, copy)
    (small.folder / "data" / "P1_slow.mot").write_text("another")
    small.ran()
    for name in ("prepared", "prepare.json"):
        source, target = copy / name, person / name
        if source.is_dir():
            shutil.rmtree(target)
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)
    assert small.planned() == _all_calls(participants=("P1",))


def test_recordings_of_a_camera_whose_clock_runs_ahead(small: Workflow):
    for path in (small.folder / "data").iterdir():
        os.utime(path, (time.time() + YEAR_S,) * 2)
    assert small.ran() == _all_calls()
    assert small.planned() == []


@pytest.mark.parametrize("seed", range(2))
def test_any_path_will_do(tmp_path, warm, seed):
    """Of study, recordings, results and the folder that it is run from."""
    draw = random.Random(seed)
    workflow = write_workflow(tmp_path / _drawn_name(draw) / _drawn_name(draw), warm)
    data, recording = tmp_path / _drawn_name(draw), draw.choice(("{P1}", "<p>")) + ".c3d"
    shutil.move(workflow.folder / "data", data)
    (data / "P1_fast.c3d").rename(data / recording)
    replace(workflow.folder / "trials.tsv", "P1_fast.c3d", recording)
    replace(workflow.file, "data: data", f"data: {json.dumps(str(data))}")
    if seed:  # settings allow no braces there
        results = tmp_path / re.sub("[{}]", "", _drawn_name(draw) + "<x>")
        replace(workflow.file, "results: results", f"results: {json.dumps(str(results))}")
    for outcome in ("Done as asked", "Nothing was left to do of what was asked"):
        result = workflow.aqbio_run("default", "--until", "scale")
        assert result.returncode == 0, result.stdout + result.stderr
        assert f"{outcome}: 4 of 18" in result.stdout
    calls = (workflow.folder / "calls.txt").read_text().splitlines()
    assert sorted(calls) == [
        f"{stage} {participant}" for stage in ("prepare", "scale") for participant in ("P1", "P2")
    ]


def test_a_folder_of_results_that_cannot_be_is_refused_before_anything_runs(tmp_path, monkeypatch):
    """Only a relative one: its place depends on the folder that aqbio runs in."""
    monkeypatch.chdir(tmp_path)
    file = write_small_study(tmp_path / "study", results="<x>")
    for command in (["check", str(file)], ["run", str(file)]):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 1
        output = result.output + str(result.exception)
        assert "has <x> in its path, which Snakemake would replace by something else." in output
        assert "rename that folder" in output
    with refused("path-special", "has <x> in its path"):
        refuse_special_paths(load_study(file))
    (tmp_path / "<x>").mkdir()
    monkeypatch.chdir(tmp_path / "<x>")
    replace(file, "results: <x>", "results: here")
    refuse_special_paths(load_study(file))
