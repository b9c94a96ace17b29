"""What runs again after a change: exactly what depends on it."""

from __future__ import annotations

import os
import shutil

import pytest

from aqbio.stage_table import PARTICIPANT_STAGES, STAGE_TABLE, STUDY_STAGES
from tests.small_study import replace
from tests.workflow.conftest import ROOT

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]


def _jobs(*stages, participants=("P1", "P2")):
    jobs = [f"{s} {p}" for s in stages if s in PARTICIPANT_STAGES for p in participants]
    return sorted(jobs + [s for s in stages if s in STUDY_STAGES])


ALL = _jobs(*PARTICIPANT_STAGES, *STUDY_STAGES)


def _after(*stages: str) -> set[str]:
    """Stages, and all that read of them, directly or not."""
    affected = set(stages)
    for name, stage in STAGE_TABLE.items():  # in the order of the data
        if affected & set(stage.reads):
            affected.add(name)
    return affected


def test_everything_once_and_then_nothing(small):
    assert small.ran() == ALL
    assert small.planned() == []
    logs = small.root / "logs"
    assert {log.parent.name for log in logs.glob("*/P1.log")} == set(PARTICIPANT_STAGES)
    for log in (*logs.glob("*/*.log"), *(logs / f"{stage}.log" for stage in STUDY_STAGES)):
        assert log.read_text().startswith("12:00:00 ")
        assert log.with_suffix(".tsv").read_text().startswith("s\t")
    process = small.snakemake("--delete-all-output", "--cores", "1")
    assert process.returncode == 0, process.stderr
    assert small.results() == {}
    assert small.planned() == ALL


SECTIONS = {
    "contributions: {align_heading: false}": ["contributions"],
    "steps: {reject_turns: true}": ["contributions"],
    "multiverse: {cutoffs_hz: [15]}": ["multiverse"],
    "figures: {widths_mm: [90]}": ["figures"],
    "report: {title: Ours}": ["report"],
    "solve: {marker_rms_m: 0.019}": ["inverse_kinematics"],
    "consistency: {drag_area_m2: 0.5}": ["inverse_dynamics"],
    "laboratory: {surface: overground}": ["prepare"],
    "# a comment\nsteps: {reject_turns: false}": [],  # a comment, a setting at its default
}


@pytest.mark.parametrize("section", SECTIONS)
def test_a_setting_reruns_the_stages_that_read_it(finished, section):
    replace(finished.file, "files:", f"{section}\nfiles:")
    for path in (finished.folder / "data").iterdir():
        os.utime(path)  # content counts, not times
    assert finished.planned() == _jobs(*_after(*SECTIONS[section]))


CHANGES = {
    "participants.tsv": ("60.5", "61.5", "P1"),
    "trials.tsv": ("P2\tfast\trun\tnormal", "P2\tfast\trun\trestricted_arms", "P2"),
    "data/P1_slow.mot": ("an export", "another", "P1"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_of_a_participant_reruns_that_participant_only(finished, name):
    before, after, participant = CHANGES[name]
    replace(finished.folder / name, before, after)
    assert finished.planned() == _jobs(
        *PARTICIPANT_STAGES, *STUDY_STAGES, participants=(participant,)
    )


def test_a_marker_set_and_a_model_rerun_whoever_reads_them(small):
    """Content counts here too. Stage prepare reads both: of the model the masses."""
    sprint = ROOT / "models" / "sprint"
    for source, name in (("markers.yaml", "own.yaml"), ("sprint_male.osim", "own.osim")):
        shutil.copy(sprint / source, small.folder / name)
    replace(small.file, "files:", "model: {file: own.osim, map: sprint, markers: own.yaml}\nfiles:")
    assert small.ran() == ALL
    for name in ("own.osim", "own.yaml"):
        with (small.folder / name).open("a") as file:
            file.write("\n")
        assert small.planned() == ALL, name


def test_a_missing_recording_stops_nobody_and_is_taken_in_later(small):
    """Stage prepare says which one is missing; the DAG must not."""
    late = small.folder / "data" / "P1_fast.c3d"
    late.unlink()
    assert small.ran() == ALL
    late.touch()
    assert small.planned() == _jobs(*PARTICIPANT_STAGES, *STUDY_STAGES, participants=("P1",))


HURTS = {
    "deleted": lambda path: path.unlink(),
    "emptied": lambda path: path.write_text(""),
    "changed": lambda path: path.write_text(path.read_text().swapcase()),
}
HURT = [
    ("participants/P1/solved/result.txt", "inverse_kinematics", "deleted"),
    ("participants/P1/prepare.json", "prepare", "changed"),
    ("participants/P1/multiverse/result.txt", "multiverse", "emptied"),
    ("tables/trials.tsv", "tables", "changed"),
    ("hypotheses.json", "hypotheses", "deleted"),
]
"""Files that are hurt, the stage that makes each, and how."""


@pytest.mark.parametrize(("file", "stage", "hurt"), HURT)
def test_what_is_missing_or_damaged_is_planned_again(finished, file, stage, hurt):
    HURTS[hurt](finished.root / file)
    assert finished.planned() == _jobs(*_after(stage), participants=("P1",))


def test_what_is_damaged_is_made_again_with_the_same_bytes(finished):
    before = finished.results()
    HURTS["changed"](finished.root / "participants/P1/solved/result.txt")
    assert finished.ran() == _jobs(*_after("inverse_kinematics"), participants=("P1",))
    assert finished.results() == before
    assert finished.planned() == []


def test_a_crash_does_not_stop_the_others_and_the_next_run_goes_on_from_there(small, monkeypatch):
    """The profile keeps going; the other participant is finished up to the study's tables."""
    monkeypatch.setenv("AQBIO_BREAKS", "scale P1")
    process = small.snakemake("--cores", "2")
    assert process.returncode != 0
    calls = (small.folder / "calls.txt").read_text().split("\n")
    assert {"contributions P2", "prepare P1"} < set(calls)
    assert "inverse_kinematics P1" not in calls
    assert not (small.root / "tables.json").exists()
    assert small.planned() == _jobs(*PARTICIPANT_STAGES[1:], *STUDY_STAGES, participants=("P1",))


def test_problems_of_the_study_come_without_a_traceback(small):
    replace(small.file, "files:", "solv: {}\nfiles:")
    process = small.snakemake("--cores", "1", "--dry-run")
    output = process.stdout + process.stderr
    assert process.returncode == 1
    assert "setting solv is unknown." in output
    assert "did you mean solve?" in output
    assert "Traceback" not in output
