"""Lag of the forces behind the markers, planted in loads under feet that stand still."""

import numpy as np
import pytest

from aqbio.force_plates.forces import Plates, PlateWrench
from aqbio.prepare.contacts import FootContact
from aqbio.prepare.force_delay import delay_sd, force_delay
from aqbio.prepare.force_lag import LAG_STEP_S, force_lag

RATE_HZ, FRAME_RATE_HZ, DURATION_S = 1000.0, 250.0, 1.85
"""Ends within the sixth contact."""

STEP_S, CONTACT_S, STEP_LENGTH_M = 0.3, 0.2, 1.2
FOOT_M = np.array([[-0.1, 0.0, 0.0], [0.1, 0.0, 0.0]])


def touchdowns() -> np.ndarray:
    return np.arange(0.2, DURATION_S, STEP_S)


def recorded_feet(time: np.ndarray) -> np.ndarray:
    """Heel and toes (T, 2, 2, 3) of feet that alternate, stand still and swing to the next spot."""
    feet = np.zeros((len(time), 2, 2, 3))
    for foot in (0, 1):
        stances = touchdowns()[foot::2]
        spots = STEP_LENGTH_M * (np.arange(len(touchdowns()))[foot::2])
        instants = np.stack([stances, stances + CONTACT_S], axis=1).ravel()
        position = np.interp(time, instants, np.repeat(spots, 2))
        feet[:, foot] = FOOT_M + position[:, None, None] * np.array([1.0, 0.0, 0.0])
    return feet


def recorded_plates(lag: float, dies_at: dict[int, float]) -> Plates:
    """One long plate; loads under the middle of the foot, some of which break off at a share."""
    time = np.arange(0.0, DURATION_S, 1.0 / RATE_HZ)
    force, moment = np.zeros((2, len(time), 1, 3))
    for step, touchdown in enumerate(touchdowns()):
        share = (time - lag - touchdown) / CONTACT_S
        load = np.where((share > 0.0) & (share < dies_at.get(step, 1.0)), np.sin(np.pi * share), 0)
        force[:, 0, 1] += 1500.0 * load
        moment[:, 0, 2] += 1500.0 * load * STEP_LENGTH_M * step
    wrench = PlateWrench(force, moment, np.zeros((1, 3)))
    return Plates(wrench, np.zeros((1, 4, 3)), RATE_HZ, 0.0, (1,), (-1,))


@pytest.mark.parametrize("lag", [-0.06, 0.0, 0.05])
@pytest.mark.parametrize("dies_at", [{}, {0: 0.4}, {1: 0.6}, {0: 0.85, 1: 0.85, 3: 0.85}])
def test_planted_lag_is_found_also_where_a_plate_failed_in_some_contacts(lag, dies_at):
    time = np.arange(0.0, DURATION_S, 1.0 / FRAME_RATE_HZ)
    contacts = [
        FootContact(step % 2, touchdown, touchdown + CONTACT_S, (0,), True, 0.1, 1500.0)
        for step, touchdown in enumerate(touchdowns())
    ]
    estimated = force_lag(recorded_plates(lag, dies_at), recorded_feet(time), contacts, time, None)
    assert estimated == pytest.approx(lag, abs=LAG_STEP_S)


@pytest.mark.parametrize("correlated_frames", [1, 8])
def test_standard_error_of_a_delay_is_the_scatter_of_its_estimates(correlated_frames):
    """Of a sine in noise, white or a moving mean of it."""
    random, time = np.random.default_rng(3), np.arange(0.0, 2.0, 0.004)
    delay, late = 0.010, np.sin(2.0 * np.pi * 4.0 * (time - 0.010))
    caused, mean = np.sin(2.0 * np.pi * 4.0 * time), np.ones(correlated_frames)
    delays, errors = [], []
    for _ in range(200):
        noise = np.convolve(random.normal(0.0, 0.1, len(time)), mean, "same") / mean.size**0.5
        delays.append(force_delay(time, late + noise, caused))
        back = slice(3, len(time))  # 2.5 frames late
        errors.append(delay_sd((late + noise)[back], caused[: len(time) - 3], 0.004))
    assert np.mean(delays) == pytest.approx(delay, abs=3e-4)
    assert np.median(errors) == pytest.approx(np.std(delays), rel=0.25)


def test_a_delay_that_noise_hides_is_not_known():
    random, time = np.random.default_rng(3), np.arange(0.0, 1.0, 0.004)
    caused = np.sin(2.0 * np.pi * 4.0 * time)
    assert np.isnan(force_delay(time, caused + random.normal(0.0, 5.0, len(time)), caused))
