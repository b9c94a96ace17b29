"""JA1, an elite sprinter from C3D files to the tables on two models, and a run on a treadmill."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset
from tests.opensim_levels import hold_against
from tests.real.conftest import ROOT
from tests.real.test_prepare import JA1_CONTACTS

pytestmark = [pytest.mark.real, pytest.mark.opensim]

RUN = pytest.mark.xdist_group("rajagopal")
SPEEDS = {"jog": 3.56, "sprint": 9.52}
MAPS = {"ja1": "rajagopal2016", "ja1_sprint": "sprint"}
"""Studies of JA1 and the maps of their models."""
TRIALS = [(name, "JA1", trial) for name in MAPS for trial in SPEEDS]
TREADMILL = pytest.param("rajagopal_run", "subject01", "run", marks=RUN)
RMS = {"jog": 0.015, "sprint": 0.019}
MOST = {"jog": (0.02, 0.03, 10.0, 10.0, 0.0029), "sprint": (0.05, 0.05, 15.0, 16.0, 0.0073)}
"""Residual force sideways and vertical, body weights; residual moment about the other axes and the
vertical, N m (16 with a model of light legs); how far forces may move the markers, m: what growths
of 0.3 and 1.2 mm meant on bodies whose markers lay 13 and 17 mm off, as a distance."""
BY_HAND = {"plate_pitch": np.radians(-0.33), "plate_yaw": np.radians(-0.29), "plate_scale": 0.003}


@pytest.mark.parametrize(("study", "who", "trial"), TRIALS)
def test_numbers_of_the_laboratory(run_study, study, who, trial):
    """Contacts within 4 ms, speed within 1 %, markers and closures within their limits."""
    ja1, expected = run_study(study), JA1_CONTACTS[trial]
    steps = ja1.table("steps.tsv")
    found = steps[steps["trial_id"] == trial]
    assert list(found["side"]) == [side for side, *_ in expected]
    known = np.array([[touchdown, toe_off] for _, touchdown, toe_off, _ in expected])
    times = found[["touchdown_s", "toe_off_s"]].to_numpy()
    assert np.abs(times - known).max() <= 0.004 + 0.0005  # the list is rounded to 1 ms
    whole = found[found["status"] == "ok"]
    assert len(whole) == len(expected) - 1
    assert whole["speed_mps"].mean() == pytest.approx(SPEEDS[trial], rel=0.01)
    assert ja1.quality(trial, "marker_rms") <= RMS[trial]
    assert ja1.quality(trial, "closure_levels") <= 1e-10
    assert ja1.quality(trial, "opensim_momentum") <= 1e-8
    assert ja1.quality(trial, "opensim_inverse_dynamics") <= 1e-8


@pytest.mark.parametrize(("study", "who", "trial"), TRIALS)
def test_a_referee_who_knows_opensim_alone_finds_the_same_levels(run_study, study, who, trial):
    """From docs/levels.md: A, B and C."""
    folder = run_study(study).results / "participants" / who
    hold_against(folder, trial, ROOT / "models" / MAPS[study] / "map.yaml")


@pytest.mark.parametrize(("study", "who", "trial"), [*TRIALS, TREADMILL])
def test_residuals_are_small_and_nothing_was_bent(run_study, study, who, trial):
    """The residual rows are fit quality, not validation."""
    run = run_study(study)
    force, moment = (
        {axis: run.quality(trial, f"residual_{kind}_{axis}_rms") for axis in "xyz"}
        for kind in ("force", "moment")
    )
    sideways, vertical, tilting, turning, moved = MOST["sprint" if trial == "sprint" else "jog"]
    assert max(force["x"], force["z"]) <= sideways
    assert force["y"] <= vertical
    assert max(moment["x"], moment["z"]) <= tilting
    assert max(moment["y"], run.quality(trial, "residual_moment_y_stance_rms")) <= turning
    for axis in "xyz":
        assert force[axis] < 0.3 * run.quality(trial, f"plain_residual_force_{axis}_rms")
    [done] = [
        one
        for one in run.study.read_manifest(who, "inverse_dynamics")["trials"]
        if one["trial_id"] == trial
    ]
    assert (done["motion"], done["suspicions"]) == ("fitted", [])
    assert done["markers_moved_m"] <= moved


@pytest.mark.parametrize("study", MAPS)
def test_mass_clock_and_plates_of_ja1(run_study, study):
    """The mass of the static plate, moved by less than 3 %. Forces 3 to 4.5 ms late, and plates
    turned against the cameras, as slopes of markers and centres of pressure over nine contacts say,
    worked out by hand; intervals leave out zero."""
    run = run_study(study)
    scaled = run.study.read_manifest("JA1", "scale")["mass_kg"]
    assert scaled == pytest.approx(75.95, abs=0.5)
    change = 1.0 + run.parameter("JA1", "mass")["estimate"]
    assert run.table("steps.tsv")["mass_kg"].unique() == pytest.approx([scaled * change])
    clock = run.parameter("JA1", "clock_offset")
    assert 0.003 <= clock["estimate"] <= 0.0045
    assert clock["low"] > 0.0
    for one, value in BY_HAND.items():
        found = run.parameter("JA1", one)
        assert found["low"] < value < found["high"], one
        assert found["low"] * found["high"] > 0.0, one
    assert "plates-misaligned" in set(run.table("findings.tsv")["rule"])


@RUN
def test_the_treadmill_run_has_no_clock_offset(run_study):
    """None that is sure, at most 2 ms: a weak control, because the body does not travel."""
    clock = run_study("rajagopal_run").parameter("subject01", "clock_offset")
    assert clock["low"] < 0.0 < clock["high"]
    assert abs(clock["estimate"]) <= 0.002


def test_lengths_agree_with_the_static_trials_landmarks(run_study):
    """Knee to ankle against the middles of epicondyles and malleoli: 445 and 444 mm, + 5 mm by the
    model's definition; left and right alike."""
    study = run_study("ja1").study
    lengths = study.read_manifest("JA1", "scale")["lengths_m"]
    static = read_dataset(study.folder("JA1", "prepare") / "static.nc")
    mean = static["marker_raw"].mean("time")
    for side, letter in (("right", "R"), ("left", "L")):
        knee, ankle = (
            mean.sel(marker=[letter + one for one in pair]).mean("marker").values
            for pair in (("LEPI", "MEPI"), ("LMAL", "MMAL"))
        )
        length, sd = lengths[f"shank_{side}"]
        assert abs(length - np.linalg.norm(knee - ankle) - 0.005) < 2.0 * np.hypot(sd, 0.005)
    assert abs(lengths["thigh_left"][0] / lengths["thigh_right"][0] - 1.0) < 0.01


@pytest.mark.parametrize("study", MAPS)
def test_pages_keep_their_budgets(run_study, study):
    """Bytes of docs/pages.md: the largest of each kind."""
    report = run_study(study).results / "report"

    def sizes(pattern: str) -> list[int]:
        return [path.stat().st_size for path in sorted(report.glob(pattern))]

    replays = zip(sizes("trials/JA1/*.html"), sizes("trials/JA1/*.js"), strict=True)
    assert max(sizes("index.html") + sizes("athletes/JA1.html")) <= 500_000
    assert max(map(sum, replays)) <= 300_000
    assert sum(sizes("assets/**/*.js") + sizes("assets/**/*.css")) <= 800_000
