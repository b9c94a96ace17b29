"""The quietest part of a trial."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.recordings.movement import quiet_window


def test_the_quiet_window_ignores_markers_that_come_and_go():
    positions = np.zeros((50, 2, 3))
    positions[:30, 0, 1] = np.sin(np.arange(30))
    positions[40:, 1] = np.nan
    window = quiet_window(positions, rate=10.0, seconds=1.0)
    assert window == slice(30, 40)
