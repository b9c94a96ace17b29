"""Which frames a set-up of OpenSim is for."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.records.opensim_files import longest


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 0, 2], [2, 0, 1]])
def test_the_longest_stretch_with_forces_wherever_it_is(order):
    spans = np.array([[0, 3], [5, 12], [14, 16]])
    assert longest(spans[order]) == (5, 12)
