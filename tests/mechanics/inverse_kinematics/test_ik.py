"""Inverse kinematics of a runner whose true coordinates are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.inverse_kinematics.ik import all_poses, first_pose, inverse_kinematics, limb_errors
from aqbio.inverse_kinematics.marker_fit import MarkerFit, Tracking
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.poses import dependent_filled
from aqbio.multibody.skeleton import Couplers, polynomial, stack

EXACT = 1e-6
"""rad or m: the prior of 1e-10 shifts a coordinate by 1e-10 / (1e-2)² of its distance, 1e-6."""


def _solve(runner, q, *, markers=None, weights=None, **options):
    every = np.arange(len(runner.markers))
    markers = marker_positions(runner, q) if markers is None else markers
    weights = np.ones(len(every)) if weights is None else weights
    return inverse_kinematics(runner, markers, every, weights, **options)


def _index(runner, *starts):
    return [i for i, name in enumerate(runner.coordinates) if name.startswith(starts)]


def test_recovers_every_coordinate(runner, running):
    solution = _solve(runner, running)
    np.testing.assert_allclose(solution.q, running, rtol=0, atol=EXACT)
    assert np.nanmax(solution.errors) < EXACT
    assert solution.visible.all()
    assert (solution.iterations > 0).all()


@pytest.mark.parametrize("heading", [0.5, 1.6, 3.0, -2.0])
def test_runs_in_any_direction(runner, running, heading):
    """The whole motion turned about the vertical: the same joint angles."""
    cosine, sine = np.cos(heading), np.sin(heading)
    turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    markers = marker_positions(runner, running) @ turn.T
    solution = _solve(runner, running, markers=markers)
    own = _index(runner, "thigh", "shank", "foot", "arm", "forearm", "torso")
    np.testing.assert_allclose(solution.q[:, own], running[:, own], rtol=0, atol=EXACT)


def test_a_missing_marker_changes_nothing(runner, running):
    markers = marker_positions(runner, running)
    rng = np.random.default_rng(1)
    hidden = rng.random(markers.shape[:2]) < 0.1
    visible = (~hidden).reshape(len(running), -1, 3).sum(axis=2)
    hidden &= np.repeat(visible, 3, axis=1) >= 2
    markers[hidden] = np.nan
    solution = _solve(runner, running, markers=markers)
    np.testing.assert_allclose(solution.q, running, rtol=0, atol=1e-4)
    np.testing.assert_array_equal(np.isnan(solution.errors), hidden)
    assert np.nanmax(solution.errors) < EXACT


def test_poses_from_more_markers_lead_to_the_same(runner, running):
    """Also of an arm that no marker shows any more: of it nothing is taken over."""
    markers = marker_positions(runner, running) + 0.01 * np.random.default_rng(2).standard_normal(3)
    whole = _solve(runner, running, markers=markers)
    arm = np.isin(runner.marker_body, [runner.bodies.index(b) for b in ("arm_l", "forearm_l")])
    markers[:, arm] = np.nan
    markers[::3, 2] = np.nan
    expected = _solve(runner, running, markers=markers)
    found = _solve(runner, running, markers=markers, near=whole.q)
    np.testing.assert_allclose(found.q, expected.q, rtol=0, atol=EXACT)
    assert np.abs(whole.q - found.q)[:, _index(runner, "arm_l")].max() > 0.1


def test_an_arm_that_is_not_seen_is_interpolated(runner, running):
    markers = marker_positions(runner, running)
    arm = np.isin(runner.marker_body, [runner.bodies.index(b) for b in ("arm_l", "forearm_l")])
    markers[40:60, arm] = np.nan
    solution = _solve(runner, running, markers=markers)
    own = _index(runner, "arm_l", "forearm_l")
    others = np.setdiff1d(np.arange(running.shape[1]), own)
    np.testing.assert_allclose(solution.q[:, others], running[:, others], rtol=0, atol=EXACT)
    assert not solution.visible[40:60, own].any()
    assert solution.visible[:40].all()
    for column in own:
        ends = solution.q[[39, 60], column]
        expected = np.interp(np.arange(40, 60), [39, 60], ends)
        np.testing.assert_allclose(solution.q[40:60, column], expected, atol=1e-12)


def test_an_arm_that_is_never_seen_stays_in_the_given_pose(runner, running):
    arm = np.isin(runner.marker_body, [runner.bodies.index(b) for b in ("arm_l", "forearm_l")])
    weights = np.where(arm, 0.0, 1.0)
    pose = runner.coordinate_default.copy()
    own = _index(runner, "arm_l", "forearm_l")
    pose[own] = 0.3
    solution = _solve(runner, running, weights=weights, pose=pose)
    np.testing.assert_allclose(solution.q[:, own], 0.3, rtol=1e-15)
    assert not np.isnan(solution.errors).any(), "markers without weight have errors all the same"


def test_too_few_markers_are_not_solved(runner, running):
    markers = marker_positions(runner, running)
    markers[10, 2:] = np.nan
    markers[0] = np.nan
    solution = _solve(runner, running, markers=markers)
    empty = np.isnan(solution.q).all(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(empty), [0, 10])
    np.testing.assert_array_equal(np.flatnonzero(solution.iterations == 0), [0, 10])
    np.testing.assert_allclose(solution.q[~empty], running[~empty], rtol=0, atol=EXACT)
    with pytest.raises(ValueError, match="no frame has 3 visible"):
        _solve(runner, running, markers=np.full_like(markers, np.nan))


def test_locked_coordinates_keep_their_values(runner, running):
    column = runner.coordinates.index("torso_y")
    locked = np.zeros(len(runner.coordinates), dtype=bool)
    locked[column] = True
    pose = runner.coordinate_default.copy()
    pose[column] = 0.1
    q = running.copy()
    q[:, column] = 0.1
    solution = _solve(replace(runner, coordinate_locked=locked), q, pose=pose)
    np.testing.assert_allclose(solution.q, q, rtol=0, atol=EXACT)


def test_coupled_coordinates_follow(runner, running):
    """The left foot bends with the left knee."""
    foot, knee = (runner.coordinates.index(f"{name}_l_z") for name in ("foot", "shank"))
    law = polynomial([0.1, -0.3, 0.05])
    coupled = replace(runner, couplers=Couplers(np.array([foot]), np.array([knee]), stack([law])))
    q = dependent_filled(coupled, running)
    solution = _solve(coupled, q)
    np.testing.assert_allclose(solution.q, q, rtol=0, atol=EXACT)


def test_limits(runner, running):
    """A knee that bends farther than it may stays at its limit, the rest adapts."""
    knee = runner.coordinates.index("shank_r_z")
    bounds = np.tile([-np.inf, np.inf], (len(runner.coordinates), 1))
    bounds[knee, 0] = -1.8
    solution = _solve(runner, running, bounds=bounds)
    inside = running[:, knee] > -1.8
    assert (~inside).any()
    np.testing.assert_allclose(solution.q[inside], running[inside], rtol=0, atol=EXACT)
    np.testing.assert_array_equal(solution.q[~inside, knee], -1.8)
    assert (solution.errors[~inside].max(axis=1) > 1e-3).any()


def test_weights_decide_between_markers(runner, running):
    """Markers that contradict each other: the heavier one wins in proportion."""
    markers = marker_positions(runner, running)
    markers[:, 0] += [0.0, 0.02, 0.0]
    light, heavy = (np.ones(len(runner.markers)) for _ in range(2))
    heavy[0] = 100.0
    errors = [_solve(runner, running, markers=markers, weights=w).errors for w in (light, heavy)]
    assert (errors[1][:, 0] < 0.2 * errors[0][:, 0]).all()


def test_bad_arguments_are_refused(runner, running):
    markers, every = marker_positions(runner, running), np.arange(len(runner.markers))
    with pytest.raises(ValueError, match="not all positive"):
        inverse_kinematics(runner, markers, every, np.full(len(every), -1.0))
    with pytest.raises(ValueError, match="as marker_index is"):
        inverse_kinematics(runner, markers[:, 1:], every, np.ones(len(every)))


ROUGH = 1e-2
"""rad: the first pose is a start; it is 1e-4 of its cost from its minimum, markers 0.1 mm off."""


def _problem(runner, q, keep=None):
    target = marker_positions(runner, q)
    marker = np.arange(len(runner.markers)) if keep is None else keep
    tracking = Tracking.of(runner, marker, runner.free)
    target = target[:, marker]
    return MarkerFit(tracking, target, np.ones(target.shape[:2]), runner.coordinate_default)


@pytest.mark.parametrize("frame", [0, 20, 45, 70, 100])
def test_any_frame_of_a_sprint(runner, running, frame):
    q = running[[frame]]
    found = first_pose(_problem(runner, q), runner.coordinate_default)
    np.testing.assert_allclose(found, q[0], rtol=0, atol=ROUGH)


def test_arms_with_two_markers(runner, running):
    """One marker on the upper arm, one on the forearm: the elbow that bends as it may."""
    arms = [runner.bodies.index(name) for name in ("arm_r", "forearm_r", "arm_l", "forearm_l")]
    second = np.arange(len(runner.markers)) % 3 > 0
    keep = np.flatnonzero(~(np.isin(runner.marker_body, arms) & second))
    elbows = [runner.coordinates.index(f"forearm_{side}_z") for side in "rl"]
    for frame in (5, 60, 110):
        found = first_pose(_problem(runner, running[[frame]], keep), runner.coordinate_default)
        low, high = runner.coordinate_range[elbows].T
        assert (found[elbows] > low - 0.1).all()
        assert (found[elbows] < high + 0.1).all()


def test_the_same_markers_give_the_same_pose(runner, running):
    problem = _problem(runner, running[[30]])
    poses = [first_pose(problem, runner.coordinate_default) for _ in range(2)]
    np.testing.assert_array_equal(*poses)


def test_a_skeleton_that_hangs_in_the_air(runner, running):
    """Only the right leg is tracked: its chain to the ground is found with it."""
    leg = [runner.bodies.index(name) for name in ("thigh_r", "shank_r", "foot_r")]
    keep = np.flatnonzero(np.isin(runner.marker_body, leg))
    q = running[[10]]
    problem = _problem(runner, q, keep)
    found = first_pose(problem, runner.coordinate_default)
    left = problem.evaluate(found[None])
    assert np.linalg.norm(left.error, axis=-1).max() < 2e-3


def _frames_problem(runner, q):
    tracking = Tracking.of(runner, np.arange(len(runner.markers)), runner.free)
    target = marker_positions(runner, q)
    return MarkerFit(tracking, target, np.ones(target.shape[:2]), runner.coordinate_default)


@pytest.mark.parametrize("step", [1, 2, 4])
@pytest.mark.parametrize("first", [0, 17])
def test_follows_a_sprint(runner, running, step, first):
    """Sampled at 150, 75 and 37 frames a second."""
    q = running[::step]
    ended = all_poses(_frames_problem(runner, q), first, q[first])
    np.testing.assert_allclose(ended.q, q, rtol=0, atol=EXACT)


@pytest.mark.parametrize("frames", [1, 2, 3, 8, 9, 10])
def test_any_number_of_frames(runner, running, frames):
    q = running[:frames]
    ended = all_poses(_frames_problem(runner, q), 0, q[0])
    np.testing.assert_allclose(ended.q, q, rtol=0, atol=EXACT)
    assert len(ended.cost) == len(ended.iterations) == frames


def test_a_wrong_start_of_one_arm_is_left_on_the_way(runner, running):
    """The first pose has an elbow bent backwards; frames that find the right pose pass it on."""
    arm = [runner.coordinates.index(f"arm_r_{axis}") for axis in "zxy"]
    elbow = runner.coordinates.index("forearm_r_z")
    wrong = running[0].copy()
    wrong[arm] += [0.4, -0.3, np.pi]
    wrong[elbow] *= -1.0
    problem = _frames_problem(runner, running)
    ended = all_poses(problem, 0, wrong)
    assert np.abs(problem.evaluate(ended.q).error).max() < EXACT


@pytest.fixture
def mirrored(runner, running):
    """A right arm whose elbow is bent backwards, and its bounds: the elbow bends forward."""
    q = running[::40].copy()
    limb = np.flatnonzero([name.startswith(("arm_r", "forearm_r")) for name in runner.coordinates])
    elbow = runner.coordinates.index("forearm_r_z")
    bounds = np.tile([-np.inf, np.inf], (q.shape[1], 1))
    bounds[elbow] = 0.0, 2.8
    wrong = q.copy()
    wrong[:, elbow] *= -1.0
    wrong[:, runner.coordinates.index("arm_r_y")] += np.pi
    return q, wrong, limb, bounds


def test_the_true_pose_is_found_from_the_mirrored_one(runner, mirrored):
    q, wrong, limb, bounds = mirrored
    index = np.arange(len(runner.markers))
    markers = marker_positions(runner, q)
    errors = limb_errors(runner, markers, index, np.ones(len(index)), wrong, limb, bounds)
    assert errors.max() < 1e-6


def test_where_the_true_pose_is_out_of_bounds_errors_remain(runner, mirrored):
    """The markers of the pose that nobody can take: no other pose has them all."""
    _, wrong, limb, bounds = mirrored
    index = np.arange(len(runner.markers))
    markers = marker_positions(runner, wrong)
    markers[0, 3] = np.nan
    errors = limb_errors(runner, markers, index, np.ones(len(index)), wrong, limb, bounds)
    own = [name.startswith("forearm_r") for name in runner.markers]
    assert np.nanmax(errors[:, own], axis=1).min() > 0.03
    assert np.isnan(errors[0, 3])
    assert np.isfinite(errors[1]).all()
