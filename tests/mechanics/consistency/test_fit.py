"""Fits of trials and sessions: recovery, invariances, answers to errors, how sure they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.consistency.balance import (
    adjusted_loads,
    adjusted_skeleton,
    centre_estimates,
    drag,
)
from aqbio.consistency.data_errors import DataErrors, Response, Sizes
from aqbio.consistency.fit import fit_trial, group_momentum
from aqbio.consistency.observations import GroundWrench
from aqbio.consistency.parameters import PARAMETERS, Weights, prior_precision
from aqbio.consistency.stances import StaticStance, com_over_cop
from aqbio.force_plates.alignment import ALIGNMENT
from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.names import GRAVITY
from aqbio.vectors import rotate
from tests.mechanics.consistency.conftest import NONE_FITTED, centre_values, stepping
from tests.one_session import fit_session

WEIGHTS = Weights(knot_s=0.025)
BLIND = replace(WEIGHTS, sigma_force_n=1e9, sigma_moment_nm=1e9)
"""Forces have no say."""
INSIDE = slice(10, -10)


def moves_of(fit):
    return segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)


def momentum(fit):
    return group_momentum(fit, moves_of(fit), fit.skeleton)


def loose(parameters, by=20):
    return tuple(replace(one, prior_sd=by * one.prior_sd) for one in parameters)


# one trial ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recovered(case):
    """Give a consistent run with 0.3 mm of noise, and its fit."""
    made = case(noise=0.0003)
    return made, fit_trial(made.runner, made.observations, WEIGHTS)


def test_exact_recovery(recovered):
    """Gates: 0.2 % of body weight, 0.5 N m, 0.02 kg m²/s of H_y, every group.

    Nothing is wrong, so every interval of 90 % holds the truth, and no limit is near. Speeds and
    accelerations are the derivatives of the coordinates.
    """
    made, fit = recovered
    weight = made.runner.skeleton.mass.sum() * GRAVITY
    rms, before = (np.sqrt((one.rows[INSIDE] ** 2).mean(axis=0)) for one in (fit.after, fit.before))
    assert rms[:3].max() < 0.002 * weight
    assert rms[3:].max() < 0.5
    assert before[:3].max() > 0.01 * weight
    found, rate = momentum(fit)
    true = np.einsum("gb,tbi->tgi", made.runner.grouping, made.momentum)
    assert np.sqrt(((found[:, :-1] - true)[INSIDE, :, 1] ** 2).mean(axis=0)).max() < 0.02
    total = made.momentum_rate.sum(axis=1)
    assert np.sqrt(((rate[:, -1] - total)[INSIDE] ** 2).mean(axis=0)).max() < 1.0
    for one in fit.estimates:
        assert one.low <= {"drag_area": 0.45}.get(one.name, 0.0) <= one.high, one
        assert not one.beyond_limit
    speeds = fit.solver.basis.values[1] @ fit.coefficients
    np.testing.assert_allclose(fit.motion.u[:, fit.coordinates], speeds, atol=1e-9)
    jerky = np.gradient(fit.motion.u, 1.0 / fit.observations.rate, axis=0, edge_order=2)
    size = np.abs(fit.motion.udot).max()
    np.testing.assert_allclose(jerky[INSIDE], fit.motion.udot[INSIDE], atol=0.05 * size)


def test_a_body_that_differs_is_found(case):
    """Legs 15 % heavier, forces 3 ms late, the torso's centre 2 cm lower; loose priors.

    In a few steps, and no step of the parameters is left.
    """
    made = case(body={"leg_share": 0.15, "torso": (0.0, -0.02, 0.0)}, late=0.003, noise=0.0003)
    priors = loose(made.runner.parameters)
    fit = fit_trial(made.runner, made.observations, WEIGHTS, priors)
    lower = (fit.skeleton.com - made.runner.skeleton.com)[made.runner.torso][0, 1]
    assert fit.values["clock_offset"] == pytest.approx(0.003, abs=3e-4)
    assert fit.values["leg_share"] == pytest.approx(0.15, abs=0.03)
    assert lower == pytest.approx(-0.02, abs=0.01)
    assert len(fit.cost) <= 8
    about, right = fit.linearised().information()
    belief = prior_precision(priors)
    found = np.linalg.solve(about + np.diag(belief), right + belief * fit.solver.prior_means)
    assert np.abs((found - fit.theta) / np.sqrt(np.diag(fit.covariance))).max() < 0.2


def test_air_is_found_when_asked_for_and_there_is_none_on_a_treadmill(case):
    made = case(area=0.7)
    asked = tuple(replace(one, on=one.name == "drag_area", prior_sd=3.0) for one in PARAMETERS)
    fit = fit_trial(made.runner, made.observations, WEIGHTS, asked)
    assert fit.values["drag_area"] == pytest.approx(0.7, abs=0.02)
    made = case(area=0.0)
    seen = replace(made.observations, drag=False)
    fit = fit_trial(made.runner, seen, WEIGHTS, NONE_FITTED)
    assert fit.values["drag_area"] == 0.45
    assert np.abs(fit.after.force.mean(axis=0)).max() < 0.5


def test_loads_are_what_the_fit_saw(case):
    """Inverse dynamics with the adjusted body, loads and air leaves the fit's residual."""
    made = case(noise=0.002, late=0.002, body={"leg_share": 0.05})
    fit = fit_trial(made.runner, made.observations, WEIGHTS)
    time = made.observations.time
    force, moment = made.observations.wrench.at(time)
    halves = [ExternalLoad(f"foot_{one}", 0.5 * force, 0.5 * moment, np.zeros(3)) for one in "rl"]
    moves = moves_of(fit)
    com, velocity, _ = centre_of_mass(segment_motion(fit.skeleton, moves))
    air = -drag(velocity, fit.values["drag_area"])
    assert air[:, 0].mean() == pytest.approx(-0.6 * 0.45 * 64.0, rel=0.1)  # ρ/2 A v² at 8 m/s
    loads = [*adjusted_loads(halves, time, fit.values), ExternalLoad("torso", air, 0 * air, com)]
    tau = inverse_dynamics(fit.skeleton, moves, loads)
    root = [fit.skeleton.coordinates.index(f"pelvis_{axis}") for axis in "XYZ"]
    # interpolated twice, the ends differ by some newtons; inside it is the same
    np.testing.assert_allclose(tau[8:-8, root], fit.after.force[8:-8], atol=0.05)


def elsewhere(made, turn, shift):
    """Give the observations of a laboratory whose axes are turned about the vertical and moved."""
    R = Rotation.from_rotvec([0.0, turn, 0.0]).as_matrix()
    seen, names = made.observations, made.runner.skeleton.coordinates
    place, turns = ([names.index(f"pelvis_{axis}") for axis in own] for own in ("XYZ", "zxy"))
    bodies = segment_kinematics(made.runner.skeleton, seen.start, seen.start, seen.start)
    q, u, udot = (one.copy() for one in (seen.start, seen.plain.u, seen.plain.udot))
    for values, offset in zip((q, u, udot), (shift, 0.0, 0.0), strict=True):
        values[:, place] = values[:, place] @ R.T + offset
    q[:, turns] = Rotation.from_matrix(R @ bodies.rotation[:, 0]).as_euler("ZXY")
    q[:, turns] = np.unwrap(q[:, turns], axis=0)
    force = seen.wrench.force @ R.T
    moment = seen.wrench.moment @ R.T + np.cross(shift, force)
    return R, replace(
        seen,
        markers=seen.markers @ R.T + shift,
        wrench=GroundWrench(seen.wrench.time, force, moment),
        start=q,
        plain=Motion(q, u, udot),
    )


def test_axes_of_the_laboratory_do_not_matter(case):
    """Rotated about the vertical and moved, vectors rotate and nothing else, to 1e-3."""
    made = case(noise=0.001)
    isotropic = tuple(replace(one, on=one.on and one.name not in ALIGNMENT) for one in PARAMETERS)
    R, seen = elsewhere(made, 0.87, np.array([3.0, 0.0, -2.0]))
    first, second = (
        fit_trial(made.runner, one, WEIGHTS, isotropic) for one in (made.observations, seen)
    )
    for one, other in zip(first.estimates, second.estimates, strict=True):
        assert other.estimate == pytest.approx(one.estimate, abs=0.05 * one.parameter.prior_sd)
        assert other.sd == pytest.approx(one.sd, rel=0.02)
    here, there = momentum(first)[0], momentum(second)[0]
    limit = 2e-3 * np.abs(here).max()
    np.testing.assert_allclose(there[INSIDE], (here @ R.T)[INSIDE], atol=limit)
    assert second.cost[-1] == pytest.approx(first.cost[-1], rel=5e-3)


def test_what_must_not_matter(recovered):
    """A marker that was never seen; wrong forces where none are measured; where a fit begins."""
    made, fit = recovered
    seen = made.observations
    lost = np.full((len(seen.time), 1, 3), np.nan)
    more = replace(
        seen,
        marker_index=np.append(seen.marker_index, 0),
        markers=np.concatenate([seen.markers, lost], axis=1),
    )
    again = fit_trial(made.runner, more, WEIGHTS)
    np.testing.assert_allclose(again.motion.q, fit.motion.q, atol=1e-9)
    part = replace(seen, measured=seen.measured & (np.arange(len(seen.time)) < 50))
    force = seen.wrench.force.copy()
    force[70:] += 500.0
    wrong = replace(part, wrench=replace(seen.wrench, force=force))
    fits = [fit_trial(made.runner, one, WEIGHTS, NONE_FITTED) for one in (part, wrong)]
    np.testing.assert_allclose(fits[0].motion.q, fits[1].motion.q, atol=1e-8)
    other = replace(WEIGHTS, sigma_force_n=3 * WEIGHTS.sigma_force_n)
    cold, warm = (fit_trial(made.runner, seen, other, start=one) for one in (None, fit))
    assert len(warm.cost) <= len(cold.cost)
    np.testing.assert_allclose(warm.motion.q, cold.motion.q, rtol=0, atol=2e-6)
    assert np.abs(warm.motion.q - fit.motion.q).max() > 2e-5


def test_what_is_fixed_or_not_determined_is_held(recovered):
    made, _ = recovered
    fixed = {"leg_share": 0.05, "clock_offset": 0.001}
    fit = fit_trial(made.runner, made.observations, WEIGHTS, fixed=fixed)
    assert {name: fit.values[name] for name in (*fixed, "mass")} == fixed | {"mass": 0.0}
    assert fit.skeleton.mass[2] == pytest.approx(1.05 * made.runner.skeleton.mass[2], rel=1e-12)
    twist = made.runner.skeleton.coordinates.index("forearm_r_z")
    seen = replace(made.observations, unobservable=(twist,))
    fit = fit_trial(made.runner, seen, WEIGHTS, NONE_FITTED)
    assert twist not in fit.coordinates
    assert np.ptp(fit.motion.q[:, twist]) == 0.0
    assert (fit.motion.u[:, twist] == 0.0).all()


# centres of mass ---------------------------------------------------------------------------------


def test_markers_say_nothing_of_these_places(case):
    """Without forces the prior stays, whatever the number of markers: none counts twice."""
    made = case(noise=0.004)
    seen, runner = made.observations, made.runner
    twice = replace(
        seen,
        marker_index=np.tile(seen.marker_index, 2),
        markers=np.tile(seen.markers, (1, 2, 1)),
    )
    fits = [fit_trial(runner, *one) for one in ((seen, BLIND), (twice, BLIND), (seen, WEIGHTS))]
    blind, doubled, known = (centre_estimates(runner, x.estimates, x.covariance) for x in fits)
    prior = runner.centre_covariance
    np.testing.assert_allclose(blind[1], prior, rtol=0, atol=1e-12)
    np.testing.assert_allclose(blind[0], 0.0, atol=1e-9)
    np.testing.assert_allclose(doubled[1], blind[1], rtol=0, atol=1e-12)
    place = 3 * runner.skeleton.bodies.index("torso")
    assert known[1][place, place] < 0.64 * prior[place, place]


# sessions ----------------------------------------------------------------------------------------

AHEAD, TRUTH = 0.03, {"leg_share": 0.1, "mass": 0.01}


@pytest.fixture(scope="module")
def trials(case):
    """Give two trials of a body that the model does not know, at two speeds, forces 3 ms late."""
    body = TRUTH | {"torso": (AHEAD, 0.0, 0.0)}
    return [
        case(body=body, late=0.003, noise=0.0005, speed=speed, seed=seed)
        for seed, speed in enumerate((1.0, 0.6))
    ]


def stance(runner, body, offset=(0.0, 0.0), **angles):
    """Give the pose of standing, and a COP below the centre of mass of a body."""
    q = np.zeros(len(runner.skeleton.coordinates))
    for name, angle in (angles | {"pelvis_y": 0.3}).items():
        q[runner.skeleton.coordinates.index(name)] = angle
    skeleton, still = adjusted_skeleton(runner, body), np.zeros((1, len(q)))
    moves = segment_kinematics(skeleton, q[None], still, still)
    com = centre_of_mass(segment_motion(skeleton, moves))[0]
    return StaticStance(q, com[0] * [1, 0, 1] + [offset[0], 0.0, offset[1]])


def test_the_same_trial_once_and_twice(trials):
    """A session of one trial is the trial; twice without priors it is surer by the root of two."""
    made = trials[0]
    alone = fit_trial(made.runner, made.observations, WEIGHTS)
    one_trial = fit_session(made.runner, [made.observations], WEIGHTS)
    vague = loose(PARAMETERS, 100)
    once, twice = (
        fit_session(made.runner, [made.observations] * number, WEIGHTS, vague) for number in (1, 2)
    )
    for one, other in zip(alone.estimates, one_trial.estimates, strict=True):
        # the trial stops when a step gains less than 1e-3 of the cost; the session takes one more
        assert other.estimate == pytest.approx(one.estimate, abs=0.05 * one.parameter.prior_sd)
        assert other.sd == pytest.approx(one.sd, rel=1e-6)
    for one, other in zip(once.estimates, twice.estimates, strict=True):
        if one.parameter.on:
            assert other.estimate == pytest.approx(one.estimate, abs=0.02 * one.sd)
            assert other.sd == pytest.approx(one.sd / np.sqrt(2.0), rel=0.02)


def test_all_trials_have_the_same_body_and_standing_shows_its_torso(trials):
    """The centre of mass over the COP fixes a centre of mass that running leaves open."""
    runner, seen = trials[0].runner, [made.observations for made in trials]
    standing = stance(runner, TRUTH | centre_values(runner, torso=(AHEAD, 0.0, 0.0)))
    without, with_static = (
        fit_session(runner, seen, WEIGHTS, still=one) for one in ((), (standing,))
    )
    assert len(without.fits) == len(without.single_fits) == 2
    for fit in without.fits.values():
        assert fit.estimates == without.estimates
        np.testing.assert_array_equal(fit.skeleton.mass, without.fits["0"].skeleton.mass)
    both = {one.name: one for one in without.estimates}
    assert both["clock_offset"].estimate == pytest.approx(0.003, abs=3e-4)
    for own in without.single_fits.values():
        assert all(one.sd <= x.sd for one, x in zip(without.estimates, own.estimates, strict=True))
    torso = runner.skeleton.bodies.index("torso")
    found, guess = (
        centre_estimates(runner, one.estimates, one.covariance) for one in (with_static, without)
    )
    variance = found[1][3 * torso, 3 * torso]
    assert variance < guess[1][3 * torso, 3 * torso]
    away, further = (abs(one[0][torso, 0] - AHEAD) for one in (found, guess))
    assert away <= further + 0.1 * np.sqrt(variance)
    assert np.linalg.norm(with_static.standing["0"].fitted) < 0.004
    assert without.standing == {}


def test_every_posture_is_predicted_without_it(trials, stick):
    """Left out by arithmetic, as if it had never been recorded; a known distance comes back."""
    known = com_over_cop(stick, {}, stance(stick, {}, (-0.02, -0.01)))
    np.testing.assert_allclose(known, [0.02, 0.01], atol=1e-12)
    runner, seen = trials[0].runner, [trials[1].observations]
    body = TRUTH | centre_values(runner, torso=(AHEAD, 0.0, 0.0))
    postures = [stance(runner, body), stance(runner, body, thigh_r_z=1.2)]
    both = fit_session(runner, seen, WEIGHTS, still=postures)
    for number, asked in enumerate(postures):
        alone = fit_session(runner, seen, WEIGHTS, still=[postures[1 - number]])
        predicted = com_over_cop(runner, {x.name: x.estimate for x in alone.estimates}, asked)
        np.testing.assert_allclose(both.standing[str(number)].left_out, predicted, atol=1e-12)
        assert np.linalg.norm(both.standing[str(number)].fitted) < np.linalg.norm(predicted)


# errors of the data ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long(case):
    return case(speed=0.5)  # twice as long: 5.5 steps


@pytest.fixture(scope="module")
def fitted(long):
    return fit_trial(long.runner, stepping(long.observations, 0.24), WEIGHTS, NONE_FITTED)


@pytest.fixture(scope="module")
def response(fitted):
    return Response(fitted.linearised())


def _none(response) -> DataErrors:
    problem, frames = response.solver, len(response.solver.observations.time)
    motion = np.zeros((frames, len(problem.coordinates)))
    wrench = np.zeros((len(problem.rows.frame), 6))
    return DataErrors(np.zeros_like(problem.markers.target), motion, motion, wrench)


def _change(response, errors):
    change = response.solver.factor.solve(response.pulls([errors]))
    return change.reshape(response.solver.point.coefficients.shape)


def test_the_answer_to_errors_of_markers_is_that_of_another_fit(long, fitted, response):
    """Of markers that are moved a little: the fit that is made of them, to the second order."""
    errors = np.random.default_rng(5).standard_normal(response.solver.markers.target.shape)
    errors, seen, ends = 1e-5 * errors, response.solver.observations, []
    for own in (seen, replace(seen, markers=seen.markers + errors)):
        fit = fitted
        for _ in range(4):  # the fit stops when a step gains less than 0.1 %
            fit = fit_trial(long.runner, own, WEIGHTS, NONE_FITTED, start=fit)
        ends.append(fit.motion.q[:, fit.coordinates])
    change = _change(response, replace(_none(response), markers=errors))
    found = response.solver.basis.values[0] @ change
    assert np.abs(ends[1] - ends[0] - found).max() < 0.05 * np.abs(found).max()


@pytest.mark.parametrize(("repeated", "slow", "place"), [(0.008, 0.0, 0.004), (0.0, 0.006, 0.002)])
def test_sizes_of_errors_are_found_in_what_the_fit_left(long, response, repeated, slow, place):
    """What repeats is told from what does not, what is constant from what moves."""
    nothing, markers = (0.0 * getattr(response.prior_sizes, x) for x in ("pose", "markers"))
    markers[0], markers[2], markers[-2], markers[-1] = place**2, repeated**2, slow**2, 0.0005**2
    sizes, seen, found = Sizes(markers, nothing, nothing, np.zeros(6)), response.solver, []
    for seed in range(3):
        drawn = response.drawn(sizes, np.random.default_rng(seed)).markers
        moved = replace(seen.observations, markers=seen.observations.markers + drawn)
        fit = fit_trial(long.runner, moved, WEIGHTS, NONE_FITTED)
        own = Response(fit.linearised()).estimated_sizes(np.random.default_rng(seed))
        found.append(own.markers)
    mean = np.sqrt(np.mean(found, axis=0).mean(axis=1))
    assert mean[0] == pytest.approx(place, rel=0.35)
    assert mean[-1] == pytest.approx(0.0005, rel=0.25)
    large, small = (mean[2], mean[-2]) if repeated else (mean[-2], mean[2])
    assert large == pytest.approx(repeated + slow, rel=0.35)
    assert small < 0.3 * large  # in 2.8 strides some of it seems to repeat


def test_errors_turn_with_their_segment(response):
    """Skin hangs on its segment: powers are those of errors in the segment's axes."""
    constant = np.zeros_like(_none(response).markers)
    constant[..., 1] = 0.003
    turned = replace(_none(response), markers=rotate(response.rotation, constant))
    found = response.powers(DataErrors.stacked([turned])).markers
    np.testing.assert_allclose(found[0], 0.003**2 / 3.0, rtol=1e-6)
    assert found[1:].max() < 1e-12
