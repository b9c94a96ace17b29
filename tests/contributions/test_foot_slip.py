"""Slip by closed forms: on the ground, and on a belt whose speed under load is unknown."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.contributions.foot_slip import LoadedWay, common_slip, foot_slips, loaded_ways
from aqbio.gait.steps import Step
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.rotation.induced import FootConstraint, contact_velocity

STATED_BELT_SPEED_MPS = 5.0
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
    slips = foot_slips(contacts(belt, slide=(0.03, 0.01), side=side), STATED_BELT_SPEED_MPS)
    assert common_slip(slips[side], 0.0) == pytest.approx(np.hypot(0.03, 0.01))
    assert common_slip(slips[side], 0.02) == pytest.approx(np.hypot(0.01, 0.01))


def test_a_belt_that_gives_way_is_no_slip_and_a_jerk_is_none_that_repeats():
    for ways in (contacts(4.3), contacts(4.3, jerk=0.05)):
        slips = foot_slips(ways, STATED_BELT_SPEED_MPS)
        assert max(common_slip(slips[side], 0.0) for side in slips) == pytest.approx(0.0, abs=1e-12)
    assert (
        np.abs(foot_slips(contacts(4.3, jerk=0.05), STATED_BELT_SPEED_MPS)["right"]).max() > 0.045
    )


def test_the_ground_stands_still():
    """Feet that slide alike are seen there, and one foot alone is held against the stated belt."""
    slips = foot_slips(contacts(0.2), 0.0)
    assert common_slip(slips["left"], 0.0) == pytest.approx(0.2 * DURATION)
    single = [way for way in contacts(4.3) if way.side == "left"]
    [slip] = foot_slips(single, STATED_BELT_SPEED_MPS).values()
    assert common_slip(slip, 0.0) == pytest.approx((STATED_BELT_SPEED_MPS - 4.3) * DURATION)


@pytest.mark.parametrize("slide", [-0.2, 0.0, 0.3])
def test_a_heel_that_rises_is_no_slip(slide):
    """A foot that turns about its ball, and slides with it: the ball's velocity, m/s."""
    frames, omega = 4, np.array([0.0, 0.0, -6.0])
    ball, point = np.array([0.15, 0.03, 0.0]), np.array([0.17, 0.0, 0.0])
    moving = np.array([slide, 0.0, 0.0])
    kinematics = SimpleNamespace(
        origin=np.tile([np.zeros(3), ball], (frames, 1, 1)),
        velocity=np.tile([moving - np.cross(omega, ball), moving], (frames, 1, 1)),
        angular_velocity=np.tile([omega, np.zeros(3)], (frames, 1, 1)),
    )
    skeleton, in_stance = SimpleNamespace(bodies=("foot", "toes")), np.ones(frames, dtype=bool)
    zeros, points = np.zeros((frames, 3)), np.tile(point, (frames, 1))
    load = ExternalLoad("foot", zeros, zeros, points, "toes", np.full(frames, 0.4))
    velocity = contact_velocity(skeleton, kinematics, FootConstraint(load, in_stance, points))
    np.testing.assert_allclose(velocity, np.tile(moving, (frames, 1)), atol=1e-12)
    rigid = FootConstraint(load.on_first_segment, in_stance, points)
    expected = moving + np.cross(omega, point - ball)
    np.testing.assert_allclose(
        contact_velocity(skeleton, kinematics, rigid), np.tile(expected, (frames, 1)), atol=1e-12
    )


def test_a_foot_goes_its_way_while_it_bears_more_than_half_of_its_peak():
    """Forces rise and fall evenly from 0.11 s before to 0.11 s after 0.2 and 0.6 s: more than half
    from 0.15 to 0.25 s, and the other foot 0.4 s later. A rejected step has no way."""
    time = np.arange(0.0, 1.0, 0.01).round(2)
    force, velocity = np.full((2, len(time), 2, 3), 7e5)
    for foot, (middle, peak) in enumerate(((0.6, 900.0), (0.2, 1800.0))):
        force[:, foot, 1] = np.clip(peak * (1.0 - np.abs(time - middle) / 0.11), 0.0, None)
    velocity[:, 0] = [-0.5, 8.0, 0.0]
    velocity[:, 1] = np.stack([0.3 + (time - 0.2), 9.0 + 0.0 * time, -0.2 + 0.0 * time], axis=1)
    by = ("time", "foot", "axis")
    data = xr.Dataset(
        {"ground_force": (by, force), "contact_velocity": (by, velocity)}, {"time": time}
    )
    right, left, *without_way = (
        Step(1, "right", 0.09, 0.31, 0.49, "ok", ""),
        Step(2, "left", 0.49, 0.71, 0.9, "incomplete", ""),
        Step(3, "right", 0.09, 0.31, 0.49, "rejected", ""),
        Step(4, "left", 0.8, 0.95, 1.2, "ok", ""),  # bears nothing
    )
    ways = loaded_ways(data, [right, left, *without_way])
    assert [way.side for way in ways] == ["right", "left"]
    np.testing.assert_allclose([way.duration for way in ways], 0.1)
    np.testing.assert_allclose([way.way for way in ways], [[0.03, -0.02], [-0.05, 0.0]], atol=1e-9)
    unseen = data.assign(contact_velocity=data["contact_velocity"].where(data["time"] < 0.2))
    [cut_way] = loaded_ways(unseen, [right, left])
    assert cut_way.duration == pytest.approx(0.04)
