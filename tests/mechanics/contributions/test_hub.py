"""Level B: a closed form, the principle of virtual power, and identities on random bodies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aqbio.body.sprint_body import LOCKED
from aqbio.contributions.hub import (
    OTHER,
    chain_balance,
    coordinate_sources,
    hub_kinetics,
)
from aqbio.contributions.level_a import level_a
from aqbio.contributions.levels import Mechanics
from aqbio.multibody.dynamics import (
    ExternalLoad,
    generalised_forces,
    joint_wrenches,
    pelvis_hub,
)
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from tests.mechanics.identities import level_b_identities
from tests.mechanics.levels_case import sprint_run

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


def test_torso_sees_the_lumbar_wrench_that_the_pelvis_sees():
    """Action and reaction: the upper body on the pelvis, the lower body on the torso."""
    (pelvis, _), (torso, _) = sprint_run(5).levels().hubs
    upper, lower = pelvis.hub.sources.index("upper_body"), torso.hub.sources.index("lower_body")
    np.testing.assert_array_equal(pelvis.moment[:, upper], -torso.moment[:, lower])
    np.testing.assert_array_equal(pelvis.force[:, upper], -torso.force[:, lower])


def test_powers_of_joints_are_those_of_wrenches_on_relative_motion():
    """``P = n · ω_rel + f · v_rel`` at the joint centre, joint by joint."""
    case = sprint_run(5)
    found = case.levels()
    moves, wrenches = found.mechanics.kinematics, found.mechanics.wrenches
    for name, joint in case.anatomy.joints.items():
        body = case.skeleton.joints.index(joint)
        parent = case.skeleton.parent[body]
        turning = moves.angular_velocity[:, body] - moves.angular_velocity[:, parent]
        power = (wrenches.moment[:, body] * turning).sum(axis=1)
        own = found.power[:, found.joints.index(name)]
        np.testing.assert_allclose(own, power, rtol=0, atol=1e-12 * np.abs(found.power).max())


def test_every_coordinate_has_one_source():
    case = sprint_run()
    joints = {
        name: one for name, one in case.anatomy.joints.items() if name[:3] not in ("mtp", "elb")
    }
    sources = coordinate_sources(case.skeleton, joints, case.anatomy.root, "residual")
    every = np.concatenate(list(sources.values()))
    np.testing.assert_array_equal(np.sort(every), np.arange(len(case.skeleton.coordinates)))
    names = {case.skeleton.coordinates[c] for c in sources[OTHER]}
    assert {name for name in names if not name.startswith(LOCKED)} == {
        "elbow_flex_l",
        "elbow_flex_r",
    }
    assert case.skeleton.coordinates.index("mtp_angle_l") in sources["ankle_left"]
    assert len(sources["residual"]) == 6
