"""Surrogates: what they keep, what they destroy, and that their p values are honest."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.stats.partitions import opposition, partition_names
from aqbio.stats.surrogates import (
    compensation,
    paired_anew,
    partition_variances,
    shifted_opposition,
    surrogate_p,
)


def test_new_pairs_stay_in_their_group_and_take_everyone_once():
    random = np.random.default_rng(1)
    group = random.integers(5, size=60)
    partner = paired_anew(group, random)
    assert sorted(partner.tolist()) == list(range(60))
    assert (group[partner] == group).all()
    assert paired_anew(np.array([0, 1, 2]), random).tolist() == [0, 1, 2]


def test_all_pairings_are_equally_likely():
    """Four members: each place gets each partner a quarter of 4000 times, ± 4 x 27."""
    random = np.random.default_rng(2)
    counts = np.zeros((4, 4))
    for _ in range(4000):
        counts[np.arange(4), paired_anew(np.zeros(4, dtype=int), random)] += 1
    assert np.abs(counts - 1000).max() < 110


def test_compensation_of_sides_that_are_known():
    random = np.random.default_rng(3)
    one = random.standard_normal((400, 6))
    cell = np.repeat(np.arange(40), 10)
    assert compensation(one, -one, cell, 1, random)[0] == pytest.approx(0.0, abs=1e-12)
    assert compensation(one, one, cell, 1, random)[0] == pytest.approx(2.0)
    free = compensation(one, random.standard_normal((400, 6)), cell, 100, random)
    assert free[0] == pytest.approx(1.0, abs=0.1)
    assert free[1].mean() == pytest.approx(1.0, abs=0.02)


def test_p_values_of_new_pairs_are_uniform_in_small_cells():
    """600 studies of cells of five steps: three standard errors of a rate of 0.1 are 0.037."""
    random = np.random.default_rng(4)
    cell = np.repeat(np.arange(8), 5)
    p = []
    for _ in range(600):
        one, other = random.standard_normal((2, 40, 1))
        ratio, drawn = compensation(one, other, cell, 99, random)
        p.append(surrogate_p(-ratio, -drawn))
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.037)


def test_every_partition_compensates_when_the_total_is_fixed():
    """Why the ratio of one partition proves nothing."""
    random = np.random.default_rng(5)
    curves = random.standard_normal((200, 11, 5))
    curves[..., 3] -= curves.sum(axis=-1)
    cell = np.repeat(np.arange(20), 10)
    total, sides = partition_variances(curves, cell, partition_names())
    np.testing.assert_allclose(total / sides, 0.0, atol=1e-20)


def test_shifts_keep_waveforms_and_lose_their_timing():
    """One whole stride in contact: every shift has the same sizes; without shift it is the data."""
    random = np.random.default_rng(6)
    t = np.arange(50) / 50
    step = np.stack([np.cos(np.pi * (t - shift)) for shift in (0.0, 0.0, 1.0, 1.0, 0.5)], axis=1)
    drawn = shifted_opposition(step, 50, partition_names(), random, 400)
    stride = np.concatenate((step, -step))
    plain = opposition(stride, partition_names())
    assert drawn.shape == (400, 15)
    best = int(np.argmax(plain))
    assert drawn[:, best].mean() < plain[best] - 0.1


def test_surrogate_p_is_never_zero():
    assert surrogate_p(9.0, np.zeros(99)) == pytest.approx(0.01)
    assert surrogate_p(-9.0, np.zeros(99)) == 1.0
