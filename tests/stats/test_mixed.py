"""Mixed models against closed forms, their fall-backs, and the correlation within athletes."""

from __future__ import annotations

import numpy as np
import pytest
from pandas import Series

from aqbio.stats import inference
from aqbio.stats.inference import common_mean, common_slope, mean_estimate


def _steps(athletes, steps=8, slope=0.3, seed=1):
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(athletes), steps)
    x = 8.0 + random.standard_normal(athletes)[who] + 0.5 * random.standard_normal(len(who))
    own = slope + 0.1 * random.standard_normal(athletes)
    y = 2.0 * random.standard_normal(athletes)[who] + own[who] * x
    return Series(who), Series(x), Series(y + 0.2 * random.standard_normal(len(who)))


def test_below_twenty_athletes_it_is_the_t_interval():
    who, x, y = _steps(12)
    means = np.array([y[who == one].mean() for one in range(12)])
    found = common_mean(y, who)
    assert found == mean_estimate(means, "t over athletes' means")
    assert "t over" in found.model
    assert "t over" in common_slope(x, y, who).model


def test_a_balanced_mixed_model_is_the_t_interval():
    """With as many steps of everybody both are the same by algebra; the fit stops at 1e-6."""
    who, _, y = _steps(24)
    means = np.array([y[who == one].mean() for one in range(24)])
    found, plain = common_mean(y, who), mean_estimate(means)
    assert "mixed" in found.model
    assert found.value == pytest.approx(plain.value, rel=1e-6)
    assert found.se == pytest.approx(plain.se, rel=1e-3)
    assert found.df == 23


def test_the_slope_within_athletes_is_not_that_between_them():
    """Faster athletes have lower values, but each athlete's values rise with speed."""
    who, x, y = _steps(30)
    centre = np.array([x[who == one].mean() for one in range(30)])[who]
    found = common_slope(x, y - 5.0 * centre, who)
    assert found.model == "mixed model, intercept by athlete and slope"
    assert found.value == pytest.approx(0.3, abs=4 * found.se)


def test_a_fit_that_fails_falls_back(monkeypatch):
    who, x, y = _steps(24)
    tried = []

    def failing(table, response, athlete, wanted, *, slope):
        tried.append(slope is not None)

    monkeypatch.setattr(inference, "_mixed", failing)
    assert common_slope(x, y, who).model == "t over athletes' slopes"
    assert tried == [True, False]
    assert common_mean(y, who).model == "t over athletes' means"


def test_without_random_slopes_the_model_still_gives_a_number():
    """All athletes share one slope exactly: the variance of slopes is 0, at its bound."""
    who, x, _ = _steps(24)
    y = 0.3 * x + np.random.default_rng(3).standard_normal(24)[who]
    y = y + 0.01 * np.random.default_rng(4).standard_normal(len(y))
    assert common_slope(x, y, who).value == pytest.approx(0.3, abs=0.01)


def test_a_trend_between_athletes_is_no_slope_within_them():
    """Faster athletes carry less, nobody changes with speed: without the athletes' own means in
    the model the answer would be the trend between athletes, as their intercepts hardly differ."""
    random = np.random.default_rng(7)
    who = np.repeat(np.arange(24), 20)
    centre = random.standard_normal(24)[who]
    x = centre + 0.5 * random.standard_normal(len(who))
    own = (0.05 * random.standard_normal(24))[who] * x
    y = -0.3 * centre + own + 0.5 * random.standard_normal(len(who))
    between = 1.0 / (1.0 + 0.5**2)  # share of the variance of x
    assert np.polyfit(x, y, 1)[0] == pytest.approx(-0.3 * between, abs=0.06)  # the danger
    found = common_slope(Series(x), Series(y), Series(who))
    assert "mixed model" in found.model
    se = np.hypot(0.5 / (0.5 * np.sqrt(len(who))), 0.05 / np.sqrt(24))  # from the design
    assert found.value == pytest.approx(0.0, abs=2.5 * se)
    assert 2.5 * se < 0.3 * between - 0.06
