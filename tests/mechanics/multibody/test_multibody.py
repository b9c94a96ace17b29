"""The engine: derivatives, conservation, invariance, SciPy, Pinocchio and MuJoCo."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

from aqbio.multibody.dynamics import (
    ExternalLoad,
    inverse_dynamics,
    joint_wrenches,
)
from aqbio.multibody.jacobians import (
    angular_jacobian,
    contact_jacobian,
    mass_matrix,
)
from aqbio.multibody.kinematics import (
    SegmentMotion,
    marker_positions,
    segment_kinematics,
    segment_motion,
)
from aqbio.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
    group_momenta,
    momentum_jacobians,
    momentum_regressor,
    motion_momenta,
)
from aqbio.multibody.motion import (
    Motion,
    TrackedMarkers,
    flipped,
    folded_forces,
    near,
    spline_motion,
    triples,
)
from aqbio.multibody.poses import dependent_filled, segment_poses
from aqbio.multibody.skeleton import (
    GROUND,
    Couplers,
    PiecewisePolynomials,
    cubic_spline,
    line,
    piecewise_linear,
    polynomial,
)
from aqbio.signals import quintic_spline
from tests.mechanics.inertial import inertial_parameters

seeds = st.integers(0, 10_000)


def _close(actual, expected, tolerance=1e-11):
    """To round-off of the largest number."""
    scale = 1.0 + np.abs(expected).max(initial=0.0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


# dynamics ----------------------------------------------------------------------------------------

sizes = st.integers(1, 7)


def _loads(skeleton, frames, seed):
    rng = np.random.default_rng(seed + 2)
    bodies = rng.choice(skeleton.bodies, 3)
    return [ExternalLoad(str(b), *rng.normal(0, 50, (3, frames, 3))) for b in bodies]


def _energy(skeleton, moves):
    """Kinetic energy plus potential energy in the field of gravity, J."""
    motion = segment_motion(skeleton, moves)
    linear = (motion.mass * (motion.velocity**2).sum(axis=-1)).sum(axis=1) / 2
    turning = (motion.spin * moves.angular_velocity).sum(axis=(1, 2)) / 2
    height = (motion.com * motion.mass[:, None]).sum(axis=1) @ skeleton.gravity
    return linear + turning - height


@given(seed=seeds, bodies=sizes)
def test_power_of_generalised_forces_is_the_rate_of_energy(
    random_tree, random_motion, around, derivative, seed, bodies
):
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *around(random_motion(skeleton, 1, seed), STEP))
    power = (inverse_dynamics(skeleton, moves) * moves.u).sum(axis=1)
    _close(power[2], derivative(_energy(skeleton, moves), STEP), TOLERANCE)


@given(seed=seeds, bodies=sizes)
def test_external_wrenches_change_momentum(random_tree, random_motion, seed, bodies):
    """Residual at the roots + loads + weight = rate of linear and angular momentum."""
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 3, seed))
    loads = _loads(skeleton, 3, seed)
    motion = segment_motion(skeleton, moves)
    com, _, acceleration = centre_of_mass(motion)
    wrenches = joint_wrenches(skeleton, moves, loads)
    force = motion.mass.sum() * np.tile(skeleton.gravity, (3, 1))
    moment = np.zeros((3, 3))
    for load in loads:
        force += load.force
        moment += load.moment + np.cross(load.point - com, load.force)
    for root in np.flatnonzero(skeleton.parent == -1):
        arm = moves.joint_centre[:, root] - com
        force += wrenches.force[:, root]
        moment += wrenches.moment[:, root] + np.cross(arm, wrenches.force[:, root])
    _close(motion.mass.sum() * acceleration, force, 1e-11)
    rate = angular_momentum_rate(motion, com, acceleration).sum(axis=1)
    _close(rate, moment, 1e-11)


def test_loads_that_cannot_act_are_refused(random_tree, random_motion):
    skeleton = random_tree(8, 2)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 2, 8))
    zeros = np.zeros((2, 3))
    with pytest.raises(ValueError, match="acts on tail"):
        joint_wrenches(skeleton, moves, [ExternalLoad("tail", zeros, zeros, zeros)])
    with pytest.raises(ValueError, match="has 1 of 2 frames"):
        joint_wrenches(skeleton, moves, [ExternalLoad("body0", *np.zeros((3, 1, 3)))])
    with pytest.raises(ValueError, match="point has shape"):
        ExternalLoad("body0", zeros, zeros, np.zeros((3, 3)))
    with pytest.raises(ValueError, match="are not"):
        ExternalLoad("body0", zeros, np.zeros(3), np.zeros(3))


# dynamics oracles --------------------------------------------------------------------------------

ORACLE_FRAMES = 3
SEEDS = range(12)


def _case(random_tree, random_motion, seed):
    skeleton = random_tree(seed, 7, plain=True)
    motion = random_motion(skeleton, ORACLE_FRAMES, seed)
    return skeleton, motion, inverse_dynamics(skeleton, segment_kinematics(skeleton, *motion))


def _in_child_frame(skeleton, body, position):
    return skeleton.child_position[body] + skeleton.child_rotation[body] @ position


def _joints(skeleton, body):
    """Axes of a body in the order in which they act: shifts, then turns."""
    return [
        *skeleton.translations[body],
        *skeleton.rotations[body],
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_pinocchio(random_tree, random_motion, seed):
    pin = pytest.importorskip("pinocchio")
    skeleton, motion, ours = _case(random_tree, random_motion, seed)
    model = pin.Model()
    model.gravity.linear = skeleton.gravity
    carrier, place = {}, {}
    order = []
    for body, parent in enumerate(skeleton.parent):
        frame = pin.SE3(skeleton.parent_rotation[body], skeleton.parent_position[body])
        joint = 0
        if parent != GROUND:
            joint, frame = carrier[parent], place[parent] * frame
        for axis in _joints(skeleton, body):
            turns = skeleton.axes.is_rotation[axis]
            kind = pin.JointModelRevoluteUnaligned if turns else pin.JointModelPrismaticUnaligned
            direction = skeleton.axes.direction[axis]
            joint = model.addJoint(joint, kind(direction), frame, f"{body}.{axis}")
            frame = pin.SE3.Identity()
            order.append(skeleton.axes.coordinate[axis])
        carrier[body] = joint
        place[body] = frame * pin.SE3(skeleton.child_rotation[body], skeleton.child_position[body])
        own = pin.Inertia(skeleton.mass[body], skeleton.com[body], skeleton.inertia[body])
        model.appendBodyToJoint(joint, own, place[body])
    data = model.createData()
    for frame in range(ORACLE_FRAMES):
        tau = pin.rnea(model, data, *(values[frame, order] for values in motion))
        limit = 1e-12 * np.abs(ours).max()
        np.testing.assert_allclose(ours[frame, order], tau, rtol=0, atol=limit)


def _mjcf(skeleton):
    """Write a skeleton as a MuJoCo model; each body frame is the child frame of its joint."""

    def numbers(values):
        return " ".join(repr(float(value)) for value in np.ravel(values))

    def element(mujoco, body):
        parent = skeleton.parent[body]
        position, rotation = skeleton.parent_position[body], skeleton.parent_rotation[body]
        if parent != GROUND:
            position = _in_child_frame(skeleton, parent, position)
            rotation = skeleton.child_rotation[parent] @ rotation
        turn = skeleton.child_rotation[body]
        inertia = turn @ skeleton.inertia[body] @ turn.T
        full = inertia[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
        quaternion = np.zeros(4)
        mujoco.mju_mat2Quat(quaternion, rotation.ravel())
        axes = "".join(
            f'<joint name="{skeleton.coordinates[skeleton.axes.coordinate[axis]]}"'
            f' type="{"hinge" if skeleton.axes.is_rotation[axis] else "slide"}"'
            f' axis="{numbers(skeleton.axes.direction[axis])}"/>'
            for axis in _joints(skeleton, body)
        )
        children = "".join(element(mujoco, c) for c in np.flatnonzero(skeleton.parent == body))
        com = _in_child_frame(skeleton, body, skeleton.com[body])
        return (
            f'<body pos="{numbers(position)}" quat="{numbers(quaternion)}">{axes}'
            f'<inertial pos="{numbers(com)}" mass="{float(skeleton.mass[body])!r}"'
            f' fullinertia="{numbers(full)}"/>{children}</body>'
        )

    mujoco = pytest.importorskip("mujoco")
    roots = "".join(element(mujoco, root) for root in np.flatnonzero(skeleton.parent == GROUND))
    return (
        '<mujoco><compiler angle="radian"/>'
        f'<option gravity="{numbers(skeleton.gravity)}"><flag contact="disable"/></option>'
        f"<worldbody>{roots}</worldbody></mujoco>"
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_mujoco(random_tree, random_motion, seed):
    mujoco = pytest.importorskip("mujoco")
    skeleton, (q, u, udot), ours = _case(random_tree, random_motion, seed)
    model = mujoco.MjModel.from_xml_string(_mjcf(skeleton))
    data = mujoco.MjData(model)
    order = [skeleton.coordinates.index(model.joint(j).name) for j in range(model.njnt)]
    limit = 1e-12 * np.abs(ours).max()
    for frame in range(ORACLE_FRAMES):
        data.qpos[:], data.qvel[:], data.qacc[:] = (
            q[frame, order],
            u[frame, order],
            udot[frame, order],
        )
        mujoco.mj_inverse(model, data)
        np.testing.assert_allclose(ours[frame, order], data.qfrc_inverse, rtol=0, atol=limit)


# jacobians ---------------------------------------------------------------------------------------


def _point(moves, body, seed):
    """Positions of a point fixed in a segment, with its velocity and acceleration."""
    station = np.random.default_rng(seed).normal(0, 0.3, 3)
    arm = moves.rotation[:, body] @ station
    omega, alpha = moves.angular_velocity[:, body], moves.angular_acceleration[:, body]
    velocity = moves.velocity[:, body] + np.cross(omega, arm)
    acceleration = moves.acceleration[:, body] + np.cross(alpha, arm)
    acceleration += np.cross(omega, np.cross(omega, arm))
    return moves.origin[:, body] + arm, velocity, acceleration


@given(seed=seeds, bodies=sizes)
def test_jacobian_times_speeds_is_velocity(random_tree, random_motion, seed, bodies):
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 3, seed))
    for body in range(bodies):
        point, velocity, _ = _point(moves, body, seed)
        linear = contact_jacobian(skeleton, moves, body, point)[:, 3:]
        turning = angular_jacobian(skeleton, moves, body)
        _close(np.einsum("tij,tj->ti", linear, moves.u), velocity)
        _close(np.einsum("tij,tj->ti", turning, moves.u), moves.angular_velocity[:, body])
        assert (linear[:, :, skeleton.couplers.dependent] == 0).all()


@given(seed=seeds, bodies=sizes)
def test_kinetic_energy(random_tree, random_motion, seed, bodies):
    skeleton = random_tree(seed, bodies)
    q, u, udot = random_motion(skeleton, 3, seed)
    moves = segment_kinematics(skeleton, q, u, udot)
    motion = segment_motion(skeleton, moves)
    linear = (motion.mass * (motion.velocity**2).sum(axis=-1)).sum(axis=1) / 2
    turning = (motion.spin * moves.angular_velocity).sum(axis=(1, 2)) / 2
    matrix = mass_matrix(skeleton, moves)
    _close(np.einsum("ti,tij,tj->t", u, matrix, u) / 2, linear + turning)


@given(seed=seeds, bodies=sizes)
def test_columns_are_the_forces_of_unit_accelerations(random_tree, random_motion, seed, bodies):
    skeleton = replace(random_tree(seed, bodies), gravity=np.zeros(3))
    q = random_motion(skeleton, 2, seed)[0]
    still = np.zeros_like(q)
    matrix = mass_matrix(skeleton, segment_poses(skeleton, q))
    _close(matrix, np.swapaxes(matrix, 1, 2))
    for coordinate in range(q.shape[1]):
        udot = still.copy()
        udot[:, coordinate] = 1.0
        moves = segment_kinematics(skeleton, q, still, udot)
        _close(matrix[:, :, coordinate], inverse_dynamics(skeleton, moves))


# kinematics --------------------------------------------------------------------------------------

STEP = 3e-5
# Five-point differences of motions with rates r up to a few hundred per second: truncation
# (r step)⁴ / 30 = 1e-10 and rounding 1e-15 / step = 3e-11, relative to the largest value.
TOLERANCE = 1e-8


@given(seed=seeds, bodies=sizes)
def test_rates_are_derivatives(random_tree, random_motion, around, derivative, seed, bodies):
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *around(random_motion(skeleton, 1, seed), STEP))
    rates = {
        "velocity": derivative(moves.origin, STEP),
        "acceleration": derivative(moves.velocity, STEP),
        "angular_acceleration": derivative(moves.angular_velocity, STEP),
    }
    for name, expected in rates.items():
        _close(getattr(moves, name)[2], expected, TOLERANCE)
    turning = derivative(moves.rotation, STEP) @ np.swapaxes(moves.rotation[2], -1, -2)
    vector = np.stack([turning[:, 2, 1], turning[:, 0, 2], turning[:, 1, 0]], axis=-1)
    _close(moves.angular_velocity[2], vector, TOLERANCE)


@given(seed=seeds, bodies=sizes)
def test_segment_motion_is_that_of_the_centre_of_mass(
    random_tree, random_motion, around, derivative, seed, bodies
):
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *around(random_motion(skeleton, 1, seed), STEP))
    motion = segment_motion(skeleton, moves)
    _close(motion.velocity[2], derivative(motion.com, STEP), TOLERANCE)
    _close(motion.acceleration[2], derivative(motion.velocity, STEP), TOLERANCE)
    _close(motion.spin_rate[2], derivative(motion.spin, STEP), TOLERANCE)
    inertia = moves.rotation @ skeleton.inertia @ np.swapaxes(moves.rotation, -1, -2)
    _close(motion.spin, np.einsum("tbij,tbj->tbi", inertia, moves.angular_velocity))


def test_a_custom_joint_shifts_then_turns(three_turns):
    """By hand: z-y-x turns by 1, 0.5 and 0.3 of the coordinate."""
    q = np.array([[0.7]])
    poses = segment_poses(three_turns, q)
    expected = Rotation.from_euler("ZYX", 0.7 * np.array([1.0, 0.5, 0.3])).as_matrix()
    np.testing.assert_allclose(poses.rotation[0, 0], expected, atol=1e-15)
    np.testing.assert_array_equal(poses.axis_gradient, [[1.0, 0.5, 0.3]])
    np.testing.assert_allclose(poses.axis_direction[0, 2], expected[:, 0], atol=1e-15)


def test_wrong_shapes_are_refused(random_tree):
    skeleton = random_tree(5, 3)
    count = len(skeleton.coordinates)
    with pytest.raises(ValueError, match="u has shape"):
        segment_kinematics(
            skeleton, np.zeros((2, count)), np.zeros((2, count + 1)), np.zeros((2, 1))
        )
    with pytest.raises(ValueError, match="have 2, 2 and 3 frames"):
        segment_kinematics(skeleton, *(np.zeros((n, count)) for n in (2, 2, 3)))
    motion = segment_motion(
        skeleton, segment_kinematics(skeleton, *(np.zeros((2, count)) for _ in range(3)))
    )
    with pytest.raises(ValueError, match="spin has shape"):
        replace(motion, spin=motion.spin[:1])
    assert isinstance(motion, SegmentMotion)


# momentum ----------------------------------------------------------------------------------------


@given(seed=seeds, bodies=sizes)
def test_transfer_theorem(random_tree, random_motion, seed, bodies):
    """H about a fixed point = H about the COM + moment of total momentum."""
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 3, seed))
    motion = segment_motion(skeleton, moves)
    com, velocity, _ = centre_of_mass(motion)
    still = np.zeros_like(com)
    about_com = angular_momentum(motion, com, velocity).sum(axis=1)
    about_origin = angular_momentum(motion, still, still).sum(axis=1)
    transfer = np.cross(com, motion.mass.sum() * velocity)
    _close(about_origin, about_com + transfer, 1e-12)


@given(seed=seeds, bodies=sizes)
def test_rate_is_the_derivative(random_tree, random_motion, around, derivative, seed, bodies):
    """Of every segment, about the moving centre of mass."""
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *around(random_motion(skeleton, 1, seed), STEP))
    motion = segment_motion(skeleton, moves)
    com, velocity, acceleration = centre_of_mass(motion)
    momentum = angular_momentum(motion, com, velocity)
    rate = angular_momentum_rate(motion, com, acceleration)
    _close(rate[2], derivative(momentum, STEP), TOLERANCE)
    _close(velocity[2], derivative(com, STEP), TOLERANCE)
    _close(acceleration[2], derivative(velocity, STEP), TOLERANCE)


def test_momenta_of_a_motion_are_those_of_its_parameters(random_tree, random_motion):
    skeleton = random_tree(4, 6)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 5, 4))
    groups = np.array([[1.0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 1, 1], [1, 1, 1, 1, 1, 1]])
    about = moves.origin[:, 1]
    parameters = inertial_parameters(skeleton)[None]
    expected = group_momenta(momentum_regressor(moves, about), parameters, groups)
    found = motion_momenta(segment_motion(skeleton, moves), about, groups)
    for one in fields(expected):
        own, other = getattr(found, one.name), getattr(expected, one.name)
        np.testing.assert_allclose(own, other, rtol=0, atol=1e-12 * np.abs(other).max())


MOMENTUM_JACOBIANS_STEP = 1e-4
ROOT = Path(__file__).parents[3]


def momentum(skeleton, q, u):
    motion = segment_motion(skeleton, segment_kinematics(skeleton, q, u, np.zeros_like(u)))
    com, velocity, _ = centre_of_mass(motion)
    linear = skeleton.mass.sum() * velocity
    return np.concatenate([linear, angular_momentum(motion, com, velocity).sum(axis=1)], axis=1)


def rate(skeleton, q, u, udot):
    motion = segment_motion(skeleton, segment_kinematics(skeleton, q, u, udot))
    com, _, acceleration = centre_of_mass(motion)
    linear = skeleton.mass.sum() * acceleration
    angular = angular_momentum_rate(motion, com, acceleration).sum(axis=1)
    return np.concatenate([linear, angular], axis=1)


def jacobians(skeleton, q, u):
    kinematics = segment_kinematics(skeleton, q, u, np.zeros_like(u))
    return momentum_jacobians(skeleton, kinematics, skeleton.free)


def differences(function, state, which, coordinates, step):
    """Fourth-order central differences (T, 6, N) of a function of q, u and udot."""
    columns = []
    for coordinate in coordinates:
        values = []
        for shift in (-2, -1, 1, 2):
            moved = [values_.copy() for values_ in state]
            moved[which][:, coordinate] += shift * step
            values.append(function(*moved))
        first, second, third, fourth = values
        columns.append((first - 8 * second + 8 * third - fourth) / (12 * step))
    return np.stack(columns, axis=2)


def along(skeleton, motion, step=1e-4):
    """Rates of A and B along the motion, by fourth-order differences in time."""
    q, u, udot = motion
    found = []
    for shift in (-2, -1, 1, 2):
        time = shift * step
        one = jacobians(skeleton, q + u * time + udot * time**2 / 2, u + udot * time)
        found.append((one.by_speed, one.by_coordinate))
    return [
        (first - 8 * second + 8 * third - fourth) / (12 * step)
        for first, second, third, fourth in zip(*found, strict=True)
    ]


def check(skeleton, motion):
    """Tolerances: the rate is linear in udot, so only rounding remains; otherwise differences
    of fourth order with steps of 1e-4 leave about 1e-9 of the largest entry, rounding 1e-11."""
    q, u, udot = motion
    found = jacobians(skeleton, q, u)
    A, B = found.by_speed, found.by_coordinate

    def of(*state):
        return rate(skeleton, *state)

    by_udot = differences(of, (q, u, udot), 2, skeleton.free, 1.0)
    np.testing.assert_allclose(A, by_udot, atol=1e-10 * np.abs(by_udot).max())
    by_q = differences(
        lambda x, y: momentum(skeleton, x, y), (q, u), 0, skeleton.free, MOMENTUM_JACOBIANS_STEP
    )
    np.testing.assert_allclose(B, by_q, atol=1e-7 * np.abs(by_q).max())
    A_rate, B_rate = along(skeleton, motion)
    for which, exact in ((1, A_rate + B), (0, B_rate)):
        by_difference = differences(of, (q, u, udot), which, skeleton.free, MOMENTUM_JACOBIANS_STEP)
        np.testing.assert_allclose(exact, by_difference, atol=1e-6 * np.abs(by_difference).max())


@pytest.mark.parametrize("seed", range(6))
def test_random_trees(random_tree, random_motion, seed):
    """Shared and coupled coordinates, curved functions, translations behind rotations."""
    skeleton = random_tree(seed)
    check(skeleton, random_motion(skeleton, 4, seed))


def test_runner(runner, running):
    rng = np.random.default_rng(0)
    frames = running[::40]
    motion = (frames, rng.normal(0, 5, frames.shape), rng.normal(0, 50, frames.shape))
    check(runner, motion)


def _random_state(skeleton, frames=3):
    """Poses in the middle of the coordinates' ranges, with the speeds of running."""
    rng = np.random.default_rng(5)
    low, high = np.clip(skeleton.coordinate_range, -2.0, 2.0).T
    share = rng.uniform(0.3, 0.7, (frames, len(low)))
    q = np.where(
        skeleton.coordinate_locked, skeleton.coordinate_default, low + share * (high - low)
    )
    moves = ~skeleton.coordinate_locked
    return q, moves * rng.normal(0, 5, q.shape), moves * rng.normal(0, 100, q.shape)


@pytest.mark.opensim
@pytest.mark.parametrize("sex", ["female", "male"])
def test_our_sprint_models(sex):
    from aqbio.opensim.skeleton import read_skeleton

    skeleton = read_skeleton(ROOT / "models" / "sprint" / f"sprint_{sex}.osim")
    check(skeleton, _random_state(skeleton))


# motion ------------------------------------------------------------------------------------------


def test_a_flip_keeps_the_pose(runner, running):
    expected = marker_positions(runner, running)
    for triple in triples(runner):
        other = running.copy()
        other[:, list(triple)] = flipped(runner, running, triple)
        np.testing.assert_allclose(marker_positions(runner, other), expected, atol=1e-12)
        np.testing.assert_allclose(
            np.cos(flipped(runner, other, triple) - running[:, list(triple)]), 1.0
        )


def test_near_undoes_turns_and_flips(runner, running):
    odd = running.copy()
    for triple in triples(runner)[::2]:
        odd[:, list(triple)] = flipped(runner, running, triple)
    odd[:, 5:] += 2 * np.pi * np.where(runner.coordinate_is_rotation[5:], 3, 0)
    for frame in (0, 40):
        said = near(runner, odd[[frame]], running[frame])
        np.testing.assert_allclose(said[0], running[frame], atol=1e-12)


SPLINE_TIME = np.arange(40) / 250.0


def _coupled(random_tree, seed):
    """A random tree that has a coupler."""
    for number in range(seed, seed + 100):
        skeleton = random_tree(number, 5)
        if len(skeleton.couplers.dependent):
            return skeleton
    raise AssertionError("no tree with a coupler")


def _coordinates(skeleton, seed):
    """Smooth curves with a coordinate each; the dependent ones hold nonsense on purpose."""
    rng = np.random.default_rng(seed)
    count = len(skeleton.coordinates)
    rate, phase = rng.uniform(2, 20, count), rng.uniform(0, 6, count)
    q = np.sin(rate * SPLINE_TIME[:, None] + phase)
    q[:, skeleton.couplers.dependent] = 99.0
    return q


@given(seed=seeds)
def test_free_coordinates_follow_one_spline(random_tree, seed):
    skeleton = random_tree(seed, 4)
    q = _coordinates(skeleton, seed)
    motion = spline_motion(skeleton, SPLINE_TIME, q)
    spline = quintic_spline(SPLINE_TIME, q)
    free = skeleton.free
    np.testing.assert_array_equal(motion.q[:, free], q[:, free])
    np.testing.assert_array_equal(motion.u[:, free], spline.derivative(1)(SPLINE_TIME)[:, free])
    np.testing.assert_array_equal(motion.udot[:, free], spline.derivative(2)(SPLINE_TIME)[:, free])


@given(seed=seeds)
def test_dependent_coordinates_obey_their_coupler_and_its_chain_rule(random_tree, seed):
    """Against five-point differences of the coupler along the spline, error of order step⁴."""
    skeleton = _coupled(random_tree, seed)
    q = _coordinates(skeleton, seed)
    motion = spline_motion(skeleton, SPLINE_TIME, q)
    dependent = skeleton.couplers.dependent
    spline = quintic_spline(SPLINE_TIME, q)
    np.testing.assert_array_equal(motion.q, dependent_filled(skeleton, q))

    step = 1e-4
    around = [
        dependent_filled(skeleton, spline(SPLINE_TIME + shift * step))[:, dependent]
        for shift in range(-2, 3)
    ]
    first = (around[0] - 8 * around[1] + 8 * around[3] - around[4]) / (12 * step)
    second = (-around[0] + 16 * around[1] - 30 * around[2] + 16 * around[3] - around[4]) / (
        12 * step**2
    )
    # round-off of the differences: 1e-16 / step and 1e-16 / step², times the size of the values
    size = 1 + np.abs(around).max() + np.abs(second).max()
    np.testing.assert_allclose(motion.u[:, dependent], first, atol=1e-9 * size)
    np.testing.assert_allclose(motion.udot[:, dependent], second, atol=1e-5 * size)


@given(seed=seeds)
def test_folded_forces_do_the_same_work(random_tree, seed):
    """Power of all generalised forces = power of the folded ones, for every coupled motion."""
    skeleton = _coupled(random_tree, seed)
    motion = spline_motion(skeleton, SPLINE_TIME, _coordinates(skeleton, seed))
    forces = np.random.default_rng(seed).normal(size=motion.q.shape)
    before = forces.copy()
    folded = folded_forces(skeleton, motion.q, forces)
    np.testing.assert_array_equal(forces, before)
    np.testing.assert_array_equal(folded[:, skeleton.couplers.dependent], 0.0)
    power, terms = (forces * motion.u).sum(axis=1), np.abs(forces * motion.u).sum(axis=1)
    np.testing.assert_allclose((folded * motion.u).sum(axis=1), power, atol=1e-13 * terms.max())


def test_arrays_that_do_not_fit_together_are_refused():
    time, weights = np.arange(4.0), np.ones(2)
    good = np.zeros((4, 2, 3))
    TrackedMarkers(time, ("A", "B"), good, weights)
    with pytest.raises(ValueError, match=r"positions have shape \(4, 3, 3\)"):
        TrackedMarkers(time, ("A", "B"), np.zeros((4, 3, 3)), weights)
    with pytest.raises(ValueError, match=r"weights have shape \(3,\)"):
        TrackedMarkers(time, ("A", "B"), good, np.ones(3))
    with pytest.raises(ValueError, match="q, u and udot have shapes"):
        Motion(np.zeros((4, 2)), np.zeros((4, 2)), np.zeros((4, 3)))


# skeleton ----------------------------------------------------------------------------------------

KNOTS = np.array([-2.0, -0.5, 0.1, 0.4, 1.7])
VALUES = np.array([0.3, -1.0, 2.0, 2.1, 0.0])


def _natural(x, y):
    spline = CubicSpline(x, y, bc_type="natural")
    return spline, cubic_spline(x, y, spline(x, 1))


def test_spline_equals_scipy_inside_its_knots():
    spline, ours = _natural(KNOTS, VALUES)
    at = np.linspace(-1.999, 1.699, 500)
    for order, values in enumerate(ours.values(at[:, None])):
        np.testing.assert_allclose(values[:, 0], spline(at, order), atol=1e-12)


def test_spline_goes_on_straight_beyond_its_ends():
    spline, ours = _natural(KNOTS, VALUES)
    value, first, second = ours.values(np.array([[-5.0], [4.0]]))
    np.testing.assert_allclose(value[0], VALUES[0] - 3.0 * spline(KNOTS[0], 1))
    np.testing.assert_allclose(value[1], VALUES[-1] + 2.3 * spline(KNOTS[-1], 1))
    np.testing.assert_allclose(first[:, 0], spline(KNOTS[[0, -1]], 1))
    np.testing.assert_array_equal(second, 0.0)


@given(st.floats(-4.0, 4.0), st.lists(st.floats(-2, 2), min_size=1, max_size=6))
def test_derivatives_are_those_of_the_value(x, coefficients):
    """Of a polynomial: numpy's exact derivative."""
    ours = [part[0, 0] for part in polynomial(coefficients).values(np.array([[x]]))]
    exact = np.polynomial.Polynomial(coefficients)
    expected = [exact(x), exact.deriv(1)(x), exact.deriv(2)(x)]
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-10)


def test_piecewise_linear_equals_interp():
    at = np.linspace(-2, 1.7, 60)
    value, first, second = piecewise_linear(KNOTS, VALUES).values(at[:, None])
    np.testing.assert_allclose(value[:, 0], np.interp(at, KNOTS, VALUES), atol=1e-14)
    assert set(first[:, 0].round(9)) == set((np.diff(VALUES) / np.diff(KNOTS)).round(9))
    np.testing.assert_array_equal(second, 0.0)


@pytest.mark.parametrize(
    ("starts", "coefficients"),
    [([[0.0]], [[[1.0, 2.0]]]), ([[-np.inf]], [[[1.0]]]), ([[-np.inf, 1.0]], [[[1.0, 2.0]]])],
)
def test_tables_that_do_not_fit_are_refused(starts, coefficients):
    with pytest.raises(ValueError, match=r"pieces start|coefficients have|starts"):
        PiecewisePolynomials(np.array(starts), np.zeros((1, 1)), np.array(coefficients))


def test_axes_carry_those_behind_them(random_tree):
    """Of one joint: shifts carry turns, turns those behind them; ancestors carry everything."""
    skeleton = random_tree(4, 8)
    order = {}
    for body in range(8):
        own = [*skeleton.translations[body], *skeleton.rotations[body]]
        order |= {axis: (body, place) for place, axis in enumerate(own)}
    for a, (body_a, place_a) in order.items():
        for b, (body_b, place_b) in order.items():
            if body_a == body_b:
                assert skeleton.precedes[a, b] == (place_a < place_b)
            else:
                assert skeleton.precedes[a, b] == skeleton.lineage[body_b, body_a]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parent": np.array([-1, 1, 0])}, "before its parent"),
        ({"parent": np.array([-2, 0, 0])}, "before its parent"),
        ({"bodies": ("a", "b", "a")}, "bodies have names in common"),
        ({"mass": np.ones(2)}, r"mass has shape \(2,\), expected \(3,\)"),
        ({"marker_body": np.full(9, 3)}, r"marker_body holds an index outside 0..2"),
    ],
)
def test_nonsense_is_refused(random_tree, change, message):
    with pytest.raises(ValueError, match=message):
        replace(random_tree(1, 3), **change)


def test_axes_that_point_nowhere_are_refused(three_turns):
    with pytest.raises(ValueError, match="unit vectors"):
        replace(three_turns.axes, direction=2.0 * np.eye(3))
    with pytest.raises(ValueError, match="follows a translation"):
        replace(three_turns.axes, is_rotation=np.array([True, False, True]))


@pytest.mark.parametrize(
    ("dependent", "independent", "message"),
    [([1, 1], [0, 2], "more than one other"), ([1, 2], [0, 1], "itself dependent")],
)
def test_couplers_in_a_row_are_refused(dependent, independent, message):
    table = line(1.0)
    two = type(table)(*(np.repeat(a, 2, axis=0) for a in vars(table).values()))
    with pytest.raises(ValueError, match=message):
        Couplers(np.array(dependent), np.array(independent), two)


# walker knee -------------------------------------------------------------------------------------

Q, U, SLOPES = 0.7, 5.0, (1.0, 0.5, 0.3)
ENERGY_STEP = 1e-5


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
    energies = [_kinetic_energy(three_turns, Q + step) for step in (-ENERGY_STEP, ENERGY_STEP)]
    balance = (energies[1] - energies[0]) / (2 * ENERGY_STEP)
    # Central difference: truncation STEP² T''' / 6 and rounding 1e-16 T / step, both about 1e-10.
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
