"""Two sprinters of laboratories that made no limit: fitted, and their totals still in flight."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.signal import butter, filtfilt

from aqbio.config import MarkerSet, read_yaml
from aqbio.gait.step_files import step_file
from aqbio.intake.new import new_study_from
from aqbio.inverse_dynamics.session import Session
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.io.tables import read_columns
from aqbio.names import GRAVITY, NORMAL_95
from tests.real.conftest import ROOT
from tests.real.staged import fill, run_stages
from validation.planted_devices import numbers

pytestmark = [pytest.mark.real, pytest.mark.opensim, pytest.mark.whole]

PERSON = "S01"
FEW_DRAWS = "contributions: {draws: 24}\nconsistency: {samples: 24}\nmultiverse: {enabled: false}\n"
TREADMILL = {"sprint_0450": 4.50, "sprint_0630": 6.29, "sprint_0810": None, "sprint_0855": None}
"""Trials with the speeds of belts that keep theirs, m/s, as the recordings' README has them."""

BRAKING = [7.77, 7.40, 6.96]
SPEEDING_UP = [6.17, 6.51, 6.71, 7.01, 7.23, 7.51, 7.68, 7.89, 8.15]
"""Of forefoot markers in mid-contact, m/s: the last contacts of 0810, and those of 0855."""


def _study(folder: Path, data: Path) -> Study:
    new_study_from(folder, data, None, lambda line: None)
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"{FEW_DRAWS}results: {(folder / 'results').as_posix()}\n")
    fill(folder / "participants.tsv", sex="male")
    return run_stages(folder / "study.yaml", until="contributions")


@pytest.fixture(scope="module")
def overground(tmp_path_factory, realdata) -> Study:
    """A man at 6 m/s on four plates, who still accelerates."""
    folder = tmp_path_factory.mktemp("overground")
    return _study(folder / "study", realdata / "overground_sprinter")


@pytest.fixture(scope="module")
def treadmill(tmp_path_factory, realdata) -> Study:
    """A man at 4.5 to 8.55 m/s on belts that ring; one brakes, one speeds up."""
    folder = tmp_path_factory.mktemp("treadmill")
    with tarfile.open(realdata / "treadmill_sprinter" / "recordings.tar.xz") as file:
        file.extractall(folder / "recordings", filter="data")
    return _study(folder / "study", folder / "recordings")


@pytest.fixture(params=["RunA1", *TREADMILL])
def trial(request):
    """Study, name and results of each trial."""
    name = request.param
    study = request.getfixturevalue("treadmill" if name in TREADMILL else "overground")
    data = read_dataset(study.folder(PERSON, "contributions") / f"{name}.nc")
    entries = study.read_manifest(PERSON, "contributions")["trials"]
    return study, name, data, next(entry for entry in entries if entry["trial_id"] == name)


def test_the_proposed_marker_set_is_the_one_that_was_looked_through(overground):
    """Epicondyles of the elbows (LEP, MEP), ulnae (UL) and upper arms (DUPA, MUPA) among them."""
    published = ROOT / "data" / "public_runners" / "markers_goncalves_2021.yaml"
    looked_through, proposed = read_yaml(published, MarkerSet), overground.marker_set
    assert proposed.markers.keys() == looked_through.markers.keys()
    for label in proposed.markers.keys() - {"T10"}:  # which is not at its place there, and tracks
        assert proposed.markers[label] == looked_through.markers[label]
    assert (proposed.feet, proposed.pelvis) == (looked_through.feet, looked_through.pelvis)


def test_all_are_fitted_and_no_forefoot_slides(trial):
    """10 N are left overground. What is left on the treadmill grows with speed to 1.5 % of body
    weight along the run and 1.2 % up, and both are named."""
    study, name, data, entry = trial
    assert entry["status"] == "ok", entry["reason"]
    assert data.attrs["motion"] == "fitted"
    residual = entry["misfits"]["force"] * float(data.attrs["mass"]) * GRAVITY
    assert residual < (20.0 if name in TREADMILL else 10.0)
    assert entry["misfits"]["slip"] < 0.0075
    prepared = study.read_manifest(PERSON, "prepare")["trials"]
    findings = next(entry["findings"] for entry in prepared if entry["trial_id"] == name)
    cut = [x["number"] for x in findings if x["rule"] == "forces-cut"]
    assert cut == pytest.approx([300.0] * (name in TREADMILL), abs=6.0)
    findings = study.read_manifest(PERSON, "inverse_dynamics")["findings"]
    said = [x["what"] for x in findings if x["rule"] == "residual-structure"]
    words = ("left along the run in the trials at 7.6", "more than what carries the body, in the")
    assert len(said) == len(words) * (name in TREADMILL)
    assert all(expected in what for expected, what in zip(words, said, strict=False))


def test_totals_are_still_in_flight(trial):
    """The whole body's angular momentum about the vertical, within its 95 % interval."""
    _, _, data, _ = trial
    total = data["group_angular_momentum"].sum("group").values[:, 1]
    sds = data["sd_angular_momentum"].sel(phase="flight", sure_group="total").values[..., 1]
    time, touchdown, toe_off = (
        data[name].values for name in ("time", "contact_touchdown", "contact_toe_off")
    )
    inside = []
    for start, stop in zip(np.sort(toe_off)[:-1], np.sort(touchdown)[1:], strict=True):
        flight = total[(time > start) & (time < stop)]
        if 2 < len(flight) < 60 and np.isfinite(flight).all():
            off = np.abs(flight - flight.mean())
            inside += (off <= NORMAL_95 * np.nanmean(sds)).tolist()
    assert len(inside) > 10
    assert np.mean(inside) >= 0.95


@pytest.mark.parametrize("used", ["fitted", "plain"])
def test_at_even_odds_the_motion_that_is_not_used_stands_in_the_interval(
    overground, tmp_path, monkeypatch, used
):
    """Mean moments and momenta of both motions, each with its body and its clock."""
    shutil.copytree(overground.file.parent, tmp_path / "study")
    file = tmp_path / "study" / "study.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(str(overground.file.parent), str(file.parent)), encoding="utf-8")
    rows = {}
    for motion, support in (("fitted", 0.501), ("plain", 0.499)):
        monkeypatch.setattr(Session, "support", lambda self, name, support=support: support)
        study = run_stages(file, since="inverse_dynamics", until="contributions")
        rows[motion] = numbers(study, PERSON)
    other = rows["plain" if used == "fitted" else "fitted"]
    share = (rows[used]["value"] - other["value"]).abs() / rows[used]["half"]
    assert len(share) >= 10
    assert share.max() < 1.05


LARGEST_ABOVE_NM = {"left": 3.5, "right": 7.5}
"""Hip flexion above 20 Hz, N m: the right foot lands with a peak that its leg bears."""


@pytest.mark.parametrize("side", LARGEST_ABOVE_NM)
def test_hip_moments_overground_have_little_above_the_motion(overground, side):
    """Flexion above 20 Hz in both contacts; on the left 13 N m by plain inverse dynamics."""
    data = read_dataset(overground.folder(PERSON, "inverse_dynamics") / "RunA1.nc")
    moment = data["generalised_force"].sel(coordinate=f"hip_flexion_{side[0]}").values
    known = np.isfinite(moment)
    above = np.full(len(moment), np.nan)
    above[known] = filtfilt(*butter(2, 20.0, "high", fs=200.0), moment[known])
    time, start = data["time"].values, float(data["contact_touchdown"].min())
    inside = (time >= start) & (time <= float(data["contact_toe_off"].max()))
    assert np.sqrt(np.mean(above[inside] ** 2)) < LARGEST_ABOVE_NM[side]


def test_steps_are_as_long_as_their_footprints_are_apart(treadmill):
    """From 1.78 to 1.89 m on the belt that speeds up: forefeet in mid-contact on a moving belt."""
    steps = read_columns(step_file(treadmill, PERSON, "steps"))
    steps = steps[(steps["trial_id"] == "sprint_0855") & (steps["status"] == "ok")]
    lengths = steps["step_length_m"].values
    assert lengths[:3].mean() == pytest.approx(1.77, abs=0.03)
    assert lengths[-3:].mean() == pytest.approx(1.86, abs=0.03)
    prepared = read_dataset(treadmill.folder(PERSON, "prepare") / "sprint_0855.nc")
    names = ("complete", "foot", "touchdown", "toe_off", "belt_speed")
    contacts = pd.DataFrame({name: prepared[f"contact_{name}"].values for name in names})
    contacts = contacts[contacts["complete"]]
    middles = 0.5 * (contacts["touchdown"] + contacts["toe_off"]).values
    feet = {"left": "L_toe", "right": "r_toe"}
    path = {
        side: prepared["marker_raw"].sel(marker=label, axis="x") for side, label in feet.items()
    }
    places = np.array(
        [
            float(np.interp(at, prepared["time"], path[side]))
            for side, at in zip(contacts["foot"], middles, strict=True)
        ]
    )
    belt = np.interp(prepared["time"], middles, contacts["belt_speed"])
    gone = np.interp(middles, prepared["time"], np.cumsum(belt) * 0.005)
    apart = np.diff(places) + np.diff(gone)
    assert lengths[: len(apart)].mean() == pytest.approx(apart.mean(), rel=0.01)
    np.testing.assert_allclose(lengths[: len(apart)], apart, rtol=0.06)
    assert steps["speed_change_mps"].abs().max() < 0.15  # of the runner, who stays in place


@pytest.mark.parametrize("name", TREADMILL)
def test_belts_are_those_of_the_readme(treadmill, name):
    data = read_dataset(treadmill.folder(PERSON, "contributions") / f"{name}.nc")
    speeds = data["contact_belt_speed"].values[data["contact_complete"].values.astype(bool)]
    if name == "sprint_0855":
        np.testing.assert_allclose(speeds, SPEEDING_UP, rtol=0.012)
    elif name == "sprint_0810":
        np.testing.assert_allclose(speeds[-3:], BRAKING, rtol=0.012)
        assert ((speeds[1:-3] > 7.93) & (speeds[1:-3] < 8.13)).all()
    else:
        np.testing.assert_allclose(speeds[1:], TREADMILL[name], rtol=0.012)
