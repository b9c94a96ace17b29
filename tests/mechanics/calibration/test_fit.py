"""The cost's derivatives, and made people whose bodies are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.fit import SCALE_FREEDOM, size_scales
from aqbio.body.posterior import LengthEstimate, displacements, lengths, offset_sds
from aqbio.body.problem import FREEDOM
from aqbio.body.shape import State
from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.observed.mask import POINTS, point_masses
from tests.mechanics.calibration.made import KNEES_AND_ANKLES, fitted, made_person
from tests.mechanics.joint_distances import joint_distances

STEP = 1e-6
PEOPLE = range(4)


@pytest.fixture(scope="module")
def whole():
    return [fitted(made_person(seed)) for seed in PEOPLE]


@pytest.fixture(scope="module")
def bare():
    """Neither a static trial nor a marker on knees and ankles."""
    return [fitted(made_person(seed, hidden=KNEES_AND_ANKLES, still=False)) for seed in PEOPLE]


def _nearby(fit):
    rng = np.random.default_rng(5)
    theta = fit.state.theta + rng.normal(0, 0.01, fit.state.theta.shape)
    return State(theta, fit.state.q + rng.normal(0, 0.05, fit.state.q.shape))


def test_the_gradient_is_the_slope_of_the_cost(whole):
    fit = whole[0]
    problem, state = fit.problem, _nearby(fit)
    blocks = problem.blocks(state, fit.weights)
    rng = np.random.default_rng(6)
    for _ in range(5):
        by_theta = rng.normal(size=state.theta.shape)
        by_q = rng.normal(size=state.q.shape)
        both = [
            problem.cost(State(state.theta + s * by_theta, state.q + s * by_q), fit.weights)[0]
            for s in (STEP, -STEP)
        ]
        slope = -2.0 * (blocks.border_gradient @ by_theta + (blocks.pose_gradient * by_q).sum())
        # Rounding of the cost (1e-16 of 1e5) by the step, and its curvature.
        assert (both[0] - both[1]) / (2 * STEP) == pytest.approx(slope, rel=1e-5)


def test_a_parts_common_skin_is_its_whole_covariance(whole):
    """Woodbury's identity against the covariance matrix written out."""
    problem, state = whole[0].problem, _nearby(whole[0])
    weights = whole[0].weights
    error = problem.errors(state)
    own, common = problem.variances
    frame, part = int(np.flatnonzero(~problem.frames.still)[0]), 2
    markers = problem.parts[part][problem.visible[frame, problem.parts[part]]]
    matrix = np.diag(own[frame, markers] / weights[frame, markers]) + common[frame, part]
    written = sum(
        error[frame, markers, axis] @ np.linalg.solve(matrix, error[frame, markers, axis])
        for axis in range(3)
    )
    visible = np.zeros_like(problem.visible)
    visible[frame, markers] = True
    hidden = np.where(visible[..., None], problem.frames.position, np.nan)
    alone = replace(problem, frames=replace(problem.frames, position=hidden))
    seen, _ = alone.frame_costs(state, weights)
    nothing = replace(
        problem, frames=replace(problem.frames, position=np.full_like(hidden, np.nan))
    )
    without, _ = nothing.frame_costs(state, weights)
    assert seen[frame] - without[frame] == pytest.approx(written, rel=1e-9)


def test_students_weights(whole):
    """A marker at its place weighs 7/4, one far away less and less."""
    problem = whole[0].problem
    error = np.zeros((*problem.visible.shape, 3))
    assert np.allclose(problem.weights(error), (FREEDOM + 3.0) / FREEDOM)
    error[0, 0] = 0.5
    assert problem.weights(error)[0, 0] < 0.01


def _errors(fits, **options):
    found = []
    for seed, fit in zip(PEOPLE, fits, strict=True):
        person = made_person(seed, **options)
        truth = joint_distances(person.template, person.truth)
        found.append({one.name: (one.length - truth[one.name], one.sd) for one in lengths(fit)})
    return found


def _rms(found, kind):
    return np.sqrt(np.mean([e**2 for one in found for name, (e, _) in one.items() if kind in name]))


def test_lengths_of_people_who_are_known(whole):
    found = _errors(whole)
    assert all(fit.settled for fit in whole)
    assert _rms(found, "thigh") < 0.008
    assert _rms(found, "shank") < 0.005
    assert _rms(found, "hip") < 0.010


@pytest.mark.parametrize("which", ["whole", "bare"])
def test_stated_deviations_hold_the_errors(which, request):
    options = {} if which == "whole" else {"hidden": KNEES_AND_ANKLES, "still": False}
    found = _errors(request.getfixturevalue(which), **options)
    ratio = np.array([e / sd for one in found for e, sd in one.values()])
    assert np.mean(np.abs(ratio) < 1.96) > 0.85  # four people, ten lengths each
    assert np.sqrt(np.mean(ratio**2)) > 0.4  # nor far too wide


def test_joint_angles_of_people_who_are_known(whole):
    """The mean of each flexion over the fitted frames, and how sure it is said to be."""
    errors, stated = [], []
    for seed, fit in zip(PEOPLE, whole, strict=True):
        person, problem = made_person(seed), fit.problem
        moving = ~problem.frames.still
        q = problem.full(fit.state.q)[moving]
        trials, frames = problem.frames.trial[moving], problem.frames.frame[moving]
        truth = np.array(
            [person.q[trial][frame] for trial, frame in zip(trials, frames, strict=True)]
        )
        names = person.template.skeleton.coordinates
        flexions = [names.index(name) for name in ("knee_angle_r", "hip_flexion_r")]
        errors.append(np.degrees((q - truth)[:, flexions].mean(axis=0)))
        places = np.searchsorted(problem.free, flexions)
        stated.append(np.degrees(offset_sds(fit)[places]))
    knee, hip = np.sqrt((np.array(errors) ** 2).mean(axis=0))
    assert knee < 1.5
    assert hip < 3.0
    assert np.max(np.abs(np.array(errors) / np.array(stated))) < 3.0


def test_what_is_not_recorded_keeps_its_belief(whole):
    """A person whose arms carry no marker: only the rest of the body tells of their length."""
    arms = tuple(
        label
        for label in made_person(0).template.markers.labels
        if any(arm in label for arm in ("EL", "WR", "UA", "FA"))
    )
    hidden = {one.name: one for one in lengths(fitted(made_person(0, hidden=arms)))}
    seen = {one.name: one for one in lengths(whole[0])}
    assert hidden["upper_arm_right"].sd > 2.0 * seen["upper_arm_right"].sd
    assert hidden["thigh_right"].sd == pytest.approx(seen["thigh_right"].sd, rel=0.1)


def test_what_is_told_is_told_of_people_as_odd():
    """Spread twice as wide as the survey's, known to one of its deviations: three quarters."""
    one = LengthEstimate("foot_left", 0.15, 0.007, 0.13, 0.007, oddness=2.0)
    assert one.determined_share == pytest.approx(0.75)
    assert replace(one, oddness=1.0).determined_share == 0.0


def test_displacements_are_those_of_drawn_bodies(bare):
    """Bodies drawn from the posterior, each with the postures that follow it."""
    fit = bare[0]
    problem, template = fit.problem, fit.problem.template
    rng = np.random.default_rng(3)
    frames = np.flatnonzero(~problem.frames.still)[::4]
    skeleton = template.skeleton
    body, place = np.repeat(np.arange(len(skeleton.bodies)), POINTS), point_masses(skeleton)
    drawn = []
    for theta in rng.multivariate_normal(np.zeros(len(fit.covariance)), fit.covariance, 400):
        shape = template.shape((fit.state.theta + theta)[: problem.shape_size])
        q = problem.full(fit.state.q[frames] + fit.by_theta[frames] @ theta)
        poses = segment_poses(template.skeleton_of(shape), q)
        drawn.append(station_positions(poses, body, template.factors(shape)[body] * place))
    drawn = np.array(drawn)
    squares = ((drawn - drawn.mean(axis=0)) ** 2).sum(axis=-1).mean(axis=(0, 1))
    sd = np.sqrt(squares.reshape(-1, POINTS).mean(axis=1))
    # 400 draws know a deviation to 4 %; a quarter of the frames stands for all.
    np.testing.assert_allclose(displacements(fit), sd, rtol=0.15)


@pytest.fixture(scope="module")
def usual():
    return fitted(made_person(0))


@pytest.fixture(scope="module")
def odd():
    return fitted(made_person(0, odd=2.5, soft=0.5))


def test_skin_is_found_as_soft_as_it_was_made(usual, odd):
    """Three sines of 1.4 are 0.99 of what is believed; without a common part it seems softer.

    ``tr(V⁻¹) / N`` of N markers that move by themselves is 1.4 for N = 5 and a common share of 0.4.
    """
    template, common = usual.problem.template, usual.problem.priors.common
    kind = np.array(template.parts.kinds)[template.parts.of_body[template.markers.body]]
    for part in ("pelvis", "thigh", "shank"):
        number = (kind == part).sum() / (1 if part == "pelvis" else 2)
        alone = (number - 1) / (1 - common) + 1 / (1 - common + number * common)
        one, half = (fit.problem.priors.softness[kind == part][0] for fit in (usual, odd))
        assert one == pytest.approx(0.99 * np.sqrt(alone / number), abs=0.15), part
        assert half / one == pytest.approx(0.5, abs=0.1), part


def test_an_odd_body_is_found_odd(usual, odd):
    one, other = (np.mean(fit.problem.priors.oddness) for fit in (usual, odd))
    assert 0.7 < one < 1.7
    assert other > 1.5 * one


def test_one_odd_part_is_found_odd_and_hardly_makes_the_others_so(usual):
    """A trunk of four deviations: its own scale follows it, legs take a small part of it.

    With one scale for all, a body whose legs are usual has the trunk of a usual person.
    """
    problem = usual.problem
    kinds = np.repeat(problem.template.parts.kinds, 3)
    spread = np.linalg.inv(problem.priors.precision)[: problem.sizes, : problem.sizes]
    apart = np.where(kinds == "torso", 4.0 * np.sqrt(np.diagonal(spread)), 0.0)
    found = _told(usual, np.zeros_like(usual.covariance), apart)
    torso, leg = found[kinds == "torso"], found[kinds == "shank"]
    assert np.ptp(torso) == 0.0
    assert torso[0] > 2.0
    assert leg[0] < 0.6 * torso[0]


def _told(fit, covariance, apart):
    """Oddness of a body that is so far off, its posterior given."""
    theta = fit.problem.start.copy()
    theta[: fit.problem.sizes] += apart
    problem = replace(fit.problem, priors=replace(fit.problem.priors, oddness=1.0))
    return size_scales(problem, State(theta, fit.state.q), covariance)


def test_what_no_recording_tells_leaves_the_scale_alone(usual):
    """A posterior that is the belief: nothing was determined, the scale is believed to be one."""
    covariance = np.linalg.inv(usual.problem.priors.precision)
    assert _told(usual, covariance, np.zeros(usual.problem.sizes)) == pytest.approx(1.0)


def test_a_known_body_has_the_scale_of_its_distance(usual):
    """Without doubt of the sizes: the mean of their squared distances and of what is believed."""
    problem, count = usual.problem, usual.problem.sizes
    deviation = np.linalg.cholesky(np.linalg.inv(problem.priors.precision[:count, :count]))
    apart = deviation @ np.full(count, 3.0)
    whole = (SCALE_FREEDOM + 9.0 * count) / (SCALE_FREEDOM + count)
    found = _told(usual, np.zeros_like(usual.covariance), apart)
    kinds = np.repeat(problem.template.parts.kinds, 3)
    for kind in set(kinds):
        own = kinds == kind
        square = apart[own] @ np.linalg.solve(
            (deviation @ deviation.T)[np.ix_(own, own)], apart[own]
        )
        expected = np.sqrt((SCALE_FREEDOM * whole + square) / (SCALE_FREEDOM + own.sum()))
        assert found[own] == pytest.approx(expected)


def test_skin_of_a_part_is_the_inverse_of_its_covariance(usual):
    problem, weights = usual.problem, usual.weights
    own, common = problem.variances
    frame, part = int(np.flatnonzero(~problem.frames.still)[0]), 2
    markers = problem.parts[part]
    assert problem.visible[frame, markers].all()
    written = np.diag(own[frame, markers] / weights[frame, markers]) + common[frame, part]
    found = problem.part_precision(weights, part)[frame]
    np.testing.assert_allclose(found @ written, np.eye(len(markers)), atol=1e-9)
