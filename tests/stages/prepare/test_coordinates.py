"""Joint angles of files: what no reader of numbers can see, people's speed tells."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.mot import Storage
from aqbio.recordings.coordinates import check_lengths, coordinate_values
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.refusal import refused

RATE = 250.0


@pytest.mark.parametrize(("speed", "wrong"), [(9.5, False), (29.9, False), (30.1, True)])
def test_translations_faster_than_people_are_not_metres(speed, wrong):
    lengths = np.outer(np.arange(100) * speed / RATE, [1.0, 0.0, 0.0])
    words = refused("coordinates-unit", "their unit is not the metre")
    with words if wrong else nullcontext():
        check_lengths(lengths, RATE, Path("ik.mot"))


@pytest.fixture(scope="module")
def skeleton():
    return athlete_skeleton(Athlete("made", "female", 60.0, 1.7))


def _storage(skeleton, *, without=(), still=(), in_degrees=False):
    """Joint angles of a second in which every coordinate moves, by up to 0.3 rad."""
    time = np.arange(0.0, 1.0, 1.0 / RATE)
    names = [name for name in skeleton.coordinates if name not in without]
    phases = np.arange(len(names))
    values = 0.3 * np.sin(2.0 * np.pi * 1.5 * time[:, None] + phases)
    values[:, [names.index(name) for name in still]] = 0.0
    return Storage(tuple(names), time, values, in_degrees)


def test_coordinates_that_a_file_does_not_tell_are_named(skeleton):
    """One column is missing, one has zeros throughout; both belong to parts, not to the pelvis."""
    storage = _storage(skeleton, without=["ankle_angle_l"], still=["elbow_flex_r"])
    q, [lacking, held] = coordinate_values(storage, skeleton, Path("ik.mot"))
    assert {lacking.rule, held.rule} == {"coordinates-missing"}
    assert lacking.what.startswith("coordinates ankle_angle_l are not in the file")
    assert held.what.startswith("coordinates elbow_flex_r stay at one value in the file")
    lost = np.array(skeleton.coordinates)[np.isnan(q).all(axis=0)]
    assert set(lost) == {"ankle_angle_l", "elbow_flex_r"}


def test_a_file_without_the_pelvis_is_refused(skeleton):
    for change in ("without", "still"):
        storage = _storage(skeleton, **{change: ["pelvis_tilt"]})
        with refused("coordinates-missing", "pelvis_tilt of the model's coordinates") as caught:
            coordinate_values(storage, skeleton, Path("ik.mot"))
        assert caught.value.where == "column names"


@pytest.mark.parametrize(("factor", "wrong"), [(1.0, True), (20.0, True), (40.0, False)])
def test_a_header_that_says_degrees_must_be_possible(skeleton, factor, wrong):
    """The largest angle is 0.3, 6 and 12: below 7 degrees nobody runs."""
    storage = _storage(skeleton, in_degrees=True)
    angles = skeleton.coordinate_is_rotation
    scaled = np.where(angles, factor * storage.values, storage.values)
    storage = Storage(storage.columns, storage.time, scaled, in_degrees=True)
    if wrong:
        with refused("coordinates-unit", "these are radians") as caught:
            coordinate_values(storage, skeleton, Path("ik.mot"))
        assert "inDegrees=no" in caught.value.fix
    else:
        q, _ = coordinate_values(storage, skeleton, Path("ik.mot"))
        assert np.nanmax(np.abs(q[:, angles])) == pytest.approx(np.radians(12.0), rel=1e-3)
