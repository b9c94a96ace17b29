"""How odd bodies and how soft their skin are, against people who were made so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.scales import SCALE_FREEDOM, oddness
from aqbio.body.unknowns import State
from tests.mechanics.calibration.made import fitted, made_person


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
    return oddness(problem, State(theta, fit.state.q), covariance)


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
