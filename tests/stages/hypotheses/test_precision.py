"""How sure a trial is: what nothing varies in says nothing, and divides by nothing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from aqbio.stages.hypotheses.precision import _share_of_variance


def test_an_athlete_with_one_step_has_no_share_of_variance():
    """Its spread is 0: a share of infinity, and a warning, before."""
    steps = SimpleNamespace(yaw_impulse=np.array([1.0, 3.0, 2.0]), athlete=np.array([0, 0, 1]))
    share = _share_of_variance(steps, np.array([0, 1]), np.array([0.5, 0.5]))
    assert share[0] == 0.25
    assert np.isnan(share[1])
