"""Studies that are written for the scoreboard are valid ones."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import aqbio
from aqbio.io.study import load_study
from benchmarks.studies import OneRun, write_empty_study

DEMO = Path(aqbio.__file__).parents[1] / "data" / "virtual_sprinters"


def _trials(study):
    return [(trial.participant_id, trial.trial_id, trial.file) for trial in study.trials]


def test_one_run_under_its_own_name(tmp_path):
    study = load_study(OneRun(DEMO, "V02").write(tmp_path))
    assert _trials(study) == [
        ("V02", "static", "V02/V02_static.c3d"),
        ("V02", "run-01", "V02/V02_speed1-01.c3d"),
    ]
    assert study.root.parent == tmp_path / "results"
    assert study.data == DEMO / "recordings"
    assert study.static_of("V02") is not None


def test_several_participants_with_the_same_recordings(tmp_path):
    study = load_study(OneRun(DEMO, "V02").write(tmp_path, runs={"P01": 1, "P02": 3}))
    assert [person.mass_kg for person in study.participants] == [62.0, 62.0]
    assert [len(study.moving_of(name)) for name in ("P01", "P02")] == [1, 3]
    assert len({trial.file for trial in study.trials}) == 2


def test_the_static_trial_can_be_left_out(tmp_path):
    study = load_study(OneRun(DEMO, "V02").write(tmp_path, static=False))
    assert [trial.trial_id for trial in study.trials] == ["run-01"]
    assert study.static_of("V02") is None


@pytest.mark.parametrize(("people", "runs"), [(1, 1), (3, 4)])
def test_empty_studies_have_their_files(tmp_path, people, runs):
    study = load_study(write_empty_study(tmp_path, people, runs))
    assert len(study.participants) == people
    assert len(study.trials) == people * (runs + 1)
    assert all((tmp_path / "data" / trial.file).is_file() for trial in study.trials)


@pytest.mark.opensim
def test_jobs_that_do_nothing_are_all_run(tmp_path, monkeypatch):
    """What stands for aqbio leaves what the workflow waits for: rows measure, and do not fail."""
    from benchmarks.rows import studies

    monkeypatch.setattr(studies, "PEOPLE", 2)
    monkeypatch.setattr(studies, "RUNS", 1)
    row = studies.workflow_alone(SimpleNamespace(folder=tmp_path))[0]
    verdict = row.gate(row.ours(), None)
    assert verdict.correct
    assert verdict.note.startswith("2 participants of 2")
