"""Joint draws of errors: exact standard deviations, and errors that differences share."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.intervals.sources import SOURCES
from aqbio.intervals.worlds import (
    MODEL,
    PERSON,
    SCOPE_SHARES,
    SCOPES,
    SESSION,
    STEP,
    TRIAL,
    WORLDS,
    difference,
    interval,
    mean_over_steps,
    slope,
    source_weights,
    weights,
)
from aqbio.names import NORMAL_95

BEARERS = {PERSON: "V01", SESSION: "V01-1", TRIAL: "V01-1 t", STEP: "V01-1 t 3"}


@pytest.mark.parametrize("count", [1, 2, 24, 100, 255])
def test_variance_over_worlds_is_the_mean_square_over_states(count):
    deviations = np.random.default_rng(count).standard_normal((count, 7))
    draws = weights(count, 1, "inertia", "V01") @ deviations
    np.testing.assert_allclose(draws.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(draws.var(axis=0), (deviations**2).mean(axis=0))


@pytest.mark.parametrize("source", [*SOURCES, MODEL])
def test_scopes_of_a_source_share_all_of_its_variance(source):
    assert sum(SCOPE_SHARES[source].values()) == pytest.approx(1.0)
    assert set(SCOPE_SHARES[source]) <= set(SCOPES)
    total = source_weights(source, 6, 1, BEARERS)
    parts = [source_weights(source, 6, 1, BEARERS, [scope]) for scope in SCOPES]
    np.testing.assert_allclose(sum(parts), total)


@pytest.mark.parametrize(("source", "bearer"), [
    (source, bearer) for source in SOURCES for bearer in BEARERS
])  # fmt: skip
def test_an_error_is_another_one_for_another_bearer_only(source, bearer):
    before = source_weights(source, 6, 1, BEARERS)
    after = source_weights(source, 6, 1, {**BEARERS, bearer: "another"})
    assert np.array_equal(before, after) == (bearer not in SCOPE_SHARES[source])


def test_draws_do_not_depend_on_which_others_were_made_before():
    first = weights(5, 3, "skin", "V02").copy()
    weights(5, 3, "skin", "V03")
    np.testing.assert_array_equal(first, weights(5, 3, "skin", "V02"))
    assert not np.array_equal(first, weights(5, 4, "skin", "V02"))


def test_a_shared_error_is_in_no_difference_and_an_own_one_in_both():
    """Linear errors with the closed form: two numbers with errors 2 (shared) and .3 (own)."""
    shared = weights(1, 1, "body")[:, 0]
    single_errors = [0.3 * weights(1, 1, "motion", name)[:, 0] for name in "ab"]
    first, second = 7.0 + 2.0 * shared + single_errors[0], 4.0 + 2.0 * shared + single_errors[1]
    middle, low, high = difference(first, second)
    assert middle == pytest.approx(3.0)
    difference_sd = np.hypot(0.3, 0.3)
    assert 0.5 * (high - low) == pytest.approx(NORMAL_95 * difference_sd, rel=4.0 / np.sqrt(WORLDS))
    assert difference(first, first) == (0.0, 0.0, 0.0)
    assert difference(second, first) == pytest.approx((-middle, -high, -low))


def test_an_interval_is_that_of_a_normal_number():
    draws = 10.0 + 2.0 * weights(1, 1, "clock")[:, 0]
    low, high = interval(draws)
    assert (low, high) == pytest.approx((10.0 - 2.0 * NORMAL_95, 10.0 + 2.0 * NORMAL_95))


def test_the_mean_over_steps_has_students_interval():
    from scipy.stats import t

    values = np.array([1.0, 2.0, 4.0, 5.0])
    none = np.zeros((WORLDS, 4))
    low, high = interval(mean_over_steps(values, none, 1, "V01", "left"))
    expected = t.interval(0.95, 3, values.mean(), values.std(ddof=1) / 2.0)
    assert (low, high) == pytest.approx(expected)
    error = none + 0.5 * weights(1, 1, "body")
    draws = mean_over_steps(values, error, 1, "V01", "left")
    np.testing.assert_allclose(
        draws - mean_over_steps(values, none, 1, "V01", "left"), error[:, 0], atol=1e-12
    )
    assert np.isnan(mean_over_steps(values[:1], none[:, :1], 1, "V01")).all()


def test_a_slope_has_no_error_that_all_its_numbers_share():
    x = np.array([1.0, 2.0, 4.0])
    shared = weights(1, 1, "body")
    np.testing.assert_allclose(slope(x, 3.0 * x + shared), 3.0)
    grows = slope(x, 3.0 * x + 0.1 * shared * x)
    np.testing.assert_allclose(grows, 3.0 + 0.1 * shared[:, 0])
