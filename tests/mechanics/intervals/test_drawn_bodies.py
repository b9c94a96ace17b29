"""Drawn bodies: what they are, and how the motion of the same markers follows each of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.derivatives import BodyMarkers
from aqbio.body.draws import about_model, drawn_bodies
from aqbio.body.shape import MarkerPlaces, Template
from tests.mechanics.calibration.made import MAP, made_person
from tests.mechanics.levels_case import body_spread, sprint_run

TIME = np.arange(3) / 200.0


@pytest.fixture(scope="module")
def case():
    return sprint_run(3)


def _weight(skeleton):
    return np.random.default_rng(1).uniform(0.5, 2.0, len(skeleton.markers))


def test_motion_follows_the_body_as_inverse_kinematics_would(case):
    """Gauss-Newton on the other body to convergence, against one linear step."""
    skeleton, q, weight = case.skeleton, case.motion[0], _weight(case.skeleton)
    spread = replace(body_spread(skeleton, 0.01), skin_sd=np.zeros(len(skeleton.markers)))
    found = drawn_bodies(spread, TIME, q, weight, (1, 1), np.random.default_rng(2))
    shape = spread.template.shape(spread.shapes(1, np.random.default_rng(2))[0])
    markers, free = BodyMarkers(spread.template), skeleton.free
    seen, solved = markers.positions(spread.template.shape(), q), q.copy()
    for _ in range(20):
        position, by_coordinate = markers.by_coordinate(shape, solved)
        rows = np.moveaxis(by_coordinate[free], 0, -1).reshape(len(q), -1, len(free))
        weighted = np.swapaxes(rows * np.repeat(weight, 3)[:, None], 1, 2)
        step = np.linalg.solve(weighted @ rows, weighted @ (seen - position).reshape(len(q), -1, 1))
        solved[:, free] += step[..., 0]
    assert np.abs(step).max() < 1e-10
    # Second order in the change of shape, 1e-4 m over segments of 0.1 m; the hold on unseen 1e-6.
    change = solved - q
    assert np.abs(found.by_shape[0] - change).max() < 5e-3 * np.abs(change).max()


def test_a_posterior_is_the_same_about_the_athletes_own_model():
    """Markers of bodies near a calibrated one: by the generic model's shape, and by its own."""
    made = made_person(0)
    template, truth = made.template, replace(made.truth, slide=0.0 * made.truth.slide)
    own = template.skeleton_of(truth)
    places = MarkerPlaces(own.markers, own.marker_body, own.marker_position)
    model = Template.of(own, MAP, places)
    q = made.q[max(made.q)][::40]
    step = 1e-4 * np.random.default_rng(1).normal(size=len(truth.vector))
    step[sum(template.sizes[:2]) :] = 0.0  # Tilts and slides are the same in both.
    root = np.outer(step, np.eye(len(step))[0])
    there = about_model(root @ root.T, model, truth.offset)
    values, directions = np.linalg.eigh(there)
    mine = directions[:, -1] * np.sqrt(values[-1])
    mine *= np.sign(mine @ step)
    expected, before = (
        BodyMarkers(template).positions(template.shape(vector), q)
        for vector in (truth.vector + step, truth.vector)
    )
    found = BodyMarkers(model).positions(model.shape(mine), q)
    moved = np.abs(expected - before).max()
    np.testing.assert_allclose(found - expected, 0.0, rtol=0, atol=2e-3 * moved)
    without = model.shape(step)
    wrong = BodyMarkers(model).positions(without, q) - expected
    assert np.abs(wrong).max() > 0.01 * moved  # the danger is there
