"""Equations of the fit: splines, bands, rows of markers and of the balance, against dense ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import BSpline

from aqbio.consistency import normal_equations
from aqbio.consistency.balance import Balance
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.marker_rows import ErrorBands
from aqbio.consistency.normal_equations import (
    DERIVATIVES,
    BandFactor,
    MotionRows,
    SplineBasis,
    add_rows,
    banded,
)
from aqbio.consistency.parameters import PARAMETERS, SENSOR_SD, TISSUE_SD, Weights, priors
from aqbio.consistency.solver import Solver
from aqbio.multibody.jacobians import contact_jacobian
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.momentum import MomentumJacobians, momentum_jacobians
from aqbio.multibody.poses import segment_poses
from tests.mechanics.consistency.conftest import NONE_FITTED

# splines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("frames", "rate", "spacing"), [(100, 130.0, 0.02), (11, 50.0, 0.013)])
def test_splines_are_scipys_and_nearest_is_least_squares(frames, rate, spacing):
    """Every basis function as a spline of its own on the whole of the knots; products of two."""
    time = 7.0 + np.arange(frames) / rate
    basis = SplineBasis.over(time, spacing)
    step = (time[-1] - time[0]) / (basis.count - 5)
    knots = time[0] + step * np.arange(-5, basis.count + 1)
    whole = BSpline(knots, np.eye(basis.count), 5)
    for order, found in zip(DERIVATIVES, basis.values, strict=True):
        expected = whole(time, nu=order)
        np.testing.assert_allclose(found.toarray(), expected, atol=1e-9 * np.abs(expected).max())
    covered = [frame for _, part in basis.spans for frame in range(part.start, part.stop)]
    assert covered == list(range(frames))
    value = basis.values[0].toarray()
    products = basis.overlaps.toarray().reshape(basis.count, 6, -1)
    for lag in range(6):
        later = np.vstack([value.T[lag:], np.zeros((lag, frames))])
        np.testing.assert_allclose(products[:, lag], value.T * later, atol=1e-9)
    if basis.count < frames:
        values = np.random.default_rng(5).standard_normal((frames, 4))
        expected = np.linalg.lstsq(value, values, rcond=None)[0]
        np.testing.assert_allclose(basis.nearest(values), expected, rtol=1e-8, atol=1e-8)
    else:  # the frames are met, and nothing swings between them
        found = basis.nearest(np.sin(4.0 * time)[:, None])
        np.testing.assert_allclose(value @ found, np.sin(4.0 * time)[:, None], atol=1e-6)
        slope = 4.0 * np.cos(4.0 * time)[:, None]
        np.testing.assert_allclose(basis.values[1] @ found, slope, atol=0.1)


NUMBER = 3


@pytest.mark.parametrize("knots", [1, 4, 256])
def test_banded_equations_and_solutions_are_the_dense_ones(monkeypatch, knots):
    """Knots in blocks of three sizes; ``L⁻ᵀ 1`` times its own transpose is the inverse."""
    monkeypatch.setattr(normal_equations, "KNOTS", knots)
    rng, time = np.random.default_rng(1), np.arange(40) / 100.0
    basis = SplineBasis.over(time, 0.03)
    root = rng.normal(size=(40, NUMBER, NUMBER))
    matrix, smooth = root @ root.transpose(0, 2, 1), 1e-16 * np.array([0.7, 0.2, 1.1])
    frame = np.r_[5:17, 20:33]
    by = tuple(s * rng.normal(size=(len(frame), 6, NUMBER)) for s in (1.0, 1e-2, 1e-4))
    by_parameter = rng.normal(size=(len(frame) * 6, 2))
    rows = MotionRows(frame, by, rng.normal(size=(len(frame), 6)))
    values = [one.toarray() for one in basis.values]
    dense = np.einsum("ta,tb,tij->aibj", values[0], values[0], matrix)
    tall = sum(np.einsum("ta,tri->trai", values[order][frame], by[order]) for order in range(3))
    tall = tall.reshape(len(frame) * 6, -1)
    dense = dense.reshape([basis.count * NUMBER] * 2) + tall.T @ tall
    dense += np.kron(values[3].T @ values[3], np.diag(smooth))
    border = tall.T @ by_parameter

    band = banded(basis, matrix, smooth)
    found = add_rows(band, basis, rows, by_parameter)
    lower = np.zeros_like(dense)
    for lag in range(min(len(band), len(dense))):
        lower += np.diag(band[lag, : len(dense) - lag], -lag)
    np.testing.assert_allclose(lower, np.tril(dense), atol=1e-11 * np.abs(dense).max())
    np.testing.assert_allclose(found, border, atol=1e-11 * np.abs(border).max())
    factor = BandFactor.of(band.copy(order="F"))
    for several in (border, np.tile(border, 6)):
        expected = np.linalg.solve(dense, several)
        np.testing.assert_allclose(factor.solve(several), expected, rtol=1e-7, atol=1e-9)
    root = factor.back(np.eye(len(dense)))
    np.testing.assert_allclose(root @ root.T @ dense, np.eye(len(dense)), atol=1e-7)


@pytest.mark.parametrize("size", [4, 5, 12, 13, 23, 24])
@pytest.mark.parametrize("count", [0, 1, 7, 9])
def test_both_halves_of_the_way_are_triangular_solutions(size, count):
    """Of any number of blocks; what lies beyond the matrix in a band is of no matter."""
    rng, width = np.random.default_rng(size), 4
    lower = np.asfortranarray(rng.uniform(-1.0, 1.0, (width + 1, size)))
    lower[0] += 3.0
    dense = sum(np.diag(lower[lag, : size - lag], -lag) for lag in range(min(width + 1, size)))
    factor, right = BandFactor(lower), rng.normal(size=(size, count))
    np.testing.assert_allclose(dense @ factor.forward(right), right, atol=1e-13)
    np.testing.assert_allclose(dense.T @ factor.back(right), right, atol=1e-13)
    for column in right.T:
        np.testing.assert_array_equal(factor.back(column), factor.back(column[:, None])[:, 0])


# markers -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def problem(case):
    """Give a run in which five markers are missing in the first frame."""
    made = case(noise=0.01)
    markers = made.observations.markers.copy()
    markers[0, [0, 1, 2, 7, 20]] = np.nan
    seen = replace(made.observations, markers=markers)
    return Solver(made.runner, seen, Weights(correlation=0.4), (), priors(PARAMETERS))


@pytest.mark.parametrize("frame", [0, 40])
def test_markers_of_a_segment_weigh_as_their_covariance_written_out(problem, frame):
    """Cost, gradient, normal matrix, and how markers move, by the Jacobians of points."""
    skeleton, seen, rows = problem.runner.skeleton, problem.observations, problem.markers
    poses = segment_poses(skeleton, seen.start)
    body, visible = skeleton.marker_body, np.flatnonzero(seen.visible[frame])
    spread = np.array([TISSUE_SD[problem.runner.tissue[b]] for b in body])
    same = body[:, None] == body
    own = 0.4 * spread[:, None] * spread * same + np.diag(0.6 * spread**2 + SENSOR_SD**2)
    precision = np.kron(np.linalg.inv(own[np.ix_(visible, visible)]), np.eye(3))
    position, error, force = rows.errors(poses)
    levers = rows.levers(poses, position)
    e = (position - seen.markers)[frame, visible].ravel()
    J = np.concatenate(
        [
            contact_jacobian(skeleton, poses, int(body[one]), position[:, one])[frame, 3:][
                :, problem.coordinates
            ]
            for one in visible
        ]
    )
    assert (error[frame] * force[frame]).sum() == pytest.approx(e @ precision @ e, rel=1e-10)
    for found, expected in (
        (rows.pull(*levers, force)[frame], J.T @ precision @ e),
        (rows.normal_matrix(poses, position)[frame], J.T @ precision @ J),
    ):
        np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())
    random = np.random.default_rng(1)
    change = 0.01 * random.standard_normal((len(seen.time), len(problem.coordinates), 2))
    moved = rows.moved(*levers, change)[frame, visible]
    expected = np.swapaxes((J @ change[frame]).reshape(-1, 3, 2), 1, 2)
    np.testing.assert_allclose(moved, expected, rtol=0, atol=1e-12)
    several = np.asfortranarray(random.standard_normal((*rows.target.shape[:2], 4, 3)))
    several *= rows.visible[..., None, None]
    weighed = rows.weighed(several)
    pulled = rows.pull(*levers, weighed)
    for place in range(4):
        alone = rows.weighed(several[:, :, place])
        np.testing.assert_allclose(weighed[:, :, place], alone, atol=1e-12 * np.abs(alone).max())
        pull = rows.pull(*levers, alone)
        np.testing.assert_allclose(pulled[..., place], pull, atol=1e-12 * np.abs(pull).max())


def test_what_pulls_at_a_point_is_the_slope_of_the_cost(problem):
    """Of a solver with other forces, which shares markers and basis."""
    blind = replace(problem.observations, measured=np.zeros_like(problem.observations.measured))
    other = Solver(problem.runner, blind, problem.weights, NONE_FITTED, {}, problem)
    assert other.markers is problem.markers
    assert not other.measured.any()
    start, random = other.basis.nearest(other.solved), np.random.default_rng(4)
    pull = other.downhill(other.evaluate(start, np.zeros(0)))[0]
    for _ in range(3):
        step = 1e-5 * random.standard_normal(start.shape)
        ends = [other.evaluate(start + sign * step, np.zeros(0)).cost for sign in (1.0, -1.0)]
        assert -0.25 * (ends[0] - ends[1]) == pytest.approx(pull @ step.ravel(), rel=1e-5)
    moved = replace(problem.observations, markers=problem.observations.markers + 0.01)
    another = Solver(problem.runner, moved, problem.weights, (), {}, problem)
    assert another.basis is problem.basis
    assert another.markers is not problem.markers


@pytest.mark.parametrize("cycles", [np.arange(0.0, 2.0, 0.005) / 0.46, None])
def test_powers_are_the_variances_that_were_drawn(cycles):
    """180 draws of a constant: 5 % by chance; what is slow leaks a little into the harmonics.

    What is shared is alike in a segment; what repeats is the same in every stride.
    """
    bands = ErrorBands.over(np.arange(0.0, 2.0, 0.005), cycles)
    table, none = np.repeat(np.eye(2), 30, axis=0), np.zeros((bands.count, 2))

    def drawn(own, common):
        own = np.repeat(own[:, None], 60, axis=1)
        return bands.drawn(own, common, table, np.random.default_rng(0))

    own = 0.001 * np.arange(bands.count + 1.0, 1.0, -1.0)
    power = bands.power(drawn(own, none).reshape(400, -1)).mean(axis=1)
    np.testing.assert_allclose(np.sqrt(power), own, rtol=0.25)
    shared = drawn(0.0 * own, none + 0.003)
    np.testing.assert_allclose(shared[:, :30] - shared[:, :1], 0.0, atol=1e-12)
    assert abs(np.corrcoef(shared[:, 0].ravel(), shared[:, -1].ravel())[0, 1]) < 0.9
    own[[0, -2, -1]] = 0.0
    repeated = drawn(own, none)
    np.testing.assert_allclose(repeated[92:184], repeated[:92], atol=1e-9)


# balance -----------------------------------------------------------------------------------------

SIZES = (0.003, 0.4, 0.02, 0.006, -0.004, 0.005, 0.004, 0.002, -0.003, 0.003, 0.1, -0.1)
VALUES = dict(zip((one.name for one in PARAMETERS), SIZES, strict=True))
VALUES |= {"centres_1": 1.0, "centres_4": -0.7, "centres_20": 2.0}


def rows(made, motion, values, drags=True):
    kinematics = segment_kinematics(made.runner.skeleton, motion.q, motion.u, motion.udot)
    wrench = (made.observations.wrench, made.observations.time)
    return Balance(made.runner, values, kinematics, wrench, drags=drags)


@pytest.mark.parametrize("name", VALUES)
def test_derivatives_by_parameters(case, name):
    """Central differences: the residual is at most quadratic in all but the clock."""
    made, step = case(), 1e-6
    nothing = rows(made, made.motion, {"drag_area": 0.45}).residual
    np.testing.assert_allclose(nothing.rows, 0.0, atol=1e-8)  # of 700 N and 100 N m
    shifted = [
        rows(made, made.motion, VALUES | {name: VALUES[name] + sign * step}).residual.rows
        for sign in (-1, 1)
    ]
    by_difference = (shifted[1] - shifted[0]) / (2 * step)
    found = rows(made, made.motion, VALUES).by_parameter(name)
    inside = slice(1, -1)  # beyond its last sample the wrench stays as it is
    error = np.abs(found - by_difference)[inside].max()
    assert error < 1e-7 * np.abs(by_difference).max() + 1e-4


@pytest.mark.parametrize("drags", [True, False])
def test_derivatives_by_motion(case, drags):
    """With the exact rates of the momentum's derivatives, the residual's are exact."""
    made = case()
    motion, frame, step = made.motion, slice(40, 44), 1e-4
    free = made.runner.skeleton.free
    body = rows(made, motion, VALUES).skeleton

    def state(shift):
        q = motion.q + motion.u * shift + motion.udot * shift**2 / 2
        return segment_kinematics(body, q, motion.u + motion.udot * shift, motion.udot)

    around = [momentum_jacobians(body, state(sign * step), free) for sign in (-1, 1)]
    rates = MomentumJacobians(
        (around[1].by_speed - around[0].by_speed) / (2 * step),
        (around[1].by_coordinate - around[0].by_coordinate) / (2 * step),
    )
    equations = rows(made, motion, VALUES, drags)
    found = equations.by_motion(momentum_jacobians(body, equations.kinematics, free), rates)
    for order, name, size in ((0, "q", 1e-5), (1, "u", 1e-3), (2, "udot", 1.0)):
        for column in (0, 3, 7, 14, 22):
            both = []
            for sign in (-1, 1):
                moved = {part: getattr(motion, part).copy() for part in ("q", "u", "udot")}
                moved[name][:, free[column]] += sign * size
                both.append(rows(made, type(motion)(**moved), VALUES, drags).residual.rows)
            expected, limit = (both[1] - both[0])[frame] / (2 * size), 1e-6
            limit *= np.abs(found[order][frame]).max()
            np.testing.assert_allclose(found[order][frame, :, column], expected, atol=limit)


# steps -------------------------------------------------------------------------------------------


def test_a_joint_may_move_as_fast_as_its_plain_motion_at_the_cut_off(case):
    """A plain acceleration that swings at the cut-off has just this fifth derivative.

    A joint that stands still keeps a little.
    """
    made = case()
    seen = made.observations
    rough = 2.0 * np.pi * seen.cutoff
    wave = np.sqrt(2.0) * 30.0 * np.sin(rough * seen.time)[:, None]
    fifth = np.sqrt(((rough**3 * wave[seen.measured]) ** 2).mean())
    for udot, expected in ((wave, fifth), (0.0 * wave, rough**3)):
        plain = replace(seen.plain, udot=udot + 0.0 * seen.plain.udot)
        problem = Solver(made.runner, replace(seen, plain=plain), parameters=())
        np.testing.assert_allclose(problem.roughness_sd, Weights().roughness * expected, rtol=1e-12)


@pytest.fixture(scope="module")
def fitted(case):
    made = case(noise=0.001)
    return made, fit_trial(made.runner, made.observations, Weights(knot_s=0.025))


def test_halfway_leads_to_the_solution_and_a_fit_follows_its_parameters(fitted):
    """One step off along the border, the cost is next to that of a descent from there."""
    made, fit = fitted
    solver = fit.linearised()
    np.testing.assert_allclose(
        solver.factor.back(solver.half[0]), solver.factor.solve(solver.pull), atol=1e-12
    )
    followed = solver.factor.solve(solver.coupling)
    np.testing.assert_allclose(solver.following, -followed, atol=1e-9 * np.abs(followed).max())
    theta = fit.theta + 0.3 * np.sqrt(np.diag(fit.covariance))
    near = fit.solver.evaluate(fit.near(theta), theta).cost
    stayed, values = fit.solver.evaluate(fit.coefficients, theta).cost, fit.solver.values(theta)
    ended = fit_trial(
        made.runner, made.observations, fit.weights, fit.solver.parameters, values, fit
    )
    assert near - ended.cost[-1] < 0.02 * (stayed - ended.cost[-1])


@pytest.mark.parametrize("motion_only", [True, False])
def test_steps_that_are_far_too_long_are_shortened(fitted, monkeypatch, motion_only):
    """To the same end, by costs alone: equations are true where a step begins."""
    _, fit = fitted
    solver, made, linearise, own = fit.solver, [], Solver.linearise, Solver.step
    start = solver.basis.nearest(solver.solved)
    solver.begin(start, fit.theta)
    solver.descend(motion_only=motion_only)
    end = solver.history[-1]
    long = lambda one, **how: tuple(20.0 * part for part in own(one, **how))  # noqa: E731
    monkeypatch.setattr(Solver, "step", long)
    monkeypatch.setattr(Solver, "linearise", lambda one: made.append(1) or linearise(one))
    solver.begin(start, fit.theta)
    solver.descend(motion_only=motion_only)
    assert solver.history[-1] == pytest.approx(end, rel=1e-4)
    assert np.all(np.diff(solver.history) <= 0.0)
    assert len(made) <= len(solver.history)  # a shorter step asks for no other matrix
