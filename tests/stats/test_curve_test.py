"""The test of curves: false stretches as rare as stated, closed forms, planted stretches."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.ndimage import gaussian_filter1d

from aqbio.stats.curve_test import curve_test, stretches


def _smooth(random, athletes: int, samples: int = 101) -> np.ndarray:
    """Differences of athletes without an effect: smooth, and of unequal scatter over the curve."""
    noise = gaussian_filter1d(random.standard_normal((athletes, samples)), 6.0, axis=1)
    return noise * (1.0 + np.linspace(0.0, 3.0, samples))


@pytest.mark.parametrize("athletes", [8, 14])
def test_false_stretches_are_as_rare_as_stated(athletes):
    """5 % of studies without an effect show a stretch anywhere; drawn signs with many athletes."""
    random, studies = np.random.default_rng(67), 300
    share = sum(
        (curve_test(_smooth(random, athletes, 31)).p < 0.05).any() for _ in range(studies)
    ) / studies  # fmt: skip
    low, high = stats.binom.ppf([0.001, 0.999], studies, 0.05) / studies
    assert low <= share <= high


@pytest.mark.parametrize("athletes", [2, 6, 9])
def test_one_sample_of_one_sign_is_a_sign_test(athletes):
    """Only two of all sign changes are as far from 0: p is 2 over 2 to the number of athletes."""
    values = np.random.default_rng(1).uniform(1.0, 2.0, (athletes, 1))
    assert curve_test(values).p[0] == pytest.approx(2.0 / 2.0**athletes, rel=1e-12)


def test_one_sample_of_many_athletes_is_the_t_test():
    values = np.random.default_rng(2).normal(0.25, 1.0, (60, 1))
    computed, expected = curve_test(values), stats.ttest_1samp(values[:, 0], 0.0)
    assert computed.t[0] == pytest.approx(expected.statistic, rel=1e-9)
    assert computed.p[0] == pytest.approx(expected.pvalue, abs=0.012)


def test_a_planted_stretch_is_found_where_it_is():
    values = _smooth(np.random.default_rng(3), 12)
    values[:, 40:60] += 4.0
    significant = stretches(curve_test(values).p < 0.05)
    assert significant
    assert all(first > 30 and last < 70 for first, last in significant)
    assert sum(last - first + 1 for first, last in significant) >= 15


def test_signs_and_units_do_not_matter_and_missing_stays_missing():
    values = _smooth(np.random.default_rng(4), 7) + 0.1
    plain, scaled = curve_test(values), curve_test(-250.0 * values)
    np.testing.assert_allclose(plain.p, scaled.p)
    np.testing.assert_allclose(plain.t, -scaled.t)
    values[2, :10] = np.nan
    with_gap = curve_test(values)
    assert np.isnan(with_gap.p[:10]).all()
    assert np.isfinite(with_gap.p[10:]).all()


def test_stretches_have_first_and_last_samples():
    assert stretches(np.array([True, True, False, True, False])) == [(0, 1), (3, 3)]
    assert stretches(np.zeros(4, dtype=bool)) == []
