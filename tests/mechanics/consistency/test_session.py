"""Several trials of one body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.balance import adjusted_skeleton, centre_estimates
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.parameters import PARAMETERS, Weights
from aqbio.consistency.stances import StaticStance, com_over_cop
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from tests.mechanics.consistency.conftest import centre_values
from tests.one_session import fit_session

WEIGHTS = Weights(knot_s=0.025)
AHEAD = 0.03
TRUTH = {"leg_share": 0.1, "mass": 0.01}
VAGUE = tuple(replace(one, prior_sd=100 * one.prior_sd) for one in PARAMETERS)


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
    for name, angle in angles.items():
        q[runner.skeleton.coordinates.index(name)] = angle
    q[runner.skeleton.coordinates.index("pelvis_y")] = 0.3
    skeleton = adjusted_skeleton(runner, body)
    still = np.zeros((1, len(q)))
    com, _, _ = centre_of_mass(
        segment_motion(skeleton, segment_kinematics(skeleton, q[None], still, still))
    )
    return StaticStance(q, com[0] * [1, 0, 1] + [offset[0], 0.0, offset[1]])


def test_a_session_of_one_trial_is_the_trial(trials):
    made = trials[0]
    alone = fit_trial(made.runner, made.observations, WEIGHTS)
    session = fit_session(made.runner, [made.observations], WEIGHTS)
    for one, other in zip(alone.estimates, session.estimates, strict=True):
        # The trial stops when a step gains less than 1e-3 of the cost; the session takes one more.
        assert other.estimate == pytest.approx(one.estimate, abs=0.05 * one.parameter.prior_sd)
        assert other.sd == pytest.approx(one.sd, rel=1e-6)


def test_the_same_trial_twice_says_the_same_twice_as_surely(trials):
    """Without priors: equal estimates, and intervals narrower by the root of two."""
    made = trials[0]
    once = fit_session(made.runner, [made.observations], WEIGHTS, VAGUE)
    twice = fit_session(made.runner, [made.observations] * 2, WEIGHTS, VAGUE)
    for one, other in zip(once.estimates, twice.estimates, strict=True):
        if one.parameter.on:
            assert other.estimate == pytest.approx(one.estimate, abs=0.02 * one.sd)
            assert other.sd == pytest.approx(one.sd / np.sqrt(2.0), rel=0.02)


def test_all_trials_have_the_same_body(trials):
    session = fit_session(trials[0].runner, [made.observations for made in trials], WEIGHTS)
    assert len(session.fits) == len(session.single_fits) == 2
    for fit in session.fits.values():
        assert fit.estimates == session.estimates
        np.testing.assert_array_equal(fit.skeleton.mass, session.fits["0"].skeleton.mass)
        np.testing.assert_array_equal(fit.covariance, session.covariance)
    both = {one.name: one for one in session.estimates}
    assert both["clock_offset"].estimate == pytest.approx(0.003, abs=3e-4)
    for own in session.single_fits.values():
        for one, other in zip(session.estimates, own.estimates, strict=True):
            assert one.sd <= other.sd


def test_standing_shows_the_torso(trials):
    """The centre of mass over the COP fixes a centre of mass that running leaves open."""
    runner, seen = trials[0].runner, [made.observations for made in trials]
    standing = stance(runner, TRUTH | centre_values(runner, torso=(AHEAD, 0.0, 0.0)))
    with_static = fit_session(runner, seen, WEIGHTS, still=[standing])
    without = fit_session(runner, seen, WEIGHTS)
    torso = runner.skeleton.bodies.index("torso")
    found, guess = (
        centre_estimates(runner, session.estimates, session.covariance)
        for session in (with_static, without)
    )
    variance = found[1][3 * torso, 3 * torso]
    assert variance < guess[1][3 * torso, 3 * torso]
    away, further = (abs(one[0][torso, 0] - AHEAD) for one in (found, guess))
    assert away <= further + 0.1 * np.sqrt(variance)
    assert np.linalg.norm(with_static.standing["0"].fitted) < 0.004
    assert without.standing == {}


def test_distance_of_a_known_stance(stick):
    """COP 2 cm behind and 1 cm to the left of the centre of mass."""
    distance = com_over_cop(stick, {}, stance(stick, {}, (-0.02, -0.01)))
    np.testing.assert_allclose(distance, [0.02, 0.01], atol=1e-12)


def test_every_posture_is_predicted_without_it(trials):
    """Left out by arithmetic, as if it had never been recorded."""
    runner, seen = trials[0].runner, [trials[1].observations]
    body = TRUTH | centre_values(runner, torso=(AHEAD, 0.0, 0.0))
    upright, raised = stance(runner, body), stance(runner, body, thigh_r_z=1.2)
    both = fit_session(runner, seen, WEIGHTS, still=[upright, raised])
    for number, other in ((0, raised), (1, upright)):
        alone = fit_session(runner, seen, WEIGHTS, still=[other])
        values = {one.name: one.estimate for one in alone.estimates}
        asked = (upright, raised)[number]
        predicted = com_over_cop(runner, values, asked)
        np.testing.assert_allclose(both.standing[str(number)].left_out, predicted, atol=1e-12)
        assert np.linalg.norm(both.standing[str(number)].fitted) < np.linalg.norm(predicted)
