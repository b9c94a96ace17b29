"""Landmarks that are read from places alone: which are sure."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.labels.by_name import SidedLandmark, landmark_table
from aqbio.labels.by_position import CLEAR, SURE, _read, _template, placed_labels
from aqbio.labels.geometry import Placement

HEEL = SidedLandmark("heel", "right")


@pytest.mark.parametrize(
    ("distance", "next_one", "sure"),
    [
        (0.9 * SURE, 1.1 * CLEAR * SURE, True),
        (0.9 * SURE, 0.9 * CLEAR * 0.9 * SURE, False),  # near, but so is another marker
        (1.1 * SURE, 1.1 * CLEAR * 1.1 * SURE, False),  # alone, but far
    ],
)
def test_a_landmark_is_sure_where_its_marker_is_near_and_no_other(distance, next_one, sure):
    static = {"M1": np.array([distance, 0.0, 0.0]), "M2": np.array([0.0, next_one, 0.0])}
    found = Placement(0, np.zeros((1, 3)), np.array([0]), np.array([distance]), distance)
    [(label, read)] = _read(found, (HEEL,), tuple(static), static, {}).items()
    assert (label, read.place, read.sure) == ("M1", HEEL, sure)


@pytest.mark.opensim
@pytest.mark.parametrize("arms", [0, 15])
def test_legs_without_some_markers_are_laid_over_those_that_are_there(arms):
    """What no marker is near, and arms that hang elsewhere, hold nothing in its place."""
    table = landmark_table()
    template = _template(table)
    gone = {"sacrum", "t10", "right heel", "left mt1"}
    static = {
        f"M{number}": template.postures[arms][number] + np.array([3.0, 0.1, -2.0])
        for number in template.landmarks
        if str(template.places[number]) not in gone
    }
    found = placed_labels(static, {}, table)
    assert len(found) == len(static) == 31
    for label, one in found.items():
        assert one.place == template.places[int(label[1:])], label
