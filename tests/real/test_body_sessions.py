"""Bodies of recorded people of other laboratories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.body_real import measured
from benchmarks.body_sessions import SESSIONS

pytestmark = [pytest.mark.real, pytest.mark.opensim]

Row = dict[str, Any]


def _rows(name: str, folder: Path, data: Path) -> dict[str, Row]:
    """What each variant of a session found, by its name."""
    [session] = [one for one in SESSIONS if one.name == name]
    return {row["variant"]: row for row in measured(session, folder, data)}


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
