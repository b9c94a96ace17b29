"""The cost's derivatives, and made people whose bodies are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.posterior import lengths, offset_sds
from aqbio.body.shape import State
from tests.mechanics.calibration.made import KNEES_AND_ANKLES, fitted, made_person
from tests.mechanics.joint_distances import joint_distances

STEP = 1e-6
PEOPLE = range(2)


@pytest.fixture(scope="module")
def whole():
    return [fitted(made_person(seed)) for seed in PEOPLE]


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


def _errors(fits, **options):
    found = []
    for seed, fit in zip(PEOPLE, fits, strict=False):
        person = made_person(seed, **options)
        truth = joint_distances(person.template, person.truth)
        found.append({one.name: (one.length - truth[one.name], one.sd) for one in lengths(fit)})
    return found


def test_lengths_of_people_who_are_known(whole):
    """And stated deviations hold the errors, also without static trial, knees and ankles."""
    assert all(fit.settled for fit in whole)
    bare = {"hidden": KNEES_AND_ANKLES, "still": False}
    poor = [fitted(made_person(seed, **bare)) for seed in PEOPLE[:1]]
    found = _errors(whole)
    for kind, limit in (("thigh", 0.008), ("shank", 0.005), ("hip", 0.010)):
        errors = [e for one in found for name, (e, _) in one.items() if kind in name]
        assert np.sqrt(np.mean(np.square(errors))) < limit
    for each in (found, _errors(poor, **bare)):
        ratio = np.array([e / sd for one in each for e, sd in one.values()])
        assert np.mean(np.abs(ratio) < 1.96) > 0.85  # two people, ten lengths each
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


@pytest.fixture(scope="module")
def odd():
    return fitted(made_person(0, odd=2.5, soft=0.5))


def test_skin_is_found_as_soft_as_it_was_made(whole, odd):
    """Three sines of 1.4 are 0.99 of what is believed; without a common part it seems softer.

    ``tr(V⁻¹) / N`` of N markers that move by themselves is 1.4 for N = 5 and a common share of 0.4.
    """
    usual = whole[0]
    template, common = usual.problem.template, usual.problem.priors.common
    kind = np.array(template.parts.kinds)[template.parts.of_body[template.markers.body]]
    for part in ("pelvis", "thigh", "shank"):
        number = (kind == part).sum() / (1 if part == "pelvis" else 2)
        alone = (number - 1) / (1 - common) + 1 / (1 - common + number * common)
        one, half = (fit.problem.priors.soft_tissue_scale[kind == part][0] for fit in (usual, odd))
        assert one == pytest.approx(0.99 * np.sqrt(alone / number), abs=0.15), part
        assert half / one == pytest.approx(0.5, abs=0.1), part
