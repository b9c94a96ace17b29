"""What results call the laboratory's files."""

from __future__ import annotations

from dataclasses import replace

from aqbio.io import given
from aqbio.io.study import load_study
from tests.small_study import write_small_study


def test_all_trials_are_gone_through_once_for_a_study(tmp_path, monkeypatch):
    """Every file that a stage writes asks: else a study's time would grow with its square."""
    study = load_study(write_small_study(tmp_path))
    asked = []
    gone_through = given._of_sheets
    monkeypatch.setattr(given, "_of_sheets", lambda one: asked.append(1) or gone_through(one))
    every = given.given_files(study)
    assert every[study.data / "P2_fast.c3d"] == "file of P2 fast"
    own = given.given_files(study, "P1")
    assert set(own.values()) == {name for name in every.values() if " P2 " not in name}
    assert "file of P1 fast" not in given.given_files(study, "nobody").values()
    assert asked == [1]
    assert given.given_files(replace(study, trials=study.trials[:1])) != every  # another study
