"""What fitted parameters change in body, loads and air."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.consistency.balance import (
    adjusted_loads,
    adjusted_skeleton,
    drag,
)
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.parameters import LEGS, Weights
from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from tests.mechanics.consistency.conftest import centre_values

FEET = ("foot_r", "foot_l")


def test_legs_gain_what_the_torso_loses(stick):
    body, was = adjusted_skeleton(stick, {"leg_share": 0.1}), stick.skeleton
    np.testing.assert_allclose(
        body.mass[stick.parts[LEGS]], 1.1 * was.mass[stick.parts[LEGS]], rtol=1e-12
    )
    assert body.mass.sum() == pytest.approx(was.mass.sum(), rel=1e-12)
    lost = 0.1 * was.mass[stick.parts[LEGS]].sum()
    assert was.mass[stick.torso].sum() - body.mass[stick.torso].sum() == pytest.approx(lost)
    ratio = body.inertia[:, 0, 0] / was.inertia[:, 0, 0]
    np.testing.assert_allclose(ratio, body.mass / was.mass, rtol=1e-12)


def test_mass_scales_all(stick):
    body = adjusted_skeleton(stick, {"mass": -0.02, "pelvis_share": 0.1})
    assert body.mass.sum() == pytest.approx(0.98 * stick.skeleton.mass.sum(), rel=1e-12)
    arms = stick.members("arm_left", "arm_right")
    np.testing.assert_allclose(body.mass[arms], 0.98 * stick.skeleton.mass[arms], rtol=1e-12)


def test_the_torso_moves_its_centre_alone(stick):
    shift = centre_values(stick, torso=(0.01, -0.02, 0.03))
    moved = adjusted_skeleton(stick, shift).com - stick.skeleton.com
    np.testing.assert_allclose(moved[stick.torso], [[0.01, -0.02, 0.03]], atol=1e-5)
    np.testing.assert_allclose(moved[~stick.torso], 0.0, atol=1e-5)


def test_loads_come_earlier_and_elsewhere():
    """A late force is taken from later; the moment about its shifted point stays."""
    time = np.arange(200) / 200.0
    ahead = 0.004

    def force(t):
        return np.stack([50 * np.sin(9 * t), 800 * np.sin(5 * t), 30 * np.cos(7 * t)], axis=1)

    point = np.array([0.4, 0.0, -0.1])
    load = ExternalLoad("foot_r", force(time), np.tile([0.0, 7.0, 0.0], (200, 1)), point)
    values = {"clock_offset": ahead, "cop_offset_x": 0.005, "cop_offset_z": -0.002}
    [found] = adjusted_loads([load], time, values)
    inside = slice(5, -5)
    expected = force(time + ahead)
    np.testing.assert_allclose(found.force[inside], expected[inside], atol=1e-5)
    new = point + np.array([0.005, 0.0, -0.002])
    about_new = found.moment - np.cross(new, found.force)
    np.testing.assert_allclose(about_new[inside], [[0.0, 7.0, 0.0]] * 190, atol=1e-6)


def test_loads_are_what_the_fit_saw(case):
    """Inverse dynamics with the adjusted body, loads and air leaves the fit's residual."""
    made = case(noise=0.002, late=0.002, body={"leg_share": 0.05})
    fit = fit_trial(made.runner, made.observations, Weights(knot_s=0.025))
    wrench, time = made.observations.wrench, made.observations.time
    on_markers = wrench.at(time)
    halves = [ExternalLoad(n, 0.5 * on_markers[0], 0.5 * on_markers[1], np.zeros(3)) for n in FEET]
    moves = segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)
    com, velocity, _ = centre_of_mass(segment_motion(fit.skeleton, moves))
    force = -drag(velocity, fit.values["drag_area"])
    # ρ/2 A v² at 8 m/s
    assert force[:, 0].mean() == pytest.approx(-0.6 * 0.45 * 64.0, rel=0.1)
    air = ExternalLoad("torso", force, np.zeros_like(force), com)
    loads = [*adjusted_loads(halves, time, fit.values), air]
    tau = inverse_dynamics(fit.skeleton, moves, loads)
    root = [fit.skeleton.coordinates.index(f"pelvis_{axis}") for axis in "XYZ"]
    # The pelvis moves along the ground's axes, so that its forces are the residual's components;
    # the loads are interpolated from the markers' clock, the fit's from the same samples.
    # Interpolated twice, the ends differ by some newtons; inside it is the same.
    np.testing.assert_allclose(tau[8:-8, root], fit.after.force[8:-8], atol=0.05)
