"""Precision of momenta and of markers: the engine's momentum, and Bayes' rule written out."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.observed.determined import MARKER_SD, STRIDE_RATE_HZ, segment_sds, variance_shares
from tests.observed.test_observed import LENGTH, MASS, SPIN, _differences, pendulum  # noqa: F401


@pytest.mark.parametrize("angle", [0.0, 0.7])
@pytest.mark.parametrize("base", [1e-9, 1.0, 6.0])
def test_sds_of_a_swinging_bob(pendulum, angle, base):  # noqa: F811
    """About the whole body's centre of mass, which a heavy base keeps near the hinge."""
    pendulum.mass[0] = base
    sd = 0.05
    displacement, momentum = segment_sds(pendulum, np.array([[angle]]), np.array([[[sd**2]]]))
    arm = LENGTH * base / (base + MASS)
    expected = 2.0 * np.pi * STRIDE_RATE_HZ * sd * (MASS * arm * LENGTH + SPIN)
    assert momentum[0, 1] == pytest.approx(expected)
    assert displacement[0, 1] == pytest.approx(sd * np.sqrt(LENGTH**2 + SPIN / MASS))
    np.testing.assert_array_equal([displacement[0, 0], momentum[0, 0]], 0.0)


def random_posterior(random_tree, seed):
    """A tree in a pose, its coordinates that move something, and a covariance of these."""
    skeleton, rng = random_tree(seed, 5), np.random.default_rng(seed)
    q = rng.uniform(-0.5, 0.5, (1, len(skeleton.coordinates)))
    chosen = skeleton.free[np.isin(skeleton.free, skeleton.driver)]
    root = 0.1 * rng.standard_normal((len(chosen), len(chosen)))
    columns = np.zeros((len(chosen), q.shape[1]))
    columns[:, chosen] = root.T
    return skeleton, q, chosen, columns


@pytest.mark.parametrize("seed", range(6))
def test_sds_of_momenta_are_those_of_the_engine(random_tree, seed):
    """Each direction of the covariance as speeds; a segment's momentum about the common centre."""
    skeleton, q, _, columns = random_posterior(random_tree, seed)
    momentum_sds = segment_sds(skeleton, q, (columns.T @ columns)[None])[1][0]
    zeros = np.zeros((len(columns), q.shape[1]))
    speeds = 2.0 * np.pi * STRIDE_RATE_HZ * columns
    moves = segment_kinematics(skeleton, q + zeros, speeds, zeros)
    motion = segment_motion(skeleton, moves)
    com = centre_of_mass(motion)[0]
    parts = angular_momentum(motion, com, 0.0 * com)
    expected = np.sqrt((parts**2).sum(axis=0).max(axis=1))
    np.testing.assert_allclose(momentum_sds, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_share_that_a_marker_would_remove_is_bayes(random_tree, seed):
    """Its three coordinates added to the precision; frames add up."""
    skeleton, q, chosen, columns = random_posterior(random_tree, seed)
    frames, rng = 3, np.random.default_rng(seed)
    q = q + rng.uniform(-0.5, 0.5, (frames, 1))
    widths = 1.0 + np.arange(frames)[:, None, None]
    covariance = widths * (columns.T @ columns + np.diag(np.isin(np.arange(q.shape[1]), chosen)))
    index, coordinates = np.arange(len(skeleton.markers))[::2], chosen[::2]
    shares = variance_shares(skeleton, q, covariance, index, coordinates)
    directions = np.eye(q.shape[1])[chosen]
    for marker, share in zip(index, shares, strict=True):
        before = after = 0.0
        for frame in range(frames):
            marker_site = skeleton.marker_body[[marker]], skeleton.marker_position[[marker]]
            jacobian = _differences(skeleton, q[frame], directions, *marker_site)[:, 0].T
            prior = covariance[frame][np.ix_(chosen, chosen)]
            posterior = np.linalg.inv(np.linalg.inv(prior) + jacobian.T @ jacobian / MARKER_SD**2)
            before += np.diag(prior)[::2].sum()
            after += np.diag(posterior)[::2].sum()
        assert share == pytest.approx(1.0 - after / before, rel=1e-4, abs=1e-9)
