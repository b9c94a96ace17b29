"""Places of the segments' centres of mass: what is believed of them, what only forces tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.balance import centre_estimates, centre_shifts
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.parameters import Runner, Weights
from aqbio.consistency.suspicion import farthest_centre
from tests.mechanics.consistency.conftest import centre_values

WEIGHTS = Weights(knot_s=0.025)
BLIND = replace(WEIGHTS, sigma_force_n=1e9, sigma_moment_nm=1e9)
"""Forces have no say."""


@pytest.fixture(scope="module")
def made(case):
    return case(noise=0.004)


def places(made, weights, runner=None, **changes):
    runner = runner or made.runner
    fit = fit_trial(runner, replace(made.observations, **changes), weights)
    return centre_estimates(runner, fit.estimates, fit.covariance)


def weighed(runner, covariance):
    weight = np.repeat(np.sqrt(runner.skeleton.mass), 3)
    return weight[:, None] * covariance * weight


def test_directions_hold_nearly_all_that_is_believed(stick):
    directions = stick.centres.reshape(len(stick.centres), -1)
    held, all_of_it = (
        weighed(stick, one) for one in (directions.T @ directions, stick.centre_covariance)
    )
    assert 0.999 < np.trace(held) / np.trace(all_of_it) <= 1.0
    assert np.linalg.eigvalsh(all_of_it - held)[0] > -1e-12 * np.trace(all_of_it)


def test_what_the_body_leaves_open_is_added_with_its_correlations(stick):
    """A shank that is longer in both legs at once: the fit knows that they go together."""
    both = np.zeros((12, 3))
    for side in "lr":
        both[stick.skeleton.bodies.index(f"shank_{side}"), 1] = 0.02
    runner = Runner(stick.skeleton, stick.groups, np.outer(both, both))
    more = runner.centre_covariance - Runner(stick.skeleton, stick.groups).centre_covariance
    np.testing.assert_allclose(more, np.outer(both, both), atol=1e-18)
    directions = runner.centres.reshape(len(runner.centres), -1)
    left, right = (3 * stick.skeleton.bodies.index(f"shank_{side}") + 1 for side in "lr")
    known = directions.T @ directions
    assert known[left, right] == pytest.approx(runner.centre_covariance[left, right], rel=0.01)


def test_markers_say_nothing_of_these_places(made):
    """Without forces the prior stays, whatever the number of markers: none counts twice."""
    blind = places(made, BLIND)
    prior = made.runner.centre_covariance
    np.testing.assert_allclose(blind[1], prior, rtol=0, atol=1e-12)
    np.testing.assert_allclose(blind[0], 0.0, atol=1e-9)
    seen = made.observations
    twice = places(
        made,
        BLIND,
        marker_index=np.tile(seen.marker_index, 2),
        markers=np.tile(seen.markers, (1, 2, 1)),
    )
    np.testing.assert_allclose(twice[1], blind[1], rtol=0, atol=1e-12)
    place = 3 * made.runner.skeleton.bodies.index("torso")
    assert places(made, WEIGHTS)[1][place, place] < 0.64 * prior[place, place]


def test_the_farthest_centre_is_named(stick):
    values = centre_values(stick, shank_l=(0.0, 0.0, 0.05))
    sd = np.sqrt(stick.centre_covariance[3 * stick.skeleton.bodies.index("shank_l") + 2].max())
    name, apart = farthest_centre(stick, values)
    assert name == "shank_l along z"
    assert apart == pytest.approx(0.05 / sd, rel=0.01)
    assert np.abs(centre_shifts(stick, values)).max() == pytest.approx(0.05, rel=0.01)
