"""Centres of mass seen from the markers: their slopes, and that nothing is drawn or told twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.draws import centre_slopes, drawn_bodies
from aqbio.multibody.poses import segment_poses, station_positions
from tests.mechanics.levels_case import body_spread, sprint_run

FRAMES = 6


@pytest.fixture(scope="module")
def case():
    """Poses within the reach of a sprint; weights of the markers."""
    made = sprint_run(FRAMES)
    return made.skeleton, 0.5 * made.motion[0], np.ones(len(made.skeleton.markers))


def centres(skeleton, q):
    poses = segment_poses(skeleton, q)
    bodies = np.arange(len(skeleton.bodies))
    return poses.rotation, station_positions(poses, bodies, skeleton.com)


def seen_from_markers(skeleton, q, drawn):
    """(D, B, 3): mean distance of the drawn bodies' centres of mass from the model's."""
    rotation, base = centres(skeleton, q)
    moved = [centres(b, q + c)[1] for b, c in zip(drawn.skeletons, drawn.by_shape, strict=True)]
    return np.einsum("tbji,dtbj->dbi", rotation, np.array(moved) - base) / len(q)


def drawn(case, share, *, centres_known):
    """Three bodies without skin, and their shapes."""
    skeleton, q, weight = case
    spread = replace(body_spread(skeleton, share), skin_sd=np.zeros(len(weight)))
    time = np.arange(len(q)) / 200.0
    generator = np.random.default_rng(3)
    bodies = drawn_bodies(spread, time, q, weight, (3, 1), generator, centres_known=centres_known)
    return bodies, spread.shapes(3, np.random.default_rng(3))


def test_slopes_are_those_of_drawn_bodies(case):
    """Bodies a thousandth of the usual spread away: linear to about a thousandth."""
    skeleton, q, weight = case
    bodies, shapes = drawn(case, 1e-3, centres_known=False)
    slopes = centre_slopes(body_spread(skeleton).template, q, weight)
    found, expected = seen_from_markers(skeleton, q, bodies), shapes @ slopes.T
    np.testing.assert_allclose(
        found.reshape(3, -1), expected, rtol=0, atol=3e-3 * np.abs(expected).max()
    )


def test_known_centres_of_mass_stay_and_are_not_drawn_twice(case):
    """The danger is there: drawn with the body they move by millimetres."""
    skeleton, q, _ = case
    free, known = (
        np.abs(seen_from_markers(skeleton, q, drawn(case, 0.1, centres_known=one)[0])).max()
        for one in (False, True)
    )
    assert free > 5e-4
    assert known < 0.05 * free
