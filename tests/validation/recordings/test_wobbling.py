"""Soft masses move; nothing outside the body notices."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.virtual.demo import GaitName
from aqbio.virtual.disturbances import Skin, tissue_motion
from aqbio.virtual.recording import Laboratory, RecordedRun, RunPlan, recorded_run
from validation.gaits.individual import individual_gait
from validation.recordings.springs import SOFT_SHARE, Wobbling, wobbling


@pytest.fixture(scope="module")
def run() -> RecordedRun:
    gait = individual_gait(GaitName("V02", "normal", 3)).gait
    return recorded_run(gait, RunPlan(first_contact=0), Laboratory())


@pytest.fixture(scope="module")
def tissue(run) -> np.ndarray:
    return 0.5 * tissue_motion(run.recording, Skin(), np.random.default_rng(2))[1]


@pytest.fixture(scope="module")
def soft(run, tissue) -> Wobbling:
    return wobbling(run, tissue)


def test_no_moment_comes_from_nowhere(soft):
    """The whole body's angular momentum changes by a constant: to round-off of 1 N m."""
    assert np.abs(soft.rate.sum(axis=1)).max() < 1e-9
    assert np.ptp(soft.momentum.sum(axis=1), axis=0).max() < 1e-12
    assert np.abs(soft.rate).max() > 1.0


def test_the_rate_is_the_derivative(run, soft):
    """Central differences, of waves of 13 Hz: wrong by (2π 13 Hz · 5 ms)² / 6 = 3 %."""
    step = 2.0 / run.recording.marker_rate
    slope = (soft.momentum[2:] - soft.momentum[:-2]) / step
    apart = soft.rate[1:-1] - slope
    assert np.sqrt((apart**2).mean()) < 0.03 * np.sqrt((soft.rate**2).mean())


def test_bones_give_way_to_soft_masses(run):
    """A soft thigh that moves 10 mm moves all bones back by its share of the mass: 10 mm m s / M.

    Constant displacements turn nothing but by the mean's remainder; only the centre moves."""
    segments = run.truth.segments
    thigh = segments.segments.index("femur_r")
    tissue = np.zeros_like(segments.com)
    tissue[:, thigh, 1] = 0.010
    moved = wobbling(run, tissue).markers.mean(axis=(0, 1))
    back = 0.010 * SOFT_SHARE["femur"] * segments.mass[thigh] / segments.mass.sum()
    assert back > 0.0005
    assert moved[1] == pytest.approx(-back, rel=0.2)


def test_what_is_neglected_is_small(run, tissue, soft):
    """Momentum of bones and soft masses at their places, without shortcuts, but the rotation.

    Bones shifted as a whole, soft masses against them; squares of displacements: below 5e-3."""
    segments, time = run.truth.segments, run.truth.gait_time
    share = np.array([SOFT_SHARE.get(name.rsplit("_", 1)[0], 0.0) for name in segments.segments])
    mass = segments.mass
    own = share[:, None] * tissue
    back = (mass[:, None] * own).sum(axis=1, keepdims=True) / mass.sum()
    exact = np.zeros_like(own)
    for part, moved in ((1.0 - share, -back + 0.0 * own), (share, tissue - back)):
        speed = np.gradient(moved, time, axis=0, edge_order=2)
        arm = segments.com - run.truth.com[:, None] + moved
        relative = segments.velocity - run.truth.com_velocity[:, None] + speed
        exact += (part * mass)[:, None] * np.cross(arm, relative)
    plain = mass[:, None] * np.cross(
        segments.com - run.truth.com[:, None],
        segments.velocity - run.truth.com_velocity[:, None],
    )
    moved = own - back
    speed = np.gradient(moved, time, axis=0, edge_order=2)
    first = mass[:, None] * (
        np.cross(moved, segments.velocity - run.truth.com_velocity[:, None])
        + np.cross(segments.com - run.truth.com[:, None], speed)
    )
    left = (exact - plain - first)[..., 1]
    assert np.sqrt((left**2).mean(axis=0)).max() < 5e-3
    assert np.sqrt((soft.momentum[..., 1] ** 2).mean(axis=0)).max() > 5e-2
