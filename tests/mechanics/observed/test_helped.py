"""What one more marker would tell: the same as when it had been worn."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.multibody.kinematics import marker_positions
from aqbio.mechanics.observed.determined import told_shares, usual_covariance


def test_the_share_is_what_the_marker_takes_away_when_it_is_worn(runner, running):
    """One of two markers of a forearm hidden; then seen: variances of shoulder and elbow fall."""
    q, index = running[40:44], np.arange(len(runner.markers))
    bodies = np.array(runner.bodies)[runner.marker_body]
    forearm = np.flatnonzero(bodies == "forearm_r")
    own = np.array([c for c, n in enumerate(runner.coordinates) if n.startswith("forearm_r")])
    markers = marker_positions(runner, q)
    markers[:, forearm[1:]] = np.nan
    before = usual_covariance(runner, q, index, markers)
    candidates = np.array([forearm[1], np.flatnonzero(bodies == "foot_l")[0]])
    shares = told_shares(runner, q, before, candidates, own)
    markers[:, forearm[1]] = marker_positions(runner, q)[:, forearm[1]]
    after = usual_covariance(runner, q, index, markers)
    left = np.einsum("tcc->tc", after)[:, own].sum() / np.einsum("tcc->tc", before)[:, own].sum()
    np.testing.assert_allclose(shares[0], 1.0 - left, rtol=1e-9)
    assert shares[0] > 0.3
    assert shares[1] < 0.01
