"""Studies that are written for the scoreboard are valid ones."""

from __future__ import annotations

from pathlib import Path

import aqbio
from aqbio.io.study import load_study
from benchmarks.studies import OneRun

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
