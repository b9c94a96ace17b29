"""Level B: virtual power and identities on random bodies; shares of a stride; hubs and contacts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aqbio.contributions.hub import (
    chain_balance,
    coordinate_sources,
    hub_kinetics,
)
from aqbio.contributions.induced import CONTACT_ROWS, foot_contact
from aqbio.contributions.level_a import force_shares, level_a
from aqbio.contributions.levels import Mechanics
from aqbio.gait.roles import membership
from aqbio.multibody.dynamics import (
    ExternalLoad,
    generalised_forces,
    joint_wrenches,
    pelvis_hub,
    torso_hub,
)
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from tests.golden import differences
from tests.mechanics.examples import answers
from tests.mechanics.identities import level_b_identities
from tests.mechanics.levels_case import ground_loads, impulse_left, sprint_run

ROUND_OFF = 1e-11
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
    found = level_b_identities(mechanics, [(kinetics, balance)])
    assert {name: error for name, error in found.items() if not error <= ROUND_OFF} == {}


@pytest.mark.parametrize("seed", range(3))
def test_identities_hold_on_the_sprint_model(seed):
    found = sprint_run(40, seed).identities()
    assert {name: found[name] for name in IDENTITIES if not found[name] <= ROUND_OFF} == {}


def test_torso_and_joints_are_those_of_the_wrenches():
    """Action and reaction at the lumbar joint; ``P = n · ω_rel`` at the centre, joint by joint."""
    case = sprint_run(5)
    found = case.levels()
    (pelvis, _), (torso, _) = found.hubs
    upper, lower = pelvis.hub.sources.index("upper_body"), torso.hub.sources.index("lower_body")
    np.testing.assert_array_equal(pelvis.moment[:, upper], -torso.moment[:, lower])
    np.testing.assert_array_equal(pelvis.force[:, upper], -torso.force[:, lower])
    moves, wrenches = found.mechanics.kinematics, found.mechanics.wrenches
    for name, joint in case.anatomy.joints.items():
        body = case.skeleton.joints.index(joint)
        parent = case.skeleton.parent[body]
        turning = moves.angular_velocity[:, body] - moves.angular_velocity[:, parent]
        power = (wrenches.moment[:, body] * turning).sum(axis=1)
        own = found.power[:, found.joints.index(name)]
        np.testing.assert_allclose(own, power, rtol=0, atol=1e-12 * np.abs(found.power).max())


# shares ------------------------------------------------------------------------------------------

FRAMES = 256


def test_shares_of_a_stride():
    """One period of a runner: every joint a sum of two harmonics, the pelvis moves on at 8 m/s.

    Relative shares cancel over a stride and not over half of it; the mean vertical force is body
    weight. The trapezoidal rule is exact to round-off for periodic signals of few harmonics.
    """
    case = sprint_run()
    skeleton, rng = case.skeleton, np.random.default_rng(4)
    time = np.linspace(0.0, 0.5, FRAMES + 1)
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
    half = slice(FRAMES // 2)
    assert np.abs(impulse_left(time[half], shares.relative[half]))[1:].max() > 0.05
    impulse = np.trapezoid(shares.inertial.sum(axis=1), time, axis=0)
    weight = motion.mass.sum() * 9.80665 * (time[-1] - time[0])
    np.testing.assert_allclose(impulse, [0.0, weight, 0.0], rtol=0, atol=1e-9 * weight)
    same = np.array([1.0, 2.0, 3.0])  # a body that moves as one is all carried
    one = replace(motion, acceleration=np.broadcast_to(same, motion.acceleration.shape))
    found = force_shares(one, groups, np.tile(same, (FRAMES + 1, 1)), skeleton.gravity)
    assert np.abs(found.relative).max() < 1e-12
    carried = motion.mass.sum() * (same - skeleton.gravity)
    np.testing.assert_allclose(found.as_the_hub, np.tile(carried, (FRAMES + 1, 1)), rtol=1e-12)


# hubs and contacts -------------------------------------------------------------------------------


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
    return hub.sources, chains, hub.chain_matrix(len(names))


def test_hubs_chains_and_sources_are_what_they_were():
    """Of the sprint model, of other groups, and of trees that cannot be cut at the pelvis."""
    case = sprint_run()
    skeleton, groups = case.skeleton, dict(case.anatomy.groups)
    upper = {k: v for k, v in groups.items() if not k.startswith("arm")}
    upper |= {"pelvis": ("pelvis", *groups["torso"])}
    upper |= {"torso": (*groups["arm_left"], *groups["arm_right"])}
    others = ("pelvis", "tibia_l", "foot_l", "toes_l")
    parent = np.where(np.array(skeleton.bodies) == "femur_l", -1, skeleton.parent)
    apart = replace(skeleton, parent=parent)
    force = np.array([[0.0, up, 0.0] for up in (19.0, 20.0, 21.0, 500.0)])
    load = ExternalLoad("foot", force, np.zeros((4, 3)), np.zeros(3))
    joints = {name: joint for name, joint in case.anatomy.joints.items() if "mtp" not in name}
    examples = {
        "pelvis": lambda: _cut(pelvis_hub(skeleton, groups), skeleton),
        "torso": lambda: _cut(torso_hub(skeleton, groups), skeleton),
        "two joints": lambda: _cut(pelvis_hub(skeleton, upper), skeleton),
        "foot": lambda: pelvis_hub(skeleton, {**groups, "pelvis": ("pelvis", "foot_l")}),
        "leg": lambda: pelvis_hub(skeleton, groups | {"pelvis": ("femur_l",), "leg_left": others}),
        "apart": lambda: pelvis_hub(apart, groups),
        "light": lambda: foot_contact(load, np.array([True, True, True, False])),
        "sources": lambda: coordinate_sources(skeleton, joints, case.anatomy.root, "residual"),
    }
    assert differences("hubs", answers(examples)) == []
