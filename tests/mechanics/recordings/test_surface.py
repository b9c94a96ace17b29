"""Treadmill or overground."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.recordings.ground import belt_share, ground_velocity, low_frames, middle_of_contacts

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


@pytest.mark.parametrize(("higher", "stands"), [(0.029, True), (0.031, False)])
def test_a_foot_that_only_swings_does_not_stand(higher, stands):
    """The lowest frames of a swinging foot would say that the ground runs forward."""
    feet = forefeet(0.0)
    feet[:, 1, 1] = np.maximum(feet[:, 1, 1], 0.05 + higher)
    assert low_frames(feet).any(axis=0).tolist() == [True, stands]


@pytest.mark.parametrize(
    ("belt", "pelvis", "expected"),
    [(4.0, 0.0, 1.0), (0.0, 9.0, 0.0), (2.0, 2.0, 0.5), (1, -0.2, 1.25)],
)
@pytest.mark.parametrize("turn", [0.0, 1.0, 2.5])
def test_share_of_the_running_that_the_ground_does(belt, pelvis, expected, turn):
    """Whatever the direction; on a treadmill the runner may drift backward, too."""
    ahead = np.array([np.cos(turn), 0.0, np.sin(turn)])
    up = np.array([0.0, 0.3, 0.0])
    assert belt_share(-belt * ahead, pelvis * ahead + up) == pytest.approx(expected)


@pytest.mark.parametrize(("speed", "runs"), [(0.49, False), (0.51, True)])
def test_who_hardly_moves_does_not_run(speed, runs):
    assert np.isfinite(belt_share(np.zeros(3), np.array([speed, 0.0, 0.0]))) == runs
