"""Limiter models against statsmodels, and what they say in worlds where one law is true."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.stats.athlete_statistics import (
    calibrated_table,
    nested_table,
)


def _capacities(random, count, weak=0.0):
    shared = random.standard_normal(count)
    push, swing = (
        np.sqrt(0.5) * shared + np.sqrt(0.5) * random.standard_normal(count) for _ in range(2)
    )
    return push, swing - 1.5 * (random.random(count) < weak)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.0), (0.4, 0.4), (1.0, 1.0)])
def test_columns_of_the_nested_model_hold_every_law(share, expected):
    push, swing = _capacities(np.random.default_rng(5), 60)
    law = (push + swing) / 2.0 - share * np.abs(push - swing) / 2.0 + 0.2 * (push - swing)
    found = np.linalg.lstsq(nested_table(push, swing), 8.0 + 0.7 * law, rcond=None)[0]
    assert found[2] / found[1] == pytest.approx(expected, abs=1e-9)


def test_calibration_without_errors_changes_nothing():
    push, swing = _capacities(np.random.default_rng(8), 50)
    np.testing.assert_allclose(
        calibrated_table(push, swing, np.zeros(2)), nested_table(push, swing), atol=1e-9
    )


def test_calibrated_columns_are_what_true_capacities_have_on_average():
    """A million true and measured pairs; the means of the true columns in bins of the measured."""
    random = np.random.default_rng(9)
    true = random.multivariate_normal([0.0, 0.3], [[1.0, 0.5], [0.5, 1.0]], size=1_000_000)
    noise = np.array([0.25, 0.5])
    measured = true + np.sqrt(noise) * random.standard_normal(true.shape)
    expected, table = nested_table(*true.T), calibrated_table(*measured.T, noise)
    places = np.digitize(measured[:, 0] - measured[:, 1], [-2.0, -1.0, 0.0, 1.0, 2.0])
    for place in range(6):
        inside = places == place
        np.testing.assert_allclose(
            table[inside].mean(axis=0), expected[inside].mean(axis=0), atol=0.02
        )
    wrong = nested_table(*measured.T)
    assert abs(wrong[places == 5].mean(axis=0) - expected[places == 5].mean(axis=0)).max() > 0.2
