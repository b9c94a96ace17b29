"""Level A by theorems: balance, invariance, the free moment and identities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aqbio.contributions.level_a import FREE_MOMENT_FORCE, free_moment, level_a
from aqbio.gait.steps import rotation_about_vertical
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import SegmentMotion
from tests.mirror import mirrored_axial, mirrored_polar

seeds = st.integers(0, 10_000)
GRAVITY = np.array([0.0, -9.80665, 0.0])
FRAMES, BODIES = 6, 4
ROUND_OFF = 1e-12  # of sums of some ten terms, relative to the largest of them


def _close(actual, expected, *terms):
    """Equal up to round-off relative to the largest term that entered."""
    size = max(np.abs(term).max() for term in (*terms, actual, expected))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=ROUND_OFF * size)


def _tensor(rotation, inertia):
    return rotation @ inertia @ np.swapaxes(rotation, -1, -2)


def _motion(seed) -> SegmentMotion:
    """Rigid bodies that move at random: every value of every frame on its own."""
    rng = np.random.default_rng(seed)
    shape = (FRAMES, BODIES, 3)
    half = rng.normal(size=(BODIES, 3, 3))
    rotation = Rotation.random(FRAMES * BODIES, random_state=seed).as_matrix()
    inertia = _tensor(rotation.reshape(FRAMES, BODIES, 3, 3), half @ np.swapaxes(half, 1, 2))
    omega, alpha = rng.normal(0, 10, shape), rng.normal(0, 100, shape)
    spin = np.einsum("tbij,tbj->tbi", inertia, omega)
    return SegmentMotion(
        segments=tuple(f"b{i}" for i in range(BODIES)),
        mass=rng.uniform(0.5, 30, BODIES),
        com=rng.normal(0, 1, shape),
        velocity=rng.normal(0, 8, shape),
        acceleration=rng.normal(0, 80, shape),
        spin=spin,
        spin_rate=np.einsum("tbij,tbj->tbi", inertia, alpha) + np.cross(omega, spin),
    )


def _loads(seed, *, moving_point=False) -> list[ExternalLoad]:
    """Two feet that push; one of them about a point that moves."""
    rng = np.random.default_rng(seed + 1)
    loads = []
    for foot in ("b0", "b1"):
        force = rng.normal(0, 300, (FRAMES, 3))
        force[:, 1] = rng.uniform(100, 3000, FRAMES)
        point = rng.normal(0, 2, (FRAMES, 3) if moving_point else 3)
        loads.append(ExternalLoad(foot, force, rng.normal(0, 200, (FRAMES, 3)), point))
    return loads


def _balance(motion, loads, gravity=GRAVITY):
    return level_a(motion, loads, gravity=gravity)


VECTORS = {
    "momentum": "axial",
    "rate": "axial",
    "moment_of_force": "axial",
    "free_moment": "axial",
    "residual_moment": "axial",
    "com": "polar",
    "com_velocity": "polar",
    "com_acceleration": "polar",
    "force": "polar",
    "residual_force": "polar",
}


@given(seed=seeds, height=st.floats(-0.3, 0.3))
def test_free_moment_recovers_a_known_wrench(seed, height):
    """A force at a known place and a known vertical moment, given about any point."""
    rng = np.random.default_rng(seed)
    place = rng.normal(0, 3, (FRAMES, 3))
    place[:, 1] = height
    force = rng.normal(0, 300, (FRAMES, 3))
    force[:, 1] = rng.uniform(FREE_MOMENT_FORCE + 1, 3000, FRAMES)
    known = np.zeros((FRAMES, 3))
    known[:, 1] = rng.normal(0, 20, FRAMES)
    point = rng.normal(0, 2, 3)
    moment = known + np.cross(place - point, force)
    found = free_moment(ExternalLoad("foot", force, moment, point), height)
    # the centre of pressure is a quotient by the vertical force, multiplied by the horizontal one
    amplified = np.abs(moment).max() * (1 + np.abs(force / force[:, 1:2]).max())
    np.testing.assert_allclose(found, known, rtol=0, atol=1e-12 * amplified)


def _about_another_point(motion, loads, seed):
    """The same wrench about another point gives the same balance."""
    point = np.random.default_rng(seed).normal(0, 2, (FRAMES, 3))
    moved = [
        replace(load, moment=load.moment + np.cross(load.point - point, load.force), point=point)
        for load in loads
    ]
    return motion, moved, {}


def _seen_by_a_moving_observer(motion, loads, seed):
    """Galilean invariance: a treadmill and a runway give the same momenta and moments."""
    rng = np.random.default_rng(seed)
    travel = rng.normal(0, 10, (FRAMES, 1, 3)) * [1, 0, 1]  # along the ground, other each frame
    velocity = rng.normal(0, 10, 3)
    seen = replace(motion, com=motion.com + travel, velocity=motion.velocity + velocity)
    carried = [replace(load, point=load.point + travel[:, 0]) for load in loads]
    return seen, carried, {"com": travel[:, 0], "com_velocity": velocity}


def _mapped(polar, axial, motion, loads):
    moved = replace(
        motion,
        **{name: polar(getattr(motion, name)) for name in ("com", "velocity", "acceleration")},
        **{name: axial(getattr(motion, name)) for name in ("spin", "spin_rate")},
    )
    pushed = [
        ExternalLoad(load.body, polar(load.force), axial(load.moment), polar(load.point))
        for load in loads
    ]
    return moved, pushed


@pytest.mark.parametrize("change", [_about_another_point, _seen_by_a_moving_observer])
@given(seed=seeds)
def test_what_changes_nothing(change, seed):
    """Beside where the centre of mass is, and how fast; arms are longer, and differ less."""
    motion, loads = _motion(seed), _loads(seed)
    moved, pushed, added = change(motion, loads, seed)
    ours, theirs = _balance(motion, loads), _balance(moved, pushed)
    largest = 30 * np.abs(ours.rate).max(), 30 * np.abs(ours.momentum).max()
    for name in VECTORS:
        terms = [np.array(one) for one in largest] + [load.moment for load in pushed]
        _close(getattr(theirs, name), getattr(ours, name) + added.get(name, 0.0), *terms)


@pytest.mark.parametrize("turn", [None, -2.3, 0.4])
@given(seed=seeds)
def test_mirrored_and_turned_worlds_give_mirrored_and_turned_results(turn, seed):
    """About the vertical, because gravity and the ground stay where they are."""
    polar, axial = mirrored_polar, mirrored_axial
    if turn is not None:
        polar = axial = lambda vectors: vectors @ rotation_about_vertical(turn).T
    motion, loads = _motion(seed), _loads(seed)
    before, after = _balance(motion, loads), _balance(*_mapped(polar, axial, motion, loads))
    for name, kind in VECTORS.items():
        expected = (axial if kind == "axial" else polar)(getattr(before, name))
        _close(getattr(after, name), expected, before.rate if kind == "axial" else expected)
