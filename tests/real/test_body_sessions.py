"""Bodies of recorded people, from all and from less of what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.body_real import measured
from benchmarks.body_sessions import JA1, SESSIONS

pytestmark = [pytest.mark.real, pytest.mark.opensim]

Row = dict[str, Any]


def _rows(name: str, folder: Path, data: Path) -> dict[str, Row]:
    """What each variant of a session found, by its name."""
    [session] = [one for one in SESSIONS if one.name == name]
    return {row["variant"]: row for row in measured(session, folder, data)}


@pytest.fixture(scope="module")
def sprinter(realdata, tmp_path_factory) -> dict[str, Row]:
    """Give JA1 on Rajagopal's model, from everything and from less."""
    return _rows("JA1, Rajagopal's model", tmp_path_factory.mktemp("ja1"), realdata)


@pytest.mark.parametrize("variant", [one.name for one in JA1[1:]])
def test_less_or_worse_recordings_give_the_same_legs_within_their_deviations(sprinter, variant):
    """Of one person, whatever is hidden, exchanged or moved."""
    whole, found = sprinter["all data"]["lengths"], sprinter[variant]["lengths"]
    for name in ("thigh_right", "thigh_left", "shank_right", "shank_left"):
        length, sd = found[name]
        known, known_sd = whole[name]
        assert abs(length - known) < 2.0 * (sd**2 + known_sd**2) ** 0.5, name


def test_an_unseen_leg_is_told_by_the_other_one_less_surely(sprinter):
    right, left = (sprinter["one leg"]["lengths"][f"shank_{side}"] for side in ("right", "left"))
    assert left[0] == pytest.approx(right[0], rel=0.01)
    assert left[1] > right[1]


def test_a_sprint_is_predicted_from_static_and_jog(sprinter):
    """From one static trial 15.6 mm, on a body that has seen the sprint about 10."""
    seen = sprinter["all data"]["marker_rms_m"]["sprint"]
    held_out = sprinter["without the sprint"]["marker_rms_m"]["sprint"]
    assert seen < held_out < 0.0145


def test_knees_of_one_runner_bend_alike_and_forward(realdata, tmp_path):
    """Clusters alone, no static trial, 2 to 5 m/s. Scaled to a still frame the knees were 15, 15,
    18 and 11 degrees apart and bent backwards by 19."""
    [row] = _rows("hamner_subject04", tmp_path, realdata).values()
    assert row["lost"] == []
    assert len(row["knees"]) == 4
    for trial, (right, left, *least) in row["knees"].items():
        assert abs(right - left) < 7.0, trial
        assert min(least) > -5.0, trial


def test_feet_and_elbows_of_a_runner_with_a_static_trial(realdata, tmp_path):
    """Ankle to ball: 183 mm when feet were scaled by landmarks of the toes."""
    [row] = _rows("hamner_subject02", tmp_path, realdata).values()
    for side in ("right", "left"):
        assert 0.12 < row["lengths"][f"foot_{side}"][0] < 0.165
    assert not any("elbow" in one for one in row["findings"])
    assert max(row["marker_rms_m"].values()) < 0.012


def test_a_few_frames_without_static_trial_still_give_a_body(realdata, tmp_path):
    """80 frames of one stance: both legs alike."""
    [row] = _rows("pyorerun", tmp_path, realdata).values()
    for part in ("thigh", "shank"):
        right, left = (row["lengths"][f"{part}_{side}"][0] for side in ("right", "left"))
        assert left == pytest.approx(right, rel=0.02)
