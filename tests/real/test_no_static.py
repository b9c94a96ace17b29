"""JA1 without a static trial, and with one that lacks the medial markers: what it costs."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.tables import read_table
from tests.real.staged import run_stages, write_study

pytestmark = [pytest.mark.real, pytest.mark.opensim]

PARTICIPANTS = [
    "static\tmale\t75.95\tn/a\tstatic",
    "moving\tmale\t75.95\tn/a\tn/a",
    "alone\tmale\tn/a\tn/a\tn/a",
]
TRIALS = [
    "static\tstatic\tstatic\tc3d/JA1Static05.c3d\tn/a",
    "static\tsprint\trun\tc3d/JA1Gait35.c3d\tn/a",
    "moving\tjog\trun\tc3d/JA1Gait21.c3d\tn/a",
    "moving\tsprint\trun\tc3d/JA1Gait35.c3d\tn/a",
    "alone\tsprint\trun\tc3d/JA1Gait35.c3d\tn/a",
]
SEGMENTS = ("pelvis", "torso", "femur_r", "tibia_r", "humerus_r", "radius_r")


@pytest.fixture(scope="module")
def study(tmp_path_factory, realdata):
    return run_stages(write_study(tmp_path_factory.mktemp("no_static"), PARTICIPANTS, TRIALS))


def factors(study, name):
    found = study.read_manifest(name, "scale")["factors"]
    return np.array([found[body][0] for body in SEGMENTS]), found["foot_r"][0]


@pytest.mark.parametrize(
    ("name", "segments", "feet"), [("moving", 0.035, 0.07), ("alone", 0.055, 0.1)]
)
def test_segments_are_nearly_those_of_the_static_trial(study, name, segments, feet):
    """The foot markers of the trials sit elsewhere than in the static trial (README)."""
    static, static_foot = factors(study, "static")
    moving, moving_foot = factors(study, name)
    assert np.abs(moving / static - 1.0).max() < segments
    assert abs(moving_foot / static_foot - 1.0) < feet


def test_it_is_said_where_the_model_comes_from(study):
    for name, trial in (("moving", "jog"), ("alone", "sprint")):
        findings = {one["rule"]: one for one in study.read_manifest(name, "scale")["findings"]}
        said = findings["static-none"]
        assert f"scaled to the posture of trial {trial} from" in said["what"]
        assert "feet 9 %" in said["what"]
        assert "medial markers" in said["fix"]
    rules = [one["rule"] for one in study.read_manifest("static", "scale")["findings"]]
    assert "static-none" not in rules


@pytest.mark.parametrize("name", ["moving", "alone"])
def test_steps_and_momentum_of_the_sprint(study, name):
    """Legs within 6 % about z, where they are large; about y within 0.3 kg m²/s."""
    steps = read_table(study.table("steps.tsv"))
    whole = steps[(steps["status"] == "ok") & (steps["trial_id"] == "sprint")]
    mean = whole.groupby("participant_id").mean(numeric_only=True)
    one, other = mean.loc["static"], mean.loc[name]
    assert (whole["participant_id"] == name).sum() == (whole["participant_id"] == "static").sum()
    assert other["speed_mps"] == pytest.approx(one["speed_mps"], rel=0.002)
    for leg in ("push_leg", "swing_leg"):
        column = f"H_{leg}_{{}}_stance_mean_kgm2ps"
        assert other[column.format("z")] == pytest.approx(one[column.format("z")], rel=0.06)
        assert other[column.format("y")] == pytest.approx(one[column.format("y")], abs=0.3)
    assert other["marker_rms_m"] < 0.020


def test_body_mass_of_strides_where_nothing_else_is_known(study):
    manifest = study.read_manifest("alone", "prepare")
    assert manifest["mass_source"] == "strides"
    assert manifest["mass_kg"] == pytest.approx(75.95, rel=0.02)


def test_static_without_medial_markers(tmp_path, realdata):
    """The lateral ones stand in: thigh and shank are still measured, and it is said."""
    file = write_study(
        tmp_path,
        PARTICIPANTS[:1],
        TRIALS[:1],
        "laboratory: {ignore_markers: [LMEPI, RMEPI, LMMAL, RMMAL]}\n",
    )
    manifest = run_stages(file, until="scale").read_manifest("static", "scale")
    found = {name: manifest["factors"][name][0] for name in ("femur_r", "tibia_r")}
    # 1.141 and 1.021 with them; the generic size would be 1
    assert found["femur_r"] == pytest.approx(1.141, rel=0.03)
    assert found["tibia_r"] == pytest.approx(1.021, rel=0.03)
    said = [one["what"] for one in manifest["findings"] if one["rule"] == "scale-pair-missing"]
    assert any("RHJC-RLEPI, LHJC-LLEPI stand(s) in" in what for what in said)
    missing = next(one for one in manifest["findings"] if one["rule"] == "static-marker-missing")
    assert "RMEPI" in missing["what"]
