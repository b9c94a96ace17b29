"""The mask: losses add up, short ones are filled, reasons are those of most lost frames."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.observed.mask import (
    IMPOSSIBLE,
    NOT_SEEN,
    POINTS,
    SOME_FRAMES,
    Observed,
    observed_from,
    point_masses,
)
from aqbio.virtual.athlete import Athlete, athlete_skeleton

SEGMENTS = ("thigh", "shank", "foot")


def test_a_part_is_seen_when_all_its_segments_are():
    mask = Observed.everything(SEGMENTS, 3).without(["foot"], SOME_FRAMES, np.arange(3) == 1)
    needs = np.array([[1, 1, 1], [1, 1, 0], [0, 0, 0]], dtype=bool)
    expected = [[True, True, True], [False, True, True], [True, True, True]]
    np.testing.assert_array_equal(mask.parts(needs), expected)
    assert mask.lost_segments() == ("foot",)
    assert mask.lost_segments(np.arange(3) == 0) == ()


def test_losses_add_up_and_nothing_comes_back():
    frames = np.arange(10)
    mask = Observed.everything(SEGMENTS, 10).without(["shank"], SOME_FRAMES, frames < 3)
    both = mask.without(["shank"], IMPOSSIBLE, (frames > 1) & (frames < 9))
    assert both.mask[:, 1].tolist() == [False] * 9 + [True]
    assert both.reason == ("", IMPOSSIBLE, "")
    few = mask.without(["shank"], IMPOSSIBLE, frames == 5)
    assert few.reason == ("", SOME_FRAMES, "")


@pytest.mark.parametrize(("gap", "lost"), [(4, 0), (5, 5)])
def test_a_loss_that_may_be_filled_is_none(gap, lost):
    known = np.ones((40, 3), dtype=bool)
    known[10 : 10 + gap, 2] = False
    mask = observed_from(SEGMENTS, known, 4, NOT_SEEN)
    assert (~mask.mask).sum() == lost
    assert mask.reason[2] == (SOME_FRAMES if lost else "")


def test_a_loss_needs_a_reason():
    with pytest.raises(ValueError, match="not those of the segments that are lost"):
        Observed(SEGMENTS, np.zeros((2, 3), dtype=bool), ("", "", ""))
    with pytest.raises(ValueError, match="not those"):
        Observed.everything(SEGMENTS, 2).without(["foot"], "bad luck")


def test_coordinates_are_told_in_frames_and_gaps_are_filled():
    """One frame between two is filled, three are lost, and the filter loses one more each side."""
    told = np.ones((12, 2), dtype=bool)
    told[2, 0], told[6:9, 0] = False, False
    mask = Observed.everything(("arm",), 12).determine(("turn", "bend"), told, 1)
    assert np.flatnonzero(~mask.determined(["turn"])[:, 0]).tolist() == [6, 7, 8]
    assert mask.determined(["bend", "of another model"]).all()
    wide = mask.widened(1)
    assert np.flatnonzero(~wide.determined(["turn"])[:, 0]).tolist() == [5, 6, 7, 8, 9]
    assert wide.mask.all()


@pytest.mark.parametrize(("frames", "hardly"), [(5, ()), (6, ("turn",))])
def test_a_coordinate_that_is_told_in_less_than_half_of_the_frames(frames, hardly):
    told = np.ones((10, 1), dtype=bool)
    told[:frames] = False
    assert Observed.everything(("arm",), 10).determine(("turn",), told, 0).poorly_observed == hardly


def test_points_have_centre_and_inertia_of_their_segment():
    skeleton = athlete_skeleton(Athlete("made", "female", 60.0, 1.7))
    points = point_masses(skeleton).reshape(-1, POINTS, 3)
    np.testing.assert_allclose(points.mean(axis=1), skeleton.com, atol=1e-12)
    arms = points - skeleton.com[:, None]
    second = np.einsum("bpi,bpj->bij", arms, arms) * (skeleton.mass / POINTS)[:, None, None]
    trace = np.trace(second, axis1=1, axis2=2)[:, None, None]
    np.testing.assert_allclose(trace * np.eye(3) - second, skeleton.inertia, atol=1e-9)
