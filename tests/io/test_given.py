"""What results call the laboratory's files."""

from __future__ import annotations

from dataclasses import replace

from aqbio.io import provenance
from aqbio.io.study import load_study
from tests.small_study import write_small_study


def test_all_trials_are_gone_through_once_for_a_study(tmp_path, monkeypatch):
    """Every file that a stage writes asks: else a study's time would grow with its square."""
    study = load_study(write_small_study(tmp_path))
    asked = []
    gone_through = provenance._of_sheets
    monkeypatch.setattr(provenance, "_of_sheets", lambda one: asked.append(1) or gone_through(one))
    every = provenance.given_files(study)
    assert every[study.data / "P2_fast.c3d"] == "file of P2 fast"
    own = provenance.given_files(study, "P1")
    assert set(own.values()) == {name for name in every.values() if " P2 " not in name}
    assert "file of P1 fast" not in provenance.given_files(study, "nobody").values()
    assert asked == [1]
    assert provenance.given_files(replace(study, trials=study.trials[:1])) != every  # another study


def test_files_that_are_called_alike_are_those_of_the_content_s_own_trial(tmp_path):
    """run1/forces.mot and run2/forces.mot: their readers say forces.mot."""
    study = load_study(write_small_study(tmp_path))
    trials = []
    for trial in study.trials:
        if trial.participant_id == "P1" and trial.task != "static":
            folder = study.data / trial.trial_id
            folder.mkdir()
            (folder / "forces.mot").write_text("")
            trials.append(trial.model_copy(update={"force_file": f"{trial.trial_id}/forces.mot"}))
    study = replace(study, trials=tuple(trials))
    one, two = (trial.trial_id for trial in trials[:2])
    said = {"what": "forces.mot has no numbers."}
    content = {
        "trials": [{"trial_id": one, "findings": [said]}, {"trial": two, "file": "forces.mot"}]
    }
    found = provenance.in_ids(study, content, "P1")["trials"]
    assert found[0]["findings"][0]["what"] == f"force_file of P1 {one} has no numbers."
    assert found[1]["file"] == f"force_file of P1 {two}"
    assert provenance.in_ids(study, "forces.mot", "P1", two) == f"force_file of P1 {two}"
    assert provenance.in_ids(study, "forces.mot", "P1") == provenance.ANOTHER
    assert provenance.in_ids(study, f"{one}/forces.mot", "P1", two) == f"force_file of P1 {one}"
