"""How far lines turn in a step, against angles that were given; the ground's twist."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from aqbio.gait.steps import Step
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multiverse.lines import TURNED, line_angles, turning_numbers
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.observed.parts import ObservedParts
from tests.mechanics.levels_case import sprint_run
from tests.stages.made_contributions import MAP

FRAMES = 101
TIME = np.linspace(0.0, 0.5, FRAMES)
STEPS = (
    Step(1, "right", 0.0, 0.1, 0.25, "ok", ""),
    Step(2, "left", 0.25, 0.35, float("nan"), "incomplete", ""),
)


@pytest.fixture(scope="module")
def turned():
    """Pelvis by ±0.2 rad twice a second, the torso against it by 0.5 on top, all else straight."""
    run = sprint_run(frames=FRAMES)
    q = np.zeros_like(run.motion[0])
    names = run.skeleton.coordinates
    q[:, names.index("pelvis_ty")] = 1.0
    q[:, names.index("pelvis_rotation")] = 0.2 * np.sin(4.0 * np.pi * TIME)
    q[:, names.index("lumbar_rotation")] = -0.5 * np.sin(4.0 * np.pi * TIME)
    return replace(run, motion=(q, np.zeros_like(q), np.zeros_like(q)))


def _angles(run, model_map=MAP, lost=()):
    seen = Observed.everything(run.skeleton.bodies, len(run.motion[0])).without(lost, NOT_SEEN)
    parts = ObservedParts(seen, run.skeleton, model_map)
    return line_angles(parts, segment_kinematics(run.skeleton, *run.motion))


def test_lines_turn_as_pelvis_and_torso_do(turned):
    found = _angles(turned)
    sine = np.sin(4.0 * np.pi * TIME)
    np.testing.assert_allclose(found - found[0], np.outer(sine, [0.2, -0.3, -0.3]), atol=1e-12)


def test_what_nobody_saw_or_the_model_lacks_has_no_angle(turned):
    found = _angles(turned, lost=["hand_l"])
    assert np.isnan(found[:, TURNED.index("wrists")]).all()
    assert np.isfinite(found[:, TURNED.index("hips")]).all()
    groups = {name: one for name, one in MAP.groups.items() if not name.startswith("arm")}
    joints = MAP.joints.model_copy(update={"shoulder": None, "elbow": None})
    without = MAP.model_copy(update={"groups": groups, "joints": joints})
    found = _angles(turned, without)
    assert np.isfinite(found).all(axis=0).tolist() == [True, False, False]


def _curves(count):
    """Free moment from -3 to 1, the whole body's momentum from 0.5 to -2, in contact."""
    along = np.linspace(0.0, 1.0, 101)
    free, total = np.full((2, count, 2, 101, 3), np.nan)
    free[:, 0, :, 1], total[:, 0, :, 1] = -3.0 + 4.0 * along, 0.5 - 2.5 * along
    names = ("step", "phase", "percent", "axis")
    momentum = ("step", "phase", "percent", "group", "axis")
    return xr.Dataset(
        {"free_moment": (names, free), "angular_momentum": (momentum, total[:, :, :, None])},
        coords={"phase": ["stance", "flight"], "axis": list("xyz"), "group": ["total"]},
    )


def test_ranges_are_of_whole_steps_and_peaks_of_contacts(turned):
    found = turning_numbers(STEPS, TIME, _angles(turned), _curves(2))
    expected = {"hips": 0.2, "shoulders": 0.3, "wrists": 0.3}  # a quarter second: 0 to 1 to 0
    for name, size in expected.items():
        own = found[f"yaw_range_{name}"]
        assert own[0] == pytest.approx(size, rel=1e-4)
        assert np.isnan(own[1])  # nobody saw the end of that step
    assert found["free_moment_peak"].tolist() == [3.0, 3.0]
    assert found["momentum_peak_total"].tolist() == [2.0, 2.0]
