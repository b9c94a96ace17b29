"""How sure a fit is of a body, against draws of it; when a foot has landed."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.consistency.balance import adjusted_skeleton
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.parameters import Weights
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from validation.fit_checks import HARD, coordinate_samples, height_spread, landing_delay

DRAWS = 300


@pytest.fixture(scope="module")
def fit(case):
    made = case(noise=0.002)
    return fit_trial(made.runner, made.observations, Weights(knot_s=0.025))


def _height(fit, skeleton, motion):
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    return centre_of_mass(segment_motion(skeleton, moves))[0][fit.measured, 1].mean()


def test_height_of_the_centre_of_mass_is_as_sure_as_draws_of_it(fit):
    """Draws have the markers' errors too, which are small here."""
    [found] = height_spread(fit)
    drawn = coordinate_samples(fit, DRAWS)
    heights = [
        _height(fit, adjusted_skeleton(fit.runner, values), motion) for motion, values in drawn
    ]
    assert found.after == pytest.approx(np.std(heights, ddof=1), rel=0.12)


RATE = 250.0
TIME = np.arange(200) / RATE


def _landing(at: float, size: float = 400.0) -> np.ndarray:
    """Height of a marker that brakes hardest at an instant, within 5 ms."""
    acceleration = size * np.exp(-(((TIME - at) / 0.005) ** 2))
    return np.cumsum(np.cumsum(acceleration)) / RATE**2


@pytest.mark.parametrize("late", [-0.003, 0.0, 0.0021, 0.006])
def test_late_forces_begin_after_the_foot_has_braked(late):
    """Of the marker that lands first, whichever of both brakes harder."""
    touchdowns = [0.3, 0.5012]
    first = sum(_landing(at, 300.0) for at in touchdowns)
    second = sum(_landing(at + 0.012, 400.0) for at in touchdowns)
    swings = sum(_landing(at - 0.012, 0.9 * HARD * 400.0) for at in touchdowns)
    markers = np.zeros((len(TIME), 3, 3))
    markers[..., 1] = np.stack([second, first, swings], axis=1)
    found = landing_delay(TIME, markers, [at + late for at in touchdowns])
    assert found == pytest.approx(late, abs=1.5 / RATE)  # sums for integrals: a frame or so
    later = landing_delay(TIME, markers, [at + late + 0.004 for at in touchdowns])
    assert later - found == pytest.approx(0.004, abs=1e-9)


def test_no_foot_no_delay():
    missing = np.full((len(TIME), 2, 3), np.nan)
    assert np.isnan(landing_delay(TIME, missing, [0.3]))
    assert np.isnan(landing_delay(TIME, np.zeros((len(TIME), 2, 3)), []))
