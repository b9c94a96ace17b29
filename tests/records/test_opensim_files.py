"""Which frames a set-up of OpenSim is for, and what its markers are called."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.config import MarkerSet, read_yaml
from aqbio.inverse_kinematics.files import longest
from aqbio.io.study import MODELS


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 0, 2], [2, 0, 1]])
def test_the_longest_stretch_with_forces_wherever_it_is(order):
    spans = np.array([[0, 3], [5, 12], [14, 16]])
    assert longest(spans[order]) == (5, 12)


def test_markers_are_called_as_on_the_model_and_no_two_alike():
    marker_set = read_yaml(MODELS / "sprint" / "markers.yaml", MarkerSet)
    moved = marker_set.markers["LASI"].model_copy(update={"model": "R SIDE"})
    marker_set = marker_set.model_copy(update={"markers": marker_set.markers | {"LASI": moved}})
    labels = ("RASI", "a b", "a+b", "a_b", "LASI", "R_SIDE", "R SIDE")
    names = marker_set.recorded_names(labels)
    assert names == ("RASI", "a_b_", "a_b__", "a_b", "R_SIDE", "R_SIDE_", "R_SIDE__")
