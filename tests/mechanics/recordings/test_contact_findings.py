"""Centres of pressure under a foot, free moments that a shoe can make, and their sign."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.recordings.contact_findings import (
    Slope,
    free_moment_measured,
    free_moment_slope,
    friction_arm,
    pressure_distance,
)

FOOT = np.array([[0.0, 0.12, 0.0], [0.2, 0.03, 0.04], [0.2, 0.03, -0.04]])
"""Heel and two toe markers; the heel is lifted."""


def distance(cop, foot=FOOT, turn=0.0):
    rotation = np.array(
        [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    )
    return pressure_distance(np.array([cop]) @ rotation.T, foot[None] @ rotation.T)


@pytest.mark.parametrize("turn", [0.0, 0.7, 3.0])
@pytest.mark.parametrize(
    ("cop", "expected"),
    [((0.0, 0.0, 0.0), 0.0), ((-0.05, 0.0, 0.0), 0.05), ((0.26, 0.0, 0.04), 0.06)],
)
def test_distance_seen_from_above_whatever_the_heading(cop, expected, turn):
    assert distance(cop, turn=turn) == pytest.approx(expected)


def test_single_samples_are_noise():
    """Three of a hundred samples do not count, ten do; what is unknown does not either."""
    moment, vertical = np.full(100, 10.0), np.full(100, 1000.0)
    moment[:3], moment[50] = 80.0, np.nan
    assert friction_arm(moment, vertical) == pytest.approx(0.01)
    moment[:10] = -80.0
    assert friction_arm(moment, vertical) == pytest.approx(0.08)


def _contacts(count: int, seed: int, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True free moment, other residual (smooth within a contact), number of the contact."""
    rng = np.random.default_rng(seed)
    phase = np.linspace(0.0, 1.0, 25)
    shapes = np.stack([np.sin((k + 1) * np.pi * phase) for k in range(3)])
    true = 10.0 * (shapes[0] + 0.3 * rng.standard_normal((count, 1)) * shapes[1])
    other = noise * rng.standard_normal((count, 3)) @ shapes
    return true.ravel(), other.ravel(), np.repeat(np.arange(count), 25)


@pytest.mark.parametrize("seed", range(5))
def test_a_reversed_sign_is_told_and_a_right_one_is_not(seed):
    """Residuals of other causes half as large as the free moment, five contacts."""
    true, other, contact = _contacts(5, seed, noise=2.0)
    right = free_moment_slope(other, true, contact)
    assert abs(right.value) < 4 * max(right.error, 0.02)
    assert not right.reversed
    wrong = free_moment_slope(other + 2.0 * true, -true, contact)
    assert wrong.value == pytest.approx(-2.0 - right.value)
    assert wrong.reversed


def test_false_alarms_are_rare_where_the_residual_is_large():
    """Residuals of 70 N m beside 10: the slope says nothing, and 5 % at most are told reversed."""
    told = [
        free_moment_slope(other, true, contact).reversed
        for true, other, contact in (_contacts(4, seed, noise=50.0) for seed in range(400))
    ]
    assert np.mean(told) < 0.05


@pytest.mark.parametrize("slope", [-4.0, -1.0, 0.0, 2.0])
def test_faults_of_another_kind_are_not_called_reversed(slope):
    true, _, contact = _contacts(6, 1, noise=0.0)
    assert not free_moment_slope(slope * true, true, contact).reversed


def test_two_contacts_are_too_few_and_none_is_none():
    true, _, contact = _contacts(2, 1, noise=0.0)
    assert not free_moment_slope(-2.0 * true, true, contact).reversed
    nothing = free_moment_slope(np.zeros(0), np.zeros(0), np.zeros(0, dtype=int))
    assert np.isnan(nothing.value)
    assert not nothing.reversed
    single = free_moment_slope(-2.0 * true[:25], true[:25], contact[:25])
    assert np.isnan(single.error)


@pytest.mark.parametrize(("largest", "measured"), [(0.09, False), (0.11, True)])
def test_a_free_moment_that_is_hardly_there_was_not_measured(largest, measured):
    """All-zero columns are as good as none; the low-pass leaves hundredths of N m of them."""
    free = np.full((100, 2), np.nan)
    free[20:50, 0] = 8.0 * np.sin(np.linspace(0.0, 3.0, 30))
    assert free_moment_measured(free)
    free[60:90, 1] = largest * np.sin(np.linspace(0.0, np.pi, 31)[:30])
    assert free_moment_measured(free) == measured


@pytest.mark.parametrize(
    ("contacts", "quantile"), [(3, 2.920), (4, 2.353), (6, 2.015), (11, 1.812)]
)
def test_few_contacts_make_the_interval_wide(contacts, quantile):
    """Student's t at 95 % with one degree of freedom less than contacts, from printed tables."""
    just, beyond = (share / quantile for share in (0.999, 1.001))
    assert Slope(-2.0, just, contacts).reversed
    assert not Slope(-2.0, beyond, contacts).reversed
