"""Motions: couplers by the chain rule, and the work of generalised forces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import (
    Motion,
    TrackedMarkers,
    flipped,
    folded_forces,
    near,
    spline_motion,
    triples,
)
from aqbio.multibody.poses import dependent_filled
from aqbio.signals import quintic_spline


def test_a_flip_keeps_the_pose(runner, running):
    expected = marker_positions(runner, running)
    for triple in triples(runner):
        other = running.copy()
        other[:, list(triple)] = flipped(runner, running, triple)
        np.testing.assert_allclose(marker_positions(runner, other), expected, atol=1e-12)
        np.testing.assert_allclose(
            np.cos(flipped(runner, other, triple) - running[:, list(triple)]), 1.0
        )


def test_near_undoes_turns_and_flips(runner, running):
    odd = running.copy()
    for triple in triples(runner)[::2]:
        odd[:, list(triple)] = flipped(runner, running, triple)
    odd[:, 5:] += 2 * np.pi * np.where(runner.coordinate_is_rotation[5:], 3, 0)
    for frame in (0, 40):
        said = near(runner, odd[[frame]], running[frame])
        np.testing.assert_allclose(said[0], running[frame], atol=1e-12)


seeds = st.integers(0, 10_000)
TIME = np.arange(40) / 250.0


def _coupled(random_tree, seed):
    """A random tree that has a coupler."""
    for number in range(seed, seed + 100):
        skeleton = random_tree(number, 5)
        if len(skeleton.couplers.dependent):
            return skeleton
    raise AssertionError("no tree with a coupler")


def _coordinates(skeleton, seed):
    """Smooth curves with a coordinate each; the dependent ones hold nonsense on purpose."""
    rng = np.random.default_rng(seed)
    count = len(skeleton.coordinates)
    rate, phase = rng.uniform(2, 20, count), rng.uniform(0, 6, count)
    q = np.sin(rate * TIME[:, None] + phase)
    q[:, skeleton.couplers.dependent] = 99.0
    return q


@given(seed=seeds)
def test_free_coordinates_follow_one_spline(random_tree, seed):
    skeleton = random_tree(seed, 4)
    q = _coordinates(skeleton, seed)
    motion = spline_motion(skeleton, TIME, q)
    spline = quintic_spline(TIME, q)
    free = skeleton.free
    np.testing.assert_array_equal(motion.q[:, free], q[:, free])
    np.testing.assert_array_equal(motion.u[:, free], spline.derivative(1)(TIME)[:, free])
    np.testing.assert_array_equal(motion.udot[:, free], spline.derivative(2)(TIME)[:, free])


@given(seed=seeds)
def test_dependent_coordinates_obey_their_coupler_and_its_chain_rule(random_tree, seed):
    """Against five-point differences of the coupler along the spline, error of order step⁴."""
    skeleton = _coupled(random_tree, seed)
    q = _coordinates(skeleton, seed)
    motion = spline_motion(skeleton, TIME, q)
    dependent = skeleton.couplers.dependent
    spline = quintic_spline(TIME, q)
    np.testing.assert_array_equal(motion.q, dependent_filled(skeleton, q))

    step = 1e-4
    around = [
        dependent_filled(skeleton, spline(TIME + shift * step))[:, dependent]
        for shift in range(-2, 3)
    ]
    first = (around[0] - 8 * around[1] + 8 * around[3] - around[4]) / (12 * step)
    second = (-around[0] + 16 * around[1] - 30 * around[2] + 16 * around[3] - around[4]) / (
        12 * step**2
    )
    # round-off of the differences: 1e-16 / step and 1e-16 / step², times the size of the values
    size = 1 + np.abs(around).max() + np.abs(second).max()
    np.testing.assert_allclose(motion.u[:, dependent], first, atol=1e-9 * size)
    np.testing.assert_allclose(motion.udot[:, dependent], second, atol=1e-5 * size)


@given(seed=seeds)
def test_folded_forces_do_the_same_work(random_tree, seed):
    """Power of all generalised forces = power of the folded ones, for every coupled motion."""
    skeleton = _coupled(random_tree, seed)
    motion = spline_motion(skeleton, TIME, _coordinates(skeleton, seed))
    forces = np.random.default_rng(seed).normal(size=motion.q.shape)
    before = forces.copy()
    folded = folded_forces(skeleton, motion.q, forces)
    np.testing.assert_array_equal(forces, before)
    np.testing.assert_array_equal(folded[:, skeleton.couplers.dependent], 0.0)
    power, terms = (forces * motion.u).sum(axis=1), np.abs(forces * motion.u).sum(axis=1)
    np.testing.assert_allclose((folded * motion.u).sum(axis=1), power, atol=1e-13 * terms.max())


def test_arrays_that_do_not_fit_together_are_refused():
    time, weights = np.arange(4.0), np.ones(2)
    good = np.zeros((4, 2, 3))
    TrackedMarkers(time, ("A", "B"), good, weights)
    with pytest.raises(ValueError, match=r"positions have shape \(4, 3, 3\)"):
        TrackedMarkers(time, ("A", "B"), np.zeros((4, 3, 3)), weights)
    with pytest.raises(ValueError, match=r"weights have shape \(3,\)"):
        TrackedMarkers(time, ("A", "B"), good, np.ones(3))
    with pytest.raises(ValueError, match="q, u and udot have shapes"):
        Motion(np.zeros((4, 2)), np.zeros((4, 2)), np.zeros((4, 3)))
