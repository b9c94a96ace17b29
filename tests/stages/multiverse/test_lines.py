"""Lines of wrists and ankles: against differences of their angles, and by mirror."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.gait.steps import Step
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multiverse.lines import contact_line_rates, line_rates
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.observed.parts import ObservedParts
from aqbio.vectors import rotate
from tests.mechanics.levels_case import sprint_run
from tests.stages.made_contributions import MAP

HALF = 1e-6
"""Half a step of the central difference, s: its error is about (turns per second)³ × 1e-12."""


@pytest.fixture(scope="module")
def run():
    return sprint_run(frames=12, seed=3)


def rates_of(run, model_map, lost=()):
    """Rates of a run in which all but some segments were observed."""
    seen = Observed.everything(run.skeleton.bodies, len(run.motion[0])).without(lost, NOT_SEEN)
    parts = ObservedParts(seen, run.skeleton, model_map)
    return line_rates(parts, segment_kinematics(run.skeleton, *run.motion))


def _moved(run, by):
    """Poses a moment before or after: q + u t + udot t²/2."""
    q, u, udot = run.motion
    return segment_kinematics(run.skeleton, q + by * u + 0.5 * by**2 * udot, u, udot)


def _angles(poses, run, bodies, *, masses):
    """Angle of the line from the left to the right point, about +y."""
    points = [
        poses.origin[:, body] + rotate(poses.rotation[:, body], run.skeleton.com[body])
        if masses
        else poses.joint_centre[:, body]
        for body in bodies
    ]
    line = points[1] - points[0]
    return np.arctan2(-line[:, 2], line[:, 0])


def _differences(run, bodies, *, masses):
    before, after = (_angles(_moved(run, by), run, bodies, masses=masses) for by in (-HALF, HALF))
    away = (after - before + np.pi) % (2.0 * np.pi) - np.pi
    return away / (2.0 * HALF)


def _bodies(run, *names):
    return [run.skeleton.bodies.index(name) for name in names]


def test_rates_are_those_of_the_angles(run):
    found = rates_of(run, MAP)
    wrists = _differences(run, _bodies(run, "hand_l", "hand_r"), masses=False)
    ankles = _differences(run, _bodies(run, "foot_l", "foot_r"), masses=False)
    np.testing.assert_allclose(found, np.stack([wrists, ankles], axis=1), rtol=1e-5, atol=1e-5)


def test_the_joint_of_a_hand_is_the_wrist(run):
    """With the shoulder mapped as elbow, the arm's last joint is far beyond it: it is taken."""
    joints = MAP.joints.model_copy(update={"elbow": MAP.joints.shoulder})
    model_map = MAP.model_copy(update={"joints": joints})
    found = rates_of(run, model_map)
    wrists = _differences(run, _bodies(run, "hand_l", "hand_r"), masses=False)
    np.testing.assert_allclose(found[:, 0], wrists, rtol=1e-5, atol=1e-5)


def test_wrists_that_nobody_saw_have_no_line(run):
    """They were told of arms in their default pose: 0 % of contact together, cosine -0.59."""
    found = rates_of(run, MAP, ["hand_l"])
    assert np.isnan(found[:, 0]).all()
    assert np.isfinite(found[:, 1]).all()


@pytest.mark.parametrize(("side", "sign"), [("right", 1.0), ("left", -1.0)])
def test_left_contacts_are_mirrored(side, sign):
    time = np.linspace(0.0, 1.0, 201)
    rates = np.stack([3.0 + time, -2.0 * time], axis=1)
    step = Step(
        number=1, side=side, touchdown=0.2, toe_off=0.4, next_touchdown=0.5, status="ok", reason=""
    )
    found = contact_line_rates(step, time, rates)
    at = 0.2 + 0.2 * np.linspace(0.0, 1.0, 101)
    np.testing.assert_allclose(found, sign * np.stack([3.0 + at, -2.0 * at], axis=1), atol=1e-9)
