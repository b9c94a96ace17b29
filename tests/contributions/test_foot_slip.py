"""Slip by closed forms: on the ground, and on a belt whose speed under load nobody states."""

import numpy as np
import pytest

from aqbio.contributions.foot_slip import LoadedWay, common_slip, foot_slips

STATED = 5.0
DURATION = 0.11


def contacts(belt, *, slide=(0.0, 0.0), side="right", jerk=0.0):
    """Six contacts, left and right in turn; one foot slides (m) in all of its contacts."""
    ways = []
    for number in range(6):
        foot = ("left", "right")[number % 2]
        way = np.array([-belt * DURATION, 0.0]) + (np.array(slide) if foot == side else 0.0)
        way[0] += jerk * (number == 1)
        ways.append(LoadedWay(foot, way, DURATION))
    return ways


@pytest.mark.parametrize("belt", [4.3, 5.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_foot_that_slides_is_seen_whatever_the_belt_does(belt, side):
    """Fore-aft and sideways in full, at any speed of the belt under load, and by its size."""
    slips = foot_slips(contacts(belt, slide=(0.03, 0.01), side=side), STATED)
    assert common_slip(slips[side], 0.0) == pytest.approx(np.hypot(0.03, 0.01))
    assert common_slip(slips[side], 0.02) == pytest.approx(np.hypot(0.01, 0.01))


def test_a_belt_that_gives_way_is_no_slip_and_a_jerk_is_none_that_repeats():
    for ways in (contacts(4.3), contacts(4.3, jerk=0.05)):
        slips = foot_slips(ways, STATED)
        assert max(common_slip(slips[side], 0.0) for side in slips) == pytest.approx(0.0, abs=1e-12)
    assert np.abs(foot_slips(contacts(4.3, jerk=0.05), STATED)["right"]).max() > 0.045


def test_the_ground_stands_still():
    """Feet that slide alike are seen there, and one foot alone is held against the stated belt."""
    slips = foot_slips(contacts(0.2), 0.0)
    assert common_slip(slips["left"], 0.0) == pytest.approx(0.2 * DURATION)
    single = [way for way in contacts(4.3) if way.side == "left"]
    [slip] = foot_slips(single, STATED).values()
    assert common_slip(slip, 0.0) == pytest.approx((STATED - 4.3) * DURATION)
