"""Planted feet on a plate: where they press, and where the lowest markers of their soles are."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.inverse_dynamics.observations import GroundWrench, Observations
from aqbio.inverse_dynamics.stances import planted_contacts, planted_feet
from aqbio.multibody.motion import Motion
from tests.inverse_dynamics.test_consistency import GROUPS

TIME = np.arange(181) / 200.0
CONTACTS = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, 0.8]])
LEFT = np.array([True, False, True, False])
PRESSED = np.array([[0.2, 0.1, 0.3], [1.1, 0.1, 0.5], [2.0, 0.1, 0.2], [3.2, 0.1, 0.6]])
"""Centres of pressure in the middle of each contact, on plates at a height of 0.1 m."""
HEIGHTS = (0.16, 0.12, 0.19, 0.13, 0.14, 0.17)
"""Of the six markers of a foot; that of a forearm is lower than all of them."""
OFFSETS = np.stack([0.02 * np.arange(6), np.array(HEIGHTS) - 0.1, np.zeros(6)], axis=1)
LOWEST = np.argsort(HEIGHTS)[:3]
FOREFOOT = OFFSETS[LOWEST].mean(axis=0)


@pytest.fixture
def legs(runner):
    """A stick runner whose feet are soft tissue of their own."""
    bodies = runner.bodies
    tissue = tuple("foot" if name.startswith("foot") else "other" for name in bodies)
    return SimpleNamespace(
        skeleton=runner, tissue=tissue, members=lambda leg: np.isin(bodies, GROUPS[leg])
    )


def standing(legs, loads=(1000.0, 900.0, 800.0, 700.0)) -> Observations:
    """Half sines of force; pressure and markers roll over the middle, and rise on both sides."""
    index = np.concatenate(
        [np.tile(np.flatnonzero(legs.skeleton.marker_body == legs.skeleton.bodies.index(name)), 2)
         for name in ("foot_l", "forearm_l", "foot_r")]
    )  # fmt: skip
    force, moment = np.zeros((2, len(TIME), 3))
    markers = np.full((len(TIME), len(index), 3), 5.0)
    for number, (start, end) in enumerate(CONTACTS):
        at = TIME - 0.5 * (start + end)
        inside = np.abs(at) <= 0.0501
        upward = np.where(inside, loads[number] * np.cos(np.pi * at / 0.1), 0.0)
        push = upward[:, None] * [0.1, 1.0, -0.05]
        pressure = PRESSED[number] + at[:, None] * [1.0, 0.0, 0.3]
        force += push
        moment += np.cross(pressure, push) + upward[:, None] * [0.0, 0.02, 0.0]
        near = np.abs(at) < 0.099
        foot_markers = slice(0, 6) if LEFT[number] else slice(12, 18)
        rolling = np.stack([2.0 * at, 20.0 * at**2, 0.0 * at], axis=1)[near, None]
        markers[near, foot_markers] = PRESSED[number] + OFFSETS + rolling
        markers[near, 6:12] = PRESSED[number] - [0.0, 0.09, 0.0]
    q = np.zeros((len(TIME), len(legs.skeleton.coordinates)))
    everywhere = np.ones(len(TIME), dtype=bool)
    return Observations(
        TIME, index, markers, GroundWrench(TIME, force, moment), everywhere, q, Motion(q, q, q),
        contacts=CONTACTS, left=LEFT, surface_height=0.1,
    )  # fmt: skip


def expect(planted, contacts, groups):
    points, markers, numbers = planted[:3]
    np.testing.assert_allclose(points[:, [0, 2]], PRESSED[contacts][:, [0, 2]], atol=2e-4)
    np.testing.assert_allclose(points[:, 1], 0.1)
    np.testing.assert_allclose(markers, PRESSED[contacts] + FOREFOOT, atol=2e-4)
    assert numbers.tolist() == groups


def test_feet_press_where_they_are_planted(legs):
    """On the load-weighted mean, without distant frames; trials and feet are counted separately."""
    observations = standing(legs)
    expect(planted_feet(legs, [observations]), [0, 2, 1, 3], [0, 0, 1, 1])
    expect(
        planted_feet(legs, [observations, observations])[:3],
        [0, 2, 1, 3] * 2,
        [0, 0, 1, 1, 2, 2, 3, 3],
    )
    for side, frames, lowest in planted_contacts(legs, observations):
        assert set(lowest) == {12 * side + marker for marker in LOWEST}
        [contact] = [candidate for candidate in np.flatnonzero((side == 0) == LEFT)
                     if frames[round(CONTACTS[candidate].mean() * 200)]]  # fmt: skip
        at = TIME - CONTACTS[contact].mean()  # cos(60°) is one half
        np.testing.assert_array_equal(frames, np.abs(at) < 0.0333)


@pytest.mark.parametrize("number", range(4))
def test_feet_that_are_not_known_to_stand_alone_are_left_out(legs, number):
    """A frame of a contact that is not measured, both feet at once, a foot that is in the air."""
    observations, order = standing(legs), [0, 2, 1, 3]
    left = [contact for contact in order if contact != number]
    groups = [int(not LEFT[contact]) for contact in left]
    measured = observations.measured.copy()
    measured[round(200 * CONTACTS[number, 0]) + 1] = False
    expect(planted_feet(legs, [replace(observations, measured=measured)]), left, groups)
    lifted = observations.markers.copy()
    near = np.abs(TIME - CONTACTS[number].mean()) < 0.06
    lifted[near, :, 1] += 0.2
    planted = planted_feet(legs, [replace(observations, markers=lifted)])
    expect(planted, left, groups)
    overlapping = CONTACTS.copy()
    overlapping[number, 1] += 0.09 if number == 3 else 0.11  # into the next one, if there is one
    touched = [contact for contact in order if number == 3 or contact not in (number, number + 1)]
    planted = planted_feet(legs, [replace(observations, contacts=overlapping)])
    expect(planted, touched, [int(not LEFT[contact]) for contact in touched])


def test_without_its_lowest_markers_a_foot_is_seen_by_the_others(legs):
    """A marker that is hidden in any planted frame is not used in any contact of its foot."""
    observations = standing(legs)
    markers = observations.markers.copy()
    markers[110, LOWEST[0]] = np.nan  # of the left foot's second contact
    points, forefeet, groups, _ = planted_feet(legs, [replace(observations, markers=markers)])
    order = np.argsort(HEIGHTS)
    mean = np.mean(np.array(HEIGHTS)[order[1:4]])
    np.testing.assert_allclose(forefeet[:2, 1], mean, atol=2e-4)
    np.testing.assert_allclose(
        forefeet[:2, 0], PRESSED[[0, 2], 0] + 0.02 * order[1:4].mean(), atol=2e-4
    )
    np.testing.assert_allclose(forefeet[2:], PRESSED[[1, 3]] + FOREFOOT, atol=2e-4)
    assert groups.tolist() == [0, 0, 1, 1]
    assert len(points) == 4
