"""Inverse kinematics finds the pose again; inverse dynamics is ours to round-off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.dynamics import inverse_dynamics as our_inverse_dynamics
from aqbio.multibody.kinematics import marker_positions, segment_kinematics
from aqbio.multibody.motion import Motion, folded_forces
from aqbio.opensim.inverse import inverse_dynamics, inverse_kinematics, unconstrained_model
from aqbio.opensim.moved import MovedModel
from aqbio.opensim.session import array_from_vec3, initialised, load_model
from aqbio.opensim.skeleton import read_skeleton
from aqbio.opensim.sprint_model import build_sprint_model
from tests.osim.induced_case import unlock
from tests.refusal import refused

pytestmark = pytest.mark.opensim

METRES = 1e-7
"""OpenSim stops at a relative accuracy of 1e-9 of a cost in m²: far below a micrometre."""
RADIANS = METRES / 0.03
"""A tenth of a micrometre at the shortest lever, from the forearm's axis to the wrist's markers."""


@pytest.fixture(scope="module")
def sprint_file(tmp_path_factory) -> Path:
    """Give the sprint model with neck, girdles and forearms free."""
    file = tmp_path_factory.mktemp("free") / "sprint.osim"
    build_sprint_model(file, "male")
    return unlock(file)


@pytest.fixture(scope="module")
def sprint(sprint_file):
    return read_skeleton(sprint_file)


def _recovered(file, skeleton, markers, q):
    found = inverse_kinematics(file, markers, skeleton.coordinates)
    index = [skeleton.markers.index(name) for name in markers.names]
    truth = marker_positions(skeleton, q)[:, index]
    assert np.abs(marker_positions(skeleton, found)[:, index] - truth).max() < METRES
    difference = found - q
    rotations = skeleton.coordinate_is_rotation
    difference[:, rotations] = (difference[:, rotations] + np.pi) % (2 * np.pi) - np.pi
    return np.abs(difference).max()


@pytest.mark.parametrize("seed", range(5))
def test_poses_are_recovered_from_their_markers(sprint_file, sprint, running, recorded, seed):
    q = running(sprint, 5, seed)
    assert _recovered(sprint_file, sprint, recorded(sprint, q), q) < RADIANS


@pytest.mark.parametrize("heading", [np.pi, 2.2, -1.6])
def test_whatever_the_direction_of_travel(sprint_file, sprint, running, recorded, heading):
    """A start that faces forward does not find a runner that faces backward."""
    q = running(sprint, 3, 7)
    q[:, sprint.coordinates.index("pelvis_rotation")] += heading
    assert _recovered(sprint_file, sprint, recorded(sprint, q), q) < RADIANS


def test_bent_and_straight_elbows(sprint_file, sprint, running, recorded):
    q = running(sprint, 3, 3)
    elbows = [sprint.coordinates.index(f"elbow_flex_{side}") for side in "rl"]
    for right, left in ((0.1, 2.2), (2.2, 0.1)):
        q[:, elbows] = right, left
        assert _recovered(sprint_file, sprint, recorded(sprint, q), q) < RADIANS


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("distance", [-6.0, 10.0, 1000.0])
def test_wherever_the_laboratory_has_its_origin(
    sprint_file, sprint, running, recorded, distance, seed
):
    """Clamped models stop at 5 m; far starts end in joint angles whole turns away."""
    q = running(sprint, 2, seed)
    q[:, sprint.coordinates.index("pelvis_tx")] += distance
    q[:, sprint.coordinates.index("knee_angle_l")] = np.radians(152)
    markers = recorded(sprint, q)
    found = inverse_kinematics(sprint_file, markers, sprint.coordinates)
    np.testing.assert_allclose(found, q, rtol=0, atol=RADIANS)


def test_missing_markers_pull_nowhere(sprint_file, sprint, running, recorded):
    """One of three markers of a segment is missing in some frames, the first one too."""
    q = running(sprint, 4, 4)
    markers = recorded(sprint, q)
    positions = markers.positions.copy()
    for name, frames in (("RASI", [0, 1]), ("LKNM", [2]), ("C7", [0, 3])):
        positions[frames, markers.names.index(name)] = np.nan
    gappy = replace(markers, positions=positions)
    assert _recovered(sprint_file, sprint, gappy, q) < RADIANS


def test_only_some_markers_in_another_order(sprint_file, sprint, running, recorded):
    q = running(sprint, 3, 6)
    markers = recorded(sprint, q)
    kept = [i for i, name in enumerate(markers.names) if name not in ("T10", "RMT5")][::-1]
    some = replace(
        markers,
        names=tuple(markers.names[i] for i in kept),
        positions=np.ascontiguousarray(markers.positions[:, kept]),
        weights=markers.weights[kept],
    )
    assert _recovered(sprint_file, sprint, some, q) < RADIANS


def test_weights_decide_between_markers_that_disagree(sprint_file, sprint, running, recorded):
    """Two markers of the pelvis 2 cm too high: little weight leaves the others where they are.

    With n_w of n markers wrong, the displacement goes as w n_w / (n - n_w + w n_w): a weight of
    0.01 divides it by 40 or more if at least 60 % of the segment's markers are right; turning,
    which the same weights share, is allowed as much again.
    """
    q = running(sprint, 2, 1)
    markers = recorded(sprint, q)
    wrong = [markers.names.index(name) for name in ("RASI", "LASI")]
    others = np.ones(len(markers.names), dtype=bool)
    others[wrong] = False
    positions = markers.positions.copy()
    positions[:, wrong, 1] += 0.02
    errors = []
    for weight in (1.0, 0.01):
        weights = markers.weights.copy()
        weights[wrong] = weight
        moved = replace(markers, positions=positions, weights=weights)
        found = inverse_kinematics(sprint_file, moved, sprint.coordinates)
        distance = np.linalg.norm(marker_positions(sprint, found) - markers.positions, axis=2)
        errors.append(distance[:, others].max())
    assert errors[0] > 1e-3
    assert errors[1] < errors[0] / 20


# joints that do not move --------------------------------------------------------------------------


def _changed_model(source: Path, target: Path, **locked: float) -> Path:
    """Save a model in which coordinates are locked at a value."""
    model = load_model(source)
    for name, value in locked.items():
        coordinate = model.updCoordinateSet().get(name)
        coordinate.setDefaultValue(value)
        coordinate.setDefaultLocked(True)
    model.finalizeConnections()
    model.printToXML(str(target))
    return target


def _default_markers(model) -> dict[str, np.ndarray]:
    state = initialised(model)
    model.realizePosition(state)
    markers = model.getMarkerSet()
    return {
        markers.get(i).getName(): array_from_vec3(markers.get(i).getLocationInGround(state))
        for i in range(markers.getSize())
    }


def _assert_same_default_markers(file):
    plain, welded = _default_markers(load_model(file)), _default_markers(unconstrained_model(file))
    assert plain.keys() == welded.keys()
    for name, position in plain.items():
        # the model's numbers are binary all the way: only sums of a dozen transforms are rounded
        np.testing.assert_allclose(welded[name], position, atol=1e-12, err_msg=name)


def test_welded_joints_keep_their_default_pose(sprint_file, tmp_path):
    """A weld ignores the coordinates' default values: elbow and toes must not straighten."""
    locked = {"elbow_flex_l": 1.1, "mtp_angle_r": 0.4, "knee_angle_r": 0.7}
    _assert_same_default_markers(_changed_model(sprint_file, tmp_path / "a.osim", **locked))


def test_locked_joints_are_not_solved_for(sprint_file, tmp_path, running, recorded):
    file = _changed_model(sprint_file, tmp_path / "a.osim", elbow_flex_l=1.1)
    skeleton = read_skeleton(file)
    q = running(skeleton, 3, 3)
    elbow = skeleton.coordinates.index("elbow_flex_l")
    q[:, elbow] = 1.1
    found = inverse_kinematics(file, recorded(skeleton, q), skeleton.coordinates)
    assert np.isnan(found[:, elbow]).all()
    np.testing.assert_allclose(np.delete(found - q, elbow, axis=1), 0, atol=RADIANS)


def test_frames_that_opensim_cannot_solve_are_named(sprint_file, sprint, running, recorded):
    """No markers at all from the third frame on: an infinite place is no place."""
    markers = recorded(sprint, running(sprint, 5, 0))
    markers = replace(markers, time=1.0 + 0.005 * np.arange(5))
    markers.positions[2:] = np.inf
    with refused("ik-failed", "OpenSim's inverse kinematics stopped") as caught:
        inverse_kinematics(sprint_file, markers, sprint.coordinates)
    assert caught.value.where == "frame 203, 1.010 s"


def test_a_partly_locked_joint_is_refused(sprint_file, tmp_path):
    file = _changed_model(sprint_file, tmp_path / "a.osim", hip_adduction_r=0.0)
    with refused("partly-locked-joint", "joint hip_r has locked beside free") as raised:
        unconstrained_model(file)
    assert "solver: aqbio" in raised.value.fix


@pytest.mark.real
@pytest.mark.parametrize(
    "name",
    [
        "rajagopal2016/models/Rajagopal2016.osim",
        "ja1_dorn2012/models/rajagopal_scaled_ja1.osim",
        "ja1_dorn2012/models/JA1_SCALED_Osim40.osim",
    ],
)
def test_welds_of_published_models(realdata, name):
    _assert_same_default_markers(realdata / name)


# inverse dynamics ---------------------------------------------------------------------------------


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
