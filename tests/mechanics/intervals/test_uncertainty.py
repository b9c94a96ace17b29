"""Draws of levels A and B: every one is the full computation for another body and other plates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.body.draws import InertiaSpread, drawn_skeleton, inertia_draws, twins
from aqbio.consistency.data_errors import LoadSpread
from aqbio.gait.roles import group_sum, membership
from aqbio.intervals.sources import (
    Motions,
    drawn_loads,
    joined_states,
    load_errors,
    motion_states,
    plate_states,
)
from aqbio.intervals.trial_draws import Run, state_causes
from aqbio.intervals.uncertainty import (
    Parts,
    Spread,
    body_outcomes,
    state_outcomes,
)
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics
from tests.mechanics.levels_case import body_spread, smooth_run, sprint_run

SAME = 1e-11
"""Two orders of summation over 14 segments, relative to the largest value."""


def _parts(case) -> Parts:
    skeleton = case.skeleton
    joints = [skeleton.joints.index(joint) for joint in case.anatomy.joints.values()]
    return Parts(
        groups=membership(case.anatomy.groups, skeleton.bodies),
        hub=case.levels().hubs[0][0].hub,
        joints=np.array(joints),
        twin=twins(skeleton.bodies, case.anatomy.groups),
    )


def _draw(case, spread, count, seed=0):
    moves = segment_kinematics(case.skeleton, *case.motion)
    parts, generator = _parts(case), np.random.default_rng(seed)
    parameters = inertia_draws(case.skeleton, spread.inertia, parts.twin, count, generator)
    errors = load_errors(spread.loads, len(case.loads), count, generator)
    return body_outcomes(case.skeleton, moves, case.loads, parts, parameters, errors)


def _compare(draws, number, case):
    """One draw against levels A and B and the force shares of a case: every outcome."""
    found, parts = case.levels(), _parts(case)
    balance, (kinetics, _) = found.mechanics.balance, found.hubs[0]
    for ours, expected in (
        (draws.momentum, group_sum(balance.momentum, parts.groups)),
        (draws.rate, found.group_rate),
        (draws.joint_moment, found.mechanics.wrenches.moment[:, parts.joints]),
        (draws.hub_moment, kinetics.wrench[:, :-1]),
        (draws.residual_moment, balance.residual_moment),
        (draws.inertial_force, found.shares.inertial),
        (draws.relative_force, found.shares.relative),
        (draws.ground_force, sum(load.force for load in case.loads)),
    ):
        limit = SAME * np.abs(expected).max()
        np.testing.assert_allclose(ours[number], expected, rtol=0, atol=limit)


def test_every_draw_is_another_body_on_other_plates():
    """The linear maps against levels A and B computed anew, body by body."""
    case = sprint_run(6)
    spread = Spread(InertiaSpread(0.2, 0.2, 0.2, 0.02), LoadSpread(0.02, 0.05))
    draws = _draw(case, spread, 3, seed=5)
    generator = np.random.default_rng(5)
    twin = _parts(case).twin
    parameters = inertia_draws(case.skeleton, spread.inertia, twin, 3, generator)
    origin = np.zeros((6, 3))
    errors = load_errors(spread.loads, len(case.loads), 3, generator)
    loads = drawn_loads(case.loads, origin, *errors)
    for number in range(3):
        other = replace(
            case,
            skeleton=drawn_skeleton(case.skeleton, parameters[number]),
            loads=tuple(
                ExternalLoad(
                    x.body, loads.force[number, :, f], loads.moment[number, :, f], np.zeros(3)
                )
                for f, x in enumerate(case.loads)
            ),
        )
        _compare(draws, number, other)


def test_states_of_bodies_are_the_full_computation_for_each():
    """Motions of one skeleton are computed together, and come out as one by one."""
    case, _ = smooth_run(20)
    parts = _parts(case)
    q, u, udot = case.motion
    spread = body_spread(case.skeleton)
    shape = spread.template.shape(spread.shapes(1, np.random.default_rng(3))[0])
    skeleton = spread.template.skeleton_of(shape)
    other = replace(case, skeleton=skeleton, motion=(q + 0.01, 1.1 * u, 0.9 * udot))
    same = replace(case, motion=other.motion)
    cases = (case, same, other)
    arrays = (np.stack(three) for three in zip(*(one.motion for one in cases), strict=True))
    motions = Motions(tuple(one.skeleton for one in cases), *arrays)
    two, one = every = tuple(motion_states("body", motions, case.loads))
    assert two.sources == ("body", "body")
    _compare(state_outcomes(two, parts), 0, case)
    _compare(state_outcomes(two, parts), 1, same)
    _compare(state_outcomes(one, parts), 0, other)
    together = joined_states(every)
    assert together.sources == ("body",) * 3
    for number, alone in enumerate(cases):
        _compare(state_outcomes(together, parts), number, alone)


def test_causes_of_every_draw_add_up_to_its_momentum_rate():
    """Level C of other bodies on other plates: superposition holds for each of them."""
    case = sprint_run(4)
    moves = segment_kinematics(case.skeleton, *case.motion)
    spread = Spread(InertiaSpread(0.2, 0.2, 0.2, 0.02), LoadSpread(0.02, 0.05))
    parameters = inertia_draws(
        case.skeleton, spread.inertia, _parts(case).twin, 1, np.random.default_rng(5)
    )
    run = Run(case.skeleton, moves, case.loads, case.touching, case.anatomy)
    body = drawn_skeleton(case.skeleton, parameters[0])
    states = plate_states(body, moves, case.loads, spread.loads)
    caused = state_causes([states], run)["C2"]
    draws = state_outcomes(states, _parts(case))
    limit = 1e-9 * np.abs(draws.rate).max()
    np.testing.assert_allclose(caused.group_rate.sum(axis=2), draws.rate, rtol=0, atol=limit)
    pelvis = moves.angular_acceleration[:, case.skeleton.bodies.index("pelvis")]
    turned = caused.pelvis_acceleration
    limit = 1e-9 * np.abs(turned).max()
    measured = np.broadcast_to(pelvis, (7, *pelvis.shape))  # whoever's body: it is in the motion
    np.testing.assert_allclose(turned.sum(axis=2), measured, rtol=0, atol=limit)
    assert np.ptp(turned[:, 0, 0, 1]) > 1e-3 * np.abs(turned[:, 0, 0, 1]).max()
