"""Noise, cut-offs and exchanged arms, told from the motion of a made sprinter."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.config import ModelMap, read_yaml
from aqbio.inverse_kinematics.checks import (
    REMOVED_DEGREES,
    TOGETHER,
    _clock,
    arm_swings,
    motion_findings,
    removed_degrees,
)
from aqbio.inverse_kinematics.solved import Solution
from aqbio.multibody.motion import TrackedMarkers, spline_motion
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.signals import low_pass
from aqbio.virtual.athlete import athlete_skeleton
from aqbio.virtual.demo import SPRINTERS
from aqbio.virtual.library import DATA, load_library

RATE, CUTOFF = 200.0, 20.0
MAP = read_yaml(Path(__file__).parents[3] / "models" / "sprint" / "map.yaml", ModelMap)
PEOPLE = {one.athlete.name: one.athlete for one in SPRINTERS}


def _solution(change=lambda q, names: q, *, cutoff=CUTOFF, lost=()) -> Solution:
    name = sorted(PEOPLE)[0]
    skeleton = athlete_skeleton(PEOPLE[name])
    gaits = load_library(DATA / "gait_library.npz", PEOPLE)
    gait = gaits[min((one for one in gaits if name in str(one)), key=str)]
    time = np.arange(0.0, 1.0, 1.0 / RATE)
    q = change(gait.states(time)[0], skeleton.coordinates)
    motion = spline_motion(skeleton, time, low_pass(q, RATE, cutoff))
    markers = TrackedMarkers(time, (), np.zeros((len(time), 0, 3)), np.zeros(0))
    observed = Observed.everything(skeleton.bodies, len(time)).without(lost, NOT_SEEN)
    unsaid = (np.full(q.shape, np.nan), np.full(q.shape[1], np.nan))
    return Solution(skeleton, markers, q, motion, np.zeros_like(q), xr.Dataset(), observed, unsaid)


def _rules(solution, cutoff=CUTOFF):
    return [one.rule for one in motion_findings(solution, MAP, cutoff, "run")]


def _noisy(degrees):
    def change(q, names):
        noise = np.random.default_rng(0).normal(0.0, np.radians(degrees), q.shape)
        return q + noise

    return change


def _exchanged(q, names):
    left = [
        names.index(name)
        for name in names
        if name.startswith(("arm_", "elbow")) and name[-1] == "l"
    ]
    right = [names.index(f"{names[one][:-1]}r") for one in left]
    changed = q.copy()
    changed[:, left], changed[:, right] = q[:, right], q[:, left]
    return changed


def test_a_sound_motion_is_not_doubted():
    assert _rules(_solution()) == []
    assert removed_degrees(_solution()) < 0.7 * REMOVED_DEGREES
    assert max(arm_swings(_solution(), MAP)) < 0.0


@pytest.mark.parametrize(("degrees", "said"), [(0.25, []), (0.45, ["motion-noisy"])])
def test_noise(degrees, said):
    """White noise keeps √(1 − 20/100) of itself beyond 20 Hz at 200 Hz: 0.9 of it."""
    assert _rules(_solution(_noisy(degrees))) == said


def test_a_cut_off_that_is_too_low():
    assert _rules(_solution(cutoff=4.0), 4.0) == ["motion-noisy"]


def test_exchanged_arms():
    assert _rules(_solution(_exchanged)) == ["arms-in-phase"]
    assert min(arm_swings(_solution(_exchanged), MAP)) > TOGETHER


def test_arms_that_nobody_saw_say_nothing():
    assert _rules(_solution(_exchanged, lost=("humerus_r",))) == []


def test_arms_that_hardly_swing_say_nothing():
    def held(q, names):
        changed = _exchanged(q, names)
        for side in "lr":
            changed[:, names.index(f"arm_flex_{side}")] *= 0.02
        return changed

    assert _rules(_solution(held)) == []


def test_a_force_that_is_not_known_throughout_tells_no_clock():
    solution = _solution()
    force = np.full((len(solution.markers.time), 2, 3), 700.0)
    known = SimpleNamespace(force=force, com_acceleration=np.zeros((len(force), 3)))
    force[10, 1] = np.nan
    assert list(_clock(solution, known, "run")) == []
