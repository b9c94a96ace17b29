"""Marker fits: derivatives, optima, limits, gaps, and OpenSim's own optimum on recordings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.inverse_kinematics.marker_fit import MarkerFit, Tracking
from aqbio.io.trc import read_trc
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers, nearest_angles
from aqbio.multibody.poses import dependent_filled
from aqbio.multibody.skeleton import Couplers, polynomial, stack
from aqbio.observed.determined import coordinates_observed, frame_sd, range_sd, usual_covariance

EXACT = 1e-6
"""rad or m: the prior of 1e-10 shifts a coordinate by 1e-10 / (1e-2)² of its distance, 1e-6."""


def _solve(runner, q, *, markers=None, weights=None, **options):
    all_markers = np.arange(len(runner.markers))
    markers = marker_positions(runner, q) if markers is None else markers
    weights = np.ones(len(all_markers)) if weights is None else weights
    return inverse_kinematics(runner, markers, all_markers, weights, **options)


def _index(runner, *starts):
    return [i for i, name in enumerate(runner.coordinates) if name.startswith(starts)]


def _with_gaps(runner, q):
    """A tenth of the markers are missing, at least two of each segment are not."""
    markers = marker_positions(runner, q)
    hidden = np.random.default_rng(1).random(markers.shape[:2]) < 0.1
    visible = (~hidden).reshape(len(q), -1, 3).sum(axis=2)
    markers[hidden & (np.repeat(visible, 3, axis=1) >= 2)] = np.nan
    return runner, q, {"markers": markers}


def _locked(runner, q):
    """A coordinate that keeps the value of a pose."""
    is_locked = np.array(runner.coordinates) == "torso_y"
    pose, q = np.where(is_locked, 0.1, runner.coordinate_default), np.where(is_locked, 0.1, q)
    return replace(runner, coordinate_locked=is_locked), q, {"pose": pose}


def _coupled(runner, q):
    """The left foot bends with the left knee."""
    foot, knee = (runner.coordinates.index(f"{name}_l_z") for name in ("foot", "shank"))
    law = stack([polynomial([0.1, -0.3, 0.05])])
    coupled = replace(runner, couplers=Couplers(np.array([foot]), np.array([knee]), law))
    return coupled, dependent_filled(coupled, q), {}


@pytest.mark.parametrize("change", [lambda *solved: (*solved, {}), _with_gaps, _locked, _coupled])
def test_the_motion_comes_back(runner, running, change):
    skeleton, q, options = change(runner, running)
    solution = _solve(skeleton, q, **options)
    np.testing.assert_allclose(solution, q, rtol=0, atol=1e-4 if options else EXACT)


def test_poses_from_more_markers_lead_to_the_same(runner, running):
    """Also of an arm that no marker shows any more: of it nothing is taken over."""
    markers = marker_positions(runner, running) + 0.01 * np.random.default_rng(2).standard_normal(3)
    from_all = _solve(runner, running, markers=markers)
    arm = np.isin(runner.marker_body, [runner.bodies.index(b) for b in ("arm_l", "forearm_l")])
    markers[:, arm] = np.nan
    markers[::3, 2] = np.nan
    expected = _solve(runner, running, markers=markers)
    solution = _solve(runner, running, markers=markers, near=from_all)
    np.testing.assert_allclose(solution, expected, rtol=0, atol=EXACT)
    assert np.abs(from_all - solution)[:, _index(runner, "arm_l")].max() > 0.1


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


seeds = st.integers(0, 10_000)


def _problem(skeleton, seed, frames=1):
    """Markers somewhere, some missing, unequal weights."""
    rng = np.random.default_rng(seed)
    marker = np.arange(len(skeleton.markers))
    tracking = Tracking.of(skeleton, marker, skeleton.free)
    shape = frames, len(marker)
    weight = rng.uniform(0.5, 2.0, shape) * (rng.random(shape) < 0.8)
    target = rng.normal(0, 0.5, (frames, len(marker), 3))
    count = len(skeleton.coordinates)
    return MarkerFit(tracking, target, weight, np.zeros(count), rng.uniform(0.0, 0.1, count))


def _derivatives(problem, q, *, newton):
    fit = problem.evaluate(q)
    return problem.normal_equations(fit, newton=np.full(len(q), newton))


def _extrapolated(function, q, coordinate, step=4e-5):
    """Central differences at two steps: the truncation of order step² cancels, step⁴ remains."""
    central = []
    for width in (step, 2 * step):
        sides = [q.copy(), q.copy()]
        for sign, side in zip((-1, 1), sides, strict=True):
            side[:, coordinate] += sign * width
        before, after = (function(side) for side in sides)
        central.append((after - before) / (2 * width))
    return (4 * central[0] - central[1]) / 3


@settings(max_examples=25)
@given(seed=seeds, bodies=st.integers(2, 5))
def test_gradient_and_hessian_are_derivatives(random_tree, random_motion, seed, bodies):
    """Differences: truncation of order 1e-16, rounding 1e-16 / step of costs of order 10."""
    skeleton = random_tree(seed, bodies)
    problem = _problem(skeleton, seed)
    q = random_motion(skeleton, 1, seed)[0]
    equations = _derivatives(problem, q, newton=True)
    scale = 1.0 + np.abs(equations.hessian).max(initial=0.0)

    def cost(at):
        return problem.evaluate(at).cost[0]

    def gradient(at):
        return _derivatives(problem, at, newton=False).gradient[0]

    for row, coordinate in enumerate(problem.coordinate):
        slope = _extrapolated(cost, q, coordinate)
        assert abs(equations.gradient[0, row] - slope) < 1e-7 * scale
        bend = _extrapolated(gradient, q, coordinate)
        np.testing.assert_allclose(equations.hessian[0, row], bend, rtol=0, atol=1e-7 * scale)


def test_coordinates_that_move_no_marker_are_not_sought(runner):
    marker = np.flatnonzero(runner.marker_body == runner.bodies.index("thigh_r"))
    tracking = Tracking.of(runner, marker, runner.free)
    names = {runner.coordinates[c].rsplit("_", 1)[0] for c in tracking.coordinate}
    assert names == {"pelvis", "thigh_r"}
    with pytest.raises(ValueError, match="move a marker"):
        Tracking(runner, marker, runner.free)


@pytest.mark.opensim
@pytest.mark.real
def test_never_worse_than_opensim(realdata):
    """Every frame's sum of squares at most OpenSim's; where they agree, so do the angles.

    OpenSim at accuracy 1e-9 without limits, locks and couplers. In some frames of the jog, with
    forearms that two markers near the axis cannot turn, it stops in the worse of two minima.
    """
    from aqbio.opensim.skeleton import read_skeleton
    from benchmarks.opensim_ik import inverse_kinematics as opensim_inverse_kinematics

    folder, step = realdata / "ja1_dorn2012", 4
    model = folder / "models" / "rajagopal_scaled_ja1.osim"
    skeleton, file = read_skeleton(model), read_trc(folder / "trc_mot" / "sprint.trc")
    labels = [label for label in file.labels if label in skeleton.markers]
    markers = file.positions[::step, [file.labels.index(label) for label in labels]]
    index = np.array([skeleton.markers.index(label) for label in labels])
    weights = np.ones(len(labels))
    solution = inverse_kinematics(skeleton, markers, index, weights)

    time = np.arange(len(markers)) * step / file.rate
    tracked = TrackedMarkers(time, tuple(labels), markers, weights)
    reference = opensim_inverse_kinematics(model, tracked, skeleton.coordinates)
    reference = dependent_filled(skeleton, np.where(np.isnan(reference), solution, reference))
    distance = np.linalg.norm(marker_positions(skeleton, reference)[:, index] - markers, axis=-1)
    errors = np.linalg.norm(marker_positions(skeleton, solution)[:, index] - markers, axis=-1)
    ratio = np.nansum(errors**2, axis=1) / np.nansum(distance**2, axis=1)
    assert ratio.max() < 1.0 + 1e-6

    equal_frames = np.flatnonzero(ratio > 1.0 - 1e-6)
    assert len(equal_frames) > 0.9 * len(markers)
    angles = np.concatenate(
        [nearest_angles(skeleton, reference[[f]], solution[f]) for f in equal_frames]
    )
    sd = frame_sd(usual_covariance(skeleton, solution, index, markers))
    observable = coordinates_observed(sd, range_sd(skeleton))[equal_frames]
    degrees = np.degrees(np.abs(angles - solution[equal_frames]))[observable]
    assert degrees.max() < 0.01
