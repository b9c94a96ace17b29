"""Hip centres by regression as an observation: its numbers, its slope, and what it does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.body_sizes import body_sizes
from aqbio.body.frames import chosen_frames
from aqbio.body.hips import BONE_SHARE, REGRESSION_SD, HipObservation
from aqbio.body.joint_centres import hip_centres
from aqbio.body.people import Person
from aqbio.body.priors import posture_prior, priors, size_prior
from aqbio.body.problem import Problem
from aqbio.body.unknowns import State
from tests.mechanics.calibration.made import MAP, made_person, model_labels

SPINES = (("LASI", "RASI"), ("RPSI", "LPSI"))


@pytest.fixture(scope="module")
def person():
    return made_person(0)


@pytest.fixture(scope="module")
def hips(person):
    labels = model_labels(person.template.skeleton)
    found = HipObservation.of(person.template, labels, SPINES, person.offset_sd)
    assert found is not None
    return found


def test_our_model_has_its_hips_where_the_regression_expects_them(hips):
    """Made with Harrington's equations at a mean stature, then scaled by 6 %, their 10 mm too.

    Sides are told apart, though the left comes first.
    """
    np.testing.assert_allclose(hips.gap(hips.template.shape().vector), 0.0, atol=1e-3)


def test_a_spine_that_is_elsewhere_moves_the_expectation_by_its_share_of_bone(person, hips):
    """Both anterior spines 10 mm farther apart each: centres 3.3 mm farther out by the slope."""
    shape = person.template.shape()
    offset = shape.offset.copy()
    for name, side in (("RASI", 1.0), ("LASI", -1.0)):
        offset[person.template.markers.labels.index(name), 2] = side * 0.010 / BONE_SHARE
    gap = hips.gap(replace(shape, offset=offset).vector).reshape(2, 3)
    np.testing.assert_allclose(gap[:, 2], [-0.0066, 0.0066], atol=1e-3)


def test_the_slope_is_that_of_the_gap(hips):
    rng = np.random.default_rng(2)
    vector = rng.normal(0.0, 0.02, sum(hips.template.sizes))
    step = 1e-4 * rng.normal(size=len(vector))
    change = hips.gap(vector + step) - hips.gap(vector - step)
    np.testing.assert_allclose(hips.slope(vector) @ (2.0 * step), change, atol=1e-8)


def test_its_error_is_that_of_regression_and_palpation(hips):
    """By drawing what of the spines' offsets is not bone."""
    vector = hips.template.shape().vector
    front, left, *behind = hips.template.markers.place[hips.spines]
    rng = np.random.default_rng(4)
    sd = np.sqrt(BONE_SHARE * (1.0 - BONE_SHARE)) * hips.offset_sd
    drawn = []
    for _ in range(4000):
        moved = np.array([front, left, *behind]) + sd * rng.normal(size=sd.shape)
        drawn.append(np.ravel(hip_centres(moved[0], moved[1], moved[2:].mean(axis=0))))
    expected = np.cov(np.transpose(drawn)) + 2.0 * REGRESSION_SD**2 * np.eye(6)
    found = np.linalg.inv(hips.precision(hips.slope(vector)))
    # 4000 draws know a deviation to 1.1 %; the regression is not quite linear over 6 mm.
    np.testing.assert_allclose(np.sqrt(np.diag(found)), np.sqrt(np.diag(expected)), rtol=0.05)


@pytest.mark.parametrize("way", ["missing", "tracking"])
def test_without_all_landmarks_nothing_is_observed(person, way):
    labels = model_labels(person.template.skeleton)
    if way == "missing":
        del labels["LPSI"]
    else:
        labels["LPSI"] = replace(labels["LPSI"], place=None, palpated=False)
    assert HipObservation.of(person.template, labels, SPINES, person.offset_sd) is None


def test_the_cost_falls_along_its_gradient(person, hips):
    """The observation's part of cost and normal equations agree."""
    template = person.template
    sizes = size_prior(template.parts, body_sizes(), Person("male"), Person("male"))
    prior = priors(template, sizes, person.offset_sd, posture_prior(template.skeleton, MAP))
    frames = chosen_frames(person.recordings, template.markers.body, 0.5, count=8)
    rng = np.random.default_rng(3)
    both = [Problem(template, frames, prior, one) for one in (hips, None)]
    theta = both[0].start + rng.normal(0.0, 0.02, both[0].start.shape)
    state = State(theta, np.zeros((len(frames.still), len(both[0].free))))
    weights = np.ones(frames.visible.shape)
    step = 1e-5 * rng.normal(size=theta.shape)

    def alone(moved):
        costs = [one.cost(State(moved, state.q), weights)[0] for one in both]
        return costs[0] - costs[1]

    blocks = [one.blocks(state, weights) for one in both]
    slope = -2.0 * (blocks[0].border_gradient - blocks[1].border_gradient) @ step
    assert alone(theta + step) - alone(theta - step) == pytest.approx(2.0 * slope, rel=1e-3)
    assert np.linalg.eigvalsh(blocks[0].border - blocks[1].border).min() > -1e-6
