"""One coordinate, three rotations: the proof of docs/decisions/0004-simbody-walker-knee.md."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.skeleton import line, stack

Q, U, SLOPES = 0.7, 5.0, (1.0, 0.5, 0.3)
STEP = 1e-5


def _kinetic_energy(skeleton, q):
    state = (np.array([[q]]), np.array([[U]]), np.zeros((1, 1)))
    moves = segment_kinematics(skeleton, *state)
    motion = segment_motion(skeleton, moves)
    linear = motion.mass[0] * (motion.velocity**2).sum()
    return (linear + (motion.spin * moves.angular_velocity).sum()) / 2


def _tau(skeleton, *, simbody_compat):
    moves = segment_kinematics(skeleton, *(np.array([[x]]) for x in (Q, U, 0.0)))
    return inverse_dynamics(skeleton, moves, simbody_compat=simbody_compat)[0, 0]


def test_the_moment_is_the_rate_of_energy_by_the_angle(three_turns):
    """At constant speed and without gravity ``τ u = dT/dt = u dT/dq``."""
    energies = [_kinetic_energy(three_turns, Q + step) for step in (-STEP, STEP)]
    balance = (energies[1] - energies[0]) / (2 * STEP)
    # Central difference: truncation STEP² T''' / 6 and rounding 1e-16 T / STEP, both about 1e-10.
    np.testing.assert_allclose(_tau(three_turns, simbody_compat=False), balance, atol=1e-9)
    assert round(balance, 3) == -0.781


def test_compat_has_the_defect(three_turns):
    assert round(_tau(three_turns, simbody_compat=True), 3) == -0.379


def test_the_spurious_acceleration(three_turns):
    """Simbody adds ``θ2' θ3' W3 × W2``: the second axis carried along by the third."""
    state = [np.array([[x]]) for x in (Q, U, 0.0)]
    right = segment_kinematics(three_turns, *state)
    compat = segment_kinematics(three_turns, *state, simbody_compat=True)
    _, second, third = (right.axis_direction[0, axis] for axis in range(3))
    spurious = (SLOPES[1] * U) * (SLOPES[2] * U) * np.cross(third, second)
    difference = compat.angular_acceleration[0, 0] - right.angular_acceleration[0, 0]
    np.testing.assert_allclose(difference, spurious, atol=1e-13)


@pytest.mark.opensim
@pytest.mark.parametrize("slopes", [(1.0, 0.0, 0.0), (1.0, 0.5, 0.0), SLOPES])
def test_opensim_contradicts_its_own_energy(three_turns, slopes):
    """With one or two rotations OpenSim keeps the balance; with three it does not, and we do."""
    from aqbio.opensim.session import opensim, vec3

    model = opensim.Model()
    model.setGravity(vec3(np.zeros(3)))
    body = opensim.Body("b", 1.0, vec3([0.0, -0.2, 0.05]), opensim.Inertia(0.1, 0.02, 0.08))
    model.addBody(body)
    transform, name = opensim.SpatialTransform(), opensim.ArrayStr()
    name.append("q")
    for place, slope in enumerate(slopes):
        axis = transform.updTransformAxis(place)
        axis.setAxis(vec3(np.eye(3)[2 - place]))
        if slope:
            axis.setCoordinateNames(name)
        axis.set_function(opensim.LinearFunction(slope, 0.0) if slope else opensim.Constant(0.0))
    model.addJoint(opensim.CustomJoint("j", model.getGround(), body, transform))
    model.finalizeConnections()
    state = model.initSystem()
    coordinate = model.getCoordinateSet().get(0)

    def energy(q):
        coordinate.setValue(state, q, False)
        coordinate.setSpeedValue(state, U)
        model.realizeVelocity(state)
        return model.calcKineticEnergy(state)

    balance = (energy(Q + STEP) - energy(Q - STEP)) / (2 * STEP)
    energy(Q)
    theirs = opensim.InverseDynamicsSolver(model).solve(state, opensim.Vector(1, 0.0)).get(0)
    axes = replace(three_turns.axes, functions=stack([line(slope) for slope in slopes]))
    ours = replace(three_turns, axes=axes)
    np.testing.assert_allclose(_tau(ours, simbody_compat=False), balance, atol=1e-9)
    np.testing.assert_allclose(_tau(ours, simbody_compat=True), theirs, atol=1e-13)
    assert (abs(theirs - balance) < 1e-9) == (slopes[2] == 0.0)


@pytest.mark.opensim
@pytest.mark.real
@pytest.mark.parametrize("name", ["Rajagopal2016", "RajagopalLaiUhlrich2023"])
def test_the_knee_of_a_published_model(realdata, name):
    """A knee at sprinting speed: our power is the rate of OpenSim's energy, OpenSim's is not."""
    from aqbio.opensim.session import load_model
    from aqbio.opensim.skeleton import read_skeleton

    file = realdata / "rajagopal2016" / "models" / f"{name}.osim"
    skeleton, model = read_skeleton(file), load_model(file)
    state = model.initSystem()
    knee, speed, step = skeleton.coordinates.index("knee_angle_r"), 15.0, 1e-4
    q = np.zeros((1, len(skeleton.coordinates)))
    q[:, knee] = 1.2

    def energy(time):
        for suffix in ("", "_beta"):
            coordinate = model.getCoordinateSet().get(f"knee_angle_r{suffix}")
            coordinate.setValue(state, 1.2 + speed * time, False)
            coordinate.setSpeedValue(state, speed)
        model.realizeDynamics(state)
        return model.calcKineticEnergy(state) + model.calcPotentialEnergy(state)

    samples = [energy(place * step) for place in (-2, -1, 1, 2)]
    rate = (samples[0] - 8 * samples[1] + 8 * samples[2] - samples[3]) / (12 * step)
    u = np.zeros_like(q)
    u[:, knee] = speed
    moves = segment_kinematics(skeleton, q, u, np.zeros_like(q))
    power = inverse_dynamics(skeleton, moves)[0, knee] * speed
    theirs = inverse_dynamics(skeleton, moves, simbody_compat=True)[0, knee] * speed
    # Energies of about 1e3 J: rounding 1e-13 / step = 1e-9 W; the knee's splines are smooth here.
    np.testing.assert_allclose(power, rate, rtol=1e-7)
    assert abs(theirs - rate) > 1e-3 * abs(rate)
