"""JA1 without a static trial, and with one that lacks the medial markers: the same person."""

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


@pytest.fixture(scope="module")
def study(tmp_path_factory, realdata):
    return run_stages(write_study(tmp_path_factory.mktemp("no_static"), PARTICIPANTS, TRIALS))


def lengths(study, name):
    return study.read_manifest(name, "scale")["lengths_m"]


@pytest.mark.parametrize("name", ["moving", "alone"])
def test_lengths_are_those_of_the_static_trial(study, name):
    """Within the deviations of both, which are wider without it."""
    known, found = lengths(study, "static"), lengths(study, name)
    assert found.keys() == known.keys()
    for part, (length, sd) in found.items():
        other, other_sd = known[part]
        assert abs(length - other) < 2.0 * np.hypot(sd, other_sd), part
        assert sd > other_sd, part


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


def test_static_without_medial_markers(study, tmp_path, realdata):
    """The lateral ones say nearly as much: lengths within the deviations, which grow."""
    file = write_study(
        tmp_path,
        PARTICIPANTS[:1],
        TRIALS[:2],
        "laboratory: {ignore_markers: [LMEPI, RMEPI, LMMAL, RMMAL]}\n",
    )
    found = lengths(run_stages(file, until="scale"), "static")
    known = lengths(study, "static")
    for part in ("thigh_left", "thigh_right", "shank_left", "shank_right"):
        assert abs(found[part][0] - known[part][0]) < 2.0 * np.hypot(found[part][1], known[part][1])
        assert found[part][1] > known[part][1]
