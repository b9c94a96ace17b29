"""Soft tissue under the markers: closed forms, derivatives of the cost, and planted amounts."""

from dataclasses import replace

import numpy as np
import pytest

from aqbio.inverse_dynamics.fit import fit_trial
from aqbio.inverse_dynamics.parameters import (
    COMPLIANCE,
    LEGS,
    SLIDE,
    SOFT_TISSUE,
    Weights,
    frames_per_observation,
)
from aqbio.inverse_dynamics.soft_tissue import DAMPING_CUTOFF_HZ, marker_displacements
from aqbio.inverse_dynamics.solver import Solver
from aqbio.multibody.motion import Motion
from aqbio.multibody.poses import segment_poses
from tests.inverse_dynamics.test_consistency import RATE, case, stick  # noqa: F401

WEIGHTS = Weights(knot_s=0.025)


def test_a_mass_on_spring_and_damper_stays_behind(stick):  # noqa: F811
    """The whole body moves up and down: gain and phase of the filter, at the step frequency."""
    skeleton, frequency, height = stick.skeleton, 3.0, 0.04
    time = np.arange(0.0, 4.0, 1.0 / RATE)
    q = np.tile(skeleton.coordinate_default, (len(time), 1))
    [vertical] = [
        number
        for number in np.flatnonzero(stick.root & ~skeleton.coordinate_is_rotation)
        if skeleton.axes.direction[skeleton.driver == number][0, 1] == 1.0
    ]
    q[:, vertical] += height * np.sin(2.0 * np.pi * frequency * time)
    motion = Motion(q, np.zeros_like(q), np.zeros_like(q))
    body, station = skeleton.marker_body, skeleton.marker_position
    behind = marker_displacements(stick, motion, RATE, body, station)[COMPLIANCE]
    np.testing.assert_allclose(behind[:, :, [0, 2]], 0.0, atol=1e-9)
    inside = slice(200, -10)
    phasor = 2.0 * (behind[inside, 0, 1] * np.exp(-2j * np.pi * frequency * time[inside])).mean()
    acceleration = -height * (2.0 * np.pi * frequency) ** 2 * -1j
    expected = -acceleration / (1.0 + 1j * frequency / DAMPING_CUTOFF_HZ)
    assert abs(phasor / expected - 1.0) < 0.03


def test_skin_of_the_thigh_slides_along_it_as_the_knee_flexes(case):  # noqa: F811
    """By the angle between thigh and shank, from positions of joints alone; nothing else moves."""
    run = case()
    skeleton, plain = run.runner.skeleton, run.observations.plain
    body, station = skeleton.marker_body, skeleton.marker_position
    slides = marker_displacements(run.runner, plain, RATE, body, station)[SLIDE]
    poses = segment_poses(skeleton, plain.q)
    for side in "lr":
        hip, knee, ankle = (
            poses.joint_centre[:, skeleton.bodies.index(f"{name}_{side}")]
            for name in ("thigh", "shank", "foot")
        )
        lengths = [np.linalg.norm(b - a, axis=1) for a, b in ((hip, knee), (knee, ankle))]
        across = np.linalg.norm(ankle - hip, axis=1)
        cosine = (across**2 - lengths[0] ** 2 - lengths[1] ** 2) / (2.0 * lengths[0] * lengths[1])
        flexion = np.arccos(np.clip(cosine, -1.0, 1.0))
        on_thigh = body == skeleton.bodies.index(f"thigh_{side}")
        assert on_thigh.any()
        expected = (knee - hip) / lengths[0][:, None] * (flexion - flexion.mean())[:, None]
        for slide in slides[:, on_thigh].swapaxes(0, 1):
            np.testing.assert_allclose(slide, expected, atol=1e-6)
    elsewhere = [not skeleton.bodies[number].startswith("thigh") for number in body]
    assert not slides[:, elsewhere].any()


@pytest.mark.parametrize("name", SOFT_TISSUE)
def test_equations_are_derivatives_of_the_cost(case, name):  # noqa: F811
    """Gradient and curvature by the parameter, and its coupling with the motion."""
    run = case(noise=0.003)
    markers = run.observations.markers.copy()
    markers[5:9, [0, 3]] = np.nan
    solver = Solver(run.runner, replace(run.observations, markers=markers), WEIGHTS)
    theta = np.zeros(len(solver.on))
    coefficients = solver.basis.nearest(solver.solved)
    solver.begin(coefficients, theta)
    solver.linearise()
    column, step = solver.on.index(name), {SLIDE: 1e-3, COMPLIANCE: 1e-5}[name]
    prior = solver.precision[column] * step**2
    costs, pulls = [], []
    for sign in (-1.0, 1.0):
        moved = theta.copy()
        moved[column] = sign * step
        point = solver.evaluate(coefficients, moved)
        costs.append(point.cost - prior)
        pulls.append(solver.downhill(point)[0])
    middle = solver.evaluate(coefficients, theta).cost
    slope = (costs[1] - costs[0]) / (4.0 * step)
    curvature = (costs[1] - 2.0 * middle + costs[0]) / (2.0 * step**2)
    assert -solver.right[column] == pytest.approx(slope, rel=1e-6)
    assert solver.matrix[column, column] == pytest.approx(curvature, rel=1e-4)
    coupling = -(pulls[1] - pulls[0]) / (2.0 * step)
    limit = 1e-6 * np.abs(coupling).max()
    np.testing.assert_allclose(solver.coupling[:, column], coupling, atol=limit)


def test_planted_displacements_are_found_and_the_body_is_left_alone(case):  # noqa: F811
    """Markers behind the bone by 8 Hz and sliding by 15 mm a radian; the legs are right.

    The same markers without these parameters make the legs heavier or lighter.
    """
    run = case(noise=0.0005)
    solver = Solver(run.runner, run.observations, WEIGHTS)
    true = {SLIDE: 0.015, COMPLIANCE: 4e-4}
    markers = run.observations.markers + solver.displacement(true)
    observations = replace(run.observations, markers=markers)
    wide = tuple(
        replace(parameter, prior_sd=10.0 * parameter.prior_sd)
        for parameter in run.runner.parameters
    )
    fit = fit_trial(run.runner, observations, WEIGHTS, wide)
    estimates = {estimate.name: estimate for estimate in fit.estimates}
    for name, amount in true.items():
        margin = max(3.0 * estimates[name].sd, 0.1 * amount)
        assert estimates[name].estimate == pytest.approx(amount, abs=margin)
    rigid = tuple(
        replace(parameter, on=parameter.on and parameter.name not in SOFT_TISSUE)
        for parameter in wide
    )
    without = fit_trial(run.runner, observations, WEIGHTS, rigid)
    assert abs(fit.values[LEGS]) < 0.3 * abs(without.values[LEGS])


@pytest.mark.parametrize(("strides", "count"), [(0.5, 1.0), (1.0, 1.0), (6.0, 6.0 / 5.0)])
def test_strides_that_repeat_tell_little_more_than_one(strides, count):
    """Variance of a mean of n equally correlated errors: (1 + (n - 1) rho) / n."""
    frames = 200.0 * 0.2 * max(strides, 1.0) / count
    assert frames_per_observation(200.0, strides) == pytest.approx(frames)
