"""Deviations of coordinates against the truth of made people, skin and body together."""

from __future__ import annotations

import numpy as np

from aqbio.body.calibration import moving_shape
from aqbio.body.posterior import offset_sds
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.observed.determined import (
    MarkerNoise,
    coordinate_covariance,
    frame_sd,
    range_sd,
)
from tests.mechanics.calibration.made import fitted, made_person

FRAMES = slice(0, 200, 10)


def _inside(seed: int) -> np.ndarray:
    """Whether the truth is inside the 95 % interval, by frame and coordinate."""
    person = made_person(seed)
    fit = fitted(person)
    problem, template = fit.problem, fit.problem.template
    skeleton = template.skeleton_of(moving_shape(fit))
    run, index = max(person.q), np.arange(len(skeleton.markers))
    position, truth = person.recordings[run].position[FRAMES], person.q[run][FRAMES]
    q = inverse_kinematics(skeleton, position, index, np.ones(len(index)))
    part = template.parts.of_body[skeleton.marker_body]
    noise = MarkerNoise(problem.priors.skin_sd, part, problem.priors.common)
    seen = np.ones(position.shape[:2])
    covariance = coordinate_covariance(skeleton, q, index, seen, range_sd(skeleton), noise)
    sd = np.hypot(frame_sd(covariance)[:, problem.free], offset_sds(fit))
    return np.abs(q - truth)[:, problem.free] < 1.96 * sd


def test_deviations_cover_the_truth():
    """Random and offset part together, over coordinates, frames and people.

    Skin of these people is as large as believed, but swings marker by marker.
    """
    assert 0.92 <= np.mean([_inside(seed).mean() for seed in range(3)]) <= 0.98
