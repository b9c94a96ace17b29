"""Exchanged labels in the JA1 sprint: found, said, and put right where the sheet accepts it."""

from __future__ import annotations

from itertools import combinations

import pytest

from aqbio.recordings.label_check import SegmentDistances, median_places, swapped_labels
from tests.real.conftest import ROOT

pytestmark = pytest.mark.real

ONE, TWO = "RTHAP", "RTHAD"


@pytest.fixture(scope="module")
def trials(realdata):
    from aqbio.io.trial_files import read_recording

    folder = realdata / "ja1_dorn2012" / "c3d"
    static = median_places(read_recording(folder / "JA1Static05.c3d"))
    return static, read_recording(folder / "JA1Gait35.c3d")


@pytest.fixture(scope="module")
def segments():
    from aqbio.config import MarkerSet, read_yaml

    markers = read_yaml(ROOT / "tests" / "real" / "ja1_sprint" / "markers.yaml", MarkerSet).markers
    return {label: marker.body for label, marker in markers.items()}


def _found(trials, segments, positions):
    static, sprint = trials
    distances = SegmentDistances.of(sprint.labels, positions, static, segments)
    return [{swap.first, swap.second} for swap in swapped_labels(distances)]


def test_the_recording_itself_has_none(trials, segments):
    assert _found(trials, segments, trials[1].positions) == []


def test_exchanges_within_segments_are_found_or_invisible_never_wrong(trials, segments):
    """Every pair on one segment of the legs: 15 mm of distance are needed to see it."""
    _, sprint = trials
    visible = 0
    for one, two in combinations(sprint.labels, 2):
        segment = segments.get(one)
        if segment not in ("femur_r", "tibia_l", "foot_r") or segments.get(two) != segment:
            continue
        columns = [sprint.labels.index(one), sprint.labels.index(two)]
        positions = sprint.positions.copy()
        positions[:, columns] = positions[:, columns[::-1]]
        found = _found(trials, segments, positions)
        assert found in ([], [{one, two}]), (one, two)
        visible += bool(found)
    assert visible >= 20
