"""The fit of motion and forces: equations against dense ones, synthetic runs, and misfits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from itertools import product

import numpy as np
import pytest
from scipy.interpolate import BSpline, make_interp_spline
from scipy.stats import norm

from aqbio.body import draws
from aqbio.body.draws import DRAWN_BODIES, BodySpread, drawn_skeleton, inertial_parameters
from aqbio.body.shape import Parts, Template, TemplateMarkers
from aqbio.filters import low_pass
from aqbio.force_plates.alignment import OFFSET, PIVOT, ROTATION, SCALE, Alignment
from aqbio.inverse_dynamics import normal_equations
from aqbio.inverse_dynamics import solver as solvers
from aqbio.inverse_dynamics.balance import (
    Balance,
    adjusted_loads,
    adjusted_skeleton,
    centre_estimates,
    centre_shifts,
    drag,
    laboratory_skeleton,
)
from aqbio.inverse_dynamics.changes import (
    leg_shares,
    moment_changes,
    momentum_changes,
    standing_changes,
)
from aqbio.inverse_dynamics.clocks import (
    SCATTER_SD_S,
    ClockScatter,
    tail_precision,
    with_deviation,
    without_scatter,
)
from aqbio.inverse_dynamics.data_errors import DataErrors, ErrorVariances, Response
from aqbio.inverse_dynamics.findings import MAX_NEARER_OTHER_FOOT_M, wrong_foot_findings
from aqbio.inverse_dynamics.fit import body_kinematics, fit_trial, group_momentum, samples_of
from aqbio.inverse_dynamics.long_tails import factors_of_tails
from aqbio.inverse_dynamics.marker_rows import ErrorBands, stride_cycles
from aqbio.inverse_dynamics.misfit import (
    added_slips,
    distance_nearer_other_foot,
    fit_misfits,
    segment_displacements,
)
from aqbio.inverse_dynamics.normal_equations import (
    DERIVATIVES,
    BandFactor,
    MotionRows,
    SplineBasis,
    add_rows,
    banded,
)
from aqbio.inverse_dynamics.observations import GroundWrench, Observations, measured_frames
from aqbio.inverse_dynamics.parameters import (
    PARAMETERS,
    SENSOR_SD,
    STRIDE_SHARE,
    TISSUE_SD,
    ParameterEstimate,
    Runner,
    Weights,
    centre_parameters,
    is_device,
    prior_precision,
    priors,
    share_of_own_error,
    single_plate_parameters,
)
from aqbio.inverse_dynamics.posterior_states import (
    drawn_inertia,
    inertia_states,
    shape_states,
    with_masses_of_fit,
)
from aqbio.inverse_dynamics.session_inputs import parameters
from aqbio.inverse_dynamics.solver import Solver, converged
from aqbio.inverse_dynamics.stances import (
    STATIC_DISTANCE_SD_M,
    Standing,
    StaticStance,
    com_over_cop,
    stance_equations,
)
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.jacobians import contact_jacobian
from aqbio.multibody.kinematics import marker_positions, segment_kinematics, segment_motion
from aqbio.multibody.momentum import (
    MomentumJacobians,
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
    momentum_jacobians,
)
from aqbio.multibody.motion import Motion, spline_motion
from aqbio.multibody.poses import segment_poses
from aqbio.names import GRAVITY
from aqbio.rotation.level_a import level_a
from aqbio.vectors import FloatArray
from aqbio.virtual.athlete import athlete_skeleton
from tests.levels_case import RUNNER, map_of
from tests.one_session import fit_session

RATE = 200.0
NONE_FITTED = tuple(replace(parameter, on=False) for parameter in PARAMETERS)
GROUPS = {
    "pelvis": ("pelvis",),
    "torso": ("torso",),
    "leg_left": ("thigh_l", "shank_l", "foot_l"),
    "leg_right": ("thigh_r", "shank_r", "foot_r"),
    "arm_left": ("arm_l", "forearm_l"),
    "arm_right": ("arm_r", "forearm_r"),
}


@dataclass(frozen=True)
class Case:
    """A run, its observations and its true motion."""

    runner: Runner
    observations: Observations
    motion: Motion
    momentum: FloatArray
    momentum_rate: FloatArray


def stepping(observations: Observations, step: float) -> Observations:
    """Give the stick's run contacts of both feet in turn, as if it were on the ground."""
    touchdown = np.arange(observations.time[0], observations.time[-1], step)
    return replace(
        observations,
        contacts=np.stack([touchdown, touchdown + 0.5 * step], axis=1),
        left=np.arange(len(touchdown)) % 2 == 0,
    )


def torso_at(runner: Runner, shift: tuple[float, float, float]) -> dict[str, float]:
    """Give values of the directions that displace the torso's centre of mass, m, best."""
    shifts = np.zeros_like(runner.skeleton.com)
    shifts[runner.skeleton.bodies.index("torso")] = shift
    directions = runner.centres.reshape(len(runner.centres), -1)
    z = np.linalg.lstsq(directions.T, shifts.ravel(), rcond=None)[0]
    names = [parameter.name for parameter in centre_parameters(len(z))]
    return dict(zip(names, z.tolist(), strict=True))


def wrench_of(runner, time, motion, values, area):
    """Give the force and moment about the origin that a motion of a body needs."""
    skeleton = adjusted_skeleton(runner, values)
    segments = segment_motion(
        skeleton, segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    )
    com, velocity, acceleration = centre_of_mass(segments)
    force = skeleton.mass.sum() * (acceleration - skeleton.gravity) + drag(velocity, area)
    rate = angular_momentum_rate(segments, com, acceleration)
    momentum = angular_momentum(segments, com, velocity)
    wrench = GroundWrench(time, force, rate.sum(axis=1) + np.cross(com, force))
    return wrench, momentum, rate


@pytest.fixture(scope="session")
def stick(runner) -> Runner:
    """Give the stick runner with a body's distribution of mass; the torso's centre is open."""
    share = np.array([11, 35, 10, 4, 1.5, 10, 4, 1.5, 2.2, 1.8, 2.2, 1.8])
    names = ("inertia", "mass")
    sized = dict(zip(names, (runner.inertia * 0.2, share), strict=True))
    open_centres = np.zeros((len(share), 3))
    open_centres[1] = [0.02, 0.02, 0.01]
    return Runner(replace(runner, **sized), GROUPS, np.diag(open_centres.ravel() ** 2))


@pytest.fixture(scope="session")
def case(stick, running) -> Callable[..., Case]:
    """Give a maker of exactly consistent runs; the forces are `late` s and of another body."""

    def make(
        *,
        body: dict[str, float] | None = None,
        torso: tuple[float, float, float] = (0.0, 0.0, 0.0),
        noise: float = 0.0,
        late: float = 0.0,
        area: float = 0.45,
        speed: float = 1.0,
        seed: int = 0,
    ) -> Case:
        source = np.arange(len(running)) / 150.0 / speed
        curve = make_interp_spline(source, running, k=7)
        time = np.arange(0.05 / speed, source[-1] - 0.05 / speed, 1.0 / RATE)
        motion = Motion(*(np.asfortranarray(curve(time, nu=order)) for order in range(3)))
        values = torso_at(stick, torso) | (body or {})
        wrench, momentum, rate = wrench_of(stick, time + late, motion, values, area)
        markers = marker_positions(stick.skeleton, motion.q)
        markers = markers + np.random.default_rng(seed).normal(0.0, noise, markers.shape)
        index = np.arange(markers.shape[1])
        q = inverse_kinematics(stick.skeleton, markers, index, np.ones(len(index)))
        plain = spline_motion(stick.skeleton, time, low_pass(q, RATE, 20.0))
        everywhere = np.ones(len(time), dtype=bool)
        observations = Observations(time, index, markers, wrench, everywhere, q, plain)
        return Case(stick, observations, motion, momentum, rate)

    return make


@pytest.mark.parametrize(("frames", "rate", "spacing"), [(100, 130.0, 0.02), (11, 50.0, 0.013)])
def test_splines_are_scipys_and_nearest_is_least_squares(frames, rate, spacing):
    """Every basis function as a spline of its own on the whole of the knots; products of two."""
    time = 7.0 + np.arange(frames) / rate
    basis = SplineBasis.over(time, spacing)
    step = (time[-1] - time[0]) / (basis.count - 5)
    knots = time[0] + step * np.arange(-5, basis.count + 1)
    spline = BSpline(knots, np.eye(basis.count), 5)
    for order, values_of_order in zip(DERIVATIVES, basis.values, strict=True):
        expected = spline(time, nu=order)
        np.testing.assert_allclose(
            values_of_order.toarray(), expected, atol=1e-9 * np.abs(expected).max()
        )
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


@pytest.mark.parametrize("knots", [1, 4, 256])
def test_banded_equations_and_solutions_are_the_dense_ones(monkeypatch, knots):
    """Knots in blocks of three sizes; ``L⁻ᵀ 1`` times its own transpose is the inverse."""
    monkeypatch.setattr(normal_equations, "KNOTS_PER_BLOCK", knots)
    rng, time = np.random.default_rng(1), np.arange(40) / 100.0
    basis = SplineBasis.over(time, 0.03)
    root = rng.normal(size=(40, 3, 3))
    matrix, smooth = root @ root.transpose(0, 2, 1), 1e-16 * np.array([0.7, 0.2, 1.1])
    frame = np.r_[5:17, 20:33]
    by = tuple(s * rng.normal(size=(len(frame), 6, 3)) for s in (1.0, 1e-2, 1e-4))
    by_parameter = rng.normal(size=(len(frame) * 6, 2))
    rows = MotionRows(frame, by, rng.normal(size=(len(frame), 6)))
    values = [matrix_of_order.toarray() for matrix_of_order in basis.values]
    dense = np.einsum("ta,tb,tij->aibj", values[0], values[0], matrix)
    tall = sum(np.einsum("ta,tri->trai", values[order][frame], by[order]) for order in range(3))
    tall = tall.reshape(len(frame) * 6, -1)
    dense = dense.reshape([basis.count * 3] * 2) + tall.T @ tall
    dense += np.kron(values[3].T @ values[3], np.diag(smooth))
    border = tall.T @ by_parameter

    band = banded(basis, matrix, smooth)
    border_found = add_rows(band, basis, rows, by_parameter)
    lower = np.zeros_like(dense)
    for lag in range(min(len(band), len(dense))):
        lower += np.diag(band[lag, : len(dense) - lag], -lag)
    np.testing.assert_allclose(lower, np.tril(dense), atol=1e-11 * np.abs(dense).max())
    np.testing.assert_allclose(border_found, border, atol=1e-11 * np.abs(border).max())
    factor = BandFactor.of(band.copy(order="F"))
    for several in (border, np.tile(border, 6)):
        expected = np.linalg.solve(dense, several)
        np.testing.assert_allclose(factor.solve(several), expected, rtol=1e-7, atol=1e-9)
    root = factor.back(np.eye(len(dense)))
    np.testing.assert_allclose(root @ root.T @ dense, np.eye(len(dense)), atol=1e-7)


@pytest.fixture(scope="module")
def problem(case):
    """A run in which five markers are missing in the first frame."""
    run = case(noise=0.01)
    markers = run.observations.markers.copy()
    markers[0, [0, 1, 2, 7, 20]] = np.nan
    observations = replace(run.observations, markers=markers)
    return Solver(run.runner, observations, Weights(correlation=0.4), (), priors(PARAMETERS))


@pytest.mark.parametrize("frame", [0, 40])
def test_markers_of_a_segment_weigh_as_their_covariance_written_out(problem, frame):
    """Cost, gradient, normal matrix, and how markers move, by the Jacobians of points."""
    skeleton, observations, rows = problem.runner.skeleton, problem.observations, problem.markers
    poses = segment_poses(skeleton, observations.start)
    body, visible = skeleton.marker_body, np.flatnonzero(observations.visible[frame])
    spread = np.array([TISSUE_SD[problem.runner.tissue[b]] for b in body])
    same_body = body[:, None] == body
    covariance = 0.4 * spread[:, None] * spread * same_body + np.diag(
        0.6 * spread**2 + SENSOR_SD**2
    )
    precision = np.kron(np.linalg.inv(covariance[np.ix_(visible, visible)]), np.eye(3))
    position, error, force = rows.errors(poses, np.zeros_like(rows.target))
    levers = rows.levers(poses, position)
    e = (position - observations.markers)[frame, visible].ravel()
    J = np.concatenate(
        [
            contact_jacobian(skeleton, poses, int(body[marker]), position[:, marker])[frame, 3:][
                :, problem.coordinates
            ]
            for marker in visible
        ]
    )
    assert (error[frame] * force[frame]).sum() == pytest.approx(e @ precision @ e, rel=1e-10)
    for computed, expected in (
        (rows.pull(*levers, force)[frame], J.T @ precision @ e),
        (rows.normal_matrix(poses, position)[frame], J.T @ precision @ J),
    ):
        np.testing.assert_allclose(computed, expected, atol=1e-9 * np.abs(expected).max())
    random = np.random.default_rng(1)
    change = 0.01 * random.standard_normal((len(observations.time), len(problem.coordinates), 2))
    moved = rows.moved(*levers, change)[frame, visible]
    expected = np.swapaxes((J @ change[frame]).reshape(-1, 3, 2), 1, 2)
    np.testing.assert_allclose(moved, expected, rtol=0, atol=1e-12)


SIZES = (
    0.003, 0.4, 0.02, 0.006, -0.004, 0.005, 0.004, 0.002, -0.003, 0.003, 0.1, -0.1, 0.2, -0.05,
    0.005, 1e-4,
)  # fmt: skip
VALUES = dict(zip((parameter.name for parameter in PARAMETERS), SIZES, strict=True))
VALUES |= {"centres_1": 1.0, "centres_4": -0.7, "centres_20": 2.0}


def rows(run, motion, values, drags=True):
    kinematics = segment_kinematics(run.runner.skeleton, motion.q, motion.u, motion.udot)
    observations = run.observations
    return Balance(
        run.runner, values, kinematics, observations.wrench, observations.time, drags=drags
    )


@pytest.mark.parametrize("name", VALUES)
def test_derivatives_by_parameters(case, name):
    """Central differences: the residual is at most quadratic in all but the clock."""
    run, step = case(), 1e-6
    of_true_body = rows(run, run.motion, {"drag_area": 0.45}).residual
    np.testing.assert_allclose(of_true_body.rows, 0.0, atol=1e-8)  # of 700 N and 100 N m
    shifted = [
        rows(run, run.motion, VALUES | {name: VALUES[name] + sign * step}).residual.rows
        for sign in (-1, 1)
    ]
    by_difference = (shifted[1] - shifted[0]) / (2 * step)
    derivative = rows(run, run.motion, VALUES).by_parameter(name)
    inside = slice(1, -1)  # beyond its last sample the wrench stays as it is
    error = np.abs(derivative - by_difference)[inside].max()
    assert error < 1e-7 * np.abs(by_difference).max() + 1e-4


@pytest.mark.parametrize("drags", [True, False])
def test_derivatives_by_motion(case, drags):
    """With the exact rates of the momentum's derivatives, the residual's are exact."""
    run = case()
    motion, frame, step = run.motion, slice(40, 44), 1e-4
    free = run.runner.skeleton.free
    body = rows(run, motion, VALUES).skeleton

    def state(shift):
        q = motion.q + motion.u * shift + motion.udot * shift**2 / 2
        return segment_kinematics(body, q, motion.u + motion.udot * shift, motion.udot)

    around = [momentum_jacobians(body, state(sign * step), free) for sign in (-1, 1)]
    rates = MomentumJacobians(
        (around[1].by_speed - around[0].by_speed) / (2 * step),
        (around[1].by_coordinate - around[0].by_coordinate) / (2 * step),
    )
    equations = rows(run, motion, VALUES, drags)
    derivatives = equations.by_motion(momentum_jacobians(body, equations.kinematics, free), rates)
    for order, name, size in ((0, "q", 1e-5), (1, "u", 1e-3), (2, "udot", 1.0)):
        for column in (0, 3, 7, 14, 22):
            residuals = []
            for sign in (-1, 1):
                moved = {part: getattr(motion, part).copy() for part in ("q", "u", "udot")}
                moved[name][:, free[column]] += sign * size
                residuals.append(rows(run, type(motion)(**moved), VALUES, drags).residual.rows)
            expected, limit = (residuals[1] - residuals[0])[frame] / (2 * size), 1e-6
            limit *= np.abs(derivatives[order][frame]).max()
            np.testing.assert_allclose(derivatives[order][frame, :, column], expected, atol=limit)


FIT_WEIGHTS = Weights(knot_s=0.025)
BLIND = replace(FIT_WEIGHTS, sigma_force_n=1e9, sigma_moment_nm=1e9)
"""Forces have no say."""
INSIDE = slice(10, -10)


def loose(parameters, by=20):
    return tuple(replace(parameter, prior_sd=by * parameter.prior_sd) for parameter in parameters)


@pytest.fixture(scope="module")
def recovered(case):
    """Give a consistent run with 0.3 mm of noise, and its fit."""
    run = case(noise=0.0003)
    return run, fit_trial(run.runner, run.observations, FIT_WEIGHTS)


def test_exact_recovery(recovered):
    """Gates: 0.2 % of body weight, 0.5 N m, 0.02 kg m²/s of H_y, every group.

    Nothing is wrong, so every interval of 90 % holds the truth.
    """
    run, fit = recovered
    weight = run.runner.skeleton.mass.sum() * GRAVITY
    rms, before = (
        np.sqrt((residual.rows[INSIDE] ** 2).mean(axis=0)) for residual in (fit.after, fit.before)
    )
    assert rms[:3].max() < 0.002 * weight
    assert rms[3:].max() < 0.5
    assert before[:3].max() > 0.01 * weight
    moves = segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)
    momentum, rate = group_momentum(fit, moves, fit.skeleton)
    true = np.einsum("gb,tbi->tgi", run.runner.grouping, run.momentum)
    assert np.sqrt(((momentum[:, :-1] - true)[INSIDE, :, 1] ** 2).mean(axis=0)).max() < 0.02
    total = run.momentum_rate.sum(axis=1)
    assert np.sqrt(((rate[:, -1] - total)[INSIDE] ** 2).mean(axis=0)).max() < 1.0
    for estimate in fit.estimates:
        assert estimate.low <= {"drag_area": 0.45}.get(estimate.name, 0.0) <= estimate.high, (
            estimate
        )


def test_a_body_that_differs_is_found(case):
    """Legs 15 % heavier, forces 3 ms late, the torso's centre 2 cm lower; loose priors.

    In a few steps.
    """
    run = case(body={"leg_share": 0.15}, torso=(0.0, -0.02, 0.0), late=0.003, noise=0.0003)
    priors = loose(run.runner.parameters)
    fit = fit_trial(run.runner, run.observations, FIT_WEIGHTS, priors)
    lower = (fit.skeleton.com - run.runner.skeleton.com)[run.runner.torso][0, 1]
    assert fit.values["clock_offset"] == pytest.approx(0.003, abs=3e-4)
    assert fit.values["leg_share"] == pytest.approx(0.15, abs=0.03)
    assert lower == pytest.approx(-0.02, abs=0.01)
    assert len(fit.cost) <= 8


def test_unmeasured_forces_and_the_start_do_not_matter(recovered):
    """Wrong forces where none are measured; where a fit begins."""
    run, fit = recovered
    observations = run.observations
    part = replace(
        observations, measured=observations.measured & (np.arange(len(observations.time)) < 50)
    )
    force = observations.wrench.force.copy()
    force[70:] += 500.0
    wrong = replace(part, wrench=replace(observations.wrench, force=force))
    fits = [fit_trial(run.runner, view, FIT_WEIGHTS, NONE_FITTED) for view in (part, wrong)]
    np.testing.assert_allclose(fits[0].motion.q, fits[1].motion.q, atol=1e-8)
    other_weights = replace(FIT_WEIGHTS, sigma_force_n=3 * FIT_WEIGHTS.sigma_force_n)
    cold, warm = (
        fit_trial(run.runner, observations, other_weights, start=start) for start in (None, fit)
    )
    assert len(warm.cost) <= len(cold.cost)
    np.testing.assert_allclose(warm.motion.q, cold.motion.q, rtol=0, atol=2e-6)
    assert np.abs(warm.motion.q - fit.motion.q).max() > 2e-5


def test_markers_say_nothing_of_centres_of_mass(case):
    """Without forces the prior stays, whatever the number of markers: none counts twice."""
    run = case(noise=0.004)
    observations, runner = run.observations, run.runner
    twice = replace(
        observations,
        marker_index=np.tile(observations.marker_index, 2),
        markers=np.tile(observations.markers, (1, 2, 1)),
    )
    fits = [
        fit_trial(runner, *arguments)
        for arguments in ((observations, BLIND), (twice, BLIND), (observations, FIT_WEIGHTS))
    ]
    blind, doubled, with_forces = (
        centre_estimates(runner, x.estimates, x.covariance) for x in fits
    )
    prior = runner.centre_covariance
    np.testing.assert_allclose(blind[1], prior, rtol=0, atol=1e-12)
    np.testing.assert_allclose(blind[0], 0.0, atol=1e-9)
    np.testing.assert_allclose(doubled[1], blind[1], rtol=0, atol=1e-12)
    along_x = 3 * runner.skeleton.bodies.index("torso")
    assert with_forces[1][along_x, along_x] < 0.64 * prior[along_x, along_x]


AHEAD, TRUTH = 0.03, {"leg_share": 0.1, "mass": 0.01}


@pytest.fixture(scope="module")
def trials(case):
    """Give two trials of a body that the model does not know, at two speeds, forces 3 ms late."""
    options = {"body": TRUTH, "torso": (AHEAD, 0.0, 0.0), "late": 0.003, "noise": 0.0005}
    return [case(**options, speed=speed, seed=seed) for seed, speed in enumerate((1.0, 0.6))]


def stance(runner, body, offset=(0.0, 0.0), **angles):
    """Give the pose of standing, and a COP below the centre of mass of a body."""
    q = np.zeros(len(runner.skeleton.coordinates))
    for name, angle in (angles | {"pelvis_y": 0.3}).items():
        q[runner.skeleton.coordinates.index(name)] = angle
    skeleton, rest = adjusted_skeleton(runner, body), np.zeros((1, len(q)))
    moves = segment_kinematics(skeleton, q[None], rest, rest)
    com = centre_of_mass(segment_motion(skeleton, moves))[0]
    return StaticStance(q, com[0] * [1, 0, 1] + [offset[0], 0.0, offset[1]])


@pytest.fixture
def usual_trials(monkeypatch):
    """Misfits of the stick are as usual: every trial counts alike."""
    monkeypatch.setattr("aqbio.inverse_dynamics.session.widening", lambda *_: 1.0)


def _with_tails(fit):
    """Estimates (P,) of a trial's fit and their sds, with long tails in place of normal priors."""
    on = [estimate for estimate in fit.estimates if estimate.parameter.on]
    sd = np.array([estimate.parameter.prior_sd for estimate in on])
    prior = np.array([estimate.parameter.prior for estimate in on])
    has_tails = np.array([is_device(estimate.name) for estimate in on])
    matrix = np.linalg.inv(fit.covariance)
    right = matrix @ ([estimate.estimate for estimate in on] - prior)
    matrix -= np.diag(np.where(has_tails, sd**-2.0, 0.0))
    precision, pull = factors_of_tails(matrix, right, sd, has_tails)
    covariance = np.linalg.inv(matrix + np.diag(precision))
    return prior + covariance @ (right + pull), np.sqrt(np.diag(covariance))


@pytest.mark.usefixtures("usual_trials")
def test_the_same_trial_once_and_twice(trials):
    """A session of one trial is the trial; twice without priors it is surer by the root of two."""
    run = trials[0]
    trial_fit = fit_trial(run.runner, run.observations, FIT_WEIGHTS)
    one_trial = fit_session(run.runner, [run.observations], FIT_WEIGHTS)
    vague = loose(PARAMETERS, 100)
    single_session, double_session = (
        fit_session(run.runner, [run.observations] * number, FIT_WEIGHTS, vague)
        for number in (1, 2)
    )
    expected = iter(zip(*_with_tails(trial_fit), strict=True))
    for session_estimate in one_trial.estimates:
        parameter = session_estimate.parameter
        estimate, sd = next(expected) if parameter.on else (parameter.prior, 0.0)
        # the trial stops when a step gains less than 1e-3 of the cost; the session takes one more
        assert session_estimate.estimate == pytest.approx(estimate, abs=0.05 * parameter.prior_sd)
        assert session_estimate.sd == pytest.approx(sd, rel=0.05)
    for estimate, double_estimate in zip(
        single_session.estimates, double_session.estimates, strict=True
    ):
        if estimate.parameter.on and estimate.name != "clock_offset":  # each has its own
            assert double_estimate.estimate == pytest.approx(
                estimate.estimate, abs=0.02 * estimate.sd
            )
            assert double_estimate.sd == pytest.approx(estimate.sd / np.sqrt(2.0), rel=0.02)


def test_a_posture_tells_of_the_plates_that_bore_it(stick):
    """A quarter on one of two plates: moved by 20 mm it moves the pressure by 5; others do not."""
    plates = single_plate_parameters({"4": np.zeros(3), "5": np.zeros(3)})
    on = [parameter for parameter in plates if parameter.on]
    names = [parameter.name for parameter in on]
    posture = replace(stance(stick, {}, (-0.005, 0.0)), shares={"4": 0.25, "5": 0.75})
    np.testing.assert_allclose(com_over_cop(stick, {}, posture), [0.005, 0.0], atol=1e-12)
    moved = {"along_of_plate_4": 0.020, "across_of_plate_5": -0.004}
    np.testing.assert_allclose(com_over_cop(stick, moved, posture), [0.0, 0.003], atol=1e-12)
    matrix, right = stance_equations(stick, plates, posture)
    slope = np.array([x.startswith("along") * (0.25 if x[-1] == "4" else 0.75) for x in names])
    weight = slope / STATIC_DISTANCE_SD_M**2
    np.testing.assert_allclose(matrix[names.index("along_of_plate_4")], 0.25 * weight, atol=1e-3)
    np.testing.assert_allclose(right, 0.005 * weight, atol=1e-6)


def test_every_posture_is_predicted_without_it(trials, stick):
    """Left out by arithmetic, as if it had never been recorded; a known distance comes back."""
    offset = com_over_cop(stick, {}, stance(stick, {}, (-0.02, -0.01)))
    np.testing.assert_allclose(offset, [0.02, 0.01], atol=1e-12)
    runner, observed = trials[0].runner, [trials[1].observations]
    body = TRUTH | torso_at(runner, (AHEAD, 0.0, 0.0))
    postures = [stance(runner, body), stance(runner, body, thigh_r_z=1.2)]
    with_both = fit_session(runner, observed, FIT_WEIGHTS, static_trials=postures)
    for number, posture in enumerate(postures):
        without_posture = fit_session(
            runner, observed, FIT_WEIGHTS, static_trials=[postures[1 - number]]
        )
        predicted = com_over_cop(
            runner, {x.name: x.estimate for x in without_posture.estimates}, posture
        )
        # priors of devices are as long-tailed as they are with the posture
        np.testing.assert_allclose(with_both.standing[str(number)].left_out, predicted, atol=1e-4)
        assert np.linalg.norm(with_both.standing[str(number)].fitted) < np.linalg.norm(predicted)


@pytest.mark.usefixtures("usual_trials")
def test_parameters_answer_another_body_as_a_session_fitted_on_it(trials, stick, monkeypatch):
    """Two trials on two clocks and a posture; masses of the fitted parts stay the fit's."""
    monkeypatch.setattr(draws, "trunk_gyration", lambda *_: draws.TRUNK_GYRATION_M)
    monkeypatch.setattr("aqbio.inverse_dynamics.common_parameters.is_device", lambda _: False)
    observed, postures = [run.observations for run in trials], [stance(stick, {})]
    fit = fit_session(stick, observed, FIT_WEIGHTS, static_trials=postures, draws=(1, 1)).fits["0"]
    base = inertial_parameters(stick.skeleton)
    drawn = drawn_inertia(stick.skeleton, stick, DRAWN_BODIES, 1)
    held = with_masses_of_fit(drawn, base, stick, fit.solver.on)
    for part in stick.parts.values():
        np.testing.assert_allclose(held[:, part, 0].sum(axis=1), base[part, 0].sum())
    small, state = 0.2, 3
    other = base + small * (held - base)[state]
    changed = replace(stick, skeleton=drawn_skeleton(stick.skeleton, other))
    for name in ("centre_covariance", "centres", "_leading"):  # priors follow sizes a little
        vars(changed)[name] = getattr(stick, name)
    refit = fit_session(changed, observed, FIT_WEIGHTS, static_trials=postures).fits["0"]
    sds = np.array([x.parameter.prior_sd for x in fit.estimates if x.parameter.on])
    predicted = small * fit.draws.by_inertia[:, state] / sds
    change = (refit.theta - fit.theta) / sds
    np.testing.assert_allclose(change, predicted, atol=0.1 * np.abs(predicted).max())


@pytest.mark.usefixtures("usual_trials")
def test_parameters_answer_errors_of_the_data_as_another_fit(trials):
    """Markers and a moment that are off by a little, to the second order."""
    run, ends = trials[0], []
    observed, moment = run.observations, np.array([0.5, -0.3, 0.8])
    random = np.random.default_rng(4)
    shift = 2e-4 * random.standard_normal(observed.markers.shape[1:])
    wrench = replace(observed.wrench, moment=observed.wrench.moment + moment)
    for view in (observed, replace(observed, markers=observed.markers + shift, wrench=wrench)):
        fit = None
        for _ in range(4):  # the fit stops when a step gains less than 0.1 %
            fit = fit_trial(run.runner, view, FIT_WEIGHTS, start=fit)
        ends.append(fit)
    response, sds = Response(ends[0].linearised()), np.sqrt(np.diag(ends[0].covariance))
    weighted = np.concatenate([np.zeros(3), moment]) / response.solver.sigma
    errors = _none(response)
    errors = replace(errors, markers=errors.markers + shift, wrench=errors.wrench + weighted)
    motion, direct = response.pulls_on_both([errors])
    pull = (direct + response.solver.following.T @ motion) / response.solver.frames_per_observation
    predicted = (ends[0].covariance @ pull)[:, 0] / sds
    change = (ends[1].theta - ends[0].theta) / sds
    np.testing.assert_allclose(change, predicted, atol=0.1 * np.abs(predicted).max())


@pytest.mark.usefixtures("usual_trials")
def test_parameters_are_as_uncertain_as_priors_and_errors_of_the_data_leave_them(
    trials, stick, monkeypatch
):
    """Without errors the priors' part, less than with weights for errors; then by their square."""
    observed, postures = [run.observations for run in trials], [stance(stick, {})]
    draw_errors, covariances = Response.draw_errors, []
    monkeypatch.setattr(Response, "estimated_sizes", lambda self, _: self.prior_sizes)
    for size in (0.0, 1.0, 2.0):

        def sized(self, sizes, random, size=size):
            errors = draw_errors(self, sizes, random)
            return DataErrors(*(size * getattr(errors, part.name) for part in fields(errors)))

        monkeypatch.setattr(Response, "draw_errors", sized)
        fits = fit_session(stick, observed, FIT_WEIGHTS, static_trials=postures, draws=(6, 1)).fits
        covariances.append(fits["0"].draws.covariance)
        pair = [np.delete(fits[name].draws.covariance, 0, axis=0)[:, 1:] for name in fits]
        np.testing.assert_allclose(*pair, rtol=1e-9)  # all but the trials' clocks
    exact, once, twice = covariances
    np.testing.assert_allclose(twice - exact, 4.0 * (once - exact), atol=1e-6 * np.abs(exact).max())
    sds = np.sqrt(np.diag(fits["0"].covariance))
    ratio = np.sqrt(np.diag(exact)) / sds
    assert ((ratio > 0.0) & (ratio < 1.001)).all()
    assert (np.diag(once) > np.diag(exact)).all()


@pytest.fixture(scope="module")
def long(case):
    return case(speed=0.5)  # twice as long: 5.5 steps


@pytest.fixture(scope="module")
def fitted(long):
    return fit_trial(long.runner, stepping(long.observations, 0.24), FIT_WEIGHTS, NONE_FITTED)


@pytest.fixture(scope="module")
def response(fitted):
    return Response(fitted.linearised())


def _none(response) -> DataErrors:
    problem, frames = response.solver, len(response.solver.observations.time)
    motion = np.zeros((frames, len(problem.coordinates)))
    wrench = np.zeros((len(problem.rows.frame), 6))
    return DataErrors(np.zeros_like(problem.markers.target), motion, motion, wrench)


def test_the_answer_to_errors_of_markers_is_that_of_another_fit(long, fitted, response):
    """Of markers that are moved a little: the fit that is made of them, to the second order."""
    errors = np.random.default_rng(5).standard_normal(response.solver.markers.target.shape)
    errors, observations, ends = 1e-5 * errors, response.solver.observations, []
    for view in (observations, replace(observations, markers=observations.markers + errors)):
        fit = fitted
        for _ in range(4):  # the fit stops when a step gains less than 0.1 %
            fit = fit_trial(long.runner, view, FIT_WEIGHTS, NONE_FITTED, start=fit)
        ends.append(fit.motion.q[:, fit.coordinates])
    pull = response.pulls([replace(_none(response), markers=errors)])
    change = response.solver.factor.solve(pull).reshape(response.solver.point.coefficients.shape)
    predicted = response.solver.basis.values[0] @ change
    assert np.abs(ends[1] - ends[0] - predicted).max() < 0.05 * np.abs(predicted).max()


def test_the_state_of_another_body_is_the_fit_on_that_body(long, fitted, response):
    """Of masses and tensors that differ a little, to the second order."""
    small, solver = 1e-3, response.solver
    frames = np.arange(0, len(solver.observations.time), 7)
    states = inertia_states(fitted, solver, frames, 3, 1)
    skeleton = long.runner.skeleton
    body = drawn_skeleton(skeleton, inertial_parameters(skeleton) + small * states.inertia[2])
    ends = []
    for runner in (long.runner, replace(long.runner, skeleton=body)):
        fit = fitted
        for _ in range(4):
            fit = fit_trial(runner, solver.observations, FIT_WEIGHTS, NONE_FITTED, start=fit)
        ends.append(fit.motion)
    for name in ("q", "u"):
        predicted = small * getattr(states.motion, name)[2]
        difference = (getattr(ends[1], name) - getattr(ends[0], name))[frames]
        assert np.abs(difference - predicted).max() < 0.05 * np.abs(predicted).max(), name


@pytest.fixture(scope="module")
def marked(fitted):
    """Give the stick's body with markers that may lie 10 mm elsewhere."""
    skeleton = fitted.skeleton
    markers = TemplateMarkers(skeleton.markers, skeleton.marker_body, skeleton.marker_position)
    none, one_each = np.zeros(0, dtype=int), np.arange(len(skeleton.bodies))
    parts = Parts(skeleton.bodies, one_each, one_each)
    template = Template(skeleton, parts, markers, none, none.reshape(0, 3))
    placement = np.repeat([0.0, 0.01, 0.0, 0.0], template.sizes)
    return BodySpread(template, np.diag(placement**2), np.zeros(len(markers.labels)), 0.0)


def test_the_state_of_a_body_with_markers_elsewhere_is_the_fit_on_that_body(
    long, fitted, response, marked
):
    """Its motion follows the markers as far as the forces let it, to the second order."""
    solver, weight = response.solver, np.ones(len(marked.template.markers.labels))
    small = replace(marked, covariance=1e-6 * marked.covariance)
    frames, observed = np.arange(0, len(solver.observations.time), 7), solver.observations
    states = shape_states(fitted, solver, frames, small, weight, 3, 1)
    body = replace(long.runner.skeleton, marker_position=states.skeletons[2].marker_position)
    body = replace(body, com=states.skeletons[2].com)
    ends = []
    for skeleton in (long.runner.skeleton, body):
        fit, runner = fitted, replace(long.runner, skeleton=skeleton)
        view = replace(observed, markers=observed.markers.copy())  # shares no parts
        for _ in range(4):
            fit = fit_trial(runner, view, FIT_WEIGHTS, NONE_FITTED, start=fit)
        ends.append(fit.motion)
    for name in ("q", "u"):
        predicted = getattr(states.states.motion, name)[2]
        difference = (getattr(ends[1], name) - getattr(ends[0], name))[frames]
        assert np.abs(difference - predicted).max() < 0.01 * np.abs(predicted).max(), name


def test_bodies_are_drawn_for_a_marker_that_fell_off_as_if_it_was_not_worn(long, marked):
    """A marker that was never seen in a trial has no error there."""
    observed, weight = long.observations, np.ones(len(marked.template.markers.labels))
    unseen, moved = observed.markers.copy(), []
    unseen[:, 3] = np.nan
    left_out = {
        "markers": np.delete(observed.markers, 3, axis=1),
        "marker_index": np.delete(observed.marker_index, 3),
    }
    for view in (replace(observed, markers=unseen), replace(observed, **left_out)):
        fit = fit_trial(long.runner, view, FIT_WEIGHTS, NONE_FITTED)
        solver = fit.linearised(motion_only=True)
        moved.append(shape_states(fit, solver, np.arange(0, 200, 50), marked, weight, 2, 1))
    for name in ("q", "u", "udot"):
        first, second = (getattr(states.states.motion, name) for states in moved)
        np.testing.assert_allclose(first, second, atol=1e-9 * np.abs(second).max())


def test_after_a_fit_bodies_move_the_rate_of_the_whole_less_than_before(
    fitted, response, monkeypatch
):
    """Forces determine the rate of the whole body's angular momentum, for any masses of parts.

    This trunk is a rod: as uncertain as it differs from a person's, markers would hold it more.
    """
    monkeypatch.setattr(draws, "trunk_gyration", lambda *_: draws.TRUNK_GYRATION_M)
    solver = response.solver
    frames = np.flatnonzero(solver.measured)[20:-20:5]
    states = inertia_states(fitted, solver, frames, 8, 1)
    base = inertial_parameters(fitted.skeleton)
    sizes = {}
    for follows in (False, True):
        rates = []
        for off, *moved in zip(
            states.inertia, states.motion.q, states.motion.u, states.motion.udot, strict=True
        ):
            body = drawn_skeleton(fitted.skeleton, base + off)
            motion = (
                getattr(fitted.motion, name)[frames] + follows * change
                for name, change in zip(("q", "u", "udot"), moved, strict=True)
            )
            rates.append(group_momentum(fitted, segment_kinematics(body, *motion), body)[1][:, -1])
        fitted_rate = group_momentum(
            fitted,
            segment_kinematics(
                fitted.skeleton,
                *(getattr(fitted.motion, name)[frames] for name in ("q", "u", "udot")),
            ),
            fitted.skeleton,
        )[1][:, -1]
        sizes[follows] = float(np.sqrt(((np.array(rates) - fitted_rate) ** 2).mean()))
    assert sizes[True] < 0.5 * sizes[False], sizes


@pytest.mark.parametrize(
    ("repeated", "slow", "constant"), [(0.008, 0.0, 0.004), (0.0, 0.006, 0.002)]
)
def test_sizes_of_errors_are_found_in_what_the_fit_left(long, response, repeated, slow, constant):
    """Repeated and other errors are told apart, and constant ones from those that move."""
    zero, markers = (0.0 * getattr(response.prior_sizes, x) for x in ("pose", "markers"))
    markers[0], markers[2], markers[-2], markers[-1] = constant**2, repeated**2, slow**2, 0.0005**2
    sizes, solver, estimates = ErrorVariances(markers, zero, zero, np.zeros(6)), response.solver, []
    for seed in range(3):
        errors = response.draw_errors(sizes, np.random.default_rng(seed)).markers
        moved = replace(solver.observations, markers=solver.observations.markers + errors)
        fit = fit_trial(long.runner, moved, FIT_WEIGHTS, NONE_FITTED)
        estimated = Response(fit.linearised()).estimated_sizes(np.random.default_rng(seed))
        estimates.append(estimated.markers)
    mean = np.sqrt(np.mean(estimates, axis=0).mean(axis=1))
    assert mean[0] == pytest.approx(constant, rel=0.35)
    assert mean[-1] == pytest.approx(0.0005, rel=0.25)
    large, small = (mean[2], mean[-2]) if repeated else (mean[-2], mean[2])
    assert large == pytest.approx(repeated + slow, rel=0.35)
    assert small < 0.3 * large  # in 2.8 strides some of it seems to repeat


WEIGHTS = Weights(knot_s=0.025)


@pytest.fixture(scope="module")
def sound(case):
    """Give a run of 0.4 s with two contacts: a fit takes a tenth of a second."""
    run = case(noise=0.004)
    observations, cut_frames = run.observations, slice(20, 100)
    plain = Motion(
        *(
            values[cut_frames]
            for values in (observations.plain.q, observations.plain.u, observations.plain.udot)
        )
    )
    cut = {
        name: getattr(observations, name)[cut_frames]
        for name in ("time", "markers", "measured", "start")
    }
    return replace(run, observations=stepping(replace(observations, plain=plain, **cut), 0.2))


def loads_of(fit, *, exchanged=False):
    """The loads of both feet: of each while it is the lower one, below its ankle."""
    moves = segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)
    names = ("foot_l", "foot_r")
    ankle = np.stack([moves.origin[:, fit.skeleton.bodies.index(foot)] for foot in names])
    lower = ankle[..., 1].argmin(axis=0) == np.arange(2)[:, None]
    force = np.where(lower[..., None], [0.0, 900.0, 0.0], 0.0)
    moment = np.cross(ankle * [1, 0, 1], force)
    feet = names[::-1] if exchanged else names
    return [ExternalLoad(x, f, m, np.zeros(3)) for x, f, m in zip(feet, force, moment, strict=True)]


def with_signs(force: tuple[int, int, int], moment: tuple[int, int, int]):
    """Turn components of force and moment."""
    return lambda x: {
        "wrench": replace(
            x.wrench, force=np.array(force) * x.wrench.force,
            moment=np.array(moment) * x.wrench.moment,
        )
    }  # fmt: skip


FAULTS = {
    "nothing": lambda _: {},
    "force_sign": with_signs((-1, -1, -1), (-1, -1, -1)),
    "force_x_sign": with_signs((-1, 1, 1), (1, 1, 1)),
    "late": lambda x: {"wrench": replace(x.wrench, time=x.wrench.time + 0.035)},
    "half measured": lambda x: {"measured": x.measured & (np.arange(len(x.time)) < 40)},
    "a gap": lambda x: {"measured": x.measured & (abs(np.arange(len(x.time)) - 40) > 9)},
    "not measured": lambda x: {"measured": 0 * x.measured > 0},
    "belt": lambda x: {"drag": False},
    "hidden": lambda x: {"markers": np.where((np.arange(36) % 9 == 0)[:, None], np.nan, x.markers)},
    "uneven": lambda x: {"time": x.time**2},
}
BODIES = {
    "heavy": lambda x: replace(x, mass=1.2 * x.mass, inertia=1.2 * x.inertia),
    "bent": lambda x: replace(x, com=x.com + 0.01),
}
REFUSED = {"not measured": "has all its contacts measured", "uneven": "not evenly spaced"}
SHOWN = {
    "force_sign": ("force", "markers", "masses", "centres"),
    "force_x_sign": ("force", "markers", "centres"),
    "heavy": ("force",),
    "late": (),
}
"""Misfits that are at least twice as large as without the fault; a clock has a parameter, and here
feet follow forces within a frame."""


def test_misfits_of_faulty_runs(sound):
    """They show what was done to the run; forces pull residuals down."""
    observations, runner, misfits = sound.observations, sound.runner, {}
    bodies = {
        body: Runner(change(runner.skeleton), runner.groups) for body, change in BODIES.items()
    }
    for name in ("fixed", *BODIES, *FAULTS):
        if name in REFUSED:
            with pytest.raises(ValueError, match=REFUSED[name]):
                fit_trial(runner, replace(observations, **FAULTS[name](observations)), WEIGHTS)
            continue
        faulty = (
            replace(observations, **FAULTS[name](observations)) if name in FAULTS else observations
        )
        fixed = {"fixed": {"leg_share": 0.05}} if name == "fixed" else {}
        fit = fit_trial(bodies.get(name, runner), faulty, WEIGHTS, **fixed)
        check_fit(fit, loads_of(fit))
        misfits[name] = fit_misfits(fit, {})
        if name in ("fixed", "bent", "nothing", "belt", "hidden"):  # within noise and artefact
            assert max(segment_displacements(fit, fit.measured).values()) < 0.005
            assert (added_slips(fit) < 0.005).all()
        if name == "fixed":
            assert fit.values["leg_share"] == 0.05
            assert misfits[name]["masses"] == pytest.approx(1.0 / np.sqrt(4.0))  # of four
    for name, shown in SHOWN.items():
        larger = {
            part for part, size in misfits[name].items() if size > 2.0 * misfits["nothing"][part]
        }
        assert larger >= set(shown), name
        assert shown or not larger & {"force", "markers", "masses", "centres"}, name


def check_fit(fit, loads):
    """Hold what every fit obeys: costs fall, residuals shrink, and sides mirror each other."""
    assert (np.diff(fit.cost) <= 1e-9 * np.abs(fit.cost[0])).all()
    before, after = (np.std(residual.rows, axis=0) for residual in (fit.before, fit.after))
    if fit.measured.sum() > 20:
        assert np.linalg.norm(after[:3]) < np.linalg.norm(before[:3])
        distance, exchanged_distance = (
            distance_nearer_other_foot(fit, loads_of(fit, exchanged=exchanged))
            for exchanged in (False, True)
        )
        assert distance == pytest.approx(-exchanged_distance)
        assert distance < 0.0
        exchanged_loads = loads_of(fit, exchanged=True)
        named = [x.rule for x in wrong_foot_findings("run", fit, exchanged_loads)]
        assert named == ["forces-other-foot"] * (exchanged_distance > MAX_NEARER_OTHER_FOOT_M)
        assert list(wrong_foot_findings("run", fit, loads_of(fit))) == []
    shifts = centre_shifts(fit.runner, fit.values)
    after, covariance = centre_estimates(fit.runner, fit.estimates, fit.covariance)
    np.testing.assert_array_equal(after, shifts)
    np.testing.assert_allclose(fit.skeleton.com, fit.runner.skeleton.com + shifts, atol=1e-12)
    learnt = np.linalg.eigvalsh(fit.runner.centre_covariance - covariance)
    assert learnt.min() > -1e-9


TIME = np.arange(0.0, 2.0, 0.005)
SPANS = {
    "two": ([(0.5, 0.6), (0.72, 0.82)], [1, 1], None, [(0.44, 0.88)]),
    "short flight": ([(0.5, 0.6), (0.65, 0.75)], [1, 1], None, [(0.475, 0.775)]),
    "one": ([(0.5, 0.6)], [1], None, [(0.44, 0.66)]),
    "one of a known flight": ([(0.5, 0.6)], [1], 0.06, [(0.465, 0.635)]),
    "one, no flight": ([(0.5, 0.6)], [1], 0.0, [(0.5, 0.6)]),
    "one missed": ([(0.5, 0.6), (0.94, 1.04)], [1, 1], None, [(0.44, 0.66), (0.88, 1.1)]),
    "one cut": (
        [(0.5, 0.6), (0.72, 0.82), (0.94, 1.04)], [1, 0, 1], None, [(0.44, 0.66), (0.88, 1.1)],
    ),
    "overlap": ([(0.5, 0.62), (0.6, 0.7), (0.7, 0.8)], [1, 1, 1], None, [(0.44, 0.86)]),
}  # fmt: skip
"""Contacts, s; which are complete; a known flight; and spans in which all loads are measured."""


@pytest.mark.parametrize("name", SPANS)
def test_spans_in_which_all_ground_contact_is_measured(name):
    """60 ms before and after contacts, less where the flight is short; flights between contacts."""
    spans, complete, flight, expected = SPANS[name]
    measured = measured_frames(TIME, np.array(spans), np.array(complete, dtype=bool), flight)
    inside = np.any([(begin < TIME) & (end > TIME) for begin, end in expected], axis=0)
    clear = np.abs(TIME[:, None] - np.array(expected).ravel()).min(axis=1) > 1e-6
    np.testing.assert_array_equal(measured[clear], inside[clear])


@pytest.mark.parametrize("falls", [*product((0.0, 0.9e-3, 1.1e-3, 0.1), repeat=2)])
def test_a_descent_ends_after_small_falls(falls):
    """Of a thousandth: one after a full step, two after shortened ones; or after 15 steps."""
    history = np.cumprod([1.0, *(1.0 - np.array(falls))])
    small = [fall < 1e-3 for fall in falls]
    assert converged(history, 1.0) == small[-1]
    assert converged(history, 0.5) == all(small)
    assert not converged(history[:2], 0.5)
    halves = 0.5 ** np.arange(solvers.MAX_STEPS + 1)
    assert not converged(halves[:-1])
    assert converged(halves)


@pytest.mark.parametrize(("strides", "harmonics"), [(1.99, 0), (2.01, 19), (4.3, 9)])
def test_bands_of_errors(strides, harmonics):
    """Harmonics to 20 Hz of at least two strides; slow errors below 10 Hz."""
    bands = ErrorBands.over(TIME, np.linspace(0.0, strides, len(TIME)))
    assert (bands.harmonics, bands.count) == (harmonics, harmonics + 3)
    frequency = np.arange(len(TIME)) / (2.0 * len(TIME) * 0.005)
    expected = np.where(frequency == 0.0, 0, np.where(frequency < 10.0, 1, 2))
    np.testing.assert_array_equal(bands.slow, expected)
    np.testing.assert_allclose(bands.inverse @ bands.waves, np.eye(2 * harmonics + 1), atol=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_strides_of_steady_steps_whichever_are_seen(seed):
    """Two steps a stride, however many touchdowns between were missed; none without two."""
    random, step = np.random.default_rng(seed), 0.24
    number = np.arange(8)
    is_recorded = random.random(8) < 0.6
    is_recorded[:2] = True
    touchdown = np.where(random.random(8) < 0.2, np.nan, 0.1 + step * number)
    touchdown[:2] = 0.1, 0.1 + step
    cycles = stride_cycles(TIME, touchdown[is_recorded], number[is_recorded] % 2 == 0)
    np.testing.assert_allclose(cycles, (TIME - 0.1) / (2.0 * step), atol=1e-9)
    assert stride_cycles(TIME, np.array([np.nan, 0.5]), np.array([False, True])) is None


@pytest.mark.parametrize(
    "parameter", [*PARAMETERS, *centre_parameters(2)], ids=lambda parameter: parameter.name
)
def test_intervals_of_estimates(parameter):
    """90 % of a normal distribution."""
    estimate = ParameterEstimate(parameter, parameter.prior + parameter.prior_sd, 0.001)
    inside = norm.cdf(estimate.high, estimate.estimate, 0.001)
    assert inside == pytest.approx(0.95, abs=1e-4)
    assert estimate.low + estimate.high == pytest.approx(2.0 * estimate.estimate)


@pytest.mark.parametrize("aligned", [False, True])
def test_parameters_that_are_fitted(aligned):
    """Plates are aligned on demand; the drag area is that of the settings."""
    all_parameters = parameters(0.9, align_plates=aligned)
    fitted = {parameter.name for parameter in all_parameters if parameter.on}
    usual = {"clock_offset", "mass", "leg_share", "pelvis_share", "cop_offset_x", "cop_offset_z"}
    usual |= {"foot_share", "arm_share", "thigh_slide", "tissue_compliance"}
    alignment = {"plate_roll", "plate_yaw", "plate_pitch", "cop_offset_y", "plate_scale"}
    assert fitted == usual | (alignment if aligned else set())
    expected = [
        parameter.prior_sd**-2.0 for parameter in all_parameters if parameter.name in fitted
    ]
    np.testing.assert_allclose(prior_precision(all_parameters), expected)
    [drag_area] = [parameter for parameter in all_parameters if parameter.name == "drag_area"]
    assert drag_area.prior == 0.9


def test_a_body_changed_by_parameters(stick):
    """Mass moves between limbs, pelvis and torso; the whole changes by its own share."""
    before = stick.skeleton
    values = {"leg_share": 0.1, "mass": -0.02, "pelvis_share": 0.1, "arm_share": -0.2}
    values["foot_share"] = 0.3
    after = adjusted_skeleton(stick, values)
    assert after.mass.sum() == pytest.approx(0.98 * before.mass.sum())
    ratio = after.mass / before.mass
    leg = np.isin(before.bodies, GROUPS["leg_left"] + GROUPS["leg_right"])
    foot = np.array(stick.tissue) == "foot"
    np.testing.assert_allclose(ratio[leg & ~foot], 1.1 * 0.98)
    np.testing.assert_allclose(ratio[foot], 1.4 * 0.98)
    assert ratio[before.bodies.index("pelvis")] == pytest.approx(1.1 * 0.98)
    np.testing.assert_allclose(ratio[stick.members("arm_left", "arm_right")], 0.8 * 0.98)
    np.testing.assert_allclose(after.inertia, before.inertia * ratio[:, None, None])
    np.testing.assert_array_equal(after.com, before.com)
    torso = torso_at(stick, (0.1, 0.0, 0.0))
    moved = adjusted_skeleton(stick, torso)
    expected = before.com + np.eye(len(ratio))[before.bodies.index("torso")][:, None] * [0.1, 0, 0]
    np.testing.assert_allclose(moved.com, expected, atol=1e-9)
    np.testing.assert_array_equal(moved.mass, before.mass)


def test_loads_on_the_clock_and_in_the_frame_of_the_cameras():
    """A wave that is known between samples; forces stay where the plates have them."""
    point, clock = np.array([0.4, 0.0, -0.1]), 0.004

    def wave(time):
        return np.stack([np.sin(rate * time) for rate in (9, 5, 7)], axis=1)

    load = ExternalLoad("foot_r", 800.0 * wave(TIME), 7.0 * wave(TIME), point)
    values = {"clock_offset": clock, "cop_offset_x": 0.005, "cop_offset_z": -0.002, "mass": 0.1}
    [adjusted] = adjusted_loads([load], TIME, values)
    inside, later = slice(5, -5), wave(TIME + clock)
    assert (adjusted.body, adjusted.point.tolist()) == ("foot_r", [0.0, 0.0, 0.0])
    np.testing.assert_allclose(adjusted.force[inside], 800.0 * later[inside], atol=0.5)
    moment = 7.0 * later + np.cross(point, 800.0 * later)
    np.testing.assert_allclose(adjusted.moment[inside], moment[inside], atol=0.2)


@pytest.mark.parametrize("seed", range(4))
def test_over_level_ground_the_balance_is_that_of_the_fit(case, seed):
    """Of a body in the laboratory's frame, with loads there: the same residual, turned."""
    run, random = case(), np.random.default_rng(seed)
    size = dict.fromkeys(ROTATION, 0.05) | dict.fromkeys(OFFSET, 0.02) | dict.fromkeys(PIVOT, 1.0)
    size |= {SCALE: 0.02, "clock_offset": 0.004, "mass": 0.05}
    values = {name: sd * float(random.standard_normal()) for name, sd in size.items()}
    observations, runner, motion = run.observations, run.runner, run.motion
    moves = segment_kinematics(runner.skeleton, motion.q, motion.u, motion.udot)
    fit = Balance(
        runner, values, moves, observations.wrench, observations.time, drags=False
    ).residual
    load = ExternalLoad(
        "foot_r", observations.wrench.force, observations.wrench.moment, np.zeros(3)
    )
    [load] = adjusted_loads([load], observations.time, values)
    body = laboratory_skeleton(runner, values)
    assert body.gravity.tolist() == runner.skeleton.gravity.tolist()
    level = level_a(
        segment_motion(body, segment_kinematics(body, motion.q, motion.u, motion.udot)),
        [load],
        gravity=body.gravity,
    )
    has_force, turn = np.isfinite(load.force).all(axis=1), Alignment.of(values).rotation
    np.testing.assert_allclose(
        level.residual_force[has_force], (fit.force @ turn)[has_force], atol=1e-6
    )
    np.testing.assert_allclose(
        level.residual_moment[has_force], (fit.moment @ turn)[has_force], atol=1e-6
    )


def test_beyond_the_record_a_bearing_foot_is_unknown_and_another_bears_nothing():
    """Forces 10 ms late lack two frames at an end at which the foot is loaded."""
    force = np.zeros((len(TIME), 3))
    force[:, 1] = np.linspace(0.0, 900.0, len(TIME))
    load = ExternalLoad("foot_r", force, 0.1 * force, np.zeros(3))
    for clock, expected in ((0.01, [-2, -1]), (-0.01, [])):
        [adjusted] = adjusted_loads([load], TIME, {"clock_offset": clock})
        unknown = np.flatnonzero(np.isnan(adjusted.force + adjusted.moment).any(axis=1)) - len(TIME)
        assert unknown.tolist() == expected
    gap = force.copy()
    gap[100:110] = np.nan
    [adjusted] = adjusted_loads([replace(load, force=gap)], TIME, {})
    np.testing.assert_array_equal(adjusted.force, gap)
    [adjusted] = adjusted_loads([replace(load, force=gap)], TIME, {"clock_offset": 0.01})
    unknown = np.flatnonzero(np.isnan(adjusted.force).any(axis=1)).tolist()
    assert unknown == [*range(98, 110), len(TIME) - 2, len(TIME) - 1]


@pytest.mark.parametrize("late", [0.0, 0.008, 0.020, -0.015])
def test_a_late_clock_is_found_wherever_it_is(case, late):
    """As far off as forces may be before they are shifted; neither prior nor distance shrink it."""
    runs = [case(late=late, noise=0.0005, speed=speed) for speed in (1.0, 0.6)]
    session = fit_session(runs[0].runner, [run.observations for run in runs], FIT_WEIGHTS)
    [clock] = [estimate for estimate in session.estimates if estimate.name == "clock_offset"]
    assert clock.estimate == pytest.approx(late, abs=0.0005)
    for fit in session.fits.values():
        assert fit.clock.estimate == pytest.approx(late, abs=0.0005)
        assert fit.observations.clock == pytest.approx(late, abs=0.002)


def test_a_trial_with_a_clock_of_its_own_keeps_it(case):
    """One of three that was started 12 ms later; the others agree on theirs, and it on its own."""
    speeds, lates = (1.0, 0.6, 0.8), (0.001, 0.012, 0.001)
    runs = [
        case(late=late, noise=0.0005, speed=speed)
        for late, speed in zip(lates, speeds, strict=True)
    ]
    session = fit_session(runs[0].runner, [run.observations for run in runs], FIT_WEIGHTS)
    clocks = [fit.clock.estimate for fit in session.fits.values()]
    np.testing.assert_allclose(clocks, lates, atol=0.0005)
    [clock] = [estimate for estimate in session.estimates if estimate.name == "clock_offset"]
    assert clock.estimate == pytest.approx(0.001, abs=0.0005)
    first, second, third = (
        {name: value for name, value in fit.values.items() if name != "clock_offset"}
        for fit in session.fits.values()
    )
    assert first == second == third


@pytest.mark.parametrize("apart", [0.0039, 0.0041, 0.03])
def test_there_is_no_limit_from_which_on_a_clock_is_another(case, apart):
    """A trial that was started later has its own clock, however little later it is."""
    runs = [
        case(late=late, noise=0.0005, speed=speed) for late, speed in ((0.0, 1.0), (apart, 0.6))
    ]
    session = fit_session(runs[0].runner, [run.observations for run in runs], FIT_WEIGHTS)
    clocks = [fit.clock.estimate for fit in session.fits.values()]
    assert np.diff(clocks)[0] == pytest.approx(apart, abs=0.001)


FORMER_LIMITS = [
    ("late", 0.002), ("late", 0.004), ("late", 0.005), ("late", 0.010), ("markers", 0.01),
    ("mass", 0.05), ("along", 0.026),
]  # fmt: skip
"""Sizes of errors at which rules used to act: clocks and places of plates (s, m), scale of the
markers and mass (relative)."""


def _planted(case, device, size):
    """Two trials of a runner with one error of a device."""
    runs = [
        case(late=size * (device == "late"), body={"mass": size * (device == "mass")},
             noise=0.0005, speed=speed)
        for speed in (1.0, 0.6)
    ]  # fmt: skip
    observed = [run.observations for run in runs]
    if device == "markers":
        observed = [replace(trial, markers=trial.markers * (1.0 + size)) for trial in observed]
    if device == "along":
        shift = np.array([size, 0.0, 0.0])
        observed = [
            replace(
                trial,
                wrench=replace(
                    trial.wrench, moment=trial.wrench.moment + np.cross(shift, trial.wrench.force)
                ),
            )
            for trial in observed
        ]
    return runs[0].runner, observed


@pytest.mark.parametrize(("device", "limit"), FORMER_LIMITS)
def test_no_number_jumps_where_a_limit_was(case, device, limit):
    """Mean angular momentum of all groups, from before to beyond it by 1 % in all."""
    means, sds = [], []
    for size in (0.995 * limit, 1.005 * limit):
        runner, observed = _planted(case, device, size)
        session = fit_session(runner, observed, FIT_WEIGHTS, draws=(12, 1))
        assert len(session.accepted) == len(observed)
        for fit in session.fits.values():
            drawn = [
                _mean_momentum(fit, motion, values) for motion, values in samples_of(fit, fit.draws)
            ]
            means.append(_mean_momentum(fit, fit.motion, fit.values))
            sds.append(np.std(drawn, axis=0))
    before, after = np.split(np.array(means), 2)
    interval = 2.0 * norm.ppf(0.975) * np.array(sds[: len(before)])
    assert (np.abs(after - before) < 0.02 * interval).all()


def _mean_momentum(fit, motion, values):
    """Mean angular momentum of every group, (G, 3)."""
    moves, body = body_kinematics(fit, motion, values)
    return group_momentum(fit, moves, body)[0][:, :-1].mean(axis=0)


def test_a_clock_that_scatters_is_one_more_unknown():
    """Against the dense equations of both trials with a deviation of the second one's clock."""
    random, at, scatter = np.random.default_rng(3), 1, ClockScatter(0.3, 4.0)
    roots = random.standard_normal((2, 6, 6))
    (first, second) = (root @ root.T + np.eye(6) for root in roots)
    right = random.standard_normal((2, 6))
    prior = np.diag(random.uniform(1.0, 2.0, 6))
    dense, right_side = np.zeros((7, 7)), np.zeros(7)
    dense[:6, :6], right_side[:6] = first + prior, right[0]
    unknowns = np.eye(7)[:6]  # of the second trial: its clock is the common one and a deviation
    unknowns[at, 6] = 1.0
    dense += unknowns.T @ second @ unknowns
    right_side += unknowns.T @ right[1]
    dense[6, 6] += scatter.precision
    right_side[6] += scatter.precision * scatter.mean
    reduced, rest = without_scatter((second, right[1]), at, scatter)
    matrix = first + prior + reduced
    theta, covariance = np.linalg.solve(matrix, right[0] + rest), np.linalg.inv(matrix)
    of_second, spread = with_deviation((second, right[1]), at, scatter, theta, covariance)
    expected, inverse = np.linalg.solve(dense, right_side), np.linalg.inv(dense)
    np.testing.assert_allclose(theta, expected[:6])
    np.testing.assert_allclose(of_second, unknowns @ expected)
    np.testing.assert_allclose(spread, unknowns @ inverse @ unknowns.T)


@pytest.mark.parametrize("lag", [np.nan, 0.0, 0.01])
def test_the_lag_of_a_force_pulls_a_clock_as_far_as_it_is_known(lag):
    """Near the session's clock hardly, far from it nearly to the lag."""
    near, far = ClockScatter.about(0.0, lag), ClockScatter.about(0.012, lag)
    assert tail_precision(0.0, SCATTER_SD_S) == SCATTER_SD_S**-2.0
    if np.isnan(lag):
        assert (near.mean, far.mean) == (0.0, 0.0)
    else:
        assert abs(near.mean) < 0.1 * lag + 1e-12
        assert far.mean == pytest.approx(lag, rel=0.2)
    assert far.precision < near.precision


def test_a_trial_counts_by_the_square_of_its_misfit(trials, monkeypatch):
    """One whose misfit is three times the usual one moves common parameters a ninth as much."""
    runs, vague = [run.observations for run in trials], loose(PARAMETERS, 100)
    ratios = iter((1.0, 3.0))
    monkeypatch.setattr("aqbio.inverse_dynamics.session.widening", lambda *_: next(ratios))
    session = fit_session(trials[0].runner, runs, FIT_WEIGHTS, vague)
    mass = [parameter.name for parameter in vague if parameter.on].index("mass")
    by_trial = [
        fit_trial(trials[0].runner, run, FIT_WEIGHTS, vague).equations[0][mass, mass]
        for run in runs
    ]
    own = 1.0 / np.linalg.inv(session.covariance)[mass, mass]
    assert 1.0 / own == pytest.approx(by_trial[0] + by_trial[1] / 9.0, rel=0.02)


def test_changes_of_the_body_and_its_stance():
    """One leg of twice the mass; the torso's centre 40 mm lower, by its share of the mass."""
    before = athlete_skeleton(RUNNER)
    legs, mass = map_of("sprint").groups, before.mass.copy()
    leg, torso = np.isin(before.bodies, legs["leg_left"]), before.bodies.index("torso")
    mass[leg] *= 2.0
    heavy = replace(before, mass=mass)
    share = before.mass[leg].sum() / before.mass.sum()
    [change] = leg_shares(before, heavy, {"leg_left": legs["leg_left"]})
    assert (change.quantity, change.part, change.unit) == ("mass", "leg_left", "1")
    assert (change.before, change.after) == pytest.approx((share, 2.0 * share / (1.0 + share)))
    com = before.com.copy()
    com[torso] += [0.02, -0.04, 0.01]
    stance = StaticStance(before.coordinate_default, np.array([0.1, 0.0, -0.2]))
    standing = Standing(np.array([0.01, -0.02]), np.zeros(2), np.array([0.03, 0.04]))
    for stature in (1.8, None):
        rows = list(standing_changes(before, replace(before, com=com), stance, standing, stature))
        across = [(row.axis, row.before, row.after) for row in rows[:2]]
        assert across == [("x", 0.01, standing.left_out[0]), ("z", -0.02, standing.left_out[1])]
        fall = 0.04 * before.mass[torso] / before.mass.sum()
        assert rows[2].before - rows[2].after == pytest.approx(fall, rel=1e-6)
        assert 0.9 < rows[2].before < 1.1
        assert [(row.before, row.after) for row in rows[3:]] == (
            [(rows[2].before / 1.8, rows[2].after / 1.8)] if stature else []
        )


def test_changes_of_momenta_and_moments():
    """Means and size of the difference; peaks and correlation of flipped and doubled moments."""
    random, skeleton = np.random.default_rng(0), athlete_skeleton(RUNNER)
    old, away = random.standard_normal((2, 50, 3, 3))
    rows = iter(momentum_changes(["a", "b", "c"], old, old + away))
    for part, axis in product(range(3), range(3)):
        mean, change = next(rows), next(rows)
        assert {(row.part, row.axis) for row in (mean, change)} == {("abc"[part], "xyz"[axis])}
        mean_after = (old + away)[:, part, axis].mean()
        assert (mean.before, mean.after) == pytest.approx((old[:, part, axis].mean(), mean_after))
        assert change.after == pytest.approx(np.sqrt((away[:, part, axis] ** 2).mean()))
        assert np.isnan(change.before)
    forces = random.standard_normal((50, len(skeleton.coordinates)))
    changed = -2.0 * forces
    changed[:, skeleton.free[1]] = 3.0
    changes = list(moment_changes(skeleton, forces, changed))
    assert [row.part for row in changes[::2]] == [skeleton.coordinates[k] for k in skeleton.free]
    for index, peak, correlation in zip(skeleton.free, changes[::2], changes[1::2], strict=True):
        assert peak.before == np.abs(forces[:, index]).max()
        assert peak.unit == ("N m" if skeleton.coordinate_is_rotation[index] else "N")
        expected = (3.0, np.nan) if index == skeleton.free[1] else (2.0 * peak.before, -1.0)
        assert (peak.after, correlation.after) == pytest.approx(expected, nan_ok=True)


def test_groups_that_are_no_partition_are_refused(stick):
    arms = {**stick.groups, "arm_left": ("arm_l",)}
    with pytest.raises(ValueError, match="no partition of"):
        Runner(stick.skeleton, arms)
    trunk = {**stick.groups, "pelvis": ("pelvis", "torso")}
    with pytest.raises(ValueError, match=r"groups \['torso'\] are missing"):
        Runner(stick.skeleton, {name: trunk[name] for name in trunk if name != "torso"})


@pytest.mark.parametrize("strides", [1, 3, 7])
def test_own_error_is_what_differs_between_trials_of_a_person(strides):
    """Drawn: each stride of two trials has the person's error and one of its own."""
    random = np.random.default_rng(5)
    person = random.normal(0.0, np.sqrt(STRIDE_SHARE), (20_000, 1, 1))
    means = (person + random.normal(0.0, np.sqrt(1.0 - STRIDE_SHARE), (20_000, 2, strides))).mean(2)
    share = 0.5 * np.var(means[:, 1] - means[:, 0]) / np.var(means)
    assert share_of_own_error(strides) == pytest.approx(share, rel=0.03)
