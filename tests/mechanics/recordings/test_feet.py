"""Which foot is on which plate."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.recordings.contacts import (
    LEFT,
    NO_FOOT,
    RIGHT,
    PlateContact,
    assigned_contacts,
    edge_distance,
    foot_distance,
    plate_owner,
)

FRAMES = 40
ASIDE = np.array([0.0, 0.0, 0.2])
HEEL, TOE = np.array([-0.1, 0.04, 0.0]), np.array([0.12, 0.03, 0.0])


def standing_at(place):
    """Give heel and toe of a foot that stands at a place in every frame."""
    return np.broadcast_to(np.array([HEEL, TOE]) + place, (FRAMES, 2, 3))


def swinging_from(place, speed=8.0):
    """Give heel and toe of a foot that swings by, 0.3 m high."""
    time = (np.arange(FRAMES) - FRAMES / 2)[:, None] / 250.0
    return standing_at(place) + (time * [speed, 0.0, 0.0] + [0.0, 0.3, 0.0])[:, None]


def on_one_plate(left, right, cop):
    """Assign a contact of all frames on one plate; force samples are frames."""
    feet = np.stack((left, right), axis=1)
    vertical = np.full((FRAMES, 1), 1500.0)
    places = np.broadcast_to(np.asarray(cop, dtype=float), (FRAMES, 3))[:, None]
    [contact] = assigned_contacts([(0, 0, FRAMES)], vertical, places, feet, np.arange(FRAMES))
    return contact


def test_distance_is_to_the_line_between_heel_and_toe():
    feet = np.array([[[HEEL, TOE], [HEEL + ASIDE, TOE + ASIDE]]])
    distance = foot_distance(feet, np.array([[0.01, 0.035, 0.05]]))
    # 0.05 beside the left foot's line and 0.15 beside the right one's; the line is tilted by 1/22
    np.testing.assert_allclose(distance, [[0.05, 0.15]], atol=1e-4)


def test_distance_with_a_missing_heel_is_to_the_toe():
    feet = np.array([[[HEEL, TOE]]])
    feet[0, 0, 0] = np.nan
    np.testing.assert_allclose(foot_distance(feet, TOE[None] + [0, 0, 0.1]), [[0.1]])
    assert np.isnan(foot_distance(np.full_like(feet, np.nan), TOE[None])).all()


@pytest.mark.parametrize("foot", [LEFT, RIGHT])
def test_foot_on_the_plate_is_chosen_though_the_other_swings_over_it(foot):
    place = np.array([1.0, 0.0, 0.1])
    feet = [standing_at(place), swinging_from(place)]
    contact = on_one_plate(*(feet if foot == LEFT else feet[::-1]), place)
    assert contact.foot == foot
    assert contact.distance < 0.05
    assert contact.margin > 0.2
    assert not contact.shared


def test_plate_shared_by_both_feet_is_noticed():
    """Walking: the right foot takes over from the left one on the same plate."""
    left, right = standing_at([0.0, 0.0, -0.1]), standing_at([0.5, 0.0, 0.1])
    moving = np.linspace([0.0, 0.0, -0.1], [0.5, 0.0, 0.1], FRAMES)
    assert on_one_plate(left, right, moving).shared
    assert not on_one_plate(left, right, np.broadcast_to(moving[0], (FRAMES, 3))).shared


def contact(plate, start, stop, foot):
    return PlateContact(plate, start, stop, 1000.0, foot, 0.02, 0.3, shared=False)


def test_plate_changes_hands_in_the_middle_of_the_flight():
    """One belt for both feet."""
    given = [contact(0, 100, 200, LEFT), contact(0, 260, 360, RIGHT)]
    owner = plate_owner(given, 500, 1, margin=150)[:, 0]
    np.testing.assert_array_equal(np.flatnonzero(np.diff(owner)) + 1, [230])
    assert owner[0] == LEFT
    assert owner[-1] == RIGHT


def test_plate_belongs_to_nobody_far_from_a_contact():
    owner = plate_owner([contact(1, 300, 400, RIGHT)], 1000, 2, margin=50)
    assert np.all(owner[:, 0] == NO_FOOT)
    np.testing.assert_array_equal(np.flatnonzero(owner[:, 1] == RIGHT), np.arange(250, 450))


SQUARE = np.array([[0.0, 0, 0], [0.6, 0, 0], [0.6, 0, 0.9], [0.0, 0, 0.9]])


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 1, 0, 3], [3, 0, 1, 2]])
def test_edge_distance_does_not_depend_on_the_order_of_the_corners(order):
    points = np.array([[0.1, 0, 0.45], [0.58, 0, 0.1], [0.7, 0, 0.2]])
    found = edge_distance(points, SQUARE[order][None], np.array([True]), 0.02)
    np.testing.assert_allclose(found, [0.1, 0.02, -0.1], atol=1e-12)


def test_row_of_plates_has_no_inner_edges():
    row = np.stack([SQUARE + np.array([0.602 * k, 0, 0]) for k in range(3)])
    seam = np.array([[0.601, 0, 0.3]])
    loaded = np.array([True, True, False])
    assert edge_distance(seam, row, loaded, 0.02)[0] == pytest.approx(0.3)
    outer = np.array([[1.19, 0, 0.3]])
    assert edge_distance(outer, row, loaded, 0.02)[0] == pytest.approx(0.012)
