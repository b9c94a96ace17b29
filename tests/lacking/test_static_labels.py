"""Labels that one static trial has exchanged, and all runs have not."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import load_study
from aqbio.prepare.stage import prepare_participant
from tests.lacking.distortions import exchanged
from tests.lacking.outcome import MARKERS, Outcome, written
from tests.lacking.work import FITTED, recordings_of

pytestmark = pytest.mark.opensim


def prepared(folder, recordings, markers=None):
    """Prepared markers of every trial, and findings of exchanged labels by trial."""
    file = written(folder, recordings, FITTED, Outcome())
    if markers is not None:
        shutil.copy(markers, file.with_name(MARKERS))
    study = load_study(file)
    participant = study.participants[0].participant_id
    prepare_participant(study, participant, lambda _: None)
    manifest = study.read_manifest(participant, "prepare")
    findings = {
        entry["trial_id"]: [x for x in entry["findings"] if x["rule"] == "labels-restored"]
        for entry in manifest["trials"]
    }
    folder = study.folder(participant, "prepare")
    positions = {name: read_dataset(folder / f"{name}.nc")["marker"].values for name in findings}
    return positions, findings, file.with_name(MARKERS)


def test_what_all_runs_deny_is_put_back_in_the_static_trial(tmp_path):
    """Every trial is as that of the sound recordings; the static one says why."""
    sound = recordings_of("virtual")
    expected, nothing, markers = prepared(tmp_path / "sound", sound)
    wrong = exchanged(sound.takes["static"], [("RTH1", "RKNL")], 0.0, 99.0)
    takes = {**sound.takes, "static": wrong}
    altered = replace(sound, takes=takes)
    positions, findings, _ = prepared(tmp_path / "wrong", altered, markers)
    assert not any(nothing.values())
    assert [x["label"] for x in findings.pop("static")] == ["RTH1, RKNL"]
    assert not any(findings.values())
    for name, values in expected.items():
        np.testing.assert_array_equal(positions[name], values)
