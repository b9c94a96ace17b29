"""Loads of frames in which the plates measured nothing."""

from __future__ import annotations

import numpy as np

from aqbio.multibody.dynamics import ExternalLoad
from aqbio.recordings.prepared import measured_loads


def test_frames_in_which_a_foot_is_unknown_bear_nothing():
    """One unknown component of one foot makes the frame unknown for both."""
    force = np.arange(24.0).reshape(2, 4, 3)
    moment = 10.0 + force
    force[0, 1, 2], moment[1, 3, 0] = np.nan, np.nan
    loads = [
        ExternalLoad(name, force[number], moment[number], np.zeros(3))
        for number, name in enumerate(("foot_l", "foot_r"))
    ]
    known, found = measured_loads(loads)
    assert known.tolist() == [True, False, True, False]
    for one, given in zip(found, loads, strict=True):
        for name in ("force", "moment"):
            np.testing.assert_array_equal(getattr(one, name)[known], getattr(given, name)[known])
            np.testing.assert_array_equal(getattr(one, name)[~known], 0.0)
