"""Gaits obey Newton and Euler: by conservation laws, symmetry and differences."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.names import GRAVITY
from aqbio.virtual.truth import run_truth
from tests.virtual.conftest import GaitOf
from tests.virtual.known_arrays import sampled_truth
from tests.virtual.runners import RUNNER, SPRINTER
from validation.gaits.measures import gait_measures

SPEEDS = (4.0, 7.0, 9.5)


@pytest.fixture(params=SPEEDS)
def solved(request: pytest.FixtureRequest, gait_of: GaitOf):
    return gait_of(RUNNER, request.param)


def _times(gait, rate: float = 1000.0) -> np.ndarray:
    return np.arange(int(2 * gait.timeline.period * rate)) / rate


def test_speeds_and_accelerations_are_the_derivatives(solved):
    """Central differences of order h², h = 3e-5 s, against analytic derivatives.

    The third derivative of a joint angle stays below 3e5 rad/s³ (1e-2 rad in harmonic 11 of a
    stride of 0.45 s would make 4e4), so that a difference is off by at most h² 3e5 / 6 = 5e-5
    rad/s; the fifth derivative, 300² times larger at most, makes 5 rad/s² of it: 0.1 is strict.
    Instants next to touchdown and toe-off are left out: derivatives of the third order jump there.
    """
    gait, h = solved.gait, 3e-5
    time = _times(gait, 397.0)
    _, step, since = gait.timeline.located(time)
    edges = np.stack(
        (since, np.abs(since - gait.timeline.contact[step]), gait.timeline.step[step] - since)
    )
    time = time[edges.min(axis=0) > 3 * h]
    _, u, udot = gait.states(time)
    after, before = gait.states(time + h), gait.states(time - h)
    np.testing.assert_allclose((after[0] - before[0]) / (2 * h), u, rtol=0, atol=2e-4)
    np.testing.assert_allclose((after[1] - before[1]) / (2 * h), udot, rtol=0, atol=1e-1)


def test_flight_is_ballistic_and_keeps_its_angular_momentum(solved):
    truth = run_truth(solved.gait, _times(solved.gait))
    side, _ = solved.gait.stance_foot(truth.gait_time)
    flight = side == 0
    body_weight = RUNNER.mass * GRAVITY
    fall = truth.com_acceleration[flight] - [0.0, -GRAVITY, 0.0]
    assert np.abs(fall).max() * RUNNER.mass < 1e-10 * body_weight
    assert np.abs(truth.momentum_rate[flight].sum(axis=1)).max() < 1e-3


def test_mean_vertical_force_carries_the_body(solved):
    """Impulse of a contact is m g T, to the accuracy of the trapezoidal rule at 10 kHz."""
    line = solved.gait.timeline
    time = np.linspace(0.0, line.contact[0], 4001)
    force = run_truth(solved.gait, time).loads.force[:, 1, 1]
    impulse = np.trapezoid(force, time)
    assert impulse == pytest.approx(RUNNER.mass * GRAVITY * line.step[0], rel=1e-6)


def test_steady_gaits_are_symmetric(solved):
    """A left step is the mirror image of the right one."""
    gait = solved.gait
    names = gait.skeleton.coordinates
    time = np.linspace(0.0, gait.timeline.step[0], 50, endpoint=False)
    right = gait.states(time)[0]
    left = gait.states(time + gait.timeline.step[0])[0]
    left[:, names.index("pelvis_tx")] -= gait.timeline.length[0]
    flip = {"pelvis_list", "pelvis_rotation", "pelvis_tz", "lumbar_bending", "lumbar_rotation"}
    for index, name in enumerate(names):
        other = name[:-1] + {"r": "l", "l": "r"}[name[-1]] if name[-2:] in ("_r", "_l") else name
        sign = -1.0 if name in flip else 1.0
        np.testing.assert_allclose(
            left[:, names.index(other)], sign * right[:, index], rtol=0, atol=2e-4, err_msg=name
        )


def test_inverse_dynamics_has_no_residual(solved):
    """The pelvis needs no help: the loads of the feet explain the motion of the spline."""
    gait = solved.gait
    truth = sampled_truth(gait, _times(gait))
    motion = truth.motion
    kinematics = segment_kinematics(gait.skeleton, motion.q, motion.u, motion.udot)
    tau = inverse_dynamics(gait.skeleton, kinematics, truth.loads.external())
    side, _ = gait.stance_foot(truth.gait_time)
    inner = np.arange(len(tau))
    inner = (inner > 25) & (inner < len(tau) - 25)
    body_weight = RUNNER.mass * GRAVITY
    contact = inner & (side != 0)
    assert np.abs(tau[contact, 3:6]).max() < 1e-10 * body_weight
    assert np.abs(tau[contact, :3]).max() < 1e-10 * body_weight * RUNNER.stature
    flight = inner & (side == 0)
    assert np.abs(tau[flight, 3:6]).max() < 1e-3 * body_weight
    assert np.abs(tau[flight, :3]).max() < 1e-3 * body_weight * RUNNER.stature


def test_the_foot_stays_where_it_is(solved):
    """Slip of the ankle against a rolling forefoot."""
    assert gait_measures(solved).slip.max() < 6e-3
    assert solved.reach < 0.995


def test_other_bodies_run_too(gait_of: GaitOf):
    solved = gait_of(SPRINTER, 8.0)
    truth = run_truth(solved.gait, _times(solved.gait))
    cop, free = truth.loads.cop(100.0)
    assert truth.segments.mass.sum() == pytest.approx(SPRINTER.mass, abs=1e-5)
    assert np.nanmax(np.abs(free)) < 40.0
    assert np.nanmax(np.abs(cop[..., 2])) < 0.15
