"""Another session of a virtual sprinter, and the study that has two of four."""

from __future__ import annotations

import ezc3d
import numpy as np

from aqbio.io.study import load_study
from aqbio.stats.leg_strength import leg_ratios, strength_tests
from aqbio.virtual import study as virtual_study
from aqbio.virtual.demo import DATA
from aqbio.virtual.study import PlannedTrial, write_study


def test_another_session_is_the_same_body_recorded_again(tmp_path, monkeypatch):
    """Markers differ by their noise, 0.4 mm on each axis, and by nothing else."""
    static = (PlannedTrial("V01", "static", None),)
    monkeypatch.setattr(virtual_study, "planned_trials", lambda _gaits: static)
    files = write_study(tmp_path, participants=["V01", "V01_after"])
    assert [path.name for path in files] == ["V01_static.c3d", "V01_after_static.c3d"]
    first, second = (ezc3d.c3d(str(path)) for path in files)
    labels = [file["parameters"]["POINT"]["LABELS"]["value"] for file in (first, second)]
    assert labels[0] == labels[1]
    noise_sd = np.nanstd(first["data"]["points"][:3] - second["data"]["points"][:3])
    assert 0.3 < noise_sd < 1.0


def test_the_study_of_strengths_has_the_legs_that_were_planted():
    study = load_study(DATA / "strength_study.yaml")
    assert {row.participant_id for row in study.strength} == {
        participant.participant_id for participant in study.participants
    }
    ratios = leg_ratios(strength_tests(study.strength))
    means = ratios.groupby("participant_id")["ratio"].mean()
    planted = dict.fromkeys(means.index, 0.0)
    planted |= {"V01_before": 0.30, "V01_after": 0.30, "V02_before": 0.30}
    for name, true in planted.items():
        assert abs(means[name] - true) < 4.0 * 0.05 * np.sqrt(1.0 / 3.0), name
