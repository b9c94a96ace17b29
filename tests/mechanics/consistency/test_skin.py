"""Errors of markers that last, against their covariance written out and against truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import block_diag

from aqbio.consistency import normal_equations
from aqbio.consistency.descent import CONVERGED, full_descent, reusing_descent
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.parameters import PARAMETERS, Weights, priors
from aqbio.consistency.problem import Curvature, Problem
from aqbio.consistency.soft_tissue import (
    MINIMUM_SD_M,
    PersistentMarkerRows,
    SoftTissue,
    rigid_modes,
)
from aqbio.multibody import poses
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from tests.mechanics.consistency.conftest import NONE_FITTED, stepping

STEP = 0.12
"""Between touchdowns of the made-up contacts, s: 3.5 strides of 0.24 s."""
WEIGHTS = Weights(knot_s=0.025)


def skin_of(problem, seed=0):
    """Give sizes by segment and band, none of them faint, for a trial."""
    segments = problem.markers.segment.shape[1]
    sizes = np.random.default_rng(seed).uniform(0.001, 0.012, (problem.bands.count, segments))
    return SoftTissue(sizes**2, problem.observations.start)


@pytest.fixture(scope="module")
def problem(case):
    """Give a short run in which markers are missing now and then; the skin of it lasts."""
    made = case(noise=0.01)
    seen = stepping(made.observations, STEP)
    markers = seen.markers.copy()
    markers[3:9, [0, 1, 2, 7]] = np.nan
    markers[20:22, 20] = np.nan
    seen = replace(seen, markers=markers)
    plain = Problem(made.runner, seen, WEIGHTS, NONE_FITTED, priors(PARAMETERS))
    return replace(plain, soft_tissue=skin_of(plain))


def written_out(rows, segment):
    """Give the precision of a segment's markers over the trial, (3 n T, 3 n T), in full."""
    own = np.flatnonzero(rows.segment[:, segment])
    modes, (mode, wave) = rows.modes[segment], rows.amplitude[segment]
    frames, size = len(rows.waves), 3 * len(own)
    precision = np.zeros((frames * size, frames * size))
    lasting = np.zeros((frames * size, len(mode)))
    for frame in range(frames):
        at = slice(frame * size, (frame + 1) * size)
        seen = np.repeat(rows.visible[frame, own], 3)
        new = np.kron(
            rows.own[segment] * np.eye(len(own)) + rows.shared[segment] * np.ones((len(own),) * 2),
            np.eye(3),
        )
        weights = np.zeros((size, size))
        weights[np.ix_(seen, seen)] = np.linalg.inv(new[np.ix_(seen, seen)])
        turn = np.kron(np.eye(len(own)), rows.turn[segment][frame])
        shown = seen[:, None] * modes.reshape(size, -1)
        rigid = turn @ shown @ np.linalg.pinv(shown) @ turn.T
        precision[at, at] = rigid.T @ weights @ rigid
        lasting[at] = turn @ shown[:, mode] * rows.waves[frame, wave]
    inner = np.diag(1.0 / rows.variance[segment]) + lasting.T @ precision @ lasting
    pulled = precision @ lasting
    return precision - pulled @ np.linalg.solve(inner, pulled.T)


def test_weights_are_the_inverse_of_the_covariance_of_what_is_new_and_what_lasts(problem):
    rows = problem.markers
    assert isinstance(rows, PersistentMarkerRows)
    error = np.random.default_rng(1).normal(0.0, 0.01, rows.target.shape)
    error *= rows.visible[..., None]
    found = rows.weighed(error)
    assert not found[~rows.visible].any()
    for segment in (0, 2, 5):
        own = np.flatnonzero(rows.segment[:, segment])
        expected = written_out(rows, segment) @ error[:, own].ravel()
        np.testing.assert_allclose(found[:, own].ravel(), expected, atol=1e-8 * abs(expected).max())


def test_what_others_tell_of_a_marker_is_what_lasts_and_what_is_new(problem):
    """With all matrices written out; of markers that are missing, too."""
    rows = problem.markers
    error = np.random.default_rng(5).normal(0.0, 0.01, rows.target.shape)
    error *= rows.visible[..., None]
    found = rows.expected(error)
    for segment in (0, 2, 5):
        own, (mode, wave) = np.flatnonzero(rows.segment[:, segment]), rows.amplitude[segment]
        modes, size = rows.modes[segment].reshape(3 * len(own), -1), 3 * len(own)
        lasting = np.zeros((len(rows.waves), size, len(mode)))
        inner, pull = np.diag(1.0 / rows.variance[segment]), np.zeros(len(mode))
        new = rows.own[segment] * np.eye(len(own)) + rows.shared[segment]
        for frame in range(len(rows.waves)):
            turns = np.kron(np.eye(len(own)), rows.turn[segment][frame])
            lasting[frame] = turns @ modes[:, mode] * rows.waves[frame, wave]
            seen = np.repeat(rows.visible[frame, own], 3)
            weights = np.linalg.inv(np.kron(new, np.eye(3))[np.ix_(seen, seen)])
            shown = lasting[frame][seen]
            inner += shown.T @ weights @ shown
            flat = modes[seen]
            rigid = flat @ np.linalg.pinv(flat)
            within = turns[np.ix_(seen, seen)]
            told = within @ rigid @ within.T @ error[frame, own].ravel()[seen]
            pull += shown.T @ weights @ told
        amplitude = np.linalg.solve(inner, pull)
        for frame in (0, 5, 21):
            lasts, seen = (lasting[frame] @ amplitude).reshape(-1, 3), rows.visible[frame, own]
            rest = (error[frame, own] - lasts)[seen]
            common = rows.shared[segment] * np.linalg.inv(new[np.ix_(seen, seen)]).sum(axis=0)
            np.testing.assert_allclose(found[frame, own], lasts + common @ rest, atol=1e-9)


def test_a_problem_beside_another_has_its_markers(problem):
    seen = problem.observations
    nowhere = replace(seen, measured=np.zeros_like(seen.measured))
    other = problem.replace(observations=nowhere)
    assert other.markers is problem.markers
    assert not other.measured.any()
    with pytest.raises(ValueError, match="other markers"):
        problem.replace(observations=replace(seen, markers=seen.markers + 0.01))


@pytest.mark.parametrize("lasting", [True, False])
def test_several_errors_weigh_and_pull_as_each_does(problem, lasting):
    rows = problem.markers if lasting else replace(problem, soft_tissue=None).markers
    shape, random = rows.target.shape, np.random.default_rng(8)
    several = np.asfortranarray(random.standard_normal((*shape[:2], 4, 3)))
    several *= rows.visible[..., None, None]
    poses = segment_kinematics(problem.runner.skeleton, *3 * [problem.observations.start])
    levers = rows.levers(poses, rows.places(poses))
    weighed = rows.weighed(several)
    pulled = rows.pull(*levers, weighed)
    for place in range(4):
        own = rows.weighed(several[:, :, place])
        np.testing.assert_allclose(weighed[:, :, place], own, atol=1e-12 * np.abs(own).max())
        pull = rows.pull(*levers, own)
        np.testing.assert_allclose(pulled[..., place], pull, atol=1e-12 * np.abs(pull).max())


def test_a_hidden_marker_is_predicted_with_its_segments_skin(swinging):
    """Bones alone miss it by the skin."""
    seen = swinging.observations
    hidden = np.arange(len(seen.marker_index)) == 7
    blind = seen.without(hidden, seen.start)
    learnt = replace(WEIGHTS, persistent_soft_tissue=True)
    fit = fit_trial(swinging.runner, blind, learnt, NONE_FITTED)
    bones, soft_tissue = (
        np.linalg.norm(found[:, hidden] - seen.markers[:, hidden], axis=2).mean()
        for found in (
            fit.problem.recorded_markers(fit.motion.q),
            fit.problem.predicted_markers(fit.motion.q),
        )
    )
    assert soft_tissue < 0.5 * bones


@pytest.mark.parametrize("together", [poses.CHUNK, 7])
def test_the_factor_is_that_of_the_matrix_without_the_amplitudes(problem, together, monkeypatch):
    monkeypatch.setattr(poses, "CHUNK", together)
    point = problem.point(problem.basis.nearest(problem.deviations), np.zeros(0))
    here = Curvature.at(problem, point)
    factor, size = here.factor, point.coefficients.size
    band = Curvature.at(
        replace(problem, soft_tissue=None), point
    )  # of other weights of what is new
    assert type(band.factor) is not type(factor)
    lower = np.zeros((size, size))
    for lag in range(min(len(factor.motion.lower), size)):
        lower[np.arange(lag, size), np.arange(size - lag)] = factor.motion.lower[lag, : size - lag]
    border = factor.border.times(np.eye(factor.border.count))
    middle = 12 * factor.border.number
    single = np.concatenate([factor.border.rows(0, middle), factor.border.rows(middle, size)])
    np.testing.assert_allclose(single, border, atol=1e-6 * np.abs(border).max())
    own = block_diag(*problem.markers.blocks)
    matrix = lower @ lower.T - border @ np.linalg.solve(own, border.T)
    right = np.random.default_rng(2).normal(size=(size, 3))
    expected = np.linalg.solve(matrix, right)
    half = factor.forward(right)
    np.testing.assert_allclose(half.T @ half, right.T @ expected, rtol=1e-5)
    for some in (right, right[:, 0]):
        exact = expected.reshape(size, -1)[:, : some[:1].size].reshape(some.shape)
        atol = 1e-5 * np.abs(exact).max()  # of single precision
        np.testing.assert_allclose(factor.solve(some), exact, atol=atol)
    some = np.random.default_rng(3).normal(size=(factor.border.count, 2))
    np.testing.assert_allclose(factor.border.times(some), border @ some, atol=1e-9 * 1e6)
    np.testing.assert_allclose(factor.border.across(right), border.T @ right, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("turns", [normal_equations.MOST_TURNS, 1])
def test_what_is_beside_may_come_from_nearby(problem, turns, monkeypatch):
    """With the motion's own matrix the solution is right; so it is without conjugate gradients."""
    monkeypatch.setattr(normal_equations, "MOST_TURNS", turns)
    start = problem.basis.nearest(problem.deviations)
    away = start + 0.03 * np.random.default_rng(5).standard_normal(start.shape)
    there, point = (problem.point(one, np.zeros(0)) for one in (start, away))
    near = Curvature.at(problem, there).factor
    here = Curvature.at(problem, point, near=near.schur)
    right = here.pull
    exact = Curvature.at(problem, point).factor.solve(right)
    np.testing.assert_allclose(here.factor.solve(right), exact, atol=1e-4 * np.abs(exact).max())
    assert ("own_schur" in vars(here.factor)) == (turns == 1)
    assert here.factor.schur is near.schur
    several = here.factor.solve(np.stack([right, right], axis=1))
    np.testing.assert_allclose(several[:, 1], exact, atol=1e-5 * np.abs(exact).max())
    assert "own_schur" in vars(here.factor)
    assert np.abs(near.solve(right) - exact).max() > 0.1 * np.abs(exact).max()


def test_what_pulls_at_a_point_is_the_slope_of_the_cost(problem):
    nowhere = np.zeros_like(problem.observations.measured)
    problem = replace(problem, observations=replace(problem.observations, measured=nowhere))
    start = problem.basis.nearest(problem.deviations)
    point = problem.point(start, np.zeros(0))
    pull = problem.downhill(point).motion
    random = np.random.default_rng(4)
    for _ in range(3):
        step = 1e-5 * random.standard_normal(start.shape)
        ends = [problem.point(start + sign * step, np.zeros(0)).cost for sign in (1.0, -1.0)]
        assert -0.25 * (ends[0] - ends[1]) == pytest.approx(pull @ step.ravel(), rel=1e-5)


@pytest.fixture(scope="module")
def swinging(case):
    """Give a run whose skin hangs aside and swings twice a stride, by segments, and no noise."""
    made = case(speed=0.5)
    seen = stepping(made.observations, STEP)
    random = np.random.default_rng(6)
    body = made.runner.skeleton.marker_body[seen.marker_index]
    rotation = segment_kinematics(
        made.runner.skeleton, made.motion.q, made.motion.u, made.motion.udot
    ).rotation
    angle = 2.0 * np.pi * (seen.time - seen.contacts[0, 0]) / (2.0 * STEP)
    markers = seen.markers.copy()
    for one in np.unique(body):
        stays, sine, cosine = random.normal(0.0, 0.012, (3, 3))
        within = stays + np.outer(np.sin(2.0 * angle), sine) + np.outer(np.cos(2.0 * angle), cosine)
        markers[:, body == one] += np.einsum("tab,tb->ta", rotation[:, one], within)[:, None]
    return replace(made, observations=replace(seen, markers=markers))


def momentum_error(made, fit):
    """Give the RMS error of segments' angular momentum, kg m²/s."""
    own = segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)
    segments = segment_motion(fit.skeleton, own)
    com, velocity, _ = centre_of_mass(segments)
    apart = angular_momentum(segments, com, velocity) - made.momentum
    return float(np.sqrt((apart**2).mean()))


def test_skin_that_lasts_is_told_from_motion(swinging):
    """Errors that are believed to be new in every frame bend the motion: the wrong formula."""
    fits = [
        fit_trial(swinging.runner, swinging.observations, weights, NONE_FITTED)
        for weights in (WEIGHTS, replace(WEIGHTS, persistent_soft_tissue=True))
    ]
    new, lasting = (momentum_error(swinging, fit) for fit in fits)
    assert fits[1].problem.soft_tissue is not None
    assert lasting < 0.6 * new


@pytest.mark.parametrize("factor", [1.0, 2.0, 3.0])
def test_few_matrices_lead_where_many_do(swinging, factor):
    """No step of an earlier matrix is taken for the end because it gains little."""
    fit = fit_trial(
        swinging.runner,
        swinging.observations,
        replace(WEIGHTS, persistent_soft_tissue=True),
        NONE_FITTED,
    )
    soft_tissue = replace(fit.soft_tissue, sizes=factor**2 * fit.soft_tissue.sizes)
    problem = replace(fit.problem, soft_tissue=soft_tissue, splines=fit.problem.basis)
    start = problem.point(problem.basis.nearest(problem.deviations), fit.theta)
    few, *_ = reusing_descent(problem, start)
    many, *_ = full_descent(problem, few)
    assert few.cost - many.cost < 2.0 * CONVERGED * many.cost


def test_without_strides_errors_are_new(case):
    """A run of less than two strides tells nothing that repeats: the fit is that of before."""
    made = case(noise=0.005)
    seen = stepping(made.observations, STEP)
    few = replace(seen, contacts=seen.contacts[:1], left=seen.left[:1])
    plain, learnt = (
        fit_trial(made.runner, few, weights, NONE_FITTED)
        for weights in (WEIGHTS, replace(WEIGHTS, persistent_soft_tissue=True))
    )
    assert learnt.problem.soft_tissue is None
    np.testing.assert_array_equal(plain.coefficients, learnt.coefficients)


def test_faint_amplitudes_are_left_out(problem):
    """Just above and just below what counts."""
    sizes = np.full_like(problem.soft_tissue.sizes, 1e-12)
    sizes[2] = np.array([1.01, 0.99] + [0.5] * (sizes.shape[1] - 2)) ** 2 * MINIMUM_SD_M**2
    rows = replace(problem, soft_tissue=replace(problem.soft_tissue, sizes=sizes)).markers
    turns = [modes.shape[2] - 3 for modes in rows.modes]
    number = [rows.amplitude[place].shape[1] for place in (0, 1)]
    assert number == [2 * (3 + turns[0]), 2 * 3]  # what is common is larger than each one's own


def test_no_amplitude_at_all_is_a_fit_of_weights_alone(problem):
    sizes = np.full_like(problem.soft_tissue.sizes, 1e-12)
    still = replace(problem, soft_tissue=replace(problem.soft_tissue, sizes=sizes))
    assert not any(one.shape[1] for one in still.markers.amplitude)
    point = still.point(still.basis.nearest(still.deviations), np.zeros(0))
    factor = Curvature.at(still, point).factor
    assert np.isfinite(factor.solve(still.downhill(point).motion)).all()


@pytest.mark.parametrize(("number", "count"), [(1, 3), (2, 5), (3, 6), (5, 6)])
def test_rigid_modes(number, count):
    station = np.random.default_rng(number).normal(size=(number, 3))
    modes = rigid_modes(station)
    flat = modes.reshape(3 * number, -1)
    np.testing.assert_allclose(flat.T @ flat, np.eye(count), atol=1e-12)
    moved = np.cross([0.1, -0.2, 0.3], station) + np.array([0.4, 0.5, -0.6])
    np.testing.assert_allclose(flat @ flat.T @ moved.ravel(), moved.ravel(), atol=1e-12)
