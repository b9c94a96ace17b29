"""What markers or columns of a file show of a body, and the words for what they do not."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers
from aqbio.observed.determined import (
    bridged,
    determined,
    determined_by_file,
    filled_coordinates,
    segment_sds,
    usual_covariance,
)
from aqbio.observed.mask import (
    NOT_IN_FILE,
    NOT_IN_MODEL,
    NOT_SEEN,
    SOME_FRAMES,
    Observed,
    observed_from,
)
from aqbio.observed.parts import (
    lost_findings,
    lost_parts,
    of_the_model,
    read_observed,
    why_not_whole,
    with_observed,
)
from tests.mechanics.levels_case import smooth_run
from tests.stages.made_contributions import MAP

FRAMES = 60
GROUPS = MAP.groups
ALL = np.ones(FRAMES, dtype=bool)
GIRDLES_AND_ARMS = {
    f"{bone}_{side}" for bone in ("clavicle", "humerus", "radius", "hand") for side in "lr"
}


@pytest.fixture(scope="module")
def run():
    case, _ = smooth_run(FRAMES)
    return case.skeleton, case.motion[0]


def markers_of(skeleton, q, hidden=(), frames=slice(None)) -> TrackedMarkers:
    """The model's markers, those of some bodies hidden in some frames."""
    positions = marker_positions(skeleton, q)
    bodies = np.array(skeleton.bodies)[skeleton.marker_body]
    for column in np.flatnonzero(np.isin(bodies, hidden)):
        positions[frames, column] = np.nan
    weights = np.ones(len(skeleton.markers))
    return TrackedMarkers(np.arange(len(q)) / 250.0, skeleton.markers, positions, weights)


def shown_by_markers(skeleton, q, markers) -> np.ndarray:
    """Segments that markers determine, (T, S)."""
    index = np.arange(len(markers.names))
    covariance = usual_covariance(skeleton, q, index, markers.positions)
    return determined(skeleton, *segment_sds(skeleton, q, covariance))


def lost(skeleton, known) -> set[str]:
    return {skeleton.bodies[body] for body in np.flatnonzero(~known.all(axis=0))}


@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        ((), set()),
        (("radius_l", "hand_l"), {"radius_l", "hand_l"}),
        (("humerus_r", "radius_r", "hand_r"), {"humerus_r", "radius_r", "hand_r"}),
        (("toes_l",), set()),
    ],
)
def test_markers_show_what_they_determine(run, hidden, expected):
    skeleton, q = run
    assert (
        lost(skeleton, shown_by_markers(skeleton, q, markers_of(skeleton, q, hidden))) == expected
    )


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), set()),
        (("elbow_flex_l",), {"radius_l", "hand_l"}),
        (("lumbar_bending",), {"torso", "head", *GIRDLES_AND_ARMS}),
        (("mtp_angle_r",), set()),
    ],
)
def test_columns_show_what_they_hold(run, names, expected):
    skeleton, q = run
    told = np.ones(q.shape, dtype=bool)
    told[:, [skeleton.coordinates.index(name) for name in names]] = False
    assert lost(skeleton, determined_by_file(skeleton, q, told)) == expected


def test_a_limb_that_comes_back_is_led_there_without_a_jump(run):
    """Nothing but the joints of the lost segment changes, and only where it is lost."""
    skeleton, q = run
    known = np.ones((FRAMES, len(skeleton.bodies)), dtype=bool)
    known[20:40, [skeleton.bodies.index(name) for name in ("radius_l", "hand_l")]] = False
    jumping = q.copy()
    elbow = skeleton.coordinates.index("elbow_flex_l")
    jumping[20:40, elbow] = -3.0
    led = bridged(skeleton, jumping, known)
    assert np.abs(np.diff(jumping[:, elbow])).max() > 2.0
    between = np.linspace(q[19, elbow], q[40, elbow], 22)
    np.testing.assert_allclose(led[19:41, elbow], between, atol=1e-12)
    wrist = skeleton.coordinates.index("forearm_pronation_l")
    led[:, [elbow, wrist]] = q[:, [elbow, wrist]]
    np.testing.assert_array_equal(led[:, skeleton.free], q[:, skeleton.free])


def test_what_is_seen_beyond_a_lost_segment_stays_where_it_is(run):
    """A hip led across lost thighs took the shanks half a metre from their markers."""
    skeleton, q = run
    known = np.ones((FRAMES, len(skeleton.bodies)), dtype=bool)
    known[20:40, skeleton.bodies.index("femur_l")] = False
    led = bridged(skeleton, q, known)
    np.testing.assert_array_equal(led[:, skeleton.free], q[:, skeleton.free])


def test_a_file_is_filled_by_lines_and_defaults(run):
    skeleton, q = run
    told = q.copy()
    told[10:13, 0], told[:, 8] = np.nan, np.nan
    filled = filled_coordinates(skeleton, told)
    np.testing.assert_allclose(filled[9:14, 0], np.linspace(q[9, 0], q[13, 0], 5))
    assert (filled[:, 8] == skeleton.coordinate_default[8]).all()


def test_a_group_stands_for_those_that_the_model_lacks(run):
    skeleton, _ = run
    everything = Observed.everything(skeleton.bodies, FRAMES)
    assert of_the_model(everything, GROUPS) is everything
    armless = {name: one for name, one in GROUPS.items() if not name.startswith("arm")}
    assert of_the_model(everything, armless).lost_segments() == GROUPS["torso"]
    bare = {name: one for name, one in armless.items() if name != "torso"}
    assert of_the_model(everything, bare).lost_segments() == ("pelvis",)


def test_the_mask_is_read_as_it_was_written(run):
    mask = Observed.everything(run[0].bodies, FRAMES).without(["radius_l"], SOME_FRAMES, ALL)
    told = np.random.default_rng(0).random((FRAMES, 2)) < 0.7
    mask = mask.determine(("knee", "wrist"), told, 0)
    again = read_observed(with_observed(xr.Dataset(), mask))
    np.testing.assert_array_equal(again.mask, mask.mask)
    assert (again.segments, again.reason) == (mask.segments, mask.reason)
    assert again.coordinates == mask.coordinates
    np.testing.assert_array_equal(again.coordinate_mask, told)


def test_the_reason_named_is_the_true_one(run):
    bodies, early = run[0].bodies, np.arange(FRAMES) < 30
    mask = Observed.everything(bodies, FRAMES).without(GROUPS["arm_right"], NOT_SEEN)
    mask = mask.without(["radius_l"], SOME_FRAMES, early)
    assert lost_parts(mask, GROUPS) == {"arm_left": "arm_left (radius_l)", "arm_right": "arm_right"}
    assert why_not_whole(mask, GROUPS, ~early) == "the markers do not show arm_right"
    assert why_not_whole(mask, GROUPS, ALL) == (
        "the markers do not show arm_right; lost for some frames: arm_left (radius_l)"
    )
    of_file = Observed.everything(bodies, FRAMES).without(["torso"], NOT_IN_FILE)
    assert "file of joint angles does not hold torso" in why_not_whole(of_file, GROUPS, ALL)


def test_what_is_lost_is_found_once_a_reason(run):
    bodies, early = run[0].bodies, np.arange(FRAMES) < 30
    mask = Observed.everything(bodies, FRAMES).without(["radius_r"], NOT_SEEN)
    mask = mask.without(["radius_l"], SOME_FRAMES, early).without(["torso"], NOT_IN_MODEL)
    found = list(lost_findings(mask, GROUPS, ALL, "sprint"))
    assert [one.rule for one in found] == ["parts-unseen"] * 2
    assert "30 of 60 frames" in found[1].what
    assert list(lost_findings(mask, GROUPS, ~early, "sprint"))[1:] == []


def test_markers_that_go_for_a_short_while_lose_nothing(run):
    skeleton, q = run
    for gap, gone in ((slice(20, 24), False), (slice(20, 25), True)):
        hidden = markers_of(skeleton, q, GROUPS["arm_left"], gap)
        mask = observed_from(skeleton.bodies, shown_by_markers(skeleton, q, hidden), 4, NOT_SEEN)
        assert bool(mask.lost_segments()) == gone
