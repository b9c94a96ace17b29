"""OpenSim's inverse dynamics is ours to round-off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.dynamics import inverse_dynamics as our_inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion, folded_forces
from aqbio.opensim.inverse import inverse_dynamics
from aqbio.opensim.moved import MovedModel
from aqbio.opensim.skeleton import read_skeleton
from aqbio.opensim.sprint_model import build_sprint_model
from tests.osim.induced_case import unlock

pytestmark = pytest.mark.opensim


@pytest.fixture(scope="module")
def sprint_file(tmp_path_factory) -> Path:
    """Give the sprint model with neck, girdles and forearms free."""
    file = tmp_path_factory.mktemp("free") / "sprint.osim"
    build_sprint_model(file, "male")
    return unlock(file)


@pytest.fixture(scope="module")
def sprint(sprint_file):
    return read_skeleton(sprint_file)


def _motion(skeleton, frames, seed):
    rng = np.random.default_rng(seed)
    shape = (frames, len(skeleton.coordinates))
    low, high = np.clip(skeleton.coordinate_range.T, -1.5, 1.5)
    return Motion(rng.uniform(low, high, shape), rng.normal(0, 8, shape), rng.normal(0, 100, shape))


def _pushes(skeleton, frames, seed):
    """Both feet and a hand: a moving point, a fixed one, and two loads on one body."""
    rng = np.random.default_rng(seed)
    left, right = "foot_l", "foot_r"

    def wrench():
        return rng.normal(0, 800, (frames, 3)), rng.normal(0, 100, (frames, 3))

    return [
        ExternalLoad(right, *wrench(), rng.normal(0, 1, (frames, 3))),
        ExternalLoad(right, *wrench(), np.zeros(3)),
        ExternalLoad(left, *wrench(), rng.normal(0, 1, 3)),
        ExternalLoad("radius_l", *wrench(), np.zeros(3)),
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("loaded", [False, True])
def test_inverse_dynamics_is_ours(sprint_file, sprint, seed, loaded):
    """Two independent recursions on the same accelerations, loads included, to 1e-8 of the peak."""
    motion = _motion(sprint, 6, seed)
    loads = _pushes(sprint, 6, seed) if loaded else []
    theirs = inverse_dynamics(MovedModel.read(sprint_file, sprint.coordinates), motion, loads)
    kinematics = segment_kinematics(sprint, motion.q, motion.u, motion.udot)
    ours = our_inverse_dynamics(sprint, kinematics, loads)
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-8 * np.abs(ours).max())


def test_every_load_changes_the_result(sprint_file, sprint):
    """The comparison above would not see loads that both sides forget."""
    motion, loads = _motion(sprint, 2, 1), _pushes(sprint, 2, 1)
    whole = inverse_dynamics(MovedModel.read(sprint_file, sprint.coordinates), motion, loads)
    for index in range(len(loads)):
        fewer = [*loads[:index], *loads[index + 1 :]]
        less = inverse_dynamics(MovedModel.read(sprint_file, sprint.coordinates), motion, fewer)
        assert np.abs(whole - less).max() > 1.0


def test_weight_of_a_standing_body(sprint_file, sprint):
    """At rest the pelvis carries m g upward, and nothing moves it forward."""
    still = np.zeros((1, len(sprint.coordinates)))
    moved = MovedModel.read(sprint_file, sprint.coordinates)
    tau = inverse_dynamics(moved, Motion(still, still, still), [])
    place = sprint.coordinates.index
    weight = sprint.mass.sum() * 9.80665
    assert tau[0, place("pelvis_ty")] == pytest.approx(weight, rel=1e-5)  # g of the .osim file
    assert abs(tau[0, place("pelvis_tx")]) < 1e-9 * weight


@pytest.mark.real
def test_inverse_dynamics_of_a_model_with_locked_and_coupled_coordinates(realdata):
    """Simbody's defect reproduced, forces of dependent coordinates folded into their knees."""
    file = realdata / "rajagopal2016/models/Rajagopal2016.osim"
    skeleton = read_skeleton(file)
    motion = _consistent(skeleton, _motion(skeleton, 4, 0))
    rng = np.random.default_rng(0)
    loads = [
        ExternalLoad(foot, rng.normal(0, 500, (4, 3)), rng.normal(0, 50, (4, 3)), np.zeros(3))
        for foot in ("calcn_r", "calcn_l")
    ]
    theirs = inverse_dynamics(MovedModel.read(file, skeleton.coordinates), motion, loads)
    folded = folded_forces(skeleton, motion.q, theirs)
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    ours = our_inverse_dynamics(skeleton, kinematics, loads, simbody_compat=True)
    np.testing.assert_allclose(folded, ours, rtol=0, atol=1e-8 * np.abs(ours).max())


def _consistent(skeleton, motion):
    """Let dependent coordinates move as their couplers say."""
    q, u, udot = motion.q.copy(), motion.u.copy(), motion.udot.copy()
    couplers = skeleton.couplers
    value, slope, curve = couplers.functions.values(q[:, couplers.independent])
    speed, change = u[:, couplers.independent], udot[:, couplers.independent]
    q[:, couplers.dependent] = value
    u[:, couplers.dependent] = slope * speed
    udot[:, couplers.dependent] = slope * change + curve * speed**2
    return Motion(q, u, udot)
