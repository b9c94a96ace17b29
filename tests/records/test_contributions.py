"""Samples of a fitted motion, turned into the direction of travel, and their covariances."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from aqbio.contributions.files import momentum_samples, with_posterior
from aqbio.gait.steps import rotation_about_vertical

HEADING = 0.3
TIME = np.linspace(0.0, 0.3, 31)


@pytest.fixture
def trial():
    """Contributions of two groups with one contact, and twenty samples about them."""
    random = np.random.default_rng(1)
    momentum = random.standard_normal((len(TIME), 2, 3))
    momentum[:5, 1] = np.nan
    contributions = xr.Dataset(
        {
            "group_angular_momentum": (("time", "group", "axis"), momentum),
            "contact_touchdown": ("contact", [0.1]),
            "contact_toe_off": ("contact", [0.2]),
        },
        coords={"time": TIME, "group": ["arms", "legs"], "axis": list("xyz")},
        attrs={"heading": HEADING},
    )
    by_sample = ("sample", "time", "group", "axis")
    samples = random.standard_normal((2, 20, len(TIME), 2, 3))
    samples -= samples.mean(axis=1, keepdims=True)
    names = ("group_momentum_sample", "group_rate_sample")
    consistent = xr.Dataset({n: (by_sample, one) for n, one in zip(names, samples, strict=True)})
    return contributions, consistent


def test_the_posterior_is_that_of_the_samples_along_the_heading(trial):
    contributions, consistent = trial
    found = with_posterior(contributions, consistent)
    off = consistent["group_momentum_sample"].values @ rotation_about_vertical(-HEADING).T
    values = found["group_momentum_sample"].values
    np.testing.assert_array_equal(values, momentum_samples(contributions, consistent))
    np.testing.assert_allclose(values[:, 5:] - values[:, 5:].mean(axis=0), off[:, 5:], atol=1e-12)
    frame, axis = 10, 1
    expected = np.cov(off[:, frame, :, axis].T, ddof=0)
    known = found["group_momentum_covariance"].values[frame, :, :, axis]
    np.testing.assert_allclose(known, expected, atol=1e-12)
    stance = off[:, (TIME >= 0.1) & (TIME <= 0.2)].mean(axis=1)
    known = found["stance_momentum_covariance"].values[0, :, :, axis]
    np.testing.assert_allclose(known, np.cov(stance[..., axis].T, ddof=0), atol=1e-12)


def test_of_groups_that_nobody_observed_nothing_is_known(trial):
    found = with_posterior(*trial)
    assert np.isnan(found["group_momentum_sample"].values[:, :5, 1]).all()
    covariance = found["group_rate_covariance"].values
    assert np.isnan(covariance[:5, 1]).all()
    assert np.isnan(covariance[:5, :, 1]).all()
    assert np.isfinite(covariance[:5, 0, 0]).all()


def test_a_trial_that_was_not_fitted_stays_as_it_is(trial):
    contributions, consistent = trial
    assert with_posterior(contributions, consistent.drop_vars(list(consistent))) is contributions
