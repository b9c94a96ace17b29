"""Body mass from force plates."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.names import GRAVITY
from aqbio.recordings.body_size import standing_mass, stride_masses

RATE = 1000.0
WEIGHT = 75.0 * GRAVITY


def test_quiet_part_of_a_static_trial_is_used():
    rng = np.random.default_rng(1)
    force = WEIGHT + rng.normal(0, 3, 4000)
    force[:800] = 0.0  # before stepping on
    force[800:1400] += 300.0 * np.sin(np.arange(600) / 40)  # while stepping on
    assert standing_mass(force[:, None], RATE, 0.5) == pytest.approx(75.0, rel=0.003)


@pytest.mark.parametrize("empty", [-40.0, -14.0, 14.0])
def test_empty_plates_weigh_nothing(empty):
    """What a plate reads that nobody stands on is no weight; 16 N may be the edge of a shoe."""
    both = np.column_stack((np.full(2000, WEIGHT), np.full(2000, empty)))
    assert both.sum(axis=1).mean() / GRAVITY != pytest.approx(75.0, rel=0.01)  # the danger
    assert standing_mass(both, RATE, 0.5) == pytest.approx(75.0, rel=1e-9)
    two_feet = np.column_stack((np.full(2000, WEIGHT - 16.0), np.full(2000, 16.0)))
    assert standing_mass(two_feet, RATE, 0.5) == pytest.approx(75.0, rel=1e-9)


@pytest.mark.parametrize("force", [np.zeros(2000), np.full(2000, 150.0), np.full(100, WEIGHT)])
def test_nobody_or_too_short(force):
    assert np.isnan(standing_mass(force[:, None], RATE, 0.5))


def test_restless_person_gives_no_mass():
    force = WEIGHT * (1.0 + 0.1 * np.sin(np.arange(4000) / 60))
    assert np.isnan(standing_mass(force[:, None], RATE, 0.5))


def running(contact=0.12, step=0.24, steps=4):
    """Give half-sine contacts whose impulse over a step is the body's weight."""
    time = np.arange(round((steps + 1) * step * RATE)) / RATE
    force = np.zeros(len(time))
    spans = []
    for number in range(steps):
        start = 0.05 + number * step
        on = (time >= start) & (time <= start + contact)
        peak = WEIGHT * step / contact * np.pi / 2
        force[on] += peak * np.sin(np.pi * (time[on] - start) / contact)
        spans.append((start, start + contact))
    return force, np.array(spans)


FEET = np.array([0, 1, 0, 1])
ALL = np.ones(4, dtype=bool)


def test_mean_force_of_whole_strides_is_the_weight():
    force, spans = running()
    masses = stride_masses(force, RATE, FEET, spans, ALL)
    # two strides; a sum of 480 samples of a half sine that starts between samples
    np.testing.assert_allclose(masses, [75.0, 75.0], rtol=2e-3)


def test_cut_or_missing_contacts_make_no_stride():
    force, spans = running()
    cut = np.array([False, True, True, True])
    assert len(stride_masses(force, RATE, FEET, spans, cut)) == 1
    same = np.array([0, 0, 0, 0])
    assert len(stride_masses(force, RATE, same, spans, ALL)) == 0
    skipped = spans[[0, 1, 3]]
    assert len(stride_masses(force, RATE, FEET[[0, 1, 0]], skipped, ALL[:3])) == 0
    assert len(stride_masses(force, RATE, FEET[:2], spans[:2], ALL[:2])) == 0


def test_walking_needs_the_contact_before():
    """In double support the foot behind carries load that was perhaps not recorded."""
    force, spans = running(contact=0.7, step=0.55)
    masses = stride_masses(force, RATE, FEET, spans, ALL)
    assert len(masses) == 1
    assert masses[0] == pytest.approx(75.0, rel=2e-3)


def test_a_stride_holds_both_feet():
    """One leg pushes 20 % harder than the other: one step weighs wrong, a whole stride does not."""
    force, spans = running()
    limping = force.copy()
    for number, (start, stop) in enumerate(spans):
        own = slice(round(start * RATE), round(stop * RATE) + 1)
        limping[own] *= 0.8 if number % 2 else 1.2
    one_step = limping[round(spans[0, 0] * RATE) : round(spans[1, 0] * RATE)].mean()
    assert one_step / GRAVITY == pytest.approx(90.0, rel=0.01)  # the danger
    masses = stride_masses(limping, RATE, FEET, spans, ALL)
    np.testing.assert_allclose(masses, [75.0, 75.0], rtol=4e-3)
