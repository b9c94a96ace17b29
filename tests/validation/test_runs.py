"""Gaits and known runs obey Newton and Euler, and each error does what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.names import GRAVITY
from aqbio.signals import low_pass
from aqbio.vectors import cross, rotate
from aqbio.virtual.demo import GaitName
from aqbio.virtual.disturbances import LOOSE, Skin, skin_motion, tissue_motion
from aqbio.virtual.truth import run_truth
from tests.virtual.conftest import GaitOf
from tests.virtual.known_arrays import sampled_truth
from tests.virtual.runners import RUNNER, SPRINTER
from validation.gaits.collocation import nodes
from validation.gaits.generator import SolvedGait, generated_gait
from validation.gaits.individual import individual_gait
from validation.gaits.measures import gait_measures
from validation.gaits.parameters import (
    GaitDesign,
    GaitParameters,
    flat,
    interpolated,
    presets,
    reference_speed,
    steady,
)
from validation.recordings.known_run import (
    WAVELENGTH,
    BodyError,
    Errors,
    KnownRun,
    drawn_errors,
    known_run,
    model_of,
    plate_errors,
)
from validation.recordings.springs import (
    SOFT_SHARE,
    FeltMotion,
    Springs,
    displacements,
    sprung_tissue,
    wobbling,
)

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


DRAG_AREA = 0.45
NO_SKIN = Errors(skin=Skin(thigh_m=0.0))


@pytest.fixture(scope="module")
def gait():
    return individual_gait(GaitName("V02", "normal", 3), drag_area=DRAG_AREA).gait


def _made(gait, errors: Errors = NO_SKIN, **changes) -> KnownRun:
    return known_run(gait, replace(errors, **changes), np.random.default_rng(3))


@pytest.fixture(scope="module")
def exact(gait) -> KnownRun:
    return _made(gait)


def _residual(made: KnownRun, late: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Newton and Euler on truth and recorded forces, in measured frames."""
    truth, ratio = made.run.truth, 5
    shift = round(late * made.laboratory.force_rate)
    force, moment = (np.roll(part, -shift, axis=0)[::ratio] for part in (made.force, made.moment))
    skeleton = truth.gait.skeleton
    drag = np.array([truth.gait.drag, 0.0, 0.0])
    of_force = skeleton.mass.sum() * (truth.com_acceleration - skeleton.gravity) + drag - force
    of_moment = truth.momentum_rate.sum(axis=1) - (
        moment - cross(truth.com + made.run.shift, force)
    )
    return of_force[made.measured], of_moment[made.measured]


@pytest.mark.parametrize("late", [0.0, 0.004])
def test_newton_and_euler_hold_where_forces_are_measured(gait, exact, late):
    """To the generator's own accuracy: 4e-5 N m in flight, round-off in contacts."""
    made = _made(gait, clock_offset_s=late) if late else exact
    force, moment = _residual(made, late)
    assert np.abs(force).max() < 1e-6
    assert np.abs(moment).max() < 1e-3
    assert exact.measured[exact.window].all()
    assert not late or np.abs(_residual(made)[0]).max() > 100.0
    # measured frames end before the force of the next contact, which no plate sees, begins
    truth = exact.run.truth
    missing = truth.loads.force.sum(axis=1) - exact.force[::5]
    assert np.abs(missing[exact.measured]).max() < 1e-6
    assert np.abs(missing).max() > 500.0
    speed = truth.gait.timeline.speed
    assert truth.gait.drag == pytest.approx(0.5 * 1.2 * DRAG_AREA * speed**2)


def test_errors_of_plates_do_what_they_say(gait, exact):
    """Shift: its moment. Gain: no other place. Noise: 56 independent numbers, 3 sigma 30 %."""
    made = _made(gait, cop_x=0.003, cop_z=-0.002)
    shift = cross(np.array([[0.003, 0.0, -0.002]]), made.force)
    np.testing.assert_allclose(made.moment + shift, exact.moment, atol=1e-9)
    np.testing.assert_array_equal(made.force, exact.force)
    made = _made(gait, gain=(0.0, 0.01, 0.0))
    loaded = exact.force[:, 1] > 500.0
    place = [-run.moment[loaded, 0] / run.force[loaded, 1] for run in (exact, made)]
    np.testing.assert_allclose(place[1], place[0], atol=1e-9)
    np.testing.assert_allclose(made.force[loaded, 1], 1.01 * exact.force[loaded, 1])
    made = _made(gait, force_noise_n=3.0)
    noise = low_pass(made.force - exact.force, made.laboratory.force_rate, 20.0)
    assert np.sqrt((noise**2).mean()) == pytest.approx(3.0, rel=0.3)


def test_crosstalk_and_a_wandering_centre_of_pressure():
    """200 plates: a deviation to 5 %, 3 sigma 15 %; over a whole wavelength exactly the size."""
    point = np.zeros((400, 200, 3))
    point[..., 0] = WAVELENGTH * np.linspace(-0.5, 0.5, 400, endpoint=False)[:, None]
    point[..., 2] = 0.1
    force = np.broadcast_to(np.array([200.0, 2000.0, -100.0]), point.shape)
    moment = cross(point, force) + np.array([0.0, 5.0, 0.0])
    more, turning = plate_errors(force, moment, 0.005, 0.0, np.random.default_rng(1))
    np.testing.assert_allclose(turning, cross(point, more), atol=1e-9)
    expected = 0.005 * np.array([np.hypot(2000, 100), np.hypot(200, 100), np.hypot(200, 2000)])
    np.testing.assert_allclose(more[0].std(axis=0), expected, rtol=0.15)
    more, turning = plate_errors(force, moment, 0.0, 0.002, np.random.default_rng(1))
    assert not more.any()
    apart = np.stack((-turning[..., 2], turning[..., 0]), axis=-1) / 2000.0
    np.testing.assert_allclose(np.sqrt((apart**2).mean(axis=0)), 0.002, rtol=1e-6)
    free = turning[..., 1] + (apart[..., 1] * 200.0 - apart[..., 0] * -100.0)
    np.testing.assert_allclose(free, 0.0, atol=1e-9)


def test_the_model_is_wrong_by_what_is_said(gait):
    error = BodyError(0.005, 0.08, -0.10, 0.015, 0.02, -0.01)
    runner, model = gait.skeleton, model_of(gait.skeleton, error)
    assert model.mass.sum() * 1.005 == pytest.approx(runner.mass.sum())
    leg, pelvis, arm, torso = map(runner.bodies.index, ("femur_r", "pelvis", "humerus_l", "torso"))
    factor = model.mass / runner.mass * 1.005
    assert factor[[leg, pelvis, arm]] == pytest.approx([1 / 1.08, 1 / 0.9, 1.0])
    assert runner.com[torso] - model.com[torso] == pytest.approx([0.015, 0.02, -0.01])
    np.testing.assert_allclose(model.inertia[leg], runner.inertia[leg] * factor[leg] / 1.005)


@pytest.mark.parametrize("skin", [Skin(), LOOSE])
def test_skin_has_its_amplitude(exact, skin):
    """Thigh markers of both sides, over the run: random phases leave about 20 %."""
    recording = exact.run.recording
    moved = skin_motion(recording, skin, np.random.default_rng(1))
    thighs = [recording.labels.index(name) for name in ("RTH1", "RTH2", "LTH1", "LTH2")]
    assert np.sqrt((moved[:, thighs] ** 2).sum(axis=2).mean()) == pytest.approx(
        skin.thigh_m, rel=0.3
    )


# masses on springs ------------------------------------------------------------------------------

STEP = 1e-3
STIFFNESS = np.full((1, 3), (2.0 * np.pi * 11.0) ** 2)


def _moved(damping, acceleration, turn=None, turn_rate=None) -> np.ndarray:
    """Displacement of one mass, (N, 3)."""
    none = np.zeros_like(acceleration)
    parts = (acceleration, none if turn is None else turn, none if turn_rate is None else turn_rate)
    felt = FeltMotion(*(part[:, None] for part in parts))
    return displacements(STEP, STIFFNESS, np.full((1, 3), damping), felt)[:, 0]


def _half_steps(duration: float) -> np.ndarray:
    return 0.5 * STEP * np.arange(2 * round(duration / STEP) + 1)


def test_a_driven_mass_answers_as_the_closed_form_says():
    """Amplitude a / |k - w² + i c w| and its lag, when what it began with has died."""
    wave, time, push = 2.0 * np.pi * 7.0, _half_steps(2.0), np.array([100.0, -40.0, 5.0])
    found = _moved(30.0, np.outer(np.cos(wave * time), push))
    gain = -1.0 / (STIFFNESS[0] - wave**2 + 1j * 30.0 * wave)
    expected = np.real(np.exp(1j * wave * time[::2])[:, None] * gain * push)
    np.testing.assert_allclose(found[time[::2] > 1.2], expected[time[::2] > 1.2], atol=1e-7)


def test_a_turning_segment_flings_its_mass_outward():
    """At rest in steady rotation: (k - Ω²) d = -a; without the centrifugal part a fifth less."""
    spin, time = np.sqrt(0.2 * STIFFNESS[0, 0]), _half_steps(2.5)
    still = np.ones((len(time), 1))
    found = _moved(40.0, still * [-50.0, 0.0, 0.0], still * [0.0, 0.0, spin])[-1]
    assert found == pytest.approx([50.0 / (0.8 * STIFFNESS[0, 0]), 0.0, 0.0], rel=1e-6, abs=1e-6)


def test_a_mass_does_not_know_the_axes_that_it_is_told_in():
    """On springs alike along all axes, seen from a segment that turns faster and faster."""
    wave, own, time = 2.0 * np.pi * 4.0, np.sqrt(STIFFNESS[0, 0]), _half_steps(0.5)
    angle, spin, faster = 5.0 * time + 20.0 * time**2, 5.0 + 40.0 * time, 40.0
    matrix = np.zeros((len(time), 3, 3))
    matrix[:, 0, 0], matrix[:, 0, 1] = np.cos(angle), -np.sin(angle)
    matrix[:, 1, 0], matrix[:, 1, 1], matrix[:, 2, 2] = np.sin(angle), np.cos(angle), 1.0
    push, axis = np.array([80.0, 30.0, -20.0]), np.array([0.0, 0.0, 1.0])
    drive = rotate(matrix.swapaxes(1, 2), np.outer(np.sin(wave * time), push))
    found = _moved(0.0, drive, np.outer(spin, axis), np.tile(faster * axis, (len(time), 1)))
    swing = np.sin(wave * time[::2]) - wave / own * np.sin(own * time[::2])
    expected = -np.outer(swing / (own**2 - wave**2), push)
    np.testing.assert_allclose(rotate(matrix[::2], found), expected, atol=2e-6)


def test_sprung_tissue_moves_as_published_and_not_as_a_wave_of_the_step(exact):
    """Thighs by 10 to 35 mm, the trunk less, feet and head not; a third near its own frequency."""
    run = exact.run
    markers, segments = sprung_tissue(run, Springs(), np.random.default_rng(2))
    size = np.linalg.norm(segments, axis=2).max(axis=0)
    peak = dict(zip(run.recording.bodies, size, strict=True))
    for side in "rl":
        assert 0.010 < peak[f"femur_{side}"] < 0.035
        assert peak["torso"] < peak[f"femur_{side}"]
        assert peak[f"foot_{side}"] == 0.0
    moves = dict(zip(run.recording.labels, markers.any(axis=(0, 2)), strict=True))
    assert [moves[label] for label in ("RFHD", "LBHD", "RTH1")] == [False, False, True]
    femur = run.recording.bodies.index("femur_r")
    moved = rotate(run.recording.rotation[:, femur].swapaxes(1, 2), segments[:, femur])
    taper = np.hanning(len(moved))[:, None]
    power = (np.abs(np.fft.rfft((moved - moved.mean(axis=0)) * taper, axis=0)) ** 2).sum(axis=1)
    frequency = np.fft.rfftfreq(len(moved), 1.0 / run.recording.marker_rate)
    assert power[(frequency > 6.0) & (frequency < 13.0)].sum() > 0.33 * power.sum()


def test_a_recording_may_have_springs(gait):
    """The momentum that soft masses carry is the truth's."""
    random = np.random.default_rng(3)
    errors = drawn_errors(0.5, random, Springs())
    assert errors.skin == Springs(size=0.5)
    made = known_run(gait, errors, random)
    assert np.abs(made.soft.rate.sum(axis=1)).max() < 1e-9
    assert np.abs(made.soft.rate).max() > 1.0


def test_soft_masses_move_and_nothing_outside_the_body_notices(exact):
    """No moment from nowhere; the rate is the derivative (waves of 13 Hz: 3 %); bones give way."""
    run = exact.run
    soft = wobbling(run, 0.5 * tissue_motion(run.recording, Skin(), np.random.default_rng(2))[1])
    assert np.abs(soft.rate.sum(axis=1)).max() < 1e-9
    assert np.ptp(soft.momentum.sum(axis=1), axis=0).max() < 1e-12
    slope = (soft.momentum[2:] - soft.momentum[:-2]) / (2.0 / run.recording.marker_rate)
    apart = soft.rate[1:-1] - slope
    assert np.sqrt((apart**2).mean()) < 0.03 * np.sqrt((soft.rate**2).mean())
    segments = run.truth.segments
    thigh = segments.segments.index("femur_r")
    tissue = np.zeros_like(segments.com)
    tissue[:, thigh, 1] = 0.010
    back = 0.010 * SOFT_SHARE["femur"] * segments.mass[thigh] / segments.mass.sum()
    assert wobbling(run, tissue).markers.mean(axis=(0, 1))[1] == pytest.approx(-back, rel=0.2)
