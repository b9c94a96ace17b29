"""Angles of one pose: which joints have two sets of them, the nearest set, and paths without jumps.

Held by poses of the engine alone: two sets of angles are equal where every segment is where it was.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.multibody.motion import (
    alternative_angles,
    continuous,
    nearest_angles,
    periodic,
    triples,
    without_turns,
)
from aqbio.multibody.poses import dependent_filled, segment_poses
from aqbio.multibody.skeleton import Couplers, JointAxes, line, piecewise_linear, polynomial, stack
from tests.skeletons import make_skeleton

FRAME = Rotation.from_rotvec([0.4, -0.9, 0.3]).as_matrix()
MIRROR = np.diag([1.0, 1.0, -1.0])
LEANING = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
TURNS = [line(1.0, 0.3), line(-1.0, 0.7), line(-1.0, -0.2)]
"""Of either sense, from a zero that is not the axis's own."""

JOINTS = {
    "perpendicular": {},
    "mirrored axes": {"directions": FRAME @ MIRROR},
    "leaning axes": {"directions": FRAME @ LEANING.T},
    "a middle turn from another origin": {
        "functions": [
            *TURNS[:1],
            piecewise_linear(np.array([0.5, 2.0]), np.array([0.3, -1.2])),
            TURNS[2],
        ]
    },
    "geared first": {"functions": [line(0.5), *TURNS[1:]]},
    "geared middle": {"functions": [TURNS[0], line(-0.5, 0.1), TURNS[2]]},
    "a curve": {"functions": [TURNS[0], polynomial([0.1, 1.0, 0.2]), TURNS[2]]},
    "two lines": {
        "functions": [
            *TURNS[:2],
            piecewise_linear(np.array([-9.0, 0.2, 9.0]), np.array([-9.0, 0.2, 18.0])),
        ]
    },
    "a knee that turns with it": {"knee": 2},
    "a knee that is coupled to it": {"coupled": True},
}


def jointed(directions=FRAME, functions=TURNS, knee=3, *, coupled=False):
    """A root that turns by q0, q2, q1 and shifts by q4, and a knee of q3 (or of another) on it."""
    axes = JointAxes(
        np.array([0, 0, 0, 0, 1]),
        np.array([True, True, True, False, True]),
        np.vstack([np.asarray(directions).T, [0.0, 1.0, 0.0], [0.0, 0.6, 0.8]]),
        np.array([0, 2, 1, 4, knee]),
        stack([*functions, line(1.0), line(1.0)]),
        np.zeros((5, 5), dtype=bool),
    )
    names = tuple(f"q{n}" for n in range(5))
    law = [polynomial([0.2, 0.7])] if coupled else []
    couplers = Couplers(
        np.array([3] * coupled, dtype=np.int64), np.array([2] * coupled, dtype=np.int64), stack(law)
    )
    sizes = {"coordinate_range": np.tile([-np.pi, np.pi], (5, 1)),
             "coordinate_default": np.zeros(5), "coordinate_locked": np.zeros(5, dtype=bool),
             "coordinate_is_rotation": np.arange(5) != 4,
             "coordinate_clamped": np.zeros(5, dtype=bool)}  # fmt: skip
    offsets = {"parent_position": np.array([[0.0, 0.0, 0.0], [0.1, -0.4, 0.2]])}
    return make_skeleton([-1, 0], axes, coordinates=names, couplers=couplers, **sizes, **offsets)


def same_pose(skeleton, q_first, q_second):
    """True in frames in which all segments have the same position and orientation."""
    first, second = (
        segment_poses(skeleton, dependent_filled(skeleton, q)) for q in (q_first, q_second)
    )
    deviation = np.abs(first.rotation - second.rotation).max(axis=(1, 2, 3))
    return np.maximum(deviation, np.abs(first.origin - second.origin).max(axis=(1, 2))) < 1e-9


@pytest.mark.parametrize("name", JOINTS)
def test_alternative_angles_and_full_turns_keep_the_pose(name):
    """A joint's second set of angles, and a full turn of each coordinate."""
    skeleton = jointed(**JOINTS[name])
    q = np.random.default_rng(1).uniform(-1.0, 1.0, (20, 5))
    q = dependent_filled(skeleton, q)
    alternative = q.copy()
    alternative[:, [0, 2, 1]] = alternative_angles(skeleton, q, (0, 2, 1))
    unmoved = same_pose(skeleton, q, alternative)
    assert unmoved.all() == unmoved.any() == (triples(skeleton) == [(0, 2, 1)])
    assert unmoved.all() or triples(skeleton) == []
    is_periodic = periodic(skeleton)
    for coordinate in skeleton.free:
        if not np.isin(coordinate, skeleton.driver):
            continue
        turned = q.copy()
        turned[:, coordinate] += 2.0 * np.pi
        assert same_pose(skeleton, q, turned).all() == is_periodic[coordinate], coordinate


def scrambled(skeleton, q, seed):
    """The same poses, in either set of angles and with full turns, frame by frame at random."""
    random, mixed = np.random.default_rng(seed), q.copy()
    flipped = random.random(len(q)) < 0.5
    [triple] = triples(skeleton)
    mixed[np.ix_(flipped, triple)] = alternative_angles(skeleton, q[flipped], triple)
    mixed[:, :4] += 2.0 * np.pi * random.integers(-1, 2, (len(q), 4))
    assert same_pose(skeleton, q, mixed).all()
    return mixed


@pytest.mark.parametrize(
    "name", ["perpendicular", "mirrored axes", "a middle turn from another origin"]
)
@pytest.mark.parametrize("middle", np.linspace(-3.0, 3.0, 13))
def test_a_path_comes_back_from_any_set_of_angles_of_its_frames(name, middle):
    """Its first angles nearest to a pose, wherever that is; of a knee that spins, all of them."""
    seed = int(10.0 * abs(middle))
    skeleton, random = jointed(**JOINTS[name]), np.random.default_rng(seed)
    rate, phase = random.uniform(1.0, 4.0, 5), random.uniform(0.0, 6.0, 5)
    time = np.linspace(0.0, 2.0, 31)[:, None]
    q = [1.6, -1.6, middle, 0.5, 0.0] + 0.3 * np.sin(rate * time + phase)
    pose = q[0] + random.uniform(-0.2, 0.2, 5)
    mixed = scrambled(skeleton, q, seed)
    np.testing.assert_allclose(continuous(skeleton, mixed, pose), q, rtol=0, atol=1e-9)
    assert continuous(skeleton, mixed[:0], pose).shape == (0, 5)
    q[:, 3] = pose[3] + 4.0 * time[:, 0] - 4.0  # the knee spins on
    mixed = scrambled(skeleton, q, seed)
    np.testing.assert_allclose(continuous(skeleton, mixed, pose)[:, 3], q[:, 3], atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_nearest_angles_are_the_nearest_of_all(seed):
    """Of both sets and of every full turn, one by one."""
    skeleton, random = jointed(), np.random.default_rng(seed)
    pose, q = random.uniform(-3.0, 3.0, 5), random.uniform(-3.0, 3.0, (12, 5))
    [triple] = triples(skeleton)
    nearest, columns = nearest_angles(skeleton, q, pose), [*triple, 3]
    alternative = q.copy()
    alternative[:, triple] = alternative_angles(skeleton, q, triple)
    turns = 2.0 * np.pi * np.array([*product((-2, -1, 0, 1, 2), repeat=4)])
    for frame in range(len(q)):
        candidates = np.concatenate([angles[frame, columns] + turns for angles in (q, alternative)])
        smallest = ((candidates - pose[columns]) ** 2).sum(axis=1).min()
        assert ((nearest[frame] - pose)[columns] ** 2).sum() == pytest.approx(smallest)
    np.testing.assert_array_equal(nearest[:, 4], q[:, 4])
    assert same_pose(skeleton, q, nearest).all()


def test_full_turns_are_removed_from_rotations_only():
    """Jumps between frames and full turns of a whole trial; a shift, and what has gaps, stay."""
    skeleton, time = jointed(), np.linspace(0.0, 1.0, 40)[:, None]
    q = 0.5 * np.sin(3.0 * time + np.arange(5))
    mixed = q + 2.0 * np.pi * np.array([3, 0, -1, 1, 2])
    mixed[20:, [0, 1]] -= 4.0 * np.pi
    mixed[5, 3] = np.nan
    expected = np.where(np.isin(np.arange(5), [3, 4]), mixed, q)
    unwound = without_turns(skeleton, mixed, np.full(5, 0.1))
    np.testing.assert_allclose(unwound, expected, rtol=0, atol=1e-12)
