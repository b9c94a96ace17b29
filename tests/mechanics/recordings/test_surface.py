"""Treadmill or overground."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.recordings.surface import (
    ground_velocity,
    is_treadmill,
    low_frames,
    middle_of_contacts,
)

RATE = 250.0
TIME = np.arange(500) / RATE
CONTACTS = {0: [(0.1, 0.3), (0.9, 1.1)], 1: [(0.5, 0.7), (1.3, 1.5)]}


def forefeet(belt):
    """Forefeet that move with the belt in contact and fast forward, 0.3 m high, otherwise."""
    feet = np.zeros((len(TIME), 2, 3))
    for foot, spans in CONTACTS.items():
        velocity = np.full(len(TIME), 6.0)
        height = np.full(len(TIME), 0.35)
        for start, stop in spans:
            on = np.abs(TIME - 0.5 * (start + stop)) <= 0.5 * (stop - start) + 1e-9
            velocity[on], height[on] = -belt, 0.05
        feet[:, foot, 0] = np.cumsum(velocity) / RATE
        feet[:, foot, 1] = height
    return feet


def standing():
    masks = [middle_of_contacts(TIME, *np.array(CONTACTS[foot]).T) for foot in (0, 1)]
    return np.stack(masks, axis=1)


@pytest.mark.parametrize("belt", [0.0, 4.0, 11.0])
def test_ground_velocity_is_that_of_the_belt(belt):
    found = ground_velocity(forefeet(belt), standing(), RATE)
    np.testing.assert_allclose(found, [-belt, 0.0, 0.0], atol=1e-9)


def test_without_forces_the_lowest_frames_stand_in():
    feet = forefeet(4.0)
    low = np.stack([low_frames(feet[:, foot]) for foot in (0, 1)], axis=1)
    np.testing.assert_allclose(ground_velocity(feet, low, RATE), [-4.0, 0.0, 0.0], atol=1e-9)


def test_unseen_feet_leave_the_velocity_unknown():
    unseen = np.full((len(TIME), 2, 3), np.nan)
    assert np.isnan(ground_velocity(unseen, standing(), RATE)).all()
    assert not low_frames(unseen[:, 0]).any()
    assert not is_treadmill(np.full(3, np.nan), np.zeros(3), 2.0)


@pytest.mark.parametrize(
    ("belt", "travel", "expected"),
    [(4.0, 0.3, True), (0.2, 0.0, False), (0.1, 20.0, False), (4.0, 8.0, False)],
)
def test_treadmill_needs_a_moving_ground_and_a_still_pelvis(belt, travel, expected):
    ground = np.array([-belt, 0.0, 0.0])
    assert is_treadmill(ground, np.array([travel, 0.0, 0.0]), 2.0) is expected


def test_direction_of_the_belt_does_not_matter():
    assert is_treadmill(np.array([0.0, 0.0, 3.0]), np.zeros(3), 2.0)
