"""Waves obey the laws that every runner obeys, and the worlds say what they are said to say."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.names import ROLE_GROUPS
from validation.waves.studies import WaveStudy, wave_athletes, wave_study
from validation.worlds import worlds

WORLDS = worlds()
WAVES = [name for name in WORLDS if name not in ("W5", "W6")]


def _study(name: str, seed: int = 3, athletes: int = 12) -> WaveStudy:
    random = np.random.default_rng(seed)
    return wave_study(WORLDS[name], random, athletes=wave_athletes(WORLDS[name], athletes, random))


def _opposition(study: WaveStudy, side: tuple[str, ...]) -> float:
    """Opposition index of one side against the rest, about the vertical, in contact."""
    groups = study.momentum[:, 0, :, :, 1]
    inside = [ROLE_GROUPS.index(name) for name in side]
    one = groups[..., inside].sum(axis=-1)
    other = groups.sum(axis=-1) - one
    cancelled = np.abs(one) + np.abs(other) - np.abs(one + other)
    return float(cancelled.mean() / np.abs(groups).sum(axis=-1).mean())


@pytest.mark.parametrize("name", WAVES)
def test_the_total_is_constant_in_flight_and_follows_the_moment_in_contact(name: str):
    study = _study(name)
    total = study.momentum.sum(axis=3)
    assert np.ptp(total[:, 1], axis=1).max() < 1e-12
    np.testing.assert_allclose(study.momentum_rate.sum(axis=3), study.external_moment, atol=1e-10)
    np.testing.assert_allclose(total[:, 0, -1], total[:, 1, 0], rtol=0, atol=1e-12)
    assert np.abs(study.external_moment[:, 1]).max() == 0.0


@pytest.mark.parametrize("name", WAVES)
def test_rates_are_derivatives(name: str):
    """Central differences in contact: h²/6 of the third derivative, below 1 % of the largest."""
    study = _study(name)
    step = study.contact[:, None, None, None] / 100.0
    stance = study.momentum[:, 0]
    slope = (stance[:, 2:] - stance[:, :-2]) / (2.0 * step)
    rate = study.momentum_rate[:, 0, 1:-1]
    assert np.abs(slope - rate).max() < 0.01 * np.abs(rate).max()


def test_classical_and_aq_worlds_are_opposite():
    """The swing leg against the rest balances better than legs against arms only where it is so."""
    legs, swing = ("push_leg", "swing_leg"), ("swing_leg",)
    assert _opposition(_study("W0"), swing) - _opposition(_study("W0"), legs) < -0.3
    assert _opposition(_study("W1"), swing) - _opposition(_study("W1"), legs) > 0.2
    cosine = {}
    for name in ("W0", "W1"):
        groups = _study(name).momentum[:, 0, :, :, 1]
        arms, push = (groups[..., ROLE_GROUPS.index(one)].ravel() for one in ("arms", "push_leg"))
        cosine[name] = float(arms @ push / np.sqrt((arms @ arms) * (push @ push)))
    assert cosine["W0"] < -0.8
    assert cosine["W1"] > 0.8


def test_lags_shrink_with_speed_only_in_the_aq_world():
    for name, slope in (("W0", 0.0), ("W1", -0.02)):
        study = _study(name, athletes=60)
        lag = study.swing_peak - study.force_peak
        assert np.polyfit(study.speed, lag, 1)[0] == pytest.approx(slope, abs=1.5e-3)


def test_a_step_changes_the_next_one_only_where_it_is_said():
    """Correlation over 2160 pairs: three standard errors of 1/sqrt(2160) are 0.065."""
    for name, slope in (("W0", 0.0), ("W1", 0.3)):
        study = _study(name, athletes=60)
        later = study.step > 0
        before = np.roll(study.yaw_impulse, 1)[later]
        found = np.corrcoef(before, study.time_deviation[later])[0, 1]
        assert found == pytest.approx(slope, abs=0.065)


def test_speed_laws():
    """A gap between the sides costs speed only where the smaller capacity decides."""
    slopes = {}
    for name in ("W0", "W3", "W3_additive"):
        people = wave_athletes(WORLDS[name], 4000, np.random.default_rng(5))
        both = (people.push_capacity + people.swing_capacity) / 2.0
        gap = np.abs(people.push_capacity - people.swing_capacity) / 2.0
        table = np.stack((np.ones_like(both), both, gap), axis=1)
        slopes[name] = np.linalg.lstsq(table, people.fastest, rcond=None)[0]
    assert abs(slopes["W0"][2]) < 0.15 * slopes["W0"][1]
    assert abs(slopes["W3_additive"][2]) < 0.25 * slopes["W3_additive"][1]
    assert slopes["W3"][2] < -0.5 * slopes["W3"][1]


def test_restricted_arms_cost_what_the_world_says():
    for name, effect in (("W0", -0.016), ("W4_none", 0.0), ("W4_large", -0.04)):
        people = wave_athletes(WORLDS[name], 500, np.random.default_rng(2))
        change = people.restricted.mean(axis=1) / people.normal.mean(axis=1) - 1.0
        assert change.mean() == pytest.approx(effect, abs=2e-3)
