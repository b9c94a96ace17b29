"""Draws of levels A and B: every one is the full computation for another body and other plates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.mechanics.gait.groups import group_sum, membership
from aqbio.mechanics.intervals.drawn_causes import Run, drawn_causes
from aqbio.mechanics.intervals.drawn_levels import LoadSpread, drawn_loads
from aqbio.mechanics.intervals.inertia_draws import (
    InertiaSpread,
    drawn_skeleton,
    inertia_draws,
    twins,
)
from aqbio.mechanics.intervals.registration import marker_jacobian, misplaced
from aqbio.mechanics.intervals.uncertainty import (
    Motions,
    Parts,
    Spread,
    drawn_outcomes,
    interval,
    marker_outcomes,
)
from aqbio.mechanics.multibody.dynamics import ExternalLoad
from aqbio.mechanics.multibody.kinematics import marker_positions, segment_kinematics
from aqbio.mechanics.multibody.poses import segment_poses
from aqbio.mechanics.multibody.regressor import inertial_parameters
from tests.mechanics.levels_case import smooth_run, sprint_run

SAME = 1e-11
"""Two orders of summation over 14 segments, relative to the largest value."""

NOTHING = Spread(InertiaSpread(0.0, 0.0, 0.0, 0.0), LoadSpread(0.0, 0.0), marker=0.0)


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
    generator = np.random.default_rng(seed)
    return drawn_outcomes(case.skeleton, moves, case.loads, _parts(case), spread, count, generator)


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


def test_without_spread_every_draw_is_the_measured_motion():
    case = sprint_run(6)
    draws = _draw(case, NOTHING, 2)
    _compare(draws, 0, case)
    _compare(draws, 1, case)


def test_every_draw_is_another_body_on_other_plates():
    """The linear maps against levels A and B computed anew, body by body."""
    case = sprint_run(6)
    spread = Spread(InertiaSpread(0.2, 0.2, 0.2, 0.02), LoadSpread(0.02, 0.05))
    draws = _draw(case, spread, 3, seed=5)
    generator = np.random.default_rng(5)
    twin = _parts(case).twin
    parameters = inertia_draws(case.skeleton, spread.inertia, twin, 3, generator)
    origin = np.zeros((6, 3))
    loads = drawn_loads(case.loads, origin, spread.loads, 3, generator)
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


def test_plates_move_and_stretch_forces():
    case = sprint_run(4)
    moved = drawn_loads(
        case.loads, np.zeros((4, 3)), LoadSpread(0.01, 0.0), 2000, np.random.default_rng(0)
    )
    np.testing.assert_array_equal(moved.force[0, :, 0], case.loads[0].force)
    change = moved.moment[:, :, 0] - case.loads[0].moment
    # About z: δ_x F_y - δ_y F_x with δ_y = 0.
    np.testing.assert_allclose(
        change.std(axis=0)[:, 2], 0.01 * case.loads[0].force[:, 1], rtol=5 / np.sqrt(4000)
    )
    scaled = drawn_loads(
        case.loads, np.zeros((4, 3)), LoadSpread(0.0, 0.02), 2000, np.random.default_rng(0)
    )
    ratio = scaled.force[:, :, 1, 1] / case.loads[1].force[:, 1]
    assert ratio.std() == pytest.approx(0.02, rel=5 / np.sqrt(4000))
    np.testing.assert_allclose(np.ptp(ratio, axis=1), 0.0, atol=1e-12)


def test_intervals_cover_truth_from_the_same_prior():
    """A check of the code: of 300 bodies from the prior 95 % lie inside; 4 SD of that are 5 %."""
    case = sprint_run(3, 7)
    low, high = interval(_draw(case, Spread(), 1000, seed=1).momentum.mean(axis=1))
    truth = _draw(case, Spread(), 300, seed=2).momentum.mean(axis=1)
    inside = ((truth >= low) & (truth <= high)).mean(axis=0)
    assert np.abs(inside - 0.95).max() < 0.055


def test_marker_jacobian_is_the_derivative_of_marker_positions():
    case = sprint_run(3)
    skeleton, q = case.skeleton, case.motion[0]
    marker = np.arange(len(skeleton.markers))
    jacobian = marker_jacobian(skeleton, segment_poses(skeleton, q), marker)
    step = 1e-6
    for column, coordinate in enumerate(skeleton.free):
        moved = [q.copy(), q.copy()]
        moved[0][:, coordinate] += step
        moved[1][:, coordinate] -= step
        ahead, behind = (marker_positions(skeleton, x) for x in moved)
        difference = (ahead - behind).reshape(3, -1) / (2 * step)
        np.testing.assert_allclose(jacobian[..., column], difference, rtol=0, atol=1e-8)


def test_misplaced_markers_move_the_solution_of_inverse_kinematics():
    """Gauss-Newton on the shifted markers, to convergence, against one linear step."""
    case = sprint_run(3)
    skeleton, q = case.skeleton, case.motion[0]
    marker = np.arange(len(skeleton.markers))
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(marker))
    offset = np.random.default_rng(2).normal(0, 1e-4, (1, len(marker), 3))
    predicted = misplaced(skeleton, segment_poses(skeleton, q), marker, weight, offset)[0]
    wrong = replace(skeleton, marker_position=skeleton.marker_position + offset[0])
    seen, solved = marker_positions(skeleton, q), q.copy()
    for _ in range(20):
        jacobian = marker_jacobian(wrong, segment_poses(wrong, solved), marker)
        weighted = jacobian * np.repeat(weight, 3)[:, None]
        error = (seen - marker_positions(wrong, solved)).reshape(3, -1, 1)
        normal = np.swapaxes(weighted, 1, 2) @ jacobian
        step = np.linalg.solve(normal, np.swapaxes(weighted, 1, 2) @ error)
        solved[:, skeleton.free] += step[..., 0]
    assert np.abs(step).max() < 1e-10
    change = solved - q
    # Second order in the offset, 1e-4 m over segments of 0.1 m; the hold on unseen angles 1e-6.
    assert np.abs(predicted - change).max() < 5e-3 * np.abs(change).max()


def test_marker_draws_are_added_to_the_others():
    case, _ = smooth_run(20)
    parts = _parts(case)
    q, u, udot = case.motion
    other = replace(case, motion=(q + 0.01, 1.1 * u, 0.9 * udot))
    both = Motions(*(np.stack(pair) for pair in zip(case.motion, other.motion, strict=True)))
    markers = marker_outcomes(case.skeleton, both, case.loads, parts)
    _compare(markers, 0, case)
    _compare(markers, 1, other)
    base = marker_outcomes(case.skeleton, Motions(q[None], u[None], udot[None]), case.loads, parts)
    added = _draw(case, NOTHING, 4).changed_by(markers, base, np.array([0, 1, 1, 0]))
    _compare(added, 0, case)
    _compare(added, 1, other)


def test_drawn_skeletons_have_the_drawn_parameters():
    case = sprint_run()
    twin = _parts(case).twin
    drawn = inertia_draws(case.skeleton, InertiaSpread(), twin, 3, np.random.default_rng(0))
    for parameters in drawn:
        found = inertial_parameters(drawn_skeleton(case.skeleton, parameters))
        np.testing.assert_allclose(found, parameters, rtol=1e-12, atol=1e-15)


def test_causes_of_every_draw_add_up_to_its_momentum_rate():
    """Level C of other bodies on other plates: superposition holds for each of them."""
    case = sprint_run(4)
    moves = segment_kinematics(case.skeleton, *case.motion)
    spread = Spread(InertiaSpread(0.2, 0.2, 0.2, 0.02), LoadSpread(0.02, 0.05))
    run = Run(case.skeleton, moves, case.loads, case.touching, case.anatomy)
    caused = drawn_causes(run, spread, 3, np.random.default_rng(5))["C2"]
    draws = _draw(case, spread, 3, seed=5)
    limit = 1e-9 * np.abs(draws.rate).max()
    np.testing.assert_allclose(caused.group_rate.sum(axis=2), draws.rate, rtol=0, atol=limit)
    pelvis = moves.angular_acceleration[:, case.skeleton.bodies.index("pelvis")]
    turned = caused.pelvis_acceleration
    limit = 1e-9 * np.abs(turned).max()
    measured = np.broadcast_to(pelvis, (3, *pelvis.shape))  # whoever's body: it is in the motion
    np.testing.assert_allclose(turned.sum(axis=2), measured, rtol=0, atol=limit)
    assert np.ptp(turned[:, 0, 0, 1]) > 1e-3 * np.abs(turned[:, 0, 0, 1]).max()


def test_causes_without_spread_are_level_c():
    case = sprint_run(4)
    moves = segment_kinematics(case.skeleton, *case.motion)
    run = Run(case.skeleton, moves, case.loads, case.touching, case.anatomy)
    caused = drawn_causes(run, NOTHING, 1, np.random.default_rng(0))["C2"]
    induced = case.levels().induced["C2"]
    assert caused.sources == induced.sources
    for ours, expected in (
        (caused.group_rate[0], induced.group_rate),
        (caused.ground_force[0], induced.force.sum(axis=2)),
        (caused.pelvis_acceleration[0], induced.pelvis_acceleration),
    ):
        limit = 1e-9 * np.abs(expected).max()
        np.testing.assert_allclose(ours, expected, rtol=0, atol=limit)
