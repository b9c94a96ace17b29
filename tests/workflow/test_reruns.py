"""What runs again after a change: exactly what depends on it.

Snakemake runs a job whose settings, files or records changed; which these are is ours, and is asked
without it. Some changes are made in a study that Snakemake runs, to see that both agree.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aqbio.io.study import load_study
from aqbio.stage_table import PARTICIPANT_STAGES, STAGE_TABLE, STUDY_STAGES
from aqbio.stats.registry import DEFAULT
from aqbio.study.jobs import (
    every_job,
    files_read,
    parameters,
    records_read,
    remove_unsound_records,
)
from tests.small_study import replace
from tests.workflow.conftest import ROOT, Workflow
from tests.workflow.kills import results

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]

SPRINT = ROOT / "models" / "sprint"


def _jobs(*stages, participants=("P1", "P2")):
    jobs = [f"{s} {p}" for s in stages if s in PARTICIPANT_STAGES for p in participants]
    return sorted(jobs + [s for s in stages if s in STUDY_STAGES])


def _after(*stages: str, participants=("P1", "P2")) -> list[str]:
    """Jobs of stages, and of all that read of them, directly or not."""
    found = set(stages)
    for name, stage in STAGE_TABLE.items():  # in the order of the data
        if found & set(stage.reads):
            found.add(name)
    return _jobs(*found, participants=participants)


def _reads(file: Path) -> dict[str, tuple]:
    """Of every job its settings, what its files hold, its record and those that it reads."""
    found = {}
    for on, who, stage in every_job(load_study(file)):
        files = [one for one in files_read(on, who, stage) if one.is_file()]
        held = {str(one): one.read_bytes() for one in files}
        given = records_read(on, who, stage, direct=True)
        found[f"{stage} {who}".strip()] = (
            parameters(on, who, stage), held, on.manifest(who, stage), set(given),
        )  # fmt: skip
    return found


def _due(before: dict[str, tuple], file: Path) -> list[str]:
    """Jobs that a change makes run again."""
    remove_unsound_records(load_study(file))
    now = _reads(file)
    due = {
        job for job, (said, held, record, given) in now.items()
        if job not in before or (said, held, given) != (*before[job][:2], before[job][3])
        or not record.exists()
    }  # fmt: skip
    for _ in now:
        made = {now[job][2] for job in due}
        due |= {job for job, (_, _, _, given) in now.items() if given & made}
    return sorted(due)


def _setting(text: str) -> Callable[[Path], None]:
    return lambda folder: replace(folder / "study.yaml", "files:", f"{text}\nfiles:")


def _cell(name: str, before: str, after: str) -> Callable[[Path], None]:
    return lambda folder: replace(folder / name, before, after)


def _written(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


def _new_participant(folder: Path) -> None:
    for name, row in (("participants", "P3\tfemale\t55\t1.6\tn/a\n"),
                      ("trials", "P3\tfast\trun\tnormal\tP1_fast.c3d\tn/a\n")):  # fmt: skip
        with (folder / f"{name}.tsv").open("a") as sheet:
            sheet.write(row)


def _without_p2(folder: Path) -> None:
    for sheet in (folder / "participants.tsv", folder / "trials.tsv"):
        lines = [line for line in sheet.read_text().splitlines() if not line.startswith("P2")]
        sheet.write_text("\n".join(lines) + "\n")


def _hurt(file: str, how: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda folder: how(folder / "results" / "small" / file)


def _touched(folder: Path) -> None:
    """Content counts, not the file: nobody reruns a study for a comment."""
    _setting("# a comment\nsteps: {reject_turns: false}")(folder)
    for path in (folder / "data").iterdir():
        os.utime(path)


def _emptied(path: Path) -> None:
    path.write_text("")


def _changed(path: Path) -> None:
    path.write_text(path.read_text().swapcase())


OF_P1 = _jobs(*PARTICIPANT_STAGES, *STUDY_STAGES, participants=("P1",))
OF_P2 = _jobs(*PARTICIPANT_STAGES, *STUDY_STAGES, participants=("P2",))
CHANGES = {
    "nothing": (_touched, []),
    "heading": (_setting("contributions: {align_heading: false}"), _after("contributions")),
    "turns": (_setting("steps: {reject_turns: true}"), _after("contributions")),
    "choices": (_setting("multiverse: {cutoffs_hz: [15]}"), _after("multiverse")),
    "widths": (_setting("figures: {widths_mm: [90]}"), _after("pages", "figures")),
    "title": (_setting("report: {title: Ours}"), _after("report")),
    "markers": (_setting("solve: {marker_rms_m: 0.019}"), _after("inverse_kinematics")),
    "drag": (_setting("consistency: {drag_area_m2: 0.5}"), _after("inverse_dynamics")),
    "no fit": (_setting("consistency: off"), _after("inverse_dynamics")),
    "surface": (_setting("laboratory: {surface: overground}"), _after("prepare")),
    "registry": (_written("hypotheses.yaml", DEFAULT.read_text("utf-8")), _after("contributions")),
    "capacities": (
        _written("capacities.tsv", "participant_id\tmeasure\tside\tvalue\tunit\n"),
        _after("hypotheses"),
    ),
    "mass": (_cell("participants.tsv", "60.5", "61.5"), OF_P1),
    "condition": (_cell("trials.tsv", "P2\tfast\trun\tnormal", "P2\tfast\trun\tslow"), OF_P2),
    "recording": (_written("data/P1_slow.mot", "another"), OF_P1),
    "recording that is gone": (lambda folder: (folder / "data/P1_fast.c3d").unlink(), OF_P1),
    "somebody new": (
        _new_participant, _jobs(*PARTICIPANT_STAGES, *STUDY_STAGES, participants=("P3",)),
    ),
    "somebody less": (_without_p2, sorted(STUDY_STAGES)),
    "deleted result": (
        _hurt("participants/P1/solved/result.txt", Path.unlink),
        _after("inverse_kinematics", participants=("P1",)),
    ),
    "changed result": (
        _hurt("participants/P1/solved/result.txt", _changed),
        _after("inverse_kinematics", participants=("P1",)),
    ),
    "emptied record": (_hurt("participants/P1/prepare.json", _emptied), OF_P1),
    "changed record": (_hurt("participants/P1/prepare.json", _changed), OF_P1),
    "changed table": (_hurt("tables/trials.tsv", _changed), _after("tables")),
    "deleted figure": (_hurt("figures/figures.txt", Path.unlink), _after("figures")),
    "deleted record": (_hurt("hypotheses.json", Path.unlink), _after("hypotheses")),
    "changed page": (_hurt("report/report.txt", _changed), _after("report")),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_runs_again_what_depends_on_it(finished: Workflow, monkeypatch, name):
    monkeypatch.chdir(finished.folder)
    change, expected = CHANGES[name]
    before = _reads(finished.file)
    change(finished.folder)
    assert _due(before, finished.file) == expected


@pytest.mark.parametrize("names", ["nothing,markers", "mass", "changed result,deleted figure"])
def test_snakemake_runs_what_is_due(finished: Workflow, names):
    """What was damaged is made again to the same bytes."""
    kept, due = results(finished), set()
    for name in names.split(","):
        CHANGES[name][0](finished.folder)
        due |= set(CHANGES[name][1])
    assert finished.ran() == sorted(due)
    assert finished.ran() == []
    if "result" in names:
        assert results(finished) == kept


def test_models_marker_sets_and_sessions_are_read_by_whom_they_concern(finished, monkeypatch):
    """The model from stage scale on, the marker set by prepare; one body of a person's sessions."""
    monkeypatch.chdir(finished.folder)
    folder = finished.folder
    for source, name in (("markers.yaml", "own.yaml"), ("sprint_male.osim", "own.osim")):
        shutil.copy(SPRINT / source, folder / name)
    _setting("model: {file: own.osim, map: sprint, markers: own.yaml}")(folder)
    for name, first in (("own.osim", 1), ("own.yaml", 0)):
        before = _reads(finished.file)
        with (folder / name).open("a") as file:
            file.write("\n")
        assert _due(before, finished.file) == _jobs(*PARTICIPANT_STAGES[first:], *STUDY_STAGES)
    people = folder / "participants.tsv"
    header, *rows = people.read_text().replace("P2\tmale", "P2\tfemale").splitlines()
    people.write_text("\n".join([f"{header}\tperson", *(f"{row}\tX" for row in rows)]) + "\n")
    before = _reads(finished.file)
    replace(people, "60.5", "61.5")
    shared = _jobs(*PARTICIPANT_STAGES[1:], *STUDY_STAGES)
    assert _due(before, finished.file) == sorted({*shared, "prepare P1"})


def test_everything_once_and_then_nothing(small: Workflow, monkeypatch):
    """A crash stops no other participant; the next run goes on from there; nothing is left behind
    when all output is deleted."""
    monkeypatch.setenv("AQBIO_BREAKS", "scale P1")
    assert small.snakemake("--cores", "2").returncode != 0
    calls = (small.folder / "calls.txt").read_text().split("\n")
    assert {"contributions P2", "prepare P1"} <= set(calls)
    assert "inverse_kinematics P1" not in calls
    assert not (small.root / "tables.json").exists()
    monkeypatch.delenv("AQBIO_BREAKS")
    assert small.ran() == _jobs(*PARTICIPANT_STAGES[1:], *STUDY_STAGES, participants=("P1",))
    logs = small.root / "logs"
    assert {one.parent.name for one in logs.glob("*/P1.log")} == set(PARTICIPANT_STAGES)
    for log in (*logs.glob("*/*.log"), *(logs / f"{one}.log" for one in STUDY_STAGES)):
        assert log.read_text().startswith("12:00:00 ")
        assert log.with_suffix(".tsv").read_text().startswith("s\t")
    done = small.snakemake("--delete-all-output", "--cores", "1")
    assert (done.returncode, results(small)) == (0, {})


def test_problems_of_the_study_come_without_a_traceback(small: Workflow):
    replace(small.file, "files:", "solv: {}\nfiles:")
    done = small.snakemake("--cores", "1", "--dry-run")
    output = done.stdout + done.stderr
    assert done.returncode == 1
    for words in ("setting solv is unknown.", "did you mean solve?"):
        assert words in output
    assert "Traceback" not in output
