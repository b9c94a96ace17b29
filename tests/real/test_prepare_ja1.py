"""JA1 (Dorn, Schache and Pandy 2012) through stage prepare, from the C3D files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.mot_forces import read_force_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import load_study
from aqbio.recordings.contacts import foot_distance
from aqbio.recordings.events_from_markers import ACCURACY
from aqbio.recordings.stage import prepare_participant
from aqbio.signals import low_pass

pytestmark = pytest.mark.real

STUDY = Path(__file__).parent / "ja1" / "study.yaml"

CONTACTS = {
    "jog": [
        ("left", 0.520, 0.763, "1"),
        ("right", 0.899, 1.138, "2"),
        ("left", 1.269, 1.512, "4"),
        ("right", 1.652, 1.903, "5"),
        ("left", 2.027, 2.269, "7"),
    ],
    "sprint": [
        ("right", 0.353, 0.472, "2"),
        ("left", 0.583, 0.699, "4"),
        ("right", 0.815, 0.934, "7"),
        ("left", 1.037, 1.159, "8"),
    ],
}
"""Foot, touchdown, toe-off (rounded to 1 ms) and plate: README of the recordings."""

BOTH = pytest.mark.parametrize("name", CONTACTS)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, realdata):
    """Manifest and trials of the participant."""
    folder = tmp_path_factory.mktemp("ja1")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        study = load_study(STUDY)
        prepare_participant(study, "JA1", lambda line: None)
        manifest = json.loads(study.manifest("JA1", "prepare").read_text("utf-8"))
        out = study.folder("JA1", "prepare")
        trials = {name: read_dataset(out / f"{name}.nc") for name in ("static", "jog", "sprint")}
    return manifest, trials


def test_events_from_markers_against_the_plates(prepared):
    """In both trials within what kinematic events promise; sprinting within one frame of 4 ms."""
    trials = {one["trial_id"]: one for one in prepared[0]["trials"]}
    jog = ACCURACY["forefoot"]
    for name, limit in (
        ("jog", (jog.touchdown, jog.toe_off)),
        ("sprint", ((-0.004, 0.004),) * 2),
    ):
        errors = trials[name]["kinematic_errors"]
        for event, (early, late) in zip(("touchdown_s", "toe_off_s"), limit, strict=True):
            assert len(errors[event]) == len(CONTACTS[name])
            assert early < np.mean(errors[event]) < late
    every = [trials[name]["kinematic_errors"] for name in ("jog", "sprint")]
    assert np.std([x for one in every for x in one["touchdown_s"]]) < 0.002
    assert np.std([x for one in every for x in one["toe_off_s"]]) < 0.005


@BOTH
def test_centre_of_pressure_is_under_the_foot(prepared, name):
    trial = prepared[1][name]
    for index in range(trial.sizes["contact"]):
        one = trial.isel(contact=index)
        side = str(one["contact_foot"].item())
        letter = side[0].upper()
        span = float(one["contact_toe_off"] - one["contact_touchdown"])
        times = float(one["contact_touchdown"]) + span * np.linspace(0.15, 0.85, 8)
        cop = one["foot_cop"].sel(foot=side).sel(force_time=times, method="nearest").values
        labels = [f"{letter}{label}" for label in ("HEEL", "TOE", "P1MT", "P5MT")]
        feet = one["marker_raw"].sel(marker=labels).sel(time=times, method="nearest").values
        feet = feet[:, None].copy()
        feet[..., 1] = 0.0
        assert np.abs(cop[:, 1]).max() < 1e-9
        # half the width of a forefoot
        assert np.nanmax(foot_distance(feet, cop)) < 0.05


@pytest.mark.parametrize(
    ("name", "side"), [("sprint", "left"), ("sprint", "right"), ("jog", "right")]
)
def test_wrenches_agree_with_the_authors_own(prepared, realdata, name, side):
    """Their MOT files are a second processing of the same C3D files; they lag by two frames.

    (Their jog lacks a left contact.)
    """
    path = realdata / "ja1_dorn2012" / "trc_mot" / f"{name}_grf.mot"
    theirs, _ = read_force_storage(path, 0.0)
    foot = theirs.feet.index(side)
    both = np.concatenate(
        (theirs.wrench.force[:, foot], theirs.wrench.moment_about_origin()[:, foot]), axis=1
    )
    smooth = low_pass(both, theirs.rate, 20.0)[:: round(theirs.rate / 250.0)]
    trial = prepared[1][name].sel(foot=side)
    ours = np.concatenate((trial["foot_force"].values, trial["foot_moment"].values), axis=1)
    frames, lag = min(len(ours), len(smooth)) - 2, 2
    for column in range(6):
        mine, other = ours[:frames, column], smooth[lag : frames + lag, column]
        assert np.corrcoef(mine, other)[0, 1] > 0.995
        assert np.abs(other).max() == pytest.approx(np.abs(mine).max(), rel=0.05)


def test_gaps_stay_open_or_are_filled_and_said(prepared):
    manifest, trials = prepared
    entry = next(one for one in manifest["trials"] if one["trial_id"] == "jog")
    missing = {
        label
        for one in entry["findings"]
        if one["rule"] in ("marker-missing", "markers-outside")
        for label in one["label"].split(", ")
    }
    open_gaps = np.isnan(trials["jog"]["marker_raw"]).any(("time", "axis"))
    assert missing == set(open_gaps["marker"].values[open_gaps.values])
