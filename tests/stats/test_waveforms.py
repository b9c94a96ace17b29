"""Inference on curves: exact, honest over the whole curve, and of the numbers that claims name."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, product

import numpy as np
import pytest
from scipy import ndimage, stats

from aqbio.names import ROLE_GROUPS
from aqbio.stats.step_numbers import BOTH_LEGS, SWING_ALONE, opposition
from aqbio.stats.waveforms import (
    ALPHA,
    NO_CLUSTER,
    WAVEFORMS,
    athlete_curves,
    cluster_table,
    opposition_integrand,
    sign_flips,
    t_values,
    waveform,
    waveform_table,
)

POINTS = 101


def smooth_noise(random, athletes, points=POINTS):
    """Noise of unit size that forgets itself within some twentieth of the curve."""
    white = random.standard_normal((athletes, points + 60))
    smooth = ndimage.gaussian_filter1d(white, 5.0, axis=1)[:, 30:-30]
    return smooth / smooth.std()


def plain_masses(curves, *, skewed=False):
    """Start, stop, sign and mass of every cluster, one point after the other."""
    threshold = stats.t.ppf(0.975, len(curves) - 1)
    t = stats.ttest_1samp(curves, 0.0).statistic
    if skewed:
        a = stats.skew(curves, bias=False) / np.sqrt(len(curves))
        other = t + a / 6.0 + a * t**2 / 3.0 + a**2 * t**3 / 27.0
        t = np.where(np.abs(other) < np.abs(t), other, t)
    side = [int(np.sign(one)) if abs(one) > threshold else 0 for one in t]
    found, start = [], 0
    for sign, run in groupby(side):
        stop = start + len(list(run))
        if sign:
            found.append((start, stop, sign, float(np.abs(t[start:stop]).sum())))
        start = stop
    return found


# exact -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_all_flips_are_those_of_a_plain_loop(seed):
    """Six athletes: 64 ways, mirror images and the way as found among them."""
    curves = smooth_noise(np.random.default_rng(seed), 6) + 0.5
    heaviest = [
        max((mass for *_, mass in plain_masses(np.array(signs)[:, None] * curves)), default=0.0)
        for signs in product((1, -1), repeat=6)
    ]
    expected = plain_masses(curves, skewed=True)
    found = waveform(curves, seed=0).clusters
    assert expected
    assert [(one.start, one.stop, one.sign) for one in found] == [one[:3] for one in expected]
    for one, (*_, mass) in zip(found, expected, strict=True):
        assert one.mass == pytest.approx(mass, rel=1e-12)
        assert one.p == np.mean(np.array(heaviest) >= mass * (1 - 1e-12))


def test_t_values_are_those_of_the_library():
    random = np.random.default_rng(0)
    curves, signs = smooth_noise(random, 9) + 0.3, random.choice((1.0, -1.0), (20, 9))
    for row, found in zip(signs, t_values(curves, signs), strict=True):
        expected = stats.ttest_1samp(row[:, None] * curves, 0.0).statistic
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_flips_are_every_pair_of_mirror_images_once():
    flips = sign_flips(12, seed=0)
    assert flips.shape == (2**11, 12)
    assert len(np.unique(np.concatenate((flips, -flips)), axis=0)) == 2**12
    assert (flips[0] == 1.0).all()


def test_athletes_who_are_all_the_same_have_a_finite_mass():
    """And points that are 0 in everybody are in no cluster."""
    curves = np.tile([0.0, 0.1, 0.1, 0.0], (7, 1))
    [one] = waveform(curves, seed=0).clusters
    assert (one.start, one.stop, one.p) == (1, 3, 2 / 2**7)
    assert np.isfinite(one.mass)


# honest ------------------------------------------------------------------------------------------

STUDIES = 1000


def _false_positives(random, athletes, draws, size):
    """In how many studies of nothing but noise anything is found."""
    found = [
        waveform(smooth_noise(random, athletes) * size(random, athletes), 7, draws).clusters
        for _ in range(STUDIES)
    ]
    return sum(any(one.p < ALPHA for one in clusters) for clusters in found)


def _bounds(rate):
    """What 999 in 1000 such experiments give."""
    return stats.binom.interval(0.999, STUDIES, rate)


@pytest.mark.parametrize(
    ("athletes", "exact"), [(8, 6 / 128), (14, 9 / 200)], ids=["every flip", "drawn flips"]
)
def test_noise_is_found_as_often_as_it_may_be(athletes, exact):
    """The largest level below 0.05 that 128 (or 200) ways can give."""
    count = _false_positives(
        np.random.default_rng(athletes), athletes, 199, lambda *_: np.ones((athletes, 1))
    )
    low, high = _bounds(exact)
    assert low <= count <= high


def test_an_effect_is_found_where_it_is():
    """1.5 standard deviations from point 30 to 60: found there in nearly all studies."""
    random = np.random.default_rng(11)
    window = np.zeros(POINTS)
    window[30:61] = 1.5
    hits, inside, outside = 0, [], []
    for _ in range(100):
        found = waveform(smooth_noise(random, 12) + window, seed=0).clusters
        marked = np.zeros(POINTS, dtype=bool)
        for one in found:
            if one.p < ALPHA and one.sign == 1:
                marked[one.start : one.stop] = True
        hits += marked[30:61].any()
        inside.append(marked[30:61].mean())
        outside.append(np.concatenate((marked[:20], marked[71:])).mean())
    assert hits >= 95
    assert np.mean(inside) > 0.8
    assert np.mean(outside) < 0.05


def test_the_share_is_of_significant_clusters_only():
    """Of 64 ways 2 are as clear as the large cluster, and many as the small one."""
    curves = np.outer([1.0, 1.1, 0.9, 1.2, 0.8, 1.0], [1.0, 1.0, 1.0, 0.0, 0.0])
    curves[:, 4] = [2.0, 1.6, 1.2, 0.8, 0.4, -0.1]
    found = waveform(curves, seed=0)
    assert [(one.start, one.stop, one.p < ALPHA) for one in found.clusters] == [
        (0, 3, True),
        (4, 5, False),
    ]
    assert found.share(1) == pytest.approx(3 / 5)


# missing -----------------------------------------------------------------------------------------


def test_athletes_with_a_gap_are_left_out():
    curves = smooth_noise(np.random.default_rng(13), 9) + 1.0
    gappy = curves.copy()
    gappy[4, 50] = np.nan
    gappy[7] = np.nan
    found, expected = waveform(gappy, 0), waveform(np.delete(curves, (4, 7), axis=0), 0)
    assert found.n_athletes == 7
    assert found.clusters == expected.clusters
    np.testing.assert_array_equal(found.t, expected.t)


@pytest.mark.parametrize("athletes", [0, 1, 5])
def test_five_athletes_cannot_reach_any_p(athletes):
    found = waveform(np.ones((athletes, 4)) + np.arange(athletes)[:, None], seed=0)
    assert found.n_athletes == athletes
    assert np.isnan(found.t).all()
    assert np.isnan(found.share(1))
    assert found.clusters == ()


# what the claims name ----------------------------------------------------------------------------


def test_the_mean_of_the_integrand_is_the_difference_that_is_tested():
    momentum = np.random.default_rng(14).standard_normal((40, POINTS, len(ROLE_GROUPS)))
    index = opposition(momentum, (SWING_ALONE, BOTH_LEGS))
    mean = opposition_integrand(momentum).mean(axis=1)
    np.testing.assert_allclose(mean, index[:, 0] - index[:, 1], atol=1e-14)
    assert np.abs(mean).min() > 0.0


def test_a_group_that_was_not_seen_leaves_no_curve():
    momentum = np.ones((2, 4, len(ROLE_GROUPS)))
    momentum[0, :, ROLE_GROUPS.index("arms")] = np.nan
    momentum[1] = 0.0
    assert np.isnan(opposition_integrand(momentum)).all()


def test_worlds_are_told_apart_by_the_integrand(drawn):
    """W1 has what the articles say, W0 the opposite."""
    for world, share, sign in (("W0", 0.0, -1), ("W1", 1.0, 1)):
        table = waveform_table(drawn(world), seed=1)
        assert table.columns.tolist() == list(WAVEFORMS)
        [row] = table.to_dict("records")
        assert (row["share_predicted"], row["sign"], row["p"]) == (share, sign, 2 / 2**12)
        assert (row["from_percent"], row["to_percent"]) == (0.0, 100.0)


def test_a_cluster_is_told_with_its_own_mean():
    percent = np.linspace(0.0, 100.0, POINTS)
    size = np.where(percent < 40.0, 0.2, -0.6) * np.linspace(0.9, 1.1, 12)[:, None]
    table = cluster_table(size, 1)
    assert table["from_percent"].tolist() == [0.0, 40.0]
    assert table["to_percent"].tolist() == [39.0, 100.0]
    assert table["sign"].tolist() == [1, -1]
    assert table["mean"].tolist() == pytest.approx([0.2, -0.6])
    assert table["share_predicted"].tolist() == pytest.approx([40 / 101] * 2)


def test_a_curve_without_clusters_has_a_row_that_says_so():
    signs = np.where(np.arange(12) % 2, 1.0, -1.0)[:, None]
    [row] = cluster_table(signs * np.ones((12, POINTS)), 1).to_dict("records")
    assert (row["hypothesis"], row["n_athletes"], row["note"]) == ("H1", 12, NO_CLUSTER)
    assert row["share_predicted"] == 0.0
    assert np.isnan(row["p"])
    assert not len(cluster_table(np.zeros((0, 0)), 1))


def test_a_step_with_a_gap_is_left_out_of_the_athletes_mean(drawn):
    evidence = drawn("W1")
    first, second = evidence.athletes.index[:2]

    def gappy(name):
        signals = evidence.curves(name).copy(deep=True)
        if name == first:
            signals["angular_momentum"][:, 0, 50] = np.nan
        if name == second:
            signals["angular_momentum"][0, 0, 50] = np.nan
        return signals

    whole, found = athlete_curves(evidence), athlete_curves(replace(evidence, curves=gappy))
    assert np.isnan(found[0]).all()
    changed = (whole != found).any(axis=1)
    assert np.flatnonzero(changed).tolist() == [0, 1]
    assert np.isfinite(found[1]).all()


def test_skewed_athletes_are_found_hardly_more_often():
    """Exponential sizes of one shape: under sign flips alone in 9 % of studies; 5 % is promised,
    and two standard errors of 200 studies are allowed."""
    random, shape = np.random.default_rng(21), np.sin(np.linspace(0.0, 3.0, 21))
    found = 0
    for _ in range(200):
        size = random.exponential(size=(12, 1)) - 1.0
        noise = 0.1 * random.standard_normal((12, 21))
        found += any(one.p < ALPHA for one in waveform(size * shape + noise, 3, 199).clusters)
    assert found / 200 <= 0.05 + 2.0 * np.sqrt(0.05 * 0.95 / 200)
