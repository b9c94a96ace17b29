"""Arrays of a known run: exact without errors, and each error does what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.signals import low_pass
from aqbio.vectors import cross
from aqbio.virtual.demo import GaitName
from aqbio.virtual.disturbances import LOOSE, Skin, skin_motion
from validation.gaits.individual import individual_gait
from validation.recordings.known_run import BodyError, Errors, KnownRun, known_run, model_of

DRAG_AREA = 0.45
NO_SKIN = Errors(skin=Skin(thigh_m=0.0))


@pytest.fixture(scope="module")
def gait():
    return individual_gait(GaitName("V02", "normal", 3), drag_area=DRAG_AREA).gait


def _made(gait, errors: Errors) -> KnownRun:
    return known_run(gait, errors, np.random.default_rng(3))


@pytest.fixture(scope="module")
def exact(gait) -> KnownRun:
    return _made(gait, NO_SKIN)


def _residual(made: KnownRun, late: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Newton and Euler on truth and recorded forces, in measured frames."""
    truth, ratio = made.run.truth, 5
    shift = round(late * made.laboratory.force_rate)
    force, moment = (np.roll(part, -shift, axis=0)[::ratio] for part in (made.force, made.moment))
    skeleton = truth.gait.skeleton
    mass, drag = skeleton.mass.sum(), np.array([truth.gait.drag, 0.0, 0.0])
    of_force = mass * (truth.com_acceleration - skeleton.gravity) + drag - force
    arm = truth.com + made.run.shift
    of_moment = truth.momentum_rate.sum(axis=1) - (moment - cross(arm, force))
    return of_force[made.measured], of_moment[made.measured]


def test_without_errors_newton_and_euler_hold(exact):
    """To the generator's own accuracy: 4e-5 N m in flight, round-off in contacts."""
    force, moment = _residual(exact)
    assert np.abs(force).max() < 1e-6
    assert np.abs(moment).max() < 1e-3
    assert exact.measured[exact.window].all()
    drag = 0.5 * 1.2 * DRAG_AREA * exact.run.truth.gait.timeline.speed**2
    assert exact.run.truth.gait.drag == pytest.approx(drag)


def test_unmeasured_contacts_are_not_called_measured(exact):
    """Measured frames end before the force of the next contact, which no plate sees, begins."""
    truth = exact.run.truth
    missing = truth.loads.force.sum(axis=1) - exact.force[::5]
    assert np.abs(missing[exact.measured]).max() < 1e-6
    assert np.abs(missing).max() > 500.0


def test_late_forces_are_late(gait):
    made = _made(gait, replace(NO_SKIN, clock_offset_s=0.004))
    force, moment = _residual(made, late=0.004)
    assert np.abs(force).max() < 1e-6
    assert np.abs(moment).max() < 1e-3
    assert np.abs(_residual(made)[0]).max() > 100.0


def test_shifted_plates_change_the_moment_by_shift_times_force(gait, exact):
    made = _made(gait, replace(NO_SKIN, cop_x=0.003, cop_z=-0.002))
    shift = cross(np.array([[0.003, 0.0, -0.002]]), made.force)
    np.testing.assert_allclose(made.moment + shift, exact.moment, atol=1e-9)
    np.testing.assert_array_equal(made.force, exact.force)


def test_gain_moves_no_centre_of_pressure(gait, exact):
    """A plate that shows 1 % too much vertical force and moment shows the same place."""
    made = _made(gait, replace(NO_SKIN, gain=(0.0, 0.01, 0.0)))
    loaded = exact.force[:, 1] > 500.0
    place = [-run.moment[loaded, 0] / run.force[loaded, 1] for run in (exact, made)]
    np.testing.assert_allclose(place[1], place[0], atol=1e-9)
    np.testing.assert_allclose(made.force[loaded, 1], 1.01 * exact.force[loaded, 1])


def test_noise_of_forces_is_stated_after_the_filter(gait, exact):
    """A deviation from 2 x 20 Hz x 1.4 s = 56 independent numbers: known to 10 %, 3 sigma 30 %."""
    made = _made(gait, replace(NO_SKIN, force_noise_n=3.0))
    noise = low_pass(made.force - exact.force, made.laboratory.force_rate, 20.0)
    assert np.sqrt((noise**2).mean()) == pytest.approx(3.0, rel=0.3)


def test_the_model_is_wrong_by_what_is_said(gait):
    error = BodyError(0.005, 0.08, -0.10, 0.015, 0.02, -0.01)
    runner, model = gait.skeleton, model_of(gait.skeleton, error)
    assert model.mass.sum() * 1.005 == pytest.approx(runner.mass.sum())
    leg, pelvis = runner.bodies.index("femur_r"), runner.bodies.index("pelvis")
    arm, torso = runner.bodies.index("humerus_l"), runner.bodies.index("torso")
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
    size = np.sqrt((moved[:, thighs] ** 2).sum(axis=2).mean())
    assert size == pytest.approx(skin.thigh_m, rel=0.3)
