"""One coordinate, three rotations: the proof of docs/decisions/0004-simbody-walker-knee.md.

That OpenSim contradicts its own energy is in `tests/osim/test_audit.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics, segment_motion

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
