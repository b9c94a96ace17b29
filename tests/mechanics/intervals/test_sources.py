"""Sources of uncertainty: closed forms of what is drawn one at a time and added in variance."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.consistency.data_errors import LoadSpread
from aqbio.contributions.intervals import drawn_steps, drawn_window, phase_frames
from aqbio.gait.roles import RoleScheme
from aqbio.intervals.sources import (
    SOURCES,
    UNDISTURBED,
    generator_of,
    load_error_points,
    load_errors,
    source_sds,
)
from aqbio.intervals.trial_draws import STRIDES, unobserved_roots, unobserved_swings
from tests.golden import differences
from tests.mechanics.examples import answers
from tests.mechanics.gait.test_gait import drawn_contacts

LABELS = [UNDISTURBED, *["inertia"] * 4000, *["skin"] * 4000]


def _linear(first, second):
    """3 a + 4 b, disturbed in a alone and in b alone."""
    return 10.0 + np.concatenate([[0.0], 3.0 * first, 4.0 * second])


def test_two_independent_sources_of_a_sum_have_their_shares():
    """Var = 9 + 16: shares 0.36 and 0.64, the whole 5; 4000 draws know a variance to 2.2 %."""
    normal = (generator_of(one, 1).standard_normal(4000) for one in ("inertia", "skin"))
    sds = source_sds(_linear(*normal), LABELS)
    share = sds**2 / (sds**2).sum()
    assert share.sum() == pytest.approx(1.0, rel=1e-15)
    assert share[SOURCES.index("inertia")] == pytest.approx(0.36, abs=0.02)
    assert share[SOURCES.index("skin")] == pytest.approx(0.64, abs=0.02)
    assert np.sqrt((sds**2).sum()) == pytest.approx(5.0, rel=0.03)
    assert (np.delete(share, [SOURCES.index("inertia"), SOURCES.index("skin")]) == 0.0).all()


def test_points_of_plates_have_the_variances_of_random_errors():
    """Exactly: each error's mean square is its variance, and no two errors come together."""
    spread = LoadSpread(0.003, 0.005)
    gain, shift = load_error_points(spread, 2)
    np.testing.assert_allclose((gain**2).mean(axis=0), 0.005**2, rtol=1e-12)
    np.testing.assert_allclose((shift**2).mean(axis=0), [[0.003**2, 0.0, 0.003**2]] * 2, rtol=1e-12)
    every = np.concatenate([gain, shift.reshape(6, -1)], axis=1)
    assert ((every != 0.0).sum(axis=1) == 1).all()
    random = load_errors(spread, 2, 20000, np.random.default_rng(0))
    np.testing.assert_allclose(random[0].std(axis=0), 0.005, rtol=0.03)
    np.testing.assert_allclose(random[1].std(axis=0)[:, [0, 2]], 0.003, rtol=0.03)


# unseen motion -----------------------------------------------------------------------------------

TIME = np.linspace(0.3, 0.8, 51)


def test_spread_and_speed_are_those_of_a_stride():
    roots = np.broadcast_to(np.diag([0.5, 0.0, 2.0]), (51, 3, 3))
    swings = unobserved_swings(TIME, roots, 4000, np.random.default_rng(3))
    np.testing.assert_allclose(swings.std(axis=0)[:, [0, 2]], [[0.5, 2.0]] * 51, rtol=0.05)
    assert (swings[..., 1] == 0.0).all()
    speed = np.gradient(swings[..., 2], TIME, axis=1)[:, 1:-1].std()
    assert speed == pytest.approx(2.0 * np.pi * STRIDES * 2.0, rel=0.05)


def test_what_was_measured_answers_what_was_not():
    """A sum of two angles is known to 0.1: as one swings by 2, the other swings back."""
    know = np.array([[1.0, 1.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 4.0]]) / [[0.1], [1.0], [1.0]]
    covariance = np.linalg.inv(know.T @ know)[None].repeat(51, axis=0)
    roots = unobserved_roots(covariance, np.array([False, True, False]))
    swings = unobserved_swings(TIME, roots, 4000, np.random.default_rng(3))
    sd = np.sqrt(covariance[0, 1, 1])
    np.testing.assert_allclose(swings[..., 1].std(axis=0), sd, rtol=0.05)
    slope = covariance[0, 0, 1] / sd**2
    np.testing.assert_allclose(swings[..., 0], slope * swings[..., 1], atol=1e-12)
    assert slope < -0.9
    assert (swings[..., 2] == 0.0).all()


# frames ------------------------------------------------------------------------------------------


def _frames(seed):
    """Steps that are drawn of a trial, their window, and the frames of their phases."""
    contacts, time = drawn_contacts(seed), np.arange(25 * (seed % 5 + 1)) / 100.0
    steps = list(drawn_steps(contacts, time, 0.3))
    draws = SimpleNamespace(time=time, roles=RoleScheme(), frames=lambda one: slice(0, one.number))
    window = drawn_window(contacts, time, 0.3)
    frames = [one for step in steps for one in phase_frames(draws, step)]
    return steps, [[one.start, one.stop, one.step or 0] for one in (window, *frames)]


def test_frames_of_draws_are_what_they_were():
    """Of contacts that are cut, missing or far apart, and of trials that end before them."""
    examples = {seed: lambda seed=seed: _frames(seed) for seed in range(60)}
    assert differences("drawn_frames", answers(examples)) == []
