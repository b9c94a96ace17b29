"""Gaits obey Newton and Euler, whatever was asked for: conservation, symmetry and differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.names import GRAVITY
from aqbio.virtual.truth import run_truth
from tests.virtual.conftest import GaitOf
from tests.virtual.known_arrays import sampled_truth
from tests.virtual.runners import RUNNER, SPRINTER
from validation.gaits.collocation import nodes
from validation.gaits.generator import SolvedGait, generated_gait
from validation.gaits.measures import gait_measures
from validation.gaits.parameters import (
    GaitDesign,
    GaitParameters,
    flat,
    interpolated,
    presets,
    reference_speed,
    steady,
)  # fmt: skip

WEIGHT = RUNNER.mass * GRAVITY
SPEEDS = (4.0, 7.0, 9.5)


def _design(speed: float, condition: str = "normal") -> GaitDesign:
    step = interpolated(presets(condition), reference_speed(RUNNER, speed))
    return steady(RUNNER, speed, step)


def _unequal() -> GaitDesign:
    step = _design(7.0).steps[0]
    longer = step.changed(contact_s=1.06 * step.contact_s, hip_height_m=step.hip_height_m - 0.01)
    return GaitDesign(RUNNER, (6.9, 7.1), (longer, step))


@pytest.fixture(params=SPEEDS)
def solved(request: pytest.FixtureRequest, gait_of: GaitOf) -> SolvedGait:
    return gait_of(RUNNER, request.param)


def _times(gait, rate: float = 1000.0) -> np.ndarray:
    return np.arange(int(2 * gait.timeline.period * rate)) / rate


def _impulse(solved: SolvedGait, step: int) -> np.ndarray:
    line = solved.gait.timeline
    begin = float(line.touchdown[step])
    time = np.linspace(begin, begin + float(line.contact[step]), 2001)
    return np.trapezoid(run_truth(solved.gait, time).loads.force.sum(axis=1), time, axis=0)


def test_speeds_and_accelerations_are_the_derivatives(solved):
    """Central differences, h = 3e-5 s: off by at most h² 3e5 / 6 = 5e-5 rad/s, and 0.1 rad/s².

    Instants next to touchdown and toe-off are left out: derivatives of the third order jump there.
    """
    gait, h = solved.gait, 3e-5
    time = _times(gait, 397.0)
    _, step, since = gait.timeline.located(time)
    ends = (since, np.abs(since - gait.timeline.contact[step]), gait.timeline.step[step] - since)
    time = time[np.min(ends, axis=0) > 3 * h]
    _, u, udot = gait.states(time)
    after, before = gait.states(time + h), gait.states(time - h)
    np.testing.assert_allclose((after[0] - before[0]) / (2 * h), u, rtol=0, atol=2e-4)
    np.testing.assert_allclose((after[1] - before[1]) / (2 * h), udot, rtol=0, atol=1e-1)


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
        mirrored = (-1.0 if name in flip else 1.0) * right[:, index]
        ours = left[:, names.index(other)]
        np.testing.assert_allclose(ours, mirrored, rtol=0, atol=2e-4, err_msg=name)


def test_inverse_dynamics_has_no_residual(solved):
    """The pelvis needs no help: the loads of the feet explain the motion of the spline."""
    gait = solved.gait
    truth = sampled_truth(gait, _times(gait))
    kinematics = segment_kinematics(gait.skeleton, *(getattr(truth.motion, x) for x in MOTION))
    tau = inverse_dynamics(gait.skeleton, kinematics, truth.loads.external())
    side, _ = gait.stance_foot(truth.gait_time)
    inner = (np.arange(len(tau)) > 25) & (np.arange(len(tau)) < len(tau) - 25)
    for chosen, limit in ((inner & (side != 0), 1e-10), (inner & (side == 0), 1e-3)):
        assert np.abs(tau[chosen, 3:6]).max() < limit * WEIGHT
        assert np.abs(tau[chosen, :3]).max() < limit * WEIGHT * RUNNER.stature


MOTION = ("q", "u", "udot")


@pytest.mark.parametrize("speed", SPEEDS)
def test_measures_are_those_of_a_human_and_of_the_motion(gait_of: GaitOf, speed):
    """Moments below 6.5 N m/kg: the dossier's bands are reported, not asserted."""
    solved = gait_of(RUNNER, speed)
    measures, contact = gait_measures(solved), float(solved.gait.timeline.contact[0])
    force = run_truth(solved.gait, nodes(len(measures.force)) * contact).loads.force[:, 1] / WEIGHT
    np.testing.assert_allclose(measures.force[1:-1], force[1:-1], rtol=0, atol=1e-6)
    for name in ("hip_flexion_r", "knee_angle_r", "ankle_angle_r"):
        assert 1.0 < np.abs(measures.moments[name]).max() < 6.5, name
    for name in ("pelvis_tilt", "pelvis_list", "pelvis_rotation"):
        assert np.abs(measures.moments[name]).max() < 1e-6
    assert measures.torso_lean.mean() > 0.0
    assert np.corrcoef(measures.angles["pelvis_rotation"], measures.torso_yaw)[0, 1] < -0.4
    assert measures.free_moment.max() > 2.0 > -2.0 > measures.free_moment.min()
    assert measures.slip.max() < 6e-3  # of the ankle against a rolling forefoot
    assert solved.reach < 0.995


DESIGNS = {
    "slow": lambda: _design(4.0),
    "fast": lambda: _design(9.5),
    "unequal steps": _unequal,
    "air": lambda: replace(_design(9.5), drag_area=0.4),
    **{f"still arms, {v} m/s": lambda v=v: _design(v, "restricted_arms") for v in (5.0, 9.5)},
}


@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_is_exact(name):
    """Flights are ballistic but for the drag, and over a stride the impulse carries the weight."""
    solved = generated_gait(DESIGNS[name]())
    gait, line = solved.gait, solved.gait.timeline
    truth = run_truth(gait, np.arange(0.0, line.period, 0.003))
    flight = gait.stance_foot(truth.gait_time)[0] == 0
    fall = RUNNER.mass * (truth.com_acceleration[flight] + [0.0, GRAVITY, 0.0])
    drag = np.tile([-gait.drag, 0, 0], (len(fall), 1))
    np.testing.assert_allclose(fall, drag, atol=1e-8 * WEIGHT)
    turning = np.abs(truth.momentum_rate[flight].sum(axis=1)).max()
    assert turning < 1e-5 * WEIGHT * RUNNER.stature
    both = _impulse(solved, 0) + _impulse(solved, 1)
    assert both[1] == pytest.approx(WEIGHT * line.period, rel=1e-6)
    assert both[0] == pytest.approx(gait.drag * line.period, abs=1e-5 * WEIGHT * line.period)
    measures = gait_measures(solved)
    assert measures.slip.max() < (1e-2 if name == "air" else 8e-3)
    if name == "air":
        assert gait.drag == pytest.approx(0.5 * 1.2 * 0.4 * 9.5**2, rel=1e-9)
    if name == "unequal steps":
        assert abs(_impulse(solved, 0)[1] / _impulse(solved, 1)[1] - 1.0) > 0.01
    if name.startswith("still"):
        for angle in ("arm_flex_r", "elbow_flex_r", "arm_flex_l"):
            assert np.ptp(measures.angles[angle]) < 1e-4
        assert np.abs(measures.free_moment).max() < 25.0
        assert np.abs(measures.force[:, 2]).max() < 0.4


def test_the_wanted_free_moment_is_followed():
    """A sine of 10 N m that is asked for turns the free moment that way, against minus 10."""
    moments = []
    for amplitude in (10.0, -10.0):
        step = _design(7.0).steps[0].changed(free_moment_nm=amplitude)
        moments.append(generated_gait(steady(RUNNER, 7.0, step)).forces.free_moment[0])
    assert (moments[0] - moments[1])[5:12].mean() > 5.0


def test_other_bodies_run_too(gait_of: GaitOf):
    solved = gait_of(SPRINTER, 8.0)
    truth = run_truth(solved.gait, _times(solved.gait))
    cop, free = truth.loads.cop(100.0)
    assert truth.segments.mass.sum() == pytest.approx(SPRINTER.mass, abs=1e-5)
    assert np.nanmax(np.abs(free)) < 40.0
    assert np.nanmax(np.abs(cop[..., 2])) < 0.15


def test_parameters_between_presets_are_linear_and_beyond_them_the_contact_keeps_its_length():
    slow, fast = GaitParameters(contact_s=0.2), GaitParameters(contact_s=0.1, yaw_deg=8.0)
    half = interpolated({4.0: slow, 8.0: fast}, 6.0)
    np.testing.assert_allclose(flat(half), (flat(slow) + flat(fast)) / 2.0)
    assert interpolated({5.0: slow}, 10.0).contact_s == pytest.approx(0.1)
