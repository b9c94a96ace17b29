"""Labels placed by position: one answer for all participants, and none against the motion."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.recording import Recording
from aqbio.labels.assign import CLEARLY, PlacedLabel, needed_labels, pooled_places
from aqbio.labels.by_name import SidedLandmark, landmark_table
from aqbio.labels.marker_set import Labelling
from aqbio.labels.motion import LOOSEST, _why_loose, loose_labels

FOREARM, WRIST = SidedLandmark("forearm", "left"), SidedLandmark("wrist", "left")
KNOWN = {
    "LASI": SidedLandmark("asis", "left"),
    "RASI": SidedLandmark("asis", "right"),
    "LELB": SidedLandmark("elbow_lateral", "left"),
    "LUPA": SidedLandmark("upper_arm", "left"),
}


@pytest.fixture(scope="module")
def table():
    return landmark_table()


def _placed(place, distance=0.02):
    return PlacedLabel(place, distance)


def test_what_one_static_trial_shows_serves_all(table):
    """One participant's arms were understood, the other's were not."""
    one = {"M1": _placed(FOREARM), "M2": _placed(WRIST)}
    agreed, disputed = pooled_places([one, {"M1": _placed(FOREARM, 0.01)}], table)
    assert {label: found.place for label, found in agreed.items()} == {"M1": FOREARM, "M2": WRIST}
    assert agreed["M1"].distance == 0.01
    assert disputed == {}


def test_people_who_disagree_leave_a_label_open(table):
    seen = [{"M1": _placed(FOREARM)}, {"M1": _placed(WRIST)}]
    agreed, disputed = pooled_places(seen, table)
    assert agreed == {}
    assert disputed == {"M1": "left forearm or left wrist"}


def _recording(label, path):
    """A pelvis that travels, and an upper arm that swings beside it."""
    time = np.arange(200) / 100.0
    travel = np.stack([3.0 * time, np.ones(200), np.zeros(200)], axis=1)
    angle = 0.8 * np.sin(12.0 * time)
    along = np.stack([np.sin(angle), -np.cos(angle), 0.0 * angle], axis=1)
    shoulder = travel + np.array([0.0, 0.5, -0.2])
    paths = {
        "LASI": travel + np.array([0.1, 0.0, -0.12]),
        "RASI": travel + np.array([0.1, 0.0, 0.12]),
        "LUPA": shoulder + 0.15 * along,
        "LELB": shoulder + 0.30 * along,
    }
    paths[label] = path(travel, shoulder, along, time)
    return Recording(tuple(paths), np.stack(list(paths.values()), axis=1), 100.0)


@pytest.mark.parametrize(
    ("name", "path", "told"),
    [
        # on the forearm, whose elbow another marker shows
        ("arm", lambda t, s, a, _: s + 0.35 * a, ""),
        # a greater trochanter beside a hand that hung there in the static trial
        ("hip", lambda t, s, a, _: t + np.array([0.0, -0.1, -0.16]), "it moves with the pelvis"),
    ],
)
def test_a_label_that_moves_with_another_segment_is_not_placed(table, name, path, told):
    recording = _recording("M1", path)
    found = loose_labels(KNOWN | {"M1": FOREARM}, {"M1"}, [recording], table)
    assert found == ({"M1": told} if told else {}), name


@pytest.mark.parametrize("share", [0.95, 1.05])
def test_distances_within_a_segment_may_vary_as_skin_does(table, share):
    """Along the arm by a sine, of whose amplitude 1/√2 is the standard deviation."""
    amplitude = share * LOOSEST["cluster"] * np.sqrt(2.0)

    def sliding(_, shoulder, along, time):
        return shoulder + (0.05 + amplitude * np.sin(2 * np.pi * 5.0 * time))[:, None] * along

    place = SidedLandmark("upper_arm", "left")
    found = loose_labels(KNOWN | {"M1": place}, {"M1"}, [_recording("M1", sliding)], table)
    assert bool(found) == (share > 1.0)


LEGS = {
    side[0].upper() + name: SidedLandmark(landmark, side)
    for side in ("left", "right")
    for name, landmark in (("ASI", "asis"), ("PSI", "psis"), ("HEE", "heel"), ("TOE", "mt2"))
}


@pytest.mark.parametrize(("apart", "landmark"), [(0.95, "elbow_lateral"), (1.05, "upper_arm")])
def test_a_landmark_that_is_far_from_its_place_only_tracks(table, apart, landmark):
    """And a segment whose landmarks names tell needs no position."""
    elbow = _placed(SidedLandmark("elbow_lateral", "left"), apart * CLEARLY)
    heel = _placed(SidedLandmark("heel", "left"), 0.01)
    kept = needed_labels({"M1": elbow, "M2": heel}, Labelling(LEGS, frozenset()), table)
    assert {label: one.place.landmark for label, one in kept.items()} == {"M1": landmark}


@pytest.mark.parametrize(("spread", "loose"), [(0.010, False), (0.012, True)])
def test_a_marker_goes_with_a_segment_that_holds_it_twice_as_well(spread, loose):
    """Distances vary by more than twice 4 mm and 3 mm more, though by less than a limit."""
    own, other = ("forearm", "left"), ("upper_arm", "left")
    assert bool(_why_loose(own, {own: spread, other: 0.004}, 0.015)) == loose
