"""Measures of posture on JA1 against raw markers alone: knees, ankle, line of a thigh."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.gait.step_files import participant_rows
from aqbio.io.netcdf import read_dataset

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("ja1")]

KNEE, ANKLE, THIGH = "LEPI", "LMAL", "THLP"
"""Markers without their side: outer side of knee and ankle, and the upper one on the thigh."""


def _by_hand(prepared, step, time_of):
    """Forward is where the sacrum goes; +x, within a degree."""
    time, names = prepared["time"].values, [str(one) for one in prepared["marker"].values]
    points = prepared["marker_raw"].values

    def path(marker, side):
        own = points[:, names.index(side[0].upper() + marker)]
        known = np.isfinite(own[:, 0])
        return np.stack([np.interp(time, time[known], own[known, k]) for k in range(3)], axis=1)

    push, swing = step["side"], {"left": "right", "right": "left"}[step["side"]]
    at = int(np.abs(time - time_of["touchdown"]).argmin())
    knees = {side: path(KNEE, side)[at, 0] for side in (push, swing)}
    found = {
        "knee_separation": knees[swing] - knees[push],
        "ankle_from_swing_knee": path(ANKLE, push)[at, 0] - knees[swing],
    }
    within = (time >= time_of["touchdown"]) & (time <= time_of["next"])
    for leg, side in (("push", push), ("swing", swing)):
        line = path(KNEE, side) - path(THIGH, side)
        angle = np.unwrap(np.arctan2(line[:, 0], -line[:, 1]))
        found[f"thigh_range_{leg}"] = np.ptp(angle[within])
        found[f"thigh_speed_{leg}"] = np.abs(np.gradient(angle, time))[within].max()
    return found


def test_postures_are_those_of_the_markers(run_study):
    """Of raw markers: knees and ankle within 6 cm, ranges within 6 degrees, speeds within 25 %.

    Each marker is up to 3 cm ahead of or behind the centre of its joint.
    """
    study, who = run_study("ja1").study, "JA1"
    steps = participant_rows(study, who, "steps")
    whole = steps[steps["status"] == "ok"]
    assert len(whole) >= 6
    for step in whole.to_dict("records"):
        prepared = read_dataset(study.folder(who, "prepare") / f"{step['trial_id']}.nc")
        times = {"touchdown": step["touchdown_fitted_s"], "next": step["next_touchdown_fitted_s"]}
        hand = _by_hand(prepared, step, times)
        assert step["knee_separation_touchdown_m"] == pytest.approx(
            hand["knee_separation"], abs=0.06
        )
        ahead = step["touchdown_distance_m"] - step["swing_knee_ahead_touchdown_m"]
        assert ahead == pytest.approx(hand["ankle_from_swing_knee"], abs=0.06)
        for leg in ("push", "swing"):
            own = step[f"thigh_range_{leg}_rad"]
            assert own == pytest.approx(hand[f"thigh_range_{leg}"], abs=np.radians(6.0))
            speed = step[f"thigh_speed_{leg}_radps"]
            assert speed == pytest.approx(hand[f"thigh_speed_{leg}"], rel=0.25)
