"""The same pose said in other angles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.multibody.angles import (
    continuous,
    flipped,
    near,
    periodic,
    triples,
    without_turns,
)
from aqbio.multibody.functions import line, stack
from aqbio.multibody.kinematics import marker_positions


def test_the_runners_triples(runner):
    names = [tuple(runner.coordinates[c] for c in triple) for triple in triples(runner)]
    joints = ("pelvis", "torso", "thigh_r", "thigh_l", "arm_r", "arm_l")
    assert names == [tuple(f"{joint}_{letter}" for letter in "zxy") for joint in joints]


def test_only_angles_are_periodic(runner, three_turns, random_tree):
    np.testing.assert_array_equal(periodic(runner), runner.coordinate_is_rotation)
    assert not periodic(three_turns).any(), "a coordinate that also turns half as far is not"
    skeleton = random_tree(0, 8)
    coupled = [*skeleton.couplers.dependent, *skeleton.couplers.independent]
    assert not periodic(skeleton)[coupled].any()


def test_a_flip_keeps_the_pose(runner, running):
    expected = marker_positions(runner, running)
    for triple in triples(runner):
        other = running.copy()
        other[:, list(triple)] = flipped(runner, running, triple)
        np.testing.assert_allclose(marker_positions(runner, other), expected, atol=1e-12)
        np.testing.assert_allclose(
            np.cos(flipped(runner, other, triple) - running[:, list(triple)]), 1.0
        )


def test_a_flip_about_axes_with_slopes_and_offsets(runner, running):
    """A second angle that runs backwards from an offset."""
    functions = [line(1.0)] * len(runner.axes)
    functions[1] = line(-1.0, 0.3)
    other = replace(runner, axes=replace(runner.axes, functions=stack(functions)))
    q = running.copy()
    q[:, [0, 1, 2]] = flipped(other, running, (0, 1, 2))
    np.testing.assert_allclose(
        marker_positions(other, q), marker_positions(other, running), atol=1e-12
    )


def test_near_undoes_turns_and_flips(runner, running):
    odd = running.copy()
    for triple in triples(runner)[::2]:
        odd[:, list(triple)] = flipped(runner, running, triple)
    odd[:, 5:] += 2 * np.pi * np.where(runner.coordinate_is_rotation[5:], 3, 0)
    for frame in (0, 40):
        said = near(runner, odd[[frame]], running[frame])
        np.testing.assert_allclose(said[0], running[frame], atol=1e-12)


def test_continuous_undoes_them_in_any_frame(runner, running):
    rng = np.random.default_rng(5)
    odd = running.copy()
    for triple in triples(runner):
        some = rng.random(len(odd)) < 0.3
        odd[np.ix_(some, triple)] = flipped(runner, odd, triple)[some]
    turns = rng.integers(-2, 3, odd.shape) * runner.coordinate_is_rotation
    said = continuous(runner, odd + 2 * np.pi * turns, running[0])
    np.testing.assert_allclose(said, running, atol=1e-11)


def test_a_joint_that_ends_a_turn_away_is_said_near_the_pose(runner, running):
    """Where it passes the angles at which axes fall together: -374 degrees are said as -14."""
    first, *_ = triples(runner)
    odd = running.copy()
    way = np.clip(np.arange(len(odd)) / 10.0, 0.0, 1.0)
    odd[:, first[0]] += 2 * np.pi * way  # without a jump from frame to frame
    for said in (
        continuous(runner, odd, running[0]),
        without_turns(runner, odd, running[0]),
    ):
        np.testing.assert_allclose(said[10:, first[0]], running[10:, first[0]], atol=1e-11)
    odd[3, first[1]] = np.nan
    np.testing.assert_array_equal(
        without_turns(runner, odd, running[0])[:, first[1]], odd[:, first[1]]
    )


def test_a_single_frame_is_said_near_the_pose(runner, running):
    odd = running[:1] + 2 * np.pi * runner.coordinate_is_rotation
    np.testing.assert_allclose(continuous(runner, odd, running[0]), running[:1], atol=1e-12)
    assert continuous(runner, running[:0], running[0]).shape == (0, running.shape[1])
