"""Provenance of results: enough to repeat them, nothing about the machine."""

from __future__ import annotations

import json
from dataclasses import replace

from aqbio.io.provenance import UNNAMED_FILE, file_hash, in_ids, provenance
from aqbio.io.study import load_study
from tests.small_study import write_small_study


def test_files_of_the_same_name_have_separate_hashes(tmp_path):
    """Two participants may have a trial of the same name: no hash may be lost."""
    solved = [f"{person}/solved/{trial}.nc" for person in ("P1", "P2") for trial in ("a", "b")]
    paths = [tmp_path / name for name in (*solved, "P1/model.osim")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(path))
    inputs = json.loads(provenance("steps", paths, {})["inputs"])
    assert sorted(inputs) == [*solved, "model.osim"]
    assert inputs["P2/solved/a.nc"] == file_hash(paths[2])
    assert len(set(inputs.values())) == 5


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
    first, second = (trial.trial_id for trial in trials[:2])
    finding = {"what": "forces.mot has no numbers."}
    content = {
        "trials": [
            {"trial_id": first, "findings": [finding]},
            {"trial": second, "file": "forces.mot"},
        ]
    }
    in_words = in_ids(study, content, "P1")["trials"]
    assert in_words[0]["findings"][0]["what"] == f"force_file of P1 {first} has no numbers."
    assert in_words[1]["file"] == f"force_file of P1 {second}"
    assert in_ids(study, "forces.mot", "P1", second) == f"force_file of P1 {second}"
    assert in_ids(study, "forces.mot", "P1") == UNNAMED_FILE
    assert in_ids(study, f"{first}/forces.mot", "P1", second) == f"force_file of P1 {first}"
