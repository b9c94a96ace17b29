"""JA1, an elite sprinter: on two models, on both together, without plates; a run on a treadmill."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.gait.step_files import step_file
from aqbio.intervals.second_model import LEVEL_C_FACTOR
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import load_study
from aqbio.io.tables import read_columns
from aqbio.names import GRAVITY
from aqbio.tables.stage import tables_study
from tests.jobs import run_participants
from tests.opensim_levels import hold_against
from tests.real.conftest import FEW_DRAWS, ROOT, run
from tests.real.staged import run_stages
from tests.real.test_prepare import JA1_CONTACTS

pytestmark = [pytest.mark.real, pytest.mark.opensim]

RUN = pytest.mark.xdist_group("rajagopal")
SPEEDS = {"jog": 3.56, "sprint": 9.52}
MAPS = {"ja1": "rajagopal2016", "ja1_sprint": "sprint"}
"""Studies of JA1 and the maps of their models."""
TRIALS = [(name, "JA1", trial) for name in MAPS for trial in SPEEDS]
TREADMILL = pytest.param("rajagopal_run", "subject01", "run", marks=RUN)
RMS = {"jog": 0.015, "sprint": 0.019}
MAX_RESIDUALS = {
    "jog": (0.02, 0.03, 10.0, 10.0, 0.0029),
    "sprint": (0.05, 0.05, 15.0, 16.0, 0.0073),
}
"""Residual force sideways and vertical, body weights; residual moment about the other axes and the
vertical, N m (16 with a model of light legs); how far forces may move the markers, m: what growths
of 0.3 and 1.2 mm meant on bodies whose markers lay 13 and 17 mm off, as a distance."""
BY_HAND = {"plate_pitch": np.radians(-0.33), "plate_yaw": np.radians(-0.29), "plate_scale": 0.003}


@pytest.mark.parametrize(("study", "participant", "trial"), TRIALS)
def test_numbers_of_the_laboratory(run_study, study, participant, trial):
    """Contacts within 4 ms, speed within 1 %, markers and closures within their limits."""
    ja1, expected = run_study(study), JA1_CONTACTS[trial]
    steps = ja1.table("steps.tsv")
    trial_steps = steps[steps["trial_id"] == trial]
    assert list(trial_steps["side"]) == [side for side, *_ in expected]
    events = np.array([[touchdown, toe_off] for _, touchdown, toe_off, _ in expected])
    times = trial_steps[["touchdown_s", "toe_off_s"]].to_numpy()
    assert np.abs(times - events).max() <= 0.004 + 0.0005  # the list is rounded to 1 ms
    complete_steps = trial_steps[trial_steps["status"] == "ok"]
    assert len(complete_steps) == len(expected) - 1
    assert complete_steps["speed_mps"].mean() == pytest.approx(SPEEDS[trial], rel=0.01)
    trials = ja1.table("trials.tsv").set_index("trial_id")
    shown = complete_steps["speed_mps"]
    assert shown.min() <= trials.loc[trial, "speed_mps"] <= shown.max()
    assert ja1.quality(trial, "marker_rms") <= RMS[trial]
    assert ja1.quality(trial, "closure_levels") <= 1e-10
    assert ja1.quality(trial, "opensim_momentum") <= 1e-8
    assert ja1.quality(trial, "opensim_inverse_dynamics") <= 1e-8


@pytest.mark.parametrize(("study", "participant", "trial"), TRIALS)
def test_a_referee_who_knows_opensim_alone_finds_the_same_levels(
    run_study, study, participant, trial
):
    """From docs/levels.md: A, B and C."""
    folder = run_study(study).results / "participants" / participant
    hold_against(folder, trial, ROOT / "models" / MAPS[study] / "map.yaml")


@pytest.mark.parametrize(("study", "participant", "trial"), [*TRIALS, TREADMILL])
def test_residuals_and_marker_errors_are_within_limits(run_study, study, participant, trial):
    """The residual rows are fit quality, not validation."""
    run = run_study(study)
    force, moment = (
        {axis: run.quality(trial, f"residual_{kind}_{axis}_rms") for axis in "xyz"}
        for kind in ("force", "moment")
    )
    sideways, vertical, tilting, turning, moved = MAX_RESIDUALS[
        "sprint" if trial == "sprint" else "jog"
    ]
    assert max(force["x"], force["z"]) <= sideways
    assert force["y"] <= vertical
    assert max(moment["x"], moment["z"]) <= tilting
    assert max(moment["y"], run.quality(trial, "residual_moment_y_stance_rms")) <= turning
    for axis in "xyz":
        assert force[axis] < 0.3 * run.quality(trial, f"plain_residual_force_{axis}_rms")
    entries = run.study.read_manifest(participant, "inverse_dynamics")["trials"]
    [fit] = [trial_record for trial_record in entries if trial_record["trial_id"] == trial]
    assert fit["motion"] == "fitted"
    assert fit["support"] > 0.999
    assert fit["markers_moved_m"] <= moved


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
    """None beyond its standard deviation: a weak control, because the body does not travel."""
    clock = run_study("rajagopal_run").parameter("subject01", "clock_offset")
    assert abs(clock["estimate"]) <= clock["sd"] <= 0.004


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


OUTCOME = ["level", "source", "target", "axis", "statistic"]
FOOT = [*OUTCOME, "trial_id", "side"]
STEP = [*FOOT, "step"]

OTHER_MODELS = """
other_models:
  models:
    rajagopal:
      file: ${AQBIO_REALDATA}/ja1_dorn2012/models/rajagopal_generic_ja1markers.osim
      map: rajagopal2016
      markers: rajagopal.yaml
"""


@pytest.fixture(scope="module")
def two_model_study(tmp_path_factory, run_study):
    """Our sprint model, with Rajagopal's beside it; what is known of the former is taken over."""
    folder, sprint_run = tmp_path_factory.mktemp("models"), run_study("ja1_sprint")
    shutil.copytree(sprint_run.results, folder / "results" / "both")
    for file in sprint_run.study.file.parent.glob("*.*"):
        shutil.copy(file, folder)
    shutil.copy(ROOT / "tests" / "real" / "ja1" / "markers.yaml", folder / "rajagopal.yaml")
    file = folder / "study.yaml"
    settings = (
        re.sub("results: .*", f"results: {folder / 'results'}", file.read_text()) + OTHER_MODELS
    )
    file.write_text(settings.replace("name: ja1_sprint", "name: both"))
    study = load_study(file)
    for stage in ("contributions", "multiverse", "pages"):  # what the workflow would make again
        study.manifest("JA1", stage).unlink()
    assert "inverse_dynamics JA1" not in run_participants(study)
    tables_study(study, lambda _: None)
    return study


def _stances(file):
    """Values and half intervals of stance means of every step."""
    rows = read_columns(file)
    rows = rows[rows["phase"].eq("stance")].astype(dict.fromkeys([*OUTCOME, "trial_id"], str))
    rows = rows[rows["statistic"].str.endswith("_mean")]
    steps = read_columns(file.with_name("steps.nc")).astype({"trial_id": str, "side": str})
    rows = rows.merge(steps[["trial_id", "step", "side"]], on=["trial_id", "step"])
    return rows.assign(half=(rows["high"] - rows["low"]) / 2).set_index(STEP)[["value", "half"]]


@pytest.fixture(scope="module")
def separate_studies(run_study):
    """The same recordings in two studies of one model each."""
    return [
        _stances(run_study(name).results / "participants/JA1/steps/contributions.nc")
        for name in ("ja1_sprint", "ja1")
    ]


def test_differences_are_those_of_two_studies(two_model_study, separate_studies):
    table = pd.read_csv(two_model_study.table("model_differences.tsv"), sep="\t", na_values="n/a")
    assert set(table["model"]) == {"rajagopal"}
    assert set(table["trial_id"]) == {"jog", "sprint"}
    rows = ~table["level"].str.startswith("C alone") & ~table["level"].isin(["H1", "H2"])
    differences = table[rows].set_index(FOOT)  # those of contributions
    values = pd.concat(
        {"own": separate_studies[0]["value"], "other": separate_studies[1]["value"]}, axis=1
    ).dropna()
    values["square"] = (values["other"] - values["own"]) ** 2
    means = values.groupby(FOOT).mean()
    assert set(differences.index) == set(means.index)
    means = means.reindex(differences.index)
    means["rms"] = np.sqrt(means["square"])
    for name in ("own", "other", "rms"):
        np.testing.assert_allclose(differences[name], means[name], rtol=1e-4, atol=1e-6)


def _second_model(study):
    """Deviation on the second model, which a study has that names no other, by trial and foot."""
    table = read_columns(step_file(study, "JA1", "models")).astype(dict.fromkeys(FOOT, str))
    difference = table.set_index(FOOT)["difference"]
    caused = difference.index.get_level_values("level").str.startswith("C")
    return difference * np.where(caused, LEVEL_C_FACTOR, 1.0)


def test_intervals_hold_the_choice_of_the_model(two_model_study, separate_studies, run_study):
    """Mean difference of the two studies over the steps of a foot in a trial, by outcome and axis,
    in the place of the second model's."""
    off = (separate_studies[1]["value"] - separate_studies[0]["value"]).dropna()
    difference = off.groupby(FOOT).mean()
    now = _stances(step_file(two_model_study, "JA1", "contributions"))
    before = separate_studies[0].reindex(now.index)
    np.testing.assert_allclose(now["value"], before["value"], rtol=1e-9)  # the estimate stays
    has_interval = now["half"].notna() & ~now.index.get_level_values("level").isin(["C"])
    by_trial = now.index.droplevel("step")
    added = difference.reindex(by_trial).fillna(0.0).to_numpy()
    second = _second_model(run_study("ja1_sprint").study)
    replaced = second.reindex(by_trial).fillna(0.0).to_numpy()
    variance = before["half"] ** 2 + 1.959964**2 * (added**2 - replaced**2)
    assert has_interval.sum() > 2000
    assert (replaced[has_interval] != 0.0).mean() > 0.95
    expected = np.sqrt(np.maximum(variance, 0.0))[has_interval]
    scale = (
        now["half"][has_interval] + before["half"][has_interval]
    )  # stance means are stored in single precision
    assert (np.abs(now["half"][has_interval] - expected) <= 1e-3 * scale + 1e-5).all()


def test_multiverse_repeats_the_evidence_on_the_other_model(two_model_study, run_study):
    """An arm of the multiverse: the evidence of a study on that model, steps judged alike."""
    of_both, of_other_model = (
        read_columns(folder / "participants/JA1/multiverse/steps.nc").astype({"trial_id": str})
        for folder in (two_model_study.root, run_study("ja1").results)
    )
    index = ["trial_id", "step"]
    arm = of_both[of_both["specification"] == "model=rajagopal"].set_index(index)
    default = of_both[of_both["specification"] == "default"].set_index(index)
    theirs = (
        of_other_model[of_other_model["specification"] == "default"]
        .set_index(index)
        .reindex(arm.index)
    )
    assert set(arm["factor"]) == {"body_segments"}
    assert set(arm.index) == set(default.index)
    numbers = [name for name in arm.select_dtypes("number") if arm[name].notna().any()]
    assert {"push_leg_offset", "arms_push_cosine", "lag"} <= set(numbers)
    np.testing.assert_allclose(arm[numbers], theirs[numbers], rtol=1e-9, atol=1e-12)
    assert (arm["arms_push_cosine"] != default["arms_push_cosine"].reindex(arm.index)).all()


FIELD = """participant_id\ttrial_id\ttask\tfile
JA1\tstatic\tstatic\tc3d/JA1Static05.c3d
JA1\trun5\trun\ttrc_mot/run0500cms.trc
JA1\trun7\trun\ttrc_mot/run0700cms.trc
JA1\tsprint\trun\tc3d/JA1Gait35.c3d
JA1\twithheld\trun\ttrc_mot/sprint.trc
"""

CONTACT = {"run5": (0.17, 0.22), "run7": (0.13, 0.17)}
"""Between 0.242 s at 3.6 m/s and 0.118 s at 9.5 m/s, which plates measured of this runner, s."""

SPEED = {"run5": 5.19, "run7": 6.97}


@pytest.fixture(scope="module")
def field(tmp_path_factory, realdata):
    study = tmp_path_factory.mktemp("field")
    source = ROOT / "tests" / "real" / "ja1_sprint"
    for name in ("markers.yaml", "participants.tsv", "study.yaml"):
        shutil.copy(source / name, study / name)
    (study / "trials.tsv").write_text(FIELD, encoding="utf-8")
    return run(study / "study.yaml")


@pytest.mark.parametrize("trial", SPEED)
def test_steps_alternate_at_the_speed_of_the_runner(field, trial):
    steps = field.table("steps.tsv")
    trial_steps = steps[steps["trial_id"] == trial]
    sides = list(trial_steps["side"])
    assert all(side != two for side, two in pairwise(sides))
    assert (trial_steps["events"] == "kinematic").all()
    complete_steps = trial_steps[trial_steps["status"] == "ok"]
    assert len(complete_steps) >= 4
    assert complete_steps["speed_mps"].mean() == pytest.approx(SPEED[trial], rel=0.02)
    low, high = CONTACT[trial]
    assert complete_steps["contact_s"].between(low, high).all()
    # one runner at one speed: less than the two frames that either event may be off
    assert complete_steps["contact_s"].std() < 0.008


@pytest.mark.parametrize("trial", SPEED)
def test_forces_are_estimated_with_intervals_and_marked(field, trial):
    """On average the ground carries the body over the whole step."""
    steps = field.table("steps.tsv")
    complete_steps = steps[(steps["trial_id"] == trial) & (steps["status"] == "ok")].set_index(
        "step"
    )
    rows = read_columns(field.results / "participants" / "JA1" / "steps" / "contributions.nc")
    rows = rows[rows["trial_id"] == trial]
    estimates = rows[(rows["level"] == ESTIMATED) & (rows["phase"] == "stance")].set_index("step")
    assert len(estimates) >= 3
    estimated_steps = complete_steps.loc[estimates.index]
    mean_force = (
        estimated_steps["mass_kg"]
        * GRAVITY
        * (estimated_steps["contact_s"] + estimated_steps["flight_s"])
        / estimated_steps["contact_s"]
    )
    assert estimates["value"].mean() == pytest.approx(mean_force.mean(), rel=0.03)
    assert (estimates["low"] < estimates["value"]).all()
    assert (estimates["value"] < estimates["high"]).all()


def test_intervals_hold_what_plates_say_of_the_same_sprint(field):
    """Momentum of all groups about all axes: the share that docs/without_plates.md states."""
    steps = field.table("steps.tsv").sort_values("touchdown_s")
    steps = steps[steps["status"] != "rejected"]
    ours, theirs = (steps[steps["trial_id"] == name] for name in ("withheld", "sprint"))
    paired = pd.merge_asof(
        ours, theirs, on="touchdown_s", by="side", direction="nearest", tolerance=0.06,
        suffixes=("", "_plates"),
    )  # fmt: skip
    names = [name for name in steps if name.startswith("H_") and "_sd_" not in name]
    off = paired[names].to_numpy(float) - paired[[f"{name}_plates" for name in names]].to_numpy(
        float
    )
    sure = paired[[name.replace("_kgm2ps", "_sd_kgm2ps") for name in names]].to_numpy(float)
    finite = np.isfinite(off)
    assert finite.sum() > 50
    assert np.isfinite(sure[finite]).all()
    assert (np.abs(off) <= 1.96 * sure)[finite].mean() >= 0.9


def test_legs_alone_hold_what_the_whole_body_shows(run_study, tmp_path):
    """Trunk and arms without labels widen the legs' momentum by what they hide, and no more."""
    folder = tmp_path / "study"
    shutil.copytree(ROOT / "tests" / "real" / "ja1_sprint", folder)
    labels = (folder / "markers.yaml").read_text("utf-8")
    hidden = r"\n  \w+: \{body: (torso|clavicle|humerus|radius).*"
    (folder / "markers.yaml").write_text(re.sub(hidden, "", labels), "utf-8")
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"results: {(folder / 'results').as_posix()}\n{FEW_DRAWS}")
    study = run_stages(folder / "study.yaml", until="contributions")
    legs = read_columns(step_file(study, "JA1", "steps"))
    whole = run_study("ja1_sprint").table("steps.tsv")
    assert legs["H_total_y_stance_mean_kgm2ps"].isna().all()
    pairs = legs.merge(whole, on=["trial_id", "step"], suffixes=("", "_whole"))
    assert len(pairs) == len(whole)
    for part, axis in product(("push_leg", "swing_leg", "pelvis"), "xyz"):
        name = f"H_{part}_{axis}_stance_mean"
        sd = pairs[f"{name}_sd_kgm2ps"]
        error = pairs[f"{name}_kgm2ps"] - pairs[f"{name}_kgm2ps_whole"]
        assert (error.abs() <= 1.96 * sd).all(), name
        assert (sd <= 5.0 + pairs[f"{name}_sd_kgm2ps_whole"]).all(), name
