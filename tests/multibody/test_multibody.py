"""The engine and vectors: derivatives, conservation, invariance, NumPy, Pinocchio and MuJoCo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqbio.multibody.dynamics import ExternalLoad, joint_wrenches, newton_euler
from aqbio.multibody.jacobians import angular_jacobian, contact_jacobian, mass_matrix
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
    group_momenta,
    momentum_jacobians,
    momentum_regressor,
    motion_momenta,
)
from aqbio.multibody.motion import Motion, TrackedMarkers, folded_forces, spline_motion
from aqbio.multibody.poses import dependent_filled
from aqbio.multibody.skeleton import GROUND, Couplers, PiecewisePolynomials, Skeleton, line
from aqbio.signals import quintic_spline
from tests.examples import answers
from tests.golden import differences
from tests.inertial import inertial_parameters

ROOT = Path(__file__).parents[2]
seeds = st.integers(0, 10_000)

STEP, EXACT, DIFFERENCE = 3e-5, 1e-11, 1e-8
"""Five-point differences of motions with rates r up to a few hundred per second: truncation
(r step)⁴ / 30 = 1e-10 and rounding 1e-15 / step = 3e-11, relative to the largest value."""


@dataclass(frozen=True)
class Tree:
    """A drawn skeleton in three frames, and around one frame with constant acceleration."""

    skeleton: Skeleton
    seed: int
    moves: SegmentKinematics
    around: SegmentKinematics
    loads: list[ExternalLoad]

    def rate(self, values):
        """Five-point central difference (error of order step⁴) at the middle instant."""
        return (values[0] - 8 * values[1] + 8 * values[3] - values[4]) / (12 * STEP)


Compared = Iterator[tuple[Any, Any, float]]
"""What is found, what is expected, and how near, relative to the largest value."""
QUANTITIES: dict[str, Callable[[Tree], Compared]] = {}


def quantity(compare: Callable[[Tree], Compared]) -> Callable[[Tree], Compared]:
    QUANTITIES[compare.__name__] = compare
    return compare


def energy(skeleton, moves):
    """Kinetic energy, and that in the field of gravity, (T,), J."""
    motion = segment_motion(skeleton, moves)
    linear = (motion.mass * (motion.velocity**2).sum(axis=-1)).sum(axis=1) / 2
    turning = (motion.spin * moves.angular_velocity).sum(axis=(1, 2)) / 2
    height = (motion.com * motion.mass[:, None]).sum(axis=1) @ skeleton.gravity
    return linear + turning, -height


@quantity
def rates_are_derivatives(tree: Tree) -> Compared:
    moves = tree.around
    yield moves.velocity[2], tree.rate(moves.origin), DIFFERENCE
    yield moves.acceleration[2], tree.rate(moves.velocity), DIFFERENCE
    yield moves.angular_acceleration[2], tree.rate(moves.angular_velocity), DIFFERENCE
    turning = tree.rate(moves.rotation) @ np.swapaxes(moves.rotation[2], -1, -2)
    vector = np.stack([turning[:, 2, 1], turning[:, 0, 2], turning[:, 1, 0]], axis=-1)
    yield moves.angular_velocity[2], vector, DIFFERENCE


@quantity
def motion_of_the_centres_of_mass(tree: Tree) -> Compared:
    """Of segments; momentum about the moving centre of mass of the whole body."""
    motion = segment_motion(tree.skeleton, tree.around)
    for derivative, quantity in (
        ("velocity", "com"),
        ("acceleration", "velocity"),
        ("spin_rate", "spin"),
    ):
        yield getattr(motion, derivative)[2], tree.rate(getattr(motion, quantity)), DIFFERENCE
    rotation = tree.around.rotation
    inertia = rotation @ tree.skeleton.inertia @ np.swapaxes(rotation, -1, -2)
    spin = np.einsum("tbij,tbj->tbi", inertia, tree.around.angular_velocity)
    yield motion.spin, spin, EXACT
    com, velocity, acceleration = centre_of_mass(motion)
    yield velocity[2], tree.rate(com), DIFFERENCE
    yield acceleration[2], tree.rate(velocity), DIFFERENCE
    momentum = angular_momentum(motion, com, velocity)
    rate = angular_momentum_rate(motion, com, acceleration)
    yield rate[2], tree.rate(momentum), DIFFERENCE


@quantity
def transfer_theorem(tree: Tree) -> Compared:
    """H about a fixed point = H about the centre of mass + moment of total momentum."""
    motion = segment_motion(tree.skeleton, tree.moves)
    com, velocity, _ = centre_of_mass(motion)
    about_com = angular_momentum(motion, com, velocity).sum(axis=1)
    about_origin = angular_momentum(motion, 0 * com, 0 * com).sum(axis=1)
    yield about_origin, about_com + np.cross(com, motion.mass.sum() * velocity), EXACT


@quantity
def power_is_the_rate_of_energy(tree: Tree) -> Compared:
    power = (newton_euler(tree.skeleton, tree.around) * tree.around.u).sum(axis=1)
    yield power[2], tree.rate(sum(energy(tree.skeleton, tree.around))), DIFFERENCE


@quantity
def wrenches_change_momentum(tree: Tree) -> Compared:
    """Residual at the roots + loads + weight = rate of linear and angular momentum."""
    skeleton, moves = tree.skeleton, tree.moves
    motion = segment_motion(skeleton, moves)
    com, _, acceleration = centre_of_mass(motion)
    wrenches = joint_wrenches(skeleton, moves, tree.loads)
    force = motion.mass.sum() * np.tile(skeleton.gravity, (3, 1))
    moment = np.zeros((3, 3))
    for load in tree.loads:
        force += load.force
        moment += load.moment + np.cross(load.point - com, load.force)
    for root in np.flatnonzero(skeleton.parent == GROUND):
        arm = moves.joint_centre[:, root] - com
        force += wrenches.force[:, root]
        moment += wrenches.moment[:, root] + np.cross(arm, wrenches.force[:, root])
    yield motion.mass.sum() * acceleration, force, EXACT
    yield angular_momentum_rate(motion, com, acceleration).sum(axis=1), moment, EXACT


@quantity
def jacobian_times_speeds(tree: Tree) -> Compared:
    skeleton, moves = tree.skeleton, tree.moves
    for body in range(len(skeleton.bodies)):
        arm = moves.rotation[:, body] @ np.random.default_rng(tree.seed).normal(0, 0.3, 3)
        omega = moves.angular_velocity[:, body]
        point, velocity = moves.origin[:, body] + arm, moves.velocity[:, body]
        linear = contact_jacobian(skeleton, moves, body, point)[:, 3:]
        turning = angular_jacobian(skeleton, moves, body)
        yield np.einsum("tij,tj->ti", linear, moves.u), velocity + np.cross(omega, arm), EXACT
        yield np.einsum("tij,tj->ti", turning, moves.u), omega, EXACT
        dependent = linear[:, :, skeleton.couplers.dependent]
        yield dependent, 0.0 * dependent, EXACT


@quantity
def mass_matrices(tree: Tree) -> Compared:
    """Kinetic energy, and columns that are the forces of unit accelerations."""
    skeleton, moves = replace(tree.skeleton, gravity=np.zeros(3)), tree.moves
    matrix = mass_matrix(skeleton, moves)
    kinetic = np.einsum("ti,tij,tj->t", moves.u, matrix, moves.u) / 2
    yield kinetic, energy(skeleton, moves)[0], EXACT
    yield matrix, np.swapaxes(matrix, 1, 2), EXACT
    zeros = np.zeros_like(moves.q)
    for coordinate, udot in enumerate(np.eye(moves.q.shape[1])):
        unit_motion = segment_kinematics(skeleton, moves.q, zeros, zeros + udot)
        yield matrix[:, :, coordinate], newton_euler(skeleton, unit_motion), EXACT


@quantity
def momenta_are_linear_in_the_masses(tree: Tree) -> Compared:
    bodies = len(tree.skeleton.bodies)
    groups = np.random.default_rng(tree.seed).integers(0, 2, (3, bodies)).astype(float)
    about, parameters = tree.moves.origin[:, 0], inertial_parameters(tree.skeleton)[None]
    expected = group_momenta(momentum_regressor(tree.moves, about), parameters, groups)
    momenta = motion_momenta(segment_motion(tree.skeleton, tree.moves), about, groups)
    for momentum in fields(expected):
        yield getattr(momenta, momentum.name), np.squeeze(getattr(expected, momentum.name)), EXACT


@pytest.mark.parametrize("name", QUANTITIES)
@settings(max_examples=50)
@given(seed=seeds, bodies=st.integers(1, 7))
def test_quantities_of_drawn_trees(random_tree, random_motion, name, seed, bodies):
    """Shared and coupled coordinates, curved functions, oblique frames, loads anywhere."""
    skeleton = random_tree(seed, bodies)
    q, u, udot = random_motion(skeleton, 3, seed)
    time = STEP * np.arange(-2, 3)[:, None]
    nearby = q[:1] + u[:1] * time + udot[:1] * time**2 / 2, u[:1] + udot[:1] * time
    rng = np.random.default_rng(seed + 2)
    loads = [
        ExternalLoad(str(body), *rng.normal(0, 50, (3, 3, 3)))
        for body in rng.choice(skeleton.bodies, 3)
    ]
    tree = Tree(
        skeleton,
        seed,
        segment_kinematics(skeleton, q, u, udot),
        segment_kinematics(skeleton, *nearby, udot[:1] + 0 * time),
        loads,
    )
    for computed, expected, tolerance in QUANTITIES[name](tree):
        scale = 1.0 + np.abs(expected).max(initial=0.0)
        np.testing.assert_allclose(
            np.squeeze(computed), np.squeeze(expected), rtol=0, atol=tolerance * scale
        )


ORACLE_FRAMES = 3
SEEDS = range(6)


def _case(random_tree, random_motion, seed):
    skeleton = random_tree(seed, 7, plain=True)
    motion = random_motion(skeleton, ORACLE_FRAMES, seed)
    return skeleton, motion, newton_euler(skeleton, segment_kinematics(skeleton, *motion))


def _in_child_frame(skeleton, body, position):
    return skeleton.child_position[body] + skeleton.child_rotation[body] @ position


def _joints(skeleton, body):
    """Axes of a body in the order in which they act: shifts, then turns."""
    return [*skeleton.translations[body], *skeleton.rotations[body]]


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_pinocchio(random_tree, random_motion, seed):
    pin = pytest.importorskip("pinocchio")
    skeleton, motion, ours = _case(random_tree, random_motion, seed)
    model = pin.Model()
    model.gravity.linear = skeleton.gravity
    carrier, body_frame = {}, {}
    order = []
    for body, parent in enumerate(skeleton.parent):
        frame = pin.SE3(skeleton.parent_rotation[body], skeleton.parent_position[body])
        joint = 0
        if parent != GROUND:
            joint, frame = carrier[parent], body_frame[parent] * frame
        for axis in _joints(skeleton, body):
            turns = skeleton.axes.is_rotation[axis]
            kind = pin.JointModelRevoluteUnaligned if turns else pin.JointModelPrismaticUnaligned
            direction = skeleton.axes.direction[axis]
            joint = model.addJoint(joint, kind(direction), frame, f"{body}.{axis}")
            frame = pin.SE3.Identity()
            order.append(skeleton.axes.coordinate[axis])
        carrier[body] = joint
        body_frame[body] = frame * pin.SE3(
            skeleton.child_rotation[body], skeleton.child_position[body]
        )
        inertia = pin.Inertia(skeleton.mass[body], skeleton.com[body], skeleton.inertia[body])
        model.appendBodyToJoint(joint, inertia, body_frame[body])
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


JACOBIAN_STEP = 1e-4


def central(function, step=JACOBIAN_STEP):
    """Fourth-order central difference of a function of a shift."""
    a, b, c, d = (function(shift * step) for shift in (-2, -1, 1, 2))
    return (a - 8 * b + 8 * c - d) / (12 * step)


def momentum_and_rate(skeleton, q, u, udot):
    """Linear and angular momentum (T, 6), and their rates."""
    motion = segment_motion(skeleton, segment_kinematics(skeleton, q, u, udot))
    com, velocity, acceleration = centre_of_mass(motion)
    angular = angular_momentum(motion, com, velocity).sum(axis=1)
    turning = angular_momentum_rate(motion, com, acceleration).sum(axis=1)
    mass = skeleton.mass.sum()
    return (
        np.concatenate([mass * velocity, angular], axis=1),
        np.concatenate([mass * acceleration, turning], axis=1),
    )


def jacobians(skeleton, q, u):
    kinematics = segment_kinematics(skeleton, q, u, np.zeros_like(u))
    derivatives = momentum_jacobians(skeleton, kinematics, skeleton.free)
    return np.stack([derivatives.by_speed, derivatives.by_coordinate])


def sprint_model(sex):
    """Poses in the middle of the coordinates' ranges, with the speeds of running."""
    from aqbio.opensim.skeleton import read_skeleton

    skeleton = read_skeleton(ROOT / "models" / "sprint" / f"sprint_{sex}.osim")
    rng, moves = np.random.default_rng(5), ~skeleton.coordinate_locked
    low, high = np.clip(skeleton.coordinate_range, -2.0, 2.0).T
    q = low + rng.uniform(0.3, 0.7, (3, len(low))) * (high - low)
    q = np.where(moves, q, skeleton.coordinate_default)
    return skeleton, (q, moves * rng.normal(0, 5, q.shape), moves * rng.normal(0, 100, q.shape))


@pytest.mark.parametrize("of", [0, 1, 2, 3, pytest.param("female", marks=pytest.mark.opensim)])
def test_jacobians_of_momentum(random_tree, random_motion, of):
    """The rate is linear in udot, so only rounding remains; otherwise differences of fourth order
    with steps of 1e-4 leave about 1e-9 of the largest entry, rounding 1e-11."""
    if isinstance(of, int):
        skeleton = random_tree(of)
        state = random_motion(skeleton, 4, of)
    else:
        skeleton, state = sprint_model(of)
    q, u, udot = state
    by_speed, by_coordinate = jacobians(skeleton, q, u)
    along = central(lambda t: jacobians(skeleton, q + u * t + udot * t**2 / 2, u + udot * t))
    for order, component, exact, step, tolerance in (
        (2, 1, by_speed, 1.0, 1e-10),
        (0, 0, by_coordinate, JACOBIAN_STEP, 1e-7),
        (1, 1, along[0] + by_coordinate, JACOBIAN_STEP, 1e-6),
        (0, 1, along[1], JACOBIAN_STEP, 1e-6),
    ):
        columns = []
        for coordinate in skeleton.free:
            unit = np.eye(q.shape[1])[coordinate]

            def shifted(t, order=order, unit=unit, component=component):
                moved = [
                    derivative + t * unit * (derivative_order == order)
                    for derivative_order, derivative in enumerate(state)
                ]
                return momentum_and_rate(skeleton, *moved)[component]

            columns.append(central(shifted, step))
        expected = np.stack(columns, axis=2)
        limit = tolerance * np.abs(expected).max()
        np.testing.assert_allclose(exact, expected, rtol=0, atol=limit)


SPLINE_TIME = np.arange(40) / 250.0


@given(seed=seeds)
def test_motion_along_splines(random_tree, seed):
    """Free coordinates follow one spline; dependent ones their coupler and its chain rule.

    Against five-point differences along the spline, error of order step⁴; round-off of 1e-16 / step
    and 1e-16 / step². Folded forces have the power of all, for every coupled motion.
    """
    trees = (random_tree(number, 5) for number in range(seed, seed + 100))
    skeleton = next(tree for tree in trees if len(tree.couplers.dependent))
    dependent, free = skeleton.couplers.dependent, skeleton.free
    rng, count, step = np.random.default_rng(seed), len(skeleton.coordinates), 1e-4
    rate, phase = rng.uniform(2, 20, count), rng.uniform(0, 6, count)
    q = np.sin(rate * SPLINE_TIME[:, None] + phase)
    q[:, dependent] = 99.0  # nonsense on purpose
    motion, spline = spline_motion(skeleton, SPLINE_TIME, q), quintic_spline(SPLINE_TIME, q)
    for order, computed in enumerate((motion.q, motion.u, motion.udot)):
        expected = spline.derivative(order)(SPLINE_TIME) if order else q
        np.testing.assert_array_equal(computed[:, free], expected[:, free])
    np.testing.assert_array_equal(motion.q, dependent_filled(skeleton, q))
    a, b, c, d, e = (
        dependent_filled(skeleton, spline(SPLINE_TIME + shift * step))[:, dependent]
        for shift in range(-2, 3)
    )
    first = (a - 8 * b + 8 * d - e) / (12 * step)
    second = (-a + 16 * b - 30 * c + 16 * d - e) / (12 * step**2)
    size = 1 + np.abs(a).max() + np.abs(second).max()
    np.testing.assert_allclose(motion.u[:, dependent], first, atol=1e-9 * size)
    np.testing.assert_allclose(motion.udot[:, dependent], second, atol=1e-5 * size)

    forces = rng.normal(size=motion.q.shape)
    before, folded = forces.copy(), folded_forces(skeleton, motion.q, forces)
    np.testing.assert_array_equal(forces, before)
    np.testing.assert_array_equal(folded[:, dependent], 0.0)
    power, terms = (forces * motion.u).sum(axis=1), np.abs(forces * motion.u).sum(axis=1)
    np.testing.assert_allclose((folded * motion.u).sum(axis=1), power, atol=1e-13 * terms.max())


def test_golden_refusals(random_tree, three_turns):
    """With words that say what; in `tests/golden`."""
    tree, two = random_tree(8, 3), line(1.0)
    two = type(two)(*(np.repeat(coefficients, 2, axis=0) for coefficients in vars(two).values()))
    zeros, count = np.zeros((2, 3)), len(tree.coordinates)
    at_rest = [np.zeros((2, count))] * 3
    moves = segment_kinematics(tree, *at_rest)
    axes, at, unit_masses = three_turns.axes, np.arange(4.0), np.ones(2)
    load = ExternalLoad
    examples = {
        "tail": lambda: joint_wrenches(tree, moves, [load("tail", zeros, zeros, zeros)]),
        "frames": lambda: joint_wrenches(tree, moves, [load("body0", *np.zeros((3, 1, 3)))]),
        "point": lambda: load("body0", zeros, zeros, np.zeros((3, 3))),
        "moment": lambda: load("body0", zeros, np.zeros(3), np.zeros(3)),
        "u": lambda: segment_kinematics(tree, at_rest[0], np.zeros((2, count + 1)), at_rest[0]),
        "times": lambda: segment_kinematics(tree, *(np.zeros((n, count)) for n in (2, 2, 3))),
        "spin": lambda: replace(segment_motion(tree, moves), spin=zeros),
        "markers": lambda: TrackedMarkers(at, ("A", "B"), np.zeros((4, 3, 3)), unit_masses),
        "weights": lambda: TrackedMarkers(at, ("A", "B"), np.zeros((4, 2, 3)), np.ones(3)),
        "motion": lambda: Motion(np.zeros((4, 2)), np.zeros((4, 2)), np.zeros((4, 3))),
        "order": lambda: replace(tree, parent=np.array([-1, 1, 0])),
        "below": lambda: replace(tree, parent=np.array([-2, 0, 0])),
        "names": lambda: replace(tree, bodies=("a", "b", "a")),
        "mass": lambda: replace(tree, mass=unit_masses),
        "marker": lambda: replace(tree, marker_body=np.full(9, 3)),
        "units": lambda: replace(axes, direction=2.0 * np.eye(3)),
        "follows": lambda: replace(axes, is_rotation=np.array([True, False, True])),
        "twice": lambda: Couplers(np.array([1, 1]), np.array([0, 2]), two),
        "row": lambda: Couplers(np.array([1, 2]), np.array([0, 1]), two),
    }
    for name, starts, numbers in (
        ("start", [[0.0]], [[[1.0, 2.0]]]),
        ("few", [[-np.inf]], [[[1.0]]]),
        ("pieces", [[-np.inf, 1.0]], [[[1.0, 2.0]]]),
    ):
        examples[name] = lambda a=starts, b=numbers: PiecewisePolynomials(
            np.array(a), np.zeros((1, 1)), np.array(b)
        )
    assert differences("multibody", answers(examples)) == []


def test_a_body_that_one_coordinate_turns_three_times(three_turns):
    """As in docs/decisions/0004-simbody-walker-knee.md: ours, and with Simbody's defect."""
    moves = segment_kinematics(three_turns, *(np.array([[x]]) for x in (0.7, 5.0, 0.0)))
    forces = [
        newton_euler(three_turns, moves, simbody_compat=compatible) for compatible in (False, True)
    ]
    np.testing.assert_allclose(np.ravel(forces), [-0.781, -0.379], atol=5e-4)


@pytest.mark.opensim
@pytest.mark.real
def test_the_knee_of_a_published_model(realdata):
    """A knee at sprinting speed: our power is the rate of OpenSim's energy, OpenSim's is not."""
    from aqbio.opensim.session import load_model
    from aqbio.opensim.skeleton import read_skeleton

    file = realdata / "rajagopal2016" / "models" / "Rajagopal2016.osim"
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

    samples = [energy(steps * step) for steps in (-2, -1, 1, 2)]
    rate = (samples[0] - 8 * samples[1] + 8 * samples[2] - samples[3]) / (12 * step)
    u = np.zeros_like(q)
    u[:, knee] = speed
    moves = segment_kinematics(skeleton, q, u, np.zeros_like(q))
    power = newton_euler(skeleton, moves)[0, knee] * speed
    theirs = newton_euler(skeleton, moves, simbody_compat=True)[0, knee] * speed
    # Energies of about 1e3 J: rounding 1e-13 / step = 1e-9 W; the knee's splines are smooth here.
    np.testing.assert_allclose(power, rate, rtol=1e-7)
    assert abs(theirs - rate) > 1e-3 * abs(rate)
