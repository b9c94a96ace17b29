"""What landmarks determine of the body: closed form, the kernel of poses, and clusters alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.mechanics.multibody.functions import stack
from aqbio.mechanics.multibody.kinematics import marker_positions
from aqbio.mechanics.multibody.skeleton import Couplers, JointAxes, Skeleton
from aqbio.mechanics.observed.determined import (
    MARKER_SD,
    coordinate_covariance,
    determined,
    mass_displacement,
    range_sd,
)
from aqbio.mechanics.observed.placed import SIZE_SD, body_displacement


def test_the_size_of_one_segment_that_cannot_move():
    """``δs √(|c|² + tr I / 2m)``, and a landmark at p adds (|p| / noise)² to what is known of s."""
    fixed = Skeleton(
        bodies=("b",), joints=("weld",), coordinates=(), markers=("m",),
        parent=np.array([-1]), parent_rotation=np.eye(3)[None], parent_position=np.zeros((1, 3)),
        child_rotation=np.eye(3)[None], child_position=np.zeros((1, 3)),
        axes=JointAxes(
            np.zeros(0, np.int64), np.zeros(0, bool), np.zeros((0, 3)), np.zeros(0, np.int64),
            stack([]), np.zeros((0, 0), bool),
        ),
        couplers=Couplers(np.zeros(0, np.int64), np.zeros(0, np.int64), stack([])),
        mass=np.array([2.0]), com=np.array([[0.1, -0.2, 0.0]]),
        inertia=np.diag([0.03, 0.02, 0.04])[None], gravity=np.zeros(3),
        marker_body=np.array([0]), marker_position=np.array([[0.0, -0.3, 0.4]]),
        coordinate_range=np.zeros((0, 2)), coordinate_default=np.zeros(0),
        coordinate_is_rotation=np.zeros(0, bool), coordinate_locked=np.zeros(0, bool),
        coordinate_clamped=np.zeros(0, bool),
    )  # fmt: skip
    radius = np.sqrt(0.05 + 0.09 / 4.0)
    for landmarks, sd in (
        ([], SIZE_SD),
        ([0], (0.25 / MARKER_SD**2 + SIZE_SD**-2) ** -0.5),
    ):
        moved = body_displacement(fixed, np.zeros(0), np.array(landmarks, dtype=int))
        np.testing.assert_allclose(moved, [sd * radius], rtol=1e-12)


def test_of_known_sizes_it_is_the_kernel_of_poses(runner, running):
    """The same posterior by another way: dense columns and point masses."""
    rng = np.random.default_rng(2)
    chosen = np.sort(rng.choice(len(runner.markers), 12, replace=False))
    moved = body_displacement(runner, running[30], chosen, size_sd=0.0)
    covariance = coordinate_covariance(
        runner, running[30:31], chosen, np.ones((1, 12), dtype=bool), range_sd(runner)
    )
    expected = mass_displacement(runner, running[30:31], covariance)[0]
    np.testing.assert_allclose(moved, expected, rtol=1e-8)


def test_sizes_move_markers_as_is_said(runner, running):
    """Of a segment that grows, by differences: markers on it and on all that hangs on it."""
    from aqbio.mechanics.multibody.poses import segment_poses
    from aqbio.mechanics.observed.placed import _moves

    step, body = 1e-6, runner.bodies.index("thigh_r")
    grown = np.where(np.arange(len(runner.bodies)) == body, 1.0 + step, 1.0)[:, None]
    bigger = replace(
        runner,
        marker_position=runner.marker_position * grown[runner.marker_body],
        parent_position=runner.parent_position
        * np.where(runner.parent[:, None] >= 0, grown[runner.parent], 1.0),
    )
    q = running[30:31]
    differences = (marker_positions(bigger, q) - marker_positions(runner, q))[0] / step
    poses = segment_poses(runner, q)
    moves = _moves(runner, poses, runner.marker_body, runner.marker_position)
    column = moves[:, :, len(runner.coordinates) + body]
    np.testing.assert_allclose(column, differences, atol=1e-8)


@pytest.fixture(scope="module")
def slim(runner):
    """The fixture's random inertia is that of barrels, not of limbs."""
    return replace(runner, inertia=runner.inertia * 0.02)


@pytest.mark.parametrize(
    ("clusters", "lost"),
    [
        ([], set()),
        (["thigh_r"], set()),
        (["thigh_r", "shank_r"], {"thigh_r", "shank_r"}),
        (["forearm_l"], {"forearm_l"}),
    ],
)
def test_a_leg_whose_only_landmarks_are_the_foots_is_lost(slim, running, clusters, lost):
    """Given the body, foot and pelvis fix the knee; the body's sizes they do not."""
    straightest = np.argmax(running[:, slim.coordinates.index("shank_r_z")])
    body = np.array(slim.bodies)[slim.marker_body]
    landmarks = np.flatnonzero(~np.isin(body, clusters))
    moved = body_displacement(slim, running[straightest], landmarks)
    known = determined(slim, moved[None])[0]
    assert {name for name, ok in zip(slim.bodies, known, strict=True) if not ok} == lost
