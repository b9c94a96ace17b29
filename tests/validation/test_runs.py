"""Gaits and known runs obey Newton and Euler, and each error does what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.filters import low_pass
from aqbio.multibody.dynamics import newton_euler
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.names import GRAVITY
from aqbio.vectors import cross
from aqbio.virtual.demo import GaitName
from aqbio.virtual.disturbances import STRIDE_LOCKED_SKIN, Skin, skin_motion
from aqbio.virtual.truth import run_truth
from tests.virtual.conftest import GaitOf
from tests.virtual.known_arrays import sampled_truth
from tests.virtual.runners import RUNNER
from validation.gaits.generator import SolvedGait, generated_gait
from validation.gaits.individual import individual_gait
from validation.gaits.measures import gait_measures
from validation.gaits.parameters import GaitDesign, interpolated, presets, reference_speed, steady
from validation.recordings.known_run import Errors, KnownRun, known_run
from validation.recordings.springs import FeltMotion, displacements

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
        opposite = name[:-1] + {"r": "l", "l": "r"}[name[-1]] if name[-2:] in ("_r", "_l") else name
        mirrored = (-1.0 if name in flip else 1.0) * right[:, index]
        ours = left[:, names.index(opposite)]
        np.testing.assert_allclose(ours, mirrored, rtol=0, atol=2e-4, err_msg=name)


def test_inverse_dynamics_has_no_residual(solved):
    """The pelvis needs no help: the loads of the feet explain the motion of the spline."""
    gait = solved.gait
    truth = sampled_truth(gait, _times(gait))
    kinematics = segment_kinematics(gait.skeleton, *(getattr(truth.motion, x) for x in MOTION))
    tau = newton_euler(gait.skeleton, kinematics, truth.loads.external())
    side, _ = gait.stance_foot(truth.gait_time)
    inner = (np.arange(len(tau)) > 25) & (np.arange(len(tau)) < len(tau) - 25)
    for chosen, limit in ((inner & (side != 0), 1e-10), (inner & (side == 0), 1e-3)):
        assert np.abs(tau[chosen, 3:6]).max() < limit * WEIGHT
        assert np.abs(tau[chosen, :3]).max() < limit * WEIGHT * RUNNER.stature


MOTION = ("q", "u", "udot")


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
    impulse = _impulse(solved, 0) + _impulse(solved, 1)
    assert impulse[1] == pytest.approx(WEIGHT * line.period, rel=1e-6)
    assert impulse[0] == pytest.approx(gait.drag * line.period, abs=1e-5 * WEIGHT * line.period)
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


DRAG_AREA = 0.45
NO_SKIN = Errors(skin=Skin(thigh_m=0.0))


@pytest.fixture(scope="module")
def gait():
    return individual_gait(GaitName("V02", "normal", 3), drag_area=DRAG_AREA).gait


def _run_with(gait, errors: Errors = NO_SKIN, **changes) -> KnownRun:
    return known_run(gait, replace(errors, **changes), np.random.default_rng(3))


@pytest.fixture(scope="module")
def exact(gait) -> KnownRun:
    return _run_with(gait)


def _residual(recorded: KnownRun, late: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Newton and Euler on truth and recorded forces, in measured frames."""
    truth, ratio = recorded.run.truth, 5
    shift = round(late * recorded.laboratory.force_rate)
    force, moment = (
        np.roll(part, -shift, axis=0)[::ratio] for part in (recorded.force, recorded.moment)
    )
    skeleton = truth.gait.skeleton
    drag = np.array([truth.gait.drag, 0.0, 0.0])
    of_force = skeleton.mass.sum() * (truth.com_acceleration - skeleton.gravity) + drag - force
    of_moment = truth.momentum_rate.sum(axis=1) - (
        moment - cross(truth.com + recorded.run.shift, force)
    )
    return of_force[recorded.measured], of_moment[recorded.measured]


@pytest.mark.parametrize("late", [0.0, 0.004])
def test_newton_and_euler_hold_where_forces_are_measured(gait, exact, late):
    """To the generator's own accuracy: 4e-5 N m in flight, round-off in contacts."""
    recorded = _run_with(gait, clock_offset_s=late) if late else exact
    force, moment = _residual(recorded, late)
    assert np.abs(force).max() < 1e-6
    assert np.abs(moment).max() < 1e-3
    assert exact.measured[exact.window].all()
    assert not late or np.abs(_residual(recorded)[0]).max() > 100.0
    # measured frames end before the force of the next contact, which no plate sees, begins
    truth = exact.run.truth
    missing = truth.loads.force.sum(axis=1) - exact.force[::5]
    assert np.abs(missing[exact.measured]).max() < 1e-6
    assert np.abs(missing).max() > 500.0
    speed = truth.gait.timeline.speed
    assert truth.gait.drag == pytest.approx(0.5 * 1.2 * DRAG_AREA * speed**2)


def test_errors_of_plates_do_what_they_say(gait, exact):
    """Shift: its moment. Gain: no other place. Noise: 56 independent numbers, 3 sigma 30 %."""
    recorded = _run_with(gait, cop_x=0.003, cop_z=-0.002)
    shift = cross(np.array([[0.003, 0.0, -0.002]]), recorded.force)
    np.testing.assert_allclose(recorded.moment + shift, exact.moment, atol=1e-9)
    np.testing.assert_array_equal(recorded.force, exact.force)
    recorded = _run_with(gait, gain=(0.0, 0.01, 0.0))
    loaded = exact.force[:, 1] > 500.0
    pressure_centre = [-run.moment[loaded, 0] / run.force[loaded, 1] for run in (exact, recorded)]
    np.testing.assert_allclose(pressure_centre[1], pressure_centre[0], atol=1e-9)
    np.testing.assert_allclose(recorded.force[loaded, 1], 1.01 * exact.force[loaded, 1])
    recorded = _run_with(gait, force_noise_n=3.0)
    noise = low_pass(recorded.force - exact.force, recorded.laboratory.force_rate, 20.0)
    assert np.sqrt((noise**2).mean()) == pytest.approx(3.0, rel=0.3)


@pytest.mark.parametrize("skin", [Skin(), STRIDE_LOCKED_SKIN])
def test_skin_has_its_amplitude(exact, skin):
    """Thigh markers of both sides, over the run: random phases leave about 20 %."""
    recording = exact.run.recording
    moved = skin_motion(recording, skin, np.random.default_rng(1))
    thighs = [recording.labels.index(name) for name in ("RTH1", "RTH2", "LTH1", "LTH2")]
    assert np.sqrt((moved[:, thighs] ** 2).sum(axis=2).mean()) == pytest.approx(
        skin.thigh_m, rel=0.3
    )


STEP = 1e-3
STIFFNESS = np.full((1, 3), (2.0 * np.pi * 11.0) ** 2)


def _moved(damping, acceleration, turn=None, turn_rate=None) -> np.ndarray:
    """Displacement of one mass, (N, 3)."""
    none = np.zeros_like(acceleration)
    parts = (acceleration, none if turn is None else turn, none if turn_rate is None else turn_rate)
    felt = FeltMotion(*(part[:, None] for part in parts))
    return displacements(STEP, STIFFNESS, np.full((1, 3), damping), felt)[:, 0]
