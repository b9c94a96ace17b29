"""The Rajagopal 2016 run and walk through stage prepare, from TRC and MOT files."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import load_study
from aqbio.io.trial_files import read_recording
from aqbio.recordings.events_from_markers import ACCURACY
from aqbio.recordings.notes import Notes
from aqbio.recordings.prepared import prepared_dataset
from aqbio.recordings.stage import prepare_participant
from aqbio.recordings.trial import prepare_trial

pytestmark = pytest.mark.real

STUDY = Path(__file__).parent / "rajagopal_run" / "study.yaml"
LABELS = ("ASIS", "PSIS", "Heel", "Toe", "MT5")


@pytest.fixture(scope="module")
def run(tmp_path_factory, realdata):
    """Manifest and the running trial."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        study = load_study(STUDY)
        prepare_participant(study, "subject01", lambda line: None)
        manifest = json.loads(study.manifest("subject01", "prepare").read_text("utf-8"))
        trial = read_dataset(study.folder("subject01", "prepare") / "run.nc")
    return manifest, trial


@pytest.fixture(scope="module")
def walk(realdata):
    """The walking trial, whose header is padded and whose labels have dots, and its findings."""
    places = {f"{side}.{label}": {"body": "any"} for side in "LR" for label in LABELS}
    marker_set = MarkerSet.model_validate(
        {
            "name": "walk",
            "source": "Rajagopal 2016",
            "markers": places,
            "feet": {
                "left": {"heel": "L.Heel", "toe": ["L.Toe", "L.MT5"]},
                "right": {"heel": "R.Heel", "toe": ["R.Toe", "R.MT5"]},
            },
            "pelvis": {"front": ["R.ASIS", "L.ASIS"], "back": ["R.PSIS", "L.PSIS"]},
        }
    )
    folder = realdata / "rajagopal2016" / "walk"
    recording = read_recording(folder / "motion_capture_walk.trc", folder / "grf_walk.mot")
    trial = Trial(participant_id="P", trial_id="walk", task="run", file="walk.trc")
    notes = Notes("walk", "P", "walk.trc", "grf_walk.mot")
    prepared = prepare_trial(recording, trial, marker_set, (Laboratory(), Prepare()), notes)
    return prepared_dataset(prepared, 20.0), notes.findings


def test_treadmill_is_recognised(run):
    _, trial = run
    assert trial.attrs["surface"] == "treadmill"
    assert trial.attrs["event_threshold"] == 50.0
    assert trial.attrs["belt_speed"] == pytest.approx(4.0, rel=0.05)
    assert abs(trial.attrs["heading"]) < np.radians(2.0)
    assert "Forward is +x: the pelvis stays put" in trial.attrs["axes_reasoning"]


def test_seven_whole_contacts_of_each_foot(run):
    _, trial = run
    whole = trial["contact_complete"].values
    feet = trial["contact_foot"].values
    assert (feet[whole] == "left").sum() == 7
    assert (feet[whole] == "right").sum() == 7
    assert all(one != two for one, two in pairwise(feet))
    # the recording starts in a right contact
    np.testing.assert_array_equal(np.flatnonzero(~whole), [0])
    stance = (trial["contact_toe_off"] - trial["contact_touchdown"]).values[whole]
    assert 0.2 < stance.min() < stance.max() < 0.27


def test_events_from_markers_of_a_heel_striker_on_a_treadmill(run):
    """100 Hz: a frame is 10 ms, and so is the error."""
    manifest, _ = run
    [errors] = [x["kinematic_errors"] for x in manifest["trials"] if "kinematic_errors" in x]
    assert len(errors["touchdown_s"]) == 14
    tested = ACCURACY["heel"]
    for event, (early, late) in (
        ("touchdown_s", tested.touchdown),
        ("toe_off_s", tested.toe_off),
    ):
        assert early < np.mean(errors[event]) < late
        assert np.std(errors[event]) < 0.002


def test_clock_starts_with_the_first_frame(run):
    """The files start at 0.23 s."""
    _, trial = run
    assert trial["time"].values[0] == 0.0
    assert abs(trial["force_time"].values[0]) < 1e-9
    assert trial.attrs["marker_rate"] == 100.0
    assert trial.attrs["force_rate"] == pytest.approx(1000.0)


def test_mass_of_the_sheet_agrees_with_the_strides(run):
    manifest, _ = run
    assert (manifest["mass_source"], manifest["mass_kg"]) == ("sheet", 72.84)
    assert manifest["masses_kg"]["strides"] == pytest.approx(72.84, rel=0.02)
    assert not manifest["findings"]


def test_peak_force(run):
    assert float(run[1]["foot_force_event"].max()) == pytest.approx(1970.0, rel=0.01)


def test_padded_header_is_read_in_millimetres(walk):
    trial, _ = walk
    pelvis = trial["marker_raw"].sel(marker=["R.ASIS", "L.ASIS"], axis="y")
    assert 0.8 < float(pelvis.mean()) < 1.2


def test_walk_contacts(walk):
    trial, _ = walk
    assert list(trial["contact_foot"].values) == ["right", "left", "right"]
    assert trial.attrs["surface"] == "overground"
    stance = trial["contact_toe_off"] - trial["contact_touchdown"]
    np.testing.assert_allclose(stance, 0.75, atol=0.02)
    overlap = trial["contact_toe_off"].values[:-1] - trial["contact_touchdown"].values[1:]
    assert np.all(overlap > 0.1)  # double support
    double = trial["foot_force"].sel(time=[0.9], method="nearest").sel(axis="y").sum("foot")
    assert float(double.item()) > 700.0


def test_unloaded_centre_of_pressure_at_346_m_never_enters(walk):
    trial, findings = walk
    force, moment = trial["foot_force"].values, trial["foot_moment"].values
    reach = np.linalg.norm(moment, axis=-1)
    # 2 m of walkway, 20 N m of free moment and filter
    assert np.all(reach <= 2.0 * np.linalg.norm(force, axis=-1) + 20.0)
    assert float(np.abs(trial["foot_cop"]).max()) < 2.0
    assert [one.rule for one in findings if one.severity != "info"] == []


def test_feet_of_the_file_are_the_feet_on_the_ground(walk):
    _, findings = walk
    assert "foot-columns" not in {one.rule for one in findings}
