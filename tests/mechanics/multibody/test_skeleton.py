"""A skeleton refuses what is not a tree, and knows what hangs on what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.functions import line
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.skeleton import FIXED, Couplers


def test_lineage_follows_parents(random_tree):
    skeleton = random_tree(3, 8)
    for body in range(8):
        line_up, at = set(), body
        while at >= 0:
            line_up.add(at)
            at = skeleton.parent[at]
        assert set(np.flatnonzero(skeleton.lineage[body])) == line_up


def test_frames_may_be_of_bodies_of_their_own(random_tree, random_motion, monkeypatch):
    """Masses of one body after another, also where the frames are worked on in pieces."""
    skeleton = random_tree(5, 6)
    heavy = replace(skeleton, mass=2.0 * skeleton.mass, com=skeleton.com + 0.1)
    motion = random_motion(skeleton, 4, 5)
    moves = segment_kinematics(skeleton, *(np.concatenate([one, one]) for one in motion))
    both = skeleton.with_inertia_of([skeleton, heavy], 4)
    expected = [
        inverse_dynamics(one, segment_kinematics(skeleton, *motion)) for one in (skeleton, heavy)
    ]
    for size in (100, 3):
        monkeypatch.setattr("aqbio.multibody.poses.CHUNK", size)
        found = inverse_dynamics(both, moves)
        limit = 1e-12 * np.abs(expected[1]).max()
        np.testing.assert_allclose(found, np.concatenate(expected), rtol=0, atol=limit)
    with pytest.raises(ValueError, match="com has shape"):
        replace(both, com=skeleton.com)


def test_free_coordinates_are_neither_locked_nor_coupled(random_tree):
    skeleton = random_tree(0, 8)
    assert len(skeleton.couplers.dependent) == 1
    locked = np.zeros(len(skeleton.coordinates), dtype=bool)
    locked[2] = True
    free = replace(skeleton, coordinate_locked=locked).free
    expected = set(range(len(locked))) - {2, int(skeleton.couplers.dependent[0])}
    assert set(free) == expected
    assert not locked[[0, 1]].any(), "the flags of the skeleton itself stay as they are"
    assert locked[2]


def test_driver_is_the_independent_coordinate(random_tree):
    skeleton = random_tree(0, 8)
    dependent = skeleton.couplers.dependent[0]
    through = skeleton.axes.coordinate == dependent
    assert through.any()
    assert (skeleton.driver[through] == skeleton.couplers.independent[0]).all()
    assert (skeleton.driver[~through] == skeleton.axes.coordinate[~through]).all()


def test_constant_axes_have_no_driver(three_turns):
    axes = replace(three_turns.axes, coordinate=np.array([0, FIXED, 0]))
    np.testing.assert_array_equal(replace(three_turns, axes=axes).driver, [0, FIXED, 0])


def test_axes_of_bodies_are_split_by_kind(random_tree):
    skeleton = random_tree(4, 8)
    listed = []
    for body in range(8):
        for axes, turns in ((skeleton.rotations, True), (skeleton.translations, False)):
            own = list(axes[body])
            assert (skeleton.axes.body[own] == body).all()
            assert (skeleton.axes.is_rotation[own] == turns).all()
            listed += own
    assert listed == list(range(len(skeleton.axes)))


def test_axes_carry_those_behind_them(random_tree):
    """Of one joint: shifts carry turns, turns those behind them; ancestors carry everything."""
    skeleton = random_tree(4, 8)
    order = {}
    for body in range(8):
        own = [*skeleton.translations[body], *skeleton.rotations[body]]
        order |= {axis: (body, place) for place, axis in enumerate(own)}
    for a, (body_a, place_a) in order.items():
        for b, (body_b, place_b) in order.items():
            if body_a == body_b:
                assert skeleton.precedes[a, b] == (place_a < place_b)
            else:
                assert skeleton.precedes[a, b] == skeleton.lineage[body_b, body_a]


def test_parallel_frames(random_tree, three_turns):
    assert not random_tree(4, 8).parallel.any()
    assert three_turns.parallel.all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parent": np.array([-1, 1, 0])}, "before its parent"),
        ({"parent": np.array([-2, 0, 0])}, "before its parent"),
        ({"bodies": ("a", "b", "a")}, "bodies have names in common"),
        ({"mass": np.ones(2)}, r"mass has shape \(2,\), expected \(3,\)"),
        ({"marker_body": np.full(9, 3)}, r"marker_body holds an index outside 0..2"),
    ],
)
def test_nonsense_is_refused(random_tree, change, message):
    with pytest.raises(ValueError, match=message):
        replace(random_tree(1, 3), **change)


def test_axes_that_point_nowhere_are_refused(three_turns):
    with pytest.raises(ValueError, match="unit vectors"):
        replace(three_turns.axes, direction=2.0 * np.eye(3))
    with pytest.raises(ValueError, match="follows a translation"):
        replace(three_turns.axes, is_rotation=np.array([True, False, True]))


@pytest.mark.parametrize(
    ("dependent", "independent", "message"),
    [([1, 1], [0, 2], "more than one other"), ([1, 2], [0, 1], "itself dependent")],
)
def test_couplers_in_a_row_are_refused(dependent, independent, message):
    table = line(1.0)
    two = type(table)(*(np.repeat(a, 2, axis=0) for a in vars(table).values()))
    with pytest.raises(ValueError, match=message):
        Couplers(np.array(dependent), np.array(independent), two)
