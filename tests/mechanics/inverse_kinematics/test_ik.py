"""Inverse kinematics of a runner whose true coordinates are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.inverse_kinematics.ik import all_poses, inverse_kinematics
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
    np.testing.assert_allclose(solution, running, rtol=0, atol=EXACT)


def test_a_missing_marker_changes_nothing(runner, running):
    markers = marker_positions(runner, running)
    rng = np.random.default_rng(1)
    hidden = rng.random(markers.shape[:2]) < 0.1
    visible = (~hidden).reshape(len(running), -1, 3).sum(axis=2)
    hidden &= np.repeat(visible, 3, axis=1) >= 2
    markers[hidden] = np.nan
    solution = _solve(runner, running, markers=markers)
    np.testing.assert_allclose(solution, running, rtol=0, atol=1e-4)


def test_poses_from_more_markers_lead_to_the_same(runner, running):
    """Also of an arm that no marker shows any more: of it nothing is taken over."""
    markers = marker_positions(runner, running) + 0.01 * np.random.default_rng(2).standard_normal(3)
    whole = _solve(runner, running, markers=markers)
    arm = np.isin(runner.marker_body, [runner.bodies.index(b) for b in ("arm_l", "forearm_l")])
    markers[:, arm] = np.nan
    markers[::3, 2] = np.nan
    expected = _solve(runner, running, markers=markers)
    found = _solve(runner, running, markers=markers, near=whole)
    np.testing.assert_allclose(found, expected, rtol=0, atol=EXACT)
    assert np.abs(whole - found)[:, _index(runner, "arm_l")].max() > 0.1


def test_an_arm_that_is_not_seen_is_interpolated(runner, running):
    markers = marker_positions(runner, running)
    arm = np.isin(runner.marker_body, [runner.bodies.index(b) for b in ("arm_l", "forearm_l")])
    markers[40:60, arm] = np.nan
    solution = _solve(runner, running, markers=markers)
    own = _index(runner, "arm_l", "forearm_l")
    others = np.setdiff1d(np.arange(running.shape[1]), own)
    np.testing.assert_allclose(solution[:, others], running[:, others], rtol=0, atol=EXACT)
    for column in own:
        ends = solution[[39, 60], column]
        expected = np.interp(np.arange(40, 60), [39, 60], ends)
        np.testing.assert_allclose(solution[40:60, column], expected, atol=1e-12)


def test_an_arm_that_is_never_seen_stays_in_the_given_pose(runner, running):
    arm = np.isin(runner.marker_body, [runner.bodies.index(b) for b in ("arm_l", "forearm_l")])
    weights = np.where(arm, 0.0, 1.0)
    pose = runner.coordinate_default.copy()
    own = _index(runner, "arm_l", "forearm_l")
    pose[own] = 0.3
    solution = _solve(runner, running, weights=weights, pose=pose)
    np.testing.assert_allclose(solution[:, own], 0.3, rtol=1e-15)


def test_too_few_markers_are_not_solved(runner, running):
    markers = marker_positions(runner, running)
    markers[10, 2:] = np.nan
    markers[0] = np.nan
    solution = _solve(runner, running, markers=markers)
    empty = np.isnan(solution).all(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(empty), [0, 10])
    np.testing.assert_allclose(solution[~empty], running[~empty], rtol=0, atol=EXACT)
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
    np.testing.assert_allclose(solution, q, rtol=0, atol=EXACT)


def test_coupled_coordinates_follow(runner, running):
    """The left foot bends with the left knee."""
    foot, knee = (runner.coordinates.index(f"{name}_l_z") for name in ("foot", "shank"))
    law = polynomial([0.1, -0.3, 0.05])
    coupled = replace(runner, couplers=Couplers(np.array([foot]), np.array([knee]), stack([law])))
    q = dependent_filled(coupled, running)
    solution = _solve(coupled, q)
    np.testing.assert_allclose(solution, q, rtol=0, atol=EXACT)


def test_weights_decide_between_markers(runner, running):
    """Markers that contradict each other: the heavier one wins in proportion."""
    markers = marker_positions(runner, running)
    markers[:, 0] += [0.0, 0.02, 0.0]
    light, heavy = (np.ones(len(runner.markers)) for _ in range(2))
    heavy[0] = 100.0
    found = [_solve(runner, running, markers=markers, weights=w) for w in (light, heavy)]
    errors = [np.linalg.norm(marker_positions(runner, q) - markers, axis=2) for q in found]
    assert (errors[1][:, 0] < 0.2 * errors[0][:, 0]).all()


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
