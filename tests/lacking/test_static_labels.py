"""Labels of a static trial that is wrong: exchanged, or of no person's size."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import load_study
from aqbio.prepare.stage import prepare_participant
from tests.lacking.distortions import exchanged, other_unit
from tests.lacking.outcome import MARKERS, Outcome, written
from tests.lacking.recordings import short
from tests.lacking.work import FITTED, recordings_of

pytestmark = pytest.mark.opensim


def prepared(folder, recordings, markers=None, said=None):
    """Prepared markers of every trial, and findings of exchanged labels by trial."""
    file = written(folder, recordings, FITTED, said or Outcome())
    if markers is not None:
        shutil.copy(markers, file.with_name(MARKERS))
    return *prepared_again(file), file.with_name(MARKERS)


def prepared_again(file):
    """Positions and findings by trial of a study that is prepared as its sheets are now."""
    study = load_study(file)
    participant = study.participants[0].participant_id
    prepare_participant(study, participant, lambda _: None)
    manifest = study.read_manifest(participant, "prepare")
    findings = {
        entry["trial_id"]: [x for x in entry["findings"] if x["rule"] == "labels-exchanged"]
        for entry in manifest["trials"]
    }
    folder = study.folder(participant, "prepare")
    files = {name: folder / f"{name}.nc" for name in findings}
    positions = {
        name: read_dataset(file)["marker_raw"] for name, file in files.items() if file.is_file()
    }
    return positions, findings


def test_what_all_runs_deny_is_proposed_for_the_static_trial(tmp_path):
    """With the proposal every trial is as that of the sound recordings; without it it is masked."""
    sound = recordings_of("virtual")
    expected, nothing, markers = prepared(tmp_path / "sound", sound)
    pair = ("RTH1", "RKNL")
    wrong = exchanged(sound.takes["static"], [pair], 0.0, 99.0)
    altered = replace(sound, takes={**sound.takes, "static": wrong})
    positions, findings, copied = prepared(tmp_path / "wrong", altered, markers)
    assert not any(nothing.values())
    assert not any(findings.values())
    for name, values in positions.items():
        np.testing.assert_array_equal(values, expected[name])

    file, sheet = (copied.with_name(name) for name in ("study.yaml", "trials.tsv"))
    proposal = f"swap {' and '.join(pair)}"
    assert sheet.read_text(encoding="utf-8").count(proposal) == 1
    sheet.write_text(sheet.read_text(encoding="utf-8").replace(proposal, "n/a"), encoding="utf-8")
    positions, findings = prepared_again(file)
    [finding] = findings.pop("static")
    assert finding["proposal"] == proposal
    assert not any(findings.values())
    assert np.isnan(positions.pop("static").sel(marker=[*pair])).all()
    for name, values in positions.items():
        np.testing.assert_array_equal(values, expected[name])


@pytest.mark.parametrize(("trial", "factor"), [("static", 0.1), ("static", 10.0), ("run3", 0.1)])
def test_positions_of_no_persons_size_doubt_no_label(tmp_path, trial, factor):
    """The unit is named, labels keep the places of their names, and no run is changed by it."""
    sound = short()
    takes = {**sound.takes, trial: other_unit(sound.takes[trial], "markers", factor)}
    said = Outcome()
    altered = replace(sound, takes=takes)
    _, findings, _ = prepared(tmp_path / "study", altered, said=said)
    text = " ".join(text for _, text in said.sentences)
    [height] = re.findall(r"the pelvis is ([\d.]+) m from the feet", text)
    assert 0.6 < float(height) / factor < 1.2
    assert "exchanged" not in text
    assert "please look" not in text
    assert not any(findings.values())
