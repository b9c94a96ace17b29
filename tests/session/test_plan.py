"""What each kind of unknown of the body has of a variance, in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.session.plan import UNKNOWNS, _shares_of_unknowns

BODIES = 3


@pytest.mark.parametrize("place", range(5 * BODIES))
def test_each_unknown_counts_to_its_kind(place):
    """Centres of mass by axis, body after body; then all masses, then all sizes."""
    slopes = np.ones((1, 2, 5 * BODIES))
    covariance = np.zeros((5 * BODIES, 5 * BODIES))
    covariance[place, place] = 2.0
    shares = _shares_of_unknowns(slopes, covariance)
    kind = UNKNOWNS[place % 3] if place < 9 else UNKNOWNS[place // 3]
    assert {name: share.tolist() for name, share in shares.items()} == {
        f"share_{name}": [float(name == kind)] * 2 for name in UNKNOWNS
    }
