"""Levels A, B and C by theorems: closed forms, mirrors, and equations written out in full."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aqbio.gait.roles import membership
from aqbio.gait.steps import rotation_about_vertical
from aqbio.multibody.dynamics import (
    ExternalLoad,
    generalised_forces,
    joint_wrenches,
    pelvis_hub,
    torso_hub,
)
from aqbio.multibody.jacobians import contact_jacobian, mass_matrix
from aqbio.multibody.kinematics import SegmentMotion, segment_kinematics, segment_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.rotation.hub import chain_balance, coordinate_sources, hub_kinetics
from aqbio.rotation.induced import CONTACT_ROWS, foot_contact
from aqbio.rotation.level_a import MIN_FREE_MOMENT_FORCE_N, force_shares, free_moment, level_a
from aqbio.rotation.levels import Levels, Mechanics
from tests.examples import answers
from tests.golden import differences
from tests.identities import level_b_identities, level_c_identities
from tests.levels_case import Case, ground_loads, impulse_left, mirrored_run, sprint_run
from tests.mirror import mirrored_axial, mirrored_polar

EXACT = 1e-11
"""Identities of double precision over a dozen segments: measured 1e-15 to 1e-13."""

IDENTITIES = ("B0", "B1", "B2", "B1_torso", "B2_torso", "B4")


def _hung_on_the_first(skeleton):
    """The same tree with all further roots hung on the first body."""
    parent = skeleton.parent.copy()
    parent[1:] = np.maximum(parent[1:], 0)
    return replace(skeleton, parent=parent)


def _groups(skeleton):
    """Every subtree of the first body becomes a group in turn."""
    names = ("leg_left", "leg_right", "torso")
    groups = {"pelvis": [skeleton.bodies[0]], **{name: [] for name in names}}
    for number, root in enumerate(np.flatnonzero(skeleton.parent == 0)):
        members = np.flatnonzero(skeleton.lineage[:, root])
        groups[names[number % 3]] += [skeleton.bodies[body] for body in members]
    return {name: tuple(bodies) for name, bodies in groups.items() if bodies}


def _mechanics(skeleton, motion, loads):
    kinematics = segment_kinematics(skeleton, *motion)
    segments = segment_motion(skeleton, kinematics)
    wrenches = joint_wrenches(skeleton, kinematics, loads)
    return Mechanics(
        skeleton=skeleton,
        kinematics=kinematics,
        motion=segments,
        loads=tuple(loads),
        wrenches=wrenches,
        forces=generalised_forces(skeleton, kinematics, wrenches),
        balance=level_a(segments, loads, gravity=skeleton.gravity),
    )


def _loads(skeleton, frames, seed):
    """Loads on three segments drawn at random; the hub may be among them."""
    rng = np.random.default_rng(seed + 2)
    bodies = rng.choice(skeleton.bodies, 3)
    return [ExternalLoad(str(b), *rng.normal(0, 50, (3, frames, 3))) for b in bodies]


@given(seed=st.integers(0, 10_000), bodies=st.integers(2, 8))
def test_identities_hold_on_any_tree(random_tree, random_motion, seed, bodies):
    """Shared and coupled coordinates, curved joints, oblique frames, loads anywhere."""
    skeleton = _hung_on_the_first(random_tree(seed, bodies))
    assume(len(skeleton.axes))  # without a joint that moves there is no power to compare
    mechanics = _mechanics(skeleton, random_motion(skeleton, 3, seed), _loads(skeleton, 3, seed))
    hub = pelvis_hub(skeleton, _groups(skeleton))
    kinetics = hub_kinetics(hub, mechanics.kinematics, mechanics.motion, mechanics.wrenches)
    balance = chain_balance(
        kinetics, mechanics.motion, mechanics.balance, mechanics.loads, skeleton.gravity
    )
    errors = level_b_identities(mechanics, [(kinetics, balance)])
    assert {name: error for name, error in errors.items() if not error <= EXACT} == {}


@pytest.mark.parametrize("seed", range(3))
def test_identities_hold_on_the_sprint_model(seed):
    errors = sprint_run(40, seed).identities()
    assert {name: errors[name] for name in IDENTITIES if not errors[name] <= EXACT} == {}


STRIDE_FRAMES = 256


def test_shares_of_a_stride():
    """One period of a runner: every joint a sum of two harmonics, the pelvis moves on at 8 m/s.

    Relative shares cancel over a stride and not over half of it; the mean vertical force is body
    weight. The trapezoidal rule is exact to round-off for periodic signals of few harmonics.
    """
    case = sprint_run()
    skeleton, rng = case.skeleton, np.random.default_rng(4)
    time = np.linspace(0.0, 0.5, STRIDE_FRAMES + 1)
    rate = 2 * np.pi * np.arange(1, 3)[:, None, None] / 0.5
    wave = np.exp(1j * rate * time[:, None])
    size = rng.normal(0, 0.2, (2, 1, len(skeleton.coordinates), 2)) @ [1.0, 1j]
    forward = np.array(skeleton.coordinates) == "pelvis_tx"
    q, u, udot = (np.real(size * (1j * rate) ** n * wave).sum(axis=0) for n in range(3))
    q, u = q + 8.0 * forward * time[:, None], u + 8.0 * forward
    motion = segment_motion(skeleton, segment_kinematics(skeleton, q, u, udot))
    groups = membership(case.anatomy.groups, skeleton.bodies)
    pelvis = motion.acceleration[:, skeleton.bodies.index("pelvis")]
    shares = force_shares(motion, groups, pelvis, skeleton.gravity)
    assert np.abs(impulse_left(time, shares.relative))[1:].max() < 1e-10
    half = slice(STRIDE_FRAMES // 2)
    assert np.abs(impulse_left(time[half], shares.relative[half]))[1:].max() > 0.05
    impulse = np.trapezoid(shares.inertial.sum(axis=1), time, axis=0)
    weight = motion.mass.sum() * 9.80665 * (time[-1] - time[0])
    np.testing.assert_allclose(impulse, [0.0, weight, 0.0], rtol=0, atol=1e-9 * weight)
    acceleration = np.array([1.0, 2.0, 3.0])  # a body that moves as one is all carried
    rigid_motion = replace(
        motion, acceleration=np.broadcast_to(acceleration, motion.acceleration.shape)
    )
    rigid_shares = force_shares(
        rigid_motion, groups, np.tile(acceleration, (STRIDE_FRAMES + 1, 1)), skeleton.gravity
    )
    assert np.abs(rigid_shares.relative).max() < 1e-12
    total_force = motion.mass.sum() * (acceleration - skeleton.gravity)
    np.testing.assert_allclose(
        rigid_shares.as_the_hub, np.tile(total_force, (STRIDE_FRAMES + 1, 1)), rtol=1e-12
    )


def test_about_the_contact_point_only_the_vertical_moment_is_left():
    """C2 spans what a flat ground can exert, C1 lacks the free moment, C3 nothing."""
    load = ground_loads(20, 1)[0]
    wrench = foot_contact(load, np.ones(20, dtype=bool)).wrench
    scale = 1e-12 * np.abs(load.moment).max()
    assert np.abs(wrench[:, [0, 2]]).max() < scale
    np.testing.assert_array_equal(wrench[:, 3:], load.force)
    left = {model: wrench - wrench @ (rows.T @ rows) for model, rows in CONTACT_ROWS.items()}
    assert np.abs(left["C2"]).max() < scale
    np.testing.assert_array_equal(left["C3"], 0.0)
    np.testing.assert_allclose(left["C1"][:, 1], wrench[:, 1])
    assert np.abs(left["C1"][:, 3:]).max() == 0.0


def _cut(hub, skeleton):
    names = np.array(skeleton.bodies)
    chains = {x.name: (names[list(x.roots)], names[list(x.members)]) for x in hub.chains}
    matrix = hub.chain_matrix(len(names))
    for row, (_, members) in zip(matrix, chains.values(), strict=True):
        np.testing.assert_array_equal(row, np.isin(names, members))
    return hub.sources, chains


def test_words_of_hubs_and_chains():
    """Of the sprint model, of other groups, and of trees that cannot be cut at the pelvis."""
    case = sprint_run()
    skeleton, groups = case.skeleton, dict(case.anatomy.groups)
    upper = {k: v for k, v in groups.items() if not k.startswith("arm")}
    upper |= {"pelvis": ("pelvis", *groups["torso"])}
    upper |= {"torso": (*groups["arm_left"], *groups["arm_right"])}
    scattered = ("pelvis", "tibia_l", "foot_l", "toes_l")
    parent = np.where(np.array(skeleton.bodies) == "femur_l", -1, skeleton.parent)
    without_leg = replace(skeleton, parent=parent)
    examples = {
        "pelvis": lambda: _cut(pelvis_hub(skeleton, groups), skeleton),
        "torso": lambda: _cut(torso_hub(skeleton, groups), skeleton),
        "two joints": lambda: _cut(pelvis_hub(skeleton, upper), skeleton),
        "foot": lambda: pelvis_hub(skeleton, {**groups, "pelvis": ("pelvis", "foot_l")}),
        "leg": lambda: pelvis_hub(
            skeleton, groups | {"pelvis": ("femur_l",), "leg_left": scattered}
        ),
        "apart": lambda: pelvis_hub(without_leg, groups),
    }
    assert differences("hubs", answers(examples)) == []


def test_a_foot_touches_from_20_n():
    force = np.array([[0.0, up, 0.0] for up in (19.0, 20.0, 21.0, 500.0)])
    load = ExternalLoad("foot", force, np.zeros((4, 3)), np.zeros(3))
    contact = foot_contact(load, np.array([True, True, True, False]))
    assert contact.touching.tolist() == [False, True, True, False]
    np.testing.assert_array_equal(contact.load.force, force)
    assert not contact.point.any()


def test_coordinates_of_every_source():
    """Named joints take what moves them, an ankle the toes; what is left is another source's."""
    case = sprint_run()
    joints = {name: joint for name, joint in case.anatomy.joints.items() if "mtp" not in name}
    names = case.skeleton.coordinates
    sources = coordinate_sources(case.skeleton, joints, case.anatomy.root, "residual")
    expected = {
        f"{joint}_{side}": [n for n in names if n.startswith(begin) and n.endswith(f"_{side[0]}")]
        for joint, begin in (("hip", "hip_"), ("knee", "knee_"), ("ankle", ("ankle_", "mtp_")),
                             ("shoulder", "arm_"), ("elbow", "elbow_"))
        for side in ("left", "right")
    }  # fmt: skip
    expected["lumbar"] = [n for n in names if n.startswith("lumbar")]
    expected["residual"] = [n for n in names if n.startswith("pelvis")]
    named = {name for coordinates in expected.values() for name in coordinates}
    expected["other"] = [n for n in names if n not in named]
    assert {source: [names[k] for k in columns] for source, columns in sources.items()} == expected


INDUCED = 1e-9
"""A mass matrix of condition 1e5 to 1e6 (toes beside a whole body) leaves ten of sixteen digits."""


@pytest.fixture(scope="module")
def case():
    return sprint_run(12, 3)


@pytest.fixture(scope="module")
def levels(case):
    return case.levels()


@pytest.mark.parametrize("seed", range(3))
def test_sums_over_sources_are_the_measured_motion(seed):
    assert max(level_c_identities(sprint_run(40, seed).levels()).values()) < INDUCED


def _contact_acceleration(moves, body, point):
    """Angular acceleration of a segment and acceleration of a point that moves with it, (T, 6)."""
    omega, alpha = moves.angular_velocity[:, body], moves.angular_acceleration[:, body]
    arm = point - moves.origin[:, body]
    turning = np.cross(alpha, arm) + np.cross(omega, np.cross(omega, arm))
    return np.concatenate([alpha, moves.acceleration[:, body] + turning], axis=1)


@pytest.mark.parametrize("model", CONTACT_ROWS)
def test_a_held_foot_obeys_the_contact_for_every_source(case, levels, model):
    """``A u̇_s`` = 0 for all but the speeds (−b) and the contact itself (measured)."""
    rows, moves = CONTACT_ROWS[model], levels.mechanics.kinematics
    induced = levels.induced[model]
    speeds_alone = segment_kinematics(case.skeleton, moves.q, moves.u, np.zeros_like(moves.udot))
    for side, foot in enumerate(levels.feet):
        body = case.skeleton.bodies.index(foot.load.body)
        jacobian = contact_jacobian(case.skeleton, moves, body, foot.point)
        bias = _contact_acceleration(speeds_alone, body, foot.point)
        touching = case.touching[:, side]
        motion = (rows @ jacobian)[touching] @ np.swapaxes(induced.udot, 1, 2)[touching]
        measured = _contact_acceleration(moves, body, foot.point) @ rows.T
        scale = np.abs(rows @ jacobian).max() * np.abs(induced.udot).max()
        for column, source in enumerate(induced.sources):
            expected = {"velocity": -bias @ rows.T, "contact": measured}.get(source, 0 * measured)
            error = np.abs(motion[..., column] - expected[touching]).max()
            assert error < INDUCED * scale, source


def _at_contact(levels, induced, source, side):
    """(T, 6) moment about the contact point and force."""
    force = induced.force[:, source, side]
    arm = levels.feet[side].point - levels.mechanics.balance.com
    return np.concatenate([induced.moment[:, source, side] - np.cross(arm, force), force], axis=1)


@pytest.mark.parametrize("model", CONTACT_ROWS)
def test_equals_the_equations_of_motion_solved_in_full(case, levels, model):
    """One matrix per frame with accelerations and ground reactions as unknowns together."""
    rows, moves = CONTACT_ROWS[model], levels.mechanics.kinematics
    induced = levels.induced[model]
    mass = mass_matrix(case.skeleton, moves)
    source = induced.sources.index("hip_right")
    tau = np.zeros_like(moves.udot)
    columns = [
        case.skeleton.coordinates.index(f"hip_{name}_r")
        for name in ("flexion", "adduction", "rotation")
    ]
    tau[:, columns] = levels.mechanics.forces[:, columns]
    for frame in range(len(moves.udot)):
        touching_feet = [foot for foot in levels.feet if foot.touching[frame]]
        jacobians = [
            rows
            @ contact_jacobian(
                case.skeleton, moves, case.skeleton.bodies.index(foot.load.body), foot.point
            )[frame]
            for foot in touching_feet
        ]
        stacked = np.concatenate(jacobians) if touching_feet else np.zeros((0, mass.shape[1]))
        zero = np.zeros((len(stacked), len(stacked)))
        matrix = np.block([[mass[frame], -stacked.T], [stacked, zero]])
        right = np.concatenate([tau[frame], np.zeros(len(stacked))])
        solution = np.linalg.solve(matrix, right)
        expected, reaction = solution[: mass.shape[1]], solution[mass.shape[1] :]
        limit = INDUCED * np.abs(induced.udot[frame, source]).max()
        np.testing.assert_allclose(induced.udot[frame, source], expected, rtol=0, atol=limit)
        wrench = [
            rows @ _at_contact(levels, induced, source, side)[frame]
            for side, foot in enumerate(levels.feet)
            if foot.touching[frame]
        ]
        limit = INDUCED * np.abs(reaction).max(initial=0.0)
        np.testing.assert_allclose(np.ravel(wrench), reaction, rtol=0, atol=limit)


@pytest.mark.parametrize("moves", [False, True])
def test_locked_coordinates_take_no_part(case, moves):
    """A locked joint is rigid, the sums still hold; what a file prescribes for it are speeds."""
    locked = case.skeleton.coordinate_locked.copy()
    locked[[case.skeleton.coordinates.index(f"mtp_angle_{side}") for side in "lr"]] = True
    q, u, udot = (values.copy() for values in case.motion)
    u[:, locked], udot[:, locked] = moves * u[:, locked], moves * udot[:, locked]
    skeleton = replace(case.skeleton, coordinate_locked=locked)
    locked_levels = replace(case, skeleton=skeleton, motion=(q, u, udot)).levels()
    assert max(level_c_identities(locked_levels).values()) < INDUCED
    assert locked_levels.induced["C2"].udot.shape[2] == len(case.skeleton.coordinates) - 2


seeds = st.integers(0, 10_000)
GRAVITY = np.array([0.0, -9.80665, 0.0])
FRAMES, BODIES = 6, 4
ROUND_OFF = 1e-12  # of sums of some ten terms, relative to the largest of them


def _close(actual, expected, *terms):
    """Equal up to round-off relative to the largest term that entered."""
    size = max(np.abs(term).max() for term in (*terms, actual, expected))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=ROUND_OFF * size)


def _tensor(rotation, inertia):
    return rotation @ inertia @ np.swapaxes(rotation, -1, -2)


def _motion(seed) -> SegmentMotion:
    """Rigid bodies that move at random: every value of every frame on its own."""
    rng = np.random.default_rng(seed)
    shape = (FRAMES, BODIES, 3)
    half = rng.normal(size=(BODIES, 3, 3))
    rotation = Rotation.random(FRAMES * BODIES, random_state=seed).as_matrix()
    inertia = _tensor(rotation.reshape(FRAMES, BODIES, 3, 3), half @ np.swapaxes(half, 1, 2))
    omega, alpha = rng.normal(0, 10, shape), rng.normal(0, 100, shape)
    spin = np.einsum("tbij,tbj->tbi", inertia, omega)
    return SegmentMotion(
        segments=tuple(f"b{i}" for i in range(BODIES)),
        mass=rng.uniform(0.5, 30, BODIES),
        com=rng.normal(0, 1, shape),
        velocity=rng.normal(0, 8, shape),
        acceleration=rng.normal(0, 80, shape),
        spin=spin,
        spin_rate=np.einsum("tbij,tbj->tbi", inertia, alpha) + np.cross(omega, spin),
    )


def _pushes(seed) -> list[ExternalLoad]:
    """Two feet that push, about points anywhere."""
    rng = np.random.default_rng(seed + 1)
    loads = []
    for foot in ("b0", "b1"):
        force = rng.normal(0, 300, (FRAMES, 3))
        force[:, 1] = rng.uniform(100, 3000, FRAMES)
        point = rng.normal(0, 2, 3)
        loads.append(ExternalLoad(foot, force, rng.normal(0, 200, (FRAMES, 3)), point))
    return loads


def _balance(motion, loads, gravity=GRAVITY):
    return level_a(motion, loads, gravity=gravity)


VECTORS = {
    "momentum": "axial",
    "rate": "axial",
    "moment_of_force": "axial",
    "free_moment": "axial",
    "residual_moment": "axial",
    "com": "polar",
    "com_velocity": "polar",
    "com_acceleration": "polar",
    "force": "polar",
    "residual_force": "polar",
}


@given(seed=seeds, height=st.floats(-0.3, 0.3))
def test_free_moment_recovers_a_known_wrench(seed, height):
    """A force at a known place and a known vertical moment, given about any point."""
    rng = np.random.default_rng(seed)
    pressure_centre = rng.normal(0, 3, (FRAMES, 3))
    pressure_centre[:, 1] = height
    force = rng.normal(0, 300, (FRAMES, 3))
    force[:, 1] = rng.uniform(MIN_FREE_MOMENT_FORCE_N + 1, 3000, FRAMES)
    true_moment = np.zeros((FRAMES, 3))
    true_moment[:, 1] = rng.normal(0, 20, FRAMES)
    point = rng.normal(0, 2, 3)
    moment = true_moment + np.cross(pressure_centre - point, force)
    recovered = free_moment(ExternalLoad("foot", force, moment, point), height)
    # the centre of pressure is a quotient by the vertical force, multiplied by the horizontal one
    amplified = np.abs(moment).max() * (1 + np.abs(force / force[:, 1:2]).max())
    np.testing.assert_allclose(recovered, true_moment, rtol=0, atol=1e-12 * amplified)


def _mapped(polar, axial, motion, loads):
    moved = replace(
        motion,
        **{name: polar(getattr(motion, name)) for name in ("com", "velocity", "acceleration")},
        **{name: axial(getattr(motion, name)) for name in ("spin", "spin_rate")},
    )
    pushed = [
        ExternalLoad(load.body, polar(load.force), axial(load.moment), polar(load.point))
        for load in loads
    ]
    return moved, pushed


@pytest.mark.parametrize("turn", [None, -2.3, 0.4])
@given(seed=seeds)
def test_mirrored_and_turned_worlds_give_mirrored_and_turned_results(turn, seed):
    """About the vertical, because gravity and the ground stay where they are."""
    polar, axial = mirrored_polar, mirrored_axial
    if turn is not None:
        polar = axial = lambda vectors: vectors @ rotation_about_vertical(turn).T
    motion, loads = _motion(seed), _pushes(seed)
    before, after = _balance(motion, loads), _balance(*_mapped(polar, axial, motion, loads))
    for name, kind in VECTORS.items():
        expected = (axial if kind == "axial" else polar)(getattr(before, name))
        _close(getattr(after, name), expected, before.rate if kind == "axial" else expected)


EQUAL_RTOL = 1e-9
"""Relative to the largest value; the issue's tolerance."""


def _vectors(unmoved: Levels) -> dict[str, tuple[np.ndarray, str]]:
    """All vectors of levels B and C with their kind; sources and groups by name."""
    vectors: dict[str, tuple[np.ndarray, str]] = {}

    def add(name: str, values: np.ndarray, kind: str) -> None:
        vectors[name] = (values, kind)

    for kinetics, balance in unmoved.hubs:
        hub = kinetics.hub.name
        add(f"{hub} rate", kinetics.rate, "axial")
        for row, source in enumerate(kinetics.hub.sources):
            add(f"{hub} moment {source}", kinetics.moment[:, row], "axial")
            add(f"{hub} force moment {source}", kinetics.force_moment[:, row], "axial")
            add(f"{hub} force {source}", kinetics.force[:, row], "polar")
        for row, part in enumerate(balance.parts):
            add(f"{hub} weight {part}", balance.apparent_weight[:, row], "axial")
            add(f"{hub} about com {part}", balance.moment_on_hub[:, row], "axial")
    for row, group in enumerate(unmoved.groups):
        add(f"inertial {group}", unmoved.shares.inertial[:, row], "polar")
        add(f"relative {group}", unmoved.shares.relative[:, row], "polar")
    for model, induced in unmoved.induced.items():
        for row, source in enumerate(induced.sources):
            name = f"{model} {source}"
            add(f"{name} com", induced.com_acceleration[:, row], "polar")
            add(f"{name} turning", induced.pelvis_acceleration[:, row], "turning")
            for foot, side in enumerate(("left", "right")):
                add(f"{name} moment {side}", induced.moment[:, row, foot], "axial")
                add(f"{name} force {side}", induced.force[:, row, foot], "polar")
            for column, group in enumerate(unmoved.groups):
                add(f"{name} rate {group}", induced.group_rate[:, row, column], "axial")
    return vectors


def _scalars(unmoved: Levels) -> dict[str, np.ndarray]:
    return {name: unmoved.power[:, column] for column, name in enumerate(unmoved.joints)}


def _kind_of(name: str) -> str:
    """Names without contact model, source or group: values of one kind share a scale."""
    words = ("force moment", "moment", "force", "rate", "com", "turning", "weight", "inertial")
    return next((word for word in words if f" {word}" in f" {name}"), "relative")


def _compare(actual, expected, transform, rename=lambda name: name, power=1.0) -> None:
    ours, theirs = _vectors(actual), _vectors(expected)
    assert set(ours) == {rename(name) for name in theirs}
    transformed = {name: transform(values, kind) for name, (values, kind) in theirs.items()}
    scale: dict[str, float] = {}
    for name, values in transformed.items():
        kind = _kind_of(name)
        scale[kind] = max(scale.get(kind, 0.0), float(np.abs(values).max()))
    for name, values in transformed.items():
        error = np.abs(ours[rename(name)][0] - values).max()
        assert error <= EQUAL_RTOL * scale[_kind_of(name)], (name, error)
    powers, wanted_powers = _scalars(actual), _scalars(expected)
    largest = power * max(np.abs(values).max() for values in wanted_powers.values())
    for name, values in wanted_powers.items():
        assert np.abs(powers[rename(name)] - power * values).max() <= EQUAL_RTOL * largest, name


def _root_moved(skeleton: Skeleton, turn: np.ndarray, shift: np.ndarray) -> Skeleton:
    rotation, position = skeleton.parent_rotation.copy(), skeleton.parent_position.copy()
    rotation[0] = turn @ rotation[0]
    position[0] = turn @ position[0] + shift
    return replace(skeleton, parent_rotation=rotation, parent_position=position)


@pytest.fixture(scope="module")
def run() -> Case:
    return sprint_run(12, 6)


@pytest.fixture(scope="module")
def unmoved(run) -> Levels:
    return run.levels()


@pytest.mark.parametrize(
    ("angle", "shift"), [(0.7, (0.0, 0.0, 0.0)), (0.0, (12.0, 0.0, -7.0)), (0.0, (0.0, 0.35, 0.0))]
)
def test_a_laboratory_turned_elsewhere_or_raised(run, unmoved, angle, shift):
    """A treadmill's deck, plates below the floor: feet are held on the surface that they touch."""
    turn = rotation_about_vertical(angle)

    def moved(load):
        force = load.force @ turn.T
        return replace(load, force=force, moment=load.moment @ turn.T + np.cross(shift, force))

    moved_run = replace(
        run.with_loads(moved), skeleton=_root_moved(run.skeleton, turn, np.array(shift))
    )
    _compare(moved_run.levels(surface_height=shift[1]), unmoved, lambda values, _: values @ turn.T)


def _swapped_words(name: str) -> str:
    return name.replace("left", "#").replace("right", "left").replace("#", "right")


def test_a_runner_seen_in_a_mirror(run, unmoved):
    """The sprint model is symmetric: its mirrored motion is that of the same skeleton."""
    reflect = {"axial": mirrored_axial, "turning": mirrored_axial, "polar": mirrored_polar}
    _compare(
        mirrored_run(run).levels(),
        unmoved,
        lambda values, kind: reflect[kind](values),
        _swapped_words,
    )
